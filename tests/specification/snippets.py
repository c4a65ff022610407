# SPDX-License-Identifier: Apache-2.0
"""Random code for comparing verifiers: raw bytes, built encodings, mutations of real instructions and of checked sequences."""
import glob
import os
import random
import struct

from cases import read_cases, sections
from disassembly import disassemble
from specification import read_image

# Behind each snippet, so that it can be accepted at all: text must end in a trap, and a long immediate must not run out of bytes.
ENDING = b"\xcc" * 6
PREFIXES = [b"\x66", b"\xf2", b"\xf3", b"\xf0", b"\x65", b"\x64", b"\x67", b"\x2e", b"\x36", b"\x3e", b"\x26", b"\x9b"]
LABEL = b"\xf3\x0f\x1e\xfa"
# ModRM (and SIB) bytes that domain code uses: (%r14,%r11), (%r14,%r15), (%r14), disp(%rip), register forms come from random bytes.
GOOD_SIBS = [0x1E, 0x3E, 0x26]


def random_bytes(rng, count):
    return rng.getrandbits(8 * count).to_bytes(count, "little") if count else b""


def displacement(rng, size):
    choice = rng.random()
    if choice < 0.02 and size == 4:
        return LABEL
    if choice < 0.4:
        return struct.pack("<q", rng.choice((0, 8, 16, 1, -8, 0x7F, -0x80)))[:size]
    return random_bytes(rng, size)


def modrm_tail(rng):
    """ModRM byte, SIB and displacement; half of them in the shape that rule V3 wants. Returns (needs r14 base, X bit, bytes)."""
    reg = rng.randrange(8) << 3
    choice = rng.random()
    if choice < 0.35:  # register
        return 0xC0 | reg | rng.randrange(8), b""
    if choice < 0.45:  # rip
        return 0x05 | reg, displacement(rng, 4)
    mode = rng.choice((0, 1, 2))
    extra = displacement(rng, (0, 1, 4)[mode])
    if choice < 0.55:
        return mode << 6 | reg | 6, extra
    if choice < 0.9:
        return mode << 6 | reg | 4, bytes([rng.choice(GOOD_SIBS)]) + extra
    return rng.randrange(256), random_bytes(rng, 6)


def legacy(rng):
    """Prefixes, REX, an opcode of one of the four legacy maps, operands."""
    code = b"".join(rng.choices(PREFIXES[:3] if rng.random() < 0.7 else PREFIXES, k=rng.choice((0, 0, 0, 0, 1, 1, 1, 2, 3))))
    if rng.random() < 0.8:
        code += bytes([rng.choice((0x40, 0x41, 0x43, 0x47, 0x48, 0x49, 0x4B, 0x4F, 0x44, 0x4C, rng.randrange(0x40, 0x50)))])
    code += rng.choice((b"", b"", b"", b"\x0f", b"\x0f", b"\x0f\x38", b"\x0f\x3a")) + random_bytes(rng, 1)
    modrm, tail = modrm_tail(rng)
    return code + bytes([modrm]) + tail + random_bytes(rng, rng.choice((0, 0, 1, 1, 4, 8)))


def vex(rng):
    """VEX, two or three bytes; mostly valid maps, unused vvvv in half of them."""
    vvvv = 0xF if rng.random() < 0.5 else rng.randrange(16)
    low = vvvv << 3 | rng.choice((0, 0, 0, 4)) | rng.randrange(4)
    if rng.random() < 0.15:
        code = bytes([0xC5, 0x80 * rng.randrange(2) | low])
    else:
        map_number = rng.choice((1, 2, 3)) if rng.random() < 0.97 else rng.randrange(32)
        code = bytes([0xC4, rng.choice((0x80, 0xC0, 0xE0, 0x00, 0x60)) | map_number, 0x80 * rng.randrange(2) | low])
    modrm, tail = modrm_tail(rng)
    return code + random_bytes(rng, 1) + bytes([modrm]) + tail + random_bytes(rng, rng.choice((0, 1)))


def evex(rng):
    """EVEX; mostly valid reserved bits."""
    reserved = rng.random() < 0.97
    first = rng.choice((0x90, 0xD0, 0xF0, 0x10, 0x70, 0xB0, rng.randrange(16) << 4))
    first |= rng.choice((1, 2, 3)) if reserved else rng.randrange(16)
    second = (0x80 * rng.randrange(2) | (0xF if rng.random() < 0.5 else rng.randrange(16)) << 3 | rng.randrange(4)
              | (4 if reserved or rng.random() < 0.5 else 0))
    third = rng.choice((0x08, 0x28, 0x48, 0x48, 0x00, 0x18, 0x58, rng.randrange(256))) | rng.choice((0, 0, 0, 1, 0x83))
    modrm, tail = modrm_tail(rng)
    return bytes([0x62, first, second, third & 0xFF]) + random_bytes(rng, 1) + bytes([modrm]) + tail + random_bytes(rng, rng.choice((0, 1)))


def mutate(rng, code):
    """A few small changes: a bit, a byte, a prefix in front, a byte gone, label bytes inside."""
    code = bytearray(code)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not code:
            break
        at, choice = rng.randrange(len(code)), rng.random()
        if choice < 0.5:
            code[at] ^= 1 << rng.randrange(8)
        elif choice < 0.7:
            code[at] = rng.randrange(256)
        elif choice < 0.82:
            code[at:at] = rng.choice(PREFIXES)
        elif choice < 0.9:
            del code[at]
        elif choice < 0.95:
            code[at:at] = bytes([rng.randrange(0x40, 0x50)])
        else:
            code[at:at + 4] = LABEL
    return bytes(code)


def native_text(path):
    """Code of a native relocatable object; empty for other files."""
    try:
        return b"".join(content for name, content in sections(path).items() if name.startswith(".text"))
    except (OSError, struct.error, ValueError, IndexError):
        return b""


def build_files(folder, limit=40):
    """Up to `limit` files of a build that hold code, images first, in a stable order."""
    images, objects = [], []
    for name in sorted(glob.glob(os.path.join(folder, "**", "*"), recursive=True)):
        if not os.path.isfile(name) or os.path.islink(name):
            continue
        with open(name, "rb") as file:
            head = file.read(20)
        if head[:4] == b"\x7fELF":
            (objects if head[16] == 1 else images).append(name)
    return images, objects[:limit]


def image_text(path):
    try:
        return read_image(path)[0]
    except (OSError, ValueError, struct.error):
        return b""


def every_form():
    """All opcodes of all maps with the prefixes that select forms, each with one memory and one register operand (or eight)."""
    shapes = [b"\x44\x1e\x10", b"\xc1"]
    groups = [bytes([shape[0] | reg << 3]) + shape[1:] for shape in shapes for reg in range(8)]
    for opcode in range(256):
        for prefix in (b"", b"\x66", b"\xf3", b"\xf2", b"\x66\xf3", b"\x66\xf2", b"\xf0"):
            for rex in (b"\x43", b"\x4b", b""):
                for escape in (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a"):
                    for operands in groups:
                        yield prefix + rex + escape + bytes([opcode]) + operands
        for number in range(96):
            map_number, pp, wide, vvvv, length = number % 3 + 1, number // 3 % 4, number // 12 % 2, 0xE + number // 24 % 2, number // 48
            payload = bytes([0x80 * wide | vvvv << 3 | length << 2 | pp, opcode])
            for operands in groups:
                yield bytes([0xC4, (0x80 if operands[0] < 0xC0 else 0xC0) | map_number]) + payload + operands
        for number in range(48):
            map_number, pp, wide, vvvv = number % 3 + 1, number // 3 % 4, number // 12 % 2, 0xE + number // 24
            for last in (0x08, 0x28, 0x48, 0x18, 0x58, 0x78, 0x49, 0xC9, 0xC8, 0x00, 0x68):
                for operands in shapes:
                    yield bytes([0x62, (0x90 if operands[0] < 0xC0 else 0xD0) | map_number, 0x80 * wide | vvvv << 3 | 4 | pp, last, opcode]
                                ) + operands


class Source:
    """Random snippets from one seed."""

    def __init__(self, seed, folder=None, limit=1 << 16):
        """Real instructions come from the cases and from the first `limit` code bytes of each of some files under `folder`."""
        self.rng = random.Random(seed)
        texts = [case.code for case in read_cases() if case.accepted]
        self.cases = [code for code in texts if code]
        for path in (path for group in build_files(folder) for path in group) if folder else ():
            texts.append((image_text(path) or native_text(path))[:limit])
        self.pool = [[line.raw for line in lines] for lines in disassemble([text for text in texts if text])]
        self.kinds = ([self.mutated] * 6 + [self.run_of_instructions] + [self.jump_into] * 3 + [self.mutated_case] * 3
                      + [lambda: legacy(self.rng)] * 5 + [lambda: vex(self.rng)] * 3 + [lambda: evex(self.rng)] * 4
                      + [lambda: random_bytes(self.rng, self.rng.randrange(1, 20))])

    def mutated(self):
        return mutate(self.rng, self.rng.choice(self.rng.choice(self.pool)))

    def run_of_instructions(self):
        lines = self.rng.choice(self.pool)
        first = self.rng.randrange(len(lines))
        return b"".join(lines[first:first + self.rng.randrange(1, 9)])

    def mutated_case(self):
        return mutate(self.rng, self.rng.choice(self.cases))

    def jump_into(self):
        """A branch to any byte in or near real code or a checked sequence."""
        code = self.rng.choice(self.cases) if self.rng.random() < 0.5 else self.run_of_instructions()
        opcode = self.rng.choice((0xEB, 0xEB, 0x75, 0x70 + self.rng.randrange(16)))
        return bytes([opcode, self.rng.randrange(-3, min(len(code), 120) + 3) & 0xFF]) + code

    def cut(self):
        """Code that ends anywhere, with and without what ends a text."""
        code = b"".join(self.rng.choice((self.run_of_instructions, self.jump_into, self.mutated_case))() for _ in range(2))
        return code[:self.rng.randrange(len(code) + 1)] + self.rng.choice((b"", b"\xc3", b"\xcc", b"\xeb\xfe", b"\x0f\x0b"))

    def take(self, count):
        return [self.cut() if self.rng.random() < 0.05 else self.rng.choice(self.kinds)() + ENDING for _ in range(count)]
