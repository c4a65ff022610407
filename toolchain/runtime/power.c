/* SPDX-License-Identifier: Apache-2.0 */
/* __builtin_powi: integer powers by repeated squaring. */
float __powisf2(float x, int n);
double __powidf2(double x, int n);
long double __powixf2(long double x, int n);

#define POWER(type, name) \
    type name(type x, int n) \
    { \
        unsigned rest = n < 0 ? -(unsigned)n : (unsigned)n; \
        type y = rest & 1 ? x : 1; \
        while (rest >>= 1) { \
            x *= x; \
            if (rest & 1) \
                y *= x; \
        } \
        return n < 0 ? 1 / y : y; \
    }
POWER(float, __powisf2)
POWER(double, __powidf2)
POWER(long double, __powixf2)
