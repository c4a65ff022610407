// SPDX-License-Identifier: Apache-2.0
// Two processes that do nothing.
#include <unistd.h>

int main(void)
{
    fork();
    for (;;)
        pause();
}
