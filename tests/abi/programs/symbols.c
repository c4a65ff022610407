/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols: weak, aliases, constructors and destructors with priority, sections with start and stop, common, hidden, used by name in asm. */
#include "report.h"

static char order[32];
static int used;
__attribute__((constructor(300))) static void third(void) { order[used++] = '3'; }
__attribute__((constructor(101))) static void first(void) { order[used++] = '1'; }
__attribute__((constructor(200))) static void second(void) { order[used++] = '2'; }
__attribute__((constructor)) static void last(void) { order[used++] = 'z'; }
__attribute__((destructor(101))) static void gone_last(void) { put_text("destructor", "first in, last out"); }
__attribute__((destructor(300))) static void gone_early(void) { put_text("destructor", "early"); }
__attribute__((destructor)) static void gone_first(void) { put_text("destructor", "no priority"); }

extern int missing(int) __attribute__((weak));
extern int missing_data __attribute__((weak));
__attribute__((weak)) int defined_weak(int x) { return x + 5; }
int real_name(int x) { return x * 3; }
extern int other_name(int) __attribute__((alias("real_name")));
extern int weak_alias(int) __attribute__((weak, alias("real_name")));
__attribute__((visibility("hidden"))) int hidden_data = 77;
int uninitialised;
int renamed(int) __asm__("some.other$name");
int renamed(int x) { return x - 1; }
const int *const constant_pointer = &hidden_data;
int (*const pointer_table[])(int) = {real_name, defined_weak, renamed};
extern char edata_probe[];
char edata_probe[8] = "edata";

struct entry { const char *name; int (*fn)(int); };
#define REGISTER(n) static const struct entry entry_##n __attribute__((used, section("registry"))) = {#n, n}
REGISTER(real_name);
REGISTER(defined_weak);
REGISTER(renamed);
extern const struct entry __start_registry[], __stop_registry[];

__attribute__((section(".text.special"), noinline)) static int special(int x) { return x ^ 0x55; }
__attribute__((cold, noinline)) static int rare(int x) { return x * 7; }
__attribute__((section(".data.special"))) static int special_data[3] = {1, 2, 3};
static const char *strings[] = {"same tail", "tail", "same tail"};

int main(void)
{
    order[used] = 0;
    put_text("constructors", order);
    put("missing", (uint64_t)(missing == NULL) + 2 * (&missing_data == NULL) + (missing ? (uint64_t)missing(1) : 0));
    put("names", (uint64_t)(defined_weak(HIDE(1)) + other_name(HIDE(2)) * 10 + weak_alias(HIDE(3)) * 100 + renamed(HIDE(4)) * 1000));
    put("same", other_name == real_name);
    put("data", (uint64_t)(*constant_pointer + hidden_data + uninitialised));
    long sum = 0;
    for (const struct entry *e = __start_registry; e < __stop_registry; e++) {
        sum += e->fn(3) * 100 + e->name[0]; /* in no promised order */
    }
    put("registry", (uint64_t)sum);
    for (int i = 0; i < 3; i++)
        put("table", (uint64_t)pointer_table[HIDE(i)](7));
    put("sections", (uint64_t)(special(HIDE(5)) + rare(HIDE(6)) + special_data[HIDE(2)]));
    for (int i = 0; i < 3; i++)
        put_text("string", strings[HIDE(i)]);
    put_text("probe", edata_probe);
    return 0;
}
