/* SPDX-License-Identifier: Apache-2.0 */
/* Two host threads in one hostile domain: each works against the other, or against a service at work. */
#define _GNU_SOURCE
#include "world.h"
#include "layout.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ROUND_US 150000

struct worker { porin_domain *domain; const char *entry; uint64_t argument; struct result result; pthread_t thread; };

static void *work(void *argument)
{
    struct worker *worker = argument;
    worker->result = domain_call(worker->domain, worker->entry, (uint64_t[6]){worker->argument});
    return NULL;
}

static bool ended_well(const struct result *result)
{
    switch (result->status) {
    case PORIN_OK:
    case PORIN_ERR_FAULT:
    case PORIN_ERR_EXIT:
    case PORIN_ERR_KILLED:
    case PORIN_ERR_LIMIT:
    case PORIN_ERR_GONE: return true;
    default: return false;
    }
}

/* Runs both for a while in one domain, then kills it. `signal`: the first must die of it by itself; 0: anything that ends well. */
static void duel(const char *name, const char *first, uint64_t a, const char *second, uint64_t b, int signal)
{
    porin_domain *domain = domain_new("duel", 0);
    struct worker workers[2] = {{.domain = domain, .entry = first, .argument = a}, {.domain = domain, .entry = second, .argument = b}};
    char wrong[700];
    domain_ask(domain, "add", 1, 1);
    for (int i = 0; i < 2; i++)
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    bool ended = false;
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10; /* a busy machine may not run them for long */
    if (signal)
        ended = pthread_timedjoin_np(workers[0].thread, NULL, &limit) == 0;
    else
        usleep(ROUND_US);
    const char *harm = world_harm(); /* while they are at it */
    porin_domain_kill(domain);
    for (int i = ended; i < 2; i++)
        pthread_join(workers[i].thread, NULL);
    bool good = !harm && ended_well(&workers[0].result) && ended_well(&workers[1].result);
    if (signal) /* whoever died, both calls end with it, or did not begin */
        good = good && workers[0].result.status == PORIN_ERR_FAULT && workers[0].result.signal == signal &&
               (workers[1].result.status == PORIN_ERR_FAULT || workers[1].result.status == PORIN_ERR_GONE);
    snprintf(wrong, sizeof wrong, "%s; first: %s; second: %s", harm ? harm : "ended wrongly", workers[0].result.text,
        workers[1].result.text);
    attack_note(name, good, wrong);
    porin_domain_destroy(domain);
}

static volatile sig_atomic_t alarms;
static void on_alarm(int signal) { alarms += signal == SIGALRM; }

static void duels(void)
{
    duel("kill of two that run for ever", "spin", 0, "spin", 0, 0);
    duel("a pointer that changes between check and use: middle of text", "follow", 0, "flip", PORIN_IMAGE_BASE + 1, SIGILL);
    duel("a pointer that changes: 0", "follow", 0, "flip", 0, SIGSEGV);
    duel("a pointer that changes: inside a gate", "follow", 0, "flip", PORIN_GATE_SERVICE_CALL + 8, SIGILL);
    duel("a pointer that changes: a service", "follow", 0, "flip", PORIN_GATE_SERVICE_CALL, 0);
    duel("a stack that another thread overwrites with 0", "climb_forever", 0, "scribble", 0, 0);
    duel("a stack that another thread overwrites", "climb_forever", 0, "scribble", 0x4141414141414141, 0);
    duel("a stack that another thread unmaps", "climb_forever", 0, "unmap_stack", 0, 0);
    duel("a jump buffer that another thread overwrites", "jump_forever", 0, "scribble_buffer", 0x10001, 0);
    duel("a jump buffer that another thread zeroes", "jump_forever", 0, "scribble_buffer", 0, 0);
    duel("buffers of services that come and go", "serve_forever", 0, "remap_forever", 0, 0);
    duel("vectors of services that change: the host's secret", "serve_forever", 0, "change_vectors", (uint64_t)secret, 0);
    duel("vectors of services that change: text", "serve_forever", 0, "change_vectors", PORIN_IMAGE_BASE, 0);
    duel("death beside one that runs for ever", "fault_stack", 0, "spin", 0, SIGILL);
    duel("death beside one in services", "peek", 0, "serve_forever", 0, SIGSEGV);
    duel("greed beside greed", "eat", 1, "eat", 0, 0);
}

void thread_attacks(const char *folder)
{
    (void)folder;
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART};
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    duels();
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    duels();
    setitimer(ITIMER_REAL, &never, NULL);
    attack_note("alarms while they fight", alarms > 0, "no alarm went off");
}
