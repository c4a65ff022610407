/* SPDX-License-Identifier: Apache-2.0 */
/* What programs do with a small database: prepared inserts in a transaction, an index, look-ups, joins and sums, rows by callback. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef BOUND
#include "sqlite_bind.h"
#else
#include <sqlite3.h>
#endif
#include "work.h"

static uint64_t sum;
static sqlite3 *db;

static int row(void *unused, int count, char **values, char **names)
{
    (void)unused, (void)names;
    for (int i = 0; i < count; i++)
        sum = sum * 31 + (values[i] ? strlen(values[i]) + (unsigned char)*values[i] : 7);
    return 0;
}

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, row, NULL, NULL) != SQLITE_OK)
        sum = 0;
}

static void insert(unsigned rows)
{
    static const char *const cities[] = {"Barcelona", "Lisboa", "London", "Berlin", "Paris", "Praha", "Wien"};
    sqlite3_stmt *statement;
    char name[40];
    run("BEGIN");
    sqlite3_prepare_v2(db, "INSERT INTO person VALUES(?, ?, ?, ?)", -1, &statement, NULL);
    for (unsigned i = 0; i < rows; i++) {
        int size = snprintf(name, sizeof name, "person number %u", i * 2654435761u);
        sqlite3_bind_int64(statement, 1, i);
        sqlite3_bind_text(statement, 2, name, size, SQLITE_TRANSIENT);
        sqlite3_bind_text(statement, 3, cities[i % 7], -1, SQLITE_STATIC);
        sqlite3_bind_double(statement, 4, i * 0.37);
        sqlite3_step(statement);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    run("COMMIT");
}

static void look_up(unsigned rows)
{
    sqlite3_stmt *statement;
    sqlite3_prepare_v2(db, "SELECT name, value FROM person WHERE name > ? ORDER BY name LIMIT 3", -1, &statement, NULL);
    for (unsigned i = 0; i < rows; i++) {
        char name[40];
        int size = snprintf(name, sizeof name, "person number %u", i * 40503u);
        sqlite3_bind_text(statement, 1, name, size, SQLITE_TRANSIENT);
        while (sqlite3_step(statement) == SQLITE_ROW)
            sum = sum * 31 + strlen((const char *)sqlite3_column_text(statement, 0)) + (uint64_t)sqlite3_column_double(statement, 1);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
}

uint64_t work_sqlite(unsigned rows)
{
    sum = 1;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        return 0;
    run("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, city TEXT, value REAL)");
    insert(rows);
    run("CREATE INDEX by_name ON person(name); CREATE INDEX by_city ON person(city, value)");
    look_up(rows / 10);
    for (int i = 0; i < 3; i++) {
        run("SELECT city, count(*), sum(value), max(name) FROM person GROUP BY city ORDER BY 3 DESC");
        run("SELECT a.city, count(*) FROM person a JOIN person b ON b.id = a.id / 2 WHERE a.value > b.value GROUP BY 1");
        run("SELECT name FROM person WHERE name LIKE '%77%' ORDER BY length(name), name LIMIT 50");
        run("UPDATE person SET value = value * 1.01, name = replace(name, 'person', 'human') WHERE id % 5 = 0");
        run("SELECT printf('%.3f', avg(value)), group_concat(DISTINCT city) FROM person");
    }
    sqlite3_close(db);
    return sum;
}
