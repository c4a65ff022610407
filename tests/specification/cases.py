# SPDX-License-Identifier: Apache-2.0
"""Reads cases.txt and assembles its cases, all with one run of GNU as."""
import os
import re
import struct
import subprocess
import tempfile
from typing import NamedTuple

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.txt")


class Case(NamedTuple):
    """One line of cases.txt; offset is None for accepted code."""
    number: int
    accepted: bool
    offset: int
    rule: str
    source: str
    code: bytes

    def __str__(self):
        return "cases.txt:%d: %s" % (self.number, self.source)


def sections(path):
    """Name to (contents, size of its relocations) for an ELF64 relocatable file."""
    with open(path, "rb") as file:
        data = file.read()
    table, size, count, names = struct.unpack_from("<Q10xHHH", data, 40)
    headers = [struct.unpack_from("<IIQQQQ", data, table + index * size) for index in range(count)]
    text = data[headers[names][4]:]
    return {text[header[0]:text.index(b"\0", header[0])].decode(): data[header[4]:header[4] + header[5]] for header in headers}


def assemble(sources):
    """Bytes of each assembly source; "text" in one names its own first byte."""
    lines = []
    for index, source in enumerate(sources):
        lines += [".section .case.%d, \"ax\"" % index, "text_%d:" % index, re.sub(r"\b(text|counter|table)\b", r"\1_%d" % index, source)]
    with tempfile.TemporaryDirectory(prefix="porin-cases-") as folder:
        output = os.path.join(folder, "cases.o")
        done = subprocess.run(["as", "--64", "-o", output, "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError("as: " + done.stderr)
        found = sections(output)
    relocated = [name for name in found if name.startswith(".rela.case.")]
    if relocated:
        raise RuntimeError("cases with relocations: %s" % [sources[int(name.rsplit(".", 1)[1])] for name in relocated])
    return [found[".case.%d" % index] for index in range(len(sources))]


def read_cases(path=FILE):
    """All cases of the file, assembled."""
    rows = []
    with open(path, encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            if not line.strip() or line.startswith("#"):
                continue
            verdict, offset, rule, kind, source = line.split(None, 4)
            if verdict not in ("accept", "refuse") or kind not in ("asm", "hex") or (offset == "-") != (verdict == "accept"):
                raise RuntimeError("cases.txt:%d: malformed line" % number)
            rows.append((number, verdict == "accept", None if offset == "-" else int(offset, 0), rule, kind, source.strip()))
    assembled = iter(assemble([row[5] for row in rows if row[4] == "asm"]))
    return [Case(*row[:4], row[5], next(assembled) if row[4] == "asm" else bytes.fromhex(row[5])) for row in rows]
