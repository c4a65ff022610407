/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes: fork, execution of images, waiting, and signals between a domain and its children. A child is a process of the host
 * that began as a copy of this one, known by the number it has there. Numbers of others mean nothing. */
#define _GNU_SOURCE
#include "processes.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "files.h"
#include "lifecycle/exec.h"
#include "lifecycle/fork.h"
#include "loader/image.h"
#include "local.h"
#include "process.h"
#include "runtime/grace.h"
#include "sharing.h"
#include "signals.h"
#include "timers.h"

#define CHILDREN_MAX 256
#define INTERVAL_LEAST_US 100          /* of timers: delivering a signal takes a good part of that, and the program wants some too */
#define ARGUMENTS_MAX 4096             /* strings of a new image's arguments and environment, */
#define ARGUMENT_BYTES 0x100000        /* and bytes of all of them */
#define IMAGE_MAX 0x10000000
#define EXECUTIONS_MAX 100             /* of a life: each takes a slot, and in a forked child host stack below the one before */

struct child { _Atomic int32_t host; };
struct children { struct child list[CHILDREN_MAX]; };

/* Under the lock, or in a signal handler. */
static struct child *child_of(const struct personality *own, int32_t number)
{
    for (int i = 0; own->children && number > 0 && i < CHILDREN_MAX; i++)
        if (own->children->list[i].host == number)
            return &own->children->list[i];
    return NULL;
}

int32_t child_number(const struct personality *own, int host)
{
    return child_of(own, host) ? host : 0;
}

bool process_is_ours(struct personality *own, int host)
{
    pthread_mutex_lock(&own->lock);
    bool child = child_of(own, host);
    pthread_mutex_unlock(&own->lock);
    return child || process_is_alive(host, own->root);
}

static struct child *child_place(struct personality *own)
{
    if (!own->children)
        own->children = calloc(1, sizeof *own->children);
    for (int i = 0; own->children && i < CHILDREN_MAX; i++)
        if (!own->children->list[i].host)
            return &own->children->list[i];
    return NULL;
}

/* What is different in the child. Under the lock. */
static void become_child(struct personality *own)
{
    own->parent = own->process;
    own->process = getpid();
    own->host_parent = getppid();
    futex_forget(own, true);
    if (own->children)
        memset(own->children, 0, sizeof *own->children);
    signals_forked(own);
}

int64_t service_fork(const struct request *request)
{
    struct personality *own = request->own;
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, grace_signal()); /* who holds what this waits for may be asking all threads */
    pthread_sigmask(SIG_SETMASK, &all, &before); /* a signal for the child waits until what its parent had pending is forgotten there */
    timers_fork_begin();
    sharing_fork_begin(own);
    local_fork_begin(own);
    struct child *place = child_place(own);
    _Atomic int32_t *member = place ? process_place(own->root) : NULL;
    int64_t result = member ? fork_domain(request->domain) : -EAGAIN;
    if (member && result != 0) /* the child leaves that to its parent */
        *member = result > 0 ? (int32_t)result : 0;
    if (result == 0) {
        process_begin(member);
        become_child(own);
        locks_forget(own);
        descriptors_unreserve(own);
    } else if (result > 0)
        place->host = (int32_t)result;
    local_fork_end(own, result == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sharing_fork_end(own, result);
    timers_fork_end(result == 0);
    if (result == 0)
        thread_renumber(request->domain, own->process);
    return result;
}

/* --- waiting --- */

/* The host's number for what wait is asked about; 0: no such child. Negative: any child, or those of a group. */
static int host_of(const struct request *request, int number)
{
    if (number == 0 || number < -1)
        return group_waited(request, number);
    pthread_mutex_lock(&request->own->lock);
    bool found = child_of(request->own, number);
    pthread_mutex_unlock(&request->own->lock);
    return number <= 0 ? -1 : found ? number : 0;
}

/* A child that wait has told of is forgotten if it has ended. */
static int32_t child_told(const struct request *request, int host, bool ended)
{
    pthread_mutex_lock(&request->own->lock);
    struct child *child = child_of(request->own, host);
    if (child && ended) {
        child->host = 0;
        process_forget(host);
    }
    pthread_mutex_unlock(&request->own->lock);
    return host;
}

int64_t service_wait4(const struct request *request)
{
    int status = 0, options = request_int(request, 2), host = host_of(request, request_int(request, 0));
    struct rusage use = { 0 };
    if (options & ~(WNOHANG | WUNTRACED | WCONTINUED))
        return -EINVAL;
    if (host == -1)
        host = request->own->shares ? -request->own->group : -1;
    if (!host)
        return -ECHILD;
    int64_t result = WAIT(request, SYS_wait4, host, &status, options, &use);
    if (result <= 0)
        return result;
    result = child_told(request, (int)result, WIFEXITED(status) || WIFSIGNALED(status));
    if (request->arguments[1] && request_store(request, request->arguments[1], &status, sizeof status))
        return -EFAULT;
    if (request->arguments[3] && request_store(request, request->arguments[3], &use, sizeof use))
        return -EFAULT;
    return result;
}

int64_t service_waitid(const struct request *request)
{
    siginfo_t told = { 0 };
    int kind = request_int(request, 0), options = request_int(request, 3), wanted = request_int(request, 1);
    int host = kind == P_ALL ? -1 : host_of(request, kind == P_PGID ? -wanted : wanted);
    if ((kind != P_ALL && kind != P_PID && kind != P_PGID) || (kind != P_ALL && wanted < (kind == P_PID)) ||
        options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED))
        return -EINVAL;
    if (kind == P_PGID)
        kind = host < -1 ? P_PGID : P_ALL; /* where groups are not told apart */
    if (kind == P_PGID)
        host = -host;
    if (kind == P_ALL && request->own->shares) {
        kind = P_PGID;
        host = request->own->group;
    }
    if (!host)
        return -ECHILD;
    int64_t result = WAIT(request, SYS_waitid, kind, host, &told, options, NULL);
    if (result < 0)
        return result;
    bool ended = told.si_code == CLD_EXITED || told.si_code == CLD_KILLED || told.si_code == CLD_DUMPED;
    struct { int32_t signal, error, code, padding, process, user, status, rest[25]; } answer = {
        .signal = told.si_signo, .code = told.si_code, .user = told.si_pid ? PERSONALITY_UID : 0, .status = told.si_status,
        .process = told.si_pid ? child_told(request, told.si_pid, ended && !(options & WNOWAIT)) : 0 };
    return request->arguments[2] ? request_store(request, request->arguments[2], &answer, sizeof answer) : 0;
}

int64_t process_kill(const struct request *request, int process, int number)
{
    struct personality *own = request->own;
    if (process <= 0 || !(request->domain->grants & PORIN_GRANT_PROCESSES))
        return -ESRCH;
    if (process == own->root && !process_is_host(process))
        return sharing_signal_root(own, number);
    /* Of the first one's number only the group tells that it is not somebody else's by now. */
    bool ours = process == own->root ? getpgid(process) == getpgid(0) || getppid() == process : process_is_ours(own, process);
    if (!ours)
        return -ESRCH;
    if (number >= HOST_SIGNALS) /* nothing of a domain's hears them there: the process would end at once, or they are the host's own */
        return -EPERM;
    return kill(process, number) < 0 ? -errno : 0;
}

/* --- timers that raise signals --- */

static bool time_valid(const struct timeval *time)
{
    return time->tv_sec >= 0 && time->tv_usec >= 0 && time->tv_usec < 1000000; /* nothing that wraps when it is multiplied */
}

int64_t service_setitimer(const struct request *request)
{
    struct itimerval new, old;
    int which = request_int(request, 0);
    int64_t error = request_fetch(request, &new, request->arguments[1], sizeof new);
    if (which != ITIMER_REAL && which != ITIMER_VIRTUAL && which != ITIMER_PROF)
        return -EINVAL;
    if (error)
        return error;
    if (!time_valid(&new.it_interval) || !time_valid(&new.it_value))
        return -EINVAL;
    if (timerisset(&new.it_interval) && new.it_interval.tv_sec == 0 && new.it_interval.tv_usec < INTERVAL_LEAST_US)
        new.it_interval.tv_usec = INTERVAL_LEAST_US;
    if (request->own->shares)
        error = which == ITIMER_REAL ? sharing_timer(request->own, &new, &old) : -EINVAL; /* the others measure the host process */
    else
        error = setitimer(which, &new, &old) < 0 ? -errno : 0;
    if (error)
        return error;
    return request->arguments[2] ? request_store(request, request->arguments[2], &old, sizeof old) : 0;
}

int64_t service_getitimer(const struct request *request)
{
    struct itimerval now;
    int which = request_int(request, 0);
    int64_t error;
    if (request->own->shares)
        error = which == ITIMER_REAL ? sharing_timer(request->own, NULL, &now) : -EINVAL;
    else
        error = getitimer(which, &now) < 0 ? -errno : 0;
    if (error)
        return error;
    return request_store(request, request->arguments[1], &now, sizeof now);
}

int64_t service_alarm(const struct request *request)
{
    struct itimerval new = { .it_value.tv_sec = (unsigned)request->arguments[0] }, old;
    if (!request->own->shares)
        return alarm((unsigned)request->arguments[0]);
    int64_t error = sharing_timer(request->own, &new, &old);
    return error ? 0 : old.it_value.tv_sec + (old.it_value.tv_usec >= 500000 || (old.it_value.tv_usec && !old.it_value.tv_sec));
}

/* --- execution --- */

struct strings { size_t count, bytes; const char *list[ARGUMENTS_MAX]; };

static void strings_free(struct strings *strings)
{
    for (size_t i = 0; strings && i < strings->count; i++)
        free((void *)strings->list[i]);
    free(strings);
}

/* Takes over nothing: the text is copied. */
static int64_t strings_add(struct strings *strings, const char *text)
{
    size_t size = strlen(text) + 1;
    if (strings->count == ARGUMENTS_MAX || size > ARGUMENT_BYTES - strings->bytes)
        return -E2BIG;
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    strings->list[strings->count++] = copy;
    strings->bytes += size;
    return 0;
}

/* Adds the strings that a list of the domain's points to. */
static int64_t strings_fetch(const struct request *request, struct strings *strings, uint64_t list)
{
    char *text = malloc(ARGUMENT_BYTES);
    int64_t error = text ? 0 : -ENOMEM;
    for (uint64_t at = list; list && !error; at += sizeof at) {
        uint64_t address;
        error = request_fetch(request, &address, at, sizeof address);
        if (error || !address)
            break;
        error = request_fetch_path(request, text, ARGUMENT_BYTES, address);
        if (!error)
            error = strings_add(strings, text);
    }
    free(text);
    return error == -ENAMETOOLONG ? -E2BIG : error;
}

/* Reads a whole file that may be executed, beneath the granted directories. */
static int64_t program_read(struct personality *own, struct place *place, char **bytes, size_t *size)
{
    struct open_file *file;
    struct stat facts;
    int64_t error = file_open(own, place, O_RDONLY, 0, &file);
    if (error)
        return error;
    if (fstat(file->host, &facts) < 0 || !S_ISREG(facts.st_mode) || !(facts.st_mode & 0111))
        error = -EACCES;
    else if (facts.st_size > IMAGE_MAX)
        error = -ENOMEM;
    *size = error ? 0 : (size_t)facts.st_size;
    *bytes = error ? NULL : malloc(*size + 1);
    if (!error && !*bytes)
        error = -ENOMEM;
    for (size_t done = 0; !error && done < *size;) {
        ssize_t got = pread(file->host, *bytes + done, *size - done, (off_t)done);
        if (got <= 0)
            error = got < 0 ? -errno : -EIO;
        else
            done += (size_t)got;
    }
    if (!error)
        (*bytes)[*size] = '\0';
    file_release(file);
    return error;
}

/* "#!INTERPRETER [ARGUMENT]": puts both and the script's name before the arguments. */
static int64_t script_arguments(char *line, const char *script, struct strings *arguments)
{
    line[strcspn(line, "\n")] = '\0';
    char *name = line + 2 + strspn(line + 2, " \t"), *end = name + strcspn(name, " \t");
    char *argument = end + strspn(end, " \t");
    *end = '\0';
    if (!*name)
        return -ENOEXEC;
    const char *head[3] = { name, *argument ? argument : script, *argument ? script : NULL };
    size_t added = *argument ? 3 : 2, kept = arguments->count ? arguments->count - 1 : 0;
    if (added + kept > ARGUMENTS_MAX)
        return -E2BIG;
    if (arguments->count)
        free((void *)arguments->list[0]);
    memmove(arguments->list + added, arguments->list + 1, kept * sizeof arguments->list[0]);
    arguments->count = 0;
    int64_t error = 0;
    for (size_t i = 0; i < added; i++) {
        char *copy = strdup(head[i]);
        if (!copy)
            error = -ENOMEM;
        arguments->list[i] = copy;
    }
    arguments->count = added + kept;
    return error;
}

/* The image that a guest path names, or that of its interpreter, whose path it becomes. */
static int64_t image_find(const struct request *request, char path[PATH_MAX], struct strings *arguments, porin_image **image)
{
    struct place place;
    struct porin_error error;
    char *bytes = NULL, script[PATH_MAX];
    size_t size = 0;
    snprintf(script, sizeof script, "%s", path);
    for (int depth = 0; depth < 2; depth++) {
        int64_t result = place_find_text(&place, request, depth ? arguments->list[0] : script);
        if (result)
            return result;
        result = program_read(request->own, &place, &bytes, &size);
        place_release(&place);
        if (!result && size > 2 && bytes[0] == '#' && bytes[1] == '!') {
            result = depth ? -ELOOP : script_arguments(bytes, script, arguments);
            free(bytes);
            if (result)
                return result;
            continue;
        }
        if (depth)
            snprintf(path, PATH_MAX, "%s", arguments->list[0]);
        porin_status status = result ? PORIN_ERR_FILE : porin_image_load_memory(path, bytes, size, image, &error);
        free(bytes);
        if (!result && status != PORIN_OK)
            audit(request, "execve of %.150s: %.100s", path, error.text);
        return result ? result : status == PORIN_OK ? 0 : status == PORIN_ERR_REFUSED ? -EACCES : -ENOEXEC;
    }
    return -ELOOP;
}

/* /proc/self/exe from now on. */
static void program_note(struct personality *own, const char *path)
{
    char absolute[PATH_MAX];
    char *program = path_absolute(own, path, absolute) ? strdup(absolute) : NULL;
    pthread_mutex_lock(&own->lock);
    char *before = own->program;
    own->program = program;
    pthread_mutex_unlock(&own->lock);
    free(before);
}

int64_t service_execve(const struct request *request)
{
    char path[PATH_MAX];
    porin_image *image = NULL;
    struct strings *arguments = calloc(1, sizeof *arguments), *environment = calloc(1, sizeof *environment);
    int64_t error = arguments && environment ? request_fetch_path(request, path, sizeof path, request->arguments[0]) : -ENOMEM;
    bool again = !error && strcmp(path, "/proc/self/exe") == 0;
    if (!error)
        error = strings_fetch(request, arguments, request->arguments[1]);
    if (!error)
        error = strings_fetch(request, environment, request->arguments[2]);
    if (!error && again) {
        image = request->domain->image;
        image_retain(image);
    } else if (!error)
        error = image_find(request, path, arguments, &image);
    if (!error)
        error = request->own->executions >= EXECUTIONS_MAX ? -EAGAIN :
                exec_prepare(request->domain, image, arguments->list, arguments->count, environment->list, environment->count,
                             limits_for_exec(request->own));
    if (!error)
        request->own->executions++; /* only one thread gets here in the life of a domain */
    if (!error && !again)
        program_note(request->own, path);
    if (image)
        porin_image_release(image);
    strings_free(arguments);
    strings_free(environment);
    if (error)
        return error;
    domain_exit(request->domain, 0);
}
