/* SPDX-License-Identifier: Apache-2.0 */
/* Makes gates from the snippets of gates.S and maps them. */
#define _GNU_SOURCE
#include "gate.h"
#include "capability/capability.h"
#include "capability/registers.h"
#include "error.h"
#include "gate_fields.h"
#include "loader/image.h"
#include "must.h"
#include "porin/verify.h"
#include "slots/sealed.h"
#include "system.h"
#include "thread_layout.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILL 0xcc
#define GATES_SIZE (PORIN_GATES_SERVICE_SIZE + PORIN_GATES_IMPORT_SIZE)
#define SLOW_OFFSET (PORIN_GATE_SIZE - GATE_SLOW_SIZE)
#define DISTANCE_OFFSET (SLOW_OFFSET - 8) /* int64_t: callee's base - caller's base */

_Static_assert(PORIN_GATES_IMPORT == PORIN_GATES_SERVICE + PORIN_GATES_SERVICE_SIZE, "one mapping holds all gates");

#define SNIPPET(name) extern const uint8_t name[], name##_end[]
SNIPPET(gate_enter);
SNIPPET(gate_count);
SNIPPET(gate_save_rounding);
SNIPPET(gate_window_test);
SNIPPET(gate_window_in);
SNIPPET(gate_window_out);
SNIPPET(gate_save);
SNIPPET(gate_stack_in);
SNIPPET(gate_arguments);
SNIPPET(gate_argument_load);
SNIPPET(gate_switch);
SNIPPET(gate_argument_room);
SNIPPET(gate_argument_store);
SNIPPET(gate_call);
SNIPPET(gate_call_traced);
SNIPPET(gate_return);
SNIPPET(gate_default_rounding);
SNIPPET(gate_restore_rounding);
SNIPPET(gate_far_VECTORS);
SNIPPET(gate_leave);
SNIPPET(gate_leave_traced);
SNIPPET(gate_slow_stub);
SNIPPET(gate_unbound);
SNIPPET(service_gate_call);
SNIPPET(service_gate_depth);
SNIPPET(service_gate_longjmp);
SNIPPET(service_gate_fenv);
#define STATE(id, what, fact, call, back, note) SNIPPET(gate_in_##id); SNIPPET(gate_out_##id);
#include "policy.def"
#undef STATE
#undef SNIPPET

enum treatment { ANY, PASSED, KEPT, CLEARED, OWN, LOW };
#define THREE(a, b, c) { a, b, c }

/* The rows of policy.def, with their code. */
static const struct state {
    uint32_t fact;
    uint8_t call[3], back[3];       /* enum treatment */
    const uint8_t *in, *in_end, *out, *out_end;
} states[] = {
#define STATE(id, what, fact, call, back, note) \
    { fact, THREE call, THREE back, gate_in_##id, gate_in_##id##_end, gate_out_##id, gate_out_##id##_end },
#include "policy.def"
#undef STATE
};
#define STATES (sizeof states / sizeof *states)

struct field {
    uint32_t position, kind;        /* position counts from gate_templates */
};
extern const uint8_t gate_templates[];
extern const struct field gate_fields[], gate_fields_end[];

#define NEAR_WORDS 2                /* so many stack arguments leave room for clearing vectors in the gate itself */
#define RETURN_AT 106              /* where a short gate's return point goes: measured on Zen 4, worth a cycle of ten */

static int unbound_file = -1;       /* the gates of a domain without bound imports and capabilities */

/* A gate while it is written. */
struct writer {
    uint8_t *code;
    uint32_t length;
    struct edge *edge;              /* NULL: bound to nothing */
    int32_t delta;                  /* 32 * (callee's slot - caller's slot) */
    uint32_t pushes, pops;          /* so far */
    uint32_t word;                  /* number of the stack argument */
};

/* From that place in a gate to a function of registers.S, in the same slot. */
static int32_t window_distance(const struct writer *gate, uint32_t at, const uint8_t *function)
{
    uint32_t target = GATES_WINDOW + (uint32_t)(function - (const uint8_t *)capability_text);
    return (int32_t)(target - (PORIN_GATES_IMPORT + gate->edge->gate * PORIN_GATE_SIZE + at));
}

static void field_patch(struct writer *gate, uint32_t at, uint32_t kind)
{
    int32_t word = 0;
    if (kind == FIELD_PUSH) {
        must(gate->pushes < GATE_MAX_PUSHES);
        gate->edge->pushes[gate->pushes++] = (uint16_t)(at + 1);
        return;
    }
    if (kind == FIELD_POP) {
        must(gate->pops < gate->pushes);
        gate->edge->pops[gate->pops++] = (uint16_t)(at + 1);
        return;
    }
    if (kind == FIELD_WORD) {
        must(gate->word < PORIN_MAX_STACK_WORDS && 8 * PORIN_MAX_STACK_WORDS < 128);
        gate->code[at] = (uint8_t)(8 * gate->word);
        return;
    }
    memcpy(&word, gate->code + at, sizeof word);
    switch (kind) {
    case FIELD_DISTANCE: word = (int32_t)(DISTANCE_OFFSET - (at + 4)); break;
    case FIELD_SLOW: word = (int32_t)(SLOW_OFFSET - (at + 4)); break;
    case FIELD_WINDOW_HIDE: word = window_distance(gate, at + 4, (const uint8_t *)window_hide); break;
    case FIELD_WINDOW_LEAVE: word = window_distance(gate, at + 4, (const uint8_t *)window_leave); break;
    case FIELD_DELTA: word += gate->delta; break;
    case FIELD_DELTA_BACK: word -= gate->delta; break;
    case FIELD_GENERATION: word = (int32_t)gate->edge->callee_generation; break;
    case FIELD_ROOM: word = -(int32_t)((8 * gate->edge->stack_words + 15) & ~15u); break;
    case FIELD_ENTRY: word = (int32_t)gate->edge->entry; break;
    default: must(!"field kind");
    }
    memcpy(gate->code + at, &word, sizeof word);
}

static void snippet_append(struct writer *gate, const uint8_t *start, const uint8_t *end)
{
    uint32_t size = (uint32_t)(end - start), origin = (uint32_t)(start - gate_templates);
    must(gate->length + size <= DISTANCE_OFFSET);
    memcpy(gate->code + gate->length, start, size);
    for (const struct field *field = gate_fields; field < gate_fields_end; field++)
        if (field->position >= origin && field->position < origin + size)
            field_patch(gate, gate->length + (field->position - origin), field->kind);
    gate->length += size;
}
#define APPEND(gate, name) snippet_append(gate, name, name##_end)

/* Moves stack arguments and switches the slot between reading and writing them. */
static void arguments_append(struct writer *gate)
{
    uint32_t words = gate->edge->stack_words;
    if (words)
        APPEND(gate, gate_arguments);
    for (gate->word = words; gate->word-- > 0;)
        APPEND(gate, gate_argument_load);
    gate->edge->store_offset = gate->length;
    APPEND(gate, gate_switch);
    if (words)
        APPEND(gate, gate_argument_room);
    for (gate->word = 0; gate->word < words; gate->word++)
        APPEND(gate, gate_argument_store);
}

/* What the side that is entered finds in a state: the row's word, or CLEARED where what is there cannot be the other side's. */
static enum treatment treatment_find(const struct state *state, const uint8_t asked[3], unsigned level, uint32_t from, uint32_t to)
{
    if (state->fact & ~to)
        return ANY;
    return state->fact & ~from && asked[level] != OWN ? CLEARED : asked[level];
}

static void states_append(struct writer *gate, bool back, unsigned level, uint32_t from, uint32_t to)
{
    for (const struct state *state = states; state < states + STATES; state++) {
        enum treatment treatment = treatment_find(state, back ? state->back : state->call, level, from, to);
        if (treatment >= KEPT && state->in == gate_in_VECTORS && gate->edge->stack_words > NEAR_WORDS)
            APPEND(gate, gate_far_VECTORS);
        else if (treatment >= KEPT)
            snippet_append(gate, back ? state->out : state->in, back ? state->out_end : state->in_end);
    }
}

/* Fills a gate's space but for its code: traps, and the slow stub at the end. */
static void space_prepare(uint8_t space[PORIN_GATE_SIZE])
{
    memset(space, FILL, PORIN_GATE_SIZE);
    must(gate_slow_stub_end - gate_slow_stub <= GATE_SLOW_SIZE);
    memcpy(space + SLOW_OFFSET, gate_slow_stub, (size_t)(gate_slow_stub_end - gate_slow_stub));
}

/* A label inside a gate would be a second way in. */
static void labels_check(const uint8_t space[PORIN_GATE_SIZE])
{
    for (uint32_t at = 0; at + 4 <= PORIN_GATE_SIZE; at++) {
        uint32_t word;
        memcpy(&word, space + at, sizeof word);
        must((word == PORIN_LABEL_BYTES) == (at == 0));
    }
}

/* Moves the return point of a short gate to where the instructions behind it are fetched fastest. */
static void return_align(struct writer *gate)
{
    static const uint8_t nops[][8] = { { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0 }, { 0x0f, 0x1f, 0x40, 0 }, { 0x0f, 0x1f, 0x44, 0, 0 },
                                       { 0x66, 0x0f, 0x1f, 0x44, 0, 0 }, { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 }, { 0x0f, 0x1f, 0x84 } };
    uint32_t want = RETURN_AT - (uint32_t)(gate_call_end - gate_call);
    while (gate->length < want) {
        uint32_t size = want - gate->length < 8 ? want - gate->length : 8;
        memcpy(gate->code + gate->length, nops[size - 1], size);
        gate->length += size;
    }
}

uint32_t policy_held(uint32_t asked)
{
    uint32_t always = PORIN_POLICY_ALL & ~(PORIN_POLICY_REGISTER_INTEGRITY | PORIN_POLICY_REGISTER_CONFIDENTIALITY);
    return asked | always | (asked & PORIN_POLICY_REGISTER_CONFIDENTIALITY ? PORIN_POLICY_REGISTER_INTEGRITY : 0);
}

/* Rounding: an image without the fenv gate always runs under the default, because gates to it make it so and gates from it put it back. */
enum rounding { ROUNDING_LEAVE, ROUNDING_KEEP, ROUNDING_DEFAULT };

static enum rounding rounding_back(const struct edge *edge, uint32_t caller_uses)
{
    bool callee = edge->callee_uses & PORIN_USES_FENV;
    if (!(caller_uses & PORIN_USES_FENV))
        return callee ? ROUNDING_DEFAULT : ROUNDING_LEAVE;
    return edge->policy & PORIN_POLICY_REGISTER_INTEGRITY || !callee ? ROUNDING_KEEP : ROUNDING_LEAVE;
}

static bool rounding_hidden(const struct edge *edge, uint32_t caller_uses)
{
    return caller_uses & PORIN_USES_FENV &&
           (edge->caller_policy & PORIN_POLICY_REGISTER_CONFIDENTIALITY || !(edge->callee_uses & PORIN_USES_FENV));
}

/* Index of a row's treatments. */
static unsigned level_of(uint32_t integrity, uint32_t confidentiality)
{
    return confidentiality & PORIN_POLICY_REGISTER_CONFIDENTIALITY ? 2 : integrity & PORIN_POLICY_REGISTER_INTEGRITY ? 1 : 0;
}

static void gate_begin(struct writer *gate, const struct porin_domain *caller, struct edge *edge)
{
    *gate = (struct writer){ .code = gate->code, .edge = edge,
                             .delta = ((int32_t)edge->callee_slot - (int32_t)caller->slot) * (1 << (PORIN_SLOT_SHIFT - STACK_SLOT_SHIFT)) };
    int64_t distance = gate->delta * (1ll << STACK_SLOT_SHIFT);
    space_prepare(gate->code);
    memcpy(gate->code + DISTANCE_OFFSET, &distance, sizeof distance);
}

uint32_t gate_generate(uint8_t code[PORIN_GATE_SIZE], const struct porin_domain *caller, struct edge *edge)
{
    struct writer gate = { .code = code };
    uint32_t caller_uses = caller->image->uses, callee_uses = edge->callee_uses;
    bool capabilities = (caller_uses | callee_uses) & PORIN_USES_CAPABILITIES;
    enum rounding rounding = rounding_back(edge, caller_uses);
    gate_begin(&gate, caller, edge);
    APPEND(&gate, gate_enter);
    if (capabilities)
        APPEND(&gate, gate_window_test);
    if (edge->accounting)
        APPEND(&gate, gate_count);
    if (rounding == ROUNDING_KEEP)
        APPEND(&gate, gate_save_rounding);
    if (edge->policy & PORIN_POLICY_REGISTER_INTEGRITY)
        APPEND(&gate, gate_save);
    if (capabilities)
        APPEND(&gate, gate_window_in);
    APPEND(&gate, gate_stack_in);
    if (rounding_hidden(edge, caller_uses))
        APPEND(&gate, gate_default_rounding);
    arguments_append(&gate);
    states_append(&gate, false, level_of(edge->policy, edge->caller_policy), caller_uses, callee_uses);
    return_align(&gate);
    if (edge->traced)
        APPEND(&gate, gate_call_traced);
    else
        APPEND(&gate, gate_call);
    edge->return_offset = gate.length;
    edge->frame_size = 8 * (gate.pushes - gate.pops);
    APPEND(&gate, gate_return);
    if (capabilities)
        APPEND(&gate, gate_window_out);
    if (rounding == ROUNDING_DEFAULT)
        APPEND(&gate, gate_default_rounding);
    states_append(&gate, true, level_of(edge->policy, edge->callee_policy), callee_uses, caller_uses);
    if (rounding == ROUNDING_KEEP)
        APPEND(&gate, gate_restore_rounding);
    if (edge->traced)
        APPEND(&gate, gate_leave_traced);
    else
        APPEND(&gate, gate_leave);
    must(gate.pops == gate.pushes);
    edge->changes = gate.pushes;
    labels_check(code);
    return gate.length;
}

static void unbound_generate(uint8_t code[PORIN_GATE_SIZE])
{
    struct writer gate = { .code = code };
    space_prepare(code);
    APPEND(&gate, gate_unbound);
    labels_check(code);
}

/* The capability gate only where the verifier saw that capabilities are used: the gates to such a domain switch registers. */
static bool write_service_gates(int file, uint32_t uses)
{
    uint8_t page[IMAGE_PAGE];
    memset(page, FILL, sizeof page);
    const struct { uint32_t at; const uint8_t *start, *end; } gates[PORIN_SERVICE_GATES] = {
        { PORIN_GATE_SERVICE_CALL, service_gate_call, service_gate_call_end },
        { PORIN_GATE_DEPTH, service_gate_depth, service_gate_depth_end },
        { PORIN_GATE_LONGJMP, service_gate_longjmp, service_gate_longjmp_end },
        { PORIN_GATE_FENV, service_gate_fenv, service_gate_fenv_end },
        { PORIN_GATE_CAPABILITY, (const uint8_t *)capability_enter, (const uint8_t *)capability_enter_end },
    };
    const uint8_t *windows = (const uint8_t *)capability_text, *windows_end = (const uint8_t *)capability_enter;
    _Static_assert(PORIN_GATE_CAPABILITY == PORIN_GATES_SERVICE + (PORIN_SERVICE_GATES - 1) * PORIN_SERVICE_GATE_SIZE, "the last one");
    for (int i = 0; i < PORIN_SERVICE_GATES - !(uses & PORIN_USES_CAPABILITIES); i++)
        memcpy(page + (gates[i].at - PORIN_GATES_SERVICE), gates[i].start, (size_t)(gates[i].end - gates[i].start));
    must(gates[4].end - gates[4].start <= GATES_WINDOW - PORIN_GATE_CAPABILITY);
    must(GATES_WINDOW - PORIN_GATES_SERVICE + (windows_end - windows) <= IMAGE_PAGE);
    memcpy(page + (GATES_WINDOW - PORIN_GATES_SERVICE), windows, (size_t)(windows_end - windows));
    return sealed_write(file, page, sizeof page, 0);
}

static bool gates_map_file(struct porin_domain *domain, int file)
{
    void *at = (void *)(domain->base + PORIN_GATES_SERVICE);
    return mmap(at, GATES_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0) == at;
}

porin_status gates_start(struct porin_error *error)
{
    int file = sealed_begin("porin-gates", GATES_SIZE);
    uint8_t fill[IMAGE_PAGE], gate[PORIN_GATE_SIZE];
    memset(fill, FILL, sizeof fill);
    unbound_generate(gate);
    bool good = file >= 0 && write_service_gates(file, 0);
    for (uint32_t at = IMAGE_PAGE; good && at < PORIN_GATES_SERVICE_SIZE; at += IMAGE_PAGE)
        good = sealed_write(file, fill, sizeof fill, at);
    for (uint32_t k = 0; good && k < PORIN_MAX_IMPORTS; k++)
        good = sealed_write(file, gate, sizeof gate, PORIN_GATES_SERVICE_SIZE + k * PORIN_GATE_SIZE);
    if (good && (unbound_file = sealed_finish(file)) >= 0)
        return PORIN_OK;
    return error_set(error, PORIN_ERR_MEMORY, "memory file for gates: %s", strerror(errno));
}

bool gates_map(struct porin_domain *domain)
{
    bool capabilities = domain->image->uses & PORIN_USES_CAPABILITIES;
    return capabilities ? gates_publish(domain, NULL) == PORIN_OK : gates_map_file(domain, unbound_file);
}

static bool write_import_gates(int file, struct porin_domain *domain)
{
    for (uint32_t i = 0; i < domain->image->layout.imports_count; i++) {
        struct edge *edge = &domain->edges[i];
        uint8_t gate[PORIN_GATE_SIZE];
        if (edge->bound)
            gate_generate(gate, domain, edge);
        else
            unbound_generate(gate);
        if (!sealed_write(file, gate, sizeof gate, PORIN_GATES_SERVICE_SIZE + edge->gate * PORIN_GATE_SIZE))
            return false;
    }
    return true;
}

porin_status gates_publish(struct porin_domain *domain, struct porin_error *error)
{
    /* pages behind the file's end fault: there are no gates */
    uint64_t size = PORIN_GATES_SERVICE_SIZE + page_ceil((uint64_t)domain->image->layout.imports_count * PORIN_GATE_SIZE);
    int file = sealed_begin("porin-gates", size);
    if (file >= 0 && write_service_gates(file, domain->image->uses) && write_import_gates(file, domain)) {
        file = sealed_finish(file);
        bool mapped = file >= 0 && gates_map_file(domain, file);
        int saved = errno;
        if (file >= 0)
            close(file);
        return mapped ? PORIN_OK : error_set(error, PORIN_ERR_MAPPINGS, "mapping the gates of %s: %s", domain->name, strerror(saved));
    }
    porin_status status = error_set(error, PORIN_ERR_MEMORY, "memory file for the gates of %s: %s", domain->name, strerror(errno));
    if (file >= 0)
        close(file);
    return status;
}

struct edge *gate_at(struct porin_domain *caller, uint32_t offset)
{
    uint32_t gate = (offset - PORIN_GATES_IMPORT) / PORIN_GATE_SIZE;
    if (offset < PORIN_GATES_IMPORT || !caller->edges || gate >= caller->image->layout.imports_count)
        return NULL;
    for (uint32_t i = 0; i < caller->image->layout.imports_count; i++)
        if (caller->edges[i].gate == gate)
            return &caller->edges[i];
    return NULL;
}

struct edge *gate_of_return(struct porin_domain *caller, uint64_t word)
{
    if (word < caller->base || word - caller->base >= PORIN_IMAGE_BASE)
        return NULL;
    uint32_t offset = (uint32_t)(word - caller->base);
    struct edge *edge = gate_at(caller, offset);
    return edge && edge->bound && offset % PORIN_GATE_SIZE == edge->return_offset ? edge : NULL;
}

uint32_t gate_frame_at(const struct edge *edge, uint32_t offset)
{
    uint32_t at = offset % PORIN_GATE_SIZE, size = 0;
    for (uint32_t i = 0; edge->bound && i < edge->changes; i++)
        size += 8 * (at >= edge->pushes[i]) - 8 * (at >= edge->pops[i]);
    return size;
}
