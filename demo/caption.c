/* SPDX-License-Identifier: Apache-2.0 */
/* Caption domain: makes a caption, with a planted mistake of the classic kind: a copy without a length check, into a buffer with a
 * function pointer behind it. Outside a domain, who writes the caption decides what runs next. */
#include "caption.h"
#include <ctype.h>
#include <stdlib.h>

struct caption {
    char text[40];
    void (*finish)(struct caption *caption);
};

static struct caption *caption;

static void capitalise(struct caption *self)
{
    self->text[0] = (char)toupper((unsigned char)self->text[0]);
}

const char *caption_make(const char *text)
{
    if (!caption)
        caption = malloc(sizeof *caption);
    if (!caption)
        return NULL;
    caption->finish = capitalise;
    char *to = caption->text;
    while ((*to++ = *text++)) /* the mistake: nobody asks how long the text is */
        ;
    caption->finish(caption);
    return caption->text;
}
