// SPDX-License-Identifier: Apache-2.0
// Serves and asks: each side of a pair of services that talk.
// `talker serve PORT` answers each byte with four; `talker ask PORT` asks for ever, a hundred at a time.
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int listener)
{
    char bytes[100], answer[400] = { 0 };
    for (;;) {
        int client = accept(listener, NULL, NULL);
        for (ssize_t got; (got = read(client, bytes, sizeof bytes)) > 0;)
            if (write(client, answer, 4 * (size_t)got) < 0)
                break;
        close(client);
    }
}

static void ask(int server)
{
    char bytes[100] = { 0 }, answer[400];
    for (;;) {
        if (write(server, bytes, sizeof bytes) != sizeof bytes || recv(server, answer, sizeof answer, MSG_WAITALL) != sizeof answer)
            exit(1);
        usleep(1000);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    if (argc != 3)
        return 2;
    address.sin_port = htons((uint16_t)atoi(argv[2]));
    if (strcmp(argv[1], "serve") == 0) {
        if (setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) ||
            bind(socket_, (struct sockaddr *)&address, sizeof address) || listen(socket_, 5))
            return 1;
        serve(socket_);
    }
    while (connect(socket_, (struct sockaddr *)&address, sizeof address) < 0)
        usleep(10000);
    ask(socket_);
}
