/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations that `porin bind` reads: what crosses with a pointer, in which direction, how long it is, whose it is. For other compilers
 * they are nothing. They stand in the header itself or in a side file that declares the same functions once more; typedefs are annotated by
 * declaring them again, fields of a struct T in a struct of the side file that is called porin_fields_T.
 *
 * N, V: C expressions over the other parameters (or fields); evaluated by the caller's stub. Lengths count elements of what is pointed at,
 * bytes for void and char. NULL crosses as NULL, whatever its length says. */
#ifndef PORIN_BIND_H
#define PORIN_BIND_H
#include "porin/rights.h"
#ifdef PORIN_BIND
#define PORIN_NOTE(text) __attribute__((annotate("porin:" text)))
#else
#define PORIN_NOTE(text)
#endif

/* --- functions --- */
#define PORIN_ENTRY PORIN_NOTE("entry")                     /* bind this function */
#define PORIN_POLICY(flags) PORIN_NOTE("policy:" #flags)    /* PORIN_POLICY_* of edges to it, default: all */
#define PORIN_FAILS(V) PORIN_NOTE("fails:" #V)              /* what it returns where a call fails (drop-in stubs, callbacks) */
#define PORIN_CLOSES(handle) PORIN_NOTE("closes:" #handle)  /* the handle, or *handle, is gone afterwards; one for each handle */
#define PORIN_CLOSES_WHEN(V) PORIN_NOTE("closes_when:" #V)  /* only where V, which may name `result`, is not 0 */
#define PORIN_RENEWS(handle) PORIN_NOTE("renews:" #handle)  /* ends what was borrowed or remembered of it */
#define PORIN_OPENS(mirror) PORIN_NOTE("opens:" #mirror)    /* makes the mirror's other half */
#define PORIN_JUMP_BUFFER PORIN_NOTE("jump_buffer")         /* returns the jmp_buf of its first handle; the host's own, no call is made */
#define PORIN_JUMPS(V) PORIN_NOTE("jumps:" #V)              /* leaves by longjmp with V to that jmp_buf; never returns */
#define PORIN_NEVER_RETURNS PORIN_NOTE("noreturn")          /* leaves by longjmp always; where it cannot, the program ends */
#define PORIN_FREES PORIN_NOTE("frees")                     /* frees what PORIN_OWNED gave: host memory, no call is made */

/* --- parameters, what callbacks take, and results --- */
#define PORIN_IN(N) PORIN_NOTE("in:" #N)                    /* read by the callee */
#define PORIN_OUT(N) PORIN_NOTE("out:" #N)                  /* written by the callee, room for N */
#define PORIN_INOUT(N) PORIN_NOTE("inout:" #N)
/* Buffers of a function that takes PORIN_CAP pointers are lent, never copied; such a function leaves its capability registers 4-7 alone.
 * Other buffers are copied for callers in hosts; for callers in domains, by what is said here or by their size: a short one in the call's
 * message, a longer one lent to the callee's receiver, which copies it once. */
#define PORIN_BY_CAP PORIN_NOTE("by_cap")
#define PORIN_BY_COPY PORIN_NOTE("by_copy")
#define PORIN_FILLED(N) PORIN_NOTE("filled:" #N)            /* with OUT, INOUT: how many were written; may name `result` */
#define PORIN_STRING PORIN_NOTE("string")                   /* ends with NUL */
#define PORIN_STRINGS(N) PORIN_NOTE("strings:" #N)          /* N strings; PORIN_STRINGS() ends with NULL; results are one piece of memory */
#define PORIN_OPAQUE PORIN_NOTE("opaque")                   /* a handle of the callee's; on a typedef or struct: all pointers to it */
/* An array of N pointers, or of NULLs, each to memory of M numbers; M may name PORIN_ROW, the number of the pointer. The pointers are only
 * read. */
#define PORIN_ROWS_IN(N, M) PORIN_NOTE("rows:" #N) PORIN_NOTE("row_in:" #M)
#define PORIN_ROWS_OUT(N, M) PORIN_NOTE("rows:" #N) PORIN_NOTE("row_out:" #M)
#define PORIN_ROWS_INOUT(N, M) PORIN_NOTE("rows:" #N) PORIN_NOTE("row_inout:" #M)
/* A pointer of the caller's that the callee only hands back. It never travels: the caller's side keeps it, by this name, with the callbacks
 * that are registered by the same call and with the function's first handle. */
#define PORIN_TOKEN(name) PORIN_NOTE("token:" #name)
#define PORIN_CALLBACK PORIN_NOTE("callback")               /* a function of the caller's, for the time of the call */
#define PORIN_CALLBACK_KEPT PORIN_NOTE("callback") PORIN_NOTE("kept") /* until the first handle is closed or the binding ends */
#define PORIN_CALLBACK_SET PORIN_NOTE("callback") PORIN_NOTE("set") /* the same, in place of the one set before for that handle */
#define PORIN_NULL PORIN_NOTE("null")                       /* must be NULL */
#define PORIN_FIXED(V) PORIN_NOTE("fixed:" #V)              /* the callee gets V, whatever the caller says */
#define PORIN_RELEASES(param) PORIN_NOTE("releases:" #param) /* a destructor: the stub has copied the data and calls it itself */
#define PORIN_WITHIN(param) PORIN_NOTE("within:" #param)    /* points at an element of that buffer or string (its NUL is one) */
#define PORIN_WITHIN_OR_END(param) PORIN_WITHIN(param) PORIN_NOTE("ends") /* or at its end, from which nothing may be read */
#define PORIN_OWNED(fn) PORIN_NOTE("owned:" #fn)            /* the caller's, who frees or closes it with fn */
#define PORIN_BORROWED PORIN_NOTE("borrowed")               /* the callee's: memory good until renewed or closed, a handle it names */
#define PORIN_SIZE(N) PORIN_NOTE("size:" #N)                /* of memory that is returned */
#define PORIN_FORMAT PORIN_NOTE("format")                   /* a string that says what the variable arguments are, as printf's */
#define PORIN_RANGE(least, most) PORIN_NOTE("range:" #least "," #most) /* what the callee may answer */
#define PORIN_ANY PORIN_NOTE("any")                         /* every value is as good as any other */
#define PORIN_FLAGS PORIN_NOTE("flags")                     /* of an enum: any union of its enumerators */
#define PORIN_REMEMBERED(handle) PORIN_NOTE("remembered:" #handle) /* the first answer about the handle holds until it is renewed */
#define PORIN_REMEMBERED_ALWAYS(handle) PORIN_REMEMBERED(handle) PORIN_NOTE("always") /* until it is closed */

/* --- memory that callbacks return --- */
/* PORIN_STRING or PORIN_SIZE on a callback's result: it is copied into memory of the callee. With PORIN_BORROWED that is good until the
 * callback returns on that thread again. With PORIN_OWNED(fn) it is the callee's, who frees it with fn, and the caller's own copy is freed
 * by free; it comes from the callee's malloc, or from the function that this names. */
#define PORIN_MEMORY_OF(fn) PORIN_NOTE("memory_of:" #fn)
/* An allocator of the caller's. Its result: N bytes of the callee's memory stand for what it gave; it may refuse with NULL, and gets its
 * own pointers back, each once, by the parameter of functions that the same call has registered. Both: a realloc; N is 0 to release. */
#define PORIN_ALLOCATES(N) PORIN_NOTE("allocates:" #N)
#define PORIN_ALLOCATED PORIN_NOTE("allocated")

/* --- structs that live on both sides --- */
#define PORIN_MIRROR PORIN_NOTE("mirror")                   /* a parameter: the callee has a struct of its own; fields cross */
#define PORIN_TWIN PORIN_NOTE("twin")                       /* the field, opaque to callers, that says which */
#define PORIN_CURSOR_IN(N) PORIN_NOTE("cursor_in:" #N)      /* a field: N bytes to read; both move on */
#define PORIN_CURSOR_OUT(N) PORIN_NOTE("cursor_out:" #N)    /* a field: room for N bytes; both move on */

/* On the typedef of a handle: functions that take it may leave by longjmp to the jmp_buf that `buffer` gives; `raise` does so. A dot
 * stands for the handle. */
#define PORIN_GUARD(buffer, raise) PORIN_NOTE("guard:" #buffer) PORIN_NOTE("raise:" #raise)
/* The same without the former: functions of the program that take such a handle may leave by the function that PORIN_JUMPS names. */
#define PORIN_RAISE(raise) PORIN_NOTE("raise:" #raise)
#endif
