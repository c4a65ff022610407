/* SPDX-License-Identifier: Apache-2.0 */
/* For code that runs in a domain: what it exports, what it imports, how a failed call shows. Works in C compiled by porin-cc. */
#ifndef PORIN_DOMAIN_H
#define PORIN_DOMAIN_H

/* Makes function `fn` an entry that hosts and other domains can be given (porin-cc --export=fn does the same without source).
 * Names have at most 55 characters. */
#define PORIN_EXPORT(fn) __asm__(PORIN_EXPORT_TEXT(fn))
#define PORIN_EXPORT_TEXT(fn) \
    ".pushsection porin_exports,\"aR\",@progbits\n\t.balign 64\n\t.long " #fn ", 0\n\t.asciz \"" #fn "\"\n\t.balign 64\n\t.popsection"

/* Makes function `fn` an import: calls go through a gate to whatever entry it is bound to (porin-cc --import=fn does the same
 * without source). The gate's space is a section that the linker script places in the slot's gate zone; any number of files may
 * declare the same import. */
#define PORIN_IMPORT(fn) __asm__(PORIN_IMPORT_TEXT(fn))
#define PORIN_IMPORT_TEXT(fn) \
    ".pushsection .porin.gates." #fn ",\"axG\",@nobits,porin_import_" #fn ",comdat\n\t.globl " #fn "\n\t.type " #fn ",@function\n" \
    #fn ":\n\t.skip 512\n\t.size " #fn ", 512\n\t.popsection\n\t" \
    ".pushsection porin_imports,\"aG\",@progbits,porin_import_" #fn ",comdat\n\t.balign 64\n\t.long " #fn ", 0\n" \
    "\t.asciz \"" #fn "\"\n\t.balign 64\n\t.popsection"

/* The error of this thread's last call out of the domain that was unwound (a porin_status), 0 if none. Not cleared by successful calls. */
static inline long porin_call_error(void)
{
    long error;
    __asm__ volatile("movq %%gs:8, %0" : "=r"(error));
    return error;
}
#endif
