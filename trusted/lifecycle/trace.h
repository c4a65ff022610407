/* SPDX-License-Identifier: Apache-2.0 */
/* Notes of crossings: porin/observe.h. Each thread block has a ring of events, which keeps the latest; while a trace is taken gates write
 * into it by trace_gate_in and trace_gate_out (trace_gate.S), the runtime's C code by trace_note. Others turn a thread's notes on and off
 * by trace_end; it may be anywhere meanwhile, and write one event more. */
#ifndef PORIN_LIFECYCLE_TRACE_H
#define PORIN_LIFECYCLE_TRACE_H
#include "trace_layout.h"
#include "runtime/gate.h"
#include "runtime/thread.h"

struct trace_event {
    uint64_t time;                      /* time stamp counter; 0: nothing has been written here */
    uint64_t what;                      /* TRACE_* above TRACE_KIND_SHIFT. Gates: a return address in their code.
                                         * Call: slot and entry, 32 bits each. Service: the same with its number. Thread: its number in
                                         * the kernel */
};

void trace_gate_in(void), trace_gate_out(void);

static inline void trace_put(struct thread *thread, const struct trace_event *end, uint64_t kind, uint64_t what)
{
    struct trace_event *at = thread->trace_at;
    *at = (struct trace_event){ __builtin_ia32_rdtsc(), kind << TRACE_KIND_SHIFT | what };
    thread->trace_at = at + 1 < end ? at + 1 : thread->trace_start;
}

static inline void trace_note(struct thread *thread, uint64_t kind, uint64_t what)
{
    const struct trace_event *end = __atomic_load_n(&thread->trace_end, __ATOMIC_RELAXED);
    if (end)
        trace_put(thread, end, kind, what);
}

/* Are edges that are bound now to be traced? Then notes what this one is. */
bool trace_edge(const struct porin_domain *caller, const struct edge *edge, const struct porin_domain *callee);
/* The calling thread, which is being attached, gets its ring, if a trace is taken. Its block may have had another thread before. */
void trace_attach(struct thread *thread);
#endif
