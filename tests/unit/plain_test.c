/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of domains as terminals and files get them: valid UTF-8 in which nothing is obeyed, turned round or unseen. */
#include "lifecycle/plain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void what_is_obeyed_or_unseen_goes(void **state)
{
    static const struct { const char *text, *plain; } cases[] = {
        { "", "" }, { "a name, 0-9 ~", "a name, 0-9 ~" }, { "\ttab", "\ttab" },
        { "h\u00fcbsch \u65e5 \U0001f600", "h\u00fcbsch \u65e5 \U0001f600" },
        { "\033[31mred\r\n\a\b\177", "?[31mred?????" },
        { "\xc2\x9b""31m \xc2\x80\xc2\x9f", "??31m ????" },                     /* the upper set, as characters */
        { "\x9b""31m \x80\xff\xfe", "?31m ???" },                               /* and as bytes */
        { "\xc0\x9b \xc1\xbf \xe0\x80\x9b \xf0\x80\x80\x9b", "?? ?? ??? ????" }, /* longer than need be */
        { "\xed\xa0\x80 \xf4\x90\x80\x80 \xf8\x88\x80\x80\x80", "??? ???? ?????" }, /* halves of pairs, too large */
        { "\xe2\x82", "??" }, { "a\xe2\x82z", "a??z" }, { "\xf0\x9f\x98", "???" }, { "\xe2", "?" }, /* cut off */
        { "\u202eolleh\u202c \u2066x\u2069", "???olleh??? ???x???" },           /* turned round */
        { "\u200b\u200f\u2028\u2029\u2060\ufeff", "??????????????????" }, { "\u00ad\u061c", "????" }, { "\U000e0041", "????" },
        { "\ufff9\uffff", "??????" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        strcpy(text, cases[i].text);
        text_make_plain(text);
        assert_string_equal(text, cases[i].plain);
    }
}

/* Of any bytes: as many are left, no byte of a control, no sequence that a decoder would not take; and a second time changes nothing. */
static void any_bytes_become_text(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        uint8_t text[24], again[24];
        size_t size = (size_t)round % (sizeof text - 1);
        for (size_t i = 0; i < size; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            text[i] = (uint8_t)(random >> 33);
            text[i] = (random >> 50) % 4 == 0 ? (uint8_t)(0x80 | text[i]) : text[i] ? text[i] : 1;
        }
        text[size] = 0;
        text_make_plain((char *)text);
        assert_int_equal(strlen((char *)text), size);
        for (size_t i = 0; i < size;) {
            size_t length = text[i] < 0x80 ? 1 : text[i] >= 0xf0 ? 4 : text[i] >= 0xe0 ? 3 : 2;
            assert_true(text[i] == '\t' || (text[i] >= 0x20 && text[i] != 0x7f));
            assert_true(text[i] < 0x80 || (text[i] >= 0xc2 && text[i] <= 0xf4));
            assert_true(text[i] != 0xc2 || text[i + 1] >= 0xa0); /* the upper set */
            for (size_t k = 1; k < length; k++)
                assert_int_equal(text[i + k] >> 6, 2);
            i += length;
        }
        memcpy(again, text, size + 1);
        text_make_plain((char *)again);
        assert_memory_equal(again, text, size + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_obeyed_or_unseen_goes), cmocka_unit_test(any_bytes_become_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
