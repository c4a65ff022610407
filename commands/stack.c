/* SPDX-License-Identifier: Apache-2.0 */
/* Reads stack files: YAML by libyaml, keys by tables (given.def, stack.def, healthcheck.def). Errors name file, line, column and what was
 * expected. */
#define _GNU_SOURCE
#include "stack.h"
#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>
#include "commands.h"
#include "lifecycle/plain.h"
#include "report.h"

#define SERVICES_MOST 1000
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

struct reader {
    const char *file;
    yaml_document_t document;
    struct stack *stack;
    bool failed;
};

typedef yaml_node_t node;

__attribute__((format(printf, 3, 4))) static bool refuse(struct reader *reader, struct place_in_file at, const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_make_plain(text); /* words of the file are in it */
    fprintf(stderr, "%s:%u:%u: %s\n", reader->file, at.line, at.column, text);
    reader->failed = true;
    return false;
}

static struct place_in_file place_of(const node *at)
{
    return (struct place_in_file){ (unsigned)at->start_mark.line + 1, (unsigned)at->start_mark.column + 1 };
}

static const char *scalar(const node *at)
{
    return (const char *)at->data.scalar.value;
}

static node *node_at(struct reader *reader, int index)
{
    return yaml_document_get_node(&reader->document, index);
}

/* --- what may stand where --- */

enum { SCALAR = 1, LIST = 2, MAP = 4 };

static const char *form_text(int forms)
{
    switch (forms) {
    case SCALAR: return "a single value";
    case LIST: return "a list";
    case MAP: return "a map of keys";
    case SCALAR | LIST: return "a single value or a list";
    case LIST | MAP: return "a list or a map of keys";
    default: return "a value";
    }
}

static bool form_expect(struct reader *reader, const node *at, int forms, const char *what)
{
    int form = at->type == YAML_SCALAR_NODE ? SCALAR : at->type == YAML_SEQUENCE_NODE ? LIST : at->type == YAML_MAPPING_NODE ? MAP : 0;
    if (form & forms)
        return true;
    return refuse(reader, place_of(at), "%s: %s is expected here", what, form_text(forms));
}

/* Letters to change, insert, remove or swap until one is the other. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][64] = { 0 }, width = strlen(b), height = strlen(a);
    if (width > 62 || height > 62)
        return 64;
    for (size_t j = 0; j <= width; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= height; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *long_before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            best = before[j] + 1 < best ? before[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && long_before[j - 2] + 1 < best)
                best = long_before[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[height % 3][width];
}

struct key {
    const char *name, *value;
    int forms;
    bool (*read)(struct reader *reader, struct service *service, node *at);
    const struct given_kind *given;     /* or one of these, instead of read */
};

static bool key_unknown(struct reader *reader, const node *at, const struct key *keys, const char *where)
{
    const struct key *near = NULL;
    size_t best = 4;
    for (const struct key *key = keys; key->name; key++)
        if (distance(scalar(at), key->name) < best) {
            best = distance(scalar(at), key->name);
            near = key;
        }
    if (near)
        return refuse(reader, place_of(at), "unknown key '%s' of %s; the nearest known one is '%s'", scalar(at), where, near->name);
    refuse(reader, place_of(at), "unknown key '%s' of %s; known are:", scalar(at), where);
    for (const struct key *key = keys; key->name; key++)
        fprintf(stderr, "  %s\n", key->name);
    return false;
}

static bool given_read(struct reader *reader, struct service *service, const struct given_kind *kind, node *at);

/* Reads a map by a table; `service` goes to the readers. */
static bool map_read(struct reader *reader, struct service *service, node *map, const struct key *keys, const char *where)
{
    if (!form_expect(reader, map, MAP, where))
        return false;
    yaml_node_pair_t *start = map->data.mapping.pairs.start;
    for (yaml_node_pair_t *pair = start; pair < map->data.mapping.pairs.top; pair++) {
        node *name = node_at(reader, pair->key), *value = node_at(reader, pair->value);
        if (!form_expect(reader, name, SCALAR, where))
            return false;
        for (yaml_node_pair_t *before = start; before < pair; before++)
            if (strcmp(scalar(node_at(reader, before->key)), scalar(name)) == 0)
                return refuse(reader, place_of(name), "'%s' stands here twice", scalar(name));
        const struct key *key = keys;
        while (key->name && strcmp(key->name, scalar(name)) != 0)
            key++;
        if (!key->name)
            return key_unknown(reader, name, keys, where);
        if (!form_expect(reader, value, key->forms, key->name))
            return false;
        if (!(key->given ? given_read(reader, service, key->given, value) : key->read(reader, service, value)))
            return false;
    }
    return true;
}

/* --- values --- */

static bool number_read(struct reader *reader, node *at, const char *what, unsigned most, unsigned *out)
{
    char *end;
    unsigned long number = strtoul(scalar(at), &end, 10);
    if (!isdigit((unsigned char)*scalar(at)) || *end || number > most)
        return refuse(reader, place_of(at), "%s: a number up to %u is expected, not '%s'", what, most, scalar(at));
    *out = (unsigned)number;
    return true;
}

/* 10s, 500ms, 2m; a number alone means seconds. */
static bool time_read(struct reader *reader, node *at, const char *what, uint64_t *out_ms)
{
    static const struct { const char *unit; double ms; } units[] = { { "", 1e3 }, { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 } };
    char *end;
    double number = strtod(scalar(at), &end);
    for (size_t i = 0; end != scalar(at) && number >= 0 && number < 1e9 && i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0) {
            *out_ms = (uint64_t)(number * units[i].ms);
            return true;
        }
    return refuse(reader, place_of(at), "%s: a time like 500ms, 10s or 2m is expected, not '%s'", what, scalar(at));
}

static bool truth_read(struct reader *reader, node *at, const char *what, bool *out)
{
    *out = strcmp(scalar(at), "true") == 0 || strcmp(scalar(at), "yes") == 0;
    if (*out || strcmp(scalar(at), "false") == 0 || strcmp(scalar(at), "no") == 0)
        return true;
    return refuse(reader, place_of(at), "%s: true or false is expected, not '%s'", what, scalar(at));
}

static void *grown(void *list, size_t count, size_t size)
{
    void *more = realloc(list, (count + 1) * size);
    if (!more)
        abort();
    memset((char *)more + count * size, 0, size);
    return more;
}

static bool given_one(struct reader *reader, struct service *service, const struct given_kind *kind, const node *at, const char *text)
{
    if (kind->parse(&service->given, text))
        return true;
    return refuse(reader, place_of(at), "%s: %s", kind->key, service->given.problem);
}

/* A map is NAME: VALUE for what is NAME=VALUE in a list. */
static bool given_map(struct reader *reader, struct service *service, const struct given_kind *kind, const node *at)
{
    for (yaml_node_pair_t *pair = at->data.mapping.pairs.start; pair < at->data.mapping.pairs.top; pair++) {
        node *name = node_at(reader, pair->key), *value = node_at(reader, pair->value);
        char *text;
        if (!form_expect(reader, name, SCALAR, kind->key) || !form_expect(reader, value, SCALAR, kind->key))
            return false;
        if (asprintf(&text, "%s=%s", scalar(name), scalar(value)) < 0)
            abort();
        bool good = given_one(reader, service, kind, name, text);
        free(text);
        if (!good)
            return false;
    }
    return true;
}

static bool given_read(struct reader *reader, struct service *service, const struct given_kind *kind, node *at)
{
    bool set = true;
    if (kind->form == GIVEN_FLAG)
        return truth_read(reader, at, kind->key, &set) && (!set || given_one(reader, service, kind, at, NULL));
    if (at->type == YAML_SCALAR_NODE)
        return given_one(reader, service, kind, at, scalar(at));
    if (at->type == YAML_MAPPING_NODE)
        return given_map(reader, service, kind, at);
    for (yaml_node_item_t *item = at->data.sequence.items.start; item < at->data.sequence.items.top; item++) {
        node *one = node_at(reader, *item);
        if (!form_expect(reader, one, SCALAR, kind->key) || !given_one(reader, service, kind, one, scalar(one)))
            return false;
    }
    return true;
}

/* --- the keys of a service --- */

/* Can it be shown to people as it is? */
static bool is_plain(const char *text)
{
    char *copy = strdup(text);
    text_make_plain(copy);
    bool same = strcmp(copy, text) == 0;
    free(copy);
    return same;
}

static bool key_image(struct reader *reader, struct service *service, node *at)
{
    if (!is_plain(scalar(at)))
        return refuse(reader, place_of(at), "image: a path without control characters is expected, not %s", scalar(at));
    service->image_path = strdup(scalar(at));
    return true;
}

static void argument_add(struct service *service, const char *text, size_t size)
{
    struct porin_domain_options *options = &service->given.options;
    const char **list = grown((void *)options->arguments, options->argument_count, sizeof *list);
    list[options->argument_count++] = strndup(text, size);
    options->arguments = list;
}

/* Parts at blanks outside quotes. */
static bool command_split(struct reader *reader, struct service *service, const node *at)
{
    char *word = malloc(strlen(scalar(at)) + 1);
    const char *from = scalar(at);
    char quote = 0;
    while (*(from += strspn(from, " \t\n"))) {
        size_t size = 0;
        for (; *from && (quote || !strchr(" \t\n", *from)); from++)
            if (quote ? *from == quote : *from == '"' || *from == '\'')
                quote = quote ? 0 : *from;
            else
                word[size++] = *from;
        argument_add(service, word, size);
    }
    free(word);
    return quote ? refuse(reader, place_of(at), "command: a closing %c is missing", quote) : true;
}

static bool key_command(struct reader *reader, struct service *service, node *at)
{
    argument_add(service, "", 0); /* its own name's place */
    if (at->type == YAML_SCALAR_NODE)
        return command_split(reader, service, at);
    for (yaml_node_item_t *item = at->data.sequence.items.start; item < at->data.sequence.items.top; item++) {
        node *one = node_at(reader, *item);
        if (!form_expect(reader, one, SCALAR, "command"))
            return false;
        argument_add(service, scalar(one), strlen(scalar(one)));
    }
    return true;
}

static struct dependency *dependency_add(struct service *service, const node *name)
{
    service->dependencies = grown(service->dependencies, service->dependency_count, sizeof *service->dependencies);
    struct dependency *dependency = &service->dependencies[service->dependency_count++];
    *dependency = (struct dependency){ .name = strdup(scalar(name)), .place = place_of(name) };
    return dependency;
}

static bool condition_read(struct reader *reader, struct service *service, node *at)
{
    static const char *const names[] = { "service_started", "service_healthy", "service_completed_successfully" };
    for (int i = 0; i < 3; i++)
        if (strcmp(scalar(at), names[i]) == 0) {
            service->dependencies[service->dependency_count - 1].condition = (enum condition)i;
            return true;
        }
    return refuse(reader, place_of(at), "condition: %s, %s or %s is expected, not '%s'", names[0], names[1], names[2], scalar(at));
}

static bool key_depends_on(struct reader *reader, struct service *service, node *at)
{
    static const struct key keys[] = { { "condition", "CONDITION", SCALAR, condition_read, NULL }, { 0 } };
    if (at->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *item = at->data.sequence.items.start; item < at->data.sequence.items.top; item++) {
            if (!form_expect(reader, node_at(reader, *item), SCALAR, "depends_on"))
                return false;
            dependency_add(service, node_at(reader, *item));
        }
        return true;
    }
    for (yaml_node_pair_t *pair = at->data.mapping.pairs.start; pair < at->data.mapping.pairs.top; pair++) {
        node *name = node_at(reader, pair->key);
        if (!form_expect(reader, name, SCALAR, "depends_on"))
            return false;
        dependency_add(service, name);
        if (!map_read(reader, service, node_at(reader, pair->value), keys, "a dependency"))
            return false;
    }
    return true;
}

static bool health_test(struct reader *reader, struct service *service, node *at)
{
    static const struct { const char *start; enum probe probe; } kinds[] = {
        { "tcp:", PROBE_TCP }, { "unix:", PROBE_UNIX }, { "log:", PROBE_LOG } };
    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(kinds[i].start);
        if (strncmp(scalar(at), kinds[i].start, length) == 0 && scalar(at)[length]) {
            service->probe = kinds[i].probe;
            service->probe_target = strdup(scalar(at) + length);
            return true;
        }
    }
    return refuse(reader, place_of(at), "test: tcp:ADDRESS:PORT, unix:PATH or log:TEXT is expected, not '%s'", scalar(at));
}

static bool health_interval(struct reader *reader, struct service *service, node *at)
{
    return time_read(reader, at, "interval", &service->probe_interval_ms);
}

static bool health_retries(struct reader *reader, struct service *service, node *at)
{
    return number_read(reader, at, "retries", 1000000, &service->probe_retries);
}

static bool key_healthcheck(struct reader *reader, struct service *service, node *at)
{
    static const struct key keys[] = {
#define KEY(name, forms, value, help) { #name, value, forms, health_##name, NULL },
#include "healthcheck.def"
#undef KEY
        { 0 },
    };
    if (!map_read(reader, service, at, keys, "a healthcheck"))
        return false;
    return service->probe || refuse(reader, place_of(at), "healthcheck: a key 'test' is expected");
}

static bool key_restart(struct reader *reader, struct service *service, node *at)
{
    static const char *const names[] = { "no", "on-failure", "always", "unless-stopped" };
    const char *text = scalar(at);
    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0) {
            service->restart = (enum restart_policy)i;
            return true;
        }
    char *end;
    unsigned long most = strncmp(text, "on-failure:", 11) == 0 && isdigit((unsigned char)text[11]) ? strtoul(text + 11, &end, 10) : 0;
    if (!most || *end || most > 1000000)
        return refuse(reader, place_of(at), "restart: no, on-failure, on-failure:N, always or unless-stopped is expected, not '%s'", text);
    service->restart = RESTART_ON_FAILURE;
    service->restart_most = (unsigned)most;
    return true;
}

static bool key_stop_signal(struct reader *reader, struct service *service, node *at)
{
    const char *name = strncmp(scalar(at), "SIG", 3) == 0 ? scalar(at) + 3 : scalar(at);
    for (int number = 1; number < 32; number++) {
        const char *known = sigabbrev_np(number);
        if (known && strcmp(known, name) == 0) {
            service->stop_signal = number;
            return true;
        }
    }
    return refuse(reader, place_of(at), "stop_signal: the name of a signal is expected, like SIGTERM, not '%s'", scalar(at));
}

static bool key_receive(struct reader *reader, struct service *service, node *at)
{
    struct porin_domain_options *options = &service->given.options;
    size_t count = (size_t)(at->data.sequence.items.top - at->data.sequence.items.start);
    const char **list = calloc(count ? count : 1, sizeof *list);
    options->receive = list;
    for (; options->receive_count < count; options->receive_count++) {
        node *item = node_at(reader, at->data.sequence.items.start[options->receive_count]);
        if (!form_expect(reader, item, SCALAR, "receive"))
            return false;
        if (strncmp(scalar(item), "unix:/", 6) != 0)
            return refuse(reader, place_of(item), "receive: unix:/PATH is expected, not '%s'", scalar(item));
        list[options->receive_count] = strdup(scalar(item));
    }
    return true;
}

static bool key_stop_grace_period(struct reader *reader, struct service *service, node *at)
{
    return time_read(reader, at, "stop_grace_period", &service->grace_ms);
}

/* --- entries --- */

static const struct { const char *name; uint32_t bits; } policies[] = {
    { "register_integrity", PORIN_POLICY_REGISTER_INTEGRITY }, { "register_confidentiality", PORIN_POLICY_REGISTER_CONFIDENTIALITY },
    { "stack_integrity", PORIN_POLICY_STACK_INTEGRITY }, { "stack_confidentiality", PORIN_POLICY_STACK_CONFIDENTIALITY },
    { "dcs_integrity", PORIN_POLICY_DCS_INTEGRITY }, { "dcs_confidentiality", PORIN_POLICY_DCS_CONFIDENTIALITY },
    { "all", PORIN_POLICY_ALL },
};

uint32_t policy_bit(const char *name)
{
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (strcmp(name, policies[i].name) == 0)
            return policies[i].bits;
    return 0;
}

const char *policy_name(uint32_t bit)
{
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (policies[i].bits == bit)
            return policies[i].name;
    return "";
}

static bool policy_one(struct reader *reader, const node *at, uint32_t *policy)
{
    uint32_t bits = form_expect(reader, at, SCALAR, "policy") ? policy_bit(scalar(at)) : 0;
    if (reader->failed)
        return false;
    if (!bits && strcmp(scalar(at), "none") != 0 && *scalar(at)) {
        refuse(reader, place_of(at), "policy: '%s' is no property; known are none and:", scalar(at));
        for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
            fprintf(stderr, "  %s\n", policies[i].name);
        return false;
    }
    *policy |= bits;
    return true;
}

/* One property or a list of them. */
static bool policy_read(struct reader *reader, const node *at, uint32_t *policy)
{
    *policy = 0;
    if (!form_expect(reader, at, SCALAR | LIST, "policy"))
        return false;
    if (at->type == YAML_SCALAR_NODE)
        return policy_one(reader, at, policy);
    for (yaml_node_item_t *item = at->data.sequence.items.start; item < at->data.sequence.items.top; item++)
        if (!policy_one(reader, node_at(reader, *item), policy))
            return false;
    return true;
}

static bool key_exports(struct reader *reader, struct service *service, node *at)
{
    for (yaml_node_pair_t *pair = at->data.mapping.pairs.start; pair < at->data.mapping.pairs.top; pair++) {
        node *name = node_at(reader, pair->key);
        if (!form_expect(reader, name, SCALAR, "exports"))
            return false;
        service->exports = grown(service->exports, service->export_count, sizeof *service->exports);
        struct stack_export *export = &service->exports[service->export_count++];
        export->entry = strdup(scalar(name));
        if (!policy_read(reader, node_at(reader, pair->value), &export->policy))
            return false;
    }
    return true;
}

static struct stack_import *import_last(struct service *service)
{
    return &service->imports[service->import_count - 1];
}

static bool import_entry(struct reader *reader, struct service *service, node *at)
{
    struct stack_import *import = import_last(service);
    const char *dot = strchr(scalar(at), '.');
    if (!dot || dot == scalar(at) || !dot[1])
        return refuse(reader, place_of(at), "SERVICE.ENTRY is expected, not '%s'", scalar(at));
    import->from = strndup(scalar(at), (size_t)(dot - scalar(at)));
    import->entry = strdup(dot + 1);
    import->place = place_of(at);
    return true;
}

static bool import_policy(struct reader *reader, struct service *service, node *at)
{
    return policy_read(reader, at, &import_last(service)->edge.policy);
}

static bool import_words(struct reader *reader, struct service *service, node *at)
{
    return number_read(reader, at, "stack_words", PORIN_MAX_STACK_WORDS, &import_last(service)->edge.stack_words);
}

static bool key_imports(struct reader *reader, struct service *service, node *at)
{
    static const struct key keys[] = { { "entry", "SERVICE.ENTRY", SCALAR, import_entry, NULL },
                                       { "policy", "PROPERTIES", SCALAR | LIST, import_policy, NULL },
                                       { "stack_words", "NUMBER", SCALAR, import_words, NULL }, { 0 } };
    for (yaml_node_pair_t *pair = at->data.mapping.pairs.start; pair < at->data.mapping.pairs.top; pair++) {
        node *name = node_at(reader, pair->key), *value = node_at(reader, pair->value);
        if (!form_expect(reader, name, SCALAR, "imports") || !form_expect(reader, value, SCALAR | MAP, "an import"))
            return false;
        service->imports = grown(service->imports, service->import_count, sizeof *service->imports);
        service->imports[service->import_count++] = (struct stack_import){
            .import = strdup(scalar(name)), .edge = { .policy = PORIN_POLICY_REGISTER_INTEGRITY, .fault_value = -1 },
            .place = place_of(name) };
        bool good = value->type == YAML_SCALAR_NODE ? import_entry(reader, service, value)
                                                    : map_read(reader, service, value, keys, "an import");
        if (!good)
            return false;
        if (!import_last(service)->entry)
            return refuse(reader, place_of(value), "an import: a key 'entry' is expected");
    }
    return true;
}

/* --- the file --- */

static int given_forms(const struct given_kind *kind)
{
    return kind->form == GIVEN_LIST ? LIST | (strcmp(kind->key, "environment") == 0 ? MAP : 0) : SCALAR;
}

/* The keys of both tables, in one list. */
static const struct key *service_keys(void)
{
    static const struct key own[] = {
#define KEY(name, forms, value, help) { #name, value, forms, key_##name, NULL },
#include "stack.def"
#undef KEY
    };
    static struct key all[64];
    size_t count = sizeof own / sizeof own[0];
    memcpy(all, own, sizeof own);
    for (const struct given_kind *kind = given_kinds; kind->option; kind++)
        if (kind->key)
            all[count++] = (struct key){ kind->key, kind->value, given_forms(kind), NULL, kind };
    return all;
}

static bool service_read(struct reader *reader, node *name, node *value)
{
    struct stack *stack = reader->stack;
    struct service *service = &stack->services[stack->count++];
    *service = (struct service){ .stack = stack, .name = strdup(scalar(name)), .place = place_of(name), .stop_signal = SIGTERM,
                                 .grace_ms = 10000, .probe_interval_ms = 1000, .probe_retries = 30, .output = { -1, -1 } };
    if (!*service->name || strlen(service->name) > 40 || strspn(service->name, NAME_CHARACTERS) != strlen(service->name))
        return refuse(reader, place_of(name), "a service's name is expected: up to 40 letters, digits, - and _");
    given_begin(&service->given);
    if (!map_read(reader, service, value, service_keys(), "a service"))
        return false;
    if (!service->image_path)
        return refuse(reader, place_of(name), "service %s: a key 'image' is expected", service->name);
    if (!service->given.options.argument_count)
        argument_add(service, "", 0);
    ((const char **)service->given.options.arguments)[0] = service->image_path;
    service->given.options.name = service->given.options.audit_closure = service->name;
    service->given.options.local_network = true;
    return true;
}

static bool root_services(struct reader *reader, struct service *service, node *at)
{
    (void)service;
    size_t count = (size_t)(at->data.mapping.pairs.top - at->data.mapping.pairs.start);
    if (!count || count > SERVICES_MOST)
        return refuse(reader, place_of(at), "services: 1 to %d services are expected", SERVICES_MOST);
    reader->stack->services = calloc(count, sizeof *reader->stack->services);
    for (yaml_node_pair_t *pair = at->data.mapping.pairs.start; pair < at->data.mapping.pairs.top; pair++) {
        node *name = node_at(reader, pair->key);
        if (!form_expect(reader, name, SCALAR, "services") || !service_read(reader, name, node_at(reader, pair->value)))
            return false;
        for (size_t i = 0; i + 1 < reader->stack->count; i++)
            if (strcmp(reader->stack->services[i].name, scalar(name)) == 0)
                return refuse(reader, place_of(name), "service %s stands here twice", scalar(name));
    }
    return true;
}

static bool root_name(struct reader *reader, struct service *service, node *at)
{
    (void)service;
    if (!*scalar(at) || strchr(scalar(at), '/') || *scalar(at) == '.' || strlen(scalar(at)) > 60 || !is_plain(scalar(at)))
        return refuse(reader, place_of(at), "name: up to 60 characters without a slash are expected");
    reader->stack->name = strdup(scalar(at));
    return true;
}

struct service *stack_find(struct stack *stack, const char *name)
{
    for (size_t i = 0; i < stack->count; i++)
        if (strcmp(stack->services[i].name, name) == 0)
            return &stack->services[i];
    return NULL;
}

/* Ranks services above all that they depend on. NULL, or one that depends on itself. */
static const struct service *stack_rank(struct stack *stack)
{
    const struct service *raised = NULL;
    for (size_t round = 0; round <= stack->count; round++) {
        raised = NULL;
        for (size_t i = 0; i < stack->count; i++) {
            struct service *service = &stack->services[i];
            for (size_t k = 0; k < service->dependency_count; k++)
                if (service->rank <= service->dependencies[k].service->rank) {
                    service->rank = service->dependencies[k].service->rank + 1;
                    raised = service;
                }
        }
        if (!raised)
            return NULL;
    }
    return raised;
}

/* What names other services. */
static bool service_link(struct reader *reader, struct service *service)
{
    for (size_t i = 0; i < service->dependency_count; i++) {
        struct dependency *dependency = &service->dependencies[i];
        dependency->service = stack_find(reader->stack, dependency->name);
        if (!dependency->service)
            return refuse(reader, dependency->place, "depends_on: there is no service '%s'", dependency->name);
        if (dependency->condition == CONDITION_HEALTHY && !dependency->service->probe)
            return refuse(reader, dependency->place, "depends_on: %s has no healthcheck, so it is never healthy", dependency->name);
    }
    for (size_t i = 0; i < service->import_count; i++) {
        struct stack_import *import = &service->imports[i];
        import->service = stack_find(reader->stack, import->from);
        if (!import->service)
            return refuse(reader, import->place, "imports: there is no service '%s'", import->from);
        const struct stack_export *found = NULL;
        for (size_t k = 0; k < import->service->export_count; k++)
            if (strcmp(import->service->exports[k].entry, import->entry) == 0)
                found = &import->service->exports[k];
        if (!found)
            return refuse(reader, import->place, "imports: %s does not export '%s'", import->from, import->entry);
        import->edge.callee_policy = found->policy;
    }
    return true;
}

static bool root_read(struct reader *reader)
{
    static const struct key keys[] = { { "name", "NAME", SCALAR, root_name, NULL }, { "services", "SERVICES", MAP, root_services, NULL },
                                       { 0 } };
    node *root = yaml_document_get_root_node(&reader->document);
    if (!root)
        return refuse(reader, (struct place_in_file){ 1, 1 }, "the file is empty; a key 'services' is expected");
    if (!map_read(reader, NULL, root, keys, "a stack file"))
        return false;
    if (!reader->stack->count)
        return refuse(reader, place_of(root), "a key 'services' is expected");
    for (size_t i = 0; i < reader->stack->count; i++)
        if (!service_link(reader, &reader->stack->services[i]))
            return false;
    const struct service *circle = stack_rank(reader->stack);
    return !circle || refuse(reader, circle->place, "service %s depends on services that depend on it, or on themselves", circle->name);
}

char *stack_default_name(const char *file)
{
    char *path = realpath(file, NULL), *name = path ? strdup(basename(dirname(path))) : NULL;
    free(path);
    return name && *name != '/' ? name : strdup("stack");
}

int stack_read(struct stack *stack, const char *file)
{
    struct reader reader = { .file = file, .stack = stack };
    yaml_parser_t parser;
    char *folder = realpath(file, NULL), *name = stack_default_name(file);
    FILE *from = fopen(file, "r");
    if (!from || !folder || chdir(dirname(folder)) != 0) {
        fprintf(stderr, "porin run: %s: %s\n", file, strerror(errno));
        return EXIT_NOT_FOUND;
    }
    free(folder);
    if (!yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_file(&parser, from);
    if (yaml_parser_load(&parser, &reader.document)) {
        (void)root_read(&reader);
        yaml_document_delete(&reader.document);
    } else
        refuse(&reader, (struct place_in_file){ (unsigned)parser.problem_mark.line + 1, (unsigned)parser.problem_mark.column + 1 },
               "no YAML: %s", parser.problem ? parser.problem : "not readable");
    yaml_parser_delete(&parser);
    fclose(from);
    if (!stack->name)
        stack->name = name;
    return reader.failed ? EXIT_USAGE : 0;
}
