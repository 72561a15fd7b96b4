/*
 * csv: CSV and TSV files: which dialect, which columns, where records end, what a field says.
 *
 *     struct csv_options options = {0};
 *     csv_option(&options, CSV_OPTION_DELIMITER, STR("tab"), err) ...      from the command line
 *     struct csv_dialect d;
 *     csv_sniff(window_rest(w), &options, &d, err)
 *     csv_header(w, &d, arena, &columns, err)          the window then stands at the first record
 *
 *     struct csv_cut cut = {0};                        serial side: quote parity
 *     size_t whole = csv_cut(&cut, &d, piece);         next call: the bytes behind this piece
 *     ...at the end of the stream: csv_cut_finish(&cut, ...)
 *
 *     struct csv_fields f = csv_fields(&d, record);    any side: one record
 *     struct csv_field field;
 *     while (csv_next(&f, into, &field)) ...
 *
 * The rules, chosen so that files written by PostgreSQL and by Python's csv module both read right:
 * - A quote opens a quoted field only as the field's first byte. Neither of the two ever writes a
 *   bare quote elsewhere; hand-made files do (5" pipe), and there it is a plain byte.
 * - Inside quotes a quote ends the quoted part unless it is escaped: doubled, or behind the escape
 *   byte when that is another one. The escape byte escapes the quote and itself, nothing else.
 * - Bytes between the closing quote and the next delimiter or line end are plain bytes.
 * - Where there is no quote byte but an escape byte, the escape makes any next byte plain.
 * - A record ends at LF outside quotes; one CR before it belongs to the line end. In a file with
 *   CR line ends a record ends at CR, and an LF at a record's start belongs to the line before.
 * - NULL is an unquoted field equal to the NULL text (PostgreSQL's rule; by default the empty one).
 *   A quoted field never is.
 * - A blank line is a record of one field (an empty value of a one-column table looks like that);
 * in a file of several columns csv_is_blank tells it, and the caller skips it. CSV_COPY_TEXT is the
 * other syntax that comes in such files: COPY's text format (copy.h).
 *
 * Ownership: names live in the caller's arena; a field's value in the record or in `into`, which is
 * at least as long as the record and may be used again for the next field. Limits: a header of
 * CSV_HEADER_MAX bytes, CSV_COLUMNS_MAX columns. Source: RFC 4180; copyfromparse.c,
 * CopyReadAttributesCSV; Python's _csv.c.
 */
#ifndef FORMATS_DUMP_CSV_H
#define FORMATS_DUMP_CSV_H

#include "formats/dump/window.h"

enum { CSV_SNIFF_MAX = 64 * 1024, CSV_HEADER_MAX = 4 * 1024 * 1024, CSV_COLUMNS_MAX = 65536 };

/*
 * Sniffing: the delimiter is the one of tab, comma, semicolon and pipe that gives every record of
 * the head the same number of fields, more than one; none of them anywhere: one column. A colon is
 * never taken by itself, because it stands in the values looked for (v2:...). Delimiters that give
 * no even table are an error, not a guess. The first record is a header when its cells all look
 * like names, and no two are equal: no cell with a version and a colon does, so none is lost this
 * way. Records that all begin with I, U or D are change data, as replication tools write it: no
 * header, and a column Op before those of the table. Tab-separated text in which some field is
 * exactly \N, and none is quoted, is CSV_COPY_TEXT. A quoted field that spans lines and goes on
 * behind its closing quote is none: who wrote the file does not quote, and records would be joined.
 * That is ERR_CORRUPT 349 in the head, until the quote byte is said; behind it nobody looks.
 */
enum csv_syntax { CSV_QUOTED, CSV_COPY_TEXT };
enum csv_newline { CSV_NEWLINE_LF, CSV_NEWLINE_CRLF, CSV_NEWLINE_CR };
enum csv_header_kind { CSV_HEADER_NO, CSV_HEADER_YES };

struct csv_dialect {
    enum csv_syntax syntax;   /* CSV_COPY_TEXT: delimiter, NULL and escapes are those of copy.h */
    enum csv_newline newline; /* LF and CRLF are cut and read alike */
    unsigned char delimiter;
    unsigned char quote;  /* 0: none */
    unsigned char escape; /* equal to quote: doubled; 0: none */
    struct str null_text; /* borrowed from the options, or static */
    enum csv_header_kind header;
    bool changes;    /* each record is a change of a row, its first field the kind: I, U or D */
    size_t preamble; /* bytes before the first record: a byte order mark, Excel's line sep=; */
};

/* What the user said; unset parts are sniffed. */
struct csv_options {
    bool has_delimiter, has_quote, has_escape, has_null, has_header;
    unsigned char delimiter, quote, escape;
    struct str null_text;
    enum csv_header_kind header;
};
enum csv_option_name {
    CSV_OPTION_DELIMITER, /* one byte, or: tab comma semicolon pipe colon space \t */
    CSV_OPTION_QUOTE,     /* one byte, or: none double single */
    CSV_OPTION_ESCAPE,    /* one byte, or: none backslash double */
    CSV_OPTION_NULL,      /* any text, the empty one included */
    CSV_OPTION_HEADER     /* yes no auto */
};
/* ERR_USAGE when the value is none of those. */
bool csv_option(struct csv_options *options, enum csv_option_name name, struct str value,
                struct err *err);

/* `head` are the first bytes of the file, SNIFF_HEAD of them when it has so many. */
bool csv_sniff(struct str head, const struct csv_options *options, struct csv_dialect *dialect,
               struct err *err);

struct csv_columns {
    /* Distinct; empty ones are called column_N, repeated ones name_2, ... In change data without a
     * header Op comes first and the others count from column_1: those of a full load's files. */
    struct str *names;
    size_t count;
    size_t renamed; /* how many repeated names were made distinct */
    size_t unnamed; /* how many were empty in the header */
    enum csv_header_kind header;
};
/*
 * Skips the preamble, reads the header record, or without one counts the first record's
 * fields and leaves it in the window. An input without any record: ERR_CORRUPT.
 */
bool csv_header(struct window *w, const struct csv_dialect *d, struct arena *arena,
                struct csv_columns *columns, struct err *err);

/* Where the cutter stands; zero at a record's start. */
enum csv_state {
    CSV_AT_RECORD,    /* before the first byte of a record */
    CSV_AT_FIELD,     /* before the first byte of a later field */
    CSV_PLAIN,        /* in an unquoted field, or behind a closing quote */
    CSV_PLAIN_ESCAPE, /* behind the escape byte, without quotes */
    CSV_IN_QUOTES,
    CSV_QUOTE_SEEN, /* in quotes, behind a quote: doubled or closing */
    CSV_IN_ESCAPE   /* in quotes, behind the escape byte */
};
struct csv_cut {
    enum csv_state state;
    uint64_t lines; /* LF bytes so far, those in quotes as well */
    bool even; /* in the last piece a quote opens only at a field's begin, so counting tells all */
};
/*
 * Goes over the whole piece and gives back the length up to and including the last record end in it
 * (0: none). The state then is that at the end of the piece: the next piece starts there.
 */
size_t csv_cut(struct csv_cut *cut, const struct csv_dialect *d, struct str piece);
/*
 * At the end of the stream: false with ERR_INCOMPLETE when it ends inside quotes. Bytes behind the
 * last record end are then a last record without a line end (all right in CSV). COPY text likewise.
 */
bool csv_cut_finish(const struct csv_cut *cut, struct err *err);

/*
 * The same, but stops behind the first record end: its length, or 0 and the whole piece was gone
 * over.
 */
size_t csv_first_cut(struct csv_cut *cut, const struct csv_dialect *d, struct str piece);
/* The first record of `bytes` with its line end; its whole length if no record ends in it. */
struct str csv_first_record(const struct csv_dialect *d, struct str bytes);

struct csv_fields {
    const struct csv_dialect *dialect;
    struct str rest;
    bool more;
};
struct csv_field {
    struct str value; /* decoded: in `into`, or the record's own bytes; empty for NULL */
    struct str raw;   /* as it stands in the record, with its quotes */
    bool null;
    bool quoted;
};
/* `record` with or without its line end; its leading LF in a CR file is left out. */
struct csv_fields csv_fields(const struct csv_dialect *d, struct str record);
bool csv_next(struct csv_fields *f, unsigned char *into, struct csv_field *field);
/* True for a record that is a line end and nothing else. */
bool csv_is_blank(struct str record);

#endif
