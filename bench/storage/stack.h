/* SPDX-License-Identifier: Apache-2.0 */
/* The storage stack as domains, for hosts: makes the domains, binds them to each other, calls them. Says what is wrong and exits. */
#ifndef STORAGE_STACK_H
#define STORAGE_STACK_H
#include "porin/porin.h"

enum stack_module { STACK_BLOCK, STACK_JOURNAL, STACK_CHECKSUM, STACK_CACHE, STACK_FILES, STACK_LOAD, STACK_SQL, STACK_MODULES };
struct stack {
    /* to be filled in */
    const char *images;                 /* the folder of storage-NAME.porin */
    const char *replaced[STACK_MODULES];/* images of other modules in their place, or NULL */
    const char *folder;                 /* with the file `disk` */
    uint32_t policy;                    /* that caller and callee of each edge ask for */
    bool one;                           /* all modules are one domain */
    bool accounting;
    /* then by stack_create; with `one` all are the same domain */
    porin_domain *domains[STACK_MODULES];
};
extern const char *const stack_names[STACK_MODULES];
void stack_create(struct stack *stack);
void stack_destroy(struct stack *stack);
/* STORAGE_GONE if the call did not come back. */
long stack_call(const struct stack *stack, enum stack_module module, const char *entry, const uint64_t arguments[6]);
/* Calls that have come into the domains so far (with accounting), and capabilities that they have made. */
uint64_t stack_calls(const struct stack *stack);
uint64_t stack_lent(const struct stack *stack);
#endif
