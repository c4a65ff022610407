/* SPDX-License-Identifier: Apache-2.0 */
/* How what stubs in domains place and read travels to another domain: a call's message is a piece of this thread's memory for messages,
 * of which the callee has a capability for the time of the call; longer buffers are lent as they stand. Whoever receives a call reads and
 * writes through these capabilities. In a domain nothing here is trusted by anybody else. */
#include "trusted/binding/binding_state.h"
#include "porin/capability.h"
#include "porin/domain.h"
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_BYTES (256u << 10) /* of one thread, for all calls it is inside */
#define CALL_FAILED UINT64_MAX     /* what an edge answers where the callee died */

__thread struct porin_error binding_error;
static __thread struct { unsigned char *memory; uint32_t used; } messages;

const struct porin_error *porin_binding_error(void)
{
    return &binding_error;
}

void porin_binding_error_clear(void)
{
    binding_error.status = PORIN_OK;
}

porin_status binding_fail(porin_status status, const char *function, const char *what)
{
    binding_error.status = status;
    snprintf(binding_error.text, sizeof binding_error.text, "%s: %.200s", function, what ? what : "the call failed");
    return status;
}

porin_binding *porin_wire_bind(porin_binding **once, const struct porin_library *library, void *const *imports)
{
    porin_binding *made = calloc(1, sizeof *made + library->entry_count * sizeof *made->entries), *before = NULL;
    if (!made)
        return NULL;
    made->library = library;
    pthread_mutex_init(&made->lock, NULL);
    made->stamp = stamps_take(library->handle_types);
    made->made = library->handle_types ? calloc(BINDING_HANDLES_MAX, sizeof *made->made) : NULL;
    if (library->handle_types && !made->made) {
        free(made);
        return NULL;
    }
    for (uint32_t i = 0; i < library->entry_count; i++)
        made->entries[i].offset = (uint32_t)(uint64_t)imports[i];
    if (__atomic_compare_exchange_n(once, &before, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    free((void *)made->made);
    free(made);
    return before;
}

uint64_t porin_wire_use_key(porin_binding *binding, uint64_t key)
{
    if (!binding)
        return PORIN_ERR_MEMORY;
    pthread_mutex_lock(&binding->lock);
    records_free(binding); /* what was known of another callee's handles */
    if (binding->made)
        memset((void *)binding->made, 0, BINDING_HANDLES_MAX * sizeof *binding->made);
    binding->stamp = stamps_take(binding->library->handle_types);
    binding->serial = key;
    pthread_mutex_unlock(&binding->lock);
    return PORIN_OK;
}

void porin_frame_open(struct porin_frame *frame, porin_binding *binding, uint32_t entry, const char *function)
{
    frame->binding = binding;
    frame->function = function;
    frame->extras = NULL;
    frame->scratch = NULL;
    frame->mark = messages.used;
    frame->entry = entry;
    frame->status = PORIN_OK;
    frame->token_count = 0;
    frame->handle = frame->word = 0;
    frame->segment_count = 1;
    frame->receives = false;
    if (!messages.memory && !(messages.memory = aligned_alloc(16, MESSAGE_BYTES)))
        porin_frame_fail(frame, PORIN_ERR_MEMORY, "no memory for messages");
    if (!binding)
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
}

porin_status porin_frame_close(struct porin_frame *frame)
{
    messages.used = frame->mark;
    for (struct porin_extra *extra = frame->extras, *next; extra; extra = next) {
        next = extra->next;
        free((void *)(uint64_t)extra->address.offset);
        free(extra);
    }
    return frame->status;
}

static bool segment_add(struct porin_frame *frame, uint64_t start, uint64_t size, bool writable)
{
    if (frame->segment_count == PORIN_SEGMENTS)
        return false;
    frame->segments[frame->segment_count++] = (struct porin_segment){ start, size, 0, writable };
    return true;
}

/* Memory that the message has no room for is a segment of its own. */
static uint64_t extra_room(struct porin_frame *frame, uint64_t size)
{
    struct porin_extra *extra = malloc(sizeof *extra);
    void *memory = extra ? calloc(1, size) : NULL;
    bool good = memory && segment_add(frame, (uint64_t)memory, size, true);
    if (good) {
        *extra = (struct porin_extra){ frame->extras, { (uint32_t)(uint64_t)memory } };
        frame->extras = extra;
        return (uint64_t)memory;
    }
    porin_frame_fail(frame, memory ? PORIN_ERR_LIMIT : PORIN_ERR_MEMORY, "more arguments to copy than a message of 256 KiB holds");
    free(memory);
    free(extra);
    return 0;
}

/* Zeroed from byte `from` on: a message shows nothing of those before. */
static uint64_t room_from(struct porin_frame *frame, uint64_t size, uint64_t from)
{
    if (frame->status != PORIN_OK)
        return 0;
    if (size > BINDING_COPY_MAX) {
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "an argument is larger than 1 GiB");
        return 0;
    }
    size = (size + 16) & ~15ull; /* also nothing has an address */
    if (size > MESSAGE_BYTES - messages.used)
        return extra_room(frame, size);
    unsigned char *room = messages.memory + messages.used;
    messages.used += (uint32_t)size;
    memset(room + from, 0, size - from);
    return (uint64_t)room;
}

uint64_t porin_frame_room(struct porin_frame *frame, uint64_t size)
{
    return room_from(frame, size, 0);
}

uint64_t porin_frame_share(struct porin_frame *frame, const void *start, uint64_t size, bool in, bool out, enum porin_way way)
{
    bool lent = way == PORIN_WAY_CAP || (way == PORIN_WAY_CHEAPER && size >= PORIN_LENT_FROM);
    if (!start || frame->status != PORIN_OK)
        return 0;
    if (lent && size && segment_add(frame, (uint64_t)start, size, out)) {
        if (!in)
            memset((void *)(uint64_t)start, 0, size); /* who may write may read: nothing that was there before */
        return (uint64_t)start;
    }
    uint64_t room = room_from(frame, size, in ? size : 0);
    if (room && in)
        memcpy((void *)room, start, size);
    return room;
}

void porin_frame_back(struct porin_frame *frame, void *to, uint64_t from, uint64_t size)
{
    if ((uint64_t)to != from)
        porin_frame_read(frame, to, from, size);
}

uint64_t porin_frame_lend(struct porin_frame *frame, unsigned number, const void PORIN_CAP *start, uint64_t size, enum porin_right right)
{
    if (frame->status != PORIN_OK || !start)
        return 0;
    uint64_t pointer = (uint64_t)porin_cap_pass(number, start, size, right);
    if (!pointer)
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "a capability does not cover what it is to be passed on for");
    return pointer;
}

/* --- memory of the other side, or what is meant for it --- */
uint64_t porin_receive_place(const struct porin_frame *frame, uint64_t at, uint64_t size, bool write)
{
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        const struct porin_segment *segment = &frame->segments[i];
        uint64_t offset = at - segment->start;
        if (at >= segment->start && offset <= segment->size && size <= segment->size - offset && (segment->writable || !write))
            return segment->pointer + offset;
    }
    return 0;
}

/* A bulk copy takes more time to begin than a few accesses take. */
enum { WORDS_MOST = 64 };
typedef uint64_t word __attribute__((aligned(1), may_alias));

static void lent_read(unsigned char *to, uint64_t place, uint64_t size)
{
    const unsigned char PORIN_CAP *from = (const void PORIN_CAP *)place;
    if (size < sizeof(word) || size > WORDS_MOST) {
        porin_cap_read(to, from, size);
        return;
    }
    for (uint64_t i = 0; i + sizeof(word) < size; i += sizeof(word))
        *(word *)(to + i) = *(const word PORIN_CAP *)(from + i);
    *(word *)(to + size - sizeof(word)) = *(const word PORIN_CAP *)(from + size - sizeof(word));
}

static void lent_write(uint64_t place, const unsigned char *from, uint64_t size)
{
    unsigned char PORIN_CAP *to = (void PORIN_CAP *)place;
    if (size < sizeof(word) || size > WORDS_MOST) {
        porin_cap_write(to, from, size);
        return;
    }
    for (uint64_t i = 0; i + sizeof(word) < size; i += sizeof(word))
        *(word PORIN_CAP *)(to + i) = *(const word *)(from + i);
    *(word PORIN_CAP *)(to + size - sizeof(word)) = *(const word *)(from + size - sizeof(word));
}

void porin_frame_write(struct porin_frame *frame, uint64_t to, const void *from, uint64_t size)
{
    if (frame->status != PORIN_OK || !size)
        return;
    if (!frame->receives) {
        memcpy((void *)to, from, size);
        return;
    }
    uint64_t place = porin_receive_place(frame, to, size, true);
    if (place)
        lent_write(place, from, size);
    else
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "an address is not of memory that the caller lends for writing");
}

void porin_frame_read(struct porin_frame *frame, void *to, uint64_t from, uint64_t size)
{
    if (frame->status != PORIN_OK || !size)
        return;
    if (!frame->receives) {
        memcpy(to, (const void *)from, size);
        return;
    }
    uint64_t place = porin_receive_place(frame, from, size, false);
    if (place)
        lent_read(to, place, size);
    else
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "an address is not of memory that the caller lends");
}

/* --- calls --- */
static uint64_t call_import(const struct porin_frame *frame, uint32_t entry, const uint64_t words[6])
{
    uint64_t (*import)() = (uint64_t (*)())(uint64_t)frame->binding->entries[entry].offset;
    return import(words[0], words[1], words[2], words[3], words[4], words[5]);
}

static void answer_check(struct porin_frame *frame, uint64_t answer)
{
    static const char *const texts[] = {
#define STATUS(identifier, name, text) text,
#include "porin/status.def"
#undef STATUS
    };
    size_t count = sizeof texts / sizeof *texts;
    if (answer == CALL_FAILED)
        answer = (uint64_t)porin_call_error();
    else if (answer == PORIN_OK)
        return;
    bool known = answer > PORIN_OK && answer < count;
    porin_frame_fail(frame, known ? (porin_status)answer : PORIN_ERR_RESULT, texts[known ? answer : PORIN_ERR_RESULT]);
}

/* `block` is where the arguments stand in the message. */
void porin_frame_call6(struct porin_frame *frame, uint64_t block, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    uint64_t start = (uint64_t)messages.memory + frame->mark, size = messages.used - frame->mark, words[6] = { 0, 0, block };
    (void)b, (void)c, (void)d, (void)e, (void)f;
    if (frame->status != PORIN_OK)
        return;
    memcpy((void *)block, &frame->binding->serial, sizeof frame->binding->serial); /* the key */
    words[0] = porin_cap_make(start, size, PORIN_CAP_ARGUMENT(0), PORIN_RIGHT_WRITE);
    words[1] = start | size << 32;
    for (uint32_t i = 1; i < frame->segment_count; i++) {
        const struct porin_segment *segment = &frame->segments[i];
        porin_cap_make(segment->start, segment->size, PORIN_CAP_ARGUMENT(i), segment->writable ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ);
        words[2 + i] = segment->start | segment->size << 32 | (uint64_t)segment->writable << 63;
    }
    answer_check(frame, call_import(frame, frame->entry, words));
}

/* What the callee has a ticket for: its index and its size. */
void frame_fetch(struct porin_frame *frame, void *to, uint64_t ticket, uint64_t size)
{
    if (frame->status != PORIN_OK)
        return;
    if (ticket >> 32 != size) {
        porin_frame_bad(frame, "returned memory has another size than is said");
        return;
    }
    uint64_t words[6] = { porin_cap_make((uint64_t)to, size, PORIN_CAP_ARGUMENT(0), PORIN_RIGHT_WRITE), size, (uint32_t)ticket,
                          frame->binding->serial };
    answer_check(frame, call_import(frame, 0, words));
}

void frame_free(struct porin_frame *frame, uint64_t word, uint32_t entry)
{
    (void)frame, (void)word, (void)entry; /* whoever gave the ticket does */
}

/* The end of a string that the caller lends, read once: what it does to it later does not matter. */
static char *string_receive(struct porin_frame *frame, uint64_t word, size_t before)
{
    size_t length = 0, capacity = 112;
    char *copy = malloc(before + capacity + 1), *larger;
    for (; copy; copy = larger) {
        uint64_t rest = capacity - length, now = rest;
        while (now && !porin_receive_place(frame, word + length, now, false))
            now /= 2;
        porin_frame_read(frame, copy + before + length, word + length, now ? now : 1);
        if (frame->status != PORIN_OK || capacity >= BINDING_STRING_MAX)
            break;
        if (memchr(copy + before + length, 0, now))
            return copy;
        length += now;
        capacity = now < rest ? capacity : capacity * 4;
        if (!(larger = realloc(copy, before + capacity + 1)))
            break;
    }
    free(copy);
    porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "a string does not end in what the caller lends");
    return NULL;
}

char *frame_string_copy(struct porin_frame *frame, uint64_t word, size_t before)
{
    if (frame->receives)
        return string_receive(frame, word, before);
    uint64_t size = word >> 32;
    if (size > BINDING_STRING_MAX) {
        porin_frame_bad(frame, "a string has more than 64 MiB");
        return NULL;
    }
    char *copy = malloc(before + size + 1);
    if (!copy) {
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
        return NULL;
    }
    frame_fetch(frame, copy + before, word, size);
    copy[before + size] = 0;
    return copy;
}

uint64_t porin_frame_put_string(struct porin_frame *frame, const char *text)
{
    if (frame->receives)
        return porin_receive_give_string(frame, text, NULL);
    return text ? porin_frame_put(frame, text, strlen(text) + 1) : 0;
}

/* --- what only callbacks have, which do not cross between domains --- */
bool callbacks_end(porin_binding *binding, uint64_t handle, bool all)
{
    (void)binding, (void)handle, (void)all;
    return true;
}

bool callbacks_wait(porin_binding *binding, uint64_t handle)
{
    (void)binding, (void)handle;
    return true;
}

void porin_frame_adopt(struct porin_frame *frame, const void *handle)
{
    if (frame->status == PORIN_OK && !frame->handle)
        frame->handle = (uint64_t)handle;
}
