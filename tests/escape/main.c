/* SPDX-License-Identifier: Apache-2.0 */
/* Runs every escape attempt. Usage: escape FOLDER [PART...]; FOLDER holds the attacking images.
 * Before that the judge itself is tried: an expectation that is wrong and harm done by our own hand must both be noticed. */
#include "world.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Each line here must be counted as wrong. */
static bool judge_notices(void)
{
    static const struct attack lies[] = {
        {"dies, it says", "add", DIES, SIGSEGV, {1, 2}},     {"works, it says", "peek", WORKS, 0, {0}},
        {"value, it says", "add", WORKS, 4, {1, 2}},         {"signal, it says", "peek", DIES, SIGILL, {0}},
        {"fails, it says", "service", FAILS, 0, {39}},       {"killed, it says", "add", KILLED, 0, {1, 2}},
    };
    unsigned before = attacks_wrong, made = attacks_made;
    FILE *quiet = freopen("/dev/null", "w", stdout);
    ATTACKS(lies);
    bool notices = quiet && attacks_wrong - before == sizeof lies / sizeof *lies;
    *secret = 1; /* as if a domain had */
    notices = notices && world_harm();
    *secret = SECRET;
    notices = notices && !world_harm();
    domain_ask(canary, "poke_byte", domain_ask(canary, "where", 5, 0) + 500, 9);
    notices = notices && world_harm();
    domain_ask(canary, "poke_byte", domain_ask(canary, "where", 5, 0) + 500, 0);
    notices = notices && !world_harm();
    attacks_wrong = before;
    attacks_made = made;
    return notices && freopen("/dev/stderr", "w", stdout);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(const char *); } parts[] = {
        {"memory", memory_attacks}, {"control", control_attacks}, {"state", state_attacks}, {"services", service_attacks},
        {"images", image_attacks}, {"threads", thread_attacks}};
    if (argc < 2) {
        fprintf(stderr, "usage: escape FOLDER [PART...]\n");
        return 2;
    }
    world_begin(argv[1]);
    if (!judge_notices()) {
        fprintf(stderr, "escape: the judge lets wrong outcomes pass\n");
        return 1;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool wanted = argc == 2;
        for (int k = 2; k < argc; k++)
            wanted = wanted || strcmp(argv[k], parts[i].name) == 0;
        if (wanted)
            parts[i].run(argv[1]);
    }
    world_end();
    fprintf(stderr, "%u escape attempts, %u ended otherwise than they must\n", attacks_made, attacks_wrong);
    return attacks_wrong ? 1 : 0;
}
