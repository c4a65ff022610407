/* SPDX-License-Identifier: Apache-2.0 */
/* Takes samples in signal handlers, into memory that was there before, and writes them when the profile is over. */
#define _GNU_SOURCE
#include "profile.h"
#include "account.h"
#include "census.h"
#include "loader/image.h"
#include "plain.h"
#include "porin/observe.h"
#include "runtime/error.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS (16ul << 20)              /* 128 MiB of address space, touched as samples come */
#define DEPTH 500                       /* frames of a sample, the innermost */

/* A word of a sample: SAMPLE, SERVICE, or the domain's slot and generation followed by slot offsets. Kinds stand in the top two bits. */
#define KIND(word) ((word) >> 62)
enum { OFFSET, DOMAIN, SERVICE, SAMPLE };
#define WORD(kind, value) ((uint64_t)(kind) << 62 | (value))

static _Atomic bool profile_on;         /* one is being taken */
static uint64_t *words;
static _Atomic uint64_t used;
static _Atomic uint64_t lost;
static _Atomic uint32_t writers;       /* handlers that may be writing */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void sample_keep(const struct thread *thread, struct walk walk, uint32_t at, uint64_t ns)
{
    uint64_t sample[DEPTH + 8];
    size_t count = 0;
    sample[count++] = WORD(SAMPLE, ns);
    if (at == UINT32_MAX && thread->frame->kind == FRAME_SERVICE)
        sample[count++] = WORD(SERVICE, (uint32_t)thread->frame->rax);
    bool outer = true;
    for (uint32_t leaf = at; outer && count < DEPTH; leaf = UINT32_MAX) {
        sample[count++] = WORD(DOMAIN, (uint64_t)walk.domain->slot << 32 | walk.domain->generation);
        if (leaf != UINT32_MAX)
            sample[count++] = WORD(OFFSET, leaf);
        uint64_t sp = walk.sp;
        walk_boundary(&walk);
        for (; sp < walk.sp && count < DEPTH; sp += 8) {
            uint64_t offset = *(const uint64_t *)sp - walk.domain->base;
            if (offset <= UINT32_MAX) /* otherwise it leads nowhere any more */
                sample[count++] = WORD(OFFSET, offset);
        }
        outer = walk_outer(&walk);
    }
    uint64_t first = used;
    do
        if (first + count > WORDS) {
            lost++;
            return;
        }
    while (!__atomic_compare_exchange_n(&used, &first, first + count, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    memcpy(words + first, sample, count * sizeof *sample);
}

void profile_sample(const struct thread *thread, const struct walk *walk, uint32_t at, uint64_t ns)
{
    writers++;
    if (profile_on && walk)
        sample_keep(thread, *walk, at, ns);
    else if (profile_on)
        lost++;
    writers--;
}

porin_status porin_profile_start(struct porin_error *error)
{
    porin_status status = porin_init(error);
    if (status != PORIN_OK)
        return status;
    pthread_mutex_lock(&lock);
    if (words) {
        pthread_mutex_unlock(&lock);
        return error_set(error, PORIN_ERR_BUSY, "a profile is being taken already; stop that one first");
    }
    void *room = mmap(NULL, WORDS * sizeof *words, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) {
        pthread_mutex_unlock(&lock);
        return error_set(error, PORIN_ERR_MEMORY, "no room for samples: %s", strerror(errno));
    }
    words = room;
    used = lost = 0;
    census_begin();
    profile_on = true;
    pthread_mutex_unlock(&lock);
    account_watch(true);
    return PORIN_OK;
}

static void frame_write(FILE *to, uint64_t word, uint32_t *domain)
{
    switch (KIND(word)) {
    case SERVICE:
        fprintf(to, " service:%u", (uint32_t)word);
        break;
    case DOMAIN:
        *domain = census_find(word >> 32 & 0xffff, (uint32_t)word);
        break;
    default:
        fprintf(to, " %u:0x%x", *domain, (uint32_t)word);
    }
}

/* Names and paths may be a domain's own: a line stays a line, and a word a word. */
static void word_write(FILE *to, const char *text, bool blanks)
{
    char *copy = strdup(text);
    if (!copy)
        return;
    text_make_plain(copy);
    for (const char *at = copy; *at; at++)
        fputc(*at == '\t' || (*at == ' ' && !blanks) ? '_' : *at, to);
    free(copy);
}

static void domain_write(FILE *to, uint32_t number, const struct citizen *citizen)
{
    fprintf(to, "domain %u ", number);
    word_write(to, *citizen->name ? citizen->name : "-", false);
    fputc(' ', to);
    word_write(to, citizen->image->path ? citizen->image->path : "-", true);
    fputc('\n', to);
}

static void text_write(FILE *to)
{
    uint32_t domain = 0;
    const struct citizen *citizen;
    for (uint32_t i = 0; (citizen = census_at(i)); i++)
        domain_write(to, i, citizen);
    for (uint64_t i = 0; i < used; i++)
        if (KIND(words[i]) == SAMPLE)
            fprintf(to, "%ssample %llu", i ? "\n" : "", (unsigned long long)(words[i] & ~WORD(3, 0)));
        else
            frame_write(to, words[i], &domain);
    fprintf(to, "%slost %llu\n", used ? "\n" : "", (unsigned long long)lost);
}

porin_status porin_profile_stop(int file, struct porin_error *error)
{
    pthread_mutex_lock(&lock);
    if (!profile_on) {
        pthread_mutex_unlock(&lock);
        return error_set(error, PORIN_ERR_ARGUMENT, "no profile was begun");
    }
    profile_on = false;
    account_watch(false);
    while (writers)
        sched_yield();
    int copy = dup(file);
    FILE *to = copy >= 0 ? fdopen(copy, "w") : NULL;
    bool good = to;
    if (to) {
        text_write(to);
        good = !ferror(to);
        good &= fclose(to) == 0;
    } else if (copy >= 0) {
        close(copy);
    }
    int problem = errno;
    bool missing = census_incomplete();
    census_end();
    munmap(words, WORDS * sizeof *words);
    words = NULL;
    pthread_mutex_unlock(&lock);
    if (!good)
        return error_set(error, PORIN_ERR_FILE, "writing the profile: %s", strerror(problem));
    return missing ? error_set(error, PORIN_ERR_MEMORY, "no memory for the name of a domain in the profile") : PORIN_OK;
}
