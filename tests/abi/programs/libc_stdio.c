/* SPDX-License-Identifier: Apache-2.0 */
/* printf, scanf, buffers, memory streams of libc, large output in one write. */
/* reference: musl */
#include "report.h"
#include <wchar.h>

static void scanning(void)
{
    int a = 0, b = 0, n = 0;
    unsigned x = 0;
    long long l = 0;
    float f = 0;
    double d = 0;
    long double e = 0;
    char word[20] = "", set[20] = "", c = 0;
    int count = sscanf("12 -34 0xff 123456789012 1.5 2.5e10 3.25 hello abc123 z", "%d %d %x %lld %f %lf %Lf %19s %19[a-c] %n%*d %c",
        &a, &b, &x, &l, &f, &d,
                       &e, word, set, &n, &c);
    printf("%d: %d %d %u %lld %g %g %Lg %s %s %d %c\n", count, a, b, x, l, (double)f, d, e, word, set, n, c);
    printf("%d %d\n", sscanf("", "%d", &a), sscanf("x", "%d", &a));
}
static void memory_stream(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    for (int i = 0; i < 200; i++)
        fprintf(f, "%d,%x;", i * i, i);
    fclose(f);
    printf("%zu ", size);
    put_bytes("stream", text, size);
    f = fmemopen(text, size, "r");
    int a, n = 0;
    unsigned b;
    while (fscanf(f, "%d,%x;", &a, &b) == 2)
        n += a == (int)(b * b);
    printf("read %d eof %d\n", n, !!feof(f));
    fseek(f, 5, SEEK_SET);
    char line[20];
    printf("%d %s\n", fgets(line, 12, f) != NULL, line);
    fclose(f);
    free(text);
}

int main(void)
{
    printf("%d|%5d|%-5d|%05d|%+d|% d|%x|%X|%#o|%u|%c|%%|%10.3s|%-10s|\n", -1, 42, 42, 42, 42, 42, 255, 255, 8, 4000000000u, 'x',
        "truncate", "left");
    printf("%ld|%lld|%hd|%hhd|%zu|%jd|%td\n", -1L, 1234567890123456789LL, (short)-5, (signed char)-7, (size_t)99, (intmax_t)-3,
        (ptrdiff_t)4);
    printf("%f|%e|%g|%a|%.0f|%.10g|%G|%08.2f|%+.3e\n", 3.14159, 31415.9, 0.0001, 1.5, 2.5, 1.0 / 3, 1e-10, -3.14159, 12345.678);
    printf("%Lf|%Le|%Lg|%La\n", 3.25L, 1e100L, 1.0L / 3, 1.5L);
    printf("%g %g %g %g %.3f\n", __builtin_inf(), -__builtin_inf(), __builtin_nan(""), -0.0, 1e15 + 0.3);
    printf("%*d|%-*d|%.*f|%.*s\n", 8, 5, 8, 5, 2, 3.14159, 3, "abcdef");
    printf("%3$s %1$s %2$s\n", "one", "two", "three");
    char text[64];
    printf("%d %s\n", snprintf(text, 8, "%s", HIDE((const char *){"too long for it"})), text);
    printf("%ls|%lc\n", L"wide", (wint_t)L'w');
    scanning();
    memory_stream();
    puts("puts");
    fputs("fputs\n", stdout);
    putchar('p');
    putc('\n', stdout);
    fwrite("fwrite\n", 1, 7, stdout);
    char *big = malloc(100001);
    for (int i = 0; i < 100000; i++)
        big[i] = (char)(i % 80 == 79 ? '\n' : 'a' + i % 26);
    big[100000] = '\n';
    fwrite(big, 1, 100001, stdout);
    free(big);
    fflush(stdout);
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("unbuffered %d\n", 5);
    perror("perror goes to standard error");
    return 0;
}
