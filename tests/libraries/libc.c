/* SPDX-License-Identifier: Apache-2.0 */
/* What programs expect of a C library, with the emphasis on the parts that differ in a domain: jumps, thread-local storage, start and
 * exit order, locks, allocation, conversions. Everything printed is the same natively and in a domain; the test compares the two. */
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <search.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

static jmp_buf outer;
static sigjmp_buf signals;

static int deep(int depth, int value)
{
    volatile char frame[100];
    frame[depth % 100] = (char)depth;
    if (depth == 0 && value < 1000) longjmp(outer, value);
    if (depth < 0) return value;
    return deep(depth - 1, value) + frame[depth % 100];
}

static void check_jumps(void)
{
    volatile int count = 0;
    double kept = 1.5;
    int result = setjmp(outer);
    printf("setjmp %d, count %d, kept %g\n", result, count, kept);
    count++;
    if (count < 4) deep(count * 50, count - 1); /* longjmp's 0 becomes 1 */
    result = sigsetjmp(signals, 1);
    printf("sigsetjmp %d\n", result);
    if (result < 2) siglongjmp(signals, result + 1);
    jmp_buf inner;
    volatile int total = 0;
    for (volatile int i = 0; i < 1000; i++) {
        if (setjmp(inner) == 0) longjmp(inner, i + 1);
        total += i;
    }
    printf("a thousand jumps: %d\n", total);
}

static _Thread_local int tls_zero;
static _Thread_local int tls_value = 42;
static _Thread_local struct { char c; double d __attribute__((aligned(64))); } tls_aligned = {'x', 2.5};

static void check_tls(void)
{
    tls_zero++;
    tls_value += tls_zero;
    printf("tls %d %d %c %g aligned %d\n", tls_zero, tls_value, tls_aligned.c, tls_aligned.d, (int)((unsigned long)&tls_aligned % 64));
    errno = 0;
    printf("strtol %ld", strtol("99999999999999999999", NULL, 10));
    printf(" out of range %d\n", errno == ERANGE);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_count;
static void once_run(void) { once_count++; }

static void check_threads(void)
{
    pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, recursive;
    pthread_mutexattr_t attributes;
    pthread_key_t key;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &attributes);
    pthread_once(&once, once_run);
    pthread_once(&once, once_run);
    int error = pthread_mutex_lock(&plain) | pthread_mutex_lock(&recursive) | pthread_mutex_lock(&recursive);
    printf("locks %d, again %s, once %d\n", error, pthread_mutex_trylock(&plain) == EBUSY ? "busy" : "free", once_count);
    error = pthread_mutex_unlock(&plain) | pthread_mutex_unlock(&recursive) | pthread_mutex_unlock(&recursive);
    error |= pthread_key_create(&key, NULL) | pthread_setspecific(key, &once);
    printf("unlocks and keys %d, specific %d", error, pthread_getspecific(key) == &once);
    printf(", equal %d\n", pthread_equal(pthread_self(), pthread_self()));
    pthread_key_delete(key);
    pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
    printf("rwlock %d", pthread_rwlock_rdlock(&rw) | pthread_rwlock_rdlock(&rw));
    printf(" busy %d\n", pthread_rwlock_trywrlock(&rw) == EBUSY);
}

static int by_length(const void *x, const void *y)
{
    return (int)strlen(*(char *const *)x) - (int)strlen(*(char *const *)y);
}

static unsigned random_state = 1;
static unsigned random_next(void)
{
    random_state = random_state * 1103515245u + 12345u;
    return random_state >> 8;
}

static void check_memory(void)
{
    enum { SLOTS = 300 };
    static unsigned char *block[SLOTS];
    static size_t size[SLOTS];
    long bad = 0;
    for (int round = 0; round < 30000; round++) {
        unsigned i = random_next() % SLOTS;
        size_t wanted = random_next() % (round % 50 ? 2000 : 300000) + 1;
        for (size_t k = 0; block[i] && k < size[i]; k += 97) bad += block[i][k] != (unsigned char)i;
        if (round % 3 == 0) {
            free(block[i]);
            block[i] = malloc(wanted);
        } else {
            block[i] = realloc(block[i], wanted);
        }
        if (!block[i]) {
            printf("out of memory at round %d\n", round);
            exit(1);
        }
        bad += ((unsigned long)block[i] & 15) != 0;
        memset(block[i], (int)i, wanted);
        size[i] = wanted;
    }
    for (int i = 0; i < SLOTS; i++) free(block[i]);
    unsigned char *zero = calloc(1000, 1000);
    for (size_t k = 0; k < 1000000; k += 1000) bad += zero[k];
    free(zero);
    void *aligned = NULL;
    int error = posix_memalign(&aligned, 4096, 100);
    printf("malloc %ld bad, aligned %d %d", bad, error, (int)((unsigned long)aligned % 4096));
    printf(", too much %d\n", malloc((size_t)-1 / 4) == NULL);
    free(aligned);
    char *words[] = {"porcelain", "a", "domain", "of", "gate"};
    qsort(words, 5, sizeof *words, by_length);
    for (int i = 0; i < 5; i++) printf("%s%c", words[i], i < 4 ? ' ' : '\n');
}

static double sum(int count, ...)
{
    va_list arguments;
    double total = 0;
    va_start(arguments, count);
    for (int i = 0; i < count; i++) total += i % 2 ? va_arg(arguments, double) : va_arg(arguments, int);
    va_end(arguments);
    return total;
}

static void check_rounding(void)
{
    static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    volatile double x = 2.5;
    volatile long double l = -2.5L;
    for (int i = 0; i < 4; i++) {
        int error = fesetround(modes[i]);
        printf("rounding %d %d: %ld %g %Lg %g\n", error, fegetround() == modes[i], lrint(x), rint(x), rintl(l), (double)(float)0.1 + x / 3);
    }
    fenv_t kept;
    int error = fegetenv(&kept) | fesetenv(FE_DFL_ENV);
    printf("environment %d %d", error, fegetround() == FE_TONEAREST);
    error = fesetenv(&kept);
    printf(" %d %d\n", error, fegetround() == FE_TOWARDZERO);
    fesetround(FE_TONEAREST);
}

static void check_numbers(void)
{
    volatile double x = 0.7;
    volatile long double l = 0.7L;
    char text[200];
    printf("%.17g %.17g %.17g %.17g\n", sin(x), exp(x), pow(x, 3.3), atan2(x, -2));
    printf("%.20Lg %.20Lg %.20Lg %.20Lg\n", sinl(l), expl(l), powl(l, 3.3L), fmodl(17.25L, l));
    printf("%.20Lg %.20Lg %.20Lg %.20Lg\n", floorl(-l), ceill(l), rintl(2.5L), sqrtl(l));
    printf("%.20Lg %.20Lg %ld %lld\n", logl(l), atanl(l), lrint(x * 10), llrintl(l * 10));
    snprintf(text, sizeof text, "%d %5.2f %-8s| %#x %e %Lg %a %zu %+d %%", -7, 3.14159, "left", 255, 12345.678, 1.25L, 0.1, sizeof text, 3);
    printf("%s\n", text);
    double d = 0;
    int n = 0;
    char word[20];
    printf("scanned %d:", sscanf("  17 0x1.8p3 hello", "%d %lf %19s", &n, &d, word));
    printf(" %d %g %s\n", n, d, word);
    printf("strtod %.17g %.17g %Lg", strtod("0.1", NULL), strtod("1e-310", NULL), strtold("1e4000", NULL));
    printf(" sum %g\n", sum(10, 1, .5, 2, .5, 3, .5, 4, .5, 5, .5));
    check_rounding();
    volatile double zero = 0, one = 1;
    feclearexcept(FE_ALL_EXCEPT);
    volatile double infinite = one / zero;
    printf("flags %d %g", !!fetestexcept(FE_DIVBYZERO), infinite);
    feclearexcept(FE_ALL_EXCEPT);
    printf(" cleared %d", fetestexcept(FE_ALL_EXCEPT));
    volatile long double small = 1e-4940L; /* x87 has flags of its own */
    small = small * small;
    printf(" x87 %d", !!fetestexcept(FE_UNDERFLOW));
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_OVERFLOW);
    printf(" raised %d\n", fetestexcept(FE_ALL_EXCEPT) == FE_OVERFLOW);
}

static void check_text(void)
{
    struct tm when = {.tm_year = 126, .tm_mon = 0, .tm_mday = 31, .tm_hour = 12};
    char text[100];
    strftime(text, sizeof text, "%A %d %B %Y %j", &when);
    printf("%s\n", text);
    time_t epoch = 1000000000;
    gmtime_r(&epoch, &when);
    strftime(text, sizeof text, "%F %T", &when);
    printf("%s %d\n", text, time(NULL) > 1500000000);
    setlocale(LC_ALL, "C.UTF-8");
    wchar_t wide[20];
    printf("mbstowcs %zu", mbstowcs(wide, "na\xc3\xafve", 20));
    printf(" %x\n", (unsigned)wide[2]);
    char copy[] = "a,b;c", *save;
    for (char *t = strtok_r(copy, ",;", &save); t; t = strtok_r(NULL, ",;", &save)) printf("[%s]", t);
    printf(" %s %s\n", strstr("haystack with needle", "needle"), strerror(ENOENT));
    char *lines = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&lines, &length);
    fprintf(memory, "%s %d\n", "stream", 5);
    fclose(memory);
    printf("%zu %s", length, lines);
    free(lines);
    printf("argv and environment: %s\n", getenv("LIBC_TEST") ? getenv("LIBC_TEST") : "none");
}

static void at_exit_first(void) { printf("exit: first registered, last run\n"); }
static void at_exit_second(void) { printf("exit: second registered\n"); }
__attribute__((constructor)) static void construct(void) { tls_zero = 6; }
__attribute__((destructor)) static void destruct(void) { printf("destructor\n"); }

int main(int argc, char **argv)
{
    atexit(at_exit_first);
    atexit(at_exit_second);
    printf("argc %d %s\n", argc, argc > 1 ? argv[1] : "");
    check_tls();
    check_jumps();
    check_threads();
    check_memory();
    check_numbers();
    check_text();
    return argc > 1 ? 7 : 0;
}
