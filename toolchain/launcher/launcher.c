/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter that program images name (PT_INTERP): executing an image file, as a configure script or a test suite does, runs
 * `porin run $PORIN_RUN FILE ARGUMENTS`. Without PORIN_RUN in the environment the program has its console and nothing else; the words of
 * PORIN_RUN are options, parted by blanks. No libc: the kernel starts this with the image's auxiliary vector. */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

enum { PATH_BYTES = 4096, MAX_WORDS = 8192, O_READ = 0, EXIT_CANNOT_RUN = 126 };

static long call(long number, long a, long b, long c, long d)
{
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
    return result;
}

static size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

__attribute__((noreturn)) static void die(const char *problem)
{
    static const char name[] = "porin image: ";
    call(SYS_write, 2, (long)name, sizeof name - 1, 0);
    call(SYS_write, 2, (long)problem, (long)length_of(problem), 0);
    call(SYS_exit_group, EXIT_CANNOT_RUN, 0, 0, 0);
    __builtin_unreachable();
}

/* The interpreter's path that the image names, which is this program's own. */
static void read_own_path(const char *image, char path[PATH_BYTES])
{
    Elf64_Ehdr header;
    Elf64_Phdr program;
    long file = call(SYS_open, (long)image, O_READ, 0, 0);
    if (file < 0 || call(SYS_pread64, file, (long)&header, sizeof header, 0) != sizeof header)
        die("cannot read the image\n");
    for (unsigned i = 0; i < header.e_phnum; i++) {
        long at = (long)(header.e_phoff + i * sizeof program);
        if (call(SYS_pread64, file, (long)&program, sizeof program, at) != sizeof program)
            break;
        if (program.p_type != PT_INTERP || program.p_filesz >= PATH_BYTES)
            continue;
        if (call(SYS_pread64, file, (long)path, (long)program.p_filesz, (long)program.p_offset) != (long)program.p_filesz)
            break;
        path[program.p_filesz] = 0;
        call(SYS_close, file, 0, 0, 0);
        return;
    }
    die("the image names no interpreter\n");
}

/* path without its last two parts (SYSROOT/lib/porin-launch is SYSROOT), then the rest */
static void beside_sysroot(const char *path, const char *rest, char out[PATH_BYTES])
{
    size_t end = length_of(path), length = length_of(rest);
    for (int slashes = 0; end > 0 && slashes < 2;)
        slashes += path[--end] == '/';
    if (end + length >= PATH_BYTES)
        die("its path is too long\n");
    for (size_t i = 0; i < end; i++)
        out[i] = path[i];
    for (size_t i = 0; i <= length; i++)
        out[end + i] = rest[i];
}

static const char *words[MAX_WORDS];

/* The words of PORIN_RUN, copied so that they can be ended by zeroes. */
static size_t add_options(const char *const *environment, size_t count)
{
    static const char name[] = "PORIN_RUN=";
    static char options[PATH_BYTES];
    size_t length = 0;
    for (; *environment; environment++) {
        size_t same = 0;
        while (name[same] && (*environment)[same] == name[same])
            same++;
        if (name[same])
            continue;
        const char *text = *environment + same;
        if (length_of(text) >= PATH_BYTES)
            die("PORIN_RUN is too long\n");
        for (; text[length]; length++)
            options[length] = text[length];
    }
    for (size_t i = 0; i < length; i++) {
        if (options[i] == ' ')
            options[i] = '\0';
        else if (i == 0 || !options[i - 1])
            words[count++] = options + i;
    }
    return count;
}

__attribute__((used, noreturn)) void launch(long *stack)
{
    long argument_count = stack[0];
    const char *const *arguments = (const char *const *)(stack + 1), *const *environment = arguments + argument_count + 1;
    size_t variables = 0, count = 0;
    static char own[PATH_BYTES], porin[PATH_BYTES];
    while (environment[variables])
        variables++;
    const char *image = NULL;
    for (const Elf64_auxv_t *a = (const Elf64_auxv_t *)(environment + variables + 1); a->a_type != AT_NULL; a++)
        if (a->a_type == AT_EXECFN)
            image = (const char *)a->a_un.a_val;
    if (!image)
        die("the kernel gives no name of the file\n");
    if (PATH_BYTES + (size_t)argument_count + 10 > MAX_WORDS)
        die("too many arguments\n");
    read_own_path(image, own);
    words[count++] = "porin";
    words[count++] = "run";
    count = add_options(environment, count);
    if (argument_count > 0) {
        words[count++] = "--argv0";
        words[count++] = arguments[0];
    }
    words[count++] = image;
    for (long i = 1; i < argument_count; i++)
        words[count++] = arguments[i];
    beside_sysroot(own, "/../bin/porin", porin);
    call(SYS_execve, (long)porin, (long)words, (long)environment, 0);
    beside_sysroot(own, "/../../../bin/porin", porin);
    call(SYS_execve, (long)porin, (long)words, (long)environment, 0);
    die("cannot find porin beside its sysroot\n");
}

__asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n\tcall launch\n\thlt\n");
