/* SPDX-License-Identifier: Apache-2.0 */
/* Ways around a limit of CPU time, each of 1.5 s; messages that steer a terminal; signals of the process that come while one thread
 * wakes another. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void spin(unsigned long times)
{
    for (volatile unsigned long i = 0; i < times; i++)
        ;
}

/* Without a service in between once it is under way. */
static void work(double wanted)
{
    double start = seconds();
    unsigned long times = 10000;
    for (double took = 0; took < wanted; times = took < wanted / 10 ? 2 * times : times) {
        spin(times);
        took = seconds() - start;
    }
}

static void *short_thread(void *total)
{
    double start = seconds();
    work(0.0008);
    *(double *)total += seconds() - start;
    return NULL;
}

static int by_threads(void)
{
    pthread_t thread;
    for (double total = 0; total < 1.5; pthread_join(thread, NULL))
        if (pthread_create(&thread, NULL, short_thread, &total) != 0)
            return 1;
    return 0;
}

static int by_child(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        spin(4000000000ul);
        _exit(0);
    }
    return child > 0 && wait(&status) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 33;
}

static int by_execution(int left)
{
    char text[16];
    work(0.3);
    if (left == 0)
        return 0;
    snprintf(text, sizeof text, "%d", left - 1);
    execl("/proc/self/exe", "evade", "execution", text, (char *)NULL);
    return 1;
}

/* Words that would steer the terminal they are shown on. */
static int steer(int executed)
{
    if (executed)
        __builtin_trap();
    open("/\033[2Jcleared\n", O_RDONLY);
    execl("/proc/self/exe", "\033[2J\nname", "steer", "executed", (char *)NULL);
    return 1;
}

static volatile pid_t other_number;

static void on_signal(int number)
{
    (void)number;
}

static void *other(void *unused)
{
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    other_number = (pid_t)syscall(SYS_gettid);
    for (;;)
        usleep(20);
    return unused;
}

/* The host's handler runs on the first thread and wakes the other one, which the first one is waking too. */
static int signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct itimerval often = { { 0, 60 }, { 0, 60 } };
    sigset_t alarm;
    pthread_t thread;
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    pthread_create(&thread, NULL, other, NULL);
    while (!other_number)
        usleep(1000);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < ROUNDS; i++)
        syscall(SYS_tgkill, getpid(), other_number, SIGUSR1);
    _exit(0);
}

int main(int count, char **arguments)
{
    const char *way = count > 1 ? arguments[1] : "";
    if (strcmp(way, "threads") == 0)
        return by_threads();
    if (strcmp(way, "child") == 0)
        return by_child();
    if (strcmp(way, "execution") == 0)
        return by_execution(count > 2 ? atoi(arguments[2]) : 5);
    if (strcmp(way, "steer") == 0)
        return steer(count > 2);
    return strcmp(way, "signals") == 0 ? signals() : 2;
}
