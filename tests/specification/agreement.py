# SPDX-License-Identifier: Apache-2.0
"""Both verdicts on the same code: the verifier's (through verify_batch) and the second specification's."""
import os
import struct
import subprocess

from specification import GATE_SIZE, IMPORT_GATES, decode, verify

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VERIFIER = os.path.join(ROOT, "build", "tests", "specification", "verify_batch")


def verifier_verdicts(snippets, imports=0, program=VERIFIER):
    """(accepted, offset, uses, text) of each snippet; the program answers every snippet or it is an error."""
    data = b"".join(struct.pack("<I", len(snippet)) + snippet for snippet in snippets)
    done = subprocess.run([program, str(imports)], input=data, capture_output=True)
    rows = done.stdout.decode("ascii").splitlines()
    if done.returncode != 0 or len(rows) != len(snippets):
        raise RuntimeError("%s: exit status %d, %d verdicts for %d snippets: %s"
                           % (program, done.returncode, len(rows), len(snippets), done.stderr.decode("utf-8", "replace")))
    verdicts = []
    for row in rows:
        words = row.split()
        accepted = words[0] == "accept"
        verdicts.append((accepted, None if accepted else int(words[1], 0), int(words[1]) if accepted else 0, row))
    return verdicts


def disagreements(snippets, imports=0, program=VERIFIER, offsets=False):
    """(verdicts of the verifier, disagreements as printable text).

    What must agree: accepted or refused; for accepted code the state it can dirty; with `offsets`, for refused code the place.
    """
    gates = [IMPORT_GATES + GATE_SIZE * k for k in range(imports)]
    theirs, found = verifier_verdicts(snippets, imports, program), []
    for snippet, lines, their in zip(snippets, decode(snippets), theirs):
        own = verify(snippet, lines, gates)
        if (own.accepted, own.uses) == (their[0], their[2]) and (own.accepted or not offsets or own.offset == their[1]):
            continue
        found.append("%s\n  verifier:      %s\n  specification: %s\n%s"
                     % (snippet[:96].hex(" "), their[3], own, listing(lines, own, their)))
    return theirs, found


def listing(lines, own, their):
    """The instructions around the place where the verdicts part."""
    places = [offset for offset in (own.offset, their[1]) if offset is not None] or [0]
    near = [line for line in lines if min(places) - 16 <= line.offset <= max(places) + 24]
    return "".join("    %6x: %-32s %s\n" % (line.offset, line.raw.hex(" "), line.text) for line in near[:16])
