/* SPDX-License-Identifier: Apache-2.0 */
/* The library itself: knows what a stub could be made to believe. */
#define _GNU_SOURCE
#include "hostile.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint64_t bad_pointers[] = {0, 1, 0xfff, 0xfffffff0, 0x7fffffff, 0x100000000, 0x5000000100001000, UINT64_MAX, 0x7fff00000000};
#define BAD (sizeof bad_pointers / sizeof *bad_pointers)
static void *bad(int how) { return (void *)bad_pointers[(unsigned)how % BAD]; }

/* get_bool as the linker knows it: leaves more in the register than a bool has. */
uint64_t any_bool(int how) __asm__("get_bool");
uint64_t any_bool(int how) { return how ? (uint64_t)how : 1; }
enum fruit get_enum(int how) { return (enum fruit)(how ? how : PEAR); }
int get_number(int how) { return how; }
int get_percent(int how) { return how; }

struct answer get_struct(int how)
{
    struct answer answer = {true, PEAR, 1, 1.5L};
    unsigned char two = 2;
    if (how == 1)
        memcpy(&answer.yes, &two, 1);
    if (how == 2)
        answer.fruit = (enum fruit)77;
    return answer;
}

static char *endless(void)
{
    static char *text;
    if (!text && (text = malloc(70u << 20)))
        memset(text, 'x', 70u << 20);
    return text;
}

const char *get_string(int how)
{
    return how == 0 ? "fine" : how == 100 ? endless() : bad(how);
}
char *get_owned(int how) { return how == 0 ? strdup("fine") : how == 100 ? endless() : bad(how); }
void free_string(char *text)
{
    if (text && *text == 'f')
        free(text);
}
struct thing { int number; };
thing *get_thing(int how)
{
    static struct thing one = {42};
    return how ? bad(how) : &one;
}
int use_thing(thing *thing) { return thing->number; }

const void *get_memory(int how, uint64_t *size)
{
    *size = how == 0 ? 4 : how == 100 ? UINT64_MAX : how == 101 ? 1ull << 31 : how == 102 ? 0xffffffff : 16;
    return how && how < 100 ? bad(how) : "four";
}

int fill(int how, char *to, int room)
{
    memset(to, 'f', (size_t)room);
    return how == 0 ? room : how;
}

void find(int how, const char *text, const char **end)
{
    const char *behind = text ? text + strlen(text) + 1 : bad(1);
    *end = how == 0 ? behind - 1 : how == 100 ? text - 1 : how == 101 ? behind : bad(how);
}

void fruits(int how, enum fruit *to, bool *flags)
{
    for (int i = 0; i < 3; i++) {
        to[i] = how == 1 && i == 2 ? (enum fruit)5 : APPLE;
        memset(&flags[i], how == 2 && i == 1 ? 9 : 1, 1);
    }
}

int open_stream(struct stream *stream, int how)
{
    stream->state = malloc(8);
    return how;
}

int run_stream(struct stream *stream, int how)
{
    unsigned piece = stream->left < stream->room ? stream->left : stream->room;
    memcpy(stream->to, stream->next, piece);
    stream->next += piece, stream->to += piece, stream->left -= piece, stream->room -= piece;
    switch (how) {
    case 1: stream->left = 1000000; break;
    case 2: stream->room = 0xfffffff0; break;
    case 3: stream->next += 7; break;
    case 4: stream->to = bad(4); break;
    case 5: stream->message = bad(3); break;
    case 6: stream->message = endless(); break;
    default: stream->message = "moved"; break;
    }
    return (int)piece;
}

int call_back(int how, visit function, void *context)
{
    unsigned char flag = 1, data[4] = {1, 2, 3, 4};
    int fruit = APPLE, size = 4;
    const char *text = "text";
    if (how == 1)
        text = bad(3);
    if (how == 2)
        size = -1;
    if (how == 3)
        size = 0x7fffffff;
    if (how == 4)
        flag = 77;
    if (how == 5)
        fruit = 2;
    if (how == 6)
        context = bad(4); /* another context than it was given */
    if (how == 7)
        text = endless();
    return ((int (*)(void *, const char *, const unsigned char *, int, unsigned char, int))(void *)function)(context, text, data, size,
                                                                                                             flag, fruit);
}

static visit kept;
static void *kept_context;
void keep(thing *thing, visit function, void *context)
{
    (void)thing;
    kept = function;
    kept_context = context;
}
int call_kept(int how)
{
    unsigned char data[4] = {0};
    return how ? 0 : kept(kept_context, "kept", data, 4, true, PEAR);
}

/* How many bytes of padding are not zero. */
static int dirty(const struct answer *answer)
{
    const unsigned char *bytes = (const unsigned char *)answer;
    int count = 0;
    for (size_t i = 0; i < sizeof *answer; i++) {
        bool data = i == offsetof(struct answer, yes) || (i >= offsetof(struct answer, fruit) && i < offsetof(struct answer, fruit) + 4) ||
                    i == offsetof(struct answer, padding_before) ||
                    (i >= offsetof(struct answer, precise) && i < offsetof(struct answer, precise) + 10);
        count += !data && bytes[i];
    }
    return count;
}
int padding(const struct answer *answer, struct answer value) { return dirty(answer) + dirty(&value); }

void die(int how)
{
    if (how == 1)
        __builtin_trap();
    if (how == 2)
        *(volatile int *)8 = 1;
    if (how == 3)
        exit(3);
}

/* Calls functions of the host that it was not given. */
int forge(int number, int slot)
{
    static uint64_t block[64];
    return syscall(540, number, slot, block) == -1 ? -1 : 0;
}

int measure(const struct label *labels, int count, const char *const *texts, const char *const *ended)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += (int)strlen(labels[i].text) * labels[i].number + (int)strlen(texts[i]) + (labels[i].owner ? labels[i].owner->number : 0);
    for (; ended && *ended; ended++)
        sum += 1000;
    return sum;
}

struct label get_label(int how)
{
    struct label label = {1, "a label", get_thing(0), 3, NULL};
    if (how == 1)
        label.text = bad(3);
    if (how == 2)
        label.owner = bad(7);
    if (how == 3)
        label.nothing = &label;
    return label;
}

void get_labels(int how, struct label *labels)
{
    labels[0] = get_label(0);
    labels[1] = get_label(how);
}

struct jumper { int number; };
static __thread jmp_buf landing;
jumper *get_jumper(int number)
{
    static jumper jumpers[4];
    return &jumpers[number & 3];
}
int call_leap(jumper *jumper, int how, struct jumper *other, leap function, void *context)
{
    return setjmp(landing) ? 77 : function(context, how ? other : jumper);
}
void land(jumper *jumper)
{
    (void)jumper;
    longjmp(landing, 1);
}

void call_many(int how, many function)
{
    static const char *texts[65536];
    for (int i = 0; i < 65536; i++)
        texts[i] = how == 2 ? NULL : "text";
    if (how == 1) {
        char *large = endless();
        large[60u << 20] = 0;
        for (int i = 0; i < 20; i++)
            texts[i] = large;
    }
    function(how == 0 ? 3 : how == 1 ? 20 : -5, texts);
}

static slow _Atomic shared;
int call_slow(int how, slow function, void *context)
{
    if (how == 0) {
        shared = function;
        while (shared)
            ;
        return 0;
    }
    while (!shared)
        ;
    return shared(context);
}

void come_back(void) { shared = NULL; }

/* --- handles --- */
struct held { user function; int number; };
static held helds[64];
static int last_held;
held *open_held(int how) { return &helds[how ? last_held : ++last_held % 64]; }
held *name_held(void) { return &helds[last_held]; }
int close_held(held *one, int how) { return (void)one, how; }
other *name_other(void) { return (other *)&helds[last_held]; }
void close_other(other *one) { (void)one; }
const char *text_of_held(held *one) { return (void)one, "held"; }
void set_held(held *one, user function) { one->function = function; }
void set_context(held *one, void *context) { (void)one, (void)context; }
int call_held(int how) { return helds[last_held - how].function(&helds[last_held], (void *)1); }
int visit_held(user function) { return function(&helds[last_held], (void *)1); }

static const int *choose(int how, const int *values)
{
    return how < 10 ? values + how : how < 20 ? (const int *)((const char *)values + how - 10) : values - 1;
}
void find_element(int how, const int *values, const int **found) { *found = choose(how, values); }
const int *find_end(int how, const int *values) { return choose(how, values); }
const int *find_word(int how, const char *bytes) { return (const int *)(bytes + how); }

/* --- rows, arrays of strings --- */
int turn_rows(int how, unsigned char **rows, const int *sizes, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        for (int j = 0; rows[i] && j < sizes[i]; j++)
            sum += rows[i][j]++;
        if (how)
            rows[i] = bad(i + 2);
    }
    return sum;
}
int sum_rows(const unsigned short *const *rows, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += rows[i][0] + rows[i][1];
    return sum;
}
int call_paint(int how, paint function, void *context)
{
    static unsigned char cells[3][4];
    unsigned char *rows[3] = {cells[0], how == 1 ? bad(3) : how == 2 ? NULL : cells[1], cells[2]};
    memset(cells, 1, sizeof cells);
    unsigned char **many = how == 6 ? calloc(2 << 20, sizeof *many) : rows;
    int status = function(context, how == 3 ? -1 : how == 4 ? 0x7fffffff : how == 6 ? 2 << 20 : 3, how == 5 ? bad(3) : many);
    return status < 0 ? status : cells[0][3] * 100 + cells[1][3] * 10 + cells[2][3];
}

static int frees;
void free_string_array(char **texts) { frees += texts != NULL; }
char **get_strings(int how)
{
    static char *texts[4];
    texts[0] = "one", texts[1] = how == 1 ? bad(3) : NULL, texts[2] = how == 2 ? endless() : "three";
    return how < 10 ? texts : bad(how - 10);
}
const char *const *list_strings(int how)
{
    static const char *endless_list[70000];
    static const char *const good[] = {"a", "b", NULL};
    for (int i = 0; i < 70000; i++)
        endless_list[i] = "x";
    return how == 0 ? good : how == 1 ? endless_list : bad(how);
}
void write_strings(int how, char ***to, int *count)
{
    *to = get_strings(0);
    *count = how == 0 ? 3 : how == 1 ? -1 : how == 2 ? 0x7fffffff : 70000;
}

/* --- memory of the program's functions --- */
int call_namer(namer function, void *context)
{
    const char *first = function(context, 1);
    int length = first ? (int)strlen(first) : -1;
    const char *second = function(context, 2);
    return length * 10 + (second ? (int)strlen(second) : 0);
}
static int given;
void *get_memory_for(size_t size) { return given = (int)size, given == 6 ? NULL : malloc(size); }
void give_back(void *memory) { free(memory); }
int call_maker(int how, maker function)
{
    int size = 0;
    unsigned char *memory = function(&size);
    int sum = how;
    for (int i = 0; memory && i < size; i++)
        sum += memory[i];
    give_back(memory);
    return memory ? sum : -1;
}

int use_suite(int how, const struct suite *suite)
{
    char *memory = suite->get(suite->context, 100), *second = suite->get(suite->context, 1000000);
    if (!memory)
        return -1;
    if (second)
        suite->put(suite->context, second);
    memset(memory, 7, 100);
    if (how == 0) {
        char *larger = suite->change(suite->context, memory, 5000), *refused = suite->change(suite->context, larger, 1000000);
        int same = larger && larger[0] == 7 && larger[99] == 7 && !refused;
        suite->put(suite->context, suite->change(suite->context, NULL, 10));
        return (suite->change(suite->context, larger, 0) ? 20 : 10) + same;
    }
    uint64_t *head = (uint64_t *)(void *)memory - 2, number = head[0];
    for (int i = 0; i < 40; i++) { /* by numbers that it was not given, and by its own once more */
        uint64_t *copy = malloc(116);
        copy[0] = how == 1 ? number : number + 1 + (uint64_t)i * 0x2345678901;
        copy[1] = 100;
        suite->put(suite->context, copy + 2);
    }
    return 1;
}

static void *mixed[2];
int mix_suites(int how, const struct suite *suite)
{
    if (how == 0)
        return (mixed[0] = suite->get(suite->context, 50)) != NULL;
    static struct suite before;
    if (how & 1)
        before = *suite;
    if (how == 3)
        mixed[0] = suite->get(suite->context, 50);
    uint64_t *copy = how == 2 ? malloc(80) : NULL; /* once more, while the function still releases it */
    if (copy)
        copy[0] = ((uint64_t *)mixed[0] - 2)[0];
    before.put(before.context, copy ? (void *)(copy + 2) : mixed[0]);
    return 2;
}
