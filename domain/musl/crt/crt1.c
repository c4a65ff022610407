/* SPDX-License-Identifier: Apache-2.0 */
/* What every domain image begins with: the note that tells the loader about the image, and the start routine it names. */
#include <stddef.h>
#include "libc.h"
#include "porin_start.h"

/* The note (struct porin_note, trusted/tables/image_format.h). Its values are absolute symbols that the linker script defines:
 * porin_image_flags (PORIN_IMAGE_PROGRAM where main is defined), porin_stack_size, start and size of the import and export records.
 * src/env/__init_tls.c wants porin_tls_start, porin_tls_file_size, porin_tls_memory_size and porin_tls_align besides. */
__asm__(
	".pushsection .note.porin,\"a\",@note\n"
	"	.balign 4\n"
	"	.long 6, 64, 1\n"                 /* name size, descriptor size, PORIN_NOTE_TYPE */
	"	.asciz \"Porin\"\n"
	"	.balign 4\n"
	"	.long 1\n"                        /* PORIN_FORMAT_VERSION */
	"	.long porin_image_flags\n"
	"	.long _start\n"
	"	.long __porin_thread\n"
	"	.long porin_stack_size\n"
	"	.long porin_imports_start, porin_imports_size\n"
	"	.long porin_exports_start, porin_exports_size\n"
	"	.zero 28\n"
	".popsection\n");

weak int main();
extern hidden char porin_exports_size[];

/* A linker symbol's value, which the compiler would otherwise take for an address that cannot be 0. */
static size_t value_of(char *symbol)
{
	__asm__ ("" : "+r"(symbol));
	return (size_t)symbol;
}

/* block: argc, argv, NULL, envp, NULL, auxv. A program runs main and exits; a library, which has no main, returns ready for calls. */
void _start(long *block)
{
	int argc = block[0];
	char **argv = (void *)(block + 1), **envp = argv + argc + 1;
	/* Through a register: a direct call would have to reach address 0 in an image without main. */
	int (*program)() = main;
	__asm__ ("" : "+r"(program));
	__init_libc(envp, argv[0]);
	/* Without exports no other thread finds its way in, and a program's locks cost nothing. */
	if (!program || value_of(porin_exports_size)) __porin_share();
	__libc_start_init();
	if (program) exit(program(argc, argv, envp));
}
