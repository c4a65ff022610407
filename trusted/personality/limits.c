/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of a domain as setrlimit knows them. It may lower its own, and raise them again as far as the upper one goes. */
#define _GNU_SOURCE
#include <sys/resource.h>
#include "lifecycle/exec.h"
#include "personality.h"
#include "process.h"
#include "tables/layout.h"

#define STACK_LEAST 0x20000            /* of an executed program, whatever the limit */
#define STACK_MOST 0x4000000           /* and for one that has asked for all there is: pages of it count as memory in use */

/* Of the first thread. */
static uint64_t stack_of_program(struct porin_domain *domain)
{
    pthread_mutex_lock(&domain->lock);
    uint64_t size = domain->stack_count ? domain->stacks[0].end - domain->stacks[0].start : PORIN_STACK_DEFAULT;
    pthread_mutex_unlock(&domain->lock);
    return size;
}

struct rlimit process_limit(const struct request *request, int resource)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    const struct own_limit *set = &request->own->limits[resource == RLIMIT_STACK];
    if (set->set && (resource == RLIMIT_AS || resource == RLIMIT_DATA || resource == RLIMIT_STACK))
        return (struct rlimit){ set->now, set->most };
    if (resource == RLIMIT_AS || resource == RLIMIT_DATA || resource == RLIMIT_RSS)
        limit.rlim_cur = process_memory(request->domain).limit;
    else if (resource == RLIMIT_NOFILE)
        return (struct rlimit){ request->own->descriptor_limit, request->own->descriptor_limit_max };
    else if (resource == RLIMIT_STACK)
        return (struct rlimit){ stack_of_program(request->domain), process_memory(request->domain).limit };
    else if (resource == RLIMIT_CORE || resource == RLIMIT_MEMLOCK)
        limit.rlim_cur = 0;
    else if (resource == RLIMIT_NPROC)
        limit.rlim_cur = 1 + (request->domain->grants & PORIN_GRANT_THREADS ? spawn_limit(request->domain) : 0);
    limit.rlim_max = limit.rlim_cur;
    return limit;
}

static int64_t limit_store(const struct request *request, int resource, uint64_t address)
{
    if (resource < 0 || resource >= RLIM_NLIMITS)
        return -EINVAL;
    struct rlimit limit = process_limit(request, resource);
    return request_store(request, address, &limit, sizeof limit);
}

/* Under the lock. Within the upper limit that there is: of descriptors, of memory, of the stack of programs that are executed from then
 * on. */
static void limit_apply(const struct request *request, int resource, const struct rlimit *new)
{
    struct personality *own = request->own;
    if (resource == RLIMIT_NOFILE) {
        own->descriptor_limit = (uint32_t)new->rlim_cur;
        own->descriptor_limit_max = (uint32_t)new->rlim_max;
        return;
    }
    own->limits[resource == RLIMIT_STACK] = (struct own_limit){ true, new->rlim_cur, new->rlim_max };
    if (resource != RLIMIT_STACK)
        domain_limit(request->domain, new->rlim_cur);
}

/* Of others the value in force is accepted. */
static int64_t limit_set(const struct request *request, int resource, uint64_t address)
{
    struct rlimit new, now;
    int64_t error = resource < 0 || resource >= RLIM_NLIMITS ? -EINVAL : request_fetch(request, &new, address, sizeof new);
    if (error)
        return error;
    bool known = resource == RLIMIT_NOFILE || resource == RLIMIT_AS || resource == RLIMIT_DATA || resource == RLIMIT_STACK;
    pthread_mutex_lock(&request->own->lock);
    now = process_limit(request, resource);
    if (new.rlim_cur > new.rlim_max)
        error = -EINVAL;
    else if (known && new.rlim_max <= now.rlim_max)
        limit_apply(request, resource, &new);
    else if (new.rlim_cur != now.rlim_cur || new.rlim_max != now.rlim_max)
        error = -EPERM;
    pthread_mutex_unlock(&request->own->lock);
    return error;
}

struct exec_limits limits_for_exec(const struct personality *own)
{
    const struct own_limit *memory = &own->limits[0], *stack = &own->limits[1];
    uint64_t bytes = stack->now < STACK_MOST ? stack->now : STACK_MOST;
    return (struct exec_limits){ .memory_bytes = memory->set ? memory->now + !memory->now : 0, /* 0 would be none */
                                 .stack_bytes = stack->set ? bytes > STACK_LEAST ? bytes : STACK_LEAST : 0 };
}

int64_t service_setrlimit(const struct request *request)
{
    return limit_set(request, request_int(request, 0), request->arguments[1]);
}

int64_t service_getrlimit(const struct request *request)
{
    return limit_store(request, request_int(request, 0), request->arguments[1]);
}

int64_t service_prlimit64(const struct request *request)
{
    int process = request_int(request, 0);
    if (process != 0 && process != request->own->process)
        return -ESRCH;
    int64_t error = request->arguments[3] ? limit_store(request, request_int(request, 1), request->arguments[3]) : 0;
    return error || !request->arguments[2] ? error : limit_set(request, request_int(request, 1), request->arguments[2]);
}
