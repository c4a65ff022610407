/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's threads: made, known by a number, ended. */
#include "personality.h"

static bool is_offset(uint64_t argument)
{
    return argument <= UINT32_MAX;
}

int64_t service_thread_create(const struct request *request)
{
    const uint64_t *arguments = request->arguments;
    if (!is_offset(arguments[0]) || !is_offset(arguments[2]) || !is_offset(arguments[3]))
        return -EINVAL;
    if (!is_offset(arguments[4]) || !is_offset(arguments[5]))
        return -EFAULT;
    return spawn_thread(request->domain, &(struct spawn_request){
        .start = (uint32_t)arguments[0], .argument = arguments[1], .stack = (uint32_t)arguments[2],
        .thread_pointer = (uint32_t)arguments[3], .tid_address = (uint32_t)arguments[4], .number_address = (uint32_t)arguments[5],
    });
}

int64_t service_exit(const struct request *request)
{
    thread_leave(request->domain, request_int(request, 0) & 0xff, 0, 0);
}

int64_t service_exit_unmap(const struct request *request)
{
    bool unmaps = request->domain->grants & PORIN_GRANT_MEMORY && is_offset(request->arguments[0]);
    thread_leave(request->domain, 0, (uint32_t)request->arguments[0], unmaps ? request->arguments[1] : 0);
}

int64_t service_gettid(const struct request *request)
{
    return thread_number(request->domain);
}

int64_t service_set_tid_address(const struct request *request)
{
    uint64_t address = request->arguments[0];
    return thread_set_tid_address(request->domain, is_offset(address) ? (uint32_t)address : 0);
}
