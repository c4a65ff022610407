/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of sockets between domain and host. */
#ifndef PORIN_PERSONALITY_SOCKETS_H
#define PORIN_PERSONALITY_SOCKETS_H
#include <sys/socket.h>
#include "descriptors.h"

/* The socket behind argument 0 with a reference; NULL and *error (-EBADF, -ENOTSOCK). */
struct open_file *socket_acquire(const struct request *request, int64_t *error);
/* What the host is to send to: checked against --connect and, of AF_UNIX, resolved to a path of the host's that lives as long as *held (a
 * host descriptor to be closed; -1: none). `receives`: the domain may be sent descriptors over connections there. */
struct peer { struct sockaddr_storage address; socklen_t size; int held; bool receives; };
int64_t peer_fetch(const struct request *request, const struct open_file *file, uint64_t address, uint64_t size, struct peer *peer);
void peer_release(struct peer *peer);
/* Hands an address out, cut to the domain's size as Linux does; of AF_UNIX only the family, for the path is the host's. 0 or -errno.
 * address 0: nothing is wanted. */
int64_t address_store(const struct request *request, const struct sockaddr_storage *from, socklen_t size, uint64_t address,
                      uint64_t size_address);
enum socket_origin { SOCKET_NEW, SOCKET_PAIR, SOCKET_ARRIVED };
/* An open file for a host's socket, which is taken over; NULL: out of memory. */
struct open_file *socket_file(int host, int family, int type, enum socket_origin origin);
/* A new descriptor for one: the number or -errno. */
int64_t socket_add(const struct request *request, int host, int family, int type, enum socket_origin origin, bool close_on_exec);
#endif
