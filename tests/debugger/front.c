/* SPDX-License-Identifier: Apache-2.0 */
/* The domain that the host calls; it calls the back, which calls it again. */
#include <porin/domain.h>
#include <unistd.h>

int back_sum(int first, int second);
PORIN_IMPORT(back_sum);
PORIN_EXPORT(front_run);
PORIN_EXPORT(front_again);

int front_again(int value)
{
    int process = getppid(); /* line 13 */
    return value + !process;
}

int front_run(int value)
{
    int kept = value * 5;
    int sum = back_sum(value, 2); /* line 20 */
    return sum + kept;
}
