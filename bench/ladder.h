/* SPDX-License-Identifier: Apache-2.0 */
/* The rungs of the call ladder that are more than a loop: communication with another thread or process. */
#ifndef BENCH_LADDER_H
#define BENCH_LADDER_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the other side runs: the subjects of the rungs below. */
extern const int same_cpu, other_cpu;
bool cpu_known(const void *cpu);     /* does this machine have it? */
pid_t fork_server(const void *cpu);  /* a child process there that dies with us */
/* A server process there, which never returns, and a client that talks to it over a UNIX socket and says what that took; NAN as below. */
double over_socket(const void *cpu, void (*server)(int), double (*client)(int));

/* Average nanoseconds of handing a word to the other side and getting one back. NAN where the machine lacks that CPU. */
double semaphore_round_trip(const void *cpu); /* POSIX semaphores, two threads */
double spin_round_trip(const void *cpu);      /* shared memory, two threads; other CPU only */
double pipe_round_trip(const void *cpu);      /* two processes */
double socket_round_trip(const void *cpu);    /* UNIX socket, two processes */
double rpc_round_trip(const void *cpu);       /* the same with real marshalling, rpc.c */

/* Functions of a translation unit of their own, so that no compiler sees through them. */
uint64_t far_answer(uint64_t number);
uint64_t far_nested(uint64_t number);         /* calls far_answer in turn */
#endif
