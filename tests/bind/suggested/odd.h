/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of every odd form: what is suggested for them is C again. */
#ifndef ODD_H
#define ODD_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
struct bits { unsigned a:3, b:5; signed int :0; int c:7; };
struct flex { int n; char data[]; };
struct zero { int n; char data[0]; };
struct anon { int k; union { int i; float f; }; struct { int x, y; }; };
typedef int (*inner)(int);
typedef int (*outer)(inner, void *);
typedef void (*handler)(int);
int odd_bits(struct bits b);
int odd_flex(struct flex *f);
int odd_zero(const struct zero *f);
int odd_anon(struct anon a);
int odd_anon_p(struct anon *a);
int odd_nested(outer o, void *ctx);
handler odd_signal(int n, handler h);
void (*odd_raw(int n, void (*h)(int)))(int);
int odd_const(const int values[4], int const *const more, const char *const names[3]);
int odd_two(int m[3][4]);
int odd_va(const char *fmt, va_list ap);
int odd_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
__attribute__((nonnull(1), warn_unused_result, visibility("default"))) extern int
odd_attr(char *restrict p, size_t n) __asm__("odd_attr_real");
static inline int odd_inline(int a) { return a + 1; }
_Noreturn void odd_never(void);
int odd_kr();
#define odd_generic(x) _Generic((x), int: odd_int, double: odd_double)(x)
int odd_int(int), odd_double(double);
_Atomic int odd_atomic(_Atomic int *p);
volatile int *odd_volatile(void);
extern int odd_variable;
typedef float v4 __attribute__((vector_size(16)));
v4 odd_vector(v4 a);
_Complex double odd_complex(_Complex double z);
__int128 odd_wide(__int128 x);
long double odd_ld(long double x);
enum { ODD_A, ODD_B };
enum color { RED = -1, BLUE = 5 } odd_color(enum color c);
struct list { struct list *next; int v; };
int odd_list(struct list *l);
void odd_out(char **out, size_t *n);
int odd_default(int class, int this, int new, int result);
wchar_t odd_wide_string(const wchar_t *w);
typedef struct odd_s *odd_t; odd_t odd_new(void); void odd_free(odd_t o);
int odd_ppp(char ***x);
int odd_fn(int f(int));
char odd_arr(char a[]);
#ifdef __cplusplus
}
#endif
#endif
