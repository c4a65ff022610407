/* SPDX-License-Identifier: Apache-2.0 */
/* Reading AT&T operands: registers, immediates, memory. */
#include "statement.h"
#include <ctype.h>
#include <string.h>

static const char *const names[16][4] = {
    {"al", "ax", "eax", "rax"}, {"cl", "cx", "ecx", "rcx"}, {"dl", "dx", "edx", "rdx"}, {"bl", "bx", "ebx", "rbx"},
    {"spl", "sp", "esp", "rsp"}, {"bpl", "bp", "ebp", "rbp"}, {"sil", "si", "esi", "rsi"}, {"dil", "di", "edi", "rdi"},
    {"r8b", "r8w", "r8d", "r8"}, {"r9b", "r9w", "r9d", "r9"}, {"r10b", "r10w", "r10d", "r10"}, {"r11b", "r11w", "r11d", "r11"},
    {"r12b", "r12w", "r12d", "r12"}, {"r13b", "r13w", "r13d", "r13"}, {"r14b", "r14w", "r14d", "r14"}, {"r15b", "r15w", "r15d", "r15"},
};

const char *register_name(int reg, int width)
{
    return names[reg][width == 8 ? 3 : width == 4 ? 2 : width == 2 ? 1 : 0];
}

static int other_register(struct slice name)
{
    if (slice_is(name, "rip"))
        return REG_RIP;
    if (slice_starts(name, "xmm") || slice_starts(name, "ymm") || slice_starts(name, "zmm"))
        return REG_VECTOR;
    if (slice_is(name, "st") || slice_starts(name, "st("))
        return REG_X87;
    if (name.length == 2 && name.start[0] == 'k' && isdigit((unsigned char)name.start[1]))
        return REG_MASK;
    if (name.length == 2 && name.start[1] == 's' && strchr("cdefgs", name.start[0]))
        return REG_SEGMENT;
    return REG_OTHER;
}

bool register_parse(struct slice name, int *reg, int *width, bool *high)
{
    *high = false;
    for (int r = 0; r < 16; r++)
        for (int w = 0; w < 4; w++)
            if (slice_is(name, names[r][w])) {
                *reg = r;
                *width = 1 << w;
                return true;
            }
    if (name.length == 2 && name.start[1] == 'h' && strchr("acdb", name.start[0])) {
        *reg = (int)(strchr("acdb", name.start[0]) - "acdb");
        *width = 1;
        *high = true;
        return true;
    }
    *reg = other_register(name);
    *width = *reg == REG_VECTOR ? (name.start[0] == 'x' ? 16 : name.start[0] == 'y' ? 32 : 64) : 8;
    return *reg != REG_OTHER;
}

/* --- Expressions: sums, differences and products of numbers and parentheses. --- */
struct cursor { struct slice rest; bool good; };

static int64_t sum(struct cursor *c);

static char peek(struct cursor *c)
{
    c->rest = slice_trim(c->rest);
    return c->rest.length ? c->rest.start[0] : 0;
}

static int64_t number(struct cursor *c)
{
    char digits[40];
    size_t count = 0;
    while (count < c->rest.length && isalnum((unsigned char)c->rest.start[count]) && count < sizeof digits - 1) {
        digits[count] = c->rest.start[count];
        count++;
    }
    digits[count] = 0;
    unsigned long long value = 0;
    int used = 0, base = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') ? 16 : digits[0] == '0' ? 8 : 10;
    for (const char *p = digits + (base == 16 ? 2 : 0); *p; p++, used++) {
        int digit = isdigit((unsigned char)*p) ? *p - '0' : tolower((unsigned char)*p) - 'a' + 10;
        if (digit >= base)
            c->good = false;
        value = value * (unsigned)base + (unsigned)digit;
    }
    if (!used || count >= sizeof digits - 1)
        c->good = false;
    c->rest = slice_skip(c->rest, count);
    return (int64_t)value;
}

static int64_t factor(struct cursor *c)
{
    char next = peek(c);
    if (next == '-' || next == '+' || next == '~') {
        c->rest = slice_skip(c->rest, 1);
        int64_t value = factor(c);
        return next == '-' ? (int64_t)(0 - (uint64_t)value) : next == '~' ? ~value : value;
    }
    if (next == '(') {
        c->rest = slice_skip(c->rest, 1);
        int64_t value = sum(c);
        if (peek(c) != ')')
            c->good = false;
        else
            c->rest = slice_skip(c->rest, 1);
        return value;
    }
    if (!isdigit((unsigned char)next)) {
        c->good = false;
        return 0;
    }
    return number(c);
}

static int64_t product(struct cursor *c)
{
    uint64_t value = (uint64_t)factor(c);
    while (c->good && peek(c) == '*') {
        c->rest = slice_skip(c->rest, 1);
        value *= (uint64_t)factor(c);
    }
    return (int64_t)value;
}

static int64_t sum(struct cursor *c)
{
    uint64_t value = (uint64_t)product(c);
    while (c->good && (peek(c) == '+' || peek(c) == '-')) {
        bool minus = peek(c) == '-';
        c->rest = slice_skip(c->rest, 1);
        uint64_t term = (uint64_t)product(c);
        value = minus ? value - term : value + term;
    }
    return (int64_t)value;
}

bool expression_value(struct slice text, int64_t *value)
{
    struct cursor c = {slice_trim(text), true};
    *value = sum(&c);
    return c.good && peek(&c) == 0;
}

bool list_next(struct slice *rest, struct slice *item)
{
    *rest = slice_trim(*rest);
    if (!rest->length)
        return false;
    int depth = 0;
    bool quoted = false;
    size_t i = 0;
    for (; i < rest->length; i++) {
        char c = rest->start[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '(' || c == '{'))
            depth++;
        else if (!quoted && (c == ')' || c == '}'))
            depth--;
        else if (!quoted && c == ',' && depth == 0)
            break;
    }
    if (i > rest->length)
        i = rest->length;
    *item = slice_trim((struct slice){rest->start, i});
    *rest = slice_skip(*rest, i < rest->length ? i + 1 : i);
    return true;
}

/* --- Operands --- */

static const char *parse_register(struct operand *o, struct slice name)
{
    o->kind = OPERAND_REGISTER;
    o->decoration = (struct slice){0};
    for (size_t i = 0; i < name.length; i++)
        if (name.start[i] == '{') {
            o->decoration = slice_skip(name, i);
            name = slice_trim((struct slice){name.start, i});
        }
    return register_parse(name, &o->reg, &o->width, &o->high) ? NULL : o->reg == REG_OTHER ? NULL : "unknown register";
}

/* The register of an address, "%rax" or "%eax"; empty gives REG_NONE. */
static bool parse_address_register(struct slice text, int *reg, bool *narrow)
{
    int width = 8;
    bool high = false;
    *reg = REG_NONE;
    text = slice_trim(text);
    if (!text.length)
        return true;
    if (text.start[0] != '%' || !register_parse(slice_skip(text, 1), reg, &width, &high))
        return false;
    *narrow = *narrow || (width == 4 && is_general(*reg));
    return *reg == REG_VECTOR || (width >= 4 && is_general(*reg)) || (width == 8 && *reg == REG_RIP);
}

/* Splits off the parenthesised part that ends the text; false if the text does not end with one that names registers. */
static bool split_parentheses(struct slice text, struct slice *before, struct slice *inside)
{
    if (!text.length || text.start[text.length - 1] != ')')
        return false;
    int depth = 0;
    for (size_t i = text.length; i-- > 0;) {
        depth += text.start[i] == ')' ? 1 : text.start[i] == '(' ? -1 : 0;
        if (depth != 0)
            continue;
        struct slice registers = {text.start + i + 1, text.length - i - 2}, first = slice_trim(registers);
        if (!first.length || (first.start[0] != '%' && first.start[0] != ','))
            return false;
        *before = (struct slice){text.start, i};
        *inside = registers;
        return true;
    }
    return false;
}

static const char *parse_address(struct operand *o, struct slice text)
{
    struct slice before = text, inside = {0}, piece[3] = {{0}};
    o->base = o->index = REG_NONE;
    o->scale = 1;
    if (split_parentheses(text, &before, &inside)) {
        int count = 0;
        for (size_t i = 0, from = 0; i <= inside.length; i++)
            if (i == inside.length || inside.start[i] == ',') {
                if (count == 3)
                    return "too many parts in an address";
                piece[count++] = slice_trim((struct slice){inside.start + from, i - from});
                from = i + 1;
            }
        if (!parse_address_register(piece[0], &o->base, &o->narrow) || !parse_address_register(piece[1], &o->index, &o->narrow))
            return "an address with a register that is not 64 or 32 bits wide";
        int64_t scale = 1;
        if (piece[2].length && (!expression_value(piece[2], &scale) || (scale != 1 && scale != 2 && scale != 4 && scale != 8)))
            return "an address with an unknown scale";
        o->scale = (int)scale;
    }
    o->displacement = slice_trim(before);
    o->numeric = !o->displacement.length || expression_value(o->displacement, &o->value);
    return NULL;
}

static const char *parse_memory(struct operand *o, struct slice text)
{
    o->kind = OPERAND_MEMORY;
    if (text.length && text.start[0] == '%') {
        const char *colon = memchr(text.start, ':', text.length);
        if (!colon)
            return "unreadable operand";
        o->segment = slice_trim((struct slice){text.start + 1, (size_t)(colon - text.start) - 1});
        text = slice_trim(slice_skip(text, (size_t)(colon - text.start) + 1));
    }
    for (size_t i = 0; i < text.length; i++)
        if (text.start[i] == '{') {
            o->decoration = slice_skip(text, i);
            text = slice_trim((struct slice){text.start, i});
        }
    const char *wrong = parse_address(o, text);
    return wrong ? wrong : o->narrow && o->segment.length ? "a segment and an address of 32 bits" : NULL;
}

const char *operand_parse(struct operand *o, struct slice text)
{
    *o = (struct operand){.reg = REG_NONE, .base = REG_NONE, .index = REG_NONE, .scale = 1};
    text = slice_trim(text);
    if (text.length && text.start[0] == '*') {
        o->indirect = true;
        text = slice_trim(slice_skip(text, 1));
    }
    o->text = text;
    if (!text.length)
        return "empty operand";
    if (text.start[0] == '$') {
        o->kind = OPERAND_IMMEDIATE;
        o->displacement = slice_trim(slice_skip(text, 1));
        o->numeric = expression_value(o->displacement, &o->value);
        return NULL;
    }
    if (text.start[0] == '{') { /* rounding control of EVEX instructions: "{rn-sae}" */
        o->kind = OPERAND_REGISTER;
        o->reg = REG_OTHER;
        return NULL;
    }
    if (text.start[0] == '%' && !memchr(text.start, ':', text.length))
        return parse_register(o, slice_skip(text, 1));
    return parse_memory(o, text);
}

int operands_spare(const struct operands *ops, const int *candidates)
{
    for (; *candidates != REG_NONE; candidates++) {
        bool used = false;
        for (int i = 0; i < ops->count; i++)
            used = used || operand_mentions(&ops->item[i], *candidates);
        if (!used)
            break;
    }
    return *candidates;
}
