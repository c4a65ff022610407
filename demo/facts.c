/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite domain: keeps facts about a picture in a database in its own memory and answers SQL about them. */
#include "facts.h"
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *database;
static uint64_t levels[3][256];
static uint32_t colours[1 << 12]; /* four bits of each channel */
static char answer[65536];
static size_t answer_size;

static const char schema[] =
    "CREATE TABLE picture(name TEXT, width INT, height INT, depth INT, colour_type INT, bytes INT);"
    "CREATE TABLE histogram(channel TEXT, level INT, pixels INT);"
    "CREATE TABLE colour(red INT, green INT, blue INT, pixels INT);";

/* Runs SQL without results. */
static int run(const char *sql)
{
    return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

/* Runs one statement with the numbers given as its parameters. */
static int insert(const char *sql, const int64_t *numbers, int count, const char *text)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (status != SQLITE_OK)
        return status;
    if (text)
        sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1 + (text != NULL), numbers[i]);
    sqlite3_step(statement);
    return sqlite3_finalize(statement);
}

int64_t facts_open(const char *name, uint32_t width, uint32_t height, uint32_t depth, uint32_t colour_type, uint32_t bytes)
{
    const int64_t numbers[] = {width, height, depth, colour_type, bytes};
    sqlite3_close(database);
    memset(levels, 0, sizeof levels);
    memset(colours, 0, sizeof colours);
    int status = sqlite3_open(":memory:", &database);
    if (status == SQLITE_OK)
        status = run(schema);
    return status == SQLITE_OK ? insert("INSERT INTO picture VALUES(?, ?, ?, ?, ?, ?)", numbers, 5, name) : status;
}

int64_t facts_count(const uint8_t *pixels, uint64_t count)
{
    for (; count--; pixels += 4) {
        if (pixels[3] == 0)
            continue;
        for (int channel = 0; channel < 3; channel++)
            levels[channel][pixels[channel]]++;
        colours[(pixels[0] >> 4) << 8 | (pixels[1] >> 4) << 4 | pixels[2] >> 4]++;
    }
    return 0;
}

int64_t facts_store(void)
{
    static const char *const channels[] = {"red", "green", "blue"};
    int status = run("BEGIN");
    for (int channel = 0; channel < 3; channel++)
        for (int level = 0; level < 256 && status == SQLITE_OK; level++) {
            const int64_t numbers[] = {level, (int64_t)levels[channel][level]};
            status = insert("INSERT INTO histogram VALUES(?, ?, ?)", numbers, 2, channels[channel]);
        }
    for (int colour = 0; colour < 1 << 12 && status == SQLITE_OK; colour++) {
        /* The middle of each sixteenth stands for it: 0 becomes 8, 15 becomes 248. */
        const int64_t numbers[] = {(colour >> 8) * 16 + 8, (colour >> 4 & 15) * 16 + 8, (colour & 15) * 16 + 8, colours[colour]};
        if (colours[colour])
            status = insert("INSERT INTO colour VALUES(?, ?, ?, ?)", numbers, 4, NULL);
    }
    return status == SQLITE_OK ? run("COMMIT") : status;
}

static void append(const char *text)
{
    size_t size = strlen(text);
    if (size > sizeof answer - 1 - answer_size)
        size = sizeof answer - 1 - answer_size;
    memcpy(answer + answer_size, text, size);
    answer_size += size;
    answer[answer_size] = 0;
}

static int append_row(void *unused, int count, char **values, char **names)
{
    (void)unused, (void)names;
    for (int i = 0; i < count; i++) {
        append(i ? "|" : "");
        append(values[i] ? values[i] : "NULL");
    }
    append("\n");
    return 0;
}

int64_t facts_query(const char *sql)
{
    char *message = NULL;
    answer_size = 0;
    answer[0] = 0;
    int status = sqlite3_exec(database, sql, append_row, NULL, &message);
    if (status != SQLITE_OK) {
        answer_size = 0;
        append(message ? message : sqlite3_errstr(status));
    }
    sqlite3_free(message);
    return status;
}

const char *facts_answer(void)
{
    return answer;
}
