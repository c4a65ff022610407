/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at what runs: where domains spend their CPU time, when they call each other. Costs nothing while nobody looks. */
#ifndef PORIN_OBSERVE_H
#define PORIN_OBSERVE_H
#include "porin/porin.h"

/* Begins to take samples: every thread that runs domains is interrupted about 250 times a second of its CPU time (the kernel's timer tick),
 * and the return addresses on its control stack are kept, of all domains of the call chain: exact, without frame pointers or debug
 * information. One profile at a time (ERR_BUSY). ERR_MEMORY: no room for samples. What forked children do is not in it. */
porin_status porin_profile_start(struct porin_error *error);

/* Ends it and writes text to `file`, a descriptor that stays the caller's:
 *     domain NUMBER NAME PATH                         each domain that lived meanwhile; PATH of its image, - if it came from memory
 *     sample NANOSECONDS FRAME ...                    innermost first; FRAME is NUMBER:OFFSET, a slot offset in the image behind a call (of
 *                                                     the first frame: where it ran), or service:NUMBER, what the domain waited for
 *     lost COUNT                                      samples for which there was no room, or where no domain could be told
 * ERR_ARGUMENT: none was begun. ERR_FILE: writing failed; ERR_MEMORY: a domain's name could not be kept. It has ended then, too. */
porin_status porin_profile_stop(int file, struct porin_error *error);

/* Begins to note when threads cross between host, domains and services, whatever they are doing meanwhile. Each crossing takes a little
 * longer until the end; the latest 262 144 events of each thread are kept. As porin_profile_start otherwise. */
porin_status porin_trace_start(struct porin_error *error);

/* Ends it and writes a trace in Chrome's format (Trace Event Format, JSON), which browsers (about:tracing) and Perfetto show: one row a
 * thread, calls lying in their callers, rows grouped (pid) by the domain that the thread is in first. One line an event. Threads may be in
 * domains meanwhile; what one of them is just noting is left out. Errors as porin_profile_stop. */
porin_status porin_trace_stop(int file, struct porin_error *error);

/* Connections in memory (local_network) of domains of one name to domains of another, since the process began. */
struct porin_talk {
    char client[48], server[48];        /* who connected, and who had listened; either may be dead by now */
    uint64_t connections, open;         /* made; of those, not closed on both sides */
    uint64_t sent_bytes, answered_bytes; /* by the client, by the server; what went through the kernel after a fork is not in it */
};

/* Fills in at most `room` of them, and returns how many there are. At most 1024: pairs of names beyond that are not counted. Any thread. */
size_t porin_talks(struct porin_talk *out, size_t room);
#endif
