/* SPDX-License-Identifier: Apache-2.0 */
/* For print.c: the way to an application behind a socket. */
#include "tiers.h"
#include "wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int32_t tiers_page(const char *request, uint32_t length, char *page, uint32_t room)
{
    static int connection = -1;
    char text[1024], *end = NULL, *size;
    size_t have = 0;
    if (connection < 0)
        connection = wire_connect("TIERS_APPLICATION_AT");
    int head = snprintf(text, sizeof text, "GET %.*s HTTP/1.1\r\nHost: shop\r\n\r\n", (int)length, request);
    if (!wire_write(connection, &(struct iovec){text, (size_t)head}, 1))
        return -1;
    for (text[0] = 0; !(end = strstr(text, "\r\n\r\n")); text[have] = 0) { /* bytes of the page stay where they are */
        if (have == sizeof text - 1 || !wire_read(connection, text + have, 1))
            return -1;
        have++;
    }
    size = strstr(text, "Content-Length: ");
    long bytes = strncmp(text, "HTTP/1.1 200 ", 13) == 0 && size ? strtol(size + 16, NULL, 10) : -1;
    return bytes >= 0 && bytes <= room && wire_read(connection, page, (size_t)bytes) ? (int32_t)bytes : -1;
}
