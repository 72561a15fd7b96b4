/* scan: the two forms, for the two formats. */
#include "analyzer/scan_parts.h"

struct scanner *scanner_new(struct arena *arena)
{
    return ARENA_NEW(arena, struct scanner);
}

void scan_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                struct tally *t)
{
    if (layout->format == SCAN_COPY_TEXT)
        copy_batch(s, layout, rows, t);
    else
        csv_batch(s, layout, rows, t);
}

void scan_even_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                     struct tally *t)
{
    csv_even_batch(s, layout, rows, t);
}

void scan_in_pieces(struct scanner *s, const struct scan_layout *layout, struct str rows,
                    struct tally *t)
{
    struct scan_piece *p = scan_piece_open(s, layout, t);
    scan_piece_feed(p, rows);
    scan_piece_close(p);
}

struct scan_piece *scan_piece_open(struct scanner *s, const struct scan_layout *layout,
                                   struct tally *t)
{
    s->piece = (struct scan_piece){.layout = layout, .tally = t, .field = &s->field};
    field_open(&s->field, layout);
    return &s->piece;
}

static void bytes_close(struct scan_piece *p)
{
    field_close(p->field, p->tally, 0, FIELD_VALUE);
    p->column = 1;
    piece_record(p);
}

void scan_piece_feed(struct scan_piece *p, struct str bytes)
{
    switch (p->layout->format) {
    case SCAN_COPY_TEXT:
        copy_piece_feed(p, bytes);
        break;
    case SCAN_CSV:
        csv_piece_feed(p, bytes);
        break;
    case SCAN_BYTES:
        cell_feed(&p->field->cell, bytes);
        break;
    }
}

void scan_piece_close(struct scan_piece *p)
{
    switch (p->layout->format) {
    case SCAN_COPY_TEXT:
        copy_piece_close(p);
        break;
    case SCAN_CSV:
        csv_piece_close(p);
        break;
    case SCAN_BYTES:
        bytes_close(p);
        break;
    }
}

void scan_piece_break(struct scan_piece *p)
{
    p->broken = true;
    scan_piece_close(p);
}
