/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the capability bench: lends memory of its own, and keeps and revokes capabilities. */
#include "porin/capability.h"
#include "porin/domain.h"
#include <stdint.h>
#include <string.h>

static uint8_t buffer[1 << 20], copy[1 << 20];

uint64_t borrow_nothing(uint64_t number);
uint64_t borrow_byte(const uint8_t PORIN_CAP *p);
PORIN_IMPORT(borrow_nothing);
PORIN_IMPORT(borrow_byte);

uint64_t loop_nothing(uint64_t count)
{
    uint64_t number = 0;
    while (count--)
        number = borrow_nothing(number);
    return number;
}
uint64_t loop_lend(uint64_t count, uint64_t size)
{
    uint64_t number = 0;
    while (count--)
        number += borrow_byte(porin_cap_lend(0, buffer, size, PORIN_RIGHT_READ));
    return number;
}
uint64_t loop_copy(uint64_t count, uint64_t size)
{
    uint64_t number = 0;
    while (count--) {
        memcpy(copy, buffer, size);
        __asm__ volatile("" : : "r"(copy) : "memory");
        number = borrow_nothing(number);
    }
    return number;
}
PORIN_EXPORT(loop_nothing);
PORIN_EXPORT(loop_lend);
PORIN_EXPORT(loop_copy);

static long revoker = -1;
/* Keeps so many, which the next revocation revokes. */
uint64_t keep(uint64_t count)
{
    if (revoker < 0)
        revoker = porin_cap_revoker();
    uint64_t kept = 0;
    while (count--)
        kept += porin_cap_keep(buffer, 64, PORIN_RIGHT_READ, revoker) > 0;
    return kept;
}
uint64_t revoke(void)
{
    return (uint64_t)porin_cap_revoke(revoker);
}
PORIN_EXPORT(keep);
PORIN_EXPORT(revoke);
