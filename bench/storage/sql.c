/* SPDX-License-Identifier: Apache-2.0 */
/* Storage: SQLite above the files. Its file system (a "VFS") is the entries of the files module; nothing else uses the database, so its
 * locks are nothing. */
#include "storage.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

PORIN_IMPORT(files_open);
PORIN_IMPORT(files_remove);
PORIN_IMPORT(files_size);
PORIN_IMPORT(files_read);
PORIN_IMPORT(files_write);
PORIN_IMPORT(files_truncate);
PORIN_IMPORT(files_sync);

struct stacked { sqlite3_file base; uint64_t number; int temporary; };

static uint64_t number_of(sqlite3_file *file) { return ((struct stacked *)file)->number; }
static int status_of(long result, int status) { return result >= 0 ? SQLITE_OK : result == STORAGE_FULL ? SQLITE_FULL : status; }

static int stacked_close(sqlite3_file *file)
{
    return ((struct stacked *)file)->temporary ? status_of(files_remove(number_of(file)), SQLITE_IOERR_CLOSE) : SQLITE_OK;
}
static int stacked_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
    long got = files_read(number_of(file), (uint64_t)at, LEND(to, (uint64_t)size, WRITE), (uint64_t)size);
    if (got < 0 || got > size)
        return SQLITE_IOERR_READ;
    memset((uint8_t *)to + got, 0, (size_t)(size - got));
    return got == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}
static int stacked_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
    return status_of(files_write(number_of(file), (uint64_t)at, LEND(from, (uint64_t)size, READ), (uint64_t)size), SQLITE_IOERR_WRITE);
}
static int stacked_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return status_of(files_truncate(number_of(file), (uint64_t)size), SQLITE_IOERR_TRUNCATE);
}
static int stacked_sync(sqlite3_file *file, int flags)
{
    (void)file, (void)flags;
    return status_of(files_sync(), SQLITE_IOERR_FSYNC);
}
static int stacked_size(sqlite3_file *file, sqlite3_int64 *size)
{
    *size = files_size(number_of(file));
    return status_of(*size, SQLITE_IOERR_FSTAT);
}
static int stacked_lock(sqlite3_file *file, int level)
{
    (void)file, (void)level;
    return SQLITE_OK;
}
static int stacked_locked(sqlite3_file *file, int *answer)
{
    (void)file;
    *answer = 0;
    return SQLITE_OK;
}
static int stacked_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file, (void)operation, (void)argument;
    return SQLITE_NOTFOUND;
}
static int stacked_sector(sqlite3_file *file)
{
    (void)file;
    return STORAGE_BLOCK;
}
static int stacked_facts(sqlite3_file *file)
{
    (void)file;
    return 0;
}
static const sqlite3_io_methods methods = {
    .iVersion = 1, .xClose = stacked_close, .xRead = stacked_read, .xWrite = stacked_write, .xTruncate = stacked_truncate,
    .xSync = stacked_sync, .xFileSize = stacked_size, .xLock = stacked_lock, .xUnlock = stacked_lock,
    .xCheckReservedLock = stacked_locked, .xFileControl = stacked_control, .xSectorSize = stacked_sector,
    .xDeviceCharacteristics = stacked_facts,
};

static long name_find(const char *name, int create)
{
    return files_open(LEND(name, strlen(name), READ), strlen(name), (uint64_t)create);
}
static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
    static unsigned temporaries;
    char temporary[32];
    struct stacked *stacked = (struct stacked *)file;
    (void)vfs;
    *stacked = (struct stacked){ .temporary = !name || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0 };
    snprintf(temporary, sizeof temporary, "temporary %u", temporaries++);
    long number = name_find(name ? name : temporary, (flags & SQLITE_OPEN_CREATE) != 0);
    if (number < 0)
        return SQLITE_CANTOPEN;
    stacked->number = (uint64_t)number;
    stacked->base.pMethods = &methods;
    if (flags_out)
        *flags_out = flags;
    return SQLITE_OK;
}
static int vfs_delete(sqlite3_vfs *vfs, const char *name, int durable)
{
    long number = name_find(name, 0);
    (void)vfs;
    if (number == STORAGE_ABSENT)
        return SQLITE_IOERR_DELETE_NOENT;
    long result = number < 0 ? number : files_remove((uint64_t)number);
    return status_of(result < 0 || !durable ? result : files_sync(), SQLITE_IOERR_DELETE);
}
static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer)
{
    long number = name_find(name, 0);
    (void)vfs, (void)flags;
    *answer = number >= 0;
    return status_of(number == STORAGE_ABSENT ? 0 : number, SQLITE_IOERR_ACCESS);
}
static int vfs_path(sqlite3_vfs *vfs, const char *name, int size, char *to)
{
    (void)vfs;
    return snprintf(to, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}
/* The same bytes and the same time everywhere: what is written must be comparable. */
static int vfs_randomness(sqlite3_vfs *vfs, int size, char *to)
{
    static uint64_t seed = 1;
    (void)vfs;
    for (int i = 0; i < size; i++)
        to[i] = (char)((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 56);
    return size;
}
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}
static int vfs_time(sqlite3_vfs *vfs, double *days)
{
    (void)vfs;
    *days = 2460000.5;
    return SQLITE_OK;
}
static int vfs_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs, (void)size, (void)text;
    return 0;
}
static sqlite3_vfs vfs = {
    .iVersion = 1, .szOsFile = sizeof(struct stacked), .mxPathname = FILES_NAME - 1, .zName = "storage", .xOpen = vfs_open,
    .xDelete = vfs_delete, .xAccess = vfs_access, .xFullPathname = vfs_path, .xRandomness = vfs_randomness, .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time, .xGetLastError = vfs_error,
};

/* --- the work --- */

static sqlite3 *database;
static uint64_t sum;

static void sum_text(const char *text)
{
    for (const char *c = text ? text : "-"; *c; c++)
        sum = sum * 31 + (uint8_t)*c;
}
static int sql_row(void *closure, int columns, char **values, char **names)
{
    (void)closure, (void)names;
    for (int i = 0; i < columns; i++)
        sum_text(values[i]);
    return 0;
}
static int sql_do(const char *text)
{
    char *message = NULL;
    int status = sqlite3_exec(database, text, sql_row, NULL, &message);
    sqlite3_free(message);
    return status == SQLITE_OK ? 0 : -100 - status;
}
static int database_open(const char *name)
{
    static int registered;
    if (!registered && sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        return -100;
    registered = 1;
    sqlite3_close(database);
    int status = sqlite3_open(name, &database);
    /* Few pages, so that the files are asked. */
    return status == SQLITE_OK ? sql_do("PRAGMA cache_size=64; PRAGMA temp_store=memory") : -100 - status;
}
long sql_open(uint64_t stacked)
{
    int status = database_open(stacked ? "facts.db" : ":memory:");
    return status ? status : sql_do("DROP TABLE IF EXISTS fact; DROP TABLE IF EXISTS other;"
                                    "CREATE TABLE fact(id INTEGER PRIMARY KEY, number INTEGER, text TEXT);"
                                    "CREATE INDEX by_number ON fact(number);"
                                    "CREATE TABLE other(id INTEGER PRIMARY KEY, number INTEGER);");
}
long sql_check(void)
{
    int status = database_open("facts.db");
    sum = 0;
    sum_text("ok");
    uint64_t sound = sum;
    sum = 0;
    if (status == 0)
        status = sql_do("PRAGMA integrity_check");
    return status ? status : sum == sound ? 0 : STORAGE_DAMAGED;
}
struct work { const char *text; uint64_t grouped; };
/* As speedtest1 does: rows in transactions, points and ranges, updates by key and by index, deletes. Each once per row, so many in a
 * transaction; ?1 counts, ?2 is a row at random, ?3 any number. */
static const struct work works[] = {
    {"INSERT INTO fact VALUES(?1, ?3%10000, 'a text of some length, number '||?1)", 500},
    {"INSERT INTO other VALUES(?1, ?3%1000)", 50},
    {"SELECT text FROM fact WHERE id=?2", 500},
    {"SELECT count(*), sum(id) FROM fact WHERE number BETWEEN ?3%10000 AND ?3%10000+50", 500},
    {"UPDATE fact SET number=?3%10000 WHERE id=?2", 100},
    {"UPDATE fact SET text=text||' changed' WHERE number=?3%10000", 100},
    {"DELETE FROM fact WHERE id=?2", 100},
};
static const char last[] = "SELECT count(*), avg(fact.number) FROM fact, other WHERE fact.id=other.id AND other.number<500;"
                           "SELECT text FROM fact ORDER BY text DESC LIMIT 10; PRAGMA integrity_check; DELETE FROM fact; DELETE FROM other";

static int work_do(const struct work *work, uint64_t rows, uint64_t *seed)
{
    sqlite3_stmt *statement;
    int status = sqlite3_prepare_v2(database, work->text, -1, &statement, NULL) == SQLITE_OK ? 0 : -100;
    for (uint64_t k = 0; k < rows && status == 0; k++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        const uint64_t numbers[] = {k, (*seed >> 33) % rows, *seed >> 40};
        if (k % work->grouped == 0)
            status = sql_do("BEGIN");
        for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++)
            sqlite3_bind_int64(statement, i, (sqlite3_int64)numbers[i - 1]);
        int step;
        while ((step = sqlite3_step(statement)) == SQLITE_ROW)
            for (int i = 0; i < sqlite3_column_count(statement); i++)
                sum_text((const char *)sqlite3_column_text(statement, i));
        sqlite3_reset(statement);
        if (step != SQLITE_DONE)
            status = -100 - step;
        if (status == 0 && (k % work->grouped == work->grouped - 1 || k == rows - 1))
            status = sql_do("COMMIT");
    }
    sqlite3_finalize(statement);
    return status;
}
long sql_run(uint64_t rows, uint64_t seed)
{
    int status = 0;
    sum = 0;
    if (rows - 1 >= 1000000)
        return STORAGE_WRONG;
    for (unsigned i = 0; i < sizeof works / sizeof *works && status == 0; i++)
        status = work_do(&works[i], rows, &seed);
    if (status == 0)
        status = sql_do(last);
    return status ? status : (long)(sum >> 1);
}
PORIN_EXPORT(sql_open);
PORIN_EXPORT(sql_run);
PORIN_EXPORT(sql_check);
STORAGE_MODULE(sql);
