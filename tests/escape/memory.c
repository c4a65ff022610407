/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes at every interesting address: edges, guards, gates, text, the host, the neighbours. */
#include "world.h"
#include "layout.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define HIGH 0x4000000000000000u /* added to an offset: a pointer is its lower half */

static const struct attack plain[] = {
    {"read at 0", "peek", DIES, SIGSEGV, {0}},
    {"write at 0", "poke", DIES, SIGSEGV, {0, 1}},
    {"read at the end of the first edge", "peek", DIES, SIGSEGV, {PORIN_SLOT_EDGE - 8}},
    {"write below the stack", "poke", DIES, SIGSEGV, {PORIN_SLOT_EDGE, 1}},
    {"read at the last edge", "peek", DIES, SIGSEGV, {0xffff0000}},
    {"write at the last edge", "poke", DIES, SIGSEGV, {0xffff0000, 1}},
    {"read of the last bytes", "peek", DIES, SIGSEGV, {0xfffffff8}},
    {"read across the end", "peek", DIES, SIGSEGV, {0xfffffffc}},
    {"write of a vector across the end", "poke_vector", DIES, SIGSEGV, {0xfffffff9}},
    {"atomic write across the end", "poke_locked", DIES, SIGSEGV, {0xffffffff, 1}},
    {"read of free memory", "peek", DIES, SIGSEGV, {0x90000000}},
    {"read of a service gate: no secret", "peek", RETURNS, 0, {PORIN_GATE_SERVICE_CALL}},
    {"write to a service gate", "poke", DIES, SIGSEGV, {PORIN_GATE_SERVICE_CALL, 0}},
    {"write to the last service gate", "poke_byte", DIES, SIGSEGV, {PORIN_GATE_FENV + 100, 0}},
    {"write behind the service gates", "poke", DIES, SIGSEGV, {PORIN_GATES_SERVICE + PORIN_GATES_SERVICE_SIZE - 8, 0}},
    {"write to an import gate", "poke", DIES, SIGSEGV, {PORIN_GATES_IMPORT, 0}},
    {"write behind the import gates", "poke", DIES, SIGSEGV, {PORIN_IMAGE_BASE - 8, 0}},
    {"write to text", "poke_byte", DIES, SIGSEGV, {PORIN_IMAGE_BASE, 0x90}},
    {"atomic write to text", "poke_locked", DIES, SIGSEGV, {PORIN_IMAGE_BASE + 8, 1}},
    {"a pointer's upper half means nothing", "peek", DIES, SIGSEGV, {HIGH | 8}},
    {"a negative pointer is a high offset", "peek", DIES, SIGSEGV, {(uint64_t)-8}},
    {"biased far below", "peek_biased", DIES, SIGSEGV, {0x140000, (uint64_t)-0x140000}},
    {"biased by 2 GiB below 0", "peek_biased", DIES, SIGSEGV, {0, (uint64_t)-0x80000000ll}},
    {"biased by -2^63", "peek_biased", DIES, SIGSEGV, {0x10, (uint64_t)INT64_MIN}},
    {"biased by 2^40 and back", "peek_biased", RETURNS, 0, {(1ull << 40) + PORIN_IMAGE_BASE, (uint64_t)-(1ll << 40)}},
    {"copy from the end on", "copy_from", DIES, SIGSEGV, {0xfffff000, 65536}},
    {"copy to text", "copy_to", DIES, SIGSEGV, {PORIN_IMAGE_BASE, 64}},
    {"copy to gates", "copy_to", DIES, SIGSEGV, {PORIN_GATES_SERVICE, 4096}},
    {"fill all of the slot", "fill", DIES, SIGSEGV, {PORIN_IMAGE_BASE + 0x100000, 0xffffffff}},
    {"fill 2^63 bytes", "fill", DIES, SIGSEGV, {0x80000000, 1ull << 63}},
    {"length of what has no end", "length", DIES, SIGSEGV, {0xfffe0000}},
};

/* The forms' farthest reach: from each end of the slot, with the largest displacements. */
static const struct attack far[] = {
    {"r11 0 - 2 GiB", "far_low", DIES, SIGSEGV, {0}},
    {"r11 2 GiB - 1 - 2 GiB", "far_low", DIES, SIGSEGV, {0x7fffffff}},
    {"r11 4 GiB - 1 + 2 GiB - 1", "far_high", DIES, SIGSEGV, {0xffffffff}},
    {"r11 2 GiB + 2 GiB - 1", "far_high", DIES, SIGSEGV, {0x80000001}},
    {"r11 0 - 2 GiB, write", "far_low_write", DIES, SIGSEGV, {0}},
    {"r11 2 GiB - 8 - 2 GiB, write", "far_low_write", DIES, SIGSEGV, {0x7ffffff8}},
    {"r11 4 GiB - 1 + 2 GiB - 1, vector write", "far_high_write", DIES, SIGSEGV, {0xffffffff}},
    {"r15 0 - 2 GiB", "far_stack_low", DIES, SIGSEGV, {0}},
    {"r15 4 GiB - 1 + 2 GiB - 1", "far_stack_high", DIES, SIGSEGV, {0xffffffff}},
    {"rip - 2 GiB", "far_instruction_low", DIES, SIGSEGV, {0}},
    {"rip + 2 GiB", "far_instruction_high", DIES, SIGSEGV, {0}},
    {"r11 wraps to 8", "wrap_address", DIES, SIGSEGV, {0x11c71c72}},
    {"r15 wraps to the top", "wrap_stack", DIES, SIGSEGV, {1}},
    {"rep stos over the end", "store_far", DIES, SIGSEGV, {0xfffffff0, 1ull << 40}},
    {"rep stos from 0", "store_far", DIES, SIGSEGV, {0, 1}},
    {"rep stos over text", "store_far", DIES, SIGSEGV, {PORIN_IMAGE_BASE - 64, 128}},
    {"rep stos of nothing at all", "store_far", RETURNS, 0, {0xffffffffffffffff, 0}},
    {"rep movs from beyond the end", "move_far", DIES, SIGSEGV, {0x200000, 0xffffffff, 1}},
    {"repne scas over the end", "scan_far", DIES, SIGSEGV, {0xfffffffc, 1ull << 60}},
};

/* What is not the domain's: found by its real address, which the attacker is told here. */
static void addresses(void)
{
    int local = 0;
    uint64_t *heap = malloc(64), thread;
    __asm__("rdgsbase %0" : "=r"(thread));
    const struct { const char *what; uint64_t address; } places[] = {
        {"the host's secret", (uint64_t)secret}, {"the host's stack", (uint64_t)&local}, {"the host's heap", (uint64_t)heap},
        {"the host's code", (uint64_t)(uintptr_t)porin_call6}, {"the bystander", porin_domain_base(canary) + SECRET_OFFSET},
        {"the thread block", thread}, {"behind the bystander", porin_domain_base(canary) + (1ull << 32)},
        {"before the bystander", porin_domain_base(canary) - 8},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        static const char *const entries[] = {"peek", "poke", "poke_locked", "copy_to", "copy_from", "fill", "call", "jump"};
        for (size_t k = 0; k < sizeof entries / sizeof *entries; k++) {
            char name[100];
            bool known = (uint32_t)places[i].address == SECRET_OFFSET;
            snprintf(name, sizeof name, "%s at %s", entries[k], places[i].what);
            attack_run(&(struct attack){name, entries[k], known ? DIES : SURVIVED, SIGSEGV, {places[i].address, 64}});
        }
    }
    free(heap);
}

/* The fault is reported at the offset it happened at, and the domain is named. */
static void reports(void)
{
    porin_domain *domain = domain_new("reported", 0);
    struct result result = domain_call(domain, "peek", (uint64_t[6]){0x1230});
    const struct porin_error *error = porin_last_error();
    bool good = result.status == PORIN_ERR_FAULT && error->address == 0x1230 && error->offset >= PORIN_IMAGE_BASE &&
                error->domain[0] == 'r' && error->signal == SIGSEGV;
    attack_note("the report of a fault", good, result.text);
    porin_domain_destroy(domain);
}

/* Control cases: the same entries with addresses of the domain's own work. */
static void controls(void)
{
    porin_domain *domain = domain_new("control", 0);
    uint64_t data = domain_ask(domain, "where", 5, 0), stack = domain_ask(domain, "where", 3, 0), heap = domain_ask(domain, "where", 4, 0);
    const struct attack table[] = {
        {"own data", "poke", WORKS, 1, {data, 77}}, {"own data again", "peek", WORKS, 77, {data}},
        {"own data by a 64-bit pointer", "peek", WORKS, 77, {HIGH | data}}, {"own heap", "poke", WORKS, 1, {heap, 5}},
        {"own stack", "peek", RETURNS, 0, {stack - 512}}, {"own constants", "peek", WORKS, 0x1122334455667788, {domain_ask(domain,
            "where", 1, 0)}},
        {"own text", "peek_byte", WORKS, 0xf3, {domain_ask(domain, "where", 0, 0)}}, {"own text by a call", "call", WORKS, 10,
            {domain_ask(domain, "where", 0, 0), 4, 5}},
        {"copy within", "copy_to", WORKS, 1, {heap, 64}}, {"biased and back", "peek_biased", WORKS, 77, {data + 5, (uint64_t)-5}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        attack_in(domain, &table[i]);
    porin_domain_destroy(domain);
}

void memory_attacks(const char *folder)
{
    (void)folder;
    controls();
    ATTACKS(plain);
    ATTACKS(far);
    addresses();
    reports();
}
