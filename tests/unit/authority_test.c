/* SPDX-License-Identifier: Apache-2.0 */
/* Handles, grants, entries and names, used by domains through their services: what works and what each refusal is. */
#include "porin/dipc.h"
#include "runtime_world.h"
#include <errno.h>
#include <sys/syscall.h>

enum verb {
    DEFAULT = 512, COPY, CLOSE, SEND, MMAP, REMAP, READ, WRITE, GRANT, REVOKE, REGISTER, REQUEST, WITHDRAW, PUBLISH, LOOKUP, UNPUBLISH,
    CREATE = 530, OPEN
};

#define TEXT_AT (IMAGE_DATA + 0x200)
#define LIST_AT (IMAGE_DATA + 0x300)
#define ADD_SIGNATURE PORIN_SIGNATURE(2, 0, 1, 0)

/* A service request of the domain. */
static int64_t ask(porin_domain *domain, enum verb verb, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    uint64_t result;
    porin_signals_install(NULL); /* cmocka sets its own handlers after each set-up */
    if (porin_call6(entry(domain, "service"), &result, verb, a, b, c, d, e) != PORIN_OK)
        fail_msg("service %d: %s", verb, porin_last_error()->text);
    return (int64_t)result;
}

static uint64_t text(porin_domain *domain, const char *string)
{
    assert_int_equal(porin_copy_out(domain, (porin_addr){ TEXT_AT }, string, strlen(string) + 1), PORIN_OK);
    return TEXT_AT;
}

struct world {
    porin_image *image;
    porin_domain *a, *b, *c;
};

static int world_begin(void **state)
{
    static struct world world;
    world.image = image_make_library(2);
    world.a = domain_make(world.image, "a");
    world.b = domain_make(world.image, "b");
    world.c = domain_make(world.image, "c");
    *state = &world;
    return 0;
}

static int world_end(void **state)
{
    struct world *world = *state;
    porin_domain_destroy(world->a);
    porin_domain_destroy(world->b);
    porin_domain_destroy(world->c);
    porin_image_release(world->image);
    return 0;
}

static void copies_are_only_weaker(void **state)
{
    struct world *world = *state;
    porin_handle handle;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_READ, &handle), PORIN_OK);
    assert_int_equal(ask(world->a, COPY, (uint64_t)handle, PORIN_RIGHT_WRITE, 0, 0, 0), -EPERM);
    int64_t weaker = ask(world->a, COPY, (uint64_t)handle, PORIN_RIGHT_CALL, 0, 0, 0);
    assert_true(weaker > 0);
    assert_int_equal(ask(world->a, COPY, (uint64_t)weaker, PORIN_RIGHT_READ, 0, 0, 0), -EPERM);
    assert_int_equal(ask(world->a, COPY, (uint64_t)handle, PORIN_RIGHT_NONE, 0, 0, 0), -EINVAL);
    assert_int_equal(ask(world->a, COPY, (uint64_t)handle, 1000, 0, 0, 0), -EINVAL);
}

static void handles_cannot_be_forged(void **state)
{
    struct world *world = *state;
    porin_handle handle;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_OWNER, &handle), PORIN_OK);
    /* another domain's number means nothing, nor does any number nearby */
    assert_int_equal(ask(world->b, COPY, (uint64_t)handle, PORIN_RIGHT_CALL, 0, 0, 0), -EBADF);
    for (uint64_t bit = 0; bit < 64; bit++)
        assert_int_equal(ask(world->a, COPY, (uint64_t)handle ^ 1ull << bit, PORIN_RIGHT_CALL, 0, 0, 0), -EBADF);
    /* a closed number stays dead although its place is used again */
    assert_int_equal(ask(world->a, CLOSE, (uint64_t)handle, 0, 0, 0, 0), 0);
    porin_handle next;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_OWNER, &next), PORIN_OK);
    assert_int_not_equal(next, handle);
    assert_int_equal(ask(world->a, CLOSE, (uint64_t)handle, 0, 0, 0, 0), -EBADF);
}

static void memory_needs_the_right(void **state)
{
    struct world *world = *state;
    porin_handle read, call_only;
    uint64_t secret = 0x1234567890;
    assert_int_equal(porin_copy_out(world->b, (porin_addr){ IMAGE_DATA + 0x80 }, &secret, 8), PORIN_OK);
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_CALL, &call_only), PORIN_OK);
    assert_int_equal(ask(world->a, READ, (uint64_t)call_only, IMAGE_DATA + 0x80, IMAGE_DATA + 0x88, 8, 0), -EPERM);
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_READ, &read), PORIN_OK);
    assert_int_equal(ask(world->a, READ, (uint64_t)read, IMAGE_DATA + 0x80, IMAGE_DATA + 0x88, 8, 0), 0);
    assert_int_equal(call(world->a, "peek", IMAGE_DATA + 0x88, 0), secret);
    assert_int_equal(ask(world->a, WRITE, (uint64_t)read, IMAGE_DATA + 0x80, IMAGE_DATA + 0x88, 8, 0), -EPERM);
    assert_int_equal(ask(world->a, READ, (uint64_t)read, 0xfffffff0, IMAGE_DATA, 64, 0), -EFAULT);
    assert_int_equal(ask(world->a, READ, (uint64_t)read, IMAGE_DATA, IMAGE_DATA, UINT64_MAX, 0), -EFAULT);
    assert_int_equal(ask(world->a, MMAP, (uint64_t)read, 0, 4096, 3, 0), -EPERM);
}

static void grants_add_rights_until_revoked(void **state)
{
    struct world *world = *state;
    porin_handle weak, own, target;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_CALL, &weak), PORIN_OK);
    /* c owns a and may write b, so it may let a write b */
    assert_int_equal(porin_handle_give(world->c, world->a, PORIN_RIGHT_OWNER, &own), PORIN_OK);
    assert_int_equal(porin_handle_give(world->c, world->b, PORIN_RIGHT_WRITE, &target), PORIN_OK);
    int64_t grant = ask(world->c, GRANT, (uint64_t)own, (uint64_t)target, PORIN_RIGHT_WRITE, 0, 0);
    assert_true(grant > 0);
    assert_int_equal(porin_grant_right(world->a, world->b), PORIN_RIGHT_WRITE);
    assert_int_equal(ask(world->a, WRITE, (uint64_t)weak, IMAGE_DATA + 0x80, IMAGE_DATA, 8, 0), 0);
    /* what a has by that grant it cannot pass on: it is no handle's */
    int64_t itself = ask(world->a, DEFAULT, 0, 0, 0, 0, 0);
    assert_true(itself > 0);
    assert_int_equal(ask(world->a, GRANT, (uint64_t)itself, (uint64_t)weak, PORIN_RIGHT_READ, 0, 0), -EPERM);
    assert_int_equal(ask(world->c, SEND, (uint64_t)own, (uint64_t)grant, 0, 0, 0), -EPERM);
    assert_int_equal(ask(world->a, REVOKE, (uint64_t)grant, 0, 0, 0, 0), -EBADF);
    assert_int_equal(ask(world->c, REVOKE, (uint64_t)grant, 0, 0, 0, 0), 0);
    assert_int_equal(ask(world->a, WRITE, (uint64_t)weak, IMAGE_DATA + 0x80, IMAGE_DATA, 8, 0), -EPERM);
    assert_int_equal(ask(world->c, GRANT, (uint64_t)target, (uint64_t)target, PORIN_RIGHT_WRITE, 0, 0), -EPERM);
    assert_int_equal(ask(world->c, GRANT, (uint64_t)own, (uint64_t)target, PORIN_RIGHT_OWNER, 0, 0), -EINVAL);
    /* what a domain has granted in one life does not reach into its next one */
    assert_true(ask(world->c, GRANT, (uint64_t)own, (uint64_t)target, PORIN_RIGHT_WRITE, 0, 0) > 0);
    assert_int_equal(porin_grant_right(world->a, world->b), PORIN_RIGHT_WRITE);
    assert_int_equal(porin_domain_reset(world->c, NULL), PORIN_OK);
    assert_int_equal(porin_grant_right(world->a, world->b), PORIN_RIGHT_NONE);
}

static void entries_are_requested_by_signature(void **state)
{
    struct world *world = *state;
    porin_handle to_a;
    uint64_t add = entry(world->b, "add").offset;
    assert_int_equal(porin_handle_give(world->b, world->a, PORIN_RIGHT_CALL, &to_a), PORIN_OK);
    assert_int_equal(ask(world->b, REGISTER, add + 4, ADD_SIGNATURE, 0, 0, 0), -EINVAL);
    assert_int_equal(ask(world->b, REGISTER, add, ADD_SIGNATURE, ~PORIN_POLICY_ALL, 0, 0), -EINVAL);
    int64_t own = ask(world->b, REGISTER, add, ADD_SIGNATURE, PORIN_POLICY_REGISTER_CONFIDENTIALITY, 0, 0);
    assert_true(own > 0);
    int64_t sent = ask(world->b, SEND, (uint64_t)to_a, (uint64_t)own, 0, 0, 0);
    assert_true(sent > 0);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)sent, text(world->a, "first"), PORIN_SIGNATURE(1, 0, 1, 0), 0, 0), -EINVAL);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)sent, text(world->a, "third"), ADD_SIGNATURE, 0, 0), -ENOENT);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)sent, text(world->a, "first"), ADD_SIGNATURE, 0, UINT64_MAX), 0);
    assert_int_equal(call(world->a, "first", 40, 2), 42);
    uint32_t held; /* the caller asked for nothing, the callee when it registered */
    assert_int_equal(porin_domain_edge_policy(world->a, "first", &held), PORIN_OK);
    assert_true(held & PORIN_POLICY_REGISTER_CONFIDENTIALITY && held & PORIN_POLICY_REGISTER_INTEGRITY);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)sent, text(world->a, "first"), ADD_SIGNATURE, 0, 0), -EBUSY);
    /* only the callee withdraws; then neither the edge nor any copy of the handle is good for anything */
    assert_int_equal(ask(world->a, WITHDRAW, (uint64_t)sent, 0, 0, 0, 0), -EPERM);
    assert_int_equal(ask(world->b, WITHDRAW, (uint64_t)own, 0, 0, 0, 0), 0);
    assert_int_equal(call(world->a, "first", 40, 2), UINT64_MAX);
    assert_int_equal(call(world->a, "error", 0, 0), PORIN_ERR_GONE);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)sent, text(world->a, "second"), ADD_SIGNATURE, 0, 0), -ESTALE);
}

static void names_are_seen_by_those_they_are_for(void **state)
{
    struct world *world = *state;
    porin_domain *const allowed[] = { world->a };
    porin_entry add = entry(world->b, "add");
    assert_int_equal(porin_name_publish_entry("sum", add, ADD_SIGNATURE, 0, allowed, 1), PORIN_OK);
    assert_int_equal(porin_name_publish_entry("sum", add, ADD_SIGNATURE, 0, allowed, 1), PORIN_ERR_BUSY);
    assert_int_equal(ask(world->c, LOOKUP, text(world->c, "sum"), 0, 0, 0, 0), -ENOENT);
    int64_t found = ask(world->a, LOOKUP, text(world->a, "sum"), 0, 0, 0, 0);
    assert_true(found > 0);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)found, text(world->a, "second"), ADD_SIGNATURE, 0, 0), 0);
    assert_int_equal(call(world->a, "second", 1, 2), 3);
    assert_int_equal(ask(world->a, UNPUBLISH, text(world->a, "sum"), 0, 0, 0, 0), -ENOENT);
    assert_int_equal(porin_name_withdraw("sum"), PORIN_OK);
    assert_int_equal(ask(world->a, LOOKUP, text(world->a, "sum"), 0, 0, 0, 0), -ENOENT);
    assert_int_equal(ask(world->a, LOOKUP, 16, 0, 0, 0, 0), -EFAULT);
    /* a domain publishes for itself, for a list, for all */
    int64_t own = ask(world->c, DEFAULT, 0, 0, 0, 0, 0);
    assert_int_equal(ask(world->c, PUBLISH, text(world->c, "mine"), (uint64_t)own, LIST_AT, 0, 0), 0);
    assert_int_equal(ask(world->a, LOOKUP, text(world->a, "mine"), 0, 0, 0, 0), -ENOENT);
    assert_int_equal(ask(world->c, UNPUBLISH, text(world->c, "mine"), 0, 0, 0, 0), 0);
    assert_int_equal(ask(world->c, PUBLISH, text(world->c, "mine"), (uint64_t)own, LIST_AT, UINT64_MAX, 0), 0);
    assert_true(ask(world->a, LOOKUP, text(world->a, "mine"), 0, 0, 0, 0) > 0);
    assert_int_equal(ask(world->c, PUBLISH, text(world->c, "more"), (uint64_t)own, LIST_AT, 65, 0), -EINVAL);
    /* a name has one publisher, and ends with this life of its */
    int64_t other = ask(world->a, DEFAULT, 0, 0, 0, 0, 0);
    assert_int_equal(ask(world->a, PUBLISH, text(world->a, "mine"), (uint64_t)other, LIST_AT, UINT64_MAX, 0), -EEXIST);
    assert_int_equal(porin_domain_reset(world->c, NULL), PORIN_OK);
    assert_int_equal(ask(world->a, LOOKUP, text(world->a, "mine"), 0, 0, 0, 0), -ENOENT);
    assert_int_equal(ask(world->a, PUBLISH, text(world->a, "mine"), (uint64_t)other, LIST_AT, UINT64_MAX, 0), 0);
}

/* Nor does it come to mean whoever has the slot next. */
static void nothing_outlives_its_domain(void **state)
{
    struct world *world = *state;
    porin_domain *short_lived = domain_make(world->image, "short-lived"), *others[64] = { 0 };
    bool reused = false;
    porin_handle handle;
    uint64_t grant;
    assert_int_equal(porin_handle_give(world->a, short_lived, PORIN_RIGHT_OWNER, &handle), PORIN_OK);
    assert_int_equal(porin_grant_create(world->a, short_lived, PORIN_RIGHT_READ, &grant), PORIN_OK);
    assert_int_equal(porin_name_publish_entry("gone", entry(short_lived, "add"), ADD_SIGNATURE, 0, NULL, PORIN_NAME_FOR_ALL), PORIN_OK);
    int64_t sum = ask(world->a, LOOKUP, text(world->a, "gone"), 0, 0, 0, 0);
    assert_true(sum > 0);
    porin_domain_destroy(short_lived);
    for (int i = -1; i < 64 && !reused; i++) {
        if (i >= 0)
            reused = (others[i] = domain_make(world->image, "next")) == short_lived;
        if (i >= 0 && !reused)
            continue;
        assert_int_equal(ask(world->a, READ, (uint64_t)handle, IMAGE_DATA, IMAGE_DATA, 8, 0), -ESTALE);
        assert_int_equal(ask(world->a, WRITE, (uint64_t)handle, IMAGE_DATA, IMAGE_DATA, 8, 0), -ESTALE);
        assert_int_equal(ask(world->a, MMAP, (uint64_t)handle, 0, 4096, 1, 0), -ESTALE);
        assert_int_equal(ask(world->a, SEND, (uint64_t)handle, (uint64_t)handle, 0, 0, 0), -ESTALE);
        assert_int_equal(ask(world->a, LOOKUP, text(world->a, "gone"), 0, 0, 0, 0), -ENOENT);
        assert_int_equal(ask(world->a, REQUEST, (uint64_t)sum, text(world->a, "second"), ADD_SIGNATURE, 0, 0), -ESTALE);
        assert_int_equal(porin_name_withdraw("gone"), PORIN_ERR_NAME);
    }
    assert_true(reused); /* or half of the test shows nothing */
    assert_int_equal(porin_grant_right(world->a, short_lived), PORIN_RIGHT_NONE);
    for (int i = 0; i < 64; i++)
        porin_domain_destroy(others[i]);
}

static void remap_moves_memory(void **state)
{
    struct world *world = *state;
    porin_handle to, from;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_OWNER, &to), PORIN_OK);
    from = (porin_handle)ask(world->a, DEFAULT, 0, 0, 0, 0, 0);
    int64_t mine = ask(world->a, MMAP, (uint64_t)from, 0, 8192, 3, 0);
    assert_true(mine > 0);
    call(world->a, "poke", (uint64_t)mine + 4096, 99);
    int64_t theirs = ask(world->a, REMAP, (uint64_t)to, (uint64_t)from, (uint64_t)mine, 8192, 0);
    assert_true(theirs > 0);
    assert_int_equal(call(world->b, "peek", (uint64_t)theirs + 4096, 0), 99);
    uint64_t ignored;
    assert_int_equal(porin_copy_in(&ignored, world->a, (porin_addr){ (uint32_t)mine + 4096 }, 8), PORIN_ERR_RANGE);
    assert_int_equal(ask(world->a, REMAP, (uint64_t)to, (uint64_t)from, IMAGE_TEXT, 4096, 0), -EPERM);
    /* only whoever owns both sides */
    porin_handle weaker;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_WRITE, &weaker), PORIN_OK);
    mine = ask(world->a, MMAP, (uint64_t)from, 0, 4096, 3, 0);
    assert_int_equal(ask(world->a, REMAP, (uint64_t)from, (uint64_t)weaker, (uint64_t)theirs, 8192, 0), -EPERM);
    assert_int_equal(ask(world->a, REMAP, (uint64_t)weaker, (uint64_t)from, (uint64_t)mine, 4096, 0), -EPERM);
    assert_int_equal(call(world->b, "peek", (uint64_t)theirs + 4096, 0), 99);
}

static void nobody_fills_anothers_table(void **state)
{
    struct world *world = *state;
    porin_handle to_b;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_CALL, &to_b), PORIN_OK);
    int sent = 0;
    while (ask(world->a, SEND, (uint64_t)to_b, (uint64_t)to_b, 0, 0, 0) > 0)
        sent++;
    assert_int_equal(sent, 64);
    int own = 0;
    while (ask(world->b, DEFAULT, 0, 0, 0, 0, 0) > 0)
        own++;
    assert_int_equal(own, 1024 - 64);
    assert_int_equal(ask(world->b, DEFAULT, 0, 0, 0, 0, 0), -ENOSPC);
    assert_int_equal(porin_domain_reset(world->b, NULL), PORIN_OK);
    assert_true(ask(world->b, DEFAULT, 0, 0, 0, 0, 0) > 0);
}

/* A domain makes domains from an image it was given, calls them, and they end with it. */
static void domains_make_domains(void **state)
{
    struct world *world = *state;
    struct porin_limits before, now;
    porin_handle image, to_b;
    porin_limits_get(&before);
    assert_int_equal(ask(world->a, CREATE, 1, 0, 0, 0, 0), -EBADF);
    assert_int_equal(porin_handle_give_image(world->a, world->image, 0, &image), PORIN_ERR_ARGUMENT);
    assert_int_equal(porin_handle_give_image(world->a, world->image, 2, &image), PORIN_OK);
    assert_int_equal(ask(world->b, CREATE, (uint64_t)image, 0, 0, 0, 0), -EBADF);
    int64_t child = ask(world->a, CREATE, (uint64_t)image, 0, 0, 0, 0);
    assert_true(child > 0);
    /* it owns it: memory, and entries that it may call itself and pass on */
    assert_int_equal(ask(world->a, WRITE, (uint64_t)child, IMAGE_DATA + 0x80, IMAGE_DATA, 8, 0), 0);
    assert_int_equal(ask(world->a, OPEN, (uint64_t)child, text(world->a, "nothing"), ADD_SIGNATURE, 0, 0), -ENOENT);
    int64_t add = ask(world->a, OPEN, (uint64_t)child, text(world->a, "add"), ADD_SIGNATURE, 0, 0);
    assert_true(add > 0);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)add, text(world->a, "first"), ADD_SIGNATURE, 0, UINT64_MAX), 0);
    assert_int_equal(call(world->a, "first", 40, 2), 42);
    /* its services are those of its creator, of these memory only */
    int64_t service = ask(world->a, OPEN, (uint64_t)child, text(world->a, "service"), ADD_SIGNATURE, 0, 0);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)service, text(world->a, "second"), ADD_SIGNATURE, 0, UINT64_MAX), 0);
    assert_int_equal((int64_t)call(world->a, "second", SYS_write, 1), -EPERM);
    assert_int_equal((int64_t)call(world->a, "second", SYS_sched_yield, 0), 0);
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_OWNER, &to_b), PORIN_OK);
    int64_t sent = ask(world->a, SEND, (uint64_t)to_b, (uint64_t)add, 0, 0, 0);
    assert_int_equal(ask(world->b, REQUEST, (uint64_t)sent, text(world->b, "first"), ADD_SIGNATURE, 0, UINT64_MAX), 0);
    assert_int_equal(call(world->b, "first", 1, 2), 3);
    /* a weaker right opens no entry; an image is not passed on; the limit holds, with copies of the handle too */
    int64_t weaker = ask(world->a, COPY, (uint64_t)child, PORIN_RIGHT_WRITE, 0, 0, 0);
    assert_int_equal(ask(world->a, OPEN, (uint64_t)weaker, text(world->a, "add"), ADD_SIGNATURE, 0, 0), -EPERM);
    assert_int_equal(ask(world->a, SEND, (uint64_t)to_b, (uint64_t)image, 0, 0, 0), -EPERM);
    assert_int_equal(ask(world->a, PUBLISH, text(world->a, "image"), (uint64_t)image, LIST_AT, UINT64_MAX, 0), -EBADF);
    int64_t copy = ask(world->a, COPY, (uint64_t)image, 0, 0, 0, 0);
    assert_true(copy > 0);
    assert_int_equal(ask(world->a, CLOSE, (uint64_t)image, 0, 0, 0, 0), 0);
    assert_true(ask(world->a, CREATE, (uint64_t)copy, 0, 0, 0, 0) > 0);
    assert_int_equal(ask(world->a, CREATE, (uint64_t)copy, 0, 0, 0, 0), -ENOSPC);
    porin_limits_get(&now);
    assert_int_equal(now.slots_used, before.slots_used + 2);
    assert_int_equal(porin_domain_reset(world->a, NULL), PORIN_OK);
    porin_limits_get(&now);
    assert_int_equal(now.slots_used, before.slots_used);
    assert_int_equal(call(world->b, "first", 1, 2), UINT64_MAX);
    assert_int_equal(call(world->b, "error", 0, 0), PORIN_ERR_GONE);
    assert_int_equal(porin_handle_give_image(world->a, world->image, 9, &image), PORIN_OK); /* and with the teardown */
    assert_true(ask(world->a, CREATE, (uint64_t)image, 0, 0, 0, 0) > 0);
}

/* The host's verbs for memory and copies. */
static void hosts_map_and_remap(void **state)
{
    struct world *world = *state;
    porin_addr at, moved;
    uint64_t value = 77, found = 0;
    porin_handle owner, copy;
    porin_signals_install(NULL); /* cmocka sets its own handlers after each set-up */
    assert_int_equal(porin_domain_map(world->a, (porin_addr){ 0 }, 8192, true, &at), PORIN_OK);
    assert_int_equal(porin_copy_out(world->a, (porin_addr){ at.offset + 4096 }, &value, 8), PORIN_OK);
    assert_int_equal(porin_domain_remap(world->b, world->a, at, 8192, &moved), PORIN_OK);
    assert_int_equal(porin_copy_in(&found, world->b, (porin_addr){ moved.offset + 4096 }, 8), PORIN_OK);
    assert_int_equal(found, 77);
    assert_int_equal(porin_copy_in(&found, world->a, at, 8), PORIN_ERR_RANGE);
    assert_int_equal(porin_domain_remap(world->b, world->a, (porin_addr){ IMAGE_TEXT }, 4096, &moved), PORIN_ERR_RANGE);
    assert_int_not_equal(porin_domain_map(world->a, (porin_addr){ 0 }, 1ull << 40, true, &at), PORIN_OK);
    assert_int_equal(porin_domain_map(NULL, (porin_addr){ 0 }, 4096, true, &at), PORIN_ERR_ARGUMENT);
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_READ, &owner), PORIN_OK);
    assert_int_equal(porin_handle_copy(world->a, owner, PORIN_RIGHT_WRITE, &copy), PORIN_ERR_ARGUMENT);
    assert_int_equal(porin_handle_copy(world->a, owner, PORIN_RIGHT_CALL, &copy), PORIN_OK);
    assert_int_equal(ask(world->a, READ, (uint64_t)copy, IMAGE_DATA, IMAGE_DATA, 8, 0), -EPERM);
}

/* What the host does outright is what domains ask for, under the same rules. */
static void hosts_have_the_same_verbs(void **state)
{
    struct world *world = *state;
    porin_handle weak, sum;
    porin_entry add = entry(world->b, "add"), astray = add;
    uint64_t grant;
    assert_int_equal(porin_handle_give(world->a, world->b, PORIN_RIGHT_CALL, &weak), PORIN_OK);
    assert_int_equal(ask(world->a, READ, (uint64_t)weak, IMAGE_DATA + 0x80, IMAGE_DATA + 0x88, 8, 0), -EPERM);
    assert_int_equal(porin_grant_create(world->a, world->b, PORIN_RIGHT_READ, &grant), PORIN_OK);
    assert_int_equal(ask(world->a, READ, (uint64_t)weak, IMAGE_DATA + 0x80, IMAGE_DATA + 0x88, 8, 0), 0);
    assert_int_equal(porin_grant_revoke(grant), PORIN_OK);
    assert_int_equal(porin_grant_right(world->a, world->b), PORIN_RIGHT_NONE);
    assert_int_equal(ask(world->a, READ, (uint64_t)weak, IMAGE_DATA + 0x80, IMAGE_DATA + 0x88, 8, 0), -EPERM);
    assert_int_equal(porin_grant_revoke(grant), PORIN_ERR_NAME);
    assert_int_equal(porin_handle_close(world->a, weak), PORIN_OK);
    assert_int_equal(ask(world->a, COPY, (uint64_t)weak, PORIN_RIGHT_CALL, 0, 0, 0), -EBADF);
    assert_int_equal(porin_handle_close(world->a, weak), PORIN_ERR_ARGUMENT);
    astray.offset += 4;
    assert_int_equal(porin_handle_give_entry(world->a, astray, ADD_SIGNATURE, 0, &sum), PORIN_ERR_NAME);
    assert_int_equal(porin_handle_give_entry(world->a, add, ADD_SIGNATURE, PORIN_POLICY_REGISTER_CONFIDENTIALITY, &sum), PORIN_OK);
    assert_int_equal(ask(world->a, REQUEST, (uint64_t)sum, text(world->a, "first"), ADD_SIGNATURE, 0, UINT64_MAX), 0);
    assert_int_equal(call(world->a, "first", 40, 2), 42);
    uint32_t held;
    assert_int_equal(porin_domain_edge_policy(world->a, "first", &held), PORIN_OK);
    assert_true(held & PORIN_POLICY_REGISTER_CONFIDENTIALITY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST(copies_are_only_weaker),
        TEST(handles_cannot_be_forged),
        TEST(memory_needs_the_right),
        TEST(grants_add_rights_until_revoked),
        TEST(entries_are_requested_by_signature),
        TEST(hosts_have_the_same_verbs),
        TEST(names_are_seen_by_those_they_are_for),
        TEST(nothing_outlives_its_domain),
        TEST(remap_moves_memory),
        TEST(nobody_fills_anothers_table),
        TEST(domains_make_domains),
        TEST(hosts_map_and_remap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
