/* SPDX-License-Identifier: Apache-2.0 */
/* The call ladder's callee as a WebAssembly module of its own. */
#include <stdint.h>

__attribute__((export_name("callee_answer"))) uint64_t callee_answer(uint64_t number)
{
    return number + 1;
}
