/* SPDX-License-Identifier: Apache-2.0 */
/* State shared by the parts of the rewriter. Not for others.
 *
 * The stack. gcc sees one stack pointer V. r15 holds V + d, where d is known at every instruction: canonically d is 8 while nothing is
 * pushed (r15 then is V's value before the call, without a return address) and 0 otherwise. Inside a basic block d floats, so that all
 * pushes of a prologue share one adjustment of r15, and all pops of an epilogue; stack_settle makes d canonical where control leaves
 * the block. `depth` is CFA - V: 8 while nothing is pushed; DEPTH_UNKNOWN behind alloca or realignment. */
#ifndef PORIN_REWRITER_H
#define PORIN_REWRITER_H
#include "mnemonic.h"
#include "rewrite.h"

#define EDGE 0x10000           /* PORIN_SLOT_EDGE: this far from its object a base register may lie */
#define DEPTH_UNKNOWN (-1L)
enum { MAX_CFI_STATES = 16, MAX_SECTIONS = 32, MAX_FACTS = 6, RULE_SIZE = 96 };

/* Where the CFA is, as the .cfi directives say: register + offset, or REG_NONE for an expression. */
struct cfa { int reg; long offset; };

/* gcc's realignment pointer in r10 (DRAP): holds the CFA. It is kept in the word that gcc reserves for a copy of the return address. */
enum { DRAP_WORD = 8 };        /* gcc's prologue pushes that copy and then rbp: the word is at rbp + this */
enum drap { DRAP_NONE, DRAP_POINTER, DRAP_STORED, DRAP_FRAMED };

struct cfi_state { struct cfa cfa; char rule[RULE_SIZE]; };

struct frame {
    bool described;            /* between .cfi_startproc and .cfi_endproc */
    struct cfa cfa;
    char rule[RULE_SIZE];      /* the CFA rule last emitted */
    struct cfi_state saved[MAX_CFI_STATES];
    int saved_count;
    long depth;
    long d;
    long rbp_depth;            /* CFA - rbp where rbp is a frame pointer; DEPTH_UNKNOWN otherwise */
    enum drap drap;
    long drap_above;           /* DRAP_STORED: the word is at V + this */
    long drap_frame;           /* DRAP_FRAMED: the word is at rbp + this */
    long drap_rbp;             /* DRAP_NONE: the CFA is rbp + this, and gcc has put it into r10; 0: it has not */
};

/* The low 32 bits of [thread pointer +] symbol + number + base + index * scale. RSP stands for V. */
struct address { bool thread; int base, index, scale; struct slice symbol; long number; };

/* What r11 holds, said in several ways; no fact: nothing is known. */
struct cache { struct address facts[MAX_FACTS]; int count; };

struct section { bool text; struct slice arguments; };

struct jump { struct slice label; long depth; struct jump *next; };

struct rewriter {
    const struct rewrite_source *source;
    struct statements list;
    size_t at;                 /* the statement being rewritten */
    struct buffer *out;
    struct frame frame;
    struct cache cache;
    bool reachable;            /* control falls into the next statement */
    bool after_call;           /* ... from a call, which gcc may know not to return */
    bool flags_open;           /* ... from an indirect branch, and nothing has set the flags since */
    bool inline_assembly;      /* between #APP and #NO_APP */
    struct section sections[MAX_SECTIONS];
    int section_depth;
    struct section previous;
    struct slice *targets;     /* sorted labels that code or data refer to; others (of debug information) are no branch targets */
    size_t target_count;
    struct slice *weak;        /* symbols declared weak and not defined here */
    size_t weak_count;
    struct jump *jumps;        /* hand-written assembly: stack depths at forward branches */
    struct jump *places;       /* ... and at labels, the last one first */
    int trap_number;           /* trap of the indirect branches since the last one placed */
    bool trap_wanted;
    struct slice *files;       /* .file numbers to names */
    size_t file_count;
    struct slice file;         /* where we are */
    long line;
    int marker_line;           /* assembly line of a "# line file" marker in hand-written assembly, 0 if none */
    struct buffer *messages;
    int refused, avoidable;
    struct flow_label *labels; /* of the function being rewritten, sorted */
    size_t label_count;
    int flow_pass;
    int followed;              /* register whose value is in r11 alone; REG_NONE: there is none */
    size_t followed_from;      /* the statement that should have made it */
    bool follow_failed;        /* ... which turned out to be wrong */
};

/* rewrite.c */
void refuse(struct rewriter *r, enum refusal reason);
void emit(struct rewriter *r, const char *format, ...) __attribute__((format(printf, 2, 3)));   /* an instruction */
void emit_raw(struct rewriter *r, const char *format, ...) __attribute__((format(printf, 2, 3)));/* label or directive */
/* Emits the statement's prefixes and mnemonic with these operand texts. */
void emit_with(struct rewriter *r, const struct statement *s, char *const texts[], int count);
void rewrite_statement(struct rewriter *r, struct statement *s);
int compare_slices(const void *a, const void *b);
size_t target_uses(const struct rewriter *r, struct slice label); /* how often code and data name it */
bool is_target(const struct rewriter *r, struct slice label);
bool is_weak(const struct rewriter *r, struct slice name);

/* cache.c */
void cache_clear(struct rewriter *r);
void cache_set(struct rewriter *r, const struct address *fact);
void cache_forget(struct rewriter *r, unsigned registers);    /* these registers changed */
void cache_follow(struct rewriter *r, const struct statement *s, const struct operands *ops); /* this instruction has been executed */
void cache_step(struct rewriter *r, int reg, long step);      /* the register grew by step */
bool cache_reaches(const struct rewriter *r, const struct address *want, long *distance); /* r11 + distance is what is wanted */

bool address_equal(const struct address *a, const struct address *b);

/* flow.c */
void flow_edge(struct rewriter *r, struct slice name);
void flow_label(struct rewriter *r, struct slice name);
bool flow_place(const struct rewriter *r, struct slice name, size_t *at); /* the statement of a label of this function */
size_t flow_function(struct rewriter *r); /* rewrites the function whose .cfi_startproc is at r->at; returns the statement behind it */

/* address.c: the operand's text in domain form, after emitting what computes its address; NULL after a refusal. Caller frees. */
char *address_text(struct rewriter *r, const struct operand *o);
/* The text of any operand; registers as they are. */
char *operand_text(struct rewriter *r, const struct operand *o);
void address_lea(struct rewriter *r, const struct statement *s, const struct operands *ops);
/* A load of the thread pointer, or of another word of the thread block. */
bool address_thread_block(struct rewriter *r, const struct statement *s, const struct operands *ops);
/* Removes the decorations of position-independent code: true if it emitted the instruction. */
bool address_got(struct rewriter *r, const struct statement *s, struct operands *ops);

/* Puts the operand's address into r11. */
void address_take(struct rewriter *r, const struct operand *o);

/* follow.c: true if the instruction makes a pointer that is only followed, and has put it into r11 */
bool follow_instruction(struct rewriter *r, struct statement *s, const struct operands *ops);
void follow_changed(struct rewriter *r, unsigned registers);
void follow_check(struct rewriter *r, const struct address *want); /* an address with these registers is about to be computed */

/* stack.c: true if the statement was one that moves or reads the stack pointer, and has been dealt with */
bool stack_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops);
void stack_settle(struct rewriter *r);           /* makes d canonical */
void stack_set(struct rewriter *r, long d);      /* makes r15 = V + d */
void stack_step(struct rewriter *r, long step);  /* V moves by a constant */
long stack_canonical(long depth);

/* drap.c: true if the statement was part of gcc's realignment through r10 */
bool drap_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops);
void drap_load(struct rewriter *r);              /* puts the CFA into r11d */
bool drap_known(const struct rewriter *r);       /* is there something to put there? */

/* unwind.c */
void unwind_directive(struct rewriter *r, const struct statement *s);
void unwind_sync(struct rewriter *r);            /* emits the CFA rule if it changed */
/* CFA after the directives that follow statement `at`, as far as the next instruction or branch target. */
struct cfa unwind_ahead(const struct rewriter *r, size_t at);

/* branch.c */
void branch_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops, enum branch branch);
void branch_place_trap(struct rewriter *r);
void branch_to_trap(struct rewriter *r); /* if the flags say "not equal" */
/* Does the name in a branch mean this label, which stands behind (way 'f') or before it ('b')? Numbered labels say which. */
bool branch_names(struct slice name, struct slice label, char way);

/* sequence_text.c: `choices` are what the table leaves open, in order */
enum sequence_id {
    SEQUENCE_NONE,
#define SEQUENCE(id, reason) SEQUENCE_##id,
#define STEP(form, bits, reg, rm, immediate, text)
#include "sequences.def"
#undef SEQUENCE
#undef STEP
};
void sequence_emit(struct rewriter *r, enum sequence_id id, const char *const *choices);

/* string_instruction.c */
void string_instruction(struct rewriter *r, const struct statement *s, bool uses_rdi, bool uses_rsi);

/* bit_index.c: true if the instruction finds a bit by an index beyond its operand, and has been dealt with */
bool bit_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops);

/* capability.c: true if the statement has an operand with %gs, and has been dealt with */
bool capability_instruction(struct rewriter *r, const struct statement *s, const struct operands *ops);

/* literal.c: true if a constant of the instruction contained the label's bytes and a split form was emitted */
bool literal_has_label(int64_t value);
bool literal_split(struct rewriter *r, const struct statement *s, const struct operands *ops);
#endif
