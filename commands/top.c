/* SPDX-License-Identifier: Apache-2.0 */
/* `porin top`: what the services of a stack do. Takes the figures from the stack again and again, and shows how they change. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "client.h"
#include "commands.h"
#include "escape.h"
#include "lifecycle/plain.h"

static const char usage[] =
    "usage: porin top [--name NAME | --file STACK] [--run-dir DIRECTORY] [--interval SECONDS] [--sort KEY]\n"
    "                 [--once | --batch [--count N]] [--json]\n\n"
    "Shows what the services of a stack do: calls of their entries, bytes to and from other services, CPU time, memory, threads,\n"
    "processes, faults, refusals. In a terminal the picture stays and changes: q ends, n, c, t, p, m, f and r sort (by name, calls,\n"
    "talk, CPU, memory, faults, refusals).\n\n"
    "  --interval SECONDS    between two looks, over which rates are means (default: 1)\n"
    "  --sort KEY            name, calls, talk, cpu, memory, faults or refusals (default: the order of the stack file)\n"
    "  --once                one table on standard output\n"
    "  --batch               one after another, until the stack ends; so is it also where standard output is no terminal\n"
    "  --count N             with --batch: so many\n"
    "  --json                instead of tables: one line of JSON each\n"
    ADDRESS_USAGE
    "  --help                this text\n";

struct figures {
#define TEXT char *
#define NUMBER uint64_t
#define COUNT uint64_t
#define FIGURE(name, kind, help) kind name;
#include "figures.def"
#undef FIGURE
#undef TEXT
#undef NUMBER
#undef COUNT
    double calls_rate, talked_rate, cpu_share; /* a second, and of one processor */
};

struct sample {
    char name[100];
    uint64_t time_ns;
    int process;
    struct figures *services;
    size_t count;
};

struct top {
    struct stack_address address;
    double interval;
    long count;                           /* tables; 0: until the stack ends */
    bool batch, json;
    const struct key *key;
    struct sample before, now;
};

/* --- taking figures --- */

static char *field_take(char **line)
{
    char *field = strsep(line, "\t");
    field = strdup(field ? field : "");
    if (!field)
        abort();
    text_make_plain(field);               /* the stack has done so already; who shows it does not rely on that */
    return field;
}

static uint64_t number_take(char **line)
{
    char *field = strsep(line, "\t");
    return field ? strtoull(field, NULL, 10) : 0;
}

static void line_take(struct sample *sample, char *line)
{
    char *kind = strsep(&line, "\t");
    if (strcmp(kind, "stack") == 0) {
        sample->time_ns = number_take(&line);
        sample->process = (int)number_take(&line);
        char *name = field_take(&line);
        snprintf(sample->name, sizeof sample->name, "%s", name);
        free(name);
    }
    if (strcmp(kind, "service") != 0)
        return;
    sample->services = realloc(sample->services, (sample->count + 1) * sizeof *sample->services);
    if (!sample->services)
        abort();
    struct figures *figures = &sample->services[sample->count++];
    *figures = (struct figures){ 0 };
#define TEXT field_take
#define NUMBER number_take
#define COUNT number_take
#define FIGURE(name, kind, help) figures->name = kind(&line);
#include "figures.def"
#undef FIGURE
#undef TEXT
#undef NUMBER
#undef COUNT
}

static void sample_free(struct sample *sample)
{
    for (size_t i = 0; i < sample->count; i++) {
#define TEXT(name) free(sample->services[i].name)
#define NUMBER(name)
#define COUNT(name)
#define FIGURE(name, kind, help) kind(name);
#include "figures.def"
#undef FIGURE
#undef TEXT
#undef NUMBER
#undef COUNT
    }
    free(sample->services);
    *sample = (struct sample){ 0 };
}

static bool sample_take(struct top *top, bool quiet)
{
    FILE *answer = stack_ask(&top->address, "figures", quiet, NULL);
    if (!answer)
        return false;
    char *line = NULL;
    size_t room = 0;
    sample_free(&top->before);
    top->before = top->now;
    top->now = (struct sample){ 0 };
    while (getline(&line, &room, answer) > 0) {
        line[strcspn(line, "\n")] = '\0';
        line_take(&top->now, line);
    }
    free(line);
    fclose(answer);
    double seconds = (double)(top->now.time_ns - top->before.time_ns) / 1e9;
    bool same = top->before.process == top->now.process && top->before.count == top->now.count;
    for (size_t i = 0; same && seconds > 0 && i < top->now.count; i++) {
        struct figures *now = &top->now.services[i], *before = &top->before.services[i];
        now->calls_rate = now->calls > before->calls ? (double)(now->calls - before->calls) / seconds : 0;
        now->talked_rate = now->talked_bytes > before->talked_bytes ? (double)(now->talked_bytes - before->talked_bytes) / seconds : 0;
        now->cpu_share = now->cpu_ns > before->cpu_ns ? (double)(now->cpu_ns - before->cpu_ns) / seconds / 1e9 : 0;
    }
    return top->now.count > 0;
}

/* --- order --- */

/* By what is larger; 0: as in the file. */
struct key { const char *name; char letter; double (*value)(const struct figures *figures); };
static double by_calls(const struct figures *figures) { return figures->calls_rate; }
static double by_talk(const struct figures *figures) { return figures->talked_rate; }
static double by_cpu(const struct figures *figures) { return figures->cpu_share; }
static double by_memory(const struct figures *figures) { return (double)figures->memory_bytes; }
static double by_faults(const struct figures *figures) { return (double)figures->faults; }
static double by_refusals(const struct figures *figures) { return (double)figures->refusals; }
static const struct key keys[] = { { "name", 'n', NULL }, { "calls", 'c', by_calls },
                                   { "talk", 't', by_talk }, { "cpu", 'p', by_cpu }, { "memory", 'm', by_memory },
                                   { "faults", 'f', by_faults }, { "refusals", 'r', by_refusals } };
#define KEYS (sizeof keys / sizeof *keys)

static int compare(const void *a, const void *b, void *data)
{
    const struct figures *x = *(const struct figures *const *)a, *y = *(const struct figures *const *)b;
    const struct key *key = data;
    double difference = key->value ? key->value(y) - key->value(x) : 0;
    return difference > 0 ? 1 : difference < 0 ? -1 : key->value ? (x > y) - (x < y) : strcmp(x->service, y->service);
}

/* --- showing --- */

/* Five columns or less. */
static const char *short_number(double value, char text[16])
{
    static const char units[] = " kMGT";
    size_t unit = 0;
    for (; value >= 9999.5 && units[unit + 1]; unit++)
        value /= 1000;
    snprintf(text, 16, unit ? "%.*f%c" : "%.*f", unit && value < 99.95 ? 1 : 0, value, units[unit]);
    return text;
}

/* A text in so many columns; ~ where it was cut. */
static const char *cut(const char *text, size_t columns, char out[64])
{
    size_t length = strlen(text);
    snprintf(out, 64, "%.*s", (int)columns, text);
    if (length > columns)
        out[columns - 1] = '~';
    for (char *at = out; *at; at++)       /* columns are bytes here */
        *at = *at & 0x80 ? '?' : *at;
    return out;
}

/* One line of at most `width` columns. */
static void row_write(FILE *to, const struct figures *one, int width)
{
    char name[64], state[64], line[400], text[3][16];
    snprintf(line, sizeof line, "%-13s %-9s %7s %6s %5.1f %6.1fM %3llu %4llu %6s %7s %3llu  %s", cut(one->service, 13, name),
             cut(one->state, 9, state), short_number(one->calls_rate, text[0]), short_number(one->talked_rate, text[2]),
             100 * one->cpu_share, (double)one->memory_bytes / (1 << 20), (unsigned long long)one->threads,
             (unsigned long long)one->processes, short_number((double)one->faults, text[1]),
             short_number((double)one->refusals, (char[16]){ 0 }), (unsigned long long)one->restarts, one->end);
    for (size_t length = strlen(line); length && line[length - 1] == ' ';)
        line[--length] = '\0';
    fprintf(to, "%.*s", width, line);
}

static const char columns[] = "SERVICE       STATE     CALLS/s TALK/s  CPU%  MEMORY THR PROC FAULTS REFUSED RST  LAST END";

static void summary_write(FILE *to, const struct top *top, int width)
{
    char line[300], text[16];
    double calls = 0, cpu = 0, memory = 0;
    size_t up = 0;
    for (size_t i = 0; i < top->now.count; i++) {
        const struct figures *one = &top->now.services[i];
        calls += one->calls_rate;
        cpu += one->cpu_share;
        memory += (double)one->memory_bytes;
        up += one->memory_bytes > 0;
    }
    snprintf(line, sizeof line, "porin top: %s, process %d: %zu of %zu services up, %s calls/s, %.1f %% CPU, %.1fM", top->now.name,
             top->now.process, up, top->now.count, short_number(calls, text), 100 * cpu, memory / (1 << 20));
    fprintf(to, "%.*s", width, line);
}

/* `newline` ends lines: on a terminal it also clears what was there. */
static void table_write(FILE *to, const struct top *top, int width, int height, const char *newline)
{
    const struct figures **order = calloc(top->now.count, sizeof *order);
    if (!order)
        abort();
    for (size_t i = 0; i < top->now.count; i++)
        order[i] = &top->now.services[i];
    if (top->key)
        qsort_r(order, top->now.count, sizeof *order, compare, (void *)top->key);
    summary_write(to, top, width);
    fprintf(to, "%s%.*s%s", newline, width, columns, newline);
    size_t rows = height > 3 && top->now.count > (size_t)height - 3 ? (size_t)height - 3 : top->now.count;
    for (size_t i = 0; i < rows; i++) {
        row_write(to, order[i], width);
        fputs(newline, to);
    }
    if (rows < top->now.count)
        fprintf(to, "... %zu more", top->now.count - rows);
    free(order);
}

static void json_text(FILE *to, const char *key, const char *text)
{
    fprintf(to, "\"%s\":\"", key);
    json_write(to, text);
    fputc('"', to);
}

static void object_write(FILE *to, const struct top *top)
{
    fputc('{', to);
    json_text(to, "stack", top->now.name);
    fprintf(to, ",\"process\":%d,\"time_ns\":%llu,\"services\":[", top->now.process, (unsigned long long)top->now.time_ns);
    for (size_t i = 0; i < top->now.count; i++) {
        const struct figures *one = &top->now.services[i];
        fprintf(to, "%s{\"calls_per_s\":%.3f,\"talked_per_s\":%.3f,\"cpu_percent\":%.3f", i ? "," : "", one->calls_rate,
                one->talked_rate, 100 * one->cpu_share);
#define TEXT(name) fputc(',', to), json_text(to, #name, one->name)
#define NUMBER(name) fprintf(to, ",\"%s\":%llu", #name, (unsigned long long)one->name)
#define COUNT NUMBER
#define FIGURE(name, kind, help) kind(name);
#include "figures.def"
#undef FIGURE
#undef TEXT
#undef NUMBER
#undef COUNT
        fputc('}', to);
    }
    fputs("]}\n", to);
}

static int batch(struct top *top)
{
    for (long i = 0; !top->count || i < top->count; i++) {
        nanosleep(&(struct timespec){ (time_t)top->interval, (long)((top->interval - (double)(time_t)top->interval) * 1e9) }, NULL);
        if (!sample_take(top, i > 0))
            return i > 0 ? 0 : EXIT_FAILURE; /* a stack that ends is no failure */
        if (top->json)
            object_write(stdout, top);
        else
            table_write(stdout, top, 200, 0, "\n");
        if (!top->json && i + 1 != top->count)
            fputc('\n', stdout);
        if (fflush(stdout) != 0) {
            fprintf(stderr, "porin top: %s\n", strerror(errno));
            return EXIT_FAILURE;
        }
    }
    return 0;
}

/* --- in a terminal --- */

static struct termios before;
static volatile sig_atomic_t over, changed;

static void screen_enter(void)
{
    struct termios own = before;
    own.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    own.c_cc[VSUSP] = _POSIX_VDISABLE;
    tcsetattr(0, TCSANOW, &own);
    fputs("\033[?1049h\033[?25l\033[H\033[2J", stdout);
    fflush(stdout);
}

static void screen_leave(void)
{
    fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    tcsetattr(0, TCSANOW, &before);
}

static void on_signal(int number)
{
    if (number == SIGWINCH || number == SIGCONT)
        changed = number;
    else
        over = number;
}

static void screen_draw(const struct top *top)
{
    struct winsize size = { 0 };
    ioctl(1, TIOCGWINSZ, &size);
    int width = size.ws_col ? size.ws_col : 80, height = size.ws_row ? size.ws_row : 24;
    fputs("\033[H", stdout);
    table_write(stdout, top, width, height - 1, "\033[K\n");
    fputs("\033[J", stdout);
    if (height > 4)
        printf("\033[%d;1H\033[7m%.*s\033[0m", height, width,
               " q quit   sort: n name  c calls  t talk  p CPU  m memory  f faults  r refusals ");
    fflush(stdout);
}

/* Waits for a key or a change of the window, but not longer than that. False: it is to end. */
static bool keys_await(struct top *top, double seconds)
{
    struct pollfd keyboard = { 0, POLLIN, 0 };
    char key;
    int got = poll(&keyboard, 1, (int)(seconds * 1000));
    if (changed == SIGCONT)
        screen_enter();
    if (got > 0 && (read(0, &key, 1) != 1 || key == 'q'))
        return false;
    for (size_t i = 0; got > 0 && i < KEYS; i++)
        if (keys[i].letter == key)
            top->key = &keys[i];
    if (got > 0 || changed)
        screen_draw(top);
    changed = 0;
    return !over;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int live(struct top *top)
{
    bool there = true;
    const struct sigaction action = { .sa_handler = on_signal };
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT };
    sigset_t ours, others;
    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &action, NULL);
        sigaddset(&ours, signals[i]);
    }
    screen_enter();
    for (bool go = true; go && there;) {
        screen_draw(top);
        for (double until = now_s() + top->interval; go && now_s() < until;)
            go = keys_await(top, until - now_s() > 0.001 ? until - now_s() : 0.001);
        sigprocmask(SIG_BLOCK, &ours, &others); /* an answer that a signal cuts off would look like the stack's end */
        there = !go || sample_take(top, true);
        sigprocmask(SIG_SETMASK, &others, NULL);
    }
    screen_leave();
    if (!there)
        fprintf(stderr, "porin top: the stack has ended\n");
    if (!over || over == SIGINT)
        return 0;
    signal(over, SIG_DFL);
    return raise(over);
}

/* --- the command --- */

static int wrong(const char *what)
{
    fprintf(stderr, "porin top: %s; porin top --help lists the options\n", what);
    return EXIT_USAGE;
}

static int run(struct top *top)
{
    const char *terminal = getenv("TERM");
    if (!sample_take(top, false))
        return EXIT_FAILURE;
    bool tty = isatty(0) && isatty(1) && tcgetattr(0, &before) == 0 && terminal && strcmp(terminal, "dumb") != 0;
    return top->batch || top->json || !tty ? batch(top) : live(top);
}

int command_top(int argc, char **argv)
{
    static const struct option known[] = {
        ADDRESS_OPTIONS, { "interval", required_argument, NULL, 'i' }, { "sort", required_argument, NULL, 'k' },
        { "once", no_argument, NULL, '1' }, { "batch", no_argument, NULL, 'b' }, { "count", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, { 0 },
    };
    struct top top = { .address.command = "top", .interval = 1 };
    char *end;
    int option;
    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1)
        switch (option) {
        case 'i':
            top.interval = strtod(optarg, &end);
            if (end == optarg || *end || !(top.interval >= 0.01 && top.interval <= 3600))
                return wrong("--interval: 0.01 to 3600 seconds are expected");
            break;
        case 'k':
            for (size_t i = 0; i < KEYS; i++)
                top.key = strcmp(optarg, keys[i].name) == 0 ? &keys[i] : top.key;
            if (!top.key)
                return wrong("--sort: name, calls, cpu, memory, faults or refusals is expected");
            break;
        case 'c':
            top.count = strtol(optarg, &end, 10);
            if (end == optarg || *end || top.count < 1)
                return wrong("--count: a number is expected");
            break;
        case '1': top.batch = true; top.count = 1; break;
        case 'b': top.batch = true; break;
        case 'j': top.json = true; break;
        case 'h': fputs(usage, stdout); return 0;
        default:
            if (!address_option(&top.address, option, optarg))
                return EXIT_USAGE;
        }
    return optind < argc ? wrong("no arguments are expected") : run(&top);
}
