/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of deaths, made when somebody asks. */
#ifndef PORIN_LIFECYCLE_REPORT_H
#define PORIN_LIFECYCLE_REPORT_H
#include "runtime/domain.h"
#include "runtime/unwind.h"
#include <signal.h>
#include <ucontext.h>

/* Copies why the domain is dead, with a text for people. */
void death_report(const struct porin_domain *domain, struct porin_error *error);
/* Describes the fault of a domain whose code was interrupted; walk: where on the control stack, NULL: it was not its own code. In a signal
 * handler. */
void report_fault(struct porin_error *death, const struct porin_domain *domain, const struct walk *walk, const siginfo_t *info,
                  const ucontext_t *context);
#endif
