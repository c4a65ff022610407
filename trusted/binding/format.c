/* SPDX-License-Identifier: Apache-2.0 */
/* Variable arguments: what printf's format asks for, as words of a call. Integers take the registers that are left, floating point vector
 * registers, the rest goes to the stack in order, as the System V ABI has it. */
#include "binding_state.h"
#include <stdarg.h>
#include <stdint.h>

struct words {
    struct porin_frame *frame;
    struct porin_call *call;
    uint64_t *stack;
    size_t stack_size, stack_count;
    uint32_t integers, vectors;
};

static void stack_add(struct words *words, uint64_t word)
{
    if (words->stack_count == words->stack_size)
        porin_frame_fail(words->frame, PORIN_ERR_LIMIT, "a format takes too many arguments");
    else
        words->stack[words->stack_count++] = word;
}

static void integer_add(struct words *words, uint64_t word)
{
    if (words->integers < 6)
        words->call->integer[words->integers++] = word;
    else
        stack_add(words, word);
}

static void double_add(struct words *words, double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    if (words->vectors < 8)
        words->call->vector[words->vectors++] = value;
    else
        stack_add(words, word);
}

static void long_double_add(struct words *words, long double value)
{
    uint64_t word[2] = { 0 };
    memcpy(word, &value, 10);
    if (words->stack_count % 2)
        stack_add(words, 0);
    stack_add(words, word[0]);
    stack_add(words, word[1]);
}

/* One conversion, from behind its %; returns what follows it. Precision limits how much of a string is read. */
static const char *conversion_add(struct words *words, const char *format, va_list *arguments)
{
    int64_t precision = -1;
    int wide = 0;
    while (*format && strchr("-+ #0'123456789.*", *format)) {
        bool point = *format++ == '.';
        if (point && *format >= '0' && *format <= '9')
            for (precision = 0; *format >= '0' && *format <= '9'; format++)
                precision = (precision * 10 + (*format - '0')) & INT32_MAX;
        else if (point && *format != '*')
            precision = 0;
        else if (!point && format[-1] == '*') {
            int value = va_arg(*arguments, int);
            precision = format[-2] == '.' ? value : precision;
            integer_add(words, (uint64_t)value);
        }
    }
    for (; *format && strchr("hlLjzt", *format); format++)
        wide += *format == 'L' ? 10 : *format != 'h';
    switch (*format) {
    case 'd': case 'i': case 'u': case 'x': case 'X': case 'o': case 'c':
        integer_add(words, wide ? va_arg(*arguments, uint64_t) : (uint64_t)(int64_t)va_arg(*arguments, int));
        break;
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
        if (wide >= 10)
            long_double_add(words, va_arg(*arguments, long double));
        else
            double_add(words, va_arg(*arguments, double));
        break;
    case 's': case 'q': case 'Q': case 'w': { /* the latter three are SQLite's */
        const char *text = va_arg(*arguments, const char *);
        size_t size = text && precision >= 0 ? strnlen(text, (size_t)precision) : text ? strlen(text) : 0;
        uint64_t at = text ? porin_frame_room(words->frame, size + 1) : 0;
        if (at) {
            porin_frame_write(words->frame, at, text, size);
            porin_frame_write(words->frame, at + size, "", 1);
        }
        integer_add(words, at);
        break;
    }
    case '%': break;
    default:
        porin_frame_fail(words->frame, PORIN_ERR_ARGUMENT,
                         "a format asks for what cannot cross: only d i u x X o c e f g a s (and q Q w) do");
    }
    return *format ? format + 1 : format;
}

void porin_frame_format(struct porin_frame *frame, struct porin_call *call, uint32_t fixed, uint64_t *stack, size_t stack_size,
                        const char *format, va_list arguments)
{
    struct words words = { frame, call, stack, stack_size, 0, fixed, 0 };
    va_list copy;
    if (!format)
        porin_frame_fail(frame, PORIN_ERR_ARGUMENT, "there is no format");
    va_copy(copy, arguments);
    while (frame->status == PORIN_OK && format && *format)
        if (*format++ == '%')
            format = conversion_add(&words, format, &copy);
    va_end(copy);
    call->stack = stack;
    call->stack_count = words.stack_count;
}
