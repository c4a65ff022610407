/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls by hand lead to, in the callee's domain. */
#include "hand.h"
#include <string.h>
#include "porin/capability.h"
#include "porin/domain.h"

static char bytes[HAND_BYTES];
static thing *handles[16];

#define EXPORT(name) PORIN_EXPORT(hand_##name);
HAND_ALL(EXPORT)

int hand_integers(int a, long b) { return class_integers(a, b); }
int hand_many(int a, int b, int c, int d, int e, int f, int g, int h) { return class_many(a, b, c, d, e, f, g, h); }
double hand_double(double a) { return class_double(a); }
int hand_enum(int order) { return order == ORDER_NONE || order == ORDER_UP ? (int)class_enum((enum order)order) : -1; }
int hand_handle(uint32_t handle)
{
    if (!handles[1])
        handles[1] = class_make();
    return handle < sizeof handles / sizeof *handles && handles[handle] ? class_handle(handles[handle]) : -1;
}
int hand_string(const char PORIN_CAP *text, int length)
{
    char copy[64];
    if (length < 0 || (size_t)length >= sizeof copy || !porin_cap_narrow(0, text, (size_t)length, PORIN_RIGHT_READ))
        return -1;
    porin_cap_read(copy, text, (size_t)length);
    copy[length] = 0;
    return class_string(copy);
}
int hand_in(const void PORIN_CAP *data, int size)
{
    if (size < 0 || size > HAND_BYTES || !porin_cap_narrow(0, data, (size_t)size, PORIN_RIGHT_READ))
        return -1;
    porin_cap_read(bytes, data, (size_t)size);
    return class_in(bytes, size);
}
int hand_out(void PORIN_CAP *data, int size)
{
    if (size < 0 || size > HAND_BYTES || !porin_cap_narrow(0, data, (size_t)size, PORIN_RIGHT_WRITE))
        return -1;
    int result = class_out(bytes, size);
    porin_cap_write(data, bytes, (size_t)size);
    return result;
}
int hand_lent(const void PORIN_CAP *data, int size)
{
    return size >= 0 && porin_cap_narrow(0, data, (size_t)size, PORIN_RIGHT_READ) ? class_lent(data, size) : -1;
}
struct pair hand_pair(int64_t a, double b) { return class_pair((struct pair){a, b}); }
int hand_block(struct block PORIN_CAP *block)
{
    struct block copy;
    if (!porin_cap_narrow(0, block, sizeof copy, PORIN_RIGHT_WRITE))
        return -1;
    porin_cap_read(&copy, block, sizeof copy);
    copy = class_block(copy);
    porin_cap_write(block, &copy, sizeof copy);
    return 0;
}
int hand_text(char PORIN_CAP *to, int size)
{
    const char *text = class_text();
    size_t length = strlen(text) + 1;
    if (size < 0 || length > (size_t)size || !porin_cap_narrow(0, to, length, PORIN_RIGHT_WRITE))
        return -1;
    porin_cap_write(to, text, length);
    return (int)length;
}
