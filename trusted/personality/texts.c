/* SPDX-License-Identifier: Apache-2.0 */
/* Texts about a domain in the forms that Linux gives them, as far as programs look at them. */
#include "texts.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "loader/image.h"
#include "paths.h"
#include "process.h"
#include "synthetic.h"

struct facts { const struct request *request; uint64_t used, limit; };

static unsigned threads_of(struct porin_domain *domain)
{
    pthread_mutex_lock(&domain->lock);
    unsigned count = domain->stack_count ? domain->stack_count : 1;
    pthread_mutex_unlock(&domain->lock);
    return count;
}

static void write_stat(FILE *to, const struct facts *facts)
{
    const struct personality *own = facts->request->own;
    fprintf(to, "%d (%.15s) R %d %d %d 0 -1 0 0 0 0 0 0 0 0 0 20 0 %u 0 0 %llu %llu 18446744073709551615 0 0 0 0 0 0 "
            "0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", own->process, facts->request->domain->name, own->parent, own->process,
            own->process, threads_of(facts->request->domain), (unsigned long long)facts->used,
            (unsigned long long)(facts->used / IMAGE_PAGE));
}

static void write_statm(FILE *to, const struct facts *facts)
{
    unsigned long long pages = facts->used / IMAGE_PAGE;
    fprintf(to, "%llu %llu 0 0 0 %llu 0\n", pages, pages, pages);
}

static void write_status(FILE *to, const struct facts *facts)
{
    const struct personality *own = facts->request->own;
    unsigned long long kib = facts->used / 1024;
    fprintf(to, "Name:\t%.15s\nUmask:\t%04o\nState:\tR (running)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n"
            "Uid:\t%d\t%d\t%d\t%d\nGid:\t%d\t%d\t%d\t%d\nFDSize:\t%u\nGroups:\t%d\nVmPeak:\t%llu kB\nVmSize:\t%llu kB\nVmHWM:\t%llu kB\n"
            "VmRSS:\t%llu kB\nVmSwap:\t0 kB\nThreads:\t%u\nNoNewPrivs:\t1\nCpus_allowed:\t1\nCpus_allowed_list:\t0\n",
            facts->request->domain->name, own->umask, own->process, own->process, own->parent, PERSONALITY_UID, PERSONALITY_UID,
            PERSONALITY_UID, PERSONALITY_UID, PERSONALITY_UID, PERSONALITY_UID, PERSONALITY_UID, PERSONALITY_UID, own->descriptor_count,
            PERSONALITY_UID, kib, kib, kib, kib, threads_of(facts->request->domain));
}

static void write_command(FILE *to, const struct facts *facts)
{
    const struct porin_domain_options *options = &facts->request->domain->options;
    for (size_t i = 0; i < options->argument_count; i++)
        fwrite(options->arguments[i], 1, strlen(options->arguments[i]) + 1, to);
}

static void write_name(FILE *to, const struct facts *facts)
{
    fprintf(to, "%.15s\n", facts->request->domain->name);
}

static void write_range(FILE *to, uint64_t start, uint64_t end, const char *rights, const char *name)
{
    if (start < end)
        fprintf(to, "%08llx-%08llx %s 00000000 00:00 0%s%s\n", (unsigned long long)start, (unsigned long long)end, rights,
                *name ? " " : "", name);
}

/* Slot offsets, which are the addresses that the domain knows. */
static void write_maps(FILE *to, const struct facts *facts)
{
    struct porin_domain *domain = facts->request->domain;
    const struct porin_image *image = domain->image;
    struct domain_memory *memory = &domain->memory;
    uint32_t text = page_floor(image->layout.text.offset), constants = page_floor(image->layout.constants.offset);
    pthread_mutex_lock(&memory->lock);
    write_range(to, PORIN_STACK_END - memory->stack_size, PORIN_STACK_END, "rw-p", "[stack]");
    write_range(to, PORIN_GATES_SERVICE, PORIN_GATES_SERVICE + PORIN_GATES_SERVICE_SIZE, "r-xs", "[vdso]");
    write_range(to, text, text + image->text_pages_size, "r-xp", "/proc/self/exe");
    write_range(to, constants, constants + image->constants_pages_size, "r--p", "/proc/self/exe");
    write_range(to, image->data_start, memory->heap_start, "rw-p", "/proc/self/exe");
    for (uint32_t i = 0; i < memory->area_count; i++) {
        const struct area *area = &memory->areas[i];
        const char rights[] = { area->protection & MEMORY_READ ? 'r' : '-', area->protection & MEMORY_WRITE ? 'w' : '-', '-',
                                area->protection & MEMORY_SHARED ? 's' : 'p', '\0' };
        write_range(to, area->start, area->end, rights, area->start == memory->heap_start ? "[heap]" : "");
    }
    pthread_mutex_unlock(&memory->lock);
}

/* Its pages as the kernel counts them, as one range: programs ask what a fork costs. Not where it would be looked for among others'. */
static void write_pages(FILE *to, const struct facts *facts)
{
    static const char *const names[] = { "Rss", "Pss", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Anonymous",
                                         "Swap" };
    enum { NAMES = sizeof names / sizeof names[0] };
    uint64_t base = facts->request->domain->base, start, end, kib, sums[NAMES] = { 0 };
    FILE *from = facts->request->own->process == getpid() ? fopen("/proc/self/smaps", "re") : NULL;
    char *line = NULL, name[32];
    size_t size = 0;
    bool inside = false;
    while (from && getline(&line, &size, from) > 0) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2)
            inside = start >= base && end - base <= SLOT_BYTES;
        else if (inside && sscanf(line, "%31[^:]: %" SCNu64 " kB", name, &kib) == 2)
            for (int i = 0; i < NAMES; i++)
                sums[i] += strcmp(name, names[i]) == 0 ? kib : 0;
    }
    free(line);
    if (from)
        fclose(from);
    write_range(to, PORIN_SLOT_EDGE, SLOT_BYTES - PORIN_SLOT_EDGE, "rw-p", "");
    for (int i = 0; i < NAMES; i++)
        fprintf(to, "%s:%*llu kB\n", names[i], 23 - (int)strlen(names[i]), (unsigned long long)sums[i]);
}

static void write_limits(FILE *to, const struct facts *facts)
{
    static const struct { int resource; const char *name, *unit; } rows[] = {
        { RLIMIT_CPU, "Max cpu time", "seconds" }, { RLIMIT_FSIZE, "Max file size", "bytes" }, { RLIMIT_DATA, "Max data size", "bytes" },
        { RLIMIT_STACK, "Max stack size", "bytes" }, { RLIMIT_CORE, "Max core file size", "bytes" },
        { RLIMIT_RSS, "Max resident set", "bytes" }, { RLIMIT_NPROC, "Max processes", "processes" },
        { RLIMIT_NOFILE, "Max open files", "files" }, { RLIMIT_MEMLOCK, "Max locked memory", "bytes" },
        { RLIMIT_AS, "Max address space", "bytes" }, { RLIMIT_LOCKS, "Max file locks", "locks" },
        { RLIMIT_SIGPENDING, "Max pending signals", "signals" }, { RLIMIT_MSGQUEUE, "Max msgqueue size", "bytes" },
        { RLIMIT_NICE, "Max nice priority", "" }, { RLIMIT_RTPRIO, "Max realtime priority", "" },
        { RLIMIT_RTTIME, "Max realtime timeout", "us" },
    };
    fprintf(to, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rlimit limit = process_limit(facts->request, rows[i].resource);
        fprintf(to, "%-25s ", rows[i].name);
        for (int hard = 0; hard < 2; hard++) {
            rlim_t value = hard ? limit.rlim_max : limit.rlim_cur;
            if (value == RLIM_INFINITY)
                fprintf(to, "%-20s ", "unlimited");
            else
                fprintf(to, "%-20llu ", (unsigned long long)value);
        }
        fprintf(to, "%-10s\n", rows[i].unit);
    }
}

static void write_mounts(FILE *to, const struct facts *facts)
{
    const struct personality *own = facts->request->own;
    for (uint32_t i = 0; i < own->grant_count; i++)
        fprintf(to, "porin %s porin %s 0 0\n", own->grants[i].guest, own->grants[i].read_only ? "ro" : "rw");
}

static void write_mount_facts(FILE *to, const struct facts *facts)
{
    const struct personality *own = facts->request->own;
    for (uint32_t i = 0; i < own->grant_count; i++) {
        const char *rights = own->grants[i].read_only ? "ro" : "rw";
        fprintf(to, "%u 1 0:%u / %s %s - porin porin %s\n", i + 2, i + 2, own->grants[i].guest, rights, rights);
    }
}

static void write_memory(FILE *to, const struct facts *facts)
{
    unsigned long long total = facts->limit / 1024, free = facts->limit > facts->used ? (facts->limit - facts->used) / 1024 : 0;
    fprintf(to, "MemTotal: %llu kB\nMemFree: %llu kB\nMemAvailable: %llu kB\nBuffers: 0 kB\nCached: 0 kB\nSwapTotal: 0 kB\n"
            "SwapFree: 0 kB\n", total, free, free);
}

static void write_processor(FILE *to, const struct facts *facts)
{
    (void)facts;
    fprintf(to, "processor\t: 0\nvendor_id\t: Porin\nmodel name\t: domain\ncpu cores\t: 1\n\n");
}

static void write_uptime(FILE *to, const struct facts *facts)
{
    struct timespec now;
    (void)facts;
    clock_gettime(CLOCK_MONOTONIC, &now);
    fprintf(to, "%lld.%02ld 0.00\n", (long long)now.tv_sec, now.tv_nsec / 10000000);
}

static void write_load(FILE *to, const struct facts *facts)
{
    fprintf(to, "0.00 0.00 0.00 1/%u %d\n", threads_of(facts->request->domain), facts->request->own->process);
}

static void write_times(FILE *to, const struct facts *facts)
{
    struct timespec now, up;
    (void)facts;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_MONOTONIC, &up);
    fprintf(to, "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nintr 0\nctxt 0\nbtime %lld\nprocesses 1\nprocs_running 1\n"
            "procs_blocked 0\n", (long long)(now.tv_sec - up.tv_sec));
}

static void write_uuid(FILE *to, const struct facts *facts)
{
    uint8_t bytes[16] = { 0 };
    (void)facts;
    (void)!getrandom(bytes, sizeof bytes, 0);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4, and its variant */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++)
        fprintf(to, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
    fputc('\n', to);
}

static void write_score(FILE *to, const struct facts *facts)
{
    (void)facts;
    fprintf(to, "%d\n", score_host());
}

/* What holds of all domains stands here as it is read. */
static const struct { const char *path; void (*write)(FILE *to, const struct facts *facts); const char *text; } files[] = {
    { "/proc/self/stat", write_stat, NULL }, { "/proc/self/statm", write_statm, NULL }, { "/proc/self/status", write_status, NULL },
    { "/proc/self/cmdline", write_command, NULL }, { "/proc/self/comm", write_name, NULL }, { "/proc/self/maps", write_maps, NULL },
    { "/proc/self/smaps", write_pages, NULL }, { "/proc/self/smaps_rollup", write_pages, NULL },
    { "/proc/self/limits", write_limits, NULL }, { "/proc/self/mounts", write_mounts, NULL }, { "/proc/mounts", write_mounts, NULL },
    { "/etc/mtab", write_mounts, NULL }, { "/proc/self/mountinfo", write_mount_facts, NULL }, { PROC_SCORE, write_score, NULL },
    { "/proc/self/cgroup", NULL, "0::/\n" }, { "/proc/self/uid_map", NULL, "         0          0 4294967295\n" },
    { "/proc/meminfo", write_memory, NULL }, { "/proc/cpuinfo", write_processor, NULL }, { "/proc/uptime", write_uptime, NULL },
    { "/proc/loadavg", write_load, NULL }, { "/proc/stat", write_times, NULL },
    { "/proc/version", NULL, SYSTEM_NAME " version " SYSTEM_RELEASE " (" SYSTEM_VERSION ")\n" },
    { "/proc/filesystems", NULL, "nodev\tporin\n" },
    { "/proc/sys/kernel/ostype", NULL, SYSTEM_NAME "\n" }, { "/proc/sys/kernel/osrelease", NULL, SYSTEM_RELEASE "\n" },
    { "/proc/sys/kernel/version", NULL, SYSTEM_VERSION "\n" }, { "/proc/sys/kernel/hostname", NULL, SYSTEM_HOST "\n" },
    { "/proc/sys/kernel/domainname", NULL, "(none)\n" }, { "/proc/sys/kernel/pid_max", NULL, "4194304\n" },
    { "/proc/sys/kernel/threads-max", NULL, "4194304\n" }, { "/proc/sys/kernel/ngroups_max", NULL, "65536\n" },
    { "/proc/sys/kernel/cap_last_cap", NULL, "40\n" }, { "/proc/sys/kernel/random/uuid", write_uuid, NULL },
    { "/proc/sys/kernel/random/entropy_avail", NULL, "256\n" },
    { "/proc/sys/vm/overcommit_memory", NULL, "1\n" }, { "/proc/sys/vm/max_map_count", NULL, "65530\n" },
    { "/proc/sys/fs/file-max", NULL, "9223372036854775807\n" }, { "/proc/sys/fs/nr_open", NULL, "1048576\n" },
    { "/proc/sys/fs/pipe-max-size", NULL, "1048576\n" },
    { "/proc/sys/net/core/somaxconn", NULL, "4096\n" }, { "/proc/sys/net/ipv4/ip_local_port_range", NULL, "32768\t60999\n" },
    { "/proc/sys/net/ipv4/tcp_max_syn_backlog", NULL, "4096\n" },
    { "/sys/devices/system/cpu/online", NULL, "0\n" }, { "/sys/devices/system/cpu/possible", NULL, "0\n" },
    { "/sys/kernel/mm/transparent_hugepage/enabled", NULL, "always madvise [never]\n" },
};

static size_t file_of(const char *path)
{
    size_t i = 0;
    while (i < sizeof files / sizeof files[0] && strcmp(files[i].path, path) != 0)
        i++;
    return i;
}

bool text_known(const char *path)
{
    return file_of(path) < sizeof files / sizeof files[0];
}

char *text_make(const struct request *request, const char *path, size_t *size)
{
    char *text = NULL;
    struct domain_memory *memory = &request->domain->memory;
    size_t which = file_of(path);
    pthread_mutex_lock(&memory->lock);
    struct facts facts = { request, memory->used_bytes, memory->limit_bytes };
    pthread_mutex_unlock(&memory->lock);
    if (facts.limit > SLOT_BYTES)
        facts.limit = SLOT_BYTES;
    FILE *to = open_memstream(&text, size);
    if (!to)
        return NULL;
    if (files[which].write)
        files[which].write(to, &facts);
    else
        fputs(files[which].text, to);
    bool good = !ferror(to);
    if (fclose(to) == 0 && good)
        return text;
    free(text);
    return NULL;
}
