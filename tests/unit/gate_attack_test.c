/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: what crosses them under each policy, and what domains may try on them. */
#define _GNU_SOURCE
#include "library_fixture.h"
#include "runtime/gate.h"
#include "loader/image.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define DUMP (IMAGE_DATA + 0x200)
#define PATTERN (0xdeadbeef00000000 | DUMP)

struct dump {
    uint64_t rax, rbx, rcx, rdx, rsi, rbp, r8, r9, r12, r13, unused[2];
    uint64_t ymm[16][4];
};

static struct dump dump_read(porin_domain *domain)
{
    struct dump dump;
    assert_int_equal(porin_copy_in(&dump, domain, (porin_addr){ DUMP }, sizeof dump), PORIN_OK);
    return dump;
}

static void edge_make(porin_domain **a, porin_domain **b, const char *function, uint32_t policy)
{
    struct porin_edge_options options = { .policy = policy, .fault_value = -1, .callee_policy = policy };
    *a = domain_make(library, "a");
    *b = domain_make(library, "b");
    assert_int_equal(porin_domain_bind(*a, "first", entry(*b, function), &options, NULL), PORIN_OK);
}

static void test_what_the_callee_sees(void **state)
{
    for (uint32_t policy = 0; policy < 4; policy++) {
        porin_domain *a, *b;
        bool hidden = policy & PORIN_POLICY_REGISTER_CONFIDENTIALITY;
        edge_make(&a, &b, "registers", policy);
        call(a, "secret", PATTERN, 0);
        struct dump seen = dump_read(b);
        uint64_t rest = hidden ? 0 : PATTERN;
        assert_int_equal(seen.rax, hidden ? PATTERN & 0xff : PATTERN);
        assert_true(seen.rbx == rest && seen.rbp == rest && seen.r12 == rest && seen.r13 == rest);
        assert_true(seen.rcx == PATTERN && seen.rdx == PATTERN && seen.rsi == PATTERN && seen.r8 == PATTERN && seen.r9 == PATTERN);
        for (int n = 0; n < 16; n++)
            for (int word = 0; word < 4; word++)
                assert_int_equal(seen.ymm[n][word], hidden && (n >= 8 || word >= 2) ? 0 : PATTERN);
        porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    (void)state;
}

static void test_what_the_caller_sees(void **state)
{
    for (uint32_t policy = 0; policy < 4; policy++) {
        porin_domain *a, *b;
        bool hidden = policy & PORIN_POLICY_REGISTER_CONFIDENTIALITY;
        edge_make(&a, &b, "leak", policy);
        call(a, "look", DUMP, PATTERN);
        struct dump seen = dump_read(a);
        uint64_t rest = hidden ? 0 : PATTERN, saved = policy ? 0 : PATTERN, rdi;
        assert_int_equal(porin_copy_in(&rdi, a, (porin_addr){ IMAGE_DATA + 0x68 }, 8), PORIN_OK);
        assert_true(seen.rax == PATTERN && seen.rdx == PATTERN);
        assert_true(seen.rcx == rest && seen.rsi == rest && seen.r8 == rest && seen.r9 == rest && rdi == rest);
        assert_true(seen.rbx == saved && seen.rbp == saved && seen.r12 == saved && seen.r13 == saved);
        for (int n = 0; n < 16; n++)
            for (int word = 0; word < 4; word++)
                assert_int_equal(seen.ymm[n][word], hidden && (n >= 2 || word >= 2) ? 0 : PATTERN);
        porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    (void)state;
}

/* Whatever the host has in its registers, the domain gets its arguments and zeroes; and services leave nothing of the host's. */
static void test_what_the_host_shows(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    uint64_t result;
    porin_entry registers = entry(domain, "registers");
    call(domain, "add", 1, 2);
    __asm__ volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n\tvmovaps %%ymm0, %%ymm7\n\tvmovaps %%ymm0, %%ymm8\n\tvmovaps %%ymm0, %%ymm15"
                     : : : "xmm0", "xmm7", "xmm8", "xmm15");
    assert_int_equal(porin_call6(registers, &result, DUMP, 2, 3, 4, 5, 6), PORIN_OK);
    struct dump seen = dump_read(domain);
    assert_true(seen.rsi == 2 && seen.rdx == 3 && seen.rcx == 4 && seen.r8 == 5 && seen.r9 == 6 && seen.rax == 8);
    assert_true(seen.rbx == 0 && seen.rbp == 0 && seen.r12 == 0 && seen.r13 == 0);
    for (int n = 0; n < 16; n++)
        for (int word = 0; word < 4; word++)
            assert_int_equal(seen.ymm[n][word], 0);
    porin_domain_destroy(domain);
    (void)state;
}

/* A callee that breaks the calling convention in every way it can: the caller notices nothing where it asked for integrity. */
static void test_integrity(void **state)
{
    porin_domain *a, *b;
    edge_make(&a, &b, "spoil", PORIN_POLICY_REGISTER_INTEGRITY);
    assert_int_equal(call(a, "keep", 0, 0), 0);
    volatile long double one = 1.0L;
    assert_true(one + 1.0L == 2.0L); /* attack 10: x87 left full */
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    edge_make(&a, &b, "spoil", 0);
    assert_int_equal(call(a, "keep", 0, 0), 7); /* it really breaks them; the data stack is never the callee's to break */
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_domain *domain = domain_make(library, "d");
    call(domain, "spoil", 0, 0);
    assert_true(one + 1.0L == 2.0L);
    porin_domain_destroy(domain);
    (void)state;
}

/* --- the same for the state that only EVEX code sees --- */

/* Names of zmm16-31 in assembly come from .irp, which C strings carry unchanged. */
#define EVEX_FILL ".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\tvpternlogd $0xff, %zmm\\n, %zmm\\n, %zmm\\n\n\t.endr\n\t" \
                  ".irp n,0,1,2,3,4,5,6,7\n\tkxnorq %k\\n, %k\\n, %k\\n\n\t.endr\n\t"
#define EVEX_STORE "movl $0x134200, %r11d\n\t.set at, 0\n\t" \
                   ".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\tvmovdqu64 %zmm\\n, at(%r14,%r11)\n\t" \
                   ".set at, at + 64\n\t.endr\n\t" \
                   ".irp n,0,1,2,3,4,5,6,7\n\tkmovq %k\\n, at(%r14,%r11)\n\t.set at, at + 8\n\t.endr\n\t"
__asm__(".pushsection .rodata.evex_code, \"a\"\n\t.balign 4096\nevex_code:\n"
        "evex_caller:\n\tendbr64\n\t" EVEX_FILL ".byte 0xe8\n\t.long 0x110000 - (0x130000 + (. + 4 - evex_code))\n\t" EVEX_STORE "ret\n\t"
        ".balign 16, 0xcc\nevex_look:\n\tendbr64\n\t" EVEX_STORE "ret\n\t"
        ".balign 16, 0xcc\nevex_leak:\n\tendbr64\n\t" EVEX_FILL "ret\n"
        "evex_code_end:\n\t.popsection\n\t");
extern const uint8_t evex_code[], evex_code_end[], evex_caller[], evex_look[], evex_leak[];

struct evex_dump { uint64_t zmm[16][8], k[8]; };

static void evex_expect(porin_domain *domain, uint64_t word)
{
    struct evex_dump seen;
    assert_int_equal(porin_copy_in(&seen, domain, (porin_addr){ DUMP }, sizeof seen), PORIN_OK);
    for (int n = 0; n < 16; n++)
        for (int i = 0; i < 8; i++)
            assert_int_equal(seen.zmm[n][i], word);
    for (int n = 0; n < 8; n++)
        assert_int_equal(seen.k[n], word);
}

static void test_evex_state(void **state)
{
    struct porin_limits limits;
    porin_init(NULL);
    porin_limits_get(&limits);
    if (!limits.avx512) {
        print_message("no AVX-512 here: nothing of it to hide\n");
        return;
    }
    struct image_parts parts;
    image_begin(&parts, 1);
    parts.code = evex_code;
    parts.code_size = (size_t)(evex_code_end - evex_code);
    parts.program[0].p_filesz = parts.program[0].p_memsz = parts.code_size;
    parts.note.start_offset = parts.note.thread_offset = parts.note.exports_size = 0;
    image_add_export(&parts, "caller", IMAGE_TEXT + (uint32_t)(evex_caller - evex_code));
    image_add_export(&parts, "look", IMAGE_TEXT + (uint32_t)(evex_look - evex_code));
    image_add_export(&parts, "leak", IMAGE_TEXT + (uint32_t)(evex_leak - evex_code));
    porin_image *image = image_load(&parts);
    for (uint32_t policy = 0; policy < 4; policy++) {
        uint64_t word = policy & PORIN_POLICY_REGISTER_CONFIDENTIALITY ? 0 : UINT64_MAX;
        struct porin_edge_options options = { .policy = policy, .callee_policy = policy };
        porin_domain *a = domain_make(image, "a"), *b = domain_make(image, "b"), *c = domain_make(image, "c");
        assert_int_equal(porin_domain_bind(a, "first", entry(b, "look"), &options, NULL), PORIN_OK);
        assert_int_equal(porin_domain_bind(c, "first", entry(b, "leak"), &options, NULL), PORIN_OK);
        call(a, "caller", 0, 0);
        evex_expect(b, word); /* the callee's view */
        call(c, "caller", 0, 0);
        evex_expect(c, word); /* the caller's */
        __asm__ volatile("vpternlogd $0xff, %zmm16, %zmm16, %zmm16\n\tvmovdqa64 %zmm16, %zmm31\n\t" /* the host uses none of */
                         "kxnorq %k3, %k3, %k3");                                                    /* them itself */
        call(b, "look", 0, 0);
        evex_expect(b, 0); /* of the host, never anything */
        porin_domain_destroy(a);
        porin_domain_destroy(b);
        porin_domain_destroy(c);
    }
    porin_image_release(image);
    (void)state;
}

/* Every gate that can be asked for fits its space, and its frame is told right at each of its instructions. */
static void test_every_gate_fits(void **state)
{
    uint32_t longest = 0;
    for (uint32_t variant = 0; variant < 16 * 128 * 128 * (PORIN_MAX_STACK_WORDS + 1); variant++) {
        uint32_t asked[2] = { variant % 4, variant / 4 % 4 }, words = variant / (16 * 128 * 128);
        struct porin_image image = { .uses = variant / 16 % 128 };
        struct porin_domain caller = { .slot = 5, .image = &image };
        struct edge edge = { .bound = true, .caller_policy = asked[0], .callee_policy = asked[1],
                             .policy = policy_held(asked[0] | asked[1]), .callee_uses = variant / (16 * 128) % 128,
                             .stack_words = words, .callee_slot = 16000, .callee_generation = variant + 1,
                             .entry = 0x7ffffff0, .accounting = true, .traced = true };
        uint8_t code[PORIN_GATE_SIZE];
        uint32_t length = gate_generate(code, &caller, &edge);
        longest = length > longest ? length : longest;
        assert_int_equal(gate_frame_at(&edge, 0), 0);
        assert_int_equal(gate_frame_at(&edge, edge.return_offset), edge.frame_size);
        assert_int_equal(gate_frame_at(&edge, length - 1), 0);
        assert_in_range(edge.frame_size, 8, 48);
        assert_true(edge.store_offset < edge.return_offset && edge.return_offset < length);
    }
    print_message("longest gate: %u bytes\n", longest);
    (void)state;
}

/* Stack arguments; attack 12: the caller's or the callee's data stack is not there. */
static void test_stack_arguments(void **state)
{
    for (uint32_t policy = 0; policy < 4; policy++) {
        porin_domain *a = domain_make(library, "a"), *b = domain_make(library, "b");
        struct porin_edge_options options = { policy, -1, 8, policy };
        uint64_t result;
        assert_int_equal(porin_domain_bind(a, "first", entry(b, "digits"), &options, NULL), PORIN_OK);
        assert_int_equal(call(a, "stacked", 0, 0), 12345678);
        options.stack_words = 5;
        assert_int_equal(porin_domain_bind(a, "second", entry(b, "astray"), &options, NULL), PORIN_OK);
        assert_int_equal(porin_domain_bind(b, "first", entry(a, "add"), &options, NULL), PORIN_OK);
        static const uint32_t nowhere[] = { 0, 8, 0xfffffff8, 0xffffffff, PORIN_STACK_END - 16, PORIN_GATES_SERVICE - 8 };
        for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
            assert_int_equal(porin_call6(entry(a, "astray"), &result, nowhere[i], 0, 0, 0, 0, 0),
                             nowhere[i] < PORIN_STACK_END && nowhere[i] > 8 ? PORIN_OK : PORIN_ERR_FAULT);
            if (nowhere[i] <= 8 || nowhere[i] >= PORIN_STACK_END) {
                assert_string_equal(porin_last_error()->domain, "a"); /* the reader's own */
                assert_int_equal(porin_domain_reset(a, NULL), PORIN_OK);
            }
        }
        porin_domain_destroy(b);
        porin_domain_destroy(a);
    }
    /* a -> b, which moves its stack to nowhere and calls a, which calls b again: now b's stack is not there, b dies and a lives */
    porin_domain *a = domain_make(library, "a"), *b = domain_make(library, "b");
    struct porin_edge_options options = { PORIN_POLICY_REGISTER_INTEGRITY, -1, 8, 0 };
    struct porin_edge_options plain = { PORIN_POLICY_REGISTER_INTEGRITY, -5, 0, 0 };
    uint64_t result;
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "astray"), &plain, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(b, "first", entry(a, "stacked_second"), &plain, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(a, "second", entry(b, "digits"), &options, NULL), PORIN_OK);
    assert_int_equal(porin_call6(entry(a, "first"), &result, 0x20, 0, 0, 0, 0, 0), PORIN_OK);
    assert_int_equal(result, -5); /* b's outer activation ended too, when the inner call came back */
    assert_int_equal(call(a, "error", 0, 0), PORIN_ERR_FAULT);
    assert_int_equal(porin_call6(entry(b, "add"), &result, 1, 2, 0, 0, 0, 0), PORIN_ERR_GONE);
    assert_int_equal(call(a, "add", 1, 2), 3);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* The rounding a domain sets is its own. */
static void test_rounding(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    uint32_t before, after;
    __asm__ volatile("stmxcsr %0" : "=m"(before));
    assert_int_equal(call(domain, "rounding", 0xffffffff, 0), 0x1f80);
    assert_int_equal(call(domain, "rounding", 0xffffe07f, 0), 0xffff & (0xe07f | 0x1f80));
    __asm__ volatile("stmxcsr %0" : "=m"(after));
    assert_int_equal(before & ~0x3fu, after & ~0x3fu);
    volatile double half = 2.5;
    assert_true(half + 0x1p52 - 0x1p52 == 2.0);
    assert_int_equal(call(domain, "rounding", 0xffffffff, 0), 0x1f80); /* each entry starts from the default */
    porin_domain_destroy(domain);
    (void)state;
}

/* Rounding and exception flags across gates. */
static void test_rounding_across_gates(void **state)
{
    enum { DEFAULT = 0x1f80, UP = 0x5f80, ZERO = 0xff80, ASK = -1, FLAGS = 0x3f };
    for (uint32_t policy = 0; policy < 4; policy++) {
        porin_domain *a, *b;
        bool hidden = policy & PORIN_POLICY_REGISTER_CONFIDENTIALITY;
        edge_make(&a, &b, "rounding", policy);
        /* the callee changes it: with any protection the caller finds its own */
        uint64_t both = call(a, "rounded", UP | FLAGS, ZERO);
        assert_int_equal(both >> 32 & ~FLAGS, policy ? UP : ZERO);
        assert_int_equal(both & UINT32_MAX, ZERO);
        assert_int_equal(call(a, "rounded", DEFAULT, ZERO) >> 32, policy ? DEFAULT : ZERO);
        /* the callee looks */
        both = call(a, "rounded", UP | FLAGS, ASK & UINT32_MAX);
        assert_int_equal(both & UINT32_MAX, hidden ? DEFAULT : UP | FLAGS);
        assert_int_equal(both >> 32, hidden ? UP : UP | FLAGS);
        porin_domain_destroy(a);
        porin_domain_destroy(b);
        /* the callee changes it and dies */
        edge_make(&a, &b, "rounded", policy | PORIN_POLICY_REGISTER_INTEGRITY);
        assert_int_equal(porin_domain_bind(b, "first", entry(b, "trap"), NULL, NULL), PORIN_OK);
        both = call(a, "rounded", UP, ZERO);
        assert_int_equal(both >> 32 & ~FLAGS, UP);
        assert_int_equal(call(a, "error", 0, 0), PORIN_ERR_FAULT);
        porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    (void)state;
}

/* Attack 1: a checked branch to every byte of the gates: labels only, and what stands behind a label holds against anything. */
static void test_jump_everywhere(void **state)
{
    porin_domain *a, *b;
    edge_make(&a, &b, "add", PORIN_POLICY_REGISTER_INTEGRITY | PORIN_POLICY_REGISTER_CONFIDENTIALITY);
    unsigned arrived = 0;
    for (uint32_t target = PORIN_GATES_SERVICE; target < PORIN_GATES_IMPORT + 2 * PORIN_GATE_SIZE;
         target += target == PORIN_GATES_SERVICE + 0x900 ? PORIN_GATES_IMPORT - target : 1) {
        uint64_t result;
        porin_status status = porin_call6(entry(a, "go"), &result, target, 5, 0, 0, 0, 0);
        bool gate = target % PORIN_GATE_SIZE == 0 && (target >= PORIN_GATES_IMPORT ||
                                                      target < PORIN_GATE_CAPABILITY); /* not used here */
        if (!gate) {
            assert_int_equal(status, PORIN_ERR_FAULT);
            assert_int_equal(porin_last_error()->signal, SIGILL);
        } else if (target == PORIN_GATE_DEPTH || target == PORIN_GATE_LONGJMP) {
            assert_int_equal(status, PORIN_ERR_FAULT); /* they would drop the host's return address */
        } else {
            assert_int_equal(status, PORIN_OK);
            arrived++;
        }
        if (status != PORIN_OK)
            assert_int_equal(porin_domain_reset(a, NULL), PORIN_OK);
    }
    assert_int_equal(arrived, 4);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Every import gate of the zone, also those that the image has no import for. */
static void test_gates_of_no_import(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    for (uint32_t k = 2; k < PORIN_MAX_IMPORTS; k++) {
        assert_int_equal(call(domain, "go", PORIN_GATES_IMPORT + k * PORIN_GATE_SIZE, 0), UINT64_MAX);
        assert_int_equal(call(domain, "error", 0, 0), PORIN_ERR_NAME);
    }
    porin_domain_destroy(domain);
    (void)state;
}

/* Every gate, entered with the last words of the control stack left: an error or the domain's own fault, never the host's. */
static void test_gates_at_the_end_of_the_stack(void **state)
{
    enum { WORDS = (8 << 20) / 8 };
    static const uint32_t gates[] = { PORIN_GATE_SERVICE_CALL, PORIN_GATE_DEPTH, PORIN_GATE_LONGJMP, PORIN_GATE_FENV, PORIN_GATES_IMPORT,
                                      PORIN_GATES_IMPORT + PORIN_GATE_SIZE, PORIN_GATES_IMPORT + 5 * PORIN_GATE_SIZE };
    porin_domain *a, *b;
    edge_make(&a, &b, "add", PORIN_POLICY_REGISTER_INTEGRITY | PORIN_POLICY_REGISTER_CONFIDENTIALITY);
    unsigned faults = 0, returns = 0;
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
        for (uint32_t words = WORDS - 24; words < WORDS; words++) {
            uint64_t result;
            porin_status status = porin_call6(entry(a, "bottom"), &result, words, gates[i], 0, 0, 0, 0);
            assert_true(status == PORIN_OK || status == PORIN_ERR_FAULT);
            faults += status == PORIN_ERR_FAULT;
            returns += status == PORIN_OK;
            if (status == PORIN_OK && gates[i] >= PORIN_GATES_IMPORT)
                assert_int_equal(call(a, "error", 0, 0), gates[i] == PORIN_GATES_IMPORT ? PORIN_ERR_LIMIT : PORIN_ERR_NAME);
            if (status != PORIN_OK)
                assert_int_equal(porin_domain_reset(a, NULL), PORIN_OK);
        }
    assert_true(faults > 20 && returns > 20);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Attack 6: forged jump buffers. */
static void test_longjmp(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    assert_int_equal(call(domain, "landing", 0, 0), 77);
    uint64_t here = call(domain, "depth", 0, 0);
    uint32_t depth = (uint32_t)(here >> 32), landing = (uint32_t)here;
    assert_in_range(landing, PORIN_IMAGE_BASE, PORIN_IMAGE_BASE + 0x1000);
    uint64_t label = entry(domain, "add").offset, result;
    const struct { uint64_t depth, landing; } forged[] = {
        { 0, label }, { depth - 8, label }, { depth, landing }, { depth + 8, label }, { depth + 16, label }, { depth + 1024, label },
        { UINT64_MAX, label }, { UINT64_MAX - 7, label }, { 1ull << 63, label }, { depth + 1, label }, { depth, 0 }, { depth, 0xffffffff },
        { depth, PORIN_IMAGE_BASE + 1 }, { depth, IMAGE_DATA },
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        porin_status status = porin_call6(entry(domain, "jump"), &result, forged[i].depth, forged[i].landing, 1, 0, 0, 0);
        assert_int_equal(status, PORIN_ERR_FAULT);
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    }
    assert_int_equal(porin_call6(entry(domain, "jump_tail"), &result, 0, 0, 0, 0, 0, 0), PORIN_ERR_FAULT);
    porin_domain_destroy(domain);

    /* nor over a gate's frame into another domain's part of the stack */
    porin_domain *a, *b;
    edge_make(&a, &b, "jump", PORIN_POLICY_REGISTER_INTEGRITY);
    for (uint64_t deep = 8; deep <= 256; deep += 8) {
        assert_int_equal(porin_call6(entry(a, "first"), &result, deep, label, 1, 0, 0, 0), PORIN_OK);
        if (result != UINT64_MAX) /* deep enough to be b's own frames: it went to add */
            assert_true(deep > 40);
        assert_int_equal(porin_domain_reset(b, NULL), PORIN_OK);
    }
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Attack 8: text and gates cannot be written through any file or mapping. */
static void test_nothing_executable_is_writable(void **state)
{
    porin_domain *a, *b;
    edge_make(&a, &b, "add", PORIN_POLICY_REGISTER_INTEGRITY);
    call(a, "first", 1, 2);
    static const uint32_t places[] = { PORIN_GATES_SERVICE, PORIN_GATES_IMPORT, PORIN_IMAGE_BASE, IMAGE_CONSTANTS };
    int memory = open("/proc/self/mem", O_RDWR);
    assert_true(memory >= 0);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uintptr_t at = porin_domain_base(a) + places[i];
        assert_int_equal(pwrite(memory, "\xcc", 1, (off_t)at), -1);
        assert_int_equal(mprotect((void *)(at & ~0xfffull), 0x1000, PROT_READ | PROT_WRITE), -1);
    }
    close(memory);
    unsigned files = 0;
    for (int fd = 0; fd < 256; fd++) {
        char path[64], target[128];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length <= 0 || strncmp(target, "/memfd:", 7) != 0)
            continue;
        files++;
        int again = open(path, O_RDWR);
        if (again < 0)
            continue;
        assert_int_equal(pwrite(again, "\xcc", 1, 0), -1);
        assert_int_equal(ftruncate(again, 0), -1);
        assert_int_equal(fallocate(again, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 0x1000), -1);
        assert_true(mmap(NULL, 0x1000, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) == MAP_FAILED);
        close(again);
    }
    assert_true(files >= 2); /* the image and the unbound gates */
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Attack 4: the memory service on everything that is not the domain's heap. */
static void test_memory_service(void **state)
{
    enum { MMAP = 9, MPROTECT = 10, MUNMAP = 11, MREMAP = 25, MADVISE = 28 };
    porin_domain *domain = domain_make(library, "d");
    static const uint64_t places[] = { 0, 0x1000, 0x10000, PORIN_STACK_END - 0x1000, PORIN_GATES_SERVICE, PORIN_GATES_IMPORT,
            PORIN_IMAGE_BASE,
                                       IMAGE_CONSTANTS, 0xffff0000, 0xfffff000, 0x100000000, 0xffffffff00000000 };
    porin_entry service = entry(domain, "service");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint64_t size, result;
        for (size = 0x1000; size <= 0x100000000; size <<= 4) {
            const uint64_t requests[][6] = {
                { MMAP, places[i], size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, (uint64_t)-1 },
                { MPROTECT, places[i], size, PROT_READ | PROT_WRITE, 0, 0 },
                { MPROTECT, places[i], size, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0 },
                { MUNMAP, places[i], size, 0, 0, 0 },
                { MADVISE, places[i], size, MADV_DONTNEED, 0, 0 },
                { MREMAP, places[i], size, size * 2, MREMAP_MAYMOVE, 0 },
                { MREMAP, places[i], size, 0x1000, 0, 0 },
            };
            for (size_t r = 0; r < sizeof requests / sizeof *requests; r++) {
                const uint64_t *q = requests[r];
                assert_int_equal(porin_call6(service, &result, q[0], q[1], q[2], q[3], q[4], q[5]), PORIN_OK);
                if ((int64_t)result >= 0 || (int64_t)result < -4095)
                    fail_msg("service %llu at %llx, size %llx: %lld", (unsigned long long)q[0], (unsigned long long)places[i],
                             (unsigned long long)size, (long long)result);
            }
        }
    }
    assert_int_equal(call(domain, "add", 1, 2), 3);
    /* executable memory is never had */
    uint64_t result;
    assert_int_equal(porin_call6(service, &result, MMAP, 0, 0x1000, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1),
                     PORIN_OK);
    assert_true((int64_t)result < 0);
    porin_domain_destroy(domain);
    (void)state;
}

/* Attack 13: a gate is bound while another thread jumps into it all the time. */
static _Atomic bool publication_over;

static void *publication_run(void *data)
{
    porin_domain *a = data;
    uint64_t result;
    unsigned long calls = 0;
    while (!publication_over || calls < 1000) {
        assert_int_equal(porin_call6(entry(a, "loop"), &result, 50, 7, 0, 0, 0, 0), PORIN_OK);
        assert_true(result == 57 || result == UINT64_MAX || result < 57); /* bound, not bound, or bound on the way */
        calls++;
    }
    return NULL;
}

static void test_publication(void **state)
{
    for (int round = 0; round < 30; round++) {
        porin_domain *a = domain_make(library, "a"), *b = domain_make(library, "b");
        pthread_t thread;
        publication_over = false;
        pthread_create(&thread, NULL, publication_run, a);
        usleep(500);
        assert_int_equal(porin_domain_bind(a, "second", entry(b, "add"), NULL, NULL), PORIN_OK); /* the set is exchanged */
        assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), NULL, NULL), PORIN_OK);
        publication_over = true;
        pthread_join(thread, NULL);
        assert_int_equal(call(a, "loop", 50, 7), 57);
        porin_domain_destroy(a);
        porin_domain_destroy(b);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_callee_sees),
        cmocka_unit_test(test_what_the_caller_sees),
        cmocka_unit_test(test_what_the_host_shows),
        cmocka_unit_test(test_integrity),
        cmocka_unit_test(test_evex_state),
        cmocka_unit_test(test_every_gate_fits),
        cmocka_unit_test(test_stack_arguments),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_rounding_across_gates),
        cmocka_unit_test(test_jump_everywhere),
        cmocka_unit_test(test_gates_of_no_import),
        cmocka_unit_test(test_gates_at_the_end_of_the_stack),
        cmocka_unit_test(test_longjmp),
        cmocka_unit_test(test_nothing_executable_is_writable),
        cmocka_unit_test(test_memory_service),
        cmocka_unit_test(test_publication),
    };
    return cmocka_run_group_tests(tests, make_library, drop_library);
}
