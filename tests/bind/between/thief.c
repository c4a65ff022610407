/* SPDX-License-Identifier: Apache-2.0 */
/* A caller that does not use the stubs made for it: the library must refuse what it sends, and live. */
#include "pair_wire.h"
#include <stdio.h>
#include <string.h>
#include "porin/binding.h"
#include "porin/capability.h"
#include "porin/domain.h"

typedef uint64_t wire(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
#define BLOCKS(F)                                                                                                           \
    F(sum) F(behind) F(fill) F(line) F(fruits) F(text) F(copy) F(memory) F(open) F(number) F(close) F(basket) F(find) F(labels)
#define DECLARE(name) wire pair_wire_pair_##name; PORIN_IMPORT(pair_wire_pair_##name);
BLOCKS(DECLARE)
uint64_t pair_wire_pair_fruit(uint64_t fruit, uint64_t same), pair_wire_pair_percent(uint64_t), pair_wire_pair_bool(uint64_t),
    pair_wire_pair_lent(uint64_t, uint64_t, uint64_t), pair_wire_fetch(uint64_t, uint64_t, uint64_t, uint64_t);
PORIN_IMPORT(pair_wire_pair_fruit);
PORIN_IMPORT(pair_wire_pair_percent);
PORIN_IMPORT(pair_wire_pair_bool);
PORIN_IMPORT(pair_wire_pair_lent);
PORIN_IMPORT(pair_wire_fetch);

static const struct { wire *call; const char *name; } calls[] = {
#define ROW(name) {pair_wire_pair_##name, #name},
    BLOCKS(ROW)
};
enum { CALLS = sizeof calls / sizeof *calls, MESSAGE = 4096 };
static uint64_t key, message[MESSAGE / 8], seed = 1;
static unsigned bad, refused, taken;

uint64_t pair_wire_use_key(uint64_t given) { return key = given, 0; }
PORIN_EXPORT(pair_wire_use_key);

static uint64_t next(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 20;
}

/* A word that means something to somebody: an address in the message or near it, a number at an edge, a handle. */
static uint64_t word(void)
{
    static const uint64_t edges[] = {0, 1, 2, 16, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1ull << 52, 8ull << 52,
                                     16ull << 52, 24ull << 52 | 5, 1ull << 63, UINT64_MAX, UINT64_MAX - 7};
    uint64_t at = (uint64_t)message;
    switch (next() % 6) {
    case 0: return edges[next() % (sizeof edges / sizeof *edges)];
    case 1: return at + next() % (MESSAGE + 64) - 32;
    case 2: return next() % 8 << 16 | next() % 8;
    case 3: return next() % 300;
    default: return at + next() % (MESSAGE / 16) * 16;
    }
}

static void alive(const char *what)
{
    static unsigned char byte[2] = {41, 0};
    bool answers = pair_wire_pair_percent(7) == 7;
    uint64_t data = (uint64_t)porin_cap_lend(4, byte, 1, PORIN_RIGHT_READ);
    uint64_t to = (uint64_t)porin_cap_lend(5, byte + 1, 1, PORIN_RIGHT_WRITE);
    if (answers && pair_wire_pair_lent(data, 1, to) == 1 && byte[1] == 42)
        return;
    printf("thief.c: the library is dead after: %s (%ld)\n", what, porin_call_error());
    fflush(stdout);
    bad++;
}

static void send(size_t call, uint64_t pointer, uint64_t span, uint64_t block, uint64_t more)
{
    uint64_t answer = calls[call].call(pointer, span, block, more, next() % 3 ? 0 : word(), 0);
    if (answer == UINT64_MAX)
        alive(calls[call].name);
    else
        *(answer ? &refused : &taken) += 1;
}

/* Messages of random words, most of them with the right key and in the right place. */
static void messages(void)
{
    for (int i = 0; i < 60000 && !bad; i++) {
        size_t call = next() % CALLS;
        uint64_t start = (uint64_t)message, size = MESSAGE, block = start, span;
        for (int w = 0; w < MESSAGE / 8; w++)
            message[w] = word();
        message[0] = next() % 50 ? key : word();
        uint64_t lent = next() % 30 ? size : next() % size;
        uint64_t pointer = porin_cap_make(start, lent, PORIN_CAP_ARGUMENT(0), next() % 30 ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ);
        porin_cap_make(start, size / 2, PORIN_CAP_ARGUMENT(1), next() % 2 ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ);
        span = start | (next() % 30 ? lent : word() & 0x7fffffff) << 32;
        if (next() % 30 == 0)
            pointer = word();
        if (next() % 30 == 0)
            block = word();
        send(call, pointer, span, block, next() % 2 ? 0 : word() | next() << 32);
    }
}

static void registers(void)
{
    static unsigned char bytes[64];
    for (int i = 0; i < 20000 && !bad; i++) {
        uint64_t data = (uint64_t)porin_cap_lend(4, bytes, 16, PORIN_RIGHT_READ);
        uint64_t to = (uint64_t)porin_cap_lend(5, bytes, 16, PORIN_RIGHT_READ);
        uint64_t answer = pair_wire_pair_lent(next() % 2 ? data : word(), next() % 2 ? word() : 17, next() % 2 ? to : word());
        refused += (int)answer == -1;
        pair_wire_pair_fruit(word(), word());
        pair_wire_pair_bool(word());
        pair_wire_fetch(next() % 2 ? to : word(), word(), next() % 4, next() % 2 ? key : word());
        if (i % 64 == 0)
            alive("arguments in registers");
    }
}

/* What was returned is fetched by whom it was returned to, as it was then: the library's memory may be something else by now. */
static void tickets(void)
{
    static char got[5000];
    struct pair_wire_pair_text *block = (void *)message;
    uint64_t start = (uint64_t)message;
    memset(message, 0, sizeof message);
    message[0] = key;
    block->a_how = 1;
    uint64_t lent = porin_cap_make(start, MESSAGE, PORIN_CAP_ARGUMENT(0), PORIN_RIGHT_WRITE);
    bool good = pair_wire_pair_text(lent, start | (uint64_t)MESSAGE << 32, start, 0, 0, 0) == 0 && block->result >> 32 == sizeof got;
    uint64_t ticket = (uint32_t)block->result;
    for (int strange = 1; strange >= 0; strange--) {
        pair_wire_pair_bool(77);
        lent = porin_cap_make((uint64_t)got, sizeof got, PORIN_CAP_ARGUMENT(0), PORIN_RIGHT_WRITE);
        uint64_t answer = pair_wire_fetch(lent, sizeof got, ticket, key ^ (uint64_t)strange);
        good = good && (answer != 0) == strange && got[0] == (strange ? 0 : 'x') && got[sizeof got - 1] == got[0];
    }
    if (!good)
        printf("thief.c: returned memory shows what it is not to show: %c\n", got[0]);
    bad += !good;
}

/* --- calls that are right but for one thing --- */
#define EXPECT(condition) expect(condition, #condition, __LINE__)
static void expect(bool good, const char *what, int line)
{
    if (!good)
        bad++, printf("thief.c:%d: not so: %s\n", line, what);
}

/* The message, with the block in front, lent with `right`; `more`: a further segment, as the word says it is. */
static uint64_t ask(wire *call, enum porin_right right, uint64_t more)
{
    uint64_t start = (uint64_t)message, pointer = porin_cap_make(start, MESSAGE, PORIN_CAP_ARGUMENT(0), right);
    return call(pointer, start | (uint64_t)MESSAGE << 32, start, more, 0, 0);
}

#define BLOCK(name)                                                      \
    struct pair_wire_pair_##name *const name##_block = (void *)message; \
    memset(message, 0, sizeof message);                                  \
    message[0] = key

static uint64_t opened(int number)
{
    BLOCK(open);
    open_block->a_number = number;
    EXPECT(ask(pair_wire_pair_open, PORIN_RIGHT_WRITE, 0) == PORIN_OK && open_block->result);
    return open_block->result;
}

static uint64_t numbered(uint64_t handle, uint64_t with, int expected)
{
    BLOCK(number);
    message[0] = with;
    number_block->a_one = handle;
    uint64_t answer = ask(pair_wire_pair_number, PORIN_RIGHT_WRITE, 0);
    EXPECT(number_block->result == (answer == PORIN_OK ? expected : 0));
    return answer;
}

/* Closed handles, whose place another one has now; and only those of the key. */
static void handles(void)
{
    uint64_t one = opened(7), two;
    EXPECT(numbered(one, key, 7) == PORIN_OK);
    EXPECT(numbered(one, key ^ 2, 0) == PORIN_ERR_GONE && numbered(one, 0, 0) == PORIN_ERR_GONE);
    {
        BLOCK(close);
        close_block->a_one = one;
        EXPECT(ask(pair_wire_pair_close, PORIN_RIGHT_WRITE, 0) == PORIN_OK);
    }
    EXPECT(numbered(one, key, 0) == PORIN_ERR_ARGUMENT);
    two = opened(8);
    EXPECT((uint16_t)two == (uint16_t)one && two != one); /* the same place */
    EXPECT(numbered(two, key, 8) == PORIN_OK && numbered(one, key, 0) == PORIN_ERR_ARGUMENT);
}

/* Memory that is lent for reading is no place for results: an error of the caller's, no fault of the library's. */
static void rights(void)
{
    static unsigned char room[512];
    uint64_t start = (uint64_t)room;
    for (int how = 0; how < 4; how++) {
        bool lent = how & 1, said = how & 2;
        BLOCK(fill);
        fill_block->a_to = start;
        fill_block->a_room = sizeof room;
        room[0] = 0;
        porin_cap_make(start, sizeof room, PORIN_CAP_ARGUMENT(1), lent ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ);
        uint64_t answer = ask(pair_wire_pair_fill, PORIN_RIGHT_WRITE, start | (uint64_t)sizeof room << 32 | (uint64_t)said << 63);
        EXPECT(answer == (lent && said ? PORIN_OK : PORIN_ERR_ARGUMENT) && room[0] == (lent && said ? 'f' : 0));
        alive("memory lent for less than is said");
    }
    BLOCK(fill);
    fill_block->a_to = start;
    EXPECT(ask(pair_wire_pair_fill, PORIN_RIGHT_READ, 0) == PORIN_ERR_ARGUMENT);
    alive("a message lent for reading");
}

unsigned run_tests(void)
{
    handles();
    rights();
    tickets();
    messages();
    registers();
    alive("all of it");
    printf("between: a hostile caller: %u calls refused, %u taken, library %s\n", refused, taken, bad ? "dead" : "alive");
    if (refused < 1000 || taken < 1000)
        bad++; /* it has not tried */
    fflush(stdout);
    return bad;
}
PORIN_EXPORT(run_tests);
