/*
 * pgcopy: a file of COPY ... (FORMAT binary) as a source of COPY text.
 *
 *     struct pgcopy c;
 *     pgcopy_open(&c, &window, err)                   the window stands at the file's start
 *     ...c.columns columns, the first called oid if c.has_oids...
 *     ...rows_scan over a window on &c.source, ROWS_END_INPUT...
 *
 * The file has no names and no types: a value is the bytes that the type's send function made. Text
 * and bytea are those of the value itself, so what is looked for in them is found; numbers are
 * binary. Each becomes the field that COPY text would have for these bytes.
 *
 * Ownership: borrows the window. Closing the source does nothing: no memory.
 * Errors: a file that ends before its end mark: ERR_INCOMPLETE 358. Lengths and counts that no file
 * has, bytes behind the end mark: ERR_CORRUPT 357. Flags of a later format: ERR_CORRUPT 359. Each
 * with its place in the window.
 * Limits: a value of PGCOPY_VALUE_MAX bytes; it is never held whole.
 * Source: PostgreSQL's documentation of COPY, "Binary Format"; copyfromparse.c.
 */
#ifndef FORMATS_DUMP_PGCOPY_H
#define FORMATS_DUMP_PGCOPY_H

#include "formats/dump/copy_text.h"
#include "formats/dump/window.h"

enum { PGCOPY_VALUE_MAX = 1024 * 1024 * 1024 - 1 };

/* Where the reader stands; private. */
enum pgcopy_state { PGCOPY_AT_TUPLE, PGCOPY_AT_FIELD, PGCOPY_IN_VALUE };

struct pgcopy {
    struct source source;
    size_t columns; /* of the first tuple, its oid included; 0: there is none */
    bool has_oids;  /* as PostgreSQL up to 11 wrote them on request */

    /* private */
    struct window *window;
    enum pgcopy_state state;
    enum pull verdict;
    struct err why;  /* it failed; told when what is before it was given out */
    uint32_t fields; /* left in the tuple */
    uint32_t bytes;  /* left in the value */
    struct copy_text out;
    size_t spare_begin, spare_end; /* written, and not given out for want of room */
    unsigned char spare[64];
};

bool pgcopy_open(struct pgcopy *c, struct window *w, struct err *err);

#endif
