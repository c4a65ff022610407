/* SPDX-License-Identifier: Apache-2.0 */
/* The reaper: a host thread that throws threads out of domains that died while several were inside: a domain dies on one thread, and a
 * signal handler there cannot wait for the others. */
#ifndef PORIN_LIFECYCLE_REAPER_H
#define PORIN_LIFECYCLE_REAPER_H
#include "runtime/domain.h"

bool reaper_start(void);
/* A domain gets its second thread: makes sure that the reaper runs. False: no thread is to be had. */
bool reaper_ensure(void);
/* The domain has died. From anywhere, signal handlers included. */
void reaper_want(struct porin_domain *domain);
#endif
