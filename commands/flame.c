/* SPDX-License-Identifier: Apache-2.0 */
/* `porin flame`: a profile (porin/observe.h) as a picture, or as folded stacks for other tools. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "lifecycle/plain.h"
#include "porin/porin.h"
#include "symbols.h"

static const char usage[] =
    "usage: porin flame [-o OUT.svg] [--folded] [--domain NAME] PROFILE\n\n"
    "Draws where domains spent their CPU time: PROFILE is what `porin run --profile PROFILE ...` wrote. Each box is a function, its\n"
    "width the time in it and below it, on top of its caller; colours tell domains apart, names of services stand in brackets.\n\n"
    "  -o OUT.svg   the picture (default: standard output); any browser shows it, with figures under the mouse\n"
    "  --domain NAME  only what ran in that domain, or for it or on its behalf: stacks that it is in\n"
    "  --folded     one line a stack and its microseconds instead, outermost first: what other flame graph tools read\n";

/* Its name is plain; its path is as the profile has it. */
struct domain { char *name, *path; struct symbol *symbols; uint32_t *offsets; size_t count; };
struct node { char *label; uint32_t hue; uint64_t ns; struct node *children, *next; };
struct profile {
    struct domain *domains;
    size_t domain_count;
    struct node root;
    uint64_t samples, lost;
    const char *only;                   /* stacks with a function of this domain; NULL: all */
};

static const struct { uint32_t number; const char *name; } services[] = {
#define SERVICE(number, name, arguments, family, handler, state, note) { number, #name },
#include "services.def"
#undef SERVICE
};

static const char *service_name(uint32_t number)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (services[i].number == number)
            return services[i].name;
    return "service";
}

static void *need(void *memory)
{
    if (!memory) {
        fprintf(stderr, "porin flame: %s\n", strerror(ENOMEM));
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* --- reading: once for the offsets, so that each image is asked about once, and again for the stacks --- */

static bool domain_line(struct profile *profile, char *line)
{
    char *save, *number = strtok_r(line, " \n", &save), *name = strtok_r(NULL, " \n", &save), *path = strtok_r(NULL, "\n", &save);
    if (!path || strtoul(number, NULL, 10) != profile->domain_count)
        return false;
    profile->domains = need(realloc(profile->domains, (profile->domain_count + 1) * sizeof *profile->domains));
    text_make_plain(name); /* a profile may come from anybody */
    profile->domains[profile->domain_count++] = (struct domain){ .name = need(strdup(name)), .path = need(strdup(path)) };
    return true;
}

/* A frame's domain and offset; NULL: it is a service, whose number is *at, or (not *good) nothing that was written by a profile. */
static struct domain *frame_read(const struct profile *profile, const char *text, uint32_t *at, bool *good)
{
    char *end;
    *good = false;
    if (strncmp(text, "service:", 8) == 0) {
        *at = (uint32_t)strtoul(text + 8, &end, 10);
        *good = end != text + 8 && !*end;
        return NULL;
    }
    unsigned long number = strtoul(text, &end, 10);
    if (end == text || *end != ':' || number > profile->domain_count)
        return NULL;
    *at = (uint32_t)strtoul(end + 1, NULL, 16);
    *good = number < profile->domain_count;
    return *good ? &profile->domains[number] : NULL;
}

/* A return address is behind its call. */
static uint32_t place_of(uint32_t at, bool leaf)
{
    return leaf ? at : at - 1;
}

static int offsets_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Calls `each` for the frames of a line, innermost first. False: not a sample line. */
static bool frames_visit(const struct profile *profile, char *line, uint64_t *ns,
                         void (*each)(struct domain *, uint32_t, void *), void *data)
{
    char *save, *word = strtok_r(line, " \n", &save), *number = strtok_r(NULL, " \n", &save);
    if (!word || strcmp(word, "sample") != 0 || !number)
        return false;
    *ns = strtoull(number, NULL, 10);
    bool good, leaf = true;
    for (uint32_t at; (word = strtok_r(NULL, " \n", &save)); leaf = false) {
        struct domain *domain = frame_read(profile, word, &at, &good);
        if (good)
            each(domain, domain ? place_of(at, leaf) : at, data);
    }
    return true;
}

static void offset_note(struct domain *domain, uint32_t at, void *data)
{
    (void)data;
    if (!domain)
        return;
    if ((domain->count & (domain->count - 1)) == 0)
        domain->offsets = need(realloc(domain->offsets, (domain->count ? 2 * domain->count : 1) * sizeof at));
    domain->offsets[domain->count++] = at;
}

static bool offsets_read(struct profile *profile, FILE *from)
{
    char *line = NULL;
    size_t room = 0;
    uint64_t ns;
    bool good = true;
    while (good && getline(&line, &room, from) > 0)
        if (strncmp(line, "domain ", 7) == 0)
            good = domain_line(profile, line + 7);
        else if (strncmp(line, "lost ", 5) == 0)
            profile->lost = strtoull(line + 5, NULL, 10);
        else
            good = frames_visit(profile, line, &ns, offset_note, NULL);
    free(line);
    return good;
}

static void image_miss(const struct domain *domain)
{
    char *path = need(strdup(domain->path));
    text_make_plain(path);
    fprintf(stderr, "porin flame: no names for domain %s: its image (%s) cannot be read any more\n", domain->name, path);
    free(path);
}

static void names_find(struct profile *profile)
{
    for (struct domain *domain = profile->domains; domain < profile->domains + profile->domain_count; domain++) {
        if (!domain->count)
            continue;
        size_t kept = 0;
        qsort(domain->offsets, domain->count, sizeof *domain->offsets, offsets_compare);
        for (size_t i = 0; i < domain->count; i++)
            if (!kept || domain->offsets[kept - 1] != domain->offsets[i])
                domain->offsets[kept++] = domain->offsets[i];
        domain->count = kept;
        domain->symbols = need(calloc(kept, sizeof *domain->symbols));
        if (strcmp(domain->path, "-") == 0 || !symbols_find(domain->path, domain->offsets, kept, domain->symbols))
            image_miss(domain);
    }
}

/* --- the tree --- */

static uint32_t hue_of(size_t domain)
{
    return (uint32_t)(domain * 137 % 360); /* neighbours differ most */
}

static struct node *node_child(struct node *parent, const char *label, uint32_t hue)
{
    struct node **at = &parent->children;
    while (*at && strcmp((*at)->label, label) < 0)
        at = &(*at)->next;
    if (*at && strcmp((*at)->label, label) == 0)
        return *at;
    struct node *node = need(calloc(1, sizeof *node));
    *node = (struct node){ .label = need(strdup(label)), .hue = hue, .next = *at };
    return *at = node;
}

#define DEPTH 600
struct stack { struct profile *profile; char labels[DEPTH][96]; uint32_t hues[DEPTH]; size_t depth; bool wanted; };

static void label_note(struct domain *domain, uint32_t at, void *data)
{
    struct stack *stack = data;
    stack->wanted = stack->wanted || (domain && strcmp(domain->name, stack->profile->only ?: domain->name) == 0);
    if (stack->depth == DEPTH)
        return;
    char *label = stack->labels[stack->depth];
    size_t size = sizeof stack->labels[0];
    stack->hues[stack->depth++] = domain ? hue_of((size_t)(domain - stack->profile->domains)) : UINT32_MAX;
    if (!domain) {
        snprintf(label, size, "[%s]", service_name(at));
        return;
    }
    const uint32_t *found = bsearch(&at, domain->offsets, domain->count, sizeof at, offsets_compare);
    const char *function = found ? domain->symbols[found - domain->offsets].function : NULL;
    if (function)
        snprintf(label, size, "%s: %s", domain->name, function);
    else
        snprintf(label, size, "%s: 0x%x", domain->name, at);
}

static void stacks_read(struct profile *profile, FILE *from)
{
    struct stack *stack = need(malloc(sizeof *stack));
    char *line = NULL;
    size_t room = 0;
    uint64_t ns;
    while (getline(&line, &room, from) > 0) {
        *stack = (struct stack){ .profile = profile };
        if (!frames_visit(profile, line, &ns, label_note, stack) || !stack->wanted)
            continue;
        profile->samples++;
        struct node *node = &profile->root;
        node->ns += ns;
        while (stack->depth-- > 0) {
            node = node_child(node, stack->labels[stack->depth], stack->hues[stack->depth]);
            node->ns += ns;
        }
    }
    free(line);
    free(stack);
}

/* --- writing --- */

static void folded_write(FILE *to, const struct node *node, const char *path)
{
    uint64_t own = node->ns;
    for (const struct node *child = node->children; child; child = child->next) {
        char *below;
        need(asprintf(&below, "%s%s%s", path, *path ? ";" : "", child->label) >= 0 ? below : NULL);
        folded_write(to, child, below);
        free(below);
        own -= child->ns;
    }
    if (*path && own >= 1000)
        fprintf(to, "%s %llu\n", path, (unsigned long long)(own / 1000));
}

#define WIDTH 1200.0
#define ROW 18.0
#define LETTER 6.7

static unsigned height_of(const struct node *node)
{
    unsigned most = 0;
    for (const struct node *child = node->children; child; child = child->next) {
        unsigned height = height_of(child) + 1;
        most = height > most ? height : most;
    }
    return most;
}

static void text_write(FILE *to, const char *text, size_t most)
{
    for (size_t i = 0; text[i] && i < most; i++)
        switch (text[i]) {
        case '<': fputs("&lt;", to); break;
        case '>': fputs("&gt;", to); break;
        case '&': fputs("&amp;", to); break;
        default: fputc((uint8_t)text[i] < ' ' ? '?' : text[i], to);
        }
}

static void box_write(FILE *to, const struct node *node, const struct node *root, double x, unsigned level, unsigned levels)
{
    double width = WIDTH * (double)node->ns / (double)root->ns, y = 30 + ROW * (levels - level);
    if (width < 0.3)
        return;
    if (node->hue == UINT32_MAX)
        fprintf(to, "<g><rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='#d5d5d5'/><title>", x, y, width, ROW - 1);
    else
        fprintf(to, "<g><rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='hsl(%u,65%%,%u%%)'/><title>", x, y, width, ROW - 1,
                node->hue, 68 + level % 3 * 4);
    text_write(to, node->label, SIZE_MAX);
    fprintf(to, ": %.1f %%, %.1f ms</title>", 100 * (double)node->ns / (double)root->ns, (double)node->ns / 1e6);
    if (width > 4 * LETTER) {
        const char *function = strstr(node->label, ": "); /* the colour tells the domain */
        fprintf(to, "<text x='%.1f' y='%.1f'>", x + 3, y + ROW - 5);
        text_write(to, function ? function + 2 : node->label, (size_t)(width / LETTER) - 1);
        fputs("</text>", to);
    }
    fputs("</g>\n", to);
    for (const struct node *child = node->children; child; child = child->next) {
        box_write(to, child, root, x, level + 1, levels);
        x += WIDTH * (double)child->ns / (double)root->ns;
    }
}

static void legend_write(FILE *to, const struct profile *profile)
{
    double x = WIDTH;
    for (size_t i = profile->domain_count; i-- > 0 && x > WIDTH / 2;) {
        x -= LETTER * (double)strlen(profile->domains[i].name) + 20;
        fprintf(to, "<rect x='%.1f' y='5' width='10' height='13' fill='hsl(%u,65%%,70%%)'/><text x='%.1f' y='16'>", x, hue_of(i), x + 13);
        text_write(to, profile->domains[i].name, SIZE_MAX);
        fputs("</text>\n", to);
    }
}

static void picture_write(FILE *to, struct profile *profile)
{
    unsigned levels = height_of(&profile->root);
    fprintf(to, "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %.0f %.0f' font-family='monospace' font-size='11'>\n", WIDTH,
            50 + ROW * (levels + 1));
    fprintf(to, "<text x='4' y='16' font-size='13'>CPU time of domains: %.3f s, %llu samples, %llu lost</text>\n",
            (double)profile->root.ns / 1e9, (unsigned long long)profile->samples, (unsigned long long)profile->lost);
    legend_write(to, profile);
    profile->root.label = "all";
    profile->root.hue = UINT32_MAX;
    if (profile->root.ns)
        box_write(to, &profile->root, &profile->root, 0, 0, levels);
    fputs("</svg>\n", to);
}

static int convert(const char *path, const char *out, bool folded, const char *only)
{
    struct profile profile = { .only = only };
    FILE *from = fopen(path, "re");
    if (!from) {
        fprintf(stderr, "porin flame: %s: %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    if (!offsets_read(&profile, from)) {
        fprintf(stderr, "porin flame: %s is no profile; porin run --profile FILE writes one\n", path);
        fclose(from);
        return EXIT_FAILURE;
    }
    names_find(&profile);
    rewind(from);
    stacks_read(&profile, from);
    fclose(from);
    FILE *to = out ? fopen(out, "we") : stdout;
    if (to && folded)
        folded_write(to, &profile.root, "");
    else if (to)
        picture_write(to, &profile);
    if (!to || fflush(to) != 0 || ferror(to)) {
        fprintf(stderr, "porin flame: %s: %s\n", out ? out : "standard output", strerror(errno));
        return EXIT_FAILURE;
    }
    return 0; /* what was allocated goes with the process */
}

int command_flame(int argc, char **argv)
{
    static const struct option known[] = { { "help", no_argument, NULL, 'h' }, { "folded", no_argument, NULL, 'f' },
                                           { "domain", required_argument, NULL, 'd' }, { 0 } };
    const char *out = NULL, *only = NULL;
    bool folded = false;
    int option;
    while ((option = getopt_long(argc, argv, "ho:", known, NULL)) != -1)
        switch (option) {
        case 'o': out = optarg; break;
        case 'f': folded = true; break;
        case 'd': only = optarg; break;
        case 'h': fputs(usage, stdout); return 0;
        default: return EXIT_USAGE;
        }
    if (optind != argc - 1) {
        fprintf(stderr, "porin flame: one profile is needed; porin flame --help\n");
        return EXIT_USAGE;
    }
    return convert(argv[optind], out, folded, only);
}
