/* SPDX-License-Identifier: Apache-2.0 */
/* Status names and texts, error records, and the end of the process when a belief of trusted code is false. */
#include "error.h"
#include "lifecycle/plain.h"
#include "must.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
#define STATUS(id, name, text) name,
#include "porin/status.def"
#undef STATUS
};

static const char *const texts[] = {
#define STATUS(id, name, text) text,
#include "porin/status.def"
#undef STATUS
};

const char *porin_status_name(porin_status status)
{
    return (unsigned)status < PORIN_STATUS_COUNT ? names[status] : "unknown";
}

const char *porin_status_text(porin_status status)
{
    return (unsigned)status < PORIN_STATUS_COUNT ? texts[status] : "not a status of this library";
}

porin_status error_set(struct porin_error *error, porin_status status, const char *format, ...)
{
    if (error) {
        memset(error, 0, sizeof *error);
        error->status = status;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
        text_make_plain(error->text); /* names are images' own */
    }
    return status;
}

void must_fail(const char *condition, const char *file, int line)
{
    char text[256];
    int length = snprintf(text, sizeof text, "porin: a security check of the runtime failed: %s at %s:%d\n", condition, file, line);
    if (length > 0 && write(2, text, (size_t)length) < 0)
        abort();
    abort();
}
