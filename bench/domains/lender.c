/* SPDX-License-Identifier: Apache-2.0 */
/* Domain of the capability bench: lends memory of its own, and keeps and revokes capabilities. */
#include "porin/capability.h"
#include "porin/domain.h"
#include <stdint.h>
#include <string.h>

static uint8_t buffer[1 << 20], copy[1 << 20];

uint64_t borrow_nothing(uint64_t number);
uint64_t borrow_byte(const uint8_t PORIN_CAP *p);
uint64_t borrow_sum(const uint64_t PORIN_CAP *p, uint64_t elements);
PORIN_IMPORT(borrow_nothing);
PORIN_IMPORT(borrow_byte);
PORIN_IMPORT(borrow_sum);

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

/* --- fork-join: a number for all shares of the buffer, each of which another thread has summed --- */
long share(void)
{
    if (revoker < 0)
        revoker = porin_cap_revoker();
    return porin_cap_keep(buffer, sizeof buffer, PORIN_RIGHT_READ, revoker);
}
uint64_t sum_kept(long number, uint64_t from, uint64_t size)
{
    const uint8_t PORIN_CAP *all = porin_cap_take(number, 0);
    return borrow_sum(porin_cap_pass(0, all + from, size, PORIN_RIGHT_READ), size / 8);
}
uint64_t sum_lent(uint64_t from, uint64_t size)
{
    return borrow_sum(porin_cap_lend(0, buffer + from, size, PORIN_RIGHT_READ), size / 8);
}
void unshare(long number)
{
    porin_cap_revoke(revoker);
    porin_cap_close(number);
}
PORIN_EXPORT(share);
PORIN_EXPORT(sum_kept);
PORIN_EXPORT(sum_lent);
PORIN_EXPORT(unshare);
