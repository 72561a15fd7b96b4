/*
 * json_lines: JSON Lines, an object a line, as rows of COPY text.
 *
 * The keys are the columns, in the order in which they first come. A record that lacks one has NULL
 * there; one with a new key begins a new run of rows with more columns. Keys may stand in any
 * order, so a record is looked at whole before its row is written. Where it is too long for that,
 * or has a key twice, its cells are given one by one: what a row cannot say is then still counted.
 *
 *     struct json_lines l;
 *     json_lines_open(&l, &window, &arena);
 *     for (;;)
 *         switch (json_lines_next(&l, err)) {
 *         case JSON_LINES_ROWS:   ...&l.source: rows of l.keys[0..l.key_count)...
 *         case JSON_LINES_CELL:   ...&l.source: a row of the one field l.keys[l.cell]...
 *         case JSON_LINES_APART:  ...the record is over that the cells before were of...
 *         case JSON_LINES_END:    ...
 *         case JSON_LINES_FAILED: ...err...
 *         }
 *
 * What is left of a source is read and dropped by the next call. A source fails as its window does,
 * and at a line that is no record.
 * Ownership: keys live in the arena, borrowed like the window. Closing a source does nothing.
 * Errors: a line is none of JSON: ERR_CORRUPT 360. The last one breaks off: ERR_INCOMPLETE 361.
 * Limits: JSON_LINES_KEYS columns, keys of JSON_KEY_MAX bytes: ERR_CORRUPT 362. Blank lines are
 * passed over. Source: https://jsonlines.org, RFC 8259.
 */
#ifndef FORMATS_DUMP_JSON_LINES_H
#define FORMATS_DUMP_JSON_LINES_H

#include "common/arena.h"
#include "formats/dump/json.h"
#include "formats/dump/window.h"

enum {
    JSON_LINES_KEYS = 1600,       /* as many columns as a table of PostgreSQL may have */
    JSON_LINES_SLOTS = 4096,      /* a power of two */
    JSON_LINES_AHEAD = 256 * 1024 /* bytes that are looked through for keys before a run begins */
};

enum json_lines_next {
    JSON_LINES_ROWS,
    JSON_LINES_CELL,
    JSON_LINES_APART,
    JSON_LINES_END,
    JSON_LINES_FAILED
};

/* Where a value stands in its line. */
struct json_cell {
    uint64_t record; /* number of the record that it is of */
    size_t begin;    /* behind its key */
};

struct json_lines {
    struct source source;
    struct str *keys;
    size_t key_count;
    size_t cell;
    uint64_t apart_records; /* given cell by cell */
    uint64_t *apart;        /* how many of them have the key; one for each */

    /* private */
    struct window *window;
    struct arena *arena;
    size_t line_max; /* bytes of a line that are looked at whole; tests set less */
    struct json json;
    struct json_cell *cells;        /* one for each key */
    size_t slots[JSON_LINES_SLOTS]; /* key's number + 1, by hash */
    size_t guess;                   /* the key that is likely to come next */
    enum json_lines_next now;
    bool over; /* of the source: nothing more comes */
    bool bom_passed;
    uint64_t record; /* number of the one at hand */
    size_t line;     /* its bytes without the line feed; in the window */
    size_t searched; /* bytes of the window without a line feed */
    bool emitting;   /* its row is being written */
    bool begun;      /* and the field at hand is */
    size_t columns;  /* of the run */
    size_t position; /* of the field in its row */
    size_t taken;    /* bytes of the line up to where its value is read */
    struct copy_text out;
    struct copy_text_spare spare;
    struct err why; /* it failed; told when what is before it was given out */
};

void json_lines_open(struct json_lines *l, struct window *w, struct arena *arena);
enum json_lines_next json_lines_next(struct json_lines *l, struct err *err);

/* What the first bytes of a text are. */
enum json_shape {
    JSON_NONE,
    JSON_LINES,   /* an object on its first line, or what was to be one */
    JSON_DOCUMENT /* an array, or an object over many lines */
};
enum json_shape json_shape(struct str head);

#endif
