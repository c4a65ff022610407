#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do C programs print the same natively and as domains? Builds each both ways at each optimisation level, runs and compares.

A program says in comments of its own what it needs:
    /* flags: -mavx2 */        more compiler flags, for both sides
    /* domain flags: ... */    more flags for porin-cc alone
    /* reference: musl */      build the native side with the C library that domains have: the output depends on it
    /* needs: avx512f */       CPU flags of /proc/cpuinfo; without them the program is skipped, and counted as skipped
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys

import generate

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
COMMON_FLAGS = ["-std=gnu11", "-w", "-I" + HERE]
NATIVE_FLAGS = ["-fno-pic", "-no-pie"]
TIME_LIMIT_SECONDS = 60


class Failure(Exception):
    """One program at one level went wrong; the text says how."""


class CompilerCrash(Exception):
    """gcc itself gave up: known for -fcf-protection with the label's bytes inside a 128-bit constant. Random programs may meet it."""


def directive(text, name):
    found = re.search(r"/\* %s: (.*?) \*/" % name, text)
    return found.group(1).split() if found else []


def run(command, what, allowed=(0,)):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Failure("%s: no end after %d s\n  %s" % (what, TIME_LIMIT_SECONDS, " ".join(command))) from None
    if b"internal compiler error" in done.stderr:
        raise CompilerCrash(what)
    if done.returncode not in allowed:
        tail = (done.stdout[-300:] if what.startswith("run") else b"") + done.stderr[-2000:]
        raise Failure("%s: exit status %d\n  %s\n%s" % (what, done.returncode, " ".join(command), tail.decode(errors="replace")))
    return done.stdout


def first_difference(native, domain):
    native, domain = native.splitlines(), domain.splitlines()
    for number, (left, right) in enumerate(zip(native, domain), 1):
        if left != right:
            return "line %d\n  native: %s\n  domain: %s" % (number, left.decode(errors="replace"), right.decode(errors="replace"))
    return "native prints %d lines, the domain %d" % (len(native), len(domain))


class Program:
    def __init__(self, path, build):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.flags = directive(text, "flags")
        self.domain_flags = directive(text, "domain flags")
        self.needs = directive(text, "needs")
        self.musl = directive(text, "reference") == ["musl"]
        self.folder = os.path.join(build, "tests", "abi")

    def output(self, kind, level):
        return os.path.join(self.folder, "%s-O%s.%s" % (self.name, level, kind))

    def native(self, level):
        """What the program prints natively; kept until the source changes."""
        kept = self.output("expected", level)
        newest = max(os.path.getmtime(p) for p in (self.path, os.path.join(HERE, "report.h"), __file__))
        if os.path.exists(kept) and os.path.getmtime(kept) > newest:
            with open(kept, "rb") as file:
                return file.read()
        binary = self.output("native", level)
        compiler = os.path.join(ROOT, "tools", "native-cc") if self.musl else "gcc"
        run([compiler] + COMMON_FLAGS + NATIVE_FLAGS + ["-O" + level] + self.flags + [self.path, "-o", binary, "-lm"], "compile natively")
        printed = run([binary], "run natively")
        os.unlink(binary)
        if not os.path.basename(self.path).startswith("random-"):
            self.keep(kept, printed)
        return printed

    @staticmethod
    def keep(kept, printed):
        with open(kept + ".new", "wb") as file:
            file.write(printed)
        os.rename(kept + ".new", kept)

    def domain(self, level, tools, broken=False):
        image, source = self.output("domain", level), self.path
        flags = COMMON_FLAGS + ["-O" + level] + self.flags + self.domain_flags
        if broken:  # the canary: every xor of the rewritten assembly becomes an or
            source = self.output("s", level)
            run([tools["porin-cc"]] + flags + ["-S", self.path, "-o", source], "compile to assembly")
            with open(source, encoding="utf-8") as file:
                text = file.read()
            with open(source, "w", encoding="utf-8") as file:
                file.write(text.replace("\txorq", "\torq"))
        run([tools["porin-cc"]] + flags + [source, "-o", image, "-lm"], "compile as a domain")
        printed = run([tools["porin"], "run", image], "run as a domain")
        os.unlink(image)
        return printed

    def compare(self, level, tools, options):
        expected = self.native(level)
        if not expected:
            raise Failure("the native program prints nothing")
        if options.native_only:
            return
        printed = self.domain(level, tools, options.canary)
        if printed != expected:
            raise Failure("output differs at %s" % first_difference(expected, printed))


def cpu_flags():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^flags\s*: (.*)$", file.read(), re.M)
    return set(found.group(1).split()) if found else set()


def check_levels_agree(programs, levels):
    """The programs promise to print the same at every level, so a native difference is a bug of the program (undefined behaviour)."""
    failures = []
    for program in programs:
        if len({program.native(level) for level in levels}) > 1:
            failures.append("%s: native output depends on the level" % program.name)
    return failures


def make_random(folder, seeds):
    """Random programs; their paths. A failing one stays there to be looked at."""
    paths = []
    for seed in seeds:
        path = os.path.join(folder, "random-%d.c" % seed)
        with open(path, "w", encoding="utf-8") as file:
            file.write(generate.Generator(seed).program())
        paths.append(path)
    return paths


def options_read():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--levels", default="0,1,2,3,s")
    parser.add_argument("--jobs", "-j", type=int, default=2)
    parser.add_argument("--native-only", action="store_true", help="only check that the programs run and are deterministic")
    parser.add_argument("--canary", action="store_true", help="break what the rewriter wrote: every comparison must notice")
    parser.add_argument("--random", type=int, metavar="N", help="N random programs instead of the corpus")
    parser.add_argument("--seed", type=int, default=1, help="of the first random program; the next ones count up")
    parser.add_argument("--seeds", help="random programs of these seeds, with commas between")
    parser.add_argument("--label", default="check-abi")
    parser.add_argument("programs", nargs="*", help="C files; default: all of tests/abi/programs")
    return parser.parse_args()


def programs_of(options):
    corpus, scratch = os.path.join(HERE, "programs"), os.path.join(options.build, "tests", "abi")
    os.makedirs(scratch, exist_ok=True)
    if options.seeds:
        paths = make_random(scratch, [int(seed) for seed in options.seeds.split(",")])
    elif options.random:
        paths = make_random(scratch, range(options.seed, options.seed + options.random))
    else:
        paths = options.programs or sorted(os.path.join(corpus, name) for name in os.listdir(corpus) if name.endswith(".c"))
    have = cpu_flags()
    programs = [Program(path, options.build) for path in paths]
    return [p for p in programs if set(p.needs) <= have], [p.name for p in programs if not set(p.needs) <= have]


def compare_all(programs, levels, options):
    """Failures as (program, text), and how many runs gcc itself made impossible."""
    tools = {name: os.path.join(options.build, "bin", name) for name in ("porin-cc", "porin")}
    failures, crashes = [], 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        pairs = [(program, level) for program in programs for level in levels]
        jobs = {pool.submit(program.compare, level, tools, options): (program, level) for program, level in pairs}
        for job in concurrent.futures.as_completed(jobs):
            program, level = jobs[job]
            try:
                job.result()
            except CompilerCrash:
                crashes += 1
            except Failure as failure:
                failures.append((program, "%s -O%s: %s" % (os.path.relpath(program.path, ROOT), level, failure)))
    return failures, crashes


def main():
    options = options_read()
    os.environ["PORIN_NATIVE_SYSROOT"] = os.path.join(os.path.abspath(options.build), "native", "sysroot")
    levels = options.levels.split(",")
    programs, skipped = programs_of(options)
    failures, crashes = compare_all(programs, levels, options)
    if options.canary:
        noticed = len([text for _, text in failures if "output differs" in text or ": run as a domain" in text])
        print("%s: %d of %d broken programs noticed" % (options.label, noticed, len(programs) * len(levels) - crashes))
        return 0 if noticed and noticed == len(programs) * len(levels) - crashes else 1
    equal = len(programs) * len(levels) - crashes - len(failures)
    if options.random or options.seeds:
        for program in programs:
            if program not in [failed for failed, _ in failures]:
                os.unlink(program.path)
    elif not failures:
        failures = [(None, text) for text in check_levels_agree(programs, levels)]
        failures += [(None, "gcc crashed")] if crashes else []
    for _, text in sorted(failures, key=lambda failure: failure[1]):
        print(text)
    runs = len(programs) * len(levels)
    print("%s: %d programs at %s: %d of %d runs %s%s%s" % (
        options.label, len(programs), " ".join("-O" + level for level in levels), equal, runs,
        "print something" if options.native_only else "equal to native",
        "; gcc crashed in %d" % crashes if crashes else "",
        "; skipped, CPU lacks what they need: " + " ".join(skipped) if skipped else ""))
    return 1 if failures or not programs else 0


if __name__ == "__main__":
    sys.exit(main())
