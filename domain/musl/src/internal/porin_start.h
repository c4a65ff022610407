/* SPDX-License-Identifier: Apache-2.0 */
/* How host threads become threads of the domain's libc. */
#ifndef PORIN_START_H
#define PORIN_START_H
#include <features.h>

/* Called once, before any other thread can enter: from now on every lock of the libc locks. */
hidden void __porin_share(void);

/* The thread routine of the image's note. The host calls it on the data stack of a thread that has not been here yet. Returns the
 * thread pointer, or 0 without memory for one. */
hidden void *__porin_thread(void);
#endif
