/* SPDX-License-Identifier: Apache-2.0 */
/* A program that parses XML with handlers: prints what they are told, in pieces, with mistakes, with two parsers at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef BOUND
#include "expat_bind.h"
#include "start.h"
#else
#include <expat.h>
#endif

struct state { const char *name; int depth; XML_Parser parser; };

static void start_element(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct state *state = user;
    printf("%s%*s<%s", state->name, 2 * state->depth++, "", name);
    for (int i = 0; attributes[i]; i += 2)
        printf(" %s='%s'", attributes[i], attributes[i + 1]);
    printf("> at %lu:%lu\n", (unsigned long)XML_GetCurrentLineNumber(state->parser),
           (unsigned long)XML_GetCurrentColumnNumber(state->parser));
    if (strcmp(name, "stop") == 0)
        XML_StopParser(state->parser, XML_FALSE);
}

static void end_element(void *user, const XML_Char *name)
{
    struct state *state = user;
    printf("%s%*s</%s>\n", state->name, 2 * --state->depth, "", name);
}

static void text(void *user, const XML_Char *data, int length)
{
    struct state *state = user;
    printf("%s%*s%.*s|\n", state->name, 2 * state->depth, "", length, data);
}

static void comment(void *user, const XML_Char *data)
{
    printf("%s comment %s\n", ((struct state *)user)->name, data);
}

static void open_parser(struct state *state, const char *name)
{
    *state = (struct state){name, 0, XML_ParserCreate(NULL)};
    XML_SetUserData(state->parser, state);
    XML_SetElementHandler(state->parser, start_element, end_element);
    XML_SetCharacterDataHandler(state->parser, text);
    XML_SetCommentHandler(state->parser, comment);
}

static void parse(const char *document, int piece)
{
    struct state state;
    int size = (int)strlen(document);
    open_parser(&state, "one");
    for (int at = 0; at < size; at += piece) {
        int length = size - at < piece ? size - at : piece;
        if (XML_Parse(state.parser, document + at, length, at + length == size) != XML_STATUS_OK) {
            printf("error at line %lu: %s\n", (unsigned long)XML_GetCurrentLineNumber(state.parser),
                   XML_ErrorString(XML_GetErrorCode(state.parser)));
            break;
        }
    }
    XML_ParserFree(state.parser);
}

static int entity(XML_Parser parser, const XML_Char *context, const XML_Char *base, const XML_Char *system, const XML_Char *public)
{
    static const char inner[] = "<inner>of a file</inner>";
    printf("entity %s %s %s\n", base ? base : "-", system, public ? public : "-");
    XML_Parser child = XML_ExternalEntityParserCreate(parser, context, NULL);
    enum XML_Status status = XML_Parse(child, inner, sizeof inner - 1, 1);
    XML_ParserFree(child);
    return status == XML_STATUS_OK && strcmp(system, "bad") != 0;
}

/* The program's own memory: counted, and refused at some time. */
static long pieces, left;
static void *get(size_t size)
{
    return left-- > 0 ? pieces++, malloc(size) : NULL;
}
static void *change(void *old, size_t size)
{
    return left-- > 0 ? pieces += !old, realloc(old, size) : NULL;
}
static void put(void *old)
{
    pieces -= old != NULL;
    free(old);
}

static void entities_in_own_memory(long pieces_most)
{
    static const XML_Memory_Handling_Suite suite = {get, change, put};
    static const char document[] = "<!DOCTYPE a [<!ENTITY e SYSTEM 'file'><!ENTITY f PUBLIC 'p' 'bad'>]><a>&e;<b/>&f;</a>";
    left = pieces_most;
    struct state state = {"own", 0, XML_ParserCreate_MM(NULL, &suite, NULL)};
    if (state.parser) {
        XML_SetUserData(state.parser, &state);
        XML_SetElementHandler(state.parser, start_element, end_element);
        XML_SetCharacterDataHandler(state.parser, text);
        XML_SetExternalEntityRefHandler(state.parser, entity);
        if (XML_Parse(state.parser, document, sizeof document - 1, 1) != XML_STATUS_OK)
            printf("error: %s\n", XML_ErrorString(XML_GetErrorCode(state.parser)));
        printf("some pieces %d\n", pieces > 0);
        XML_ParserFree(state.parser);
    }
    printf("parser %d pieces %ld\n", state.parser != NULL, pieces);
}

int main(int argc, char **argv)
{
    static const char document[] = "<?xml version='1.0'?>\n"
                                   "<a x='1' y=\"two &amp; three\">\n"
                                   " <b/>text &lt;here&gt;<!-- note -->\n<c d='\xc3\xa9'>e</c></a>\n";
    struct state first, second;
    (void)argc, (void)argv;
#ifdef BOUND
    struct porin_error error = {0};
    porin_domain *domain = start(argv[1], NULL);
    must_start(expat_bind(domain, &error), &error);
#endif
    parse(document, 1000);
    parse(document, 7);
    parse("<a><b></a>", 100);
    parse("<a><stop/><b/></a>", 100);
    parse("", 1);
    for (int most = 0; most < 60; most++)
        entities_in_own_memory(most);
    entities_in_own_memory(10000);
    open_parser(&first, "first");
    open_parser(&second, "second");
    XML_Parse(first.parser, "<x>", 3, 0);
    XML_Parse(second.parser, "<y><z>", 6, 0);
    XML_SetCharacterDataHandler(second.parser, NULL);
    XML_Parse(first.parser, "words</x>", 9, 1);
    XML_Parse(second.parser, "none</z></y>", 12, 1);
    XML_ParserFree(first.parser);
    XML_ParserFree(second.parser);
    return 0;
}
