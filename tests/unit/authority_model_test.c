/* SPDX-License-Identifier: Apache-2.0 */
/* Random sequences of handle, grant, entry and name operations against a model that keeps plain lists and knows nothing of tables,
 * serials or locks. PORIN_MODEL_STEPS and PORIN_MODEL_SEED make it longer or another one. */
#include "authority/handle.h"
#include "runtime_world.h"
#include <errno.h>

enum { DOMAINS = 5, CREATED = 64 /* made by them, at indices from DOMAINS on */ };
enum { NAMES = 4, HANDLES = 900 /* below the limit of one table */, GRANTS = 900 };
#define SIGNATURE PORIN_SIGNATURE(2, 0, 1, 0)

enum model_kind { M_NONE, M_DOMAIN, M_ENTRY, M_GRANT, M_IMAGE };

/* What the model believes of one handle that was ever given out. */
struct model_handle {
    enum model_kind kind;
    int holder, subject;        /* indices of domains */
    unsigned subject_life;      /* which incarnation */
    unsigned holder_life;
    unsigned right;
    int64_t number;
    int object;                 /* grant, registration, or the limit of an image */
    bool closed;
};

static struct model_handle handles[HANDLES];
static struct { int source, target; unsigned right, source_life, target_life; bool revoked; } grants[GRANTS];
static struct { bool withdrawn; } registrations[HANDLES];
static struct {
    bool used, for_all;
    int publisher, allowed, object, subject;
    unsigned publisher_life, allowed_life, subject_life, right;
    enum model_kind kind;
} names[NAMES];
static int handle_count, grant_count, registration_count;
static porin_domain *domains[DOMAINS];
static unsigned lives[DOMAINS + CREATED];
static int creators[CREATED], created_count; /* -1: ended with its creator */
static porin_image *image;
static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((random_state >> 33) % limit);
}

static bool handle_live(const struct model_handle *handle)
{
    return handle->kind != M_NONE && !handle->closed && handle->holder_life == lives[handle->holder];
}

static bool subject_live(const struct model_handle *handle)
{
    return handle->subject_life == lives[handle->subject];
}

/* Some handle, most often a live one; NULL sometimes: then a number out of the air is used. */
static struct model_handle *handle_pick(int holder)
{
    for (int tries = 0; handle_count && tries < 24; tries++) {
        struct model_handle *handle = &handles[random_below((uint32_t)handle_count)];
        if (handle->holder == holder && (handle_live(handle) || random_below(8) == 0) && handle->holder_life == lives[holder])
            return handle;
    }
    return NULL;
}

static uint64_t number_of(const struct model_handle *handle)
{
    return handle ? (uint64_t)handle->number : random_below(0x7fffffff);
}

static void believe(enum model_kind kind, int holder, int subject, unsigned subject_life, unsigned right, int object, int64_t number)
{
    assert_true(number > 0 && handle_count < HANDLES);
    for (int i = 0; i < handle_count; i++) /* a number is never given twice to one holder's one life */
        assert_false(handles[i].holder == holder && handles[i].holder_life == lives[holder] && handles[i].number == number);
    handles[handle_count++] = (struct model_handle){ kind, holder, subject, subject_life, lives[holder], right, number, object, false };
}

static unsigned granted(int source, int target, unsigned target_life)
{
    unsigned right = 0;
    for (int i = 0; i < grant_count; i++)
        if (!grants[i].revoked && grants[i].source == source && grants[i].target == target && grants[i].right > right &&
            grants[i].source_life == lives[source] && grants[i].target_life == lives[target] && target_life == lives[target])
            right = grants[i].right;
    return right;
}

static void step_default(int self)
{
    believe(M_DOMAIN, self, self, lives[self], PORIN_RIGHT_OWNER, -1, authority_default(domains[self]));
}

static void step_give(int self)
{
    int subject = (int)random_below(DOMAINS);
    unsigned right = 1 + random_below(PORIN_RIGHT_OWNER);
    porin_handle number;
    assert_int_equal(porin_handle_give(domains[self], domains[subject], right, &number), PORIN_OK);
    believe(M_DOMAIN, self, subject, lives[subject], right, -1, number);
}

static void step_image(int self)
{
    porin_handle number;
    uint32_t limit = 1 + random_below(4);
    assert_int_equal(porin_handle_give_image(domains[self], image, limit, &number), PORIN_OK);
    believe(M_IMAGE, self, self, lives[self], 0, (int)limit, number);
}

static void step_create(int self)
{
    struct model_handle *handle = handle_pick(self);
    int own = 0;
    if (created_count == CREATED)
        return;
    for (int i = 0; i < created_count; i++)
        own += creators[i] == self;
    int64_t result = authority_create(domains[self], number_of(handle));
    if (!handle || !handle_live(handle) || handle->kind != M_IMAGE) {
        assert_int_equal(result, -EBADF);
    } else if (own >= handle->object) {
        assert_int_equal(result, -ENOSPC);
    } else {
        creators[created_count] = self;
        int subject = DOMAINS + created_count++;
        believe(M_DOMAIN, self, subject, lives[subject], PORIN_RIGHT_OWNER, -1, result);
    }
}

static void step_copy(int self)
{
    struct model_handle *handle = handle_pick(self);
    unsigned right = random_below(6);
    int64_t result = authority_copy(domains[self], number_of(handle), right);
    if (!handle || !handle_live(handle))
        assert_int_equal(result, -EBADF);
    else if (handle->kind == M_DOMAIN && (right == 0 || right > PORIN_RIGHT_OWNER))
        assert_int_equal(result, -EINVAL);
    else if (handle->kind == M_DOMAIN && right > handle->right)
        assert_int_equal(result, -EPERM);
    else
        believe(handle->kind, self, handle->subject, handle->subject_life, handle->kind == M_DOMAIN ? right : 0, handle->object, result);
}

static void step_close(int self)
{
    struct model_handle *handle = handle_pick(self);
    int64_t result = authority_close(domains[self], number_of(handle));
    assert_int_equal(result, handle && handle_live(handle) ? 0 : -EBADF);
    if (handle)
        handle->closed = true;
}

/* What a handle allows: 0, -EBADF or -EPERM. */
static int64_t allowed(int self, const struct model_handle *handle, unsigned right)
{
    if (!handle || !handle_live(handle) || handle->kind != M_DOMAIN)
        return -EBADF;
    return handle->right >= right || granted(self, handle->subject, handle->subject_life) >= right ? 0 : -EPERM;
}

static void step_send(int self)
{
    struct model_handle *to = handle_pick(self), *what = handle_pick(self);
    int64_t result = authority_send(domains[self], number_of(to), number_of(what)), expected = allowed(self, to, PORIN_RIGHT_CALL);
    if (expected == 0 && !subject_live(to))
        expected = -ESTALE;
    if (expected == 0 && (!what || !handle_live(what)))
        expected = -EBADF;
    if (expected == 0 && (what->kind == M_GRANT || what->kind == M_IMAGE))
        expected = -EPERM;
    if (expected != 0)
        assert_int_equal(result, expected);
    else if (result != -ENOSPC)
        believe(what->kind, to->subject, what->subject, what->subject_life, what->right, what->object, result);
}

static void step_access(int self)
{
    struct model_handle *handle = handle_pick(self);
    bool write = random_below(2);
    int64_t expected = allowed(self, handle, write ? PORIN_RIGHT_WRITE : PORIN_RIGHT_READ);
    if (expected == 0 && !subject_live(handle))
        expected = -ESTALE;
    int64_t result = write ? authority_write(domains[self], number_of(handle), IMAGE_DATA, IMAGE_DATA, 8)
                           : authority_read(domains[self], number_of(handle), IMAGE_DATA, IMAGE_DATA, 8);
    assert_int_equal(result, expected);
}

static void step_grant(int self)
{
    struct model_handle *source = handle_pick(self), *target = handle_pick(self);
    unsigned right = random_below(6);
    int64_t expected = 0, result = authority_grant(domains[self], number_of(source), number_of(target), right);
    if (!source || !handle_live(source) || source->kind != M_DOMAIN || !target || !handle_live(target) || target->kind != M_DOMAIN)
        expected = -EBADF;
    else if (right == 0 || right >= PORIN_RIGHT_OWNER)
        expected = -EINVAL;
    else if (source->right < PORIN_RIGHT_OWNER || target->right < right)
        expected = -EPERM;
    else if (!subject_live(source) || !subject_live(target))
        expected = -ESTALE;
    if (expected) {
        assert_int_equal(result, expected);
        return;
    }
    grants[grant_count].source = source->subject;
    grants[grant_count].target = target->subject;
    grants[grant_count].right = right;
    grants[grant_count].source_life = source->subject_life;
    grants[grant_count].target_life = target->subject_life;
    believe(M_GRANT, self, target->subject, target->subject_life, 0, grant_count++, result);
}

static void step_revoke(int self)
{
    struct model_handle *handle = handle_pick(self);
    int64_t result = authority_revoke(domains[self], number_of(handle));
    bool good = handle && handle_live(handle) && handle->kind == M_GRANT;
    assert_int_equal(result, good ? 0 : -EBADF);
    if (good) {
        handle->closed = true;
        grants[handle->object].revoked = true;
    }
}

/* What each has by grants on each other one. */
static void rights_agree(void)
{
    for (int source = 0; source < DOMAINS; source++)
        for (int target = 0; target < DOMAINS; target++)
            assert_int_equal(porin_grant_right(domains[source], domains[target]), granted(source, target, lives[target]));
}

static void step_register(int self)
{
    uint64_t add = entry(domains[self], "add").offset;
    believe(M_ENTRY, self, self, lives[self], 0, registration_count++, authority_register(domains[self], add, SIGNATURE, 0));
}

static void step_withdraw(int self)
{
    struct model_handle *handle = handle_pick(self);
    int64_t expected = 0, result = authority_withdraw_entry(domains[self], number_of(handle));
    if (!handle || !handle_live(handle) || handle->kind != M_ENTRY)
        expected = -EBADF;
    else if (handle->subject != self || !subject_live(handle))
        expected = -EPERM;
    assert_int_equal(result, expected);
    if (expected == 0) {
        handle->closed = true;
        registrations[handle->object].withdrawn = true;
    }
}

/* Requests for an import that does not exist: all checks of authority come first, then -ENOENT. */
static void step_request(int self)
{
    struct model_handle *handle = handle_pick(self);
    int64_t expected = -ENOENT, result = authority_request(domains[self], number_of(handle), "no such import", SIGNATURE, 0, -1);
    if (!handle || !handle_live(handle) || handle->kind != M_ENTRY)
        expected = -EBADF;
    else if (!subject_live(handle) || registrations[handle->object].withdrawn)
        expected = -ESTALE;
    assert_int_equal(result, expected);
}

static const char *name_text(int name)
{
    static const char *const texts[NAMES] = { "north", "east", "south", "west" };
    return texts[name];
}

static void step_publish(int self)
{
    int name = (int)random_below(NAMES);
    struct model_handle *handle = handle_pick(self), *allow = handle_pick(self);
    bool for_all = random_below(2), taken = names[name].used && names[name].subject_life == lives[names[name].subject];
    uint64_t list = number_of(allow);
    int64_t expected = 0, result = authority_publish(domains[self], name_text(name), number_of(handle), &list, for_all ? UINT64_MAX : 1);
    if (!handle || !handle_live(handle) || handle->kind == M_GRANT || handle->kind == M_IMAGE)
        expected = -EBADF;
    else if (!for_all && (!allow || !handle_live(allow) || allow->kind != M_DOMAIN))
        expected = -EBADF;
    else if (taken)
        expected = -EEXIST;
    assert_int_equal(result, expected);
    if (expected == 0) {
        names[name].used = true;
        names[name].for_all = for_all;
        names[name].publisher = self;
        names[name].publisher_life = lives[self];
        names[name].allowed = for_all ? self : allow->subject;
        names[name].allowed_life = for_all ? lives[self] : allow->subject_life;
        names[name].object = handle->object;
        names[name].subject = handle->subject;
        names[name].subject_life = handle->subject_life;
        names[name].right = handle->right;
        names[name].kind = handle->kind;
    }
}

static void step_lookup(int self)
{
    int name = (int)random_below(NAMES);
    bool there = names[name].used && names[name].subject_life == lives[names[name].subject];
    bool mine = (names[name].publisher == self && names[name].publisher_life == lives[self]) ||
                (names[name].allowed == self && names[name].allowed_life == lives[self]) || names[name].for_all;
    int64_t result = authority_lookup(domains[self], name_text(name));
    if (there && mine)
        believe(names[name].kind, self, names[name].subject, names[name].subject_life, names[name].right, names[name].object, result);
    else
        assert_int_equal(result, -ENOENT);
}

static void step_unpublish(int self)
{
    int name = (int)random_below(NAMES);
    bool mine = names[name].used && names[name].subject_life == lives[names[name].subject] && names[name].publisher == self &&
                names[name].publisher_life == lives[self];
    assert_int_equal(authority_withdraw_name(domains[self], name_text(name)), mine ? 0 : -ENOENT);
    if (mine)
        names[name].used = false;
}

/* The domain is destroyed and another one made: everything that named it is stale. */
static void step_replace(int self)
{
    porin_domain_destroy(domains[self]);
    lives[self]++;
    for (int i = 0; i < created_count; i++)
        if (creators[i] == self) {
            creators[i] = -1;
            lives[DOMAINS + i]++;
        }
    domains[self] = domain_make(image, "replaced");
}

static void operations_agree_with_the_model(void **state)
{
    static void (*const steps[])(int) = {
        step_default, step_give, step_give, step_copy, step_copy, step_close, step_close, step_send, step_send,
        step_access, step_access, step_grant, step_grant, step_revoke, step_register, step_withdraw, step_request,
        step_publish, step_lookup, step_unpublish, step_image, step_create, step_create,
    };
    const char *steps_wanted = getenv("PORIN_MODEL_STEPS"), *seed = getenv("PORIN_MODEL_SEED");
    long rounds = steps_wanted ? atol(steps_wanted) : 20000;
    random_state = seed ? strtoull(seed, NULL, 0) : 1;
    (void)state;
    image = image_make_library(2);
    for (int i = 0; i < DOMAINS; i++)
        domains[i] = domain_make(image, "model");
    for (long round = 0; round < rounds; round++) {
        int self = (int)random_below(DOMAINS);
        if (random_below(64) == 0)
            step_replace(self);
        else
            steps[random_below(sizeof steps / sizeof *steps)](self);
        if (handle_count > HANDLES - DOMAINS || grant_count > GRANTS - 2) /* the model's lists are full: begin with new domains */
            for (handle_count = grant_count = registration_count = created_count = self = 0; self < DOMAINS; self++)
                step_replace(self);
        if (handle_count == 0)
            memset(registrations, 0, sizeof registrations), memset(grants, 0, sizeof grants), memset(names, 0, sizeof names);
        rights_agree();
    }
    for (int i = 0; i < DOMAINS; i++)
        porin_domain_destroy(domains[i]);
    porin_image_release(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(operations_agree_with_the_model) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
