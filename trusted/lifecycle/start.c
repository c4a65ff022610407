/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a domain's start block. Built in host memory and copied out once: nothing of it is read back. */
#include "start.h"
#include "runtime/copy.h"
#include "runtime/error.h"
#include "runtime/must.h"
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define AUXILIARY 8             /* pairs, with the last one of zeroes */
#define RANDOM_BYTES 16

struct block {
    char *bytes;                /* the block as it will lie in the slot */
    uint32_t start;             /* slot offset of bytes[0] */
    size_t words;               /* next word to write */
    size_t strings;             /* next string byte to write */
};

static void put_word(struct block *block, uint64_t word)
{
    memcpy(block->bytes + 8 * block->words++, &word, 8);
}

static uint64_t put_bytes(struct block *block, const void *bytes, size_t size)
{
    memcpy(block->bytes + block->strings, bytes, size);
    block->strings += size;
    return block->start + block->strings - size;
}

static size_t strings_size(const char *const *strings, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(strings[i]) + 1;
    return size;
}

static void put_strings(struct block *block, const char *const *strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_word(block, put_bytes(block, strings[i], strlen(strings[i]) + 1));
    put_word(block, 0);
}

static void block_fill(struct block *block, const struct porin_domain_options *options)
{
    uint8_t random[RANDOM_BYTES];
    must(getrandom(random, sizeof random, 0) == sizeof random);
    put_word(block, options->argument_count);
    put_strings(block, options->arguments, options->argument_count);
    put_strings(block, options->environment, options->environment_count);
    const uint64_t auxiliary[AUXILIARY][2] = {
        { AT_PAGESZ, 4096 }, { AT_RANDOM, put_bytes(block, random, sizeof random) },
        { AT_SECURE, 0 }, { AT_CLKTCK, 100 }, { AT_UID, 1000 }, { AT_EUID, 1000 }, { AT_NULL, 0 },
    };
    for (size_t i = 0; i < AUXILIARY; i++) {
        put_word(block, auxiliary[i][0]);
        put_word(block, auxiliary[i][1]);
    }
}

porin_status start_block_write(struct porin_domain *domain, uint32_t end, uint32_t *block, struct porin_error *error)
{
    const struct porin_domain_options *options = &domain->options;
    size_t words = 1 + options->argument_count + 1 + options->environment_count + 1 + 2 * AUXILIARY;
    size_t size = 8 * words + RANDOM_BYTES + strings_size(options->arguments, options->argument_count) +
                  strings_size(options->environment, options->environment_count);
    size = (size + 15) & ~(size_t)15;
    if (size >= end)
        return error_set(error, PORIN_ERR_LIMIT, "%s: arguments and environment of %zu bytes do not fit on its stack", domain->name, size);
    struct block new = { .bytes = calloc(1, size), .start = ((end & ~15u) - (uint32_t)size), .strings = 8 * words };
    if (!new.bytes)
        return error_set(error, PORIN_ERR_MEMORY, "no memory for the start block of %s", domain->name);
    block_fill(&new, options);
    porin_status status = copy_out(domain, (porin_addr){ new.start }, new.bytes, size);
    free(new.bytes);
    if (status != PORIN_OK)
        return error_set(error, PORIN_ERR_LIMIT, "%s: arguments and environment of %zu bytes do not fit on its stack", domain->name, size);
    *block = new.start;
    return PORIN_OK;
}
