/* SPDX-License-Identifier: Apache-2.0 */
/* Several domains that are processes to themselves share one process of the host, whose signals are nobody's. Their children are told apart
 * by process groups, their timers by what the timer's signal carries. One thread hears of both, and tells whom it concerns: so no handler
 * has to find out whose a signal is. It hears only what all threads block, which is the host's to see to (porin.h). */
#define _GNU_SOURCE
#include "sharing.h"
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "local.h"
#include "paths.h"
#include "process.h"
#include "signals.h"

#define RELAYED (SIGRTMIN + 2)         /* carries whose signal it is, and which */
#define NUMBER_BITS 7

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* outside of personalities' locks */
static struct personality *sharing;    /* by next_sharing */
static bool hears;
static int notices = -1;               /* epoll of the sockets that somebody wants SIGIO of, each with whose it is; -1: nobody yet */

/* Is there something to wait for? Asks without taking it. */
static bool children_changed(const struct personality *own, siginfo_t *info)
{
    info->si_pid = 0;
    return own->group && waitid(P_PGID, (id_t)own->group, info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) == 0 && info->si_pid;
}

static void relay_children(void)
{
    siginfo_t info;
    for (struct personality *own = sharing; own; own = own->next_sharing)
        if (children_changed(own, &info))
            signal_raise(own, SIGCHLD, &(struct signal_source){ info.si_code, info.si_pid, info.si_status, 0 });
}

static void relay_one(const siginfo_t *info)
{
    int32_t root = (int32_t)((uint64_t)info->si_value.sival_ptr >> NUMBER_BITS);
    int number = (int)((uint64_t)info->si_value.sival_ptr & ((1u << NUMBER_BITS) - 1));
    bool timer = info->si_code == SI_TIMER;
    if (number < 1 || number > SIGNALS || (!timer && !process_is_family(info->si_pid, root)))
        return;
    for (struct personality *own = sharing; own; own = own->next_sharing)
        if (own->root == root)
            signal_raise(own, number, &(struct signal_source){ timer ? SI_KERNEL : SI_USER, timer ? 0 : info->si_pid, 0, 0 });
}

static void *hear(void *data)
{
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, RELAYED);
    for (;;) {
        int number = sigwaitinfo(&set, &info);
        pthread_mutex_lock(&lock);
        if (number == SIGCHLD)
            relay_children();
        else if (number == RELAYED)
            relay_one(&info);
        pthread_mutex_unlock(&lock);
    }
    return data;
}

/* --- SIGIO: the kernel would send it to all of the process, or queue a signal for each packet --- */

static void *notice(void *data)
{
    int epoll = (int)(intptr_t)data;
    struct epoll_event event;
    for (;;) {
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        pthread_mutex_lock(&lock);
        for (struct personality *own = sharing; own; own = own->next_sharing)
            if ((uint64_t)own->root == event.data.u64)
                signal_raise(own, SIGIO, &(struct signal_source){ .code = SI_KERNEL });
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static bool notices_begin(void)
{
    int epoll = notices < 0 ? epoll_create1(EPOLL_CLOEXEC) : -1;
    if (epoll >= 0 && host_thread_start(notice, (void *)(intptr_t)epoll))
        notices = epoll;
    else if (epoll >= 0)
        close(epoll);
    return notices >= 0;
}

int64_t sharing_notify(const struct personality *own, int host, bool wanted)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.u64 = (uint64_t)own->root };
    pthread_mutex_lock(&lock);
    int64_t error = 0;
    if (wanted && !notices_begin())
        error = -ENOMEM;
    else if (notices >= 0 && epoll_ctl(notices, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, host, &event) < 0)
        error = errno == EEXIST || errno == ENOENT ? 0 : -errno;
    pthread_mutex_unlock(&lock);
    return error;
}

bool sharing_join(struct personality *own, struct porin_domain *domain)
{
    pthread_mutex_lock(&lock);
    if (!hears)
        hears = host_thread_start(hear, NULL);
    bool good = hears;
    if (good) {
        own->shares = true;
        own->first = own->domain = domain;
        own->next_sharing = sharing;
        sharing = own;
    }
    pthread_mutex_unlock(&lock);
    return good;
}

void sharing_leave(struct personality *own)
{
    pthread_mutex_lock(&lock);
    for (struct personality **link = &sharing; *link; link = &(*link)->next_sharing)
        if (*link == own) {
            *link = own->next_sharing;
            break;
        }
    pthread_mutex_unlock(&lock);
}

void sharing_move(struct personality *own, struct porin_domain *successor)
{
    pthread_mutex_lock(&lock);
    own->domain = successor;
    pthread_mutex_unlock(&lock);
}

void sharing_stop(struct personality *own)
{
    if (!own->shares)
        return;
    if (own->has_timer)
        timer_delete(own->timer);
    own->has_timer = false;
    pthread_mutex_lock(&own->lock);
    int group = own->group;
    own->group = 0;
    pthread_mutex_unlock(&own->lock);
    if (!group)
        return;
    kill(-group, SIGKILL);
    while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
        ;
}

/* --- fork --- */

void sharing_fork_begin(struct personality *own)
{
    pthread_mutex_lock(&lock);
    for (struct personality *other = sharing; other; other = other->next_sharing)
        if (other != own)
            pthread_mutex_lock(&other->lock);
    pthread_mutex_lock(&own->lock);
}

/* In the child. Requests of others that are under way may hold one more each, for which nobody is there to ask. */
static void others_close(const struct personality *own)
{
    for (struct personality *other = sharing; other; other = other->next_sharing) {
        if (other == own)
            continue;
        for (uint32_t i = 0; i < other->descriptor_count; i++)
            if (other->descriptors[i].file) {
                local_close_hosts(other->descriptors[i].file);
                close(other->descriptors[i].file->host);
            }
        for (uint32_t i = 0; i < other->grant_count; i++)
            close(other->grants[i].directory);
    }
}

/* Parent and child both do this, because either may go on first. */
static void group_join(struct personality *own, int child)
{
    if (!own->group || setpgid(child, own->group) < 0) {
        own->group = child;
        setpgid(child, child);
    }
}

void sharing_fork_end(struct personality *own, int64_t result)
{
    bool shares = own->shares, child = result == 0;
    if (shares && result >= 0)
        group_join(own, child ? getpid() : (int)result);
    if (child)
        others_close(own);
    for (struct personality *other = sharing; other; other = other->next_sharing)
        if (other != own)
            pthread_mutex_unlock(&other->lock);
    if (child) {
        sharing = NULL;
        hears = false;
        if (notices >= 0)
            close(notices);
        notices = -1;
        own->shares = own->has_timer = false;
        own->group = 0;
        if (shares)
            signals_adopt(own);
    }
    pthread_mutex_unlock(&own->lock);
    pthread_mutex_unlock(&lock);
}

/* --- signals and timers --- */

static void *value_of(const struct personality *own, int number)
{
    return (void *)((uint64_t)(uint32_t)own->root << NUMBER_BITS | (uint64_t)number);
}

int64_t sharing_signal_root(const struct personality *own, int number)
{
    int first = process_first();
    if (!number)
        return kill(first, 0) < 0 ? -errno : 0;
    return sigqueue(first, RELAYED, (union sigval){ .sival_ptr = value_of(own, number) }) < 0 ? -errno : 0;
}

int64_t sharing_timer(struct personality *own, const struct itimerval *new, struct itimerval *old)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = RELAYED, .sigev_value.sival_ptr = value_of(own, SIGALRM) };
    struct itimerspec next, before = { 0 };
    int64_t error = 0;
    pthread_mutex_lock(&own->lock);
    if (!own->has_timer && new) {
        error = timer_create(CLOCK_MONOTONIC, &event, &own->timer) < 0 ? -errno : 0;
        own->has_timer = !error;
    }
    if (own->has_timer && !new)
        error = timer_gettime(own->timer, &before) < 0 ? -errno : 0;
    else if (own->has_timer) {
        next = (struct itimerspec){ { new->it_interval.tv_sec, new->it_interval.tv_usec * 1000 },
                                    { new->it_value.tv_sec, new->it_value.tv_usec * 1000 } };
        error = timer_settime(own->timer, 0, &next, &before) < 0 ? -errno : 0;
    }
    pthread_mutex_unlock(&own->lock);
    *old = (struct itimerval){ { before.it_interval.tv_sec, before.it_interval.tv_nsec / 1000 },
                               { before.it_value.tv_sec, before.it_value.tv_nsec / 1000 } };
    return error;
}

/* --- signals from the host --- */

porin_status porin_domain_signal(porin_domain *domain, int number)
{
    porin_status status = PORIN_ERR_GONE;
    if (!domain || number < 1 || number > SIGNALS)
        return PORIN_ERR_ARGUMENT;
    pthread_mutex_lock(&lock);
    for (struct personality *own = sharing; own; own = own->next_sharing) {
        if (own->first != domain && own->domain != domain)
            continue;
        status = PORIN_OK;
        if (signal_is_fatal(own, number)) {
            own->signals->killer = number;
            status = porin_domain_kill(own->domain);
        } else
            signal_raise(own, number, &(struct signal_source){ .code = SI_USER });
    }
    pthread_mutex_unlock(&lock);
    return status;
}
