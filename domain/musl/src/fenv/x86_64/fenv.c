/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point environment. A domain cannot touch MXCSR or the x87 control word; a gate does it for both together: it takes MXCSR,
 * lets the x87 rounding follow and clears the x87 flags, so every change first moves those flags into MXCSR. */
#include <fenv.h>
#include <features.h>

#define MXCSR_DEFAULT 0x1f80
#define MXCSR_ROUNDING_SHIFT 3 /* from FE_UPWARD and its like, which are bits of the x87 control word */
#define ROUNDING_MASK FE_TOWARDZERO

static unsigned gate(unsigned wanted)
{
	long mxcsr;
	register long argument __asm__("rdi") = wanted;
	__asm__ __volatile__ ("call porin_gate_fenv" : "=a"(mxcsr), "+r"(argument) : :
		"rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory",
		"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
		"st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
	return mxcsr;
}

/* MXCSR with the x87 flags added. */
static unsigned state_get(void)
{
	unsigned short status;
	__asm__ __volatile__ ("fnstsw %0" : "=a"(status));
	return gate(-1u) | (status & FE_ALL_EXCEPT);
}

int feclearexcept(int mask)
{
	gate(state_get() & ~(mask & FE_ALL_EXCEPT));
	return 0;
}

int feraiseexcept(int mask)
{
	gate(state_get() | (mask & FE_ALL_EXCEPT));
	return 0;
}

int fetestexcept(int mask)
{
	return state_get() & mask & FE_ALL_EXCEPT;
}

int fegetround(void)
{
	return state_get() >> MXCSR_ROUNDING_SHIFT & ROUNDING_MASK;
}

hidden int __fesetround(int mode)
{
	gate((state_get() & ~(ROUNDING_MASK << MXCSR_ROUNDING_SHIFT)) | mode << MXCSR_ROUNDING_SHIFT);
	return 0;
}

int fegetenv(fenv_t *env)
{
	unsigned mxcsr = state_get();
	*env = (fenv_t){
		.__control_word = 0x37f | (mxcsr >> MXCSR_ROUNDING_SHIFT & ROUNDING_MASK),
		.__tags = 0xffff,
		.__mxcsr = mxcsr,
	};
	return 0;
}

int fesetenv(const fenv_t *env)
{
	gate(env == FE_DFL_ENV ? MXCSR_DEFAULT : env->__mxcsr | (env->__status_word & FE_ALL_EXCEPT));
	return 0;
}
