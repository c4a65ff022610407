/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's domain: each class of calls in a loop, through its stub and by hand. The host times the loop. */
#include "hand.h"
#include <string.h>
#include "porin/binding.h"
#include "porin/capability.h"
#include "porin/domain.h"

#define IMPORT(name) PORIN_IMPORT(hand_##name);
HAND_ALL(IMPORT)

static char bytes[HAND_BYTES];
static const char twenty[] = "twenty bytes of text";
static thing *handle;
static uint64_t sum;

#define LEND(what, size, right) porin_cap_lend(4, what, (size_t)(size), PORIN_RIGHT_##right)

static int text_by_hand(void)
{
    char text[64];
    return hand_text(LEND(text, sizeof text, WRITE), sizeof text);
}
static int block_by_hand(uint64_t i)
{
    struct block block = {{(int64_t)i}};
    return hand_block(LEND(&block, sizeof block, WRITE));
}

/* One loop a row, so that nothing but the call is in it. 1: a call failed. */
#define LOOP(name, expression)                                                                 \
    uint64_t loop_##name(uint64_t calls, int size)                                             \
    {                                                                                          \
        (void)size;                                                                            \
        porin_binding_error_clear();                                                           \
        for (uint64_t i = 0; i < calls; i++)                                                   \
            sum += (uint64_t)(expression);                                                     \
        return porin_binding_error()->status != PORIN_OK;                                      \
    }                                                                                          \
    PORIN_EXPORT(loop_##name);

LOOP(stub_integers, class_integers((int)i, 2))
LOOP(hand_integers, hand_integers((int)i, 2))
LOOP(stub_many, class_many((int)i, 2, 3, 4, 5, 6, 7, 8))
LOOP(hand_many, hand_many((int)i, 2, 3, 4, 5, 6, 7, 8))
LOOP(stub_double, class_double((double)i))
LOOP(hand_double, hand_double((double)i))
LOOP(stub_enum, class_enum(ORDER_UP))
LOOP(hand_enum, hand_enum(ORDER_UP))
LOOP(stub_handle, class_handle(handle ? handle : (handle = class_make())))
LOOP(hand_handle, hand_handle(1))
LOOP(stub_string, class_string(twenty))
LOOP(hand_string, hand_string(LEND(twenty, sizeof twenty - 1, READ), sizeof twenty - 1))
LOOP(stub_pair, class_pair((struct pair){(int64_t)i, 2}).a)
LOOP(hand_pair, hand_pair((int64_t)i, 2).a)
LOOP(stub_block, class_block((struct block){{(int64_t)i}}).words[0])
LOOP(hand_block, block_by_hand(i))
LOOP(stub_text, *class_text())
LOOP(hand_text, text_by_hand())
LOOP(stub_lent, class_lent(porin_cap_own(0, bytes, (size_t)size, PORIN_RIGHT_READ), size))
LOOP(hand_lent, hand_lent(LEND(bytes, size, READ), size))
LOOP(stub_in, class_in(bytes, size))
LOOP(copy_in, class_in_copy(bytes, size))
LOOP(cap_in, class_in_cap(bytes, size))
LOOP(hand_in, hand_in(LEND(bytes, size, READ), size))
LOOP(stub_out, class_out(bytes, size))
LOOP(copy_out, class_out_copy(bytes, size))
LOOP(cap_out, class_out_cap(bytes, size))
LOOP(hand_out, hand_out(LEND(bytes, size, WRITE), size))
