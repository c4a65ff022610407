/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its handler: the table of services, grants, and the life of a personality. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "descriptors.h"
#include "paths.h"
#include "personality.h"
#include "process.h"
#include "runtime/error.h"

struct service { int64_t (*handler)(const struct request *); uint32_t family; };

static const struct service services[] = {
#define SERVICE(number, name, family, handler, note) [number] = { service_##handler, FAMILY_##family },
#include "services.def"
#undef SERVICE
};

int64_t personality_call(struct porin_domain *domain, uint64_t number, const uint64_t arguments[6])
{
    if (number >= sizeof services / sizeof services[0] || !services[number].handler)
        return -ENOSYS;
    const struct service *service = &services[number];
    if (service->family != FAMILY_ALWAYS && !(domain->grants & service->family))
        return -EPERM;
    struct request request = { domain, domain->personality, arguments };
    return service->handler(&request);
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
    own->umask = 022;
    return options->grants & PORIN_GRANT_CONSOLE ? console_open(own, options) : 0;
}

static void personality_stop(struct personality *own)
{
    descriptors_close(own);
    free(own->directory);
    own->directory = NULL;
    free(own->actions);
    own->actions = NULL;
    own->signal_mask = 0;
}

porin_status personality_create(struct porin_domain *domain, const struct porin_domain_options *options, struct porin_error *error)
{
    struct personality *own = calloc(1, sizeof *own);
    if (!own)
        return error_set(error, PORIN_ERR_MEMORY, "out of memory");
    pthread_mutex_init(&own->lock, NULL);
    own->process = domain->next_number = process_number(); /* the first thread's number is the process's, as on Linux */
    domain->personality = own;
    porin_status status = PORIN_OK;
    if (options->grants & PORIN_GRANT_FILES)
        status = grants_open(own, options, error);
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
    personality_stop(own);
    grants_close(own);
    pthread_mutex_destroy(&own->lock);
    free(own);
    domain->personality = NULL;
}

void personality_reset(struct porin_domain *domain)
{
    struct personality *own = domain->personality;
    personality_stop(own);
    domain->next_number = own->process;
    /* Without memory the domain goes on with an emptier table: its requests fail, nothing else does. */
    (void)personality_start(own, &domain->options);
}
