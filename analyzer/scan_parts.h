/*
 * scan_parts: what the files of the scan share; private to them.
 *
 * scan_field.c reads one field, whole or in pieces; scan_copy.c and scan_csv.c find the fields;
 * scan.c ties them together.
 */
#ifndef ANALYZER_SCAN_PARTS_H
#define ANALYZER_SCAN_PARTS_H

#include "analyzer/scan.h"

enum {
    SCAN_CHUNK_BLOCKS = 64, /* blocks of 64 bytes that are masked at a time: fits the L1 cache */
    SCAN_WORK = 4096        /* bytes unescaped or gathered at a time */
};

/* The slow and careful way to read one field; any length. */
struct scan_field {
    struct cell cell;
    uint64_t raw_len;       /* raw bytes seen */
    unsigned char first[2]; /* of them */
    size_t work_len;        /* COPY: of an escape not yet whole; CSV: gathered */
    unsigned char work[SCAN_WORK];
};

void field_open(struct scan_field *f, const struct scan_layout *layout);
/* Raw bytes of COPY text, without separators. */
void field_copy_bytes(struct scan_field *f, struct str raw);
/* Counts the field, as NULL if it was exactly \N. */
void field_copy_close(struct scan_field *f, struct tally *t, size_t column);
/* A whole one in one call. */
void field_copy_whole(struct scan_field *f, struct tally *t, size_t column, struct str raw);
/* One decoded byte of CSV. */
static inline void field_byte(struct scan_field *f, unsigned char byte);
enum field_null { FIELD_VALUE, FIELD_NULL };
void field_close(struct scan_field *f, struct tally *t, size_t column, enum field_null null);

struct scan_piece {
    const struct scan_layout *layout;
    struct tally *tally;
    struct scan_field *field;
    uint64_t column; /* of the field being read */
    bool inside;     /* something of the present record was seen */
    bool broken;     /* the input broke off: the record at hand is not judged */
    bool cr;         /* a CR is held back: it may belong to the line end */
    enum csv_state state;
    bool quoted;      /* the field was opened by a quote */
    size_t null_seen; /* bytes of the raw field equal to the NULL text; SIZE_MAX: it differs */
    /* In the bytes at hand: from a field's start on, no constant begins before this. */
    const unsigned char *constant;
};

struct scanner {
    struct scan_field field;
    struct scan_piece piece;
    struct simd_masks masks[SCAN_CHUNK_BLOCKS];
};

/* Counts the record at hand, all its fields being read. */
static inline void piece_record(struct scan_piece *p)
{
    if (!p->broken && p->column != p->layout->columns)
        tally_ragged(p->tally, p->tally->records);
    p->tally->records++;
}

void copy_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                struct tally *t);
void copy_piece_feed(struct scan_piece *p, struct str bytes);
void copy_piece_close(struct scan_piece *p);
void csv_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
               struct tally *t);
void csv_even_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                    struct tally *t);
/* Reads a whole raw field, with its quotes, and counts it. */
void csv_field_whole(struct scanner *s, struct tally *t, size_t column, struct str raw);
/* Rows as one piece: for what a batch's fast way leaves over. */
void scan_in_pieces(struct scanner *s, const struct scan_layout *layout, struct str rows,
                    struct tally *t);
void csv_piece_feed(struct scan_piece *p, struct str bytes);
/* The state machine of CSV, one byte of it. */
void csv_piece_byte(struct scan_piece *p, unsigned char c);
/*
 * Before a field, at bytes[at]: counts the fields that are whole and plain in `bytes`, up to one
 * that is not. Gives back where that begins; the piece stands before a field again.
 */
size_t csv_piece_fields(struct scan_piece *p, struct str bytes, size_t at);
void csv_piece_close(struct scan_piece *p);

/* Many of them: short runs are gathered, each alone would be read byte by byte. */
void field_run(struct scan_field *f, struct str run);
void field_flush(struct scan_field *f);
static inline void field_byte(struct scan_field *f, unsigned char byte)
{
    if (f->work_len == SCAN_WORK)
        field_flush(f);
    f->work[f->work_len++] = byte;
}

#endif
