/* SPDX-License-Identifier: Apache-2.0 */
/* One call of a stub: arguments to the callee, results from it, each copied once. For hosts and for domains; how that travels is in
 * transport.c (hosts) and bindings/domain/ (domains). */
#include "binding_state.h"
#include <stdlib.h>

void porin_frame_fail(struct porin_frame *frame, porin_status status, const char *what)
{
    if (frame->status == PORIN_OK)
        frame->status = binding_fail(status, frame->function, what);
}

void porin_frame_bad(struct porin_frame *frame, const char *what)
{
    porin_frame_fail(frame, frame_receives(frame) ? PORIN_ERR_ARGUMENT : PORIN_ERR_RESULT, what);
}

uint64_t porin_frame_bytes(struct porin_frame *frame, int64_t count, uint64_t size)
{
    if (frame->status != PORIN_OK)
        return 0;
    if (count < 0 || (uint64_t)count > BINDING_COPY_MAX / size) {
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "a length is negative or makes more than 1 GiB");
        return 0;
    }
    return (uint64_t)count * size;
}

uint64_t porin_frame_filled(struct porin_frame *frame, int64_t count, uint64_t size, uint64_t room, const char *what)
{
    if (frame->status == PORIN_OK && (count < 0 || (uint64_t)count > room / size))
        porin_frame_bad(frame, what);
    return frame->status == PORIN_OK ? (uint64_t)count * size : 0;
}

uint64_t porin_frame_put(struct porin_frame *frame, const void *from, uint64_t size)
{
    uint64_t to = from ? porin_frame_room(frame, size) : 0;
    if (to)
        porin_frame_write(frame, to, from, size);
    return to;
}

uint64_t porin_frame_put_strings(struct porin_frame *frame, const char *const *texts, int64_t count)
{
    if (!texts || frame->status != PORIN_OK)
        return 0;
    bool ends = count < 0;
    uint64_t number = 0;
    while (ends ? texts[number] != NULL : number < (uint64_t)count)
        number++;
    if (number > BINDING_STRINGS_MAX) {
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "an array has more than 65536 strings");
        return 0;
    }
    uint64_t *words = calloc(number + 1, sizeof *words);
    if (!words)
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
    for (uint64_t i = 0; words && i < number; i++)
        words[i] = porin_frame_put_string(frame, texts[i]);
    uint64_t at = words ? porin_frame_put(frame, words, (number + 1) * sizeof *words) : 0;
    free(words);
    return at;
}

/* Keeps memory with the frame's handle; without one, with the binding. What is there already is not kept twice: texts of a library's own.
 */
static void *keep(struct porin_frame *frame, struct borrowed *borrowed, size_t size)
{
    enum { LOOKED_AT = 16 };
    porin_binding *binding = frame->binding;
    borrowed->size = sizeof *borrowed + size;
    pthread_mutex_lock(&binding->lock);
    bool room = binding->borrowed_bytes + borrowed->size <= BINDING_BORROWED_MAX;
    struct record *record = room ? record_find(binding, frame->handle, true) : NULL;
    struct borrowed *same = record ? record->borrowed : NULL;
    for (int i = 0; same && i < LOOKED_AT && (same->size != borrowed->size || memcmp(same->bytes, borrowed->bytes, size) != 0); i++)
        same = i + 1 < LOOKED_AT ? same->next : NULL;
    if (record && !same) {
        borrowed->next = record->borrowed;
        record->borrowed = borrowed;
        binding->borrowed_bytes += borrowed->size;
    }
    pthread_mutex_unlock(&binding->lock);
    if (record && !same)
        return borrowed->bytes;
    free(borrowed);
    if (!record)
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "more than 256 MiB are borrowed, or of too many handles; close or renew some");
    return same ? same->bytes : NULL;
}

void *porin_frame_take(struct porin_frame *frame, uint64_t word, uint64_t size, bool owned, uint32_t free_entry)
{
    if (!word || frame->status != PORIN_OK)
        return NULL;
    if (size > BINDING_COPY_MAX) {
        porin_frame_bad(frame, "returned memory is said to have more than 1 GiB");
        return NULL;
    }
    void *copy = owned ? malloc(size + 1) : NULL;
    struct borrowed *borrowed = owned ? NULL : malloc(sizeof *borrowed + size + 1);
    if (!copy && !borrowed) {
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
        return NULL;
    }
    char *bytes = owned ? copy : (char *)borrowed->bytes;
    frame_fetch(frame, bytes, word, size);
    bytes[size] = 0; /* programs use counted text as a string */
    frame_free(frame, word, free_entry);
    if (frame->status == PORIN_OK)
        return owned ? copy : keep(frame, borrowed, size + 1);
    free(copy);
    free(borrowed);
    return NULL;
}

char *porin_frame_take_string(struct porin_frame *frame, uint64_t word, bool owned, uint32_t free_entry)
{
    if (frame_receives(frame))
        return porin_back_string((struct porin_back *)frame, word);
    if (!word || frame->status != PORIN_OK)
        return NULL;
    char *copy = frame_string_copy(frame, word, owned ? 0 : sizeof(struct borrowed));
    frame_free(frame, word, free_entry);
    if (frame->status != PORIN_OK) {
        free(copy);
        return NULL;
    }
    return owned ? copy : keep(frame, (struct borrowed *)copy, strlen(copy + sizeof(struct borrowed)) + 1);
}

/* Larger, or gone, and the frame has failed. */
static void *enlarge(struct porin_frame *frame, void *memory, uint64_t size)
{
    void *larger = realloc(memory, size);
    if (!larger) {
        free(memory);
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
    }
    return larger;
}

/* The words of an array that ends with 0 where count is negative. */
static uint64_t *words_read(struct porin_frame *frame, uint64_t word, int64_t count, uint64_t *number)
{
    uint64_t capacity = 0, *words = NULL;
    for (*number = 0; frame->status == PORIN_OK && *number != (uint64_t)count; ++*number) {
        if (*number == BINDING_STRINGS_MAX)
            porin_frame_bad(frame, "an array has more than 65536 strings, or no end");
        else if (*number == capacity && !(words = enlarge(frame, words, (capacity = capacity ? 2 * capacity : 16) * sizeof *words)))
            break;
        else
            porin_frame_read(frame, &words[*number], word + 8 * *number, sizeof *words);
        if (frame->status != PORIN_OK || (count < 0 && !words[*number]))
            break;
    }
    return words;
}

/* Strings behind the pointers to them, in one piece of memory that has `before` more bytes in front; NULL on failure. */
static char *strings_copy(struct porin_frame *frame, uint64_t word, int64_t count, size_t before, uint64_t *size)
{
    uint64_t number, *words = words_read(frame, word, count, &number), head = before + (number + 1) * sizeof *words;
    char *copy = frame->status == PORIN_OK ? enlarge(frame, NULL, head) : NULL;
    *size = head;
    for (uint64_t i = 0; copy && i < number; i++) { /* the address, once it is known where all of it is */
        char *one = words[i] ? frame_string_copy(frame, words[i], 0) : NULL;
        uint64_t length = one ? strlen(one) + 1 : 0;
        if (length > BINDING_COPY_MAX - *size)
            porin_frame_bad(frame, "strings have more than 1 GiB together");
        if (frame->status != PORIN_OK) {
            free(copy);
            copy = NULL;
        } else if (one && (copy = enlarge(frame, copy, *size + length))) {
            memcpy(copy + *size, one, length);
            words[i] = *size;
            *size += length;
        }
        free(one);
    }
    for (uint64_t i = 0; copy && i <= number; i++)
        ((char **)(copy + before))[i] = i < number && words[i] ? copy + words[i] : NULL;
    free(words);
    *size -= before;
    return copy;
}

char **porin_frame_take_strings(struct porin_frame *frame, uint64_t word, int64_t count, bool owned, uint32_t free_entry)
{
    uint64_t size = 0;
    if (!word || frame->status != PORIN_OK)
        return NULL;
    char *copy = strings_copy(frame, word, count, owned ? 0 : sizeof(struct borrowed), &size);
    frame_free(frame, word, free_entry);
    if (frame->status != PORIN_OK) {
        free(copy);
        return NULL;
    }
    return owned ? (char **)copy : keep(frame, (struct borrowed *)copy, size);
}

/* --- rows --- */
struct porin_row *porin_frame_rows(struct porin_frame *frame, uint64_t count)
{
    if (count > BINDING_ROWS_MAX)
        porin_frame_fail(frame, PORIN_ERR_LIMIT, "an array has more than a million rows");
    struct borrowed *memory = frame->status == PORIN_OK ? calloc(1, sizeof *memory + count * sizeof(struct porin_row)) : NULL;
    if (!memory) {
        porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
        return NULL;
    }
    memory->next = frame->scratch;
    frame->scratch = memory;
    return (struct porin_row *)memory->bytes;
}

void scratch_free(struct porin_frame *frame)
{
    for (struct borrowed *memory = frame->scratch, *next; memory; memory = next) {
        next = memory->next;
        free(memory);
    }
}

void porin_frame_row_put(struct porin_frame *frame, struct porin_row *row, void *host, uint64_t size, bool in)
{
    *row = (struct porin_row){ !host ? 0 : in ? porin_frame_put(frame, host, size) : porin_frame_room(frame, size), size, host };
}

uint64_t porin_frame_rows_put(struct porin_frame *frame, const struct porin_row *rows, uint64_t count)
{
    uint64_t to = porin_frame_room(frame, count * sizeof to);
    for (uint64_t i = 0; i < count && frame->status == PORIN_OK; i++)
        porin_frame_write(frame, to + i * sizeof to, &rows[i].word, sizeof rows[i].word);
    return to;
}

void porin_frame_rows_read(struct porin_frame *frame, const struct porin_row *rows, uint64_t count)
{
    for (uint64_t i = 0; i < count && frame->status == PORIN_OK; i++)
        if (rows[i].host)
            porin_frame_read(frame, rows[i].host, rows[i].word, rows[i].size);
}

void porin_frame_rows_write(struct porin_frame *frame, const struct porin_row *rows, uint64_t count)
{
    for (uint64_t i = 0; i < count && frame->status == PORIN_OK; i++)
        if (rows[i].host)
            porin_frame_write(frame, rows[i].word, rows[i].host, rows[i].size);
}

void *porin_frame_within(struct porin_frame *frame, uint64_t word, uint64_t from, uint64_t size, const void *base, uint64_t step,
                         uint64_t bytes, bool end)
{
    if (!word || frame->status != PORIN_OK)
        return NULL;
    uint64_t offset = word - from; /* of what lies before: beyond any size */
    bool inside = offset <= size && bytes <= size - offset;
    if (!base || !(inside || (end && offset == size)) || offset % step) {
        porin_frame_bad(frame, "a pointer does not lie within the memory it was given");
        return NULL;
    }
    return (char *)base + offset;
}

/* --- what callbacks get --- */
/* Is there room for size more bytes? One string of the domain can stand in an array many times. */
static bool scratch_room(struct porin_back *back, uint64_t size)
{
    if (size > BINDING_COPY_MAX - back->scratch_bytes)
        porin_frame_bad(&back->frame, "arguments of a callback have more than 1 GiB together");
    else
        back->scratch_bytes += size;
    return back->frame.status == PORIN_OK;
}

static void *scratch_add(struct porin_back *back, struct borrowed *memory)
{
    if (!memory) {
        porin_frame_fail(&back->frame, PORIN_ERR_MEMORY, NULL);
        return NULL;
    }
    memory->next = back->frame.scratch;
    back->frame.scratch = memory;
    return memory->bytes;
}

/* Memory for what is to be copied from or to `word`; zeroed from byte `from` on, and what is read as a string ends. Long ones begin 32 to
 * 47 bytes further in a piece of 128 than `word` does: rep movsb, by which capabilities are copied through, is 2 to 27 times as slow on
 * Zen 4 where the destination begins 1 to 31 bytes further in its page than the source, and who calls could choose that. */
static void *scratch_room_for(struct porin_back *back, uint64_t word, uint64_t size, uint64_t from)
{
    enum { LONG = 256, PIECE = 128 };
    if (back->frame.status != PORIN_OK || !scratch_room(back, size))
        return NULL;
    unsigned char *room = scratch_add(back, malloc(sizeof(struct borrowed) + size + (size < LONG ? 1 : 1 + PIECE)));
    if (room && size >= LONG)
        room += (((word + 15) & ~15ull) + 32 - (uint64_t)room) % PIECE;
    if (room)
        memset(room + from, 0, size + 1 - from);
    return room;
}

void *porin_back_room(struct porin_back *back, uint64_t word, uint64_t size)
{
    return scratch_room_for(back, word, size, 0);
}

void *porin_back_get(struct porin_back *back, uint64_t word, uint64_t size)
{
    void *room = word ? scratch_room_for(back, word, size, size) : NULL;
    if (room)
        porin_frame_read(&back->frame, room, word, size);
    return back->frame.status == PORIN_OK ? room : NULL;
}

char *porin_back_string(struct porin_back *back, uint64_t word)
{
    char *copy = word && back->frame.status == PORIN_OK ? frame_string_copy(&back->frame, word, sizeof(struct borrowed)) : NULL;
    if (copy && !scratch_room(back, strlen(copy + sizeof(struct borrowed)) + 1)) {
        free(copy);
        copy = NULL;
    }
    return copy ? scratch_add(back, (struct borrowed *)copy) : NULL;
}

char **porin_back_strings(struct porin_back *back, uint64_t word, int64_t count)
{
    uint64_t size = 0;
    char *copy = word ? strings_copy(&back->frame, word, count, sizeof(struct borrowed), &size) : NULL;
    if (copy && !scratch_room(back, size)) {
        free(copy);
        copy = NULL;
    }
    return copy ? scratch_add(back, (struct borrowed *)copy) : NULL;
}

void *porin_back_row(struct porin_back *back, struct porin_row *row, uint64_t word, uint64_t size, bool in)
{
    if (!word || back->frame.status != PORIN_OK)
        return NULL;
    *row = (struct porin_row){ word, size, in ? porin_back_get(back, word, size) : porin_back_room(back, word, size) };
    return row->host;
}
