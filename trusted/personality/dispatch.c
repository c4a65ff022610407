/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its handler: the table of services, grants, and the life of a personality. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "descriptors.h"
#include "local.h"
#include "paths.h"
#include "personality.h"
#include "addresses.h"
#include "process.h"
#include "processes.h"
#include "lifecycle/handler.h"
#include "lifecycle/plain.h"
#include "runtime/entry.h"
#include "runtime/error.h"
#include "sharing.h"
#include "signals.h"
#include "terminals.h"
#include "timers.h"

#define HOST_THREADS 64                /* threads of the host that may have a say in the signals of a domain */

struct service { int64_t (*handler)(const struct request *); uint32_t family; const char *name; };

static const struct service services[] = {
#define SERVICE(number, name, arguments, family, handler, state, note) [number] = { service_##handler, FAMILY_##family, #name },
#include "services.def"
#undef SERVICE
};

/* Which option of `porin run` grants a family. */
static const char *family_option(uint32_t family)
{
    switch (family) {
    case FAMILY_NETWORK: return "--listen or --connect";
    case FAMILY_FILES:
    case FAMILY_STREAMS: return "--dir";
    default: return "(none: the host grants it or not)";
    }
}

int64_t personality_call(struct porin_domain *domain, uint64_t number, const uint64_t arguments[6])
{
    struct request request = { domain, domain->personality, arguments };
    if (!request.own) /* another domain goes on with it */
        return -EPERM;
    if (number >= sizeof services / sizeof services[0] || !services[number].handler) {
        audit(&request, "system call %llu does not exist", (unsigned long long)number);
        return -ENOSYS;
    }
    const struct service *service = &services[number];
    if (service->family != FAMILY_ALWAYS && !(domain->grants & service->family)) {
        audit(&request, "%s is not granted; %s grants it", service->name, family_option(service->family));
        return -EPERM;
    }
    for (;;) {
        int64_t result = service->handler(&request);
        bool again = !signals_waiting(request.own) || signals_deliver(&request);
        if (result != RESTART && result != RESTART_ALWAYS)
            return result;
        if (domain_is_dead(domain) || handler_jumped() || (result == RESTART && !again))
            return -EINTR;
    }
}

void audit(const struct request *request, const char *format, ...)
{
    const struct porin_domain_options *options = &request->domain->options;
    char line[300];
    request->own->refusals++;
    if (!options->audit)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    uint32_t hash = 1;
    text_make_plain(line);
    for (const char *at = line; *at; at++)
        hash = hash * 31 + (uint8_t)*at;
    _Atomic uint32_t *told = &request->own->told[hash % AUDIT_REMEMBERED];
    if (atomic_exchange(told, hash) != hash) /* a program asks for the same thing again and again */
        options->audit(options->audit_closure, line);
}

int64_t request_wait(const struct request *request, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    static _Atomic uint32_t never; /* for a thread that is none of the runtime's: no domain's code runs on it */
    _Atomic uint32_t *attention = thread_current ? &thread_current->attention : &never;
    for (bool begun = false;; begun = true) {
        if (thread_current)
            *attention = 0; /* before the looks: what comes after them sets it again */
        if (thread_interrupted(request->domain) || thread_leaves())
            return -EINTR;
        if (domain_is_dead(request->domain) || signals_ready(request))
            return begun ? RESTART : RESTART_ALWAYS;
        int64_t result = host_wait(attention, number, a, b, c, d, e, f);
        if (result != -EINTR)
            return result;
    }
}

int64_t request_fetch(const struct request *request, void *to, uint64_t address, size_t size)
{
    if (!range_in_slot(address, size))
        return -EFAULT;
    return copy_in(to, request->domain, (porin_addr){ (uint32_t)address }, size) == PORIN_OK ? 0 : -EFAULT;
}

int64_t request_store(const struct request *request, uint64_t address, const void *from, size_t size)
{
    if (!range_in_slot(address, size))
        return -EFAULT;
    return copy_out(request->domain, (porin_addr){ (uint32_t)address }, from, size) == PORIN_OK ? 0 : -EFAULT;
}

int64_t request_fetch_path(const struct request *request, char *to, size_t size, uint64_t address)
{
    if (!range_in_slot(address, 1))
        return -EFAULT;
    switch (copy_string_in(to, size, request->domain, (porin_addr){ (uint32_t)address }, NULL)) {
    case PORIN_OK: return 0;
    case PORIN_ERR_LIMIT: return -ENAMETOOLONG;
    default: return -EFAULT;
    }
}

int64_t request_fetch_vector(const struct request *request, struct iovec *vector, uint64_t address, uint64_t count)
{
    if (count > IOVEC_MAX)
        return -EINVAL;
    int64_t error = request_fetch(request, vector, address, count * sizeof *vector);
    if (error)
        return error;
    for (uint64_t i = 0; i < count; i++) {
        if (vector[i].iov_len == 0)
            vector[i].iov_base = NULL;
        else if (!(vector[i].iov_base = range_for_kernel(request->domain, (uint64_t)vector[i].iov_base, vector[i].iov_len)))
            return -EFAULT;
    }
    return 0;
}

static void write_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
    sigaddset(set, SIGXFSZ);
}

void signals_hold(sigset_t *before)
{
    sigset_t set;
    write_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, before);
}

void signals_release(const sigset_t *before, bool all_written)
{
    int saved = errno;
    sigset_t set;
    write_signals(&set);
    while (!all_written && sigtimedwait(&set, NULL, &(struct timespec){ 0 }) > 0)
        ;
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = saved;
}

/* What must hold at the start of the domain's life and again after a reset. */
static int64_t personality_start(struct personality *own, const struct porin_domain_options *options)
{
    uint32_t limit = options->descriptor_limit;
    own->umask = 022;
    own->executions = 0;
    own->directory = options->directory ? strdup(options->directory) : NULL;
    if (options->directory && !own->directory)
        return -ENOMEM;
    own->descriptor_limit = own->descriptor_limit_max = limit && limit < DESCRIPTORS_MAX ? limit : DESCRIPTORS_MAX;
    return options->grants & PORIN_GRANT_CONSOLE ? console_open(own, options) : 0;
}

static void personality_stop(struct personality *own)
{
    sharing_stop(own);
    timers_end(own);
    if (groups_real(own))
        terminals_restore();
    descriptors_close(own, false);
    free(own->directory);
    free(own->program);
    own->directory = own->program = NULL;
    signals_forget(own, false);
    struct children *children = own->children;
    __atomic_store_n(&own->children, NULL, __ATOMIC_SEQ_CST);
    signals_await_handlers();
    free(children);
}

porin_status personality_create(struct porin_domain *domain, const struct porin_domain_options *options, struct porin_error *error)
{
    struct personality *own = calloc(1, sizeof *own);
    if (!own)
        return error_set(error, PORIN_ERR_MEMORY, "out of memory");
    pthread_mutex_init(&own->lock, NULL);
    /* A process of its own has the host's number, so that whoever reads its pid file finds it. */
    own->process = own->root = options->grants & PORIN_GRANT_SIGNALS ? getpid() : process_number();
    own->local = options->local_network;
    domain->next_number = own->process; /* the first thread's number is the process's, as on Linux */
    own->parent = 1;
    domain->personality = own;
    porin_status status = PORIN_OK;
    if (!signals_create(own, spawn_limit(domain) + HOST_THREADS))
        status = error_set(error, PORIN_ERR_MEMORY, "out of memory");
    else if (options->grants & PORIN_GRANT_SIGNALS && !signals_adopt(own))
        status = error_set(error, PORIN_ERR_ARGUMENT, "only one domain of a process can have PORIN_GRANT_SIGNALS");
    else if (options->grants & PORIN_GRANT_PROCESSES && !(options->grants & PORIN_GRANT_SIGNALS) && !sharing_join(own, domain))
        status = error_set(error, PORIN_ERR_MEMORY, "no thread for the signals of domains");
    if (options->grants & PORIN_GRANT_PROCESSES)
        signals_ignore_writes();
    if (status == PORIN_OK && options->grants & PORIN_GRANT_FILES)
        status = grants_open(own, options, error);
    if (status == PORIN_OK && options->grants & PORIN_GRANT_NETWORK)
        status = network_open(own, options, error);
    if (status == PORIN_OK && personality_start(own, options))
        status = error_set(error, PORIN_ERR_MEMORY, "out of memory");
    if (status != PORIN_OK)
        personality_destroy(domain);
    return status;
}

void personality_destroy(struct porin_domain *domain)
{
    struct personality *own = domain->personality;
    if (!own)
        return;
    sharing_leave(own);
    if (own->signals)
        personality_stop(own);
    signals_destroy(own);
    rights_disown(own);
    network_close(own);
    grants_close(own);
    pthread_mutex_destroy(&own->lock);
    functions_free(own);
    free(own);
    domain->personality = NULL;
}

void personality_hand_over(struct porin_domain *domain, struct porin_domain *successor)
{
    struct personality *own = domain->personality;
    personality_destroy(successor);
    successor->personality = own;
    successor->grants = domain->grants;
    domain->personality = NULL;
    domain->grants = 0;
    sharing_move(own, successor);
    successor->next_number = own->process;
    timers_end(own);
    futex_forget(own, false);
    descriptors_close(own, true);
    signals_forget(own, true);
}

int personality_end_signal(const struct porin_domain *domain)
{
    const struct personality *own = domain->personality;
    return own ? own->signals->killer : 0;
}

void personality_reset(struct porin_domain *domain)
{
    struct personality *own = domain->personality;
    if (!own)
        return;
    personality_stop(own);
    own->signals->killer = 0;
    domain->next_number = own->process;
    memset(own->limits, 0, sizeof own->limits); /* its memory has been reset with what it was made with */
    /* Without memory the domain goes on with an emptier table: its requests fail, nothing else does. */
    (void)personality_start(own, &domain->options);
}
