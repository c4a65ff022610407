/* SPDX-License-Identifier: Apache-2.0 */
/* A program with a Lua inside: runs chunks, gives them functions of its own, reads what they leave, and sees their errors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef BOUND
#include "lua_bind.h"
#include "start.h"
#else
#include <lauxlib.h>
#endif
#include <lualib.h>

static int calls;

static int add(lua_State *L)
{
    lua_Number sum = 0;
    calls++;
    for (int i = 1; i <= lua_gettop(L); i++) {
        if (!lua_isnumber(L, i)) {
            lua_pushstring(L, "add: not a number");
            return lua_error(L);
        }
        sum += lua_tonumberx(L, i, NULL);
    }
    lua_pushnumber(L, sum);
    return 1;
}

static int reverse(lua_State *L)
{
    size_t size;
    char text[100];
    const char *from = lua_tolstring(L, 1, &size);
    for (size_t i = 0; i < size && i < sizeof text; i++)
        text[i] = from[size - 1 - i];
    lua_pushlstring(L, text, size < sizeof text ? size : sizeof text);
    lua_pushinteger(L, (lua_Integer)size);
    return 2;
}

static void run(lua_State *L, const char *chunk)
{
    int status = luaL_loadstring(L, chunk);
    if (status == LUA_OK)
        status = lua_pcallk(L, 0, 1, 0, 0, NULL);
    const char *text = lua_tolstring(L, -1, NULL);
    printf("%d %s: %s\n", status, lua_typename(L, lua_type(L, -1)), text ? text : "-");
    lua_settop(L, -2);
}

/* The program's own memory, as much as it allows. */
struct memory { size_t used, most; };
static void *allocate(void *user, void *old, size_t old_size, size_t size)
{
    struct memory *memory = user;
    if (!old)
        old_size = 0; /* it says what it is for */
    if (memory->used - old_size + size > memory->most)
        return NULL;
    memory->used += size - old_size;
    if (size)
        return realloc(old, size);
    free(old);
    return NULL;
}
static void in_own_memory(size_t most)
{
    struct memory memory = {0, most};
    lua_State *L = lua_newstate(allocate, &memory);
    printf("state %d\n", L != NULL);
    if (L) {
        luaL_openlibs(L);
        run(L, "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(i) end return #t");
        lua_close(L);
    }
    printf("left %zu\n", memory.used);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
#ifdef BOUND
    struct porin_error error = {0};
    porin_domain *domain = start(argv[1], NULL);
    must_start(lua_bind(domain, &error), &error);
#endif
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_pushcclosure(L, add, 0);
    lua_setglobal(L, "add");
    lua_pushcclosure(L, reverse, 0);
    lua_setglobal(L, "reverse");
    run(L, "return 1 + 2");
    run(L, "return ('x'):rep(50)");
    run(L, "return add(1, 2.5, 3)");
    run(L, "return add(1, {}, 3)");
    run(L, "local ok, message = pcall(add, 'none') return tostring(ok) .. ' ' .. message");
    run(L, "local s, n = reverse('a\\0bc') return #s .. s:gsub('%z', '0') .. n");
    run(L, "local t = {} for i = 1, 200 do t[i] = add(i, i) end return table.concat(t, ',')");
    run(L, "this is no Lua");
    run(L, "error('raised')");
    run(L, "return coroutine.wrap(function() return add(20, 22) end)()");
    lua_createtable(L, 0, 0);
    for (int i = 1; i <= 3; i++) {
        lua_pushinteger(L, i * i);
        lua_seti(L, -2, i);
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        printf("%d=%d ", (int)lua_tointegerx(L, -2, NULL), (int)lua_tointegerx(L, -1, NULL));
        lua_settop(L, -2);
    }
    printf("length %d top %d calls %d\n", (int)lua_rawlen(L, -1), lua_gettop(L), calls);
    lua_close(L);
    in_own_memory(1000);
    in_own_memory(200000);
    in_own_memory(2000000);
    return 0;
}
