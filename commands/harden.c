/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filters of `porin run` and of who reads images for it. */
#define _GNU_SOURCE
#include "harden.h"
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define WRITE_EXECUTE (PROT_WRITE | PROT_EXEC)
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Never writable and executable, and nothing becomes executable that was mapped otherwise. */
static int allow_memory(scmp_filter_ctx filter)
{
    static const unsigned protections[] = { 0, PROT_WRITE, PROT_EXEC };
    int status = 0;
    for (size_t i = 0; i < sizeof protections / sizeof protections[0]; i++)
        status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, WRITE_EXECUTE, protections[i]));
    return status | seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* Calls that are allowed with some arguments only. */
static int allow_limited(scmp_filter_ctx filter)
{
    static const unsigned questions[] = { TIOCGWINSZ, TCGETS, FIONREAD, FIONBIO, FIOASYNC, TCSETS, TCSETSW, TCSETSF, TCFLSH,
                                          TCSBRK, TIOCGPGRP, TIOCSPGRP, TIOCGSID };
    static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
    int status = 0;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, questions[i]));
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                   SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)families[i]));
    status |= allow_memory(filter);
    status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES, 0));
    /* its flags lie in memory that a filter cannot see: the C library falls back to clone */
    return status | seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* Names are made in directories that are open, and no link is followed. */
static int allow_links(scmp_filter_ctx filter)
{
    const scmp_datum_t negative = 0x80000000;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(symlinkat), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, negative, 0)) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(linkat), 3, SCMP_A0(SCMP_CMP_MASKED_EQ, negative, 0),
                            SCMP_A2(SCMP_CMP_MASKED_EQ, negative, 0), SCMP_A4(SCMP_CMP_MASKED_EQ, UINT32_MAX, 0));
}

/* A raised limit is the process's to ask for before, not after. */
static int allow_asking_limits(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
}

bool harden_process(void)
{
    static const int allowed[] = {
#define CALL(name) SCMP_SYS(name),
#include "host_calls.def"
#undef CALL
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return false;
    int status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a list, where the library can */
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    status |= allow_limited(filter) | allow_links(filter) | allow_asking_limits(filter);
    if (!status)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status == 0;
}

bool harden_reader(void)
{
    static const int allowed[] = {
        SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
        SCMP_SYS(access), SCMP_SYS(readlink), SCMP_SYS(getcwd), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(execve),
        SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(arch_prctl), SCMP_SYS(set_tid_address), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
        SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(rt_sigreturn),
    };
    const scmp_datum_t writes = O_ACCMODE | O_CREAT | O_TRUNC;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return false;
    int status = 0;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    status |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writes, O_RDONLY));
    status |= allow_memory(filter) | allow_asking_limits(filter);
    if (!status)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status == 0;
}
