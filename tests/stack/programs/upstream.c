// SPDX-License-Identifier: Apache-2.0
/* An HTTP server behind another one: upstream PORT answers each connection with a number that grows. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int listening = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    char request[4096], answer[200];
    if (count < 2)
        return 2;
    four.sin_port = htons((uint16_t)atoi(arguments[1]));
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, (void *)&four, sizeof four) < 0 || listen(listening, 64) < 0)
        return 1;
    for (unsigned number = 1;; number++) {
        int client = accept(listening, NULL, NULL);
        size_t got = 0;
        for (ssize_t more = 1; client >= 0 && more > 0 && got < sizeof request - 1; got += more > 0 ? (size_t)more : 0) {
            request[got] = '\0';
            if (strstr(request, "\r\n\r\n"))
                break;
            more = read(client, request + got, sizeof request - 1 - got);
        }
        int size = snprintf(answer, sizeof answer, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nanswer %u\n", number);
        if (client >= 0 && write(client, answer, (size_t)size) == size)
            shutdown(client, SHUT_WR);
        close(client);
    }
}
