/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the call ladder: loops of calls, to itself, to another domain through gates of three policies, and to the services. */
#include "porin/domain.h"
#include <stdint.h>
#include <unistd.h>

uint64_t callee_unprotected(uint64_t number);
uint64_t callee_integrity(uint64_t number);
uint64_t callee_confidential(uint64_t number);
PORIN_IMPORT(callee_unprotected);
PORIN_IMPORT(callee_integrity);
PORIN_IMPORT(callee_confidential);

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
LOOP(loop_unprotected, callee_unprotected(number));
LOOP(loop_integrity, callee_integrity(number));
LOOP(loop_confidential, callee_confidential(number));
LOOP(loop_service, number + (uint64_t)getppid()); /* the service answers 1 */

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
