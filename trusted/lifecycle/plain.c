/* SPDX-License-Identifier: Apache-2.0 */
/* Text of domains and images, made fit to be shown. */
#include "report.h"
#include <stdint.h>

/* Bytes of the character at text, in UTF-8; 0: it is a control character, of either set, or none at all. */
static size_t shown_size(const uint8_t *text)
{
    uint8_t first = *text;
    if (first < 0x80)
        return first == '\t' || (first >= ' ' && first != 127);
    size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (first == 0xe0 && text[1] < 0xa0) || (first == 0xf0 && text[1] < 0x90); /* it may be read as something shorter */
    return overlong || (first == 0xc2 && text[1] < 0xa0) ? 0 : size;
}

void text_make_plain(char *text)
{
    for (size_t size; *text; text += size ? size : 1)
        if (!(size = shown_size((const uint8_t *)text)))
            *text = '?';
}
