/* SPDX-License-Identifier: Apache-2.0 */
/* Default deny: what is no row of the table does not exist, and what was not granted is refused before anything is looked at. */
#include "personality/personality.h"
#include "personality_world.h"
#include <sys/socket.h>

static const struct row { uint64_t number; const char *name; uint32_t family; const char *handler; } rows[] = {
#define SERVICE(number, name, arguments, family, handler, state, note) { number, #name, FAMILY_##family, #handler },
#include "services.def"
#undef SERVICE
};
#define ROWS (sizeof rows / sizeof rows[0])

static porin_domain *domain_with(uint32_t grants)
{
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain = NULL;
    porin_domain_options_default(&options);
    options.grants = grants;
    options.stdio[0] = options.stdio[1] = options.stdio[2] = -1;
    if (world_create(&options, &domain, &error) != PORIN_OK)
        fail_msg("no domain: %s", error.text);
    return domain;
}

/* Ends the domain, which only a domain can do to itself: never asked for here. */
static bool ends_domain(const char *name)
{
    return strcmp(name, "pause") == 0 || strcmp(name, "exit") == 0 || strcmp(name, "exit_group") == 0 || strcmp(name, "exit_unmap") == 0;
}

static void what_is_not_granted_is_refused(void **state)
{
    (void)state;
    for (uint32_t grants = 0; grants < 128; grants++) {
        porin_domain *domain = domain_with(grants);
        for (size_t i = 0; i < ROWS; i++) {
            bool granted = rows[i].family == FAMILY_ALWAYS || (rows[i].family & grants);
            if (granted)
                continue;
            int64_t result = ask(domain, rows[i].number, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
            if (result != -EPERM)
                fail_msg("%s with grants %u: %lld", rows[i].name, grants, (long long)result);
        }
        porin_domain_destroy(domain);
    }
}

/* Rows that are there to say that nobody is granted this. */
static bool always_refuses(const struct row *row)
{
    return strcmp(row->handler, "refuse") == 0;
}

/* Rows that refuse these arguments, or this domain, even when their family is granted. */
static bool may_refuse(const char *name)
{
    static const char *const names[] = { "fork", "vfork",
                                         "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", /* to 0 */
                                         "fchown", "fchownat",
                                         "function_call" /* of a number that the host has not given */,
                                         "capability_keep", "capability_take", "dom_capability" /* of an image that uses none */ };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* With senseless arguments each granted service answers with an error of its own, not with -EPERM or -ENOSYS; what nobody is granted, with
 * the former. */
static void what_is_granted_is_answered(void **state)
{
    (void)state;
    porin_domain *domain = domain_with(127);
    for (size_t i = 0; i < ROWS; i++) {
        if (ends_domain(rows[i].name) || may_refuse(rows[i].name))
            continue;
        int64_t result = ask(domain, rows[i].number, 0, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
        if ((result == -EPERM) != always_refuses(&rows[i]) || (result == -ENOSYS && strcmp(rows[i].name, "futex") != 0))
            fail_msg("%s: %lld", rows[i].name, (long long)result);
    }
    porin_domain_destroy(domain);
}

static void what_is_no_row_does_not_exist(void **state)
{
    (void)state;
    porin_domain *domain = domain_with(127);
    for (uint64_t number = 0; number < 5000; number++) {
        bool known = false;
        for (size_t i = 0; i < ROWS; i++)
            known |= rows[i].number == number;
        if (!known)
            assert_int_equal(ask(domain, number, 0, 0, 0, 0, 0, 0), -ENOSYS);
    }
    const uint64_t far[] = { UINT64_MAX, INT64_MAX, 1ull << 32, (1ull << 32) + 1, 1ull << 63, UINT64_MAX - 511, 0x40000000 };
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
        assert_int_equal(ask(domain, far[i], 0, 0, 0, 0, 0, 0), -ENOSYS);
    porin_domain_destroy(domain);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < i; j++)
            if (rows[i].number == rows[j].number || strcmp(rows[i].name, rows[j].name) == 0)
                fail_msg("%s and %s share a number or a name", rows[i].name, rows[j].name);
    /* what creates processes, traces, maps kernels or changes the host: no row at all, or one that refuses */
    const long never[] = {
        SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_userfaultfd, SYS_io_uring_setup, SYS_perf_event_open, SYS_bpf,
        SYS_clone, SYS_clone3, SYS_mount, SYS_setns, SYS_unshare, SYS_chroot, SYS_ioperm, SYS_modify_ldt, SYS_seccomp, SYS_pidfd_getfd,
        SYS_memfd_create, SYS_rseq, SYS_keyctl,
    };
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < sizeof never / sizeof never[0]; j++)
            if (rows[i].number == (uint64_t)never[j] && !always_refuses(&rows[i]))
                fail_msg("%s is there", rows[i].name);
}

/* Descriptors of a family that was not granted are not there, even if the host gave some. */
static void console_needs_its_grant(void **state)
{
    (void)state;
    struct porin_domain_options options;
    struct porin_error error;
    porin_domain *domain = NULL;
    int host[2]; /* both ends can be read and written */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, host), 0);
    porin_domain_options_default(&options);
    options.stdio[0] = host[0];
    options.stdio[1] = options.stdio[2] = host[1];
    options.grants = PORIN_GRANT_FILES;
    assert_int_equal(world_create(&options, &domain, &error), PORIN_OK);
    assert_int_equal(ask(domain, SYS_write, 1, WORLD_BUFFER, 1), -EBADF);
    porin_domain_destroy(domain);
    options.grants = PORIN_GRANT_CONSOLE;
    assert_int_equal(world_create(&options, &domain, &error), PORIN_OK);
    assert_int_equal(ask(domain, SYS_write, 1, WORLD_BUFFER, 1), 1);
    assert_int_equal(ask(domain, SYS_read, 0, WORLD_BUFFER, 1), 1);
    assert_int_equal(ask(domain, SYS_read, 1, WORLD_BUFFER, 1), -EBADF);
    assert_int_equal(ask(domain, SYS_write, 0, WORLD_BUFFER, 1), -EBADF);
    /* a file made from nothing: the console grant opens none */
    assert_int_equal(ask(domain, SYS_openat, word(AT_FDCWD), put(domain, "/etc/passwd"), 0, 0), -EPERM);
    porin_domain_destroy(domain);
    domain = domain_with(PORIN_GRANT_MEMORY);
    assert_int_equal(ask(domain, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 0), -EPERM);
    porin_domain_destroy(domain);
    /* the host's descriptors survive the domain */
    assert_int_equal(write(host[1], "x", 1), 1);
    close(host[0]);
    close(host[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_granted_is_refused), cmocka_unit_test(what_is_granted_is_answered),
        cmocka_unit_test(what_is_no_row_does_not_exist), cmocka_unit_test(the_table_is_sound), cmocka_unit_test(console_needs_its_grant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
