/* SPDX-License-Identifier: Apache-2.0 */
/* Variable arguments: integers, doubles, long doubles, structs of each class, va_copy, va_list passed on, thousands of arguments. */
#include "report.h"

struct pair { long a; double b; };
struct two { double a, b; };
struct memory { long a[5]; };
struct tiny { char a, b, c; };
struct extended { long double a; char b; };

NOIPA uint64_t read_list(const char *kinds, va_list list)
{
    uint64_t hash = 1;
    for (; *kinds; kinds++) {
        uint64_t v = 0;
        switch (*kinds) {
        case 'i': v = (unsigned)va_arg(list, int); break;
        case 'l': v = (unsigned long)va_arg(list, long); break;
        case 'd': v = (uint64_t)(va_arg(list, double) * 16); break;
        case 'L': v = (uint64_t)(va_arg(list, long double) * 64); break;
        case 'p': { struct pair s = va_arg(list, struct pair); v = (uint64_t)s.a * 3 + (uint64_t)(s.b * 4); break; }
        case 'w': { struct two s = va_arg(list, struct two); v = (uint64_t)(s.a * 4) * 7 + (uint64_t)(s.b * 4); break; }
        case 'm': { struct memory s = va_arg(list, struct memory); v = hash_bytes(5, &s, sizeof s); break; }
        case 't': { struct tiny s = va_arg(list, struct tiny); v = hash_bytes(5, &s, sizeof s); break; }
        case 'x': { struct extended s = va_arg(list, struct extended); v = (uint64_t)(s.a * 8) + (unsigned char)s.b; break; }
        case 's': { const char *s = va_arg(list, const char *); v = hash_bytes(5, s, strlen(s)); break; }
        case 'q': { unsigned __int128 s = va_arg(list, unsigned __int128); v = (uint64_t)(s >> 64) * 31 + (uint64_t)s; break; }
        }
        hash = hash * 1000003 + v;
    }
    return hash;
}

NOIPA uint64_t read_plain(const char *kinds, ...)
{
    va_list list;
    va_start(list, kinds);
    uint64_t hash = read_list(kinds, list);
    va_end(list);
    return hash;
}

/* Named arguments of both classes come first; the list is copied in the middle and read twice. */
NOIPA uint64_t read_copied(int a, double b, const char *kinds, long double c, struct memory d, ...)
{
    va_list list, copy;
    va_start(list, d);
    uint64_t first = (uint64_t)va_arg(list, int);
    va_copy(copy, list);
    uint64_t hash = read_list(kinds, list) * 3 + read_list(kinds, copy) * 5;
    va_end(copy);
    va_end(list);
    return hash + first + (uint64_t)a + (uint64_t)(b * 8) + (uint64_t)(c * 8) + (uint64_t)d.a[4];
}

NOIPA double sum_doubles(int n, ...)
{
    va_list list;
    va_start(list, n);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum = sum / 2 + va_arg(list, double);
    va_end(list);
    return sum;
}

NOIPA long sum_alternating(int n, ...)
{
    va_list list;
    va_start(list, n);
    long sum = 0;
    for (int i = 0; i < n; i++)
        sum += i & 1 ? (long)va_arg(list, double) : va_arg(list, long);
    va_end(list);
    return sum;
}

NOIPA int format(char *buffer, size_t size, const char *text, ...)
{
    va_list list;
    va_start(list, text);
    int n = vsnprintf(buffer, size, text, list);
    va_end(list);
    return n;
}

int main(void)
{
    struct memory m = {{1, 2, 3, 4, 5}};
    struct pair p = {6, 7.25};
    struct two w = {8.5, 9.75};
    struct tiny t = {1, 2, 3};
    struct extended x = {5.125L, 'x'};
    unsigned __int128 q = ((unsigned __int128)0x1234567890abcdefu << 64) | 0xfedcba0987654321u;
    put("none", read_plain(""));
    put("ints", read_plain("iiiiiiiii", 1, 2, 3, 4, 5, 6, 7, 8, -9));
    put("doubles", read_plain("ddddddddddd", 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5));
    put("mixed", read_plain("idLldiLs", 1, 2.5, 3.25L, 4L, 5.75, 6, 7.125L, "eight"));
    put("pairs", read_plain("ppppppp", p, p, p, p, p, p, p));
    put("twos", read_plain("wdwwwdw", w, 1.0, w, w, w, 2.0, w));
    put("memory", read_plain("imiml", 1, m, 2, m, 3L));
    put("tiny", read_plain("tititititi", t, 1, t, 2, t, 3, t, 4, t, 5));
    put("extended", read_plain("ixixLd", 1, x, 2, x, 3.0L, 4.0));
    put("int128", read_plain("iqiqiqiq", 1, q, 2, q, 3, q, 4, q));
    put("copied", read_copied(1, 2.5, "idLpmwxtq", 3.25L, m, 77, 4, 5.5, 6.75L, p, m, w, x, t, q));
    put_double("sum", sum_doubles(12, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0));
    put("alternating", (uint64_t)sum_alternating(20, 1L, 2.0, 3L, 4.0, 5L, 6.0, 7L, 8.0, 9L, 10.0, 11L, 12.0, 13L, 14.0, 15L, 16.0,
        17L, 18.0,
                                                 19L, 20.0));
    char text[200];
    put("length", (uint64_t)format(text, sizeof text, "%d %s %.3f %Lg %c %lld %x %5.1f|%-8s|%08.3f %g %g %g %g %g", 1, "two", 3.25,
        4.5L, '5', 6LL,
                                   7u, 8.25, "nine", 10.125, 1.0, 2.0, 3.0, 4.0, 5.0));
    put_text("text", text);
    return 0;
}
