/* SPDX-License-Identifier: Apache-2.0 */
/* Services turned against the host: memory services on what is not heap, pointers out of the slot, greed. */
#define _GNU_SOURCE
#include "world.h"
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIXED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define RW (PROT_READ | PROT_WRITE)

/* Every memory service on every range that is not the domain's to change: all are refused, and the domain still works afterwards. */
static void memory_services(void)
{
    porin_domain *domain = domain_new("mapper", 0);
    const uint64_t text = domain_ask(domain, "where", 0, 0), constants = domain_ask(domain, "where", 1, 0), data = domain_ask(domain,
        "where", 2, 0);
    const struct { const char *what; uint64_t start, size; } ranges[] = {
        {"first edge", 0, 4096}, {"end of the first edge", PORIN_SLOT_EDGE - 4096, 4096}, {"stack", PORIN_STACK_END - 8192, 4096},
        {"service gates", PORIN_GATES_SERVICE, 4096}, {"stack and gates", PORIN_STACK_END - 4096, 8192},
        {"import gates", PORIN_GATES_IMPORT, 4096}, {"text", PORIN_IMAGE_BASE, 4096}, {"middle of text", text & ~4095ul, 4096},
        {"constants", constants & ~4095ul, 4096}, {"data", data & ~4095ul, 4096}, {"last edge", 0xffff0000, 4096},
        {"across the end", 0xfffff000, 8192}, {"all", 0, 1ull << 32}, {"text to the end", PORIN_IMAGE_BASE, 0xf0000000},
        {"behind the slot", 1ull << 32, 4096}, {"the bystander", porin_domain_base(canary) + PORIN_IMAGE_BASE, 4096},
        {"the host's secret", (uint64_t)secret, 4096}, {"size that wraps", PORIN_IMAGE_BASE, (uint64_t)-4096}, {"size 2^63", 0x200000,
            1ull << 63},
        {"crooked", PORIN_IMAGE_BASE + 5, 4096}, {"negative", (uint64_t)-4096, 4096},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const uint64_t at = ranges[i].start, size = ranges[i].size;
        const struct attack table[] = {
            {"mmap fixed", "service", FAILS, 0, {SYS_mmap, at, size, RW, FIXED, (uint64_t)-1}},
            {"mmap fixed, no access", "service", FAILS, 0, {SYS_mmap, at, size, PROT_NONE, FIXED, (uint64_t)-1}},
            {"munmap", "service", FAILS, 0, {SYS_munmap, at, size}},
            {"mprotect rw", "service", FAILS, 0, {SYS_mprotect, at, size, RW}},
            {"mprotect rwx", "service", FAILS, 0, {SYS_mprotect, at, size, RW | PROT_EXEC}},
            {"mprotect none", "service", FAILS, 0, {SYS_mprotect, at, size, PROT_NONE}},
            {"mremap in place", "service", FAILS, 0, {SYS_mremap, at, size, 4096, 0}},
            {"mremap larger", "service", FAILS, 0, {SYS_mremap, at, size, 65536, MREMAP_MAYMOVE}},
            {"mremap fixed onto it", "service", FAILS, 0, {SYS_mremap, data, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, at}},
            {"madvise dontneed", "service", FAILS, 0, {SYS_madvise, at, size, MADV_DONTNEED}},
            {"madvise free", "service", FAILS, 0, {SYS_madvise, at, size, MADV_FREE}},
            {"madvise remove", "service", FAILS, 0, {SYS_madvise, at, size, MADV_REMOVE}},
        };
        for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
            struct attack attack = table[k];
            char name[100];
            snprintf(name, sizeof name, "%s: %s", table[k].name, ranges[i].what);
            attack.name = name;
            attack_in(domain, &attack);
        }
    }
    attack_note("the domain after all that", domain_ask(domain, "add", 2, 3) == 5 && domain_ask(domain, "errno_now", 0, 0) == EBADF,
        "does not work");
    porin_domain_destroy(domain);
}

static const struct attack others[] = {
    {"control: mmap", "service", RETURNS, 0, {SYS_mmap, 0, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1}},
    {"mmap executable", "service", FAILS, EACCES, {SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1}},
    {"mmap of everything", "service", FAILS, ENOMEM, {SYS_mmap, 0, 0xffffff000, RW, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1}},
    {"mmap of 2^64 - 1", "service", FAILS, 0, {SYS_mmap, 0, (uint64_t)-1, RW, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1}},
    {"mmap growing down", "service", FAILS, EINVAL, {SYS_mmap, 0, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, (uint64_t)-1}},
    {"mmap at the host's address, as a hint", "service", SURVIVED, 0, {SYS_mmap, SECRET_OFFSET, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS}},
    {"open", "service", FAILS, EPERM, {SYS_open, 0x130000, 0}},
    {"execve", "service", FAILS, EPERM, {SYS_execve}},
    {"fork", "service", FAILS, EPERM, {SYS_fork}},
    {"clone", "service", FAILS, ENOSYS, {SYS_clone}},
    {"ptrace", "service", FAILS, ENOSYS, {SYS_ptrace}},
    {"process_vm_writev", "service", FAILS, ENOSYS, {SYS_process_vm_writev}},
    {"userfaultfd", "service", FAILS, ENOSYS, {SYS_userfaultfd}},
    {"io_uring_setup", "service", FAILS, ENOSYS, {SYS_io_uring_setup, 8}},
    {"memfd_create", "service", FAILS, 0, {SYS_memfd_create}},
    {"arch_prctl: gs", "service", FAILS, 0, {SYS_arch_prctl, 0x1001, 0}},
    {"sigaltstack", "service", SURVIVED, 0, {SYS_sigaltstack, 0, 0}},
    {"rt_sigreturn", "service", FAILS, ENOSYS, {SYS_rt_sigreturn}},
    {"seccomp", "service", FAILS, ENOSYS, {SYS_seccomp}},
    {"personality", "service", FAILS, ENOSYS, {SYS_personality, 0x0400000}},
    {"close of a host descriptor", "service", FAILS, EBADF, {SYS_close, 3}},
    {"dup of a host descriptor", "service", FAILS, EBADF, {SYS_dup, 5}},
    {"kill of the host's init", "service", FAILS, 0, {SYS_kill, 1, SIGKILL}},
    {"service number 2^32 + getpid", "service", FAILS, ENOSYS, {(1ull << 32) + SYS_getpid}},
    {"service number 2^63", "service", FAILS, ENOSYS, {1ull << 63}},
};

/* Buffers that lie outside, partly or wholly. */
static void pointers(void)
{
    static const uint64_t numbers[] = {SYS_write, SYS_read};
    const struct { const char *what; uint64_t start, size; } ranges[] = {
        {"0", 0, 16}, {"the last edge", 0xffff0000, 16}, {"across the end", 0xfffffff8, 64}, {"the host's secret", (uint64_t)secret, 64},
        {"the bystander", porin_domain_base(canary) + PORIN_IMAGE_BASE, 64}, {"2^64 - 8", (uint64_t)-8, 64},
        {"behind the slot", 1ull << 32, 16},
    };
    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            char name[100];
            snprintf(name, sizeof name, "%s, buffer at %s", n ? "read" : "write", ranges[i].what);
            bool null = n == 0 && ranges[i].start + ranges[i].size <= 1ull << 32; /* /dev/null does not read what it is given */
            attack_run(&(struct attack){name, "service", null ? SURVIVED : FAILS, EFAULT, {numbers[n], n ? 0 : 1, ranges[i].start,
                ranges[i].size}});
        }
    attack_run(&(struct attack){"read into text", "service", FAILS, EFAULT, {SYS_read, 0, PORIN_IMAGE_BASE, 4096}});
    attack_run(&(struct attack){"read into the gates", "service", FAILS, EFAULT, {SYS_read, 0, PORIN_GATES_SERVICE, 4096}});
    attack_run(&(struct attack){"clock into text", "service", FAILS, EFAULT, {SYS_clock_gettime, 1, PORIN_IMAGE_BASE}});
    attack_run(&(struct attack){"random bytes into a gate", "service", FAILS, EFAULT, {SYS_getrandom, PORIN_GATES_IMPORT, 512}});
}

/* Can the host still get memory and descriptors while the glutton lives? */
static bool host_is_fed(void)
{
    void *p = mmap(NULL, 1 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open("/dev/null", O_RDONLY);
    bool good = p != MAP_FAILED && fd >= 0;
    if (p != MAP_FAILED)
        munmap(p, 1 << 20);
    if (fd >= 0)
        close(fd);
    return good;
}

static void greed(void)
{
    static const char *const what[] = {"address space", "areas of memory", "descriptors", "heap"};
    for (uint64_t i = 0; i < 4; i++) {
        porin_domain *domain = domain_new("glutton", i == 0 || i == 3 ? 256 << 20 : 0);
        struct result result = domain_call(domain, "eat", (uint64_t[6]){i});
        char wrong[400], name[60];
        snprintf(name, sizeof name, "greed for %s", what[i]);
        snprintf(wrong, sizeof wrong, "%s, %llu pieces", result.status == PORIN_OK ? "the host starves" : result.text,
            (unsigned long long)result.value);
        porin_domain *late = domain_new("latecomer", 0);
        bool lives = domain_call(late, "add", (uint64_t[6]){2, 3}).value == 5;
        attack_note(name, result.status == PORIN_OK && host_is_fed() && lives && result.value < 20000, wrong);
        porin_domain_destroy(late);
        porin_domain_destroy(domain);
    }
    porin_domain *domain = domain_new("limited", 64 << 20);
    struct result result = domain_call(domain, "touch", (uint64_t[6]){200});
    attack_note("a limit of 64 MiB", result.status == PORIN_OK && result.value < 64 && result.value > 32, result.text);
    porin_domain_destroy(domain);
}

/* After a domain is gone, its slot stays closed to the host's own mappings. */
static void slot_stays_reserved(void)
{
    porin_domain *domain = domain_new("gone", 0);
    uintptr_t base = porin_domain_base(domain);
    bool good = true;
    domain_ask(domain, "add", 1, 1);
    porin_domain_destroy(domain);
    for (int64_t distance = -(1ll << 31); distance < 3ll << 31; distance += 1ll << 28) {
        void *wanted = (void *)(base + (uint64_t)distance), *got = mmap(wanted, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        good = good && got != wanted;
        munmap(got, 4096);
    }
    attack_note("host mappings near a freed slot", good, "a mapping landed in the slot or its guards");
}

void service_attacks(const char *folder)
{
    (void)folder;
    memory_services();
    ATTACKS(others);
    pointers();
    greed();
    slot_stays_reserved();
}
