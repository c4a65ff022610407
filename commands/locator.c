/* SPDX-License-Identifier: Apache-2.0 */
/* Names for places in images, for a process that gives up what finds them: it asks another, begun before that. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "stack.h"
#include "symbols.h"

static int question = -1, reply = -1;

struct locate_question { uint32_t offset; char file[1024]; };

static _Noreturn void locator_run(int from, int to)
{
    struct locate_question asked;
    while (read(from, &asked, sizeof asked) == (ssize_t)sizeof asked) {
        struct symbol found = { 0 };
        char text[512] = "";
        if (symbols_find(asked.file, &asked.offset, 1, &found) && found.function && found.place)
            snprintf(text, sizeof text, "%s (%s)", found.function, found.place);
        symbols_free(&found, 1);
        if (write(to, text, sizeof text) != (ssize_t)sizeof text)
            break;
    }
    _exit(0);
}

bool locator_start(void)
{
    int ask[2], answer[2];
    if (pipe2(ask, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0)
        return false;
    fflush(NULL);
    pid_t reader = fork();
    if (reader == 0) {
        close(ask[1]);
        close(answer[0]);
        setpgid(0, 0); /* it ends with its parent, not with a terminal's signals */
        locator_run(ask[0], answer[1]);
    }
    close(ask[0]);
    close(answer[1]);
    question = ask[1];
    reply = answer[0];
    return reader > 0;
}

bool locator_ask(const char *file, uint32_t offset, char *text, size_t size)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct locate_question asked = { .offset = offset };
    char answer[512];
    if (snprintf(asked.file, sizeof asked.file, "%s", file) >= (int)sizeof asked.file)
        return false;
    pthread_mutex_lock(&lock);
    bool good = write(question, &asked, sizeof asked) == (ssize_t)sizeof asked &&
                read(reply, answer, sizeof answer) == (ssize_t)sizeof answer;
    pthread_mutex_unlock(&lock);
    if (!good || !*answer)
        return false;
    snprintf(text, size, "%.*s", (int)sizeof answer - 1, answer);
    return true;
}
