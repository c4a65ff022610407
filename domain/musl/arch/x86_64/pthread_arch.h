/* SPDX-License-Identifier: Apache-2.0 */
/* The thread pointer is a word of the thread block that domain code may only read (trusted/tables/layout.h). */
static inline uintptr_t __get_tp()
{
	uintptr_t tp;
	__asm__ ("movq %%gs:0,%0" : "=r" (tp) );
	return tp;
}

#define MC_PC gregs[REG_RIP]
