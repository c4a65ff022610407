/* SPDX-License-Identifier: Apache-2.0 */
/* The storm: many threads call random chains of domains that fault, exit, overflow their stacks, are late, are killed, reset, destroyed
 * and made anew, while signals land anywhere. Usage: storm [--seed N] [--calls N] [--threads N] [--canary] DOMAIN-IMAGE */
#define _GNU_SOURCE
#include "storm.h"
#include <dirent.h>
#include <getopt.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

porin_image *storm_image;
struct settings settings = { .threads = 4, .calls = 200000 };
_Atomic bool storm_over;
_Atomic unsigned long storm_calls;

uint64_t plan_random(uint64_t *state)
{
    uint64_t plan = 0;
    for (int i = 15; i >= 0; i--) {
        uint64_t dice = random_next(state) % 64, step = dice % STORM_NEIGHBOURS; /* mostly on and on */
        if (dice < 8)
            step = STEP_LEAF;
        else if (dice < 14)
            step = STEP_TWICE;
        else if (dice < 20)
            step = dice == 19 && random_next(state) % 64 ? STEP_LEAF : (const uint64_t[]){ STEP_ILLEGAL, STEP_DIVIDE, STEP_READ, STEP_EXIT,
                                                                     STEP_DATA_STACK, STEP_CONTROL_STACK }[dice - 14];
        else if (dice == 20)
            step = STEP_THREAD_EXIT;
        else if (dice < 24)
            step = STEP_SPIN;
        plan = plan << 4 | step;
    }
    return plan;
}

porin_domain *storm_domain(const char *name)
{
    struct porin_error error;
    struct porin_domain_options options;
    porin_domain *domain;
    porin_domain_options_default(&options);
    options.name = name;
    options.accounting = true;
    if (porin_domain_create(storm_image, &options, &domain, &error) != PORIN_OK)
        fail("%s", error.text);
    return domain;
}

void storm_bind(porin_domain *const *domains, unsigned count, unsigned which)
{
    static const char *const names[STORM_NEIGHBOURS] = { "storm_0", "storm_1", "storm_2", "storm_3", "storm_4", "storm_5" };
    for (unsigned step = 0; step < STORM_NEIGHBOURS; step++) {
        struct porin_error error;
        porin_entry entry;
        struct porin_edge_options options = { .policy = step % 2 ? PORIN_POLICY_REGISTER_INTEGRITY
                                                                 : PORIN_POLICY_REGISTER_INTEGRITY | PORIN_POLICY_REGISTER_CONFIDENTIALITY,
                                              .fault_value = -1 };
        porin_domain *to = domains[neighbour_of(which, step, count)];
        porin_status status = porin_entry_find(to, "storm_run", &entry, &error);
        if (status == PORIN_OK)
            status = porin_domain_bind(domains[which], names[step], entry, &options, &error);
        if (status != PORIN_OK && status != PORIN_ERR_BUSY && status != PORIN_ERR_GONE)
            fail("%s", error.text);
    }
}

static unsigned entries_of(const char *path)
{
    unsigned count = 0;
    DIR *directory = opendir(path);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

struct resources { unsigned mappings, descriptors, threads, slots; };

static struct resources resources_now(void)
{
    struct porin_limits limits;
    struct resources now = { .descriptors = entries_of("/proc/self/fd") };
    FILE *maps = fopen("/proc/self/maps", "r");
    for (int c; (c = getc(maps)) != EOF;)
        now.mappings += c == '\n';
    fclose(maps);
    porin_limits_get(&limits);
    now.slots = limits.slots_used;
    for (int i = 0; i < 5000 && (now.threads = entries_of("/proc/self/task")) > 4; i++)
        usleep(1000); /* ., .., us and the reaper */
    return now;
}

static struct resources round_run(unsigned long calls)
{
    pthread_t threads[64], chaos;
    storm_over = false;
    storm_calls = 0;
    settings.calls = calls;
    shared_create();
    pthread_create(&chaos, NULL, chaos_run, NULL);
    for (unsigned i = 0; i < settings.threads; i++)
        pthread_create(&threads[i], NULL, predicted_run, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < settings.threads; i++)
        pthread_join(threads[i], NULL);
    storm_over = true;
    pthread_join(chaos, NULL);
    shared_destroy();
    return resources_now();
}

static bool settings_parse(int argc, char **argv)
{
    static const struct option known[] = { { "seed", 1, NULL, 's' }, { "calls", 1, NULL, 'c' }, { "threads", 1, NULL, 't' },
                                           { "canary", 0, NULL, 'y' }, { 0 } };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    settings.seed = (uint64_t)now.tv_nsec | 1;
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
        switch (option) {
        case 's': settings.seed = strtoull(optarg, NULL, 0); break;
        case 'c': settings.calls = strtoul(optarg, NULL, 0); break;
        case 't': settings.threads = (unsigned)atoi(optarg); break;
        case 'y': settings.canary = true; break;
        default: return false;
        }
    return optind == argc - 1 && settings.threads >= 1 && settings.threads <= 64 && settings.calls >= 100;
}

int main(int argc, char **argv)
{
    struct porin_error error;
    if (!settings_parse(argc, argv)) {
        fprintf(stderr, "usage: storm [--seed N] [--calls N] [--threads N] [--canary] DOMAIN-IMAGE\n");
        return 2;
    }
    if (porin_image_load_file(argv[optind], &storm_image, &error) != PORIN_OK)
        fail("%s", error.text);
    unsigned long calls = settings.calls;
    struct resources first = round_run(calls / 4), last = round_run(calls - calls / 4);
    printf("storm: seed %#llx: %lu calls on %u threads; after the first quarter and the end: mappings %u %u, descriptors %u %u, "
           "threads %u %u, slots %u %u\n", (unsigned long long)settings.seed, storm_calls, settings.threads, first.mappings, last.mappings,
           first.descriptors, last.descriptors, first.threads - 2, last.threads - 2, first.slots, last.slots);
    /* blocks and stacks of threads are kept for the next ones, as many as ever ran at once */
    if (last.mappings > first.mappings + 60 || last.descriptors != first.descriptors || last.threads > 4 || last.slots != 0)
        fail("something leaks");
    porin_image_release(storm_image);
    return 0;
}
