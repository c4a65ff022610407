/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses a domain may listen on and connect to. What is in no list is refused. */
#ifndef PORIN_PERSONALITY_ADDRESSES_H
#define PORIN_PERSONALITY_ADDRESSES_H
#include <sys/socket.h>
#include "personality.h"

/* Reads the lists in the options. On failure network_close is still due. */
porin_status network_open(struct personality *own, const struct porin_domain_options *options, struct porin_error *error);
void network_close(struct personality *own);
/* May the domain listen on (bind to) or connect to it? Says so to the audit if not. An AF_UNIX path is a guest path, absolute or not. */
bool network_allows(const struct request *request, bool listening, const struct sockaddr_storage *address, socklen_t size);
/* May it be sent descriptors over connections at this AF_UNIX address? */
bool network_receives(const struct request *request, const struct sockaddr_storage *address);
#endif
