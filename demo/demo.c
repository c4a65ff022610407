/* SPDX-License-Identifier: Apache-2.0 */
/* The demo: one host program; libpng, zlib, SQLite and a broken caption maker each in a domain of its own.
 * Usage: demo [-i IMAGES] [-o OUTPUT.png] [-q SQL] FILE.png
 *        demo [-i IMAGES] -c FILE.png...    only decodes, and prints checksums of the pixels */
#define _GNU_SOURCE /* CPU sets */
#include "demo.h"
#include "caption_bind.h"
#include "facts_bind.h"
#include "picture_bind.h"
#include "stream_edges.h"
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
    part_create(&zlib, images, "zlib");
    part_create(&libpng, images, "libpng");
    part_create(&facts, images, "sqlite");
    part_create(&caption, images, "caption");
    struct porin_error error = {0};
    if (stream_connect(libpng.domain, zlib.domain, &error) != PORIN_OK)
        die("the edges from libpng to zlib: %s", error.text);
    if (picture_bind(libpng.domain, &error) != PORIN_OK || facts_bind(facts.domain, &error) != PORIN_OK ||
        caption_bind(caption.domain, &error) != PORIN_OK)
        die("the stubs: %s", error.text);
}

/* What a stub of ours answered; its message is text whatever the domain wrote. */
static struct picture picture_checked(struct picture picture)
{
    if (porin_binding_error()->status != PORIN_OK)
        die("domain libpng: %s", porin_binding_error()->text);
    picture.message[sizeof picture.message - 1] = 0;
    text_clean(picture.message);
    return picture;
}

/* Decodes a file in the libpng domain. pixels is NULL when libpng refuses it; the reason is in picture->message. */
static struct canvas canvas_decode(const uint8_t *bytes, size_t size, struct picture *picture)
{
    *picture = picture_checked(picture_decode(bytes, size));
    struct canvas canvas = {picture->width, picture->height, NULL};
    if (!picture->decoded)
        return canvas;
    if (!canvas.width || !canvas.height || (uint64_t)canvas.width * canvas.height > PICTURE_PIXELS_MAX)
        die("domain libpng answered with an impossible size");
    size_t pixels_size = (size_t)canvas.width * canvas.height * 4;
    canvas.pixels = malloc(pixels_size);
    if (!canvas.pixels)
        die("out of memory");
    if (picture_pixels(canvas.pixels, pixels_size) != 0)
        die("domain libpng lacks the pixels that it decoded: %s", porin_binding_error()->text);
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
    struct canvas canvas = canvas_decode(bytes, size, picture);
    double ms = (double)(now_ns() - start) / 1e6;
    printf("picture   %s, %zu bytes\n", path, size);
    if (!canvas.pixels) {
        printf("libpng    refuses it: %s\n", picture->message);
        return canvas;
    }
    printf("libpng    decoded it: %u x %u, %u bits, %s%s, in %.1f ms; called the zlib domain %llu times for that\n",
           picture->width, picture->height, picture->bit_depth, colour_name(picture->color_type),
           picture->interlaced ? ", interlaced" : "", ms,
           (unsigned long long)picture_calls());
    struct picture_bytes went = picture_bytes();
    printf("          %llu bytes of image data, lent by the host, went on to zlib; libpng copied %llu of them\n",
           (unsigned long long)went.passed_on, (unsigned long long)went.copied);
    if (picture->message[0])
        printf("          and warns: %s\n", picture->message);
    return canvas;
}

char *facts_ask(const char *sql)
{
    int64_t status = facts_query(sql);
    const char *borrowed = facts_answer();
    char *answer = borrowed ? strdup(borrowed) : NULL;
    if (!answer)
        die("domain sqlite: %s", porin_binding_error()->text);
    text_clean(answer);
    if (status != 0)
        die("SQLite refuses %s: %s", sql, answer);
    return answer;
}

static void facts_keep(const char *path, const struct picture *picture, const struct canvas *canvas, size_t file_size)
{
    size_t count = (size_t)canvas->width * canvas->height;
    int64_t status = facts_open(path, picture->width, picture->height, picture->bit_depth, picture->color_type, (uint32_t)file_size);
    for (size_t at = 0; status == 0 && at < count; at += CHUNK_PIXELS)
        status = facts_count(canvas->pixels + at * 4, count - at < CHUNK_PIXELS ? count - at : CHUNK_PIXELS);
    if (status == 0)
        status = facts_store();
    if (status != 0)
        die("SQLite could not store the facts: status %lld %s", (long long)status, porin_binding_error()->text);
}

/* Prints the rows of a query, each as "sqlite    <label><row>". */
static void facts_print(const char *label, const char *sql)
{
    char *rows = facts_ask(sql);
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
    struct canvas chart = chart_draw(picture);
    struct picture encoded = picture_checked(picture_encode(chart.pixels, chart.width, chart.height));
    free(chart.pixels);
    if (!encoded.file_size)
        die("libpng cannot encode the result: %s", encoded.message);
    if (encoded.file_size > FILE_MAX)
        die("domain libpng answered with an impossible size");
    uint8_t *file = malloc(encoded.file_size);
    if (!file)
        die("out of memory");
    if (picture_file(file, encoded.file_size) != 0)
        die("domain libpng lacks the file that it made: %s", porin_binding_error()->text);
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
    struct canvas canvas = canvas_decode(damaged, size, &picture);
    printf("damage    one bit of the file turned over: libpng %s%s\n",
           canvas.pixels ? "decoded it all the same" : "says: ", picture.message);
    free(canvas.pixels);
    free(damaged);
}

/* Asks the caption domain; *error is what killed it, NULL if it lives. The caption goes to `made`. */
static void caption_ask(const char *text, char *made, size_t size, const struct porin_error **error)
{
    porin_binding_error_clear();
    const char *caption_made = caption_make(text);
    *error = caption_made ? NULL : porin_binding_error();
    snprintf(made, size, "%s", caption_made ? caption_made : "");
    text_clean(made);
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
    if (porin_domain_reset(caption.domain, &error) != PORIN_OK || caption_bind(caption.domain, &error) != PORIN_OK)
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
    uint64_t inside = 0;
    uint32_t outside = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
        uint64_t start = now_ns();
        inside = picture_checksums(CALLS, bytes, size);
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
        struct canvas canvas = canvas_decode(bytes, size, &picture);
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
    facts_keep(path, &picture, &canvas, size);
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
