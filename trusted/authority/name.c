/* SPDX-License-Identifier: Apache-2.0 */
/* Published names: who may look up which handle. */
#include "handle.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALLOWED_MAX 64

struct name {
    char text[NAME_SIZE];           /* "": free */
    struct handle handle;           /* ENTRY or DOMAIN */
    struct domain_ref publisher;    /* {0}: the host */
    bool for_all;
    uint32_t allowed_count;
    struct domain_ref *allowed;
};

static struct name *names;          /* NAMES_MAX places, made with the first */

static bool subject_alive(const struct name *name)
{
    const struct porin_domain *subject = domain_at(name->handle.subject.slot);
    return subject->generation == name->handle.subject.generation && subject->state != DOMAIN_FREE;
}

static void name_free(struct name *name)
{
    free(name->allowed);
    *name = (struct name){ .text = "" };
}

/* Names of destroyed domains are nobody's: whoever looks finds them free. */
static struct name *name_find(const char *text)
{
    for (uint32_t i = 0; names && i < NAMES_MAX; i++)
        if (names[i].text[0] && strcmp(names[i].text, text) == 0) {
            if (subject_alive(&names[i]))
                return &names[i];
            name_free(&names[i]);
        }
    return NULL;
}

static struct name *name_place(struct domain_ref publisher)
{
    struct name *place = NULL;
    uint32_t own = 0;
    if (!names && !(names = calloc(NAMES_MAX, sizeof *names)))
        return NULL;
    for (uint32_t i = 0; i < NAMES_MAX; i++) {
        if (names[i].text[0] && !subject_alive(&names[i]))
            name_free(&names[i]);
        if (!names[i].text[0])
            place = &names[i];
        else
            own += ref_same(names[i].publisher, publisher);
    }
    return publisher.generation && own >= NAMES_FROM_ONE ? NULL : place;
}

static bool text_good(const char *text)
{
    return text[0] && strnlen(text, NAME_SIZE) < NAME_SIZE;
}

/* With the lock. Takes over `allowed` on success. */
static int64_t name_put(const char *text, const struct handle *handle, struct domain_ref publisher, struct domain_ref *allowed,
                        uint64_t count)
{
    if (name_find(text))
        return -EEXIST;
    struct name *place = name_place(publisher);
    if (!place)
        return -ENOSPC;
    *place = (struct name){ .handle = *handle, .publisher = publisher, .for_all = count == UINT64_MAX };
    if (!place->for_all) {
        place->allowed = allowed;
        place->allowed_count = (uint32_t)count;
    }
    strcpy(place->text, text);
    return 0;
}

/* With the lock: the domains that self's handles name. */
static int64_t allowed_fetch(const struct porin_domain *self, const uint64_t *handles, uint64_t count, struct domain_ref *out)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct handle *handle = handle_find(self, handles[i], HANDLE_DOMAIN);
        if (!handle)
            return -EBADF;
        out[i] = handle->subject;
    }
    return 0;
}

int64_t authority_publish(struct porin_domain *self, const char *text, uint64_t number, const uint64_t *allowed, uint64_t count)
{
    struct domain_ref *list = NULL;
    if (!text_good(text) || (count != UINT64_MAX && count > ALLOWED_MAX))
        return -EINVAL;
    if (count != UINT64_MAX && !(list = calloc(count ? count : 1, sizeof *list)))
        return -ENOMEM;
    pthread_mutex_lock(&authority_lock);
    const struct handle *handle = handle_find(self, number, HANDLE_ENTRY);
    if (!handle)
        handle = handle_find(self, number, HANDLE_DOMAIN);
    int64_t result = handle ? 0 : -EBADF;
    if (result == 0 && list)
        result = allowed_fetch(self, allowed, count, list);
    if (result == 0)
        result = name_put(text, handle, domain_ref(self), list, count);
    pthread_mutex_unlock(&authority_lock);
    if (result != 0)
        free(list);
    return result;
}

static bool name_allows(const struct name *name, struct domain_ref who)
{
    for (uint32_t i = 0; i < name->allowed_count; i++)
        if (ref_same(name->allowed[i], who))
            return true;
    return name->for_all || ref_same(name->publisher, who);
}

/* A name that is not for the asker looks like one that does not exist. */
int64_t authority_lookup(struct porin_domain *self, const char *text)
{
    if (!text_good(text))
        return -EINVAL;
    pthread_mutex_lock(&authority_lock);
    const struct name *name = name_find(text);
    int64_t result = -ENOENT;
    if (name && name_allows(name, domain_ref(self))) {
        struct handle copy = name->handle;
        copy.giver = domain_ref(self);
        result = handle_put(self, &copy);
    }
    pthread_mutex_unlock(&authority_lock);
    return result;
}

int64_t authority_withdraw_name(struct porin_domain *self, const char *text)
{
    if (!text_good(text))
        return -EINVAL;
    pthread_mutex_lock(&authority_lock);
    struct name *name = name_find(text);
    bool own = name && ref_same(name->publisher, domain_ref(self));
    if (own)
        name_free(name);
    pthread_mutex_unlock(&authority_lock);
    return own ? 0 : -ENOENT;
}

void names_forget(struct domain_ref domain)
{
    pthread_mutex_lock(&authority_lock);
    for (uint32_t i = 0; names && i < NAMES_MAX; i++)
        if (names[i].text[0] && ref_same(names[i].publisher, domain))
            name_free(&names[i]);
    pthread_mutex_unlock(&authority_lock);
}

static porin_status status_of(int64_t result)
{
    switch (result) {
    case 0: return PORIN_OK;
    case -EEXIST: return PORIN_ERR_BUSY;
    case -ENOSPC: return PORIN_ERR_LIMIT;
    case -ENOMEM: return PORIN_ERR_MEMORY;
    case -EINVAL: return PORIN_ERR_NAME;
    default: return PORIN_ERR_ARGUMENT;
    }
}

porin_status porin_name_publish_entry(const char *text, porin_entry entry, uint32_t signature, uint32_t policy,
                                      porin_domain *const *allowed, size_t allowed_count)
{
    struct domain_ref *list = NULL;
    struct handle handle;
    bool for_all = allowed_count == PORIN_NAME_FOR_ALL;
    if (!text || !text_good(text) || !entry.domain || (!for_all && allowed_count > ALLOWED_MAX) || (!for_all && allowed_count && !allowed))
        return PORIN_ERR_ARGUMENT;
    if (!for_all && !(list = calloc(allowed_count ? allowed_count : 1, sizeof *list)))
        return PORIN_ERR_MEMORY;
    for (size_t i = 0; !for_all && i < allowed_count; i++)
        list[i] = domain_ref(allowed[i]);
    struct porin_domain *callee = ref_pin((struct domain_ref){ entry.domain->slot, entry.generation });
    if (!callee) {
        free(list);
        return PORIN_ERR_GONE;
    }
    pthread_mutex_lock(&authority_lock);
    int64_t result = name_find(text) ? -EEXIST : entry_describe(callee, entry.offset, signature, policy, &handle);
    if (result == 0)
        if ((result = name_put(text, &handle, (struct domain_ref){ 0 }, list, for_all ? UINT64_MAX : allowed_count)) != 0)
            entry_forget(handle.id);
    pthread_mutex_unlock(&authority_lock);
    ref_unpin(callee);
    if (result != 0)
        free(list);
    return status_of(result);
}

porin_status porin_name_withdraw(const char *text)
{
    if (!text || !text_good(text))
        return PORIN_ERR_ARGUMENT;
    pthread_mutex_lock(&authority_lock);
    struct name *name = name_find(text);
    if (name)
        name_free(name);
    pthread_mutex_unlock(&authority_lock);
    return name ? PORIN_OK : PORIN_ERR_NAME;
}

porin_status porin_handle_give(porin_domain *holder, porin_domain *subject, enum porin_right right, porin_handle *out)
{
    if (!holder || !subject || !out || right == PORIN_RIGHT_NONE || right > PORIN_RIGHT_OWNER)
        return PORIN_ERR_ARGUMENT;
    struct handle handle = { .kind = HANDLE_DOMAIN, .right = (uint16_t)right, .subject = domain_ref(subject) };
    pthread_mutex_lock(&authority_lock);
    int64_t result = handle_put(holder, &handle);
    pthread_mutex_unlock(&authority_lock);
    *out = result < 0 ? -1 : (porin_handle)result;
    return status_of(result < 0 ? result : 0);
}

porin_status porin_handle_give_entry(porin_domain *holder, porin_entry entry, uint32_t signature, uint32_t policy, porin_handle *out)
{
    struct handle handle;
    if (!holder || !entry.domain || !out)
        return PORIN_ERR_ARGUMENT;
    struct porin_domain *callee = ref_pin((struct domain_ref){ entry.domain->slot, entry.generation });
    if (!callee)
        return PORIN_ERR_GONE;
    pthread_mutex_lock(&authority_lock);
    int64_t result = entry_describe(callee, entry.offset, signature, policy, &handle);
    if (result == 0 && (result = handle_put(holder, &handle)) < 0)
        entry_forget(handle.id);
    pthread_mutex_unlock(&authority_lock);
    ref_unpin(callee);
    *out = result < 0 ? -1 : (porin_handle)result;
    return status_of(result < 0 ? result : 0);
}

porin_status porin_handle_close(porin_domain *holder, porin_handle handle)
{
    return holder && handle > 0 && authority_close(holder, (uint64_t)handle) == 0 ? PORIN_OK : PORIN_ERR_ARGUMENT;
}
