/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point environment. MXCSR is read directly and written by a gate; the x87 control word cannot be written at all, so rounding
 * stays to nearest: a mode that only half of the arithmetic obeyed would be worse than an honest refusal. */
#include <fenv.h>
#include <features.h>

#define MXCSR_DEFAULT 0x1f80

static unsigned mxcsr_get(void)
{
	unsigned mxcsr;
	__asm__ __volatile__ ("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr;
}

static void mxcsr_set(unsigned mxcsr)
{
	long ignored = mxcsr;
	__asm__ __volatile__ ("call porin_gate_fenv" : "+D"(ignored) : : "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory",
		"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
		"st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
}

static unsigned x87_flags(void)
{
	unsigned short status;
	__asm__ __volatile__ ("fnstsw %0" : "=a"(status));
	return status & FE_ALL_EXCEPT;
}

/* Leaves the x87 flags clear and their former values in MXCSR, as musl's assembly does. */
static unsigned flags_gather(void)
{
	unsigned mxcsr = mxcsr_get(), x87 = x87_flags();
	if (x87) __asm__ __volatile__ ("fnclex");
	return mxcsr | x87;
}

int feclearexcept(int mask)
{
	mxcsr_set(flags_gather() & ~(mask & FE_ALL_EXCEPT));
	return 0;
}

int feraiseexcept(int mask)
{
	mxcsr_set(mxcsr_get() | (mask & FE_ALL_EXCEPT));
	return 0;
}

int fetestexcept(int mask)
{
	return (mxcsr_get() | x87_flags()) & mask & FE_ALL_EXCEPT;
}

int fegetround(void)
{
	return FE_TONEAREST;
}

hidden int __fesetround(int mode)
{
	return mode == FE_TONEAREST ? 0 : -1;
}

int fegetenv(fenv_t *env)
{
	*env = (fenv_t){ .__control_word = 0x37f, .__status_word = x87_flags(), .__tags = 0xffff, .__mxcsr = mxcsr_get() };
	return 0;
}

int fesetenv(const fenv_t *env)
{
	unsigned wanted = env == FE_DFL_ENV ? MXCSR_DEFAULT : env->__mxcsr | env->__status_word & FE_ALL_EXCEPT;
	flags_gather();
	mxcsr_set(wanted);
	return 0;
}
