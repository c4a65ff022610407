/* SPDX-License-Identifier: Apache-2.0 */
/* See execute.h. The slot has text, data in the middle and nothing else. All around it, the lower neighbour included, nothing is mapped,
 * so that any access ends in a signal that tells its address; the upper neighbour is full of canaries. Registers hold what an attacker
 * would put there, addresses in both neighbours among it. */
#define _GNU_SOURCE
#include "execute.h"
#include <asm/prctl.h>
#include <cpuid.h>
#include <immintrin.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "layout.h"
#include "oracle.h"

#define GIB (1ull << 30)
#define SLOT_STRIDE (8 * GIB)
#define TEXT_OFFSET PORIN_IMAGE_BASE
#define TEXT_SIZE EXECUTE_TEXT_SIZE
#define DATA_OFFSET EXECUTE_DATA
#define DATA_SIZE EXECUTE_DATA_SIZE
#define CANARY 0x5A
#define CANARIES_SIZE (DATA_OFFSET + DATA_SIZE - TEXT_OFFSET)
#define STACK_SIZE 0x10000u
#define BLOCK_SIZE (PORIN_TB_CAPABILITY_WRITE + 8 * PORIN_CAPABILITY_REGISTERS)
#define FLAGS_FIXED 0x3F7700u /* TF IF DF IOPL NT RF VM AC VIF VIP ID: as they were at entry (IF set, others clear) */
#define FLAGS_ENTRY 0x200u

/* execute_entry.S */
void execute_enter(void);
extern uint8_t execute_state[16384];
extern uint64_t execute_target, execute_host_rsp;
extern const uint8_t execute_resume[];

static struct {
    uint8_t *arena, *slot, *text, *text_writable, *data, *stack, *trap, *block, *object;
    uint64_t fs;
    uint8_t *canaries;   /* text and data of the upper neighbour */
    unsigned next;       /* where in the text the next instruction goes */
} world;

/* What the signal found. */
static volatile struct {
    int signal, code;
    uint64_t address, registers[16], rip, flags, segments, gs, fs;
    uint32_t mxcsr, control_word;
} seen;
static const uint8_t order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };
static bool *unsupported; /* by form */
static uint64_t segments_at_entry;

static void on_signal(int signal, siginfo_t *info, void *opaque)
{
    ucontext_t *context = opaque;
    greg_t *regs = context->uc_mcontext.gregs;
    seen.signal = signal;
    seen.code = info->si_code;
    seen.address = (uint64_t)info->si_addr;
    for (unsigned i = 0; i < 16; i++)
        seen.registers[i] = (uint64_t)regs[order[i]];
    seen.rip = (uint64_t)regs[REG_RIP];
    seen.flags = (uint64_t)regs[REG_EFL];
    seen.segments = (uint64_t)regs[REG_CSGSFS];
    seen.gs = _readgsbase_u64();
    seen.fs = _readfsbase_u64();
    seen.mxcsr = context->uc_mcontext.fpregs->mxcsr;
    seen.control_word = context->uc_mcontext.fpregs->cwd;
    _writegsbase_u64((uint64_t)world.block);
    regs[REG_RIP] = (greg_t)execute_resume;
}

static void *map(void *at, size_t size, int protection, int flags, int file)
{
    void *result = mmap(at, size, protection, flags, file, 0);
    if (result == MAP_FAILED) {
        perror("execute: mmap");
        exit(2);
    }
    return result;
}

/* What a capability is about: one page far from the slot, nothing mapped beside it. Its register is the only one with a capability. */
static void map_object(void)
{
    uint8_t *pages = map(NULL, 3 * EXECUTE_OBJECT_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    world.object = map(pages + EXECUTE_OBJECT_SIZE, EXECUTE_OBJECT_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
    const uint32_t words[][2] = { { PORIN_TB_CAPABILITY_BASE, 0 }, { PORIN_TB_CAPABILITY_READ, EXECUTE_OBJECT_SIZE },
                                  { PORIN_TB_CAPABILITY_WRITE, EXECUTE_OBJECT_SIZE / 2 } };
    for (int i = 0; i < 3; i++) {
        uint64_t value = words[i][1] ? words[i][1] : (uint64_t)world.object;
        memcpy(world.block + words[i][0] + 8 * EXECUTE_REGISTER, &value, sizeof value);
    }
}

static void map_slot(void)
{
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    world.arena = map(NULL, 4 * SLOT_STRIDE, PROT_NONE, anonymous, -1);
    world.slot = (uint8_t *)(((uintptr_t)world.arena + 2 * SLOT_STRIDE) & ~(SLOT_STRIDE - 1));
    int file = memfd_create("text", 0);
    if (file < 0 || ftruncate(file, TEXT_SIZE)) {
        perror("execute: memfd");
        exit(2);
    }
    world.text = map(world.slot + TEXT_OFFSET, TEXT_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file);
    world.text_writable = map(NULL, TEXT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file);
    world.data = map(world.slot + DATA_OFFSET, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
    world.stack = map(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    world.trap = map(NULL, 0x10000, PROT_NONE, anonymous, -1);
    world.block = map(NULL, BLOCK_SIZE, PROT_READ | PROT_WRITE, anonymous, -1);
    mprotect(world.block + 0x1000, (PORIN_TB_CAPABILITY_BASE & ~0xfffu) - 0x1000, PROT_NONE);
    map_object();
    world.canaries = map(world.slot + SLOT_STRIDE + TEXT_OFFSET, CANARIES_SIZE, PROT_READ | PROT_WRITE, anonymous | MAP_FIXED, -1);
    memset(world.canaries, CANARY, CANARIES_SIZE);
    memset(world.block, 0x11, PORIN_TB_READABLE_END);
    memset(world.text_writable, 0xCC, TEXT_SIZE);
    close(file);
}

/* x87 registers, vectors and masks full of numbers that are no addresses by accident but by intent. */
static void fill_state(void)
{
    uint64_t *words = (uint64_t *)execute_state;
    uint32_t a, b, c, d;
    __cpuid_count(0xD, 0, a, b, c, d);
    if (b > sizeof execute_state) {
        fprintf(stderr, "execute: %u bytes of vector state are more than expected\n", b);
        exit(2);
    }
    __asm__ volatile("fninit; fld1; fldpi; fldl2e; fldz" ::: "memory");
    _xsave64(execute_state, ~0ull);
    __asm__ volatile("fninit");
    uint64_t present = words[64]; /* XSTATE_BV */
    for (unsigned component = 1; component < 8; component++) {
        __cpuid_count(0xD, component, a, b, c, d);
        unsigned offset = component == 1 ? 160 : b, size = component == 1 ? 256 : a;
        if (component == 3 || component == 4 || !size)
            continue;
        for (unsigned i = 0; i < size / 8; i++)
            words[offset / 8 + i] = (uint64_t)world.slot + (i % 3 ? SLOT_STRIDE : 0) + i * 0x9E3779B97F4A7C15 * (i % 5 == 0);
        present |= 1ull << component;
    }
    __cpuid_count(0xD, 0, a, b, c, d);
    words[64] = present & (a | (uint64_t)d << 32);
}

bool execute_begin(void)
{
    static uint8_t alternate[0x20000];
    stack_t stack = { .ss_sp = alternate, .ss_size = sizeof alternate };
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGVTALRM };
    sigfillset(&action.sa_mask);
    if (sigaltstack(&stack, NULL))
        return false;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], &action, NULL))
            return false;
    map_slot();
    fill_state();
    unsupported = calloc(form_count, sizeof *unsupported);
    _writegsbase_u64((uint64_t)world.block);
    world.fs = _readfsbase_u64();
    return unsupported;
}

static uint64_t hostile(unsigned choice, unsigned number)
{
    uint64_t slot = (uint64_t)world.slot;
    const uint64_t values[] = {
        0, ~0ull, slot, slot - 1, slot + 1, slot + DATA_OFFSET, slot + SLOT_STRIDE + DATA_OFFSET, slot - SLOT_STRIDE + DATA_OFFSET,
        slot + 6 * GIB, (uint64_t)world.trap + 0x8000, (uint64_t)world.stack, 0x8000000000000000, 0x123456789ABCDEF0, (1ull << 47) - 64,
        DATA_OFFSET | 0xFFFFFFFF00000000, 3,
    };
    return values[(choice + number * 7 + (choice >> 8)) % 16];
}

static void load_registers(unsigned choice)
{
    static const uint32_t offsets[] = {
        DATA_OFFSET + 0x8000, DATA_OFFSET, 0, 0xFFFFFFC0, 0x80000000, 0x7FFFFFC0, TEXT_OFFSET + 0x40, DATA_OFFSET + 0xFFC0,
    };
    for (unsigned i = 0; i < 16; i++)
        execute_registers[i] = hostile(choice, i);
    execute_registers[RSP] = (uint64_t)world.stack + STACK_SIZE / 2;
    execute_registers[R11] = offsets[choice >> 4 & 7];
    execute_registers[R14] = (uint64_t)world.slot;
    execute_registers[R15] = offsets[choice >> 7 & 7];
}

/* Was the faulting address one that a domain can form? A fault without address is a non-canonical one. */
static const char *check_fault(void)
{
    int64_t distance = (int64_t)(seen.address - (uint64_t)world.slot);
    if (seen.signal != SIGSEGV)
        return NULL;
    if (seen.code == SI_KERNEL)
        return "executed: non-canonical or misaligned address";
    if (distance < -(int64_t)(2 * GIB) || distance >= (int64_t)(6 * GIB + 64))
        return "executed: touched memory outside slot and guards";
    return NULL;
}

/* What must hold however the code ended. */
static const char *check_state(uint64_t rsp)
{
    if (seen.registers[R14] != (uint64_t)world.slot)
        return "executed: r14 changed";
    if (seen.registers[RSP] != rsp)
        return "executed: rsp changed";
    bool refused = seen.signal == SIGILL && seen.registers[R11] >> 33 == 0; /* by an access sequence: nothing runs behind a ud2 */
    if ((seen.registers[R11] >> 32 && !refused) || seen.registers[R15] >> 32)
        return "executed: r11 or r15 is not zero-extended";
    if (seen.gs != (uint64_t)world.block || seen.fs != world.fs || seen.segments != segments_at_entry)
        return "executed: a segment changed";
    if ((seen.flags & FLAGS_FIXED & ~0x10000ull) != FLAGS_ENTRY)
        return "executed: a system flag or the direction flag changed";
    if ((seen.mxcsr ^ 0x1F80) & 0xFFC0)
        return "executed: MXCSR control bits changed";
    if (seen.control_word != 0x37F)
        return "executed: the x87 control word changed";
    return check_fault();
}

static const char *check_unwritten(uint32_t written)
{
    for (unsigned i = 0; i < 16; i++)
        if (!(written >> i & 1) && i != RSP && seen.registers[i] != execute_registers[i])
            return "executed: a register changed that the row does not list as written";
    return NULL;
}

static void run_at(const uint8_t *target)
{
    seen.signal = 0;
    execute_target = (uint64_t)target;
    execute_enter();
}

static void note_segments(void)
{
    world.text_writable[0] = 0xCC;
    load_registers(0);
    run_at(world.text);
    segments_at_entry = seen.segments;
}

/* Forms that demand alignment would hide a wrong address behind the same fault: rounds the displacement. */
static void align_operand(uint8_t *writable, const uint8_t *bytes, const struct instruction *in, uint64_t after)
{
    int32_t displacement = instruction_displacement(bytes, in);
    displacement -= (int32_t)((in->base == REGISTER_RIP ? after + (uint64_t)(int64_t)displacement : (uint64_t)(int64_t)displacement) % 64);
    memcpy(writable + in->displacement_at, &displacement, in->displacement_size);
}

const char *execute_instruction(const uint8_t *bytes, const struct prefixes *prefixes, const struct instruction *in, unsigned choice)
{
    const struct form_detail *d = &form_details[form_number(in->form)];
    bool branch = in->form->flags & FORM_BRANCH, returns = !strcmp(d->mnemonic, "ret"), calls = !strcmp(d->mnemonic, "call");
    if (!segments_at_entry)
        note_segments();
    world.next = (world.next + 64) % (TEXT_SIZE - 64);
    uint8_t *writable = world.text_writable + world.next;
    const uint8_t *target = world.text + world.next, *after = target + in->length;
    memset(writable, 0xCC, 64);
    memcpy(writable, bytes, in->length);
    if (in->memory && in->displacement_size && !(prefixes->flags & PREFIXES_GS))
        align_operand(writable, bytes, in, (uint64_t)after);
    if (branch) /* to the next instruction */
        memset(writable + in->length - in->form->immediate_size, 0, in->form->immediate_size);
    load_registers(choice);
    uint64_t rsp = execute_registers[RSP];
    *(uint64_t *)rsp = (uint64_t)after;
    run_at(target);
    bool done = seen.signal == SIGTRAP && seen.rip == (uint64_t)after + 1;
    const char *problem = check_state(rsp + (returns ? 8 : 0) - (calls ? 8 : 0));
    if (problem)
        return problem;
    if (seen.signal == SIGILL && strcmp(d->mnemonic, "ud2")) {
        unsupported[form_number(in->form)] = true;
        return NULL;
    }
    if (done)
        return check_unwritten(written_registers(prefixes, in));
    if (seen.rip != (uint64_t)target && !(seen.signal == SIGTRAP && *bytes == 0xCC))
        return "executed: control went elsewhere";
    return NULL;
}

/* --- whole texts --- */
void execute_place(const uint8_t *text, size_t size)
{
    memset(world.text_writable, 0xCC, TEXT_SIZE);
    memcpy(world.text_writable, text, size);
    if (!segments_at_entry) {
        note_segments();
        execute_place(text, size);
    }
}

uint8_t *execute_object(void)
{
    return world.object;
}

uint8_t *execute_data(void)
{
    return world.data;
}

struct execute_outcome execute_text(uint32_t text_offset)
{
    static const struct itimerval soon = { .it_value = { .tv_usec = 20000 } }, never; /* of its own time: others may want the processor */
    uint64_t slot = (uint64_t)world.slot;
    execute_registers[R14] = slot;
    execute_registers[RSP] = (uint64_t)world.stack + STACK_SIZE / 2;
    setitimer(ITIMER_VIRTUAL, &soon, NULL);
    run_at(world.text + text_offset);
    setitimer(ITIMER_VIRTUAL, &never, NULL);
    struct execute_outcome out = { .signal = seen.signal, .rip = seen.rip - slot, .address = seen.address - slot };
    for (unsigned i = 0; i < 16; i++)
        out.shows_base |= !in_set(REGISTERS_NEVER, i) && seen.registers[i] - slot + 2 * GIB < 8 * GIB;
    int64_t depth = (int64_t)(execute_registers[RSP] - seen.registers[RSP]); /* calls may have pushed, nothing may have been popped */
    out.problem = depth < 0 || depth % 8 ? "executed: the control stack is not where calls left it" : check_state(seen.registers[RSP]);
    return out;
}

bool execute_end(void)
{
    bool whole = true;
    for (size_t i = 0; i < CANARIES_SIZE; i++)
        whole &= world.canaries[i] == CANARY;
    if (!whole)
        printf("problem: the neighbouring slot was written to\n");
    unsigned count = 0;
    for (unsigned i = 1; i < form_count; i++)
        if (unsupported[i]) {
            count++;
            printf("not executable on this CPU: %s %s (%s)\n", form_details[i].mnemonic, form_details[i].operands,
                   form_details[i].features);
        }
    if (count)
        printf("%u accepted forms are not executable on this CPU\n", count);
    return whole;
}
