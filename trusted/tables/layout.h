/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that runtime, gates, linker script, rewriter and verifier share. Plain #defines: assembly and ld scripts read it. */
#ifndef PORIN_LAYOUT_H
#define PORIN_LAYOUT_H

/* --- A slot: 4 GiB at a multiple of 8 GiB; offsets below are slot offsets. ---
 * Everything a domain can form lies in [base - 2 GiB, base + 6 GiB), all of it reserved. A slot's number is base >> 33. */
#define PORIN_SLOT_SHIFT 33
#define PORIN_SLOT_EDGE 0x10000          /* first and last 64 KiB stay unmapped: a base register may lie that far outside its object */
#define PORIN_MAX_SLOTS 16384            /* 47 bits / 8 GiB */

#define PORIN_STACK_END 0x100000         /* the first thread's data stack ends here and grows down towards PORIN_SLOT_EDGE */
#define PORIN_STACK_DEFAULT 0x40000
#define PORIN_STACK_PROGRAM 0x800000      /* of a program's first thread, as Linux has it: a mapping beside its heap */
#define PORIN_GATES_SERVICE 0x100000     /* service gates: the same sealed page(s) in every slot */
#define PORIN_GATES_SERVICE_SIZE 0x10000
#define PORIN_GATES_IMPORT 0x110000      /* import k's gate stands at PORIN_GATES_IMPORT + k * PORIN_GATE_SIZE */
#define PORIN_GATE_SIZE 512
#define PORIN_GATES_IMPORT_SIZE 0x20000
#define PORIN_MAX_IMPORTS (PORIN_GATES_IMPORT_SIZE / PORIN_GATE_SIZE)
#define PORIN_IMAGE_BASE 0x130000        /* text starts here; the image's segments follow it upwards, below 2 GiB */
#define PORIN_IMAGE_END 0x80000000

/* Service gates, each at a multiple of PORIN_SERVICE_GATE_SIZE from PORIN_GATES_SERVICE; each starts with the label. */
#define PORIN_SERVICE_GATE_SIZE 512
#define PORIN_GATE_SERVICE_CALL 0x100000 /* rax = service number; rdi rsi rdx rcx r8 r9 = arguments; result in rax */
#define PORIN_GATE_DEPTH        0x100200 /* setjmp: rax = depth, edx = landing offset; see domain/libc */
#define PORIN_GATE_LONGJMP      0x100400 /* edi = landing offset, rsi = depth, rax kept: unwinds this domain's own frames and jumps */
#define PORIN_GATE_FENV         0x100600 /* edi = wanted MXCSR bits; rax = MXCSR now in force */
#define PORIN_GATE_CAPABILITY   0x100800 /* rdi pointer, rsi size, edx register, ecx right: makes a capability (porin/capability.h) */
#define PORIN_SERVICE_GATES 5

/* --- Thread block (gs base), one per host thread. Domain code may load 64 bits (or 32 bits into r11d) at the first two only. --- */
#define PORIN_TB_THREAD_POINTER 0x00     /* running domain's thread pointer on this thread, a slot offset */
#define PORIN_TB_CALL_ERROR 0x08         /* error of the last call out of this domain that was unwound; 0 none */
#define PORIN_TB_READABLE_END 0x10
/* Capability registers: arrays of 64-bit words, one per register. Domain code loads them by its access sequences alone (sequences.def). The
 * words of one register differ in the low 12 bits of their addresses, or most threads take two to four times as long to lend: a cache
 * of the processor finds its lines by those bits and a few more, hashed. */
#define PORIN_TB_CAPABILITY_BASE 0x100100 /* host address of the first byte */
#define PORIN_TB_CAPABILITY_READ 0x108540 /* bytes that may be read from there; 0: none, or the register is not the running domain's */
#define PORIN_TB_CAPABILITY_WRITE 0x110980 /* bytes that may be written */

/* A capability pointer: the register's number above PORIN_CAPABILITY_SHIFT, the offset in the low 32 bits. Registers come in windows, one
 * per activation; the first window is never in use, so a pointer to a domain's own memory never names a capability. */
#define PORIN_CAPABILITY_SHIFT 52
#define PORIN_CAPABILITY_REGISTERS 4096   /* 64 - PORIN_CAPABILITY_SHIFT bits */
#define PORIN_CAPABILITY_WINDOW 8         /* registers of a window */

/* --- Labels --- */
#define PORIN_LABEL_BYTES 0xfa1e0ff3     /* endbr64 as a little-endian word */
#define PORIN_LABEL_NEGATED 0x05e1f00d   /* what the branch check adds */

/* --- Switches: a table of jumps in the text, each in a place of 8 bytes --- */
#define PORIN_SWITCH_MASK 255            /* greatest number of a place */

/* --- Image format (docs: doc/image-format.md) --- */
#define PORIN_FORMAT_VERSION 1
#define PORIN_NOTE_NAME "Porin"
#define PORIN_NOTE_TYPE 1
#define PORIN_SYMBOL_SIZE 64             /* one import or export record */

#endif
