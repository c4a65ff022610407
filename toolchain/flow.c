/* SPDX-License-Identifier: Apache-2.0 */
/* What r11 holds where control flow joins. A function is rewritten under an assumption for each of its labels, which is what the branches
 * to it seen so far agree on; if a later branch disagrees, the assumption shrinks and the function is rewritten again. What is
 * emitted in the end rests on assumptions that every branch fulfils. */
#include "rewriter.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_PASSES = 8 };

struct flow_label { struct slice name; size_t at; struct cache assumed, met; bool closed, reached; };

static int compare_labels(const void *a, const void *b)
{
    return compare_slices(&((const struct flow_label *)a)->name, &((const struct flow_label *)b)->name);
}

static struct flow_label *find(const struct rewriter *r, struct slice name)
{
    struct flow_label key = {.name = name};
    return r->label_count ? bsearch(&key, r->labels, r->label_count, sizeof key, compare_labels) : NULL;
}

bool flow_place(const struct rewriter *r, struct slice name, size_t *at)
{
    const struct flow_label *label = find(r, name);
    if (label)
        *at = label->at;
    return label != NULL;
}

static void meet(struct cache *into, const struct cache *other)
{
    int kept = 0;
    for (int i = 0; i < into->count; i++)
        for (int k = 0; k < other->count; k++)
            if (address_equal(&into->facts[i], &other->facts[k])) {
                into->facts[kept++] = into->facts[i];
                break;
            }
    into->count = kept;
}

/* Control goes from here to the label. */
void flow_edge(struct rewriter *r, struct slice name)
{
    struct flow_label *label = find(r, name);
    if (!label || !label->closed)
        return;
    if (label->reached)
        meet(&label->met, &r->cache);
    else
        label->met = r->cache;
    label->reached = true;
}

/* Control comes to the label. The first pass assumes what is known so far, later ones what was found to hold. */
void flow_label(struct rewriter *r, struct slice name)
{
    struct flow_label *label = find(r, name);
    cache_clear(r);
    r->followed = REG_NONE;
    if (!label || !label->closed)
        return;
    if (r->flow_pass == 0)
        label->assumed = label->reached ? label->met : (struct cache){.count = 0};
    r->cache = label->assumed;
}

/* Labels of the function that starts at statement `from`, and how often its own branches name them. A label that anything else names,
 * a table or another function, can be reached with anything in r11. */
static void collect_labels(struct rewriter *r, size_t from, size_t to)
{
    size_t capacity = 0;
    r->label_count = 0;
    for (size_t i = from; i < to; i++) {
        const struct statement *s = &r->list.items[i];
        if (s->kind != STATEMENT_LABEL || !slice_starts(s->text, ".L") || !is_target(r, s->text))
            continue;
        if (r->label_count == capacity) {
            capacity = capacity ? capacity * 2 : 64;
            r->labels = grow(r->labels, capacity * sizeof r->labels[0]);
        }
        memset(&r->labels[r->label_count], 0, sizeof r->labels[0]);
        r->labels[r->label_count].at = i;
        r->labels[r->label_count++].name = s->text;
    }
    if (!r->label_count)
        return;
    qsort(r->labels, r->label_count, sizeof r->labels[0], compare_labels);
    size_t *uses = grow(NULL, r->label_count * sizeof *uses);
    memset(uses, 0, r->label_count * sizeof *uses);
    for (size_t i = from; i < to; i++) {
        const struct statement *s = &r->list.items[i];
        enum branch branch = s->kind == STATEMENT_INSTRUCTION && s->name.length ? mnemonic_branch(s->name) : BRANCH_NONE;
        struct flow_label *label = branch == BRANCH_JUMP || branch == BRANCH_CONDITIONAL ? find(r, s->arguments) : NULL;
        if (label)
            uses[label - r->labels]++;
    }
    for (size_t i = 0; i < r->label_count; i++)
        r->labels[i].closed = uses[i] == target_uses(r, r->labels[i].name);
    free(uses);
}

/* Takes back of the assumptions what a branch does not fulfil; true if all of them held. */
static bool assumptions_hold(struct rewriter *r)
{
    bool hold = true;
    for (size_t i = 0; i < r->label_count; i++) {
        struct flow_label *label = &r->labels[i];
        int before = label->assumed.count;
        if (label->reached)
            meet(&label->assumed, &label->met);
        hold = hold && label->assumed.count == before;
        label->reached = false;
    }
    return hold;
}

static size_t function_end(const struct rewriter *r, size_t from)
{
    for (size_t i = from; i < r->list.count; i++)
        if (r->list.items[i].kind == STATEMENT_DIRECTIVE && slice_is(r->list.items[i].name, ".cfi_endproc"))
            return i + 1;
    return r->list.count;
}

/* Names of files may have been added since; everything else is as it was. */
static void restore(struct rewriter *r, const struct rewriter *before, size_t out, size_t messages)
{
    struct rewriter now = *r;
    *r = *before;
    r->files = now.files;
    r->file_count = now.file_count;
    r->labels = now.labels;
    r->label_count = now.label_count;
    r->out->length = out;
    r->messages->length = messages;
}

size_t flow_function(struct rewriter *r)
{
    size_t from = r->at, to = function_end(r, from), out = r->out->length, messages = r->messages->length;
    struct rewriter before = *r;
    before.followed = r->followed = REG_NONE;
    collect_labels(r, from, to);
    for (int pass = 0;; pass++) {
        r->flow_pass = pass;
        for (r->at = from; r->at < to; r->at++)
            rewrite_statement(r, &r->list.items[r->at]);
        if (assumptions_hold(r) && !r->follow_failed)
            break;
        if (pass >= MAX_PASSES)
            for (size_t i = 0; i < r->label_count; i++)
                r->labels[i].assumed.count = 0;
        restore(r, &before, out, messages);
    }
    r->label_count = 0;
    return to;
}
