/* SPDX-License-Identifier: Apache-2.0 */
/* gcc -S with the reserved registers, the rewriting, GNU as. */
#include "compile.h"
#include "rewrite.h"
#include "tail_call.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What gcc must do for the rewriter, behind the user's options so that it holds. */
static const char *const code_options[] = {
    "-fno-pic", "-fno-pie", "-fplt",                          /* linked statically at slot offsets */
    "-ffixed-r10", "-ffixed-r11", "-ffixed-r14", "-ffixed-r15",
    "-fno-crossjumping",                                      /* it moves a comparison in front of a switch, whose jump changes flags */
    "-fno-ipa-ra",                                            /* calls change more registers than gcc sees */
    "-fcf-protection=branch", "-mcet-switch", "-mno-manual-endbr", /* labels where indirect branches land */
    "-fasynchronous-unwind-tables", "-fdwarf2-cfi-asm",       /* where the stack is, at each instruction */
    "-fno-stack-clash-protection", "-fno-stack-protector", "-fno-split-stack", "-fno-stack-check",
    "-fno-ipa-stack-alignment",                               /* r15 is a multiple of 16 at every call */
    "-mno-mmx", "-msse3",                                     /* fisttp instead of changes of the x87 control word */
    "-mtls-dialect=gnu", "-ftls-model=local-exec",
    "-mno-fancy-math-387",                                    /* floorl and the like by call: inline they change that word too */
    "-mtune-ctrl=^use_gather,^use_gather_2parts,^use_gather_4parts,^use_ffreep,^always_fancy_math_387",
    "-fno-lto", "-masm=att", "-fno-exceptions", NULL};

static void add_headers(const struct options *o, struct arguments *gcc)
{
    struct arguments question = {0};
    struct buffer answer = {0};
    if (o->no_standard_includes) {
        arguments_add(gcc, "-nostdinc");
        return;
    }
    arguments_add(&question, "gcc");
    arguments_add(&question, "-print-file-name=include");
    buffer_add(&answer, "", 0);
    process_run(&question, &answer, NULL);
    arguments_free(&question);
    arguments_add(gcc, "-nostdinc");
    if (o->sysroot) {
        arguments_add(gcc, "-isystem");
        arguments_add(gcc, format_text("%s/include", o->sysroot));
    }
    answer.data[strcspn(answer.data, "\n")] = 0;
    if (answer.length) {
        arguments_add(gcc, "-isystem");
        arguments_add(gcc, answer.data);
    }
}

static void gcc_command(const struct options *o, struct arguments *gcc, const char *action)
{
    arguments_add(gcc, "gcc");
    if (action)
        arguments_add(gcc, action);
    arguments_add(gcc, "-D__PORIN__=1");
    arguments_add_all(gcc, &o->compiler);
    add_headers(o, gcc);
    for (const char *const *option = code_options; *option; option++)
        arguments_add(gcc, *option);
}

static void add_source(struct arguments *gcc, const struct input *input)
{
    static const char *const names[] = {"c", "cpp-output", "assembler", "assembler-with-cpp"};
    arguments_add(gcc, "-x");
    arguments_add(gcc, names[input->language]);
    arguments_add(gcc, input->path);
}

int preprocess(const struct options *o)
{
    struct arguments gcc = {0};
    gcc_command(o, &gcc, "-E");
    if (o->dependency_file) {
        arguments_add(&gcc, "-MF");
        arguments_add(&gcc, o->dependency_file);
    }
    if (o->output) {
        arguments_add(&gcc, "-o");
        arguments_add(&gcc, o->output);
    }
    for (size_t i = 0; i < o->input_count; i++)
        if (!o->inputs[i].option && o->inputs[i].language != LANGUAGE_LINK)
            add_source(&gcc, &o->inputs[i]);
    int status = process_run(&gcc, NULL, NULL);
    arguments_free(&gcc);
    return status;
}

/* gcc names dependency files and targets after its output, which is a temporary file here. */
static void add_dependencies(const struct options *o, struct arguments *gcc, const char *output)
{
    if (!o->dependencies)
        return;
    const char *file = o->dependency_file;
    if (!file) {
        const char *slash = strrchr(output, '/'), *dot = strrchr(output, '.');
        int length = dot && (!slash || dot > slash) ? (int)(dot - output) : (int)strlen(output);
        file = format_text("%.*s.d", length, output);
    }
    arguments_add(gcc, "-MF");
    arguments_add(gcc, file);
    if (!o->dependency_target) {
        arguments_add(gcc, "-MT");
        arguments_add(gcc, output);
    }
}

int assemble(const struct options *o, const char *assembly, const char *object)
{
    struct arguments as = {0};
    arguments_add(&as, "as");
    arguments_add(&as, "--64");
    arguments_add_all(&as, &o->assembler);
    arguments_add(&as, "-o");
    arguments_add(&as, object);
    arguments_add(&as, assembly);
    int status = process_run(&as, NULL, NULL);
    arguments_free(&as);
    return status;
}

static bool is_c(const struct input *input)
{
    return input->language == LANGUAGE_C || input->language == LANGUAGE_PREPROCESSED_C;
}

/* gcc -S, a second time where the first would not end. */
static int run_compiler(struct arguments *gcc, const struct input *input)
{
    struct tail_call state = {0};
    if (!is_c(input) || strcmp(input->path, "-") == 0) /* that cannot be read twice */
        return process_run(gcc, NULL, NULL);
    arguments_add(gcc, "-fdump-rtl-expand=" PROCESS_WATCHED);
    int status = process_watch(gcc, tail_call_is_stuck, &state);
    if (status != PROCESS_ENDED)
        return status;
    gcc->items[gcc->count - 1] = "-fno-optimize-sibling-calls";
    return process_run(gcc, NULL, NULL);
}

/* To assembly text: gcc for C, the preprocessor for .S, nothing for .s. */
static int make_assembly(const struct options *o, const struct input *input, const char *final, bool plain, const char **assembly)
{
    struct arguments gcc = {0};
    if (input->language == LANGUAGE_ASSEMBLY || input->language == LANGUAGE_COMPILER_ASSEMBLY) {
        *assembly = input->path;
        return 0;
    }
    *assembly = temporary_file(".s");
    gcc_command(o, &gcc, input->language == LANGUAGE_ASSEMBLY_CPP ? "-E" : "-S");
    if (plain) {
        arguments_add(&gcc, "-fno-tree-vectorize");
        arguments_add(&gcc, "-fno-jump-tables");
    }
    add_dependencies(o, &gcc, final);
    arguments_add(&gcc, "-o");
    arguments_add(&gcc, *assembly);
    add_source(&gcc, input);
    int status = run_compiler(&gcc, input);
    arguments_free(&gcc);
    return status;
}

/* *retry: what is refused are gathers of gcc's own making, or flags that it keeps across a switch, so compiling again without vectorisation
 * and tables of jumps is worth it. */
static int rewrite_file(const struct input *input, const char *assembly, const char *output, bool *retry)
{
    struct buffer text = {0}, rewritten = {0}, messages = {0};
    const char *path = strcmp(assembly, "-") == 0 ? "/dev/stdin" : assembly;
    if (!buffer_read_file(&text, path)) {
        fprintf(stderr, "porin-cc: cannot read %s: %s\n", path, strerror(errno));
        return 1;
    }
    bool compiled = is_c(input) || input->language == LANGUAGE_COMPILER_ASSEMBLY;
    struct rewrite_source source = {.name = input->path, .text = {text.data, text.length}, .from_compiler = compiled};
    int avoidable, refused = rewrite(&source, &rewritten, &messages, &avoidable);
    *retry = *retry && avoidable > 0 && is_c(input) && strcmp(input->path, "-") != 0;
    bool to_stdout = strcmp(output, "-") == 0;
    if (!refused && !buffer_write_file(&rewritten, to_stdout ? "/dev/stdout" : output)) {
        fprintf(stderr, "porin-cc: cannot write %s: %s\n", output, strerror(errno));
        refused = 1;
    }
    if (messages.length && !*retry)
        fputs(messages.data, stderr);
    buffer_free(&text);
    buffer_free(&rewritten);
    buffer_free(&messages);
    return refused ? 1 : 0;
}

int compile(const struct options *o, const struct input *input, enum mode mode, const char *output)
{
    const char *assembly, *domain = mode == MODE_ASSEMBLY ? output : temporary_file(".domain.s");
    bool again = true;
    int status = make_assembly(o, input, output, false, &assembly);
    if (process_dry()) {
        fprintf(stderr, " [rewrite] %s %s\n", assembly, domain);
    } else if (status == 0) {
        status = rewrite_file(input, assembly, domain, &again);
        if (status != 0 && again) {
            again = false;
            status = make_assembly(o, input, output, true, &assembly);
            status = status ? status : rewrite_file(input, assembly, domain, &again);
        }
    }
    if (status == 0 && mode != MODE_ASSEMBLY)
        status = assemble(o, domain, output);
    if (status != 0)
        remove_output(output);
    return status;
}
