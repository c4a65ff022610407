/* SPDX-License-Identifier: Apache-2.0 */
/* What a host is told about the death of a domain. */
#define _GNU_SOURCE
#include "report.h"
#include "plain.h"
#include "loader/image.h"
#include "porin/verify.h"
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

static void fault_text(struct porin_error *error)
{
    char what[96] = "";
    if (error->fault == PORIN_FAULT_ACCESS)
        snprintf(what, sizeof what, ", accessing %#x", error->address);
    else if (error->fault == PORIN_FAULT_CONTROL_STACK || error->fault == PORIN_FAULT_DATA_STACK)
        snprintf(what, sizeof what, ", its %s stack is full", error->fault == PORIN_FAULT_DATA_STACK ? "data" : "control");
    else if (error->fault == PORIN_FAULT_CAPABILITY && !error->limit)
        snprintf(what, sizeof what, ", by capability %u at %#x: none is there (any more)", error->capability, error->address);
    else if (error->fault == PORIN_FAULT_CAPABILITY)
        snprintf(what, sizeof what, ", by capability %u at %#x: %s", error->capability, error->address,
                 error->address < error->limit ? "not allowed to write" : "out of its bounds");
    snprintf(error->text, sizeof error->text, "domain %s%s%s: %s at %#x%s; reset or destroy it", error->domain, *error->entry ? " in " : "",
             error->entry, signal_name(error->signal), error->offset, what);
}

/* By which function an activation was entered; "": by none that it exports. */
static const char *entry_name(const struct walk *boundary)
{
    const struct porin_image *image = boundary->domain->image;
    uint32_t offset = boundary->from_host ? (uint32_t)boundary->entry->target : boundary->edge->entry;
    for (uint32_t i = 0; image && i < image->layout.exports_count; i++)
        if (image->exports[i].offset == offset)
            return image->exports[i].name;
    return "";
}

static void cut(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
    text_make_plain(to);
}

/* Who called whom: from the activation that died outward. */
static void crossings_take(struct porin_error *death, struct walk walk)
{
    do {
        struct porin_crossing *crossing = &death->crossings[death->crossing_count++];
        walk_boundary(&walk);
        cut(crossing->domain, sizeof crossing->domain, walk.domain->name);
        cut(crossing->entry, sizeof crossing->entry, entry_name(&walk));
    } while (death->crossing_count < PORIN_CROSSINGS_MAX && walk_outer(&walk));
}

static void services_take(struct porin_error *death, const struct porin_domain *domain, const struct thread *thread)
{
    for (uint32_t i = 0; i < RECENT_SERVICES; i++) {
        uint64_t asked = thread->recent[(thread->recent_count - 1 - i) % RECENT_SERVICES];
        if (asked && asked >> 32 == domain->slot && death->service_count < PORIN_SERVICES_MAX)
            death->services[death->service_count++] = (uint16_t)asked;
    }
}

static void trace_take(struct porin_error *death, const struct porin_domain *domain, struct walk walk)
{
    uint64_t sp = walk.sp;
    walk_boundary(&walk);
    for (; sp < walk.sp && death->trace_count < PORIN_TRACE_MAX; sp += 8) {
        uint64_t offset = *(const uint64_t *)sp - domain->base;
        if (offset <= UINT32_MAX) /* otherwise it leads nowhere any more */
            death->trace[death->trace_count++] = (uint32_t)offset;
    }
    cut(death->entry, sizeof death->entry, entry_name(&walk));
}

#define BELOW_STACK 0x1000            /* how far from r15 an access is the stack's own */
#define ABOVE_STACK 0x10000

/* What the kernel says about an access; a non-canonical address, a trap or a division has none. */
static void access_describe(struct porin_error *death, const struct porin_domain *domain, const siginfo_t *info)
{
    uint64_t at = (uint64_t)info->si_addr, offset = at - domain->base;
    death->fault = PORIN_FAULT_INSTRUCTION;
    if ((info->si_signo != SIGSEGV && info->si_signo != SIGBUS) || info->si_code <= 0 || info->si_code == SI_KERNEL)
        return;
    if (at < thread_current->control_bottom && thread_current->control_bottom - at <= 0x10000) {
        death->fault = PORIN_FAULT_CONTROL_STACK;
    } else if (offset + (2ull << 30) < (8ull << 30)) {
        death->address = (uint32_t)offset;
        bool near = offset - (death->registers.r15 - BELOW_STACK) < BELOW_STACK + ABOVE_STACK;
        bool above = offset >= PORIN_STACK_END && death->registers.r15 <= PORIN_STACK_END; /* the first stack has its image above it */
        death->fault = near && !above ? PORIN_FAULT_DATA_STACK : PORIN_FAULT_ACCESS;
    }
}

/* An access sequence has come to its trap: r10 is the register's number then, and never so small where a domain executes a trap of its own
 * but behind a string instruction without a count. */
static void capability_describe(struct porin_error *death, const struct porin_domain *domain, const greg_t *registers)
{
    uint64_t number = (uint64_t)registers[REG_R10];
    if (death->signal != SIGILL || !(domain->image->uses & PORIN_USES_CAPABILITIES) || number >= PORIN_CAPABILITY_REGISTERS)
        return;
    death->fault = PORIN_FAULT_CAPABILITY;
    death->capability = (uint32_t)number;
    death->limit = (uint32_t)((const uint64_t *)((const char *)thread_current + PORIN_TB_CAPABILITY_READ))[number];
    death->address = (uint64_t)registers[REG_R11] > UINT32_MAX ? UINT32_MAX : (uint32_t)registers[REG_R11];
}

void report_fault(struct porin_error *death, const struct porin_domain *domain, const struct walk *walk, const siginfo_t *info,
                  const ucontext_t *context)
{
    const greg_t *registers = context->uc_mcontext.gregs;
    uint64_t offset = (uint64_t)registers[REG_RIP] - domain->base;
    memset(death, 0, sizeof *death);
    death->status = PORIN_ERR_FAULT;
    death->signal = info->si_signo;
    memcpy(death->domain, domain->name, sizeof death->domain);
    if (offset <= UINT32_MAX)
        death->offset = (uint32_t)offset;
    if (walk) {
        death->registers = (struct porin_registers){
#define R(to, from) .to = (uint64_t)registers[REG_##from]
            R(rax, RAX), R(rbx, RBX), R(rcx, RCX), R(rdx, RDX), R(rsi, RSI), R(rdi, RDI), R(rbp, RBP), R(r8, R8), R(r9, R9), R(r11, R11),
            R(r12, R12), R(r13, R13), R(r15, R15), R(flags, EFL),
#undef R
        };
        trace_take(death, domain, *walk);
        crossings_take(death, *walk);
        services_take(death, domain, walk->thread);
    }
    access_describe(death, domain, info);
    capability_describe(death, domain, registers);
}

void death_report(const struct porin_domain *domain, struct porin_error *error)
{
    while ((domain->state & ((1 << DOMAIN_CAUSE_SHIFT) - 1)) == DOMAIN_DYING)
        sched_yield(); /* another thread is just writing it */
    *error = domain->death;
    memcpy(error->domain, domain->name, sizeof error->domain);
    switch (error->status) {
    case PORIN_ERR_FAULT:
        fault_text(error);
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
    text_make_plain(error->text);
}

porin_status porin_domain_alive(const porin_domain *domain, struct porin_error *error)
{
    if (!domain_is_dead(domain))
        return PORIN_OK;
    death_report(domain, error);
    return error->status;
}
