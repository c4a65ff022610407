/* SPDX-License-Identifier: Apache-2.0 */
/* Three times as much time in hot as in warm, both called from both. */
volatile double sink;

__attribute__((noinline)) void hot(int count)
{
    for (int i = 0; i < count * 3; i++)
        sink += i * 0.5;
}

__attribute__((noinline)) void warm(int count)
{
    for (int i = 0; i < count; i++)
        sink += i * 0.5;
}

__attribute__((noinline)) void both(int count)
{
    hot(count);
    warm(count);
}

int main(void)
{
    for (int i = 0; i < 20; i++)
        both(5000000);
    return 0;
}
