// SPDX-License-Identifier: Apache-2.0
// Calls another service all the time, uses some CPU time, asks for what it is not granted, and once makes the other one die.
#include <sys/socket.h>
#include <unistd.h>
#include "porin/domain.h"

PORIN_IMPORT(work);
PORIN_IMPORT(more);
unsigned long work(unsigned long a), more(unsigned long a);

int main(void)
{
    for (unsigned long i = 0;; i++) {
        for (int k = 0; k < 1000; k++)
            work(i);
        if (i % 100 == 0) {
            more(i % 13);
            socket(AF_INET, SOCK_RAW, 0);
        }
        if (i == 300)
            more(13);
        usleep(1000);
    }
}
