/*
 * csv_record: where records end, and what their fields say.
 *
 * The cutter counts quotes with vectors; where that does not tell, it goes from quote to quote.
 * What is decoded is only what a caller asks for.
 */
#include "common/simd.h"
#include "formats/dump/copy.h"
#include "formats/dump/csv.h"

static unsigned char record_end(const struct csv_dialect *d)
{
    return d->newline == CSV_NEWLINE_CR ? '\r' : '\n';
}

/* Index behind the last such byte of s; 0: none. Eight bytes at a time, from the end. */
static size_t behind_last(struct str s, unsigned char byte)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t n = s.len;
    for (uint64_t word; n >= sizeof word; n -= sizeof word) {
        memcpy(&word, s.at + n - sizeof word, sizeof word);
        word ^= ones * byte;
        if ((word - ones) & ~word & (ones << 7)) /* some byte of it is zero */
            break;
    }
    while (n > 0 && s.at[n - 1] != byte)
        n--;
    return n;
}

/* ---- the cutter ---- */

/* The state behind a byte that is no quote and no escape, outside quotes. */
static enum csv_state behind_plain(const struct csv_dialect *d, unsigned char byte)
{
    if (byte == record_end(d))
        return CSV_AT_RECORD;
    return byte == d->delimiter ? CSV_AT_FIELD : CSV_PLAIN;
}

/*
 * The state before piece[at], all bytes since `from` being outside quotes; cut->state is that
 * before `from`. In a CR file an LF at a record's start changes nothing.
 */
static enum csv_state state_before(const struct csv_cut *cut, const struct csv_dialect *d,
                                   struct str piece, size_t from, size_t at)
{
    size_t n = at;
    while (d->newline == CSV_NEWLINE_CR && n > from && piece.at[n - 1] == '\n')
        n--;
    enum csv_state state = n > from ? behind_plain(d, piece.at[n - 1]) : cut->state;
    return n == at || state == CSV_AT_RECORD ? state : CSV_PLAIN;
}

/* One byte of a dialect that has an escape byte and no quotes. */
static enum csv_state step_unquoted(const struct csv_dialect *d, enum csv_state state,
                                    unsigned char byte)
{
    if (state == CSV_PLAIN_ESCAPE)
        return CSV_PLAIN;
    return byte == d->escape ? CSV_PLAIN_ESCAPE : behind_plain(d, byte);
}

static size_t cut_escaped(struct csv_cut *cut, const struct csv_dialect *d, struct str piece)
{
    size_t last = 0;
    for (size_t at = 0; at < piece.len; at++) {
        cut->state = step_unquoted(d, cut->state, piece.at[at]);
        if (cut->state == CSV_AT_RECORD)
            last = at + 1;
    }
    return last;
}

static size_t cut_lines(struct csv_cut *cut, const struct csv_dialect *d, struct str piece)
{
    size_t last = behind_last(piece, record_end(d));
    if (piece.len)
        cut->state = last == piece.len ? CSV_AT_RECORD : CSV_PLAIN;
    return last;
}

/*
 * Outside quotes from `at` up to the next opening quote: the index behind it, or the end of the
 * piece. *last moves to behind the last record end on the way.
 */
static size_t pass_plain(struct csv_cut *cut, const struct csv_dialect *d, struct str piece,
                         size_t at, size_t *last)
{
    enum csv_state state;
    size_t quote = at;
    for (;; quote++) {
        quote += str_find(str_slice(piece, quote, piece.len), d->quote);
        state = state_before(cut, d, piece, at, quote);
        if (quote == piece.len || state != CSV_PLAIN)
            break; /* else the quote stands inside a field and is a plain byte */
    }
    size_t end = behind_last(str_slice(piece, at, quote), record_end(d));
    if (end)
        *last = at + end;
    cut->state = quote < piece.len ? CSV_IN_QUOTES : state;
    return quote < piece.len ? quote + 1 : quote;
}

/*
 * In quotes from `at`, where quotes are doubled: over fields that are quoted one behind the other,
 * which is most of a file that quotes everything. Gives back where the plain way goes on, in
 * quotes.
 */
static size_t pass_quoted_fields(const struct csv_dialect *d, struct str piece, size_t at,
                                 size_t *last)
{
    while (at < piece.len) {
        const unsigned char *quote = memchr(piece.at + at, d->quote, piece.len - at);
        if (!quote || piece.at + piece.len - quote < 3)
            return at;
        size_t behind = (size_t)(quote - piece.at) + 1;
        if (quote[1] == d->quote) {
            at = behind + 1;
            continue;
        }
        if (behind_plain(d, quote[1]) == CSV_PLAIN || quote[2] != d->quote)
            return at;
        if (quote[1] != d->delimiter)
            *last = behind + 1;
        at = behind + 2;
    }
    return at;
}

/* In quotes from `at`: behind the next quote or escape, or the end of the piece. */
static size_t pass_quoted(struct csv_cut *cut, const struct csv_dialect *d, struct str piece,
                          size_t at)
{
    bool own_escape = d->escape && d->escape != d->quote;
    if (own_escape)
        while (at < piece.len && piece.at[at] != d->quote && piece.at[at] != d->escape)
            at++;
    else
        at += str_find(str_slice(piece, at, piece.len), d->quote);
    if (at == piece.len)
        return at;
    cut->state = own_escape && piece.at[at] == d->escape ? CSV_IN_ESCAPE : CSV_QUOTE_SEEN;
    return at + 1;
}

/* Behind a quote inside quotes: doubled, or it has closed. Gives back how many bytes it took. */
static size_t pass_quote_seen(struct csv_cut *cut, const struct csv_dialect *d, unsigned char byte)
{
    if (byte == d->quote && d->escape == d->quote)
        cut->state = CSV_IN_QUOTES;
    else
        cut->state = behind_plain(d, byte);
    return 1;
}

static size_t pass_escaped(struct csv_cut *cut, const struct csv_dialect *d, unsigned char byte)
{
    cut->state = CSV_IN_QUOTES;
    return byte == d->quote || byte == d->escape ? 1 : 0;
}

static size_t cut_bytewise(struct csv_cut *cut, const struct csv_dialect *d, struct str piece)
{
    if (d->syntax == CSV_COPY_TEXT || (!d->quote && !d->escape))
        return cut_lines(cut, d, piece);
    if (!d->quote)
        return cut_escaped(cut, d, piece);
    size_t last = 0;
    for (size_t at = 0; at < piece.len;) {
        switch (cut->state) {
        case CSV_IN_QUOTES:
            if (d->escape == d->quote)
                at = pass_quoted_fields(d, piece, at, &last);
            at = pass_quoted(cut, d, piece, at);
            break;
        case CSV_QUOTE_SEEN:
            at += pass_quote_seen(cut, d, piece.at[at]);
            if (cut->state == CSV_AT_RECORD)
                last = at;
            break;
        case CSV_IN_ESCAPE:
            at += pass_escaped(cut, d, piece.at[at]);
            break;
        case CSV_AT_RECORD:
        case CSV_AT_FIELD:
        case CSV_PLAIN:
        case CSV_PLAIN_ESCAPE:
            at = pass_plain(cut, d, piece, at, &last);
            break;
        }
    }
    return last;
}

/* All at once, by counting quotes. False: that does not tell; nothing is done then. */
static bool cut_even(struct csv_cut *cut, const struct csv_dialect *d, struct str piece,
                     size_t *last)
{
    const struct simd_csv how = {.delimiter = d->delimiter, .quote = d->quote};
    struct simd_csv_state state = {.separator =
                                       cut->state == CSV_AT_RECORD || cut->state == CSV_AT_FIELD,
                                   .quote = cut->state == CSV_QUOTE_SEEN,
                                   .inside = cut->state == CSV_IN_QUOTES ? UINT64_MAX : 0};
    struct simd_csv_cut found = {0};
    if (d->syntax == CSV_COPY_TEXT || d->newline == CSV_NEWLINE_CR || d->escape != d->quote ||
        !simd_best()->csv_cut(piece, &how, &state, &found))
        return false;
    if (state.inside)
        cut->state = CSV_IN_QUOTES;
    else if (state.quote)
        cut->state = CSV_QUOTE_SEEN;
    else
        cut->state = behind_plain(d, piece.at[piece.len - 1]);
    cut->lines += found.newlines;
    *last = found.end;
    return true;
}

size_t csv_cut(struct csv_cut *cut, const struct csv_dialect *d, struct str piece)
{
    size_t last = 0;
    cut->even = piece.len == 0 || cut_even(cut, d, piece, &last);
    if (cut->even)
        return last;
    cut->lines += simd_best()->count(piece, '\n');
    return cut_bytewise(cut, d, piece);
}

bool csv_cut_finish(const struct csv_cut *cut, struct err *err)
{
    if (cut->state != CSV_IN_QUOTES && cut->state != CSV_IN_ESCAPE)
        return true;
    err_set(err, ERR_INCOMPLETE, 350, "the input ends inside quotes");
    err_hint(err,
             "the file was cut off, or --quote and --escape are not those it was written with");
    return false;
}

/* Line by line: only there can a record end. */
size_t csv_first_cut(struct csv_cut *cut, const struct csv_dialect *d, struct str piece)
{
    for (size_t at = 0; at < piece.len;) {
        size_t line = at + str_find(str_slice(piece, at, piece.len), record_end(d));
        size_t end = line < piece.len ? line + 1 : line;
        if (csv_cut(cut, d, str_slice(piece, at, end)))
            return end;
        at = end;
    }
    return 0;
}

struct str csv_first_record(const struct csv_dialect *d, struct str bytes)
{
    struct csv_cut cut = {0};
    size_t end = csv_first_cut(&cut, d, bytes);
    return end ? str_slice(bytes, 0, end) : bytes;
}

/* ---- fields ---- */

bool csv_is_blank(struct str record)
{
    for (size_t i = 0; i < record.len; i++)
        if (record.at[i] != '\n' && record.at[i] != '\r')
            return false;
    return true;
}

static struct str without_line_end(const struct csv_dialect *d, struct str record)
{
    if (d->newline == CSV_NEWLINE_CR) {
        if (record.len && record.at[0] == '\n')
            record = str_slice(record, 1, record.len);
        return str_ends(record, STR("\r")) ? str_slice(record, 0, record.len - 1) : record;
    }
    bool line_feed = str_ends(record, STR("\n"));
    if (line_feed)
        record = str_slice(record, 0, record.len - 1);
    if (str_ends(record, STR("\r")) && (line_feed || d->newline == CSV_NEWLINE_CRLF))
        record = str_slice(record, 0, record.len - 1);
    return record;
}

struct csv_fields csv_fields(const struct csv_dialect *d, struct str record)
{
    return (struct csv_fields){d, without_line_end(d, record), true};
}

/* Takes the raw field up to `at` off the rest. */
static void take_raw(struct csv_fields *f, size_t at, struct csv_field *field)
{
    field->raw = str_slice(f->rest, 0, at);
    f->more = at < f->rest.len;
    f->rest = str_slice(f->rest, at + 1, f->rest.len);
}

static void next_copy_field(struct csv_fields *f, unsigned char *into, struct csv_field *field)
{
    take_raw(f, str_find(f->rest, '\t'), field);
    size_t len = 0;
    field->null = !copy_unescape(field->raw, into, &len);
    field->value = str_make(into, len);
}

static void next_plain_field(struct csv_fields *f, struct csv_field *field)
{
    take_raw(f, str_find(f->rest, f->dialect->delimiter), field);
    field->value = field->raw;
}

/* No quotes, but an escape byte that makes any next byte plain. */
static void next_escaped_field(struct csv_fields *f, unsigned char *into, struct csv_field *field)
{
    const struct csv_dialect *d = f->dialect;
    size_t len = 0;
    size_t at = 0;
    for (; at < f->rest.len && f->rest.at[at] != d->delimiter; at++) {
        if (f->rest.at[at] == d->escape && at + 1 < f->rest.len)
            at++;
        into[len++] = f->rest.at[at];
    }
    take_raw(f, at, field);
    field->value = str_make(into, len);
}

/* Behind the opening quote: decodes up to the closing one; gives back the index behind it. */
static size_t decode_quoted(const struct csv_dialect *d, struct str rest, unsigned char *into,
                            size_t *len)
{
    size_t at = 1;
    while (at < rest.len) {
        unsigned char c = rest.at[at];
        int next = at + 1 < rest.len ? rest.at[at + 1] : -1;
        if (d->escape && c == d->escape && (next == d->quote || next == d->escape)) {
            c = rest.at[++at];
        } else if (c == d->quote) {
            return at + 1;
        }
        into[(*len)++] = c;
        at++;
    }
    return at;
}

static void next_quoted_field(struct csv_fields *f, unsigned char *into, struct csv_field *field)
{
    const struct csv_dialect *d = f->dialect;
    size_t len = 0;
    size_t at = decode_quoted(d, f->rest, into, &len);
    size_t tail = str_find(str_slice(f->rest, at, f->rest.len), d->delimiter);
    if (tail)
        memcpy(into + len, f->rest.at + at, tail);
    take_raw(f, at + tail, field);
    field->value = str_make(into, len + tail);
    field->quoted = true;
}

bool csv_next(struct csv_fields *f, unsigned char *into, struct csv_field *field)
{
    const struct csv_dialect *d = f->dialect;
    *field = (struct csv_field){0};
    if (!f->more)
        return false;
    if (d->syntax == CSV_COPY_TEXT) {
        next_copy_field(f, into, field);
        return true;
    }
    if (d->quote && f->rest.len && f->rest.at[0] == d->quote) {
        next_quoted_field(f, into, field);
        return true;
    }
    if (!d->quote && d->escape)
        next_escaped_field(f, into, field);
    else
        next_plain_field(f, field);
    if (str_eq(field->raw, d->null_text)) {
        field->null = true;
        field->value = STR("");
    }
    return true;
}
