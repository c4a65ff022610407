/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers of which nothing is said. */
#include <stddef.h>
#include "porin/bind.h"
struct thing;
PORIN_ENTRY int first(char *data, size_t size);
PORIN_ENTRY int second(const char *text, struct thing *thing);
PORIN_ENTRY char *third(void (*function)(int));
PORIN_ENTRY int fourth(char **texts, void *context);
