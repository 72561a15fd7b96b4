/*
 * psql_footer: the line "(N rows)" that psql writes below a result, taken off the end of a stream.
 *
 * psql's unaligned output (psql -A) is a CSV without quotes whose last line is no record. It is
 * also the one trace of completeness that such a file has: a file with another number of records
 * was cut, or joined from several. Whether a stream ends in one is known at its end only, so its
 * last bytes are held back until more come.
 *
 *     struct psql_footer f;
 *     psql_footer_open(&f, &window);          before the window's bytes are used
 *     ...read the window and its source to the end...
 *     psql_footer_close(&f, &window);
 *     if (f.found && f.rows != records) ...
 *
 * The words are those of psql's language: a line of '(', a number, words, ')'. Ownership: stands
 * between the window and its source, and owns neither. Source: fe_utils/print.c,
 * footers_with_default and print_unaligned_text.
 */
#ifndef FORMATS_DUMP_PSQL_FOOTER_H
#define FORMATS_DUMP_PSQL_FOOTER_H

#include "formats/dump/window.h"

enum { PSQL_FOOTER_MOST = 96 /* bytes, line ends included */ };

struct psql_footer {
    struct source base;
    struct source *below;
    bool found; /* known when the source is at its end */
    uint64_t rows;
    size_t cut; /* bytes of the footer, which no reader saw */
    size_t held;
    unsigned char tail[PSQL_FOOTER_MOST]; /* held back */
    enum pull verdict;                    /* of the source below; PULL_OK while there is more */
    struct err failure;
    size_t ready, next; /* bytes of `block` to be given out, and from where */
    unsigned char block[4 * PSQL_FOOTER_MOST];
};

/* The window then holds SNIFF_HEAD bytes again, or is at the end and `found` is known. */
void psql_footer_open(struct psql_footer *f, struct window *w);
/* The window reads its own source again; its offset counts the footer. */
void psql_footer_close(struct psql_footer *f, struct window *w);

/* "(3 rows)", "(1 linha)": is a whole line, without its line end, a footer? */
bool psql_footer_line(struct str line, uint64_t *rows);

#endif
