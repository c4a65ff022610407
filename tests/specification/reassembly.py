# SPDX-License-Identifier: Apache-2.0
"""Is a VEX or EVEX encoding one that GNU as writes for the text objdump read from it?

objdump does not look at all reserved bits (W and pp of many EVEX forms, V', masks, broadcast where there is none), so its text alone
does not show an undefined encoding. What GNU as writes is defined. Compared are the fields; the freedoms are: VEX in two or three bytes,
W where the assembler's -mvexwig and -mevexwig can choose it, displacement size, SIB spelling, the value of an immediate.
"""
import os
import re
import subprocess
import tempfile

from cases import sections

SLOT = 32  # bytes between two instructions in the assembler's output
KNOWN = {}


def run_assembler(lines, wide):
    """(section contents by name, numbers of the lines in error); contents are None when there are errors."""
    with tempfile.TemporaryDirectory(prefix="porin-spec-") as folder:
        output = os.path.join(folder, "code.o")
        command = ["as", "--64", "-mvexwig=%d" % wide, "-mevexwig=%d" % wide, "-o", output, "-"]
        done = subprocess.run(command, input="".join(line + "\n" for line in lines), capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": "C"})
        wrong = {int(number) - 1 for number in re.findall(r"^\{standard input\}:(\d+): Error", done.stderr, re.MULTILINE)}
        if done.returncode != 0 and not wrong:
            raise RuntimeError("as: " + done.stderr)
        return (None if wrong else sections(output)), wrong


def assemble_each(texts, wide):
    """Bytes of each text, or None where GNU as refuses it."""
    numbers, contents, wrong = list(range(len(texts))), None, set()
    while contents is None:
        numbers = [number for number in numbers if number not in wrong]
        lines = ["1: %s; 2: .pushsection .sizes; .byte 2b-1b; .popsection; .balign %d, 0xcc" % (texts[number], SLOT) for number in numbers]
        contents, at_fault = run_assembler(lines, wide)
        wrong = {numbers[line] for line in at_fault}
    result = [None] * len(texts)
    for index, number in enumerate(numbers):
        result[number] = contents[".text"][index * SLOT:index * SLOT + contents[".sizes"][index]]
    return result


def fields(code):
    """The parts of a VEX or EVEX instruction that carry meaning: (W, everything else)."""
    if code[0] == 0x62:
        payload, rest = (code[1], code[2] & 0x7F, code[3]), code[4:]
        wide = code[2] >> 7
    elif code[0] == 0xC5:
        payload, rest, wide = (code[1] & 0x80 | 0x61, code[1] & 0x7F), code[2:], 0
    else:
        payload, rest, wide = (code[1], code[2] & 0x7F), code[3:], code[2] >> 7
    if len(rest) < 2:  # vzeroupper, vzeroall
        return wide, (code[0] == 0x62, payload, rest)
    mode, base, size = rest[1] >> 6, rest[1] & 7, 2
    if mode != 3:
        if base == 4:
            base = rest[2] & 7
            size += 1
        size += (4 if base == 5 else 0, 1, 4)[mode]
    return wide, (code[0] == 0x62, payload, rest[0], rest[1] & 0x38, mode == 3 and rest[1] & 7, len(rest) - size)


def judge_batch(lines):
    """Fills KNOWN: True where the bytes are what GNU as would write, up to the freedoms above."""
    spelled = [spelling(line) for line in lines]
    narrow, wide = assemble_each(spelled, 0), assemble_each(spelled, 1)
    for line, codes in zip(lines, zip(narrow, wide)):
        wanted = twin(line) if is_twin(line) else fields(line.raw)
        KNOWN[line.raw] = None not in codes and any(wanted == fields(code) for code in codes)


def is_twin(line):
    """Two instructions have a second opcode that GNU as never picks: vpextrw to a register by map 3, vmovq with memory by 6E and 7E."""
    words, opcode = line.text.split(" "), line.raw[{0x62: 4, 0xC5: 2, 0xC4: 3}[line.raw[0]]]
    return words[0] == "vpextrw" and opcode == 0x15 and "(" not in line.text or words[0] == "vmovq" and opcode in (0x6E, 0x7E) and \
        "(" in line.text and fields(line.raw)[1][1][1] & 3 == 1


def twin(line):
    """The fields the instruction spelled by spelling() has when `line` is well formed: vpextrb is 14 for 15, vmovd has W = 0."""
    wide, rest = fields(line.raw)
    if line.text.startswith("vmovq"):
        return 1 - wide, rest
    return wide, rest[:2] + (0x14,) + rest[3:]


def spelling(line):
    """objdump's text in words GNU as takes: 2.40 prints a stray suffix before some EVEX names, and %riz for no index."""
    text = re.sub(r"^[lq](?=vp)", "", line.text) if line.raw[0] == 0x62 else line.text
    text = re.sub(r",%riz,1", "", text.replace("{vex} ", ""))
    if is_twin(line):
        text = text.replace("vmovq", "vmovd").replace("vpextrw", "vpextrb")
    return ("{evex} " if line.raw[0] == 0x62 else "{vex3} ") + text


def doubtful(raw):
    """Whether a vector encoding is undefined; reassemble() has seen it before."""
    return not KNOWN[raw]


def reassemble(listings):
    """Judges every VEX and EVEX instruction of the listings not judged before."""
    fresh = {}
    for lines in listings:
        for line in lines:
            if line.raw[0] in (0xC4, 0xC5, 0x62) and len(line.raw) > 2 and line.raw not in KNOWN and "bad" not in line.text:
                fresh[line.raw] = line
    if fresh:
        judge_batch(list(fresh.values()))
