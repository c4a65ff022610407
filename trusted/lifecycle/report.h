/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of deaths, made when somebody asks. */
#ifndef PORIN_LIFECYCLE_REPORT_H
#define PORIN_LIFECYCLE_REPORT_H
#include "runtime/domain.h"

/* Copies why the domain is dead, with a text for people. */
void death_report(const struct porin_domain *domain, struct porin_error *error);
#endif
