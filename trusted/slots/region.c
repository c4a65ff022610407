/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: PROT_NONE reservations in the holes of the address space, cut into 8 GiB strides. */
#include "region.h"
#include "runtime/error.h"
#include "runtime/must.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define GUARD_BELOW (2ull << 30)          /* a slot reaches 2 GiB below its base and 6 GiB above */
#define GUARD_ABOVE 0x1000ull             /* a masked vector access there need not fault where it begins, and reaches further */
#define ADDRESS_END (1ull << 47)
#define HOST_ROOM_LOW (64ull << 30)       /* left to the host at the lower end of a hole: heaps grow up */
#define HOST_ROOM_HIGH (2ull << 40)       /* and at the upper end: stack and mmap area grow down */
#define MAX_ARENAS 16
#define BALLAST 32                        /* mappings */
#define MIN_ARENA_SLOTS 4

struct arena { uint32_t first, end; };    /* slot numbers */

/* Slots are handed out window by window: on current CPUs (measured: Zen 4) an indirect branch is predicted at full speed only within a
 * window of 128 GiB, and domains that are made together tend to call each other. Which window and which slot in it is random. */
#define WINDOW_SLOTS 16
#define WINDOWS (PORIN_MAX_SLOTS / WINDOW_SLOTS)

static struct arena arenas[MAX_ARENAS];
static uint32_t arena_count;
static uint16_t free_slots[WINDOWS];      /* a bit per slot of the window */
static uint32_t window_now;               /* where slots are taken from while it has any */
static uint32_t free_count, slot_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *ballast;

static uint32_t random_below(uint32_t limit)
{
    uint32_t value;
    must(getrandom(&value, sizeof value, 0) == sizeof value);
    return (uint32_t)(((uint64_t)value * limit) >> 32);
}

/* Reserves slots [first, end) with their guards; on failure (limits, sanitizers) tries smaller pieces. Returns what it got. */
static uint32_t arena_reserve(uint32_t first, uint32_t end)
{
    while (end > first && end - first >= MIN_ARENA_SLOTS && arena_count < MAX_ARENAS) {
        uint64_t start = ((uint64_t)first << PORIN_SLOT_SHIFT) - GUARD_BELOW;
        uint64_t size = ((uint64_t)(end - first) << PORIN_SLOT_SHIFT) + GUARD_ABOVE;
        void *got = mmap((void *)start, size, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (got == (void *)start) {
            arenas[arena_count++] = (struct arena){ first, end };
            for (uint32_t slot = first; slot < end; slot++)
                free_slots[slot / WINDOW_SLOTS] |= (uint16_t)(1u << slot % WINDOW_SLOTS);
            free_count += end - first;
            return end - first;
        }
        if (got != MAP_FAILED)
            munmap(got, size); /* an old kernel that takes the address as a hint */
        end = first + (end - first) / 2;
    }
    return 0;
}

/* Reserves in the hole [start, end) of the address space, at a random place, leaving room for the host. */
static void hole_reserve(uint64_t start, uint64_t end)
{
    uint64_t low = HOST_ROOM_LOW, high = end == ADDRESS_END || end > 0x7e0000000000 ? HOST_ROOM_HIGH : HOST_ROOM_LOW;
    if (end <= start || end - start <= low + high + 2 * SLOT_STRIDE)
        return;
    uint32_t first = (uint32_t)((start + low + GUARD_BELOW + SLOT_STRIDE - 1) >> PORIN_SLOT_SHIFT);
    uint32_t last = (uint32_t)((end - high + GUARD_BELOW) >> PORIN_SLOT_SHIFT);
    if (first == 0)
        first = 1; /* a base of 0 would make slot offsets look like host pointers */
    if (last <= first)
        return;
    uint32_t spare = (last - first) / 32;
    if (spare)
        first += random_below(spare);
    arena_reserve(first, last);
}

/* Mappings kept only to be given up when the process has so many that not even emptying a slot is possible. */
static void ballast_create(void)
{
    char *memory = mmap(NULL, BALLAST * 0x1000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t i = 0; memory != MAP_FAILED && i < BALLAST; i += 2)
        mprotect(memory + i * 0x1000, 0x1000, PROT_READ);
    ballast = memory != MAP_FAILED ? memory : NULL;
    if (ballast)
        (void)madvise(ballast, BALLAST * 0x1000, MADV_DONTFORK); /* so many mappings make each fork slower */
}

static void range_divide(uint64_t start, uint64_t end, int advice)
{
    if (start >= end)
        return;
    if (advice)
        (void)madvise((void *)start, end - start, advice); /* where it fails the child gets more, and gives it up below */
    else
        must(mmap((void *)start, end - start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == (void *)start);
}

/* Everything in the arenas but the slot with its guards, whose last page is the next slot's. Advice 0: reserved, whatever was there. */
static void others_divide(uint32_t slot, int advice)
{
    uint64_t low = ((uint64_t)slot << PORIN_SLOT_SHIFT) - GUARD_BELOW, high = low + SLOT_STRIDE;
    for (uint32_t i = 0; i < arena_count; i++) {
        uint64_t start = ((uint64_t)arenas[i].first << PORIN_SLOT_SHIFT) - GUARD_BELOW;
        uint64_t end = ((uint64_t)arenas[i].end << PORIN_SLOT_SHIFT) - GUARD_BELOW + GUARD_ABOVE;
        bool mine = slot >= arenas[i].first && slot < arenas[i].end;
        range_divide(start, mine ? low : end, advice);
        if (mine)
            range_divide(high, end, advice);
    }
}

/* What is left out of children stays so until somebody else forks. What has been mapped since in other slots is not left out yet: it is
 * noted, so that a fork need not walk over what is mapped in all slots together. A note that is lost costs time only, for the child gives
 * up what it got; so from time to time all is left out again. */
#define FORKS_BETWEEN 64
static bool left_out;                     /* all but slot_kept */
static uint32_t slot_kept, forks;
static _Atomic uint64_t changed[(PORIN_MAX_SLOTS + 63) / 64]; /* a bit per slot */
static __thread bool forking;             /* this thread is between region_before_fork and region_after_fork, */
static __thread uint32_t slot_forking;    /* for the domain in this slot */

void region_changed(uint32_t slot)
{
    uint64_t bit = 1ull << slot % 64;
    if (!(changed[slot / 64] & bit))
        atomic_fetch_or(&changed[slot / 64], bit);
}

static int slot_advise(uint32_t slot, int advice)
{
    return madvise((void *)(((uint64_t)slot << PORIN_SLOT_SHIFT) - GUARD_BELOW), SLOT_STRIDE, advice);
}

static void all_give(void)
{
    for (uint32_t i = 0; left_out && i < arena_count; i++) {
        uint64_t start = ((uint64_t)arenas[i].first << PORIN_SLOT_SHIFT) - GUARD_BELOW;
        uint64_t size = ((uint64_t)(arenas[i].end - arenas[i].first) << PORIN_SLOT_SHIFT) + GUARD_ABOVE;
        must(madvise((void *)start, size, MADV_DOFORK) == 0); /* else a child could map things there, within reach of domains */
    }
    left_out = false;
}

static void others_leave_out(void)
{
    bool all = !left_out || ++forks % FORKS_BETWEEN == 0;
    if (left_out && slot_kept != slot_forking) {
        (void)slot_advise(slot_kept, MADV_DONTFORK);
        must(slot_advise(slot_forking, MADV_DOFORK) == 0);
    }
    if (all)
        others_divide(slot_forking, MADV_DONTFORK);
    for (uint32_t i = 0; i < sizeof changed / sizeof changed[0]; i++)
        for (uint64_t bits = changed[i] ? atomic_exchange(&changed[i], 0) : 0; bits; bits &= bits - 1) {
            uint32_t slot = i * 64 + (uint32_t)__builtin_ctzll(bits);
            if (!all && slot != slot_forking)
                (void)slot_advise(slot, MADV_DONTFORK);
        }
    slot_kept = slot_forking;
    left_out = true;
}

void region_before_fork(uint32_t slot)
{
    slot_forking = slot;
    forking = true;
}

/* Where the lock is taken for forks of domains and of the host alike: in the order in which the handlers of fork take theirs. */
static void before_fork(void)
{
    pthread_mutex_lock(&lock);
    if (forking)
        others_leave_out();
    else
        all_give(); /* a child of the host's gets all domains */
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
    ballast = NULL; /* not given to children; a domain's makes it when there is to be a second domain */
    if (!forking)
        ballast_create();
    pthread_mutex_unlock(&lock);
}

void region_after_fork(uint32_t slot, bool child)
{
    if (child) {
        others_divide(slot, 0);
        left_out = false;
    }
    forking = false;
}

porin_status region_create(struct porin_error *error)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        return error_set(error, PORIN_ERR_FILE, "/proc/self/maps: %s; the runtime reads it once to find free address space",
                         strerror(errno));
    struct { uint64_t start, end; } holes[256];
    size_t count = 0;
    uint64_t previous = 0x10000;
    char line[512];
    while (fgets(line, sizeof line, maps)) {
        unsigned long long start, end;
        if (sscanf(line, "%llx-%llx", &start, &end) != 2 || start >= ADDRESS_END)
            continue;
        if (start > previous && start - previous > 4 * SLOT_STRIDE && count < sizeof holes / sizeof *holes)
            holes[count].start = previous, holes[count++].end = start;
        previous = end;
    }
    fclose(maps);
    if (ADDRESS_END > previous && count < sizeof holes / sizeof *holes)
        holes[count].start = previous, holes[count++].end = ADDRESS_END;
    for (size_t i = 0; i < count; i++)
        hole_reserve(holes[i].start, holes[i].end);
    ballast_create();
    if (pthread_atfork(before_fork, after_fork, in_child) != 0)
        return error_set(error, PORIN_ERR_MEMORY, "out of memory");
    slot_count = free_count;
    if (!slot_count)
        return error_set(error, PORIN_ERR_SLOTS,
                         "no free address space for slots of 8 GiB; is there a limit on address space (ulimit -v)?");
    return PORIN_OK;
}

/* A random window among those with the most free slots; some slot is free. */
static uint32_t window_pick(void)
{
    int most = 0;
    uint32_t count = 0, window = 0;
    for (uint32_t i = 0; i < WINDOWS; i++) {
        int have = __builtin_popcount(free_slots[i]);
        if (have > most)
            most = have, count = 0;
        count += have == most;
    }
    for (uint32_t skip = random_below(count);; window++)
        if (__builtin_popcount(free_slots[window]) == most && skip-- == 0)
            return window;
}

porin_status region_take(uint32_t *slot, struct porin_error *error)
{
    pthread_mutex_lock(&lock);
    if (!free_count) {
        pthread_mutex_unlock(&lock);
        return error_set(error, PORIN_ERR_SLOTS, "all %u slots are in use; destroy domains", slot_count);
    }
    if (!ballast)
        ballast_create();
    if (!free_slots[window_now])
        window_now = window_pick();
    uint32_t mask = free_slots[window_now], skip = random_below((uint32_t)__builtin_popcount(mask));
    while (skip--)
        mask &= mask - 1;
    uint32_t bit = (uint32_t)__builtin_ctz(mask);
    free_slots[window_now] &= (uint16_t)~(1u << bit);
    free_count--;
    *slot = window_now * WINDOW_SLOTS + bit;
    region_changed(*slot);
    pthread_mutex_unlock(&lock);
    return PORIN_OK;
}

static bool slot_empty(uint64_t base)
{
    /* one call that replaces: at no time is the range free for another mapping of the process */
    return mmap((void *)base, 1ull << 32, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == (void *)base;
}

void region_give(uint32_t slot)
{
    uint64_t base = (uint64_t)slot << PORIN_SLOT_SHIFT;
    must(region_contains(base));
    pthread_mutex_lock(&lock);
    if (!slot_empty(base)) {
        if (ballast)
            munmap(ballast, BALLAST * 0x1000);
        must(slot_empty(base));
        ballast_create();
    }
    region_changed(slot);
    free_slots[slot / WINDOW_SLOTS] |= (uint16_t)(1u << slot % WINDOW_SLOTS);
    free_count++;
    pthread_mutex_unlock(&lock);
}

bool region_contains(uint64_t address)
{
    uint64_t slot = (address + GUARD_BELOW) >> PORIN_SLOT_SHIFT;
    for (uint32_t i = 0; i < arena_count; i++)
        if (slot >= arenas[i].first && slot < arenas[i].end)
            return true;
    return false;
}

uint32_t region_slots(void)
{
    return slot_count;
}

uint32_t region_slots_used(void)
{
    pthread_mutex_lock(&lock);
    uint32_t used = slot_count - free_count;
    pthread_mutex_unlock(&lock);
    return used;
}
