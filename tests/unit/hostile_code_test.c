/* SPDX-License-Identifier: Apache-2.0 */
/* Accepted code that uses up what is the host's or leaves state dirty for others, and domains that go on where they must not. */
#define _GNU_SOURCE
#include "runtime_world.h"
#include "authority/handle.h"
#include "slots/region.h"
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

/* Three texts: with general registers only, with x87 and ymm registers, with zmm registers. */
#define TEXT(name) ".pushsection .rodata." #name ", \"a\"\n\t.balign 4096\n" #name ":\n\t"
#define TEXT_END(name) #name "_end:\n\t.popsection\n\t"
#define ENTRY(name) ".balign 16, 0xcc\n" #name ":\n\tendbr64\n\t"
#define CALL(text, gate) ".byte 0xe8\n\t.long " #gate " - (0x130000 + (. + 4 - " #text "))\n\t"

__asm__(TEXT(plain)
        /* Ends its thread, whereupon the next call into the domain runs the thread routine, which does all that again. */
        ENTRY(plain_leave) "movl $60, %eax\n\txorl %edi, %edi\n\t" CALL(plain, 0x100000) "ud2\n\t"
        ENTRY(plain_nothing) "xorl %eax, %eax\n\tret\n\t"
        ENTRY(plain_again) CALL(plain, 0x110000) CALL(plain, 0x110200) "movl $0x1000, %eax\n\tret\n\t"
        ENTRY(plain_start) "movl $0x8000000, %eax\n1:\tsubl $1, %eax\n\tjne 1b\n\t" CALL(plain, 0x110000) "ret\n\t"
        ENTRY(plain_pass) CALL(plain, 0x110000) "ret\n\t"
        TEXT_END(plain)
        TEXT(dirty)
        ENTRY(dirty_divide) "fldz\n\tfld1\n\tfdiv %st(1), %st\n\tfstp %st(0)\n\tfstp %st(0)\n\txorl %eax, %eax\n\tret\n\t"
        /* add(): 1 + 1 by x87; what an x87 stack that is full makes of it is no number */
        ENTRY(dirty_add) "fld1\n\tfld1\n\tfaddp %st, %st(1)\n\tfistpl -8(%r14,%r15)\n\tmovl -8(%r14,%r15), %eax\n\tret\n\t"
        ENTRY(dirty_fill_call) ".rept 8\n\tfld1\n\t.endr\n\t" CALL(dirty, 0x110000) "ret\n\t"
        ENTRY(dirty_fill) ".rept 8\n\tfld1\n\t.endr\n\txorl %eax, %eax\n\tret\n\t"
        ENTRY(dirty_call_add) CALL(dirty, 0x110000) "jmp dirty_add\n\t"
        /* the upper half of ymm3 */
        ENTRY(dirty_upper) "vextractf128 $1, %ymm3, %xmm0\n\tvmovq %xmm0, %rax\n\tret\n\t"
        ENTRY(dirty_leave_upper) "vpcmpeqd %ymm3, %ymm3, %ymm3\n\txorl %eax, %eax\n\tret\n\t"
        ENTRY(dirty_upper_call) "vpcmpeqd %ymm3, %ymm3, %ymm3\n\t" CALL(dirty, 0x110000) "ret\n\t"
        ENTRY(dirty_call_upper) CALL(dirty, 0x110000) "jmp dirty_upper\n\t"
        TEXT_END(dirty)
        TEXT(wide)
        ENTRY(wide_look) "vmovq %xmm16, %rax\n\tret\n\t"
        ENTRY(wide_fill) "vpternlogd $0xff, %zmm16, %zmm16, %zmm16\n\txorl %eax, %eax\n\tret\n\t"
        ENTRY(wide_fill_call) "vpternlogd $0xff, %zmm16, %zmm16, %zmm16\n\t" CALL(wide, 0x110000) "ret\n\t"
        ENTRY(wide_call_look) CALL(wide, 0x110000) "jmp wide_look\n\t"
        TEXT_END(wide));
extern const uint8_t plain[], plain_end[], dirty[], dirty_end[], wide[], wide_end[];

#define FUNCTIONS(X) X(plain, leave) X(plain, nothing) X(plain, again) \
    X(plain, start) X(plain, pass) X(dirty, divide) X(dirty, add) X(dirty, fill_call) X(dirty, fill) X(dirty, call_add) X(dirty, upper) \
    X(dirty, leave_upper) X(dirty, upper_call) X(dirty, call_upper) X(wide, look) X(wide, fill) X(wide, fill_call) X(wide, call_look)
#define X(text, name) extern const uint8_t text##_##name[];
FUNCTIONS(X)
#undef X

static porin_image *plain_image, *dirty_image, *wide_image; /* wide_image: NULL without AVX-512 */

/* A library with the functions of one text as exports and two imports. */
static porin_image *text_load(const uint8_t *text, const uint8_t *end, uint32_t thread_offset)
{
    static struct image_parts parts;
    image_begin(&parts, 2);
    parts.code = text;
    parts.code_size = (size_t)(end - text);
    parts.program[0].p_filesz = parts.program[0].p_memsz = parts.code_size;
    parts.note.start_offset = parts.note.exports_size = 0;
    parts.note.thread_offset = thread_offset;
#define X(of, name) if (of == text) image_add_export(&parts, #name, IMAGE_TEXT + (uint32_t)(of##_##name - of));
    FUNCTIONS(X)
#undef X
    return image_load(&parts);
}

static int load(void **state)
{
    struct porin_limits limits;
    (void)state;
    porin_init(NULL);
    porin_limits_get(&limits);
    plain_image = text_load(plain, plain_end, IMAGE_TEXT + (uint32_t)(plain_again - plain));
    dirty_image = text_load(dirty, dirty_end, 0);
    wide_image = limits.avx512 ? text_load(wide, wide_end, 0) : NULL;
    return 0;
}

static int unload(void **state)
{
    (void)state;
    porin_image_release(plain_image);
    porin_image_release(dirty_image);
    porin_image_release(wide_image);
    return 0;
}

static void bind(porin_domain *caller, const char *import, porin_domain *callee, const char *function, uint32_t policy)
{
    struct porin_edge_options options = { .policy = policy, .fault_value = -1, .callee_policy = policy };
    assert_int_equal(porin_domain_bind(caller, import, entry(callee, function), &options, NULL), PORIN_OK);
}

/* A domain that has itself made ready while it is made ready, without end: on the host's stack. */
static void test_host_stack_used_up(void **state)
{
    porin_domain *domain = domain_make(plain_image, "d");
    uint64_t result;
    bind(domain, "first", domain, "leave", 0);
    bind(domain, "second", domain, "nothing", 0);
    assert_int_equal(call(domain, "nothing", 0, 0), 0);
    porin_call6(entry(domain, "again"), &result, 0, 0, 0, 0, 0, 0);
    porin_domain_destroy(domain);
    (void)state;
}

/* A host that wants to hear of divisions by zero hears of its own only. */
static void test_exceptions_of_the_host(void **state)
{
    porin_domain *domain = domain_make(dirty_image, "d");
    const uint16_t unmasked = 0x37b, masked = 0x37f;
    volatile long double one = 1;
    __asm__ volatile("fldcw %0" : : "m"(unmasked));
    call(domain, "divide", 0, 0);
    long double two = one + one; /* SIGFPE here */
    __asm__ volatile("fldcw %0" : : "m"(masked));
    assert_true(two == 2);
    porin_domain_destroy(domain);
    (void)state;
}

#define BOTH (PORIN_POLICY_REGISTER_INTEGRITY | PORIN_POLICY_REGISTER_CONFIDENTIALITY)

/* What `function` of a domain of `outer` says, which calls `inner`'s through one that sees neither x87 nor vectors. The edge towards the
 * outer domain, or if `within` the other one, protects; the other one does not. */
static uint64_t across(porin_image *image, const char *function, const char *inner, bool within)
{
    porin_domain *a = domain_make(image, "a"), *b = domain_make(plain_image, "b"), *c = domain_make(image, "c");
    bind(b, "first", c, inner, within ? BOTH : 0);
    bind(a, "first", b, "pass", within ? 0 : BOTH);
    uint64_t result = call(a, function, 0, 0);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_domain_destroy(c);
    return result;
}

static void test_x87_stack_of_others(void **state)
{
    porin_domain *a = domain_make(dirty_image, "a"), *b = domain_make(dirty_image, "b");
    bind(a, "first", b, "add", PORIN_POLICY_REGISTER_INTEGRITY);
    assert_int_equal(call(a, "fill_call", 0, 0), 2);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    assert_int_equal(across(dirty_image, "call_add", "fill", false), 2);
    assert_int_equal(across(dirty_image, "fill_call", "add", true), 2);
    (void)state;
}

/* A domain in the middle must not pass on what it cannot see itself. */
static void test_vectors_through_a_third(void **state)
{
    assert_int_equal(across(dirty_image, "upper_call", "upper", false), 0);
    assert_int_equal(across(dirty_image, "call_upper", "leave_upper", true), 0);
    if (wide_image) {
        assert_int_equal(across(wide_image, "fill_call", "look", false), 0);
        assert_int_equal(across(wide_image, "call_look", "fill", true), 0);
    }
    (void)state;
}

/* Masked accesses do not fault where the mask is 0: one that begins in the last byte of a guard reaches behind it. */
static void test_behind_the_last_guard(void **state)
{
    for (uint64_t slot = 1; slot < PORIN_MAX_SLOTS; slot++) {
        uint64_t end = (slot << PORIN_SLOT_SHIFT) + (6ull << 30);
        if (region_contains(slot << PORIN_SLOT_SHIFT) && !region_contains((slot + 1) << PORIN_SLOT_SHIFT))
            assert_true(mmap((void *)end, 0x1000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
    }
    (void)state;
}

/* Whoever copies from a domain is done with it before it begins its next life. */
static void test_reset_during_a_copy(void **state)
{
    porin_domain *domain = domain_make(plain_image, "d");
    assert_ptr_equal(ref_pin(domain_ref(domain)), domain);
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_ERR_BUSY);
    ref_unpin(domain);
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    porin_domain_destroy(domain);
    (void)state;
}

/* --- two domains that start and wait for each other --- */

static void *start_run(void *domain)
{
    uint64_t result;
    porin_call6(entry(domain, "nothing"), &result, 0, 0, 0, 0, 0, 0);
    return NULL;
}

static void test_start_without_end(void **state)
{
    static struct image_parts parts;
    image_begin(&parts, 1);
    parts.code = plain;
    parts.code_size = (size_t)(plain_end - plain);
    parts.program[0].p_filesz = parts.program[0].p_memsz = parts.code_size;
    parts.note.thread_offset = parts.note.exports_size = 0;
    parts.note.start_offset = IMAGE_TEXT + (uint32_t)(plain_start - plain);
    image_add_export(&parts, "nothing", IMAGE_TEXT + (uint32_t)(plain_nothing - plain));
    parts.note.imports_size *= 2;
    parts.imports[1] = (struct porin_symbol){ .offset = PORIN_GATES_IMPORT + PORIN_GATE_SIZE, .name = "second" };
    porin_image *image = image_load(&parts);
    porin_domain *domains[2] = { domain_make(image, "a"), domain_make(image, "b") };
    pthread_t threads[2];
    bind(domains[0], "first", domains[1], "nothing", 0);
    bind(domains[1], "first", domains[0], "nothing", 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_run, domains[i]), 0);
    const struct timespec moment = { .tv_nsec = 300000000 };
    nanosleep(&moment, NULL); /* both start routines have counted long enough to find the other one starting */
    for (int i = 0; i < 2; i++)
        assert_int_equal(porin_domain_kill(domains[i]), PORIN_OK);
    for (int i = 0; i < 2; i++) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 5;
        assert_int_equal(pthread_timedjoin_np(threads[i], NULL, &end), 0);
    }
    for (int i = 0; i < 2; i++)
        porin_domain_destroy(domains[i]);
    porin_image_release(image);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_stack_used_up),
        cmocka_unit_test(test_exceptions_of_the_host),
        cmocka_unit_test(test_x87_stack_of_others),
        cmocka_unit_test(test_vectors_through_a_third),
        cmocka_unit_test(test_behind_the_last_guard),
        cmocka_unit_test(test_reset_during_a_copy),
        cmocka_unit_test(test_start_without_end),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
