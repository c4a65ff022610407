/* SPDX-License-Identifier: Apache-2.0 */
/* Lua for `porin bind` (lauxlib.h includes the rest). A C function of the program's that calls lua_error leaves by longjmp to the stub,
 * which raises the error inside the domain. Errors that other calls raise in such a function end the domain: check arguments first. */
typedef struct lua_State lua_State PORIN_OPAQUE PORIN_RAISE(lua_error(.));
#define LUA PORIN_ENTRY
#define NUMBER PORIN_ENTRY PORIN_FAILS(0)
#define STATUS PORIN_ENTRY PORIN_FAILS(LUA_ERRERR)
LUA PORIN_OWNED(lua_close) lua_State *luaL_newstate(void);
typedef void *(*lua_Alloc)(void *ud PORIN_TOKEN(allocator), void *ptr PORIN_ALLOCATED, size_t osize, size_t nsize) PORIN_ALLOCATES(nsize);
LUA PORIN_OWNED(lua_close) lua_State *lua_newstate(lua_Alloc f PORIN_CALLBACK_KEPT, void *ud PORIN_TOKEN(allocator));
LUA PORIN_CLOSES(L) void lua_close(lua_State *L);
LUA void luaL_openlibs(lua_State *L);
STATUS PORIN_RANGE(LUA_OK, LUA_ERRERR) int luaL_loadstring(lua_State *L, const char *s PORIN_STRING);
STATUS PORIN_RANGE(LUA_OK, LUA_ERRERR + 1) int luaL_loadbufferx(lua_State *L, const char *buffer PORIN_IN(size), size_t size,
                                                                const char *name PORIN_STRING, const char *mode PORIN_STRING);
STATUS PORIN_RANGE(LUA_OK, LUA_ERRERR) int lua_pcallk(lua_State *L, int arguments, int results, int handler, lua_KContext context,
                                                      lua_KFunction k PORIN_NULL);
NUMBER PORIN_RANGE(0, 1000000) int lua_gettop(lua_State *L);
LUA void lua_settop(lua_State *L, int index);
LUA void lua_pushvalue(lua_State *L, int index);
LUA void lua_pushnil(lua_State *L);
LUA void lua_pushnumber(lua_State *L, lua_Number n);
LUA void lua_pushinteger(lua_State *L, lua_Integer n);
LUA void lua_pushboolean(lua_State *L, int b);
LUA PORIN_STRING PORIN_BORROWED const char *lua_pushstring(lua_State *L, const char *s PORIN_STRING);
LUA PORIN_BORROWED PORIN_SIZE(size) const char *lua_pushlstring(lua_State *L, const char *s PORIN_IN(size), size_t size);
LUA void lua_pushcclosure(lua_State *L, int (*function)(lua_State *L) PORIN_CALLBACK_KEPT PORIN_FAILS(0), int n);
PORIN_ENTRY PORIN_FAILS(LUA_TNONE) PORIN_RANGE(LUA_TNONE, LUA_TTHREAD) int lua_type(lua_State *L, int index);
LUA PORIN_STRING PORIN_BORROWED const char *lua_typename(lua_State *L, int type);
LUA PORIN_BORROWED PORIN_SIZE(size ? *size : lua_rawlen(L, index))
const char *lua_tolstring(lua_State *L, int index, size_t *size PORIN_OUT(1));
PORIN_ENTRY PORIN_FAILS(0) PORIN_ANY lua_Integer lua_tointegerx(lua_State *L, int index, int *is_number PORIN_OUT(1) PORIN_RANGE(0, 1));
PORIN_ENTRY PORIN_FAILS(0) lua_Number lua_tonumberx(lua_State *L, int index, int *is_number PORIN_OUT(1) PORIN_RANGE(0, 1));
NUMBER PORIN_RANGE(0, 1) int lua_toboolean(lua_State *L, int index);
NUMBER int lua_isnumber(lua_State *L, int index);
NUMBER PORIN_RANGE(LUA_TNONE, LUA_TTHREAD) int lua_getglobal(lua_State *L, const char *name PORIN_STRING);
LUA void lua_setglobal(lua_State *L, const char *name PORIN_STRING);
LUA void lua_createtable(lua_State *L, int array, int record);
NUMBER PORIN_RANGE(LUA_TNONE, LUA_TTHREAD) int lua_getfield(lua_State *L, int index, const char *name PORIN_STRING);
LUA void lua_setfield(lua_State *L, int index, const char *name PORIN_STRING);
NUMBER PORIN_RANGE(LUA_TNONE, LUA_TTHREAD) int lua_geti(lua_State *L, int index, lua_Integer n);
LUA void lua_seti(lua_State *L, int index, lua_Integer n);
NUMBER PORIN_RANGE(0, 1) int lua_next(lua_State *L, int index);
PORIN_ENTRY PORIN_FAILS(0) PORIN_ANY lua_Unsigned lua_rawlen(lua_State *L, int index);
PORIN_ENTRY PORIN_FAILS(0) PORIN_JUMPS(1) int lua_error(lua_State *L);
#undef LUA
#undef NUMBER
#undef STATUS
