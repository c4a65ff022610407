/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is marked. */
int sum(int a, int b);
