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
VECTOR_BYTES = (0xC4, 0xC5, 0x62)  # VEX of three and two bytes, EVEX
KNOWN = {}
BAD = re.compile(r"[({-]bad[)}]")  # objdump's mark on an undefined encoding
USELESS_REX = re.compile(r"^((?:lock|repn?z|rep) )?rex(?:\.[WRXB]+)? ")
WIDE_AND_66 = re.compile(rb"\x66[\xf0\xf2\xf3]?[\x48-\x4f]", re.DOTALL)


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
    """Two instructions have a second opcode that GNU as never picks: vpextrw to a register by map 3, vmovq with memory by 6E and 7E.

    (Under EVEX GNU as picks those for vmovq, and F3 7E and 66 D6 are the others.)
    """
    name, opcode, memory = line.text.split(" ")[0], line.raw[{0x62: 4, 0xC5: 2, 0xC4: 3}[line.raw[0]]], "(" in line.text
    if name == "vpextrw":
        return opcode == 0x15 and not memory
    by_w = opcode in (0x6E, 0x7E) and fields(line.raw)[1][1][1] & 3 == 1
    return name == "vmovq" and memory and by_w == (line.raw[0] != 0x62)


def twin(line):
    """The fields the instruction spelled by spelling() has when `line` is well formed: vpextrb is 14 for 15, vmovd has W = 0."""
    wide, (is_evex, payload, opcode, *rest) = fields(line.raw)
    if line.text.startswith("vpextrw"):
        opcode = 0x14
    elif not is_evex:
        wide = 1 - wide
    else:
        payload, opcode = payload[:1] + bytes([payload[1] & 0x7C | 1]) + payload[2:], {0x7E: 0x6E, 0xD6: 0x7E}[opcode]
    return wide, (is_evex, payload, opcode, *rest)


def spelling(line):
    """The instruction in words GNU as takes, in the encoding it has."""
    text = line.text.replace(",%riz,1", "")
    if is_twin(line):
        text = text.replace("vmovq", "vmovq" if line.raw[0] == 0x62 else "vmovd").replace("vpextrw", "vpextrb")
    return ("{evex} " if line.raw[0] == 0x62 else "{vex3} ") + text


def judge_prefixes(lines):
    """Fills KNOWN for legacy instructions whose prefixes are in doubt: a REX that objdump shows as useless, 66 beside REX.W.

    True where GNU as writes the same REX.W (only R, X and B mean nothing then) and the same 66.
    """
    for line, code in zip(lines, assemble_each([USELESS_REX.sub(r"\1", line.text).replace(",%riz,1", "") for line in lines], 0)):
        nop = USELESS_REX.sub("", line.text) == "nop"  # 90 is one with REX.W too: xchg %rax,%rax
        KNOWN[line.raw] = code is not None and (nop or sizes(code) == sizes(line.raw))


def sizes(code):
    """(whether 66 is there, REX.W or 0) of a legacy instruction."""
    count = 0
    while code[count] in b"\x65\x66\xf0\xf2\xf3":
        count += 1
    return 0x66 in code[:count], code[count] >> 3 & 1 if code[count] >> 4 == 4 else 0


def doubtful(raw):
    """Whether GNU as would not write this encoding; legacy instructions that gave no reason to ask are beyond doubt."""
    return not KNOWN.get(raw, raw[0] not in VECTOR_BYTES)


def is_vector(line):
    return line.raw[0] in VECTOR_BYTES and len(line.raw) > 2


def reassemble(listings):
    """The listings in the assembler's spelling, every doubtful instruction in them judged.

    Corrected are objdump 2.40's slips: a stray suffix before some EVEX names, {evex} where VEX would do, REX without effect.
    """
    listings = [[respelled(line) if line.raw[0] in (0x62, 0x66) else line for line in lines] for lines in listings]
    fresh = {line.raw: line for lines in listings for line in lines
             if line.raw not in KNOWN and (is_vector(line) or asks_for_prefixes(line)) and not BAD.search(line.text)}
    if len(KNOWN) > 1 << 20:
        KNOWN.clear()
    judge_vectors([line for line in fresh.values() if is_vector(line)])
    judge_prefixes([line for line in fresh.values() if not is_vector(line)])
    return [[without_rex(line) if "rex" in line.text else line for line in lines] for lines in listings]


def asks_for_prefixes(line):
    """Whether a legacy instruction's prefixes are in doubt. GNU as prefers another opcode for movq, so that is no witness."""
    return USELESS_REX.match(line.text) or line.text.startswith("movmskps") or \
        WIDE_AND_66.match(line.raw) and not line.text.startswith("movq ")


def respelled(line):
    """Names as GNU as has them."""
    if line.raw[0] != 0x62:
        return line._replace(text=line.text.replace("adcxw", "adcxl"))
    return line._replace(text=re.sub(r"^(\{evex\} )?([lq](?=vp))?", "", line.text))


def without_rex(line):
    """The line without the word for its REX where that is without effect."""
    return line._replace(text=USELESS_REX.sub(r"\1", line.text)) if not is_vector(line) and KNOWN.get(line.raw) else line
