// SPDX-License-Identifier: Apache-2.0
// Calls an entry of another service, which dies in between.
#include <stdio.h>
#include <unistd.h>
#include "porin/domain.h"

PORIN_IMPORT(sum);
int sum(int a, int b);

int main(void)
{
    printf("%d\n", sum(1, 2));
    printf("%d\n", sum(3, 4));
    printf("%d\n", sum(-1, 0));
    int again = -1;
    for (int i = 0; i < 100 && again < 0; i++) {
        usleep(50000);
        again = sum(5, 6);
    }
    printf("%d\n", again);
    return 0;
}
