# SPDX-License-Identifier: Apache-2.0
"""GNU objdump as a decoder: many snippets of code through one run, back as (offset, bytes, text) per instruction."""
import functools
import os
import re
import subprocess
import tempfile
from typing import NamedTuple

LONGEST = 15  # bytes of the longest x86 instruction


class Line(NamedTuple):
    """One instruction as objdump shows it; offset counts from the start of its snippet."""
    offset: int
    raw: bytes
    text: str


def objdump(code, syntax="att,suffix"):
    """The lines of one linear disassembly of `code`, which starts at address 0."""
    with tempfile.NamedTemporaryFile(prefix="porin-spec-", delete=False) as file:
        file.write(code)
    try:
        command = ["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", syntax, "-w", "-z", "--insn-width=16", file.name]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env={**os.environ, "LC_ALL": "C"})
    finally:
        os.unlink(file.name)
    if done.returncode != 0:
        raise RuntimeError("objdump failed: " + done.stderr.strip())
    return done.stdout.splitlines()


WIDTHS = {"BYTE": 1, "WORD": 2, "DWORD": 4, "QWORD": 8, "XMMWORD": 16, "YMMWORD": 32}


@functools.lru_cache(maxsize=None)
def access_width(raw):
    """Bytes that one instruction's memory operand has, as Intel's syntax says it; 0 if it has none or of another size."""
    lines = objdump(raw, "intel")
    match = re.search(r"(\w+) PTR", lines[-1].split("\t", 2)[-1])
    return WIDTHS.get(match[1], 0) if match else 0


def split_fwait(line):
    """objdump shows fwait and the x87 instruction after it as one; the processor and every branch see two."""
    if line.raw[0] != 0x9B or len(line.raw) == 1:
        return [line]
    text = re.sub(r"^f(stcw|stenv|init|clex|save|stsw)", r"fn\1", line.text)
    return [Line(line.offset, line.raw[:1], "fwait"), *split_fwait(Line(line.offset + 1, line.raw[1:], text))]


def disassemble(snippets):
    """For each byte string its instructions up to its end; the last one is longer than what is left if it is truncated.

    int3 bytes between snippets bring the decoder back into step, however far the last instruction reaches.
    """
    starts, blob = [], bytearray()
    for snippet in snippets:
        starts.append(len(blob))
        blob += snippet + b"\xcc" * (LONGEST - len(snippet) + len(snippet.rstrip(b"\xcc")))
    result, index = [[] for _ in snippets], 0
    for row in objdump(blob) if snippets else ():
        fields = row.split("\t")
        if len(fields) < 2:
            continue
        address = int(fields[0][:-1], 16)
        while index + 1 < len(starts) and address >= starts[index + 1]:
            index += 1
        offset = address - starts[index]
        if offset < len(snippets[index]):
            text = BLANKS.sub(" ", fields[2].partition("#")[0].strip()) if len(fields) > 2 else "(bad)"
            result[index] += split_fwait(Line(offset, bytes.fromhex(fields[1]), text))
    return [in_step(lines, len(snippet), start) for lines, snippet, start in zip(result, snippets, starts)]


def in_step(lines, size, start):
    """Checks that the lines cover the snippet without gap; a hole would be our own fault, so it is an error, not a verdict."""
    expected = 0
    for line in lines:
        if line.offset != expected:
            raise RuntimeError("disassembly lost step at %#x (snippet at %#x)" % (line.offset, start))
        expected += len(line.raw)
    if expected < size:
        raise RuntimeError("disassembly ends early at %#x of %#x" % (expected, size))
    return [line._replace(text=relative(line, start)) if line.text[0] in "jc" else line for line in lines]


BLANKS = re.compile(r" {2,}")
BRANCH = re.compile(r"^(j\w+|call\w*) +0x([0-9a-f]+)$")


def relative(line, start):
    """Direct branches: objdump prints the target as an address; rewritten to an offset in the snippet, signed."""
    match = BRANCH.match(line.text)
    if not match:
        return line.text
    target = (int(match[2], 16) - start) & (2 ** 64 - 1)
    return "%s %d" % (match[1], target - 2 ** 64 if target >> 63 else target)
