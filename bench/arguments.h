/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the capability bench that is about arguments. */
#ifndef BENCH_ARGUMENTS_H
#define BENCH_ARGUMENTS_H
#include "porin/porin.h"

struct arguments_domains { porin_domain *lender, *caller; };   /* bound to those that they call */
void arguments_measure(const struct arguments_domains *domains, unsigned repetitions);
#endif
