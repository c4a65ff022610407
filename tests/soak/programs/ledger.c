// SPDX-License-Identifier: Apache-2.0
// Keeps a number for each key, in memory and in a file that is there after its death: what it has answered is in it. Usage: ledger PORT
#include <fcntl.h>
#include "lines.h"

#define KEYS 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct record { unsigned key, number; } kept[KEYS];
static int file;

static void replay(void)
{
    struct record record;
    while (read(file, &record, sizeof record) == sizeof record)
        kept[record.key % KEYS] = record;
}

static int put(unsigned key, unsigned number)
{
    struct record record = { key, number };
    pthread_mutex_lock(&lock);
    int good = write(file, &record, sizeof record) == sizeof record;
    if (good)
        kept[key % KEYS] = record;
    pthread_mutex_unlock(&lock);
    return good;
}

static void *serve(void *argument)
{
    int stream = (int)(intptr_t)argument;
    char line[LINE_MAX_BYTES], answer[LINE_MAX_BYTES], how[16];
    unsigned key, number;
    while (line_read(stream, line)) {
        if (sscanf(line, "put %u %u", &key, &number) == 2)
            snprintf(answer, sizeof answer, put(key, number) ? "kept %u" : "lost %u", number);
        else if (sscanf(line, "get %u", &key) == 1)
            snprintf(answer, sizeof answer, "is %u", kept[key % KEYS].number);
        else if (sscanf(line, "die %15s", how) == 1)
            die(how);
        else
            snprintf(answer, sizeof answer, "what?");
        if (!line_write(stream, answer))
            break;
    }
    close(stream);
    return NULL;
}

int main(int count, char **arguments)
{
    file = open("ledger", O_RDWR | O_CREAT | O_APPEND, 0600);
    if (count != 2 || file < 0) {
        perror("ledger");
        return 1;
    }
    replay();
    return lines_serve(arguments[1], serve);
}
