/* SPDX-License-Identifier: Apache-2.0 */
/* What the caption domain offers; `porin bind` makes the calls. */
#ifndef DEMO_CAPTION_H
#define DEMO_CAPTION_H
#include "porin/bind.h"

/* Returns the finished caption. */
PORIN_ENTRY PORIN_STRING PORIN_BORROWED const char *caption_make(const char *text PORIN_STRING);
#endif
