/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of synchronous signals. Runs on the alternate stack: the control stack may be what overflowed. It takes no lock that
 * trusted code holds while domain code runs, and allocates nothing. */
#define _GNU_SOURCE
#include "fault.h"
#include "copy.h"
#include "entry.h"
#include "error.h"
#include "gate.h"
#include "lifecycle/interrupt.h"
#include "lifecycle/report.h"
#include "must.h"
#include "slots/region.h"
#include "unwind.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ucontext.h>

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
#define SIGNALS (sizeof signals / sizeof *signals)

static struct sigaction previous[SIGNALS]; /* the host's handlers */

void context_land(ucontext_t *context, struct landing landing)
{
    greg_t *registers = context->uc_mcontext.gregs;
    static const int cleared[] = { REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8, REG_R9,
                                   REG_R10, REG_R11, REG_R12, REG_R13, REG_R15 };
    for (size_t i = 0; i < sizeof cleared / sizeof *cleared; i++)
        registers[cleared[i]] = 0;
    registers[REG_RIP] = (greg_t)landing.rip;
    registers[REG_RSP] = (greg_t)landing.rsp;
    registers[REG_R14] = (greg_t)landing.r14;
    registers[REG_RAX] = (greg_t)landing.rax;
    registers[REG_EFL] = 0x202; /* interrupts on, reserved bit: no flag of the domain's */
    fpregset_t vectors = context->uc_mcontext.fpregs;
    if (vectors) {
        vectors->cwd = X87_CONTROL_DEFAULT;
        vectors->swd = 0;
        vectors->ftw = 0; /* the x87 stack is empty */
        vectors->mxcsr = MXCSR_DEFAULT;
        memset(vectors->_xmm, 0, sizeof vectors->_xmm);
    }
}

/* The domain whose instruction rip is. NULL: not a domain's. */
static struct porin_domain *domain_of(uint64_t rip, uint64_t r14)
{
    if (rip == (uint64_t)domain_trap || rip == (uint64_t)longjmp_load) {
        must(r14 >> PORIN_SLOT_SHIFT < PORIN_MAX_SLOTS);
        return domain_at((uint32_t)(r14 >> PORIN_SLOT_SHIFT));
    }
    if (!region_contains(rip))
        return NULL;
    struct porin_domain *domain = domain_at((uint32_t)(rip >> PORIN_SLOT_SHIFT));
    return domain;
}

/* Is it the fault of a domain on this thread? Then the context is changed so that the call into it returns with an error. */
static bool fault_unwind(const siginfo_t *info, ucontext_t *context)
{
    struct thread *thread = thread_current; /* in the host's TLS: a thread that was never attached has none, whatever gs says */
    if (!thread || !thread->frame || thread->frame->kind != FRAME_ENTRY)
        return false;
    greg_t *registers = context->uc_mcontext.gregs;
    uint64_t rip = (uint64_t)registers[REG_RIP], sp = (uint64_t)registers[REG_RSP];
    struct porin_domain *domain = domain_of(rip, (uint64_t)registers[REG_R14]);
    if (!domain)
        return false;
    struct edge *edge = region_contains(rip) ? gate_at(domain, (uint32_t)(rip - domain->base)) : NULL;
    if (!edge && region_contains(rip) && interrupt_fault(thread, domain, info, context))
        return true;
    if (edge)
        sp += gate_frame_at(edge, (uint32_t)(rip - domain->base));
    struct walk walk = walk_begin(thread, thread->frame, sp, domain);
    struct walk before = walk;
    struct landing landing;
    struct porin_error death;
    bool callee = edge && rip % PORIN_GATE_SIZE >= edge->store_offset; /* its data stack, which the gate was writing to */
    if (callee) {
        domain = domain_at(edge->callee_slot);
        report_fault(&death, domain, NULL, info, context);
        domain_die(domain, &death);
        landing = gate_landing(thread, edge, walk.domain, sp, domain_cause(domain));
    } else {
        report_fault(&death, domain, &walk, info, context);
        domain_die(domain, &death);
        landing = unwind(&walk, domain_cause(domain));
    }
    domain->faults++;
    walk_bury(before, callee);
    context_land(context, landing);
    return true;
}

/* What would have happened without us. */
static void chain(int signal, siginfo_t *info, void *context, const struct sigaction *action)
{
    if (action->sa_flags & SA_SIGINFO || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN)) {
        sigset_t mask = action->sa_mask, before;
        if (!(action->sa_flags & SA_NODEFER))
            sigaddset(&mask, signal);
        pthread_sigmask(SIG_BLOCK, &mask, &before);
        if (action->sa_flags & SA_SIGINFO)
            action->sa_sigaction(signal, info, context);
        else
            action->sa_handler(signal);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return;
    }
    if (action->sa_handler == SIG_IGN && info->si_code <= 0)
        return; /* sent by somebody and ignored */
    /* the default action, at the same place: the instruction faults again, or the signal is sent again */
    struct sigaction fatal = { .sa_handler = SIG_DFL };
    sigaction(signal, &fatal, NULL);
    if (info->si_code <= 0)
        raise(signal);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    ucontext_t *interrupted = context;
    uint64_t recovery = info->si_code > 0 ? copy_recovery((uint64_t)interrupted->uc_mcontext.gregs[REG_RIP]) : 0;
    if (thread_current && (uint64_t)interrupted->uc_mcontext.gregs[REG_RIP] == (uint64_t)adopt_trap)
        context_resume(thread_current, interrupted);
    else if (recovery)
        interrupted->uc_mcontext.gregs[REG_RIP] = (greg_t)recovery;
    else if (info->si_code <= 0 || !fault_unwind(info, interrupted))
        for (size_t i = 0; i < SIGNALS; i++)
            if (signals[i] == signal)
                chain(signal, info, context, &previous[i]);
    errno = saved;
}

porin_status porin_signals_install(struct porin_error *error)
{
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER }, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (sigaction(signals[i], &action, &before) != 0)
            return error_set(error, PORIN_ERR_ARGUMENT, "sigaction(%d): %s", signals[i], strerror(errno));
        if (!(before.sa_flags & SA_SIGINFO) || before.sa_sigaction != on_signal)
            previous[i] = before;
    }
    return PORIN_OK;
}
