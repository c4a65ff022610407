/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile domain does with AVX-512 state; an image of its own, because a CPU without it cannot load it. */
#define ENTRY(name) .globl name; .type name, @function; .balign 16, 0xcc; name: endbr64
#define ALL32(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) \
        X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define ALL8(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define STORE(n) vmovups %zmm##n, found+64*n(%rip);
#define STORE_MASK(n) kmovq %k##n, found+2048+8*n(%rip);
#define SET(n) vpbroadcastq %rdi, %zmm##n;
#define SET_MASK(n) kmovq %rdi, %k##n;
        .text
/* Stores zmm0-31 and k0-7; the result is where. */
ENTRY(dump)
        ALL32(STORE)
        ALL8(STORE_MASK)
        leal    found(%rip), %eax
        ret
ENTRY(dump_service)
        ALL32(SET)
        ALL8(SET_MASK)
        movl    $39, %eax
        call    porin_gate_service_call
        ALL32(STORE)
        ALL8(STORE_MASK)
        leal    found(%rip), %eax
        ret
ENTRY(set)
        ALL32(SET)
        ALL8(SET_MASK)
        ret
ENTRY(set_fault)
        ALL32(SET)
        ALL8(SET_MASK)
        ud2
        .bss
        .balign 64
found:  .skip   2112
        .section .note.GNU-stack, "", @progbits
