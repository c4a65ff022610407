/* SPDX-License-Identifier: Apache-2.0 */
/* Process groups and sessions. Where a domain has the host process to itself they are the host's own; of groups that it did not make, as
 * that of whoever started the process, it sees its first process's number, and only its own processes in them are ever signalled.
 * Where several domains share the process their children's groups tell them apart, so there they stay as they are. */
#define _GNU_SOURCE
#include <unistd.h>
#include "process.h"
#include "processes.h"
#include "signals.h"

bool groups_real(const struct personality *own)
{
    return !own->shares && process_is_host(own->root);
}

int32_t group_shown(const struct personality *own, int host)
{
    return host == process_first_group() || host == process_first_session() ? own->root : host;
}

bool group_is_ours(struct personality *own, int host)
{
    size_t at = 0;
    for (int member; (member = process_family_next(own->root, &at)) > 0;)
        if (getpgid(member) == host && process_is_ours(own, member))
            return true;
    return false;
}

int group_host(struct personality *own, int32_t shown)
{
    int current = getpgid(0);
    if (shown == own->root && current != shown)
        return process_first_group();
    return current == shown || process_is_ours(own, shown) || group_is_ours(own, shown) ? shown : -1;
}

int group_waited(const struct request *request, int number)
{
    struct personality *own = request->own;
    if (!groups_real(own))
        return -1;
    int host = number == 0 ? getpgid(0) : group_host(own, -number);
    return host > 0 ? -host : 0;
}

static int64_t shown_of(const struct request *request, pid_t (*ask)(pid_t))
{
    struct personality *own = request->own;
    int process = request_int(request, 0);
    if (process != 0 && process != own->process && process != own->root && !process_is_ours(own, process))
        return -ESRCH;
    if (!groups_real(own))
        return own->process;
    int host = ask(process);
    return host < 0 ? -errno : group_shown(own, host);
}

int64_t service_getpgid(const struct request *request)
{
    return shown_of(request, getpgid);
}

int64_t service_getsid(const struct request *request)
{
    return shown_of(request, getsid);
}

int64_t service_getpgrp(const struct request *request)
{
    return groups_real(request->own) ? group_shown(request->own, getpgid(0)) : request->own->process;
}

int64_t service_setpgid(const struct request *request)
{
    struct personality *own = request->own;
    int process = request_int(request, 0), group = request_int(request, 1);
    if (group < 0)
        return -EINVAL;
    if (!groups_real(own))
        return 0;
    if (process == own->process)
        process = 0;
    pthread_mutex_lock(&own->lock);
    bool known = process == 0 || child_number(own, process);
    pthread_mutex_unlock(&own->lock);
    int host = group == 0 || group == own->process ? group : group_host(own, group);
    if (!known || host < 0)
        return known ? -EPERM : -ESRCH;
    return setpgid(process, host) < 0 ? -errno : 0;
}

int64_t service_setsid(const struct request *request)
{
    if (!groups_real(request->own))
        return request->own->process;
    int host = setsid();
    return host < 0 ? -errno : host;
}

int64_t group_signal(const struct request *request, int group, int number)
{
    struct personality *own = request->own;
    if (number >= HOST_SIGNALS && groups_real(own))
        return -EPERM;
    int wanted = group ? group_host(own, group) : getpgid(0), host;
    bool self = groups_real(own) ? wanted == getpgid(0) : group == 0 || group == own->process, found = self;
    size_t at = 0;
    while (groups_real(own) && wanted > 0 && (host = process_family_next(own->root, &at)) > 0)
        if (host != own->process && getpgid(host) == wanted && process_is_ours(own, host))
            found |= kill(host, number) == 0;
    if (wanted > 0 && own->root == getppid() && groups_real(own) && getpgid(own->root) == wanted)
        found |= kill(own->root, number) == 0; /* it lives, and is still the one that it was */
    if (self && number)
        signal_send(request, number, &(struct signal_source){ .code = SI_USER, .process = own->process });
    return found ? 0 : -ESRCH;
}
