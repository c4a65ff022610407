#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzer: random and mutated code to the verifier and to the second specification; every disagreement is printed and fails."""
import argparse
import os
import sys
import time

from agreement import ROOT, VERIFIER, disagreements
from snippets import Source

CHUNK = 20000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100000, help="snippets")
    parser.add_argument("--pool", default=os.path.join(ROOT, "build"), help="folder whose objects and images give real instructions")
    parser.add_argument("--verifier", default=VERIFIER, help="program that reads length-prefixed snippets and prints verdicts")
    parser.add_argument("--offsets", action="store_true", help="also compare the offset of the first offence")
    options = parser.parse_args()
    start, source, done, accepted, failures = time.monotonic(), Source(options.seed, options.pool), 0, 0, 0
    while done < options.count:
        snippets = source.take(min(CHUNK, options.count - done))
        theirs, found = disagreements(snippets, program=options.verifier, offsets=options.offsets)
        done += len(snippets)
        accepted += sum(their[0] for their in theirs)
        failures += len(found)
        print("".join(found), end="", flush=True)
    print("fuzz: seed %d, %d snippets (%d accepted), %d disagreements, %.0f s"
          % (options.seed, done, accepted, failures, time.monotonic() - start))
    return bool(failures or not accepted)


if __name__ == "__main__":
    sys.exit(main())
