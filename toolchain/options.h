/* SPDX-License-Identifier: Apache-2.0 */
/* porin-cc's command line: gcc's, sorted into what gcc gets, what the link gets, and what is Porin's own. */
#ifndef PORIN_OPTIONS_H
#define PORIN_OPTIONS_H
#include "process.h"

enum mode { MODE_LINK, MODE_OBJECT, MODE_ASSEMBLY, MODE_PREPROCESS };
enum language {
    LANGUAGE_C, LANGUAGE_PREPROCESSED_C, LANGUAGE_ASSEMBLY, LANGUAGE_ASSEMBLY_CPP,
    LANGUAGE_COMPILER_ASSEMBLY, /* what gcc -S printed with the options of porin-cc: its frame information is exact */
    LANGUAGE_LINK
};

/* An input file, or an option of the linker at its place among them. */
struct input { const char *path; enum language language; bool option; };

struct options {
    enum mode mode;
    const char *output;
    struct input *inputs;
    size_t input_count, input_capacity, file_count;
    struct arguments compiler;     /* for gcc -S and -E */
    struct arguments assembler;    /* -Wa,... */
    struct arguments directories;  /* -L */
    struct arguments exports, imports;
    const char *stack_size;        /* -z stack-size, or NULL */
    const char *sysroot;           /* NULL: none found */
    const char *dependency_file, *dependency_target;
    bool dependencies;             /* -MD or -MMD */
    bool no_start_files, no_default_libraries, no_standard_includes;
    bool shared, relocatable, strip, no_verify, pipe_input;
    bool debug;                    /* -g */
};

/* Rows of options.def. */
enum option_kind {
    OPTION_DROPPED, OPTION_COMPILER_ARGUMENT, OPTION_QUESTION, OPTION_REFUSED, OPTION_NO_RUNTIME, OPTION_LINKER_DROPPED,
    OPTION_LINKER_DROPPED_ARGUMENT, OPTION_LINKER_ARGUMENT, OPTION_FOREIGN, OPTION_ABSORBED
};
bool option_is(enum option_kind kind, const char *word);

/* Reads the command line. Returns false after printing what is wrong. Options that only ask something are answered by *answered. */
bool options_read(struct options *options, int argc, char **argv, bool *answered);
#endif
