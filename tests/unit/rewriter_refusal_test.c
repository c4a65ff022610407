/* SPDX-License-Identifier: Apache-2.0 */
/* What porin-cc must refuse, each with exactly the reason it names, and at the line it names. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "../../toolchain/refusal.h"
#include "../../toolchain/rewrite.h"

static const struct { const char *text; enum refusal reason; } rows[] = {
    {"movl (%ax), %ebx", REFUSE_SYNTAX}, {"movl (%rax,%rbx,5), %ecx", REFUSE_SYNTAX}, {"lock", REFUSE_SYNTAX},
    {"movl %gs:(%eax), %ebx", REFUSE_SYNTAX}, {"movl 65528(%eax), %ebx", REFUSE_NOTHING},
    {"movq %rax, %r14", REFUSE_RESERVED}, {"movq %r15, (%rdi)", REFUSE_RESERVED}, {"movl %eax, 8(%r11)", REFUSE_RESERVED},
    {"addq $8, %r11", REFUSE_RESERVED}, {"addl $8, %r11d", REFUSE_NOTHING}, {"movq (%r14,%rax), %rbx", REFUSE_RESERVED},
    {"pushq %r14", REFUSE_RESERVED},
    {"movq %r10, %rax", REFUSE_NESTED}, {"movl %eax, 8(%r10)", REFUSE_NESTED},
    {"xchgq %rsp, %rax", REFUSE_STACK_POINTER}, {"popq %rsp", REFUSE_STACK_POINTER}, {"orq $1, %rsp", REFUSE_STACK_POINTER},
    {"pushw %ax", REFUSE_STACK_POINTER}, {"cmovne %rax, %rsp", REFUSE_STACK_POINTER}, {"leaq x(%rip), %rsp", REFUSE_STACK_POINTER},
    {"1: pushq %rax; jne 1b; popq %rax", REFUSE_STACK_DEPTH}, {"je 1f; pushq %rax; 1: popq %rax", REFUSE_STACK_DEPTH},
    {"f: subq $8, %rsp; jmp f", REFUSE_STACK_DEPTH}, {"pushq %rax; ret", REFUSE_STACK_DEPTH},
    {"pushq %rax; call f; popq %rax; ret; f: je 1f; ret; 1: jmp f", REFUSE_NOTHING}, {"f: pushq %rax; call f; popq %rax", REFUSE_NOTHING},
    {"pushq %rax; 1: pushq %rax; jne 1b; popq %rax; popq %rax", REFUSE_NOTHING},
    {"1: pushq %rax; 1: pushq %rax; jne 1b; 1: popq %rax; popq %rax; jne 1b", REFUSE_STACK_DEPTH},
    {"movq 8(%rdi), %rsp; jmp *%rdx", REFUSE_LONGJMP},
    {"syscall", REFUSE_SYSTEM_CALL}, {"int $0x80", REFUSE_SYSTEM_CALL}, {"sysenter", REFUSE_SYSTEM_CALL},
    {"hlt", REFUSE_PRIVILEGED}, {"wrfsbaseq %rax", REFUSE_PRIVILEGED}, {"rdtscp", REFUSE_PRIVILEGED},
    {"movq %rax, %cr3", REFUSE_PRIVILEGED},
    {"rdsspq %rax", REFUSE_PRIVILEGED}, {"lgdt (%rax)", REFUSE_PRIVILEGED}, {"swapgs", REFUSE_PRIVILEGED},
    {"rdpid %rax", REFUSE_PRIVILEGED},
    {"fldcw (%rdi)", REFUSE_CONTROL_WORD}, {"ldmxcsr 4(%rsp)", REFUSE_CONTROL_WORD}, {"fninit", REFUSE_CONTROL_WORD},
    {"fxsave (%rdi)", REFUSE_SAVE_STATE}, {"xrstor64 (%rdi)", REFUSE_SAVE_STATE}, {"fnstenv (%rdi)", REFUSE_SAVE_STATE},
    {"movq %rax, %mm0", REFUSE_MMX}, {"emms", REFUSE_MMX},
    {"vpgatherdd %ymm0, (%rax,%ymm1,4), %ymm2", REFUSE_GATHER}, {"vscatterdps %zmm0, (%rax,%zmm1,4){%k1}", REFUSE_GATHER},
    {"btsq %rax, (%rdi)", REFUSE_NOTHING}, {"btl %ecx, 4(%rsp)", REFUSE_NOTHING}, {"btsq $5, (%rdi)", REFUSE_NOTHING},
    {"lock movsb", REFUSE_STRING},
    {"xlat", REFUSE_IMPLICIT_ADDRESS}, {"maskmovdqu %xmm0, %xmm1", REFUSE_IMPLICIT_ADDRESS}, {"enter $8, $0", REFUSE_IMPLICIT_ADDRESS},
    {"movl %gs:16, %eax", REFUSE_SEGMENT}, {"movl %eax, %gs:0", REFUSE_SEGMENT}, {"movw %ax, %es", REFUSE_SEGMENT},
    {"fldt %gs:(%rax)", REFUSE_CAPABILITY}, {"call *%gs:8(%rax)", REFUSE_CAPABILITY}, {"movl %gs:(%rsp), %eax", REFUSE_CAPABILITY},
    {"vmovups %gs:(%rax), %zmm1", REFUSE_CAPABILITY}, {"cmpxchg16b %gs:(%rax)", REFUSE_CAPABILITY},
    {"movl %gs:(%rax), %ecx", REFUSE_NOTHING}, {"adcq %rdx, %gs:8(%rdi)", REFUSE_NOTHING}, {"movb %ah, %gs:(%rdi)", REFUSE_NOTHING},
    {"movl %ss:(%rax), %eax", REFUSE_SEGMENT},
    {"leaq x@tlsgd(%rip), %rdi", REFUSE_TLS_MODEL}, {"movl %fs:x, %eax", REFUSE_TLS_MODEL},
    {"leaq x@GOTPCREL(%rip), %rax", REFUSE_GOT}, {"movq x@GOT(%rax), %rax", REFUSE_GOT},
    {"endbr64; jae x", REFUSE_LIVE_FLAGS}, {"endbr64; movl %eax, %ebx; setne %al", REFUSE_LIVE_FLAGS},
    {"endbr64; leaq 8(%rax), %rax; adcl %eax, %ebx", REFUSE_LIVE_FLAGS}, {"endbr64; testl %eax, %eax; jae x", REFUSE_NOTHING},
    {"endbr64; jmp x", REFUSE_NOTHING},
    {"pushfq", REFUSE_FLAGS}, {"popf", REFUSE_FLAGS},
    {"loop 1b", REFUSE_BRANCH}, {"jrcxz 1f", REFUSE_BRANCH}, {"ret $8", REFUSE_BRANCH}, {"ljmp *(%rax)", REFUSE_BRANCH},
    {"jmp *%eax", REFUSE_BRANCH}, {"call *%rsp", REFUSE_BRANCH}, {"lret", REFUSE_BRANCH},
    {"data16 ret", REFUSE_PREFIX}, {"rep addl $1, %eax", REFUSE_PREFIX}, {"addr32 movl %eax, %ebx", REFUSE_PREFIX},
    {"bnd jmp x", REFUSE_PREFIX},
    {"popq (%rdi)", REFUSE_POP_MEMORY},
    {"std", REFUSE_DIRECTION},
    {"clflush (%rdi)", REFUSE_CACHE_CONTROL}, {"monitorx", REFUSE_CACHE_CONTROL}, {"clzero", REFUSE_CACHE_CONTROL},
    {"xbegin 1f", REFUSE_TRANSACTION},
    {".macro m", REFUSE_MACRO}, {".rept 3", REFUSE_MACRO}, {".include \"x\"", REFUSE_MACRO},
    {".intel_syntax noprefix", REFUSE_INTEL},
    {".byte 0xc3", REFUSE_DATA_IN_TEXT}, {".quad x", REFUSE_DATA_IN_TEXT}, {".data; addl $1, %eax", REFUSE_DATA_IN_TEXT},
    {"leaw 0x0ffa1e0f(%rax), %ax", REFUSE_LABEL_BYTES}, {"addl $-98693133, (%rax)", REFUSE_NOTHING},
    {"leal 0x0ffa1e0f(%rax), %eax", REFUSE_NOTHING},
    {".code32", REFUSE_MODE},
    /* and what must pass */
    {"cld", REFUSE_NOTHING}, {"rep; nop", REFUSE_NOTHING}, {"repz ret", REFUSE_NOTHING}, {"notrack jmp *%rax", REFUSE_NOTHING},
    {"movq %gs:8, %rax", REFUSE_NOTHING}, {"movl %fs:x@tpoff, %eax", REFUSE_NOTHING}, {"movl (%r14,%r11), %eax", REFUSE_NOTHING},
    {"leal -16(%r15), %r15d", REFUSE_NOTHING}, {"call *x@GOTPCREL(%rip)", REFUSE_NOTHING}, {"lock; xaddl %eax, (%rdi)", REFUSE_NOTHING},
};

static int run(const char *text, bool from_compiler, char *messages, size_t size)
{
    struct rewrite_source source = {"input.s", slice_of(text), from_compiler};
    struct buffer out = {0}, log = {0};
    int gathers, refused = rewrite(&source, &out, &log, &gathers);
    snprintf(messages, size, "%s", log.data ? log.data : "");
    buffer_free(&out);
    buffer_free(&log);
    return refused;
}

static void gives_the_reason(void **state)
{
    char messages[2048], mark[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int refused = run(rows[i].text, false, messages, sizeof messages);
        snprintf(mark, sizeof mark, "[%s]\n", refusal_name(rows[i].reason));
        if (rows[i].reason == REFUSE_NOTHING ? refused != 0 : refused != 1 || !strstr(messages, mark))
            fail_msg("%s: expected %s, got %d: %s", rows[i].text, mark, refused, messages);
    }
}

/* A contradiction between frame information and instructions can come from the compiler only. */
static const char contradiction[] = "f:\n.cfi_startproc\npushq %rbx\n.cfi_def_cfa_offset 24\nmovl $1, %eax\nret\n.cfi_endproc\n";

static void refuses_contradictions(void **state)
{
    char messages[2048];
    (void)state;
    assert_int_equal(run(contradiction, true, messages, sizeof messages), 1);
    assert_non_null(strstr(messages, "[frame]"));
    assert_int_equal(run(contradiction, false, messages, sizeof messages), 1);
    assert_non_null(strstr(messages, "[stack-depth]"));
}

static void tests_every_reason(void **state)
{
    bool seen[REFUSAL_COUNT] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        seen[rows[i].reason] = true;
    seen[REFUSE_FRAME] = true; /* refuses_contradictions */
    for (int i = 0; i < REFUSAL_COUNT; i++)
        if (!seen[i])
            fail_msg("no test expects the refusal `%s'", refusal_name(i));
}

static void names_the_place(void **state)
{
    char messages[2048];
    (void)state;
    run("nop\nsyscall\n", false, messages, sizeof messages);
    assert_true(strncmp(messages, "input.s:2: error: cannot rewrite `syscall'", 42) == 0);
    run("# 1 \"first.S\"\nnop\n# 40 \"second.h\"\nnop\nsyscall\n", false, messages, sizeof messages);
    assert_true(strncmp(messages, "second.h:41: error:", 19) == 0);
    run(".file 1 \"dir\" \"code.c\"\n.loc 1 77 3\n#APP\n# 78 \"code.c\" 1\n\tsyscall\n# 0 \"\" 2\n#NO_APP\n", true, messages,
        sizeof messages);
    assert_true(strncmp(messages, "code.c:78: error:", 17) == 0);
    run(".file 1 \"dir\" \"code.c\"\n.loc 1 77 3\nfldcw (%rax)\n", true, messages, sizeof messages);
    assert_true(strncmp(messages, "code.c:77: error:", 17) == 0);
}

static void compiler_output_keeps_registers_reserved(void **state)
{
    char messages[2048];
    (void)state;
    assert_int_equal(run("movl (%r14,%r11), %eax", true, messages, sizeof messages), 1);
    assert_non_null(strstr(messages, "[reserved]"));
}

static void explains_every_reason(void **state)
{
    (void)state;
    for (int i = 1; i < REFUSAL_COUNT; i++) {
        assert_true(strlen(refusal_message(i)) > 10);
        for (int k = 1; k < i; k++)
            assert_string_not_equal(refusal_name(i), refusal_name(k));
    }
    assert_false(refusal_explain("no such reason"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_reason), cmocka_unit_test(refuses_contradictions), cmocka_unit_test(tests_every_reason),
        cmocka_unit_test(names_the_place), cmocka_unit_test(compiler_output_keeps_registers_reserved),
        cmocka_unit_test(explains_every_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
