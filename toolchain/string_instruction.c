/* SPDX-License-Identifier: Apache-2.0 */
/* String instructions: their pointers become real addresses for one instruction, and offsets again. */
#include "rewriter.h"

void string_instruction(struct rewriter *r, const struct statement *s, bool uses_rdi, bool uses_rsi)
{
    struct buffer text = {0};
    buffer_add(&text, "", 0);
    for (int i = 0; i < s->prefix_count; i++) {
        if (!slice_starts(s->prefixes[i], "rep")) {
            refuse(r, REFUSE_STRING);
            break;
        }
        buffer_printf(&text, SLICE_FORMAT " ", SLICE_ARGS(s->prefixes[i]));
    }
    buffer_add_slice(&text, s->name);
    sequence_emit(r, uses_rdi && uses_rsi ? SEQUENCE_STRING_DI_SI : uses_rdi ? SEQUENCE_STRING_DI : SEQUENCE_STRING_SI,
                  (const char *const[]){text.data});
    buffer_free(&text);
    cache_forget(r, 1u << RDI | 1u << RSI | 1u << RCX | (slice_starts(s->name, "lods") ? 1u << RAX : 0));
}
