/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of dIPC as services: from six words of a domain to the functions of handle.h. */
#include "handle.h"
#include "personality/personality.h"
#include <string.h>

#define ALLOWED_MAX 64

#define ARGUMENT(index) (request->arguments[index])

/* A name or import: 0, -EFAULT or -ENAMETOOLONG. */
static int64_t fetch_name(const struct request *request, int index, char name[NAME_SIZE])
{
    return request_fetch_path(request, name, NAME_SIZE, ARGUMENT(index));
}

int64_t service_dom_default(const struct request *request)
{
    return authority_default(request->domain);
}

int64_t service_dom_create(const struct request *request)
{
    return authority_create(request->domain, ARGUMENT(0));
}

int64_t service_handle_copy(const struct request *request)
{
    return authority_copy(request->domain, ARGUMENT(0), ARGUMENT(1));
}

int64_t service_handle_close(const struct request *request)
{
    return authority_close(request->domain, ARGUMENT(0));
}

int64_t service_handle_send(const struct request *request)
{
    return authority_send(request->domain, ARGUMENT(0), ARGUMENT(1));
}

int64_t service_dom_mmap(const struct request *request)
{
    return authority_map(request->domain, ARGUMENT(0), ARGUMENT(1), ARGUMENT(2), ARGUMENT(3));
}

int64_t service_dom_remap(const struct request *request)
{
    return authority_remap(request->domain, ARGUMENT(0), ARGUMENT(1), ARGUMENT(2), ARGUMENT(3));
}

int64_t service_dom_read(const struct request *request)
{
    return authority_read(request->domain, ARGUMENT(0), ARGUMENT(1), ARGUMENT(2), ARGUMENT(3));
}

int64_t service_dom_write(const struct request *request)
{
    return authority_write(request->domain, ARGUMENT(0), ARGUMENT(1), ARGUMENT(2), ARGUMENT(3));
}

int64_t service_grant_create(const struct request *request)
{
    return authority_grant(request->domain, ARGUMENT(0), ARGUMENT(1), ARGUMENT(2));
}

int64_t service_grant_revoke(const struct request *request)
{
    return authority_revoke(request->domain, ARGUMENT(0));
}

int64_t service_entry_register(const struct request *request)
{
    return authority_register(request->domain, ARGUMENT(0), ARGUMENT(1), ARGUMENT(2));
}

int64_t service_entry_open(const struct request *request)
{
    char name[NAME_SIZE];
    int64_t error = fetch_name(request, 1, name);
    return error ? error : authority_open(request->domain, ARGUMENT(0), name, ARGUMENT(2), ARGUMENT(3));
}

int64_t service_entry_request(const struct request *request)
{
    char import[NAME_SIZE];
    int64_t error = fetch_name(request, 1, import);
    return error ? error : authority_request(request->domain, ARGUMENT(0), import, ARGUMENT(2), ARGUMENT(3), (int64_t)ARGUMENT(4));
}

int64_t service_entry_withdraw(const struct request *request)
{
    return authority_withdraw_entry(request->domain, ARGUMENT(0));
}

int64_t service_name_publish(const struct request *request)
{
    char name[NAME_SIZE];
    uint64_t allowed[ALLOWED_MAX], count = ARGUMENT(3);
    int64_t error = fetch_name(request, 0, name);
    if (!error && count != UINT64_MAX && count > ALLOWED_MAX)
        error = -EINVAL;
    if (!error && count != UINT64_MAX)
        error = request_fetch(request, allowed, ARGUMENT(2), count * sizeof *allowed);
    return error ? error : authority_publish(request->domain, name, ARGUMENT(1), allowed, count);
}

int64_t service_name_lookup(const struct request *request)
{
    char name[NAME_SIZE];
    int64_t error = fetch_name(request, 0, name);
    return error ? error : authority_lookup(request->domain, name);
}

int64_t service_name_withdraw(const struct request *request)
{
    char name[NAME_SIZE];
    int64_t error = fetch_name(request, 0, name);
    return error ? error : authority_withdraw_name(request->domain, name);
}

int64_t service_window_create(const struct request *request)
{
    return authority_window_create(request->domain, ARGUMENT(0));
}

int64_t service_window_map(const struct request *request)
{
    return authority_window_map(request->domain, ARGUMENT(0), ARGUMENT(1), ARGUMENT(2));
}

int64_t service_window_revoke(const struct request *request)
{
    return authority_window_revoke(request->domain, ARGUMENT(0));
}
