/* SPDX-License-Identifier: Apache-2.0 */
/* malloc and its kin, number parsing, errno, environment, sorting of strings, time arithmetic, wide characters. */
/* reference: musl */
#include "report.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

static void memory(void)
{
    static unsigned char *block[300];
    static size_t size[300];
    uint64_t seed = 4, h = 1;
    for (int turn = 0; turn < 3000; turn++) {
        int i = (int)(next_random(&seed) % 300);
        if (block[i]) {
            h = hash_bytes(h, block[i], size[i]);
            if (turn % 3 == 0) {
                free(block[i]);
                block[i] = NULL;
                continue;
            }
        }
        size_t before = block[i] ? size[i] : 0;
        size[i] = next_random(&seed) % (turn % 50 == 0 ? 300000 : 700) + 1;
        block[i] = realloc(block[i], size[i]);
        if (!block[i]) {
            put_text("malloc", "failed");
            return;
        }
        for (size_t k = before; k < size[i]; k++)
            block[i][k] = (unsigned char)(k + (size_t)i);
    }
    put("malloc", h);
    for (int i = 0; i < 300; i++)
        free(block[i]);
    unsigned char *zero = calloc(500, 300);
    put_bytes("calloc", zero, 150000);
    free(zero);
    void *aligned = aligned_alloc(256, 1024);
    put("aligned", (uintptr_t)aligned % 256);
    free(aligned);
    errno = 0;
    void *impossible = malloc(HIDE((size_t)PTRDIFF_MAX));
    put("impossible", (uint64_t)(impossible == NULL) + 2 * (errno == ENOMEM));
}
static void numbers(void)
{
    static const char *const text[] = {"0", "-1", "42abc", "0x1F", "077", "99999999999999999999", "-99999999999999999999", "  +5", "",
        "zz", "1e5", "-0.0", "inf",
                                       "nan", "0x1.8p3", "3.14159265358979323846264338", "1e-320", "1e400", ".5.",
                                           "123456789.123456789e-5"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        char *end;
        errno = 0;
        printf("%s: %ld", text[i], strtol(text[i], &end, 10));
        printf(" %d %d", (int)(end - text[i]), errno == ERANGE);
        errno = 0;
        printf(" %llu %lx", strtoull(text[i], NULL, 0), strtol(text[i], NULL, 36));
        printf(" %a %d", strtod(text[i], &end), (int)(end - text[i]));
        printf(" %a %La %d\n", (double)strtof(text[i], NULL), strtold(text[i], NULL), atoi(text[i]));
    }
    div_t d = div(HIDE(-17), 5);
    printf("%d %d %ld %jd\n", d.quot, d.rem, labs(-5L), imaxabs(-7));
}
static void environment(void)
{
    put("missing", getenv("ABI_TEST_NOTHING") == NULL);
    setenv("ABI_TEST", "value", 1);
    put_text("getenv", getenv("ABI_TEST"));
    setenv("ABI_TEST", "other", 0);
    put_text("kept", getenv("ABI_TEST"));
    unsetenv("ABI_TEST");
    put("gone", getenv("ABI_TEST") == NULL);
    errno = 0;
    int r = close(HIDE(12345));
    put("close", (uint64_t)(r == -1) + 2 * (errno == EBADF));
    put_text("strerror", strerror(ENOENT));
}
static void times(void)
{
    time_t t = 1234567890;
    struct tm tm;
    gmtime_r(&t, &tm);
    char text[64];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %b %j", &tm);
    put_text("time", text);
    tm.tm_mday += 100;
    put("timegm", (uint64_t)timegm(&tm));
    put_text("asctime", asctime(&tm));
}
static void wide(void)
{
    wchar_t w[32];
    char back[64];
    setlocale(LC_ALL, "C.UTF-8");
    size_t n = mbstowcs(w, "gr\303\274n \342\202\254 x", 32);
    printf("%zu %d %d\n", n, (int)w[2], (int)w[5]);
    wcscat(w, L"!");
    printf("%zu %d %ls\n", wcslen(w), (int)towupper(L'x'), wcschr(w, L'x'));
    printf("%zu ", wcstombs(back, w, sizeof back));
    put_bytes("multibyte", back, strlen(back));
    printf("%ld\n", wcstol(L"-123", NULL, 10));
}

int main(int argc, char **argv)
{
    put("argc", (uint64_t)argc);
    put("argv", argv[0] != NULL && argv[argc] == NULL);
    memory();
    numbers();
    environment();
    times();
    wide();
    srand(5);
    uint64_t h = 0;
    for (int i = 0; i < 100; i++)
        h = h * 31 + (uint64_t)rand();
    put("rand", h);
    return 0;
}
