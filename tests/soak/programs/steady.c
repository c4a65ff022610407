// SPDX-License-Identifier: Apache-2.0
// Nobody kills this one: it counts for each client, and looks whether its memory is what it was. Usage: steady PORT
#include "lines.h"

#define WORDS (256 * 1024)

static uint32_t memory[WORDS];

static uint32_t pattern(uint32_t i)
{
    return i * 2654435761u + 17;
}

static uint32_t words_changed(void)
{
    uint32_t changed = 0;
    for (uint32_t i = 0; i < WORDS; i++)
        changed += memory[i] != pattern(i);
    return changed;
}

static void *serve(void *argument)
{
    int stream = (int)(intptr_t)argument;
    char line[LINE_MAX_BYTES], answer[LINE_MAX_BYTES];
    for (unsigned turn = 1; line_read(stream, line); turn++) {
        snprintf(answer, sizeof answer, "turn %u changed %u", turn, turn % 64 ? 0 : words_changed());
        if (!line_write(stream, answer))
            break;
    }
    close(stream);
    return NULL;
}

int main(int count, char **arguments)
{
    for (uint32_t i = 0; i < WORDS; i++)
        memory[i] = pattern(i);
    return count == 2 ? lines_serve(arguments[1], serve) : 1;
}
