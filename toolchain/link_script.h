/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a domain image, as a script for GNU ld. */
#ifndef PORIN_LINK_SCRIPT_H
#define PORIN_LINK_SCRIPT_H

/* A format with two strings to fill in: the lines about the interpreter, or nothing. */
extern const char link_script[];
extern const char link_interpreter_header[], link_interpreter_section[];
/* Assembly of one export or import record; LINK_NAME stands for the function's name. */
extern const char link_export[], link_import[];
#define LINK_NAME "PORIN_NAME"
/* The image note of images without the C library's start file. */
extern const char link_note[];
#endif
