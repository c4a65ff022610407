/* SPDX-License-Identifier: Apache-2.0 */
/* Two domains, the second a caller of the first: runs the caller's tests. Usage: between LIBRARY.porin CALLER.porin */
#include "lib_edges.h"
#include "start.h"

int main(int argc, char **argv)
{
    struct porin_error error = {0};
    porin_entry entry;
    uint64_t bad = 1;
    if (argc != 3)
        return 2;
    porin_domain *library = start(argv[1], NULL), *caller = start(argv[2], "/tmp");
    must_start(lib_connect(caller, library, &error), &error);
    must_start(porin_entry_find(caller, "run_tests", &entry, &error), &error);
    must_start(porin_call6(entry, &bad, 0, 0, 0, 0, 0, 0), porin_last_error());
    return bad != 0;
}
