/* SPDX-License-Identifier: Apache-2.0 */
/* For assembly only: how a function of trusted code begins. */
        .macro  function name
        .globl  \name
        .type   \name, @function
        .balign 32
\name:
        .endm
