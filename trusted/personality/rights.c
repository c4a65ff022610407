/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors in messages over connections in memory. What is under way are open files of their own, which may what the sender's may and no
 * more, and end with the message: when somebody takes it, when the side that would read it closes, or when it becomes the host's.
 *
 * What is under way carries nothing itself: a connection in which descriptors are is sent nowhere, and one that is being sent takes none.
 * So nothing can keep itself, and there is no garbage to look for. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>
#include "pairs.h"

#define UNDER_WAY_MOST 1024            /* descriptors of the process, in all messages that nobody has read */

static struct rights *under_way;       /* with local_lock, like */
static struct rights *buried;
static uint32_t under_way_count;
static pthread_mutex_t lists = PTHREAD_MUTEX_INITIALIZER; /* of flows; innermost */

/* --- what may be under way; with local_lock --- */

/* An AF_UNIX connection or listener counts in how many messages it is, and a connection how many it carries. NULL: the file is neither. */
static unsigned *carried_count(const struct open_file *file)
{
    struct end *end = end_of(file);
    if (end)
        return end->pair->tcp ? NULL : &end->pair->carried;
    return local_listens(file) && file->family == AF_UNIX ? listener_carried(file->listener) : NULL;
}

/* Is this what the pair is, or leads to, or does something go with it? */
static bool file_is_way(const struct open_file *file, const struct pair *pair)
{
    struct end *end = end_of(file);
    if (end)
        return end->pair == pair || end->pair->carries;
    const struct end *at = NULL;
    for (struct pair *waiting; file->listener && (waiting = listener_waiting(file->listener, &at));)
        if (waiting == pair || waiting->carries)
            return true;
    return false;
}

static int64_t rights_refusal(const struct personality *sender, struct end *end, struct open_file *const *files, size_t count)
{
    struct listener *awaiting = other_of(end)->awaiting;
    if (!other_of(end)->receives)
        return -EPERM;
    if (sender->under_way + count > sender->descriptor_limit || under_way_count + count > UNDER_WAY_MOST || end->pair->carried ||
        (awaiting && *listener_carried(awaiting)))
        return -ETOOMANYREFS;
    for (size_t i = 0; i < count; i++)
        if (file_is_way(files[i], end->pair))
            return -ETOOMANYREFS;
    return 0;
}

/* `change` is 1 or -1. */
static void rights_count(struct rights *rights, int change)
{
    uint32_t files = (uint32_t)change * (uint32_t)rights->count;
    under_way_count += files;
    rights->pair->carries += (unsigned)change;
    if (rights->sender)
        rights->sender->under_way += files;
    for (size_t i = 0; i < rights->count; i++) {
        unsigned *carried = carried_count(rights->files[i]);
        if (carried)
            *carried += (unsigned)change;
    }
}

static void rights_leave(struct rights *rights)
{
    if (!rights->link)
        return;
    rights_count(rights, -1);
    *rights->link = rights->next_of_all;
    if (rights->next_of_all)
        rights->next_of_all->link = rights->link;
    rights->link = NULL;
}

void rights_bury(struct rights *rights)
{
    rights_leave(rights);
    rights->next = buried;
    buried = rights;
}

/* --- life --- */

void rights_drop(struct rights *rights)
{
    if (!rights)
        return;
    rights_accept(rights);
    for (size_t i = 0; i < rights->count; i++)
        file_release(rights->files[i]);
    free(rights);
}

void rights_accept(struct rights *rights)
{
    pthread_mutex_lock(&local_lock);
    rights_leave(rights);
    pthread_mutex_unlock(&local_lock);
}

/* As who receives them may have them: what else is at the other end of a socket pair is not his to trust, nor what the address says. */
static struct rights *files_copy(struct open_file *const *files, size_t count, int64_t *error)
{
    struct rights *rights = calloc(1, sizeof *rights + count * sizeof rights->files[0]);
    *error = -ENOMEM;
    for (; rights && rights->count < count; rights->count++) {
        struct open_file *copy = file_copy(files[rights->count], error);
        if (!copy) {
            rights_drop(rights);
            return NULL;
        }
        copy->fixed = copy->kind == FILE_SOCKET && copy->family == AF_UNIX;
        copy->pair = copy->receives = false;
        rights->files[rights->count] = copy;
    }
    return rights;
}

struct rights *rights_look(const struct rights *rights)
{
    struct rights *seen = calloc(1, sizeof *seen + rights->count * sizeof seen->files[0]);
    for (; seen && seen->count < rights->count; seen->count++) {
        seen->files[seen->count] = rights->files[seen->count];
        atomic_fetch_add(&seen->files[seen->count]->references, 1);
    }
    return seen;
}

struct rights *rights_copy(struct rights *seen)
{
    int64_t error;
    struct rights *copies = seen ? files_copy(seen->files, seen->count, &error) : NULL;
    rights_drop(seen);
    return copies;
}

int64_t rights_begin(struct personality *sender, struct end *end, struct open_file *const *files, size_t count, struct rights **out)
{
    int64_t error;
    struct rights *rights = files_copy(files, count, &error);
    *out = NULL;
    if (!rights)
        return error;
    pthread_mutex_lock(&local_lock);
    error = rights_refusal(sender, end, files, count);
    if (!error) {
        rights->sender = sender;
        rights->pair = end->pair;
        rights->next_of_all = under_way;
        rights->link = &under_way;
        if (under_way)
            under_way->link = &rights->next_of_all;
        under_way = rights;
        rights_count(rights, 1);
    }
    pthread_mutex_unlock(&local_lock);
    if (error)
        rights_drop(rights);
    else
        *out = rights;
    return error;
}

bool rights_attach(struct flow *flow, struct rights *rights, uint64_t position, uint64_t end)
{
    pthread_mutex_lock(&lists);
    bool good = !flow->deaf;
    if (good) {
        rights->position = position;
        rights->end = end;
        rights->next = NULL;
        *flow->rights_last = rights;
        flow->rights_last = &rights->next;
    }
    pthread_mutex_unlock(&lists);
    return good;
}

void rights_detach(struct flow *flow)
{
    pthread_mutex_lock(&lists);
    flow->rights = ((struct rights *)flow->rights)->next;
    if (!flow->rights)
        flow->rights_last = &flow->rights;
    pthread_mutex_unlock(&lists);
}

void rights_purge(struct flow *flow)
{
    pthread_mutex_lock(&lists);
    flow->deaf = true;
    struct rights *rights = flow->rights;
    flow->rights = NULL;
    flow->rights_last = &flow->rights;
    pthread_mutex_unlock(&lists);
    for (struct rights *next; rights; rights = next) {
        next = rights->next;
        rights_bury(rights);
    }
}

void local_unlock(void)
{
    struct rights *rights = buried;
    buried = NULL;
    pthread_mutex_unlock(&local_lock);
    for (struct rights *next; rights; rights = next) {
        next = rights->next;
        rights_drop(rights);
    }
}

void rights_disown(const struct personality *sender)
{
    pthread_mutex_lock(&local_lock);
    for (struct rights *rights = under_way; rights; rights = rights->next_of_all)
        if (rights->sender == sender)
            rights->sender = NULL;
    pthread_mutex_unlock(&local_lock);
}

/* --- other processes --- */

/* Of a directory the host would not know that it is for reading only, or what leads out of it. */
bool rights_convert(struct rights *rights)
{
    for (size_t i = 0; i < rights->count; i++)
        if (rights->files[i]->kind == FILE_DIRECTORY)
            return false;
    rights_leave(rights); /* what is counted for an end is not counted for what it is converted to */
    for (size_t i = 0; i < rights->count; i++)
        file_convert(rights->files[i]);
    return true;
}

/* In the child, with local_lock: none of it is under way here. */
void rights_forked(void)
{
    pthread_mutex_init(&lists, NULL);
    while (under_way)
        rights_bury(under_way);
    for (; buried; buried = buried->next)
        for (size_t i = 0; i < buried->count; i++) {
            local_close_hosts(buried->files[i]);
            close(buried->files[i]->host);
        }
}
