/* SPDX-License-Identifier: Apache-2.0 */
/* Emits the sequences of trusted/tables/sequences.def, the table the verifier matches. */
#include "layout.h"
#include "rewriter.h"
#include <string.h>

#define SEQUENCE(id, reason) {NULL, SEQUENCE_##id},
#define STEP(form, bits, reg, rm, immediate, text) {text, 0},
static const struct { const char *text; enum sequence_id begins; } steps[] = {
#include "sequences.def"
    {NULL, SEQUENCE_NONE},
};
#undef SEQUENCE
#undef STEP

void sequence_emit(struct rewriter *r, enum sequence_id id, const char *const *choices)
{
    size_t i = 0;
    while (steps[i].text || steps[i].begins != id)
        i++;
    for (i++; steps[i].text; i++) {
        /* The texts are formats: "%%" is a percent sign, "%s" the next choice. */
        bool chooses = strstr(steps[i].text, "%s") != NULL;
        struct buffer line = {0};
        for (const char *p = steps[i].text; *p; p++) {
            if (*p == '%' && p[1] == 's')
                buffer_printf(&line, "%s", *choices);
            else
                buffer_add(&line, p, 1);
            p += *p == '%';
        }
        choices += chooses;
        emit(r, "%s", line.data);
        buffer_free(&line);
    }
}
