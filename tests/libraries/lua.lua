-- SPDX-License-Identifier: Apache-2.0
-- Lua in a domain: closures, coroutines, errors (setjmp and longjmp), strings, tables, collection, numbers. Prints what must not differ.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print("fib", fib(22))

local depth = 0
local function recurse() depth = depth + 1; return 1 + recurse() end
local ok, message = pcall(recurse)
print("overflow", ok, message:match("stack overflow") ~= nil, depth > 1000)

local function nested(n) if n == 0 then error({code = 7}) end local ok, e = pcall(nested, n - 1); error(e) end
local ok, e = pcall(nested, 150)
print("nested errors", ok, type(e) == "table" and e.code or e)
print("handler", xpcall(function() local x = nil; return x.field end, function(m) return "caught: " .. m:gsub("^.-:%d+: ", "") end))

local squares = coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i * i) end end)
print("coroutines", squares(), squares(), squares())
local threads = {}
for i = 1, 200 do threads[i] = coroutine.create(function(a) local b = coroutine.yield(a + i); error(b) end) end
local sum = 0
for i, t in ipairs(threads) do local _, v = coroutine.resume(t, 1); sum = sum + v end
for i, t in ipairs(threads) do local ok, v = coroutine.resume(t, i); if not ok then sum = sum + v end end
print("many coroutines", sum)

local words = {}
for w in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do words[#words + 1] = w end
table.sort(words, function(a, b) return a > b end)
print("sorted", table.concat(words, ","))
print("format", ("%5.2f|%-6s|%q|%x|%g"):format(3.14159, "ab", "line\n", 255, 1e100))
print("replace", ("hello world"):gsub("o", {o = "0"}))
print("pack", (string.pack("<i4>i2z", 1, 2, "zero"):gsub(".", function(c) return ("%02x"):format(c:byte()) end)))
print("utf8", utf8.char(228, 8364, 128512), utf8.len("äöü"))

local weak = setmetatable({}, {__mode = "v"})
local finalized = 0
for i = 1, 1000 do weak[i] = setmetatable({}, {__gc = function() finalized = finalized + 1 end}) end
collectgarbage() collectgarbage()
print("collected", next(weak) == nil, finalized)
local big = {}
for i = 1, 100000 do big[i] = ("string %d"):format(i) end
local length = 0
for _, s in ipairs(big) do length = length + #s end
print("memory", length)

print("integers", 1 << 62, math.maxinteger + 1 == math.mininteger, 7 // 2, -7 // 2, -7 % 3, 7.5 // 2)
print("floats", 1 / 3, 2 ^ 0.5, math.sin(1), math.huge, -(0 / 0) ~= -(0 / 0), 0x1p-1074)
print("conversions", tostring(1e15), tostring(10 / 2), math.tointeger(3.0), tonumber("0x1.8p3"), tonumber("z", 36))
print("time", os.time({year = 2026, month = 1, day = 31, hour = 12}) - os.time({year = 2026, month = 1, day = 30, hour = 12}))
print("load", load("return ...", "chunk")(1, 2, 3))
local chunk = string.dump(function(a) return a * 2 end)
print("dump", load(chunk, "binary", "b")(21))
goto done
print("not reached")
::done::
print("arguments", ...)
