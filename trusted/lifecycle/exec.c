/* SPDX-License-Identifier: Apache-2.0 */
/* Executing another image in place of a domain's own. */
#include "exec.h"
#include "loader/image.h"
#include <errno.h>

int64_t exec_prepare(struct porin_domain *domain, porin_image *image, const char *const *arguments, size_t argument_count,
                     const char *const *environment, size_t environment_count, struct exec_limits limits)
{
    struct porin_domain_options options = domain->options;
    struct porin_domain *successor = NULL;
    struct porin_error error;
    if (!(image->layout.note.flags & PORIN_IMAGE_PROGRAM))
        return -ENOEXEC;
    options.name = argument_count ? arguments[0] : domain->name;
    options.grants = 0;
    options.arguments = arguments;
    options.argument_count = argument_count;
    options.environment = environment;
    options.environment_count = environment_count;
    if (limits.memory_bytes)
        options.memory_limit_bytes = limits.memory_bytes;
    if (limits.stack_bytes)
        options.stack_bytes = limits.stack_bytes;
    if (porin_domain_create(image, &options, &successor, &error) != PORIN_OK)
        return -ENOMEM;
    successor->cpu_ns = domain->cpu_ns; /* the same process as before, as far as limits go */
    pthread_mutex_lock(&domain->lock);
    bool first = !domain->successor && !domain_is_dead(domain);
    if (first)
        domain->successor = successor;
    pthread_mutex_unlock(&domain->lock);
    if (!first)
        porin_domain_destroy(successor);
    return first ? 0 : -EAGAIN;
}

struct porin_domain *exec_next(struct porin_domain *domain)
{
    struct porin_domain *successor = domain->successor;
    if (!successor)
        return NULL;
    domain->successor = NULL;
    personality_hand_over(domain, successor);
    memory_reset(domain); /* what it held is of no use to anybody */
    return successor;
}
