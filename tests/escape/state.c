/* SPDX-License-Identifier: Apache-2.0 */
/* State that crosses: what a domain finds in registers when it is entered and after services, and what it leaves behind. */
#define _GNU_SOURCE
#include "world.h"
#include <fenv.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PATTERN 0xdeadbeef8badf00du

/* As raw.S lays it out. */
struct found { uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r11, r12, r13, unused[4], ymm[16][4]; };
struct found_evex { uint64_t zmm[32][8], masks[8]; };

/* Fills every vector register of the host that a call does not preserve, so that a gate has something to hide. */
static void fill_vectors(bool evex)
{
    __asm__ volatile("vmovq %0, %%xmm0\n\tvpbroadcastq %%xmm0, %%ymm0\n\t"
                     ".irp n,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\tvmovaps %%ymm0, %%ymm\\n\n\t.endr"
                     : : "r"(PATTERN) : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                         "xmm11", "xmm12",
                       "xmm13", "xmm14", "xmm15");
    if (evex)
        __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
                         "vpbroadcastq %0, %%zmm\\n\n\t.endr\n\t.irp n,0,1,2,3,4,5,6,7\n\tkmovq %0, %%k\\n\n\t.endr"
                         : : "r"(PATTERN));
}

/* A register's value that tells nothing: an argument, a small number, or 0. */
static bool harmless(uint64_t value, const uint64_t *arguments)
{
    for (int i = 0; i < 6; i++)
        if (value == arguments[i])
            return true;
    return value < 16;
}

static const char *judge(const struct found *found, const uint64_t *arguments)
{
    const uint64_t general[] = {found->rbx, found->rcx, found->rdx, found->rsi, found->rdi, found->rbp, found->r8, found->r9,
        found->r11, found->r12,
                                found->r13};
    static char wrong[100];
    for (size_t i = 0; i < sizeof general / sizeof *general; i++)
        if (!harmless(general[i], arguments)) {
            snprintf(wrong, sizeof wrong, "general register %zu of rbx rcx rdx rsi rdi rbp r8 r9 r11-13 holds %#llx", i,
                (unsigned long long)general[i]);
            return wrong;
        }
    for (int n = 0; n < 16; n++)
        for (int word = 0; word < 4; word++)
            if (found->ymm[n][word]) {
                snprintf(wrong, sizeof wrong, "word %d of ymm%d holds %#llx", word, n, (unsigned long long)found->ymm[n][word]);
                return wrong;
            }
    return NULL;
}

static void at_entry(void)
{
    porin_domain *domain = domain_new("watcher", 0);
    struct porin_error error;
    porin_entry entry;
    uint64_t where = 0, arguments[6] = {0x11111, 0x22222, 0x33333, 0x44444, 0x55555, 0x66666};
    struct found found = {0};
    domain_ask(domain, "add", 1, 1);
    bool good = porin_entry_find(domain, "dump", &entry, &error) == PORIN_OK;
    fill_vectors(false);
    good = good && porin_call6(entry, &where, 0x11111, 0x22222, 0x33333, 0x44444, 0x55555, 0x66666) == PORIN_OK &&
           porin_copy_in(&found, domain, (porin_addr){(uint32_t)where}, sizeof found) == PORIN_OK;
    const char *wrong = good ? judge(&found, arguments) : "the call failed";
    attack_note("registers at entry", !wrong && found.rax == 8, wrong ? wrong : "rax is not 8");
    porin_domain_destroy(domain);
}

/* Services of each kind: answered by the gate, by the personality, refused, unknown. */
static void after_services(void)
{
    static const struct { const char *what; uint64_t number, a, b, c; } services[] = {
        {"getpid", 39, 0, 0, 0}, {"unknown", 9999, 0, 0, 0}, {"unknown, huge", (uint64_t)-1, 0, 0, 0}, {"mmap of nothing", 9, 0, 0, 0},
        {"write of a bad pointer", 1, 1, 8, 100}, {"clock_gettime", 228, 1, 0x140000, 0}, {"openat, not granted", 257, 0, 0, 0},
        {"getrandom", 318, 0x140000, 64, 0}, {"uname", 63, 0x140000, 0, 0}, {"brk", 12, 0, 0, 0}, {"gettid", 186, 0, 0, 0}};
    static const uint64_t nothing[6];
    porin_domain *domain = domain_new("watcher", 0);
    uint64_t data = domain_ask(domain, "where", 5, 0);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        char name[100];
        struct found found;
        uint64_t a = services[i].a == 0x140000 ? data : services[i].a, b = services[i].b == 0x140000 ? data : services[i].b;
        fill_vectors(false);
        struct result result = domain_call(domain, "dump_service", (uint64_t[6]){services[i].number, a, b, services[i].c});
        bool good = result.status == PORIN_OK && porin_copy_in(&found, domain, (porin_addr){(uint32_t)result.value},
            sizeof found) == PORIN_OK;
        const char *wrong = good ? judge(&found, nothing) : result.text;
        snprintf(name, sizeof name, "registers after a service: %s", services[i].what);
        attack_note(name, !wrong, wrong);
    }
    porin_domain_destroy(domain);
}

static void evex(const char *folder)
{
    struct porin_limits limits;
    struct porin_error error;
    porin_image *image;
    char path[500];
    porin_limits_get(&limits);
    snprintf(path, sizeof path, "%s/attacks_evex", folder);
    if (!limits.avx512)
        return;
    if (porin_image_load_file(path, &image, &error) != PORIN_OK) {
        attack_note("image with AVX-512", false, error.text);
        return;
    }
    static const char *const entries[] = {"dump", "dump_service"};
    for (int i = 0; i < 2; i++) {
        porin_domain *domain = domain_of(image, "evex");
        struct found_evex found = {0}, none = {0};
        porin_entry entry;
        uint64_t where = 0;
        bool good = porin_entry_find(domain, entries[i], &entry, &error) == PORIN_OK;
        porin_call6(entry, &where, 0, 0, 0, 0, 0, 0); /* once before, so that the filled registers meet the short path */
        fill_vectors(true);
        good = good && porin_call6(entry, &where, PATTERN, 0, 0, 0, 0, 0) == PORIN_OK &&
               porin_copy_in(&found, domain, (porin_addr){(uint32_t)where}, sizeof found) == PORIN_OK;
        attack_note(i ? "zmm and masks after a service" : "zmm and masks at entry", good && memcmp(&found, &none, sizeof found) == 0,
                    "something is left in them");
        porin_domain_destroy(domain);
    }
    porin_domain *domain = domain_of(image, "evex");
    attack_in(domain, &(struct attack){"return with all of zmm and masks full", "set", RETURNS, 0, {PATTERN}});
    struct result result = domain_call(domain, "set_fault", (uint64_t[6]){PATTERN});
    attack_note("death with all of zmm and masks full", result.status == PORIN_ERR_FAULT, result.text);
    porin_domain_destroy(domain);
    porin_image_release(image);
}

/* What a domain leaves: world_harm looks at the host's x87 stack, modes and flags after each. */
static const struct attack leavings[] = {
    {"return with every register full", "full_return", WORKS, 1, {PATTERN}},
    {"death with every register full", "full_fault", DIES, SIGILL, {PATTERN}},
    {"service called with every register full", "full_call", RETURNS, 0, {PATTERN}},
    {"service jumped to with every register full", "full_jump", RETURNS, 0, {PATTERN}},
    {"unknown service with every register full", "full_unknown", FAILS, 0, {PATTERN}},
    {"unbound import with every register full", "full_import", WORKS, -1, {PATTERN}},
    {"rounding upwards", "rounding", RETURNS, 0, {0x5f80}},
    {"exceptions unmasked", "rounding", WORKS, 0x1f80, {0}},
    {"every bit of MXCSR", "rounding", RETURNS, 0, {0xfffffffe}},
    {"flush to zero, denormals are zero", "rounding", WORKS, 0x9fc0, {0x9fc0}},
};

/* The host's own rounding stays the host's, and the domain does not see it. */
static void rounding(void)
{
    porin_domain *domain = domain_new("rounder", 0);
    fesetround(FE_UPWARD);
    struct result result = domain_call(domain, "rounding", (uint64_t[6]){(uint32_t)-1});
    bool kept = fegetround() == FE_UPWARD;
    domain_call(domain, "rounding", (uint64_t[6]){0x7f80});
    kept = kept && fegetround() == FE_UPWARD;
    domain_call(domain, "full_fault", (uint64_t[6]){0});
    kept = kept && fegetround() == FE_UPWARD;
    fesetround(FE_TONEAREST);
    attack_note("the host's rounding is its own", kept, "it changed");
    attack_note("the domain's rounding is the default", result.status == PORIN_OK && (result.value & ~0x3fu) == 0x1f80,
        "it sees the host's");
    porin_domain_destroy(domain);
}

void state_attacks(const char *folder)
{
    at_entry();
    after_services();
    evex(folder);
    ATTACKS(leavings);
    rounding();
}
