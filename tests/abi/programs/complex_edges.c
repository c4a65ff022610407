/* SPDX-License-Identifier: Apache-2.0 */
/* reference: musl */
/* Complex multiplication and division of numbers from the edges of their types: signs of zeros, what overflows, infinities, NaNs, each bit
 * for bit as libgcc gives it. Hundreds of results make a line. */
#include "report.h"
#include <complex.h>
#include <float.h>

static long double edges[] = {0.0L, -0.0L, 1.0L, -1.5L, 0.25L, 123456.789L, 1e10L, 1e-5L, 3.25L, -7.0L, 1e30L, 1e-30L, 1e300L, 1e-300L,
                              1e4900L, 1e-4940L, LDBL_MAX, LDBL_MIN, DBL_MAX, DBL_MIN, FLT_MAX, FLT_MIN, __builtin_inf(), -__builtin_inf(),
                              __builtin_nan("")};
#define EDGES (sizeof edges / sizeof edges[0])

/* What sign a NaN has is left to the order in which operands stand. */
#define ADD(hash, value) \
    do { \
        __typeof__(value) number = (value) != (value) ? __builtin_nan("") : (value); \
        hash = hash_bytes(hash, &number, sizeof number < 10 ? sizeof number : 10); \
    } while (0)

#define COMPUTE(type) \
    do { \
        type complex a, b; \
        __real__ a = (type)edges[i], __imag__ a = (type)edges[k], __real__ b = (type)edges[m], __imag__ b = (type)edges[n]; \
        type complex product = HIDE(a) * HIDE(b), quotient = HIDE(a) / HIDE(b); \
        ADD(hash, __real__ product); \
        ADD(hash, __imag__ product); \
        ADD(hash, __real__ quotient); \
        ADD(hash, __imag__ quotient); \
    } while (0)

int main(void)
{
    for (unsigned i = 0; i < EDGES; i++)
        for (unsigned k = 0; k < EDGES; k++) {
            uint64_t hash = 0xcbf29ce484222325u;
            for (unsigned m = 0; m < EDGES; m++)
                for (unsigned n = 0; n < EDGES; n++) {
                    COMPUTE(float);
                    COMPUTE(double);
                    COMPUTE(long double);
                }
            put("edges", hash);
        }
    return 0;
}
