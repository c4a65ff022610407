/* SPDX-License-Identifier: Apache-2.0 */
/* Rights and signatures that hosts and domains name alike. Plain enough for both sides. */
#ifndef PORIN_RIGHTS_H
#define PORIN_RIGHTS_H

enum porin_right { PORIN_RIGHT_NONE, PORIN_RIGHT_CALL, PORIN_RIGHT_READ, PORIN_RIGHT_WRITE, PORIN_RIGHT_OWNER };

/* What crosses: integer arguments (0-6), vector arguments (0-8), integer results (0-2), vector results (0-2). Caller and callee must
 * name the same one (dIPC, section 4.3: entries are requested with their signature). */
#define PORIN_SIGNATURE(integers, vectors, integer_results, vector_results) \
    ((integers) | (vectors) << 4 | (integer_results) << 8 | (vector_results) << 12 | 1 << 16)
#endif
