/*
 * hole: zero bytes in a text, as a file has where nothing was written.
 *
 * A crash, a full disk or a copy that gave up leave zeros in the place of blocks; a Windows shell
 * that adds to a file leaves one behind each letter. No text has them, and a reader of rows takes
 * them for a part of a value: what stood there is missing, and nothing else tells.
 *
 *     struct hole h;
 *     hole_watch(&h, &window);                      before the first byte is read
 *     ...read the window and its source to the end...
 *     if (h.found) ...                              at about h.offset
 *
 * Only a byte in HOLE_STEP is looked at, at the same places whatever the pieces are: so it costs
 * nothing, and every run of HOLE_SURE bytes is found. The step is odd, to meet every second byte.
 * Ownership: stands between the window and its source, and owns neither. Errors: none of its own.
 * Limits: fewer may be passed over.
 */
#ifndef FORMATS_DUMP_HOLE_H
#define FORMATS_DUMP_HOLE_H

#include "formats/dump/window.h"

enum {
    HOLE_STEP = 511,
    HOLE_SAMPLES = 3, /* zeros among those that were looked at */
    HOLE_SURE = HOLE_SAMPLES * HOLE_STEP
};

struct hole {
    struct source base;
    struct source *below;
    bool found;
    uint64_t offset; /* in the stream, of the first zero byte that was looked at */
    uint64_t passed; /* bytes */
    unsigned zeros;  /* so far */
};

void hole_watch(struct hole *h, struct window *w);

#endif
