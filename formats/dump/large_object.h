/*
 * large_object: the bytes of a large object as pg_dump writes them into a script, as a source.
 *
 *     SELECT pg_catalog.lo_open('16400', 131072);
 *     SELECT pg_catalog.lowrite(0, '\x6162...');           any number of these, 16 KiB each
 *     SELECT pg_catalog.lo_close(0);
 *
 * Only statements of exactly this shape are read, white space between them apart. Where another
 * begins the source ends, and says so: what it left over is for the script's reader.
 *
 *     struct large_object o;
 *     if (large_object_ahead(&window, backslashes, &length, err)) ...   the window stands behind
 *     large_object_open(&o, &window, ...);                              SELECT; it begins here
 *     ...read o.source to its end...
 *     o.end == LARGE_OBJECT_WHOLE                                       its lo_close was passed
 *
 * Ownership: borrows the window. Closing the source does nothing: it holds no memory.
 * Errors: the stream ends inside of it: ERR_INCOMPLETE 310, with its place; the window's.
 * Source: pg_backup_null.c, _StartLO, dump_lo_buf, _EndLO; string_utils.c, appendByteaLiteral.
 */
#ifndef FORMATS_DUMP_LARGE_OBJECT_H
#define FORMATS_DUMP_LARGE_OBJECT_H

#include "formats/dump/window.h"

enum large_object_end {
    LARGE_OBJECT_GOES_ON, /* not read to its end yet */
    LARGE_OBJECT_WHOLE,   /* behind its lo_close */
    LARGE_OBJECT_OTHER,   /* something else stands where a statement is due */
    LARGE_OBJECT_INSIDE,  /* the same inside of a lowrite, behind its string */
    LARGE_OBJECT_FAILED
};

struct large_object {
    struct source source;
    enum large_object_end end;
    uint64_t offset, line; /* where its lo_open begins */

    /* private */
    struct window *window;
    bool backslashes;
    bool in_value;
    struct err why; /* it failed; told when what is before it was given out */
};

/*
 * Behind the word SELECT: is this the lo_open of an object that is written? Then `length` is that
 * of the rest of the statement. Nothing is passed. False with err set: the stream failed.
 */
bool large_object_ahead(struct window *w, bool backslashes, size_t *length, struct err *err);
/* The window stands behind the lo_open, which began there. */
void large_object_open(struct large_object *o, struct window *w, bool backslashes, uint64_t offset,
                       uint64_t line);
/* Reads what is left and drops it. */
bool large_object_drain(struct large_object *o, struct err *err);

#endif
