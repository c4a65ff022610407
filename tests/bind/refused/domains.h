/* SPDX-License-Identifier: Apache-2.0 */
/* options: --for-domains */
/* What gates cannot carry. */
#include "porin/bind.h"
struct large { long words[3]; };
PORIN_ENTRY int pointer(const char *text);
PORIN_ENTRY int wide(long double number);
PORIN_ENTRY int record(struct large large);
PORIN_ENTRY struct large result(void);
PORIN_ENTRY int variable(int count, ...);
PORIN_ENTRY int many(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, int m, int n, int o);
PORIN_ENTRY long good(int a, double b, _Bool c);
