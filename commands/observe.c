/* SPDX-License-Identifier: Apache-2.0 */
/* From the beginning of a run to its end. */
#include "observe.h"
#include <stdio.h>
#include "porin/observe.h"

porin_status observe_begin(const struct observe *observe, struct porin_error *error)
{
    porin_status status = observe->profile >= 0 ? porin_profile_start(error) : PORIN_OK;
    return status == PORIN_OK && observe->trace >= 0 ? porin_trace_start(error) : status;
}

void observe_end(const struct observe *observe)
{
    struct porin_error error;
    if (observe->profile >= 0 && porin_profile_stop(observe->profile, &error) != PORIN_OK)
        fprintf(stderr, "porin run: %s\n", error.text);
    if (observe->trace >= 0 && porin_trace_stop(observe->trace, &error) != PORIN_OK)
        fprintf(stderr, "porin run: %s\n", error.text);
}
