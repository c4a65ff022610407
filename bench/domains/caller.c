/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the call ladder: loops of calls, to itself, to another domain through a gate of each policy, and to the services. */
#include "porin/protect.h"
#include <stdint.h>
#include <unistd.h>

__attribute__((noinline, noclone)) static uint64_t own_answer(uint64_t number)
{
    __asm__ volatile("" : "+r"(number));
    return number + 1;
}

static uint64_t (*volatile own_pointer)(uint64_t number) = own_answer;

#define LOOP(name, expression)                       \
    uint64_t name(uint64_t count)                    \
    {                                                \
        uint64_t number = 0;                         \
        while (count--) {                            \
            number = expression;                     \
            __asm__ volatile("" : "+r"(number));     \
        }                                            \
        return number;                               \
    }                                                \
    PORIN_EXPORT(name)

LOOP(loop_empty, number + 1);
LOOP(loop_direct, own_answer(number));
LOOP(loop_service, (getuid(), number + 1)); /* a service that answers without asking the kernel */

/* One import for each policy, another for the same function of this very domain. */
#define POLICY(id, text, caller, callee)      \
    uint64_t callee_##id(uint64_t number);    \
    uint64_t own_##id(uint64_t number);       \
    PORIN_IMPORT(callee_##id);                \
    PORIN_IMPORT(own_##id);                   \
    LOOP(loop_##id, callee_##id(number));     \
    LOOP(loop_own_##id, own_##id(number));
#include "../policies.def"
#undef POLICY

/* The same properties without the gate's help: own stubs. */
uint64_t callee_results(uint64_t number);
PORIN_IMPORT(callee_results);
LOOP(loop_protected, PORIN_CALL_PROTECTED(callee_weakest, number));
LOOP(loop_hidden, PORIN_CALL_HIDDEN(callee_results, number));

uint64_t caller_answer(uint64_t number)
{
    return number + 1;
}
PORIN_EXPORT(caller_answer);

uint64_t loop_indirect(uint64_t count)
{
    uint64_t (*pointer)(uint64_t number) = own_pointer, number = 0;
    while (count--) {
        __asm__ volatile("" : "+r"(pointer));
        number = pointer(number);
    }
    return number;
}
PORIN_EXPORT(loop_indirect);
