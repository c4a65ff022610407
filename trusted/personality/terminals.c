/* SPDX-License-Identifier: Apache-2.0 */
/* A console that is a terminal: its size, its modes, and which process group is in the foreground. Only a domain that has the host process
 * to itself may change any of that, and only while its family is in the foreground; when its first process ends, the terminal is as it
 * was. What would type for the user (TIOCSTI) or reach another terminal is nobody's. */
#include "terminals.h"
#include <asm/termbits.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "local.h"
#include "process.h"
#include "processes.h"
#include "signals.h"

#define FOREIGN_GROUP 1                /* what a domain is told of a foreground that is not its family's */

struct saved { bool there; int host; struct termios settings; };

static struct saved saved[3];          /* of the first process's domain: descriptors of its console that are terminals */

void terminals_save(struct personality *own, const struct porin_domain_options *options)
{
    if (!groups_real(own) || getpid() != process_first())
        return;
    bool any = false;
    for (int i = 0; i < 3; i++) {
        saved[i].host = options->stdio[i];
        saved[i].there = options->stdio[i] >= 0 && ioctl(options->stdio[i], TCGETS, &saved[i].settings) == 0;
        any |= saved[i].there;
    }
    if (any) /* so that what ends the process comes by here first */
        signals_guard(own);
}

/* Async-signal-safe. Who was put into the background meanwhile leaves the terminal to those who are in the foreground now. */
void terminals_restore(void)
{
    struct terminal_use *use = process_terminal();
    sigset_t set, before;
    if (getpid() != process_first() || !(use->group || use->changed))
        return;
    int error = errno;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    for (int i = 0; i < 3; i++) {
        int group, first = process_first_group();
        if (!saved[i].there || ioctl(saved[i].host, TIOCGPGRP, &group) < 0 || (group != first && group != use->group))
            continue;
        if (group != first)
            (void)ioctl(saved[i].host, TIOCSPGRP, &first);
        if (use->changed)
            (void)ioctl(saved[i].host, TCSETS, &saved[i].settings);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    use->group = 0;
    use->changed = false;
    errno = error;
}

/* Is this process's group in the foreground, or another one of the family? 0: a stranger's is. */
static int foreground_of(struct personality *own, int host, bool *here)
{
    int group;
    if (ioctl(host, TIOCGPGRP, &group) < 0)
        return -errno;
    *here = group == getpgid(0);
    bool ours = *here || group == process_first_group() || group == process_terminal()->group || group_is_ours(own, group);
    return ours ? group : 0;
}

/* May this process change the terminal now? As Linux has it one in the background is stopped, unless it has seen to that; but one of a
 * family that is in the background altogether changes nothing. */
static int64_t change_check(const struct request *request, int host)
{
    bool here = false;
    if (!groups_real(request->own))
        return -ENOTTY;
    int foreground = foreground_of(request->own, host, &here);
    if (foreground < 0)
        return foreground;
    if (!here && !signal_is_held(request, SIGTTOU)) {
        (void)group_signal(request, 0, SIGTTOU);
        return RESTART;
    }
    return foreground ? 0 : -EIO;
}

/* With SIGTTOU blocked: who may has been decided. */
static int64_t change(const struct request *request, int host, unsigned long question, void *argument)
{
    int64_t error = change_check(request, host);
    sigset_t set, before;
    if (error)
        return error;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    int64_t result = WAIT(request, SYS_ioctl, host, question, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

/* Everything but what the line itself is like: speed, bits, discipline. */
static int64_t settings_set(const struct request *request, int host, unsigned long question, uint64_t address)
{
    struct termios wanted, now;
    int64_t error = request_fetch(request, &wanted, address, sizeof wanted);
    if (!error && ioctl(host, TCGETS, &now) < 0)
        error = -errno;
    if (error)
        return error;
    wanted.c_cflag = now.c_cflag;
    wanted.c_line = now.c_line;
    process_terminal()->changed = true; /* before it is */
    return change(request, host, question, &wanted);
}

static int64_t group_set(const struct request *request, int host, uint64_t address)
{
    int32_t wanted;
    int64_t error = request_fetch(request, &wanted, address, sizeof wanted);
    if (error || !groups_real(request->own))
        return error ? error : -ENOTTY;
    int group = wanted > 0 ? group_host(request->own, wanted) : -1;
    if (group < 0)
        return wanted < 0 ? -EINVAL : -EPERM;
    error = change(request, host, TIOCSPGRP, &group);
    if (!error)
        process_terminal()->group = group;
    return error;
}

static int64_t group_ask(const struct request *request, int host, unsigned long question, uint64_t address)
{
    struct personality *own = request->own;
    bool here;
    int32_t answer;
    if (!groups_real(own))
        return -ENOTTY;
    int group = question == TIOCGPGRP ? foreground_of(own, host, &here) : ioctl(host, TIOCGSID, &answer) < 0 ? -errno : answer;
    if (group < 0)
        return group;
    answer = group ? group_shown(own, group) : FOREIGN_GROUP;
    return request_store(request, address, &answer, sizeof answer);
}

/* Asks the host kernel into host memory and hands the result on. */
static int64_t terminal_ask(const struct request *request, const struct open_file *file, unsigned long question, uint64_t address)
{
    union { struct winsize size; struct termios settings; int count; } answer = { 0 };
    if (ioctl(file->host, question, &answer) < 0)
        return -errno;
    size_t size = question == TIOCGWINSZ ? sizeof answer.size : question == TCGETS ? sizeof answer.settings : sizeof answer.count;
    return request_store(request, address, &answer, size);
}

int64_t terminal_control(const struct request *request, const struct open_file *file, unsigned long question, uint64_t argument)
{
    bool console = file->kind == FILE_CONSOLE;
    switch (question) {
    case TIOCGWINSZ:
    case TCGETS:
    case FIONREAD: return terminal_ask(request, file, question, argument);
    case TCSETS:
    case TCSETSW:
    case TCSETSF: return console ? settings_set(request, file->host, question, argument) : -ENOTTY;
    case TIOCGPGRP:
    case TIOCGSID: return console ? group_ask(request, file->host, question, argument) : -ENOTTY;
    case TIOCSPGRP: return console ? group_set(request, file->host, argument) : -ENOTTY;
    case TCFLSH: return console ? change(request, file->host, question, (void *)(argument & 3)) : -ENOTTY;
    case TCSBRK: return console && argument ? change(request, file->host, question, (void *)1) : -ENOTTY; /* waits for output; no break */
    default: return -ENOTTY;
    }
}
