/* SPDX-License-Identifier: Apache-2.0 */
/* Connects to a port of this machine (argv[1]; with argv[2] by an IPv6 address that contains the IPv4 one), or makes a call that is
 * none. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "call") == 0)
        return syscall(SYS_io_uring_setup, 1, 0) != -1;
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = four.sin_port };
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr);
    int s = socket(argc > 2 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    int result = argc > 2 ? connect(s, (struct sockaddr *)&six, sizeof six) : connect(s, (struct sockaddr *)&four, sizeof four);
    puts(result == 0 ? "connected" : errno == ENETUNREACH ? "ENETUNREACH" : errno == ECONNREFUSED ? "ECONNREFUSED" : "other");
    return 0;
}
