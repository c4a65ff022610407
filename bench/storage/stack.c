/* SPDX-License-Identifier: Apache-2.0 */
/* The storage stack as domains: see stack.h. Host code. */
#include "stack.h"
#include "storage.h"
#include <stdio.h>
#include <stdlib.h>

const char *const stack_names[STACK_MODULES] = {"block", "journal", "checksum", "cache", "files", "load", "sql"};

static const struct edge { enum stack_module caller, callee; const char *name; } edges[] = {
    {STACK_JOURNAL, STACK_BLOCK, "block_open"}, {STACK_JOURNAL, STACK_BLOCK, "block_read"},
    {STACK_JOURNAL, STACK_BLOCK, "block_write"}, {STACK_JOURNAL, STACK_BLOCK, "block_flush"},
    {STACK_CHECKSUM, STACK_JOURNAL, "journal_open"}, {STACK_CHECKSUM, STACK_JOURNAL, "journal_read"},
    {STACK_CHECKSUM, STACK_JOURNAL, "journal_write"}, {STACK_CHECKSUM, STACK_JOURNAL, "journal_commit"},
    {STACK_CACHE, STACK_CHECKSUM, "checksum_open"}, {STACK_CACHE, STACK_CHECKSUM, "checksum_read"},
    {STACK_CACHE, STACK_CHECKSUM, "checksum_write"}, {STACK_CACHE, STACK_CHECKSUM, "checksum_commit"},
    {STACK_FILES, STACK_CACHE, "cache_open"}, {STACK_FILES, STACK_CACHE, "cache_read"}, {STACK_FILES, STACK_CACHE, "cache_write"},
    {STACK_FILES, STACK_CACHE, "cache_clear"}, {STACK_FILES, STACK_CACHE, "cache_commit"},
    {STACK_LOAD, STACK_FILES, "files_open"}, {STACK_LOAD, STACK_FILES, "files_remove"}, {STACK_LOAD, STACK_FILES, "files_read"},
    {STACK_LOAD, STACK_FILES, "files_write"}, {STACK_LOAD, STACK_FILES, "files_sync"},
    {STACK_SQL, STACK_FILES, "files_open"}, {STACK_SQL, STACK_FILES, "files_remove"}, {STACK_SQL, STACK_FILES, "files_size"},
    {STACK_SQL, STACK_FILES, "files_read"}, {STACK_SQL, STACK_FILES, "files_write"}, {STACK_SQL, STACK_FILES, "files_truncate"},
    {STACK_SQL, STACK_FILES, "files_sync"},
};

static void must_work(porin_status status, const char *what, const struct porin_error *error)
{
    if (status == PORIN_OK)
        return;
    fprintf(stderr, "storage: %s: %s: %s\n", what, porin_status_name(status), error ? error->text : porin_status_text(status));
    exit(1);
}
static porin_entry entry_of(porin_domain *domain, const char *name)
{
    struct porin_error error = {0};
    porin_entry entry;
    must_work(porin_entry_find(domain, name, &entry, &error), name, &error);
    return entry;
}
static porin_domain *module_create(const struct stack *stack, const char *name, const char *replaced, bool files)
{
    char path[512];
    struct porin_directory directory = { .host_path = stack->folder, .guest_path = "/storage" };
    struct porin_domain_options options;
    struct porin_error error = {0};
    porin_image *image;
    porin_domain *domain;
    if (replaced)
        snprintf(path, sizeof path, "%s", replaced);
    else
        snprintf(path, sizeof path, "%s/storage-%s.porin", stack->images, name);
    must_work(porin_image_load_file(path, &image, &error), path, &error);
    porin_domain_options_default(&options);
    options.accounting = stack->accounting;
    if (files) {
        options.grants |= PORIN_GRANT_FILES;
        options.directories = &directory;
        options.directory_count = 1;
    }
    must_work(porin_domain_create(image, &options, &domain, &error), name, &error);
    porin_image_release(image);
    return domain;
}
/* Only the block device is granted a directory. */
void stack_create(struct stack *stack)
{
    porin_domain *all = stack->one ? module_create(stack, "all", NULL, true) : NULL;
    for (int i = 0; i < STACK_MODULES; i++)
        stack->domains[i] = all ? all : module_create(stack, stack_names[i], stack->replaced[i], i == STACK_BLOCK);
    for (size_t i = 0; i < sizeof edges / sizeof *edges && !all; i++) {
        struct porin_error error = {0};
        struct porin_edge_options options = { .policy = stack->policy, .callee_policy = stack->policy, .fault_value = STORAGE_GONE };
        porin_entry entry;
        porin_status status = porin_entry_find(stack->domains[edges[i].callee], edges[i].name, &entry, &error);
        if (status == PORIN_OK)
            status = porin_domain_bind(stack->domains[edges[i].caller], edges[i].name, entry, &options, &error);
        if (!stack->replaced[edges[i].caller] && !stack->replaced[edges[i].callee]) /* another module may have less */
            must_work(status, edges[i].name, &error);
    }
}
void stack_destroy(struct stack *stack)
{
    for (int i = STACK_MODULES - 1; i >= 0; i--)
        if (i == 0 || !stack->one)
            porin_domain_destroy(stack->domains[i]);
}
long stack_call(const struct stack *stack, enum stack_module module, const char *entry, const uint64_t arguments[6])
{
    uint64_t result;
    const uint64_t *a = arguments;
    porin_status status = porin_call6(entry_of(stack->domains[module], entry), &result, a[0], a[1], a[2], a[3], a[4], a[5]);
    return status == PORIN_OK ? (long)result : STORAGE_GONE;
}
uint64_t stack_calls(const struct stack *stack)
{
    uint64_t sum = 0;
    for (int i = 0; i < STACK_MODULES; i++) {
        struct porin_domain_usage usage;
        must_work(porin_domain_usage_get(stack->domains[i], &usage), "usage", NULL);
        sum += usage.calls;
    }
    return sum;
}
uint64_t stack_lent(const struct stack *stack)
{
    uint64_t sum = 0;
    for (int i = 0; i < STACK_MODULES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_lent", stack_names[i]);
        sum += (uint64_t)stack_call(stack, (enum stack_module)i, name, (const uint64_t[6]){0});
    }
    return sum;
}
