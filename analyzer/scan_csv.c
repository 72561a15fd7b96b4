/*
 * scan_csv: CSV through the loop of scan_loop.h.
 *
 * Where the escape is the doubled quote, a byte stands in quotes when the number of quotes before
 * it is odd, so simd.h can leave out the separators in quotes. That holds as long as every opening
 * quote is the first byte of its field, which who cuts the rows finds out (csv_cut). Rows with a
 * quote elsewhere (5" pipe), and the rarer dialects, are read field by field (scan_csv_fields.c).
 */
#include "analyzer/scan_loop.h"

/*
 * The separator that ends the field of the byte at `at`, in quotes or not. Outside quotes another
 * quote can only stand right behind one, both for a quote of the value: the rows are even.
 */
static const unsigned char *field_end(const struct scan_loop *l, const unsigned char *at,
                                      bool inside)
{
    const struct csv_dialect *d = l->layout->dialect;
    const struct simd_ops *simd = l->layout->reading.simd;
    struct str bytes = str_make(at, (size_t)(l->end - at));
    size_t n = 0;
    while (n < bytes.len) {
        struct str rest = str_slice(bytes, n, bytes.len);
        if (inside)
            n += simd->find_either(rest, d->quote, d->quote) + 1;
        else if (d->quote && bytes.at[n] == d->quote)
            n++;
        else
            return bytes.at + n + simd->find_either(rest, d->delimiter, '\n');
        inside = !inside;
    }
    return l->end - 1; /* the newline that ends the rows */
}

/* The field from `start` that goes on at `from`, up to its separator outside quotes. */
static struct str whole_field(const struct scan_loop *l, const unsigned char *start,
                              const unsigned char *from)
{
    const unsigned char *stop = separator_in_chunk(l, from);
    if (stop == l->end)
        stop = field_end(l, chunk_end(l), l->inside != 0);
    return str_make(start, (size_t)(stop - start));
}

/* Where a field that ends at `at` is followed by the next; NULL when it does not end there. */
static const unsigned char *past_field(const struct scan_loop *l, const unsigned char *at)
{
    size_t left = (size_t)(l->end - at);
    if (left >= 1 && (*at == l->layout->dialect->delimiter || *at == '\n'))
        return at + 1;
    return left >= 2 && at[0] == '\r' && at[1] == '\n' ? at + 2 : NULL;
}

/* Counts the field that begins at `start` if it is a whole valid value, in quotes or not. */
static bool count_value(struct scan_loop *l, size_t column, const unsigned char *start)
{
    struct fernet_value value;
    unsigned char quote = l->layout->dialect->quote;
    bool quoted = quote && *start == quote;
    const unsigned char *at = start + quoted;
    size_t len = fernet_value(&l->layout->reading, str_make(at, (size_t)(l->end - at)), &value);
    at += len;
    if (len == 0 || column >= l->layout->columns || (quoted && *at != quote))
        return false;
    const unsigned char *past = past_field(l, at + quoted);
    if (!past)
        return false;
    tally_value(l->tally, column, &value);
    l->done = past;
    return true;
}

/* Counts a field in which something stood out, or that is in a declared column. */
static void count_field(struct scan_loop *l, size_t column, struct str field)
{
    l->done = field.at + field.len + 1;
    csv_field_whole(l->scanner, l->tally, column, without_cr(field, field.at[field.len]));
}

/* As in scan_copy.c: short and without ':' or backslash it is plaintext. */
static void count_declared(struct scan_loop *l, size_t column, struct str field)
{
    bool plain = !scan_named(l->layout, column) && field.len < FERNET_OUTER_LEAST &&
                 !memchr(field.at, ':', field.len) && !memchr(field.at, '\\', field.len);
    if (plain)
        l->done = field.at + field.len + 1;
    else
        count_field(l, column, field);
}

static void count_empty(struct scan_loop *l, size_t column, bool null)
{
    if (column >= l->layout->columns)
        return;
    if (null)
        l->tally->columns[column].nulls++;
    else
        l->tally->columns[column].empties++;
}

static void visit_separator(struct scan_loop *l, size_t column, const unsigned char *start,
                            const unsigned char *at)
{
    struct str field = str_make(start, (size_t)(at - start));
    bool first_of_record = column == 0 && *at == '\n';
    if (first_of_record && l->skips_blank && csv_is_blank(field))
        return;
    if (without_cr(field, *at).len == 0)
        count_empty(l, column, l->layout->dialect->null_text.len == 0);
    else if (scan_is_declared(l->layout, column))
        count_declared(l, column, field);
}

/* A field that is the NULL text, or two quotes. True when it was one. */
static bool visit_start(struct scan_loop *l, size_t column, const unsigned char *start)
{
    const struct csv_dialect *d = l->layout->dialect;
    struct str rest = str_make(start, (size_t)(l->end - start));
    bool null = d->null_text.len > 0 && str_starts(rest, d->null_text);
    bool quotes = d->quote && rest.len > 2 && start[0] == d->quote && start[1] == d->quote;
    const unsigned char *past = null     ? past_field(l, start + d->null_text.len)
                                : quotes ? past_field(l, start + 2)
                                         : NULL;
    if (!past)
        return false;
    l->done = past;
    count_empty(l, column, null);
    return true;
}

/* As in scan_copy.c. */
static void visit_cr(struct scan_loop *l, size_t column, const unsigned char *start,
                     const unsigned char *at)
{
    if (at[1] != '\n')
        return;
    visit_separator(l, column, start, at + 1);
    l->done = at + 2;
}

static void visit_csv(struct scan_loop *l, size_t column, const unsigned char *start,
                      const unsigned char *at)
{
    if (at == start && visit_start(l, column, start))
        return;
    if (*at == l->layout->dialect->delimiter || *at == '\n')
        visit_separator(l, column, start, at);
    else if (at == start && *at == '\r')
        visit_cr(l, column, start, at);
    else if (is_constant(l, at) && !count_value(l, column, start))
        count_field(l, column, whole_field(l, start, at));
}

static const unsigned char *csv_blocks_plain(struct scan_loop *l)
{
    return scan_blocks(l, visit_csv, regular_plain);
}

SIMD_FAST_BITS static const unsigned char *csv_blocks_fast(struct scan_loop *l)
{
    return scan_blocks(l, visit_csv, regular_fast);
}

/* May the byte stand in a value? Then it cannot part values here. */
static bool is_value_byte(unsigned char c)
{
    return fernet_is_name_byte(c) || c == ':' || c == '=';
}

/* Is the dialect one whose fields can be told by counting quotes and looking for separators? */
static bool is_countable(const struct csv_dialect *d)
{
    return d->newline != CSV_NEWLINE_CR && d->escape == d->quote && !is_value_byte(d->delimiter) &&
           !is_value_byte(d->quote);
}

static void csv_loop(struct scan_loop *l, const struct simd_csv *how)
{
    const struct simd_ops *simd = l->layout->reading.simd;
    struct simd_csv_state state = {.separator = 1};
    const unsigned char *at = l->rows;
    while (at < l->end) {
        size_t most = begin_chunk(l, at);
        l->blocks = simd->csv_masks(at, l->end, most, how, &state, l->scanner->masks);
        l->inside = state.inside;
        at = simd != &simd_scalar ? csv_blocks_fast(l) : csv_blocks_plain(l);
        if (at != chunk_end(l)) /* at the separator that ends a field */
            state = (struct simd_csv_state){.separator = 0};
    }
}

void csv_even_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
                    struct tally *t)
{
    const struct csv_dialect *d = layout->dialect;
    if (layout->columns == 0 || !is_countable(d)) {
        scan_in_pieces(s, layout, rows, t);
        return;
    }
    struct simd_csv how = {.delimiter = d->delimiter,
                           .quote = d->quote,
                           .null = d->null_text.len ? d->null_text.at[0] : d->delimiter,
                           .needles = &layout->reading.constants->needles};
    struct scan_loop loop = scan_loop_make(s, layout, rows, t);
    loop.skips_blank = layout->columns > 1;
    csv_loop(&loop, &how);
}

void csv_batch(struct scanner *s, const struct scan_layout *layout, struct str rows,
               struct tally *t)
{
    struct csv_cut cut = {0};
    if (csv_cut(&cut, layout->dialect, rows) == rows.len && cut.even)
        csv_even_batch(s, layout, rows, t);
    else
        scan_in_pieces(s, layout, rows, t);
}
