/* SPDX-License-Identifier: Apache-2.0 */
/* One-time start: checks of CPU and kernel, the region, the fault handlers. */
#include "system.h"
#include "domain.h"
#include "error.h"
#include "gate.h"
#include "grace.h"
#include "lifecycle/spawn.h"
#include "slots/region.h"
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/personality.h>

#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE (1u << 1)
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool ready;

bool system_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f"); /* with or without its extensions: there are registers to clear */
}

static porin_status machine_check(struct porin_error *error)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"))
        return error_set(error, PORIN_ERR_CPU, "this CPU has no AVX2 or no BMI2");
    if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE))
        return error_set(error, PORIN_ERR_CPU, "the kernel does not let programs set gs (fsgsbase: Linux 5.9 and a CPU since 2013)");
    if (personality(0xffffffff) & READ_IMPLIES_EXEC)
        return error_set(error, PORIN_ERR_CPU, "this process runs with READ_IMPLIES_EXEC: all data would be executable; "
                         "link the program with a GNU-stack note or start it without setarch -X");
    return PORIN_OK;
}

porin_status porin_init(struct porin_error *error)
{
    if (ready)
        return PORIN_OK;
    pthread_mutex_lock(&lock);
    porin_status status = PORIN_OK;
    if (!ready) {
        status = machine_check(error);
        if (status == PORIN_OK)
            status = region_create(error);
        if (status == PORIN_OK)
            status = domains_start(error);
        if (status == PORIN_OK)
            status = gates_start(error);
        if (status == PORIN_OK)
            status = porin_signals_install(error);
        if (status == PORIN_OK)
            status = grace_start(error);
        if (status == PORIN_OK)
            status = spawn_start(error);
        ready = status == PORIN_OK;
    }
    pthread_mutex_unlock(&lock);
    return status;
}

void porin_limits_get(struct porin_limits *out)
{
    *out = (struct porin_limits){ .slots = region_slots(), .slots_used = region_slots_used(), .avx512 = system_has_avx512() };
}
