/* SPDX-License-Identifier: Apache-2.0 */
/* Prints doc/policies.md from the table of what gates do to registers. */
#include "porin/verify.h"
#include <stdio.h>

static const char head[] =
    "# What crosses a gate\n\n"
    "Printed from `trusted/tables/policy.def` by `make policies-page`; `make check` compares. The gates are made from the same table, and\n"
    "`tests/unit/policy_test.c` compares every register with it on both sides of every combination.\n\n"
    "Caller and callee of an edge ask for properties independently (`PORIN_POLICY_*` in `porin/porin.h`): the caller when it binds its\n"
    "import (`policy`) or requests the entry, the callee when it registers the entry (`callee_policy`). What either asks for holds.\n\n"
    "| property | what holds it |\n|---|---|\n"
    "| register integrity | the gate, as in the table; or the caller itself, with `porin/protect.h` |\n"
    "| register confidentiality | the gate, towards the side that did not ask; or the side itself, with `porin/protect.h` |\n"
    "| data stack integrity, confidentiality | every edge: frames lie in slots of their own, and so does what calls left there |\n"
    "| capability stack integrity, confidentiality | every edge: an activation pops only what it has pushed itself |\n\n"
    "* *passed*: what the other side left there\n"
    "* *kept*: what the caller had in it before the call\n"
    "* *cleared*: its default, 0 unless the note says otherwise\n"
    "* *own*: each side has its own, switched by the gate\n"
    "* *low*: passed in its lowest byte, 0 above\n"
    "* *any*: nothing to rely on, and nothing that anybody asked to protect\n\n"
    "Columns: nothing asked; integrity asked by either side (confidentiality includes it); confidentiality asked by the caller for\n"
    "the call, by the callee for the return.\n\n"
    "A state with a *fact* concerns only images with code that can see or change it, which the verifier finds out\n"
    "(`porin verify --stats`). Gates leave it alone for others. A side that has the fact finds the state cleared where the other side\n"
    "has not, whatever was asked: what is there would be a third domain's. Rounding is the default in images without its fact, and\n"
    "calls from them and to them change nobody's.\n\n"
    "| state | fact | call: none | integrity | confid. | return: none | integrity | confid. | note |\n"
    "|---|---|---|---|---|---|---|---|---|\n";

static const char *fact_name(unsigned fact)
{
    switch (fact) {
    case 0: return "";
    case PORIN_USES_X87: return "x87";
    case PORIN_USES_X87_STATUS: return "x87-status";
    case PORIN_USES_AVX: return "avx";
    case PORIN_USES_EVEX: return "evex";
    case PORIN_USES_THREAD_POINTER: return "thread-pointer";
    case PORIN_USES_CALL_ERROR: return "call-error";
    case PORIN_USES_FENV: return "fenv";
    default: return "?";
    }
}

#define NAMES(a, b, c) NAME_##a " | " NAME_##b " | " NAME_##c
#define NAME_PASSED "passed"
#define NAME_KEPT "kept"
#define NAME_CLEARED "cleared"
#define NAME_OWN "own"
#define NAME_LOW "low"
#define NAME_ANY "any"

int main(void)
{
    fputs(head, stdout);
#define STATE(id, what, fact, call, back, note) \
    printf("| %s | %s | %s | %s | %s |\n", what, fact_name(fact), NAMES call, NAMES back, note);
#include "policy.def"
#undef STATE
    return 0;
}
