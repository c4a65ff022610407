#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random assembly through rewriter, verifier and execution: it must compute in a domain what it computes natively.

--canary breaks one instruction of what the rewriter wrote and demands that the comparison notices."""
import argparse
import os
import re
import subprocess
import sys

from generate import Generator

HERE = os.path.dirname(os.path.abspath(__file__))
HARNESS = os.path.join(HERE, "harness.c")
TIME_LIMIT_SECONDS = 60
BREAKAGES = [  # by number of the canary: what is broken in the rewritten text
    (r"\taddq\s+", "\tsubq "), (r"(\d+)\(%r14,%r15\)", lambda m: "%d(%%r14,%%r15)" % (int(m.group(1)) + 8)),
    (r"\tset(n?)e\b", lambda m: "\tset" + ("e" if m.group(1) else "ne")), (r"\tmovl\s+%ebx, %r11d", "\tmovl %ecx, %r11d"),
]


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError("%s: exit status %d\n%s" % (" ".join(command), done.returncode, done.stderr[-2000:].decode(errors="replace")))
    return done.stdout


def compare(build, seed, breakage=None):
    """None if both print the same, else what is wrong. A program that fails stays where it is."""
    work = os.path.join(build, "tests", "rewriter", "fuzz-%d" % seed)
    source, native, domain, rewritten = work + ".s", work + ".native", work + ".porin", work + ".rewritten.s"
    generator = Generator(seed)
    os.makedirs(os.path.dirname(work), exist_ok=True)
    with open(source, "w", encoding="utf-8") as file:
        file.write(generator.program())
    try:
        run(["gcc", "-w", "-no-pie", HARNESS, source, "-o", native])
        run([build + "/bin/porin-cc", "-S", "-x", generator.language(), source, "-o", rewritten])
        if breakage:
            break_text(rewritten, *breakage)
        run([build + "/bin/porin-cc", "-O1", HARNESS, rewritten, "-o", domain])
        want, got = run([native]), run([build + "/bin/porin", "run", domain])
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return str(error)
    if want != got:
        return "native: %s\ndomain: %s" % (want.decode(), got.decode())
    for path in (source, native, domain, rewritten):
        os.unlink(path)
    return None


def break_text(path, pattern, replacement):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    broken = re.sub(pattern, replacement, text, count=1)
    if broken == text:
        raise LookupError("nothing to break: " + pattern)
    with open(path, "w", encoding="utf-8") as file:
        file.write(broken)


def canaries(build, seed):
    """Each breakage must be noticed in one of a few programs."""
    missed = 0
    for breakage in BREAKAGES:
        noticed = False
        for number in range(seed, seed + 10):
            try:
                noticed = compare(build, number, breakage) is not None
            except LookupError:
                continue
            if noticed:
                break
        if not noticed:
            missed += 1
            print("not noticed: %s" % breakage[0])
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--canary", action="store_true")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    failures = 0
    for seed in range(options.seed, options.seed + options.count):
        problem = compare(options.build, seed)
        if problem:
            failures += 1
            print("seed %d (build/tests/rewriter/fuzz-%d.s):\n%s" % (seed, seed, problem))
    missed = canaries(options.build, options.seed) if options.canary else 0
    print("assembly: seeds %d to %d: %d of %d programs compute the same in a domain%s" % (
        options.seed, options.seed + options.count - 1, options.count - failures, options.count,
        "; %d of %d canaries noticed" % (len(BREAKAGES) - missed, len(BREAKAGES)) if options.canary else ""))
    return 1 if failures or missed else 0


if __name__ == "__main__":
    sys.exit(main())
