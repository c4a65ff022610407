/* SPDX-License-Identifier: Apache-2.0 */
/* Demo: draws the picture that is written back: the original, and below it what the database knows about its colours. */
#include "demo.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 8, GRAPH_HEIGHT = 64, SWATCH_HEIGHT = 20, SWATCHES = 8, WIDTH_MIN = 256 };

static void fill(struct canvas *canvas, uint32_t left, uint32_t top, uint32_t width, uint32_t height, const uint8_t colour[3])
{
    for (uint32_t y = top; y < top + height && y < canvas->height; y++)
        for (uint32_t x = left; x < left + width && x < canvas->width; x++)
            memcpy(canvas->pixels + ((size_t)y * canvas->width + x) * 4, (uint8_t[4]){colour[0], colour[1], colour[2], 255}, 4);
}

static void copy(struct canvas *to, uint32_t left, const struct canvas *from)
{
    for (uint32_t y = 0; y < from->height; y++)
        memcpy(to->pixels + ((size_t)y * to->width + left) * 4, from->pixels + (size_t)y * from->width * 4, (size_t)from->width * 4);
}

/* One translucent column for each level of each channel; heights follow the square root, so that rare levels show. */
static void draw_graph(struct canvas *canvas, uint32_t left, uint32_t top, uint32_t width)
{
    unsigned channel, level, height;
    char *rows = facts_ask("SELECT CASE channel WHEN 'red' THEN 0 WHEN 'green' THEN 1 ELSE 2 END, level,"
                                  " CAST(64 * sqrt(1.0 * pixels / (SELECT max(pixels) FROM histogram)) AS INT) FROM histogram");
    for (char *state, *row = strtok_r(rows, "\n", &state); row; row = strtok_r(NULL, "\n", &state)) {
        if (sscanf(row, "%u|%u|%u", &channel, &level, &height) != 3 || channel > 2 || level > 255 || height > GRAPH_HEIGHT)
            continue;
        uint32_t from = left + level * width / 256, to = left + (level + 1) * width / 256;
        for (uint32_t x = from; x < to; x++)
            for (uint32_t y = top + GRAPH_HEIGHT - height; y < top + GRAPH_HEIGHT; y++) {
                uint8_t *pixel = canvas->pixels + ((size_t)y * canvas->width + x) * 4 + channel;
                *pixel = (uint8_t)(*pixel + (255 - *pixel) * 2 / 3);
            }
    }
    free(rows);
}

/* The most frequent colours as bars whose widths are their shares of each other. */
static void draw_swatches(struct canvas *canvas, uint32_t left, uint32_t top, uint32_t width)
{
    unsigned red, green, blue, begin, end;
    char sql[512];
    snprintf(sql, sizeof sql,
             "WITH most AS (SELECT * FROM colour ORDER BY pixels DESC LIMIT %d), all_pixels AS (SELECT sum(pixels) s FROM most),"
             " running AS (SELECT red, green, blue, pixels, sum(pixels) OVER (ORDER BY pixels DESC, red, green, blue) upto FROM most)"
             " SELECT red, green, blue, %u * (upto - pixels) / s, %u * upto / s FROM running, all_pixels",
             SWATCHES, width, width);
    char *rows = facts_ask(sql);
    for (char *state, *row = strtok_r(rows, "\n", &state); row; row = strtok_r(NULL, "\n", &state))
        if (sscanf(row, "%u|%u|%u|%u|%u", &red, &green, &blue, &begin, &end) == 5 && begin <= end && end <= width)
            fill(canvas, left + begin, top, end - begin, SWATCH_HEIGHT, (uint8_t[3]){(uint8_t)red, (uint8_t)green, (uint8_t)blue});
    free(rows);
}

struct canvas chart_draw(const struct canvas *picture)
{
    static const uint8_t paper[3] = {24, 24, 28};
    uint32_t inner = picture->width > WIDTH_MIN ? picture->width : WIDTH_MIN;
    struct canvas canvas = {inner + 2 * MARGIN, picture->height + 4 * MARGIN + GRAPH_HEIGHT + SWATCH_HEIGHT, NULL};
    struct canvas below = canvas;
    canvas.pixels = malloc((size_t)canvas.width * canvas.height * 4);
    if (!canvas.pixels)
        die("out of memory");
    fill(&canvas, 0, 0, canvas.width, canvas.height, paper);
    below.pixels = canvas.pixels + (size_t)MARGIN * canvas.width * 4;
    copy(&below, MARGIN + (inner - picture->width) / 2, picture);
    draw_graph(&canvas, MARGIN, picture->height + 2 * MARGIN, inner);
    draw_swatches(&canvas, MARGIN, picture->height + 3 * MARGIN + GRAPH_HEIGHT, inner);
    return canvas;
}
