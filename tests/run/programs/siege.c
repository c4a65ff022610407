/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile program does with signals: siege WAY. Each way ends as tests/run/check says; nothing else may happen. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define THREADS 4
static volatile unsigned long turns;
static volatile sig_atomic_t stop, count;
static jmp_buf left;
static __thread sigjmp_buf mine;
static __thread volatile int may_jump;

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };
    sigaction(number, &action, NULL);
}

static void timer(int microseconds)
{
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, microseconds }, { 0, microseconds } }, NULL);
}

static void on_count(int number, siginfo_t *info, void *context)
{
    count++;
}

/* It may write what it likes: nothing of it comes back but the mask. */
static void on_forge(int number, siginfo_t *info, void *context)
{
    ucontext_t *forged = context;
    memset(&forged->uc_mcontext, 0x41, sizeof forged->uc_mcontext);
    memset(info, 0x41, sizeof *info);
    forged->uc_link = (void *)0x4141414141414141;
    count++;
}

static int forge(void)
{
    unsigned long a = 1, expected = 1;
    long result = syscall(SYS_rt_sigreturn); /* there is no such service */
    handle(SIGALRM, on_forge, 0);
    for (unsigned long i = 0; i < 3000000; i++)
        expected = expected * 6364136223846793005ul + (i ^ expected >> 9);
    timer(200);
    for (unsigned long i = 0; i < 3000000; i++)
        a = a * 6364136223846793005ul + (i ^ a >> 9);
    timer(0);
    return result == -1 && a == expected && count > 3 ? 0 : 1;
}

/* What it is told of where it was: offsets, also in the middle of a string instruction, whose registers are addresses then. */
static volatile sig_atomic_t far;

static void on_look(int number, siginfo_t *info, void *context)
{
    static const int told[] = { REG_RIP, REG_RSP, REG_RDI, REG_RSI };
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        far += (uint64_t)registers[told[i]] > UINT32_MAX;
    far += registers[REG_R10] || registers[REG_R11] || registers[REG_R14] || registers[REG_R15];
    count++;
}

static int told(void)
{
    static char from[1 << 20], to[1 << 20];
    handle(SIGALRM, on_look, 0);
    timer(300);
    while (count < 200) {
        char *start = to, *source = from;
        size_t size = sizeof to;
        __asm__ volatile("rep movsb" : "+D"(start), "+S"(source), "+c"(size) : : "memory");
    }
    timer(0);
    return far ? 1 : 0;
}

static __attribute__((noinline)) void keep(void)
{
    if (setjmp(left) != 0)
        _exit(3); /* returned a second time */
    count++;
}

static void on_keep(int number, siginfo_t *info, void *context)
{
    keep();
    turns++; /* no tail call */
}

static int twice(void)
{
    handle(SIGALRM, on_keep, 0);
    timer(1000);
    while (!count)
        turns++;
    timer(0);
    longjmp(left, 1);
}

/* A jump to where no setjmp has been, out of a handler. */
static void on_wrong_depth(int number, siginfo_t *info, void *context)
{
    uint64_t *words = (uint64_t *)&left;
    words[5] += 8 * (uint64_t)(1 + turns % 3) + (turns % 2) * 0x10000;
    longjmp(left, 1);
}

static void on_wrong_place(int number, siginfo_t *info, void *context)
{
    uint64_t *words = (uint64_t *)&left;
    words[6] += 1;
    longjmp(left, 1);
}

static int wrong(void (*handler)(int, siginfo_t *, void *))
{
    handle(SIGALRM, handler, 0);
    if (setjmp(left) != 0)
        return 3;
    timer(1000);
    for (;;)
        turns++;
}

static int no_label(void)
{
    struct sigaction action = { .sa_flags = 0 };
    action.sa_handler = (void (*)(int))((uintptr_t)on_count + 1);
    sigaction(SIGALRM, &action, NULL);
    timer(1000);
    for (;;)
        turns++;
}

/* Stacks that are not there, reach out of the slot, or lie in text. */
static int foreign_stack(uintptr_t start, size_t size)
{
    stack_t stack = { .ss_sp = (void *)start, .ss_size = size };
    if (sigaltstack(&stack, NULL) != 0)
        return 4;
    handle(SIGALRM, on_count, SA_ONSTACK);
    timer(1000);
    while (!count)
        turns++;
    return 3;
}

static __attribute__((noinline)) int recurse(int depth)
{
    volatile char room[512];
    room[depth % 512] = (char)depth;
    return depth < 0 ? 0 : recurse(depth + 1) + room[(depth + 1) % 512];
}

static void on_overflow(int number, siginfo_t *info, void *context)
{
    turns += (unsigned long)recurse(0);
}

/* A handler of overflows that overflows, on a stack that is there. */
static int overflow(void)
{
    static char stack[65536];
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
    handle(SIGSEGV, on_overflow, SA_ONSTACK | SA_NODEFER);
    return recurse(0);
}

static void on_any(int number, siginfo_t *info, void *context)
{
    static char bytes[512];
    count++;
    if (number == SIGUSR2)
        memcpy(bytes, bytes + 1, 300);
    if (number == SIGUSR1 && count % 7 == 0)
        getpid();
    if (may_jump && count % 3 == 0)
        siglongjmp(mine, 1);
    if (number == SIGSEGV || number == SIGILL)
        siglongjmp(mine, 1);
}

static void *churn(void *unused)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    char buffer[2000], *at;
    while (!stop) {
        if (sigsetjmp(mine, 1) == 0) {
            may_jump = 1;
            for (int i = 0; i < 50; i++) {
                memset(buffer, i, sizeof buffer);
                turns += (unsigned long)getpid();
            }
            *(volatile char *)16 = 1;
        }
        may_jump = 0;
        pthread_mutex_lock(&lock);
        at = malloc(100 + turns++ % 5000);
        pthread_mutex_unlock(&lock);
        memset(at, 1, 100);
        pthread_mutex_lock(&lock);
        free(at);
        pthread_mutex_unlock(&lock);
        usleep(1);
    }
    return NULL;
}

/* Signals of the process, between threads, of faults, during services, with jumps out of handlers, all at once. */
static int storm(void)
{
    pthread_t threads[THREADS];
    static const int numbers[] = { SIGALRM, SIGUSR1, SIGUSR2, SIGSEGV };
    for (int i = 0; i < 4; i++)
        handle(numbers[i], on_any, numbers[i] == SIGSEGV ? SA_NODEFER : i % 2 ? SA_NODEFER : 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, churn, NULL);
    timer(300);
    for (int i = 0; i < 10000; i++) {
        pthread_kill(threads[i % THREADS], i % 2 ? SIGUSR1 : SIGUSR2);
        if (i % 500 == 0 && fork() == 0)
            _exit(0);
        turns++;
    }
    timer(0);
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    while (wait(NULL) > 0)
        ;
    return count > 1000 ? 0 : 1;
}

/* Killed, or out of time, in the middle of handlers that never end. */
static void on_hang(int number, siginfo_t *info, void *context)
{
    for (;;)
        turns++;
}

static int hang(void)
{
    handle(SIGALRM, on_hang, SA_NODEFER);
    timer(500);
    for (;;)
        turns++;
}

#ifdef __PORIN__
#include <porin/capability.h>
#include <porin/domain.h>
#define ROUNDS 400
static char area[65536], copy[65536];
static volatile long revoker, seen;

/* A capability of its own, in the register that the interrupted one has too. */
static void on_use(int number, siginfo_t *info, void *context)
{
    static long word = 5;
    volatile long PORIN_CAP *own = (volatile long PORIN_CAP *)porin_cap_make((uint64_t)&word, sizeof word, 0, PORIN_RIGHT_WRITE);
    *own += 1;
    count += word > 5;
}

/* Takes the interrupted one away, wherever that was. */
static void on_revoke(int number, siginfo_t *info, void *context)
{
    porin_cap_revoke(revoker);
    seen = *(volatile long *)area;
}

static int capabilities(void)
{
    long wrong = 0, kept;
    volatile long PORIN_CAP *own = (volatile long PORIN_CAP *)porin_cap_make((uint64_t)area, sizeof area, 0, PORIN_RIGHT_WRITE);
    handle(SIGALRM, on_use, 0);
    timer(200);
    for (long i = 0; i < 3000000; i++)
        *own += 1;
    for (int i = 0; i < 2000; i++) {
        area[sizeof area - 1] = (char)i;
        porin_cap_read(copy, (void PORIN_CAP *)own, sizeof copy);
        wrong += memcmp(copy, area, sizeof copy) != 0;
    }
    timer(0);
    if (wrong || *(long *)area != 3000000 || count < 10)
        return 1;
    handle(SIGILL, on_any, SA_NODEFER); /* what an access that is not allowed ends with */
    handle(SIGALRM, on_revoke, 0);
    revoker = porin_cap_revoker();
    kept = porin_cap_keep(area, sizeof area, PORIN_RIGHT_WRITE, revoker);
    for (volatile int i = 0; i < ROUNDS; i++) {
        own = (volatile long PORIN_CAP *)porin_cap_take(kept, 1);
        setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 100 + i } }, NULL);
        if (sigsetjmp(mine, 1) == 0)
            for (;;)
                *own += 1; /* until it is gone */
        wrong += seen != *(long *)area;
        kept = porin_cap_keep(area, sizeof area, PORIN_RIGHT_WRITE, revoker);
    }
    return wrong ? 1 : 0;
}
#endif

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    uintptr_t text = (uintptr_t)main & ~0xffful;
#define WAY(name, call) if (strcmp(way, name) == 0) return call
    WAY("forge", forge());
    WAY("told", told());
    WAY("twice", twice());
    WAY("depth", wrong(on_wrong_depth));
    WAY("place", wrong(on_wrong_place));
    WAY("label", no_label());
    WAY("nowhere", foreign_stack(0xf0000000, 65536));
    WAY("text", foreign_stack(text, 4096));
    WAY("outside", foreign_stack(0xfffffff0, 65536));
    WAY("address", foreign_stack(0x7fff00000000, 65536));
    WAY("overflow", overflow());
    WAY("storm", storm());
    WAY("hang", hang());
#ifdef __PORIN__
    WAY("capabilities", capabilities());
#endif
    return 2;
}
