/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs over capabilities, run by three domains that call each other and by a model of rights: they must agree on results, on
 * all memory, and on who died. What they use was lent, or made of own memory, of a window, by a grant; it is narrowed, moved, passed on,
 * pushed and popped, kept, taken, revoked. Several threads do so at once, each with domains of its own, and are swept by the others'
 * revocations. Usage: model_test image [seed [count]] */
#include "porin/capability.h"
#include "porin/porin.h"
#include "porin/window.h"
#include "program.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECT = PROGRAM_OBJECT, DOMAINS = 3, DEPTH = 2, REGISTERS = 8, THREADS = 3 };

/* --- the model --- */
/* A domain is not entered twice: if it died further in, its caller, the host, would go on at once, beside the domains between. */
/* Objects: the host's, one of each domain, the window, which not every domain can write. */
enum { HOSTS, OWN_OF, WINDOW = OWN_OF + DOMAINS, OBJECTS };
enum { SCOPE = -1, LIFE = DOMAINS }; /* what takes a right away: nothing, the revoker of a domain, the end of one, which does not come */
struct right { int object; uint32_t base, read, write; int origin; bool read_only; };
struct pointer { int64_t number; uint32_t offset; };  /* of a register of the activation; -1: of none */
struct activation {
    struct world *world;
    struct right registers[REGISTERS], stack[PROGRAM_STEPS];
    struct activation *outer;
    unsigned domain, pushed;
    jmp_buf fault;
};
struct kept { struct right right; bool there; };
struct world {
    uint8_t memory[OBJECTS][OBJECT];
    bool dead[DOMAINS];
    struct kept kept[DOMAINS][PROGRAM_KEPT];
    struct activation *innermost;
    unsigned long accesses;
};
static const struct pointer nowhere = { -1, 0 };

/* What the domains have of each other: each a handle on the next one, and the window. */
static const enum porin_right handle_rights[DOMAINS] = { PORIN_RIGHT_WRITE, PORIN_RIGHT_READ, PORIN_RIGHT_CALL };
static const enum porin_right window_rights[DOMAINS] = { PORIN_RIGHT_WRITE, PORIN_RIGHT_READ, PORIN_RIGHT_WRITE };

static uint8_t *allowed(struct activation *self, struct pointer pointer, uint32_t size, bool write)
{
    const struct right none = { 0 }, *right = pointer.number < 0 ? &none : &self->registers[pointer.number];
    uint32_t limit = write ? right->write : right->read;
    self->world->accesses++;
    if ((uint64_t)pointer.offset + size > limit || (write && right->read_only))
        longjmp(self->fault, 1);
    return self->world->memory[right->object] + right->base + pointer.offset;
}

static struct pointer moved(struct pointer pointer, uint32_t distance)
{
    /* the offset is the low half of a 64-bit number: below its beginning lies another register */
    if ((int32_t)distance < 0 && pointer.offset < -distance)
        return nowhere;
    pointer.offset += distance;
    return pointer;
}

static bool narrow(struct activation *self, struct pointer pointer, uint32_t size, uint32_t right, struct right *out)
{
    if (pointer.number < 0)
        return false;
    const struct right *from = &self->registers[pointer.number];
    if ((uint64_t)pointer.offset + size > from->read || (right == 3 && (uint64_t)pointer.offset + size > from->write))
        return false;
    *out = *from;
    out->base += pointer.offset;
    out->read = size;
    out->write = right == 3 ? size : 0;
    return true;
}

static struct pointer registered(struct activation *self, unsigned number, const struct right *right)
{
    self->registers[number] = *right;
    return (struct pointer){ number, 0 };
}

static struct pointer narrowed(struct activation *self, unsigned number, struct pointer pointer, uint32_t size, uint32_t right)
{
    struct right made;
    return narrow(self, pointer, size, right, &made) ? registered(self, number, &made) : nowhere;
}

static struct pointer made(struct activation *self, unsigned number, int object, uint32_t at, uint32_t size, uint32_t right, int origin)
{
    const struct right new = { object, at, size, right == 3 ? size : 0, origin,
                               object == WINDOW && window_rights[self->domain] == PORIN_RIGHT_READ };
    return registered(self, number, &new);
}

/* Of a domain that has died too, until it starts anew. */
static struct pointer granted(struct activation *self, unsigned number, uint32_t at, uint32_t size, uint32_t right)
{
    unsigned next = (self->domain + 1) % DOMAINS;
    if (handle_rights[self->domain] < right)
        return nowhere;
    return made(self, number, OWN_OF + (int)next, at, size, right, LIFE);
}

static long pushed(struct activation *self, struct pointer pointer)
{
    if (pointer.number < 0 || !self->registers[pointer.number].read)
        return 0;
    self->stack[self->pushed++] = self->registers[pointer.number];
    return 1;
}

static struct pointer popped(struct activation *self, unsigned number)
{
    return self->pushed ? registered(self, number, &self->stack[--self->pushed]) : nowhere;
}

static long kept_own(struct activation *self, unsigned place, uint32_t at, uint32_t size, uint32_t right)
{
    self->world->kept[self->domain][place] =
        (struct kept){ { OWN_OF + (int)self->domain, at, size, right == 3 ? size : 0, (int)self->domain, false }, true };
    return 1;
}

static long kept_again(struct activation *self, unsigned place, struct pointer pointer, uint32_t size, uint32_t right)
{
    struct right part;
    if (!narrow(self, pointer, size, right, &part) || part.origin == SCOPE)
        return 0;
    /* of what can be written only if all of it can */
    self->world->kept[self->domain][place] = (struct kept){ part, true };
    return 1;
}

static struct pointer taken(struct activation *self, unsigned number, unsigned place)
{
    const struct kept *kept = &self->world->kept[self->domain][place];
    if (!kept->there)
        return nowhere;
    registered(self, number, &kept->right);
    return kept->right.read ? (struct pointer){ number, 0 } : nowhere;
}

static void take_back(struct right *right, unsigned domain)
{
    if (right->origin == (int)domain)
        right->read = right->write = 0;
}

/* Everywhere: in registers and on stacks of this activation and those around it, and what any domain has kept. */
static long revoked(struct activation *self)
{
    for (struct activation *at = self; at; at = at->outer) {
        for (int i = 0; i < REGISTERS; i++)
            take_back(&at->registers[i], self->domain);
        for (unsigned i = 0; i < at->pushed; i++)
            take_back(&at->stack[i], self->domain);
    }
    for (int i = 0; i < DOMAINS * PROGRAM_KEPT; i++)
        take_back(&self->world->kept[i / PROGRAM_KEPT][i % PROGRAM_KEPT].right, self->domain);
    return 1;
}

static uint8_t *windowed(struct activation *self, uint32_t at, bool write)
{
    if (write && window_rights[self->domain] == PORIN_RIGHT_READ)
        longjmp(self->fault, 1);
    return self->world->memory[WINDOW] + at;
}

static int read_word(struct activation *self, struct pointer pointer)
{
    int value;
    memcpy(&value, allowed(self, pointer, sizeof value, false), sizeof value);
    return value;
}

static long called(struct activation *self, struct pointer pointer, uint32_t size, uint32_t right, uint64_t seed, long depth);

#define STATE struct activation *
#define POINTER struct pointer
#define THERE(pointer) ((pointer).number >= 0 || (pointer).offset)
#define MOVED(pointer, distance) moved(pointer, distance)
#define READ_BYTE(state, pointer) (*allowed(state, pointer, 1, false))
#define WRITE_BYTE(state, pointer, value) (*allowed(state, pointer, 1, true) = (value))
#define READ_WORD read_word
#define NARROWED(state, number, pointer, size, right) narrowed(state, (unsigned)(number), pointer, size, (uint32_t)(right))
#define CALLED(state, pointer, size, right, seed, depth) called(state, pointer, size, (uint32_t)(right), seed, depth)
#define OWN(state, number, at, size, right) \
    made(state, number, OWN_OF + (int)(state)->domain, (uint32_t)(at), size, (uint32_t)(right), SCOPE)
#define WINDOWED(state, number, at, size, right) made(state, number, WINDOW, (uint32_t)(at), size, (uint32_t)(right), SCOPE)
#define GRANTED(state, number, at, size, right) granted(state, number, (uint32_t)(at), size, (uint32_t)(right))
#define PUSHED pushed
#define POPPED popped
#define KEPT(state, place, at, size, right) kept_own(state, place, (uint32_t)(at), size, (uint32_t)(right))
#define KEPT_AGAIN(state, place, pointer, size, right) kept_again(state, place, pointer, size, (uint32_t)(right))
#define TAKEN taken
#define REVOKED revoked
#define WINDOW_READ(state, at) (*windowed(state, (uint32_t)(at), false))
#define WINDOW_WRITE(state, at, value) (*windowed(state, (uint32_t)(at), true) = (value))
#include "program.h"

/* -1 and *died: the domain died of it. */
static long model_run(struct world *world, unsigned domain, const struct right *given, uint64_t seed, long depth)
{
    struct activation self = { .world = world, .domain = domain, .outer = world->innermost };
    long result = -1;
    if (world->dead[domain])
        return -1;
    self.registers[0] = *given;
    world->innermost = &self;
    if (setjmp(self.fault))
        world->dead[domain] = true;
    else
        result = program_run(&self, given->read || given->write ? (struct pointer){ 0, 0 } : nowhere, seed, depth);
    world->innermost = self.outer;
    return world->dead[domain] ? -1 : result;
}

static long called(struct activation *self, struct pointer pointer, uint32_t size, uint32_t right, uint64_t seed, long depth)
{
    struct right given = { 0 };
    narrow(self, pointer, size, right, &given);
    return model_run(self->world, (self->domain + 1) % DOMAINS, &given, seed, depth);
}

/* --- the real thing --- */
static porin_image *image;
static unsigned long count = 20000;
static uint64_t first_seed = 1;
static _Atomic unsigned long problems, programs, deaths, accesses;

static porin_entry entry(porin_domain *domain, const char *name)
{
    porin_entry found;
    struct porin_error error;
    if (porin_entry_find(domain, name, &found, &error) != PORIN_OK) {
        fprintf(stderr, "%s: %s\n", name, error.text);
        exit(2);
    }
    return found;
}

static uint64_t result_of(porin_domain *domain, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t result;
    if (porin_call6(entry(domain, name), &result, a, b, c, d, 0, 0) != PORIN_OK)
        exit(3);
    return result;
}

struct side { porin_domain *domains[DOMAINS]; porin_window *window; porin_handle handles[DOMAINS]; porin_addr mapped[DOMAINS]; };

/* A domain's mapping of the window, as long as it lives. */
static void domain_begin(struct side *side, int i)
{
    if (porin_window_map(side->window, side->domains[i], window_rights[i], &side->mapped[i]) != PORIN_OK)
        exit(2);
}

static void side_create(struct side *side)
{
    struct porin_error error;
    if (porin_window_create(4096, &side->window, &error) != PORIN_OK)
        exit(2);
    for (int i = 0; i < DOMAINS; i++)
        if (porin_domain_create(image, NULL, &side->domains[i], &error) != PORIN_OK)
            exit(2);
    for (int i = 0; i < DOMAINS; i++) {
        porin_domain *next = side->domains[(i + 1) % DOMAINS];
        if (porin_domain_bind(side->domains[i], "program_step", entry(next, "use_program"), NULL, &error) != PORIN_OK ||
            porin_handle_give(side->domains[i], next, handle_rights[i], &side->handles[i]) != PORIN_OK)
            exit(2);
        domain_begin(side, i);
    }
}

/* The same contents on both sides. */
static void program_begin(struct side *side, struct world *world, uint64_t seed)
{
    uint8_t *shared = porin_window_memory(side->window);
    for (int i = 0; i < DOMAINS; i++) {
        uint64_t first = seed * 7 + (uint64_t)i * 81, next = result_of(side->domains[(i + 1) % DOMAINS], "use_object", 0, 0, 0, 0);
        result_of(side->domains[i], "use_program_begin", first, side->mapped[i].offset, (uint64_t)side->handles[i], next);
        for (int k = 0; k < OBJECT; k++)
            world->memory[OWN_OF + i][k] = (uint8_t)(first + (uint64_t)k);
    }
    for (int k = 0; k < OBJECT; k++) {
        world->memory[HOSTS][k] = (uint8_t)(k * 37 + (int)seed);
        world->memory[WINDOW][k] = shared[k] = (uint8_t)(k * 41 + (int)seed);
    }
}

/* Who died, and what is in the memory of those who did not. */
static bool domains_agree(struct side *side, const struct world *world)
{
    bool same = true;
    for (int i = 0; i < DOMAINS; i++) {
        struct porin_call nothing = { .integer = { 0, 0, 0 } };
        bool dead = porin_call(entry(side->domains[i], "use_rounds"), &nothing) != PORIN_OK;
        same = same && dead == world->dead[i];
        deaths += dead;
        for (int k = 0; k < OBJECT && !dead; k++)
            same = same && (uint8_t)result_of(side->domains[i], "use_object_byte", (uint64_t)k, 0, 0, 0) == world->memory[OWN_OF + i][k];
        if (dead) {
            porin_domain_reset(side->domains[i], NULL);
            domain_begin(side, i);
        }
    }
    return same && memcmp(porin_window_memory(side->window), world->memory[WINDOW], OBJECT) == 0;
}

static void compare(struct side *side, uint64_t seed)
{
    struct world world = { 0 };
    static __thread uint8_t memory[3 * OBJECT];
    program_begin(side, &world, seed);
    memcpy(memory + OBJECT, world.memory[HOSTS], OBJECT);
    uint32_t from = (uint32_t)(seed % 16), size = 16 + (uint32_t)(seed / 16 % 32), right = 2 + seed / 512 % 2;
    struct right given = { HOSTS, from, size, right == 3 ? size : 0, SCOPE, false };
    long expected = model_run(&world, 0, &given, seed * 31, DEPTH);
    uint64_t pointer, result = 0;
    porin_entry run = entry(side->domains[0], "use_program");
    if (porin_capability_lend(0, memory + OBJECT + from, size, (enum porin_right)right, &pointer) != PORIN_OK)
        exit(2);
    porin_status status = porin_call6(run, &result, pointer, seed * 31, DEPTH, 0, 0, 0);
    bool same = (status != PORIN_OK) == world.dead[0] && (status != PORIN_OK || (long)result == expected) &&
                memcmp(memory + OBJECT, world.memory[HOSTS], OBJECT) == 0;
    for (int i = 0; i < OBJECT; i++)
        same = same && !memory[i] && !memory[2 * OBJECT + i];
    same = domains_agree(side, &world) && same;
    programs++;
    accesses += world.accesses;
    if (!same && problems++ < 10)
        printf("problem: seed %llu: %s %ld, the model says %s %ld\n", (unsigned long long)seed, porin_status_name(status), (long)result,
               world.dead[0] ? "dead" : "alive", expected);
}

static void *thread_run(void *number)
{
    struct side side;
    side_create(&side);
    for (uint64_t seed = first_seed + (uintptr_t)number; seed < first_seed + count; seed += THREADS)
        compare(&side, seed);
    for (int i = 0; i < DOMAINS; i++)
        porin_domain_destroy(side.domains[i]);
    porin_window_destroy(side.window);
    porin_thread_detach();
    return NULL;
}

int main(int arguments, char **argument)
{
    struct porin_error error;
    pthread_t threads[THREADS];
    if (arguments < 2 || porin_image_load_file(argument[1], &image, &error) != PORIN_OK)
        return 2;
    first_seed = arguments > 2 ? strtoull(argument[2], NULL, 0) : first_seed;
    count = arguments > 3 ? strtoul(argument[3], NULL, 0) : count;
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread_run, (void *)i) != 0)
            return 2;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("model: %lu programs on %d threads, %lu accesses, %lu domains died; %lu problems\n", programs, THREADS, accesses, deaths,
           problems);
    return problems || deaths * 10 < programs || deaths > programs * 2; /* both must happen often */
}
