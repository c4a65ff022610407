/* SPDX-License-Identifier: Apache-2.0 */
/* must(condition): a belief that security rests on. On in every build; a false one ends the process at once. */
#ifndef PORIN_RUNTIME_MUST_H
#define PORIN_RUNTIME_MUST_H

_Noreturn void must_fail(const char *condition, const char *file, int line);
#define must(condition) ((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))
#endif
