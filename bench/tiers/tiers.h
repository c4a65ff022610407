/* SPDX-License-Identifier: Apache-2.0 */
/* dIPC's three tiers: a web server, an application that makes the pages of a shop, a database. What each asks of the next is one function;
 * what lies between them is chosen when linking: nothing (one program), sockets, or entries of domains. doc/tiers.md has the picture. */
#ifndef TIERS_H
#define TIERS_H
#include <stdint.h>

enum { TIERS_REQUEST_MAX = 512, TIERS_PAGE_MAX = 16384, TIERS_ROWS_MAX = 8192, TIERS_TEXT_MAX = 64 };

/* Web server to application: the page of a request, "/browse?category=3". How many bytes it has, or -1. */
int32_t tiers_page(const char *request, uint32_t length, char *page, uint32_t room);

/* Application to database: a statement of queries.def with its parameters. Rows come as cells, one after the other, each a length
 * (2 bytes) and so many bytes of text. How many bytes in all, or -1. */
enum tiers_statement {
#define QUERY(name, columns, ...) TIERS_##name,
#include "queries.def"
#undef QUERY
    TIERS_STATEMENTS
};
struct tiers_query {
    uint32_t statement;
    int64_t numbers[3];                 /* ?1 to ?3 */
    char text[TIERS_TEXT_MAX];          /* ?4; ends with NUL */
};
int32_t tiers_query(const struct tiers_query *query, char *rows, uint32_t room);

/* What customers ask for, the same in every run: the nth request. How long it is. */
int tiers_request(unsigned n, char *request, unsigned room);
#endif
