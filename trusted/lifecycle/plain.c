/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 without what terminals obey: controls of both sets (xterm takes U+009B for ESC [), marks that turn text round or are not seen. */
#include "plain.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character that begins there, and its bytes; size 0: none does. */
static uint32_t character_at(const uint8_t *text, size_t *size)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint32_t value = *text;
    size_t length = value < 0x80 ? 1 : value >> 5 == 6 ? 2 : value >> 4 == 14 ? 3 : value >> 3 == 30 ? 4 : 0;
    if (length > 1)
        value &= 0x7fu >> length;
    for (size_t i = 1; i < length; i++) {
        if (text[i] >> 6 != 2) {
            length = 0;
            break;
        }
        value = value << 6 | (text[i] & 0x3f);
    }
    *size = length && value >= least[length] && value <= 0x10ffff && value >> 11 != 0x1b ? length : 0;
    return value;
}

static bool is_visible(uint32_t value)
{
    static const struct { uint32_t first, last; } hidden[] = {
        { 0, 8 }, { 10, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
        { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
        { 0xfeff, 0xfeff }, { 0xfff0, 0xffff }, { 0xe0000, 0xe0fff },
    };
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (value >= hidden[i].first && value <= hidden[i].last)
            return false;
    return true;
}

void text_make_plain(char *text)
{
    size_t size;
    for (uint8_t *at = (uint8_t *)text; *at;) {
        uint32_t value = character_at(at, &size);
        if (size && is_visible(value)) {
            at += size;
            continue;
        }
        for (size = size ? size : 1; size; size--)
            *at++ = '?';
    }
}
