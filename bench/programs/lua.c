/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: the Lua interpreter runs one of the functions of the script below; the second argument names it. */
#include "program.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static const char script[] =
    "function trees(rounds)\n"
    "  local function make(depth)\n"
    "    if depth == 0 then return {} end\n"
    "    return {make(depth - 1), make(depth - 1), depth = depth}\n"
    "  end\n"
    "  local function count(tree) if not tree[1] then return 1 end return tree.depth + count(tree[1]) + count(tree[2]) end\n"
    "  local sum = 0\n"
    "  for i = 1, rounds do sum = sum + count(make(12)) end\n"
    "  return sum\n"
    "end\n"
    "function queens(rounds)\n"
    "  local found = 0\n"
    "  local function place(row, columns, up, down, n)\n"
    "    if row > n then found = found + 1 return end\n"
    "    for c = 1, n do\n"
    "      if not columns[c] and not up[row + c] and not down[row - c + n] then\n"
    "        columns[c], up[row + c], down[row - c + n] = true, true, true\n"
    "        place(row + 1, columns, up, down, n)\n"
    "        columns[c], up[row + c], down[row - c + n] = nil, nil, nil\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "  for i = 1, rounds do place(1, {}, {}, {}, 8) end\n"
    "  local x, y = 0.25, 0.5\n"
    "  for i = 1, rounds * 20000 do x = 3.7 * x * (1 - x); y = y + x / (i % 7 + 1) end\n"
    "  return found + math.floor(y)\n"
    "end\n"
    "function text(rounds)\n"
    "  local sum, words = 0, {}\n"
    "  for i = 1, 400 do words[i] = string.format('%s%d', ('word'):rep(i % 5 + 1), i * 7919 % 1000) end\n"
    "  for i = 1, rounds do\n"
    "    local line = table.concat(words, ' ')\n"
    "    local swapped = line:gsub('(%a+)(%d+)', '%2%1')\n"
    "    for word in swapped:gmatch('%S+') do sum = sum + #word + (word:find('7', 1, true) or 0) + word:byte(1) end\n"
    "    table.sort(words, function(a, b) return a:reverse() < b:reverse() end)\n"
    "    words[i % 400 + 1] = line:sub(i % 50 + 1, i % 50 + 9):upper()\n"
    "    sum = sum + #line\n"
    "  end\n"
    "  return sum\n"
    "end\n";

int main(int argc, char **argv)
{
    static const struct { const char *name; uint64_t rounds; } functions[] = {{"trees", 160}, {"queens", 250}, {"text", 400}};
    size_t chosen = 0;
    while (argc > 2 && strcmp(functions[chosen].name, argv[2]) != 0)
        if (++chosen == sizeof functions / sizeof functions[0])
            program_fail("no such function in the script");
    lua_State *lua = luaL_newstate();
    if (!lua)
        program_fail("out of memory");
    /* The libraries that need no operating system. */
    luaL_requiref(lua, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 1);
    lua_settop(lua, 0);
    if (luaL_dostring(lua, script) != LUA_OK || lua_getglobal(lua, functions[chosen].name) != LUA_TFUNCTION)
        program_fail("the script does not load");
    lua_pushinteger(lua, (lua_Integer)program_rounds(argc, argv, functions[chosen].rounds));
    program_begin();
    if (lua_pcall(lua, 1, 1, 0) != LUA_OK)
        program_fail(lua_tostring(lua, -1));
    int result = program_end((uint64_t)lua_tointeger(lua, -1));
    lua_close(lua);
    return result;
}
