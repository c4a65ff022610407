# SPDX-License-Identifier: Apache-2.0
"""gdb sees domains: symbols of their images, back traces across gates and services, a list of who lives.

    (gdb) source porin.py
    (gdb) info domains
    (gdb) backtrace

Works on a running host and on its core file. The host needs libporin's debug information (it is built with it); the symbols of an image
are taken from the file that it was loaded from. See doc/debugging.md.
"""
import os
import gdb
from gdb.FrameDecorator import FrameDecorator, SymValueWrapper
from gdb.unwinder import Unwinder, register_unwinder

# trusted/tables/layout.h, trusted/runtime/thread_layout.h, entry.S and include/porin/porin.h have these numbers for the C code.
SLOT_SHIFT, SLOTS = 33, 16384
GATES, GATES_IMPORT, GATE_SIZE, IMAGE_BASE = 0x100000, 0x110000, 512, 0x130000
FRAME_ENTRY = 1
GATES_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gates.debug")
STATES = {1: "fresh", 2: "starting", 3: "ready", 4: "dying", 5: "dead"}
THREAD_STACKS = 0x1000
REGISTER_INTEGRITY, USES_CAPABILITIES = 1, 128
SAVED_BY_GATE = ("r13", "r12", "rbp", "rbx")                 # behind the callee's data stack pointer
SAVED_BY_HOST = ("r15", "r14", "r13", "r12", "rbx", "rbp")   # host_save
SAVED_BY_SERVICE = ("r14", "r15", "rbx", "rbp", "r12", "r13")


def word(address):
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, 8)), "little")


def static(file, name):
    """A static variable of the runtime; None if the program has none or no debug information."""
    try:
        return gdb.parse_and_eval("'%s'::%s" % (file, name))
    except gdb.error:
        return None


class Runtime:
    """What the runtime's own tables say."""

    @staticmethod
    def domain_of(address):
        """The domain in whose slot the address lies, or None."""
        slot, table = address >> SLOT_SHIFT, static("trusted/runtime/domain.c", "domains")
        if table is None or not int(table) or not 0 < slot < SLOTS:
            return None
        domain = table[slot]
        return domain if int(domain["base"]) == slot << SLOT_SHIFT and int(domain["state"]) & 0xff in STATES else None

    @staticmethod
    def slots_in_use():
        arenas, count = static("trusted/slots/region.c", "arenas"), static("trusted/slots/region.c", "arena_count")
        free = static("trusted/slots/region.c", "free_slots")
        if arenas is None:
            return
        bits = [int(free[i]) for i in range(SLOTS // 16)]
        for i in range(int(count)):
            for slot in range(int(arenas[i]["first"]), int(arenas[i]["end"])):
                if not bits[slot // 16] >> slot % 16 & 1:
                    yield slot

    @staticmethod
    def domains():
        for slot in Runtime.slots_in_use():
            domain = Runtime.domain_of(slot << SLOT_SHIFT)
            if domain is not None:
                yield domain

    @staticmethod
    def edge_at(address):
        """(caller, edge) of the gate in whose code the address lies, or None."""
        offset = address & (1 << SLOT_SHIFT) - 1
        if not GATES_IMPORT <= offset < IMAGE_BASE:
            return None
        caller, gate = Runtime.domain_of(address), (offset - GATES_IMPORT) // GATE_SIZE
        if caller is None or not int(caller["edges"]):
            return None
        for k in range(int(caller["image"]["layout"]["imports_count"])):
            if int(caller["edges"][k]["gate"]) == gate and caller["edges"][k]["bound"]:
                return caller, caller["edges"][k]
        return None

    @staticmethod
    def frames(thread):
        """The thread's switches between host stack and control stack, innermost first."""
        frame = thread["frame"]
        while int(frame):
            yield frame.dereference()
            frame = frame["previous"]


class FrameId:
    """gdb compares the stack addresses of neighbours, but not across an inlined function, which each gate is said to be (gates.c)."""

    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class CrossingUnwinder(Unwinder):
    """From a gate to the domain that called it, from the host's assembly to what is on its other side."""

    def __init__(self):
        super().__init__("porin crossings")
        self.forget()
        gdb.events.stop.connect(self.forget)
        gdb.events.new_objfile.connect(self.forget)

    def forget(self, event=None):
        self.entered = {}   # (thread, control stack pointer) of a crossing seen: (slot entered, data stack pointer found there)

    def stack_pointer_of(self, thread, slot, sp):
        """The data stack pointer that the domain in `slot` had when it left at `sp`: where the next crossing inward found it, or now."""
        inward = [(at, found[1]) for (of, at), found in self.entered.items() if of == thread and at < sp and found[0] == slot]
        return max(inward)[1] if inward else word(int(gdb.parse_and_eval("$gs_base")) + THREAD_STACKS + 32 * slot) & 0xffffffff

    @staticmethod
    def block():
        return gdb.parse_and_eval("*(struct thread *)$gs_base")

    def __call__(self, pending):
        pc, sp = (int(pending.read_register(name)) & (1 << 64) - 1 for name in ("pc", "rsp"))
        try:
            found = self.gate(pc, sp) or self.service_gate(pc, sp) or self.host(pc, sp)
        except gdb.error:
            return None
        if not found:
            return None
        kind = gdb.lookup_type("unsigned long")
        identity = found.pop("identity", 0)     # a gate's is below any caller's
        info = pending.create_unwind_info(FrameId(gdb.Value(identity or sp & 0xfffff).cast(kind), gdb.Value(pc).cast(kind)))
        for name, content in found.items():
            info.add_saved_register(name, gdb.Value(content).cast(kind))
        for name in () if "rbx" in found else ("rbx", "rbp", "r12", "r13", "r14", "r15"):
            if name not in found:
                info.add_saved_register(name, pending.read_register(name))
        return info

    def gate(self, pc, sp):
        at = Runtime.edge_at(pc)
        if at is None:
            return None
        caller, edge = at
        offset, thread = pc & GATE_SIZE - 1, gdb.selected_thread().ptid
        pushed = sum(int(edge["pushes"][i]) <= offset for i in range(int(edge["changes"])))
        popped = sum(int(edge["pops"][i]) <= offset for i in range(int(edge["changes"])))
        top, found = sp + 8 * (pushed - popped), {}
        if offset == int(edge["return_offset"]):
            self.entered[thread, sp] = int(edge["callee_slot"]), word(sp) & 0xffffffff
            if int(edge["policy"]) & REGISTER_INTEGRITY:
                window = (int(caller["image"]["uses"]) | int(edge["callee_uses"])) & USES_CAPABILITIES
                found = {register: word(sp + 8 * (i + (2 if window else 1))) for i, register in enumerate(SAVED_BY_GATE)}
            found["r15"] = self.stack_pointer_of(thread, int(caller["slot"]), sp)
            found["r14"] = int(caller["base"])
        return dict(found, rip=word(top), rsp=top + 8)

    @staticmethod
    def service_gate(pc, sp):
        """A service gate jumps and leaves nothing on the control stack: its frame is there for the name's sake."""
        in_gate = GATES <= pc & (1 << SLOT_SHIFT) - 1 < GATES_IMPORT and Runtime.domain_of(pc) is not None
        return {"rip": word(sp), "rsp": sp + 8} if in_gate else None

    def host(self, pc, sp):
        name = gdb.execute("info symbol %#x" % pc, to_string=True).split()[0]
        if name == "host_return":
            return self.host_enter(sp)
        if name in ("service_enter", "gate_slow"):
            return self.service_enter(sp)
        return None

    def host_enter(self, sp):
        for frame in Runtime.frames(self.block()):
            if int(frame["kind"]) == FRAME_ENTRY and int(frame["control_sp"]) == sp:
                self.entered[gdb.selected_thread().ptid, sp] = int(frame["r14"]) >> SLOT_SHIFT, int(frame["r15"])
                at = int(frame["host_sp"]) + 8
                found = {register: word(at + 8 * i) for i, register in enumerate(SAVED_BY_HOST)}
                at += 8 * len(SAVED_BY_HOST)
                return dict(found, rip=word(at), rsp=at + 8, identity=at)
        return None

    def service_enter(self, sp):
        outward = [frame for frame in Runtime.frames(self.block()) if int(frame["kind"]) != FRAME_ENTRY and int(frame.address) >= sp]
        if not outward:
            return None
        frame = min(outward, key=lambda frame: int(frame.address))
        found = {register: int(frame[register]) for register in SAVED_BY_SERVICE}
        return dict(found, rip=int(frame["r14"]) + GATES + 4, rsp=int(frame["control_sp"]), identity=sp)


class Crossing(FrameDecorator):
    """A gate in a back trace."""

    def __init__(self, frame, name):
        super().__init__(frame)
        self.name = name

    def function(self):
        return self.name

    def filename(self):
        return None

    def line(self):
        return None

    def address(self):
        return None


class Plain(FrameDecorator):
    """Any other frame; an argument that cannot be read must not end the back trace."""

    def frame_args(self):
        arguments = super().frame_args() or ()
        return [SymValueWrapper(argument.symbol(), self.value_of(argument.symbol())) for argument in arguments]

    def value_of(self, symbol):
        try:
            value = symbol.value(self.inferior_frame())
            value.fetch_lazy()
            return value
        except gdb.error as error:
            return "<%s>" % error


class CrossingNames:
    """Says of a gate what it is bound to; of its two frames (gates.c) one is shown."""

    def __init__(self):
        self.name, self.priority, self.enabled = "porin gates", 100, True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        for frame in frames:
            pc = frame.inferior_frame().pc()
            if not GATES <= pc & (1 << SLOT_SHIFT) - 1 < IMAGE_BASE or Runtime.domain_of(pc) is None:
                yield Plain(frame)
            elif frame.inferior_frame().type() == gdb.INLINE_FRAME:
                yield Crossing(frame, self.text(pc))

    @staticmethod
    def text(pc):
        caller, at = Runtime.domain_of(pc)["name"].string(), Runtime.edge_at(pc)
        if at is None:
            return "<gate: %s calls a service>" % caller
        callee = Runtime.domain_of(int(at[1]["callee_slot"]) << SLOT_SHIFT)
        return "<gate: %s calls %s of %s>" % (caller, at[1]["name"].string(), callee["name"].string() if callee is not None else "?")


class Symbols:
    """Adds the symbols of each domain's image at the base of its slot, when the program has stopped."""

    def __init__(self):
        self.known = {}     # base: path of the image, or None
        gdb.events.stop.connect(self.update)
        gdb.events.exited.connect(lambda event: self.known.clear())

    def update(self, event=None):
        try:
            alive = {int(domain["base"]): self.path(domain) for domain in Runtime.domains()}
        except (gdb.error, gdb.MemoryError):
            return
        for base in [base for base, path in self.known.items() if alive.get(base, 0) != path]:
            for file, offset in self.files(self.known.pop(base)):
                self.run("remove-symbol-file -a %#x" % (base + offset))
        for base in alive.keys() - self.known.keys():
            self.known[base] = alive[base]
            for file, offset in self.files(alive[base]):
                self.run("add-symbol-file %s -o %#x" % (file, base))

    @staticmethod
    def files(path):
        """What is loaded for a domain: file, and its first address in the slot."""
        return [(GATES_FILE, GATES)] + ([(path, IMAGE_BASE)] if path and os.path.exists(path) else [])

    @staticmethod
    def path(domain):
        image = domain["image"]
        return image["path"].string() if int(image) and int(image["path"]) else None

    @staticmethod
    def run(command):
        confirm = gdb.parameter("confirm")
        gdb.execute("set confirm off")
        try:
            gdb.execute(command, to_string=True)
        except gdb.error as error:
            gdb.write("porin: %s: %s\n" % (command, error))
        finally:
            gdb.execute("set confirm %s" % ("on" if confirm else "off"))


class InfoDomains(gdb.Command):
    """Lists the domains: slot, base, state, name, image, and what their imports are bound to."""

    def __init__(self, symbols):
        super().__init__("info domains", gdb.COMMAND_STATUS)
        self.symbols = symbols

    def invoke(self, argument, from_tty):
        self.symbols.update()
        rows = [("slot", "base", "state", "name", "image", "bound to")]
        for domain in Runtime.domains():
            bound = sorted({self.callee(edge) for edge in self.edges(domain) if edge["bound"]})
            rows.append((str(int(domain["slot"])), "%#x" % int(domain["base"]), STATES[int(domain["state"]) & 0xff],
                         domain["name"].string(), self.symbols.path(domain) or "-", " ".join(bound) or "-"))
        if len(rows) == 1:
            gdb.write("No domains.\n")
            return
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        for row in rows:
            gdb.write("  ".join([cell.ljust(width) for cell, width in zip(row, widths)] + [row[5]]) + "\n")

    @staticmethod
    def edges(domain):
        count = int(domain["image"]["layout"]["imports_count"]) if int(domain["edges"]) else 0
        return [domain["edges"][k] for k in range(count)]

    @staticmethod
    def callee(edge):
        callee = Runtime.domain_of(int(edge["callee_slot"]) << SLOT_SHIFT)
        return callee["name"].string() if callee is not None else "(gone)"


class Slot(gdb.Function):
    """$slot(POINTER): the pointer of a domain as gdb can follow it. Domains have offsets in their slots: print *$slot(node)"""

    def __init__(self):
        super().__init__("slot")

    def invoke(self, pointer):
        return gdb.Value(int(gdb.parse_and_eval("$r14")) + (int(pointer) & 0xffffffff)).cast(pointer.type)


class Core(gdb.Command):
    """Writes a core file without the address space that Porin only reserves: porin-gcore [FILE].

    gdb's own generate-core-file would write all of it, many terabytes of nothing. The kernel's core files are as small as this one."""

    DONTDUMP, DODUMP = 16, 17   # madvise

    def __init__(self):
        super().__init__("porin-gcore", gdb.COMMAND_DATA, gdb.COMPLETE_FILENAME)

    def invoke(self, argument, from_tty):
        reserved, chosen = self.reserved(gdb.selected_inferior().pid), gdb.selected_frame().level()
        gdb.newest_frame().select()     # from another one gdb would call madvise with that one's stack
        self.advise(reserved, self.DONTDUMP)
        try:
            gdb.execute("generate-core-file " + argument)
        finally:
            self.advise(reserved, self.DODUMP)
            gdb.execute("frame level %d" % chosen, to_string=True)  # the calls have made gdb forget the frame itself

    @staticmethod
    def reserved(pid):
        found = []
        with open("/proc/%d/maps" % pid) as maps:
            for line in maps:
                fields = line.split()
                start, end = (int(text, 16) for text in fields[0].split("-"))
                if fields[1] == "---p" and end - start >= 1 << 20:
                    found.append((start, end - start))
        return found

    @staticmethod
    def advise(ranges, advice):
        for start, size in ranges:
            gdb.parse_and_eval("((int (*)(void *, unsigned long, int))madvise)((void *)%d, %d, %d)" % (start, size, advice))


register_unwinder(None, CrossingUnwinder(), replace=True)
CrossingNames()
InfoDomains(Symbols())
Slot()
Core()
gdb.execute("handle SIGSEGV SIGILL SIGFPE SIGBUS pass", to_string=True)
