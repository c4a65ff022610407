/* SPDX-License-Identifier: Apache-2.0 */
/* Bit-fields: signed and unsigned, crossing units, packed, in unions, read-modify-write, as arguments, arrays of them. */
#include "report.h"

struct mixed { unsigned a : 3; int b : 5; unsigned long c : 37; long d : 19; unsigned char e : 7; _Bool f : 1; short g : 9; };
struct packed { unsigned a : 7; unsigned long b : 50; int c : 13; unsigned d : 30; } __attribute__((packed));
struct zero { unsigned a : 5; unsigned : 0; unsigned b : 6; unsigned : 3; unsigned c : 9; };
union word { uint64_t all; struct { unsigned low : 12; unsigned long middle : 40; unsigned high : 12; } part; };
struct flags { unsigned ready : 1, busy : 1, mode : 2, count : 28; };
enum color { RED, GREEN, BLUE = 6 };
struct with_enum { enum color c : 3; unsigned n : 29; };

static volatile struct mixed global = {5, -7, 0x1234567890, -1234, 100, 1, -200};

NOIPA struct mixed change(struct mixed m, int k)
{
    m.a += (unsigned)k;
    m.b -= k;
    m.c *= 3;
    m.d = m.d * k + 1;
    m.e ^= (unsigned char)k;
    m.f = !m.f;
    m.g = (short)(m.g + m.b);
    return m;
}
NOIPA long sum(const struct mixed *m) { return m->a + 3L * m->b + 5L * (long)m->c + 7L * m->d + 9L * m->e + 11L * m->f + 13L * m->g; }
NOIPA long sum_packed(struct packed p) { return p.a + 3L * (long)p.b + 5L * p.c + 7L * p.d; }
NOIPA int decide(struct flags f) { return f.ready && !f.busy ? f.mode == 3 ? (int)f.count : -1 : f.busy ? -2 : -3; }
NOIPA unsigned bump(struct flags *f) { f->count++; f->mode--; return f->count; }

int main(void)
{
    struct mixed m = {1, 2, 3, 4, 5, 1, 6};
    for (int k = 0; k < 20; k++) {
        m = change(m, HIDE(k));
        put("mixed", (uint64_t)sum(&m));
    }
    global.a--;
    global.b++;
    global.c += 0xfffffffff;
    global.d *= 8;
    struct mixed copy = global;
    put("global", (uint64_t)sum(&copy));
    struct packed p = {1, 2, 3, 4};
    for (int k = 0; k < 10; k++) {
        p.a += 13;
        p.b = p.b * 77 + 1;
        p.c -= 700;
        p.d = (unsigned)HIDE(k) * 99999999u;
        put("packed", (uint64_t)sum_packed(p));
    }
    put_bytes("packed bytes", &p, sizeof p);
    struct zero z;
    memset(&z, 0, sizeof z);
    z.a = 31;
    z.b = 33;
    z.c = (unsigned)HIDE(511);
    put_bytes("zero", &z, sizeof z);
    union word w = {.all = HIDE(0x123456789abcdef0u)};
    w.part.middle++;
    w.part.low ^= w.part.high;
    put("word", w.all);
    struct flags f = {1, 0, 3, 77};
    put("decide", (uint64_t)decide(f));
    put("bump", bump(&f) + bump(&f) * 3u);
    f.busy = 1;
    put("decide", (uint64_t)decide(f) + f.mode);
    struct with_enum e[10];
    for (unsigned i = 0; i < 10; i++)
        e[i] = (struct with_enum){i % 3 == 2 ? BLUE : (enum color)(i % 3), i * 1000};
    put_bytes("enums", e, sizeof e);
    return 0;
}
