/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that come while a program computes and asks for nothing, and handlers of faults: prints what must be the same natively. */
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t caught, code, stop;
static volatile unsigned long turns;
static void *volatile address;
static sigjmp_buf place;

static void say(const char *what, long value)
{
    printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };
    sigaction(number, &action, NULL);
}

static void timer(int microseconds, int interval)
{
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, interval }, { 0, microseconds } }, NULL);
}

static void on_stop(int number, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;
    caught = number;
    stop++;
    address = (void *)interrupted->uc_mcontext.gregs[REG_RSP];
    fesetround(FE_DOWNWARD); /* the handler's own business */
}

static void on_jump(int number, siginfo_t *info, void *context)
{
    stop++;
    siglongjmp(place, number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    caught = number;
    code = info->si_code;
    address = info->si_addr;
    siglongjmp(place, 1);
}

static void on_repair(int number, siginfo_t *info, void *context)
{
    caught++;
    mprotect((void *)((uintptr_t)info->si_addr & ~4095ul), 4096, PROT_READ | PROT_WRITE);
}

/* Everything that the compiler keeps in registers across the loop has to come back: integers, flags, vectors, x87, strings. */
static unsigned long mix(unsigned long rounds)
{
    static char from[4096], to[4096];
    unsigned long a = 1, b = 2, c = 3, d = 5, e = 7;
    double x = 1, y = 1.5, vectors[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    long double z = 1;
    for (unsigned long i = 0; i < rounds; i++) {
        a = a * 6364136223846793005ul + i;
        b ^= a >> 7 | a << 57;
        c += b < a ? d : e;
        d = d * 3 + (c & 1);
        e += d >> 3;
        x = x * 1.0000001 + 0.5;
        y += x * 0.25;
        z = z * 1.00000001L + 0.125L;
        for (int k = 0; k < 8; k++)
            vectors[k] = vectors[k] * 1.5 + (double)(a & 255) - vectors[k] / 3;
        if (i % 64 == 0) {
            memset(from, (int)a, sizeof from);
            memcpy(to, from, sizeof to);
            c += (unsigned char)to[a % sizeof to];
        }
        for (int k = 0; k < 8; k++)
            if (!(vectors[k] < 1e18))
                vectors[k] = 1;
        if (!(z < 1e15L))
            z = 1;
    }
    union { double value; unsigned long bits; } sum = { x + y + (double)z };
    for (int k = 0; k < 8; k++)
        sum.value += vectors[k];
    return a ^ b ^ c ^ d ^ e ^ sum.bits;
}

static void loops(void)
{
    handle(SIGALRM, on_stop, 0);
    timer(20000, 0);
    while (!stop)
        turns++;
    say("a loop ended by a signal", caught == SIGALRM);
    char here;
    say("its stack pointer", (char *)address - &here < 4096 && &here - (char *)address < 4096);
    say("its rounding", fegetround() == FE_TONEAREST);
    unsigned long quiet = mix(300000);
    stop = 0;
    timer(200, 200);
    unsigned long stormy = mix(300000);
    timer(0, 0);
    say("registers come back", stormy == quiet && stop > 10);
    stop = 0;
    handle(SIGALRM, on_jump, 0);
    (void)sigsetjmp(place, 1); /* the first one may come before the loop begins */
    timer(500, 500);
    for (int i = 0; i < 200; i++)
        if (sigsetjmp(place, 1) == 0)
            for (;;)
                turns++;
    timer(0, 0);
    say("siglongjmp out of handlers", stop >= 200);
    stop = 0;
    timer(300, 300);
    while (stop < 200)
        (void)sigsetjmp(place, 1);
    timer(0, 0);
    say("siglongjmp to a place that is just being written", stop >= 200);
    stop = 0;
    handle(SIGALRM, on_jump, SA_NODEFER);
    timer(500, 500);
    for (volatile int i = 0; i < 100; i++)
        if (setjmp(place) == 0)
            for (;;)
                turns += (unsigned long)getppid();
    timer(0, 0);
    say("longjmp out of handlers in services", stop >= 100);
}

static void faults(void)
{
    static char stack[65536];
    volatile char *page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handle(SIGSEGV, on_fault, 0);
    handle(SIGFPE, on_fault, 0);
    handle(SIGILL, on_fault, 0);
    handle(SIGTRAP, on_fault, 0);
    caught = 0;
    if (sigsetjmp(place, 1) == 0)
        page[10] = 1;
    say("SIGSEGV", caught == SIGSEGV && address == page + 10 && code == SEGV_ACCERR);
    if (sigsetjmp(place, 1) == 0)
        *(volatile char *)16 = 1;
    say("SIGSEGV near null", caught == SIGSEGV && address == (void *)16 && code == SEGV_MAPERR);
    volatile int zero = 0, three = 3;
    if (sigsetjmp(place, 1) == 0)
        turns = three / zero;
    say("SIGFPE", caught == SIGFPE && code == FPE_INTDIV);
    if (sigsetjmp(place, 1) == 0)
        __builtin_trap();
    say("SIGILL", caught == SIGILL);
    if (sigsetjmp(place, 1) == 0)
        __asm__ volatile("int3");
    say("SIGTRAP", caught == SIGTRAP);
    int good = 0;
    for (volatile int i = 0; i < 2000; i++)
        if (sigsetjmp(place, 1) == 0)
            page[0] = 1;
        else
            good++;
    say("faults one after another", good);
    handle(SIGSEGV, on_repair, 0);
    caught = 0;
    page[5] = 77;
    page[4096 + 6] = 78;
    say("repaired and tried again", caught == 2 && page[5] == 77 && page[4096 + 6] == 78);
    mprotect((void *)page, 8192, PROT_NONE);
    caught = 0;
    memset((void *)page, 9, 8192);
    say("repaired within a string instruction", caught == 2 && page[8191] == 9);
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
}

static int deep(int level)
{
    volatile char room[512];
    room[level % 512] = (char)level;
    return level < 0 ? 0 : deep(level + 1) + room[(level + 1) % 512];
}

static void *overflow(void *unused)
{
    static __thread char stack[16384];
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
    for (volatile int i = 0; i < 3; i++)
        if (sigsetjmp(place, 1) == 0)
            turns = (unsigned long)deep(0);
        else
            caught++;
    return NULL;
}

static void overflows(void)
{
    pthread_t thread;
    handle(SIGSEGV, on_fault, SA_ONSTACK);
    caught = 0;
    overflow(NULL);
    say("stack overflows", caught == SIGSEGV + 1);
    pthread_create(&thread, NULL, overflow, NULL);
    pthread_join(thread, NULL);
    say("stack overflows of a thread", caught == SIGSEGV + 1);
    signal(SIGSEGV, SIG_DFL);
}

static volatile sig_atomic_t counts[4];
static __thread int mine;

static void on_count(int number, siginfo_t *info, void *context)
{
    counts[mine]++;
}

static void *spin(void *number)
{
    mine = (int)(intptr_t)number;
    while (!stop)
        turns++;
    return NULL;
}

static void *spin_forever(void *done)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    *(volatile int *)done = 1;
    for (;;)
        turns++;
}

static void threads(void)
{
    pthread_t list[4];
    volatile int ready = 0;
    void *result;
    handle(SIGUSR1, on_count, 0);
    stop = 0;
    for (intptr_t i = 0; i < 4; i++)
        pthread_create(&list[i], NULL, spin, (void *)i);
    for (int tries = 0; tries < 2000 && !(counts[0] > 5 && counts[1] > 5 && counts[2] > 5 && counts[3] > 5); tries++) {
        for (int i = 0; i < 4; i++)
            pthread_kill(list[i], SIGUSR1);
        usleep(1000);
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(list[i], NULL);
    say("threads that compute are sent signals", counts[0] > 5 && counts[1] > 5 && counts[2] > 5 && counts[3] > 5);
    pthread_create(&list[0], NULL, spin_forever, (void *)&ready);
    while (!ready)
        usleep(1000);
    pthread_cancel(list[0]);
    pthread_join(list[0], &result);
    say("a thread that computes is cancelled", result == PTHREAD_CANCELED);
}

static volatile sig_atomic_t depth, deepest;

static void on_nested(int number, siginfo_t *info, void *context)
{
    if (++depth > deepest)
        deepest = depth;
    if (depth < 5)
        for (volatile int before = deepest; deepest <= before && before < 5;)
            turns++; /* until the next one comes on top */
    depth--;
}

static void nesting(void)
{
    handle(SIGALRM, on_nested, SA_NODEFER);
    timer(1000, 1000);
    while (deepest < 5)
        turns++;
    timer(0, 0);
    say("handlers within handlers", deepest);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    handle(SIGUSR2, on_stop, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    stop = 0;
    kill(getpid(), SIGUSR2);
    mix(1000);
    say("a blocked signal waits", stop == 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    say("and comes", stop == 1);
}

static void files(void)
{
    struct signalfd_siginfo told = { 0 };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int file = signalfd(-1, &set, SFD_CLOEXEC);
    struct pollfd wanted = { .fd = file, .events = POLLIN };
    say("signalfd: nothing yet", poll(&wanted, 1, 0));
    kill(getpid(), SIGUSR1);
    say("signalfd: something", poll(&wanted, 1, 1000));
    say("signalfd", read(file, &told, sizeof told) == sizeof told && told.ssi_signo == SIGUSR1 && (pid_t)told.ssi_pid == getpid());
    say("signalfd: nothing any more", poll(&wanted, 1, 0));
    timer(20000, 0);
    say("signalfd, waited for", read(file, &told, sizeof told) == sizeof told && told.ssi_signo == SIGALRM);
    raise(SIGUSR1);
    say("signalfd, of one thread", read(file, &told, sizeof told) == sizeof told && told.ssi_signo == SIGUSR1);
    say("signalfd: too small", read(file, &told, 8) < 0 && errno == EINVAL);
    sigdelset(&set, SIGUSR1);
    say("signalfd: another set", signalfd(file, &set, 0) == file);
    raise(SIGUSR1);
    say("signalfd: not of that", poll(&wanted, 1, 0));
    say("signalfd: still pending", sigpending(&set) == 0 && sigismember(&set, SIGUSR1));
    close(file);
    signal(SIGUSR1, SIG_IGN);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void defaults(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(1);
        handle(SIGALRM, on_stop, 0);
        signal(SIGALRM, SIG_DFL);
        for (;;)
            turns++;
    }
    waitpid(child, &status, 0);
    say("a loop ended by a signal's default", WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
    child = fork();
    if (child == 0) {
        sigset_t set;
        handle(SIGSEGV, on_stop, 0);
        sigemptyset(&set);
        sigaddset(&set, SIGSEGV);
        sigprocmask(SIG_BLOCK, &set, NULL);
        *(volatile char *)16 = 1;
        _exit(0);
    }
    waitpid(child, &status, 0);
    say("a fault that is blocked", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

int main(void)
{
    loops();
    faults();
    overflows();
    threads();
    nesting();
    files();
    defaults();
    return 0;
}
