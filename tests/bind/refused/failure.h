/* SPDX-License-Identifier: Apache-2.0 */
/* options: --drop-in */
/* Drop-in stubs have to return something when the domain has died. */
#include "porin/bind.h"
PORIN_ENTRY int sum(int a, int b);
