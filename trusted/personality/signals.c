/* SPDX-License-Identifier: Apache-2.0 */
/* Pending signals and their delivery. Handlers run when a service answers (lifecycle/handler.h), or interrupt what the domain computes
 * (lifecycle/interrupt.h). A signal that comes while a thread waits in a service ends the wait. */
#define _GNU_SOURCE
#include "signals.h"
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "lifecycle/deadline.h"
#include "lifecycle/handler.h"
#include "processes.h"
#include "runtime/entry.h"
#include "runtime/grace.h"
#include "terminals.h"

#define RED_ZONE 256u                  /* the calling convention's 128, and where porin-cc keeps registers for a moment (-160 to -192) */
#define STACK_LEAST 2048u              /* MINSIGSTKSZ as domains know it */
#define ALL_BLOCKED UINT64_MAX

/* What the domain's libc takes for siginfo_t and ucontext_t (musl, x86-64). Registers are copies: trusted code keeps the interrupted ones.
 * Of a fault, process and user are the halves of the address. */
struct signal_info { int32_t signal, error, code, padding, process, user, status, filler; uint64_t rest[12]; };
struct signal_context {
    uint64_t flags, link;
    struct { uint64_t start; int32_t flags, padding; uint64_t size; } stack;
    uint64_t registers[HANDLER_REGISTERS], vectors, reserved[8];
    uint64_t mask[16];
    uint64_t vector_memory[64];
};
_Static_assert(sizeof(struct signal_info) == 128, "musl's siginfo_t");
_Static_assert(offsetof(struct signal_context, mask) == 296, "musl's ucontext_t");

struct signal_frame { struct signal_context context; struct signal_info info; };

static _Atomic(struct personality *) process_own; /* whose the signals of the host process are */
static _Atomic uint32_t handlers_running; /* on any thread */

static bool default_ignores(int signal)
{
    return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
}

static bool default_stops(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

bool signals_create(struct personality *own, uint32_t threads)
{
    own->signals = calloc(1, sizeof *own->signals + threads * sizeof own->signals->threads[0]);
    if (own->signals)
        own->signals->thread_count = threads;
    return own->signals;
}

/* --- the host's handler --- */

static bool thread_takes(const struct signal_thread *thread, int number)
{
    return (~thread->mask | thread->wanted) & SIGNAL_BIT(number);
}

/* A thread of the domain other than this one that does not block the signal is made to look. Async-signal-safe. */
static void thread_find(const struct signals *signals, int number)
{
    for (uint32_t i = 0; i < signals->thread_count; i++) {
        const struct signal_thread *candidate = &signals->threads[i];
        struct thread *thread = candidate->thread;
        if (thread == thread_current && thread && thread_takes(candidate, number))
            return;
    }
    for (uint32_t i = 0; i < signals->thread_count; i++) {
        const struct signal_thread *candidate = &signals->threads[i];
        struct thread *thread = candidate->thread;
        if (thread && thread_takes(candidate, number)) {
            grace_nudge(thread);
            return;
        }
    }
}

static bool anybody_takes(const struct signals *signals, int number)
{
    bool takes = true;
    for (uint32_t i = 0; i < signals->thread_count; i++)
        if (signals->threads[i].thread) {
            takes = !(signals->threads[i].mask & SIGNAL_BIT(number));
            if (takes)
                break;
        }
    return takes;
}

static void host_signal_note(struct personality *own, int number, const siginfo_t *info, void *context)
{
    struct signals *signals = own->signals;
    if (signals->actions[number - 1].handler == DISPOSITION_DEFAULT && !default_ignores(number) && anybody_takes(signals, number)) {
        struct sigaction fatal = { .sa_handler = SIG_DFL }; /* the process is the domain's: it ends as it would on Linux */
        if (!default_stops(number))
            terminals_restore();
        sigaction(number, &fatal, NULL);
        raise(number);
        return;
    }
    struct signal_source *source = &signals->sources[number - 1];
    source->code = info->si_code;
    source->process = number == SIGCHLD ? child_number(own, info->si_pid) : 0;
    source->status = number == SIGCHLD ? info->si_status : 0;
    atomic_fetch_or(&signals->pending, SIGNAL_BIT(number));
    signals_ring(signals, SIGNAL_BIT(number));
    if (thread_current)
        thread_attend(thread_current, context);
    thread_find(signals, number);
    if (thread_current && thread_current->frame)
        thread_settle(thread_current, context);
}

static void on_host_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    handlers_running++; /* before the look */
    struct personality *own = process_own;
    bool aborts = number == SIGABRT && info->si_pid == getpid(); /* trusted code ends the process: when this returns, it does */
    if (own && !aborts)
        host_signal_note(own, number, info, context);
    handlers_running--;
    errno = saved;
}

void signals_await_handlers(void)
{
    while (handlers_running)
        sched_yield();
}

/* Signals that only code raises, that the host's libc takes for itself, or that cannot be caught. */
static bool host_keeps(int number)
{
    static const int kept[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGKILL, SIGSTOP, SIGPIPE, SIGXFSZ };
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (kept[i] == number)
            return true;
    return number >= HOST_SIGNALS;
}

/* Under the lock: makes the host process treat a signal as the domain wants it. */
static void host_follow(struct personality *own, int number)
{
    if (process_own != own || host_keeps(number))
        return;
    const struct signal_action *action = &own->signals->actions[number - 1];
    struct sigaction wanted = { .sa_sigaction = on_host_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigfillset(&wanted.sa_mask);
    for (size_t i = 0; i < 5; i++)
        sigdelset(&wanted.sa_mask, (int[]){ SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP }[i]);
    bool blocked = own->signals->handled & SIGNAL_BIT(number); /* somebody has blocked it: then it has to be kept, and not to act */
    if (action->handler == DISPOSITION_IGNORE)
        wanted = (struct sigaction){ .sa_handler = SIG_IGN };
    else if (action->handler == DISPOSITION_DEFAULT && !blocked)
        wanted = (struct sigaction){ .sa_handler = SIG_DFL };
    if (number == SIGCHLD && action->flags & SA_NOCLDSTOP)
        wanted.sa_flags |= SA_NOCLDSTOP;
    sigaction(number, &wanted, NULL);
}

bool signals_adopt(struct personality *own)
{
    struct personality *nobody = NULL;
    sigset_t none;
    if (!atomic_compare_exchange_strong(&process_own, &nobody, own))
        return nobody == own;
    for (int number = 1; number <= SIGNALS; number++) /* what it has asked for before, in a process that was not its own */
        if (own->signals->actions[number - 1].handler || own->signals->handled & SIGNAL_BIT(number))
            host_follow(own, number);
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    return true;
}

void signals_guard(struct personality *own)
{
    pthread_mutex_lock(&own->lock);
    for (int number = 1; number < HOST_SIGNALS; number++)
        if (!default_ignores(number) && !default_stops(number)) {
            own->signals->handled |= SIGNAL_BIT(number);
            host_follow(own, number);
        }
    pthread_mutex_unlock(&own->lock);
}

void signals_ignore_writes(void)
{
    static const int ignored[] = { SIGPIPE, SIGXFSZ };
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        sigaction(ignored[i], &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
}

/* --- threads --- */

/* Under the lock: the calling thread's place; NULL if all are taken. One that is made for a thread of the domain's own blocks everything,
 * because the libc has not said yet what it inherits. */
static struct signal_thread *thread_place(const struct request *request)
{
    struct signals *signals = request->own->signals;
    struct signal_thread *free = NULL;
    for (uint32_t i = 0; i < signals->thread_count; i++) {
        if (signals->threads[i].thread == thread_current && thread_current)
            return &signals->threads[i];
        if (!signals->threads[i].thread && !free)
            free = &signals->threads[i];
    }
    if (!free || !thread_current)
        return free;
    free->number = thread_number(request->domain);
    free->mask = thread_current->spawn ? ALL_BLOCKED & ~SIGNALS_UNBLOCKABLE : 0;
    free->pending = 0;
    free->restore = false;
    free->stack_size = 0;
    free->thread = thread_current;
    return free;
}

void signals_thread_end(struct personality *own)
{
    pthread_mutex_lock(&own->lock);
    for (uint32_t i = 0; i < own->signals->thread_count; i++)
        if (thread_current && own->signals->threads[i].thread == thread_current) {
            own->signals->directed -= own->signals->threads[i].pending != 0;
            own->signals->threads[i].pending = 0;
            own->signals->threads[i].thread = NULL;
        }
    pthread_mutex_unlock(&own->lock);
}

void signals_forked(struct personality *own)
{
    own->signals->pending = 0;
    own->signals->directed = 0;
    handlers_running = 0; /* those were the parent's */
    own->signals->watched = 0; /* the bell is too */
    if (own->signals->bell)
        close(own->signals->bell - 1);
    own->signals->bell = 0;
    for (uint32_t i = 0; i < own->signals->thread_count; i++) {
        struct signal_thread *place = &own->signals->threads[i];
        if (!place->thread)
            continue; /* pages that are not written to stay shared with the parent */
        place->pending = 0;
        if (place->thread == thread_current)
            place->number = own->process;
        else
            place->thread = NULL;
    }
}

void signals_forget(struct personality *own, bool exec)
{
    struct signals *signals = own->signals;
    const struct itimerval never = { 0 };
    for (int which = ITIMER_REAL; process_own == own && !exec && which <= ITIMER_PROF; which++)
        setitimer(which, &never, NULL); /* a domain that is gone does not raise the host's signals */
    for (int i = 0; i < SIGNALS; i++)
        if (!exec || signals->actions[i].handler != DISPOSITION_IGNORE) {
            signals->actions[i] = (struct signal_action){ 0 };
            host_follow(own, i + 1);
        }
    if (exec) {
        for (uint32_t i = 0; i < signals->thread_count; i++)
            signals->threads[i].stack_size = 0;
        return;
    }
    signals->pending = 0;
    signals->directed = 0;
    memset(signals->threads, 0, signals->thread_count * sizeof signals->threads[0]);
}

void signals_destroy(struct personality *own)
{
    if (!own->signals)
        return;
    signals_forget(own, false);
    struct personality *expected = own;
    if (atomic_compare_exchange_strong(&process_own, &expected, NULL))
        signals_await_handlers(); /* on other threads, which may have found it before */
    if (own->signals->bell)
        close(own->signals->bell - 1);
    free(own->signals);
    own->signals = NULL;
}

/* --- sending --- */

/* Under the lock: would it have no effect at all? */
static bool signal_is_ignored(const struct signals *signals, int number, const struct signal_thread *place)
{
    uint64_t handler = signals->actions[number - 1].handler;
    if (place && (place->mask | place->wanted) & SIGNAL_BIT(number))
        return false;
    return handler == DISPOSITION_IGNORE || (handler == DISPOSITION_DEFAULT && default_ignores(number));
}

void signal_send(const struct request *request, int number, const struct signal_source *source)
{
    struct signals *signals = request->own->signals;
    pthread_mutex_lock(&request->own->lock);
    if (!signal_is_ignored(signals, number, thread_place(request))) {
        signals->sources[number - 1] = *source;
        atomic_fetch_or(&signals->pending, SIGNAL_BIT(number));
        signals_ring(signals, SIGNAL_BIT(number));
        thread_find(signals, number);
    }
    pthread_mutex_unlock(&request->own->lock);
}

void signal_raise(struct personality *own, int number, const struct signal_source *source)
{
    struct signals *signals = own->signals;
    pthread_mutex_lock(&own->lock);
    uint64_t handler = signals->actions[number - 1].handler;
    bool none = handler == DISPOSITION_IGNORE ||
                (handler == DISPOSITION_DEFAULT && default_ignores(number) && anybody_takes(signals, number));
    if (!none) {
        signals->sources[number - 1] = *source;
        atomic_fetch_or(&signals->pending, SIGNAL_BIT(number));
        signals_ring(signals, SIGNAL_BIT(number));
        thread_find(signals, number);
    }
    pthread_mutex_unlock(&own->lock);
}

bool signal_is_fatal(struct personality *own, int number)
{
    if (number == SIGKILL)
        return true;
    pthread_mutex_lock(&own->lock);
    bool fatal = own->signals->actions[number - 1].handler == DISPOSITION_DEFAULT && !default_ignores(number) && !default_stops(number) &&
                 anybody_takes(own->signals, number);
    pthread_mutex_unlock(&own->lock);
    return fatal;
}

/* Under the lock: to one thread. false: it has no place. */
static bool thread_send(struct signals *signals, int32_t thread, int number, const struct signal_source *source)
{
    struct signal_thread *found = NULL;
    for (uint32_t i = 0; i < signals->thread_count; i++)
        if (signals->threads[i].thread && signals->threads[i].number == thread)
            found = &signals->threads[i];
    if (found && number && !signal_is_ignored(signals, number, found)) {
        signals->sources[number - 1] = *source;
        signals->directed += !found->pending;
        found->pending |= SIGNAL_BIT(number);
        signals_ring(signals, SIGNAL_BIT(number));
        if (found->thread != thread_current)
            grace_nudge(found->thread);
    }
    return found;
}

static bool signal_send_thread(const struct request *request, int32_t thread, int number, const struct signal_source *source)
{
    pthread_mutex_lock(&request->own->lock);
    thread_place(request);
    bool found = thread_send(request->own->signals, thread, number, source);
    pthread_mutex_unlock(&request->own->lock);
    return found;
}

void signal_raise_thread(struct personality *own, int32_t thread, int number, const struct signal_source *source)
{
    pthread_mutex_lock(&own->lock);
    (void)thread_send(own->signals, thread, number, source);
    pthread_mutex_unlock(&own->lock);
}

bool signal_is_pending(struct personality *own, int32_t thread, int number)
{
    const struct signals *signals = own->signals;
    if (!number)
        return false;
    pthread_mutex_lock(&own->lock);
    uint64_t pending = thread ? 0 : signals->pending;
    for (uint32_t i = 0; thread && i < signals->thread_count; i++)
        if (signals->threads[i].thread && signals->threads[i].number == thread)
            pending = signals->threads[i].pending;
    pthread_mutex_unlock(&own->lock);
    return pending & SIGNAL_BIT(number);
}

/* Under the lock: takes one of `set`, the thread's own first. */
static int take_locked(struct signals *signals, struct signal_thread *place, uint64_t set, struct signal_source *source)
{
    uint64_t mine = place ? place->pending & set : 0, found = mine ? mine : signals->pending & set;
    if (!found)
        return 0;
    int number = __builtin_ctzll(found) + 1;
    if (mine) {
        place->pending &= ~SIGNAL_BIT(number);
        signals->directed -= !place->pending;
    } else
        atomic_fetch_and(&signals->pending, ~SIGNAL_BIT(number));
    *source = signals->sources[number - 1];
    return number;
}

int signal_take(const struct request *request, uint64_t set, struct signal_source *source)
{
    pthread_mutex_lock(&request->own->lock);
    int number = take_locked(request->own->signals, thread_place(request), set, source);
    pthread_mutex_unlock(&request->own->lock);
    return number;
}

uint64_t signals_pending(const struct request *request)
{
    const struct signals *signals = request->own->signals;
    pthread_mutex_lock(&request->own->lock);
    const struct signal_thread *place = thread_place(request);
    uint64_t pending = signals->pending | (place ? place->pending : 0);
    pthread_mutex_unlock(&request->own->lock);
    return pending;
}

bool signal_is_held(const struct request *request, int number)
{
    const struct signals *signals = request->own->signals;
    pthread_mutex_lock(&request->own->lock);
    const struct signal_thread *place = thread_place(request);
    bool held = signals->actions[number - 1].handler == DISPOSITION_IGNORE || (place && place->mask & SIGNAL_BIT(number));
    pthread_mutex_unlock(&request->own->lock);
    return held;
}

bool signals_ready(const struct request *request)
{
    struct signals *signals = request->own->signals;
    if (!signals_waiting(request->own))
        return false;
    pthread_mutex_lock(&request->own->lock);
    const struct signal_thread *place = thread_place(request);
    uint64_t taken = place ? place->wanted | (handler_possible(request->domain) ? ~place->mask : 0) : 0;
    bool ready = place && (signals->pending | place->pending) & taken;
    pthread_mutex_unlock(&request->own->lock);
    return ready;
}

/* --- delivery --- */

/* What a handler or a wait is told about a signal: a value stands where a child's status would. */
static struct signal_info info_of(int number, const struct signal_source *source)
{
    struct signal_info info = { .signal = number, .code = source->code, .process = source->process, .user = PERSONALITY_UID,
                                .status = source->status };
    if (source->code == SI_TIMER)
        info.user = source->status; /* how often it was missed */
    if (source->code == SI_TIMER || source->code == SI_QUEUE) {
        info.status = (int32_t)(uint32_t)source->value;
        info.filler = (int32_t)(source->value >> 32);
    }
    return info;
}

void signal_fatal(const struct request *request, int number)
{
    request->own->signals->killer = number;
    domain_exit(request->domain, 128 + number);
}

/* Where the handler's frames begin: the domain's own stack, or the alternate one if it is wanted and not in use. */
static uint32_t frame_place(const struct request *request, const struct signal_thread *place, uint64_t flags)
{
    uint32_t top = handler_stack(request->domain);
    if (flags & SA_ONSTACK && place->stack_size && !(top > place->stack_start && top <= place->stack_start + place->stack_size))
        top = (uint32_t)(place->stack_start + place->stack_size);
    else
        top -= RED_ZONE;
    return (top - (uint32_t)sizeof(struct signal_frame)) & ~63u;
}

/* Calls the handler; what it leaves as the mask in its context is the mask from then on. False: it was left by longjmp, or the domain has
 * died. */
static bool handler_call(const struct request *request, const struct signal_action *action, const struct signal_info *info,
                         struct signal_thread *place, uint64_t mask)
{
    struct signal_frame frame = { .info = *info };
    frame.context.mask[0] = mask;
    handler_registers(request->domain, frame.context.registers);
    uint32_t at = frame_place(request, place, action->flags);
    uint64_t arguments[3] = { (uint64_t)info->signal, at + offsetof(struct signal_frame, info), at };
    if (action->handler > UINT32_MAX || request_store(request, at, &frame, sizeof frame))
        signal_fatal(request, SIGSEGV);
    switch (handler_run(request->domain, (uint32_t)action->handler, arguments, at)) {
    case HANDLER_RETURNED:
        if (request_fetch(request, &mask, at + offsetof(struct signal_frame, context.mask), sizeof mask))
            signal_fatal(request, SIGSEGV);
        place->mask = mask & ~SIGNALS_UNBLOCKABLE;
        return true;
    case HANDLER_EXITED: thread_leave(request->domain, 0, 0, 0);
    case HANDLER_FAILED: signal_fatal(request, SIGSEGV);
    default: return false;
    }
}

/* Under the lock: what a handler that is about to run finds blocked, and what becomes of its action. Returns the mask as it was. */
static uint64_t handler_begin(struct signals *signals, struct signal_thread *place, int number)
{
    uint64_t mask = place->restore ? place->restore_mask : place->mask;
    struct signal_action *action = &signals->actions[number - 1];
    place->restore = false;
    place->mask = (mask | action->mask | (action->flags & SA_NODEFER ? 0 : SIGNAL_BIT(number))) & ~SIGNALS_UNBLOCKABLE;
    if (action->flags & SA_RESETHAND)
        action->handler = DISPOSITION_DEFAULT;
    return mask;
}

/* What happens without a handler. */
static void default_act(const struct request *request, int number)
{
    if (default_ignores(number))
        return;
    if (!default_stops(number))
        signal_fatal(request, number);
    if (process_own == request->own)
        raise(SIGSTOP);
}

bool signals_deliver(const struct request *request)
{
    struct signals *signals = request->own->signals;
    struct signal_source source;
    bool again = true;
    if (!handler_possible(request->domain)) /* a host that asks in the domain's name: it gets -EINTR */
        return false;
    for (;;) {
        pthread_mutex_lock(&request->own->lock);
        struct signal_thread *place = thread_place(request);
        int number = place ? take_locked(signals, place, ~place->mask, &source) : 0;
        if (!number) {
            pthread_mutex_unlock(&request->own->lock);
            break;
        }
        struct signal_action action = signals->actions[number - 1];
        uint64_t mask = action.handler > DISPOSITION_IGNORE ? handler_begin(signals, place, number) : 0;
        pthread_mutex_unlock(&request->own->lock);
        if (action.handler == DISPOSITION_DEFAULT)
            default_act(request, number);
        if (action.handler <= DISPOSITION_IGNORE)
            continue;
        const struct signal_info info = info_of(number, &source);
        again = again && action.flags & SA_RESTART;
        if (!handler_call(request, &action, &info, place, mask))
            return false;
    }
    signal_mask_restore(request);
    return again;
}

/* --- where a domain is interrupted: runtime/domain.h --- */

static const struct signal_thread *place_of(const struct personality *own, const struct thread *thread)
{
    const struct signals *signals = own ? own->signals : NULL;
    for (uint32_t i = 0; signals && i < signals->thread_count; i++)
        if (signals->threads[i].thread == thread)
            return &signals->threads[i];
    return NULL;
}

bool personality_signal_due(const struct porin_domain *domain, const struct thread *thread)
{
    const struct personality *own = domain->personality;
    if (!own || !signals_waiting(own))
        return false;
    const struct signal_thread *place = place_of(own, thread);
    return place && (own->signals->pending | place->pending) & ~place->mask;
}

bool personality_signal_handled(const struct porin_domain *domain, const struct thread *thread, int signal)
{
    const struct personality *own = domain->personality;
    const struct signal_thread *place = place_of(own, thread);
    return place && own->signals->actions[signal - 1].handler > DISPOSITION_IGNORE && !(place->mask & SIGNAL_BIT(signal));
}

void personality_interrupted(struct porin_domain *domain, const struct signal_fault *fault)
{
    struct request request = { .domain = domain, .own = domain->personality };
    if (!fault) {
        (void)signals_deliver(&request);
        return;
    }
    pthread_mutex_lock(&request.own->lock);
    struct signal_thread *place = thread_place(&request);
    struct signal_action action = request.own->signals->actions[fault->signal - 1];
    bool handled = personality_signal_handled(domain, thread_current, fault->signal); /* otherwise the instruction faults again */
    uint64_t mask = handled ? handler_begin(request.own->signals, place, fault->signal) : 0;
    pthread_mutex_unlock(&request.own->lock);
    const struct signal_info info = { .signal = fault->signal, .code = fault->code, .process = (int32_t)(uint32_t)fault->address,
                                      .user = (int32_t)(fault->address >> 32) };
    if (handled)
        (void)handler_call(&request, &action, &info, place, mask);
}

/* --- services --- */

int64_t service_rt_sigaction(const struct request *request)
{
    struct personality *own = request->own;
    int number = request_int(request, 0);
    uint64_t new = request->arguments[1], old = request->arguments[2];
    struct signal_action action, before;
    if (number < 1 || number > SIGNALS || request->arguments[3] != sizeof action.mask || (new && (number == SIGKILL || number == SIGSTOP)))
        return -EINVAL;
    int64_t error = new ? request_fetch(request, &action, new, sizeof action) : 0;
    if (error)
        return error;
    pthread_mutex_lock(&own->lock);
    before = own->signals->actions[number - 1];
    if (new) {
        own->signals->actions[number - 1] = action;
        thread_place(request);
        host_follow(own, number);
        if (signal_is_ignored(own->signals, number, NULL))
            atomic_fetch_and(&own->signals->pending, ~SIGNAL_BIT(number));
    }
    pthread_mutex_unlock(&own->lock);
    return old ? request_store(request, old, &before, sizeof before) : 0;
}

/* Under the lock. Signals that somebody blocks have to be kept by this process, whatever their default is. */
static void mask_set(struct personality *own, struct signal_thread *place, uint64_t mask)
{
    uint64_t new = mask & ~own->signals->handled & 0x7fffffff & ~SIGNALS_UNBLOCKABLE;
    place->mask = mask & ~SIGNALS_UNBLOCKABLE;
    own->signals->handled |= new;
    for (; new && process_own == own; new &= new - 1)
        if (own->signals->actions[__builtin_ctzll(new)].handler == DISPOSITION_DEFAULT)
            host_follow(own, __builtin_ctzll(new) + 1);
}

int64_t service_rt_sigprocmask(const struct request *request)
{
    struct personality *own = request->own;
    uint64_t set = 0, new = request->arguments[1], old = request->arguments[2], before = 0;
    int how = request_int(request, 0);
    if (request->arguments[3] != sizeof set || (new && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK))
        return -EINVAL;
    int64_t error = new ? request_fetch(request, &set, new, sizeof set) : 0;
    if (error)
        return error;
    pthread_mutex_lock(&own->lock);
    struct signal_thread *place = thread_place(request);
    if (!place)
        error = -ENOMEM;
    else {
        before = place->mask;
        if (new)
            mask_set(own, place, how == SIG_BLOCK ? before | set : how == SIG_UNBLOCK ? before & ~set : set);
    }
    pthread_mutex_unlock(&own->lock);
    return error || !old ? error : request_store(request, old, &before, sizeof before);
}

int64_t signal_mask_wait(const struct request *request, uint64_t address, uint64_t size)
{
    uint64_t mask;
    if (size != sizeof mask)
        return -EINVAL;
    int64_t error = request_fetch(request, &mask, address, sizeof mask);
    if (error)
        return error;
    pthread_mutex_lock(&request->own->lock);
    struct signal_thread *place = thread_place(request);
    if (place) {
        place->restore_mask = place->mask;
        place->restore = true;
        mask_set(request->own, place, mask);
    }
    pthread_mutex_unlock(&request->own->lock);
    return place ? 0 : -ENOMEM;
}

void signal_mask_restore(const struct request *request)
{
    pthread_mutex_lock(&request->own->lock);
    struct signal_thread *place = thread_place(request);
    if (place && place->restore) {
        place->mask = place->restore_mask;
        place->restore = false;
    }
    pthread_mutex_unlock(&request->own->lock);
}

int64_t service_rt_sigsuspend(const struct request *request)
{
    int64_t error = signal_mask_wait(request, request->arguments[0], request->arguments[1]);
    if (error)
        return error;
    return not_restarted(WAIT(request, SYS_ppoll, 0, 0, 0, 0, 0)); /* the mask is put back after the handlers */
}

int64_t service_pause(const struct request *request)
{
    return not_restarted(WAIT(request, SYS_ppoll, 0, 0, 0, 0, 0));
}

int64_t service_rt_sigpending(const struct request *request)
{
    struct signals *signals = request->own->signals;
    if (request->arguments[1] != sizeof(uint64_t))
        return -EINVAL;
    pthread_mutex_lock(&request->own->lock);
    const struct signal_thread *place = thread_place(request);
    uint64_t set = place ? (signals->pending | place->pending) & place->mask : 0;
    pthread_mutex_unlock(&request->own->lock);
    return request_store(request, request->arguments[0], &set, sizeof set);
}

int64_t service_rt_sigtimedwait(const struct request *request)
{
    uint64_t set;
    struct timespec time;
    struct signal_source source;
    if (request->arguments[3] != sizeof set)
        return -EINVAL;
    int64_t error = request_fetch(request, &set, request->arguments[0], sizeof set);
    if (!error && request->arguments[2])
        error = request_fetch(request, &time, request->arguments[2], sizeof time);
    if (error)
        return error;
    pthread_mutex_lock(&request->own->lock);
    struct signal_thread *place = thread_place(request);
    if (place)
        place->wanted = set & ~SIGNALS_UNBLOCKABLE;
    pthread_mutex_unlock(&request->own->lock);
    int64_t result = WAIT(request, SYS_ppoll, 0, 0, request->arguments[2] ? &time : NULL, 0, 0);
    int number = signal_take(request, set & ~SIGNALS_UNBLOCKABLE, &source);
    if (place)
        place->wanted = 0;
    if (!number)
        return result == 0 ? -EAGAIN : -EINTR;
    const struct signal_info info = info_of(number, &source);
    error = request->arguments[1] ? request_store(request, request->arguments[1], &info, sizeof info) : 0;
    return error ? error : number;
}

/* As the kernel has it: start, flags, size. */
struct signal_stack { uint64_t start; int32_t flags, padding; uint64_t size; };

int64_t service_sigaltstack(const struct request *request)
{
    struct signal_stack new = { 0 }, old = { .flags = SS_DISABLE };
    int64_t error = request->arguments[0] ? request_fetch(request, &new, request->arguments[0], sizeof new) : 0;
    if (error)
        return error;
    if (request->arguments[0] && !(new.flags & SS_DISABLE) && (!range_in_slot(new.start, new.size) || new.size < STACK_LEAST))
        return new.size < STACK_LEAST ? -ENOMEM : -EINVAL;
    pthread_mutex_lock(&request->own->lock);
    struct signal_thread *place = thread_place(request);
    if (place && place->stack_size)
        old = (struct signal_stack){ .start = place->stack_start, .size = place->stack_size };
    uint32_t now = place && handler_possible(request->domain) ? handler_stack(request->domain) : 0;
    if (old.size && now > old.start && now <= old.start + old.size)
        old.flags = SS_ONSTACK;
    if (!place)
        error = -ENOMEM;
    else if (request->arguments[0] && old.flags == SS_ONSTACK)
        error = -EPERM;
    else if (request->arguments[0]) {
        place->stack_start = new.start;
        place->stack_size = new.flags & SS_DISABLE ? 0 : new.size;
    }
    pthread_mutex_unlock(&request->own->lock);
    return error || !request->arguments[1] ? error : request_store(request, request->arguments[1], &old, sizeof old);
}

static bool signal_valid(int number)
{
    return number >= 0 && number <= SIGNALS;
}

int64_t service_kill(const struct request *request)
{
    const struct personality *own = request->own;
    int process = request_int(request, 0), number = request_int(request, 1);
    if (!signal_valid(number))
        return -EINVAL;
    if (process == 0 || process < -1)
        return group_signal(request, -process, number);
    if (process != own->process)
        return process_kill(request, process, number);
    if (number)
        signal_send(request, number, &(struct signal_source){ .code = SI_USER, .process = own->process });
    return 0;
}

/* With a value, to itself only: one that goes to another process would have to go through the host. */
int64_t service_rt_sigqueueinfo(const struct request *request)
{
    struct signal_info info;
    int process = request_int(request, 0), number = request_int(request, 1);
    int64_t error = request_fetch(request, &info, request->arguments[2], sizeof info);
    if (error)
        return error;
    if (!signal_valid(number) || info.code != SI_QUEUE)
        return -EINVAL;
    if (process != request->own->process)
        return -EPERM;
    uint64_t value = (uint64_t)(uint32_t)info.filler << 32 | (uint32_t)info.status;
    if (number)
        signal_send(request, number, &(struct signal_source){ .code = SI_QUEUE, .process = process, .value = value });
    return 0;
}

/* One thread to another. The libc's own signal for cancellation also ends what a thread waits for, or its next wait: the libc looks
 * then why. Sent to itself it would only say so again. */
static int64_t signal_thread(const struct request *request, int32_t thread, int number)
{
    if (thread <= 0 || !signal_valid(number))
        return -EINVAL;
    if (number == SIGNAL_CANCEL) {
        if (thread == thread_number(request->domain))
            return 0;
        if (!thread_interrupt(request->domain, thread))
            return -ESRCH;
    }
    struct signal_source source = { .code = SI_TKILL, .process = request->own->process };
    if (!signal_send_thread(request, thread, number, &source) && number != SIGNAL_CANCEL)
        return -ESRCH;
    futex_interrupt(request->own);
    return 0;
}

int64_t service_tkill(const struct request *request)
{
    return signal_thread(request, request_int(request, 0), request_int(request, 1));
}

int64_t service_tgkill(const struct request *request)
{
    if (request_int(request, 1) > 0 && request_int(request, 0) != request->own->process)
        return -ESRCH;
    return signal_thread(request, request_int(request, 1), request_int(request, 2));
}
