/* SPDX-License-Identifier: Apache-2.0 */
/* Domain images made by hand, for tests of loader and runtime that must not depend on porin-cc: code in assembly, ELF file in memory. */
#ifndef TESTS_DOMAIN_IMAGE_H
#define TESTS_DOMAIN_IMAGE_H
#include "image_format.h"
#include "layout.h"
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Where what lies in the test image. */
#define IMAGE_TEXT PORIN_IMAGE_BASE
#define IMAGE_CONSTANTS (PORIN_IMAGE_BASE + 0x2000)
#define IMAGE_DATA (PORIN_IMAGE_BASE + 0x4000)
#define IMAGE_IMPORTS (IMAGE_CONSTANTS + 0x100)
#define IMAGE_EXPORTS (IMAGE_CONSTANTS + 0x800)
#define IMAGE_DATA_FILE_SIZE 0x100
#define IMAGE_DATA_MEMORY_SIZE 0x3000

/* Places in the file. */
#define FILE_TEXT 0x1000
#define FILE_CONSTANTS 0x3000
#define FILE_DATA 0x5000
#define FILE_SIZE (FILE_DATA + IMAGE_DATA_FILE_SIZE)

/* The code: `domain_code` to `domain_code_end`; its functions are named code_<export>. A call of a gate needs its offset in the slot. */
#define GATE_REL32(gate) ".long " #gate " - (0x130000 + (. + 4 - domain_code))\n\t"
#define CALL_GATE(gate) ".byte 0xe8\n\t" GATE_REL32(gate)
#define JMP_GATE(gate) ".byte 0xe9\n\t" GATE_REL32(gate)
#define FUNCTION(name) ".balign 16, 0xcc\ncode_" #name ":\n\tendbr64\n\t"

/* Every general register that domain code may write, and ymm0-15, from one that holds the pattern. */
#define FILL(from) "vmovq " from ", %xmm0\n\tvpbroadcastq %xmm0, %ymm0\n\tvmovaps %ymm0, %ymm1\n\tvmovaps %ymm0, %ymm2\n\t" \
                "vmovaps %ymm0, %ymm3\n\t" \
    "vmovaps %ymm0, %ymm4\n\tvmovaps %ymm0, %ymm5\n\tvmovaps %ymm0, %ymm6\n\tvmovaps %ymm0, %ymm7\n\tvmovaps %ymm0, %ymm8\n\t" \
    "vmovaps %ymm0, %ymm9\n\tvmovaps %ymm0, %ymm10\n\tvmovaps %ymm0, %ymm11\n\tvmovaps %ymm0, %ymm12\n\tvmovaps %ymm0, %ymm13\n\t" \
    "vmovaps %ymm0, %ymm14\n\tvmovaps %ymm0, %ymm15\n\tmovq " from ", %rax\n\tmovq %rax, %rbx\n\tmovq %rax, %rcx\n\tmovq %rax, %rdx\n\t" \
    "movq %rax, %rsi\n\tmovq %rax, %rbp\n\tmovq %rax, %r8\n\tmovq %rax, %r9\n\tmovq %rax, %r12\n\tmovq %rax, %r13\n\tmovq %rax, %rdi\n\t"

__asm__(".pushsection .rodata.domain_code, \"a\"\n\t.balign 4096\ndomain_code:\n\t"
        /* add(a, b) */
        FUNCTION(add) "leaq (%rdi,%rsi), %rax\n\tret\n\t"
        /* peek(address), poke(address, value) */
        FUNCTION(peek) "movl %edi, %r11d\n\tmovq (%r14,%r11), %rax\n\tret\n\t"
        FUNCTION(poke) "movl %edi, %r11d\n\tmovq %rsi, (%r14,%r11)\n\txorl %eax, %eax\n\tret\n\t"
        /* service(number, five arguments): what the service answers */
        FUNCTION(service) "movq %rdi, %rax\n\tmovq %rsi, %rdi\n\tmovq %rdx, %rsi\n\tmovq %rcx, %rdx\n\tmovq %r8, %rcx\n\t"
                "movq %r9, %r8\n\t"
                "xorl %r9d, %r9d\n\t" CALL_GATE(0x100000) "ret\n\t"
        /* first(...), second(...): call the imports with the same arguments; tail(...) jumps */
        FUNCTION(first) CALL_GATE(0x110000) "ret\n\t"
        FUNCTION(second) CALL_GATE(0x110200) "ret\n\t"
        FUNCTION(tail) JMP_GATE(0x110000)
        /* loop(n, a): calls the first import n times with (a, 1) */
        FUNCTION(loop) "movq %rdi, %rbx\n\tmovq %rsi, %rax\n1:\tmovq %rax, %rdi\n\tmovl $1, %esi\n\t" CALL_GATE(0x110000)
                "subq $1, %rbx\n\tjne 1b\n\tret\n\t"
        /* inner(n, a): the same with a function of its own, indirectly: what a crossing is measured against */
        FUNCTION(inner) "movq %rdi, %rbx\n\tmovq %rsi, %rax\n1:\tmovq %rax, %rdi\n\tmovl $1, %esi\n\t"
                "movl $0x130000 + code_add - domain_code, %ecx\n\t"
                "movl %ecx, %r10d\n\tmovl (%r14,%r10), %r11d\n\taddl $0x05e1f00d, %r11d\n\tjne 2f\n\taddq %r14, %r10\n\tcall *%r10\n\t"
                "subq $1, %rbx\n\tjne 1b\n\tret\n2:\tud2\n\t"
        /* ways to die */
        FUNCTION(trap) "ud2\n\t"
        FUNCTION(divide) "xorl %edx, %edx\n\txorl %ecx, %ecx\n\tmovl $1, %eax\n\tdivl %ecx\n\tret\n\t"
        FUNCTION(recurse) "call code_recurse\n\tret\n\t"
        /* down(n, a): n, kept on the data stack, plus the first import's answer to (n - 1, a); a when n is 0 */
        FUNCTION(down) "testl %edi, %edi\n\tje 1f\n\tsubl $16, %r15d\n\tmovq %rdi, (%r14,%r15)\n\tsubl $1, %edi\n\t" CALL_GATE(0x110000)
                "addq (%r14,%r15), %rax\n\taddl $16, %r15d\n\tret\n1:\tmovq %rsi, %rax\n\tret\n\t"
        FUNCTION(spin) "jmp code_spin\n\t"
        FUNCTION(leave) "movl %edi, %edi\n\tmovl $231, %eax\n\t" CALL_GATE(0x100000) "ud2\n\t"
        /* spoil(): breaks the calling convention: every register it can, data stack, x87 stack */
        FUNCTION(spoil) "movl $1, %ebx\n\tmovl $2, %ebp\n\tmovl $3, %r12d\n\tmovl $4, %r13d\n\tmovl $5, %r15d\n\t"
                "movl $6, %r11d\n\tmovl $7, %ecx\n\t"
                "fld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\tfld1\n\txorl %eax, %eax\n\tret\n\t"
        /* keep(a, b): calls the first import with (a, b) and says whether callee-saved registers and data stack came back: 0 or which
         * did not */
        FUNCTION(keep) "movl $0x11, %ebx\n\tmovl $0x22, %ebp\n\tmovl $0x33, %r12d\n\tmovl $0x134058, %r11d\n\t"
                "movl %r15d, (%r14,%r11)\n\t" CALL_GATE(0x110000)
                "xorl %eax, %eax\n\tcmpq $0x11, %rbx\n\tsetne %al\n\tcmpq $0x22, %rbp\n\tje 1f\n\t"
                "orl $2, %eax\n1:\tcmpq $0x33, %r12\n\tje 2f\n\torl $4, %eax\n"
                "2:\tmovl $0x134058, %r11d\n\tcmpl %r15d, (%r14,%r11)\n\tje 3f\n\torl $8, %eax\n3:\tret\n\t"
        /* stack(): the data stack pointer; pointer(): the thread pointer; error(): the last call error */
        FUNCTION(stack) "movl %r15d, %eax\n\tret\n\t"
        FUNCTION(pointer) "movq %gs:0, %rax\n\tret\n\t"
        FUNCTION(error) "movq %gs:8, %rax\n\tret\n\t"
        /* seventh(...): the first stack argument */
        FUNCTION(seventh) "movq (%r14,%r15), %rax\n\tret\n\t"
        /* half(x): twice x as double, in xmm0 and xmm1 */
        FUNCTION(twice) "addsd %xmm0, %xmm0\n\tmovsd %xmm0, %xmm1\n\tret\n\t"
        /* registers(address): stores what it found in them: rax rbx rcx rdx rsi rbp r8 r9 r12 r13, then xmm0-15 */
        FUNCTION(registers) "movl %edi, %r11d\n\tmovq %rax, (%r14,%r11)\n\tmovq %rbx, 8(%r14,%r11)\n\tmovq %rcx, 16(%r14,%r11)\n\t"
                "movq %rdx, 24(%r14,%r11)\n\tmovq %rsi, 32(%r14,%r11)\n\tmovq %rbp, 40(%r14,%r11)\n\tmovq %r8, 48(%r14,%r11)\n\t"
                "movq %r9, 56(%r14,%r11)\n\tmovq %r12, 64(%r14,%r11)\n\tmovq %r13, 72(%r14,%r11)\n\t"
                "vmovups %ymm0, 96(%r14,%r11)\n\tvmovups %ymm1, 128(%r14,%r11)\n\tvmovups %ymm2, 160(%r14,%r11)\n\t"
                "vmovups %ymm3, 192(%r14,%r11)\n\t"
                "vmovups %ymm4, 224(%r14,%r11)\n\tvmovups %ymm5, 256(%r14,%r11)\n\tvmovups %ymm6, 288(%r14,%r11)\n\t"
                "vmovups %ymm7, 320(%r14,%r11)\n\t"
                "vmovups %ymm8, 352(%r14,%r11)\n\tvmovups %ymm9, 384(%r14,%r11)\n\tvmovups %ymm10, 416(%r14,%r11)\n\t"
                "vmovups %ymm11, 448(%r14,%r11)\n\t"
                "vmovups %ymm12, 480(%r14,%r11)\n\tvmovups %ymm13, 512(%r14,%r11)\n\tvmovups %ymm14, 544(%r14,%r11)\n\t"
                "vmovups %ymm15, 576(%r14,%r11)\n\t"
                "ret\n\t"
        /* depth(): what the depth gate tells about our caller, as depth << 32 | landing; jump(depth, landing, value): longjmp */
        FUNCTION(depth) "call 4f\n\tshlq $32, %rax\n\tmovl %edx, %edx\n\torq %rdx, %rax\n\tret\n4:\t" CALL_GATE(0x100200) "ret\n\t"
        FUNCTION(jump) "movl %esi, %ecx\n\tmovq %rdi, %rsi\n\tmovl %ecx, %edi\n\tmovq %rdx, %rax\n\t" JMP_GATE(0x100400)
        FUNCTION(jump_tail) JMP_GATE(0x100200)
        /* landing(): sets a mark in save, then deep jumps back to it with 77 */
        FUNCTION(landing) "call code_save\n\tendbr64\n\tcmpl $77, %eax\n\tje 1f\n\tcall code_deep\n\tud2\n1:\tret\n\t"
        /* save(): depth and landing of its return into data; deep(): calls itself a few times, then jumps there with 77 */
        FUNCTION(save) CALL_GATE(0x100200) "movl $0x134000, %r11d\n\tmovq %rax, (%r14,%r11)\n\tmovl %edx, 8(%r14,%r11)\n\t"
                "xorl %eax, %eax\n\tret\n\t"
        FUNCTION(deep) "call 1f\n\tud2\n1:\tcall 2f\n\tud2\n2:\tmovl $0x134000, %r11d\n\tmovq (%r14,%r11), %rsi\n\t"
                "movl 8(%r14,%r11), %edi\n\t"
                "movl $77, %eax\n\t" JMP_GATE(0x100400)
        /* rounding(mxcsr): sets it by the gate, returns what is in force */
        FUNCTION(rounding) CALL_GATE(0x100600) "ret\n\t"
        /* go(target): the checked indirect jump to any offset */
        FUNCTION(go) "movl %edi, %r10d\n\tmovl (%r14,%r10), %r11d\n\taddl $0x05e1f00d, %r11d\n\tjne 1f\n\taddq %r14, %r10\n\t"
                "jmp *%r10\n1:\tud2\n\t"
        /* secret(pattern): fills every register, then calls the first import; the result is the callee's */
        FUNCTION(secret) FILL("%rdi") CALL_GATE(0x110000) "ret\n\t"
        /* leak(pattern): comes back with every register full */
        FUNCTION(leak) FILL("%rdi") "ret\n\t"
        /* look(address): calls the first import with (address), then stores what registers it finds like registers() */
        FUNCTION(look) "movl $0x134060, %r11d\n\tmovq %rdi, (%r14,%r11)\n\tmovq %rsi, %rdi\n\t" CALL_GATE(0x110000)
                "movl $0x134068, %r11d\n\tmovq %rdi, (%r14,%r11)\n\tmovl $0x134060, %r11d\n\tmovl (%r14,%r11), %edi\n\t"
                "jmp code_registers\n\t"
        /* stacked(r15 offset): calls the first import with stack arguments 1, 2, ... 8 there */
        FUNCTION(stacked) "leal -64(%r15), %r15d\n\tmovq $1, (%r14,%r15)\n\tmovq $2, 8(%r14,%r15)\n\tmovq $3, 16(%r14,%r15)\n\t"
                "movq $4, 24(%r14,%r15)\n\tmovq $5, 32(%r14,%r15)\n\tmovq $6, 40(%r14,%r15)\n\tmovq $7, 48(%r14,%r15)\n\t"
                "movq $8, 56(%r14,%r15)\n\t" CALL_GATE(0x110000) "leal 64(%r15), %r15d\n\tret\n\t"
        FUNCTION(stacked_second) CALL_GATE(0x110200) "ret\n\t"
        /* digits(): its eight stack arguments as digits of a number */
        FUNCTION(digits) "movq (%r14,%r15), %rax\n\timulq $10, %rax, %rax\n\taddq 8(%r14,%r15), %rax\n\timulq $10, %rax, %rax\n\t"
                "addq 16(%r14,%r15), %rax\n\timulq $10, %rax, %rax\n\taddq 24(%r14,%r15), %rax\n\timulq $10, %rax, %rax\n\t"
                "addq 32(%r14,%r15), %rax\n\timulq $10, %rax, %rax\n\taddq 40(%r14,%r15), %rax\n\timulq $10, %rax, %rax\n\t"
                "addq 48(%r14,%r15), %rax\n\timulq $10, %rax, %rax\n\taddq 56(%r14,%r15), %rax\n\tret\n\t"
        /* astray(pointer): calls the first import with the data stack there */
        FUNCTION(astray) "movl %edi, %r15d\n\t" CALL_GATE(0x110000) "ret\n\t"
        /* rounded(own, its): sets its rounding, calls the first import with `its`; own rounding afterwards << 32 | the callee's result */
        FUNCTION(rounded) "movq %rsi, %rbx\n\t" CALL_GATE(0x100600) "movq %rbx, %rdi\n\t" CALL_GATE(0x110000)
                "movl %eax, %ebx\n\tmovl $-1, %edi\n\t" CALL_GATE(0x100600) "shlq $32, %rax\n\torq %rbx, %rax\n\tret\n\t"
        /* bottom(n, target): calls itself n times, then calls any offset, with the number of getpid in rax */
        FUNCTION(bottom) "testl %edi, %edi\n\tje 1f\n\tsubl $1, %edi\n\tcall code_bottom\n\tret\n1:\tmovl $39, %eax\n\tmovl %esi, %r10d\n\t"
                "movl (%r14,%r10), %r11d\n\taddl $0x05e1f00d, %r11d\n\tjne 2f\n\taddq %r14, %r10\n\tcall *%r10\n\tret\n2:\tud2\n\t"
        /* start(block): notes the block at data + 0x40 and counts at data + 0x48 */
        FUNCTION(start) "movl $0x134040, %r11d\n\tmovq %rdi, (%r14,%r11)\n\tmovl $0x134048, %r11d\n\taddq $1, (%r14,%r11)\n\tret\n\t"
        /* thread(): a thread pointer: 0x1000 * number of threads that came, counted at data + 0x50 */
        FUNCTION(thread) "movl $0x134050, %r11d\n\taddq $0x1000, (%r14,%r11)\n\tmovq (%r14,%r11), %rax\n\tret\n\t"
        "domain_code_end:\n\t.popsection\n\t");
#undef FUNCTION
extern const uint8_t domain_code[] __asm__("domain_code"), domain_code_end[] __asm__("domain_code_end");

#define EXPORTS(X) X(add) X(peek) X(poke) X(service) X(first) X(second) X(tail) X(loop) X(inner) X(trap) X(divide) X(recurse) X(spin) \
    X(leave) X(spoil) X(keep) X(stack) X(pointer) X(error) X(seventh) X(twice) X(registers) X(depth) X(jump) X(jump_tail) X(landing) \
    X(rounding) X(go) X(secret) X(leak) X(look) X(stacked) X(stacked_second) X(digits) X(astray) X(rounded) X(bottom) X(down) \
    X(start) X(thread)
#define X(name) extern const uint8_t code_##name[] __asm__("code_" #name);
EXPORTS(X)
#undef X

/* A file under construction; tests change its parts and then call image_write. */
struct image_parts {
    const uint8_t *code;
    size_t code_size;
    Elf64_Ehdr header;
    Elf64_Phdr program[4];               /* text, constants, data, note */
    struct porin_note note;
    struct porin_symbol imports[8];
    struct porin_symbol exports[64];
};

static inline uint32_t code_offset(const uint8_t *function)
{
    return IMAGE_TEXT + (uint32_t)(function - domain_code);
}

static inline void image_add_export(struct image_parts *parts, const char *name, uint32_t offset)
{
    struct porin_symbol *symbol = &parts->exports[parts->note.exports_size / sizeof *symbol];
    symbol->offset = offset;
    strncpy(symbol->name, name, sizeof symbol->name - 1);
    parts->note.exports_size += sizeof *symbol;
}

/* A library with all exports and `imports` imports called first, second, ... */
static inline void image_begin(struct image_parts *parts, unsigned imports)
{
    static const char *const names[] = { "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth" };
    memset(parts, 0, sizeof *parts);
    parts->code = domain_code;
    parts->code_size = (size_t)(domain_code_end - domain_code);
    parts->header = (Elf64_Ehdr){ .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 4 };
    uint64_t code_size = parts->code_size;
    parts->program[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = FILE_TEXT, .p_vaddr = IMAGE_TEXT,
        .p_filesz = code_size, .p_memsz = code_size, .p_align = 4096 };
    parts->program[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R, .p_offset = FILE_CONSTANTS, .p_vaddr = IMAGE_CONSTANTS,
        .p_filesz = 0x2000, .p_memsz = 0x2000, .p_align = 4096 };
    parts->program[2] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = FILE_DATA, .p_vaddr = IMAGE_DATA,
        .p_filesz = IMAGE_DATA_FILE_SIZE, .p_memsz = IMAGE_DATA_MEMORY_SIZE, .p_align = 4096 };
    parts->program[3] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_flags = PF_R, .p_offset = FILE_CONSTANTS, .p_vaddr = IMAGE_CONSTANTS,
        .p_filesz = 12 + 8 + 64, .p_memsz = 12 + 8 + 64, .p_align = 4 };
    parts->note = (struct porin_note){ .format_version = PORIN_FORMAT_VERSION, .start_offset = code_offset(code_start),
        .thread_offset = code_offset(code_thread), .imports_offset = IMAGE_IMPORTS, .imports_size = imports * sizeof(struct porin_symbol),
        .exports_offset = IMAGE_EXPORTS };
    for (unsigned i = 0; i < imports; i++) {
        parts->imports[i].offset = PORIN_GATES_IMPORT + i * PORIN_GATE_SIZE;
        strcpy(parts->imports[i].name, names[i]);
    }
#define X(name) image_add_export(parts, #name, code_offset(code_##name));
    EXPORTS(X)
#undef X
}

/* The file: FILE_SIZE bytes, for the caller to free. */
static inline uint8_t *image_write(const struct image_parts *parts)
{
    static const struct { uint32_t name, description, type; char text[8]; } head = { 6, 64, PORIN_NOTE_TYPE, PORIN_NOTE_NAME };
    uint8_t *file = calloc(1, FILE_SIZE);
    memcpy(file, &parts->header, sizeof parts->header);
    memcpy(file + sizeof parts->header, parts->program, sizeof parts->program);
    memcpy(file + FILE_TEXT, parts->code, parts->code_size);
    memcpy(file + FILE_CONSTANTS, &head, 20);
    memcpy(file + FILE_CONSTANTS + 20, &parts->note, sizeof parts->note);
    memcpy(file + FILE_CONSTANTS + (IMAGE_IMPORTS - IMAGE_CONSTANTS), parts->imports, sizeof parts->imports);
    memcpy(file + FILE_CONSTANTS + (IMAGE_EXPORTS - IMAGE_CONSTANTS), parts->exports, sizeof parts->exports);
    memset(file + FILE_DATA, 0x5a, 0x20);
    return file;
}
#endif
