/*
 * table: rows of typed cells, shown to people or given to programs.
 *
 * One thing that every list of both programs goes through, so that numbers are aligned, names are
 * escaped (S5) and JSON has numbers as numbers everywhere in the same way.
 *
 *     struct table t = {.arena = &run};
 *     table_heading(&t, "version");
 *     table_heading(&t, "records");
 *     table_text(&t, STR("v3"));              row by row, from left to right
 *     table_count(&t, 1197);
 *     table_write(&out, &t, TABLE_TEXT);
 *
 * Text: columns two spaces apart; a column of numbers is right-aligned, thousands grouped, reals
 * with two decimals; - for null, yes and no for booleans. Width is counted in terminal cells, wide
 * East Asian characters as two.
 * JSON: an array of objects, one a line; JSON Lines: the objects alone. Reals in the shortest
 * form that reads back the same; what is no number is null.
 * CSV: RFC 4180 with CRLF and a heading line; null is an empty field, empty text is "".
 * Ownership: texts are borrowed; the rest lives in the arena.
 */
#ifndef COMMON_TABLE_H
#define COMMON_TABLE_H

#include "common/buf.h"

enum table_format { TABLE_TEXT, TABLE_JSON, TABLE_JSON_LINES, TABLE_CSV };

enum cell_kind { CELL_NULL, CELL_TEXT, CELL_INTEGER, CELL_COUNT, CELL_REAL, CELL_BOOLEAN };

struct cell {
    enum cell_kind kind;
    union {
        struct str text;
        int64_t integer;
        uint64_t count;
        double real;
        bool boolean;
    } as;
};

struct table {
    struct arena *arena;
    unsigned indent; /* spaces before every line of text */
    struct str *headings;
    size_t columns, heading_room;
    struct cell *cells; /* rows * columns */
    size_t cell_count, cell_room;
};

/* All headings before the first cell. */
void table_heading(struct table *t, const char *name);
void table_null(struct table *t);
void table_text(struct table *t, struct str text);
void table_integer(struct table *t, int64_t n);
void table_count(struct table *t, uint64_t n);
void table_real(struct table *t, double n);
void table_boolean(struct table *t, bool yes);

static inline size_t table_rows(const struct table *t)
{
    return t->columns ? t->cell_count / t->columns : 0;
}

void table_write(struct buf *out, const struct table *t, enum table_format format);

/* The JSON of one cell, for objects that are no table. */
void cell_json(struct buf *out, const struct cell *cell);
/* Terminal cells that text takes; it must be visible (text_visible). */
size_t text_width(struct str visible);

#endif
