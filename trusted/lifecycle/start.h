/* SPDX-License-Identifier: Apache-2.0 */
/* The block that a start routine is given: what Linux puts on a new process's stack. */
#ifndef PORIN_LIFECYCLE_START_H
#define PORIN_LIFECYCLE_START_H
#include "runtime/domain.h"

/* Writes argc, argv, NULL, envp, NULL, auxv and their strings below slot offset `end`; *block is where argc stands, 16-aligned. */
porin_status start_block_write(struct porin_domain *domain, uint32_t end, uint32_t *block, struct porin_error *error);
#endif
