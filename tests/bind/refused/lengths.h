/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths, directions and owners that cannot be. */
#include <stddef.h>
#include "porin/bind.h"
PORIN_ENTRY int misspelt(const char *data PORIN_IN(lenght), size_t length);
PORIN_ENTRY int unknown(const char *data PORIN_IN(x.size + nowhere), size_t length);
PORIN_ENTRY int written(const char *data PORIN_OUT(length), size_t length);
PORIN_ENTRY int both(char *data PORIN_IN(length) PORIN_OUT(length), size_t length);
PORIN_ENTRY int filled(const char *data PORIN_IN(length) PORIN_FILLED(result), size_t length);
PORIN_ENTRY int number(int value PORIN_IN(1));
PORIN_ENTRY int text(const int *values PORIN_STRING);
PORIN_ENTRY int writable(char *text PORIN_STRING);
PORIN_ENTRY int within(const char **end PORIN_OUT(1) PORIN_WITHIN(start), const char *text PORIN_STRING);
PORIN_ENTRY PORIN_CLOSES(other) int closes(void *handle PORIN_OPAQUE);
typedef struct held held PORIN_OPAQUE;
PORIN_ENTRY held *open_held(void);
PORIN_ENTRY int open_into(held **to PORIN_OUT(1));
PORIN_ENTRY PORIN_OWNED(open_held) held *open_with(void);
PORIN_ENTRY PORIN_CLOSES(one) void close_held(held *one);
