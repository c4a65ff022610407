/* SPDX-License-Identifier: Apache-2.0 */
/* Deaths of domains: what the caller learns, who survives, and that the host's own faults stay the host's. */
#include "library_fixture.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* A call that must end with this status. */
static const struct porin_error *call_dies(porin_domain *domain, const char *name, uint64_t a, porin_status status)
{
    uint64_t result;
    assert_int_equal(porin_call6(entry(domain, name), &result, a, 0, 0, 0, 0, 0), status);
    return porin_last_error();
}

static void test_kinds_of_faults(void **state)
{
    static const struct { const char *function; uint64_t argument; int signal; uint32_t address; } kinds[] = {
        { "peek", 0, SIGSEGV, 0 },                /* NULL */
        { "peek", 0xfff8, SIGSEGV, 0xfff8 },      /* the lower edge */
        { "peek", 0xffffffff, SIGSEGV, 0xffffffff }, /* the upper edge, into the guard */
        { "poke", PORIN_IMAGE_BASE, SIGSEGV, PORIN_IMAGE_BASE }, /* own text */
        { "poke", PORIN_GATES_SERVICE, SIGSEGV, PORIN_GATES_SERVICE },
        { "poke", PORIN_GATES_IMPORT, SIGSEGV, PORIN_GATES_IMPORT },
        { "poke", IMAGE_CONSTANTS, SIGSEGV, IMAGE_CONSTANTS },
        { "trap", 0, SIGILL, 0 },
        { "divide", 0, SIGFPE, 0 },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        porin_domain *domain = domain_make(library, "victim");
        const struct porin_error *error = call_dies(domain, kinds[i].function, kinds[i].argument, PORIN_ERR_FAULT);
        assert_int_equal(error->signal, kinds[i].signal);
        assert_int_equal(error->address, kinds[i].address);
        assert_int_equal(error->fault, kinds[i].signal == SIGSEGV ? PORIN_FAULT_ACCESS : PORIN_FAULT_INSTRUCTION);
        assert_string_equal(error->domain, "victim");
        assert_string_equal(error->entry, kinds[i].function);
        assert_true(!strstr(error->text, "accessing") == (kinds[i].signal != SIGSEGV));
        assert_int_equal(error->registers.rdi, kinds[i].argument);
        assert_in_range(error->offset, PORIN_IMAGE_BASE, PORIN_IMAGE_BASE + 0x1000);
        assert_int_equal(call_dies(domain, "add", 1, PORIN_ERR_GONE)->status, PORIN_ERR_GONE);
        porin_domain_destroy(domain);
    }
    (void)state;
}

static void test_control_stack_overflow(void **state)
{
    porin_domain *domain = domain_make(library, "deep");
    const struct porin_error *error = call_dies(domain, "recurse", 77, PORIN_ERR_FAULT);
    assert_int_equal(error->signal, SIGSEGV);
    assert_int_equal(error->fault, PORIN_FAULT_CONTROL_STACK);
    assert_int_equal(error->address, 0); /* nothing of a host's address */
    assert_non_null(strstr(error->text, "control stack is full"));
    assert_int_equal(error->registers.rdi, 77);
    assert_int_equal(error->trace_count, PORIN_TRACE_MAX);
    for (uint32_t i = 0; i < PORIN_TRACE_MAX; i++)
        assert_in_range(error->trace[i], error->offset, error->offset + 5);
    assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    assert_int_equal(call(domain, "add", 1, 2), 3);
    porin_domain_destroy(domain);
    (void)state;
}

static void test_exit(void **state)
{
    porin_domain *domain = domain_make(library, "leaver");
    assert_int_equal(call_dies(domain, "leave", 23, PORIN_ERR_EXIT)->exit_code, 23);
    call_dies(domain, "add", 1, PORIN_ERR_GONE);
    porin_domain_destroy(domain);
    (void)state;
}

/* host -> a -> b -> c dies: b gets the error and lives. */
static void test_nearest_caller_survives(void **state)
{
    static const char *const deaths[] = { "trap", "recurse", "divide", "leave" };
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++) {
        porin_domain *a = domain_make(library, "a"), *b = domain_make(library, "b"), *c = domain_make(library, "c");
        const struct porin_edge_options special = { .policy = PORIN_POLICY_REGISTER_INTEGRITY, .fault_value = -77 };
        assert_int_equal(porin_domain_bind(a, "first", entry(b, "first"), NULL, NULL), PORIN_OK);
        assert_int_equal(porin_domain_bind(b, "first", entry(c, deaths[i]), &special, NULL), PORIN_OK);
        assert_int_equal(call(a, "first", 1, 2), (uint64_t)-77);
        assert_int_equal(call(b, "error", 0, 0), i == 3 ? PORIN_ERR_EXIT : PORIN_ERR_FAULT);
        assert_int_equal(call(a, "error", 0, 0), 0); /* it was b's call, and nobody else's business */
        assert_int_equal(call(b, "add", 1, 2), 3);
        assert_int_equal(call(a, "first", 1, 2), (uint64_t)-77); /* c is dead and stays so */
        assert_int_equal(call(b, "error", 0, 0), PORIN_ERR_GONE);
        assert_int_equal(porin_domain_reset(c, NULL), PORIN_OK); /* edges outlive a reset */
        assert_int_equal(call(a, "first", 1, 2), (uint64_t)-77);
        assert_int_equal(call(b, "error", 0, 0), i == 3 ? PORIN_ERR_EXIT : PORIN_ERR_FAULT);
        porin_domain_destroy(c);
        porin_domain_destroy(b);
        porin_domain_destroy(a);
    }
    (void)state;
}

/* a -> b -> a dies in the inner activation: b gets the error, returns, and a's outer activation ends too. */
static void test_outer_activation_of_the_dead(void **state)
{
    porin_domain *a = domain_make(library, "a"), *b = domain_make(library, "b");
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "first"), NULL, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(b, "first", entry(a, "trap"), NULL, NULL), PORIN_OK);
    assert_int_equal(call_dies(a, "first", 0, PORIN_ERR_FAULT)->signal, SIGILL);
    assert_string_equal(porin_last_error()->domain, "a");
    assert_int_equal(call(b, "error", 0, 0), PORIN_ERR_FAULT);
    assert_int_equal(call(b, "add", 2, 3), 5);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

/* Mutual recursion without end: an error where the control stack ends, and all calls come back. */
static void test_endless_mutual_recursion(void **state)
{
    porin_domain *a = domain_make(library, "a"), *b = domain_make(library, "b");
    assert_int_equal(porin_domain_bind(a, "first", entry(b, "first"), NULL, NULL), PORIN_OK);
    assert_int_equal(porin_domain_bind(b, "first", entry(a, "first"), NULL, NULL), PORIN_OK);
    assert_int_equal(call(a, "first", 0, 0), UINT64_MAX);
    assert_int_equal(call(a, "error", 0, 0) + call(b, "error", 0, 0), PORIN_ERR_LIMIT); /* of the one that called last */
    assert_int_equal(call(a, "add", 1, 1), 2);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
    (void)state;
}

static volatile int *volatile nowhere = (volatile int *)16;
static sigjmp_buf host_return_point;
static volatile sig_atomic_t host_signals;

static void on_host_fault(int signal)
{
    host_signals++;
    siglongjmp(host_return_point, signal);
}

/* Runs in a child, where the host has a handler from before the runtime started. */
static void child_host_faults(void)
{
    struct sigaction action = { .sa_handler = on_host_fault };
    sigaction(SIGSEGV, &action, NULL);
    porin_image *image = image_make_library(2);
    porin_domain *domain = domain_make(image, "d");
    uint64_t result;
    for (int i = 0; i < 3; i++) {
        if (sigsetjmp(host_return_point, 1) == 0) {
            *nowhere = 1; /* the host's own fault */
            _exit(1);
        }
        if (host_signals != i + 1)
            _exit(2);
        if (porin_call6(entry(domain, "peek"), &result, 0, 0, 0, 0, 0, 0) != PORIN_ERR_FAULT || host_signals != i + 1)
            _exit(3); /* a domain's fault is not shown to the host */
        if (porin_domain_reset(domain, NULL) != PORIN_OK)
            _exit(4);
    }
    if (sigsetjmp(host_return_point, 1) == 0)
        kill(getpid(), SIGSEGV); /* sent by somebody: the host's too */
    _exit(host_signals == 4 ? 0 : 5);
}

static int run_in_child(void (*body)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void child_default_action(void)
{
    signal(SIGSEGV, SIG_DFL); /* cmocka has one */
    porin_image *image = image_make_library(2);
    call(domain_make(image, "d"), "add", 1, 2);
    *nowhere = 1;
}

static void on_alarm_fault(int signal)
{
    (void)signal;
    *nowhere = 1;
}

/* A handler of the host's that has interrupted a domain: its fault is no fault of the domain's. */
static void child_handler_faults(void)
{
    struct sigaction action = { .sa_handler = on_alarm_fault, .sa_flags = SA_ONSTACK };
    signal(SIGSEGV, SIG_DFL);
    sigaction(SIGALRM, &action, NULL);
    porin_domain *domain = domain_make(image_make_library(2), "d");
    uint64_t result;
    setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 20000 } }, NULL);
    porin_call6(entry(domain, "loop"), &result, UINT64_MAX, 0, 0, 0, 0, 0);
}

static void test_host_faults_stay_the_hosts(void **state)
{
    (void)state;
    void (*const faults[])(void) = { child_default_action, child_handler_faults };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        int status = run_in_child(faults[i]);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    }
}

#ifdef __SANITIZE_ADDRESS__
static int report_pipe[2];

/* AddressSanitizer has installed its handlers before Porin: a domain's fault is not its business, the host's own is. */
static void child_beside_the_sanitizer(void)
{
    dup2(report_pipe[1], 2);
    porin_image *image = image_make_library(2);
    porin_domain *domain = domain_make(image, "d");
    uint64_t result;
    if (porin_call6(entry(domain, "peek"), &result, 0, 0, 0, 0, 0, 0) != PORIN_ERR_FAULT)
        _exit(100);
    *nowhere = 1;
}

static int sanitizer_reports(void)
{
    char text[4096] = "";
    if (pipe(report_pipe) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        child_beside_the_sanitizer();
        _exit(101);
    }
    close(report_pipe[1]);
    size_t got = 0;
    for (ssize_t more; got < sizeof text - 1 && (more = read(report_pipe[0], text + got, sizeof text - 1 - got)) > 0;)
        got += (size_t)more;
    int status;
    waitpid(child, &status, 0);
    bool good = WIFEXITED(status) && WEXITSTATUS(status) < 100 && strstr(text, "AddressSanitizer: SEGV on unknown address 0x000000000010");
    if (!good)
        fprintf(stderr, "beside AddressSanitizer: status %#x, %s\n", status, text);
    return !good;
}
#else
static int sanitizer_reports(void)
{
    return 0;
}
#endif

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
    (void)signal;
    alarms++;
}

/* Attack 9: a domain at the end of its control stack while the host's timer fires. */
static void test_alarm_at_the_end_of_the_stack(void **state)
{
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART };
    struct itimerval every = { { 0, 500 }, { 0, 500 } }, never = { 0 };
    porin_domain *domain = domain_make(library, "deep");
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    for (int i = 0; i < 200; i++) {
        call_dies(domain, "recurse", 0, PORIN_ERR_FAULT);
        assert_int_equal(porin_domain_reset(domain, NULL), PORIN_OK);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(alarms > 0);
    porin_domain_destroy(domain);
    (void)state;
}

/* Copies survive what a domain can do to its memory. */
static void test_copies_survive(void **state)
{
    porin_domain *domain = domain_make(library, "d");
    char buffer[64], text[8];
    call(domain, "add", 1, 2);
    assert_int_equal(porin_copy_in(buffer, domain, (porin_addr){ IMAGE_DATA }, 32), PORIN_OK);
    assert_int_equal(buffer[31], 0x5a);
    assert_int_equal(porin_copy_in(buffer, domain, (porin_addr){ 0 }, 1), PORIN_ERR_RANGE);
    assert_int_equal(porin_copy_in(buffer, domain, (porin_addr){ 0xffffffff }, 2), PORIN_ERR_RANGE);
    assert_int_equal(porin_copy_in(buffer, domain, (porin_addr){ 0xfffffff0 }, SIZE_MAX), PORIN_ERR_RANGE);
    assert_int_equal(porin_copy_out(domain, (porin_addr){ PORIN_IMAGE_BASE }, "x", 1), PORIN_ERR_RANGE);
    assert_int_equal(porin_copy_out(domain, (porin_addr){ PORIN_GATES_IMPORT }, "x", 1), PORIN_ERR_RANGE);
    assert_int_equal(porin_copy_out(domain, (porin_addr){ IMAGE_DATA }, "abcdefg", 8), PORIN_OK);
    assert_int_equal(porin_copy_string_in(text, sizeof text, domain, (porin_addr){ IMAGE_DATA }), PORIN_OK);
    assert_string_equal(text, "abcdefg");
    assert_int_equal(porin_copy_string_in(text, 7, domain, (porin_addr){ IMAGE_DATA }), PORIN_ERR_RANGE);
    assert_int_equal(porin_copy_string_in(text, 7, domain, (porin_addr){ 0 }), PORIN_ERR_RANGE);
    porin_domain_destroy(domain);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_of_faults),
        cmocka_unit_test(test_control_stack_overflow),
        cmocka_unit_test(test_exit),
        cmocka_unit_test(test_nearest_caller_survives),
        cmocka_unit_test(test_outer_activation_of_the_dead),
        cmocka_unit_test(test_endless_mutual_recursion),
        cmocka_unit_test(test_host_faults_stay_the_hosts),
        cmocka_unit_test(test_alarm_at_the_end_of_the_stack),
        cmocka_unit_test(test_copies_survive),
    };
    /* before the runtime starts in this process */
    if (sanitizer_reports())
        return 1;
    int status = run_in_child(child_host_faults);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        fprintf(stderr, "the host's handlers do not get the host's faults: status %#x\n", status);
        return 1;
    }
    return cmocka_run_group_tests(tests, make_library, drop_library);
}
