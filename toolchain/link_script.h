/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a domain image, as a script for GNU ld. */
#ifndef PORIN_LINK_SCRIPT_H
#define PORIN_LINK_SCRIPT_H

extern const char link_script[];
/* Assembly of one export or import record; LINK_NAME stands for the function's name. */
extern const char link_export[], link_import[];
#define LINK_NAME "PORIN_NAME"
/* The image note of images without the C library's start file. */
extern const char link_note[];
#endif
