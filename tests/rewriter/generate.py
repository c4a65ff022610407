# SPDX-License-Identifier: Apache-2.0
"""Random assembly for the rewriter: functions that compute on a block of memory, without a pointer ever becoming data."""
import random

SIZES = {8: "b", 16: "w", 32: "l", 64: "q"}
POOL = ["ax", "cx", "dx", "si", "di", "bp", "8", "9", "12", "13"]  # rbx holds the block's address; the others are the rewriter's
CONDITIONS = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"]
NUMBERS = [0, 1, -1, 2, 7, 8, 0x7F, -0x80, 0xFF, 0x7FFF, 0x7FFFFFFF, -0x80000000, 0x0A1E0FF3, 0x1E0FF3, 0x12345678]
BLOCK_BYTES = 256   # of memory the functions may touch
FRAME_BYTES = 64    # of their stack


def name(register, bits):
    if register.isdigit():
        return "%r" + register + {8: "b", 16: "w", 32: "d", 64: ""}[bits]
    if bits == 8:
        return "%" + (register[0] if register in ("ax", "cx", "dx") else register) + "l"
    return "%" + {16: "", 32: "e", 64: "r"}[bits] + register


class Generator:
    def __init__(self, seed, functions=12):
        self.random = random.Random(seed)
        self.lines, self.labels, self.function_count = [], 0, functions
        self.described = seed % 2 == 1  # with frame information, as compilers write it; else as people write it
        self.cfa = 8
        self.depth = 0  # pushes that are still to be popped

    def language(self):
        return "compiler-assembly" if self.described else "assembler"

# --- choosing ---
    def pick(self, items):
        return self.random.choice(items)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def emit(self, text):
        self.lines.append("\t" + text)

    def stack(self, text, step):
        """An instruction that moves the stack pointer down by step."""
        self.emit(text)
        self.cfa += step
        if self.described:
            self.emit(".cfi_def_cfa_offset %d" % self.cfa)

    def label(self):
        self.labels += 1
        return ".L%d" % self.labels

    def bits(self):
        return self.pick([8, 16, 32, 32, 32, 64, 64, 64])

    def register(self, bits):
        return name(self.pick(POOL), bits)

    def number(self, bits):
        value = self.pick(NUMBERS) if self.chance(60) else self.random.randrange(-0x80000000, 0x80000000)
        limit = 1 << min(bits, 32) - 1
        return "$%d" % ((value + limit) % (2 * limit) - limit)

    def memory(self, bits):
        """A memory operand; may first emit what makes the index small."""
        step = bits // 8
        roll = self.random.randrange(100)
        if roll < 35:
            return "%d(%%rbx)" % self.random.randrange(BLOCK_BYTES - step + 1)
        if roll < 50:
            return "%d(%%rsp)" % (self.depth * 8 + self.random.randrange(FRAME_BYTES - step + 1))
        if roll < 60:
            return "table+%d(%%rip)" % self.random.randrange(64 - step + 1)
        index, scale = self.pick(POOL), self.pick([1, 2, 4, 8])
        self.emit("movzbl %s, %s" % (name(index, 8), name(index, 32)))
        self.emit("andl $7, %s" % name(index, 32))
        if roll < 70:
            return "table(,%s,%d)" % (name(index, 64), self.pick([1, 2, 4]))
        if roll < 80:
            return "%d(%%rbx,%s,%d)" % (self.random.randrange(0, BLOCK_BYTES - 64 - step), name(index, 64), scale)
        self.emit("leaq %d(%%rbx,%s,%d), %s" % (self.random.randrange(0, 64), name(index, 64), scale, name(index, 64)))
        operand = "%d(%s)" % (self.random.randrange(0, 64), name(index, 64))
        self.pointer = index  # to be given a number again
        return operand

    # --- instructions ---
    def instruction(self):
        self.whole(self.pick([self.arithmetic] * 8 + [self.move] * 4 + [self.shift] * 2 + [self.unary] * 2 + [self.flags] * 3 +
                  [self.extend, self.multiply, self.lea, self.exchange, self.bit, self.double_shift, self.vector, self.vector]))

    def whole(self, make):
        """One instruction and what it needs before and behind it."""
        self.pointer = None
        make()
        if self.pointer:
            self.emit("movl $%d, %s" % (self.random.randrange(1 << 31), name(self.pointer, 32)))

    def operands(self, bits):
        """source, destination: at most one of them in memory, and no register that holds the address."""
        roll = self.random.randrange(100)
        if roll < 40:
            return self.register(bits), self.register(bits)
        if roll < 55:
            return self.number(bits), self.register(bits)
        operand = self.memory(bits)
        other = name(self.pick([r for r in POOL if r != self.pointer]), bits)
        if roll < 75:
            return operand, other
        if roll < 90:
            return other, operand
        return self.number(bits), operand

    def arithmetic(self):
        bits = self.bits()
        self.emit("%s%s %s, %s" % (self.pick(["add", "sub", "and", "or", "xor", "adc", "sbb", "cmp"]), SIZES[bits], *self.operands(bits)))
        if self.chance(30):
            self.flags()

    def move(self):
        bits = self.bits()
        self.emit("mov%s %s, %s" % (SIZES[bits], *self.operands(bits)))

    def shift(self):
        bits = self.bits()
        target = self.memory(bits) if self.chance(30) else self.register(bits)
        if self.chance(30) and self.pointer != "cx":
            self.emit("%s%s %%cl, %s" % (self.pick(["shl", "shr", "sar", "rol", "ror"]), SIZES[bits], target))
        else:
            count = self.random.randrange(1, bits)
            self.emit("%s%s $%d, %s" % (self.pick(["shl", "shr", "sar", "rol", "ror"]), SIZES[bits], count, target))

    def unary(self):
        bits = self.bits()
        target = self.memory(bits) if self.chance(40) else self.register(bits)
        self.emit("%s%s %s" % (self.pick(["inc", "dec", "neg", "not"]), SIZES[bits], target))

    def flags(self):
        """Something that reads the flags, which may have to live across an address computation."""
        condition = self.pick(CONDITIONS)
        roll = self.random.randrange(3)
        if roll == 0:
            self.emit("set%s %d(%%rbx)" % (condition, self.random.randrange(BLOCK_BYTES)))
        elif roll == 1:
            self.emit("set%s %s" % (condition, self.register(8)))
        else:
            bits = self.pick([32, 64])
            source = "%d(%%rbx)" % self.random.randrange(BLOCK_BYTES - 8) if self.chance(50) else self.other(bits)
            self.emit("cmov%s %s, %s" % (condition, source, self.register(bits)))

    def extend(self):
        bits, narrow = self.pick([32, 64]), self.pick([8, 16])
        source = self.memory(narrow) if self.chance(50) else self.register(narrow)
        self.emit("mov%s%s%s %s, %s" % (self.pick("zs"), SIZES[narrow], SIZES[bits], source, self.other(bits)))

    def other(self, bits):
        return name(self.pick([r for r in POOL if r != self.pointer]), bits)

    def multiply(self):
        bits = self.pick([32, 64])
        source = self.memory(bits) if self.chance(50) else self.register(bits)
        if self.chance(50):
            self.emit("imul%s $%d, %s, %s" % (SIZES[bits], self.random.randrange(-1000, 1000), source, self.other(bits)))
        else:
            self.emit("imul%s %s, %s" % (SIZES[bits], source, self.other(bits)))

    def lea(self):
        bits = self.pick([32, 64])
        self.emit("lea%s %d(%s,%s,%d), %s" % (SIZES[bits], self.random.randrange(-1000, 1000), self.register(64), self.register(64),
                                              self.pick([1, 2, 4, 8]), self.register(bits)))

    def exchange(self):
        bits = self.bits()
        roll = self.random.randrange(4)
        operand = self.memory(bits)
        suffix, other = SIZES[bits], self.other(bits)
        if roll == 0:
            self.emit("xchg%s %s, %s" % (suffix, other, operand))
        elif roll == 1:
            self.emit("lock xadd%s %s, %s" % (suffix, other, operand))
        elif roll == 2 and self.pointer != "ax":
            self.emit("lock cmpxchg%s %s, %s" % (suffix, other, operand))
        else:
            self.emit("lock %s%s %s, %s" % (self.pick(["add", "sub", "xor"]), suffix, other, operand))

    def bit(self):
        bits = self.pick([32, 64])
        operation = self.pick(["bt", "bts", "btr", "btc"])
        if self.chance(50):
            self.emit("%s%s %s, %s" % (operation, SIZES[bits], self.register(bits), self.register(bits)))
        else:
            self.emit("%s%s $%d, %s" % (operation, SIZES[bits], self.random.randrange(bits), self.memory(bits)))
        self.emit("setc %s" % self.other(8))

    def double_shift(self):
        bits = self.pick([32, 64])
        target = self.memory(bits) if self.chance(40) else self.register(bits)
        self.emit("%s%s $%d, %s, %s" % (self.pick(["shld", "shrd"]), SIZES[bits], self.random.randrange(1, bits), self.other(bits), target))

    def vector(self):
        a, b = self.random.randrange(8), self.random.randrange(8)
        operand = self.memory(128) if self.chance(50) else "%%xmm%d" % self.random.randrange(8)
        self.emit(self.pick([
            "movdqu %s, %%xmm%d" % (operand, a), "movdqu %%xmm%d, %s" % (a, operand), "paddq %%xmm%d, %%xmm%d" % (a, b),
            "pxor %%xmm%d, %%xmm%d" % (a, b), "pshufd $%d, %%xmm%d, %%xmm%d" % (self.random.randrange(256), a, b),
            "movq %s, %%xmm%d" % (self.other(64), a), "movq %%xmm%d, %s" % (a, self.other(64)),
        ]))

    # --- larger things ---
    def string(self):
        operation, size = self.pick(["rep movs", "rep stos", "repe cmps", "repne scas", "movs", "lods", "stos"]), self.pick("bwlq")
        at, count = self.random.randrange(0, 64), self.random.randrange(0, 7)
        self.emit("leaq %d(%%rbx), %%rsi" % at)
        self.emit("leaq %d(%%rbx), %%rdi" % (at + 64 + self.random.randrange(0, 60)))
        self.emit("movl $%d, %%ecx" % count)
        if self.chance(50):
            self.emit("cmpq %s, %%rax" % self.number(32))
        self.emit("%s%s" % (operation, size))
        if "cmps" in operation or "scas" in operation or self.chance(50):
            self.flags_only()
        self.emit("subq %rbx, %rsi")
        self.emit("subq %rbx, %rdi")

    def flags_only(self):
        self.emit("set%s %d(%%rbx)" % (self.pick(CONDITIONS), self.random.randrange(BLOCK_BYTES)))

    def run_of(self, count):
        for _ in range(self.random.randrange(1, count + 1)):
            self.instruction()

    def skip(self):
        over = self.label()
        self.whole(self.arithmetic)
        self.emit("j%s %s" % (self.pick(CONDITIONS), over))
        self.run_of(5)
        if self.chance(40):
            end = self.label()
            self.emit("jmp %s" % end)
            self.lines.append(over + ":")
            self.run_of(5)
            over = end
        self.lines.append(over + ":")

    def loop(self):
        again, at = self.label(), "%d(%%rsp)" % (self.depth * 8 + FRAME_BYTES)
        self.emit("movl $%d, %s" % (self.random.randrange(1, 6), at))
        self.lines.append(again + ":")
        self.run_of(6)
        self.emit("decl %s" % at)
        self.emit("jne %s" % again)

    def rotated_loop(self):
        """Entered at its end, so that its beginning is met before any branch to it."""
        body, test, at = self.label(), self.label(), "%d(%%rsp)" % (self.depth * 8 + FRAME_BYTES)
        self.emit("movl $%d, %s" % (self.random.randrange(1, 5), at))
        self.emit("jmp %s" % test)
        self.lines.append(body + ":")
        self.run_of(5)
        self.lines.append(test + ":")
        self.emit("decl %s" % at)
        self.emit("jns %s" % body)

    def saved(self):
        register = self.pick(POOL)
        self.stack("pushq %s" % name(register, 64), 8)
        self.depth += 1
        self.run_of(4)
        self.stack("popq %s" % name(self.pick(POOL), 64), -8)
        self.depth -= 1

    def jump_table(self):
        targets, end = [self.label() for _ in range(4)], self.label()
        self.emit("andl $3, %ecx")
        self.emit("jmp *.Ltable%s(,%%rcx,8)" % end[2:])
        for target in targets:
            self.lines.append("%s:" % target)
            self.emit("endbr64")
            self.emit("testl %ecx, %ecx")  # no flags live across an indirect jump
            self.run_of(3)
            self.emit("jmp %s" % end)
        self.lines += ["\t.section .rodata", "\t.align 8", ".Ltable%s:" % end[2:]] + ["\t.quad %s" % t for t in targets]
        self.lines += ["\t.text", "%s:" % end]

    def helper_call(self):
        if self.chance(50):
            self.emit("call helper")
        else:
            self.emit("leaq helper(%rip), %r8")
            self.emit("call *%r8")
            self.emit("movl $5, %r8d")

    # --- programs ---
    def begin(self, symbol, shown=True):
        self.lines += ["\t.globl %s" % symbol] * shown + ["\t.type %s, @function" % symbol, "%s:" % symbol]
        self.lines += ["\t.cfi_startproc"] * self.described
        self.emit("endbr64")
        self.cfa = 8

    def end(self, symbol):
        self.emit("ret")
        self.lines += ["\t.cfi_endproc"] * self.described + ["\t.size %s, .-%s" % (symbol, symbol)]

    def function(self, number):
        self.begin("case_%d" % number)
        for register in ("rbx", "rbp", "r12", "r13"):
            self.stack("pushq %%%s" % register, 8)
        self.stack("subq $%d, %%rsp" % (FRAME_BYTES + 8), FRAME_BYTES + 8)
        self.emit("movq %rdi, %rbx")
        for i in range(8):
            self.emit("movdqu %d(%%rbx), %%xmm%d" % (i * 8, i))
            self.emit("movq %%rsi, %d(%%rsp)" % (i * 8))
        for i, register in enumerate(POOL):
            self.emit("movq %d(%%rbx), %s" % (i * 8, name(register, 64)))
        self.emit("testl %eax, %eax")
        for _ in range(self.random.randrange(4, 14)):
            rare = [self.loop, self.rotated_loop, self.string, self.saved, self.jump_table, self.helper_call]
            self.pick([self.instruction] * 6 + [self.skip] * 3 + rare)()
        for i, register in enumerate(POOL[1:], 1):
            self.emit("rolq $%d, %%rax" % (i * 3))
            self.emit("xorq %s, %%rax" % name(register, 64))
        for i in range(8):
            self.emit("xorq %d(%%rsp), %%rax" % (i * 8))
            self.emit("movdqu %%xmm%d, %d(%%rbx)" % (i, i * 32 % (BLOCK_BYTES - 16)))
        self.stack("addq $%d, %%rsp" % (FRAME_BYTES + 8), -FRAME_BYTES - 8)
        for register in ("r13", "r12", "rbp", "rbx"):
            self.stack("popq %%%s" % register, -8)
        self.end("case_%d" % number)

    def program(self):
        self.lines.append("\t.text")
        self.begin("helper", shown=False)
        for line in ("addq 16(%rbx), %rax", "movl %eax, 24(%rbx)", "xorl $0x77, %edx"):
            self.emit(line)
        self.end("helper")
        for number in range(self.function_count):
            self.function(number)
        self.begin("case_run")
        for register in ("rbx", "rbp", "r12"):
            self.stack("pushq %%%s" % register, 8)
        for line in ("movq %rdi, %rbx", "movq %rsi, %rbp", "xorl %r12d, %r12d"):
            self.emit(line)
        for number in range(self.function_count):
            for line in ("movq %rbx, %rdi", "movq %rbp, %rsi", "call case_%d" % number, "rolq $7, %r12", "xorq %rax, %r12"):
                self.emit(line)
        self.emit("movq %r12, %rax")
        for register in ("r12", "rbp", "rbx"):
            self.stack("popq %%%s" % register, -8)
        self.end("case_run")
        self.lines += ["\t.data", "\t.align 16", "table:"]
        self.lines += ["\t.quad %d" % self.random.randrange(1 << 62) for _ in range(10)]
        self.lines.append('\t.section .note.GNU-stack,"",@progbits')
        head = "# Made by tests/rewriter/fuzz.py\n" + ("# compiler\n" if self.described else "")
        return head + "\n".join(self.lines) + "\n"
