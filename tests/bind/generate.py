#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a random library and a program that calls it natively and through stubs: every value must arrive and come back the same.

Usage: generate.py SEED FOLDER [between]. FOLDER gets lib.h (annotated), lib.c and main.c; with `between`, main.c is a domain's.
Values are hashed member by member: padding does not count."""
import random
import sys

SCALARS = ["signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long", "long long", "_Bool",
           "enum colour", "float", "double", "long double", "_Complex float", "_Complex double", "_Complex long double", "__int128",
           "unsigned __int128"]
PRELUDE = """
enum colour { RED = -3, GREEN = 7, BLUE = 1 << 20 };
static const int colours[] = {RED, GREEN, BLUE};
static inline uint64_t mix(uint64_t h, uint64_t x)
{ h ^= x + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2); return h * 0xff51afd7ed558ccdu; }
static inline uint64_t next(uint64_t *s) { return *s = mix(*s, 0x2545f491u); }
static inline uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{ for (size_t i = 0; i < n; i++) h = mix(h, ((const uint8_t *)p)[i]); return h; }
static inline long double number(uint64_t *s) { return (long double)(int32_t)next(s) / 64; }
"""


def word(text):
    return text.replace(" ", "_")


def scalar_functions(scalar):
    w = word(scalar)
    if "Complex" in scalar:
        part = scalar.replace("_Complex ", "")
        size = 10 if "long" in scalar else f"sizeof({part})"
        hashing = f"{part} r = __real__ *v, i = __imag__ *v; h = hash_bytes(h, &r, {size}); return hash_bytes(h, &i, {size});"
        filling = f"__real__ *v = ({part})number(s); __imag__ *v = ({part})number(s);"
    elif scalar in ("float", "double", "long double"):
        hashing = f"return hash_bytes(h, v, {10 if 'long' in scalar else f'sizeof *v'});"
        filling = f"*v = ({scalar})number(s);"
    elif scalar == "_Bool":
        hashing, filling = "return mix(h, *v);", "*v = next(s) & 1;"
    elif scalar == "enum colour":
        hashing, filling = "return mix(h, (uint64_t)(int)*v);", "*v = colours[next(s) % 3];"
    else:
        hashing, filling = "return hash_bytes(h, v, sizeof *v);", f"*v = ({scalar})next(s);"
        if "128" in scalar:
            filling = f"*v = ({scalar})next(s) << 64 | next(s);"
    return (f"static inline uint64_t hash_{w}(uint64_t h, const {scalar} *v) {{ {hashing} }}\n"
            f"static inline void fill_{w}({scalar} *v, uint64_t *s) {{ {filling} }}\n")


class Library:
    def __init__(self, seed, between):
        self.between = between
        self.random = random.Random(seed)
        self.records = []
        self.header = self.code = self.tests = ""

    def pick(self, depth=2):
        if self.records and depth and self.random.random() < 0.35:
            return self.random.choice(self.records)
        return self.random.choice(SCALARS)

    def record(self, index):
        name, r = f"struct s{index}", self.random
        fields, hashing, filling = "", "", ""
        for i in range(r.randint(1, 6)):
            kind = r.random()
            if kind < 0.12:
                width = r.randint(1, 31)
                fields += f" unsigned b{i} : {width};"
                hashing += f" h = mix(h, v->b{i});"
                filling += f" v->b{i} = (unsigned)next(s) & {2 ** width - 1}u;"
            elif kind < 0.3:
                scalar, count = self.pick(), r.randint(1, 5)
                fields += f" {scalar} a{i}[{count}];"
                hashing += f" for (int i = 0; i < {count}; i++) h = hash_{word(scalar)}(h, &v->a{i}[i]);"
                filling += f" for (int i = 0; i < {count}; i++) fill_{word(scalar)}(&v->a{i}[i], s);"
            elif kind < 0.4:
                fields += f" union {{ uint64_t whole; float part[2]; }} u{i};"
                hashing += f" h = mix(h, v->u{i}.whole);"
                filling += f" v->u{i}.whole = next(s);"
            else:
                inner = self.pick()
                fields += f" {inner} f{i};"
                hashing += f" h = hash_{word(inner)}(h, &v->f{i});"
                filling += f" fill_{word(inner)}(&v->f{i}, s);"
        self.records.append(name)
        w = word(name)
        self.header += (f"{name} {{{fields} }};\n"
                        f"static inline uint64_t hash_{w}(uint64_t h, const {name} *v) {{{hashing} return h; }}\n"
                        f"static inline void fill_{w}({name} *v, uint64_t *s) {{{filling} }}\n")

    def callback(self, name):
        """A callback's typedef, the host's function of that type, and how the library calls it."""
        r = self.random
        types = [self.pick() for _ in range(r.randint(1, 4))]
        result = self.pick()
        arguments = ", ".join(f"{t} p{i}" for i, t in enumerate(types))
        self.header += f"typedef {result} (*{name})(void *context PORIN_TOKEN(context), {arguments}, const unsigned char " \
            f"*data PORIN_IN(size), " \
                       f"unsigned char *back PORIN_OUT(size), int size, const char *text PORIN_STRING) PORIN_FAILS(0);\n"
        hashing = "".join(f" h = hash_{word(t)}(h, &p{i});" for i, t in enumerate(types))
        self.tests += f"static {result} host_{name}(void *context, {arguments}, const unsigned char *data, unsigned char " \
            f"*back, int size, const " \
                      f"char *text)\n{{\n    uint64_t h = *(uint64_t *)context;{hashing}\n    h = hash_bytes(h, data, (size_t)size);\n" \
                      f"    h = hash_bytes(h, text, strlen(text));\n    for (int i = 0; i < size; i++)\n" \
                      f"        back[i] = (unsigned char)next(&h);\n" \
                      f"    {result} result;\n    fill_{word(result)}(&result, &h);\n    *(uint64_t *)context = h;\n" \
                      f"    return result;\n}}\n"
        fills = "".join(f"        {t} p{i}; fill_{word(t)}(&p{i}, &h);\n" for i, t in enumerate(types))
        passed = "".join(f", p{i}" for i in range(len(types)))
        return f"    for (int n = 0; n < 3; n++) {{\n" \
        f"{fills}        unsigned char data[40], back[40]; int size = (int)(next(&h) % 40);\n" \
               f"        for (int i = 0; i < 40; i++) data[i] = (unsigned char)next(&h);\n        char text[24];\n" \
               f"        snprintf(text, sizeof text, \"%llu\", (unsigned long long)next(&h));\n" \
               f"        {result} made = callback(context{passed}, data, back, size, text);\n" \
               f"        h = hash_{word(result)}(h, &made); h = hash_bytes(h, back, (size_t)size);\n    }}\n"

    def memory(self, i):
        """Text or bytes of any length: parameters, set-up, what the library reads, what is compared, what the library writes, arguments."""
        r = self.random
        way = r.choice(["", "", " PORIN_BY_CAP", " PORIN_BY_COPY"])
        if r.random() < 0.4:
            size = r.choice([2, 30, 1100, 9000])
            setup = f"    static char b{i}[{size}]; size_t l{i} = next(&s) % {size - 1};\n" \
                    f"    memset(b{i}, 0, {size}); for (size_t i = 0; i < l{i}; i++) b{i}[i] = 'a' + next(&s) % 26;\n"
            arg = f"(l{i} == 7 ? NULL : b{i})"
            return [(f"const char *p{i}", f" PORIN_STRING{way}")], setup, \
                f"    h = p{i} ? hash_bytes(h, p{i}, strlen(p{i})) : mix(h, 3);\n", "", "", [(arg, arg)]
        size, direction = r.choice([10, 1500, 70000]), r.choice(["IN", "OUT", "INOUT", "FILLED"])
        setup = f"    static unsigned char n{i}[{size}], b{i}[{size}]; int c{i} = (int)(next(&s) % {size});\n" \
                f"    for (int i = 0; i < {size}; i++) n{i}[i] = b{i}[i] = (unsigned char)next(&s);\n"
        body = f"    h = hash_bytes(h, p{i}, (size_t)c{i});\n" if direction in ("IN", "INOUT") else ""
        count = f"*f{i} = (int)(h % (unsigned)(c{i} + 1))" if direction == "FILLED" else f"c{i}"
        write = "" if direction == "IN" else f"    for (int i = 0, n = {count}; i < n; i++) p{i}[i] = (unsigned char)next(&h);\n"
        check = "" if direction == "IN" else f"    a = hash_bytes(a, n{i}, (size_t)c{i}); b = hash_bytes(b, b{i}, (size_t)c{i});\n"
        arguments = [(f"n{i}", f"b{i}"), (f"c{i}", f"c{i}")]
        const = "const " if direction == "IN" else ""
        note = f" PORIN_OUT(c{i}) PORIN_FILLED(*f{i})" if direction == "FILLED" else f" PORIN_{direction}(c{i})"
        declared = [(f"{const}unsigned char *p{i}", note + way), (f"int c{i}", "")]
        if direction == "FILLED":
            setup += f"    int nf{i} = 0, bf{i} = 0;\n"
            declared.append((f"int *f{i}", " PORIN_OUT(1)"))
            arguments.append((f"&nf{i}", f"&bf{i}"))
            check = f"    a = mix(hash_bytes(a, n{i}, (size_t)nf{i}), nf{i}); b = mix(hash_bytes(b, b{i}, (size_t)bf{i}), bf{i});\n"
        return declared, setup, body, check, write, arguments

    def function(self, index):
        r, name = self.random, f"f{index}"
        types = [self.pick() for _ in range(r.randint(0, 9))]
        result = r.choice(["void", self.pick(), self.pick()])
        # (declaration, annotation, argument, hash in the library, write in the library, set-up, comparison)
        parameters, declared, setup, body, check, passed = [], [], "", "", "", []
        for i, t in enumerate(types):
            w = word(t)
            kind = r.random()
            if kind < 0.6:
                parameters.append((f"{t} p{i}", ""))
                setup += f"    {t} p{i}; fill_{w}(&p{i}, &s);\n"
                body += f"    h = hash_{w}(h, &p{i});\n"
                passed.append((f"p{i}", f"p{i}"))
            else:
                n = r.randint(1, 5)
                direction = r.choice(["IN", "OUT", "INOUT"])
                const = "const " if direction == "IN" else ""
                parameters.append((f"{const}{t} *p{i}", f" PORIN_{direction}({n})"))
                setup += f"    {t} n{i}[{n}], b{i}[{n}]; for (int i = 0; i < {n}; i++) {{ fill_{w}(&n{i}[i], &s); b{i}[i] = n{i}[i]; }}\n"
                if direction != "OUT":
                    body += f"    for (int i = 0; i < {n}; i++) h = hash_{w}(h, &p{i}[i]);\n"
                if direction != "IN":
                    check += f"    for (int i = 0; i < {n}; i++) a = hash_{w}(a, &n{i}[i]), b = hash_{w}(b, &b{i}[i]);\n"
                passed.append((f"n{i}", f"b{i}"))
        writes = "".join(f"    for (int i = 0; i < {p[1].split('(')[1][:-1]}; i++) fill_{word(t)}(&p{i}[i], &h);\n"
                         for i, (t, p) in enumerate(zip(types, parameters)) if "OUT" in p[1])
        call = ""
        for _ in range(r.randint(0, 2)):
            more = self.memory(len(passed))
            parameters += more[0]
            setup, body, check, call = setup + more[1], body + more[2], check + more[3], call + more[4]
            passed += more[5]
        if not self.between and r.random() < 0.35:
            call += self.callback(f"visit{index}")
            parameters += [(f"visit{index} callback", " PORIN_CALLBACK"), ("void *context", " PORIN_TOKEN(context)")]
            passed += [(f"host_visit{index}", f"host_visit{index}"), ("&na", "&nb")]
            check += "    a = mix(a, na); b = mix(b, nb);\n"
        header = ", ".join(d + a for d, a in parameters) or "void"
        self.header += f"PORIN_ENTRY {'PORIN_FAILS(0) ' if result != 'void' else ''}{result} {name}({header});\n"
        plain = ", ".join(d for d, _ in parameters) or "void"
        self.code += f"{result} {name}({plain})\n{{\n    uint64_t h = {index};\n{body}{call}{writes}"
        self.code += "    (void)h;\n}\n" if result == "void" else f"    {result} made;\n    fill_{word(result)}(&made, &h);\n" \
            "    return made;\n}\n"
        calls = [", ".join(p[side] for p in passed) for side in (0, 1)]
        self.tests += f"{result} native_{name}({plain});\nstatic int test_{name}(uint64_t s)\n{{\n" \
            f"    uint64_t a = 0, b = 0, na = s, nb = s;\n" \
                      f"    (void)na, (void)nb;\n{setup}"
        if result == "void":
            self.tests += f"    native_{name}({calls[0]});\n    {name}({calls[1]});\n"
        else:
            self.tests += f"    {result} rn = native_{name}({calls[0]}), rb = {name}({calls[1]});\n" \
                          f"    a = hash_{word(result)}(a, &rn); b = hash_{word(result)}(b, &rb);\n"
        self.tests += f"{check}    if (a == b && porin_binding_error()->status == PORIN_OK)\n        return 0;\n" \
                      f"    printf(\"{name}: native and bound differ; %s\\n\", porin_binding_error()->text);\n    return 1;\n}}\n"

    def formats(self):
        r = self.random
        self.header += "PORIN_ENTRY PORIN_FAILS(0) unsigned long print(int a, const char *format PORIN_FORMAT, ...);\n"
        self.code += "unsigned long print(int a, const char *format, ...)\n{\n    char text[2000];\n    va_list list;\n" \
            "    va_start(list, format);\n" \
                     "    vsnprintf(text, sizeof text, format, list);\n    va_end(list);\n" \
                     "    return hash_bytes((uint64_t)a, text, strlen(text));\n}\n"
        self.tests += "unsigned long native_print(int a, const char *format, ...);\nstatic int test_print(uint64_t s)\n{\n" \
            "    int bad = 0;\n    (void)s;\n"
        kinds = [("%d", "(int)-{n}"), ("%lx", "0x{n}abcdef01ul"), ("%s", '"text{n}"'), ("%.3s", '"longer{n}"'),
                 ("%g", "{n}.25"), ("%c", "'a'"),
                 ("%*d", "{n} % 9, {n}"), ("%Lg", "{n}.5L"), ("%zu%%", "(size_t){n}"), ("%hhd", "{n}"), ("%-8.2f|", "{n}.125"),
                 ("%llu", "{n}ull")]
        for _ in range(20):
            chosen = [(r.choice(kinds), r.randint(1, 99)) for _ in range(r.randint(0, 16))]
            text = "".join(k[0] for k, _ in chosen)
            arguments = "".join(", " + k[1].format(n=n) for k, n in chosen)
            self.tests += f'    bad += native_print(3, "{text}"{arguments}) != print(3, "{text}"{arguments});\n'
        self.tests += '    if (bad)\n        printf("print: %d formats differ; %s\\n", bad, porin_binding_error()->text);\n' \
            '    return bad;\n}\n'

    def main(self, functions, names):
        """The host's program, or the domain's entry."""
        if self.between:
            calls = "".join(f"        bad += test_{n}(s);\n" for n in names)
            return f"unsigned run_tests(void)\n{{\n    unsigned bad = 0;\n    for (uint64_t s = 1; s <= 20; s++) {{\n{calls}    }}\n" \
                f"    printf(\"{functions} functions between domains, %u differences\\n\", bad);\n" \
                "    fflush(stdout);\n    return bad;\n}\n" \
                "PORIN_EXPORT(run_tests);\n"
        return ("int main(int argc, char **argv)\n{\n    struct porin_error error = {0};\n    int bad = 0;\n    (void)argc;\n"
                "    porin_domain *domain = start(argv[1], NULL);\n    must_start(lib_bind(domain, &error), &error);\n"
                "    for (uint64_t s = 1; s <= 20; s++) {\n" + "".join(f"        bad += test_{n}(s);\n" for n in names) +
                f"    }}\n    printf(\"{functions} functions, %d differences\\n\", bad);\n    return bad != 0;\n}}\n")

    def write(self, folder, functions):
        for i in range(6):
            self.record(i)
        for i in range(functions):
            self.function(i)
        names = [f"f{i}" for i in range(functions)]
        if not self.between:
            self.formats()
            names.append("print")
        with open(f"{folder}/lib.h", "w", encoding="ascii") as out:
            out.write('#ifndef LIB_H\n#define LIB_H\n#include <stdint.h>\n#include <stddef.h>\n#include "porin/bind.h"\n' + PRELUDE)
            out.write("".join(scalar_functions(s) for s in SCALARS) + self.header + "#endif\n")
        with open(f"{folder}/lib.c", "w", encoding="ascii") as out:
            out.write('#include <stdarg.h>\n#include <stdio.h>\n#include <string.h>\n#ifdef NATIVE\n')
            out.write("".join(f"#define {n} native_{n}\n" for n in names) + '#endif\n#include "lib.h"\n' + self.code)
        with open(f"{folder}/main.c", "w", encoding="ascii") as out:
            headers = ["lib.h", "porin/binding.h", "porin/domain.h"] if self.between else ["lib_bind.h", "start.h"]
            includes = "\n#include ".join(f'"{name}"' for name in headers)
            out.write(f"#include {includes}\n#include <stdio.h>\n#include <string.h>\n" + self.tests + self.main(functions, names))


Library(int(sys.argv[1]), sys.argv[3:] == ["between"]).write(sys.argv[2], 30)
