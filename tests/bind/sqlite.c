/* SPDX-License-Identifier: Apache-2.0 */
/* A program that uses SQLite as programs do: statements, rows by callback, functions of its own, errors. It is built twice, against the
 * native library and against the stubs, and must print the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef BOUND
#include "sqlite_bind.h"
#include "start.h"
#else
#include <sqlite3.h>
#endif

static sqlite3 *db;

static int print_row(void *label, int count, char **values, char **names)
{
    printf("%s", (const char *)label);
    for (int i = 0; i < count; i++)
        printf(" %s=%s", names[i], values[i] ? values[i] : "NULL");
    printf("\n");
    return strcmp(label, "stop") == 0;
}

static void run(const char *sql, const char *label)
{
    char *message = NULL;
    int status = sqlite3_exec(db, sql, print_row, (void *)label, &message);
    printf("exec %d %s\n", status, message ? message : "-");
    sqlite3_free(message);
}

static void add(sqlite3_context *context, int count, sqlite3_value **values)
{
    sqlite3_int64 sum = *(int *)sqlite3_user_data(context);
    for (int i = 0; i < count; i++)
        sum += sqlite3_value_int64(values[i]);
    if (sum == 13)
        sqlite3_result_error(context, "thirteen", -1);
    else
        sqlite3_result_int64(context, sum);
}

static void twice(sqlite3_context *context, int count, sqlite3_value **values)
{
    char text[64];
    snprintf(text, sizeof text, "%s%s", (const char *)sqlite3_value_text(values[0]), (const char *)sqlite3_value_text(values[count - 1]));
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void statements(void)
{
    sqlite3_stmt *insert, *select;
    const char *tail;
    char blob[] = "blob\0with\0zeros";
    const char *two = "INSERT INTO t VALUES(?, ?, ?, ?); SELECT 1";
    printf("prepare %d", sqlite3_prepare_v2(db, two, -1, &insert, &tail));
    printf(" tail '%s' parameters %d\n", tail, sqlite3_bind_parameter_count(insert));
    for (int i = 0; i < 20; i++) {
        char *name = sqlite3_mprintf("%s %d %.2f %q", "name", i, i / 3.0, "it's");
        sqlite3_bind_int(insert, 1, i);
        sqlite3_bind_text(insert, 2, name, -1, SQLITE_TRANSIENT);
        sqlite3_bind_double(insert, 3, i / 7.0);
        if (i % 3)
            sqlite3_bind_blob(insert, 4, blob, (int)sizeof blob, SQLITE_STATIC);
        else
            sqlite3_bind_null(insert, 4);
        if (sqlite3_step(insert) != SQLITE_DONE)
            printf("step: %s\n", sqlite3_errmsg(db));
        sqlite3_reset(insert);
        sqlite3_free(name);
    }
    sqlite3_finalize(insert);
    sqlite3_prepare_v2(db, "SELECT a, b, c, d FROM t ORDER BY b DESC", -1, &select, NULL);
    while (sqlite3_step(select) == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(select, 1);
        const void *data = sqlite3_column_blob(select, 3);
        int bytes = sqlite3_column_bytes(select, 3);
        printf("%d '%s' %.17g %d %d %d\n", sqlite3_column_int(select, 0), text, sqlite3_column_double(select, 2),
               sqlite3_column_type(select, 3), bytes, data ? memcmp(data, blob, (size_t)bytes) : -1);
    }
    sqlite3_finalize(select);
}

static int by_length(void *factor, int one, const void *a, int two, const void *b)
{
    return *(int *)factor * (one == two ? memcmp(a, b, (size_t)one) : one - two);
}

static void tables_and_orders(void)
{
    static int down = -1;
    char **table, *message = NULL;
    int rows, columns;
    sqlite3_stmt *left;
    printf("collation %d\n", sqlite3_create_collation(db, "length", SQLITE_UTF8, &down, by_length));
    int status = sqlite3_get_table(db, "SELECT a, b, NULL FROM t ORDER BY b COLLATE length LIMIT 5", &table, &rows, &columns, &message);
    for (int i = 0; status == SQLITE_OK && i < (rows + 1) * columns; i++)
        printf("%s%c", table[i] ? table[i] : "NULL", i % columns == columns - 1 ? '\n' : ' ');
    sqlite3_free_table(table);
    printf("table %d %d\n", rows, sqlite3_get_table(db, "SELECT nothing", &table, &rows, &columns, NULL));
    sqlite3_prepare_v2(db, "SELECT 1", -1, &left, NULL);
    printf("busy %d", sqlite3_close(db));
    printf(" next %d of %d", sqlite3_next_stmt(db, NULL) == left, sqlite3_db_handle(left) == db);
    printf(" step %d\n", sqlite3_step(left));
    sqlite3_finalize(left);
}

int main(int argc, char **argv)
{
    int one = 1;
#ifdef BOUND
    struct porin_error error = {0};
    porin_domain *domain = start(argv[1], NULL);
    must_start(sqlite_bind(domain, &error), &error);
#endif
    (void)argc, (void)argv;
    printf("open %d\n", sqlite3_open(":memory:", &db));
    run("CREATE TABLE t(a INT, b TEXT, c REAL, d BLOB); SELECT 1 AS x, NULL AS y, 'z' AS z UNION SELECT 2, 3, 4", "row");
    statements();
    printf("function %d\n", sqlite3_create_function(db, "plus", -1, SQLITE_UTF8, &one, add, NULL, NULL));
    printf("function %d\n", sqlite3_create_function(db, "twice", -1, SQLITE_UTF8, NULL, twice, NULL, NULL));
    run("SELECT plus(1, 2, a) AS s, twice('ab', b) AS w FROM t WHERE a < 5", "sum");
    run("SELECT plus(12)", "error");
    run("SELECT a FROM t", "stop");
    run("SELECT sunset FROM nowhere", "none");
    tables_and_orders();
    printf("errmsg %s\nchanges %d\n", sqlite3_errmsg(db), sqlite3_total_changes(db));
    printf("close %d\n", sqlite3_close(db));
    return 0;
}
