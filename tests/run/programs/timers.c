/* SPDX-License-Identifier: Apache-2.0 */
/* Timers that raise signals, signals with values, process groups and sessions: prints what must be the same natively. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t caught, caught_code, caught_value;
static sem_t told;

static void say(const char *what, long value)
{
    printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static void on_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    caught_code = info->si_code;
    caught_value = info->si_value.sival_int;
    caught += number == SIGUSR1;
}

static void on_told(union sigval value)
{
    if (value.sival_int == 7)
        sem_post(&told);
}

static struct itimerspec every(long first_ms, long then_ms)
{
    return (struct itimerspec){ { 0, then_ms * 1000000 }, { 0, first_ms * 1000000 } };
}

static void wait_for(int count)
{
    for (int i = 0; i < 20000 && caught < count; i++)
        usleep(1000);
}

static void timers(void)
{
    timer_t timer, other;
    struct itimerspec left, often = every(5, 5), once = every(5, 0), late = every(900, 0), bad = every(5, 0), never = every(0, 0);
    struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42 };
    sigset_t set;
    bad.it_value.tv_nsec = 1000000000;
    sigaction(SIGUSR1, &action, NULL);
    say("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
    say("timer_settime", timer_settime(timer, 0, &often, NULL));
    wait_for(3);
    say("it comes again and again", caught >= 3);
    say("as a timer's", caught_code == SI_TIMER);
    say("with its value", caught_value);
    say("stopped", timer_settime(timer, 0, &never, &left));
    say("what it was", left.it_interval.tv_nsec);
    usleep(20000);
    int count = caught;
    usleep(30000);
    say("none comes any more", caught == count);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    timer_settime(timer, 0, &often, NULL);
    usleep(60000);
    say("it is missed while it is blocked", caught == count && timer_getoverrun(timer) >= 0);
    siginfo_t info;
    say("and waited for", sigwaitinfo(&set, &info) == SIGUSR1 && info.si_overrun > 0 && info.si_value.sival_int == 42);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    timer_settime(timer, 0, &late, NULL);
    timer_gettime(timer, &left);
    say("what is left", left.it_value.tv_nsec > 100000000 && left.it_value.tv_nsec <= 900000000);
    say("no such time", timer_settime(timer, 0, &bad, NULL) < 0 && errno == EINVAL);
    say("timer_delete", timer_delete(timer));
    say("deleted already", timer_delete(timer) < 0 && errno == EINVAL);
    event = (struct sigevent){ .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_told, .sigev_value.sival_int = 7 };
    sem_init(&told, 0, 0);
    say("one that calls a function", timer_create(CLOCK_REALTIME, &event, &other));
    clock_gettime(CLOCK_REALTIME, &once.it_value);
    say("at a time of day", timer_settime(other, TIMER_ABSTIME, &once, NULL));
    while (sem_wait(&told) < 0)
        ;
    say("called", 1);
    once = every(5, 0);
    timer_settime(other, 0, &once, NULL);
    while (sem_wait(&told) < 0)
        ;
    say("called again", timer_delete(other));
}

static void values(void)
{
    caught = 0;
    say("sigqueue", sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 99 }));
    say("its value", caught == 1 && caught_code == SI_QUEUE ? caught_value : -1);
}

static void timers_and_children(void)
{
    timer_t timer;
    struct itimerspec soon = every(200, 0);
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    int status;
    caught = 0;
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &soon, NULL);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 300; i++) /* an interrupted sleep is short */
            usleep(1000);
        _exit(caught);
    }
    while (waitpid(child, &status, 0) < 0)
        ;
    say("a child has no timers", WEXITSTATUS(status));
    wait_for(1);
    say("its parent has", caught);
    timer_delete(timer);
}

static void groups(void)
{
    int status, ends[2];
    char byte;
    say("a group of its own", setpgid(0, 0) == 0 && getpgrp() == getpid() && getpgid(0) == getpid());
    pid_t first = fork();
    if (first == 0) {
        setpgid(0, 0);
        for (;;)
            pause();
    }
    say("a child's", setpgid(first, first) == 0 && getpgid(first) == first);
    pid_t second = fork();
    if (second == 0) {
        setpgid(0, first);
        for (;;)
            pause();
    }
    say("another joins it", setpgid(second, first) == 0 && getpgid(second) == first);
    say("no child of that group", waitpid(-second, NULL, WNOHANG) < 0 && errno == ECHILD);
    say("none of it has ended", waitpid(-first, NULL, WNOHANG));
    say("both are killed", kill(-first, SIGTERM));
    say("one", waitpid(-first, &status, 0) > 0 && WTERMSIG(status) == SIGTERM);
    siginfo_t info;
    say("the other", waitid(P_PGID, (id_t)first, &info, WEXITED) == 0 && info.si_status == SIGTERM);
    say("nobody is left", kill(-first, 0) < 0 && errno == ESRCH);
    say("a stranger's group", setpgid(0, 1) < 0 && errno == EPERM);
    say("somebody else's process", setpgid(1, 0) < 0 && errno == ESRCH);
    if (pipe(ends) < 0)
        return;
    pid_t third = fork();
    if (third == 0) {
        int good = setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid() && setsid() < 0;
        if (write(ends[1], "x", 1) == 1)
            pause();
        _exit(good);
    }
    say("a session", read(ends[0], &byte, 1) == 1 && getsid(third) == third);
    say("of others", setpgid(third, 0) < 0 && errno == EPERM);
    kill(third, SIGKILL);
    waitpid(third, NULL, 0);
    struct sched_param parameters;
    int policy;
    say("barriers", syscall(SYS_membarrier, 16, 0) == 0 && syscall(SYS_membarrier, 8, 0) == 0 && syscall(SYS_membarrier, 1 << 20, 0) < 0);
    say("pthread_getschedparam", pthread_getschedparam(pthread_self(), &policy, &parameters));
    say("policy", policy);
}

int main(void)
{
    if (fork() == 0) { /* whoever started it may be a leader of a session, which cannot move */
        timers();
        values();
        timers_and_children();
        groups();
        _exit(0);
    }
    int status;
    wait(&status);
    say("end", status);
    return 0;
}
