# SPDX-License-Identifier: Apache-2.0
"""Is an encoding one that GNU as writes for the text objdump read from it?

objdump does not look at all reserved bits (W and pp of many EVEX forms, V', masks, broadcast where there is none), so its text alone
does not show an undefined encoding. What GNU as writes is defined. Compared are the fields; the freedoms are: VEX in two or three bytes,
W where the assembler's -mvexwig and -mevexwig can choose it, displacement size, SIB spelling, the value of an immediate, register
extension bits without a register. The same tells REX bits that mean nothing from a REX.W that does.
"""
import os
import re
import subprocess
import tempfile

from cases import sections

SLOT = 32  # bytes between two instructions in the assembler's output
KNOWN = {}
BAD = re.compile(r"[({-]bad[)}]")  # objdump's mark on an undefined encoding
USELESS_REX = re.compile(r"^(lock )?rex(?:\.[WRXB]+)? ")


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
    numbers, contents, wrong = list(range(len(texts))), None if texts else {}, set()
    while contents is None:
        numbers = [number for number in numbers if number not in wrong]
        lines = ["1: %s; 2: .pushsection .sizes; .byte 2b-1b; .popsection; .balign %d, 0xcc" % (texts[number], SLOT) for number in numbers]
        contents, at_fault = run_assembler(lines, wide)
        wrong = {numbers[line] for line in at_fault}
    result = [None] * len(texts)
    for index, number in enumerate(numbers if texts else ()):
        result[number] = contents[".text"][index * SLOT:index * SLOT + contents[".sizes"][index]]
    return result


def fields(code):
    """The parts of a VEX or EVEX instruction that carry meaning: (W, everything else)."""
    start = {0x62: 4, 0xC4: 3, 0xC5: 2}[code[0]]
    if code[0] == 0xC5:
        payload = bytes([code[1] & 0x80 | 0x61, code[1] & 0x7F])
    else:
        payload = code[1:start]
    wide, payload, rest = payload[1] >> 7, bytes([payload[0] | ignored(code, start), payload[1] & 0x7F]) + payload[2:], code[start:]
    if len(rest) < 2:  # vzeroupper, vzeroall
        return wide, (code[0] == 0x62, payload, rest)
    mode, base, size = rest[1] >> 6, rest[1] & 7, 2
    if mode != 3:
        if base == 4:
            base = rest[2] & 7
            size += 1
        size += (4 if base == 5 else 0, 1, 4)[mode]
    return wide, (code[0] == 0x62, payload, rest[0], rest[1] & 0x38, mode == 3 and rest[1] & 7, len(rest) - size)


def ignored(code, start):
    """Bits of the first payload byte that no processor looks at: register extensions R, X, B (inverted) of registers that are not there."""
    if len(code) < start + 2:
        return 0xE0
    modrm, bits = code[start + 1], 0
    if modrm >> 6 != 3 and modrm & 7 != 4:  # no index
        bits |= 0x40
    if modrm & 0xC7 == 5:  # rip
        bits |= 0x20
    if modrm >> 6 == 3 and code[0] != 0x62:
        bits |= 0x40
    return bits


def judge_vectors(lines):
    """Fills KNOWN for VEX and EVEX: True where the bytes are what GNU as would write, up to the freedoms above."""
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
    """The instruction in words GNU as takes, in the encoding it has."""
    text = line.text.replace(",%riz,1", "")
    if is_twin(line):
        text = text.replace("vmovq", "vmovd").replace("vpextrw", "vpextrb")
    return ("{evex} " if line.raw[0] == 0x62 else "{vex3} ") + text


def judge_useless_rex(lines):
    """Fills KNOWN for legacy instructions that objdump prints with their REX: True where it is only R, X and B that mean nothing."""
    for line, code in zip(lines, assemble_each([USELESS_REX.sub(r"\1", line.text).replace(",%riz,1", "") for line in lines], 0)):
        KNOWN[line.raw] = code is not None and (rex_w(code) == rex_w(line.raw) or code == b"\x90")  # xchg %rax,%rax is a nop too


def rex_w(code):
    """REX.W of a legacy instruction, 0 without REX."""
    count = 0
    while code[count] in b"\x65\x66\xf0\xf2\xf3":
        count += 1
    return code[count] >> 3 & 1 if code[count] >> 4 == 4 else 0


def doubtful(raw):
    """Whether a vector encoding is undefined; reassemble() has seen it before."""
    return not KNOWN[raw]


def is_vector(line):
    return line.raw[0] in (0xC4, 0xC5, 0x62) and len(line.raw) > 2


def reassemble(listings):
    """The listings in the assembler's spelling, every doubtful instruction in them judged.

    Corrected are objdump 2.40's slips: a stray suffix before some EVEX names, {evex} where VEX would do, REX without effect.
    """
    listings = [[respelled(line) for line in lines] for lines in listings]
    fresh = {line.raw: line for lines in listings for line in lines
             if line.raw not in KNOWN and (is_vector(line) or USELESS_REX.match(line.text)) and not BAD.search(line.text)}
    if len(KNOWN) > 1 << 20:
        KNOWN.clear()
    judge_vectors([line for line in fresh.values() if is_vector(line)])
    judge_useless_rex([line for line in fresh.values() if not is_vector(line)])
    return [[without_rex(line) for line in lines] for lines in listings]


def respelled(line):
    """Vector names as GNU as has them."""
    if line.raw[0] != 0x62:
        return line
    return line._replace(text=re.sub(r"^(\{evex\} )?([lq](?=vp))?", "", line.text))


def without_rex(line):
    """The line without the word for its REX where that is without effect."""
    return line._replace(text=USELESS_REX.sub(r"\1", line.text)) if line.raw[0] != 0x62 and KNOWN.get(line.raw) else line
