/* SPDX-License-Identifier: Apache-2.0 */
/* What the code of policy_code.S fills registers with and where it stores what it finds. Offsets from IMAGE_DATA. */
#ifndef TESTS_POLICY_CAPTURE_H
#define TESTS_POLICY_CAPTURE_H
#define OWN_AT 0x100            /* struct own: what the host tells the domain */
#define OWN_PATTERN 0
#define OWN_ONE 8
#define OWN_TINY 16
#define OWN_MXCSR 24
#define OWN_STATUS 28           /* what the domain tells: its x87 status once it has filled everything */
#define CAPTURE_AT 0x200        /* struct capture */
#define CAPTURE_ZMM 256
#define CAPTURE_K (CAPTURE_ZMM + 32 * 64)
#define CAPTURE_X87 (CAPTURE_K + 64)
#define X87_FILLED 5            /* registers of eight, so that the top of the stack moves too */
#endif
