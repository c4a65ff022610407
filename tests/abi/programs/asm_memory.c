/* SPDX-License-Identifier: Apache-2.0 */
/* Inline assembly: memory operands of all kinds, flags, several lines, labels, goto, clobbers, named operands, hard registers, symbols. */
#include "report.h"

long global_value = 1000;
long table[16];
struct item { int a; char b[20]; long c; };

NOIPA uint64_t operands(struct item *item, long *array, long i)
{
    long r, s = 3;
    __asm__("movq %1, %0\n\taddq %2, %0" : "=&r"(r) : "m"(array[i]), "m"(item->c));
    __asm__("addq %1, %0" : "+m"(array[i + 1]) : "r"(r));
    __asm__("incl %0" : "+m"(item->a));
    __asm__("movb %b1, %0" : "=m"(item->b[i]) : "q"(r));
    __asm__("leaq 8(%1,%2,4), %0" : "=r"(s) : "r"(s), "r"(i));
    __asm__("addq %1, %0" : "+r"(s) : "rm"(array[3]));
    __asm__("imulq $7, %1, %0" : "=r"(r) : "m"(array[i]));
    __asm__("addq global_value(%%rip), %0" : "+r"(r));
    __asm__("addq table(,%1,8), %0" : "+r"(r) : "r"(i));
    return (uint64_t)(r + s);
}
NOIPA int flags(long a, long b)
{
    unsigned char below, less, zero, sign;
    __asm__("cmpq %5, %4\n\tsetb %0\n\tsetl %1\n\tsetz %2\n\tsets %3" : "=q"(below), "=q"(less), "=q"(zero), "=q"(sign) : "r"(a), "rm"(b));
    int outputs, carry;
    __asm__("addq %2, %3" : "=@ccc"(carry), "=@cco"(outputs) : "r"(a), "r"(b));
    return below | less << 1 | zero << 2 | sign << 3 | carry << 4 | outputs << 5;
}
NOIPA uint64_t add_long(uint64_t *a, const uint64_t *b, long n)
{
    uint64_t carry = 0;
    __asm__ volatile("clc\n"
                     "1:\tmovq (%[b]), %%rax\n\tadcq %%rax, (%[a])\n"
                     "\tleaq 8(%[a]), %[a]\n\tleaq 8(%[b]), %[b]\n\tdecq %[n]\n\tjnz 1b\n\tadcq $0, %[carry]"
                     : [a] "+r"(a), [b] "+r"(b), [n] "+r"(n), [carry] "+r"(carry) : : "rax", "cc", "memory");
    return carry;
}
NOIPA int jump(int x)
{
    __asm__ goto("testl %0, %0\n\tjs %l[negative]\n\tjz %l[zero]" : : "r"(x) : "cc" : negative, zero);
    return 1;
negative:
    return -1;
zero:
    return 0;
}
NOIPA uint64_t fixed(uint64_t x)
{
    register uint64_t b __asm__("rbx") = x * 3;
    register uint64_t r8 __asm__("r8") = x * 5;
    register uint64_t r12 __asm__("r12") = x * 7;
    uint64_t low, high;
    __asm__("mulq %3" : "=a"(low), "=d"(high) : "a"(x), "r"(b));
    __asm__("xorq %1, %0\n\trolq $13, %0\n\taddq %2, %0" : "+r"(low) : "r"(r8), "r"(r12));
    return low ^ high;
}
NOIPA uint64_t shifts(uint64_t a, uint64_t b, unsigned char n)
{
    __asm__("shldq %%cl, %1, %0" : "+r"(a) : "r"(b), "c"(n));
    __asm__("shrdq $9, %1, %0" : "+r"(b) : "r"(a));
    uint64_t first = 0, last = 0;
    __asm__("bsfq %1, %0" : "=r"(first) : "rm"(a));
    __asm__("bsrq %1, %0" : "=r"(last) : "rm"(b));
    __asm__("bswap %0" : "+r"(a));
    __asm__("btsq %1, %0" : "+r"(b) : "r"((uint64_t)n));
    __asm__("btcq $17, %0" : "+m"(global_value));
    __asm__("rolw $8, %w0" : "+r"(a));
    return a ^ b ^ first << 7 ^ last << 20;
}
NOIPA double vectors(const double *p, double *q, long i)
{
    double r;
    __asm__("movsd %1, %0\n\taddsd %2, %0\n\tmulsd 8(%3), %0" : "=&x"(r) : "m"(p[i]), "xm"(p[i + 1]), "r"(p));
    __asm__("movupd (%1,%2,8), %%xmm7\n\tshufpd $1, %%xmm7, %%xmm7\n\tmovupd %%xmm7, %0" : "=m"(*(double(*)[2])q) : "r"(p), "r"(i) :
        "xmm7", "memory");
    return r;
}
NOIPA long double x87(double a, float b, int c)
{
    long double r;
    __asm__("fldl %1\n\tfadds %2\n\tfildl %3\n\tfmulp\n\tfsqrt" : "=t"(r) : "m"(a), "m"(b), "m"(c) : "st(1)", "st(2)");
    return r;
}
NOIPA int high_byte(unsigned x)
{
    int r;
    __asm__("movzbl %h1, %0\n\taddb %b1, %h1\n\tmovl %1, %0" : "=&r"(r), "+Q"(x));
    return r;
}
NOIPA long intel_free_form(long x)
{
    long r;
    __asm__("# a comment ; not an instruction\n\tmovq %1, %0; addq $5, %0 /* also a comment */ ; negq %0\n"
            "1:\taddq $1, %0; jle 1b"
            : "=r"(r) : "r"(x));
    return r;
}
__asm__(".text\n.globl asm_function\n.type asm_function,@function\nasm_function:\n"
        "\tendbr64\n\tleaq (%rdi,%rsi,2), %rax\n\taddq global_value(%rip), %rax\n\tret\n"
        ".size asm_function, .-asm_function");
long asm_function(long a, long b);

int main(void)
{
    struct item item = {1, "text", 50};
    long array[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int i = 0; i < 16; i++)
        table[i] = i * i;
    for (long i = 0; i < 5; i++)
        put("operands", operands(&item, array, HIDE(i)) + (uint64_t)item.a + (uint64_t)(unsigned char)item.b[i] + (uint64_t)array[i + 1]);
    put("flags", (uint64_t)(flags(1, 2) + flags(-1, 2) * 64 + flags(2, 2) * 4096 + flags((long)0x8000000000000000u, -1) * 262144));
    uint64_t a[4] = {~0ull, ~0ull, ~0ull, 5}, b[4] = {1, 0, 0, 7};
    put("add_long", add_long(a, b, 4) + a[0] + a[1] + a[2] + a[3]);
    put("jump", (uint64_t)(jump(HIDE(5)) * 100 + jump(HIDE(-5)) * 10 + jump(HIDE(0))));
    put("fixed", fixed(HIDE(0x123456789abcdefu)));
    put("shifts", shifts(HIDE(0x123456789abcdefu), 0xfedcba987654321u, HIDE(21)));
    double p[6] = {1.5, 2.5, 3.5, 4.5, 5.5, 6.5}, q[2];
    put_double("vectors", vectors(p, q, HIDE(2)) + q[0] * 100 + q[1]);
    put_long_double("x87", x87(HIDE(1.5), 2.25f, 7));
    put("high", (uint64_t)high_byte(HIDE(0x12345678u)));
    put("free", (uint64_t)intel_free_form(HIDE(100L)));
    put("function", (uint64_t)asm_function(HIDE(5L), 6));
    put("global", (uint64_t)global_value);
    return 0;
}
