/* SPDX-License-Identifier: Apache-2.0 */
/* A domain as its own little process: its end, signals it sends itself, who and where it believes to be. All synthetic. */
#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "descriptors.h"
#include "process.h"
#include "runtime/must.h"
#include "synthetic.h"
#include "tables/layout.h"

#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define MEMBERS_MAX (PROCESSES_MAX * FAMILIES_MAX)

/* What this process and all that it forks share. */
struct member {
    _Atomic int32_t root;                     /* whom it comes from */
    _Atomic int32_t begun;                    /* its number, when it holds the lock */
    pthread_mutex_t alive;                    /* that the kernel takes from it when it ends, whoever waits for it */
};

struct family {
    _Atomic uint32_t last;                    /* number given out */
    int32_t first;                            /* the process that all others come from, */
    int32_t first_group, first_session;       /* and what it was started in */
    int32_t first_score;                      /* what the kernel would take it for when memory runs out */
    struct terminal_use terminal;
    _Atomic int32_t hosts[MEMBERS_MAX];       /* numbers of forked ones; 0: free, -1: being forked. Beside what a look for one passes by */
    struct member members[MEMBERS_MAX];
};

static struct family *family_shared;

static void family_create(void)
{
    void *pages = mmap(NULL, sizeof *family_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(pages != MAP_FAILED);
    family_shared = pages;
    family_shared->first = getpid();
    family_shared->first_group = getpgid(0);
    family_shared->first_session = getsid(0);
    family_shared->first_score = score_host();
}

static struct family *family(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, family_create);
    return family_shared;
}

int32_t process_number(void)
{
    return (int32_t)(PROCESS_HOST_NUMBERS + family()->last++ % 0x3fb00000u);
}

int process_first(void)
{
    return family()->first;
}

struct terminal_use *process_terminal(void)
{
    return &family()->terminal;
}

int process_first_group(void)
{
    return family()->first_group;
}

int process_first_session(void)
{
    return family()->first_session;
}

int process_first_score(void)
{
    return family()->first_score;
}

bool process_is_family(int host, int32_t root)
{
    const struct family *all = family();
    bool found = host == root; /* where it is a process of the host */
    for (size_t i = 0; host > 0 && i < MEMBERS_MAX; i++)
        found |= all->hosts[i] == host && all->members[i].root == root;
    return found;
}

void process_begin(_Atomic int32_t *place)
{
    struct member *member = &family()->members[place - family()->hosts];
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    must(pthread_mutex_init(&member->alive, &attributes) == 0 && pthread_mutex_lock(&member->alive) == 0);
    pthread_mutexattr_destroy(&attributes);
    member->begun = getpid();
}

static bool member_proved(struct member *member, int host)
{
    if (member->begun != host)
        return false;
    int taken = pthread_mutex_trylock(&member->alive);
    if (taken == 0 || taken == EOWNERDEAD)
        pthread_mutex_unlock(&member->alive);
    return taken == EBUSY;
}

bool process_is_alive(int host, int32_t root)
{
    struct family *all = family();
    for (size_t i = 0; host > 0 && i < MEMBERS_MAX; i++)
        if (all->hosts[i] == host && all->members[i].root == root)
            return member_proved(&all->members[i], host);
    return false;
}

int process_family_next(int32_t root, size_t *at)
{
    struct family *all = family();
    for (; *at < MEMBERS_MAX; ++*at) {
        int host = all->hosts[*at];
        if (host > 0 && all->members[*at].root == root) {
            ++*at;
            return host;
        }
    }
    return 0;
}

static bool process_lives(int32_t host)
{
    return host < 0 || (host > 0 && (kill(host, 0) == 0 || errno != ESRCH));
}

_Atomic int32_t *process_place(int32_t root)
{
    struct family *all = family();
    _Atomic int32_t *place = NULL;
    unsigned count = 0;
    for (size_t i = 0; i < MEMBERS_MAX && count < PROCESSES_MAX; i++) {
        int32_t host = all->hosts[i];
        if (!host && place)
            continue;
        if (host && all->members[i].root == root && process_lives(host))
            count++;
        else if (!place && !process_lives(host) && atomic_compare_exchange_strong(&all->hosts[i], &host, -1))
            place = &all->hosts[i];
    }
    if (place && count == PROCESSES_MAX) {
        *place = 0;
        return NULL;
    }
    if (place) {
        struct member *member = &all->members[place - all->hosts];
        member->begun = 0;
        member->root = root;
    }
    return place;
}

void process_forget(int host)
{
    struct family *all = family();
    for (size_t i = 0; i < MEMBERS_MAX; i++) {
        int32_t expected = host;
        if (all->hosts[i] == host)
            (void)atomic_compare_exchange_strong(&all->hosts[i], &expected, 0);
    }
}

int64_t service_exit_group(const struct request *request)
{
    domain_exit(request->domain, request_int(request, 0) & 0xff);
}

int64_t service_getpid(const struct request *request)
{
    return request->own->process;
}

int64_t service_getppid(const struct request *request)
{
    return request->own->host_parent == getppid() ? request->own->parent : 1;
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

/* What holds already is granted, what is only a wish is taken for granted. */
static const struct { int option; int64_t wanted, answer; } controls[] = { /* wanted -1: whatever it is */
    { PR_SET_NAME, -1, 0 }, { PR_SET_NO_NEW_PRIVS, 1, 0 }, { PR_GET_NO_NEW_PRIVS, 0, 1 }, { PR_SET_DUMPABLE, 0, 0 },
    { PR_GET_DUMPABLE, -1, 0 }, { PR_CAPBSET_READ, -1, 0 }, { PR_GET_KEEPCAPS, -1, 0 }, { PR_GET_SECUREBITS, -1, 0 },
    { PR_SET_TIMERSLACK, -1, 0 }, { PR_GET_TIMERSLACK, -1, 50000 }, { PR_SET_THP_DISABLE, -1, 0 }, { PR_GET_THP_DISABLE, -1, 1 },
};

int64_t service_prctl(const struct request *request)
{
    int option = request_int(request, 0);
    char name[16] = "";
    if (option == PR_GET_NAME) {
        snprintf(name, sizeof name, "%.15s", request->domain->name);
        return request_store(request, request->arguments[1], name, sizeof name);
    }
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
        if (controls[i].option == option && (controls[i].wanted < 0 || (uint64_t)controls[i].wanted == request->arguments[1]))
            return controls[i].answer;
    return -EINVAL;
}

int64_t service_uname(const struct request *request)
{
    struct utsname name = { .sysname = SYSTEM_NAME, .nodename = SYSTEM_HOST, .release = SYSTEM_RELEASE, .version = SYSTEM_VERSION,
                            .machine = "x86_64" };
    return request_store(request, request->arguments[0], &name, sizeof name);
}

struct memory_use process_memory(struct porin_domain *domain)
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
    struct memory_use use = process_memory(request->domain);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct sysinfo answer = {
        .uptime = now.tv_sec, .totalram = use.limit, .freeram = use.limit > use.used ? use.limit - use.used : 0, .procs = 1, .mem_unit = 1,
    };
    return request_store(request, request->arguments[0], &answer, sizeof answer);
}

int64_t service_sched_yield(const struct request *request)
{
    (void)request;
    return sched_yield();
}

/* The libc asks for it before it starts a thread. The process is registered already: grace.c makes use of it. */
int64_t service_membarrier(const struct request *request)
{
    int command = request_int(request, 0);
    if (request_int(request, 1))
        return -EINVAL;
    switch (command) {
    case MEMBARRIER_CMD_QUERY: return MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED: return syscall(SYS_membarrier, command, 0, 0) < 0 ? -errno : 0;
    default: return -EINVAL;
    }
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
    return WAIT(request, SYS_getrandom, to, size, flags);
}
