/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors 0, 1 and 2 as the host gave them, and what may be asked of descriptors. */
#include <errno.h>
#include <sys/ioctl.h>
#include "local.h"
#include "terminals.h"

int64_t console_open(struct personality *own, const struct porin_domain_options *options)
{
    for (int i = 0; i < 3; i++) {
        if (options->stdio[i] < 0)
            continue;
        struct open_file *file = file_create(options->stdio[i], FILE_CONSOLE, i == 0, i != 0);
        int64_t number = file ? descriptor_add(own, file, i, false) : -ENOMEM;
        if (number < 0)
            return number;
    }
    terminals_save(own, options);
    return 0;
}

int64_t service_ioctl(const struct request *request)
{
    unsigned long question = (uint32_t)request_int(request, 1);
    if (question == FIOCLEX || question == FIONCLEX)
        return descriptor_close_on_exec(request->own, request_int(request, 0), true, question == FIOCLEX);
    struct open_file *file = file_acquire(request->own, request_int(request, 0));
    if (!file)
        return -EBADF;
    int64_t result = -ENOTTY;
    int flag = 0;
    if (question == FIOASYNC && file->kind == FILE_SOCKET) {
        result = request_fetch(request, &flag, request->arguments[2], sizeof flag);
        if (!result)
            result = descriptor_notify(request, file, true, flag);
    } else if (question == FIONBIO && (file->kind == FILE_SOCKET || file->kind == FILE_PIPE || file->kind == FILE_EVENT)) {
        result = request_fetch(request, &flag, request->arguments[2], sizeof flag);
        if (!result)
            local_nonblocking(file, flag);
        if (!result && !local_listens(file))
            result = ioctl(file->host, FIONBIO, &flag) < 0 ? -errno : 0;
    } else if (question == FIONREAD && (result = local_readable(file)) != LOCAL_HOST) {
        flag = (int)result;
        result = request_store(request, request->arguments[2], &flag, sizeof flag);
    } else
        result = terminal_control(request, file, question, request->arguments[2]);
    file_release(file);
    return result;
}
