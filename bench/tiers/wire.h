/* SPDX-License-Identifier: Apache-2.0 */
/* Tiers over sockets: an address is "unix:PATH" or "PORT" on loopback. */
#ifndef TIERS_WIRE_H
#define TIERS_WIRE_H
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* A connection to where the environment's variable says; ends the program if it cannot be had. */
int wire_connect(const char *variable);
/* Serves every connection there by a thread of its own, which calls serve; does not return. */
void wire_serve(const char *variable, void (*serve)(int connection));
/* All of it; 0: the other end is gone. */
int wire_read(int connection, void *to, size_t size);
int wire_write(int connection, const struct iovec *parts, int count);
#endif
