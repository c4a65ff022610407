/* SPDX-License-Identifier: Apache-2.0 */
/* Demo: the way without domains: a separate process, asked over a UNIX socket for the checksum that the zlib domain computes. */
#include "demo.h"
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

uint32_t checksum(const uint8_t *bytes, size_t size)
{
    static uint32_t table[256];
    if (!table[1])
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t entry = i;
            for (int bit = 0; bit < 8; bit++)
                entry = entry & 1 ? entry >> 1 ^ 0xedb88320 : entry >> 1;
            table[i] = entry;
        }
    uint32_t sum = 0xffffffff;
    while (size--)
        sum = table[(sum ^ *bytes++) & 255] ^ sum >> 8;
    return ~sum;
}

struct question { uint8_t size, bytes[QUESTION_BYTES]; };

struct separate separate_start(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        die("socketpair: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        die("fork: %s", strerror(errno));
    if (child == 0) {
        struct question question;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        while (read(ends[1], &question, sizeof question) == (ssize_t)sizeof question) {
            uint32_t answer = checksum(question.bytes, question.size);
            if (write(ends[1], &answer, sizeof answer) != (ssize_t)sizeof answer)
                break;
        }
        _exit(0);
    }
    close(ends[1]);
    return (struct separate){ends[0]};
}

uint32_t separate_checksum(struct separate *separate, const uint8_t *bytes, size_t size)
{
    uint32_t answer;
    struct question question = {(uint8_t)size, {0}};
    memcpy(question.bytes, bytes, size);
    if (write(separate->socket, &question, sizeof question) != (ssize_t)sizeof question ||
        read(separate->socket, &answer, sizeof answer) != (ssize_t)sizeof answer)
        die("the separate process does not answer: %s", strerror(errno));
    return answer;
}

void separate_stop(struct separate *separate)
{
    close(separate->socket);
}
