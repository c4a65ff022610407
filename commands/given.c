/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the values of given.def. */
#define _GNU_SOURCE
#include "given.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_THREADS 10000
#define MOST_STACK (1ull << 30)

__attribute__((format(printf, 2, 3))) static bool refuse(struct given *given, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(given->problem, sizeof given->problem, format, arguments);
    va_end(arguments);
    return false;
}

static void *grown(const void *list, size_t count, size_t size)
{
    void *more = realloc((void *)list, (count + 1) * size);
    if (!more)
        abort();
    return more;
}

static void list_add(const char *const **list, size_t *count, const char *text)
{
    const char **more = grown(*list, *count, sizeof *more);
    more[(*count)++] = strdup(text);
    *list = more;
}

/* HOST[:GUEST][:ro]. A host path with a colon in it cannot be given this way. */
static bool given_directory(struct given *given, const char *value)
{
    struct porin_directory directory = { 0 };
    char *text = strdup(value), *colon = strrchr(text, ':');
    if (colon && strcmp(colon, ":ro") == 0) {
        directory.read_only = true;
        *colon = '\0';
        colon = strrchr(text, ':');
    }
    if (colon)
        *colon++ = '\0';
    if (colon && *colon != '/')
        return refuse(given, "the guest path must begin with / and not be: %s", colon);
    directory.host_path = text;
    directory.guest_path = colon ? colon : realpath(text, NULL);
    if (!directory.guest_path) {
        given->own_failure = true;
        return refuse(given, "%s: %s", text, strerror(errno));
    }
    struct porin_directory *list = grown(given->options.directories, given->options.directory_count, sizeof *list);
    list[given->options.directory_count++] = directory;
    given->options.directories = list;
    return true;
}

static bool given_listen(struct given *given, const char *text)
{
    list_add(&given->options.listen, &given->options.listen_count, text);
    given->options.grants |= PORIN_GRANT_NETWORK;
    return true;
}

static bool given_connect(struct given *given, const char *text)
{
    list_add(&given->options.connect, &given->options.connect_count, text);
    given->options.grants |= PORIN_GRANT_NETWORK;
    return true;
}

static bool given_variable(struct given *given, const char *text)
{
    size_t length = strcspn(text, "=");
    if (length == 0)
        return refuse(given, "NAME=VALUE, NAME or * is wanted and not: %s", text);
    if (text[length])
        list_add(&given->options.environment, &given->options.environment_count, text);
    for (char **own = environ; !text[length] && *own; own++) /* what the caller has */
        if (strcmp(text, "*") == 0 || (strncmp(*own, text, length) == 0 && (*own)[length] == '='))
            list_add(&given->options.environment, &given->options.environment_count, *own);
    return true;
}

static bool given_bytes(struct given *given, const char *text, uint64_t *bytes)
{
    static const char units[] = "KMG";
    char *end;
    errno = 0;
    unsigned long long size = strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (errno || *text < '0' || *text > '9' || (*end && (!unit || end[1])) || size == 0 || size > UINT64_MAX >> shift)
        return refuse(given, "not a number of bytes: %s", text);
    *bytes = size << shift;
    return true;
}

static bool given_memory(struct given *given, const char *text)
{
    return given_bytes(given, text, &given->options.memory_limit_bytes);
}

static bool given_stack(struct given *given, const char *text)
{
    if (!given_bytes(given, text, &given->options.stack_bytes))
        return false;
    return given->options.stack_bytes <= MOST_STACK || refuse(given, "a stack of at most 1G: %s", text);
}

static bool given_cpu(struct given *given, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds >= 1e-3 && seconds <= 1e9))
        return refuse(given, "not a number of seconds (0.001 to 1000000000): %s", text);
    given->options.cpu_limit_ns = (uint64_t)(seconds * 1e9);
    return true;
}

static bool given_threads(struct given *given, const char *text)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || count == 0 || count > MOST_THREADS)
        return refuse(given, "not a number up to %d: %s", MOST_THREADS, text);
    given->options.thread_limit = (uint32_t)count;
    return true;
}

static bool given_name(struct given *given, const char *text)
{
    given->options.name = strdup(text);
    return true;
}

static bool given_usage(struct given *given, const char *text)
{
    (void)text;
    given->usage = given->options.accounting = true;
    return true;
}

static void print_refusal(void *closure, const char *line)
{
    const char *service = closure; /* NULL: there is only one program */
    fprintf(stderr, "porin audit: %s%s%s\n", service ? service : "", service ? ": " : "", line);
}

static bool given_audit(struct given *given, const char *text)
{
    (void)text;
    given->options.audit = print_refusal;
    return true;
}

const struct given_kind given_kinds[] = {
#define GIVEN(option, key, form, value, parse, help) \
    { #option, #key[0] == 'N' ? NULL : #key, GIVEN_##form, value, help, given_##parse }, /* keys are in small letters, but NONE */
#include "given.def"
#undef GIVEN
    { 0 },
};

void given_begin(struct given *given)
{
    *given = (struct given){ 0 };
    porin_domain_options_default(&given->options);
    given->options.grants = PORIN_GRANT_MEMORY | PORIN_GRANT_TIME | PORIN_GRANT_CONSOLE | PORIN_GRANT_FILES | PORIN_GRANT_THREADS |
                            PORIN_GRANT_PROCESSES;
}
