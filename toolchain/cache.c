/* SPDX-License-Identifier: Apache-2.0 */
/* What r11 is known to hold, so that a truncated address serves as long as it is true: through copies of a register, constant steps of
 * it, and addresses computed from it. All facts are modulo 2^32, which is what an access through r11 sees. */
#include "rewriter.h"

static bool same_form(const struct address *a, const struct address *b)
{
    return a->thread == b->thread && a->base == b->base && a->index == b->index && (a->index == REG_NONE || a->scale == b->scale) &&
           slice_equal(a->symbol, b->symbol);
}

bool address_equal(const struct address *a, const struct address *b)
{
    return same_form(a, b) && a->number == b->number;
}

void cache_clear(struct rewriter *r)
{
    r->cache.count = 0;
}

static void add(struct cache *cache, const struct address *fact)
{
    if (cache->count < MAX_FACTS)
        cache->facts[cache->count++] = *fact;
}

void cache_set(struct rewriter *r, const struct address *fact)
{
    cache_clear(r);
    add(&r->cache, fact);
}

static bool mentions(const struct address *fact, unsigned registers)
{
    return (is_general(fact->base) && registers >> fact->base & 1) || (is_general(fact->index) && registers >> fact->index & 1);
}

void cache_forget(struct rewriter *r, unsigned registers)
{
    follow_changed(r, registers);
    int kept = 0;
    for (int i = 0; i < r->cache.count; i++)
        if (registers != ALL_REGISTERS && !mentions(&r->cache.facts[i], registers))
            r->cache.facts[kept++] = r->cache.facts[i];
    r->cache.count = kept;
}

bool cache_reaches(const struct rewriter *r, const struct address *want, long *distance)
{
    for (int i = 0; i < r->cache.count; i++)
        if (same_form(&r->cache.facts[i], want)) {
            *distance = want->number - r->cache.facts[i].number;
            if (*distance >= -EDGE && *distance <= EDGE)
                return true;
        }
    return false;
}

/* What r11 holds is that much less relative to it. */
void cache_step(struct rewriter *r, int reg, long step)
{
    for (int i = 0; i < r->cache.count; i++) {
        struct address *fact = &r->cache.facts[i];
        fact->number -= fact->base == reg ? step : 0;
        fact->number -= fact->index == reg ? step * fact->scale : 0;
    }
}

/* to = from + offset: facts about `from` hold for `to` as well. */
static void copy_register(struct rewriter *r, int from, int to, long offset)
{
    struct cache *cache = &r->cache;
    cache_forget(r, 1u << to);
    for (int i = 0, count = cache->count; i < count; i++) {
        struct address fact = cache->facts[i];
        if (fact.base == from && fact.index != from) {
            fact.base = to;
            fact.number -= offset;
            add(cache, &fact);
        }
    }
}

/* lea: to = base + index * scale + offset. */
static bool follow_lea(struct rewriter *r, const struct operand *from, int to)
{
    struct cache *cache = &r->cache;
    if (!from->numeric || from->base == REG_NONE || from->base == REG_RIP || from->segment.length)
        return false;
    if (from->index == REG_NONE && from->base == to) {
        cache_step(r, to, (long)from->value);
        return true;
    }
    if (from->index == REG_NONE) {
        copy_register(r, from->base, to, (long)from->value);
        return true;
    }
    struct address sum = {.base = from->base, .index = from->index, .scale = from->scale};
    struct address fact = {.base = to, .index = REG_NONE, .scale = 1};
    bool found = false;
    for (int i = 0; i < cache->count && !found; i++)
        if (same_form(&cache->facts[i], &sum)) {
            fact.number = cache->facts[i].number - (long)from->value;
            found = true;
        }
    cache_forget(r, 1u << to);
    if (found)
        add(cache, &fact);
    return true;
}

void cache_follow(struct rewriter *r, const struct statement *s, const struct operands *ops)
{
    const struct operand *first = &ops->item[0], *last = ops->count ? &ops->item[ops->count - 1] : first;
    bool whole = ops->count && last->kind == OPERAND_REGISTER && is_general(last->reg) && last->width >= 4;
    bool constant = ops->count == 2 && first->kind == OPERAND_IMMEDIATE && first->numeric;
    bool copy = ops->count == 2 && first->kind == OPERAND_REGISTER && is_general(first->reg) && first->width == last->width;
    if (whole && mnemonic_is(s->name, "add") && constant)
        cache_step(r, last->reg, (long)first->value);
    else if (whole && mnemonic_is(s->name, "sub") && constant)
        cache_step(r, last->reg, -(long)first->value);
    else if (whole && mnemonic_is(s->name, "inc") && ops->count == 1)
        cache_step(r, last->reg, 1);
    else if (whole && mnemonic_is(s->name, "dec") && ops->count == 1)
        cache_step(r, last->reg, -1);
    else if (whole && copy && mnemonic_is(s->name, "mov") && first->reg != last->reg)
        copy_register(r, first->reg, last->reg, 0);
    else if (whole && copy && mnemonic_is(s->name, "mov"))
        return; /* movl %eax, %eax */
    else if (!(whole && ops->count == 2 && mnemonic_is(s->name, "lea") && first->kind == OPERAND_MEMORY && follow_lea(r, first, last->reg)))
        cache_forget(r, mnemonic_writes(s->name, ops));
}
