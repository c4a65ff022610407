/* SPDX-License-Identifier: Apache-2.0 */
/* Where capability registers lie in the thread block, for assembly and C. */
#ifndef PORIN_CAPABILITY_REGISTERS_H
#define PORIN_CAPABILITY_REGISTERS_H
#include "layout.h"

/* Capability registers beside what access sequences load (layout.h): 64 bits each. */
#define TB_ORIGIN 0x118000       /* what can revoke it: 0 for one that is bound to a scope */
#define TB_HIDDEN_READ 0x120000  /* limits of the registers of activations that are not running */
#define TB_HIDDEN_WRITE 0x128000
#define TB_WINDOW_USED 0x130000  /* by the number of a window's first register: 1 if a register of it may hold a capability */
#define TB_END 0x131000
#define WINDOW_LIMIT (PORIN_CAPABILITY_REGISTERS - 4 * PORIN_CAPABILITY_WINDOW) /* no activation is entered from there on */
#endif
