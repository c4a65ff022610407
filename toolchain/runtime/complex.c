/* SPDX-License-Identifier: Apache-2.0 */
/* Multiplication and division of complex numbers with the recoveries of C11's Annex G: an infinite operand gives an infinite product
 * even if the plain formula says NaN. Division in double and long double is Smith's method with the scaling and the second order of
 * evaluation of Baudin and Smith ("A Robust Complex Division in Scilab", 2012); float divides in double, where nothing overflows. */

#define COMPLEX(type, suffix) \
    _Complex type __mul##suffix##3(type a, type b, type c, type d); \
    _Complex type __div##suffix##3(type a, type b, type c, type d)
COMPLEX(float, sc);
COMPLEX(double, dc);
COMPLEX(long double, xc);

#define IS_NAN(x) __builtin_isnan(x)
#define IS_INFINITE(x) __builtin_isinf(x)
#define IS_FINITE(x) __builtin_isfinite(x)
#define ABS(x) _Generic((x), float: __builtin_fabsf, double: __builtin_fabs, long double: __builtin_fabsl)(x)
/* 1 or 0 with the sign of x, for infinite or finite x: the "boxed" infinity of Annex G */
#define BOX(type, x) ((type)__builtin_copysignl(IS_INFINITE(x) ? 1 : 0, x))
#define ZERO(type, x) ((type)__builtin_copysignl(0, x))

#define MULTIPLY(type, suffix) \
    _Complex type __mul##suffix##3(type a, type b, type c, type d) \
    { \
        type ac = a * c, bd = b * d, ad = a * d, bc = b * c, x = ac - bd, y = ad + bc; \
        _Complex type result; \
        if (IS_NAN(x) && IS_NAN(y)) { \
            int recover = 0; \
            if (IS_INFINITE(a) || IS_INFINITE(b)) { \
                a = BOX(type, a), b = BOX(type, b); \
                c = IS_NAN(c) ? ZERO(type, c) : c, d = IS_NAN(d) ? ZERO(type, d) : d; \
                recover = 1; \
            } \
            if (IS_INFINITE(c) || IS_INFINITE(d)) { \
                c = BOX(type, c), d = BOX(type, d); \
                a = IS_NAN(a) ? ZERO(type, a) : a, b = IS_NAN(b) ? ZERO(type, b) : b; \
                recover = 1; \
            } \
            if (!recover && (IS_INFINITE(ac) || IS_INFINITE(bd) || IS_INFINITE(ad) || IS_INFINITE(bc))) { \
                a = IS_NAN(a) ? ZERO(type, a) : a, b = IS_NAN(b) ? ZERO(type, b) : b; \
                c = IS_NAN(c) ? ZERO(type, c) : c, d = IS_NAN(d) ? ZERO(type, d) : d; \
                recover = 1; \
            } \
            if (recover) { \
                x = (type)__builtin_inf() * (a * c - b * d); \
                y = (type)__builtin_inf() * (a * d + b * c); \
            } \
        } \
        __real__ result = x; \
        __imag__ result = y; \
        return result; \
    }
MULTIPLY(float, sc)
MULTIPLY(double, dc)
MULTIPLY(long double, xc)

/* What Annex G says where the quotient x + iy came out as NaN. */
#define RECOVER_QUOTIENT(type, a, b, c, d, x, y) \
    if (IS_NAN(x) && IS_NAN(y)) { \
        if (c == 0 && d == 0 && (!IS_NAN(a) || !IS_NAN(b))) { \
            x = (type)__builtin_copysignl(__builtin_inf(), c) * a; \
            y = (type)__builtin_copysignl(__builtin_inf(), c) * b; \
        } else if ((IS_INFINITE(a) || IS_INFINITE(b)) && IS_FINITE(c) && IS_FINITE(d)) { \
            type one = BOX(type, a), other = BOX(type, b); \
            x = (type)__builtin_inf() * (one * c + other * d); \
            y = (type)__builtin_inf() * (other * c - one * d); \
        } else if ((IS_INFINITE(c) || IS_INFINITE(d)) && IS_FINITE(a) && IS_FINITE(b)) { \
            type one = BOX(type, c), other = BOX(type, d); \
            x = 0 * (a * one + b * other); \
            y = 0 * (b * one - a * other); \
        } \
    }

_Complex float __divsc3(float a, float b, float c, float d)
{
    double wa = a, wb = b, wc = c, wd = d, denominator = wc * wc + wd * wd;
    float x = (float)((wa * wc + wb * wd) / denominator), y = (float)((wb * wc - wa * wd) / denominator);
    _Complex float result;
    RECOVER_QUOTIENT(float, a, b, c, d, x, y)
    __real__ result = x;
    __imag__ result = y;
    return result;
}

#define MINUS(u, v) ((u) - (v))
#define FROM(u, v) ((v) - (u))

/* (a + ib) / (small + i large) for |small| < |large|; the other case is this one with the roles of real and imaginary part exchanged, and
 * so the difference turned round: its sign is that of a zero, too. */
#define SMITH(type, a, b, small, large, with, against, difference) \
    do { \
        type ratio = small / large, denominator = small * ratio + large; \
        if (ABS(ratio) > tiny) { \
            with = (a * ratio + b) / denominator; \
            against = difference(b * ratio, a) / denominator; \
        } else { /* a subnormal ratio has lost bits */ \
            with = (small * (a / large) + b) / denominator; \
            against = difference(small * (b / large), a) / denominator; \
        } \
    } while (0)

#define DIVIDE(type, suffix, maximum, minimum, epsilon) \
    _Complex type __div##suffix##3(type a, type b, type c, type d) \
    { \
        const type big = maximum / 2, tiny = minimum, little = epsilon, up = 1 / little, room = big * little; \
        type x, y, p = a, q = b, r = c, s = d, largest = ABS(c) < ABS(d) ? ABS(d) : ABS(c), factor = 1; \
        _Complex type result; \
        if (largest >= big) \
            factor = 0.5; \
        else if (largest < little || (largest < room && ((ABS(a) < tiny && ABS(b) < room) || (ABS(b) < tiny && ABS(a) < room)))) \
            factor = up; \
        p *= factor, q *= factor, r *= factor, s *= factor; \
        if (ABS(r) < ABS(s)) { \
            SMITH(type, p, q, r, s, x, y, MINUS); \
        } else { \
            SMITH(type, q, p, s, r, x, y, FROM); \
        } \
        RECOVER_QUOTIENT(type, p, q, r, s, x, y) \
        __real__ result = x; \
        __imag__ result = y; \
        return result; \
    }
DIVIDE(double, dc, __DBL_MAX__, __DBL_MIN__, __DBL_EPSILON__)
DIVIDE(long double, xc, __LDBL_MAX__, __LDBL_MIN__, __LDBL_EPSILON__)
