/* SPDX-License-Identifier: Apache-2.0 */
/* The rungs of the call ladder that are more than a loop: communication with another process, and calls with cold caches. */
#ifndef BENCH_LADDER_H
#define BENCH_LADDER_H
#include <stdint.h>

/* Average nanoseconds of one exchange of a word with another process and back. NAN where the machine lacks a second CPU. */
double pipe_round_trip(void);
double socket_round_trip(void);
double spin_round_trip(void);

/* Prepares code and data that displace caches, TLBs and branch predictors. */
void cold_prepare(void);
/* Median nanoseconds of action(), each time right after such a displacement, less those of baseline() (NULL: of reading the clock). */
double cold_measure(void (*action)(void), void (*baseline)(void));

/* Functions of a translation unit of their own, so that no compiler sees through them. */
uint64_t far_answer(uint64_t number);
#endif
