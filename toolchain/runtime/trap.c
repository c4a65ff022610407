/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic under -ftrapv: overflow ends the domain. */
#include "wide.h"

#define BINARY(name, type, operation) \
    type name(type a, type b); \
    type name(type a, type b) \
    { \
        type result; \
        if (__builtin_##operation##_overflow(a, b, &result)) \
            __builtin_trap(); \
        return result; \
    }
#define UNARY(name, type, condition) \
    type name(type a); \
    type name(type a) \
    { \
        type result = a; \
        if ((condition) && __builtin_sub_overflow((type)0, a, &result)) \
            __builtin_trap(); \
        return result; \
    }
#define ALL(mode, type) \
    BINARY(__addv##mode##3, type, add) \
    BINARY(__subv##mode##3, type, sub) \
    BINARY(__mulv##mode##3, type, mul) \
    UNARY(__negv##mode##2, type, 1) \
    UNARY(__absv##mode##2, type, a < 0)
ALL(si, int32_t)
ALL(di, int64_t)
ALL(ti, wide)
