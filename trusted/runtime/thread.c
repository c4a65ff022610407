/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching host threads: a thread block, a guarded control stack, an alternate signal stack. */
#define _GNU_SOURCE
#include "thread.h"
#include "entry.h"
#include "error.h"
#include "grace.h"
#include "lifecycle/account.h"
#include "lifecycle/trace.h"
#include "lifecycle/deadline.h"
#include "must.h"
#include "system.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CONTROL_SIZE (8ull << 20)
#define GUARD_SIZE 0x10000ull
#define HEADROOM 0x10000ull               /* what a callee finds at least: nobody can make it run out in the middle of something */
#define CONTROL_PAD 64                    /* words above the first frame that trusted code may look at */
#define ALTERNATE_ROOM 0x8000             /* beyond what the kernel itself needs for the largest vector state */

__thread struct thread *thread_current __attribute__((tls_model("initial-exec")));

static struct thread *_Atomic threads;    /* all there ever were: a signal handler may walk the list at any time */
static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER; /* who is attached */
static pthread_key_t exit_key;            /* its destructor detaches threads that end */
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

static void thread_at_exit(void *thread)
{
    (void)thread;
    porin_thread_detach();
}

/* The block may be another thread's from now on. Its first page stays: the list goes through it. */
static void thread_empty(struct thread *thread)
{
    must(madvise((char *)thread + TB_STACKS, THREAD_SIZE - TB_STACKS, MADV_DONTNEED) == 0);
    must(madvise((void *)thread->control_bottom, CONTROL_SIZE, MADV_DONTNEED) == 0);
    memset(thread, 0, offsetof(struct thread, next));
    thread->attached = false;
}

/* After fork the child has this thread only, under another number, and no timers. Domains that other threads were inside of at that moment
 * are not to be used in it. */
static void forked(void)
{
    static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
    threads_lock = unlocked;
    grace_forked();
    for (struct thread *thread = threads; thread; thread = thread->next) {
        thread->senders = 0;
        if (thread != thread_current) { /* nobody's again: domains still list them as owners of stacks */
            thread->frame = NULL;
            thread->thread_id = 0;
        }
    }
    if (!thread_current)
        return;
    thread_current->has_timer = thread_current->has_clock = false;
    thread_current->thread_id = (uint64_t)syscall(SYS_gettid);
}

static void exit_key_create(void)
{
    must(pthread_atfork(NULL, NULL, forked) == 0);
    must(pthread_key_create(&exit_key, thread_at_exit) == 0);
}

/* Handlers of faults in domains need a stack of their own: the control stack may be what overflowed. A host's own
 * one serves if large enough. */
static bool alternate_stack_create(struct thread *thread)
{
    size_t minimum = getauxval(AT_MINSIGSTKSZ);
    size_t wanted = ((minimum ? minimum : MINSIGSTKSZ) + ALTERNATE_ROOM + 0xfff) & ~0xfffull;
    stack_t now;
    must(sigaltstack(NULL, &now) == 0);
    if (!(now.ss_flags & SS_DISABLE) && now.ss_size >= wanted)
        return true;
    char *memory = mmap(NULL, wanted + 0x1000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    stack_t own = { .ss_sp = memory + 0x1000, .ss_size = wanted };
    if (mprotect(own.ss_sp, wanted, PROT_READ | PROT_WRITE) != 0 || sigaltstack(&own, NULL) != 0) {
        munmap(memory, wanted + 0x1000);
        return false;
    }
    thread->alternate_stack = memory;
    thread->alternate_size = wanted + 0x1000;
    return true;
}

static void alternate_stack_destroy(struct thread *thread)
{
    if (!thread->alternate_stack)
        return;
    stack_t now, none = { .ss_flags = SS_DISABLE };
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == (char *)thread->alternate_stack + 0x1000)
        sigaltstack(&none, NULL);
    munmap(thread->alternate_stack, thread->alternate_size);
}

/* guard | control stack | guard | thread block | guard. With the lock. */
static struct thread *thread_map(void)
{
    size_t block = (THREAD_SIZE + 0xfff) & ~0xfffull, size = 3 * GUARD_SIZE + CONTROL_SIZE + block;
    char *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    char *control = memory + GUARD_SIZE;
    struct thread *thread = (struct thread *)(control + CONTROL_SIZE + GUARD_SIZE);
    if (mprotect(control, CONTROL_SIZE, PROT_READ | PROT_WRITE) != 0 || mprotect(thread, block, PROT_READ | PROT_WRITE) != 0) {
        munmap(memory, size);
        return NULL;
    }
    thread->control_bottom = (uint64_t)control;
    thread->next = threads;
    threads = thread;
    return thread;
}

static struct thread *thread_create(void)
{
    pthread_mutex_lock(&threads_lock);
    struct thread *thread = threads;
    while (thread && thread->attached)
        thread = thread->next;
    if (!thread)
        thread = thread_map();
    if (thread)
        thread->attached = true;
    pthread_mutex_unlock(&threads_lock);
    if (!thread)
        return NULL;
    thread->control_top = thread->control_bottom + CONTROL_SIZE - CONTROL_PAD;
    thread->control_limit = thread->control_bottom + HEADROOM;
    thread->limit = thread->control_limit;
    thread->slow = gate_slow;
    thread->service = service_enter;
    thread->depth = depth_enter;
    thread->jump = longjmp_enter;
    thread->fenv = fenv_enter;
    thread->hide_vectors = hide_vectors;
    thread->hide_evex = hide_evex;
    thread->hide_x87 = hide_x87;
    thread->set_rounding = set_rounding;
    thread->mxcsr = MXCSR_DEFAULT;
    thread->trace_in = trace_gate_in;
    thread->trace_out = trace_gate_out;
    thread->vectors = system_has_avx512();
    return thread;
}

static void thread_release(struct thread *thread)
{
    pthread_mutex_lock(&threads_lock);
    for (uint32_t slot = 0; slot < PORIN_MAX_SLOTS; slot++)
        if (thread_stack_slot(thread, slot)->calls) /* otherwise the table of domains stays untouched */
            __atomic_fetch_add(&domain_at(slot)->calls, thread_stack_slot(thread, slot)->calls, __ATOMIC_RELAXED);
    thread_empty(thread);
    pthread_mutex_unlock(&threads_lock);
}

void thread_take(struct thread *thread)
{
    __asm__ volatile("wrgsbase %0" : : "r"(thread));
    thread_current = thread;
}

struct thread *thread_attach(struct porin_error *error)
{
    if (thread_current)
        return thread_current;
    if (porin_init(error) != PORIN_OK)
        return NULL;
    pthread_once(&exit_once, exit_key_create);
    struct thread *thread = thread_create();
    if (thread && alternate_stack_create(thread) && pthread_setspecific(exit_key, thread) == 0) {
        thread->thread_id = (uint64_t)syscall(SYS_gettid);
        grace_attach();
        thread_take(thread);
        account_attach(thread);
        trace_attach(thread);
        return thread;
    }
    error_set(error, PORIN_ERR_MEMORY, "cannot map a control stack of %llu MiB or a signal stack for this thread: %s", CONTROL_SIZE >> 20,
              strerror(errno));
    if (thread)
        thread_release(thread);
    return NULL;
}

porin_status porin_thread_attach(struct porin_error *error)
{
    struct porin_error local;
    return thread_attach(error ? error : &local) ? PORIN_OK : (error ? error : &local)->status;
}

void porin_thread_detach(void)
{
    struct thread *thread = thread_current;
    if (!thread)
        return;
    must(!thread->frame); /* a thread that is inside a domain cannot leave its control stack */
    deadline_destroy(thread);
    account_detach(thread);
    domains_release_stacks(thread);
    thread_current = NULL;
    pthread_setspecific(exit_key, NULL);
    __asm__ volatile("wrgsbase %0" : : "r"(0ull));
    alternate_stack_destroy(thread);
    thread_release(thread);
}

void threads_forget_domain(uint32_t slot)
{
    for (struct thread *thread = threads; thread; thread = thread->next)
        if (thread_stack_slot(thread, slot)->generation)
            thread_stack_slot(thread, slot)->generation = 0;
}

void threads_visit(void (*const steps[])(struct thread *, void *), void *data)
{
    pthread_mutex_lock(&threads_lock);
    for (; *steps; steps++)
        for (struct thread *thread = threads; thread; thread = thread->next)
            if (thread->attached)
                (*steps)(thread, data);
    pthread_mutex_unlock(&threads_lock);
}
