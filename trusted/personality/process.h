/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that stand for processes and threads inside domains. */
#ifndef PORIN_PERSONALITY_PROCESS_H
#define PORIN_PERSONALITY_PROCESS_H
#include <stdint.h>

/* A number no domain or thread of this process has had lately; they say nothing about the host. */
int32_t process_number(void);
#endif
