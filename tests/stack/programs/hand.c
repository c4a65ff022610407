// SPDX-License-Identifier: Apache-2.0
/* Two services, of which one gives the other a file and a directory that only it was granted: hand give SOCKET DIRECTORY,
 * hand take SOCKET. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { COUNT = 2 };

int main(int count, char **arguments)
{
    union { struct cmsghdr head; char bytes[CMSG_SPACE(COUNT * sizeof(int))]; } control = { .bytes = { 0 } };
    char text[100] = "";
    struct iovec vector = { text, 1 };
    struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int made = socket(AF_UNIX, SOCK_STREAM, 0), numbers[COUNT];
    setvbuf(stdout, NULL, _IOLBF, 0);
    strncpy(address.sun_path, arguments[2], sizeof address.sun_path - 1);
    if (count < 4) {
        unlink(arguments[2]);
        if (bind(made, (void *)&address, sizeof address) < 0 || listen(made, 4) < 0)
            return 1;
        for (int client; (client = accept(made, NULL, NULL)) >= 0 && recvmsg(client, &message, 0) != 1; close(client))
            message.msg_controllen = sizeof control;
        if (message.msg_controllen != sizeof control) {
            printf("nothing came\n");
            return 0;
        }
        memcpy(numbers, CMSG_DATA(&control.head), sizeof numbers);
        ssize_t size = read(numbers[0], text, sizeof text - 1);
        printf("came: %.*s\n", (int)(size > 0 ? size : 0), text);
        int inner = openat(numbers[1], "inner", O_RDONLY), outer = openat(numbers[1], "../taken", O_RDONLY);
        int written = openat(numbers[1], "inner", O_RDWR);
        printf("beneath %d, above %d, to write %d\n", inner >= 0, outer >= 0, written >= 0);
        return 0;
    }
    snprintf(text, sizeof text, "%s/inner", arguments[3]);
    numbers[0] = open(text, O_RDONLY);
    numbers[1] = open(arguments[3], O_RDONLY | O_DIRECTORY);
    control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof numbers), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.head), numbers, sizeof numbers);
    ssize_t sent = -1;
    int error = 0;
    for (int tries = 0; tries < 20 && sent < 0; tries++) { /* who connects while somebody begins to listen may meet the kernel */
        if (connect(made, (void *)&address, sizeof address) == 0)
            sent = sendmsg(made, &message, 0);
        error = errno;
        if (sent < 0)
            usleep(50000);
        if (sent < 0 && tries < 19) {
            close(made);
            made = socket(AF_UNIX, SOCK_STREAM, 0);
        }
    }
    printf("given: %s\n", sent == 1 ? "yes" : strerror(error));
    return 0;
}
