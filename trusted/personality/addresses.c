/* SPDX-License-Identifier: Apache-2.0 */
/* Grants of addresses: ADDRESS[/BITS]:PORT, [ADDRESS][/BITS]:PORT, *:PORT, unix:PATH, unix:DIRECTORY with an asterisk behind its slash. */
#define _GNU_SOURCE
#include "addresses.h"
#include "paths.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "runtime/error.h"

/* IPv4 addresses are kept, and compared, as IPv6 ones that contain them: a domain can write both. */
struct rule {
    char *path;                        /* of AF_UNIX; NULL: an internet address */
    uint8_t address[16];
    unsigned bits;                     /* how many of them count; 0: any address */
    bool any_port;
    uint16_t port;
};

struct rules { struct rule *list; size_t count; };
struct network { struct rules listen, connect, receive; };

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool parse_port(struct rule *rule, const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    rule->any_port = strcmp(text, "*") == 0;
    rule->port = (uint16_t)port;
    return rule->any_port || (*text >= '0' && *text <= '9' && !*end && port <= UINT16_MAX);
}

/* An address without its port, and without the brackets of IPv6. */
static bool parse_address(struct rule *rule, char *text)
{
    char *slash = strchr(text, '/'), *end = NULL;
    if (slash)
        *slash++ = '\0';
    unsigned long bits = slash ? strtoul(slash, &end, 10) : 128;
    if (slash && (*slash < '0' || *slash > '9' || *end))
        return false;
    if (strcmp(text, "*") == 0)
        return !slash;
    if (inet_pton(AF_INET6, text, rule->address) == 1) {
        rule->bits = (unsigned)bits;
        return bits >= 1 && bits <= 128;
    }
    memcpy(rule->address, mapped, sizeof mapped);
    rule->bits = slash ? 96 + (unsigned)bits : 128;
    return (!slash || (bits >= 1 && bits <= 32)) && inet_pton(AF_INET, text, rule->address + 12) == 1;
}

static bool rule_parse(struct rule *rule, const char *text)
{
    char copy[160], *address = copy;
    *rule = (struct rule){ 0 };
    if (strncmp(text, "unix:", 5) == 0) {
        rule->path = text[5] == '/' ? strdup(text + 5) : NULL;
        return rule->path;
    }
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return false;
    char *colon = strrchr(copy, ':');
    if (!colon)
        return false;
    *colon = '\0';
    if (*copy == '[') {
        char *bracket = strchr(copy, ']');
        if (!bracket)
            return false;
        memmove(bracket, bracket + 1, strlen(bracket)); /* [ADDRESS]/BITS */
        address++;
    } else if (strchr(copy, ':'))
        return false;
    return parse_port(rule, colon + 1) && parse_address(rule, address);
}

static porin_status rules_parse(struct rules *rules, const char *const *texts, size_t count, struct porin_error *error)
{
    rules->list = calloc(count ? count : 1, sizeof *rules->list);
    if (!rules->list)
        return error_set(error, PORIN_ERR_MEMORY, "out of memory");
    for (; rules->count < count; rules->count++)
        if (!rule_parse(&rules->list[rules->count], texts[rules->count]))
            return error_set(error, PORIN_ERR_ARGUMENT, "%.100s is no address to grant: ADDRESS:PORT, ADDRESS/BITS:PORT, [ADDRESS]:PORT or "
                             "unix:/PATH, with * for any address or port", texts[rules->count]);
    return PORIN_OK;
}

porin_status network_open(struct personality *own, const struct porin_domain_options *options, struct porin_error *error)
{
    own->network = calloc(1, sizeof *own->network);
    if (!own->network)
        return error_set(error, PORIN_ERR_MEMORY, "out of memory");
    porin_status status = rules_parse(&own->network->listen, options->listen, options->listen_count, error);
    if (status == PORIN_OK)
        status = rules_parse(&own->network->connect, options->connect, options->connect_count, error);
    return status == PORIN_OK ? rules_parse(&own->network->receive, options->receive, options->receive_count, error) : status;
}

static void rules_free(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        free(rules->list[i].path);
    free(rules->list);
}

void network_close(struct personality *own)
{
    if (!own->network)
        return;
    rules_free(&own->network->listen);
    rules_free(&own->network->connect);
    rules_free(&own->network->receive);
    free(own->network);
    own->network = NULL;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

static bool rules_allow(const struct rules *rules, const uint8_t address[16], uint16_t port)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->list[i];
        if (!rule->path && (rule->any_port || rule->port == port) && bits_equal(rule->address, address, rule->bits))
            return true;
    }
    return false;
}

static bool rules_allow_path(const struct rules *rules, const char *path)
{
    for (size_t i = 0; i < rules->count; i++) {
        const char *rule = rules->list[i].path;
        size_t size = rule ? strlen(rule) : 0;
        bool beneath = size > 1 && strcmp(rule + size - 2, "/*") == 0;
        if (rule && (beneath ? strncmp(rule, path, size - 1) == 0 : strcmp(rule, path) == 0))
            return true;
    }
    return false;
}

bool network_receives(const struct request *request, const struct sockaddr_storage *address)
{
    const struct sockaddr_un *local = (const void *)address;
    const struct network *network = request->own->network;
    char full[PATH_MAX];
    return network && *local->sun_path && path_absolute(request->own, local->sun_path, full) && rules_allow_path(&network->receive, full);
}

bool network_allows(const struct request *request, bool listening, const struct sockaddr_storage *address, socklen_t size)
{
    const struct network *network = request->own->network;
    const char *option = listening ? "--listen" : "--connect";
    uint8_t bytes[16];
    char text[INET6_ADDRSTRLEN];
    uint16_t port;
    if (!network)
        return false;
    const struct rules *rules = listening ? &network->listen : &network->connect;
    if (address->ss_family == AF_UNIX) {
        const struct sockaddr_un *local = (const void *)address;
        char full[PATH_MAX];
        bool good = *local->sun_path && path_absolute(request->own, local->sun_path, full) && rules_allow_path(rules, full);
        if (!good)
            audit(request, "%s unix:%.108s would allow what was refused", option, *local->sun_path ? local->sun_path : "(abstract)");
        return good;
    }
    if (address->ss_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *four = (const void *)address;
        memcpy(bytes, mapped, sizeof mapped);
        memcpy(bytes + 12, &four->sin_addr, 4);
        port = ntohs(four->sin_port);
    } else if (address->ss_family == AF_INET6 && size >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *six = (const void *)address;
        memcpy(bytes, &six->sin6_addr, 16);
        port = ntohs(six->sin6_port);
    } else
        return false;
    if (rules_allow(rules, bytes, port))
        return true;
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        audit(request, "%s %s:%u would allow what was refused", option, inet_ntop(AF_INET, bytes + 12, text, sizeof text), port);
    else
        audit(request, "%s [%s]:%u would allow what was refused", option, inet_ntop(AF_INET6, bytes, text, sizeof text), port);
    return false;
}
