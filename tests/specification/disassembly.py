# SPDX-License-Identifier: Apache-2.0
"""Disassemblers as decoders: many snippets of code through one run, back as (offset, bytes, text) per instruction.

GNU objdump gives the text. It does not know all reserved bits of VEX and EVEX (W, pp, V', broadcast where there is none), so llvm-mc
must know each such instruction too, with the same length.
"""
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


def objdump(code):
    """The lines of one linear disassembly of `code`, which starts at address 0."""
    with tempfile.NamedTemporaryFile(prefix="porin-spec-", delete=False) as file:
        file.write(code)
    try:
        command = ["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "att,suffix", "-w", "-z", "--insn-width=16", file.name]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env={**os.environ, "LC_ALL": "C"})
    finally:
        os.unlink(file.name)
    if done.returncode != 0:
        raise RuntimeError("objdump failed: " + done.stderr.strip())
    return done.stdout.splitlines()


# Between the instructions given to llvm-mc; no VEX or EVEX instruction prints like this.
MARK_BYTES, MARK_TEXT = "0xcc 0x0f 0x0b 0xcc\n", "int3|ud2|int3"
LLVM_KNOWS = {}


def llvm_mc(raws):
    """(numbers of the raws with a warning, instructions printed for each raw) of one llvm-mc run."""
    text = MARK_BYTES.join(" ".join("%#04x" % byte for byte in raw) + "\n" for raw in raws)
    done = subprocess.run(["llvm-mc", "-disassemble", "-triple=x86_64"], input=text, capture_output=True, text=True, errors="replace")
    warned = {int(line) // 2 for line in re.findall(r"^<stdin>:(\d+):", done.stderr, re.MULTILINE)}
    printed = [row.split("#")[0].strip() for row in done.stdout.splitlines()]
    groups = "|".join(row for row in printed if row and row != ".text").split("|" + MARK_TEXT + "|")
    return warned, [group.split("|") for group in groups]


def ask_llvm(raws):
    """Fills LLVM_KNOWS for the instructions not asked before."""
    raws = [raw for raw in raws if raw not in LLVM_KNOWS]
    LLVM_KNOWS.update(dict.fromkeys(raws, False))
    warned, _ = llvm_mc(raws)
    clean = [raw for number, raw in enumerate(raws) if number not in warned]
    if not clean:
        return
    warned, groups = llvm_mc(clean)
    if warned or len(groups) != len(clean):
        raise RuntimeError("llvm-mc lost step: %d groups for %d instructions" % (len(groups), len(clean)))
    LLVM_KNOWS.update((raw, len(group) == 1) for raw, group in zip(clean, groups))


def doubt(line):
    """The line, or a bad one where llvm-mc does not know the vector instruction."""
    return line if LLVM_KNOWS.get(line.raw, True) else Line(line.offset, line.raw, "(bad) for llvm-mc: " + line.text)


def is_vector(line):
    return line.raw[0] in (0xC4, 0xC5, 0x62) and len(line.raw) > 1 and "(bad)" not in line.text


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
            text = fields[2].partition("#")[0].strip() if len(fields) > 2 else "(bad)"
            line = Line(offset, bytes.fromhex(fields[1]), text)
            result[index] += [part for part in split_fwait(line) if part.offset < len(snippets[index])]
    ask_llvm({line.raw for lines in result for line in lines if is_vector(line)})
    return [[doubt(line) for line in in_step(lines, len(snippet), start)] for lines, snippet, start in zip(result, snippets, starts)]


def in_step(lines, size, start):
    """Checks that the lines cover the snippet without gap; a hole would be our own fault, so it is an error, not a verdict."""
    expected = 0
    for line in lines:
        if line.offset != expected:
            raise RuntimeError("disassembly lost step at %#x (snippet at %#x)" % (line.offset, start))
        expected += len(line.raw)
    if expected < size:
        raise RuntimeError("disassembly ends early at %#x of %#x" % (expected, size))
    return [Line(line.offset, line.raw, relative(line, start)) for line in lines]


BRANCH = re.compile(r"^(j\w+|call\w*) +0x([0-9a-f]+)$")


def relative(line, start):
    """Direct branches: objdump prints the target as an address; rewritten to an offset in the snippet, signed."""
    match = line.text[0] in "jc" and BRANCH.match(line.text)
    if not match:
        return re.sub(r" {2,}", " ", line.text)
    target = (int(match[2], 16) - start) & (2 ** 64 - 1)
    return "%s %d" % (match[1], target - 2 ** 64 if target >> 63 else target)
