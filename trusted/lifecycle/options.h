/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a domain's options, so that the host may drop its own. */
#ifndef PORIN_LIFECYCLE_OPTIONS_H
#define PORIN_LIFECYCLE_OPTIONS_H
#include "porin/porin.h"

/* Deep copy; false without memory (then *to needs options_release all the same). */
bool options_copy(struct porin_domain_options *to, const struct porin_domain_options *from);
void options_release(struct porin_domain_options *options);
#endif
