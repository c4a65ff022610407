/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of strangers, made fit to be shown. */
#ifndef PORIN_LIFECYCLE_PLAIN_H
#define PORIN_LIFECYCLE_PLAIN_H

/* What a domain has written, or is called, is to be shown to a human: nothing of it steers a terminal or turns the order of letters.
 * What is no visible character of UTF-8 becomes ?, a byte a ?; tabs stay. */
void text_make_plain(char *text);
#endif
