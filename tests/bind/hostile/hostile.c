/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile library: the host reports every bad answer and goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>
#include "hostile_bind.h"
#include "start.h"

static const char *image;
static porin_domain *domain;
static porin_binding *binding;

static int begin(void **state)
{
    struct porin_error error = {0};
    (void)state;
    domain = start(image, NULL);
    must_start(hostile_bind(domain, &binding, &error), &error);
    return 0;
}

static int end(void **state)
{
    (void)state;
    porin_binding_destroy(binding);
    porin_domain_destroy(domain);
    return 0;
}

/* cmocka sets its own handlers before each test */
static void ready(void **state)
{
    (void)state;
    porin_signals_install(NULL);
}

#define BAD(call) assert_int_equal(call, PORIN_ERR_RESULT)
#define GOOD(call) assert_int_equal(call, PORIN_OK)

static void numbers(void **state)
{
    bool yes;
    enum fruit fruit;
    int percent, checked = -5;
    hostile_get_number_unchecked raw;
    ready(state);
    GOOD(hostile_get_bool(binding, &yes, 0));
    assert_true(yes);
    for (int how = 2; how < 256; how++)
        BAD(hostile_get_bool(binding, &yes, how));
    GOOD(hostile_get_enum(binding, &fruit, 0));
    assert_int_equal(fruit, PEAR);
    for (int how = -2; how < 10; how++)
        if (how != 0 && how != APPLE && how != PEAR)
            BAD(hostile_get_enum(binding, &fruit, how));
    assert_non_null(strstr(porin_binding_error()->text, "get_enum"));
    GOOD(hostile_get_percent(binding, &percent, 100));
    BAD(hostile_get_percent(binding, &percent, 101));
    BAD(hostile_get_percent(binding, &percent, -1));
    GOOD(hostile_get_number(binding, &raw, 1000));
    assert_false(hostile_get_number_check(raw, 0, 999, &checked));
    assert_int_equal(checked, -5);
    assert_true(hostile_get_number_check(raw, 0, 1000, &checked));
    assert_int_equal(checked, 1000);
}

static void structs(void **state)
{
    struct answer answer;
    enum fruit to[3] = {0};
    bool flags[3];
    ready(state);
    GOOD(hostile_get_struct(binding, &answer, 0));
    assert_true(answer.yes && answer.fruit == PEAR && answer.precise == 1.5L);
    BAD(hostile_get_struct(binding, &answer, 1));
    BAD(hostile_get_struct(binding, &answer, 2));
    GOOD(hostile_fruits(binding, 0, to, flags));
    BAD(hostile_fruits(binding, 1, to, flags));
    assert_int_equal(to[2], APPLE); /* what is wrong is never stored */
    BAD(hostile_fruits(binding, 2, to, flags));
}

static void pointers(void **state)
{
    const char *text, *end = NULL;
    const void *memory;
    char *owned;
    uint64_t size;
    ready(state);
    GOOD(hostile_get_string(binding, &text, 0));
    assert_string_equal(text, "fine");
    GOOD(hostile_get_owned(binding, &owned, 0));
    assert_string_equal(owned, "fine");
    free(owned);
    for (int how = 1; how < 9; how++) {
        BAD(hostile_get_string(binding, &text, how));
        BAD(hostile_get_owned(binding, &owned, how)); /* also where there is nothing to free */
        BAD(hostile_get_memory(binding, &memory, how, &size));
        BAD(hostile_find(binding, how, "here", &end));
        assert_null(end);
    }
    BAD(hostile_get_string(binding, &text, 100));
    GOOD(hostile_find(binding, 0, "here", &end));
    assert_string_equal(end, "");
    end = NULL;
    BAD(hostile_find(binding, 100, "here", &end));
    BAD(hostile_find(binding, 101, "here", &end)); /* behind the NUL */
    BAD(hostile_find(binding, 101, NULL, &end));
    GOOD(hostile_get_memory(binding, &memory, 0, &size));
    assert_memory_equal(memory, "four", 4);
    for (int how = 100; how < 103; how++)
        assert_int_not_equal(hostile_get_memory(binding, &memory, how, &size), PORIN_OK);
}

static void lengths(void **state)
{
    char room[16 + 8];
    int filled;
    ready(state);
    memset(room, '.', sizeof room);
    GOOD(hostile_fill(binding, &filled, 0, room, 16));
    assert_int_equal(filled, 16);
    assert_memory_equal(room, "ffffffffffffffff........", sizeof room);
    memset(room, '.', sizeof room);
    BAD(hostile_fill(binding, &filled, 17, room, 16));
    BAD(hostile_fill(binding, &filled, 0x7fffffff, room, 16));
    assert_memory_equal(room, "........................", sizeof room);
    assert_int_equal(hostile_fill(binding, &filled, 0, room, -1), PORIN_ERR_LIMIT);
}

static void streams(void **state)
{
    ready(state);
    for (int how = 0; how < 7; how++) {
        char to[9] = "........";
        struct stream stream = {.number = 1};
        int status;
        GOOD(hostile_open_stream(binding, &status, &stream, 0));
        stream.next = "abcdef", stream.left = 6, stream.to = to, stream.room = 4;
        const char *next = stream.next;
        porin_status got = hostile_run_stream(binding, &status, &stream, how);
        if (how == 0) {
            assert_int_equal(got, PORIN_OK);
            assert_string_equal(to, "abcd....");
            assert_true(stream.next == next + 4 && stream.left == 2 && stream.to == to + 4 && stream.room == 0);
            assert_string_equal(stream.message, "moved");
        } else {
            assert_int_equal(got, PORIN_ERR_RESULT);
            assert_true(stream.next >= next && stream.next <= next + 6 && stream.to >= to && stream.to <= to + 4);
            assert_memory_equal(to + 4, "....", 4);
        }
        stream.state = &stream; /* no handle of this binding */
        assert_int_equal(hostile_run_stream(binding, &status, &stream, 0), PORIN_ERR_ARGUMENT);
    }
}

static void handles(void **state)
{
    struct porin_error error = {0};
    porin_domain *other_domain = start(image, NULL);
    porin_binding *other;
    thing *one, *forged;
    int number;
    ready(state);
    must_start(hostile_bind(other_domain, &other, &error), &error);
    GOOD(hostile_get_thing(binding, &one, 0));
    GOOD(hostile_use_thing(binding, &number, one));
    assert_int_equal(number, 42);
    assert_int_equal(hostile_use_thing(other, &number, one), PORIN_ERR_ARGUMENT);
    assert_int_equal(hostile_use_thing(binding, &number, (thing *)&number), PORIN_ERR_ARGUMENT);
    for (int how = 5; how < 9; how++)
        BAD(hostile_get_thing(binding, &forged, how)); /* more than an address of the domain */
    GOOD(hostile_get_thing(binding, &forged, 2));
    assert_true((uint64_t)forged >> 62 == 1); /* no address of the host, whatever the domain says */
    assert_int_equal(hostile_use_thing(binding, &number, forged), PORIN_ERR_FAULT);
    assert_int_equal(porin_domain_reset(domain, &error), PORIN_OK);
    assert_int_equal(porin_binding_renew(binding, &error), PORIN_OK);
    assert_int_equal(hostile_use_thing(binding, &number, one), PORIN_ERR_ARGUMENT); /* from before the reset */
    porin_binding_destroy(other);
    porin_domain_destroy(other_domain);
}

static void pointers_in_structs(void **state)
{
    thing *owner;
    int sum;
    ready(state);
    GOOD(hostile_get_thing(binding, &owner, 0));
    const struct label labels[2] = {{'x', "four", owner, 10, NULL}, {'y', "six...", NULL, 100, NULL}};
    const struct label wrong[1] = {{'x', "four", (thing *)&sum, 10, NULL}}, filled[1] = {{'x', "four", NULL, 10, &sum}};
    const char *const texts[] = {"a", "bc", NULL};
    struct label label, two[2];
    GOOD(hostile_measure(binding, &sum, labels, 2, texts, texts));
    assert_int_equal(sum, 4 * 10 + 6 * 100 + 1 + 2 + 42 + 2000);
    assert_int_equal(hostile_measure(binding, &sum, wrong, 1, texts, NULL), PORIN_ERR_ARGUMENT);
    assert_int_equal(hostile_measure(binding, &sum, filled, 1, texts, NULL), PORIN_ERR_ARGUMENT);
    GOOD(hostile_get_label(binding, &label, 0));
    assert_true(strcmp(label.text, "a label") == 0 && label.owner == owner && label.number == 3 && !label.nothing);
    GOOD(hostile_get_labels(binding, 0, two));
    assert_string_equal(two[1].text, "a label");
    for (int how = 1; how < 4; how++) {
        BAD(hostile_get_label(binding, &label, how));
        BAD(hostile_get_labels(binding, how, two));
    }
}

static int visits;
static void *expected;
static int visitor(void *context, const char *text, const unsigned char *data, int size, bool flag, enum fruit fruit)
{
    visits++;
    return context == expected && strlen(text) == 4 && data && size == 4 && flag && (fruit == APPLE || fruit == PEAR) ? 7 : 8;
}

static void callbacks(void **state)
{
    int result, mine, other;
    thing *one;
    ready(state);
    expected = &mine;
    visits = 0;
    GOOD(hostile_call_back(binding, &result, 0, visitor, &mine));
    assert_int_equal(result, 7);
    for (int how = 1; how < 8; how++) {
        GOOD(hostile_call_back(binding, &result, how, visitor, &mine));
        assert_int_equal(result, how == 6 ? 7 : -1); /* the context is never the domain's to choose */
    }
    assert_int_equal(visits, 2);
    GOOD(hostile_get_thing(binding, &one, 0));
    GOOD(hostile_keep(binding, one, visitor, &mine));
    GOOD(hostile_call_kept(binding, &result, 0));
    assert_int_equal(result, 7);
    GOOD(hostile_call_back(binding, &result, 0, visitor, &other));
    assert_int_equal(result, 8);
    for (int number = 0; number < 300; number++) /* numbers and places that were not given */
        for (int slot = -1; slot < 40; slot++) {
            visits = 0;
            GOOD(hostile_forge(binding, &result, number, slot));
            assert_int_equal(result, -1);
            assert_int_equal(visits, 0);
        }
    assert_int_equal(porin_binding_revoke(binding, (void (*)(void))visitor), 1);
    visits = 0;
    GOOD(hostile_call_kept(binding, &result, 0));
    assert_int_equal(result, -1);
    assert_int_equal(visits, 0);
}

/* A function leaves by longjmp to its own callback, whatever handle the domain names and whichever thread is in another one's. */
static jumper *mine, *theirs;
static pthread_barrier_t met, left;
static int raise_mine(void *context, jumper *named)
{
    (void)context, (void)named;
    hostile_raise_jumper(binding, mine);
    return 5;
}
static int raise_while_other_is_in(void *context, jumper *named)
{
    pthread_barrier_wait(&met); /* lent to this thread first */
    pthread_barrier_wait(&met);
    return raise_mine(context, named);
}
static int be_in(void *context, jumper *named)
{
    (void)context, (void)named;
    pthread_barrier_wait(&met);
    pthread_barrier_wait(&left);
    return 6;
}
static void *second_thread(void *unused)
{
    int result = 0;
    pthread_barrier_wait(&met);
    (void)hostile_call_leap(binding, &result, theirs, 1, mine, be_in, unused);
    return (void *)(intptr_t)result;
}
static void jumps(void **state)
{
    int result = 0, mark;
    pthread_t thread;
    void *other = NULL;
    ready(state);
    GOOD(hostile_get_jumper(binding, &mine, 0));
    GOOD(hostile_get_jumper(binding, &theirs, 1));
    volatile int landed = 0;
    if (setjmp(*(jmp_buf *)porin_binding_jump(binding, mine, true)) == 0) {
        for (int how = 0; how < 2; how++) {
            GOOD(hostile_call_leap(binding, &result, mine, how, theirs, raise_mine, &mark));
            assert_int_equal(result, 77);
        }
    } else {
        landed = 1;
    }
    assert_int_equal(landed, 0);
    pthread_barrier_init(&met, NULL, 2);
    pthread_barrier_init(&left, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, second_thread, &mark), 0);
    GOOD(hostile_call_leap(binding, &result, mine, 0, mine, raise_while_other_is_in, &mark));
    assert_int_equal(result, 77);
    pthread_barrier_wait(&left);
    assert_int_equal(pthread_join(thread, &other), 0);
    assert_int_equal((intptr_t)other, 6);
}

static int manys;
static void take_many(int count, const char *const *texts)
{
    manys += count == 3 && texts && strcmp(texts[2], "text") == 0 ? 1 : 100;
}
static void arrays_of_strings(void **state)
{
    ready(state);
    manys = 0;
    for (int how = 0; how < 3; how++) { /* 1: 1.2 GB out of one string; 2: a negative number */
        (void)hostile_call_many(binding, how, take_many);
        assert_int_equal(manys, 1);
    }
}

/* A function given for the time of a call does not run when the call is back, whichever thread the domain had call it. */
static _Atomic bool in_slow;
static int run_slowly(void *context)
{
    (void)context;
    in_slow = true;
    (void)hostile_come_back(binding);
    usleep(100000);
    in_slow = false;
    return 0;
}
static void *slow_thread(void *context)
{
    int result;
    (void)hostile_call_slow(binding, &result, 1, run_slowly, context);
    return NULL;
}
static void nothing_runs_after_a_call(void **state)
{
    int result, context;
    pthread_t thread;
    ready(state);
    assert_int_equal(pthread_create(&thread, NULL, slow_thread, &context), 0);
    GOOD(hostile_call_slow(binding, &result, 0, run_slowly, &context));
    assert_false(in_slow);
    pthread_join(thread, NULL);
}

/* A word given out twice is two handles; one that was closed is none. */
static int say_seven(held *named, void *context)
{
    return context && named ? 7 : 8;
}
static void handles_given_twice(void **state)
{
    held *one, *two, *named;
    other *stranger;
    const char *first, *second;
    int result, context;
    ready(state);
    GOOD(hostile_open_held(binding, &one, 0));
    GOOD(hostile_open_held(binding, &two, 1));
    assert_true(one != two && (uint32_t)(uint64_t)one == (uint32_t)(uint64_t)two);
    GOOD(hostile_text_of_held(binding, &first, one));
    GOOD(hostile_text_of_held(binding, &second, two));
    assert_ptr_not_equal(first, second);
    GOOD(hostile_set_held(binding, two, say_seven));
    GOOD(hostile_set_context(binding, two, &context));
    GOOD(hostile_close_held(binding, &result, one, 1)); /* which did not close it, it says */
    GOOD(hostile_text_of_held(binding, &first, one));
    GOOD(hostile_close_held(binding, &result, one, 0));
    assert_int_equal(hostile_text_of_held(binding, &first, one), PORIN_ERR_ARGUMENT);
    assert_int_equal(hostile_close_held(binding, &result, one, 0), PORIN_ERR_ARGUMENT);
    GOOD(hostile_name_other(binding, &stranger));
    GOOD(hostile_close_other(binding, stranger)); /* the same word as another type */
    GOOD(hostile_call_held(binding, &result, 0));
    assert_int_equal(result, 7);
    assert_string_equal(second, "held");
    GOOD(hostile_name_held(binding, &named));
    assert_ptr_equal(named, two);
    GOOD(hostile_close_held(binding, &result, two, 0));
    GOOD(hostile_call_held(binding, &result, 0));
    assert_int_equal(result, -1);
    for (int i = 0; i < 100000; i++) { /* places and memory of closed ones are used again */
        GOOD(hostile_open_held(binding, &one, 1));
        if (i % 2)
            GOOD(hostile_close_held(binding, &result, one, 0));
    }
    porin_status status = PORIN_OK;
    for (int i = 0; i < 70000 && status == PORIN_OK; i++)
        status = hostile_open_held(binding, &one, 1);
    assert_int_equal(status, PORIN_ERR_LIMIT);
}

/* A function without a handle finds no tokens of those that the domain names. */
static void tokens_are_not_named(void **state)
{
    held *one;
    int result, context;
    ready(state);
    GOOD(hostile_open_held(binding, &one, 0));
    GOOD(hostile_set_context(binding, one, &context));
    GOOD(hostile_visit_held(binding, &result, say_seven));
    assert_int_equal(result, 8);
}

static int sleep_a_while(held *named, void *context)
{
    (void)context, (void)named;
    in_slow = true;
    usleep(100000);
    in_slow = false;
    return 0;
}
static void *held_thread(void *unused)
{
    int result;
    (void)hostile_call_held(binding, &result, 0);
    return unused;
}
static void replaced_tokens_are_free(void **state)
{
    held *one;
    int before, after;
    pthread_t thread;
    ready(state);
    GOOD(hostile_open_held(binding, &one, 0));
    GOOD(hostile_set_held(binding, one, sleep_a_while));
    GOOD(hostile_set_context(binding, one, &before));
    assert_int_equal(pthread_create(&thread, NULL, held_thread, NULL), 0);
    while (!in_slow)
        ;
    GOOD(hostile_set_context(binding, one, &after));
    assert_false(in_slow);
    pthread_join(thread, NULL);
}

/* Two functions that close each other's handle: told, instead of waited for without end. */
static held *pair[2];
static _Atomic int met_pair;
static int close_the_other(held *named, void *context)
{
    int result;
    (void)named;
    met_pair++;
    while (met_pair < 2)
        ;
    return hostile_close_held(binding, &result, *(held **)context, 0) == PORIN_ERR_BUSY ? 5 : 6;
}
static void *pair_thread(void *how)
{
    int result = 0;
    (void)hostile_call_held(binding, &result, (int)(intptr_t)how);
    return (void *)(intptr_t)result;
}
static void waits_end(void **state)
{
    pthread_t thread;
    void *first;
    ready(state);
    for (int i = 0; i < 2; i++) {
        GOOD(hostile_open_held(binding, &pair[i], 0));
        GOOD(hostile_set_held(binding, pair[i], close_the_other));
        GOOD(hostile_set_context(binding, pair[i], &pair[!i]));
    }
    assert_int_equal(pthread_create(&thread, NULL, pair_thread, (void *)1), 0);
    void *second = pair_thread(NULL);
    pthread_join(thread, &first);
    assert_true((intptr_t)first == 5 || (intptr_t)second == 5); /* who waits longer may see the other one end */
    assert_true((intptr_t)first >= 5 && (intptr_t)second >= 5);
}

/* A function that does not come back: whoever would have to wait for it is told, whatever it is that he does; and one that ends itself
 * does not wait for itself. */
static _Atomic int stuck;
static _Atomic bool let_go;
static int stay(held *named, void *context)
{
    (void)named, (void)context;
    for (stuck++; !let_go;)
        usleep(1000);
    return 0;
}
static int stay_too(held *named, void *context) { return stay(named, context); }
static void *busy_thread(void *what)
{
    held *const *one = what;
    return (void *)(intptr_t)(hostile_set_context(binding, one[1], &stuck) == PORIN_ERR_BUSY);
}
static int end_itself(held *named, void *context)
{
    (void)named, (void)context;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    bool ended = porin_binding_revoke(binding, (void (*)(void))end_itself) == 1;
    clock_gettime(CLOCK_MONOTONIC, &after);
    return ended && (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec < 2000000000 ? 5 : 6;
}
static void waits_are_told(void **state)
{
    pthread_t threads[3];
    held *one[2];
    void *told;
    int result;
    ready(state);
    for (int i = 0; i < 2; i++) {
        GOOD(hostile_open_held(binding, &one[i], 0));
        GOOD(hostile_set_held(binding, one[i], i ? stay : stay_too));
        GOOD(hostile_set_context(binding, one[i], &result));
        assert_int_equal(pthread_create(&threads[i], NULL, held_thread, NULL), 0); /* calls the last one's */
        while (stuck <= i)
            ;
    }
    assert_int_equal(pthread_create(&threads[2], NULL, busy_thread, one), 0); /* its tokens cannot be replaced */
    porin_status set = hostile_set_held(binding, one[1], say_seven);
    size_t revoked = porin_binding_revoke(binding, (void (*)(void))stay_too);
    pthread_join(threads[2], &told);
    let_go = true;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(told != NULL);
    assert_int_equal(set, PORIN_ERR_BUSY);
    assert_int_equal(revoked, 0);
    GOOD(hostile_visit_held(binding, &result, end_itself));
    assert_int_equal(result, 5);
}

static void elements(void **state)
{
    const int values[4] = {0}, *found;
    char bytes[16] = {0};
    ready(state);
    for (int how = -1; how < 21; how++) {
        bool good = how >= 0 && (how < 4 || (how >= 10 && how % 4 == 2 && how < 26)), end = how == 4;
        assert_int_equal(hostile_find_element(binding, how, values, &found), good ? PORIN_OK : PORIN_ERR_RESULT);
        assert_int_equal(hostile_find_end(binding, &found, how, values), good || end ? PORIN_OK : PORIN_ERR_RESULT);
        assert_int_equal(hostile_find_word(binding, &found, how, bytes), how >= 0 && how <= 12 ? PORIN_OK : PORIN_ERR_RESULT);
    }
}

/* --- rows and arrays of strings --- */
static int paint_them(void *context, int count, unsigned char **rows)
{
    (void)context;
    for (int i = 0; i < count; i++)
        if (rows[i])
            rows[i][3] = (unsigned char)(rows[i][0] + i);
    return 0;
}
static void rows(void **state)
{
    unsigned char one[] = {1, 2, 3, '.'}, three[] = {9, '.'}, *them[] = {one, NULL, three};
    const unsigned short a[2] = {1, 2}, b[2] = {300, 4};
    const unsigned short *const words[] = {a, b};
    const int sizes[] = {3, 5, 1}, wrong[] = {3, 5, -1};
    int result;
    ready(state);
    for (int how = 0; how < 2; how++) {
        GOOD(hostile_turn_rows(binding, &result, how, them, sizes, 3));
        assert_int_equal(result, 6 + 9 + 4 * how);
        assert_true(them[0] == one && !them[1] && them[2] == three);
    }
    assert_memory_equal(one, "\3\4\5.", 4);
    assert_memory_equal(three, "\13.", 2);
    GOOD(hostile_turn_rows(binding, &result, 0, NULL, sizes, 3) == PORIN_ERR_FAULT ? PORIN_OK : PORIN_ERR_FAULT);
    struct porin_error error = {0};
    assert_int_equal(porin_domain_reset(domain, &error), PORIN_OK);
    assert_int_equal(porin_binding_renew(binding, &error), PORIN_OK);
    assert_int_equal(hostile_turn_rows(binding, &result, 0, them, wrong, 3), PORIN_ERR_LIMIT);
    assert_int_equal(hostile_turn_rows(binding, &result, 0, them, sizes, -1), PORIN_ERR_LIMIT);
    GOOD(hostile_sum_rows(binding, &result, words, 2));
    assert_int_equal(result, 307);
    static const int painted[] = {123, -1, 113, -1, -1, -1, -1}; /* 6: two million rows */
    for (int how = 0; how < 7; how++) {
        GOOD(hostile_call_paint(binding, &result, how, paint_them, &result));
        assert_int_equal(result, painted[how]);
    }
}
static void strings_out(void **state)
{
    char **texts;
    const char *const *list;
    int count;
    ready(state);
    GOOD(hostile_get_strings(binding, &texts, 0));
    assert_true(strcmp(texts[0], "one") == 0 && !texts[1] && strcmp(texts[2], "three") == 0 && !texts[3]);
    free(texts); /* one piece */
    BAD(hostile_get_strings(binding, &texts, 1));
    BAD(hostile_get_strings(binding, &texts, 2));
    for (int how = 11; how < 19; how++)
        BAD(hostile_get_strings(binding, &texts, how));
    GOOD(hostile_list_strings(binding, &list, 0));
    assert_true(strcmp(list[0], "a") == 0 && strcmp(list[1], "b") == 0 && !list[2]);
    for (int how = 1; how < 9; how++)
        BAD(hostile_list_strings(binding, &list, how));
    GOOD(hostile_write_strings(binding, 0, &texts, &count));
    assert_string_equal(texts[2], "three");
    free(texts);
    for (int how = 1; how < 4; how++)
        assert_int_not_equal(hostile_write_strings(binding, how, &texts, &count), PORIN_OK);
}

/* --- memory that functions of the program return --- */
static const char *name_number(void *context, int number)
{
    return number == 1 ? context : "second name";
}
static int made_size;
static unsigned char *make_bytes(int *size)
{
    *size = made_size;
    unsigned char *bytes = malloc(16);
    memset(bytes, 2, 16);
    return made_size ? bytes : (free(bytes), NULL);
}
static void memory_returned(void **state)
{
    int result;
    char first[] = "four";
    ready(state);
    GOOD(hostile_call_namer(binding, &result, name_number, first));
    assert_int_equal(result, 51);
    GOOD(hostile_call_namer(binding, &result, name_number, NULL));
    assert_int_equal(result, 1);
    static const int sizes[] = {10, 6, -1, 0}, sums[] = {20, -1, -1, -1}; /* 6: the domain has none */
    for (int i = 0; i < 4; i++) {
        made_size = sizes[i];
        GOOD(hostile_call_maker(binding, &result, 0, make_bytes));
        assert_int_equal(result, sums[i]);
    }
}

struct heap { int pieces, wrong; void *held[8]; size_t most; };
static void *heap_get(void *context, size_t size)
{
    struct heap *heap = context;
    for (int i = 0; i < 8 && size <= heap->most; i++)
        if (!heap->held[i]) {
            heap->pieces++;
            return heap->held[i] = malloc(1);
        }
    return NULL;
}
static void heap_put(void *context, void *memory)
{
    struct heap *heap = context;
    for (int i = 0; i < 8; i++)
        if (memory && heap->held[i] == memory) {
            heap->pieces--;
            free(memory);
            heap->held[i] = NULL;
            return;
        }
    heap->wrong += memory != NULL;
}
static void *heap_change(void *context, void *memory, size_t size)
{
    void *other = size ? heap_get(context, size) : NULL;
    if (other || !size)
        heap_put(context, memory);
    return other;
}
static struct suite reentrant;
static int nested;
static void heap_put_again(void *context, void *memory)
{
    int result;
    if (!nested++)
        (void)hostile_mix_suites(binding, &result, 2, &reentrant);
    heap_put(context, memory);
}
static void allocators(void **state)
{
    struct heap heap = {.most = 10000}, other = {.most = 10000};
    const struct suite suite = {&heap, heap_get, heap_put, heap_change}, suite_of_other = {&other, heap_get, heap_put, heap_change};
    int result;
    ready(state);
    GOOD(hostile_use_suite(binding, &result, 0, &suite));
    assert_int_equal(result, 11);
    assert_int_equal(heap.pieces + heap.wrong, 0);
    heap.most = 0;
    GOOD(hostile_use_suite(binding, &result, 0, &suite));
    assert_int_equal(result, -1);
    heap.most = 10000;
    GOOD(hostile_use_suite(binding, &result, 1, &suite)); /* forty times: released once */
    assert_int_equal(heap.pieces + heap.wrong, 0);
    GOOD(hostile_use_suite(binding, &result, 2, &suite));
    assert_int_equal(heap.wrong, 0);
    assert_int_equal(heap.pieces, 1);
    GOOD(hostile_mix_suites(binding, &result, 0, &suite));
    GOOD(hostile_mix_suites(binding, &result, 1, &suite_of_other)); /* another allocator's */
    assert_int_equal(other.pieces + other.wrong, 0);
    assert_int_equal(heap.pieces, 2);
    reentrant = (struct suite){&other, heap_get, heap_put_again, heap_change};
    GOOD(hostile_mix_suites(binding, &result, 3, &reentrant)); /* in one call: given, and released twice at once */
    assert_int_equal(nested, 1);
    assert_int_equal(other.pieces + other.wrong, 0);
}

static void padding_cleared(void **state)
{
    struct answer answer, value;
    int dirty;
    ready(state);
    memset(&answer, 0xaa, sizeof answer);
    memset(&value, 0xaa, sizeof value);
    answer.yes = value.yes = true, answer.fruit = value.fruit = PEAR, answer.padding_before = value.padding_before = 1;
    answer.precise = value.precise = 1;
    GOOD(hostile_padding(binding, &dirty, &answer, value));
    assert_int_equal(dirty, 0);
}

static void death(void **state)
{
    static const porin_status expected_status[] = {PORIN_OK, PORIN_ERR_FAULT, PORIN_ERR_FAULT, PORIN_ERR_EXIT};
    ready(state);
    for (int how = 0; how < 4; how++) {
        struct porin_error error = {0};
        bool yes;
        assert_int_equal(hostile_die(binding, how), expected_status[how]);
        assert_int_equal(hostile_get_bool(binding, &yes, 0) == PORIN_OK, how == 0);
        assert_int_equal(porin_domain_reset(domain, &error), PORIN_OK);
        assert_int_equal(porin_binding_renew(binding, &error), PORIN_OK);
        GOOD(hostile_get_bool(binding, &yes, 0));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers, begin, end),   cmocka_unit_test_setup_teardown(structs, begin, end),
        cmocka_unit_test_setup_teardown(pointers, begin, end),  cmocka_unit_test_setup_teardown(lengths, begin, end),
        cmocka_unit_test_setup_teardown(streams, begin, end),   cmocka_unit_test_setup_teardown(handles, begin, end),
        cmocka_unit_test_setup_teardown(callbacks, begin, end), cmocka_unit_test_setup_teardown(padding_cleared, begin, end),
        cmocka_unit_test_setup_teardown(death, begin, end),
        cmocka_unit_test_setup_teardown(pointers_in_structs, begin, end),
        cmocka_unit_test_setup_teardown(arrays_of_strings, begin, end),
        cmocka_unit_test_setup_teardown(nothing_runs_after_a_call, begin, end),
        cmocka_unit_test_setup_teardown(jumps, begin, end),
        cmocka_unit_test_setup_teardown(handles_given_twice, begin, end),
        cmocka_unit_test_setup_teardown(tokens_are_not_named, begin, end),
        cmocka_unit_test_setup_teardown(replaced_tokens_are_free, begin, end),
        cmocka_unit_test_setup_teardown(waits_end, begin, end),
        cmocka_unit_test_setup_teardown(waits_are_told, begin, end),
        cmocka_unit_test_setup_teardown(elements, begin, end),
        cmocka_unit_test_setup_teardown(rows, begin, end),
        cmocka_unit_test_setup_teardown(strings_out, begin, end),
        cmocka_unit_test_setup_teardown(memory_returned, begin, end),
        cmocka_unit_test_setup_teardown(allocators, begin, end),
    };
    (void)argc;
    image = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
