/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: code at fixed places of a slot through which a domain leaves it. Generated, sealed, mapped read+execute, never
 * written in place. */
#ifndef PORIN_RUNTIME_GATE_H
#define PORIN_RUNTIME_GATE_H
#include "domain.h"
#include "layout.h"

#define GATE_MAX_PUSHES (7 + PORIN_MAX_STACK_WORDS)

/* An import of a domain and what it is bound to. */
struct edge {
    const char *name;               /* in the image */
    uint32_t gate;                  /* index of its gate */
    bool bound;
    uint64_t registration;          /* under which it was bound; 0: by the host */
    uint32_t callee_slot, callee_generation;
    uint32_t callee_uses;           /* PORIN_USES_* of its image */
    uint32_t entry;                 /* slot offset of the callee's entry */
    bool accounting;                /* count its calls */
    bool traced;                    /* note each crossing: lifecycle/trace.h */
    uint32_t caller_policy, callee_policy; /* PORIN_POLICY_* that each side asks for */
    uint32_t policy;                /* that hold: policy_held */
    uint32_t stack_words;           /* stack arguments */
    uint32_t return_offset;         /* of the return point in the gate's code */
    uint32_t frame_size;            /* of what the gate has on the control stack during the call, without return addresses */
    uint32_t store_offset;          /* faults before this offset in the gate's code are the caller's, the others the callee's */
    uint32_t changes;               /* how many pushes and as many pops there are */
    uint16_t pushes[GATE_MAX_PUSHES], pops[GATE_MAX_PUSHES]; /* offsets behind the instructions that make the frame and take it away */
    int64_t fault_value;
};

/* What holds on an edge where this is asked for: what it includes, and what needs no gate to hold. */
uint32_t policy_held(uint32_t asked);
/* Makes the gates every slot starts with: service gates and unbound import gates. */
porin_status gates_start(struct porin_error *error);
/* Maps them into a new slot. */
bool gates_map(struct porin_domain *domain);
/* Replaces the domain's gates by a new set made from its edges: one mapping operation, so every thread sees the old set or the new one. */
porin_status gates_publish(struct porin_domain *domain, struct porin_error *error);
/* The edge whose return point is the host address `word`, if it is one of this domain's. */
struct edge *gate_of_return(struct porin_domain *caller, uint64_t word);
/* Bytes of the gate's frame at rsp when the instruction at slot offset `offset` in its code is the next one. */
uint32_t gate_frame_at(const struct edge *edge, uint32_t offset);
/* The edge whose code contains slot offset `offset` of caller. */
struct edge *gate_at(struct porin_domain *caller, uint32_t offset);
/* Writes the code of a bound edge of caller; returns its length up to and without the slow stub. Sets edge->return_offset. */
uint32_t gate_generate(uint8_t code[PORIN_GATE_SIZE], const struct porin_domain *caller, struct edge *edge);
#endif
