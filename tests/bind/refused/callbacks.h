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
void give_back(void *memory);
PORIN_ENTRY PORIN_FAILS(-1) int whose(const char *(*function)(int a) PORIN_CALLBACK PORIN_STRING);
PORIN_ENTRY PORIN_FAILS(-1) int from(const char *(*function)(int a) PORIN_CALLBACK PORIN_STRING PORIN_OWNED(give_back));
PORIN_ENTRY PORIN_FAILS(-1) int allocator(void *(*function)(int a) PORIN_CALLBACK PORIN_ALLOCATES(size));
struct hooks { void *(*get)(int a); };
PORIN_ENTRY PORIN_FAILS(-1) int set(const struct hooks *hooks PORIN_IN(1));
