/* SPDX-License-Identifier: Apache-2.0 */
/* A tail call through a pointer needs a register that neither holds an argument nor is the caller's to restore. Six arguments and the count
 * of vector registers that goes with variadic functions and those without a prototype take all but r10 and r11, which are reserved: gcc
 * 12 looks for another register for ever. Such a call is noticed in what gcc tells of its pass `expand', where each instruction names
 * what it uses; the file is compiled without tail calls then. */
#include "tail_call.h"
#include <stddef.h>
#include <string.h>

static const char *const carriers[] = {" ax)", " di)", " si)", " dx)", " cx)", " r8)", " r9)"};
enum { CARRIERS = sizeof carriers / sizeof carriers[0], ALL = (1 << CARRIERS) - 1 };

bool tail_call_is_stuck(void *state, const char *line)
{
    struct tail_call *call = state;
    if (line[0] == '(')
        *call = (struct tail_call){.within = strncmp(line, "(call_insn/j ", 13) == 0};
    if (!call->within)
        return false;
    call->indirect = call->indirect || strstr(line, "(call (mem:QI (reg");
    for (size_t i = 0; i < CARRIERS && strstr(line, "(use (reg:"); i++)
        if (strstr(line, carriers[i]))
            call->registers |= 1u << i;
    return call->indirect && call->registers == ALL;
}
