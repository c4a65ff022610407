/* SPDX-License-Identifier: Apache-2.0 */
/* Two services that talk over a stream socket: as processes, as domains of one process whose connection is the kernel's, and as such whose
 * connection lies in memory. */
#include "bench.h"
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEASURES = 3, PORT_FIRST = 21000, TEXT_MOST = 100 };

extern char **environ;
static const char *const measures[MEASURES] = {"64 bytes each way", "4 KiB back", "a KiB of a stream"};
static const struct way { const char *what; bool local, domains, memory; } ways[] = {
    {"processes, UNIX", true, false, false},
    {"domains, UNIX, the kernel's", true, true, false},
    {"domains, UNIX, in memory", true, true, true},
    {"processes, TCP", false, false, false},
    {"domains, TCP, the kernel's", false, true, false},
    {"domains, TCP, in memory", false, true, true},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static porin_image *image;
static char directory[] = "/tmp/porin-talks-XXXXXX";

struct talker { const struct way *way; const char *arguments[3]; int output; };

static void *talk(void *closure)
{
    const struct talker *talker = closure;
    static const struct porin_directory granted = {directory, directory, false};
    static const char *const addresses[] = {"127.0.0.1:*", "unix:/*"};
    struct porin_domain_options options;
    struct porin_error error = {0};
    porin_domain *domain;
    int code = -1;
    porin_domain_options_default(&options);
    options.grants |= PORIN_GRANT_TIME | PORIN_GRANT_CONSOLE | PORIN_GRANT_FILES | PORIN_GRANT_NETWORK;
    options.stdio[1] = talker->output;
    options.arguments = talker->arguments;
    options.argument_count = 3;
    options.directories = &granted;
    options.directory_count = 1;
    options.listen = options.connect = addresses;
    options.listen_count = options.connect_count = 2;
    options.local_network = talker->way->memory;
    porin_check(porin_domain_create(image, &options, &domain, &error), "create", &error);
    porin_check(porin_domain_run(domain, &code, &error), "run", &error);
    porin_domain_destroy(domain);
    if (code != 0)
        fail("%s: %s ended with %d", talker->way->what, talker->arguments[1], code);
    return NULL;
}

/* As domains, the one that serves on a thread of its own. */
static void talk_inside(const struct way *way, const char *address, int output)
{
    struct talker serves = {way, {"talk", "serve", address}, -1}, asks = {way, {"talk", "ask", address}, output};
    pthread_t thread;
    if (pthread_create(&thread, NULL, talk, &serves) != 0)
        fail("no thread");
    talk(&asks);
    pthread_join(thread, NULL);
}

static void talk_outside(const struct bench_settings *settings, const char *address, char *text, size_t size)
{
    char program[512];
    pid_t server;
    int status;
    snprintf(program, sizeof program, "%s/bench/services/talk", settings->build);
    if (posix_spawn(&server, program, NULL, NULL, (char *const[]){program, "serve", (char *)address, NULL}, environ) != 0)
        fail("%s: %s", program, strerror(errno));
    if (!command_run((const char *const[]){program, "ask", address, NULL}, text, size))
        fail("%s failed", program);
    waitpid(server, &status, 0);
}

static void measure(const struct bench_settings *settings, const struct way *way, struct samples samples[MEASURES])
{
    static int port = PORT_FIRST;
    char address[TEXT_MOST], text[TEXT_MOST] = "";
    double values[MEASURES];
    int ends[2];
    if (pipe(ends) < 0)
        fail("pipe: %s", strerror(errno));
    snprintf(address, sizeof address, way->local ? "%2$s/%1$d" : "%1$d", port++, directory);
    unpin();
    if (!way->domains)
        talk_outside(settings, address, text, sizeof text);
    else {
        talk_inside(way, address, ends[1]);
        if (read(ends[0], text, sizeof text - 1) <= 0)
            fail("%s: no answer", way->what);
    }
    pin_to_cpu(cpu_main());
    close(ends[0]);
    close(ends[1]);
    if (way->local)
        unlink(address);
    if (sscanf(text, "%lf %lf %lf", &values[0], &values[1], &values[2]) != MEASURES)
        fail("%s: '%s'", way->what, text);
    for (int i = 0; i < MEASURES; i++)
        samples_add(&samples[i], values[i]);
}

void bench_talks(const struct bench_settings *settings)
{
    static struct samples samples[WAYS][MEASURES];
    char path[512];
    struct porin_error error = {0};
    snprintf(path, sizeof path, "%s/bench/services/talk.porin", settings->build);
    porin_check(porin_image_load_file(path, &image, &error), path, &error);
    if (!mkdtemp(directory))
        fail("%s: %s", directory, strerror(errno));
    for (unsigned repetition = 0; repetition < settings->repetitions; repetition++)
        for (size_t i = 0; i < WAYS; i++)
            measure(settings, &ways[i], samples[i]);
    rmdir(directory);
    report("\nTwo that talk over a stream socket: nanoseconds (median), and the least against processes'\n");
    report("  %-30s", "");
    for (int m = 0; m < MEASURES; m++)
        report("  %22s", measures[m]);
    report("\n");
    results_list("talks");
    for (size_t i = 0; i < WAYS; i++) {
        const struct samples *processes = samples[i / 3 * 3];
        report("  %-30s", ways[i].what);
        results_object(NULL);
        results_text("what", ways[i].what);
        for (int m = 0; m < MEASURES; m++) {
            double ratio = samples_quantile(&samples[i][m], 0) / samples_quantile(&processes[m], 0);
            report("  %12.0f %8.2fx", samples_median(&samples[i][m]), ratio);
            results_samples(m == 0 ? "small_ns" : m == 1 ? "large_ns" : "kib_ns", &samples[i][m]);
        }
        report("\n");
        results_end();
    }
    results_end();
    porin_image_release(image);
}
