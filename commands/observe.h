/* SPDX-License-Identifier: Apache-2.0 */
/* --profile and --trace of `porin run`. */
#ifndef PORIN_COMMANDS_OBSERVE_H
#define PORIN_COMMANDS_OBSERVE_H
#include <stdbool.h>
#include "porin/porin.h"

struct observe { int profile, trace; };  /* descriptors to write them to; -1: none is taken */

porin_status observe_begin(const struct observe *observe, struct porin_error *error);
/* When nothing runs any more; with a message if it fails. */
void observe_end(const struct observe *observe);
#endif
