/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where musl leaves the domain: each system call is a call of the service gate (ARCHITECTURE.md, Services). */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

/* The gate keeps what a callee must keep in System V and nothing else, so vectors and the x87 stack are lost. Mask registers and
 * zmm16-31 are not named because musl is compiled without AVX-512. Unused arguments are zero: a service sees nothing by accident. */
static __inline long __syscall6(long n, long a1, long a2, long a3, long a4, long a5, long a6)
{
	register long r8 __asm__("r8") = a5;
	register long r9 __asm__("r9") = a6;
	__asm__ __volatile__ ("call porin_gate_service_call"
		: "+a"(n), "+D"(a1), "+S"(a2), "+d"(a3), "+c"(a4), "+r"(r8), "+r"(r9) : :
		"r10", "r11", "cc", "memory",
		"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
		"st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
	return n;
}

static __inline long __syscall0(long n) { return __syscall6(n, 0, 0, 0, 0, 0, 0); }
static __inline long __syscall1(long n, long a1) { return __syscall6(n, a1, 0, 0, 0, 0, 0); }
static __inline long __syscall2(long n, long a1, long a2) { return __syscall6(n, a1, a2, 0, 0, 0, 0); }
static __inline long __syscall3(long n, long a1, long a2, long a3) { return __syscall6(n, a1, a2, a3, 0, 0, 0); }
static __inline long __syscall4(long n, long a1, long a2, long a3, long a4) { return __syscall6(n, a1, a2, a3, a4, 0, 0); }
static __inline long __syscall5(long n, long a1, long a2, long a3, long a4, long a5)
{
	return __syscall6(n, a1, a2, a3, a4, a5, 0);
}

/* No VDSO_USEFUL: a domain has no vDSO, its clocks are services. */
#define IPC_64 0
