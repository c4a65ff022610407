/* SPDX-License-Identifier: Apache-2.0 */
/* String functions of libc and gcc's inline versions of them: sizes 0 to 300 at each alignment, overlap, and what memcpy(3) promises. */
/* flags: -minline-all-stringops */
#include "report.h"
#include <ctype.h>

static unsigned char a[1024], b[1024];

static void reset(void)
{
    for (int i = 0; i < 1024; i++) {
        a[i] = (unsigned char)(i * 13 + 1);
        b[i] = (unsigned char)(i * 7 + 2);
    }
}
NOIPA void *copy(void *to, const void *from, size_t n) { return memcpy(to, from, n); }
NOIPA void *move(void *to, const void *from, size_t n) { return memmove(to, from, n); }
NOIPA void *set(void *to, int c, size_t n) { return memset(to, c, n); }
NOIPA int same(const void *x, const void *y, size_t n) { int r = memcmp(x, y, n); return (r > 0) - (r < 0); }
NOIPA size_t length(const char *s) { return strlen(s); }

static void sizes(void)
{
    uint64_t h = 1;
    for (size_t n = 0; n < 300; n += n < 40 ? 1 : 7)
        for (size_t shift = 0; shift < 17; shift += 1 + shift / 3) {
            copy(a + 100 + shift, b + shift * 3 % 16, n);
            move(a + 300, a + 300 + shift, n);
            move(a + 300 + shift, a + 300, n);
            set(b + 500 + shift, (int)(n * 5), n);
            h = h * 31 + (uint64_t)(same(a + shift, b + shift, n) + 2 * same(a + 100 + shift, b + shift * 3 % 16, n));
            h = hash_bytes(hash_bytes(h, a + 90, 450), b + 490, 350);
        }
    put("sizes", h);
}
static void constants(void)
{
    struct { char c[200]; } x, y;
    memset(&x, 0, sizeof x);
    memset(x.c + 3, 7, 65);
    memcpy(&y, &x, sizeof y);
    memcpy(y.c + 100, x.c, 33);
    memmove(y.c + 1, y.c, 150);
    put_bytes("constants", &y, sizeof y);
    put("equal", (uint64_t)(memcmp(&x, &y, 16) != 0) + 2 * (memcmp(x.c, "\0\0\0\7", 4) == 0) + 4 * (strcmp(x.c + 3, "no") < 0));
}
static void text(void)
{
    char t[200] = "";
    for (int i = 0; i < 5; i++) {
        strcat(t, "word");
        strncat(t, "-and-more", (size_t)HIDE(i * 2));
    }
    put_text("cat", t);
    put("length", length(t) + strnlen(t, 7) * 100);
    printf("%s|%s|%d|%d\n", strchr(t, '-'), strrchr(t, '-'), strcspn(t, "-") == 4, (int)strspn(t, "word"));
    printf("%s|%d|%d|%d\n", strstr(t, "d-a"), strncmp(t, "wordy", 4), strcmp(t, "word") > 0, strcasecmp("HeLLo", "hEllO"));
    char *copy_ = strdup(t), *rest = NULL;
    for (char *p = strtok_r(copy_, "-", &rest); p; p = strtok_r(NULL, "-", &rest))
        put_text("token", p);
    free(copy_);
    put("memchr", (uint64_t)((char *)memchr(t, 'd', 100) - t) + (memchr(t, 'z', 10) == NULL) * 100u);
    uint64_t h = 0;
    for (int c = 0; c < 128; c++)
        h = h * 7 + (uint64_t)(!!isalpha(c) + 2 * !!isdigit(c) + 4 * !!isspace(c) + 8 * !!ispunct(c) + toupper(c) - tolower(c));
    put("ctype", h);
    strcpy(t, "abcdefghijklmnopqrstuvwxyz0123456789");
    memset(t + 5, 'x', strlen(t + 20));
    put_text("end", t);
    put("stpcpy", (uint64_t)(stpcpy(t, "hello") - t) + (uint64_t)(strncpy(t + 10, "ab", 8) - t));
    put_bytes("strncpy", t, 40);
}

int main(void)
{
    reset();
    sizes();
    constants();
    text();
    reset();
    for (size_t n = 0; n < 64; n++)
        a[n] = 0, a[n + 1] = 'x', memset(a + n + 1, 'y', 70 - n), a[90] = 0, put("strlen", length((char *)a + n + 1) +
            length((char *)a + n));
    return 0;
}
