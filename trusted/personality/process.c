/* SPDX-License-Identifier: Apache-2.0 */
/* A domain as its own little process: its end, signals it sends itself, who and where it believes to be. All synthetic. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include "descriptors.h"
#include "process.h"
#include "tables/layout.h"

#define SIGNALS 64
#define SIGNAL_CANCEL 33               /* musl's; glibc's are not among domains */
#define DISPOSITION_DEFAULT 0          /* SIG_DFL and SIG_IGN as domains write them */
#define DISPOSITION_IGNORE 1
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

/* The kernel's struct sigaction. */
struct signal_action { uint64_t handler, flags, restorer, mask; };

int32_t process_number(void)
{
    static _Atomic uint32_t last = 1;
    return (int32_t)(2 + last++ % 0x3ffffff0u);
}

int64_t service_exit_group(const struct request *request)
{
    domain_exit(request->domain, request_int(request, 0) & 0xff);
}

static uint64_t disposition(const struct request *request, int signal)
{
    pthread_mutex_lock(&request->own->lock);
    uint64_t handler = request->own->actions ? request->own->actions[signal - 1].handler : DISPOSITION_DEFAULT;
    pthread_mutex_unlock(&request->own->lock);
    return handler;
}

void process_signal(const struct request *request, int signal)
{
    if (disposition(request, signal) == DISPOSITION_DEFAULT)
        domain_exit(request->domain, 128 + signal);
}

/* A signal the domain sends to itself. What would need a handler to run or a process to stop is not there. */
static int64_t signal_self(const struct request *request, int signal)
{
    if (signal < 0 || signal > SIGNALS)
        return -EINVAL;
    if (signal == 0)
        return 0;
    uint64_t handler = disposition(request, signal);
    if (handler == DISPOSITION_IGNORE)
        return 0;
    if (handler != DISPOSITION_DEFAULT)
        return -ENOSYS;
    switch (signal) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH: return 0;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU: return -ENOSYS;
    default: domain_exit(request->domain, 128 + signal);
    }
}

int64_t service_kill(const struct request *request)
{
    int process = request_int(request, 0);
    if (process != 0 && process != request->own->process && process != -request->own->process)
        return -ESRCH;
    return signal_self(request, request_int(request, 1));
}

/* One thread to another. The libc's own signal for cancellation only wakes: the thread looks then why. No other one has a meaning for a
 * single thread. */
static int64_t signal_thread(const struct request *request, int number, int signal)
{
    if (number <= 0)
        return -EINVAL;
    if (signal != SIGNAL_CANCEL)
        return signal_self(request, signal);
    if (!thread_interrupt(request->domain, number))
        return -ESRCH;
    futex_interrupt(request->own);
    return 0;
}

int64_t service_tkill(const struct request *request)
{
    return signal_thread(request, request_int(request, 0), request_int(request, 1));
}

int64_t service_tgkill(const struct request *request)
{
    if (request_int(request, 1) > 0 && request_int(request, 0) != request->own->process)
        return -ESRCH;
    return signal_thread(request, request_int(request, 1), request_int(request, 2));
}

int64_t service_rt_sigaction(const struct request *request)
{
    struct personality *own = request->own;
    int signal = request_int(request, 0);
    uint64_t new = request->arguments[1], old = request->arguments[2];
    struct signal_action action, before = { 0 };
    if (signal < 1 || signal > SIGNALS || request->arguments[3] != sizeof action.mask || (new && (signal == SIGKILL || signal == SIGSTOP)))
        return -EINVAL;
    int64_t error = new ? request_fetch(request, &action, new, sizeof action) : 0;
    if (error)
        return error;
    pthread_mutex_lock(&own->lock);
    if (!own->actions && new)
        own->actions = calloc(SIGNALS, sizeof *own->actions);
    if (own->actions)
        before = own->actions[signal - 1];
    else if (new)
        error = -ENOMEM;
    if (!error && new)
        own->actions[signal - 1] = action;
    pthread_mutex_unlock(&own->lock);
    return error || !old ? error : request_store(request, old, &before, sizeof before);
}

int64_t service_rt_sigprocmask(const struct request *request)
{
    struct personality *own = request->own;
    uint64_t set = 0, new = request->arguments[1], old = request->arguments[2];
    int how = request_int(request, 0);
    if (request->arguments[3] != sizeof set || (new && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK))
        return -EINVAL;
    int64_t error = new ? request_fetch(request, &set, new, sizeof set) : 0;
    if (error)
        return error;
    pthread_mutex_lock(&own->lock);
    uint64_t before = own->signal_mask;
    if (new)
        own->signal_mask = how == SIG_BLOCK ? before | set : how == SIG_UNBLOCK ? before & ~set : set;
    pthread_mutex_unlock(&own->lock);
    return old ? request_store(request, old, &before, sizeof before) : 0;
}

int64_t service_sigaltstack(const struct request *request)
{
    const stack_t none = { .ss_flags = SS_DISABLE };
    return request->arguments[1] ? request_store(request, request->arguments[1], &none, sizeof none) : 0;
}

int64_t service_getpid(const struct request *request)
{
    return request->own->process;
}

int64_t service_getppid(const struct request *request)
{
    (void)request;
    return 1;
}

int64_t service_getuid(const struct request *request)
{
    (void)request;
    return PERSONALITY_UID;
}

int64_t service_set_robust_list(const struct request *request)
{
    (void)request;
    return 0;
}

int64_t service_arch_prctl(const struct request *request)
{
    uint64_t value = request->arguments[1];
    switch (request_int(request, 0)) {
    case ARCH_SET_FS:
        if (!range_in_slot(value, 0))
            return -EPERM;
        thread_set_pointer((uint32_t)value);
        return 0;
    case ARCH_GET_FS:
        return request_store(request, value, &(uint64_t){ thread_get_pointer() }, sizeof(uint64_t));
    default:
        return -EINVAL;
    }
}

int64_t service_prctl(const struct request *request)
{
    return request_int(request, 0) == PR_SET_NAME ? 0 : -EINVAL;
}

int64_t service_uname(const struct request *request)
{
    struct utsname name = { .sysname = "Linux", .nodename = "porin", .release = "5.10.0", .version = "Porin", .machine = "x86_64" };
    return request_store(request, request->arguments[0], &name, sizeof name);
}

struct memory_use { uint64_t limit, used; };

static struct memory_use memory_use(struct porin_domain *domain)
{
    pthread_mutex_lock(&domain->memory.lock);
    struct memory_use use = { domain->memory.limit_bytes, domain->memory.used_bytes };
    pthread_mutex_unlock(&domain->memory.lock);
    if (use.limit == 0 || use.limit > SLOT_BYTES)
        use.limit = SLOT_BYTES;
    return use;
}

int64_t service_sysinfo(const struct request *request)
{
    struct memory_use use = memory_use(request->domain);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct sysinfo answer = {
        .uptime = now.tv_sec, .totalram = use.limit, .freeram = use.limit > use.used ? use.limit - use.used : 0, .procs = 1, .mem_unit = 1,
    };
    return request_store(request, request->arguments[0], &answer, sizeof answer);
}

static int64_t limit_store(const struct request *request, int resource, uint64_t address)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    if (resource < 0 || resource >= RLIM_NLIMITS)
        return -EINVAL;
    if (resource == RLIMIT_AS || resource == RLIMIT_DATA || resource == RLIMIT_RSS)
        limit.rlim_cur = memory_use(request->domain).limit;
    else if (resource == RLIMIT_NOFILE)
        limit.rlim_cur = DESCRIPTORS_MAX;
    else if (resource == RLIMIT_STACK)
        limit.rlim_cur = PORIN_STACK_DEFAULT;
    else if (resource == RLIMIT_CORE || resource == RLIMIT_MEMLOCK)
        limit.rlim_cur = 0;
    else if (resource == RLIMIT_NPROC)
        limit.rlim_cur = 1 + (request->domain->grants & PORIN_GRANT_THREADS ? spawn_limit(request->domain) : 0);
    limit.rlim_max = limit.rlim_cur;
    return request_store(request, address, &limit, sizeof limit);
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
    if (request->arguments[2])
        return -EPERM;
    return request->arguments[3] ? limit_store(request, request_int(request, 1), request->arguments[3]) : 0;
}

int64_t service_sched_yield(const struct request *request)
{
    (void)request;
    return sched_yield();
}

int64_t service_sched_getaffinity(const struct request *request)
{
    const uint64_t one = 1;
    if (request->arguments[1] < sizeof one || request->arguments[1] % sizeof one)
        return -EINVAL;
    int64_t error = request_store(request, request->arguments[2], &one, sizeof one);
    return error ? error : (int64_t)sizeof one;
}

int64_t service_getrandom(const struct request *request)
{
    uint64_t size = request->arguments[1];
    int flags = request_int(request, 2);
    void *to = range_for_kernel(request->domain, request->arguments[0], size);
    if (flags & ~(GRND_NONBLOCK | GRND_RANDOM))
        return -EINVAL;
    if (!to)
        return -EFAULT;
    int64_t result;
    do {
        ssize_t done = getrandom(to, size, (unsigned)flags);
        result = done < 0 ? -errno : done;
    } while (request_again(request, result));
    return result;
}
