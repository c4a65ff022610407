/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting AT&T assembly text into statements: labels, directives, instructions with their prefixes, comments. */
#define _GNU_SOURCE
#include "statement.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const prefix_names[] = {"lock", "rep", "repe", "repz", "repne", "repnz", "notrack", "bnd", "data16", "data32", "addr32",
                                           "rex64", "rex.w", "rex.W", "xacquire", "xrelease", "cs", "ds", "es", "ss", "fs", "gs"};

static bool is_prefix(struct slice name)
{
    for (size_t i = 0; i < sizeof prefix_names / sizeof prefix_names[0]; i++)
        if (slice_is(name, prefix_names[i]))
            return true;
    return name.length > 2 && name.start[0] == '{'; /* {vex}, {evex}, {disp32}: hints to the assembler */
}

static struct statement *statements_add(struct statements *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 1024;
        list->items = grow(list->items, list->capacity * sizeof list->items[0]);
    }
    struct statement *s = &list->items[list->count++];
    memset(s, 0, sizeof *s);
    return s;
}

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$' || (unsigned char)c >= 0x80;
}

/* Length of the label in front of text, without its colon; 0 if there is none. */
static size_t label_length(struct slice text)
{
    size_t i = 0;
    if (text.length && text.start[0] == '"') {
        for (i = 1; i < text.length && text.start[i] != '"'; i++)
            ;
        i++;
    } else {
        while (i < text.length && is_name_character(text.start[i]))
            i++;
    }
    size_t end = i;
    while (i < text.length && (text.start[i] == ' ' || text.start[i] == '\t'))
        i++;
    return end && i < text.length && text.start[i] == ':' ? end : 0;
}

static struct slice first_word(struct slice text)
{
    size_t i = 0;
    if (text.length && text.start[0] == '{')
        while (i < text.length && text.start[i] != '}')
            i++;
    while (i < text.length && !isspace((unsigned char)text.start[i]))
        i++;
    return (struct slice){text.start, i};
}

void operands_parse(struct operands *operands, const struct statement *instruction)
{
    struct slice rest = instruction->arguments, item;
    operands->count = 0;
    operands->problem = instruction->problem;
    while (list_next(&rest, &item)) {
        if (operands->count == MAX_OPERANDS) {
            operands->problem = "too many operands";
            return;
        }
        const char *problem = operand_parse(&operands->item[operands->count++], item);
        if (problem && !operands->problem)
            operands->problem = problem;
    }
}

/* A prefix may stand before its instruction or in a statement of its own ("lock; xaddl ..."): then the next instruction takes it. */
static void parse_instruction(struct statements *list, struct slice text, int line)
{
    struct statement *last = list->count ? &list->items[list->count - 1] : NULL;
    struct statement *s = last && last->kind == STATEMENT_INSTRUCTION && !last->name.length ? last : statements_add(list);
    if (s != last || !s->text.length) {
        s->kind = STATEMENT_INSTRUCTION;
        s->line = line;
        s->text = text;
    }
    for (;;) {
        struct slice word = first_word(text);
        if (!is_prefix(word)) {
            s->name = word;
            s->arguments = slice_trim(slice_skip(text, word.length));
            return;
        }
        if (s->prefix_count == MAX_PREFIXES)
            s->problem = "too many prefixes";
        else
            s->prefixes[s->prefix_count++] = word;
        text = slice_trim(slice_skip(text, word.length));
        if (!text.length)
            return;
    }
}

static bool is_assignment(struct slice text, struct slice word)
{
    struct slice rest = slice_trim(slice_skip(text, word.length));
    return memchr(word.start, '=', word.length) || (rest.length && rest.start[0] == '=');
}

/* One statement without comment, label or separator characters around it. */
static void parse_statement(struct statements *list, struct slice text, int line)
{
    text = slice_trim(text);
    for (size_t length; (length = label_length(text)) > 0;) {
        struct statement *s = statements_add(list);
        s->kind = STATEMENT_LABEL;
        s->line = line;
        s->text = (struct slice){text.start, length};
        size_t colon = (size_t)((const char *)memchr(text.start + length, ':', text.length - length) - text.start);
        text = slice_trim(slice_skip(text, colon + 1));
    }
    if (!text.length)
        return;
    struct slice word = first_word(text);
    if (text.start[0] != '.' && !is_assignment(text, word)) {
        parse_instruction(list, text, line);
        return;
    }
    struct statement *s = statements_add(list);
    s->kind = STATEMENT_DIRECTIVE;
    s->line = line;
    s->text = text;
    s->name = word;
    s->arguments = slice_trim(slice_skip(text, word.length));
}

/* Comments are kept: gcc marks inline assembly and its source lines with them. */
static void add_comment(struct statements *list, struct slice text, int line)
{
    struct statement *s = statements_add(list);
    s->kind = STATEMENT_COMMENT;
    s->line = line;
    s->text = text;
}

/* End of the statement that starts text: at ';', newline, '#', a C comment, or the end. */
static size_t statement_end(struct slice text)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < text.length && (quoted || (text.start[i] != ';' && text.start[i] != '\n' && text.start[i] != '#')); i++) {
        char c = text.start[i];
        if (quoted && c == '\\' && i + 1 < text.length)
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '/' && i + 1 < text.length && text.start[i + 1] == '*')
            break;
    }
    return i;
}

void statements_parse(struct statements *list, struct slice text)
{
    int line = 1;
    while (text.length) {
        size_t end = statement_end(text), skip = end;
        parse_statement(list, (struct slice){text.start, end}, line);
        for (size_t i = 0; i < end; i++)
            line += text.start[i] == '\n';
        char stop = end < text.length ? text.start[end] : 0;
        if (stop == '#') {
            while (skip < text.length && text.start[skip] != '\n')
                skip++;
            add_comment(list, (struct slice){text.start + end, skip - end}, line);
        } else if (stop == '/') {
            const char *close = memmem(text.start + end + 2, text.length - end - 2, "*/", 2);
            skip = close ? (size_t)(close - text.start) + 2 : text.length;
            for (size_t i = end; i < skip; i++)
                line += text.start[i] == '\n';
        } else if (stop == ';') {
            skip++;
        }
        if (skip < text.length && text.start[skip] == '\n') {
            line++;
            skip++;
        }
        text = slice_skip(text, skip);
    }
}

void statements_free(struct statements *list)
{
    free(list->items);
    *list = (struct statements){0};
}
