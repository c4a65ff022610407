/* SPDX-License-Identifier: Apache-2.0 */
/* All register state on both sides of every policy, compared with trusted/tables/policy.def: caller's bits x callee's bits x what either
 * image can see. A chain of four: `top` leaves everything full of its pattern and calls the caller, the caller calls the callee through the
 * edge under test, the callee has `deep` fill everything before it goes back. So what either finds is the other's or a third's. */
#include "loader/image.h"
#include "policy_capture.h"
#include "porin/verify.h"
#include "runtime_world.h"

#define FACTS(X) X(0) X(2) X(6) X(1) X(67) X(71) X(24) X(26) X(30) X(89) X(27) X(95) X(32) X(34) X(38) X(97) X(35) X(39) X(56) X(58) \
    X(62) X(121) X(59) X(127)
#define X(facts) extern const uint8_t policy_code_##facts[], policy_end_##facts[], policy_relay_##facts[], policy_leaf_##facts[], \
    policy_dirty_##facts[], policy_arm_##facts[], policy_fail_##facts[], policy_go_##facts[];
FACTS(X)
#undef X

static const struct variant { uint32_t facts; const uint8_t *code, *end, *relay, *leaf, *dirty, *arm, *fail, *go; } variants[] = {
#define X(n) { n, policy_code_##n, policy_end_##n, policy_relay_##n, policy_leaf_##n, policy_dirty_##n, policy_arm_##n, policy_fail_##n, \
               policy_go_##n },
    FACTS(X)
#undef X
};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* What a domain fills everything with: the pattern is a finite double too. */
struct own { uint64_t pattern; double one, tiny; uint32_t mxcsr; uint16_t status, padding; };

struct capture {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r12, r13, r11;
    uint64_t x87_status, mxcsr, thread_pointer, call_error;
    double sum, sum_x87;
    uint64_t stack_before, stack_after;
    double difference;
    uint64_t unused[11];
    uint64_t zmm[32][8], k[8], x87[8];
};
_Static_assert(offsetof(struct capture, zmm) == CAPTURE_ZMM && offsetof(struct capture, k) == CAPTURE_K &&
               offsetof(struct capture, x87) == CAPTURE_X87 && offsetof(struct capture, sum) == 128, "as policy_code.S has it");

/* A domain and what is its own. */
struct side {
    porin_domain *domain;
    const struct variant *variant;
    uint64_t pattern, thread_pointer, call_error;
    uint32_t mxcsr;
};

enum { MXCSR_DEFAULT = 0x1f80, FLAGS = 0x3f, UP = 0x4000, DOWN = 0x2000, ZERO = 0x6000 };
static const uint64_t indefinite = 0xfff8000000000000; /* what an empty x87 register stores */

static struct { porin_image *image; const struct variant *variant; } images[VARIANTS]; /* that this machine can run */
static uint32_t image_count;

static porin_image *variant_load(const struct variant *variant)
{
    struct image_parts parts;
    image_begin(&parts, 2);
    parts.code = variant->code;
    parts.code_size = (size_t)(variant->end - variant->code);
    parts.program[0].p_filesz = parts.program[0].p_memsz = parts.code_size;
    parts.note.start_offset = parts.note.thread_offset = parts.note.exports_size = 0;
#define X(name) image_add_export(&parts, #name, IMAGE_TEXT + (uint32_t)(variant->name - variant->code));
    X(relay) X(leaf) X(dirty) X(arm) X(fail) X(go)
#undef X
    porin_image *image = image_load(&parts);
    assert_int_equal(image->uses, variant->facts);
    return image;
}

static struct side side_make(uint32_t variant, const char *name, uint64_t pattern, uint32_t mxcsr, bool fails)
{
    struct side side = { .domain = domain_make(images[variant].image, name), .variant = images[variant].variant,
                         .pattern = pattern, .mxcsr = mxcsr,
                         .thread_pointer = pattern & 0xfffff000, .call_error = fails ? PORIN_ERR_NAME : 0 };
    const struct own own = { .pattern = pattern, .one = 1.0, .tiny = 0x1p-80, .mxcsr = mxcsr };
    assert_int_equal(porin_copy_out(side.domain, (porin_addr){ IMAGE_DATA + OWN_AT }, &own, sizeof own), PORIN_OK);
    call(side.domain, "arm", side.thread_pointer, 0);
    if (fails)
        call(side.domain, "fail", 0, 0);
    return side;
}

static void edge_bind(const struct side *from, const struct side *to, const char *function, struct porin_edge_options options)
{
    assert_int_equal(porin_domain_bind(from->domain, "first", entry(to->domain, function), &options, NULL), PORIN_OK);
}

enum treatment { ANY, PASSED, KEPT, CLEARED, OWN, LOW };

/* Where the comparison stands, for messages. */
static struct { const struct side *caller, *callee; uint32_t asked[2]; bool back; const char *what; } now;

static void same(uint64_t found, uint64_t wanted, const char *what)
{
    if (found != wanted)
        fail_msg("%s %s (of %s): found %llx, not %llx; caller has facts %u and asks %u, callee has facts %u and asks %u",
                 now.back ? "caller finds after the call" : "callee finds", what, now.what, (unsigned long long)found,
                 (unsigned long long)wanted, now.caller->variant->facts, now.asked[0], now.callee->variant->facts, now.asked[1]);
}

/* The word that a treatment means, where it means one; `low` of the pattern for a byte. False: nothing is promised. */
static bool word_find(enum treatment treatment, const struct side *viewer, const struct side *other, uint64_t *word)
{
    *word = treatment == PASSED ? other->pattern : treatment == KEPT ? viewer->pattern : treatment == LOW ? other->pattern & 0xff : 0;
    return treatment != ANY;
}

static void words_check(enum treatment treatment, const struct side *viewer, const struct side *other, const uint64_t *found, size_t count)
{
    uint64_t word;
    for (size_t i = 0; word_find(treatment, viewer, other, &word) && i < count; i++)
        same(found[i], word, "word");
}

static void vectors_check(enum treatment treatment, const struct side *viewer, const struct side *other, const struct capture *found,
                          unsigned first, unsigned last, unsigned from_word, unsigned to_word)
{
    for (unsigned n = first; n <= last; n++)
        words_check(treatment, viewer, other, found->zmm[n] + from_word, to_word - from_word);
}

static void x87_check(enum treatment treatment, const struct side *other, const struct capture *found)
{
    for (unsigned i = 0; i < 8; i++)
        same(found->x87[i], treatment == PASSED && i < X87_FILLED ? other->pattern : indefinite, "x87 register");
}

static void x87_status_check(enum treatment treatment, const struct side *other, const struct capture *found)
{
    struct own own;
    assert_int_equal(porin_copy_in(&own, other->domain, (porin_addr){ IMAGE_DATA + OWN_AT }, sizeof own), PORIN_OK);
    uint64_t top = treatment == PASSED ? 0x3800 : 0; /* emms may clear it */
    same(found->x87_status & ~top, treatment == PASSED ? own.status & ~top : 0, "x87 status");
}

/* Rounding as it shows in sums and, to those that can ask, in the word. */
static void rounding_check(uint32_t control, const struct side *viewer, const struct capture *found)
{
    double expected = (control & 0x6000) == UP ? 1.0 + 0x1p-52 : 1.0;
    double below = control & DOWN ? 1.0 - 0x1p-53 : 1.0; /* and towards zero */
    if (found->sum != expected || found->difference != below || (viewer->variant->facts & PORIN_USES_X87 && found->sum_x87 != expected))
        same(1, 0, "rounding in a sum");
    if (viewer->variant->facts & PORIN_USES_FENV)
        same(found->mxcsr & ~(uint64_t)FLAGS, control, "MXCSR control");
}

enum state {
#define STATE(id, what, fact, call, back, note) STATE_##id,
#include "policy.def"
#undef STATE
};

static void state_check(enum state id, enum treatment treatment, const struct side *viewer, const struct side *other,
                        const struct capture *found)
{
#define WORDS(treatment, ...) words_check(treatment, viewer, other, (const uint64_t[]){ __VA_ARGS__ }, \
                                          sizeof (uint64_t[]){ __VA_ARGS__ } / sizeof(uint64_t))
    switch (id) {
    case STATE_SLOT: break; /* shown by every access that found its data */
    case STATE_STACK: if (now.back) same(found->stack_after, found->stack_before, "data stack"); break;
    case STATE_THREAD_POINTER: same(found->thread_pointer, viewer->thread_pointer, "thread pointer"); break;
    case STATE_CALL_ERROR: same(found->call_error, viewer->call_error, "call error"); break;
    case STATE_SAVED: WORDS(treatment, found->rbx, found->rbp, found->r12, found->r13); break;
    case STATE_COUNT: WORDS(treatment, found->rax); break;
    case STATE_ARGUMENTS: WORDS(treatment, found->rdi, found->rsi, found->rcx, found->r8, found->r9); break;
    case STATE_RESULT: WORDS(treatment, found->rdx); break;
    case STATE_X87_STACK: x87_check(treatment, other, found); break;
    case STATE_X87_STATUS: x87_status_check(treatment, other, found); break;
    case STATE_ROUNDING:
        rounding_check(treatment == CLEARED ? MXCSR_DEFAULT : (treatment == KEPT ? viewer : other)->mxcsr & ~FLAGS, viewer, found);
        break;
    case STATE_MXCSR_FLAGS: same(found->mxcsr & FLAGS, treatment == PASSED ? other->mxcsr & FLAGS : 0, "MXCSR flags"); break;
    case STATE_VECTOR_RESULTS: vectors_check(treatment, viewer, other, found, 0, 1, 0, 2); break;
    case STATE_VECTOR_ARGUMENTS: vectors_check(treatment, viewer, other, found, 2, 7, 0, 2); break;
    case STATE_VECTORS: vectors_check(treatment, viewer, other, found, 8, 15, 0, 2); break;
    case STATE_UPPER: /* code without EVEX leaves that of one register as it was */
        vectors_check(treatment, viewer, other, found, 0,
                      treatment == PASSED && !(other->variant->facts & PORIN_USES_EVEX) ? 14 : 15, 2, 4);
        break;
    case STATE_EVEX:
        vectors_check(treatment, viewer, other, found, 0, 15, 4, 8);
        vectors_check(treatment, viewer, other, found, 16, 31, 0, 8);
        words_check(treatment, viewer, other, found->k, 8);
        break;
    case STATE_SCRATCH: WORDS(treatment, found->r11); break;
    case STATE_BRANCH: case STATE_FLAGS: case STATE_MODES: break; /* no accepted code can read or change them: the verifier's tests */
    }
#undef WORDS
}

/* What the table says that the viewer finds. */
static enum treatment treatment_of(enum state id, uint32_t fact, enum treatment asked, const struct side *viewer, const struct side *other)
{
    bool sees = !(fact & ~viewer->variant->facts), left = !(fact & ~other->variant->facts);
    if (id == STATE_ROUNDING) /* everybody sees it */
        return sees && left ? asked : sees && now.back ? KEPT : CLEARED;
    if (!sees)
        return ANY;
    return left || asked == OWN ? asked : CLEARED;
}

static void capture_check(const struct side *viewer, const struct side *other)
{
    static const struct { const char *what; uint32_t fact; uint8_t call[3], back[3]; } rows[] = {
#define BRACED(a, b, c) { a, b, c }
#define STATE(id, what, fact, call, back, note) { what, fact, BRACED call, BRACED back },
#include "policy.def"
#undef STATE
    };
    struct capture found;
    assert_int_equal(porin_copy_in(&found, viewer->domain, (porin_addr){ IMAGE_DATA + CAPTURE_AT }, sizeof found), PORIN_OK);
    uint32_t asked = now.asked[now.back];
    unsigned level = asked & PORIN_POLICY_REGISTER_CONFIDENTIALITY ? 2 : (now.asked[0] | now.asked[1]) & 3 ? 1 : 0;
    for (unsigned id = 0; id < sizeof rows / sizeof *rows; id++) {
        enum treatment treatment = treatment_of((enum state)id, rows[id].fact,
                                                (enum treatment)(now.back ? rows[id].back : rows[id].call)[level], viewer, other);
        now.what = rows[id].what;
        if (treatment != ANY)
            state_check((enum state)id, treatment, viewer, other, &found);
    }
}

/* Every combination of bits for one pair. */
static void pair_check(const struct side *top, const struct side *caller, const struct side *callee)
{
    for (uint32_t bits = 0; bits < 16; bits++) {
        struct porin_edge_options options = { .policy = bits % 4, .callee_policy = bits / 4, .stack_words = bits % 3 ? 8 : 0 };
        edge_bind(caller, callee, "leaf", options);
        now.caller = caller;
        now.callee = callee;
        now.asked[0] = options.policy;
        now.asked[1] = options.callee_policy;
        call(top->domain, "relay", 0, 0);
        now.back = false;
        capture_check(callee, caller);
        now.back = true;
        capture_check(caller, callee);
    }
}

static void test_every_register_under_every_policy(void **state)
{
    struct side top = side_make(image_count - 1, "top", 0x4011111111111111, DOWN | MXCSR_DEFAULT | 1, true);
    struct side deep = side_make(image_count - 1, "deep", 0x4044444444444444, ZERO | MXCSR_DEFAULT | 0x20, true);
    struct side callers[VARIANTS], callees[VARIANTS];
    for (uint32_t i = 0; i < image_count; i++) {
        callers[i] = side_make(i, "caller", 0x4022222222222222, UP | MXCSR_DEFAULT | 0x15, true);
        callees[i] = side_make(i, "callee", 0x4033333333333333, DOWN | MXCSR_DEFAULT | 0x0a, false);
        edge_bind(&callees[i], &deep, "dirty", (struct porin_edge_options){ 0 });
    }
    for (uint32_t a = 0; a < image_count; a++) {
        edge_bind(&top, &callers[a], "relay", (struct porin_edge_options){ 0 });
        for (uint32_t b = 0; b < image_count; b++)
            pair_check(&top, &callers[a], &callees[b]);
    }
    for (uint32_t i = 0; i < image_count; i++) {
        porin_domain_destroy(callers[i].domain);
        porin_domain_destroy(callees[i].domain);
    }
    porin_domain_destroy(top.domain);
    porin_domain_destroy(deep.domain);
    (void)state;
}

/* Gates leave rounding and MXCSR's flags alone for images that do not branch to the fenv gate: so these cannot get there either. */
static void test_fenv_needs_its_fact(void **state)
{
    for (uint32_t i = 0; i < image_count; i++) {
        porin_domain *domain = domain_make(images[i].image, "d");
        uint64_t result;
        bool has = images[i].variant->facts & PORIN_USES_FENV;
        assert_int_equal(porin_call6(entry(domain, "go"), &result, PORIN_GATE_FENV, 0, 0, 0, 0, 0), has ? PORIN_OK : PORIN_ERR_FAULT);
        porin_domain_destroy(domain);
    }
    (void)state;
}

#define STACKS (PORIN_POLICY_STACK_INTEGRITY | PORIN_POLICY_STACK_CONFIDENTIALITY)

/* Data stacks: a callee neither reads nor writes the caller's frames, the caller finds nothing of the callee's, and what the callee leaves
 * on its stack for one caller is not to be had by the next one, with or without the bits. */
static void test_data_stacks(void **state)
{
    enum { SECRET = 0x5ec7e7, OTHER = 0x07e7 };
    porin_image *image = image_make_library(2);
    for (unsigned asked = 0; asked < 4; asked++) {
        porin_domain *a = domain_make(image, "a"), *b = domain_make(image, "b"), *c = domain_make(image, "c");
        struct porin_edge_options options = { .policy = asked & 1 ? STACKS : 0, .callee_policy = asked & 2 ? STACKS : 0 };
        assert_int_equal(porin_domain_bind(a, "first", entry(b, "peek"), &options, NULL), PORIN_OK);
        assert_int_equal(porin_domain_bind(a, "second", entry(b, "poke"), &options, NULL), PORIN_OK);
        assert_int_equal(porin_domain_bind(c, "first", entry(b, "peek"), &options, NULL), PORIN_OK);
        uint64_t frame = call(a, "stack", 0, 0) - 16; /* everybody's frames lie at the same offsets */
        call(a, "poke", frame, SECRET);
        assert_int_equal(call(a, "first", frame, 0), 0);
        assert_int_equal(call(a, "second", frame, OTHER), 0);
        assert_int_equal(call(a, "peek", frame, 0), SECRET);
        assert_int_equal(call(c, "peek", frame, 0), 0);
        assert_int_equal(call(c, "first", frame, 0), OTHER); /* only b itself reads it, if it wants to */
        porin_domain_destroy(a);
        porin_domain_destroy(b);
        porin_domain_destroy(c);
    }
    porin_image_release(image);
    (void)state;
}

/* All six properties are taken, from either side, and told. */
static void test_what_holds_is_told(void **state)
{
    porin_image *image = image_make_library(2);
    porin_domain *a = domain_make(image, "a"), *b = domain_make(image, "b");
    uint32_t held;
    const uint32_t always = STACKS | PORIN_POLICY_DCS_INTEGRITY | PORIN_POLICY_DCS_CONFIDENTIALITY;
    assert_int_equal(porin_domain_edge_policy(a, "first", &held), PORIN_ERR_NAME);
    assert_int_equal(porin_domain_edge_policy(a, "nothing", &held), PORIN_ERR_ARGUMENT);
    for (uint32_t bits = 0; bits < 64 * 64; bits++) {
        struct porin_edge_options options = { .policy = bits % 64, .callee_policy = bits / 64 };
        uint32_t registers = (options.policy | options.callee_policy) & 3;
        assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), &options, NULL), PORIN_OK);
        assert_int_equal(porin_domain_edge_policy(a, "first", &held), PORIN_OK);
        assert_int_equal(held, always | registers | (registers ? PORIN_POLICY_REGISTER_INTEGRITY : 0));
    }
    struct porin_edge_options wrong = { .callee_policy = PORIN_POLICY_ALL + 1 };
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "add"), &wrong, NULL), PORIN_ERR_ARGUMENT);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    porin_image_release(image);
    (void)state;
}

static int load(void **state)
{
    struct porin_limits limits;
    (void)state;
    porin_init(NULL);
    porin_limits_get(&limits);
    for (uint32_t i = 0; i < VARIANTS; i++)
        if (limits.avx512 || !(variants[i].facts & PORIN_USES_EVEX)) {
            images[image_count].image = variant_load(&variants[i]);
            images[image_count++].variant = &variants[i];
        }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_register_under_every_policy),
        cmocka_unit_test(test_fenv_needs_its_fact),
        cmocka_unit_test(test_data_stacks),
        cmocka_unit_test(test_what_holds_is_told),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
