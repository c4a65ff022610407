/* SPDX-License-Identifier: Apache-2.0 */
/* Data: aligned objects, flexible arrays, unions read another way, pointers in initialisers, big tables, structs copied and compared. */
#include "report.h"

static _Alignas(4096) char page[10] = "page";
static _Alignas(256) int aligned_zero[4];
struct flexible { int n; struct { short a; char b; } item[]; };
static struct flexible constant = {3, {{1, 2}, {3, 4}, {5, 6}}};
union pun { float f; uint32_t u; unsigned char c[4]; struct { uint16_t low, high; } half; };
struct list { struct list *next; const char *name; int v; };
static struct list a = {NULL, "a", 1}, b = {&a, "b", 2}, c = {&b, "c", 3};
static int *into[] = {&aligned_zero[0], &aligned_zero[3], NULL};
static const char *const text[] = {"zero", "one" + 1, "two"};
static char *middle = &page[2];
static uintptr_t number = (uintptr_t)&page[3];
static double big[3000] = {[0] = 1, [1500] = 2.5, [2999] = 3};
static const struct { char tag; double d; struct { int x, y[3]; } in; } nested[2] = {{'a', 1.5, {1, {2, 3, 4}}}, {'b', 2.5, {5, {6, 7}}}};
struct large { long v[200]; char tail[13]; };
static struct large global_large;
struct overlap { char c; int i; short s; long l; } __attribute__((packed, aligned(2)));

NOIPA struct large make(int k)
{
    struct large l = {{0}, "tail"};
    for (int i = 0; i < 200; i++)
        l.v[i] = i * k;
    return l;
}
NOIPA void copies(struct large *to, const struct large *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = from[n - 1 - i];
}
NOIPA uint64_t puns(float f)
{
    union pun p = {.f = f};
    p.half.high ^= 0x8000;
    uint64_t h = p.u;
    p.c[1] = 0xf3;
    double d = (double)p.f;
    uint64_t bits;
    memcpy(&bits, &d, 8);
    return h * 3 + bits;
}
NOIPA long offsets(struct overlap *o) { o->i += o->c; o->l -= o->s; return o->i + o->l; }
NOIPA struct flexible *grow(int n)
{
    struct flexible *f = malloc(sizeof *f + (size_t)n * sizeof f->item[0]);
    f->n = n;
    for (int i = 0; i < n; i++) {
        f->item[i].a = (short)(i * i);
        f->item[i].b = (char)-i;
    }
    return f;
}
NOIPA struct large *literal(int k)
{
    static struct large *keep;
    struct large *p = &(struct large){{k, k + 1}, "lit"};
    keep = malloc(sizeof *p);
    *keep = *p;
    return keep;
}

int main(void)
{
    put("aligned", ((uintptr_t)page % 4096) + ((uintptr_t)aligned_zero % 256));
    long sum = 0;
    for (int i = 0; i < constant.n; i++)
        sum = sum * 10 + constant.item[HIDE(i)].a * constant.item[i].b;
    put("flexible", (uint64_t)sum);
    for (const struct list *p = &c; p; p = p->next)
        printf("list %s %d\n", p->name, p->v);
    *into[HIDE(1)] = 9;
    put("into", (uint64_t)aligned_zero[3]);
    put_text("text", text[HIDE(1)]);
    put_text("middle", middle);
    put("number", (unsigned char)*(char *)number);
    put_bytes("big", big, sizeof big);
    put_double("nested", nested[HIDE(1)].d + nested[HIDE(0)].in.y[HIDE(2)] + nested[1].in.y[2]);
    struct large *many = malloc(8 * sizeof *many), *more = malloc(8 * sizeof *more);
    for (int i = 0; i < 8; i++)
        many[i] = make(i);
    copies(more, many, 8);
    global_large = more[HIDE(3)];
    put_bytes("large", more, 8 * sizeof *more);
    put_bytes("global", &global_large, sizeof global_large);
    put("compare", (uint64_t)memcmp(&more[3], &global_large, sizeof global_large));
    put("puns", puns(HIDE(1.5f)));
    struct overlap o = {5, 100, 7, 1000};
    put("packed", (uint64_t)offsets(&o) + sizeof o);
    struct flexible *f = grow(HIDE(50));
    put_bytes("grow", f->item, 50 * sizeof f->item[0]);
    put_bytes("literal", literal(HIDE(5)), sizeof(struct large));
    free(f);
    free(many);
    free(more);
    return 0;
}
