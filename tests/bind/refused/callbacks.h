/* SPDX-License-Identifier: Apache-2.0 */
/* options: --drop-in */
/* Callbacks: what they take and return must be said too. */
#include <stddef.h>
#include "porin/bind.h"
typedef int (*visit)(void *context, const char *name);
PORIN_ENTRY PORIN_FAILS(-1) int each(visit function PORIN_CALLBACK, void *context PORIN_TOKEN(context));
PORIN_ENTRY PORIN_FAILS(-1) int nested(void (*function)(void (*inner)(void)) PORIN_CALLBACK);
PORIN_ENTRY PORIN_FAILS(-1) int named(const char *(*function)(int) PORIN_CALLBACK);
PORIN_ENTRY PORIN_FAILS(-1) int logs(void (*function)(const char *format PORIN_STRING, ...) PORIN_CALLBACK);
