/* SPDX-License-Identifier: Apache-2.0 */
/* `porin map`: a picture of a stack, as Graphviz draws it. The stack (or, here, its file) tells who there is by lines of fields; how often
 * they call each other is counted in a trace; what they have sent each other in memory, the stack counts. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "client.h"
#include "commands.h"
#include "escape.h"
#include "stack.h"

static const char usage[] =
    "usage: porin map [--name NAME | --file STACK] [--run-dir DIRECTORY] [--seconds N] [--svg] [-o OUT]\n"
    "       porin map [--svg] [-o OUT] STACK\n\n"
    "Draws the services of a stack that runs, or of a stack file: entries, who may call them and under which policy, addresses.\n"
    "Of one that runs it watches for a while who calls whom, and says how often.\n\n"
    "  --seconds N           how long (default: 1; 0: not at all)\n"
    "  --svg                 a picture for browsers, by dot (Debian package graphviz); without it, what dot reads\n"
    "  -o OUT                where to (default: standard output)\n"
    ADDRESS_USAGE
    "  --help                this text\n";

/* --- what a stack tells --- */

static void line_write(FILE *to, const char *kind, const char *const fields[])
{
    fputs(kind, to);
    for (; *fields; fields++) {
        fputc('\t', to);
        field_write(to, *fields);
    }
    fputc('\n', to);
}
#define LINE(to, kind, ...) line_write(to, kind, (const char *const[]){ __VA_ARGS__, NULL })

static void policy_text(uint32_t policy, char text[200])
{
    *text = '\0';
    if (policy == PORIN_POLICY_ALL)
        strcpy(text, "all");
    for (uint32_t bit = 1; policy != PORIN_POLICY_ALL && bit < PORIN_POLICY_ALL; bit *= 2)
        if (policy & bit)
            snprintf(text + strlen(text), 200 - strlen(text), "%s%s", *text ? " " : "", policy_name(bit));
}

void map_describe(FILE *to, struct stack *stack)
{
    LINE(to, "stack", stack->name);
    for (size_t i = 0; i < stack->count; i++) {
        const struct service *service = &stack->services[i];
        const struct porin_domain_options *options = &service->given.options;
        const char *state = "";
        if (service->image) {
            pthread_mutex_lock(&stack->lock);
            state = service_state_text(service);
            pthread_mutex_unlock(&stack->lock);
        }
        LINE(to, "service", service->name, state);
        for (size_t k = 0; k < service->export_count; k++)
            LINE(to, "entry", service->name, service->exports[k].entry);
        for (size_t k = 0; k < options->listen_count; k++)
            LINE(to, "listen", service->name, options->listen[k]);
    }
    for (size_t i = 0; i < stack->count; i++) {
        const struct service *service = &stack->services[i];
        for (size_t k = 0; k < service->import_count; k++) {
            const struct stack_import *import = &service->imports[k];
            char policy[200];
            policy_text(import->edge.policy | import->edge.callee_policy, policy);
            LINE(to, "edge", service->name, import->import, import->from, import->entry, policy);
        }
        for (size_t k = 0; k < service->given.options.connect_count; k++)
            LINE(to, "connect", service->name, service->given.options.connect[k]);
    }
    struct porin_talk *talks;
    size_t count = talks_take(&talks);
    for (size_t i = 0; i < count; i++) {
        char number[3][24];
        const uint64_t values[3] = { talks[i].open, talks[i].sent_bytes, talks[i].answered_bytes };
        for (size_t k = 0; k < 3; k++)
            snprintf(number[k], sizeof number[k], "%llu", (unsigned long long)values[k]);
        LINE(to, "talk", talks[i].client, talks[i].server, number[0], number[1], number[2]);
    }
    free(talks);
}

/* --- reading that --- */

#define FIELDS 6
struct fact {
    char *field[FIELDS];                /* [0]: the kind of line */
    uint64_t calls;
    double rate, sent, answered;        /* calls, and bytes, a second */
    bool drawn;
};
struct map { struct fact *facts; size_t count; };

static struct fact fact_read(char *line)
{
    struct fact fact = { 0 };
    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < FIELDS; i++) {
        char *field = strsep(&line, "\t");
        fact.field[i] = strdup(field ? field : "");
    }
    return fact;
}

static void map_read(struct map *map, FILE *from)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, from) > 0) {
        struct fact *more = realloc(map->facts, (map->count + 1) * sizeof *more);
        if (!more)
            abort();
        map->facts = more;
        map->facts[map->count++] = fact_read(line);
    }
    free(line);
}

static bool is(const struct fact *fact, const char *kind)
{
    return strcmp(fact->field[0], kind) == 0;
}

/* Number of the fact of that kind whose first fields are these (NULL: any), from `at` on; map->count: none. */
static size_t find(const struct map *map, size_t at, const char *kind, const char *first, const char *second)
{
    for (; at < map->count; at++)
        if (is(&map->facts[at], kind) && (!first || strcmp(map->facts[at].field[1], first) == 0) &&
            (!second || strcmp(map->facts[at].field[2], second) == 0))
            break;
    return at;
}

/* --- traffic --- */

/* The string behind `key` in a line of a trace, without its escapes. */
static const char *string_at(const char *line, const char *key, char text[200])
{
    const char *at = strstr(line, key);
    size_t size = 0;
    for (at = at ? at + strlen(key) : ""; *at && *at != '"' && size < 199; at++)
        text[size++] = *at == '\\' && at[1] ? *++at : *at;
    text[size] = '\0';
    return text;
}

#define RING_NEARLY_FULL 120000           /* calls of a thread: then what it did before has been written over */

struct thread_seen { unsigned long long number; double first, last; uint64_t calls; };

static void thread_end(struct map *map, const struct thread_seen *thread, double seconds)
{
    double length = thread->calls >= RING_NEARLY_FULL ? (thread->last - thread->first) / 1e6 : seconds;
    for (size_t i = 0; i < map->count; i++) {
        map->facts[i].rate += length > 0 ? (double)map->facts[i].calls / length : 0;
        map->facts[i].calls = 0;
    }
}

/* Events of a thread stand together. */
static void traffic_read(struct map *map, FILE *from, double seconds)
{
    struct thread_seen thread = { 0 };
    char *line = NULL, name[200], caller[200], callee[200];
    size_t room = 0;
    while (getline(&line, &room, from) > 0) {
        unsigned long long number;
        double at;
        if (sscanf(line, "{\"ph\":\"B\",\"pid\":%*u,\"tid\":%llu,\"ts\":%lf", &number, &at) != 2)
            continue;
        if (number != thread.number) {
            thread_end(map, &thread, seconds);
            thread = (struct thread_seen){ .number = number, .first = at };
        }
        thread.last = at;
        thread.calls++;
        if (!strstr(line, "\"cat\":\"gate\""))
            continue;
        string_at(line, "\"name\":\"", name);
        string_at(line, "\"from\":\"", caller);
        string_at(line, "\"to\":\"", callee);
        for (size_t i = find(map, 0, "edge", caller, name); i < map->count; i = find(map, i + 1, "edge", caller, name))
            if (strcmp(map->facts[i].field[3], callee) == 0)
                map->facts[i].calls++;
    }
    thread_end(map, &thread, seconds);
    free(line);
}

/* How the numbers of `talk` lines have grown since. */
static void talks_read(struct map *map, const struct map *later, double seconds)
{
    for (size_t i = find(map, 0, "talk", NULL, NULL); i < map->count; i = find(map, i + 1, "talk", NULL, NULL)) {
        struct fact *talk = &map->facts[i];
        size_t k = find(later, 0, "talk", talk->field[1], talk->field[2]);
        if (k == later->count)
            continue;
        char *const *now = later->facts[k].field;
        talk->sent = (double)(strtoull(now[4], NULL, 10) - strtoull(talk->field[4], NULL, 10)) / seconds;
        talk->answered = (double)(strtoull(now[5], NULL, 10) - strtoull(talk->field[5], NULL, 10)) / seconds;
    }
}

/* --- drawing --- */

static const char *state_colour(const char *state)
{
    static const struct { const char *state, *colour; } colours[] = {
        { "", "#e8eef7" }, { "running", "#d9f0d3" }, { "healthy", "#d9f0d3" }, { "starting", "#fff3c4" }, { "waiting", "#fff3c4" },
        { "unhealthy", "#f8d0c8" }, { "failed", "#f8d0c8" } };
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (strcmp(state, colours[i].state) == 0)
            return colours[i].colour;
    return "#dddddd";
}

static void service_draw(FILE *to, const struct map *map, size_t number)
{
    const struct fact *service = &map->facts[number];
    fprintf(to, "  n%zu [label=<<table border='0' cellborder='1' cellspacing='0' cellpadding='5'>", number);
    fprintf(to, "<tr><td port='top' bgcolor='%s'><b>", state_colour(service->field[2]));
    xml_write(to, service->field[1]);
    fputs("</b>", to);
    if (*service->field[2]) {
        fputs("<br/>", to);
        xml_write(to, service->field[2]);
    }
    fputs("</td></tr>", to);
    static const char *const rows[][2] = { { "entry", "" }, { "listen", "listens at " } };
    for (size_t k = 0; k < 2; k++)
        for (size_t i = find(map, 0, rows[k][0], service->field[1], NULL); i < map->count;
             i = find(map, i + 1, rows[k][0], service->field[1], NULL)) {
            fprintf(to, "<tr><td port='p%zu' align='left' bgcolor='white'>%s", i, rows[k][1]);
            xml_write(to, map->facts[i].field[2]);
            fputs(k ? "</td></tr>" : "()</td></tr>", to);
        }
    fputs("</table>>]\n", to);
}

static void rate_write(FILE *to, double rate)
{
    if (rate >= 1e6)
        fprintf(to, "%.1fM calls/s", rate / 1e6);
    else if (rate >= 1e4)
        fprintf(to, "%.1fk calls/s", rate / 1e3);
    else
        fprintf(to, rate >= 10 || rate == 0 ? "%.0f calls/s" : "%.1f calls/s", rate);
}

static void edge_draw(FILE *to, const struct map *map, const struct fact *edge, bool traffic)
{
    size_t from = find(map, 0, "service", edge->field[1], NULL), callee = find(map, 0, "service", edge->field[3], NULL);
    size_t entry = find(map, 0, "entry", edge->field[3], edge->field[4]);
    if (from == map->count || callee == map->count || entry == map->count)
        return;
    fprintf(to, "  n%zu:top -> n%zu:p%zu [penwidth=%.1f, label=<", from, callee, entry, 1 + (traffic ? log10(1 + edge->rate) / 2 : 0));
    if (strcmp(edge->field[2], edge->field[4]) != 0) {
        fputs("as ", to);
        xml_write(to, edge->field[2]);
        fputs("<br/>", to);
    }
    if (traffic) {
        fputs("<b>", to);
        rate_write(to, edge->rate);
        fputs("</b><br/>", to);
    }
    fputs("<font point-size='9' color='#666666'>", to);
    xml_write(to, *edge->field[5] ? edge->field[5] : "no policy");
    fputs("</font>>]\n", to);
}

/* Is that a way to what listens there? Ports are behind the last colon. */
static bool address_fits(const char *connect, const char *listen)
{
    const char *a = strrchr(connect, ':'), *b = strrchr(listen, ':');
    if (!a || !b || strcmp(connect, listen) == 0)
        return strcmp(connect, listen) == 0;
    bool port = strcmp(a, b) == 0 || strcmp(a, ":*") == 0 || strcmp(b, ":*") == 0;
    bool host = (a - connect == b - listen && strncmp(connect, listen, (size_t)(a - connect)) == 0) ||
                strncmp(connect, "*:", 2) == 0 || strncmp(listen, "*:", 2) == 0;
    return port && host;
}

static void bytes_write(FILE *to, double rate)
{
    static const char *const units[] = { "B/s", "kB/s", "MB/s", "GB/s", "TB/s" };
    size_t unit = 0;
    for (; rate >= 999.5 && unit < 4; unit++)
        rate /= 1000;
    fprintf(to, "%.*f %s", unit && rate < 99.95, rate, units[unit]);
}

/* What goes over connections in memory from that service to that one, as attributes of their edge; once. */
static void talk_label(FILE *to, struct map *map, const char *client, const char *server)
{
    size_t i = find(map, 0, "talk", client, server);
    if (i == map->count || map->facts[i].drawn)
        return;
    struct fact *talk = &map->facts[i];
    talk->drawn = true;
    fprintf(to, ", penwidth=%.1f, label=<<b>", 1 + log10(1 + (talk->sent + talk->answered) / 1000) / 2);
    bytes_write(to, talk->sent);
    fputs("</b>, back <b>", to);
    bytes_write(to, talk->answered);
    fputs("</b><br/><font point-size='9' color='#666666'>", to);
    xml_write(to, talk->field[3]);
    fputs(" open</font>>", to);
}

/* Those that no drawn permission stands for. */
static void talk_draw(FILE *to, struct map *map, size_t number)
{
    const struct fact *talk = &map->facts[number];
    size_t client = find(map, 0, "service", talk->field[1], NULL), server = find(map, 0, "service", talk->field[2], NULL);
    if (client == map->count || server == map->count || talk->drawn)
        return;
    fprintf(to, "  n%zu:top -> n%zu:top [style=dashed, color=\"#3366aa\"", client, server);
    talk_label(to, map, talk->field[1], talk->field[2]);
    fputs("]\n", to);
}

/* Connections that may be made: to services of the stack, and to others. */
static void connect_draw(FILE *to, struct map *map, size_t number)
{
    struct fact *connect = &map->facts[number];
    size_t from = find(map, 0, "service", connect->field[1], NULL);
    bool any = false;
    for (size_t i = find(map, 0, "listen", NULL, NULL); i < map->count; i = find(map, i + 1, "listen", NULL, NULL))
        if (address_fits(connect->field[2], map->facts[i].field[2])) {
            fprintf(to, "  n%zu:top -> n%zu:p%zu [style=dashed, color=\"#3366aa\"", from,
                    find(map, 0, "service", map->facts[i].field[1], NULL), i);
            talk_label(to, map, connect->field[1], map->facts[i].field[1]);
            fputs("]\n", to);
            map->facts[i].drawn = any = true; /* for somebody of the stack */
        }
    if (any)
        return;
    fprintf(to, "  n%zu [shape=box, style=\"dashed,rounded\", color=\"#888888\", fontcolor=\"#444444\", label=<", number);
    xml_write(to, connect->field[2]);
    fprintf(to, ">]\n  n%zu:top -> n%zu [style=dashed, color=\"#888888\"]\n", from, number);
}

static void listen_draw(FILE *to, const struct map *map, size_t number)
{
    if (map->facts[number].drawn)
        return;
    fprintf(to, "  n%zu [shape=plaintext, fontcolor=\"#444444\", label=clients]\n", number);
    fprintf(to, "  n%zu -> n%zu:p%zu [style=dashed, color=\"#888888\"]\n", number,
            find(map, 0, "service", map->facts[number].field[1], NULL), number);
}

static void map_draw(FILE *to, struct map *map, bool traffic)
{
    fputs("digraph stack {\n  rankdir=LR; nodesep=0.4; ranksep=1.1; fontname=\"Helvetica\"; labelloc=t; label=<", to);
    size_t title = find(map, 0, "stack", NULL, NULL);
    xml_write(to, title < map->count ? map->facts[title].field[1] : "");
    fputs(">\n  node [shape=plain, fontname=\"Helvetica\", fontsize=11];\n  edge [fontname=\"Helvetica\", fontsize=10];\n", to);
    for (size_t i = 0; i < map->count; i++)
        if (is(&map->facts[i], "service"))
            service_draw(to, map, i);
        else if (is(&map->facts[i], "edge"))
            edge_draw(to, map, &map->facts[i], traffic);
        else if (is(&map->facts[i], "connect"))
            connect_draw(to, map, i);
    for (size_t i = 0; i < map->count; i++)
        if (is(&map->facts[i], "listen"))
            listen_draw(to, map, i);
        else if (is(&map->facts[i], "talk"))
            talk_draw(to, map, i);
    fputs("}\n", to);
}

/* --- the command --- */

/* A pipe to dot, which writes the picture. */
static FILE *dot_start(int out, pid_t *dot)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    *dot = fork();
    if (*dot == 0) {
        dup2(ends[0], 0);
        dup2(out, 1);
        execlp("dot", "dot", "-Tsvg", (char *)NULL);
        fprintf(stderr, "porin map: no dot, which draws pictures, is to be had here (Debian: apt-get install graphviz)\n");
        _exit(EXIT_FAILURE);
    }
    close(ends[0]);
    return fdopen(ends[1], "w");
}

static int write_out(struct map *map, bool traffic, bool picture, int out)
{
    pid_t dot = -1;
    int status = 0;
    FILE *to = picture ? dot_start(out, &dot) : fdopen(out, "w");
    signal(SIGPIPE, SIG_IGN); /* dot says itself what is wrong */
    if (to)
        map_draw(to, map, traffic);
    bool good = to && fclose(to) == 0;
    if (dot > 0)
        return waitpid(dot, &status, 0) == dot && status == 0 && good ? 0 : EXIT_FAILURE;
    if (!good)
        fprintf(stderr, "porin map: %s\n", strerror(errno));
    return good ? 0 : EXIT_FAILURE;
}

static bool ask_map(struct map *map, const struct stack_address *address, struct timespec *time)
{
    FILE *answer = stack_ask(address, "map", false, NULL);
    if (!answer)
        return false;
    map_read(map, answer);
    fclose(answer);
    return clock_gettime(CLOCK_MONOTONIC, time) == 0;
}

static bool read_running(struct map *map, const struct stack_address *address, double seconds)
{
    char request[100];
    struct map later = { 0 };
    struct timespec begin, end;
    if (!ask_map(map, address, &begin) || !seconds)
        return map->count;
    snprintf(request, sizeof request, "trace %.9g", seconds);
    FILE *answer = stack_ask(address, request, false, NULL);
    if (!answer || !ask_map(&later, address, &end))
        return false;
    traffic_read(map, answer, seconds);
    fclose(answer);
    talks_read(map, &later, (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return true;
}

static int read_file(struct map *map, const char *file)
{
    struct stack stack = { 0 };
    int status = stack_read(&stack, file);
    FILE *lines = status ? NULL : tmpfile();
    if (!lines)
        return status ? status : EXIT_FAILURE;
    map_describe(lines, &stack);
    rewind(lines);
    map_read(map, lines);
    fclose(lines);
    return 0;
}

int command_map(int argc, char **argv)
{
    static const struct option known[] = { ADDRESS_OPTIONS, { "seconds", required_argument, NULL, 'S' }, { "svg", no_argument, NULL, 'v' },
                                           { "help", no_argument, NULL, 'h' }, { 0 } };
    struct stack_address address = { .command = "map" };
    struct map map = { 0 };
    const char *path = NULL, *seconds = "1";
    bool picture = false;
    char *end;
    int option, status = 0;
    while ((option = getopt_long(argc, argv, "ho:", known, NULL)) != -1)
        switch (option) {
        case 'o': path = optarg; break;
        case 'S': seconds = optarg; break;
        case 'v': picture = true; break;
        case 'h': fputs(usage, stdout); return 0;
        default:
            if (!address_option(&address, option, optarg))
                return EXIT_USAGE;
        }
    double length = strtod(seconds, &end);
    bool whole = end != seconds && !*end && length >= 0 && length <= 3600;
    if (!whole || optind + 1 < argc) {
        fputs(whole ? usage : "porin map: --seconds: a number from 0 to 3600 is expected\n", stderr);
        return EXIT_USAGE;
    }
    const char *file = argv[optind];
    int out = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : dup(1);
    if (out < 0) {
        fprintf(stderr, "porin map: %s: %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    status = file ? read_file(&map, file) : read_running(&map, &address, length) ? 0 : EXIT_FAILURE;
    return status ? status : write_out(&map, !file && length > 0, picture, out);
}
