/* SPDX-License-Identifier: Apache-2.0 */
/* Who has talked to whom in memory, and how much: for who looks (porin/observe.h). Costs nothing while bytes move: rings count anyway. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "pairs.h"
#include "porin/observe.h"

#define TALKS_MOST 1024                /* names may be a domain's own: beyond this, who is new is not counted */

/* All connections of one name to another. With local_lock. */
struct talk {
    struct porin_talk facts;           /* its bytes are those of connections that have ended */
    struct pair *pairs;                /* those that live */
};

static struct talk *talks[TALKS_MOST];
static size_t count;

static struct talk *talk_find(const char *client, const char *server)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(talks[i]->facts.client, client) == 0 && strcmp(talks[i]->facts.server, server) == 0)
            return talks[i];
    struct talk *talk = count < TALKS_MOST ? calloc(1, sizeof *talk) : NULL;
    if (talk) {
        strncpy(talk->facts.client, client, sizeof talk->facts.client - 1);
        strncpy(talk->facts.server, server, sizeof talk->facts.server - 1);
        talks[count++] = talk;
    }
    return talk;
}

void talk_begin(struct pair *pair, const char *client, const char *server)
{
    struct talk *talk = talk_find(client, server);
    pair->talk = talk;
    if (!talk)
        return;
    talk->facts.connections++;
    pair->next_talking = talk->pairs;
    pair->talking = &talk->pairs;
    if (talk->pairs)
        talk->pairs->talking = &pair->next_talking;
    talk->pairs = pair;
}

static void add(struct porin_talk *facts, const struct pair *pair)
{
    facts->sent_bytes += pair->flows[0].written;
    facts->answered_bytes += pair->flows[1].written;
}

void talk_end(struct pair *pair)
{
    if (!pair->talk)
        return;
    *pair->talking = pair->next_talking;
    if (pair->next_talking)
        pair->next_talking->talking = pair->talking;
    add(&pair->talk->facts, pair);
    pair->talk = NULL;
}

size_t porin_talks(struct porin_talk *out, size_t room)
{
    pthread_mutex_lock(&local_lock);
    size_t there = count;
    for (size_t i = 0; i < there && i < room; i++) {
        out[i] = talks[i]->facts;
        for (const struct pair *pair = talks[i]->pairs; pair; pair = pair->next_talking) {
            out[i].open++;
            add(&out[i], pair);
        }
    }
    pthread_mutex_unlock(&local_lock);
    return there;
}
