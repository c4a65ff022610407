/* SPDX-License-Identifier: Apache-2.0 */
/* The domain in the middle. */
#include <porin/domain.h>

int front_again(int value);
PORIN_IMPORT(front_again);
PORIN_EXPORT(back_sum);

int back_sum(int first, int second)
{
    int product = first * 100 + second;
    int again = front_again(product); /* line 12 */
    return again + product;
}
