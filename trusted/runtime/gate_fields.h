/* SPDX-License-Identifier: Apache-2.0 */
/* What the fields in gate snippets are patched with. Plain #defines for assembly. */
#ifndef PORIN_RUNTIME_GATE_FIELDS_H
#define PORIN_RUNTIME_GATE_FIELDS_H

#define FIELD_SLOW 1            /* rel32: to the slow stub at the end of the gate's space */
#define FIELD_DELTA 2           /* disp32: add 32 * (callee's slot - caller's slot) */
#define FIELD_DELTA_BACK 3      /* the same, subtracted */
#define FIELD_GENERATION 4      /* imm32: the callee's generation */
#define FIELD_ENTRY 5           /* disp32: slot offset of the entry */
#define FIELD_PUSH 6            /* nothing to patch: last byte of an instruction behind which the gate's frame has a word more */
#define FIELD_POP 7             /* ... a word less */
#define FIELD_WORD 8            /* disp8: 8 * number of the stack argument */
#define FIELD_ROOM 9            /* disp32: - bytes of stack arguments, a multiple of 16 */

#define FIELD_WINDOW_HIDE 11    /* rel32: to window_hide in the page of service gates */
#define FIELD_WINDOW_LEAVE 12   /* ... to window_leave */
#define FIELD_DISTANCE 10       /* rel32: to the distance of the slots, kept before the slow stub */

#define GATE_SLOW_SIZE 16       /* bytes of gate_slow_stub */
#endif
