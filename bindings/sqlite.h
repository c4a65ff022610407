/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite for `porin bind`. Text that a statement returns lives until it is stepped, reset or finalized; other text as long as its handle.
 */
typedef struct sqlite3 sqlite3 PORIN_OPAQUE;
typedef struct sqlite3_stmt sqlite3_stmt PORIN_OPAQUE;
typedef struct sqlite3_context sqlite3_context PORIN_OPAQUE;
typedef struct sqlite3_value sqlite3_value PORIN_OPAQUE;
typedef struct sqlite3_blob sqlite3_blob PORIN_OPAQUE;
typedef int (*sqlite3_callback)(void *data PORIN_TOKEN(row), int count, char **values PORIN_STRINGS(count),
                                char **names PORIN_STRINGS(count)) PORIN_FAILS(1);

#define STATUS PORIN_ENTRY PORIN_FAILS(SQLITE_INTERNAL)
#define NUMBER PORIN_ENTRY PORIN_FAILS(0)
#define TEXT PORIN_ENTRY PORIN_STRING PORIN_BORROWED

/* --- connections --- */
TEXT const char *sqlite3_libversion(void);
NUMBER int sqlite3_libversion_number(void);
TEXT const char *sqlite3_errstr(int code);
STATUS int sqlite3_open(const char *filename PORIN_STRING, sqlite3 **ppDb PORIN_OUT(1) PORIN_OWNED(sqlite3_close));
STATUS int sqlite3_open_v2(const char *filename PORIN_STRING, sqlite3 **ppDb PORIN_OUT(1) PORIN_OWNED(sqlite3_close), int flags,
                           const char *zVfs PORIN_STRING);
STATUS PORIN_CLOSES(db) PORIN_CLOSES_WHEN(result == SQLITE_OK) int sqlite3_close(sqlite3 *db);
STATUS PORIN_CLOSES(db) int sqlite3_close_v2(sqlite3 *db);
STATUS int sqlite3_errcode(sqlite3 *db);
STATUS int sqlite3_extended_errcode(sqlite3 *db);
TEXT const char *sqlite3_errmsg(sqlite3 *db);
NUMBER int sqlite3_changes(sqlite3 *db);
NUMBER int sqlite3_total_changes(sqlite3 *db);
PORIN_ENTRY PORIN_FAILS(0) PORIN_ANY sqlite3_int64 sqlite3_last_insert_rowid(sqlite3 *db);
STATUS int sqlite3_busy_timeout(sqlite3 *db, int ms);
NUMBER int sqlite3_get_autocommit(sqlite3 *db);
PORIN_ENTRY PORIN_FREES void sqlite3_free(void *memory PORIN_OPAQUE);
STATUS int sqlite3_exec(sqlite3 *db, const char *sql PORIN_STRING,
                        int (*callback)(void *data PORIN_TOKEN(row), int count, char **values PORIN_STRINGS(count),
                                        char **names PORIN_STRINGS(count)) PORIN_CALLBACK PORIN_FAILS(1),
                        void *data PORIN_TOKEN(row), char **errmsg PORIN_OUT(1) PORIN_STRING PORIN_OWNED(sqlite3_free));
STATUS int sqlite3_get_table(sqlite3 *db, const char *zSql PORIN_STRING, char ***pazResult PORIN_OUT(1)
                             PORIN_STRINGS(result != SQLITE_OK ? 0 : (*pnRow + 1LL) * *pnColumn) PORIN_OWNED(sqlite3_free_table),
                             int *pnRow PORIN_OUT(1), int *pnColumn PORIN_OUT(1),
                             char **pzErrmsg PORIN_OUT(1) PORIN_STRING PORIN_OWNED(sqlite3_free));
PORIN_ENTRY PORIN_FREES void sqlite3_free_table(char **table PORIN_OPAQUE);
STATUS int sqlite3_create_collation(sqlite3 *db, const char *zName PORIN_STRING, int eTextRep, void *pArg PORIN_TOKEN(collation),
    int (*xCompare)(void *pArg PORIN_TOKEN(collation), int one, const void *a PORIN_IN(one), int two,
                    const void *b PORIN_IN(two)) PORIN_CALLBACK_KEPT PORIN_FAILS(0));
PORIN_ENTRY void sqlite3_progress_handler(sqlite3 *db, int steps,
                                          int (*progress)(void *data PORIN_TOKEN(progress)) PORIN_CALLBACK_SET PORIN_FAILS(1),
                                          void *data PORIN_TOKEN(progress));

/* --- statements --- */
STATUS int sqlite3_prepare_v2(sqlite3 *db, const char *zSql PORIN_IN(nByte < 0 ? strlen(zSql) + 1 : nByte), int nByte,
                              sqlite3_stmt **ppStmt PORIN_OUT(1) PORIN_OWNED(sqlite3_finalize),
                              const char **pzTail PORIN_OUT(1) PORIN_WITHIN_OR_END(zSql));
STATUS PORIN_RENEWS(stmt) int sqlite3_step(sqlite3_stmt *stmt);
STATUS PORIN_RENEWS(stmt) int sqlite3_reset(sqlite3_stmt *stmt);
STATUS PORIN_CLOSES(stmt) int sqlite3_finalize(sqlite3_stmt *stmt);
STATUS int sqlite3_clear_bindings(sqlite3_stmt *stmt);
NUMBER int sqlite3_bind_parameter_count(sqlite3_stmt *stmt);
NUMBER int sqlite3_bind_parameter_index(sqlite3_stmt *stmt, const char *name PORIN_STRING);
TEXT const char *sqlite3_bind_parameter_name(sqlite3_stmt *stmt, int index);
STATUS int sqlite3_bind_int(sqlite3_stmt *stmt, int index, int value);
STATUS int sqlite3_bind_int64(sqlite3_stmt *stmt, int index, sqlite3_int64 value);
STATUS int sqlite3_bind_double(sqlite3_stmt *stmt, int index, double value);
STATUS int sqlite3_bind_null(sqlite3_stmt *stmt, int index);
STATUS int sqlite3_bind_text(sqlite3_stmt *stmt, int index, const char *text PORIN_IN(n < 0 ? strlen(text) + 1 : n), int n,
                             void (*destructor)(void *) PORIN_RELEASES(text) PORIN_FIXED(SQLITE_TRANSIENT));
STATUS int sqlite3_bind_blob(sqlite3_stmt *stmt, int index, const void *data PORIN_IN(n), int n,
                             void (*destructor)(void *) PORIN_RELEASES(data) PORIN_FIXED(SQLITE_TRANSIENT));
STATUS int sqlite3_bind_zeroblob(sqlite3_stmt *stmt, int index, int n);
NUMBER int sqlite3_column_count(sqlite3_stmt *stmt);
NUMBER int sqlite3_data_count(sqlite3_stmt *stmt);
TEXT const char *sqlite3_column_name(sqlite3_stmt *stmt, int column);
TEXT const char *sqlite3_column_decltype(sqlite3_stmt *stmt, int column);
PORIN_ENTRY PORIN_FAILS(SQLITE_NULL) PORIN_RANGE(SQLITE_INTEGER, SQLITE_NULL) int sqlite3_column_type(sqlite3_stmt *stmt, int column);
PORIN_ENTRY PORIN_FAILS(0) PORIN_RANGE(0, INT32_MAX) int sqlite3_column_bytes(sqlite3_stmt *stmt, int column);
PORIN_ENTRY PORIN_FAILS(0) PORIN_ANY int sqlite3_column_int(sqlite3_stmt *stmt, int column);
PORIN_ENTRY PORIN_FAILS(0) PORIN_ANY sqlite3_int64 sqlite3_column_int64(sqlite3_stmt *stmt, int column);
PORIN_ENTRY PORIN_FAILS(0) double sqlite3_column_double(sqlite3_stmt *stmt, int column);
TEXT const unsigned char *sqlite3_column_text(sqlite3_stmt *stmt, int column);
PORIN_ENTRY PORIN_BORROWED PORIN_SIZE(sqlite3_column_bytes(stmt, column)) const void *sqlite3_column_blob(sqlite3_stmt *stmt, int column);
TEXT const char *sqlite3_sql(sqlite3_stmt *stmt);
PORIN_ENTRY PORIN_BORROWED sqlite3 *sqlite3_db_handle(sqlite3_stmt *stmt);
PORIN_ENTRY PORIN_BORROWED sqlite3_stmt *sqlite3_next_stmt(sqlite3 *db, sqlite3_stmt *stmt);
NUMBER int sqlite3_stmt_readonly(sqlite3_stmt *stmt);

/* --- functions of the program's own --- */
STATUS int sqlite3_create_function(sqlite3 *db, const char *name PORIN_STRING, int nArg, int eTextRep, void *app PORIN_TOKEN(app),
    void (*xFunc)(sqlite3_context *context, int count, sqlite3_value **values PORIN_IN(count)) PORIN_CALLBACK_KEPT,
    void (*xStep)(sqlite3_context *context, int count, sqlite3_value **values PORIN_IN(count)) PORIN_CALLBACK_KEPT,
    void (*xFinal)(sqlite3_context *context) PORIN_CALLBACK_KEPT);
PORIN_ENTRY PORIN_TOKEN(app) void *sqlite3_user_data(sqlite3_context *context);
PORIN_ENTRY PORIN_FAILS(SQLITE_NULL) PORIN_RANGE(SQLITE_INTEGER, SQLITE_NULL) int sqlite3_value_type(sqlite3_value *value);
PORIN_ENTRY PORIN_FAILS(0) PORIN_ANY int sqlite3_value_int(sqlite3_value *value);
PORIN_ENTRY PORIN_FAILS(0) PORIN_ANY sqlite3_int64 sqlite3_value_int64(sqlite3_value *value);
PORIN_ENTRY PORIN_FAILS(0) double sqlite3_value_double(sqlite3_value *value);
PORIN_ENTRY PORIN_FAILS(0) PORIN_RANGE(0, INT32_MAX) int sqlite3_value_bytes(sqlite3_value *value);
TEXT const unsigned char *sqlite3_value_text(sqlite3_value *value);
PORIN_ENTRY void sqlite3_result_int(sqlite3_context *context, int value);
PORIN_ENTRY void sqlite3_result_int64(sqlite3_context *context, sqlite3_int64 value);
PORIN_ENTRY void sqlite3_result_double(sqlite3_context *context, double value);
PORIN_ENTRY void sqlite3_result_null(sqlite3_context *context);
PORIN_ENTRY void sqlite3_result_text(sqlite3_context *context, const char *text PORIN_IN(n < 0 ? strlen(text) + 1 : n), int n,
                                     void (*destructor)(void *) PORIN_RELEASES(text) PORIN_FIXED(SQLITE_TRANSIENT));
PORIN_ENTRY void sqlite3_result_error(sqlite3_context *context, const char *message PORIN_IN(n < 0 ? strlen(message) + 1 : n), int n);

/* --- text that SQLite makes --- */
PORIN_ENTRY PORIN_STRING PORIN_OWNED(sqlite3_free) char *sqlite3_mprintf(const char *format PORIN_FORMAT, ...);
#undef STATUS
#undef NUMBER
#undef TEXT
