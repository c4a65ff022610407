/* SPDX-License-Identifier: Apache-2.0 */
/* The database: SQLite with a shop of 10 000 products, in memory or in the file that TIERS_DATABASE names. One connection, one query at a
 * time. Whoever asks is believed nothing. */
#include "tiers.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CATEGORIES = 16, PRODUCTS = 10000, CUSTOMERS = 5000, STEPS_MAX = 6 };

static const struct { int columns; const char *sql[STEPS_MAX]; } statements[TIERS_STATEMENTS] = {
#define QUERY(name, columns, ...) [TIERS_##name] = {columns, {__VA_ARGS__}},
#include "queries.def"
#undef QUERY
};
static const char schema[] =
    "BEGIN;"
    "CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE products (id INTEGER PRIMARY KEY, category INTEGER, title TEXT, actor TEXT, price INTEGER, stock INTEGER);"
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT, since INTEGER);"
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, product INTEGER, quantity INTEGER, price INTEGER);";
static const char indexes[] =
    "CREATE INDEX products_category ON products (category, title);"
    "CREATE INDEX products_title ON products (title);"
    "CREATE INDEX products_actor ON products (actor);"
    "CREATE INDEX orders_customer ON orders (customer);"
    "COMMIT;";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3 *database;
static sqlite3_stmt *prepared[TIERS_STATEMENTS][STEPS_MAX];

static int run(const char *format, ...)
{
    char sql[512];
    va_list arguments;
    va_start(arguments, format);
    sqlite3_vsnprintf(sizeof sql, sql, format, arguments);
    va_end(arguments);
    return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Names of words, the same in every run. */
static const char *name_of(char *text, size_t size, unsigned n, int words)
{
    static const char *const parts[] = {"Academy", "Baked", "Casualties", "Dracula", "Egg", "Frida", "Glory", "Hunter", "Ice", "Jungle",
                                        "Kick", "Luck", "Mummy", "Night", "Opus", "Pirates", "Queen", "River", "Secret", "Tycoon"};
    size_t at = 0;
    text[0] = 0;
    for (int i = 0; i < words; i++, n /= 20)
        at += (size_t)snprintf(text + at, size - at, "%s%s", i ? " " : "", parts[n % 20]);
    return text;
}

static int fill(void)
{
    char title[64], actor[64];
    int good = sqlite3_exec(database, schema, NULL, NULL, NULL) == SQLITE_OK;
    for (unsigned i = 1; good && i <= CATEGORIES; i++)
        good = run("INSERT INTO categories VALUES (%u, '%q')", i, name_of(title, sizeof title, i * 7, 1));
    for (unsigned i = 1; good && i <= PRODUCTS; i++)
        good = run("INSERT INTO products VALUES (%u, %u, '%q', '%q', %u, %u)", i, i % CATEGORIES + 1,
                   name_of(title, sizeof title, i * 2654435761u, 3), name_of(actor, sizeof actor, i * 40503 % 1999, 2),
                   999 + i % 20 * 100, 50 + i % 100);
    for (unsigned i = 1; good && i <= CUSTOMERS; i++)
        good = run("INSERT INTO customers VALUES (%u, '%q', '%q', %u)", i, name_of(title, sizeof title, i * 7919, 2),
                   name_of(actor, sizeof actor, i, 1), 2000 + i % 25);
    return good && sqlite3_exec(database, indexes, NULL, NULL, NULL) == SQLITE_OK;
}

/* A file is kept by this process alone and written ahead, flushed at checkpoints: what SQLite's own pages advise for servers. */
static int open_database(void)
{
    const char *path = getenv("TIERS_DATABASE");
    if (sqlite3_open_v2(path ? path : ":memory:", &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) /* without SQLite's own locks: under ours */
        return 0;
    if (path && !run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"))
        return 0;
    if (!run("SELECT 1 FROM orders") && !fill())
        return 0;
    for (int i = 0; i < TIERS_STATEMENTS; i++)
        for (int k = 0; k < STEPS_MAX && statements[i].sql[k]; k++)
            if (sqlite3_prepare_v3(database, statements[i].sql[k], -1, SQLITE_PREPARE_PERSISTENT, &prepared[i][k], NULL) != SQLITE_OK)
                return 0;
    return 1;
}

static int32_t rows_read(sqlite3_stmt *statement, int columns, char *rows, uint32_t room, uint32_t used)
{
    int status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < columns; i++) {
            const unsigned char *text = sqlite3_column_text(statement, i);
            uint16_t length = (uint16_t)sqlite3_column_bytes(statement, i);
            if (!text || length + sizeof length > room - used)
                return -1;
            memcpy(rows + used, &length, sizeof length);
            memcpy(rows + used + sizeof length, text, length);
            used += (uint32_t)sizeof length + length;
        }
    return status == SQLITE_DONE ? (int32_t)used : -1;
}

static int32_t statement_run(const struct tiers_query *query, char *rows, uint32_t room)
{
    int32_t used = 0;
    for (int k = 0; used >= 0 && k < STEPS_MAX && prepared[query->statement][k]; k++) {
        sqlite3_stmt *statement = prepared[query->statement][k];
        int parameters = sqlite3_bind_parameter_count(statement);
        for (int i = 0; i < 3 && i < parameters; i++)
            sqlite3_bind_int64(statement, i + 1, query->numbers[i]);
        if (parameters > 3)
            sqlite3_bind_text(statement, 4, query->text, -1, SQLITE_STATIC);
        used = rows_read(statement, statements[query->statement].columns, rows, room, (uint32_t)used);
        sqlite3_reset(statement);
    }
    if (used < 0 && !sqlite3_get_autocommit(database))
        run("ROLLBACK");
    return used;
}

int32_t tiers_query(const struct tiers_query *query, char *rows, uint32_t room)
{
    if (query->statement >= TIERS_STATEMENTS || memchr(query->text, 0, sizeof query->text) == NULL)
        return -1;
    pthread_mutex_lock(&lock);
    int32_t used = database || open_database() ? statement_run(query, rows, room) : -1;
    pthread_mutex_unlock(&lock);
    return used;
}
