// SPDX-License-Identifier: Apache-2.0
// Threads one after the other, so that each finds what the one before has left.
#include <pthread.h>
#include <unistd.h>

static void *run(void *number)
{
    getuid();
    return number;
}

int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 40; i++)
        if (pthread_create(&thread, NULL, run, NULL) || pthread_join(thread, NULL))
            return 1;
    return 0;
}
