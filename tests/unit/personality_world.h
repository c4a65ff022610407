/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the personality share: a domain whose requests the test makes, and directories to grant. */
#ifndef PORIN_TEST_PERSONALITY_WORLD_H
#define PORIN_TEST_PERSONALITY_WORLD_H
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>
#include "domain_image.h"
#include "porin/porin.h"
#include "runtime/copy.h"
#include "runtime/domain.h"

#define WORLD_TEXT IMAGE_TEXT
#define WORLD_CONSTANTS IMAGE_CONSTANTS
#define WORLD_DATA IMAGE_DATA
#define WORLD_DATA_SIZE 0x40000u

/* cmocka would put its handlers over the runtime's, which the copies from and to domains need: they are declined. */
void (*signal(int number, void (*handler)(int)))(int)
{
    (void)number;
    (void)handler;
    return SIG_DFL;
}

static inline porin_status world_create(const struct porin_domain_options *options, porin_domain **out, struct porin_error *error)
{
    static porin_image *image;
    if (!image) {
        struct image_parts parts;
        image_begin(&parts, 2);
        parts.program[2].p_memsz = WORLD_DATA_SIZE;
        uint8_t *file = image_write(&parts);
        porin_status status = porin_image_load_memory("world", file, FILE_SIZE, &image, error);
        free(file);
        if (status != PORIN_OK)
            return status;
    }
    return porin_domain_create(image, options, out, error);
}

static const char *const world_addresses[] = { "127.0.0.1:*" };

/* A domain with these grants, the given directories, the loop-back address to listen on and connect to, and no console. */
static inline porin_domain *world_domain_with(const struct porin_directory *directories, size_t count, uint32_t grants)
{
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain = NULL;
    porin_domain_options_default(&options);
    options.grants = grants;
    options.listen = options.connect = world_addresses;
    options.listen_count = options.connect_count = 1;
    options.stdio[0] = options.stdio[1] = options.stdio[2] = -1;
    options.directories = directories;
    options.directory_count = count;
    if (world_create(&options, &domain, &error) != PORIN_OK)
        fail_msg("no domain: %s", error.text);
    return domain;
}

#define WORLD_GRANTS (PORIN_GRANT_MEMORY | PORIN_GRANT_TIME | PORIN_GRANT_CONSOLE | PORIN_GRANT_FILES | PORIN_GRANT_NETWORK)

/* All grants but those that change the process. */
static inline porin_domain *world_domain(const struct porin_directory *directories, size_t count)
{
    return world_domain_with(directories, count, WORLD_GRANTS);
}

/* One request: ask(domain, SYS_read, fd, address, size). Missing arguments are 0. */
#define ask(domain, number, ...) personality_call(domain, number, (const uint64_t[6]){ __VA_ARGS__ })
#define word(value) ((uint64_t)(int64_t)(value))

/* Where in the domain's data the test puts things; strings go round in a part of their own. */
#define WORLD_BUFFER (WORLD_DATA + 0x1000u)
#define WORLD_STRINGS (WORLD_DATA + 0x20000u)

static inline uint64_t put(porin_domain *domain, const char *text)
{
    static __thread uint32_t at;
    size_t size = strlen(text) + 1;
    if (at + size > 0x10000)
        at = 0;
    uint64_t address = WORLD_STRINGS + at;
    assert_int_equal(copy_out(domain, (porin_addr){ (uint32_t)address }, text, size), PORIN_OK);
    at += (uint32_t)((size + 15) & ~15ull);
    return address;
}

static inline void put_bytes(porin_domain *domain, uint64_t address, const void *bytes, size_t size)
{
    assert_int_equal(copy_out(domain, (porin_addr){ (uint32_t)address }, bytes, size), PORIN_OK);
}

static inline void get_bytes(porin_domain *domain, void *bytes, uint64_t address, size_t size)
{
    assert_int_equal(copy_in(bytes, domain, (porin_addr){ (uint32_t)address }, size), PORIN_OK);
}

/* Opens a guest path. */
static inline int64_t guest_open(porin_domain *domain, const char *path, int flags)
{
    return ask(domain, SYS_openat, word(AT_FDCWD), put(domain, path), word(flags), 0644);
}

/* Files of the host for a test to grant, below a fresh directory. */
static inline void host_path(char path[4096], const char *directory, const char *name)
{
    assert_true(snprintf(path, 4096, "%s/%s", directory, name) < 4096);
}

static inline void host_file(const char *directory, const char *name, const char *contents)
{
    char path[4096];
    host_path(path, directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(contents, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void host_directory(const char *directory, const char *name)
{
    char path[4096];
    host_path(path, directory, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static inline void host_link(const char *directory, const char *name, const char *target)
{
    char path[4096];
    host_path(path, directory, name);
    assert_int_equal(symlink(target, path), 0);
}

static inline void host_fresh(char path[4096])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 4096, "%s/porin-test-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

static inline void host_remove(const char *path)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}
#endif
