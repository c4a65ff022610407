/* SPDX-License-Identifier: Apache-2.0 */
/* How what hosts' stubs place and read travels: by copies into the domain's memory and out of it, and by calls. */
#include "binding_state.h"
#include <stdlib.h>
#include "porin/capability.h"

void porin_frame_write(struct porin_frame *frame, uint64_t to, const void *from, uint64_t size)
{
    if (frame->status != PORIN_OK || !size)
        return;
    if (to > UINT32_MAX || porin_copy_out(frame->binding->domain, (porin_addr){ (uint32_t)to }, from, size) != PORIN_OK)
        porin_frame_bad(frame, "memory for arguments is not there");
}

void porin_frame_read(struct porin_frame *frame, void *to, uint64_t from, uint64_t size)
{
    if (frame->status != PORIN_OK || !size)
        return;
    if (from > UINT32_MAX || porin_copy_in(to, frame->binding->domain, (porin_addr){ (uint32_t)from }, size) != PORIN_OK)
        porin_frame_bad(frame, "a result lies where the domain has no memory");
}

uint64_t porin_frame_share(struct porin_frame *frame, const void *start, uint64_t size, bool in, bool out, enum porin_way way)
{
    (void)out, (void)way; /* only what takes PORIN_CAP pointers reads a host's memory */
    if (in)
        return porin_frame_put(frame, start, size);
    return start ? porin_frame_room(frame, size) : 0;
}

void porin_frame_back(struct porin_frame *frame, void *to, uint64_t from, uint64_t size)
{
    porin_frame_read(frame, to, from, size);
}

uint64_t porin_frame_lend(struct porin_frame *frame, unsigned number, const void *start, uint64_t size, enum porin_right right)
{
    uint64_t pointer = 0;
    if (frame->status != PORIN_OK || !start)
        return 0;
    porin_status status = porin_capability_lend(number, start, size, right, &pointer);
    if (status != PORIN_OK)
        porin_frame_fail(frame, status, NULL);
    return pointer;
}

uint64_t porin_frame_put_string(struct porin_frame *frame, const char *text)
{
    return text ? porin_frame_put(frame, text, strlen(text) + 1) : 0;
}

void porin_frame_call(struct porin_frame *frame, struct porin_call *call)
{
    if (frame->status != PORIN_OK)
        return;
    porin_status status = porin_call(frame->binding->entries[frame->entry], call);
    if (status != PORIN_OK) {
        porin_frame_fail(frame, status, NULL);
        return;
    }
    frame->word = call->result[0];
    frame->vector = call->result_vector[0];
}

void porin_frame_call6(struct porin_frame *frame, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    if (frame->status != PORIN_OK)
        return;
    porin_status status = porin_call6(frame->binding->entries[frame->entry], &frame->word, a, b, c, d, e, f);
    if (status != PORIN_OK)
        porin_frame_fail(frame, status, NULL);
}

uint64_t porin_frame_ask(struct porin_frame *frame, uint32_t entry, uint64_t argument)
{
    uint64_t word = 0;
    if (frame->status != PORIN_OK)
        return 0;
    porin_status status = porin_call6(frame->binding->entries[entry], &word, argument, 0, 0, 0, 0, 0);
    if (status != PORIN_OK)
        porin_frame_fail(frame, status, NULL);
    return word;
}

char *frame_string_copy(struct porin_frame *frame, uint64_t word, size_t before)
{
    size_t size = 120;
    char *copy = NULL;
    if (word > UINT32_MAX)
        porin_frame_bad(frame, "a string lies outside of the domain");
    while (frame->status == PORIN_OK) {
        char *larger = realloc(copy, before + size);
        if (!larger) {
            porin_frame_fail(frame, PORIN_ERR_MEMORY, NULL);
            break;
        }
        copy = larger;
        if (porin_copy_string_in(copy + before, size, frame->binding->domain, (porin_addr){ (uint32_t)word }) == PORIN_OK)
            return copy;
        if (size == BINDING_STRING_MAX)
            porin_frame_bad(frame, "a string has more than 64 MiB, or leaves the domain's memory");
        size = size < BINDING_STRING_MAX / 8 ? 8 * size : BINDING_STRING_MAX;
    }
    free(copy);
    return NULL;
}

void frame_fetch(struct porin_frame *frame, void *to, uint64_t word, uint64_t size)
{
    porin_frame_read(frame, to, word, size);
}

void frame_free(struct porin_frame *frame, uint64_t word, uint32_t entry)
{
    if (entry != PORIN_FRAME_NO_ENTRY)
        porin_frame_ask(frame, entry, word);
}

uint64_t porin_back_give(struct porin_back *back, const void *from, uint64_t size, uint32_t entry)
{
    struct porin_frame *frame = &back->frame;
    porin_addr address = { 0 };
    if (frame->status != PORIN_OK)
        return 0;
    if (entry != PORIN_FRAME_NO_ENTRY) {
        uint64_t word = porin_frame_ask(frame, entry, size);
        address.offset = word <= UINT32_MAX ? (uint32_t)word : 0;
    } else if (porin_alloc(frame->binding->domain, size + !size, &address) != PORIN_OK) {
        address.offset = 0;
    }
    if (!address.offset)
        porin_frame_fail(frame, PORIN_ERR_MEMORY, "the domain has no memory for what a callback returns");
    porin_frame_write(frame, address.offset, from, size);
    return address.offset;
}
