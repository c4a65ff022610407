/* SPDX-License-Identifier: Apache-2.0 */
/* `porin run -f`: makes the domains of a stack, connects their entries, and runs each service on a thread of its own until it is to end. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "commands.h"
#include "harden.h"
#include "report.h"
#include "stack.h"

#define PAUSE_FIRST_MS 100                /* before a restart; doubles with each, */
#define PAUSE_LAST_MS 10000               /* and begins anew after a life of that length */
#define TICK_MS 50                        /* between looks at libraries that may have died, probes that may be due */

static struct timespec after_ms(uint64_t ms)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += (time_t)(ms / 1000);
    time.tv_nsec += (long)(ms % 1000) * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static bool is_past(const struct timespec *time)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > time->tv_sec || (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

static void state_set(struct service *service, enum service_state state)
{
    service->state = state;
    service->since = time(NULL);
    pthread_cond_broadcast(&service->stack->changed);
}

const char *service_state_text(const struct service *service)
{
    switch (service->state) {
    case SERVICE_WAITING: return "waiting";
    case SERVICE_ENDED: return "ended";
    case SERVICE_FAILED: return "failed";
    case SERVICE_STOPPED: return "stopped";
    default: break;
    }
    switch (service->health) {
    case HEALTH_STARTING: return "starting";
    case HEALTH_GOOD: return "healthy";
    case HEALTH_BAD: return "unhealthy";
    default: return "running";
    }
}

/* --- domains and edges --- */

/* With a message for people in *error. */
static bool service_connect(struct service *service, struct porin_error *error)
{
    for (size_t i = 0; i < service->import_count; i++) {
        const struct stack_import *import = &service->imports[i];
        porin_entry entry;
        if (porin_entry_find(import->service->domain, import->entry, &entry, error) != PORIN_OK ||
            porin_domain_bind(service->domain, import->import, entry, &import->edge, error) != PORIN_OK)
            return false;
    }
    return true;
}

static bool service_create(struct service *service, struct porin_error *error)
{
    service->given.options.accounting = true; /* for porin top */
    return porin_domain_create(service->image, &service->given.options, &service->domain, error) == PORIN_OK;
}

/* With the lock, which is given up for it. Its figures are those of all its lives. */
static void service_destroy(struct service *service)
{
    struct porin_domain_usage used = { 0 };
    porin_domain *domain = service->domain;
    porin_domain_usage_get(domain, &used);
    service->last = (struct porin_domain_usage){ 0 };
    service->past.calls += used.calls;
    service->past.cpu_ns += used.cpu_ns;
    service->past.faults += used.faults;
    service->past.refusals += used.refusals;
    service->domain = NULL;
    pthread_mutex_unlock(&service->stack->lock);
    porin_domain_destroy(domain);
    pthread_mutex_lock(&service->stack->lock);
}

/* A domain that others call is reset in place, so that their edges stay; another is made anew, which also undoes an execve. */
static bool service_renew(struct service *service, struct porin_error *error)
{
    if (!service->export_count) {
        pthread_mutex_lock(&service->stack->lock);
        service_destroy(service);
        pthread_mutex_unlock(&service->stack->lock);
        return service_create(service, error) && service_connect(service, error);
    }
    porin_domain_kill(service->domain);
    porin_status status;
    for (int i = 0; i < 100 && (status = porin_domain_reset(service->domain, error)) == PORIN_ERR_BUSY; i++)
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    return status == PORIN_OK;
}

/* --- the life of a service --- */

/* With the lock: all it depends on is there. *never: it never will be. */
static bool dependencies_met(const struct service *service, bool *never)
{
    bool met = true;
    for (size_t i = 0; i < service->dependency_count; i++) {
        const struct service *on = service->dependencies[i].service;
        bool over = on->state >= SERVICE_ENDED;
        switch (service->dependencies[i].condition) {
        case CONDITION_STARTED: met = met && on->state != SERVICE_WAITING; over = on->state == SERVICE_FAILED; break;
        case CONDITION_HEALTHY: met = met && on->health == HEALTH_GOOD && !over; break;
        default: met = met && on->state == SERVICE_ENDED && on->exit_code == 0; over = over && !met;
        }
        *never = *never || over;
    }
    return met;
}

static void death_tell(struct service *service, const struct porin_error *error)
{
    char place[300], text[1000];
    const struct porin_registers *r = &error->registers;
    journal_note(service, "died%s%s at offset 0x%x: %s (%s)%s", *error->entry ? " in entry " : "", error->entry, error->offset,
                 sigabbrev_np(error->signal) ?: "?", sigdescr_np(error->signal) ?: "unknown signal",
                 error->fault == PORIN_FAULT_CONTROL_STACK || error->fault == PORIN_FAULT_DATA_STACK ? ", a stack is full" : "");
    if (error->fault == PORIN_FAULT_ACCESS || error->fault == PORIN_FAULT_DATA_STACK)
        journal_note(service, "  accessing 0x%x", error->address);
    journal_note(service, "  rax %#lx rbx %#lx rcx %#lx rdx %#lx rsi %#lx rdi %#lx rbp %#lx r8 %#lx r9 %#lx r12 %#lx r13 %#lx, "
                 "data stack at %#lx",
                 r->rax, r->rbx, r->rcx, r->rdx, r->rsi, r->rdi, r->rbp, r->r8, r->r9, r->r12, r->r13, r->r15);
    if (report_crossings(error, text, sizeof text))
        journal_note(service, "  crossings: %.570s", text);
    if (report_services(error, text, sizeof text))
        journal_note(service, "  services asked for last: %.550s", text);
    journal_note(service, "  at 0x%x %s", error->offset,
                 locator_ask(service->image_path, error->offset, place, sizeof place) ? place : "(built without -g)");
    for (uint32_t i = 0; i < error->trace_count; i++) /* a return address is behind its call */
        if (locator_ask(service->image_path, error->trace[i] - 1, place, sizeof place))
            journal_note(service, "  called from 0x%x %s", error->trace[i] - 1, place);
        else
            journal_note(service, "  called from 0x%x", error->trace[i] - 1);
}

/* Notes how a life ended. Under no lock. */
static void end_note(struct service *service, porin_status status, int exit_code, const struct porin_error *error)
{
    int code = status == PORIN_OK ? exit_code : status == PORIN_ERR_FAULT ? EXIT_SIGNAL + error->signal : EXIT_OWN_FAILURE;
    if (status == PORIN_ERR_FAULT)
        death_tell(service, error);
    if (service->given.usage)
        print_used(service->domain);
    pthread_mutex_lock(&service->stack->lock);
    porin_domain_usage_get(service->domain, &service->last);
    if (status == PORIN_ERR_KILLED) {
        code = EXIT_SIGNAL + SIGKILL;
        snprintf(service->end, sizeof service->end, "killed");
    } else if (status == PORIN_ERR_FAULT)
        snprintf(service->end, sizeof service->end, "died of %s", sigabbrev_np(error->signal) ?: "a signal");
    else if (status == PORIN_OK && exit_code > EXIT_SIGNAL && sigabbrev_np(exit_code - EXIT_SIGNAL))
        snprintf(service->end, sizeof service->end, "ended by %s", sigabbrev_np(exit_code - EXIT_SIGNAL));
    else if (status == PORIN_OK)
        snprintf(service->end, sizeof service->end, "exited with %d", exit_code);
    else
        snprintf(service->end, sizeof service->end, "%.190s", error->text);
    service->exit_code = code;
    pthread_mutex_unlock(&service->stack->lock);
    journal_note(service, "%s", service->end);
}

/* One life: back when the service has ended. */
static void service_live(struct service *service)
{
    struct porin_error error = { 0 };
    int exit_code = 0;
    porin_status status;
    if (service->program) {
        status = porin_domain_run(service->domain, &exit_code, &error);
    } else { /* others call it */
        while ((status = porin_domain_alive(service->domain, &error)) == PORIN_OK)
            nanosleep(&(struct timespec){ .tv_nsec = TICK_MS * 1000000l }, NULL);
        exit_code = error.exit_code;
        status = status == PORIN_ERR_EXIT ? PORIN_OK : status;
    }
    end_note(service, status, exit_code, &error);
}

/* With the lock: shall it live again? */
static bool restart_due(struct service *service)
{
    if (service->stack->ending)
        return false;
    if (service->restart_wanted)
        return true;
    if (service->stop_wanted)
        return false;
    switch (service->restart) {
    case RESTART_ON_FAILURE: return service->exit_code != 0 && (!service->restart_most || service->restarts < service->restart_most);
    case RESTART_ALWAYS:
    case RESTART_UNLESS_STOPPED: return true;
    default: return false;
    }
}

/* With the lock: waits that long, or until the service is to end or to be restarted by hand. */
static void pause_before_restart(struct service *service, uint64_t ms)
{
    struct timespec end = after_ms(ms);
    while (!service->stop_wanted && !service->restart_wanted && !service->stack->ending && !is_past(&end))
        pthread_cond_timedwait(&service->stack->changed, &service->stack->lock, &end);
}

/* With the lock: waits for its turn. False: it does not come. */
static bool service_await(struct service *service)
{
    bool never = false;
    while (!dependencies_met(service, &never) && !never && !service->stop_wanted && !service->stack->ending)
        pthread_cond_wait(&service->stack->changed, &service->stack->lock);
    if (never)
        snprintf(service->end, sizeof service->end, "what it depends on has failed");
    return !never && !service->stop_wanted && !service->stack->ending;
}

/* With the lock: nobody else uses its domain. */
static void users_await(struct service *service)
{
    while (service->users)
        pthread_cond_wait(&service->stack->changed, &service->stack->lock);
}

/* With the lock, between two lives: false if there is no next one. */
static bool service_again(struct service *service, uint64_t lived_ms, uint64_t *pause_ms)
{
    struct porin_error error;
    if (!restart_due(service))
        return false;
    users_await(service);
    *pause_ms = lived_ms > PAUSE_LAST_MS ? PAUSE_FIRST_MS : *pause_ms;
    pthread_mutex_unlock(&service->stack->lock);
    bool good = service_renew(service, &error); /* first of all: whoever was connected to it learns now */
    pthread_mutex_lock(&service->stack->lock);
    if (!good) {
        snprintf(service->end, sizeof service->end, "cannot be made again: %.150s", error.text);
        service->exit_code = EXIT_OWN_FAILURE;
        return false;
    }
    if (!service->restart_wanted) {
        service->restarts++;
        pause_before_restart(service, *pause_ms);
        *pause_ms = *pause_ms * 2 < PAUSE_LAST_MS ? *pause_ms * 2 : PAUSE_LAST_MS;
    }
    return !service->stack->ending && (!service->stop_wanted || service->restart_wanted);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* With the lock: nothing of it is left open, and nothing that it has forked runs. One that others call stays as a dead domain. */
static void service_empty(struct service *service)
{
    struct porin_error error;
    users_await(service);
    if (!service->export_count && service->domain)
        service_destroy(service);
    if (!service->domain)
        return;
    pthread_mutex_unlock(&service->stack->lock);
    (void)service_renew(service, &error);
    porin_domain_kill(service->domain);
    pthread_mutex_lock(&service->stack->lock);
}

static void *service_thread(void *data)
{
    struct service *service = data;
    struct stack *stack = service->stack;
    struct porin_error error;
    uint64_t pause_ms = PAUSE_FIRST_MS;
    pthread_mutex_lock(&stack->lock);
    while (!stack->ending) {
        bool go = service_await(service);
        if (go && !service->domain) {
            go = service_create(service, &error) && service_connect(service, &error);
            if (!go)
                snprintf(service->end, sizeof service->end, "%.190s", error.text);
        }
        while (go) {
            service->stop_wanted = service->restart_wanted = false;
            service->failures = 0;
            service->health = service->probe ? HEALTH_STARTING : HEALTH_NONE;
            service->probe_next = (struct timespec){ 0 };
            state_set(service, SERVICE_RUNNING);
            uint64_t start = now_ms();
            pthread_mutex_unlock(&stack->lock);
            service_live(service);
            pthread_mutex_lock(&stack->lock);
            service->health = HEALTH_NONE;
            state_set(service, SERVICE_WAITING);
            go = service_again(service, now_ms() - start, &pause_ms);
        }
        service_empty(service);
        state_set(service, service->stop_wanted ? SERVICE_STOPPED : service->exit_code ? SERVICE_FAILED : SERVICE_ENDED);
        while (!service->restart_wanted && !stack->ending)
            pthread_cond_wait(&stack->changed, &stack->lock);
        service->stop_wanted = service->restart_wanted = false;
        service->restarts = 0;
        if (service->domain && !stack->ending) {
            pthread_mutex_unlock(&stack->lock);
            (void)service_renew(service, &error); /* if it cannot be, its next life says so */
            pthread_mutex_lock(&stack->lock);
        }
    }
    pthread_mutex_unlock(&stack->lock);
    return NULL;
}

/* --- stopping --- */

struct stopping { struct stack *stack; struct service *service; };

static bool is_running(const struct service *service)
{
    return service->state == SERVICE_RUNNING;
}

/* With the lock: asks it to end, and kills it if it is slow. */
static void stop_one(struct service *service)
{
    struct stack *stack = service->stack;
    struct timespec end = after_ms(service->grace_ms);
    service->stop_wanted = true;
    pthread_cond_broadcast(&stack->changed);
    if (!is_running(service))
        return;
    porin_domain *domain = service->domain;
    service->users++;
    pthread_mutex_unlock(&stack->lock);
    if (!service->program || porin_domain_signal(domain, service->stop_signal) != PORIN_OK)
        porin_domain_kill(domain);
    pthread_mutex_lock(&stack->lock);
    while (is_running(service)) {
        bool late = is_past(&end);
        if (late) {
            end = after_ms(TICK_MS); /* an execve may be under way: then it is killed again */
            pthread_mutex_unlock(&stack->lock);
            if (porin_domain_signal(domain, SIGKILL) != PORIN_OK)
                porin_domain_kill(domain);
            pthread_mutex_lock(&stack->lock);
        }
        if (is_running(service))
            pthread_cond_timedwait(&stack->changed, &stack->lock, &end);
    }
    service->users--;
    pthread_cond_broadcast(&stack->changed);
}

/* From the highest rank down: nobody outlives what it depends on. */
static void *stop_thread(void *data)
{
    struct stopping stopping = *(struct stopping *)data;
    struct stack *stack = stopping.stack;
    unsigned highest = 0;
    free(data);
    pthread_mutex_lock(&stack->lock);
    for (size_t i = 0; i < stack->count; i++)
        highest = stack->services[i].rank > highest ? stack->services[i].rank : highest;
    for (unsigned rank = highest + 1; rank-- > 0;)
        for (size_t i = 0; i < stack->count; i++)
            if (stack->services[i].rank == rank && (!stopping.service || stopping.service == &stack->services[i]))
                stop_one(&stack->services[i]);
    if (!stopping.service)
        stack->ending = true;
    pthread_cond_broadcast(&stack->changed);
    pthread_mutex_unlock(&stack->lock);
    return NULL;
}

void service_stop(struct stack *stack, struct service *service)
{
    pthread_t thread;
    struct stopping *stopping = malloc(sizeof *stopping);
    if (!stopping)
        return;
    *stopping = (struct stopping){ stack, service };
    if (service)
        service->stop_wanted = true;
    if (pthread_create(&thread, NULL, stop_thread, stopping) == 0)
        pthread_detach(thread);
    else
        free(stopping);
}

void service_restart(struct service *service)
{
    service->restart_wanted = true;
    if (is_running(service))
        service_stop(service->stack, service);
    else
        service->stop_wanted = false;
    pthread_cond_broadcast(&service->stack->changed);
}

/* --- probes --- */

static bool connects(int family, const void *address, socklen_t size)
{
    int probe = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = probe >= 0 && connect(probe, address, size) == 0;
    int error = EIO;
    if (!good && probe >= 0 && errno == EINPROGRESS) { /* on this machine it is decided at once, but for a full queue */
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        socklen_t error_size = sizeof error;
        getsockopt(probe, SOL_SOCKET, SO_ERROR, &error, &error_size);
        struct sockaddr_storage peer;
        socklen_t peer_size = sizeof peer;
        good = !error && getpeername(probe, (struct sockaddr *)&peer, &peer_size) == 0;
    }
    if (probe >= 0)
        close(probe);
    return good;
}

static bool probe_passes(const struct service *service)
{
    if (service->probe == PROBE_UNIX) {
        struct sockaddr_un local = { .sun_family = AF_UNIX };
        snprintf(local.sun_path, sizeof local.sun_path, "%s", service->probe_target);
        return connects(AF_UNIX, &local, sizeof local);
    }
    char text[100];
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    snprintf(text, sizeof text, "%s", service->probe_target);
    char *colon = strrchr(text, ':'), *address = text;
    if (!colon)
        return false;
    *colon = '\0';
    four.sin_port = six.sin6_port = htons((uint16_t)atoi(colon + 1));
    if (*address == '[') {
        address++;
        address[strcspn(address, "]")] = '\0';
    }
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
        return connects(AF_INET, &four, sizeof four);
    return inet_pton(AF_INET6, address, &six.sin6_addr) == 1 && connects(AF_INET6, &six, sizeof six);
}

/* With the lock, which is given up for the probe. */
static void probe_service(struct service *service)
{
    if (!is_running(service) || service->probe == PROBE_NONE || service->probe == PROBE_LOG || !is_past(&service->probe_next))
        return;
    service->probe_next = after_ms(service->health == HEALTH_STARTING ? TICK_MS : service->probe_interval_ms);
    pthread_mutex_unlock(&service->stack->lock);
    bool good = probe_passes(service);
    pthread_mutex_lock(&service->stack->lock);
    enum health before = service->health;
    if (!is_running(service) || before == HEALTH_NONE)
        return;
    service->failures = good ? 0 : service->failures + 1;
    unsigned tries = service->probe_retries;
    if (before == HEALTH_STARTING) /* it is asked more often then */
        tries *= (unsigned)(service->probe_interval_ms / TICK_MS + 1);
    if (good)
        service->health = HEALTH_GOOD;
    else if (service->failures >= tries)
        service->health = HEALTH_BAD;
    if (service->health != before)
        pthread_cond_broadcast(&service->stack->changed);
}

static void *probe_thread(void *data)
{
    struct stack *stack = data;
    for (;;) {
        nanosleep(&(struct timespec){ .tv_nsec = TICK_MS * 1000000l }, NULL);
        pthread_mutex_lock(&stack->lock);
        for (size_t i = 0; i < stack->count; i++)
            probe_service(&stack->services[i]);
        pthread_mutex_unlock(&stack->lock);
    }
    return NULL;
}

/* --- the whole --- */

/* All images and domains, before anything runs. */
static int stack_create(struct stack *stack)
{
    struct porin_error error;
    for (size_t i = 0; i < stack->count; i++) {
        struct service *service = &stack->services[i];
        porin_status status = porin_image_load_file(service->image_path, &service->image, &error);
        if (status != PORIN_OK)
            return print_load_error(service->image_path, status, &error);
        service->program = porin_image_is_program(service->image);
        if (!service->program && !service->export_count) {
            fprintf(stderr, "porin run: service %s: %s is a library: without exports it does nothing\n", service->name,
                    service->image_path);
            return EXIT_USAGE;
        }
        int output[2], input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (input < 0 || pipe2(output, O_CLOEXEC) != 0) {
            fprintf(stderr, "porin run: %s\n", strerror(errno));
            return EXIT_OWN_FAILURE;
        }
        memcpy(service->output, output, sizeof output);
        service->given.options.stdio[0] = input;
        service->given.options.stdio[1] = service->given.options.stdio[2] = output[1];
        if (!service_create(service, &error)) {
            fprintf(stderr, "porin run: service %s: %s\n", service->name, error.text);
            return EXIT_OWN_FAILURE;
        }
    }
    for (size_t i = 0; i < stack->count; i++)
        if (!service_connect(&stack->services[i], &error)) {
            fprintf(stderr, "porin run: service %s: %s\n", stack->services[i].name, error.text);
            return EXIT_OWN_FAILURE;
        }
    return 0;
}

static bool all_over(const struct stack *stack)
{
    bool over = true;
    for (size_t i = 0; i < stack->count; i++)
        over = over && stack->services[i].state >= SERVICE_ENDED;
    return over;
}

static bool all_programs_over(const struct stack *stack)
{
    bool over = true;
    for (size_t i = 0; i < stack->count; i++)
        over = over && (stack->services[i].state >= SERVICE_ENDED || !stack->services[i].program);
    return over;
}

/* Until all services have ended by themselves, or signals say so: the first asks them to end. */
static void stack_await(struct stack *stack, const sigset_t *signals)
{
    bool asked = false;
    for (;;) {
        int number = sigtimedwait(signals, NULL, &(struct timespec){ .tv_nsec = TICK_MS * 1000000l });
        pthread_mutex_lock(&stack->lock);
        bool over = stack->ending && all_over(stack);
        if (!asked && (number == SIGTERM || number == SIGINT || number == SIGHUP || all_programs_over(stack))) {
            asked = true;
            service_stop(stack, NULL);
        }
        pthread_mutex_unlock(&stack->lock);
        if (over)
            return;
    }
}

/* The first failure that there was, in the order of the file. */
static int stack_exit_code(const struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        if (stack->services[i].state == SERVICE_FAILED)
            return stack->services[i].exit_code;
    return 0;
}

static bool threads_start(struct stack *stack)
{
    pthread_t probes;
    bool good = pthread_create(&probes, NULL, probe_thread, stack) == 0;
    for (size_t i = 0; good && i < stack->count; i++)
        good = pthread_create(&stack->services[i].thread, NULL, service_thread, &stack->services[i]) == 0;
    return good;
}

int stack_run(const struct stack_run *run)
{
    struct stack stack = { .quiet = run->quiet };
    pthread_condattr_t attributes;
    sigset_t signals;
    int status = stack_read(&stack, run->file);
    if (status)
        return status;
    sigemptyset(&signals);
    for (size_t i = 0; i < 6; i++)
        sigaddset(&signals, (int[]){ SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGPIPE, SIGRTMIN + 2 }[i]);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* all threads: SIGCHLD and SIGRTMIN + 2 are the domains' (porin.h) */
    sigdelset(&signals, SIGCHLD);
    sigdelset(&signals, SIGPIPE);
    sigdelset(&signals, SIGRTMIN + 2);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&stack.lock, NULL);
    pthread_cond_init(&stack.changed, &attributes);
    if (!stack_directory(stack.directory, sizeof stack.directory, run->run_directory, stack.name) || !locator_start()) {
        fprintf(stderr, "porin run: %s: %s\n", stack.name, strerror(errno));
        return EXIT_OWN_FAILURE;
    }
    struct porin_error error;
    if (observe_begin(&run->observe, &error) != PORIN_OK) {
        fprintf(stderr, "porin run: %s\n", error.text);
        return EXIT_OWN_FAILURE;
    }
    status = stack_create(&stack);
    if (status)
        return status;
    if (!control_open(&stack) || !journal_open(&stack))
        return EXIT_OWN_FAILURE;
    if (!harden_process()) {
        fprintf(stderr, "porin run: no seccomp filter here, which keeps this process from system calls that it does not need\n");
        return EXIT_OWN_FAILURE;
    }
    if (!threads_start(&stack)) {
        fprintf(stderr, "porin run: no threads for the services\n");
        return EXIT_OWN_FAILURE;
    }
    stack_await(&stack, &signals);
    for (size_t i = 0; i < stack.count; i++)
        pthread_join(stack.services[i].thread, NULL);
    observe_end(&run->observe);
    control_close(&stack);
    journal_flush(&stack);
    return stack_exit_code(&stack);
}
