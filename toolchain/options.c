/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of the command line. */
#define _GNU_SOURCE
#include "options.h"
#include "refusal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader { struct options *options; struct arguments words; size_t at; enum language forced; bool is_forced; bool *answered; };

static const struct { enum option_kind kind; const char *text; } rows[] = {
#define OPTION(kind, text) {OPTION_##kind, text},
#include "options.def"
#undef OPTION
};

bool option_is(enum option_kind kind, const char *word)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(rows[i].text);
        bool open = length > 1 && rows[i].text[length - 1] == '*';
        if (rows[i].kind == kind && (open ? strncmp(word, rows[i].text, length - 1) == 0 : strcmp(word, rows[i].text) == 0))
            return true;
    }
    return false;
}

static const char *next_word(struct reader *r)
{
    if (r->at >= r->words.count) {
        fprintf(stderr, "porin-cc: `%s' needs an argument\n", r->words.items[r->words.count - 1]);
        return NULL;
    }
    return r->words.items[r->at++];
}

static void add_input(struct options *o, const char *path, enum language language, bool option)
{
    if (o->input_count == o->input_capacity) {
        o->input_capacity = o->input_capacity ? o->input_capacity * 2 : 32;
        o->inputs = grow(o->inputs, o->input_capacity * sizeof o->inputs[0]);
    }
    o->inputs[o->input_count++] = (struct input){path, language, option};
    o->file_count += !option;
}

static bool language_of(const char *path, enum language *language)
{
    const char *dot = strrchr(path, '.');
    static const struct { const char *ending; enum language language; } endings[] = {
        {".c", LANGUAGE_C}, {".i", LANGUAGE_PREPROCESSED_C}, {".s", LANGUAGE_ASSEMBLY},
        {".S", LANGUAGE_ASSEMBLY_CPP}, {".sx", LANGUAGE_ASSEMBLY_CPP},
    };
    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++)
        if (strcmp(dot, endings[i].ending) == 0) {
            *language = endings[i].language;
            return true;
        }
    if (dot && option_is(OPTION_FOREIGN, dot)) {
        fprintf(stderr, "porin-cc: %s: only C and assembly can become domain code\n", path);
        return false;
    }
    *language = LANGUAGE_LINK;
    return true;
}

static bool read_language(struct reader *r, const char *name)
{
    static const struct { const char *name; enum language language; } names[] = {
        {"c", LANGUAGE_C}, {"cpp-output", LANGUAGE_PREPROCESSED_C}, {"assembler", LANGUAGE_ASSEMBLY},
        {"assembler-with-cpp", LANGUAGE_ASSEMBLY_CPP}, {"compiler-assembly", LANGUAGE_COMPILER_ASSEMBLY},
    };
    r->is_forced = strcmp(name, "none") != 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i].name) == 0) {
            r->forced = names[i].language;
            return true;
        }
    if (!r->is_forced)
        return true;
    fprintf(stderr, "porin-cc: -x %s: only c, cpp-output, assembler, assembler-with-cpp and compiler-assembly are known\n", name);
    return false;
}

static bool read_file(struct reader *r, const char *path)
{
    enum language language = r->forced;
    if (!r->is_forced && strcmp(path, "-") == 0 && r->options->mode != MODE_PREPROCESS) {
        fprintf(stderr, "porin-cc: -x is needed when the input is the standard input\n");
        return false;
    }
    if (!r->is_forced && strcmp(path, "-") != 0 && !language_of(path, &language))
        return false;
    add_input(r->options, path, language, false);
    return true;
}

/* "a,b,c" into its parts */
static void add_names(struct arguments *list, const char *names)
{
    char *copy = format_text("%s", names);
    for (char *name = strtok(copy, ","); name; name = strtok(NULL, ","))
        arguments_add(list, name);
}

/* One option of the linker, with the argument that follows it where it takes one in a word of its own. */
static void linker_option(struct reader *r, const char *word, const char *argument, bool *used)
{
    *used = false;
    if (strcmp(word, "-z") == 0) {
        *used = true;
        if (argument && strncmp(argument, "stack-size=", 11) == 0)
            r->options->stack_size = argument + 11;
    } else if (strncmp(word, "-zstack-size=", 13) == 0) {
        r->options->stack_size = word + 13;
    } else if (option_is(OPTION_LINKER_DROPPED_ARGUMENT, word)) {
        *used = true;
    } else if (strcmp(word, "-s") == 0 || strcmp(word, "--strip-all") == 0) {
        r->options->strip = true;
    } else if (!option_is(OPTION_LINKER_DROPPED, word) && strncmp(word, "-z", 2) != 0) {
        add_input(r->options, word, LANGUAGE_LINK, true);
        *used = option_is(OPTION_LINKER_ARGUMENT, word);
        if (*used && argument)
            add_input(r->options, argument, LANGUAGE_LINK, true);
    }
}

static bool linker_options(struct reader *r, const char *words)
{
    struct arguments list = {0};
    bool used;
    add_names(&list, words);
    for (size_t i = 0; i < list.count; i++) {
        if (strcmp(list.items[i], "-T") == 0 || strncmp(list.items[i], "--script", 8) == 0) {
            fprintf(stderr, "porin-cc: %s: a domain image has one layout; linker scripts cannot change it\n", list.items[i]);
            return false;
        }
        /* -Xlinker gives option and argument in two words of the command line */
        const char *argument = i + 1 < list.count ? list.items[i + 1] : NULL;
        if (!argument && r->at + 1 < r->words.count && strcmp(r->words.items[r->at], "-Xlinker") == 0)
            argument = r->words.items[r->at + 1];
        else if (!argument && r->at < r->words.count && strncmp(r->words.items[r->at], "-Wl,", 4) == 0)
            argument = r->words.items[r->at] + 4;
        linker_option(r, list.items[i], argument, &used);
        if (used && i + 1 < list.count)
            i++;
        else if (used && argument)
            r->at += strcmp(r->words.items[r->at], "-Xlinker") == 0 ? 2 : 1;
    }
    arguments_free(&list);
    return true;
}

/* -o file and -ofile: the value, or NULL if the word is another option; *failed if it is missing. */
static const char *joined(struct reader *r, const char *word, const char *option, bool *failed)
{
    size_t length = strlen(option);
    if (strncmp(word, option, length) != 0)
        return NULL;
    const char *value = word[length] ? word + length : next_word(r);
    *failed = *failed || !value;
    return value;
}

static bool read_mode(struct options *o, const char *word)
{
    static const struct { const char *word; enum mode mode; } modes[] = {
        {"-c", MODE_OBJECT}, {"-S", MODE_ASSEMBLY}, {"-E", MODE_PREPROCESS}, {"-M", MODE_PREPROCESS}, {"-MM", MODE_PREPROCESS},
    };
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(word, modes[i].word) == 0) {
            if (modes[i].mode > o->mode)
                o->mode = modes[i].mode;
            if (word[1] == 'M')
                arguments_add(&o->compiler, word);
            return true;
        }
    return false;
}

static bool read_switch(struct options *o, const char *word)
{
    struct { const char *word; bool *flag; } switches[] = {
        {"-nostdlib", &o->no_start_files}, {"-nostdlib", &o->no_default_libraries}, {"-nostartfiles", &o->no_start_files},
        {"-nodefaultlibs", &o->no_default_libraries}, {"-nolibc", &o->no_default_libraries}, {"-nostdinc", &o->no_standard_includes},
        {"-shared", &o->shared}, {"-r", &o->relocatable}, {"-s", &o->strip}, {"--no-verify", &o->no_verify},
    };
    bool found = false;
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        if (strcmp(word, switches[i].word) == 0) {
            *switches[i].flag = true;
            found = true;
        }
    return found;
}

/* Options about dependency files: gcc would derive names from a temporary output. */
static bool read_dependency(struct reader *r, const char *word, bool *failed)
{
    struct options *o = r->options;
    const char *value;
    if (strcmp(word, "-MD") == 0 || strcmp(word, "-MMD") == 0) {
        o->dependencies = true;
        arguments_add(&o->compiler, word);
    } else if ((value = joined(r, word, "-MF", failed))) {
        o->dependency_file = value;
    } else if ((value = joined(r, word, "-MT", failed)) || (value = joined(r, word, "-MQ", failed))) {
        o->dependency_target = value;
        arguments_add(&o->compiler, format_text("-M%c", word[2]));
        arguments_add(&o->compiler, value);
    } else {
        return *failed;
    }
    return true;
}

static bool read_porin_option(struct reader *r, const char *word, bool *failed)
{
    struct options *o = r->options;
    const char *value;
    if ((value = joined(r, word, "--export=", failed)))
        add_names(&o->exports, value);
    else if ((value = joined(r, word, "--import=", failed)))
        add_names(&o->imports, value);
    else if ((value = joined(r, word, "--sysroot=", failed)))
        o->sysroot = value;
    else if (strncmp(word, "--explain", 9) == 0) {
        *r->answered = true;
        if (!refusal_explain(word[9] == '=' ? word + 10 : NULL)) {
            fprintf(stderr, "porin-cc: there is no refusal `%s'; --explain alone lists them\n", word + 10);
            *failed = true;
        }
    } else
        return *failed;
    return true;
}

static bool read_link_word(struct reader *r, const char *word, bool *failed)
{
    struct options *o = r->options;
    const char *value;
    if (strncmp(word, "-Wl,", 4) == 0)
        *failed = !linker_options(r, word + 4);
    else if (strcmp(word, "-Xlinker") == 0) {
        value = next_word(r);
        *failed = !value || !linker_options(r, value);
    } else if (strcmp(word, "-z") == 0) {
        value = next_word(r);
        bool used;
        if (value)
            linker_option(r, "-z", value, &used);
        *failed = !value;
    } else if ((value = joined(r, word, "-l", failed)))
        add_input(o, format_text("-l%s", value), LANGUAGE_LINK, true);
    else if ((value = joined(r, word, "-L", failed)))
        arguments_add(&o->directories, value);
    else if ((value = joined(r, word, "-u", failed))) {
        add_input(o, "-u", LANGUAGE_LINK, true);
        add_input(o, value, LANGUAGE_LINK, true);
    } else if (strncmp(word, "-Wa,", 4) == 0)
        add_names(&o->assembler, word + 4);
    else if (strcmp(word, "-Xassembler") == 0) {
        if ((value = next_word(r)))
            arguments_add(&o->assembler, value);
        *failed = !value;
    } else if (strcmp(word, "-T") == 0 || strcmp(word, "-e") == 0 || strcmp(word, "-specs") == 0) {
        fprintf(stderr, "porin-cc: %s: a domain image has one layout; it cannot be changed\n", word);
        *failed = true;
    } else
        return *failed;
    return true;
}

static bool read_word(struct reader *r)
{
    struct options *o = r->options;
    const char *word = r->words.items[r->at++], *value;
    bool failed = false;
    if (word[0] != '-' || !word[1])
        return read_file(r, word);
    if (option_is(OPTION_REFUSED, word)) {
        fprintf(stderr, "porin-cc: %s: only 64-bit code written in AT&T syntax can become domain code\n", word);
        return false;
    }
    if (option_is(OPTION_NO_RUNTIME, word)) {
        fprintf(stderr, "porin-cc: %s: domains have no library for that; test the code natively with gcc (doc/limits.md)\n", word);
        return false;
    }
    if (option_is(OPTION_DROPPED, word) || read_mode(o, word) || read_switch(o, word))
        return true;
    if (read_porin_option(r, word, &failed) || read_dependency(r, word, &failed) || read_link_word(r, word, &failed))
        return !failed;
    if ((value = joined(r, word, "-x", &failed)) || failed)
        return !failed && read_language(r, value);
    if ((value = joined(r, word, "-o", &failed)) || failed) {
        o->output = value;
        return !failed;
    }
    if (strcmp(word, "-v") == 0 || strcmp(word, "-###") == 0) {
        process_set_echo(word[1] == 'v' ? ECHO_COMMANDS : ECHO_ONLY);
        return true;
    }
    if (strcmp(word, "-save-temps") == 0) {
        temporary_keep();
        return true;
    }
    if (strncmp(word, "-g", 2) == 0)
        o->debug = strcmp(word, "-g0") != 0;
    arguments_add(&o->compiler, word);
    if (option_is(OPTION_COMPILER_ARGUMENT, word)) {
        if (!(value = next_word(r)))
            return false;
        arguments_add(&o->compiler, value);
    }
    return true;
}

/* Words of a response file: separated by blanks, with quotes and backslashes as gcc reads them. */
static bool add_response_file(struct arguments *words, const char *path)
{
    struct buffer text = {0};
    if (!buffer_read_file(&text, path))
        return false;
    for (char *p = text.data; *p;) {
        while (*p && strchr(" \t\r\n", *p))
            p++;
        if (!*p)
            break;
        struct buffer word = {0};
        char quote = 0;
        buffer_add(&word, "", 0);
        for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
            if (*p == '\\' && p[1])
                buffer_add(&word, ++p, 1);
            else if (!quote && (*p == '"' || *p == '\''))
                quote = *p;
            else if (quote && *p == quote)
                quote = 0;
            else
                buffer_add(&word, p, 1);
        }
        arguments_add(words, word.data);
    }
    buffer_free(&text);
    return true;
}

static void find_sysroot(struct options *o)
{
    static const char *const places[] = {"../sysroot", "../share/porin/sysroot", NULL};
    char self[4096];
    const char *named = getenv("PORIN_SYSROOT");
    if (o->sysroot || (o->sysroot = named))
        return;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return;
    self[length] = 0;
    *strrchr(self, '/') = 0;
    for (const char *const *place = places; *place; place++) {
        char *path = format_text("%s/%s", self, *place);
        char *real = realpath(path, NULL);
        free(path);
        if (real) {
            o->sysroot = real;
            return;
        }
    }
}

static void answer(struct reader *r)
{
    for (size_t i = 0; i < r->words.count; i++) {
        const char *word = r->words.items[i];
        bool alone = r->words.count == 1 && strcmp(word, "-v") == 0;
        if (strcmp(word, "--help") == 0) {
            printf("usage: porin-cc [options of gcc] file...\n"
                   "Compiles, assembles and links C and assembly for Porin domains. Beyond gcc's options:\n"
                   "  --export=NAME,...   functions that hosts and other domains may enter\n"
                   "  --import=NAME,...   functions that another domain provides\n"
                   "  --sysroot=DIR       C library for domains (else $PORIN_SYSROOT, else beside porin-cc)\n"
                   "  --no-verify         do not verify the image after linking it\n"
                   "  --explain[=NAME]    what to do about what porin-cc refuses\n"
                   "  -z stack-size=N     data stack of the first thread\n"
                   "Options of position-independent code and of dynamic linking are accepted and have no effect. -shared makes a\n"
                   "relocatable object that later links take whole: domains do not share code by address, images are linked statically.\n");
        } else if (option_is(OPTION_QUESTION, word) || strcmp(word, "--version") == 0 || alone) {
            struct arguments gcc = {0};
            fflush(stdout);
            if (word[1] == '-' && word[2] == 'v')
                printf("porin-cc 0.1.0, on top of:\n");
            arguments_add(&gcc, "gcc");
            arguments_add_all(&gcc, &r->words);
            exit(process_run(&gcc, NULL, NULL));
        } else {
            continue;
        }
        *r->answered = true;
    }
}

bool options_read(struct options *options, int argc, char **argv, bool *answered)
{
    struct reader r = {.options = options, .answered = answered};
    *answered = false;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '@' || !add_response_file(&r.words, argv[i] + 1))
            arguments_add(&r.words, argv[i]);
    answer(&r);
    for (r.at = 0; !*answered && r.at < r.words.count;)
        if (!read_word(&r))
            return false;
    find_sysroot(options);
    if (!*answered && (options->mode == MODE_LINK ? options->input_count : options->file_count) == 0) {
        fprintf(stderr, "porin-cc: no input files\n");
        return false;
    }
    if (!*answered && options->mode != MODE_LINK && options->mode != MODE_PREPROCESS && options->output && options->file_count > 1) {
        fprintf(stderr, "porin-cc: cannot specify -o with -c or -S with several files\n");
        return false;
    }
    return true;
}
