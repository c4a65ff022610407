/* SPDX-License-Identifier: Apache-2.0 */
/* A stack: the services of a stack file and what is known of them while they run. */
#ifndef PORIN_COMMANDS_STACK_H
#define PORIN_COMMANDS_STACK_H
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include "given.h"
#include "observe.h"
#include "porin/observe.h"

enum restart_policy { RESTART_NO, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };
enum condition { CONDITION_STARTED, CONDITION_HEALTHY, CONDITION_COMPLETED };
enum probe { PROBE_NONE, PROBE_TCP, PROBE_UNIX, PROBE_LOG };
enum service_state { SERVICE_WAITING, SERVICE_RUNNING, SERVICE_ENDED, SERVICE_FAILED, SERVICE_STOPPED };
enum health { HEALTH_NONE, HEALTH_STARTING, HEALTH_GOOD, HEALTH_BAD };

struct dependency { char *name; struct service *service; enum condition condition; struct place_in_file { unsigned line, column; } place; };
struct stack_export { char *entry; uint32_t policy; };
struct stack_import { char *import, *from, *entry; struct service *service; struct porin_edge_options edge; struct place_in_file place; };

struct service {
    /* as the file says */
    char *name, *image_path;
    struct given given;
    struct dependency *dependencies; size_t dependency_count;
    struct stack_export *exports; size_t export_count;
    struct stack_import *imports; size_t import_count;
    enum restart_policy restart;
    unsigned restart_most;              /* on-failure:N; 0: any number */
    enum probe probe;
    char *probe_target;
    uint64_t probe_interval_ms, grace_ms;
    unsigned probe_retries;
    int stop_signal;
    struct place_in_file place;
    unsigned rank;                      /* more than that of all that it depends on */
    /* while it runs; under the stack's lock */
    struct stack *stack;
    porin_image *image;
    porin_domain *domain;
    pthread_t thread;
    enum service_state state;
    enum health health;
    bool program;                       /* it has a main; otherwise it only has entries */
    bool stop_wanted, restart_wanted;
    unsigned users;                     /* who use its domain without the lock: it stays until they are through */
    unsigned restarts, failures;        /* failures: probes in turn */
    int exit_code;                      /* of its last life; 128 + signal */
    char end[200];                      /* how its last life ended, for people */
    time_t since;
    struct porin_domain_usage past, last; /* what domains of earlier lives have used, and the one that there is, at its last end */
    struct timespec probe_next;
    /* journal.c */
    int output[2];                      /* a pipe: it writes, the journal reads */
    FILE *log;
    char line[4096];
    size_t line_size;
};

struct stack {
    char *name, *file;
    struct service *services; size_t count;
    bool quiet;
    char directory[90];                 /* run directory of this stack: control socket, logs */
    pthread_mutex_t lock;
    pthread_cond_t changed;             /* a state or a wish */
    bool ending;
};

struct stack_run { const char *file, *run_directory; bool quiet; struct observe observe; };
/* `porin run -f`: the exit status. */
int stack_run(const struct stack_run *run);

/* Reads a stack file; the working directory becomes its own, to which its paths are relative. 0, or an exit status after a message. */
int stack_read(struct stack *stack, const char *file);
struct service *stack_find(struct stack *stack, const char *name);
/* Of a property as policies name it; 0: none is called so. */
uint32_t policy_bit(const char *name);
const char *policy_name(uint32_t bit);

/* Where a stack of that name has logs and control socket. False: the name is too long. */
bool stack_directory(char *path, size_t size, const char *run_directory, const char *name);
/* What a stack is called that its file does not name: after its folder. */
char *stack_default_name(const char *file);

/* --- supervise.c: with the lock --- */
const char *service_state_text(const struct service *service);
/* Asks services (NULL: all) to end, each before those that it depends on; returns at once. */
void service_stop(struct stack *stack, struct service *service);
void service_restart(struct service *service);

/* --- journal.c --- */
bool journal_open(struct stack *stack);
/* A line of porin's own about a service. */
__attribute__((format(printf, 2, 3))) void journal_note(struct service *service, const char *format, ...);
/* Writes out what has come, and returns when all that was written before is out. */
void journal_flush(struct stack *stack);
/* Sends the log of a service (NULL: of all) to a client, and goes on as lines come if `follow`. Takes the descriptor over. */
void journal_send(struct stack *stack, struct service *service, int client, bool follow);

/* --- control.c --- */
bool control_open(struct stack *stack);
void control_close(struct stack *stack);
/* What services have sent each other in memory: a list to be freed (NULL: none), and its length. */
size_t talks_take(struct porin_talk **talks);

/* --- map.c --- */
/* Who is there and who may reach whom: lines of fields parted by tabs. Under no lock: all but states is as the file says. */
void map_describe(FILE *to, struct stack *stack);

/* --- locator.c --- */
/* From now on locator_ask works, whatever this process gives up: a process of its own answers. */
bool locator_start(void);
/* "function (file:line)"; false: it is not known. */
bool locator_ask(const char *file, uint32_t offset, char *text, size_t size);
#endif
