/* SPDX-License-Identifier: Apache-2.0 */
/* The application behind a socket, for a web server's proxy: as much of HTTP as such a proxy speaks. */
#include "tiers.h"
#include "wire.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The end of the next request's head; NULL: the other end is gone or talks too much. */
static char *head_read(int connection, char *text, size_t room, size_t *have)
{
    char *end;
    while (text[*have] = 0, !(end = strstr(text, "\r\n\r\n"))) {
        ssize_t now = *have < room ? read(connection, text + *have, room - *have) : 0;
        if (now <= 0)
            return NULL;
        *have += (size_t)now;
    }
    return end + 4;
}

static void serve(int connection)
{
    char text[4097], page[TIERS_PAGE_MAX], head[128], *end;
    size_t have = 0;
    while ((end = head_read(connection, text, sizeof text - 1, &have))) {
        const char *path = strchr(text, ' ');
        size_t length = path ? strcspn(++path, " \r") : 0;
        int32_t size = path ? tiers_page(path, (uint32_t)length, page, sizeof page) : -1;
        int head_size = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n",
                                 size < 0 ? "500 Internal Server Error" : "200 OK", size < 0 ? 0 : size);
        if (!wire_write(connection, (struct iovec[]){{head, (size_t)head_size}, {page, size < 0 ? 0 : (size_t)size}}, 2))
            return;
        have -= (size_t)(end - text);
        memmove(text, end, have);
    }
}

int main(void)
{
    wire_serve("TIERS_APPLICATION_AT", serve);
}
