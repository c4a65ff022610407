/* SPDX-License-Identifier: Apache-2.0 */
/* How long it takes until a caller has the error of a callee that died, until all threads of a runaway are out of it, and until a dead
 * domain answers again. */
#include "bench.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DEATHS_EACH = 8, RUNAWAYS = 4 };
#define KILL_BAR_MS 10
#define RESTART_BAR_US 15

static const struct death { const char *id, *text; } deaths[] = {
#define DEATH(id, text, statement) {#id, text},
#include "deaths.def"
#undef DEATH
};
enum { DEATHS = sizeof deaths / sizeof deaths[0] };

static struct ladder ladder = {.title = "From the end of a callee to the error at its caller", .name = "ends",
                               .short_name = "us", .unit_ns = 1e3};
static struct ladder kills = {.title = "Killing a runaway that runs on four threads", .name = "kills",
                              .short_name = "ms", .unit_ns = 1e6};
static struct ladder restarts = {.title = "From a dead domain to an answer", .name = "restarts",
                                 .short_name = "us", .unit_ns = 1e3};
static porin_domain *victim, *witness;
static porin_image *victim_image;
static porin_pool *pool;
static char names[2][DEATHS + 1][64], texts[2][DEATHS][80];

/* --- a callee dies --- */

static void revive(void)
{
    struct porin_error error = {0};
    porin_check(porin_domain_reset(victim, &error), "reset", &error);
}

/* subject: name of the victim's function. Its stacks and pages are touched before, so that only its end is timed. */
static double death_of_callee(const void *subject)
{
    struct samples ns = {0};
    for (unsigned i = 0; i < DEATHS_EACH; i++) {
        uint64_t result;
        revive();
        porin_entry entry = bench_entry(victim, subject), alive = bench_entry(victim, "victim_answer");
        porin_check(porin_call6(alive, &result, 1, 0, 0, 0, 0, 0), "call", porin_last_error());
        uint64_t start = now_ns();
        porin_status status = porin_call6(entry, &result, 41, 0, 0, 0, 0, 0);
        uint64_t elapsed = now_ns() - start;
        bool answers = strcmp(subject, "victim_answer") == 0;
        if ((status == PORIN_OK) != answers || (!answers && status != PORIN_ERR_FAULT && status != PORIN_ERR_EXIT))
            fail("%s came back with: %s", (const char *)subject, porin_status_name(status));
        samples_add(&ns, (double)elapsed);
    }
    return samples_median(&ns);
}

/* subject: name of the witness's function: the error arrives at a domain, as a value. */
static double death_of_neighbour(const void *subject)
{
    struct samples ns = {0};
    for (unsigned i = 0; i < DEATHS_EACH; i++) {
        uint64_t result;
        revive();
        porin_entry entry = bench_entry(witness, subject), alive = bench_entry(witness, "witness_answer");
        porin_check(porin_call6(alive, &result, 0, 0, 0, 0, 0, 0), "call", porin_last_error());
        uint64_t start = now_ns();
        porin_check(porin_call6(entry, &result, 0, 0, 0, 0, 0, 0), subject, porin_last_error());
        uint64_t elapsed = now_ns() - start;
        if (result != (strcmp(subject, "witness_answer") == 0 ? 42 : UINT64_MAX))
            fail("%s came back with %llu", (const char *)subject, (unsigned long long)result);
        samples_add(&ns, (double)elapsed);
    }
    return samples_median(&ns);
}

static sigjmp_buf native_escape;
static const volatile unsigned char *volatile native_target; /* a page that nobody may read */

static void native_handler(int signal)
{
    (void)signal;
    siglongjmp(native_escape, 1);
}

/* The kernel's price: a fault, a handler, a jump out of it. */
static double native_fault(const void *unused)
{
    struct samples ns = {0};
    struct sigaction action = {.sa_handler = native_handler}, before;
    (void)unused;
    native_target = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sigaction(SIGSEGV, &action, &before);
    for (volatile unsigned i = 0; i < DEATHS_EACH; i++) { /* volatile: lives through the jump */
        volatile uint64_t start = now_ns();
        if (sigsetjmp(native_escape, 1) == 0)
            (void)*native_target;
        samples_add(&ns, (double)(now_ns() - start));
    }
    sigaction(SIGSEGV, &before, NULL);
    munmap((void *)(uintptr_t)native_target, 4096);
    return samples_median(&ns);
}

static void deaths_measure(const struct bench_settings *settings)
{
    victim = bench_domain(settings->build, "victim", false);
    witness = bench_domain(settings->build, "witness", false);
    rung_add(&ladder, "natively: SIGSEGV, its handler, siglongjmp", native_fault, NULL, NULL);
    bench_bind(witness, "victim_answer", bench_entry(victim, "victim_answer"), PORIN_POLICY_ALL, PORIN_POLICY_ALL);
    const struct rung *called = rung_add(&ladder, NULL, death_of_callee, "victim_answer", NULL);
    const struct rung *crossed = rung_add(&ladder, NULL, death_of_neighbour, "witness_answer", NULL);
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < DEATHS; i++) {
            snprintf(names[side][i], sizeof names[0][0], "%s_%s", side ? "witness" : "victim", deaths[i].id);
            snprintf(texts[side][i], sizeof texts[0][0], "%s: %s", side ? "seen by a domain" : "seen by the host", deaths[i].text);
            if (side)
                bench_bind(witness, names[0][i], bench_entry(victim, names[0][i]), PORIN_POLICY_ALL, PORIN_POLICY_ALL);
            rung_add(&ladder, texts[side][i], side ? death_of_neighbour : death_of_callee, names[side][i], side ? crossed : called);
        }
    ladder_measure(&ladder, settings->repetitions);
    ladder_report(&ladder);
    porin_domain_destroy(witness);
    porin_domain_destroy(victim);
}

/* --- a runaway is killed --- */

static struct { porin_entry spin; pthread_barrier_t inside; } runaway;

static void *runaway_run(void *unused)
{
    uint64_t result;
    unpin();
    pthread_barrier_wait(&runaway.inside);
    porin_status status = porin_call6(runaway.spin, &result, 0, 0, 0, 0, 0, 0);
    if (status != PORIN_ERR_KILLED)
        fail("a killed call came back with: %s", porin_status_name(status));
    porin_thread_detach();
    return unused;
}

/* subject: NULL until porin_domain_kill is back, else until all callers have their error. */
static double kill_runaway(const void *callers)
{
    pthread_t threads[RUNAWAYS];
    porin_domain *domain;
    struct porin_error error = {0};
    porin_check(porin_domain_create(victim_image, NULL, &domain, &error), "create", &error);
    runaway.spin = bench_entry(domain, "victim_spin");
    pthread_barrier_init(&runaway.inside, NULL, RUNAWAYS + 1);
    for (unsigned i = 0; i < RUNAWAYS; i++)
        if (pthread_create(&threads[i], NULL, runaway_run, NULL) != 0)
            fail("pthread_create: %s", strerror(errno));
    pthread_barrier_wait(&runaway.inside);
    usleep(20000); /* all of them spin by now */
    uint64_t start = now_ns(), end;
    porin_check(porin_domain_kill(domain), "kill", NULL);
    end = now_ns();
    for (unsigned i = 0; i < RUNAWAYS; i++)
        pthread_join(threads[i], NULL);
    if (callers)
        end = now_ns();
    pthread_barrier_destroy(&runaway.inside);
    porin_domain_destroy(domain);
    return (double)(end - start);
}

/* --- a dead domain is replaced --- */

/* subject: NULL for the whole way of one domain, else for the taking of another. */
static double restart_pooled(const void *another)
{
    struct samples ns = {0};
    for (unsigned i = 0; i < DEATHS_EACH; i++) {
        porin_domain *dead, *fresh;
        uint64_t result;
        struct porin_error error = {0};
        porin_check(porin_pool_take(pool, &dead, &error), "take", &error);
        if (porin_call6(bench_entry(dead, "victim_access"), &result, 0, 0, 0, 0, 0, 0) != PORIN_ERR_FAULT)
            fail("the victim lives");
        uint64_t start = now_ns();
        if (!another)
            porin_pool_put(pool, dead);
        porin_check(porin_pool_take(pool, &fresh, &error), "take", &error);
        porin_check(porin_call6(bench_entry(fresh, "victim_answer"), &result, 41, 0, 0, 0, 0, 0), "call", porin_last_error());
        samples_add(&ns, (double)(now_ns() - start));
        if (result != 42)
            fail("the restarted domain answers %llu", (unsigned long long)result);
        porin_pool_put(pool, fresh);
        if (another)
            porin_pool_put(pool, dead);
    }
    return samples_median(&ns);
}

static double restart_in_place(const void *unused)
{
    struct samples ns = {0};
    (void)unused;
    for (unsigned i = 0; i < DEATHS_EACH; i++) {
        uint64_t result;
        if (porin_call6(bench_entry(victim, "victim_access"), &result, 0, 0, 0, 0, 0, 0) != PORIN_ERR_FAULT)
            fail("the victim lives");
        uint64_t start = now_ns();
        revive();
        porin_check(porin_call6(bench_entry(victim, "victim_answer"), &result, 41, 0, 0, 0, 0, 0), "call", porin_last_error());
        samples_add(&ns, (double)(now_ns() - start));
    }
    return samples_median(&ns);
}

void bench_ends(const struct bench_settings *settings)
{
    static const char yes;
    struct porin_error error = {0};
    deaths_measure(settings);
    victim_image = bench_image(settings->build, "victim");
    rung_add(&kills, "until no thread runs the domain's code any more", kill_runaway, NULL, NULL)->bar = KILL_BAR_MS;
    rung_add(&kills, "until all four callers have their error", kill_runaway, &yes, NULL)->bar = KILL_BAR_MS;
    ladder_measure(&kills, settings->repetitions);
    ladder_report(&kills);
    victim = bench_domain(settings->build, "victim", false);
    porin_check(porin_pool_create(victim_image, NULL, 4, &pool, &error), "pool", &error);
    rung_add(&restarts, "pooled: another one taken, called", restart_pooled, &yes, NULL)->bar = RESTART_BAR_US;
    rung_add(&restarts, "pooled: put back, taken, called", restart_pooled, NULL, NULL)->bar = RESTART_BAR_US;
    rung_add(&restarts, "reset in place, called", restart_in_place, NULL, NULL);
    ladder_measure(&restarts, settings->repetitions);
    ladder_report(&restarts);
    porin_pool_destroy(pool);
    porin_domain_destroy(victim);
    porin_image_release(victim_image);
}
