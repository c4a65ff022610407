/* SPDX-License-Identifier: Apache-2.0 */
/* The demo: one host program; libpng, zlib, SQLite and a broken caption maker each in a domain of its own.
 * Usage: demo [-i IMAGES] [-o OUTPUT.png] [-q SQL] FILE.png
 *        demo [-i IMAGES] -c FILE.png...    only decodes, and prints checksums of the pixels */
#define _GNU_SOURCE /* CPU sets */
#include "demo.h"
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MAX = 256 << 20, CHUNK_PIXELS = 1 << 18 };

static struct part libpng, zlib, facts, caption;

void die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("demo: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint8_t *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    long length;
    if (!file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0)
        die("cannot read %s: %s", path, strerror(errno));
    if (length > FILE_MAX)
        die("%s is larger than %d MiB", path, FILE_MAX >> 20);
    rewind(file);
    uint8_t *bytes = malloc((size_t)length + 1);
    if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length)
        die("cannot read %s", path);
    fclose(file);
    *size = (size_t)length;
    return bytes;
}

static void file_write(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        die("cannot write %s: %s", path, strerror(errno));
}

static void domains_create(const char *images)
{
    static const char *const edges[] = {"stream_open", "stream_reset", "stream_validate", "stream_close", "stream_put", "stream_run",
                                        "stream_get", "stream_message", "stream_crc32", "stream_adler32"};
    struct porin_edge_options options = {
        .policy = PORIN_POLICY_ALL, .fault_value = -1, .callee_policy = PORIN_POLICY_ALL};
    part_create(&zlib, images, "zlib");
    part_create(&libpng, images, "libpng");
    part_create(&facts, images, "sqlite");
    part_create(&caption, images, "caption");
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        struct porin_error error = {0};
        porin_entry entry;
        if (porin_entry_find(zlib.domain, edges[i], &entry, &error) != PORIN_OK ||
            porin_domain_bind(libpng.domain, edges[i], entry, &options, &error) != PORIN_OK)
            die("edge %s from libpng to zlib: %s", edges[i], error.text);
    }
}

/* Fetches struct picture once; its message is text whatever the domain wrote. */
static struct picture picture_fetch(uint64_t at)
{
    struct picture picture;
    part_get(&picture, &libpng, (uint32_t)at, sizeof picture);
    picture.message[sizeof picture.message - 1] = 0;
    text_clean(picture.message);
    return picture;
}

/* Decodes a file in the libpng domain. pixels is NULL when libpng refuses it; the reason is in picture->message. */
static struct canvas picture_decode(const uint8_t *bytes, size_t size, struct picture *picture)
{
    porin_addr file = part_put(&libpng, bytes, size);
    *picture = picture_fetch(CALL(&libpng, "picture_decode", file.offset, size));
    porin_free(libpng.domain, file);
    struct canvas canvas = {picture->width, picture->height, NULL};
    if (!picture->pixels)
        return canvas;
    if (!canvas.width || !canvas.height || (uint64_t)canvas.width * canvas.height > PICTURE_PIXELS_MAX)
        die("domain libpng answered with an impossible size");
    size_t pixels_size = (size_t)canvas.width * canvas.height * 4;
    canvas.pixels = malloc(pixels_size);
    if (!canvas.pixels)
        die("out of memory");
    part_get(canvas.pixels, &libpng, picture->pixels, pixels_size);
    return canvas;
}

static const char *colour_name(uint32_t color_type)
{
    static const char *const names[] = {[0] = "grey", [2] = "RGB", [3] = "palette", [4] = "grey with alpha", [6] = "RGB with alpha"};
    return color_type < sizeof names / sizeof names[0] && names[color_type] ? names[color_type] : "unknown colour type";
}

static struct canvas show_decoding(const char *path, const uint8_t *bytes, size_t size, struct picture *picture)
{
    uint64_t start = now_ns();
    struct canvas canvas = picture_decode(bytes, size, picture);
    double ms = (double)(now_ns() - start) / 1e6;
    printf("picture   %s, %zu bytes\n", path, size);
    if (!canvas.pixels) {
        printf("libpng    refuses it: %s\n", picture->message);
        return canvas;
    }
    printf("libpng    decoded it: %u x %u, %u bits, %s%s, in %.1f ms; called the zlib domain %llu times for that\n",
           picture->width, picture->height, picture->bit_depth, colour_name(picture->color_type),
           picture->interlaced ? ", interlaced" : "", ms,
           (unsigned long long)CALL(&libpng, "picture_calls", 0));
    if (picture->message[0])
        printf("          and warns: %s\n", picture->message);
    return canvas;
}

char *facts_ask(const struct part *part, const char *sql)
{
    enum { ANSWER_MAX = 65536 };
    porin_addr query = part_put(part, sql, strlen(sql) + 1);
    uint64_t status = CALL(part, "facts_query", query.offset);
    porin_free(part->domain, query);
    char *answer = malloc(ANSWER_MAX);
    if (!answer)
        die("out of memory");
    part_get_text(answer, ANSWER_MAX, part, (uint32_t)CALL(part, "facts_answer", 0));
    if (status != 0)
        die("SQLite refuses %s: %s", sql, answer);
    return answer;
}

static void facts_store(const char *path, const struct picture *picture, const struct canvas *canvas, size_t file_size)
{
    porin_addr name = part_put(&facts, path, strlen(path) + 1), pixels;
    uint64_t status = CALL(&facts, "facts_open", name.offset, picture->width, picture->height, picture->bit_depth,
                           picture->color_type, file_size);
    porin_free(facts.domain, name);
    size_t count = (size_t)canvas->width * canvas->height;
    if (status == 0 && porin_alloc(facts.domain, (size_t)CHUNK_PIXELS * 4, &pixels) != PORIN_OK)
        die("domain sqlite is out of memory");
    for (size_t at = 0; status == 0 && at < count; at += CHUNK_PIXELS) {
        size_t piece = count - at < CHUNK_PIXELS ? count - at : CHUNK_PIXELS;
        if (porin_copy_out(facts.domain, pixels, canvas->pixels + at * 4, piece * 4) != PORIN_OK)
            die("the pixels do not fit into domain sqlite");
        status = CALL(&facts, "facts_count", pixels.offset, piece);
    }
    if (status == 0)
        status = CALL(&facts, "facts_store", 0);
    if (status != 0)
        die("SQLite could not store the facts: status %lld", (long long)status);
    porin_free(facts.domain, pixels);
}

/* Prints the rows of a query, each as "sqlite    <label><row>". */
static void facts_print(const char *label, const char *sql)
{
    char *rows = facts_ask(&facts, sql);
    for (char *state, *row = strtok_r(rows, "\n", &state); row; row = strtok_r(NULL, "\n", &state))
        printf("sqlite    %s%s\n", label, row);
    free(rows);
}

static void show_facts(const char *query)
{
    facts_print("", "SELECT count(*) || ' colours of 4096, in ' || sum(pixels) || ' pixels' FROM colour");
    facts_print("mean of ", "SELECT group_concat(channel || ' ' || mean, ', ') FROM (SELECT channel, CAST(round(1.0 * sum(level * pixels) /"
                            " max(1, sum(pixels))) AS INT) mean FROM histogram GROUP BY channel ORDER BY channel DESC)");
    facts_print("most frequent: ", "SELECT group_concat(printf('#%02x%02x%02x %.1f %%', red, green, blue, share), ', ') FROM"
                                   " (SELECT red, green, blue, 100.0 * pixels / (SELECT sum(pixels) FROM colour) share FROM colour"
                                   " ORDER BY pixels DESC LIMIT 4)");
    if (query)
        facts_print("your query: ", query);
}

static void write_back(const struct canvas *picture, const char *path)
{
    struct canvas chart = chart_draw(picture, &facts);
    size_t size = (size_t)chart.width * chart.height * 4;
    porin_addr pixels = part_put(&libpng, chart.pixels, size);
    struct picture encoded = picture_fetch(CALL(&libpng, "picture_encode", pixels.offset, chart.width, chart.height));
    porin_free(libpng.domain, pixels);
    free(chart.pixels);
    if (!encoded.file)
        die("libpng cannot encode the result: %s", encoded.message);
    if (encoded.file_size > FILE_MAX)
        die("domain libpng answered with an impossible size");
    uint8_t *file = malloc(encoded.file_size);
    if (!file)
        die("out of memory");
    part_get(file, &libpng, encoded.file, encoded.file_size);
    file_write(path, file, encoded.file_size);
    free(file);
    printf("libpng    wrote the picture with its histogram and colours: %s, %u x %u, %u bytes\n",
           path, chart.width, chart.height, encoded.file_size);
}

/* A bit of the compressed data turned over: libpng itself finds it and leaves by longjmp. */
static void show_damage(const uint8_t *bytes, size_t size)
{
    uint8_t *damaged = malloc(size);
    struct picture picture;
    if (!damaged)
        die("out of memory");
    memcpy(damaged, bytes, size);
    damaged[size / 2] ^= 0x10;
    struct canvas canvas = picture_decode(damaged, size, &picture);
    printf("damage    one bit of the file turned over: libpng %s%s\n",
           canvas.pixels ? "decoded it all the same" : "says: ", picture.message);
    free(canvas.pixels);
    free(damaged);
}

/* Asks the caption domain; *error is what killed it, NULL if it lives. The caption goes to `made`. */
static void caption_ask(const char *text, char *made, size_t size, const struct porin_error **error)
{
    porin_addr addr = part_put(&caption, text, strlen(text) + 1);
    made[0] = 0;
    uint64_t result = part_call(&caption, "caption_make", (const uint64_t[6]){addr.offset}, error);
    if (!*error)
        part_get_text(made, size, &caption, (uint32_t)result);
}

static void show_overflow(void)
{
    const struct porin_error *died;
    struct porin_error error = {0};
    char made[64], where[256];
    /* Forty bytes fill the buffer, the next ones replace the function pointer behind it: 0x130135 lies amid the domain's code. */
    caption_ask("0123456789012345678901234567890123456789\x35\x01\x13", made, sizeof made, &died);
    if (!died)
        die("the planted overflow was not noticed");
    part_where(&caption, died->offset, where, sizeof where);
    printf("overflow  stopped: domain \"%s\" died of %s at 0x%x%s%s\n",
           died->domain, strsignal(died->signal), died->offset, where[0] ? ", in " : "", where);
    if (porin_domain_reset(caption.domain, &error) != PORIN_OK)
        die("reset of domain caption: %s", error.text);
    caption_ask("evening at the sea", made, sizeof made, &died);
    if (died)
        die("domain caption died again: %s", died->text);
    printf("          the host goes on; the domain, reset, makes the caption \"%s\"\n", made);
}

/* Keeps this process and the separate one, which inherits it, on one CPU. */
static void stay_on_one_cpu(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(sched_getcpu(), &set);
    sched_setaffinity(0, sizeof set, &set);
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct costs { double domain_ns, process_ns; };

/* The same question, the checksum of `size` bytes, to the zlib domain, by the libpng domain, and to the separate process, in turns;
 * medians of batches. */
static struct costs costs_measure(struct separate *separate, const uint8_t bytes[QUESTION_BYTES], size_t size)
{
    enum { BATCHES = 51, CALLS = 2000, QUESTIONS = 50 };
    double domain_ns[BATCHES], process_ns[BATCHES];
    uint64_t words[QUESTION_BYTES / 8], inside = 0;
    uint32_t outside = 0;
    memcpy(words, bytes, sizeof words);
    for (int batch = 0; batch < BATCHES; batch++) {
        uint64_t start = now_ns();
        inside = CALL(&libpng, "picture_checksums", CALLS, size, words[0], words[1], words[2], words[3]);
        domain_ns[batch] = (double)(now_ns() - start) / CALLS;
        start = now_ns();
        for (int i = 0; i < QUESTIONS; i++)
            outside = separate_checksum(separate, bytes, size);
        process_ns[batch] = (double)(now_ns() - start) / QUESTIONS;
    }
    if (inside != outside)
        die("the zlib domain and the separate process disagree: %llx, %x", (unsigned long long)inside, outside);
    qsort(domain_ns, BATCHES, sizeof *domain_ns, double_compare);
    qsort(process_ns, BATCHES, sizeof *process_ns, double_compare);
    return (struct costs){domain_ns[BATCHES / 2], process_ns[BATCHES / 2]};
}

static void show_costs(struct separate *separate)
{
    static const uint8_t bytes[QUESTION_BYTES] = "thirty-two bytes for a checksum";
    struct costs none = costs_measure(separate, bytes, 0), all = costs_measure(separate, bytes, sizeof bytes);
    printf("cost      a checksum                                 of 0 bytes    of %d bytes\n", QUESTION_BYTES);
    printf("          asked by libpng of the zlib domain       %10.1f ns %10.1f ns a call\n", none.domain_ns, all.domain_ns);
    printf("          asked of a separate process by a socket  %10.1f ns %10.1f ns\n", none.process_ns, all.process_ns);
    printf("          the process costs                        %10.0f    %10.0f times as much\n", none.process_ns / none.domain_ns,
           all.process_ns / all.domain_ns);
}

static void print_checksums(char *const *paths, int count)
{
    for (int i = 0; i < count; i++) {
        size_t size;
        struct picture picture;
        uint8_t *bytes = file_read(paths[i], &size);
        struct canvas canvas = picture_decode(bytes, size, &picture);
        if (canvas.pixels)
            printf("%s: %u x %u, pixels %08x\n", paths[i], canvas.width, canvas.height,
                   checksum(canvas.pixels, (size_t)canvas.width * canvas.height * 4));
        else
            printf("%s: refused: %s\n", paths[i], picture.message);
        free(canvas.pixels);
        free(bytes);
    }
}

/* The whole demo over one file. Returns the exit status. */
static int run(const char *path, const char *output, const char *query, struct separate *separate)
{
    size_t size;
    struct picture picture;
    uint8_t *bytes = file_read(path, &size);
    struct canvas canvas = show_decoding(path, bytes, size, &picture);
    if (!canvas.pixels)
        return 1;
    facts_store(path, &picture, &canvas, size);
    show_facts(query);
    write_back(&canvas, output);
    show_damage(bytes, size);
    show_overflow();
    show_costs(separate);
    free(canvas.pixels);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    const char *images = "build/demo", *output = "build/demo/out.png", *query = NULL;
    bool checksums = false, usable = true;
    for (int option; (option = getopt(argc, argv, "i:o:q:c")) != -1;) {
        switch (option) {
        case 'i': images = optarg; break;
        case 'o': output = optarg; break;
        case 'q': query = optarg; break;
        case 'c': checksums = true; break;
        default: usable = false;
        }
    }
    int files = argc - optind, status = 0;
    if (!usable || files < 1 || (files > 1 && !checksums)) {
        fprintf(stderr, "usage: demo [-i IMAGES] [-o OUTPUT.png] [-q SQL] FILE.png\n       demo [-i IMAGES] -c FILE.png...\n");
        return 2;
    }
    stay_on_one_cpu();
    struct separate separate = separate_start();
    domains_create(images);
    if (checksums)
        print_checksums(argv + optind, files);
    else
        status = run(argv[optind], output, query, &separate);
    separate_stop(&separate);
    return status;
}
