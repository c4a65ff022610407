/* SPDX-License-Identifier: Apache-2.0 */
/* A program with functions of its own under names of the C library, some of which stand there in one file with others that it uses: a
 * whole malloc family, as bash has one, and a strtoimax. The library's own calls come here as well. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char arena[1 << 20] __attribute__((aligned(16)));
static size_t used, calls;

void *malloc(size_t size)
{
    size_t *block = (size_t *)(arena + used);
    size_t whole = 16 + (size + 15) / 16 * 16;
    if (whole > sizeof arena - used)
        return NULL;
    used += whole;
    calls++;
    *block = size;
    return block + 2;
}

size_t malloc_usable_size(void *p)
{
    return p ? ((size_t *)p)[-2] : 0;
}

void free(void *p)
{
    (void)p;
}

void *calloc(size_t count, size_t size)
{
    void *p = malloc(count * size);
    return p ? memset(p, 0, count * size) : NULL;
}

void *realloc(void *p, size_t size)
{
    void *to = malloc(size);
    size_t old = malloc_usable_size(p);
    return p && to ? memcpy(to, p, old < size ? old : size) : to;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    used += -used % alignment + alignment - 16;
    return malloc(size);
}

intmax_t strtoimax(const char *restrict text, char **restrict end, int base)
{
    return -strtol(text, end, base);
}

static int is_own(const void *p)
{
    return (const char *)p > arena && (const char *)p < arena + sizeof arena;
}

int main(void)
{
    char *text = strdup("twelve bytes"), *line = NULL;
    size_t before = calls, capacity = 0;
    void *aligned = aligned_alloc(256, 100);
    printf("%s, %zu bytes, own: %d\n", text, malloc_usable_size(text), is_own(text));
    printf("aligned: %d, own: %d\n", (uintptr_t)aligned % 256 == 0, is_own(aligned));
    printf("strtoimax: %jd, strtol: %ld\n", strtoimax("42", NULL, 10), strtol("42", NULL, 10));
    ssize_t length = getline(&line, &capacity, stdin);
    printf("a line: %zd, own: %d, counted: %d\n", length, is_own(line), calls > before);
    return 0;
}
