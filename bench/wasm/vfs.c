/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's operating system layer for the wasm2c variant: a clock and nothing else. Databases in memory need no more, and wasi-libc
 * lacks file locks that SQLite's own layer wants. */
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

static int refuse_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs, (void)name, (void)flags, (void)out_flags;
    file->pMethods = NULL;
    return SQLITE_CANTOPEN;
}

static int refuse_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs, (void)name, (void)sync;
    return SQLITE_IOERR_DELETE;
}

static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    (void)vfs, (void)name, (void)flags;
    *result = 0;
    return SQLITE_OK;
}

static int same_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int fixed_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    memset(out, 42, (size_t)size);
    return size;
}

static int no_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = (sqlite3_int64)time(NULL) * 1000 + INT64_C(210866760000000); /* the Julian day of 1970, in milliseconds */
    return SQLITE_OK;
}

static int time_days(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 ms;
    time_ms(vfs, &ms);
    *out = (double)ms / 86400000.0;
    return SQLITE_OK;
}

int sqlite3_os_init(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2, .szOsFile = sizeof(sqlite3_file), .mxPathname = 64, .zName = "none", .xOpen = refuse_open, .xDelete = refuse_delete,
        .xAccess = no_access, .xFullPathname = same_path, .xRandomness = fixed_randomness, .xSleep = no_sleep,
        .xCurrentTime = time_days, .xCurrentTimeInt64 = time_ms};
    return sqlite3_vfs_register(&vfs, 1);
}

int sqlite3_os_end(void)
{
    return SQLITE_OK;
}
