/* SPDX-License-Identifier: Apache-2.0 */
/* What a host is told about the death of a domain. */
#include "report.h"
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *signal_name(int signal)
{
    switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGILL: return "SIGILL";
    case SIGFPE: return "SIGFPE";
    case SIGTRAP: return "SIGTRAP";
    default: return "a signal";
    }
}

void death_report(const struct porin_domain *domain, struct porin_error *error)
{
    while ((domain->state & ((1 << DOMAIN_CAUSE_SHIFT) - 1)) == DOMAIN_DYING)
        sched_yield(); /* another thread is just writing it */
    *error = domain->death;
    memcpy(error->domain, domain->name, sizeof error->domain);
    switch (error->status) {
    case PORIN_ERR_FAULT:
        snprintf(error->text, sizeof error->text, "domain %s: %s at %#x, accessing %#x; reset or destroy it", error->domain,
                 signal_name(error->signal), error->offset, error->address);
        break;
    case PORIN_ERR_EXIT:
        snprintf(error->text, sizeof error->text, "domain %s exited with code %d; reset or destroy it", error->domain, error->exit_code);
        break;
    case PORIN_ERR_LIMIT:
        snprintf(error->text, sizeof error->text, "domain %s has used up the CPU time that it was given; destroy it", error->domain);
        break;
    default:
        snprintf(error->text, sizeof error->text, "domain %s: %s", error->domain, porin_status_text(error->status));
    }
}
