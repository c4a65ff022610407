/* SPDX-License-Identifier: Apache-2.0 */
/* Where capability registers lie in the thread block, for assembly and C. */
#ifndef PORIN_CAPABILITY_REGISTERS_H
#define PORIN_CAPABILITY_REGISTERS_H
#include "layout.h"

/* Behind the service gates, for gates only: code that switches windows (registers.S). */
#define GATES_WINDOW 0x100c00
/* What the capability gate does beside making a capability with a right. */
#define CAPABILITY_PUSH 4
#define CAPABILITY_POP 5

/* Capability registers beside what access sequences load (layout.h): 64 bits each. */
#define TB_ORIGIN 0x118dc0       /* what can revoke it: 0 for one that is bound to a scope */
#define TB_HIDDEN_READ 0x121200  /* limits of the registers of activations that are not running */
#define TB_HIDDEN_WRITE 0x129640
#define TB_WINDOW_USED 0x131a80  /* by the number of a window's first register: 1 if a register of it may hold a capability */
/* The domain capability stack: entries of four words. */
#define TB_STACK_FIRST 0x132e80  /* by window: one more than TB_STACK_TOP was when its activation pushed first; 0: it has not */
#define TB_STACK 0x134000
#define ON_STACK_BASE 0
#define ON_STACK_READ 8
#define ON_STACK_WRITE 16
#define ON_STACK_ORIGIN 24
#define CAPABILITY_STACK 1024    /* entries, of all activations */
#define TB_END 0x13c000
#define WINDOW_LIMIT (PORIN_CAPABILITY_REGISTERS - 4 * PORIN_CAPABILITY_WINDOW) /* no activation is entered from there on */
#endif
