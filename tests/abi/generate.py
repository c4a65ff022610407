#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a random C program that computes without undefined behaviour and prints checksums: generate.py --seed S > program.c

What it varies is what a compiler's back end sees: signatures, frames, addresses, calls, branches. Expressions have no side effects,
calls are statements of their own, signed arithmetic is done unsigned, NaNs never reach a checksum, and a global fuel ends it all.
"""
import argparse
import random
import sys

INTEGERS = {  # name: bits
    "int8_t": 8, "uint8_t": 8, "int16_t": 16, "uint16_t": 16, "int32_t": 32, "uint32_t": 32, "int64_t": 64, "uint64_t": 64,
    "wide": 128, "uwide": 128,
}
FLOATS = ["float", "double", "extended"]
COMPLEX = ["cfloat", "cdouble", "cextended"]
INTERESTING = [0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFA1E0FF3, 0x1E0FF3FA,
               0xF3FA1E0F, 0x0FF3FA1E, 0xFA1E0FF3FA1E0FF3, 0xFA1E0FF300, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF]
FLAG_SETS = [
    "", "", "", "-mavx2 -mbmi2 -mbmi -mfma -mlzcnt -mmovbe", "-march=x86-64-v4", "-march=x86-64-v3", "-fno-omit-frame-pointer",
        "-funroll-loops",
    "-fno-jump-tables", "-ftree-vectorize", "-fPIC", "-fno-inline", "-mno-red-zone", "-maccumulate-outgoing-args", "-fno-ivopts",
    "-frename-registers", "-minline-all-stringops", "-mstringop-strategy=rep_8byte", "-mstringop-strategy=rep_byte", "-ffunction-sections",
    "-g", "-fno-optimize-sibling-calls", "-fipa-pta -ftree-loop-distribution", "-mtune=generic", "-mtune=znver3", "-mtune=skylake-avx512",
    "-fschedule-insns", "-fno-shrink-wrap", "-fsplit-paths -fselective-scheduling2", "-fcaller-saves -fno-tree-ter", "-mno-push-args",
    "-fconserve-stack", "-freorder-blocks-and-partition", "-fno-tree-scev-cprop -fno-gcse", "-mprefer-vector-width=512 -march=x86-64-v4",
]
PRELUDE = r"""
#include "report.h"
#include <alloca.h>
#include <complex.h>
#include <setjmp.h>
typedef __int128 wide;
typedef unsigned __int128 uwide;
typedef long double extended;
typedef float complex cfloat;
typedef double complex cdouble;
typedef long double complex cextended;
static uint64_t sum = 0xcbf29ce484222325u;
static int fuel = 4000;
static jmp_buf landing;
static int landing_depth;

static inline void mix(uint64_t v) { sum = (sum ^ v) * 0x100000001b3u; sum ^= sum >> 29; }
static inline extended finite_x(extended v) { return v > -1e60L && v < 1e60L ? v : 1.5L; }
static inline int64_t to_integer(extended v) { return v > -1e18L && v < 1e18L ? (int64_t)v : 77; }
static inline void mix_float(float v) { uint32_t b; v = v > -1e30f && v < 1e30f ? v : 1.5f; memcpy(&b, &v, 4); mix(b); }
static inline void mix_double(double v) { uint64_t b; v = v > -1e60 && v < 1e60 ? v : 1.5; memcpy(&b, &v, 8); mix(b); }
static inline void mix_extended(extended v) { uint64_t b; uint16_t e; v = finite_x(v); memcpy(&b, &v, 8); memcpy(&e, (char *)&v + 8,
    2); mix(b); mix(e); }
static inline void mix_uwide(uwide v) { mix((uint64_t)v); mix((uint64_t)(v >> 64)); }
#define SAFELY(op, a, b) __extension__({ __typeof__(a) a_ = (a), b_ = (b); \
    b_ == 0 || b_ == (__typeof__(b_))-1 ? a_ : (__typeof__(a))(a_ op b_); })
#define DIVIDE(a, b) SAFELY(/, a, b)
#define MODULO(a, b) SAFELY(%, a, b)
"""


class Struct:
    """A struct with fields (name, type, array length or 0, bit-field width or 0)."""

    def __init__(self, name, fields, attribute):
        self.name, self.fields, self.attribute = name, fields, attribute

    def definition(self):
        lines = []
        for field, kind, length, bits in self.fields:
            lines.append("    %s %s%s%s;" % (kind, field, "[%d]" % length if length else "", " : %d" % bits if bits else ""))
        return "%s {\n%s\n}%s;\n" % (self.name, "\n".join(lines), " " + self.attribute if self.attribute else "")


class Function:
    def __init__(self, name, result, parameters, variadic, attribute):
        self.name, self.result, self.parameters, self.variadic, self.attribute = name, result, parameters, variadic, attribute

    def head(self):
        parameters = ["%s %s" % (kind, name) for name, kind in self.parameters]
        if self.variadic:
            parameters = ["int count"] + parameters + ["..."]
        return "%s %s %s(%s)" % (self.attribute, self.result, self.name, ", ".join(parameters) or "void")


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.lines = []
        self.flags = self.random.choice(FLAG_SETS)
        self.structs = {}
        self.vectors = {}
        self.functions = []
        self.globals = []      # (name, type)
        self.arrays = []       # (name, element type, length, a power of two)
        self.local_count = 0
        self.depth = 0         # of indentation
        self.nesting = 0       # of subscripts in subscripts
        self.returns_twice = False

    # --- choosing ---
    def chance(self, percent):
        return self.random.randrange(100) < percent

    def pick(self, items):
        return self.random.choice(list(items))

    def emit(self, text):
        self.lines.append("    " * self.depth + text)

    def name(self, prefix):
        self.local_count += 1
        return "%s%d" % (prefix, self.local_count)

    def scalar_type(self):
        roll = self.random.randrange(100)
        if roll < 60:
            return self.pick(list(INTEGERS)[:8])
        if roll < 68:
            return self.pick(["wide", "uwide"])
        if roll < 94:
            return self.pick(FLOATS)
        return self.pick(COMPLEX)

    def value_type(self):
        roll = self.random.randrange(100)
        if roll < 20 and self.structs:
            return self.pick(self.structs)
        if roll < 28 and self.vectors:
            return self.pick(self.vectors)
        return self.scalar_type()

    # --- types ---
    def make_structs(self):
        for i in range(self.random.randrange(2, 8)):
            fields = []
            for k in range(self.random.choice([1, 1, 2, 2, 3, 4, 5, 9])):
                kind, length, bits = self.scalar_type(), 0, 0
                if self.structs and self.chance(12):
                    kind = self.pick(self.structs)
                elif kind in INTEGERS and INTEGERS[kind] <= 64 and self.chance(25):
                    bits = self.random.randrange(1, INTEGERS[kind] + 1)
                elif self.chance(20):
                    length = self.random.choice([1, 2, 3, 5, 8, 40])
                fields.append(("f%d" % k, kind, length, bits))
            attribute = self.pick(["", "", "", "", "__attribute__((packed))", "__attribute__((aligned(32)))",
                "__attribute__((aligned(64)))"])
            if attribute.endswith("packed))") and any(kind in COMPLEX for _, kind, _, _ in fields):
                attribute = ""
            name = "struct s%d" % i
            self.structs[name] = Struct(name, fields, attribute)
            self.emit(self.structs[name].definition())

    def make_vectors(self):
        sizes = [16]
        if "v4" in self.flags:
            sizes += [32, 64]
        elif "v3" in self.flags or "avx2" in self.flags:
            sizes += [32]
        for size in sizes:
            for kind, width in [("uint8_t", 1), ("uint16_t", 2), ("uint32_t", 4), ("uint64_t", 8), ("float", 4), ("double", 8)]:
                if self.chance(50):
                    name = "v%d_%s" % (size // width, kind)
                    self.vectors[name] = (kind, size // width)
                    self.emit("typedef %s %s __attribute__((vector_size(%d)));" % (kind, name, size))

    def make_hashes(self):
        for name, (kind, count) in self.vectors.items():
            self.emit("static void mix_%s(%s v) { for (int i = 0; i < %d; i++) %s; }" % (name, name, count, self.mix_call("v[i]", kind)))
        for name, struct in self.structs.items():
            body = []
            for field, kind, length, _ in struct.fields:
                if length:
                    body.append("for (int i = 0; i < %d; i++) %s;" % (length, self.mix_call("v->%s[i]" % field, kind)))
                else:
                    body.append(self.mix_call("v->" + field, kind) + ";")
            self.emit("static void mix_%s(const %s *v) { %s }" % (name.replace(" ", "_"), name, " ".join(body)))

    def mix_call(self, value, kind):
        if kind in ("wide", "uwide"):
            return "mix_uwide((uwide)%s)" % value
        if kind in INTEGERS:
            return "mix((uint64_t)%s)" % value
        if kind in FLOATS:
            return "mix_%s(%s)" % (kind, value)
        if kind in COMPLEX:
            part = kind[1:]
            return "mix_%s((%s)creall(%s)), mix_%s((%s)cimagl(%s))" % (part, part, value, part, part, value)
        if kind in self.vectors:
            return "mix_%s(%s)" % (kind, value)
        return "__extension__({ %s copy_ = %s; mix_%s(&copy_); })" % (kind, value, kind.replace(" ", "_"))

    # --- constants ---
    def integer_constant(self, kind):
        if INTEGERS[kind] == 128:  # gcc 12 crashes on the label's bytes in these
            return "((%s)0x%xu)" % (kind, self.random.randrange(1 << self.random.randrange(1, 65)))
        value = self.pick(INTERESTING) if self.chance(50) else self.random.randrange(1 << self.random.randrange(1, 65))
        if self.chance(20):
            value = (1 << 64) - value
        return "((%s)0x%xu)" % (kind, value & 0xFFFFFFFFFFFFFFFF)

    def constant(self, kind):
        if kind in INTEGERS:
            return self.integer_constant(kind)
        number = self.pick(["0.0", "1.0", "-1.5", "0.1", "3.25", "1e10", "-1e-5", "123456.789", "0.5", "-7.0"])
        if kind in FLOATS:
            return "((%s)%s%s)" % (kind, number, "L" if kind == "extended" else "")
        if kind in COMPLEX:
            return "((%s)(%s + %s * I))" % (kind, number, self.pick(["1.5", "-2.0", "0.25"]))
        if kind in self.vectors:
            element, count = self.vectors[kind]
            return "((%s){%s})" % (kind, ", ".join(self.constant(element) for _ in range(count)))
        struct = self.structs[kind]
        return "((%s){%s})" % (kind, ", ".join(self.field_constant(field) for field in struct.fields))

    def field_constant(self, field):
        _, kind, length, _ = field
        if length:
            return "{%s}" % ", ".join(self.constant(kind) for _ in range(min(length, 3)))
        return self.constant(kind)

    # --- expressions; scope: list of (text, type) that can be read ---
    def readable(self, scope, kind):
        return [text for text, other in scope if other == kind]

    def leaf(self, kind, scope):
        choices = self.readable(scope, kind)
        if choices and self.chance(75):
            return self.pick(choices)
        if kind in INTEGERS or kind in FLOATS:
            arrays = [(name, length) for name, element, length in self.arrays if element == kind]
            if arrays and self.nesting < 2 and self.chance(60):
                name, length = self.pick(arrays)
                return self.element(name, length, scope)
            fields = self.field_paths(scope, kind)
            if fields and self.chance(70):
                return self.pick(fields)
            return self.converted(kind, scope)
        return self.constant(kind)

    def element(self, name, length, scope):
        self.nesting += 1
        index = self.expression(self.pick(["int32_t", "int64_t", "uint32_t", "uint8_t", "uint64_t"]), scope, 1)
        self.nesting -= 1
        back = self.random.randrange(length)
        if self.chance(25):
            return "(&%s[%d])[(int64_t)(%s & %d) - %d]" % (name, back, index, length - 1, back)
        if self.chance(15):
            return "*(%s + (%s & %d))" % (name, index, length - 1)
        return "%s[%s & %d]" % (name, index, length - 1)

    def field_paths(self, scope, kind):
        paths = []
        for text, other in scope:
            if other in self.structs:
                for field, inner, length, bits in self.structs[other].fields:
                    if inner == kind and not bits:
                        paths.append("%s.%s%s" % (text, field, "[%d]" % self.random.randrange(length) if length else ""))
                    elif inner == kind:
                        paths.append("((%s)%s.%s)" % (kind, text, field))
            elif other in self.vectors and self.vectors[other][0] == kind:
                paths.append("%s[%d]" % (text, self.random.randrange(self.vectors[other][1])))
            elif other in COMPLEX and other[1:] == kind:
                paths.append("((%s)%s(%s))" % (kind, self.pick(["creall", "cimagl"]), text))
        return paths

    def converted(self, kind, scope):
        choices = [(text, other) for text, other in scope if other in INTEGERS or other in FLOATS]
        if not choices:
            return self.constant(kind)
        text, other = self.pick(choices)
        if other in FLOATS and kind in INTEGERS:
            return "((%s)to_integer(%s))" % (kind, text)
        if other in FLOATS:
            return "((%s)finite_x(%s))" % (kind, text)
        return "((%s)%s)" % (kind, text)

    def expression(self, kind, scope, depth=3):
        if depth <= 0 or self.chance(15):
            return self.leaf(kind, scope)
        if kind in INTEGERS:
            return self.integer_expression(kind, scope, depth)
        if kind in self.structs:
            choices = self.readable(scope, kind)
            return self.pick(choices) if choices else self.constant(kind)
        a, b = self.expression(kind, scope, depth - 1), self.expression(kind, scope, depth - 1)
        if kind in FLOATS:
            return self.float_expression(kind, a, b, scope)
        if kind in COMPLEX:
            if self.chance(50):  # hidden: gcc rounds constant products better than the ones it computes at run time
                return "(HIDE(%s) %s HIDE(%s))" % (a, self.pick("*/"), b)
            return "(%s %s %s)" % (a, self.pick("+-"), b)
        operators = "+-*" if self.vectors[kind][0] in FLOATS else "+-*^&|"
        if self.chance(15):
            return "((%s)(%s %s %s))" % (kind, a, self.pick(["<", "==", ">="]), b) if self.vectors[kind][0] not in FLOATS else a
        return "(%s %s %s)" % (a, self.pick(operators), b)

    def float_expression(self, kind, a, b, scope):
        roll = self.random.randrange(100)
        if roll < 70:
            return "(%s %s %s)" % (a, self.pick("+-*/"), b)
        if roll < 80:
            return "(%s ? %s : %s)" % (self.condition(scope, 1), a, b)
        if roll < 90:
            return "((%s)%s)" % (kind, self.expression(self.pick(["int32_t", "int64_t", "uint64_t", "uint32_t", "wide"]), scope, 1))
        return "(%s < %s ? %s : -%s)" % (a, b, b, a)

    def condition(self, scope, depth):
        kind = self.pick(list(INTEGERS) + FLOATS)
        a, b = self.expression(kind, scope, depth - 1), self.expression(kind, scope, depth - 1)
        text = "%s %s %s" % (a, self.pick(["<", "<=", ">", ">=", "==", "!="]), b)
        if self.chance(20):
            text = "(%s) %s (%s)" % (text, self.pick(["&&", "||", "&", "^"]), self.condition(scope, depth - 1) if depth > 0 else text)
        return "(%s)" % text

    def integer_expression(self, kind, scope, depth):
        bits = INTEGERS[kind]
        unsigned = {8: "uint32_t", 16: "uint32_t", 32: "uint32_t", 64: "uint64_t", 128: "uwide"}[bits]
        a, b = self.expression(kind, scope, depth - 1), self.expression(kind, scope, depth - 1)
        roll = self.random.randrange(100)
        if roll < 40:
            return "((%s)((%s)%s %s (%s)%s))" % (kind, unsigned, a, self.pick(["+", "-", "*", "+", "-"]), unsigned, b)
        if roll < 55:
            return "((%s)(%s %s %s))" % (kind, a, self.pick("&|^"), b)
        if roll < 65:
            count = "(%s & %d)" % (b, bits - 1) if self.chance(60) else str(self.random.randrange(bits))
            if self.chance(50):
                return "((%s)((%s)%s << %s))" % (kind, unsigned, a, count)
            return "((%s)(%s >> %s))" % (kind, a, count)
        if roll < 70:
            return "((%s)%s(%s, %s))" % (kind, self.pick(["DIVIDE", "MODULO"]), a, b)
        if roll < 78:
            return "(%s ? %s : %s)" % (self.condition(scope, 1), a, b)
        if roll < 84:
            return "((%s)%s)" % (kind, self.condition(scope, 1))
        if roll < 88:
            return "((%s)%s(%s)%s)" % (kind, self.pick("~-!"), unsigned, a)
        if roll < 94:
            call = self.pick(["__builtin_popcountll((uint64_t)%s)", "__builtin_clzll((uint64_t)%s | 1)", "__builtin_ctz((uint32_t)%s | 64)",
                              "__builtin_bswap32((uint32_t)%s)", "__builtin_bswap64((uint64_t)%s)", "__builtin_bswap16((uint16_t)%s)",
                              "((uint32_t)%s >> 8 & 255)"])
            return "((%s)%s)" % (kind, call % a)
        return self.converted(kind, scope)

    # --- statements ---
    def assignable(self, scope):
        return [(text, kind) for text, kind in scope if not text.startswith("k_")]

    def statement(self, scope, budget):
        choices = [self.assign] * 6 + [self.compound] * 2 + [self.store_element] * 4 + [self.call] * 4 + [self.memory_operation,
            self.assembly, self.atomic]
        if budget > 0:
            choices += [self.if_else] * 3 + [self.loop] * 2 + [self.switch, self.array_loop, self.computed_goto, self.block]
        self.pick(choices)(scope, budget)

    def assign(self, scope, _budget):
        targets = self.assignable(scope)
        if not targets:
            return
        text, kind = self.pick(targets)
        self.emit("%s = %s;" % (text, self.expression(kind, scope)))

    def compound(self, scope, _budget):
        targets = [(t, k) for t, k in self.assignable(scope) if k in ("uint8_t", "uint16_t", "uint32_t", "uint64_t", "uwide")]
        if not targets:
            return
        text, kind = self.pick(targets)
        if self.chance(30):
            self.emit("%s%s;" % (text, self.pick(["++", "--"])))
        elif self.chance(30):
            self.emit("%s %s= %s & %d;" % (text, self.pick(["<<", ">>"]), self.expression("uint32_t", scope, 2), min(INTEGERS[kind],
                16) - 1))
        else:
            self.emit("%s %s= %s;" % (text, self.pick(["+", "-", "^", "|", "&"]), self.expression(kind, scope)))

    def store_element(self, scope, _budget):
        name, kind, length = self.pick(self.arrays)
        self.emit("%s = %s;" % (self.element(name, length, scope), self.expression(kind, scope)))

    def arguments(self, function, scope):
        return [self.expression(kind, scope, 2) for _, kind in function.parameters]

    def call_text(self, function, scope):
        arguments = self.arguments(function, scope)
        target = function.name
        if self.chance(25):
            target = "(*HIDE(&%s))" % function.name
        elif self.chance(15) and not function.variadic:
            target = "table_%s[%s & 1]" % (function.name, self.expression("uint32_t", scope, 1))
        if function.variadic:
            extra = [self.expression(kind, scope, 2) for kind in function.variadic]
            return "%s(%s)" % (target, ", ".join([str(len(extra))] + arguments + extra))
        return "%s(%s)" % (target, ", ".join(arguments))

    def call(self, scope, _budget):
        if not self.callable:
            return
        function = self.pick(self.callable)
        text = self.call_text(function, scope)
        targets = [t for t, k in self.assignable(scope) if k == function.result]
        if targets and self.chance(60):
            self.emit("%s = %s;" % (self.pick(targets), text))
        elif function.result == "void":
            self.emit(text + ";")
        else:
            name = self.name("r")
            self.emit("%s %s = %s;" % (function.result, name, text))
            self.emit(self.mix_call(name, function.result) + ";")

    def memory_operation(self, scope, _budget):
        name, kind, length = self.pick(self.arrays)
        size = "sizeof %s" % name if self.chance(50) else "(%s & %d) * sizeof *%s" % (self.expression("uint32_t", scope, 1), length -
            1, name)
        if kind in INTEGERS and self.chance(50):
            self.emit("memset(%s, (uint8_t)%s, %s);" % (name, self.expression("uint8_t", scope, 1), size))
            return
        others = [n for n, k, l in self.arrays if k == kind and l >= length and n != name]
        if others:
            self.emit("%s(%s, %s, %s);" % (self.pick(["memcpy", "memmove"]), name, self.pick(others), size))
        else:
            self.emit("memmove(%s + 1, %s, %d * sizeof *%s);" % (name, name, length - 1, name))

    def assembly(self, scope, _budget):
        targets = [(t, k) for t, k in self.assignable(scope) if k in ("uint32_t", "uint64_t")]
        arrays = [(n, k, l) for n, k, l in self.arrays if k in ("uint32_t", "uint64_t")]
        if not targets or not arrays:
            return
        text, kind = self.pick(targets)
        same = [(n, l) for n, k, l in arrays if k == kind]
        if not same:
            return
        name, length = self.pick(same)
        memory, suffix = self.element(name, length, scope), "l" if kind == "uint32_t" else "q"
        other = self.expression(kind, scope, 1)
        self.emit(self.pick([
            '__asm__("add%s %%1, %%0" : "+r"(%s) : "rm"(%s) : "cc");' % (suffix, text, memory),
            '__asm__("xor%s %%1, %%0" : "+m"(%s) : "r"(%s) : "cc");' % (suffix, memory, other),
            '__asm__("cmp%s %%2, %%1\\n\\tadc%s $3, %%0" : "+r"(%s) : "r"(%s), "m"(%s) : "cc");' % (suffix, suffix, text, other, memory),
            '__asm__ volatile("lock xadd%s %%0, %%1" : "+r"(%s), "+m"(%s) : : "cc");' % (suffix, text, memory),
            '__asm__("bswap %%0\\n\\trol%s $5, %%0" : "+r"(%s) : : "cc");' % (suffix, text),
            '__asm__("imul%s $77, %%1, %%0" : "=r"(%s) : "m"(%s) : "cc");' % (suffix, text, memory),
        ]))

    def atomic(self, scope, _budget):
        arrays = [(n, k, l) for n, k, l in self.arrays if k in INTEGERS and INTEGERS[k] <= 64]
        name, kind, length = self.pick(arrays)
        memory = self.element(name, length, scope)
        operation = self.pick(["__atomic_fetch_add", "__atomic_fetch_xor", "__atomic_sub_fetch", "__atomic_or_fetch",
            "__atomic_exchange_n", "__atomic_fetch_nand"])
        self.emit("mix((uint64_t)%s(&%s, %s, __ATOMIC_SEQ_CST));" % (operation, memory, self.expression(kind, scope, 1)))

    def body(self, scope, budget, count):
        self.depth += 1
        inner = list(scope)
        for _ in range(self.random.randrange(1, count + 1)):
            self.statement(inner, budget - 1)
        self.depth -= 1

    def if_else(self, scope, budget):
        self.emit("if %s {" % self.condition(scope, 2))
        self.body(scope, budget, 3)
        if self.chance(50):
            self.emit("} else {")
            self.body(scope, budget, 3)
        self.emit("}")

    def loop(self, scope, budget):
        counter, limit = self.name("k_"), self.random.randrange(1, 8)
        kind = self.pick(["int", "long", "unsigned", "uint8_t"])
        step = self.random.randrange(1, 3)
        self.emit("for (%s %s = 0; %s < %d && fuel > 0; %s += %d) {" % (kind, counter, counter, limit * step, counter, step))
        typed = {"int": "int32_t", "long": "int64_t", "unsigned": "uint32_t", "uint8_t": "uint8_t"}[kind]
        self.body(scope + [(counter, typed)], budget, 3)
        if self.chance(20):
            self.depth += 1
            self.emit("if %s %s;" % (self.condition(scope, 1), self.pick(["break", "continue"])))
            self.depth -= 1
        self.emit("}")

    def array_loop(self, scope, _budget):
        """A loop gcc can vectorise or strength-reduce."""
        name, kind, length = self.pick(self.arrays)
        others = [(n, l) for n, k, l in self.arrays if k == kind]
        other, other_length = self.pick(others)
        count = min(length, other_length)
        index = self.name("k_")
        reverse = self.chance(30)
        at = "%s[%s]" % (name, index)
        source = "%s[%s]" % (other, "%d - %s" % (count - 1, index) if self.chance(40) else index)
        local = self.expression(kind, scope, 1) if self.chance(50) else self.constant(kind)
        keep = self.name("k_")
        self.emit("%s %s = %s;" % (kind, keep, local))
        if kind in INTEGERS:
            unsigned = {8: "uint32_t", 16: "uint32_t", 32: "uint32_t", 64: "uint64_t", 128: "uwide"}[INTEGERS[kind]]
            value = "(%s)((%s)%s %s (%s)%s %s (%s)%s)" % (kind, unsigned, at, self.pick("+-*^"), unsigned, source, self.pick("+-&|"),
                unsigned, keep)
        else:
            value = "%s %s %s + %s" % (at, self.pick("+-*"), source, keep)
        if self.chance(30):
            value = "%s > %s ? %s : %s" % (at, source, value, keep)
        head = "for (%s %s = %s; %s; %s)" % (
            self.pick(["int", "long"]), index, count - 1 if reverse else 0, "%s >= 0" % index if reverse else "%s < %d" % (index, count),
            index + ("--" if reverse else "++"))
        self.emit("%s %s = %s;" % (head, at, value))

    def switch(self, scope, budget):
        selector = self.expression("uint32_t", scope, 2)
        dense = self.chance(70)
        count = self.random.randrange(3, 14)
        values = list(range(count)) if dense else sorted({self.pick(INTERESTING) & 0xFFFFFFFF for _ in range(count)})
        self.emit("switch (%s) {" % ("%s %% %d" % (selector, count + 1) if dense else selector))
        for value in values:
            self.emit("case 0x%xu:" % value)
            self.depth += 1
            self.statement(list(scope), 0)
            if self.chance(80):
                self.emit("break;")
            self.depth -= 1
        if self.chance(70):
            self.emit("default:")
            self.depth += 1
            self.statement(list(scope), 0)
            self.depth -= 1
        else:
            self.emit("default:;")
        self.emit("}")

    def computed_goto(self, scope, _budget):
        label = self.name("label")
        count = self.random.randrange(2, 6)
        self.emit("{")
        self.depth += 1
        self.emit("static void *const table[] = {%s};" % ", ".join("&&%s_%d" % (label, i) for i in range(count)))
        self.emit("goto *table[%s %% %d];" % (self.expression("uint32_t", scope, 2), count))
        for i in range(count):
            self.emit("%s_%d:;" % (label, i))
            self.statement(list(scope), 0)
            if self.chance(50) and i + 1 < count:
                self.emit("if (fuel-- > 0) goto *table[%d + %s %% %d];" % (i + 1, self.expression("uint32_t", scope, 1), count - i - 1))
        self.depth -= 1
        self.emit("}")

    def block(self, scope, budget):
        self.emit("{")
        self.depth += 1
        inner = list(scope)
        saved = list(self.arrays)
        if not self.returns_twice:
            self.locals(inner, self.random.randrange(1, 3))
        for _ in range(self.random.randrange(1, 4)):
            self.statement(inner, budget - 1)
        self.arrays = saved
        self.depth -= 1
        self.emit("}")

    # --- functions ---
    def locals(self, scope, count):
        for _ in range(count):
            kind = self.value_type()
            name = self.name("v")
            qualifier = self.pick(["", "", "", "", "", "", "volatile ", "_Alignas(32) ", "_Alignas(64) "])
            if kind in self.structs or kind in self.vectors or kind in COMPLEX:
                qualifier = ""
            self.emit("%s%s %s = %s;" % (qualifier, kind, name, self.expression(kind, scope, 2)))
            scope.append((name, kind))
        for _ in range(self.random.randrange(0, 2)):
            self.local_array(scope)

    def local_array(self, scope):
        kind = self.pick(list(INTEGERS) + FLOATS)
        length = self.random.choice([2, 4, 8, 16, 64, 256])
        name, index = self.name("a"), self.name("k_")
        form = self.random.randrange(5)
        if form == 0:
            self.emit("%s %s[HIDE(%d)];" % (kind, name, length))
        elif form == 1:
            self.emit("%s *%s = alloca((size_t)HIDE(%d) * sizeof *%s);" % (kind, name, length, name))
        elif form == 2:
            self.emit("_Alignas(%d) %s %s[%d];" % (self.pick([16, 32, 64, 128]), kind, name, length))
        else:
            self.emit("%s %s[%d];" % (kind, name, length))
        self.emit("for (int %s = 0; %s < %d; %s++) %s[%s] = (%s)(%s %s 3);" % (index, index, length, index, name, index, kind, index,
            self.pick("+*-")))
        self.arrays.append((name, kind, length))

    def make_function(self, number):
        result = "void" if self.chance(10) else self.value_type()
        parameters = [("p%d" % i, self.value_type()) for i in range(self.random.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 20]))]
        variadic = None
        if self.chance(12):
            variadic = [self.pick(["int32_t", "int64_t", "double", "extended", "uwide"] +
                list(self.structs)) for _ in range(self.random.randrange(1, 12))]
        attribute = self.pick(["NOIPA", "NOIPA", "static __attribute__((noinline))", "static", "static", "static inline",
            "NOIPA __attribute__((cold))"])
        function = Function("fn%d" % number, result, parameters, variadic, attribute)
        self.emit(function.head())
        self.emit("{")
        self.depth += 1
        self.function_body(function)
        self.depth -= 1
        self.emit("}")
        if not variadic:
            others = [f for f in self.functions if f.result == result and not f.variadic and [k for _, k in f.parameters] == [k for _,
                k in parameters]]
            second = self.pick(others).name if others else function.name
            self.emit("static %s (*table_%s[2])(%s) = {%s, %s};" % (
                result, function.name, ", ".join(k for _, k in parameters) or "void", function.name, second))
        self.emit("")
        self.functions.append(function)

    def function_body(self, function):
        saved = list(self.arrays)
        scope = [(name, kind) for name, kind in function.parameters] + self.globals
        self.callable = self.functions[-6:]
        self.returns_twice = False
        if function.result == "void":
            self.emit("if (fuel-- <= 0) return;")
        else:
            self.emit("if (fuel-- <= 0) return %s;" % self.constant(function.result))
        if function.variadic:
            self.read_variadic(function)
        if self.chance(10):
            self.jumping(scope)
        self.locals(scope, self.random.randrange(0, 6))
        for _ in range(self.random.randrange(2, 8)):
            self.statement(scope, 2)
        for text, kind in self.pick_some(scope):
            self.emit(self.mix_call(text, kind) + ";")
        if function.result != "void":
            self.finish(function, scope)
        self.arrays = saved

    def pick_some(self, scope):
        return [entry for entry in scope if self.chance(30)]

    def finish(self, function, scope):
        tails = [f for f in self.callable if f.result == function.result]
        if tails and self.chance(50):
            self.emit("return %s;" % self.call_text(self.pick(tails), scope))
        else:
            self.emit("return %s;" % self.expression(function.result, scope))

    def read_variadic(self, function):
        last = function.parameters[-1][0] if function.parameters else "count"
        self.emit("va_list list;")
        self.emit("va_start(list, %s);" % last)
        self.emit("mix((uint64_t)count);")
        for kind in function.variadic:
            name = self.name("v")
            self.emit("%s %s = va_arg(list, %s);" % (kind, name, kind))
            self.emit(self.mix_call(name, kind) + ";")
        self.emit("va_end(list);")

    def jumping(self, scope):
        """A block entered twice through setjmp; it works on globals alone, since changed locals would be indeterminate."""
        self.emit("if (landing_depth == 0) {")
        self.depth += 1
        self.emit("landing_depth = 1;")
        self.emit("int jumped = setjmp(landing);")
        self.emit("mix((uint64_t)jumped);")
        saved = self.arrays
        self.arrays = self.global_arrays
        globals_only = list(self.globals)
        self.returns_twice = True
        for _ in range(2):
            self.statement(globals_only, 1)
        self.emit("if (jumped < 3 && fuel-- > 0) longjmp(landing, jumped + 1);")
        self.returns_twice = False
        self.arrays = saved
        self.emit("landing_depth = 0;")
        self.depth -= 1
        self.emit("}")

    def make_globals(self):
        for i in range(self.random.randrange(6, 14)):
            kind = self.value_type()
            storage = self.pick(["", "static", "static", "static _Thread_local", "volatile"])
            if kind in self.structs or kind in self.vectors or kind in COMPLEX:
                storage = self.pick(["", "static", "static _Thread_local"])
            self.emit("%s %s g%d = %s;" % (storage, kind, i, self.initialiser(kind)))
            self.globals.append(("g%d" % i, kind))
        for kind in list(INTEGERS) + FLOATS:
            for k in range(self.random.randrange(1, 3)):
                length = self.random.choice([4, 16, 64, 256])
                storage = self.pick(["", "static", "static", "static _Thread_local"])
                name = "array_%s%d" % (kind, k)
                values = ", ".join(self.constant(kind) for _ in range(self.random.randrange(1, 5)))
                self.emit("%s %s %s[%d] = {%s};" % (storage, kind, name, length, values))
                self.arrays.append((name, kind, length))
        self.global_arrays = list(self.arrays)

    def initialiser(self, kind):
        if kind in self.structs:
            return "{%s}" % ", ".join(self.field_initialiser(field) for field in self.structs[kind].fields)
        if kind in self.vectors:
            element, count = self.vectors[kind]
            return "{%s}" % ", ".join(self.constant(element) for _ in range(count))
        return self.constant(kind)

    def field_initialiser(self, field):
        _, kind, length, _ = field
        if length:
            return "{%s}" % ", ".join(self.initialiser(kind) for _ in range(min(length, 3)))
        return self.initialiser(kind)

    def make_main(self):
        self.emit("int main(void)\n{")
        self.depth += 1
        for function in self.functions[-12:]:
            self.emit("fuel = 400;")
            self.callable = [function]
            saved = self.arrays
            self.arrays = self.global_arrays
            self.call(list(self.globals), 0)
            self.arrays = saved
            self.emit('put("%s", sum);' % function.name)
        for name, kind in self.globals:
            self.emit(self.mix_call(name, kind) + ";")
            self.emit('put("%s", sum);' % name)
        for name, kind, length in self.global_arrays:
            self.emit("for (int i = 0; i < %d; i++) %s;" % (length, self.mix_call("%s[i]" % name, kind)))
            self.emit('put("%s", sum);' % name)
        self.emit("return 0;")
        self.depth -= 1
        self.emit("}")

    def program(self):
        self.emit("/* Made by generate.py --seed %d */" % self.seed)
        self.emit("/* flags: -msse3 -ffp-contract=off -Wno-psabi %s */" % self.flags)
        if "v4" in self.flags:
            self.emit("/* needs: avx512f avx512bw avx512vl */")
        elif "v3" in self.flags or "avx2" in self.flags:
            self.emit("/* needs: avx2 fma */")
        self.emit(PRELUDE)
        self.make_structs()
        self.make_vectors()
        self.make_hashes()
        self.make_globals()
        for number in range(self.random.randrange(6, 25)):
            self.make_function(number)
        self.make_main()
        return "\n".join(self.lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    sys.stdout.write(Generator(parser.parse_args().seed).program())


if __name__ == "__main__":
    main()
