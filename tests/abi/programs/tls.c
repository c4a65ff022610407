/* SPDX-License-Identifier: Apache-2.0 */
/* Thread-local variables: initialised, zero, arrays, structs, aligned, static in functions, address taken, pointers to them, all widths. */
#include "report.h"

_Thread_local int initialised = 1234;
_Thread_local int zero;
_Thread_local char byte = 'x';
_Thread_local short half = -5;
_Thread_local double real = 2.5;
_Thread_local long double extended = 3.25L;
_Thread_local __int128 wide = ((__int128)7 << 64) + 9;
_Thread_local int array[100] = {[3] = 33, [99] = 9900};
_Thread_local long zeros[500];
_Thread_local struct { char name[16]; int v; double d; } record = {"record", 5, 6.5};
_Thread_local _Alignas(64) char aligned[64] = "aligned";
_Thread_local int *pointer;
static _Thread_local unsigned bits_a;
static __thread struct { unsigned a : 5, b : 11; int c : 7; } fields = {17, 1000, -30};
_Thread_local float vector[4] = {1, 2, 3, 4};
_Thread_local int (*function)(int);

NOIPA int twice(int x) { return 2 * x; }
NOIPA int *address(int i) { return &array[i]; }
NOIPA long sum_array(void)
{
    long sum = 0;
    for (int i = 0; i < 100; i++)
        sum += array[i] * (i + 1);
    return sum;
}
NOIPA int counter(void)
{
    static _Thread_local int calls = 10;
    return ++calls;
}
NOIPA void every_operation(int k)
{
    initialised += k;
    initialised <<= 2;
    zero |= k;
    byte ^= (char)k;
    half = (short)(half * k);
    real = real * k + zero;
    extended /= k;
    wide *= k;
    array[k & 63] -= k;
    zeros[k * 3]++;
    bits_a = (bits_a << 3) | (unsigned)k;
    fields.a++;
    fields.b -= 3;
    fields.c = k;
    for (int i = 0; i < 4; i++)
        vector[i] = vector[3 - i] + (float)k;
    __atomic_fetch_add(&initialised, k, __ATOMIC_SEQ_CST);
    record.v = initialised > 100 ? record.v + 1 : record.v - 1;
    zero = zero == k ? initialised : half;
}

static void copies(void)
{
    int local[100];
    memcpy(local, array, sizeof array);
    local[0] = 5;
    memcpy(array, local, sizeof local);
    memset(zeros + 10, 0x11, 80);
    put_bytes("zeros", zeros, sizeof zeros);
    strcpy(record.name, "renamed");
    put_text("name", record.name);
}

int main(void)
{
    put("initial", (uint64_t)(initialised + zero + byte + half + (int)real + (int)extended + (int)wide + record.v));
    put_text("record", record.name);
    put_text("aligned", aligned);
    put("alignment", (uintptr_t)HIDE(&aligned[0]) % 64);
    put("sum", (uint64_t)sum_array());
    for (int k = 1; k < 9; k++)
        every_operation(k);
    put("ints", (uint64_t)initialised * 1000003 + (uint64_t)zero);
    put("small", (uint64_t)byte * 1000003 + (uint64_t)half);
    put_double("real", real);
    put_long_double("extended", extended);
    put_int128("wide", (unsigned __int128)wide);
    put("fields", fields.a + 100u * fields.b + 1000000u * (unsigned)(fields.c + 64) + bits_a);
    put_bytes("vector", vector, sizeof vector);
    pointer = address(7);
    *pointer = 777;
    *address(8) = *pointer + 1;
    put("pointer", (uint64_t)(array[7] + array[8] + pointer[1]));
    put("counter", (uint64_t)(counter() + counter() * 10 + counter() * 100));
    function = twice;
    put("function", (uint64_t)function(21));
    copies();
    put("sum2", (uint64_t)sum_array());
    return 0;
}
