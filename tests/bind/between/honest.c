/* SPDX-License-Identifier: Apache-2.0 */
/* The library as it should be. Whatever a caller passes must not make it fault: it checks nothing itself. */
#include "pair.h"
#include <stdlib.h>
#include <string.h>
#include "porin/capability.h"

struct thing { uint64_t magic; int number; };
struct basket { uint64_t magic; };
enum { THING = 0x7414e6, BASKET = 0xba54e7 };

static char text[5001];
enum { CHANGES_TEXT = 77 };
bool pair_bool(int how)
{
    if (how == CHANGES_TEXT)
        memset(text, 's', sizeof text - 1);
    return how != 0;
}
enum fruit pair_fruit(enum fruit fruit, bool same)
{
    static const enum fruit other[2][5] = {{0, PEAR, 0, 0, APPLE}, {0, APPLE, 0, 0, PEAR}};
    if (!other[same][fruit])
        __builtin_trap(); /* not one of the two */
    return other[same][fruit];
}
int pair_percent(int how) { return how; }
int pair_sum(const unsigned char *data, int size)
{
    int sum = 0;
    for (int i = 0; data && i < size; i++)
        sum += data[i];
    return sum;
}
int pair_behind(const unsigned char *data, const int *size) { return data ? pair_sum(data, *size) : -2; }
int pair_lent(const unsigned char PORIN_CAP *data, int size, unsigned char PORIN_CAP *to)
{
    for (int i = 0; data && to && i < size; i++)
        to[i] = (unsigned char)(data[i] + 1);
    return size;
}
int pair_fill(char *to, int room)
{
    if (to)
        memset(to, 'f', (size_t)room / 2);
    return room / 2;
}
int pair_line(char *to, int room)
{
    if (to && room)
        strncpy(to, "a line", (size_t)room - 1);
    return 0;
}
int pair_fruits(enum fruit *to, bool *flags)
{
    for (int i = 0; to && flags && i < 3; i++)
        to[i] = PEAR, flags[i] = i & 1;
    return 3;
}
const char *pair_text(int how)
{
    memset(text, 'x', sizeof text - 1);
    return how ? text : "fine";
}
char *pair_copy(const char *text) { return text ? strdup(text) : NULL; }
void pair_free(char *text)
{
    if (text)
        memset(text, '-', strlen(text)); /* shows if it is read later */
    free(text);
}
const void *pair_memory(uint64_t *size)
{
    if (size)
        *size = 4;
    return "four";
}
thing *pair_open(int number)
{
    thing *one = malloc(sizeof *one);
    if (one)
        *one = (thing){THING, number};
    return one;
}
static int number_of(const thing *one)
{
    if (one && one->magic != THING)
        __builtin_trap();
    return one ? one->number : 0;
}
int pair_number(thing *one) { return number_of(one); }
void pair_close(thing *one)
{
    number_of(one);
    if (one)
        one->magic = 0;
    free(one);
}
basket *pair_basket(void)
{
    static basket basket = {BASKET};
    return &basket;
}
void pair_find(const char *text, const char **end)
{
    if (end)
        *end = text ? text + strlen(text) : NULL;
}
int pair_labels(struct label *labels, int count, const char *const *texts)
{
    int sum = 0;
    for (int i = 0; labels && texts && i < count; i++) {
        sum += (labels[i].text ? (int)strlen(labels[i].text) : 0) + (texts[i] ? (int)strlen(texts[i]) : 0) + number_of(labels[i].owner);
        labels[i].number = sum;
    }
    return sum;
}
