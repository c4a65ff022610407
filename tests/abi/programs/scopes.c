/* SPDX-License-Identifier: Apache-2.0 */
/* goto out of nested scopes with cleanup, variable arrays and early returns; statement expressions; loops with many exits. */
#include "report.h"

static uint64_t trace;
static void leave(int *v) { trace = trace * 7 + (uint64_t)*v; }
#define CLEANED __attribute__((cleanup(leave)))

NOIPA int scopes(int n)
{
    CLEANED int outer = 1;
    for (int i = 0; i < n; i++) {
        CLEANED int middle = i + 2;
        unsigned char a[n + i];
        memset(a, i, sizeof a);
        for (int j = 0; j < n; j++) {
            CLEANED int inner = j + 3;
            if (a[j] == 3 && j == 2)
                goto found;
            if (j > i)
                break;
            if (i == 1 && j == 0)
                continue;
            if (n == 2 && i == 1)
                return -1;
        }
    }
    return 0;
found:
    return outer + 100;
}
NOIPA int statements(int x)
{
    int r = ({ int t = x * 2; if (t > 10) goto big; t + 1; });
    return r + ({ __typeof__(r) m = r > 3 ? r : 3; m * m; });
big:
    return -x;
}
NOIPA long search(const int *m, int rows, int columns, int wanted)
{
    int i, j;
    for (i = 0; i < rows; i++)
        for (j = 0; j < columns; j++) {
            if (m[i * columns + j] < 0)
                goto next_row;
            if (m[i * columns + j] == wanted)
                goto done;
            if (m[i * columns + j] > 1000)
                goto fail;
            if (m[i * columns + j] == 777)
                do {
                    if (++j == columns)
                        goto done;
                } while (j & 3);
        next_row:;
        }
fail:
    return -1;
done:
    return i * 1000L + j;
}
/* Duff's device: case labels inside a loop. */
NOIPA void duff(char *to, const char *from, int n)
{
    int turns = (n + 7) / 8;
    switch (n % 8) {
    case 0: do { *to++ = *from++;
    /* fall through */
    case 7: *to++ = *from++;
    /* fall through */
    case 6: *to++ = *from++;
    /* fall through */
    case 5: *to++ = *from++;
    /* fall through */
    case 4: *to++ = *from++;
    /* fall through */
    case 3: *to++ = *from++;
    /* fall through */
    case 2: *to++ = *from++;
    /* fall through */
    case 1: *to++ = *from++;
        } while (--turns > 0);
    }
}
NOIPA int irreducible(int n, int enter)
{
    int sum = 0;
    if (enter)
        goto inside;
    while (n > 0) {
        sum += n;
    inside:
        sum = sum * 3 % 1001;
        n--;
        if (n == 5)
            goto inside;
    }
    return sum;
}
NOIPA int logic(int a, int b, int c) { return (a && (b || !c)) | ((a & b) && c ? 2 : 0) | (!a ^ !b ? 4 : 0) | ((trace++, c) ? 8 : 0); }

int main(void)
{
    for (int n = 0; n < 9; n++)
        put("scopes", (uint64_t)scopes(HIDE(n)));
    put("trace", trace);
    for (int n = 0; n < 8; n++)
        put("statements", (uint64_t)statements(HIDE(n)));
    int m[40];
    for (int i = 0; i < 40; i++)
        m[i] = i * 3 % 40 - (i == 7) * 60 + (i == 22) * 740;
    m[22] = 777;
    put("search", (uint64_t)(search(m, 5, 8, 10) + search(m, 5, 8, 999) * 10 + search(m, 5, 8, 3) * 100));
    char text[60] = "";
    for (int n = 1; n < 50; n += 7) {
        duff(text, "the quick brown fox jumps over the lazy dog and runs away", HIDE(n));
        put_text("duff", text);
    }
    put("irreducible", (uint64_t)(irreducible(HIDE(20), 0) + irreducible(HIDE(20), 1) * 10000));
    for (int i = 0; i < 8; i++)
        put("logic", (uint64_t)logic(HIDE(i & 1), HIDE(i & 2), HIDE(i & 4)));
    return 0;
}
