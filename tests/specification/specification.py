#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second specification of the code the verifier accepts, over objdump's text and bytes.

It was written from the accept rules V0-V13 without sight of the verifier or its tables, so that an error in either shows as a disagreement.
Rules in short: linear sweep, refuse what is not listed (V0); no odd prefixes (V1); label bytes only as a label (V2); memory only as
disp(%r14[,%r11|%r15]) or disp(%rip) (V3); rsp, r10, r14 never written or read, r11 and r15 written by 32-bit operations only (V4, V5);
thread block loads at two displacements (V6); plain direct branches to instruction starts (V7); checked sequences for indirect branches (V8)
and strings (V10); ret is C3 (V9); no x87 control, MXCSR or MMX (V9b); capability accesses (V12).
"""
import argparse
import re
import struct
import sys
from typing import NamedTuple

from disassembly import access_width, disassemble
from mnemonics import EVEX, LEGACY, VEX, VEX_INTEGER, expand, refusing_rule
from reassembly import BAD, doubtful, reassemble

IMAGE_BASE, IMPORT_GATES = 0x130000, 0x110000
GATE_SIZE, SERVICE_GATES, SERVICE_GATES_COUNT, FENV_GATE, CAPABILITY_GATE = 512, 0x100000, 5, 0x100600, 0x100800
LABEL = bytes.fromhex("f30f1efa")
NOPS = {bytes.fromhex(nop) for nop in (
    "90", "6690", "0f1f00", "0f1f4000", "0f1f440000", "660f1f440000", "0f1f8000000000", "0f1f840000000000", "660f1f840000000000",
    "662e0f1f840000000000", "66662e0f1f840000000000")}
USES_X87, USES_AVX, USES_EVEX, USES_THREAD_POINTER, USES_CALL_ERROR, USES_FENV, USES_X87_STATUS, USES_CAPABILITIES = (
    1, 2, 4, 8, 16, 32, 64, 128)


class Refusal(Exception):
    """An instruction that is not accepted: rule that decides and why."""

    def __init__(self, rule, why):
        super().__init__(why)
        self.rule, self.why = rule, why


class Verdict(NamedTuple):
    """offset and rule are None when accepted; uses is the set of state the code can dirty (rule V13)."""
    accepted: bool
    offset: int = None
    rule: str = None
    why: str = None
    uses: int = 0

    def __str__(self):
        return "accept %d" % self.uses if self.accepted else "refuse %#x %s %s" % (self.offset, self.rule, self.why)


def register_names():
    """Name to (number, bits) for the general registers; ah, ch, dh, bh belong to registers 0 to 3."""
    names = {}
    for number, (quad, byte) in enumerate(zip("rax rcx rdx rbx rsp rbp rsi rdi".split(), "al cl dl bl spl bpl sil dil".split())):
        names.update({quad: (number, 64), "e" + quad[1:]: (number, 32), quad[1:]: (number, 16), byte: (number, 8)})
    for number, byte in enumerate("ah ch dh bh".split()):
        names[byte] = (number, 8)
    for number in range(8, 16):
        names.update({"r%d%s" % (number, suffix): (number, bits) for suffix, bits in (("", 64), ("d", 32), ("w", 16), ("b", 8))})
    return {"%" + name: value for name, value in names.items()}


REGISTERS = register_names()
RSP, R10, R11, R14, R15 = 4, 10, 11, 14, 15
FORBIDDEN_REGISTERS, OFFSET_REGISTERS = {RSP, R10, R14}, {R11, R15}
OTHER_REGISTER = re.compile(r"%([xyz]mm\d+|k[0-7]|st(\([0-7]\))?)((\{%k[1-7]\})?(\{z\})?)$")
MEMORY = re.compile(r"(?P<segment>%\ws:)?(?P<disp>-?0x[0-9a-f]+)?(\((?P<base>%\w+)?(,(?P<index>%\w+)?(,(?P<scale>[1248]))?)?\))?"
                    r"(?P<decoration>(\{1to\d+\})?(\{%k[1-7]\})?(\{z\})?)$")
OPERAND = re.compile(r"(?:[^,(]|\([^)]*\)(?=[,{]|$)|\(\d\))+")

WIDTH_32_WRITERS = expand("{mov,add,sub,and,or,xor}l{,.s} leal movzbl movzwl")
READ_ONLY = expand("{cmp,test}{b,w,l,q}{,.s} bt{w,l,q}")
ONE_OPERAND_READ = expand("{mul,imul,div,idiv}{b,w,l,q}")
BOTH_WRITTEN = expand("{xchg,xadd}{b,w,l,q} mulx{l,q}")
BIT_TESTS = expand("bt{,s,r,c}{w,l,q}")
LOCKABLE = expand("{add,or,adc,sbb,and,sub,xor,not,neg,inc,dec,xadd,xchg,cmpxchg}{b,w,l,q} bt{s,r,c}{w,l,q} cmpxchg8b cmpxchg16b")
# 16-bit forms whose opcode already contains F2 or F3: the only ones with two mandatory prefixes beside strings.
DOUBLE_PREFIXED = {"popcntw", "lzcntw", "tzcntw", "crc32w"}
STRINGS = {  # mnemonic without width -> operand text, registers rebased, repeat prefixes
    "movs": ("%ds:(%rsi),%es:(%rdi)", ("di", "si"), ("", "rep ")),
    "cmps": ("%es:(%rdi),%ds:(%rsi)", ("di", "si"), ("", "repz ", "repnz ")),
    "stos": ("{0},%es:(%rdi)", ("di",), ("", "rep ")),
    "scas": ("%es:(%rdi),{0}", ("di",), ("", "repz ", "repnz ")),
    "lods": ("%ds:(%rsi),{0}", ("si",), ("", "rep ")),
}
ACCUMULATORS = {"b": "%al", "w": "%ax", "l": "%eax", "q": "%rax"}


def string_instructions():
    """Text of every string instruction -> the registers it walks, in the order of the sequence."""
    table = {}
    for name, (operands, walked, repeats) in STRINGS.items():
        for width, accumulator in ACCUMULATORS.items():
            for repeat in repeats:
                table["%s%s%s %s" % (repeat, name, width, operands.replace("{0}", accumulator))] = walked
    return table


STRING_TEXTS = string_instructions()
PREFIX_BYTES = frozenset(b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3")


def split_prefixes(raw):
    """Legacy prefixes, REX byte (or None) and the rest."""
    count = 0
    while count < len(raw) and raw[count] in PREFIX_BYTES:
        count += 1
    rex = raw[count] if count < len(raw) and raw[count] >> 4 == 4 else None
    return raw[:count], rex, raw[count + (rex is not None):]


# Order GNU as writes: segment, 66, then one of lock, F2, F3.
PREFIX_ORDER = re.compile(rb"\x65?\x66?[\xf0\xf2\xf3]?$", re.DOTALL)


def check_prefixes(raw, text):
    """V1. Whatever prefix does not change the instruction shows as a word of its own in the text, so it needs no table here."""
    prefixes, rex, rest = split_prefixes(raw)
    if not PREFIX_ORDER.match(prefixes):
        raise Refusal("V1", "prefix that is never accepted, or doubled, or out of order")
    words = text.split(" ")
    if words[0] == "lock":
        mnemonic = words[1]
        if mnemonic not in LOCKABLE or not text.endswith(")"):
            raise Refusal("V1", "lock on what is no read-modify-write of memory")
    elif 0xF0 in prefixes or words[0] in ("rep", "repz", "repnz", "data16", "addr32", "bnd", "notrack", "xacquire", "xrelease") or \
            re.match(r"(rex(\.|$)|[cdefgs]s$)", words[0]):
        if text not in STRING_TEXTS:
            raise Refusal("V1", "prefix without meaning here")
    if len(prefixes) > 1 and prefixes[-1] in b"\xf2\xf3" and prefixes[-2] == 0x66:
        if words[0] not in DOUBLE_PREFIXED and text not in STRING_TEXTS:
            raise Refusal("V1", "two operand prefixes")
    if rest[:1] in (b"\xc4", b"\xc5", b"\x62") and (prefixes or rex is not None):
        raise Refusal("V1", "prefix before VEX or EVEX")


def check_encoding(raw, mnemonic, operands):
    """The mnemonic lists, by encoding, and what the text of a legacy instruction cannot tell."""
    _, _, rest = split_prefixes(raw)
    opcode = rest[0]
    if opcode in (0x62, 0xC4, 0xC5):
        if mnemonic not in (EVEX if opcode == 0x62 else VEX):
            raise Refusal(refusing_rule(mnemonic), "no accepted vector instruction")
        if doubtful(raw):
            raise Refusal("V0", "reserved bits of a vector encoding")
        return
    if doubtful(raw):
        raise Refusal("V1", "operand size prefixes that contradict each other")
    if mnemonic == "pause" and raw != b"\xf3\x90":
        raise Refusal("V1", "pause with a REX")
    if mnemonic not in LEGACY:
        raise Refusal(refusing_rule(mnemonic), "not in the list of accepted instructions")
    if opcode in (0xF6, 0xF7) and rest[1] >> 3 & 7 == 1 or opcode in (0xC0, 0xC1, 0xD0, 0xD1, 0xD2, 0xD3) and rest[1] >> 3 & 7 == 6:
        raise Refusal("V0", "undocumented alias")
    if mnemonic in ("lfence", "mfence", "sfence") and rest[2] & 7:
        raise Refusal("V0", "fence with an operand")
    if mnemonic.startswith("set") and rest[2] & 0x38:
        raise Refusal("V0", "setcc with a register field")
    if mnemonic == "bswap" and operands[0] in REGISTERS and REGISTERS[operands[0]][1] == 16:
        raise Refusal("V0", "16-bit bswap is undefined")
    if mnemonic == "fnstsw" and operands != ["%ax"]:
        raise Refusal("V9b", "x87 state to memory")
    if mnemonic.startswith("movabs") and not operands[0].startswith("$"):
        raise Refusal("V3", "absolute address")


def check_address(match, lea):
    """V3 on a memory operand: the one addressing shape, or anything for lea but the registers nobody reads."""
    base, index, scale = match["base"], match["index"], match["scale"]
    if match["segment"]:
        raise Refusal("V6" if match["segment"] == "%gs:" else "V1", "segment override")
    if lea:
        for name in (base, index):
            if name in REGISTERS and REGISTERS[name][0] in FORBIDDEN_REGISTERS:
                raise Refusal("V5", "lea reads %s" % name)
            if name not in REGISTERS and name not in (None, "%rip", "%riz") or name in REGISTERS and REGISTERS[name][1] != 64:
                raise Refusal("V1", "lea address")
    elif base == "%rip":
        pass
    elif base != "%r14":
        raise Refusal("V3", "memory base is not r14")
    elif index not in (None, "%riz", "%r11", "%r15") or scale not in (None, "1"):
        raise Refusal("V3", "memory index is neither none nor r11 or r15 with scale 1")


def check_operand(operand, mnemonic):
    """Returns (kind, detail) of one operand: general register, memory or other; refuses what no instruction may have."""
    if operand in REGISTERS:
        return "register", REGISTERS[operand]
    if operand.startswith("$") or OTHER_REGISTER.match(operand) or re.match(r"\{(r[nduz]-)?sae\}$", operand):
        return "other", None
    match = MEMORY.match(operand)
    if not match or not (match["disp"] or match["base"] or match["index"]):
        rule = "V9b" if operand.startswith("%mm") else "V11" if operand.startswith("%") else "V0"
        raise Refusal(rule, "operand " + operand)
    check_address(match, mnemonic.startswith("lea"))
    return "memory", match


def written_operands(mnemonic, count):
    """Indexes of the operands an instruction writes, in AT&T order."""
    if mnemonic in READ_ONLY or count == 0 or count == 1 and mnemonic in ONE_OPERAND_READ:
        return ()
    return (count - 2, count - 1) if mnemonic in BOTH_WRITTEN else (count - 1,)


def check_operands(mnemonic, operands):
    """V3, V4 and V5 on all operands."""
    kinds = [check_operand(operand, mnemonic) for operand in operands]
    written = written_operands(mnemonic, len(operands))
    for index in sorted(range(len(kinds)), key=lambda index: index not in written):
        if kinds[index][0] != "register":
            continue
        number, bits = kinds[index][1]
        if number in FORBIDDEN_REGISTERS:
            raise Refusal("V4" if index in written else "V5", "use of " + operands[index])
        if number in OFFSET_REGISTERS and index in written and (bits != 32 or mnemonic not in WIDTH_32_WRITERS):
            raise Refusal("V4", "%s written by %s" % (operands[index], mnemonic))
    if mnemonic in BIT_TESTS and kinds[0][0] == "register" and kinds[1][0] == "memory":
        raise Refusal("V3", "bit index in a register reaches any address")
    if mnemonic.startswith("lea") and kinds[0][1]["base"] == "%rip" and REGISTERS.get(operands[1], (0, 0))[1] != 32:
        raise Refusal("V3", "rip-relative lea must be 32-bit")


def is_thread_block_load(raw):
    """V6: mov %gs:disp32 in the SIB form without base and index, displacement 0 or 8, to a 64-bit ordinary register or r11d."""
    if len(raw) != 9 or raw[0] != 0x65 or raw[2] != 0x8B or raw[3] & 0xC7 != 4 or raw[4] != 0x25 or raw[5:] not in (
            b"\0\0\0\0", b"\x08\0\0\0"):
        return False
    number = raw[3] >> 3 & 7 | raw[1] << 1 & 8
    if raw[1] in (0x48, 0x4C):
        return number not in FORBIDDEN_REGISTERS | OFFSET_REGISTERS
    return raw[1] == 0x44 and number == R11


class Judged(NamedTuple):
    """One instruction alone: plain, label, branch (target in text), return, trap, or part (only inside a sequence)."""
    kind: str
    refusal: Refusal = None
    uses: int = 0


def uses_of(raw, text):
    """V13."""
    if split_prefixes(raw)[2][0] in range(0xD8, 0xE0):
        return USES_X87 | (USES_X87_STATUS if text.startswith("fnstsw") else 0)
    if raw[0] == 0x62 or raw[0] in (0xC4, 0xC5) and "%k" in text:
        return USES_AVX | USES_EVEX
    return USES_AVX if raw[0] in (0xC4, 0xC5) and text.split(" ")[0] not in VEX_INTEGER else 0


def judge_alone(raw, text):
    """Verdict on one instruction outside sequences; raises Refusal."""
    if raw == LABEL:
        return Judged("label")
    if raw in NOPS or text == "nop" and len(raw) == 2 and raw[1] == 0x90:  # the latter with a REX that keeps it xchg %rax,%rax
        return Judged("plain")
    if BAD.search(text) or text.startswith(".byte") or len(raw) > 15:
        raise Refusal("V0", "no instruction")
    if re.match(r"(j\w+|call\w*) -?\d+$", text):
        if raw[0] not in (0xEB, 0xE9, 0xE8) and not 0x70 <= raw[0] <= 0x7F and not (raw[0] == 0x0F and 0x80 <= raw[1] <= 0x8F):
            raise Refusal("V11" if raw[0] == 0xE3 else "V7", "branch form")
        return Judged("jump" if raw[0] in (0xEB, 0xE9) else "branch")
    if raw == b"\xc3":
        return Judged("return")
    if raw in (b"\xcc", b"\x0f\x0b"):
        return Judged("trap")
    if is_thread_block_load(raw):
        return Judged("plain", None, USES_CALL_ERROR if raw[5] else USES_THREAD_POINTER)
    if text in STRING_TEXTS:
        raise Refusal("V10", "string instruction outside its sequence")
    check_prefixes(raw, text)
    words = text.split(" ", 1)
    if words[0] == "lock":
        words = words[1].split(" ", 1)
    mnemonic = words[0]
    operands = OPERAND.findall(words[1]) if len(words) > 1 else []
    check_encoding(raw, mnemonic, operands)
    check_operands(mnemonic, operands)
    return Judged("plain", None, uses_of(raw, text))


MEMO = {}


def judge(line):
    """judge_alone with the refusal as a value, remembered by the bytes (branches share a verdict whatever their target)."""
    found = MEMO.get(line.raw)
    if not found:
        try:
            found = judge_alone(line.raw, line.text)
        except Refusal as refusal:
            found = Judged("refused", refusal)
        if len(MEMO) > 1 << 20:
            MEMO.clear()
        MEMO[line.raw] = found
    return found


HEAD = re.compile(r"movl(?:\.s)? (.+),%r10d$")
BRANCH_TAIL = ("movl (%r14,%r10,1),%r11d", "addl $0x5e1f00d,%r11d", None, "addq %r14,%r10")


def head_source(line):
    """Source operand of a well-formed sequence head, or None."""
    match = HEAD.match(line.text)
    if not match:
        return None
    try:
        check_prefixes(line.raw, line.text)
        kind, detail = check_operand(match[1], "movl")
    except Refusal:
        return None
    if kind == "register" and (detail[0] in FORBIDDEN_REGISTERS or detail[1] != 32) or kind == "other":
        return None
    return match[1]


def branch_sequence(lines, first):
    """V8: length of the checked indirect branch at `first`, or 0."""
    if len(lines) < first + 6 or not head_source(lines[first]):
        return 0
    for line, wanted in zip(lines[first + 1:], BRANCH_TAIL):
        if wanted and line.text != wanted:
            return 0
    trap = lines[first + 3]
    if judge(trap).kind != "branch" or not trap.text.startswith("jne "):
        return 0
    return 6 if lines[first + 5].text in ("jmpq *%r10", "callq *%r10") else 0


SWITCH_MASK = re.compile(r"andl \$0x([0-9a-f]+),%r10d$")
SWITCH_PLACES = re.compile(r"leaq (-?)0x([0-9a-f]+)\(%r14,%r10,8\),%r10$")
SWITCH_MOST, PLACE_SIZE = 255, 8


def switch_sequence(lines, first):
    """V8: offsets in the text of the places that the switch at `first` may go to, or None; it has four instructions."""
    if len(lines) < first + 4 or not re.match(r"movl(?:\.s)? %[a-z0-9]+,%r10d$", lines[first].text) or not head_source(lines[first]):
        return None
    mask, places = SWITCH_MASK.match(lines[first + 1].text), SWITCH_PLACES.match(lines[first + 2].text)
    if not mask or not places or lines[first + 3].text != "jmpq *%r10" or int(mask[1], 16) > SWITCH_MOST:
        return None
    table = int(places[1] + "1") * int(places[2], 16) - IMAGE_BASE
    return [table + PLACE_SIZE * number for number in range(int(mask[1], 16) + 1)]


def string_sequence(lines, first):
    """V10: length of the string sequence at `first`, or 0."""
    for walked in (("di", "si"), ("di",), ("si",)):
        before = [text for name in walked for text in ("movl %%e%s,%%r10d" % name, "leaq (%%r14,%%r10,1),%%r%s" % name)]
        after = ["movl %%e%s,%%e%s" % (name, name) for name in walked]
        size = len(before) + 1 + len(after)
        part = lines[first:first + size]
        if len(part) < size or [line.text for line in part[:len(before)]] != before or [line.text for line in part[-len(after):]] != after:
            continue
        instruction = part[len(before)]
        if STRING_TEXTS.get(instruction.text) == walked and not string_refused(instruction):
            return size
    return 0


def string_refused(line):
    """Prefixes of the string instruction itself."""
    try:
        check_prefixes(line.raw, line.text)
    except Refusal:
        return True
    return False


ACCESS_OPERAND = re.compile(r"(-0x[0-9a-f]+)?\(%r10,%r11,1\)")
ACCESS_STEPS = ("movl %r10d,%r11d", "leaq {last:#x}(%r11),%r11", "shrq $0x34,%r10", "cmpq %gs:{limits},%r11", None,
                "movq %gs:0x100100(,%r10,8),%r10")
READ_LIMITS, WRITE_LIMITS = "0x108540(,%r10,8)", "0x110980(,%r10,8)"
X87_STORES = ("fst", "fist", "fnst")


def access_refused(line, width, writes):
    """V12: why `line` is no access of `width` bytes through (%r10,%r11) that writes only if it may, or None."""
    words = line.text.split(" ")
    mnemonic, rest = (words[1], words[2:]) if words[0] == "lock" else (words[0], words[1:])
    operands = OPERAND.findall(" ".join(rest))
    places = [index for index, operand in enumerate(operands) if ACCESS_OPERAND.fullmatch(operand)]
    if len(places) != 1 or split_prefixes(line.raw)[2][0] == 0x62 or mnemonic.startswith(("lea", "prefetch", "nop")):
        return "no access"
    place = places[0]
    if int(operands[place].partition("(")[0] or "0", 0) != 1 - width or access_width(line.raw) != width:
        return "another width"
    written = mnemonic.startswith(X87_STORES) if mnemonic[0] == "f" else place in written_operands(mnemonic, len(operands))
    if written and not writes:
        return "a write"
    try:
        check_prefixes(line.raw, line.text)
        operands[place] = "(%r14,%r11,1)"
        check_encoding(line.raw, mnemonic, operands)
        check_operands(mnemonic, operands)
    except Refusal as refusal:
        return refusal.why
    return None


def capability_sequence(lines, first, code):
    """V12: length of the capability access at `first`, or 0."""
    head = re.match(r"leaq ([^ ]+),%r10$", lines[first].text)
    if not head or len(lines) < first + 7:
        return 0
    try:
        check_prefixes(lines[first].raw, lines[first].text)
        if check_operand(head[1], "leaq")[0] != "memory" or "%rip" in head[1]:
            return 0
    except Refusal:
        return 0
    for width in (1, 2, 4, 8, 16, 32):
        for limits in (READ_LIMITS, WRITE_LIMITS):
            steps = [step and step.format(last=width - 1, limits=limits) for step in ACCESS_STEPS if width > 1 or step != ACCESS_STEPS[1]]
            part = lines[first + 1:first + 2 + len(steps)]
            if len(part) <= len(steps) or any(step and line.text != step for line, step in zip(part, steps)):
                continue
            trap = part[len(steps) - 2].text
            if judge(part[len(steps) - 2]).kind != "branch" or not trap.startswith("jae "):
                continue
            target = int(trap.split(" ")[1])
            if target >= 0 and code[target:target + 2] == b"\x0f\x0b" and not access_refused(part[-1], width, limits == WRITE_LIMITS):
                return 2 + len(steps)
    return 0


BULK_STEPS = ("movq %r{p},%r10", "movl %r10d,%r11d", "movl %ecx,%ecx", "addq %rcx,%r11", "shrq $0x34,%r10", "cmpq %gs:{limits},%r11", None,
              "movq %gs:0x100100(,%r10,8),%r{p}", "subq %rcx,%r11", "addq %r11,%r{p}", "movl %e{o},%e{o}", "addq %r14,%r{o}",
              "rep movsb %ds:(%rsi),%es:(%rdi)", "movl %e{o},%e{o}", "xorl %e{p},%e{p}")


def bulk_sequence(lines, first, code):
    """V12: length of the bulk copy at `first`, or 0."""
    for pointer, other, limits in (("si", "di", READ_LIMITS), ("di", "si", WRITE_LIMITS)):
        steps = [step and step.format(p=pointer, o=other, limits=limits) for step in BULK_STEPS]
        part = lines[first:first + len(steps)]
        if len(part) < len(steps) or any(step and line.text != step for line, step in zip(part, steps)):
            continue
        if judge(part[6]).kind == "branch" and part[6].text.startswith("ja ") and not string_refused(part[12]):
            target = int(part[6].text.split(" ")[1])
            if target >= 0 and code[target:target + 2] == b"\x0f\x0b":
                return len(steps)
    return 0


def verify(code, lines, gates=()):
    """Verdict on one text; `gates` are the slot offsets of gates beside the service gates, `lines` the disassembly of `code`.

    What one instruction or sequence shows is refused in text order; then branches into instructions; then how the text ends.
    Inside a sequence the offence is the sequence's, at its first instruction.
    """
    starts, branches, uses, last = set(), [], 0, None
    labels = {match.start() for match in re.finditer(re.escape(LABEL), code)}
    gates = {SERVICE_GATES + GATE_SIZE * k for k in range(SERVICE_GATES_COUNT)} | set(gates)
    index = 0
    while index < len(lines):
        line = lines[index]
        judged = judge(line)
        size = line.text.endswith(",%r10d") and (branch_sequence(lines, index) or string_sequence(lines, index)) or 1
        capability = capability_sequence(lines, index, code) if line.text.startswith("lea") and line.text.endswith(",%r10") else 0
        places = switch_sequence(lines, index) if line.text.endswith(",%r10d") else None
        size = 4 if places else size
        bulk = bulk_sequence(lines, index, code) if line.text.startswith("movq") and line.text.endswith(",%r10") else 0
        if bulk:
            size = bulk
            uses |= USES_CAPABILITIES
        if capability:
            size = capability
            uses |= USES_CAPABILITIES | uses_of(lines[index + size - 1].raw, lines[index + size - 1].text)
        end = lines[index + size - 1].offset + len(lines[index + size - 1].raw)
        if end > len(code):
            return Verdict(False, line.offset, "V0", "truncated instruction")
        inside = labels.intersection(range(line.offset - 3, end - 3)) if labels else ()
        if inside and not (judged.kind == "label" and inside == {line.offset}):
            return Verdict(False, line.offset, "V2", "label bytes inside an instruction")
        if size == 1 and judged.refusal:
            rule = "V8" if HEAD.match(line.text) and judged.refusal.rule == "V4" else judged.refusal.rule
            return Verdict(False, line.offset, rule, "%s: %s" % (judged.refusal.why, line.text))
        starts.add(line.offset)
        for part in lines[index:index + size]:
            part_judged = judge(part)
            uses |= part_judged.uses
            direct = [int(part.text.split(" ")[1])] if part_judged.kind in ("jump", "branch") else []
            for target in direct + (places or [] if part is line else []):
                uses |= USES_CAPABILITIES if target + IMAGE_BASE == CAPABILITY_GATE else 0
                if not 0 <= target < len(code) and target + IMAGE_BASE not in gates:
                    return Verdict(False, line.offset, "V7", "branch to outside the text: %#x" % target)
                branches.append((line.offset, target))
                uses |= USES_FENV if target + IMAGE_BASE == FENV_GATE else 0
        last = lines[index + size - 1]
        index += size
    for offset, target in branches:
        if target not in starts and target + IMAGE_BASE not in gates:
            return Verdict(False, offset, "V7", "branch to no instruction start: %#x" % target)
    if last is None:
        return Verdict(False, 0, "V7", "no code")
    if judge(last).kind not in ("jump", "return", "trap") and last.text != "jmpq *%r10":
        return Verdict(False, last.offset, "V7", "text does not end in jmp, ret or trap")
    return Verdict(True, uses=uses)


def decode(snippets):
    """Instructions of each text, with what the assembler knows about their encodings."""
    return reassemble(disassemble(snippets))


def verify_all(snippets, gates=()):
    """Verdicts on many texts, one run of disassembler and assembler."""
    return [verify(code, lines, gates) for code, lines in zip(snippets, decode(snippets))]


def read_image(path):
    """(text, import gates) of an ELF image file; ValueError names what is wrong with it."""
    with open(path, "rb") as file:
        return read_image_bytes(file.read())


def read_image_bytes(data):
    """(text, import gates) of an ELF image; ValueError or struct.error if it is none."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("no ELF64 file")
    offset, size, count = struct.unpack_from("<Q14xHH", data, 32)
    text, imports = None, None
    for index in range(count):
        kind, flags, at, address, _, in_file, _, _ = struct.unpack_from("<IIQQQQQQ", data, offset + index * size)
        if kind == 1 and flags & 1:
            if text is not None or flags & 2 or address != IMAGE_BASE:
                raise ValueError("executable segments: one, read-only, at %#x" % IMAGE_BASE)
            text = data[at:at + in_file]
            if len(text) != in_file:
                raise ValueError("file ends inside the text")
        if kind == 4:
            imports = imports if imports is not None else note_imports(data[at:at + in_file])
    if text is None or imports is None:
        raise ValueError("no executable segment or no Porin note")
    return text, [IMPORT_GATES + GATE_SIZE * k for k in range(imports)]


def note_imports(notes):
    """Number of import records the Porin note among `notes` states, or None."""
    at = 0
    while at + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, at)
        name = notes[at + 12:at + 12 + name_size].rstrip(b"\0")
        body = at + 12 + (name_size + 3 & ~3)
        if name == b"Porin" and kind == 1:
            return struct.unpack_from("<I", notes, body + 24)[0] // 64
        at = body + (size + 3 & ~3)
    return None


def read_batch(stream):
    """Length-prefixed snippets (32 bits, little endian) until the end of the stream."""
    snippets = []
    while len(header := stream.read(4)) == 4:
        snippets.append(stream.read(struct.unpack("<I", header)[0]))
    return snippets


def main():
    parser = argparse.ArgumentParser(description="Second specification of the code the verifier accepts.")
    parser.add_argument("--raw", action="store_true", help="files are flat code, the start of the text")
    parser.add_argument("--image", action="store_true", help="files are ELF images")
    parser.add_argument("--batch", action="store_true", help="length-prefixed snippets on standard input, one verdict a line")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if options.batch:
        print("\n".join(map(str, verify_all(read_batch(sys.stdin.buffer)))))
        return 0
    if options.raw == options.image or not options.files:
        parser.error("one of --raw, --image, --batch, and files")
    refused = 0
    for path in options.files:
        try:
            text, gates = read_image(path) if options.image else (open(path, "rb").read(), [])
        except (OSError, ValueError, struct.error) as error:
            print("%s: %s" % (path, error), file=sys.stderr)
            return 2
        verdict = verify_all([text], gates)[0]
        refused |= not verdict.accepted
        print("%s: %s" % (path, verdict))
    return refused


if __name__ == "__main__":
    sys.exit(main())
