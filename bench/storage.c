/* SPDX-License-Identifier: Apache-2.0 */
/* CODOMs' experiment: modules of a kernel's storage stack isolated from each other, against one unprotected program of the same source. */
#include "bench.h"
#include "domains/storage.h"
#include "porin/capability.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPERATIONS = 4000, WARM_FILES = 40 };
enum variant { UNPROTECTED, LIGHT, FULL, VARIANTS };
static const char *const names[VARIANTS] = {"one program", "domains, light policy", "domains, full policy"};

static porin_domain *modules[VARIANTS][4]; /* files, cache, checksum, block */
static porin_entry entries[VARIANTS][4];   /* create, delete, read, write */
static uint8_t page[STORAGE_BLOCK];
static unsigned long lent;

static long ask(enum variant variant, int operation, uint64_t a, uint64_t b)
{
    uint64_t result, pointer = 0;
    switch (variant == UNPROTECTED ? operation : 4) {
    case 0: return files_create(a);
    case 1: return files_delete(a);
    case 2: return files_read(a, b, page);
    case 3: return files_write(a, b, page);
    }
    if (operation >= 2) {
        enum porin_right right = operation == 2 ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ;
        porin_check(porin_capability_lend(0, page, sizeof page, right, &pointer), "lend", NULL);
        lent++;
    }
    porin_check(porin_call6(entries[variant][operation], &result, a, b, pointer, 0, 0, 0), "storage", porin_last_error());
    return (long)result;
}

/* Two reads for each write; a file goes and comes now and then. The same for all, with a sum of what was read. */
static double work(enum variant variant, bool cached, uint64_t *sum)
{
    uint64_t seed = 99, start = now_ns();
    for (int i = 0; i < OPERATIONS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t file = (seed >> 33) % (cached ? 4 : WARM_FILES), index = (seed >> 45) % 32, what = (seed >> 55) % 96;
        if (what == 0 && !cached) {
            uint64_t other = WARM_FILES + file % 20;
            if (ask(variant, 1, other, 0) != 0 || ask(variant, 0, other, 0) < 0)
                fail("a file could not be deleted and created");
        } else if (what % 3 || cached) {
            if (ask(variant, 2, file, index) != 0)
                fail("a block could not be read");
            *sum = *sum * 31 + *(uint64_t *)page;
        } else {
            *(uint64_t *)page = seed;
            if (ask(variant, 3, file, index) != 0)
                fail("a block could not be written");
        }
    }
    return (double)(now_ns() - start) / OPERATIONS;
}

static porin_domain *module_create(const char *build, const char *name, const struct porin_directory *directory)
{
    struct porin_domain_options options;
    struct porin_error error = {0};
    porin_domain *domain;
    porin_image *image = bench_image(build, name);
    porin_domain_options_default(&options);
    options.grants |= PORIN_GRANT_FILES;
    options.directories = directory;
    options.directory_count = 1;
    porin_check(porin_domain_create(image, &options, &domain, &error), name, &error);
    porin_image_release(image);
    return domain;
}

static void stack_create(const char *build, enum variant variant, const struct porin_directory *directory, const char *disk)
{
    static const char *const images[] = {"storage_files", "storage_cache", "storage_checksum", "storage_block"};
    static const char *const calls[3][2] = {
        {"cache_read", "cache_write"}, {"checksum_read", "checksum_write"}, {"block_read", "block_write"},
    };
    static const char *const operations[] = {"files_create", "files_delete", "files_read", "files_write"};
    uint32_t policy = variant == FULL ? PORIN_POLICY_ALL : 0;
    if (variant == UNPROTECTED) {
        if (block_open(disk) != 0)
            fail("no disk");
    } else {
        for (int i = 0; i < 4; i++)
            modules[variant][i] = module_create(build, images[i], directory);
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 2; k++)
                bench_bind(modules[variant][i], calls[i][k], bench_entry(modules[variant][i + 1], calls[i][k]), policy, policy);
        for (int i = 0; i < 4; i++)
            entries[variant][i] = bench_entry(modules[variant][0], operations[i]);
        uint64_t result;
        porin_entry open = bench_entry(modules[variant][3], "block_open");
        porin_check(porin_call6(open, &result, 0, 0, 0, 0, 0, 0), "block_open", porin_last_error());
        if (result != 0)
            fail("no disk for the domain");
    }
    for (uint64_t file = 0; file < STORAGE_FILES; file++) {
        if (ask(variant, 0, file, 0) != (long)file)
            fail("a file could not be created");
        for (uint64_t index = 0; file < WARM_FILES && index < 32; index++) {
            *(uint64_t *)page = file * 32 + index;
            if (ask(variant, 3, file, index) != 0)
                fail("a block could not be written");
        }
    }
}

void bench_storage(const struct bench_settings *settings)
{
    struct samples ns[VARIANTS][2] = {0};
    for (enum variant v = 0; v < VARIANTS; v++) {
        char folder[] = "/tmp/porin-storage-XXXXXX", disk[64];
        if (!mkdtemp(folder))
            fail("no folder for the disk");
        snprintf(disk, sizeof disk, "%s/disk", folder);
        FILE *file = fopen(disk, "w");
        if (!file || ftruncate(fileno(file), STORAGE_BLOCKS * STORAGE_BLOCK) != 0 || fclose(file) != 0)
            fail("no disk");
        stack_create(settings->build, v, &(struct porin_directory){.host_path = folder, .guest_path = "/storage"}, disk);
        unlink(disk); /* it stays as long as it is open */
        rmdir(folder);
    }
    for (unsigned i = 0; i < settings->repetitions; i++)
        for (int cached = 0; cached < 2; cached++) {
            uint64_t sums[VARIANTS] = {0};
            for (enum variant v = 0; v < VARIANTS; v++)
                samples_add(&ns[v][cached], work(v, cached, &sums[v]));
            if (sums[LIGHT] != sums[UNPROTECTED] || sums[FULL] != sums[UNPROTECTED])
                fail("the variants have read different things");
        }
    report("\nStorage stack of four modules (files, cache, checksums, block device on a file), ns per operation\n");
    report("  %-24s %16s %16s\n", "", "reads and writes", "reads, cached");
    results_list("storage");
    for (enum variant v = 0; v < VARIANTS; v++) {
        double mixed = samples_median(&ns[v][0]), cached = samples_median(&ns[v][1]);
        report("  %-24s %8.0f %+6.1f%% %8.0f %+6.1f%%\n", names[v], mixed, 100 * (mixed / samples_median(&ns[0][0]) - 1), cached,
               100 * (cached / samples_median(&ns[0][1]) - 1));
        results_object(NULL);
        results_text("variant", names[v]);
        results_samples("mixed", &ns[v][0]);
        results_samples("cached", &ns[v][1]);
        results_end();
    }
    results_end();
    report("  all grants of memory are bound to the scope of a call (%lu by the host); the paper: more than 98%%\n", lent);
    double one = samples_median(&ns[UNPROTECTED][0]);
    bar_check("storage stack, light policy", samples_median(&ns[LIGHT][0]) / one, AT_MOST, 1.0005, "times one program");
    bar_check("storage stack, full policy", samples_median(&ns[FULL][0]) / one, AT_MOST, 1.0015, "times one program");
}
