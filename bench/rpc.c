/* SPDX-License-Identifier: Apache-2.0 */
/* Call ladder: a remote procedure call to another process over a UNIX socket, its stubs made by rpcgen, its runtime libtirpc. */
#include "bench.h"
#include "ladder.h"
#include "rpc_answer.h"
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CALLS = 1000, WARM_CALLS = 100 };

/* rpcgen's dispatcher. */
void bench_answer_1(struct svc_req *request, SVCXPRT *transport);

bool_t bench_answer_next_1_svc(uint64_t number, uint64_t *result, struct svc_req *request)
{
    (void)request;
    *result = far_answer(number);
    return TRUE;
}

int bench_answer_1_freeresult(SVCXPRT *transport, xdrproc_t free_result, caddr_t result)
{
    (void)transport;
    xdr_free(free_result, result);
    return 1;
}

__attribute__((noreturn)) static void server_run(int end)
{
    SVCXPRT *transport = svcunixfd_create(end, 0, 0);
    if (!transport || !svc_register(transport, BENCH_ANSWER, BENCH_ANSWER_FIRST, bench_answer_1, 0))
        fail("the RPC server cannot start");
    svc_run(); /* ends with the parent */
    _exit(1);
}

static double client_run(int end)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uint64_t number = 0, start = 0;
    CLIENT *client = clntunix_create(&address, BENCH_ANSWER, BENCH_ANSWER_FIRST, &end, 0, 0);
    if (!client)
        fail("%s", clnt_spcreateerror("RPC client"));
    for (unsigned i = 0; i < CALLS + WARM_CALLS; i++) {
        if (i == WARM_CALLS)
            start = now_ns();
        if (bench_answer_next_1(number, &number, client) != RPC_SUCCESS)
            fail("%s", clnt_sperror(client, "RPC"));
    }
    double ns = (double)(now_ns() - start) / CALLS;
    if (number != CALLS + WARM_CALLS)
        fail("the RPC server answered wrongly");
    clnt_destroy(client);
    return ns;
}

double rpc_round_trip(const void *cpu)
{
    return over_socket(cpu, server_run, client_run);
}
