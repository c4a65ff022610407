/* SPDX-License-Identifier: Apache-2.0 */
/* Rights and signatures that hosts and domains name alike. Plain enough for both sides. */
#ifndef PORIN_RIGHTS_H
#define PORIN_RIGHTS_H

enum porin_right { PORIN_RIGHT_NONE, PORIN_RIGHT_CALL, PORIN_RIGHT_READ, PORIN_RIGHT_WRITE, PORIN_RIGHT_OWNER };

/* What crosses: integer arguments (0-6), vector arguments (0-8), integer results (0-2), vector results (0-2). Caller and callee must
 * name the same one (dIPC, section 4.3: entries are requested with their signature). */
#define PORIN_SIGNATURE(integers, vectors, integer_results, vector_results) \
    ((integers) | (vectors) << 4 | (integer_results) << 8 | (vector_results) << 12 | 1 << 16)

/* A pointer into memory that a capability gives access to (porin/capability.h): `const uint8_t PORIN_CAP *p`. For hosts, in headers that
 * they share with domains, a pointer like any other: stubs lend what it points at. */
#ifdef __PORIN__
#define PORIN_CAP __seg_gs
#elif defined PORIN_BIND
#define PORIN_CAP __attribute__((address_space(256))) /* clang's word for it */
#else
#define PORIN_CAP
#endif
#endif
