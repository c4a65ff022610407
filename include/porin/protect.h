/* SPDX-License-Identifier: Apache-2.0 */
/* For code that runs in a domain: protecting its own registers in its own compiled code, instead of asking gates to do it. */
#ifndef PORIN_PROTECT_H
#define PORIN_PROTECT_H
#include "porin/domain.h"

/* What a property of an edge (PORIN_POLICY_*, porin.h) protects is one side's own registers, and that side's compiler knows which of them
 * matter. With these macros a domain sees to it itself, and its edges need not ask the gate. tests/policy shows that they hold.
 *
 * unsigned long PORIN_CALL_PROTECTED(fn, up to six integers or pointers)   register integrity
 *     Calls import fn and expects nothing of it: gcc keeps what is live over the call in its frame, once per function and not per call.
 * unsigned long PORIN_CALL_HIDDEN(fn, ...)                                 register integrity and confidentiality
 *     The same, and every register that is no argument is 0: general ones, vectors and, as far as the file is compiled for them, what lies
 *     above 128 bits and mask registers.
 * Both take a declared import by its name, give rax, and need optimization and a function without alloca, variable arrays or over-aligned
 * variables (gcc says that bp cannot be used). What only gates do: MXCSR and x87 status of images that use these.
 *
 * PORIN_EXPORT_RESULTS(fn)                                                 register confidentiality of the callee
 *     PORIN_EXPORT, through a stub that leaves rax, rdx, xmm0 and xmm1 to the caller and nothing else, vectors as above. Arguments of fn
 *     come in registers. */
#define PORIN_CALL_PROTECTED(fn, ...) PORIN_CALL_SIX(fn, "", ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define PORIN_CALL_HIDDEN(fn, ...) PORIN_CALL_SIX(fn, \
    PORIN_CLEAR("%%", "ebx") PORIN_CLEAR("%%", "ebp") PORIN_CLEAR("%%", "r12d") PORIN_CLEAR("%%", "r13d") PORIN_CLEAR("%%", "r11d") \
    PORIN_CLEAR_VECTORS("%%", "0", "1") PORIN_CLEAR_MOST_VECTORS("%%"), ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define PORIN_EXPORT_RESULTS(fn) __asm__( \
    ".pushsection porin_exports,\"aR\",@progbits\n\t.balign 64\n\t.long porin_results_" #fn ", 0\n\t.asciz \"" #fn "\"\n\t" \
    ".balign 64\n\t.popsection\n\t" \
    ".pushsection .text\n\t.balign 16\n\t.type porin_results_" #fn ",@function\nporin_results_" #fn ":\n\tendbr64\n\t" \
    "subq $8, %rsp\n\tcall " #fn "\n\taddq $8, %rsp\n\t" \
    PORIN_CLEAR("%", "ecx") PORIN_CLEAR("%", "esi") PORIN_CLEAR("%", "edi") PORIN_CLEAR("%", "r8d") PORIN_CLEAR("%", "r9d") \
    PORIN_CLEAR("%", "r11d") PORIN_CLEAR_UPPER PORIN_CLEAR_MOST_VECTORS("%") \
    "ret\n\t.size porin_results_" #fn ", .-porin_results_" #fn "\n\t.popsection")

#define PORIN_CLEAR(p, name) "xorl " p name ", " p name "\n\t"
#ifdef __AVX__
#define PORIN_CLEAR_VECTOR(p, n) "vpxor " p "xmm" n ", " p "xmm" n ", " p "xmm" n "\n\t"
#define PORIN_CLEAR_UPPER "vzeroupper\n\t"
#else
#define PORIN_CLEAR_VECTOR(p, n) "pxor " p "xmm" n ", " p "xmm" n "\n\t"
#define PORIN_CLEAR_UPPER
#endif
#ifdef __AVX512F__
#define PORIN_CLEAR_WIDE(p, n) "vpxord " p "zmm" n ", " p "zmm" n ", " p "zmm" n "\n\t"
#define PORIN_CLEAR_MASK(p, n) "kxorw " p "k" n ", " p "k" n ", " p "k" n "\n\t"
#define PORIN_CLEAR_EVEX(p) PORIN_CLEAR_WIDE(p, "16") PORIN_CLEAR_WIDE(p, "17") PORIN_CLEAR_WIDE(p, "18") PORIN_CLEAR_WIDE(p, "19") \
    PORIN_CLEAR_WIDE(p, "20") PORIN_CLEAR_WIDE(p, "21") PORIN_CLEAR_WIDE(p, "22") PORIN_CLEAR_WIDE(p, "23") PORIN_CLEAR_WIDE(p, "24") \
    PORIN_CLEAR_WIDE(p, "25") PORIN_CLEAR_WIDE(p, "26") PORIN_CLEAR_WIDE(p, "27") PORIN_CLEAR_WIDE(p, "28") PORIN_CLEAR_WIDE(p, "29") \
    PORIN_CLEAR_WIDE(p, "30") PORIN_CLEAR_WIDE(p, "31") PORIN_CLEAR_MASK(p, "0") PORIN_CLEAR_MASK(p, "1") PORIN_CLEAR_MASK(p, "2") \
    PORIN_CLEAR_MASK(p, "3") PORIN_CLEAR_MASK(p, "4") PORIN_CLEAR_MASK(p, "5") PORIN_CLEAR_MASK(p, "6") PORIN_CLEAR_MASK(p, "7")
#define PORIN_CLOBBERS_EVEX , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", \
    "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define PORIN_CLEAR_EVEX(p)
#define PORIN_CLOBBERS_EVEX
#endif
#define PORIN_CLEAR_VECTORS(p, a, b) PORIN_CLEAR_VECTOR(p, a) PORIN_CLEAR_VECTOR(p, b)
#define PORIN_CLEAR_MOST_VECTORS(p) PORIN_CLEAR_VECTORS(p, "2", "3") PORIN_CLEAR_VECTORS(p, "4", "5") PORIN_CLEAR_VECTORS(p, "6", "7") \
    PORIN_CLEAR_VECTORS(p, "8", "9") PORIN_CLEAR_VECTORS(p, "10", "11") PORIN_CLEAR_VECTORS(p, "12", "13") \
    PORIN_CLEAR_VECTORS(p, "14", "15") PORIN_CLEAR_EVEX(p)

#ifdef __OPTIMIZE__
#define PORIN_OPTIMIZED 1
#define PORIN_CLOBBERS_FRAME , "rbp"
#else
#define PORIN_OPTIMIZED 0
#define PORIN_CLOBBERS_FRAME
#endif
/* The label is never jumped to. The call behind it makes the function one that calls, so that its frame is aligned and nothing of it lies
 * below the stack pointer, where a callback would start. */
#define PORIN_CALL_SIX(fn, clear, a, b, c, d, e, f, ...) __extension__({ \
    __label__ porin_never, porin_done; \
    _Static_assert(PORIN_OPTIMIZED, "porin: protecting " #fn " needs -O1 or more; without, ask the gate for PORIN_POLICY_REGISTER_*"); \
    extern void porin_never_##fn(void) __asm__(#fn); \
    unsigned long porin_a = (unsigned long)(a), porin_b = (unsigned long)(b), porin_c = (unsigned long)(c), \
                  porin_d = (unsigned long)(d), porin_e = (unsigned long)(e), porin_f = (unsigned long)(f); \
    register unsigned long porin_rax __asm__("rax") = 0; \
    register unsigned long porin_rdi __asm__("rdi") = porin_a; \
    register unsigned long porin_rsi __asm__("rsi") = porin_b; \
    register unsigned long porin_rdx __asm__("rdx") = porin_c; \
    register unsigned long porin_rcx __asm__("rcx") = porin_d; \
    register unsigned long porin_r8 __asm__("r8") = porin_e; \
    register unsigned long porin_r9 __asm__("r9") = porin_f; \
    __asm__ volatile goto(clear "call " #fn \
        : "+r"(porin_rax), "+r"(porin_rdi), "+r"(porin_rsi), "+r"(porin_rdx), "+r"(porin_rcx), "+r"(porin_r8), "+r"(porin_r9) \
        : : "rbx", "r10", "r11", "r12", "r13", "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
            "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", \
            "st(7)" PORIN_CLOBBERS_FRAME PORIN_CLOBBERS_EVEX \
        : porin_never); \
    goto porin_done; \
porin_never: __attribute__((cold)); \
    porin_never_##fn(); \
    __builtin_trap(); \
porin_done: \
    porin_rax; })
#endif
