// SPDX-License-Identifier: Apache-2.0
// A guest book over HTTP, behind nginx: entries in SQLite, how often it was read in Redis.
#include <arpa/inet.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static sqlite3 *book;

static int connect_to(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int there = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(there, (struct sockaddr *)&address, sizeof address) == 0)
        return there;
    close(there);
    return -1;
}

/* Redis answers INCR with :NUMBER. -1: it is not there now; the next request asks anew. */
static long count(void)
{
    static const char incr[] = "INCR reads\r\n";
    static int redis = -1;
    char answer[64] = "";
    if (redis < 0)
        redis = connect_to(8942);
    if (redis >= 0 && write(redis, incr, sizeof incr - 1) == sizeof incr - 1 && read(redis, answer, sizeof answer - 1) > 1)
        return atol(answer + 1);
    close(redis);
    redis = -1;
    return -1;
}

static int entry_print(void *to, int columns, char **values, char **names)
{
    (void)columns, (void)names;
    fprintf(to, "%s: %s\n", values[0], values[1]);
    return 0;
}

static void entry_add(const char *text)
{
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(book, "insert into book(text) values (?)", -1, &insert, NULL);
    sqlite3_bind_text(insert, 1, text, -1, SQLITE_STATIC);
    sqlite3_step(insert);
    sqlite3_finalize(insert);
}

static void answer(FILE *client)
{
    char request[2000] = "", text[200];
    if (read(fileno(client), request, sizeof request - 1) <= 0)
        return;
    fputs("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n", client);
    if (sscanf(request, "GET /book/add/%199s", text) == 1)
        entry_add(text);
    if (strncmp(request, "GET /book/crash", 15) == 0)
        *(volatile int *)8 = 0;                 /* so that there is something to see */
    sqlite3_exec(book, "select id, text from book", entry_print, client, NULL);
    fprintf(client, "read %ld times\n", count());
}

int main(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(8941), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);                   /* Redis may be restarted */
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
    if (sqlite3_open("/data/book.db", &book) != SQLITE_OK ||
        sqlite3_exec(book, "create table if not exists book(id integer primary key, text)", NULL, NULL, NULL) != SQLITE_OK ||
        bind(listening, (struct sockaddr *)&address, sizeof address) != 0 || listen(listening, 64) != 0)
        return 1;
    for (;;) {
        FILE *client = fdopen(accept(listening, NULL, NULL), "w");
        if (client) {
            answer(client);
            fclose(client);
        }
    }
}
