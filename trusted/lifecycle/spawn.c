/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of domains: their host threads and their end. */
#define _GNU_SOURCE
#include "spawn.h"
#include "account.h"
#include "loader/image.h"
#include "runtime/call.h"
#include "runtime/copy.h"
#include "runtime/entry.h"
#include "runtime/error.h"
#include "runtime/grace.h"
#include "runtime/must.h"
#include "reaper.h"
#include "runtime/unwind.h"
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOST_STACK 0x80000                /* for services; domain code has stacks of its own */
#define FINISH_SECONDS 1                  /* how long a reset waits for threads that are on their way out */

/* A thread from the creator's request until it has gone. */
struct spawn {
    struct spawn *next;                   /* list of all, guarded by spawns_lock */
    struct porin_domain *domain;
    uint32_t generation;
    struct spawn_request request;
    int32_t number;
    uint32_t unmap_start;                 /* what it wants unmapped when it is off its stack */
    uint64_t unmap_size;
    struct birth *birth;                  /* on the creator's stack */
};

struct birth {
    sem_t done;
    bool good;
};

static struct spawn *spawns;
static pthread_mutex_t spawns_lock = PTHREAD_MUTEX_INITIALIZER;

/* --- accounts; each with the domain's lock --- */

static void count_open(struct porin_domain *domain)
{
    domain->threads++;
    domain->pins++;
}

static void count_leave(struct porin_domain *domain)
{
    domain->threads--;
    domain->leaving++;
}

static void count_close(struct porin_domain *domain)
{
    domain->leaving--;
    domain->pins--;
    pthread_cond_broadcast(&domain->started);
}

/* --- the list --- */

static void list_remove(struct spawn *spawn)
{
    pthread_mutex_lock(&spawns_lock);
    struct spawn **link = &spawns;
    while (*link && *link != spawn)
        link = &(*link)->next;
    if (*link)
        *link = spawn->next;
    pthread_mutex_unlock(&spawns_lock);
}

static void before_fork(void)
{
    pthread_mutex_lock(&spawns_lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&spawns_lock);
}

/* The child has no thread but the forking one. */
static void forked(void)
{
    for (struct spawn *spawn = spawns; spawn; spawn = spawn->next) {
        spawn->domain->pins--;
        spawn->domain->threads = spawn->domain->leaving = 0;
    }
    spawns = NULL; /* threads that are not there may have been using its memory: it is not given back */
    after_fork();
}

porin_status spawn_start(struct porin_error *error)
{
    if (!reaper_start() || pthread_atfork(before_fork, after_fork, forked) != 0)
        return error_set(error, PORIN_ERR_MEMORY, "no memory for what threads of domains need");
    return PORIN_OK;
}

/* --- host threads --- */

bool host_thread_start(void *(*run)(void *), void *data)
{
    static const int synchronous[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
    sigset_t blocked, before;
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof synchronous / sizeof *synchronous; i++)
        sigdelset(&blocked, synchronous[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    bool good = pthread_attr_setstacksize(&attributes, HOST_STACK) == 0 &&
                pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                pthread_create(&thread, &attributes, run, data) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return good;
}

/* Gives the new thread its place in the domain. False: the domain has died or been destroyed, or there is no memory. */
static bool spawn_settle(const struct spawn *spawn, struct thread *thread)
{
    struct porin_domain *domain = spawn->domain;
    const struct spawn_request *request = &spawn->request;
    bool good = false;
    pthread_mutex_lock(&domain->lock);
    struct data_stack *stack = domain->generation == spawn->generation ? domain_add_stack(domain) : NULL;
    if (stack) {
        *stack = (struct data_stack){ .owner = thread, .start = request->stack, .end = request->stack, .known = true,
                                      .thread_pointer = request->thread_pointer, .number = spawn->number,
                                      .tid_address = request->tid_address };
        struct stack_slot *slot = thread_stack_slot(thread, domain->slot);
        domain_take_slot(domain, slot, stack);
        slot->generation = spawn->generation;
        good = !domain_is_dead(domain); /* whoever lets it die from now on makes the entry fail */
        if (!good)
            domain_remove_stack(domain, thread);
    }
    pthread_mutex_unlock(&domain->lock);
    return good;
}

/* The thread is off its data stack. Its place is free before anybody learns of its end. */
static void spawn_end(struct spawn *spawn, struct thread *thread)
{
    struct porin_domain *domain = spawn->domain;
    pthread_mutex_lock(&domain->lock);
    uint32_t tid_address = domain_remove_stack(domain, thread);
    count_leave(domain);
    pthread_mutex_unlock(&domain->lock);
    if (!domain_is_dead(domain)) {
        if (spawn->unmap_size)
            domain_unmap(domain, spawn->unmap_start, spawn->unmap_size);
        personality_thread_end(domain, tid_address);
    }
    list_remove(spawn);
    pthread_mutex_lock(&domain->lock);
    count_close(domain);
    pthread_mutex_unlock(&domain->lock);
}

static void spawn_cancel(struct spawn *spawn)
{
    list_remove(spawn);
    pthread_mutex_lock(&spawn->domain->lock);
    count_leave(spawn->domain);
    count_close(spawn->domain);
    pthread_mutex_unlock(&spawn->domain->lock);
    free(spawn);
}

static void *spawn_run(void *data)
{
    struct spawn *spawn = data;
    struct birth *birth = spawn->birth;
    struct porin_error error;
    struct thread *thread = thread_attach(&error);
    bool good = birth->good = thread && spawn_settle(spawn, thread);
    if (!good)
        spawn_cancel(spawn);
    sem_post(&birth->done); /* from here on the creator's stack is its own again */
    if (good) {
        uint64_t ignored;
        thread->spawn = spawn;
        struct routine start = { spawn->generation, spawn->request.start, { spawn->request.argument }, false };
        call_routine(thread, spawn->domain, &start, &ignored);
        thread->spawn = NULL;
        account_end(thread, spawn->domain);
        spawn_end(spawn, thread);
        free(spawn);
    }
    porin_thread_detach();
    return NULL;
}

/* The thread is in the list already. Comes back when it has its place or never gets one. */
static bool spawn_launch(struct spawn *spawn)
{
    struct birth birth = { .good = false };
    must(sem_init(&birth.done, 0, 0) == 0);
    spawn->birth = &birth;
    if (!host_thread_start(spawn_run, spawn))
        spawn_cancel(spawn);
    else
        while (sem_wait(&birth.done) != 0)
            ;
    sem_destroy(&birth.done);
    return birth.good;
}

uint32_t spawn_limit(const struct porin_domain *domain)
{
    return domain->options.thread_limit ? domain->options.thread_limit : PORIN_THREADS_DEFAULT;
}

/* Under the limit, with a number and in the list; NULL if the domain has all the threads it may have. */
static struct spawn *spawn_open(struct porin_domain *domain, const struct spawn_request *request)
{
    struct spawn *spawn = calloc(1, sizeof *spawn);
    if (!spawn)
        return NULL;
    *spawn = (struct spawn){ .domain = domain, .generation = domain->generation, .request = *request };
    pthread_mutex_lock(&domain->lock);
    bool good = domain->threads < spawn_limit(domain) && !domain_is_dead(domain);
    if (good) {
        count_open(domain);
        spawn->number = domain_next_number(domain);
    }
    pthread_mutex_unlock(&domain->lock);
    if (!good) {
        free(spawn);
        return NULL;
    }
    pthread_mutex_lock(&spawns_lock);
    spawn->next = spawns;
    spawns = spawn;
    pthread_mutex_unlock(&spawns_lock);
    if (reaper_ensure())
        return spawn;
    spawn_cancel(spawn);
    return NULL;
}

int64_t spawn_thread(struct porin_domain *domain, const struct spawn_request *request)
{
    if (!image_has_label(domain->image, request->start) || !request->stack)
        return -EINVAL;
    struct spawn *spawn = spawn_open(domain, request);
    if (!spawn)
        return -EAGAIN;
    int32_t number = spawn->number; /* the thread may have ended before its creator hears of it */
    if (request->number_address &&
        copy_out(domain, (porin_addr){ request->number_address }, &number, sizeof number) != PORIN_OK) {
        spawn_cancel(spawn);
        return -EFAULT;
    }
    return spawn_launch(spawn) ? number : -EAGAIN;
}

/* --- the running domain's thread --- */

/* NULL: a thread of the host outside the domain. */
static struct data_stack *running_stack(struct porin_domain *domain)
{
    return thread_current ? domain_stack_of(domain, thread_current) : NULL;
}

int32_t thread_number(struct porin_domain *domain)
{
    pthread_mutex_lock(&domain->lock);
    const struct data_stack *stack = running_stack(domain);
    int32_t number = stack ? stack->number : 0;
    pthread_mutex_unlock(&domain->lock);
    return number;
}

int32_t thread_set_tid_address(struct porin_domain *domain, uint32_t address)
{
    pthread_mutex_lock(&domain->lock);
    struct data_stack *stack = running_stack(domain);
    int32_t number = stack ? stack->number : 0;
    if (stack)
        stack->tid_address = address;
    pthread_mutex_unlock(&domain->lock);
    return number;
}

void thread_renumber(struct porin_domain *domain, int32_t number)
{
    pthread_mutex_lock(&domain->lock);
    struct data_stack *stack = running_stack(domain);
    if (stack)
        stack->number = number;
    domain->next_number = number + 1; /* no other thread is there */
    pthread_mutex_unlock(&domain->lock);
}

bool thread_interrupt(struct porin_domain *domain, int32_t number)
{
    struct data_stack *found = NULL;
    pthread_mutex_lock(&domain->lock);
    for (uint32_t i = 0; i < domain->stack_count && !found; i++)
        if (domain->stacks[i].owner && domain->stacks[i].number == number)
            found = &domain->stacks[i];
    if (found) {
        domain->interrupts += !found->interrupted;
        found->interrupted = true;
        grace_nudge(found->owner);
    }
    pthread_mutex_unlock(&domain->lock);
    return found;
}

bool thread_interrupted(struct porin_domain *domain)
{
    if (!domain->interrupts)
        return false;
    pthread_mutex_lock(&domain->lock);
    struct data_stack *stack = running_stack(domain);
    bool interrupted = stack && stack->interrupted;
    if (interrupted) {
        domain->interrupts--;
        stack->interrupted = false;
    }
    pthread_mutex_unlock(&domain->lock);
    return interrupted;
}

/* The domain's libc takes the thread, which goes on to live, for ended: at its next entry it is a new one. */
static uint32_t thread_forget(struct porin_domain *domain)
{
    pthread_mutex_lock(&domain->lock);
    struct data_stack *stack = running_stack(domain);
    must(stack);
    uint32_t tid_address = stack->tid_address;
    stack->tid_address = 0;
    if (domain->starter != thread_current) {
        stack->known = false;
        stack->number = domain_next_number(domain);
        thread_stack_slot(thread_current, domain->slot)->generation = 0;
    }
    pthread_mutex_unlock(&domain->lock);
    return tid_address;
}

void thread_leave(struct porin_domain *domain, int code, uint32_t start, uint64_t size)
{
    struct thread *thread = thread_current;
    struct frame *frame = thread->frame;
    must(frame && frame->kind == FRAME_SERVICE && frame->r14 == domain->base);
    struct walk walk = walk_begin(thread, frame, frame->control_sp, domain), boundary = walk;
    walk_boundary(&boundary);
    if (thread->spawn && boundary.from_host && !boundary.entry->previous) {
        thread->spawn->unmap_start = start;
        thread->spawn->unmap_size = size;
    } else {
        uint32_t tid_address = thread_forget(domain);
        if (size)
            domain_unmap(domain, start, size);
        personality_thread_end(domain, tid_address);
    }
    error_set(&thread->last_error, PORIN_ERR_EXIT, "domain %s ended the thread that had called it, with code %d; it lives on",
              domain->name, code);
    memcpy(thread->last_error.domain, domain->name, sizeof thread->last_error.domain);
    thread->last_error.exit_code = code;
    struct landing landing = unwind(&walk, domain_is_dead(domain) ? domain_cause(domain) : PORIN_ERR_EXIT);
    host_resume(landing.rip, landing.rsp, landing.r14, landing.rax);
}

/* --- waiting for the end --- */

static bool any_left(const struct porin_domain *domain)
{
    return domain->threads || domain->leaving;
}

void spawn_wait(struct porin_domain *domain)
{
    pthread_mutex_lock(&domain->lock);
    while (any_left(domain))
        pthread_cond_wait(&domain->started, &domain->lock);
    pthread_mutex_unlock(&domain->lock);
}

bool spawn_finished(struct porin_domain *domain)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += FINISH_SECONDS;
    while (any_left(domain) && (domain_is_dead(domain) || !domain->threads))
        if (pthread_cond_timedwait(&domain->started, &domain->lock, &end) != 0)
            break;
    return !any_left(domain);
}
