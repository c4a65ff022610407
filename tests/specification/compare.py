#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the verifier with the second specification: on cases.txt, and on the texts of the images named."""
import argparse
import sys

from agreement import VERIFIER, disagreements
from cases import read_cases
from specification import read_image


def compare_cases(program):
    """Problems with cases.txt: verdict and offset must be those of the file (the specification's own test holds it to the same)."""
    cases = read_cases()
    theirs, problems = disagreements([case.code for case in cases], program=program)
    for case, (accepted, offset, _, text) in zip(cases, theirs):
        if (accepted, offset) != (case.accepted, case.offset):
            problems.append("%s\n  %s\n  expected %s, verifier: %s" % (
                case, case.code.hex(" "), "accept" if case.accepted else "refuse %#x %s" % (case.offset, case.rule), text))
    return len(cases), problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verifier", default=VERIFIER, help="program that reads length-prefixed snippets and prints verdicts")
    parser.add_argument("--quiet", action="store_true", help="only disagreements and the summary line")
    parser.add_argument("images", nargs="*", help="ELF images whose text both must judge alike")
    options = parser.parse_args()
    count, problems = compare_cases(options.verifier)
    for path in options.images:
        text, gates = read_image(path)
        verdicts, found = disagreements([text], len(gates), options.verifier, offsets=True)
        problems += ["%s: %s" % (path, problem) for problem in found]
        if not options.quiet:
            print("%s: %d bytes, %s" % (path, len(text), verdicts[0][3]))
    print("\n".join(problems), end="")
    print("verifier and specification: %d cases, %d images, %d disagreements" % (count, len(options.images), len(problems)))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
