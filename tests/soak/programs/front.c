// SPDX-License-Identifier: Apache-2.0
// What clients talk to: hands lines on to the ledger, over a connection for each client, and calls `sum` of another service directly.
// It says "gone" where those do not answer, and never dies itself. Usage: front PORT LEDGER-PORT
#include "lines.h"
#include "porin/domain.h"

PORIN_IMPORT(sum);
int sum(int a, int b);

static const char *ledger_port;

static int ask_ledger(int *ledger, const char *line, char *answer)
{
    struct sockaddr_in address = line_address(ledger_port);
    if (*ledger < 0) {
        *ledger = socket(AF_INET, SOCK_STREAM, 0);
        if (*ledger >= 0 && connect(*ledger, (struct sockaddr *)&address, sizeof address) != 0) {
            close(*ledger);
            *ledger = -1;
        }
    }
    if (*ledger >= 0 && line_write(*ledger, line) && line_read(*ledger, answer))
        return 1;
    if (*ledger >= 0)
        close(*ledger);
    *ledger = -1;
    return 0;
}

static void *serve(void *argument)
{
    int stream = (int)(intptr_t)argument, ledger = -1, a, b;
    char line[LINE_MAX_BYTES], answer[LINE_MAX_BYTES];
    while (line_read(stream, line)) {
        if (sscanf(line, "sum %d %d", &a, &b) == 2) {
            int result = sum(a, b);
            snprintf(answer, sizeof answer, result < 0 ? "gone" : "sum %d", result);
        } else if (!ask_ledger(&ledger, line, answer)) {
            snprintf(answer, sizeof answer, "gone");
        }
        if (!line_write(stream, answer))
            break;
    }
    if (ledger >= 0)
        close(ledger);
    close(stream);
    return NULL;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 1;
    ledger_port = arguments[2];
    return lines_serve(arguments[1], serve);
}
