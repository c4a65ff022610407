/* SPDX-License-Identifier: Apache-2.0 */
/* Structs by value in and out: each class of the System V ABI and each pair of classes. */
#include "report.h"

struct i1 { char a; };
struct i3 { char a[3]; };
struct i8 { long a; };
struct i12 { int a, b, c; };
struct i16 { long a, b; };
struct s4 { float a; };
struct s8 { float a, b; };
struct s12 { float a, b, c; };
struct s16 { double a, b; };
struct is { long a; double b; };
struct si { double a; long b; };
struct fi { float a; int b; double c; };
struct m24 { long a, b, c; };
struct m17 { char a[17]; };
struct md3 { double a, b, c; };
struct x16 { long double a; };
struct x32 { long double a, b; };
struct xi { long double a; int b; };
struct nest { struct i8 a; struct s8 b; };
struct arr { int a[2]; float b[2]; };
union ud { double a; long b; };
union uf { float a[4]; char b[3]; };
struct packed { char a; long b; int c; } __attribute__((packed));
struct empty { };
struct big { char a[1000]; };

#define BYTES(type) \
    NOIPA struct type change_##type(struct type v, int k) \
    { \
        unsigned char b[sizeof v]; \
        memcpy(b, &v, sizeof v); \
        for (size_t i = 0; i < sizeof b; i++) \
            b[i] = (unsigned char)(b[i] + k + (int)i); \
        memcpy(&v, b, sizeof v); \
        return v; \
    }
BYTES(i1) BYTES(i3) BYTES(i8) BYTES(i12) BYTES(i16) BYTES(m24) BYTES(m17) BYTES(big)

NOIPA struct s4 change_s4(struct s4 v, float k) { v.a = v.a * 2 + k; return v; }
NOIPA struct s8 change_s8(struct s8 v, float k) { return (struct s8){v.b + k, v.a - k}; }
NOIPA struct s12 change_s12(struct s12 v, float k) { return (struct s12){v.c + k, v.a - k, v.b * k}; }
NOIPA struct s16 change_s16(struct s16 v, double k) { return (struct s16){v.b + k, v.a - k}; }
NOIPA struct is change_is(struct is v, double k) { return (struct is){v.a + (long)k, v.b - k}; }
NOIPA struct si change_si(struct si v, double k) { return (struct si){v.a - k, v.b + (long)k}; }
NOIPA struct fi change_fi(struct fi v, double k) { return (struct fi){v.a * 2, v.b + (int)k, v.c - k}; }
NOIPA struct md3 change_md3(struct md3 v, double k) { return (struct md3){v.c - k, v.a + k, v.b * k}; }
NOIPA struct x16 change_x16(struct x16 v, double k) { return (struct x16){v.a / 3 + k}; }
NOIPA struct x32 change_x32(struct x32 v, double k) { return (struct x32){v.b / 3 + k, v.a * k}; }
NOIPA struct xi change_xi(struct xi v, double k) { return (struct xi){v.a / 7 + k, v.b + 1}; }
NOIPA struct nest change_nest(struct nest v) { return (struct nest){{v.a.a + 1}, {v.b.b, v.b.a}}; }
NOIPA struct arr change_arr(struct arr v) { return (struct arr){{v.a[1], v.a[0]}, {v.b[1], v.b[0] + 1}}; }
NOIPA union ud change_ud(union ud v) { v.b ^= 1; return v; }
NOIPA union uf change_uf(union uf v) { v.b[2] ^= 1; v.a[3] += 1; return v; }
NOIPA struct packed change_packed(struct packed v) { v.b += v.a; v.c -= v.a; return v; }
NOIPA struct empty change_empty(struct empty v, int *count) { ++*count; return v; }

/* Registers run out in the middle: whole structs go to the stack, later scalars still take what is left. */
NOIPA long spill(struct i16 a, struct i16 b, long c, struct i16 d, long e, struct is f, double g, struct m24 h, struct i16 i, char j)
{
    return a.a + 3 * a.b + 5 * b.a + 7 * b.b + 11 * c + 13 * d.a + 17 * d.b + 19 * e + 23 * f.a + (long)(29 * f.b + 31 * g) +
           37 * h.a + 41 * h.b + 43 * h.c + 47 * i.a + 53 * i.b + 59 * j;
}

NOIPA double spill_vector(struct s16 a, struct s16 b, struct s16 c, double d, struct s16 e, double f, struct s8 g, struct s4 h,
    struct x16 i)
{
    return a.a + 3 * a.b + 5 * b.a + 7 * b.b + 11 * c.a + 13 * c.b + 17 * d + 19 * e.a + 23 * e.b + 29 * f + 31 * g.a + 37 * g.b +
           41 * h.a + (double)(43 * i.a);
}

NOIPA struct m24 through(struct m24 (*fn)(struct m24, int), struct m24 v) { return fn(fn(v, 1), 2); }

#define CHECK_BYTES(type) \
    do { \
        struct type v; \
        for (size_t i = 0; i < sizeof v; i++) \
            ((unsigned char *)&v)[i] = (unsigned char)(i * 37 + sizeof v); \
        v = change_##type(change_##type(v, 3), 250); \
        put_bytes(#type, &v, sizeof v); \
    } while (0)

static void floats(void)
{
    struct s4 s4 = change_s4((struct s4){1.5f}, 2);
    put_bytes("s4", &s4, sizeof s4);
    struct s8 s8 = change_s8((struct s8){1.5f, 2.25f}, 2);
    put_bytes("s8", &s8, sizeof s8);
    struct s12 s12 = change_s12((struct s12){1.5f, 2.25f, 8}, 2);
    put_bytes("s12", &s12, sizeof s12);
    struct s16 s16 = change_s16((struct s16){1.5, 2.25}, 2);
    put_bytes("s16", &s16, sizeof s16);
    struct is is = change_is((struct is){7, 2.25}, 2);
    put_bytes("is", &is, sizeof is);
    struct si si = change_si((struct si){7.5, 2}, 2);
    put_bytes("si", &si, sizeof si);
    struct fi fi = change_fi((struct fi){7.5f, 2, -3}, 2);
    put_bytes("fi", &fi, sizeof fi);
    struct md3 md3 = change_md3((struct md3){1, 2, 3}, 5);
    put_bytes("md3", &md3, sizeof md3);
    put_long_double("x16", change_x16((struct x16){5}, 2).a);
    struct x32 x32 = change_x32((struct x32){5, 7}, 2);
    put_long_double("x32.a", x32.a);
    put_long_double("x32.b", x32.b);
    struct xi xi = change_xi((struct xi){5, 7}, 2);
    put_long_double("xi.a", xi.a);
    put("xi.b", (unsigned)xi.b);
}

static void others(void)
{
    struct nest nest = change_nest((struct nest){{5}, {1, 2}});
    put_bytes("nest", &nest, sizeof nest);
    struct arr arr = change_arr((struct arr){{1, 2}, {3, 4}});
    put_bytes("arr", &arr, sizeof arr);
    union ud ud = change_ud((union ud){1.0});
    put_bytes("ud", &ud, sizeof ud);
    union uf uf = change_uf((union uf){{1, 2, 3, 4}});
    put_bytes("uf", &uf, sizeof uf);
    struct packed packed = change_packed((struct packed){1, 2, 3});
    put_bytes("packed", &packed, sizeof packed);
    int count = 0;
    change_empty((struct empty){}, &count);
    put("empty", (unsigned)count);
    struct m24 m24 = through(change_m24, (struct m24){1, 2, 3});
    put_bytes("through", &m24, sizeof m24);
}

int main(void)
{
    CHECK_BYTES(i1);
    CHECK_BYTES(i3);
    CHECK_BYTES(i8);
    CHECK_BYTES(i12);
    CHECK_BYTES(i16);
    CHECK_BYTES(m24);
    CHECK_BYTES(m17);
    CHECK_BYTES(big);
    floats();
    others();
    struct i16 p = {1, 2}, q = {3, 4}, r = {5, 6}, s = {7, 8};
    put("spill", (uint64_t)spill(p, q, 9, r, 10, (struct is){11, 12.5}, 13.5, (struct m24){14, 15, 16}, s, 'x'));
    struct s16 v = {1.5, 2.5};
    put_double("spill_vector", spill_vector(v, v, v, 3.5, v, 4.5, (struct s8){5.5f, 6.5f}, (struct s4){7.5f}, (struct x16){8.5L}));
    return 0;
}
