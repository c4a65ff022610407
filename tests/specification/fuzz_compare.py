#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzer: random and mutated code to the verifier and to the second specification; every disagreement is printed and fails."""
import argparse
import itertools
import os
import sys
import time

from agreement import ROOT, VERIFIER, disagreements
from snippets import ENDING, Source, every_form

CHUNK = 20000


def fuzzed(options):
    """Chunks of random snippets."""
    source = Source(options.seed, options.pool)
    for done in range(0, options.count, CHUNK):
        yield source.take(min(CHUNK, options.count - done))


def enumerated():
    """Chunks of the enumeration of all forms."""
    forms = every_form()
    while chunk := [form + ENDING for form in itertools.islice(forms, CHUNK)]:
        yield chunk


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100000, help="snippets")
    parser.add_argument("--pool", default=os.path.join(ROOT, "build"), help="folder whose objects and images give real instructions")
    parser.add_argument("--verifier", default=VERIFIER, help="program that reads length-prefixed snippets and prints verdicts")
    parser.add_argument("--offsets", action="store_true", help="also compare the offset of the first offence")
    parser.add_argument("--every-form", action="store_true", help="enumerate opcodes and prefixes instead (about ten minutes)")
    options = parser.parse_args()
    start, done, accepted, failures = time.monotonic(), 0, 0, 0
    for snippets in enumerated() if options.every_form else fuzzed(options):
        theirs, found = disagreements(snippets, program=options.verifier, offsets=options.offsets)
        done += len(snippets)
        accepted += sum(their[0] for their in theirs)
        failures += len(found)
        print("".join(found), end="", flush=True)
    print("%s: %d snippets (%d accepted), %d disagreements, %.0f s"
          % ("every form" if options.every_form else "fuzz: seed %d" % options.seed, done, accepted, failures, time.monotonic() - start))
    return bool(failures or not accepted)


if __name__ == "__main__":
    sys.exit(main())
