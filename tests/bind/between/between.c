/* SPDX-License-Identifier: Apache-2.0 */
/* Two domains, the second a caller of the first: runs the caller's tests. Usage: between LIBRARY.porin CALLER.porin [lies] */
#ifdef PAIR
#include "pair_edges.h"
#define lib_connect pair_connect
#else
#include "lib_edges.h"
#endif
#include "start.h"

static uint64_t ask(porin_domain *domain, const char *name, uint64_t argument)
{
    struct porin_error error = {0};
    porin_entry entry;
    uint64_t answer = 1;
    must_start(porin_entry_find(domain, name, &entry, &error), &error);
    must_start(porin_call6(entry, &answer, argument, 0, 0, 0, 0, 0), porin_last_error());
    return (uint32_t)answer;
}

int main(int argc, char **argv)
{
    struct porin_error error = {0};
    uint64_t bad, kinds = 0;
    if (argc < 3)
        return 2;
    porin_domain *library = start(argv[1], NULL), *caller = start(argv[2], NULL);
    must_start(lib_connect(caller, library, &error), &error);
    if (argc == 3)
        return ask(caller, "run_tests", 0) != 0;
    do
        bad = ask(caller, "run_lies", kinds++);
    while (!bad && ask(library, "lie_next", 0));
    printf("between: %llu kinds of lies, %s\n", (unsigned long long)kinds, bad ? "BELIEVED" : "none believed");
    return bad != 0;
}
