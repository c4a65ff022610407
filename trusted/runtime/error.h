/* SPDX-License-Identifier: Apache-2.0 */
/* Filling struct porin_error. */
#ifndef PORIN_RUNTIME_ERROR_H
#define PORIN_RUNTIME_ERROR_H
#include "porin/porin.h"

/* Fills *error (which may be NULL) and returns status, so that a refusal is one statement: return error_set(error, ...). */
porin_status error_set(struct porin_error *error, porin_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
#endif
