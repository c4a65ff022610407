/* SPDX-License-Identifier: Apache-2.0 */
/* A caller that uses the library as it is meant, and one that is lied to (liar.c). */
#include "pair.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "porin/binding.h"
#include "porin/capability.h"
#include "porin/domain.h"

static unsigned bad;
#define EXPECT(condition) expect(condition, #condition, __LINE__)
static void expect(bool good, const char *what, int line)
{
    if (!good)
        bad++, printf("user.c:%d: not so: %s (%s)\n", line, what, porin_binding_error()->text);
}

static void handles_good(void)
{
    thing *one = pair_open(7), *two = pair_open(8);
    EXPECT(one && two && one != two && pair_number(one) == 7 && pair_number(two) == 8);
    EXPECT(pair_number((thing *)pair_basket()) == -1); /* of another type */
    EXPECT(pair_number((thing *)((uint64_t)two ^ 1)) == -1 && pair_number((thing *)4096) == -1);
    pair_close(one);
    EXPECT(pair_number(one) == -1);
    thing *three = pair_open(9);
    EXPECT(pair_number(one) == -1 && pair_number(three) == 9);
    struct label labels[] = {{1, "ab", two, 0}, {2, NULL, NULL, 0}};
    const char *texts[] = {"c", "de"};
    EXPECT(pair_labels(labels, 2, texts) == 13 && labels[0].number == 11 && labels[1].number == 13);
    EXPECT(strcmp(labels[0].text, "ab") == 0 && labels[0].owner == two && !labels[1].text);
    labels[0].owner = one;
    EXPECT(pair_labels(labels, 2, texts) == -1);
}

unsigned run_tests(void)
{
    static unsigned char data[3000], to[3000];
    char text[20], *copy;
    const char *end;
    uint64_t size;
    int number = 4;
    memset(data, 1, sizeof data);
    EXPECT(pair_bool(1) && !pair_bool(0) && pair_fruit(APPLE, false) == PEAR && pair_percent(100) == 100 && pair_percent(101) == -1);
    EXPECT(pair_sum(data, 4) == 4 && pair_sum(data, 3000) == 3000 && pair_sum(NULL, 4) == 0 && pair_sum(data, -1) == -1);
    EXPECT(pair_behind(data, &number) == 4);
    EXPECT(pair_lent((void PORIN_CAP *)(uint64_t)data, 4, porin_cap_own(1, to, 3000, PORIN_RIGHT_WRITE)) == -1); /* none */
    EXPECT(pair_lent(porin_cap_own(0, data, 3000, PORIN_RIGHT_READ), 3000, porin_cap_own(1, to, 3000, PORIN_RIGHT_WRITE)) == 3000);
    EXPECT(to[0] == 2 && to[2999] == 2);
    memset(to, 9, sizeof to);
    EXPECT(pair_fill((char *)to, 2000) == 1000 && to[999] == 'f' && to[1000] != 'f');
    EXPECT(pair_line(text, sizeof text) == 0 && strcmp(text, "a line") == 0);
    EXPECT(strcmp(pair_text(0), "fine") == 0 && strlen(pair_text(1)) == 5000);
    EXPECT((copy = pair_copy("a text")) && strcmp(copy, "a text") == 0 && !pair_copy(NULL));
    pair_free(copy);
    const void *four = pair_memory(&size);
    EXPECT(four && memcmp(four, "four", 4) == 0 && size == 4);
    pair_find("hello", &end);
    EXPECT(*end == 0 && end[-1] == 'o');
    handles_good();
    printf("between: use as meant, %u wrong\n", bad);
    fflush(stdout);
    return bad;
}
PORIN_EXPORT(run_tests);

/* What liar.c answers when asked `how`: nothing of it must arrive. */
unsigned run_lies(unsigned how)
{
    static unsigned char data[3000];
    char text[20] = "untouched";
    enum fruit fruits[3] = {APPLE, APPLE, APPLE};
    bool flags[3];
    const char *end = text;
    uint64_t size = 3;
    struct label label = {1, "ab", NULL, 5};
    const char *texts[] = {"c"};
    EXPECT(!pair_bool(2) && porin_binding_error()->status == PORIN_ERR_RESULT);
    EXPECT(pair_fruit(APPLE, true) == 0 && porin_binding_error()->status == PORIN_ERR_RESULT);
    EXPECT(pair_percent(1) == -1 && pair_fill((char *)data, 3000) == -1 && pair_fill(text, 10) == -1);
    EXPECT(pair_line(text, sizeof text) == -1 && pair_fruits(fruits, flags) == -1);
    EXPECT(!pair_text(0) && !pair_copy("text") && !pair_memory(&size));
    pair_find("hello", &end);
    EXPECT(end == text || end == NULL);
    EXPECT(pair_labels(&label, 1, texts) == -1 && label.number == 5 && strcmp(label.text, "ab") == 0);
    EXPECT(!pair_open(1));
    if (bad)
        printf("between: lies of kind %u\n", how);
    fflush(stdout);
    return bad;
}
PORIN_EXPORT(run_lies);
