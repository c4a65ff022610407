/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told about images that cannot be had and domains that have died. */
#ifndef PORIN_COMMANDS_REPORT_H
#define PORIN_COMMANDS_REPORT_H
#include <stdbool.h>
#include <stddef.h>
#include "porin/porin.h"

/* As shells have it for programs that cannot be started. */
#define EXIT_OWN_FAILURE 125
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127
#define EXIT_SIGNAL 128

/* Says why the image cannot be had; the exit status. */
int print_load_error(const char *file, porin_status status, const struct porin_error *error);
/* Says which domain died where and why. Offsets are the image's addresses. */
void print_fault(const char *file, const struct porin_error *error);
/* "host > front.serve > store.get" and "read, write": who called whom, and what the one that died asked for, latest last. False: nothing
 * is known. */
bool report_crossings(const struct porin_error *error, char *text, size_t size);
bool report_services(const struct porin_error *error, char *text, size_t size);
void print_used(porin_domain *domain);
#endif
