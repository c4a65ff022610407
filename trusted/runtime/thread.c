/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching host threads: a thread block, a guarded control stack, an alternate signal stack. */
#define _GNU_SOURCE
#include "thread.h"
#include "entry.h"
#include "error.h"
#include "grace.h"
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

static struct thread *threads;            /* all attached ones */
static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t exit_key;            /* its destructor detaches threads that end */
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;

static void thread_at_exit(void *thread)
{
    (void)thread;
    porin_thread_detach();
}

/* After fork the child has this thread only, under another number, and no timers. Domains that other threads were inside of at that moment
 * are not to be used in it. */
static void forked(void)
{
    static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;
    threads_lock = unlocked;
    threads = thread_current;
    if (!threads)
        return;
    threads->next = NULL;
    threads->has_timer = false;
    threads->thread_id = (uint64_t)syscall(SYS_gettid);
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

/* guard | control stack | guard | thread block | guard */
static struct thread *thread_create(void)
{
    size_t block = (THREAD_SIZE + 0xfff) & ~0xfffull;
    size_t size = 3 * GUARD_SIZE + CONTROL_SIZE + block;
    char *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    char *control = memory + GUARD_SIZE;
    struct thread *thread = (struct thread *)(control + CONTROL_SIZE + GUARD_SIZE);
    if (mprotect(control, CONTROL_SIZE, PROT_READ | PROT_WRITE) != 0 || mprotect(thread, block, PROT_READ | PROT_WRITE) != 0) {
        munmap(memory, size);
        return NULL;
    }
    thread->memory = memory;
    thread->memory_size = size;
    thread->control_bottom = (uint64_t)control;
    thread->control_top = (uint64_t)control + CONTROL_SIZE - CONTROL_PAD;
    thread->control_limit = thread->control_bottom + HEADROOM;
    thread->limit = thread->control_limit;
    thread->slow = gate_slow;
    thread->service = service_enter;
    thread->depth = depth_enter;
    thread->jump = longjmp_enter;
    thread->fenv = fenv_enter;
    thread->hide_arguments = hide_arguments;
    thread->hide_results = hide_results;
    thread->set_rounding = set_rounding;
    thread->mxcsr = MXCSR_DEFAULT;
    thread->vectors = system_has_avx512();
    thread->thread_id = (uint64_t)syscall(SYS_gettid);
    return thread;
}

struct thread *thread_attach(struct porin_error *error)
{
    if (thread_current)
        return thread_current;
    if (porin_init(error) != PORIN_OK)
        return NULL;
    pthread_once(&exit_once, exit_key_create);
    struct thread *thread = thread_create();
    if (!thread) {
        error_set(error, PORIN_ERR_MEMORY, "cannot map a control stack of %llu MiB for this thread: %s", CONTROL_SIZE >> 20,
                  strerror(errno));
        return NULL;
    }
    if (!alternate_stack_create(thread) || pthread_setspecific(exit_key, thread) != 0) {
        error_set(error, PORIN_ERR_MEMORY, "cannot set up the signal stack of this thread: %s", strerror(errno));
        munmap(thread->memory, thread->memory_size);
        return NULL;
    }
    pthread_mutex_lock(&threads_lock);
    thread->next = threads;
    threads = thread;
    pthread_mutex_unlock(&threads_lock);
    grace_attach();
    __asm__ volatile("wrgsbase %0" : : "r"(thread));
    thread_current = thread;
    return thread;
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
    domains_release_stacks(thread);
    pthread_mutex_lock(&threads_lock);
    for (uint32_t slot = 0; slot < PORIN_MAX_SLOTS; slot++)
        if (thread_stack_slot(thread, slot)->calls) /* otherwise the table of domains stays untouched */
            domain_at(slot)->calls += thread_stack_slot(thread, slot)->calls;
    struct thread **link = &threads;
    while (*link != thread)
        link = &(*link)->next;
    *link = thread->next;
    pthread_mutex_unlock(&threads_lock);
    thread_current = NULL;
    pthread_setspecific(exit_key, NULL);
    __asm__ volatile("wrgsbase %0" : : "r"(0ull));
    alternate_stack_destroy(thread);
    munmap(thread->memory, thread->memory_size);
}

void threads_forget_domain(uint32_t slot)
{
    pthread_mutex_lock(&threads_lock);
    for (struct thread *thread = threads; thread; thread = thread->next)
        thread_stack_slot(thread, slot)->generation = 0;
    pthread_mutex_unlock(&threads_lock);
}

/* With the lock. */
static uint64_t calls_sum(uint32_t slot)
{
    uint64_t sum = 0;
    for (struct thread *thread = threads; thread; thread = thread->next)
        sum += __atomic_load_n(&thread_stack_slot(thread, slot)->calls, __ATOMIC_RELAXED);
    return sum;
}

void threads_count_from_now(struct porin_domain *domain)
{
    pthread_mutex_lock(&threads_lock);
    domain->calls = 0 - calls_sum(domain->slot);
    pthread_mutex_unlock(&threads_lock);
}

uint64_t threads_calls(const struct porin_domain *domain)
{
    pthread_mutex_lock(&threads_lock);
    uint64_t calls = calls_sum(domain->slot) + domain->calls;
    pthread_mutex_unlock(&threads_lock);
    return calls;
}

void threads_visit(void (*first)(struct thread *, void *), void (*then)(struct thread *, void *), void *data)
{
    pthread_mutex_lock(&threads_lock);
    for (struct thread *thread = threads; thread; thread = thread->next)
        first(thread, data);
    for (struct thread *thread = threads; thread; thread = thread->next)
        then(thread, data);
    pthread_mutex_unlock(&threads_lock);
}
