/* SPDX-License-Identifier: Apache-2.0 */
/* The application: pages of a shop, each made of a few queries and a template. What the database answers is not believed either. */
#include "tiers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a page that is being written --- */
struct page { char *at, *end; int failed; };

static void put(struct page *page, const char *text, size_t size)
{
    if (size > (size_t)(page->end - page->at)) {
        page->failed = 1;
        return;
    }
    memcpy(page->at, text, size);
    page->at += size;
}
#define PUT(page, text) put(page, text, sizeof text - 1)

/* Text as HTML. */
static void put_text(struct page *page, const char *text, size_t size)
{
    size_t done = 0;
    for (size_t i = 0; i < size; i++) {
        const char *instead;
        switch (text[i]) {
        case '<': instead = "&lt;"; break;
        case '>': instead = "&gt;"; break;
        case '&': instead = "&amp;"; break;
        case '"': instead = "&quot;"; break;
        default: continue;
        }
        put(page, text + done, i - done);
        put(page, instead, strlen(instead));
        done = i + 1;
    }
    put(page, text + done, size - done);
}

/* --- what the database answers --- */
struct rows { const char *at, *end; };
struct cell { const char *text; size_t size; };

static int ask(struct rows *rows, char *memory, const struct tiers_query *query)
{
    int32_t size = tiers_query(query, memory, TIERS_ROWS_MAX);
    if (size < 0 || size > TIERS_ROWS_MAX)
        return 0;
    *rows = (struct rows){memory, memory + size};
    return 1;
}

/* The next row: false if there is none, or not a whole one. */
static int next(struct rows *rows, struct cell *cells, int count)
{
    for (int i = 0; i < count; i++) {
        uint16_t length;
        if ((size_t)(rows->end - rows->at) < sizeof length)
            return 0;
        memcpy(&length, rows->at, sizeof length);
        if (length > (size_t)(rows->end - rows->at) - sizeof length)
            return 0;
        cells[i] = (struct cell){rows->at + sizeof length, length};
        rows->at += sizeof length + length;
    }
    return 1;
}

static void put_cell(struct page *page, const struct cell *cell) { put_text(page, cell->text, cell->size); }

static void put_price(struct page *page, const struct cell *cents)
{
    char text[32] = "";
    long value = 0;
    for (size_t i = 0; i < cents->size; i++)
        value = value * 10 + (cents->text[i] - '0');
    put(page, text, (size_t)snprintf(text, sizeof text, "%ld.%02ld &euro;", value / 100, value % 100));
}

/* --- parts of pages --- */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\nbody { font-family: sans-serif; margin: 0 auto; max-width: 60em; color: #222; }\n"
    "nav { background: #eef; padding: .5em; }\nnav a { margin-right: .7em; }\ntable { border-collapse: collapse; width: 100%; }\n"
    "th, td { text-align: left; padding: .3em .6em; border-bottom: 1px solid #ccd; }\n.price { text-align: right; }\n"
    "form { margin: 1em 0; }\nfooter { color: #888; font-size: smaller; margin-top: 2em; }\n</style>\n<title>";
static const char foot[] =
    "<form action=\"/search\"><input name=\"title\" placeholder=\"Title\"><button>Search</button></form>\n"
    "<footer>All films in stock are sent within a day. Prices include taxes; see the terms of delivery.</footer>\n</body>\n</html>\n";

static int put_head(struct page *page, const char *title)
{
    char memory[TIERS_ROWS_MAX];
    struct rows rows;
    struct cell cells[2];
    if (!ask(&rows, memory, &(struct tiers_query){.statement = TIERS_CATEGORIES}))
        return 0;
    PUT(page, head);
    put_text(page, title, strlen(title));
    PUT(page, "</title>\n</head>\n<body>\n<nav>");
    while (next(&rows, cells, 2)) {
        PUT(page, "<a href=\"/browse?category=");
        put_cell(page, &cells[0]);
        PUT(page, "\">");
        put_cell(page, &cells[1]);
        PUT(page, "</a>");
    }
    PUT(page, "</nav>\n<h1>");
    put_text(page, title, strlen(title));
    PUT(page, "</h1>\n");
    return 1;
}

static int put_products(struct page *page, const struct tiers_query *query)
{
    char memory[TIERS_ROWS_MAX];
    struct rows rows;
    struct cell cells[5];
    if (!ask(&rows, memory, query))
        return 0;
    PUT(page, "<table>\n<tr><th>Title</th><th>With</th><th class=\"price\">Price</th><th>Stock</th></tr>\n");
    while (next(&rows, cells, 5)) {
        PUT(page, "<tr><td><a href=\"/product?id=");
        put_cell(page, &cells[0]);
        PUT(page, "\">");
        put_cell(page, &cells[1]);
        PUT(page, "</a></td><td>");
        put_cell(page, &cells[2]);
        PUT(page, "</td><td class=\"price\">");
        put_price(page, &cells[3]);
        PUT(page, "</td><td>");
        put_cell(page, &cells[4]);
        PUT(page, "</td></tr>\n");
    }
    PUT(page, "</table>\n");
    return 1;
}

/* A table of names and values from one row. */
static int put_row(struct page *page, const struct tiers_query *query, const char *const *names, int count)
{
    char memory[TIERS_ROWS_MAX];
    struct rows rows;
    struct cell cells[6];
    if (!ask(&rows, memory, query))
        return 0;
    if (!next(&rows, cells, count)) {
        PUT(page, "<p>There is none.</p>\n");
        return 1;
    }
    PUT(page, "<table>\n");
    for (int i = 0; i < count; i++) {
        PUT(page, "<tr><th>");
        put(page, names[i], strlen(names[i]));
        PUT(page, "</th><td>");
        if (strcmp(names[i], "Price") == 0)
            put_price(page, &cells[i]);
        else
            put_cell(page, &cells[i]);
        PUT(page, "</td></tr>\n");
    }
    PUT(page, "</table>\n");
    return 1;
}

/* --- pages --- */
struct request { char path[32], title[TIERS_TEXT_MAX]; long category, page, id, customer, quantity; };

static int browse(struct page *page, const struct request *request)
{
    return put_head(page, "Films by category") &&
           put_products(page, &(struct tiers_query){.statement = TIERS_BROWSE, .numbers = {request->category, 10 * request->page}});
}

static int search(struct page *page, const struct request *request)
{
    struct tiers_query query = {.statement = TIERS_SEARCH};
    memcpy(query.text, request->title, sizeof query.text);
    return put_head(page, "Films by title") && put_products(page, &query);
}

static int product(struct page *page, const struct request *request)
{
    static const char *const names[] = {"Number", "Title", "With", "Price", "Stock", "Category"};
    if (!put_head(page, "A film") || !put_row(page, &(struct tiers_query){TIERS_PRODUCT, {request->id}, ""}, names, 6))
        return 0;
    PUT(page, "<h2>With the same actor</h2>\n");
    return put_products(page, &(struct tiers_query){TIERS_SAME_ACTOR, {request->id}, ""});
}

static int customer(struct page *page, const struct request *request)
{
    static const char *const names[] = {"Name", "City", "Customer since"};
    char memory[TIERS_ROWS_MAX];
    struct rows rows;
    struct cell cells[4];
    if (!put_head(page, "Your account") || !put_row(page, &(struct tiers_query){TIERS_CUSTOMER, {request->customer}, ""}, names, 3) ||
        !ask(&rows, memory, &(struct tiers_query){TIERS_HISTORY, {request->customer}, ""}))
        return 0;
    PUT(page, "<h2>Your last orders</h2>\n<ol>\n");
    while (next(&rows, cells, 4)) {
        PUT(page, "<li>");
        put_cell(page, &cells[2]);
        PUT(page, " of ");
        put_cell(page, &cells[1]);
        PUT(page, ", ");
        put_price(page, &cells[3]);
        PUT(page, "</li>\n");
    }
    PUT(page, "</ol>\n");
    return 1;
}

static int purchase(struct page *page, const struct request *request)
{
    static const char *const names[] = {"Order", "Pieces", "Price"};
    struct tiers_query query = {TIERS_PURCHASE, {request->customer, request->id, request->quantity}, ""};
    return put_head(page, "Thank you for your order") && put_row(page, &query, names, 3) &&
           put_products(page, &(struct tiers_query){TIERS_SAME_ACTOR, {request->id}, ""});
}

static const struct { const char *path; int (*make)(struct page *page, const struct request *request); } pages[] = {
    {"/browse", browse}, {"/search", search}, {"/product", product}, {"/customer", customer}, {"/purchase", purchase},
};

/* A path and NAME=VALUE pairs; + is a blank. What makes no sense is left out. */
static void request_read(struct request *request, const char *text, size_t length)
{
    struct { const char *name; long *to; } numbers[] = {
        {"category", &request->category}, {"page", &request->page}, {"id", &request->id}, {"customer", &request->customer},
        {"quantity", &request->quantity},
    };
    char copy[TIERS_REQUEST_MAX + 1], *rest = copy, *pair;
    memset(request, 0, sizeof *request);
    memcpy(copy, text, length);
    copy[length] = 0;
    snprintf(request->path, sizeof request->path, "%s", strsep(&rest, "?"));
    while (rest && (pair = strsep(&rest, "&"))) {
        const char *name = strsep(&pair, "=");
        if (!pair)
            continue;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (strcmp(name, numbers[i].name) == 0)
                *numbers[i].to = strtol(pair, NULL, 10) % 1000000;
        if (strcmp(name, "title") == 0)
            for (size_t i = 0; i < sizeof request->title - 1 && pair[i]; i++)
                request->title[i] = pair[i] == '+' ? ' ' : pair[i];
    }
}

int32_t tiers_page(const char *text, uint32_t length, char *memory, uint32_t room)
{
    struct page page = {memory, memory + room, 0};
    struct request request;
    if (length > TIERS_REQUEST_MAX)
        return -1;
    request_read(&request, text, length);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(request.path, pages[i].path) == 0) {
            if (!pages[i].make(&page, &request))
                return -1;
            PUT(&page, foot);
            return page.failed ? -1 : (int32_t)(page.at - memory);
        }
    PUT(&page, "<p>There is no such page.</p>\n");
    return page.failed ? -1 : (int32_t)(page.at - memory);
}
