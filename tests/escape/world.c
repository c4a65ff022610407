/* SPDX-License-Identifier: Apache-2.0 */
/* The world of the escape tests: the host's own state, a bystander domain, and how an attack's end is judged. */
#define _GNU_SOURCE
#include "world.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

porin_image *attacker;
porin_domain *canary;
unsigned attacks_made, attacks_wrong;
volatile uint64_t *secret;
static int console[3];
static uint64_t canary_data, canary_sum;

/* Ends what runs too long, from another thread; a hostile domain may well loop. */
static struct { pthread_mutex_t lock; porin_domain *domain; time_t since; } watched = {PTHREAD_MUTEX_INITIALIZER, NULL, 0};

static void *watch(void *unused)
{
    for (;; usleep(100000)) {
        pthread_mutex_lock(&watched.lock);
        if (watched.domain && time(NULL) - watched.since > 1) {
            porin_domain_kill(watched.domain);
            watched.domain = NULL;
        }
        pthread_mutex_unlock(&watched.lock);
    }
    return unused;
}

static void watch_set(porin_domain *domain)
{
    pthread_mutex_lock(&watched.lock);
    watched.domain = domain;
    watched.since = time(NULL);
    pthread_mutex_unlock(&watched.lock);
}

static void die(const char *what, const struct porin_error *error)
{
    fprintf(stderr, "escape: %s: %s\n", what, error->text);
    exit(2);
}

porin_domain *domain_of(porin_image *image, const char *name)
{
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain;
    porin_domain_options_default(&options);
    options.name = name;
    options.grants = PORIN_GRANT_MEMORY | PORIN_GRANT_TIME | PORIN_GRANT_CONSOLE;
    memcpy(options.stdio, console, sizeof console);
    if (porin_domain_create(image, &options, &domain, &error) != PORIN_OK)
        die("a domain cannot be created", &error);
    return domain;
}

porin_domain *domain_new(const char *name, uint64_t memory_limit_bytes)
{
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain;
    if (!memory_limit_bytes)
        return domain_of(attacker, name);
    porin_domain_options_default(&options);
    options.name = name;
    options.grants = PORIN_GRANT_MEMORY | PORIN_GRANT_CONSOLE;
    memcpy(options.stdio, console, sizeof console);
    options.memory_limit_bytes = memory_limit_bytes;
    if (porin_domain_create(attacker, &options, &domain, &error) != PORIN_OK)
        die("a domain with little memory cannot be created", &error);
    return domain;
}

struct result domain_call(porin_domain *domain, const char *entry, const uint64_t a[6])
{
    struct result result = {0};
    struct porin_error error;
    porin_entry found;
    result.status = porin_entry_find(domain, entry, &found, &error);
    if (result.status == PORIN_OK) {
        result.status = porin_call6(found, &result.value, a[0], a[1], a[2], a[3], a[4], a[5]);
        error = *porin_last_error();
    }
    if (result.status != PORIN_OK) {
        result.signal = error.signal;
        snprintf(result.text, sizeof result.text, "%s: %s", porin_status_name(result.status), error.text);
    }
    return result;
}

uint64_t domain_ask(porin_domain *domain, const char *entry, uint64_t a, uint64_t b)
{
    struct result result = domain_call(domain, entry, (uint64_t[6]){a, b});
    if (result.status != PORIN_OK) {
        fprintf(stderr, "escape: %s must work but does not: %s\n", entry, result.text);
        exit(2);
    }
    return result.value;
}

static uint64_t canary_checksum(void)
{
    static unsigned char data[65536];
    uint64_t sum = 1;
    if (porin_copy_in(data, canary, (porin_addr){(uint32_t)canary_data}, sizeof data) != PORIN_OK)
        return 0;
    for (size_t i = 0; i < sizeof data; i++)
        sum = sum * 31 + data[i];
    return sum;
}

/* Host memory whose address ends in SECRET_OFFSET: what a domain sees when it is told that address lies below its first mapped page. */
static void secret_plant(void)
{
    for (uint64_t high = 0x1000; high < 0x7000 && !secret; high += 0x11) {
        void *wanted = (void *)(high << 32 | SECRET_OFFSET);
        void *page = mmap(wanted, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (page == wanted)
            secret = page;
    }
    if (!secret) {
        fprintf(stderr, "escape: no place for the host's secret\n");
        exit(2);
    }
    *secret = SECRET;
}

void world_begin(const char *folder)
{
    pthread_t watcher;
    struct porin_error error;
    char path[500];
    if (porin_init(&error) != PORIN_OK)
        die("porin_init", &error);
    console[0] = open("/dev/zero", O_RDONLY);
    console[1] = console[2] = open("/dev/null", O_WRONLY);
    snprintf(path, sizeof path, "%s/attacks", folder);
    if (porin_image_load_file(path, &attacker, &error) != PORIN_OK)
        die(path, &error);
    secret_plant();
    pthread_create(&watcher, NULL, watch, NULL);
    canary = domain_of(attacker, "canary");
    canary_data = domain_ask(canary, "where", 5, 0);
    domain_ask(canary, "fill", canary_data + 1000, 20000);
    canary_sum = canary_checksum();
}

void world_end(void)
{
    porin_domain_destroy(canary);
    porin_image_release(attacker);
}

/* The host's own floating point: x87 stack empty, modes and direction flag as the calling convention wants them. */
__attribute__((noinline)) static const char *host_modes(void)
{
    struct { uint32_t control, status, tags, rest[4]; } x87;
    uint32_t mxcsr;
    uint64_t flags;
    __asm__ volatile("fnstenv %1\n\tfldenv %1\n\tstmxcsr %0\n\tpushfq\n\tpopq %2" : "=m"(mxcsr), "=m"(x87), "=r"(flags));
    if ((mxcsr & ~0x3fu) != 0x1f80 || (x87.control & 0xffff) != 0x37f)
        return "the host's floating-point modes changed";
    if ((x87.tags & 0xffff) != 0xffff)
        return "the x87 stack is not empty";
    return flags & 0x40400 ? "direction or alignment flag is set" : NULL;
}

static const char *host_state(void)
{
    const char *modes = host_modes();
    volatile long double one = 1, three = 3;
    return modes ? modes : one / three * three == 1 ? NULL : "long double does not work any more";
}

const char *world_harm(void)
{
    const char *host = host_state();
    if (host)
        return host;
    if (*secret != SECRET)
        return "the host's memory changed";
    struct result result = domain_call(canary, "add", (uint64_t[6]){2, 3});
    if (result.status != PORIN_OK || result.value != 5)
        return "the bystander does not answer any more";
    if (canary_checksum() != canary_sum)
        return "the bystander's memory changed";
    return NULL;
}

void attack_note(const char *name, bool good, const char *wrong)
{
    const char *harm = world_harm();
    attacks_made++;
    if (good && !harm)
        return;
    attacks_wrong++;
    printf("%s: %s\n", name, harm ? harm : wrong);
}

static bool as_expected(const struct attack *attack, const struct result *result)
{
    bool returned = result->status == PORIN_OK, died = result->status == PORIN_ERR_FAULT;
    int64_t value = (int64_t)result->value;
    switch (attack->expected) {
    case WORKS: return returned && value == attack->value;
    case RETURNS: return returned;
    case DIES: return died && result->signal == attack->value;
    case FAILS: return returned && (attack->value ? value == -attack->value : value < 0 && value >= -4095);
    case KILLED: return result->status == PORIN_ERR_KILLED;
    case SURVIVED: return returned || died || result->status == PORIN_ERR_EXIT || result->status == PORIN_ERR_KILLED;
    }
    return false;
}

/* A domain that died stays dead until it is reset, and works then. */
static const char *afterlife(porin_domain *domain)
{
    struct porin_error error;
    if (domain_call(domain, "add", (uint64_t[6]){2, 3}).status == PORIN_OK)
        return "the dead domain still answers";
    if (porin_domain_reset(domain, &error) != PORIN_OK)
        return "the dead domain cannot be reset";
    struct result result = domain_call(domain, "add", (uint64_t[6]){2, 3});
    return result.status == PORIN_OK && result.value == 5 ? NULL : "the domain does not work after a reset";
}

void attack_in(porin_domain *domain, const struct attack *attack)
{
    static const char *const words[] = {"works", "returns", "dies", "fails", "does no harm", "is killed"};
    char wrong[600];
    watch_set(domain);
    struct result result = domain_call(domain, attack->entry, attack->arguments);
    watch_set(NULL);
    bool good = as_expected(attack, &result);
    snprintf(wrong, sizeof wrong, "expected that it %s (%lld), but: %s, value %#llx", words[attack->expected], (long long)attack->value,
             result.status == PORIN_OK ? "it returned" : result.text, (unsigned long long)result.value);
    if (good && (result.status == PORIN_ERR_FAULT || result.status == PORIN_ERR_KILLED)) {
        const char *after = afterlife(domain);
        good = !after;
        snprintf(wrong, sizeof wrong, "%s", after ? after : "");
    }
    attack_note(attack->name, good, wrong);
}

void attack_run(const struct attack *attack)
{
    porin_domain *domain = domain_new("attacker", 0);
    attack_in(domain, attack);
    porin_domain_destroy(domain);
}

void attack_run_all(const struct attack *attacks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        attack_run(&attacks[i]);
}
