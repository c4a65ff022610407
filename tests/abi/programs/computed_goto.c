/* SPDX-License-Identifier: Apache-2.0 */
/* Interpreters with computed goto: absolute tables, tables of differences, a label kept in a variable, labels in a static struct. */
#include "report.h"

enum { PUSH, ADD, SUBTRACT, MULTIPLY, DUPLICATE, SWAP, JUMP_NOT_ZERO, DECREMENT, XOR, HALT, COUNT };

NOIPA long run_absolute(const int *code)
{
    static void *const labels[COUNT] = {&&push, &&add, &&subtract, &&multiply, &&duplicate, &&swap, &&jump, &&decrement, &&xor, &&halt};
    long stack[32], *top = stack;
    const int *pc = code;
#define NEXT goto *labels[*pc++]
    NEXT;
push: *++top = *pc++; NEXT;
add: top--; top[0] += top[1]; NEXT;
subtract: top--; top[0] -= top[1]; NEXT;
multiply: top--; top[0] = (long)((unsigned long)top[0] * (unsigned long)top[1]); NEXT;
duplicate: top++; top[0] = top[-1]; NEXT;
swap: { long t = top[0]; top[0] = top[-1]; top[-1] = t; } NEXT;
jump: pc = *top ? code + *pc : pc + 1; NEXT;
decrement: --*top; NEXT;
xor: top--; top[0] ^= top[1]; NEXT;
halt: return top[0] * 31 + top[-1];
#undef NEXT
}

NOIPA long run_relative(const int *code)
{
    static const int offsets[COUNT] = {&&push - &&push, &&add - &&push, &&subtract - &&push, &&multiply - &&push, &&duplicate - &&push,
                                       &&swap - &&push, &&jump - &&push, &&decrement - &&push, &&xor - &&push, &&halt - &&push};
    long stack[32], *top = stack;
    const int *pc = code;
#define NEXT goto *(&&push + offsets[*pc++])
    NEXT;
push: *++top = *pc++; NEXT;
add: top--; top[0] += top[1]; NEXT;
subtract: top--; top[0] -= top[1]; NEXT;
multiply: top--; top[0] = (long)((unsigned long)top[0] * (unsigned long)top[1]); NEXT;
duplicate: top++; top[0] = top[-1]; NEXT;
swap: { long t = top[0]; top[0] = top[-1]; top[-1] = t; } NEXT;
jump: pc = *top ? code + *pc : pc + 1; NEXT;
decrement: --*top; NEXT;
xor: top--; top[0] ^= top[1]; NEXT;
halt: return top[0] * 31 + top[-1];
#undef NEXT
}

/* Threaded code: addresses of labels are written into the program itself, then followed. */
struct cell { void *label; long operand; };
NOIPA long run_threaded(struct cell *cells, const int *kinds, int n)
{
    static void *labels[4];
    labels[0] = &&add;
    labels[1] = &&multiply;
    labels[2] = &&rotate;
    labels[3] = &&done;
    for (int i = 0; i < n; i++)
        cells[i].label = labels[kinds[i]];
    unsigned long value = 1;
    const struct cell *cell = cells;
    goto *cell->label;
add: value += (unsigned long)cell->operand; cell++; goto *cell->label;
multiply: value *= (unsigned long)cell->operand; cell++; goto *cell->label;
rotate: value = value << (cell->operand & 63) | value >> (64 - (cell->operand & 63)); cell++; goto *cell->label;
done: return (long)value;
}

/* One label variable chosen long before, live over calls. */
NOIPA void touch(long *p) { *p ^= 0x55; }
NOIPA long kept(int which, long x)
{
    void *target = which == 0 ? &&zero : which == 1 ? &&one : &&two;
    for (int i = 0; i < 5; i++) {
        touch(&x);
        goto *target;
    zero: x += 3; continue;
    one: x *= 3; target = &&zero; continue;
    two: x -= 3; target = &&one;
    }
    return x;
}

int main(void)
{
    int loop[] = {PUSH, 1, PUSH, 1000, SWAP, PUSH, 3, MULTIPLY, PUSH, 7, ADD, SWAP, DECREMENT, JUMP_NOT_ZERO, 4, HALT};
    put("absolute", (uint64_t)run_absolute(loop));
    put("relative", (uint64_t)run_relative(loop));
    int other[] = {PUSH, 5, PUSH, 0, PUSH, 6, DUPLICATE, XOR, PUSH, 9, SUBTRACT, HALT};
    put("absolute2", (uint64_t)run_absolute(other));
    put("relative2", (uint64_t)run_relative(other));
    struct cell cells[64];
    int kinds[64];
    for (int i = 0; i < 64; i++) {
        kinds[i] = i == 63 ? 3 : (i * 7) % 3;
        cells[i].operand = i * 1237 + 1;
    }
    put("threaded", (uint64_t)run_threaded(cells, kinds, 64));
    put("kept", (uint64_t)(kept(HIDE(0), 10) + kept(HIDE(1), 20) * 1000 + kept(HIDE(2), 30) * 1000000));
    return 0;
}
