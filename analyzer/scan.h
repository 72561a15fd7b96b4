/*
 * scan: the one hot loop: records -> fields -> recognise -> tally.
 *
 * Pure: bytes in, counts out; no I/O, no lock, and no allocation but a tally's own at the first
 * value counted in a column. Two forms of one function, tested equal:
 *
 *     scan_batch(s, &layout, rows, &tally);          whole records; the fast one
 *
 *     struct scan_piece *p = scan_piece_open(s, &layout, &tally);
 *     while (more)                                    records longer than a batch, any split
 *         scan_piece_feed(p, bytes);
 *     scan_piece_close(p);                            a last record without line end counts
 *
 * COPY text: a newline ends a record, a tab ends a field (copy.h); one CR before the newline
 * belongs to the line end. Rows never hold the end line \.; who cuts the rows takes it off. CSV:
 * csv.h. A blank line is a record only in a table of one column. Every record's number of fields is
 * checked (tally.ragged). Fields behind the last column still count their versions, in the last
 * column; missing fields count as plaintext where classes matter.
 *
 * Ownership: a scanner is scratch memory for one thread at a time, from scanner_new.
 */
#ifndef ANALYZER_SCAN_H
#define ANALYZER_SCAN_H

#include "analyzer/tally.h"

struct scanner;
struct scan_piece;

struct scanner *scanner_new(struct arena *arena);

/* `rows` are whole records; only the very last may lack its line end. */
void scan_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                struct tally *t);

/* The same for rows of CSV of which csv_cut says that they are even. */
void scan_even_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                     struct tally *t);

/* One at a time per scanner. */
struct scan_piece *scan_piece_open(struct scanner *s, const struct scan_layout *layout,
                                   struct tally *t);
void scan_piece_feed(struct scan_piece *p, struct str bytes);
void scan_piece_close(struct scan_piece *p);
/* The same where the input broke off: the last record counts, but not as ragged. */
void scan_piece_break(struct scan_piece *p);

#endif
