/*
 * cell: what a cell holds of any envelope, whatever wraps it and however long it is.
 *
 * The application's own values are read byte by byte (versioned_fernet.h). For the others the cell
 * is searched for their constants: those found as they are have the cell classified by their
 * envelope; those found within hexadecimal or base64 have what that stands for classified, one
 * layer deep, and count as embedded. Bytes of PostgreSQL (\x and digits) are looked at as what they
 * stand for. A column that names its envelope has every cell classified by that one as well.
 *
 *     struct cell *c = ...;                             large: one a thread
 *     cell_open(c, &reading);
 *     cell_feed(c, piece) ...                           the same verdict for any split
 *     cell_close(c, named);                             NULL, unless its column names an envelope
 *     ...c->verdict...
 *
 * Where several envelopes are in one cell its class is the one that is hardest on a plan, and all
 * their versions are in use: if two of them take the same bytes for theirs, both may be right.
 * Versions of an envelope that is not the keyring's carry its name, so that they are
 * never taken for versions of the keyring (key_use.owner).
 *
 * Limits: a cell of more than CELL_VIEW bytes is looked at in parts of that length. In such a cell
 * every version that is named counts, but not whether a value of another envelope is cut off.
 */
#ifndef FORMATS_ENVELOPE_CELL_H
#define FORMATS_ENVELOPE_CELL_H

#include "formats/envelope/constants.h"
#include "formats/envelope/versioned_fernet.h"

enum {
    CELL_VIEW = 64 * 1024,
    CELL_KEPT = 4096 /* last bytes of a part, which the next one sees again */
};

struct cell {
    struct verdict verdict; /* complete after cell_close */

    /* private */
    const struct reading *reading;
    const struct constants *constants;
    struct fernet_stream fernet; /* its verdict is .verdict */
    struct verdict others;       /* of all other envelopes, */
    struct verdict one;          /* and of one of them at a time */
    struct reading foreign;      /* knows no names: those of the keyring are not theirs */
    bool parted;                 /* the cell is longer than a view: a part of it is left behind */
    size_t len;
    unsigned char bytes[CELL_VIEW];
    unsigned char unwrapped[CELL_VIEW]; /* what all of .bytes stands for */
    unsigned char inner[CELL_VIEW];     /* what a run of digits stands for */
};

void cell_open(struct cell *c, const struct reading *r);
void cell_feed(struct cell *c, struct str bytes);
void cell_close(struct cell *c, const struct envelope *named);

#endif
