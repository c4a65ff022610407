/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs of narrowing, moving, passing on, reading and writing, run by three domains that call each other and by a model of
 * rights: they must agree on results, on memory, and on who died. Several threads do so at once. Usage: model_test image [seed [count]] */
#include "porin/capability.h"
#include "porin/porin.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECT = 64, DOMAINS = 3, REGISTERS = 8, THREADS = 2 };

/* --- the model --- */
struct right { int64_t base; uint32_t read, write; };
struct pointer { int64_t number; uint32_t offset; };  /* of a register of the activation; -1: of none */
struct activation {
    struct world *world;
    struct right registers[REGISTERS];
    unsigned domain;
    jmp_buf fault;
};
struct world { uint8_t memory[OBJECT]; bool dead[DOMAINS]; unsigned long accesses; };

static uint8_t *allowed(struct activation *self, struct pointer pointer, uint32_t size, bool write)
{
    const struct right none = { 0 }, *right = pointer.number < 0 ? &none : &self->registers[pointer.number];
    uint32_t limit = write ? right->write : right->read;
    self->world->accesses++;
    if ((uint64_t)pointer.offset + size > limit)
        longjmp(self->fault, 1);
    return self->world->memory + right->base + pointer.offset;
}

static struct pointer moved(struct pointer pointer, uint32_t distance)
{
    /* the offset is the low half of a 64-bit number: below its beginning lies another register */
    if ((int32_t)distance < 0 && pointer.offset < -distance)
        return (struct pointer){ -1, 0 };
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
    *out = (struct right){ from->base + pointer.offset, size, right == 3 ? size : 0 };
    return true;
}

static struct pointer narrowed(struct activation *self, unsigned number, struct pointer pointer, uint32_t size, uint32_t right)
{
    struct right made;
    if (!narrow(self, pointer, size, right, &made))
        return (struct pointer){ -1, 0 };
    self->registers[number] = made;
    return (struct pointer){ number, 0 };
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
#define MOVED(pointer, distance) moved(pointer, distance)
#define READ_BYTE(state, pointer) (*allowed(state, pointer, 1, false))
#define WRITE_BYTE(state, pointer, value) (*allowed(state, pointer, 1, true) = (value))
#define READ_WORD read_word
#define NARROWED(state, number, pointer, size, right) narrowed(state, (unsigned)(number), pointer, size, (uint32_t)(right))
#define CALLED(state, pointer, size, right, seed, depth) called(state, pointer, size, (uint32_t)(right), seed, depth)
#include "program.h"

/* -1 and *died: the domain died of it. */
static long model_run(struct world *world, unsigned domain, const struct right *given, uint64_t seed, long depth)
{
    struct activation self = { .world = world, .domain = domain };
    if (world->dead[domain])
        return -1;
    self.registers[0] = *given;
    if (setjmp(self.fault)) {
        world->dead[domain] = true;
        return -1;
    }
    return program_run(&self, (struct pointer){ given->read || given->write ? 0 : -1, 0 }, seed, depth);
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

static void compare(porin_domain *const *domains, uint64_t seed)
{
    struct world world = { 0 };
    static __thread uint8_t memory[3 * OBJECT];
    for (int i = 0; i < OBJECT; i++)
        memory[OBJECT + i] = world.memory[i] = (uint8_t)(i * 37 + (int)seed);
    uint32_t from = (uint32_t)(seed % 16), size = 16 + (uint32_t)(seed / 16 % 32), right = 2 + seed / 512 % 2;
    struct right given = { from, size, right == 3 ? size : 0 };
    long expected = model_run(&world, 0, &given, seed * 31, DOMAINS - 1);
    uint64_t pointer, result = 0;
    porin_entry run = entry(domains[0], "use_program");
    for (int i = 1; i < DOMAINS; i++)
        entry(domains[i], "use_program");
    if (porin_capability_lend(0, memory + OBJECT + from, size, (enum porin_right)right, &pointer) != PORIN_OK)
        exit(2);
    porin_status status = porin_call6(run, &result, size ? pointer : 0, seed * 31, DOMAINS - 1, 0, 0, 0);
    bool same = (status != PORIN_OK) == world.dead[0] && (status != PORIN_OK || (long)result == expected) &&
                memcmp(memory + OBJECT, world.memory, OBJECT) == 0;
    for (int i = 0; i < OBJECT; i++)
        same = same && !memory[i] && !memory[2 * OBJECT + i];
    for (int i = 0; i < DOMAINS; i++) {
        struct porin_call nothing = { .integer = { 0, 0, 0 } };
        bool dead = porin_call(entry(domains[i], "use_rounds"), &nothing) != PORIN_OK;
        same = same && dead == world.dead[i];
        deaths += dead;
        if (dead)
            porin_domain_reset(domains[i], NULL);
    }
    programs++;
    accesses += world.accesses;
    if (!same && problems++ < 10)
        printf("problem: seed %llu: %s %ld, the model says %s %ld\n", (unsigned long long)seed, porin_status_name(status), (long)result,
               world.dead[0] ? "dead" : "alive", expected);
}

static void *thread_run(void *number)
{
    porin_domain *domains[DOMAINS];
    struct porin_error error;
    for (int i = 0; i < DOMAINS; i++)
        if (porin_domain_create(image, NULL, &domains[i], &error) != PORIN_OK)
            exit(2);
    for (int i = 0; i < DOMAINS; i++)
        if (porin_domain_bind(domains[i], "program_step", entry(domains[(i + 1) % DOMAINS], "use_program"), NULL, &error) != PORIN_OK)
            exit(2);
    for (uint64_t seed = first_seed + (uintptr_t)number; seed < first_seed + count; seed += THREADS)
        compare(domains, seed);
    for (int i = 0; i < DOMAINS; i++)
        porin_domain_destroy(domains[i]);
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
