/* SPDX-License-Identifier: Apache-2.0 */
/* porin-cc's reading of operands, expressions and statements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../toolchain/mnemonic.h"

static struct operand parse(const char *text)
{
    struct operand o;
    assert_null(operand_parse(&o, slice_of(text)));
    return o;
}

static void reads_registers(void **state)
{
    static const struct { const char *text; int reg, width; bool high; } rows[] = {
        {"%rax", RAX, 8, false}, {"%eax", RAX, 4, false}, {"%ax", RAX, 2, false}, {"%al", RAX, 1, false}, {"%ah", RAX, 1, true},
        {"%bh", RBX, 1, true}, {"%ch", RCX, 1, true}, {"%dh", RDX, 1, true}, {"%spl", RSP, 1, false}, {"%rsp", RSP, 8, false},
        {"%r8b", R8, 1, false}, {"%r15d", R15, 4, false}, {"%r10w", R10, 2, false}, {"%sil", RSI, 1, false}, {"%r11", R11, 8, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct operand o = parse(rows[i].text);
        assert_int_equal(o.kind, OPERAND_REGISTER);
        assert_int_equal(o.reg, rows[i].reg);
        assert_int_equal(o.width, rows[i].width);
        assert_int_equal(o.high, rows[i].high);
        if (!rows[i].high)
            assert_string_equal(register_name(o.reg, o.width), rows[i].text + 1);
    }
    assert_int_equal(parse("%xmm31").reg, REG_VECTOR);
    assert_int_equal(parse("%zmm0{%k1}{z}").reg, REG_VECTOR);
    assert_int_equal(parse("%k7").reg, REG_MASK);
    assert_int_equal(parse("%st(3)").reg, REG_X87);
    assert_int_equal(parse("%st").reg, REG_X87);
    assert_int_equal(parse("%fs").reg, REG_SEGMENT);
    assert_int_equal(parse("%cr0").reg, REG_OTHER);
    assert_int_equal(parse("%mm1").reg, REG_OTHER);
    assert_int_equal(parse("{rn-sae}").reg, REG_OTHER);
}

static void reads_memory(void **state)
{
    (void)state;
    struct operand o = parse("-8(%rbp)");
    assert_int_equal(o.kind, OPERAND_MEMORY);
    assert_int_equal(o.base, RBP);
    assert_int_equal(o.index, REG_NONE);
    assert_true(o.numeric);
    assert_int_equal(o.value, -8);
    o = parse("table+16(,%rax,8)");
    assert_int_equal(o.base, REG_NONE);
    assert_int_equal(o.index, RAX);
    assert_int_equal(o.scale, 8);
    assert_false(o.numeric);
    assert_true(slice_is(o.displacement, "table+16"));
    o = parse("%fs:x@tpoff(%rax, %rcx, 2)");
    assert_true(slice_is(o.segment, "fs"));
    assert_int_equal(o.base, RAX);
    assert_int_equal(o.index, RCX);
    assert_int_equal(o.scale, 2);
    assert_true(slice_is(o.displacement, "x@tpoff"));
    o = parse("64(%rdi){1to8}");
    assert_true(slice_is(o.decoration, "{1to8}"));
    assert_int_equal(o.value, 64);
    o = parse("sym(%rip)");
    assert_int_equal(o.base, REG_RIP);
    o = parse("(8+4*2)(%rdi)");
    assert_true(o.numeric);
    assert_int_equal(o.value, 16);
    o = parse("(sym)");
    assert_int_equal(o.base, REG_NONE);
    assert_false(o.numeric);
    o = parse("*.L4(,%rdi,8)");
    assert_true(o.indirect);
    assert_int_equal(o.kind, OPERAND_MEMORY);
    o = parse("*%rax");
    assert_true(o.indirect);
    assert_int_equal(o.kind, OPERAND_REGISTER);
    o = parse("(%rax,%ymm1,4)");
    assert_int_equal(o.index, REG_VECTOR);
}

static void reads_immediates(void **state)
{
    (void)state;
    struct operand o = parse("$-98693133");
    assert_int_equal(o.kind, OPERAND_IMMEDIATE);
    assert_int_equal(o.value, -98693133);
    o = parse("$sym+4");
    assert_int_equal(o.kind, OPERAND_IMMEDIATE);
    assert_false(o.numeric);
}

static void refuses_what_it_cannot_read(void **state)
{
    static const char *const bad[] = {"", "(%ax)", "(%al,%rcx)", "8(%rax,%rcx,3)", "(%rax,%rcx,1,1)", "(%rax,%nothing)", "*"};
    struct operand o;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_non_null(operand_parse(&o, slice_of(bad[i])));
}

static void evaluates_expressions(void **state)
{
    static const struct { const char *text; int64_t value; } good[] = {
        {"0", 0}, {"-1", -1}, {"0x7fffffff", 0x7fffffff}, {"010", 8}, {"1+2*3", 7}, {"(1+2)*3", 9}, {"~0", -1}, {"4 - -4", 8},
        {"0xffffffffffffffff", -1}, {"9223372036854775807", INT64_MAX},
    };
    static const char *const bad[] = {"", "sym", "1+", "(1", "1)", "08x", "0x", "1 2", "1/2", "1f"};
    int64_t value;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(expression_value(slice_of(good[i].text), &value));
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(expression_value(slice_of(bad[i]), &value));
}

static void splits_statements(void **state)
{
    static const char text[] = "a: b:\tmovl\t$1, %eax; lock ; xaddl %eax, (%rdi) # comment; not a statement\n"
                               "\t.string \"x;#\\\"y\"\n/* one\ntwo */ rep movsb\n1:\tjmp 1b\nx = 5\n";
    struct statements list = {0};
    (void)state;
    statements_parse(&list, slice_of(text));
    static const struct { enum statement_kind kind; const char *text, *name; int line, prefixes; } want[] = {
        {STATEMENT_LABEL, "a", "", 1, 0}, {STATEMENT_LABEL, "b", "", 1, 0}, {STATEMENT_INSTRUCTION, "movl\t$1, %eax", "movl", 1, 0},
        {STATEMENT_INSTRUCTION, "lock", "xaddl", 1, 1}, {STATEMENT_COMMENT, "# comment; not a statement", "", 1, 0},
        {STATEMENT_DIRECTIVE, ".string \"x;#\\\"y\"", ".string", 2, 0}, {STATEMENT_INSTRUCTION, "rep movsb", "movsb", 4, 1},
        {STATEMENT_LABEL, "1", "", 5, 0}, {STATEMENT_INSTRUCTION, "jmp 1b", "jmp", 5, 0}, {STATEMENT_DIRECTIVE, "x = 5", "x", 6, 0},
    };
    assert_int_equal(list.count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.items[i].kind, want[i].kind);
        assert_true(slice_is(list.items[i].text, want[i].text));
        assert_true(slice_is(list.items[i].name, want[i].name));
        assert_int_equal(list.items[i].line, want[i].line);
        assert_int_equal(list.items[i].prefix_count, want[i].prefixes);
    }
    struct operands ops;
    operands_parse(&ops, &list.items[3]);
    assert_int_equal(ops.count, 2);
    assert_int_equal(ops.item[1].base, RDI);
    statements_free(&list);
}

static unsigned writes_of(const char *text)
{
    struct statements list = {0};
    struct operands ops;
    statements_parse(&list, slice_of(text));
    operands_parse(&ops, &list.items[0]);
    unsigned mask = mnemonic_writes(list.items[0].name, &ops);
    statements_free(&list);
    return mask;
}

/* A register missing here would let a stale address in r11 be used. */
static void knows_what_changes(void **state)
{
    static const struct { const char *text; unsigned mask; } rows[] = {
        {"movq %rax, %rbx", 1 << RBX}, {"movl %eax, (%rbx)", 0}, {"cmpq %rax, %rbx", 0}, {"addl $1, %ecx", 1 << RCX},
        {"xchgq %rax, %rbx", 1 << RAX | 1 << RBX}, {"xaddl %eax, (%rbx)", 1 << RAX}, {"cmpxchgq %rcx, (%rbx)", 1 << RAX},
        {"mulq %rbx", 1 << RAX | 1 << RDX}, {"cltq", 1 << RAX}, {"cqto", 1 << RDX}, {"mulx %rax, %rbx, %rcx", 0xe & (1 << RBX | 1 << RCX)},
        {"sete %al", 1 << RAX}, {"cmovne %rax, %rdx", 1 << RDX}, {"movd %xmm0, %eax", 1 << RAX}, {"vpextrq $1, %xmm1, %rsi", 1 << RSI},
        {"pcmpistri $1, %xmm0, %xmm1", 1 << RCX}, {"movaps %xmm0, (%rax)", 0}, {"fnstsw %ax", 1 << RAX}, {"fldl (%rax)", 0},
        {"popcntl %eax, %ebx", 1 << RBX}, {"bswap %r8d", 1 << R8}, {"rdtsc", 1 << RAX | 1 << RDX}, {"unheardof %rax", ALL_REGISTERS},
        {"cmpxchg16b (%rdi)", 1 << RAX | 1 << RDX}, {"kmovd %k1, %eax", 1 << RAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((writes_of(rows[i].text) & rows[i].mask) != rows[i].mask)
            fail_msg("%s: %#x instead of %#x", rows[i].text, writes_of(rows[i].text), rows[i].mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_registers), cmocka_unit_test(reads_memory), cmocka_unit_test(reads_immediates),
        cmocka_unit_test(refuses_what_it_cannot_read), cmocka_unit_test(evaluates_expressions), cmocka_unit_test(splits_statements),
        cmocka_unit_test(knows_what_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
