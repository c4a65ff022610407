/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's heap area. Every change is decided on the list of areas first; the kernel is asked only for ranges that are the domain's.
 * Free ranges stay reserved (PROT_NONE), so that no mapping of the host ever lands there. */
#define _GNU_SOURCE
#include "memory.h"
#include "region.h"
#include "runtime/domain.h"
#include "layout.h"
#include "loader/image.h"
#include "runtime/must.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEAP_END (0x100000000ull - PORIN_SLOT_EDGE)
#define ACCESS (MEMORY_READ | MEMORY_WRITE)
#define FREE 0x80000000u         /* as a protection: not mapped */

_Static_assert(MEMORY_READ == PROT_READ && MEMORY_WRITE == PROT_WRITE, "the bits are the kernel's");

static void *host_at(const struct porin_domain *domain, uint64_t offset)
{
    return (void *)(domain->base + offset);
}

/* --- the list of areas --- */

/* Index of the first area that ends behind `offset`. */
static uint32_t area_after(const struct domain_memory *memory, uint64_t offset)
{
    uint32_t low = 0, high = memory->area_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (memory->areas[middle].end > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Accessible bytes in [start, end). */
static uint64_t area_used(const struct domain_memory *memory, uint64_t start, uint64_t end)
{
    uint64_t used = 0;
    for (uint32_t i = area_after(memory, start); i < memory->area_count && memory->areas[i].start < end; i++) {
        const struct area *area = &memory->areas[i];
        uint64_t from = area->start > start ? area->start : start, to = area->end < end ? area->end : end;
        used += area->protection && !area->window ? to - from : 0;
    }
    return used;
}

/* Is all of [start, end) mapped? */
static bool area_covers(const struct domain_memory *memory, uint64_t start, uint64_t end)
{
    for (uint32_t i = area_after(memory, start); i < memory->area_count && memory->areas[i].start <= start; i++) {
        if (memory->areas[i].end >= end)
            return true;
        start = memory->areas[i].end;
    }
    return start >= end;
}

static bool area_is_free(const struct domain_memory *memory, uint64_t start, uint64_t end)
{
    uint32_t i = area_after(memory, start);
    return i == memory->area_count || memory->areas[i].start >= end;
}

/* Appends to a list under construction, merging with its last one. */
static void area_append(struct area *list, uint32_t *count, struct area area)
{
    if (area.start >= area.end || area.protection == FREE)
        return;
    struct area *last = *count ? &list[*count - 1] : NULL;
    if (last && last->end == area.start && last->protection == area.protection && last->window == area.window &&
        last->origin == area.origin)
        last->end = area.end;
    else
        list[(*count)++] = area;
}

/* Is there room for two areas more than there are? Makes it, or says no. */
static bool area_room(struct domain_memory *memory)
{
    if (memory->area_count + 2 > memory->area_limit)
        return false;
    if (memory->area_count + 2 > memory->area_capacity) {
        uint32_t capacity = memory->area_capacity ? 2 * memory->area_capacity : 8;
        struct area *areas = realloc(memory->areas, capacity * sizeof *areas);
        if (!areas)
            return false;
        memory->areas = areas;
        memory->area_capacity = capacity;
    }
    return true;
}

/* Makes the area one of the list, in place of what is there (protection FREE: of nothing). Cannot fail after area_room. */
static void area_put(struct domain_memory *memory, struct area put)
{
    struct area list[MEMORY_MAX_AREAS + 2];
    uint32_t count = 0, i = 0;
    for (; i < memory->area_count && memory->areas[i].start < put.start; i++) {
        struct area before = memory->areas[i];
        before.end = before.end < put.start ? before.end : put.start;
        area_append(list, &count, before);
    }
    area_append(list, &count, put);
    for (i = i ? i - 1 : 0; i < memory->area_count; i++) {
        struct area behind = memory->areas[i];
        behind.start = behind.start > put.end ? behind.start : put.end;
        area_append(list, &count, behind);
    }
    must(count <= memory->area_capacity);
    memcpy(memory->areas, list, count * sizeof *list);
    memory->area_count = count;
}

static void area_set(struct domain_memory *memory, uint32_t start, uint32_t end, uint32_t protection)
{
    area_put(memory, (struct area){ .start = start, .end = end, .protection = protection });
}

/* --- what the kernel does for it; the range has been checked --- */

static bool pages_map(const struct porin_domain *domain, uint32_t start, uint32_t end, uint32_t protection)
{
    void *at = host_at(domain, start);
    region_changed(domain->slot);
    return mmap(at, end - start, (int)protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == at;
}

/* Pages of a range that is free: so it is reserved already, without contents, and only the protection is missing. Where the kernel cannot
 * divide its mapping for that, it may still be able to lay another over it. */
static bool pages_take(const struct porin_domain *domain, uint32_t start, uint32_t end, uint32_t protection)
{
    return mprotect(host_at(domain, start), end - start, (int)protection) == 0 || pages_map(domain, start, end, protection);
}

struct shared { int file; uint64_t position; uint32_t window; };

static bool shared_map(const struct porin_domain *domain, uint32_t start, uint32_t end, uint32_t protection, const struct shared *shared)
{
    void *at = host_at(domain, start);
    region_changed(domain->slot);
    int flags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED | (shared->file < 0 ? MAP_ANONYMOUS : 0);
    return mmap(at, end - start, (int)(protection & ACCESS), flags, shared->file, (off_t)shared->position) == at;
}

/* --- requests --- */

/* Turns a request into whole pages [*start, *end) inside the heap area; 0 or -errno. */
static int range_check(const struct domain_memory *memory, uint32_t start, uint64_t size, uint64_t *end)
{
    if (start % IMAGE_PAGE || size == 0 || size > HEAP_END)
        return -EINVAL;
    *end = start + page_ceil(size);
    return start < memory->heap_start || *end > HEAP_END ? -EPERM : 0;
}

static bool limit_allows(const struct domain_memory *memory, uint64_t freed, uint64_t added)
{
    return memory->used_bytes + memory->window_bytes - freed + added <= memory->limit_bytes;
}

/* The highest free range of `size` bytes, so that the break below keeps its room; 0 if there is none. */
static uint32_t free_range(const struct domain_memory *memory, uint64_t size)
{
    uint64_t end = HEAP_END;
    for (uint32_t i = memory->area_count; i-- > 0; end = memory->areas[i].start)
        if (end - memory->areas[i].end >= size)
            return (uint32_t)(end - size);
    return memory->heap_start <= end && end - memory->heap_start >= size ? (uint32_t)(end - size) : 0;
}

static int64_t map_with(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, bool fixed,
                        const struct shared *shared)
{
    struct domain_memory *memory = &domain->memory;
    uint64_t end;
    if (protection & ~ACCESS)
        return -EACCES;
    if (shared)
        protection |= MEMORY_SHARED;
    if (size == 0 || size > HEAP_END)
        return -EINVAL;
    uint32_t start = hint & ~(IMAGE_PAGE - 1);
    if (!fixed && (range_check(memory, start, size, &end) != 0 || !area_is_free(memory, start, end)))
        start = free_range(memory, page_ceil(size));
    if (!fixed && !start)
        return -ENOMEM;
    int refused = range_check(memory, fixed ? hint : start, size, &end);
    if (refused)
        return refused;
    uint32_t window = shared ? shared->window : 0;
    uint64_t freed = area_used(memory, start, end), added = protection && !window ? end - start : 0;
    if (!limit_allows(memory, freed, added) || !area_room(memory))
        return -ENOMEM;
    bool free = area_is_free(memory, start, end);
    if (!(shared ? shared_map(domain, start, (uint32_t)end, protection, shared)
                 : (free ? pages_take : pages_map)(domain, start, (uint32_t)end, protection)))
        return shared ? -errno : -ENOMEM;
    area_put(memory, (struct area){ start, (uint32_t)end, protection, window, window ? start : 0 });
    memory->used_bytes += added - freed;
    return start;
}

static int64_t map_locked(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, bool fixed)
{
    return map_with(domain, hint, size, protection, fixed, NULL);
}

static int64_t unmap_locked(struct porin_domain *domain, uint32_t start, uint64_t size)
{
    struct domain_memory *memory = &domain->memory;
    uint64_t end;
    int refused = range_check(memory, start, size, &end);
    if (refused)
        return refused;
    if (area_is_free(memory, start, end))
        return 0;
    if (!area_room(memory) || !pages_map(domain, start, (uint32_t)end, 0))
        return -ENOMEM;
    memory->used_bytes -= area_used(memory, start, end);
    area_set(memory, start, (uint32_t)end, FREE);
    return 0;
}

static int64_t protect_locked(struct porin_domain *domain, uint32_t start, uint64_t size, uint32_t protection)
{
    struct domain_memory *memory = &domain->memory;
    uint64_t end;
    if (protection & ~ACCESS)
        return -EACCES;
    int refused = range_check(memory, start, size, &end);
    if (refused)
        return refused;
    if (!area_covers(memory, start, end))
        return -ENOMEM;
    uint32_t first = area_after(memory, start), shared = memory->areas[first].protection & MEMORY_SHARED;
    for (uint32_t i = first; i < memory->area_count && memory->areas[i].start < end; i++)
        if (memory->areas[i].window || (memory->areas[i].protection & MEMORY_SHARED) != shared)
            return memory->areas[i].window ? -EPERM : -EINVAL;
    protection |= shared;
    uint64_t freed = area_used(memory, start, end), added = protection ? end - start : 0;
    if (!limit_allows(memory, freed, added) || !area_room(memory))
        return -ENOMEM;
    if (mprotect(host_at(domain, start), end - start, (int)(protection & ACCESS)) != 0)
        return shared ? -EACCES : -ENOMEM; /* a file that may only be read stays so */
    area_set(memory, start, (uint32_t)end, protection);
    memory->used_bytes += added - freed;
    return 0;
}

static int64_t discard_locked(struct porin_domain *domain, uint32_t start, uint64_t size)
{
    uint64_t end;
    int refused = range_check(&domain->memory, start, size, &end);
    if (refused)
        return refused;
    if (!area_covers(&domain->memory, start, end))
        return -ENOMEM;
    return madvise(host_at(domain, start), end - start, MADV_DONTNEED) == 0 ? 0 : -ENOMEM;
}

/* Moves pages with their contents to a new range; the old one never becomes free address space of the process (MREMAP_DONTUNMAP). */
static int64_t move_locked(struct porin_domain *domain, uint32_t start, uint64_t old_size, uint64_t new_size, uint32_t protection)
{
    int64_t target = map_locked(domain, 0, new_size, protection, false);
    if (target < 0)
        return target;
    uint64_t bytes = old_size < new_size ? old_size : new_size;
    void *from = host_at(domain, start), *to = host_at(domain, (uint64_t)target);
    if (mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) != to) {
        unmap_locked(domain, (uint32_t)target, new_size);
        return -ENOMEM;
    }
    must(unmap_locked(domain, start, old_size) == 0 || madvise(from, old_size, MADV_DONTNEED) == 0);
    return target;
}

static int64_t remap_locked(struct porin_domain *domain, uint32_t start, uint64_t old_size, uint64_t new_size, bool may_move)
{
    struct domain_memory *memory = &domain->memory;
    uint64_t old_end, new_end;
    int refused = range_check(memory, start, old_size, &old_end);
    if (refused)
        return refused;
    if (new_size == 0 || new_size > HEAP_END)
        return -EINVAL;
    uint32_t index = area_after(memory, start);
    if (!area_covers(memory, start, old_end) || memory->areas[index].end < old_end)
        return -EFAULT; /* not mapped, or of several protections */
    uint32_t protection = memory->areas[index].protection;
    new_end = start + page_ceil(new_size);
    if (new_end == old_end)
        return start;
    if (new_end < old_end) {
        int64_t status = unmap_locked(domain, (uint32_t)new_end, old_end - new_end);
        return status < 0 ? status : start;
    }
    if (protection & MEMORY_SHARED)
        return -ENOMEM;
    if (new_end <= HEAP_END && area_is_free(memory, old_end, new_end)) {
        int64_t status = map_locked(domain, (uint32_t)old_end, new_end - old_end, protection, true);
        return status < 0 ? status : start;
    }
    return may_move ? move_locked(domain, start, old_end - start, page_ceil(new_size), protection) : -ENOMEM;
}

static int64_t brk_locked(struct porin_domain *domain, uint32_t wanted)
{
    struct domain_memory *memory = &domain->memory;
    if (wanted < memory->heap_start || wanted > HEAP_END)
        return memory->break_end;
    uint32_t now = (uint32_t)page_ceil(memory->break_end), end = (uint32_t)page_ceil(wanted);
    uint32_t mapped = now > memory->heap_ready ? now : memory->heap_ready; /* beyond this, the break's pages are mapped one by one */
    if (end < now) {
        if (discard_locked(domain, end, now - end) < 0)
            return memory->break_end;
        if (now > memory->heap_ready) {
            uint32_t keep = end > memory->heap_ready ? end : memory->heap_ready;
            unmap_locked(domain, keep, now - keep);
        }
    }
    if (end > mapped && (!area_is_free(memory, mapped, end) || map_locked(domain, mapped, end - mapped, ACCESS, true) < 0))
        return memory->break_end;
    memory->break_end = wanted;
    return wanted;
}

#define LOCKED(domain, request) \
    do { \
        pthread_mutex_lock(&(domain)->memory.lock); \
        int64_t result = (request); \
        pthread_mutex_unlock(&(domain)->memory.lock); \
        return result; \
    } while (0)

int64_t domain_map(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, bool fixed)
{
    LOCKED(domain, map_locked(domain, hint, size, protection, fixed));
}

int64_t domain_map_shared(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, bool fixed, int file,
                          uint64_t position)
{
    LOCKED(domain, map_with(domain, hint, size, protection, fixed, &(struct shared){ file, position, 0 }));
}

int64_t domain_map_window(struct porin_domain *domain, uint32_t hint, uint64_t size, uint32_t protection, int file, uint32_t window)
{
    LOCKED(domain, map_with(domain, hint, size, protection, false, &(struct shared){ file, 0, window }));
}

int64_t domain_unmap(struct porin_domain *domain, uint32_t start, uint64_t size)
{
    LOCKED(domain, unmap_locked(domain, start, size));
}

int64_t domain_protect(struct porin_domain *domain, uint32_t start, uint64_t size, uint32_t protection)
{
    LOCKED(domain, protect_locked(domain, start, size, protection));
}

int64_t domain_remap(struct porin_domain *domain, uint32_t start, uint64_t old_size, uint64_t new_size, bool may_move)
{
    LOCKED(domain, remap_locked(domain, start, old_size, new_size, may_move));
}

int64_t domain_discard(struct porin_domain *domain, uint32_t start, uint64_t size)
{
    LOCKED(domain, discard_locked(domain, start, size));
}

int64_t domain_brk(struct porin_domain *domain, uint32_t wanted)
{
    LOCKED(domain, brk_locked(domain, wanted));
}

/* --- windows --- */

static bool area_is_of(const struct area *area, uint32_t window)
{
    return area->window && (!window || area->window == window);
}

/* Where the process has no mapping left to replace one by, it is closed instead: whole mappings, so none is added. */
static void window_take(struct porin_domain *domain, uint32_t window)
{
    struct domain_memory *memory = &domain->memory;
    for (uint32_t i = 0; i < memory->area_count; i++) {
        struct area area = memory->areas[i];
        if (!area_is_of(&area, window))
            continue;
        if (!pages_map(domain, area.start, area.end, 0)) {
            must(mprotect(host_at(domain, area.start), area.end - area.start, PROT_NONE) == 0);
            continue;
        }
        area_set(memory, area.start, area.end, FREE);
        i--;
    }
}

void domain_unmap_window(struct porin_domain *domain, uint32_t window)
{
    pthread_mutex_lock(&domain->memory.lock);
    window_take(domain, window);
    pthread_mutex_unlock(&domain->memory.lock);
}

void memory_forked(struct porin_domain *domain)
{
    window_take(domain, 0);
    domain->memory.window_bytes = 0;
}

bool domain_window_at(struct porin_domain *domain, uint64_t address, uint32_t *window, uint32_t *offset)
{
    struct domain_memory *memory = &domain->memory;
    pthread_mutex_lock(&memory->lock);
    uint32_t i = area_after(memory, address);
    bool found = i < memory->area_count && memory->areas[i].start <= address && memory->areas[i].window;
    if (found) {
        *window = memory->areas[i].window;
        *offset = (uint32_t)address - memory->areas[i].origin;
    }
    pthread_mutex_unlock(&memory->lock);
    return found;
}

void domain_limit(struct porin_domain *domain, uint64_t bytes)
{
    pthread_mutex_lock(&domain->memory.lock);
    domain->memory.limit_bytes = bytes;
    pthread_mutex_unlock(&domain->memory.lock);
}

bool domain_charge_window(struct porin_domain *domain, uint64_t size)
{
    struct domain_memory *memory = &domain->memory;
    pthread_mutex_lock(&memory->lock);
    bool allowed = limit_allows(memory, 0, size);
    memory->window_bytes += allowed ? size : 0;
    pthread_mutex_unlock(&memory->lock);
    return allowed;
}

void domain_discharge_window(struct porin_domain *domain, uint64_t size)
{
    pthread_mutex_lock(&domain->memory.lock);
    must(domain->memory.window_bytes >= size);
    domain->memory.window_bytes -= size;
    pthread_mutex_unlock(&domain->memory.lock);
}

/* --- life of a domain --- */

/* The heap as an image leaves it: large bss in a mapping of its own, first heap as part of the data mapping. */
static bool heap_begin(struct porin_domain *domain)
{
    const struct porin_image *image = domain->image;
    struct domain_memory *memory = &domain->memory;
    uint32_t file_end = image->data_start + image->data_file_size;
    memory->limit_bytes = domain->options.memory_limit_bytes ? domain->options.memory_limit_bytes : UINT64_MAX;
    memory->heap_start = memory->break_end = image->data_end;
    memory->heap_ready = file_end > image->data_end ? file_end : image->data_end;
    memory->area_count = 0;
    memory->used_bytes = memory->stack_size + (memory->heap_ready - image->data_start);
    if (memory->used_bytes > memory->limit_bytes || !area_room(memory)) {
        errno = ENOMEM;
        return false;
    }
    area_set(memory, memory->heap_start, memory->heap_ready, ACCESS);
    return file_end >= image->data_end || pages_map(domain, file_end, image->data_end, ACCESS);
}

bool memory_create(struct porin_domain *domain)
{
    pthread_mutex_init(&domain->memory.lock, NULL);
    uint32_t areas = domain->options.mapping_limit;
    domain->memory.area_limit = areas && areas < MEMORY_MAX_AREAS ? areas : MEMORY_MAX_AREAS;
    return heap_begin(domain);
}

void memory_destroy(struct porin_domain *domain)
{
    free(domain->memory.areas);
    domain->memory.areas = NULL;
}

bool memory_stack(struct porin_domain *domain, uint64_t size, uint32_t *start, uint32_t *end)
{
    *end = PORIN_STACK_END;
    *start = PORIN_STACK_END - domain->memory.stack_size;
    if (size == 0)
        return true;
    int64_t at = size < UINT32_MAX / 2 ? domain_map(domain, 0, size + PORIN_SLOT_EDGE, ACCESS, false) : -ENOMEM;
    if (at < 0 || domain_protect(domain, (uint32_t)at, PORIN_SLOT_EDGE, 0) < 0)
        return false;
    *start = (uint32_t)at + PORIN_SLOT_EDGE;
    *end = *start + (uint32_t)size;
    return true;
}

bool memory_reset(struct porin_domain *domain)
{
    const struct porin_image *image = domain->image;
    struct domain_memory *memory = &domain->memory;
    pthread_mutex_lock(&memory->lock);
    bool good = true;
    for (uint32_t i = 0; good && i < memory->area_count; i++) {
        uint32_t start = memory->areas[i].start < memory->heap_ready ? memory->heap_ready : memory->areas[i].start;
        if (memory->areas[i].end > start)
            good = pages_map(domain, start, memory->areas[i].end, 0);
    }
    bool whole = memory->area_count && memory->areas[0].start == memory->heap_start && memory->areas[0].end >= memory->heap_ready &&
                 memory->areas[0].protection == ACCESS;
    uint32_t file_end = image->data_start + image->data_file_size;
    if (good && !whole && image->data_file_size) { /* the domain has cut holes into its first heap */
        void *at = host_at(domain, image->data_start);
        region_changed(domain->slot);
        good = mmap(at, image->data_file_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, image->file,
                    image->text_pages_size + image->constants_pages_size) == at;
    } else if (good && image->data_file_size) {
        good = madvise(host_at(domain, image->data_start), file_end - image->data_start, MADV_DONTNEED) == 0;
    }
    good = good && madvise(host_at(domain, PORIN_STACK_END - memory->stack_size), memory->stack_size, MADV_DONTNEED) == 0 &&
            heap_begin(domain);
    pthread_mutex_unlock(&memory->lock);
    return good;
}
