/* SPDX-License-Identifier: Apache-2.0 */
/* Calls, jumps, returns, stacks and setjmp's buffer: control that tries to leave the labels. */
#define _GNU_SOURCE
#include "world.h"
#include "layout.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

static const struct attack jumps[] = {
    {"call 0", "call", DIES, SIGSEGV, {0}},
    {"jump to 0", "jump", DIES, SIGSEGV, {0}},
    {"call into the last edge", "call", DIES, SIGSEGV, {0xfffffffe}},
    {"call behind the slot", "call", DIES, SIGSEGV, {0xffffffff}},
    {"call the middle of text", "call", DIES, SIGILL, {PORIN_IMAGE_BASE + 1}},
    {"jump into the middle of text", "jump", DIES, SIGILL, {PORIN_IMAGE_BASE + 7}},
    {"call a service gate behind its label", "call", DIES, SIGILL, {PORIN_GATE_SERVICE_CALL + 4}},
    {"jump to the empty gates", "jump", DIES, SIGILL, {PORIN_GATES_SERVICE + 0x2000}},
    {"label in static data", "plant", DIES, SIGSEGV, {0}},
    {"label on the stack", "plant", DIES, SIGSEGV, {1}},
    {"label on the heap", "plant", DIES, SIGSEGV, {2}},
    {"label in mapped memory", "plant", DIES, SIGSEGV, {3}},
    {"call the import that nobody bound", "call_other", WORKS, 0, {1, 2}},
};

static const struct attack stacks[] = {
    {"overflow of an array by 64 bytes", "smash", WORKS, 8, {64, 0x41}},
    {"overflow with labels' bytes", "smash", WORKS, 8, {100, 0xf3}},
    {"overflow into the gates", "smash", DIES, SIGSEGV, {4096, 0xf3}},
    {"overflow of all of the stack", "smash", DIES, SIGSEGV, {0x100000, 0x41}},
    {"recursion", "recurse", WORKS, 100, {100}},
    {"recursion to the end of the data stack", "recurse", DIES, SIGSEGV, {1ull << 60}},
    {"recursion to the end of the control stack", "recurse_control", DIES, SIGSEGV, {0}},
    {"returns without calls", "extra_returns", RETURNS, 0, {0}},
    {"alloca of 512 KiB", "huge_alloca", DIES, SIGSEGV, {1 << 19}},
    {"alloca of 2 GiB", "huge_alloca", SURVIVED, 0, {1ull << 31}},
    {"alloca of 4 GiB - 64", "huge_alloca", SURVIVED, 0, {(1ull << 32) - 64}},
    {"alloca of 2^64 - 16", "huge_alloca", SURVIVED, 0, {(uint64_t)-16}},
    {"return with the stack at 0", "return_stack", RETURNS, 0, {0}},
    {"return with the stack at the end", "return_stack", RETURNS, 0, {0xffffffff}},
    {"return with the stack in the gates", "return_stack", RETURNS, 0, {PORIN_GATES_SERVICE + 8}},
    {"service with the stack at 0", "service_stack", RETURNS, 0, {0}},
    {"service with a crooked stack", "service_stack", RETURNS, 0, {0x13}},
    {"service with the stack at the end", "service_stack", RETURNS, 0, {0xffffffff}},
    {"fault with the stack at 0", "fault_stack", DIES, SIGILL, {0}},
    {"fault with the stack in the edge", "fault_stack", DIES, SIGILL, {0xfffffff1}},
    {"gate of setjmp by a jump", "jump_depth", DIES, SIGILL, {0}},
    {"gate of setjmp by an entry, not by a function of its", "call_depth", DIES, SIGILL, {0}},
    {"gate of longjmp: nowhere", "jump_far", DIES, SIGSEGV, {0, 8}},
    {"gate of longjmp: no label", "jump_far", DIES, SIGILL, {PORIN_IMAGE_BASE + 1, 8}},
    {"gate of longjmp: depth beyond the base", "jump_far", DIES, SIGILL, {PORIN_IMAGE_BASE, 1 << 20}},
    {"gate of longjmp: depth 2^63", "jump_far", DIES, SIGILL, {PORIN_IMAGE_BASE, 1ull << 63}},
    {"gate of longjmp: depth -8", "jump_far", DIES, SIGILL, {PORIN_IMAGE_BASE, (uint64_t)-8}},
    {"gate of longjmp: crooked depth", "jump_far", DIES, SIGILL, {PORIN_IMAGE_BASE, 5}},
    {"gate of longjmp: depth 0", "jump_far", DIES, SIGILL, {PORIN_IMAGE_BASE, 0}},
    {"gate of longjmp: landing in data", "jump_far", DIES, SIGSEGV, {0xfffffffe, 8}},
};

static void buffers(void)
{
    static const uint64_t values[] = {0, 1, 4, 8, 16, 24, 0x1000, 0x100000, PORIN_GATE_SERVICE_CALL, PORIN_GATE_LONGJMP, PORIN_GATES_IMPORT,
                                      PORIN_IMAGE_BASE, PORIN_IMAGE_BASE + 1, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 32, 1ull << 63,
                                      (uint64_t)-8, (uint64_t)-1};
    attack_run(&(struct attack){"longjmp with an honest buffer", "forge", WORKS, 105, {99}});
    for (uint64_t word = 0; word < 8; word++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            for (uint64_t add = 0; add < 2; add++) {
                char name[100];
                snprintf(name, sizeof name, "longjmp, word %d %s %#llx", (int)word, add ? "plus" : "set to", (unsigned long long)values[i]);
                attack_run(&(struct attack){name, "forge", SURVIVED, 0, {word, values[i], add}});
            }
    /* depth and landing are words 5 and 6: too deep, too shallow, crooked, and no label */
    const struct attack table[] = {
        {"deeper than now", "forge", DIES, SIGILL, {5, 64, 1}}, {"deeper by one", "forge", DIES, SIGILL, {5, 32, 1}},
        {"above the base", "forge", DIES, SIGILL, {5, (uint64_t)-4096, 1}}, {"crooked", "forge", DIES, SIGILL, {5, 4, 1}},
        {"beside the label", "forge", DIES, SIGILL, {6, 1, 1}}, {"behind the label", "forge", DIES, SIGILL, {6, 4, 1}},
    };
    ATTACKS(table);
}

/* A buffer of an activation that is over, used in a later one. */
static void stale_buffers(void)
{
    static const char *const pairs[][2] = {{"remember", "jump_back"}, {"remember_deep", "jump_back"}, {"remember", "jump_back_deep"},
                                           {"remember_deep", "jump_back_deep"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        porin_domain *domain = domain_new("stale", 0);
        domain_ask(domain, pairs[i][0], 0, 0);
        attack_in(domain, &(struct attack){"longjmp to an activation that is over", pairs[i][1], SURVIVED, 0, {0}});
        porin_domain_destroy(domain);
    }
}

/* a -> b -> a: the inner activation jumps to a buffer of the outer one, over b's gate. */
static void over_a_gate(void)
{
    porin_domain *a = domain_new("a", 0), *b = domain_new("b", 0);
    struct porin_error error;
    porin_entry entry;
    bool bound = porin_entry_find(b, "call_other", &entry, &error) == PORIN_OK && porin_domain_bind(a, "other", entry, NULL,
        &error) == PORIN_OK &&
                 porin_entry_find(a, "jump_back", &entry, &error) == PORIN_OK && porin_domain_bind(b, "other", entry, NULL,
                     &error) == PORIN_OK;
    struct result result = domain_call(a, "remember_and_call", (uint64_t[6]){1, 2});
    attack_note("longjmp over another domain's gate", bound && result.status == PORIN_ERR_FAULT, result.text);
    result = domain_call(b, "add", (uint64_t[6]){2, 3});
    attack_note("the domain between", result.status == PORIN_OK && result.value == 5, result.text);
    porin_domain_destroy(a);
    porin_domain_destroy(b);
}

/* Every byte of gates and text as the target of a call: it is a label or it is death, and the host never notices. */
static void everywhere(uint32_t from, uint32_t to, const char *what)
{
    static unsigned char bytes[1 << 20];
    porin_domain *domain = domain_new("everywhere", 0);
    const uint8_t label[4] = {0xf3, 0x0f, 0x1e, 0xfa};
    char wrong[200] = "";
    struct porin_error error;
    domain_ask(domain, "add", 1, 1);
    for (uint32_t at = from; at < to; at++) /* what a domain may read; libporin's own view of gates is not in porin_copy_in */
        bytes[at - from] = (unsigned char)domain_ask(domain, "peek_byte", at, 0);
    for (uint32_t at = from; at + 4 <= to && !*wrong; at++) {
        if (memcmp(bytes + at - from, label, 4) == 0)
            continue;
        struct result result = domain_call(domain, at & 1 ? "go" : "go_call", (uint64_t[6]){at});
        if (result.status != PORIN_ERR_FAULT || result.signal != SIGILL)
            snprintf(wrong, sizeof wrong, "target %#x: %.150s", (unsigned)at, result.status == PORIN_OK ? "returned" : result.text);
        if (porin_domain_reset(domain, &error) != PORIN_OK)
            snprintf(wrong, sizeof wrong, "reset: %.150s", error.text);
    }
    attack_note(what, !*wrong, wrong);
    porin_domain_destroy(domain);
}

static volatile sig_atomic_t alarms;
static void on_alarm(int signal) { alarms += signal == SIGALRM; }

/* The host's timer goes off all the time while domains run out of their stacks. */
static void alarms_at_the_end(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART};
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 20; i++) {
        attack_run(&(struct attack){"end of the control stack under alarms", "recurse_control", DIES, SIGSEGV, {0}});
        attack_run(&(struct attack){"end of the data stack under alarms", "recurse", DIES, SIGSEGV, {1ull << 60}});
        attack_run(&(struct attack){"stack at 0 under alarms", "fault_stack", DIES, SIGILL, {0}});
    }
    setitimer(ITIMER_REAL, &never, NULL);
    attack_note("the alarms came", alarms > 0, "no alarm went off");
}

void control_attacks(const char *folder)
{
    (void)folder;
    ATTACKS(jumps);
    ATTACKS(stacks);
    buffers();
    stale_buffers();
    over_a_gate();
    everywhere(PORIN_GATES_SERVICE, PORIN_GATES_SERVICE + PORIN_SERVICE_GATES * PORIN_SERVICE_GATE_SIZE,
        "a call of every byte of the gates");
    everywhere(PORIN_GATES_IMPORT, PORIN_GATES_IMPORT + PORIN_GATE_SIZE, "a call of every byte of an import's gate");
    everywhere(PORIN_IMAGE_BASE, PORIN_IMAGE_BASE + 4096, "a call of every byte of the first page of text");
    alarms_at_the_end();
}
