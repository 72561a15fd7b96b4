/*
 * csv_sniff: which dialect a file is in. Each candidate is tried on the records of the head, and
 * the one that makes an even table of it wins.
 */
#include "formats/dump/copy.h"
#include "formats/dump/csv.h"

#include "common/text.h"

enum { HEADER_NAME_MAX = 128, HEADER_CELLS_COMPARED = 512 };

/* ---- options ---- */

/* One byte, or one of the words. */
static bool one_byte(struct str value, const char *words, const char *bytes, unsigned char *byte)
{
    size_t n = 0;
    struct str rest = str_from(words);
    struct str word;
    for (bool more = true; more; n++) {
        more = str_cut(rest, ' ', &word, &rest);
        if (str_eq_nocase(value, word)) {
            *byte = (unsigned char)bytes[n];
            return true;
        }
    }
    *byte = value.len ? value.at[0] : 0;
    return value.len == 1 && value.at[0] != '\n' && value.at[0] != '\r' && value.at[0] != 0;
}

bool csv_option(struct csv_options *o, enum csv_option_name name, struct str value, struct err *err)
{
    bool ok = true;
    const char *wanted = "";
    switch (name) {
    case CSV_OPTION_DELIMITER:
        wanted = "--delimiter takes one byte, or tab, comma, semicolon, pipe, colon, space";
        ok =
            one_byte(value, "tab \\t comma semicolon pipe colon space", "\t\t,;|: ", &o->delimiter);
        o->has_delimiter = true;
        break;
    case CSV_OPTION_QUOTE:
        wanted = "--quote takes one byte, or none, double, single";
        ok = one_byte(value, "none double single", "\0\"'", &o->quote);
        o->has_quote = true;
        break;
    case CSV_OPTION_ESCAPE:
        wanted = "--escape takes one byte, or none, backslash, double";
        ok = one_byte(value, "none backslash double", "\0\\\"", &o->escape);
        o->has_escape = true;
        break;
    case CSV_OPTION_NULL:
        o->null_text = value;
        o->has_null = true;
        break;
    case CSV_OPTION_HEADER:
        wanted = "--header takes yes, no or auto";
        ok = str_eq(value, STR("yes")) || str_eq(value, STR("no")) || str_eq(value, STR("auto"));
        o->has_header = !str_eq(value, STR("auto"));
        o->header = str_eq(value, STR("yes")) ? CSV_HEADER_YES : CSV_HEADER_NO;
        break;
    }
    if (!ok)
        err_set(err, ERR_USAGE, 353, "%s", wanted);
    return ok;
}

/* ---- trying a dialect ---- */

/* What a dialect makes of the head. */
struct trial {
    size_t records;
    size_t fields;          /* of the first record */
    size_t even;            /* records with as many */
    size_t quoted;          /* fields */
    size_t loose;           /* quoted fields with bytes behind the closing quote, or without one */
    size_t joined;          /* those that span lines and have such bytes */
    size_t backslash_n;     /* unquoted fields that are \N */
    size_t bare_empty;      /* unquoted fields without a byte */
    size_t quoted_empty;    /* "" */
    size_t backslash_quote; /* quoted fields with a backslash before a quote */
};

/* Index behind the closing quote; 0: there is none. `raw` starts with a quote. */
static size_t behind_quotes(const struct csv_dialect *d, struct str raw)
{
    size_t at = 1;
    while (at < raw.len) {
        unsigned char c = raw.at[at];
        int next = at + 1 < raw.len ? raw.at[at + 1] : -1;
        if (d->escape && c == d->escape && (next == d->quote || next == d->escape))
            at++;
        else if (c == d->quote)
            return at + 1;
        at++;
    }
    return 0;
}

static bool has_line_end(struct str s)
{
    return str_find(s, '\n') < s.len || str_find(s, '\r') < s.len;
}

static void try_record(struct trial *t, const struct csv_dialect *d, struct str record,
                       unsigned char *scratch)
{
    struct csv_fields f = csv_fields(d, record);
    struct csv_field field;
    size_t count = 0;
    for (; csv_next(&f, scratch, &field); count++) {
        if (!field.quoted) {
            t->backslash_n += copy_is_null(field.raw);
            t->bare_empty += field.raw.len == 0;
            continue;
        }
        t->quoted++;
        t->quoted_empty += field.value.len == 0;
        size_t quotes = behind_quotes(d, field.raw);
        t->loose += quotes < field.raw.len;
        t->joined += quotes < field.raw.len && has_line_end(str_slice(field.raw, 0, quotes));
        t->backslash_quote += str_search(field.raw, STR("\\\"")) + 3 <= field.raw.len;
    }
    if (t->records++ == 0)
        t->fields = count;
    t->even += count == t->fields;
}

/* A last record without a line end, which may be cut short, counts only when it is the only one. */
static struct trial try_dialect(const struct csv_dialect *d, struct str head,
                                unsigned char *scratch)
{
    struct trial t = {0};
    while (head.len) {
        struct csv_cut cut = {0};
        size_t end = csv_first_cut(&cut, d, head);
        struct str record = end ? str_slice(head, 0, end) : head;
        if ((end || !t.records) && !csv_is_blank(record))
            try_record(&t, d, record, scratch);
        head = str_slice(head, record.len, head.len);
    }
    return t;
}

/* ---- the parts of a dialect ---- */

/* Outside of quotes nobody mixes them, so the first line end that stands anywhere tells. */
static enum csv_newline sniff_newline(struct str head)
{
    size_t line = str_find(head, '\n');
    if (line < head.len)
        return line > 0 && head.at[line - 1] == '\r' ? CSV_NEWLINE_CRLF : CSV_NEWLINE_LF;
    return str_find(head, '\r') < head.len ? CSV_NEWLINE_CR : CSV_NEWLINE_LF;
}

static const unsigned char candidates[] = {'\t', ',', ';', '|'};
enum { CANDIDATES = sizeof candidates };

static bool undecided(struct err *err)
{
    err_set(err, ERR_CORRUPT, 351,
            "no delimiter of tab, comma, semicolon and pipe parts every record into the same "
            "number of fields");
    err_hint(err, "say which it is with --delimiter, and with --quote if it is not \"");
    return false;
}

/* Even tables win; among several the order of `candidates` decides. */
static bool sniff_delimiter(struct csv_dialect *d, struct str head, unsigned char *scratch,
                            struct err *err)
{
    bool present = false;
    for (size_t i = 0; i < CANDIDATES; i++) {
        d->delimiter = candidates[i];
        struct trial t = try_dialect(d, head, scratch);
        if (t.fields > 1 && t.even == t.records)
            return true;
        present = present || t.fields > 1 || t.even < t.records;
    }
    size_t best = 0;
    for (size_t i = 0; i < CANDIDATES; i++) { /* ragged rows: nearly even is good enough */
        struct csv_dialect one = *d;
        one.delimiter = candidates[i];
        struct trial t = try_dialect(&one, head, scratch);
        if (t.fields > 1 && t.even * 10 >= t.records * 9 && t.even > best) {
            best = t.even;
            d->delimiter = candidates[i];
        }
    }
    if (best)
        return true;
    d->delimiter = ',';
    return !present || undecided(err);
}

/* With a delimiter set or about to be tried: " unless only ' gives tidy quoted fields. */
static unsigned char sniff_quote(const struct csv_dialect *known, bool has_delimiter,
                                 struct str head, unsigned char *scratch)
{
    struct csv_dialect d = *known;
    for (size_t i = 0; i < CANDIDATES; i++) {
        d.delimiter = has_delimiter ? known->delimiter : candidates[i];
        d.quote = d.escape = '"';
        if (try_dialect(&d, head, scratch).quoted > 0)
            return '"';
        d.quote = d.escape = '\'';
        struct trial t = try_dialect(&d, head, scratch);
        if (t.quoted > 1 && t.loose == 0 && t.fields > 1 && t.even == t.records)
            return '\'';
    }
    return '"';
}

/* Doubled quotes, unless backslashes before quotes make the fields tidy and doubling does not. */
static unsigned char sniff_escape(const struct csv_dialect *known, bool has_delimiter,
                                  struct str head, unsigned char *scratch)
{
    struct csv_dialect d = *known;
    for (size_t i = 0; i < CANDIDATES; i++) {
        d.delimiter = has_delimiter ? known->delimiter : candidates[i];
        d.escape = d.quote;
        struct trial doubled = try_dialect(&d, head, scratch);
        d.escape = '\\';
        struct trial behind = try_dialect(&d, head, scratch);
        if (behind.fields > 1 && behind.even == behind.records && behind.backslash_quote &&
            behind.loose < doubled.loose)
            return '\\';
    }
    return known->quote;
}

/*
 * Who writes NULL as \N writes the empty string in one way; who writes it in two, quoted and not,
 * means NULL by the one, and \N is a text.
 */
static struct str sniff_null(const struct csv_dialect *d, struct str head, unsigned char *scratch)
{
    struct trial t = try_dialect(d, head, scratch);
    return t.backslash_n && !(t.bare_empty && t.quoted_empty) ? STR("\\N") : STR("");
}

static bool says_against_copy_text(const struct csv_options *o)
{
    return (o->has_quote && o->quote) || (o->has_escape && o->escape != '\\') ||
           (o->has_delimiter && o->delimiter != '\t') ||
           (o->has_null && !str_eq(o->null_text, STR("\\N")));
}

/* An even table of more than one column by another delimiter than the tab. */
static bool is_even_otherwise(const struct csv_dialect *d, struct str head, unsigned char *scratch)
{
    struct csv_dialect other = *d;
    for (size_t i = 1; i < CANDIDATES; i++) {
        other.delimiter = candidates[i];
        struct trial t = try_dialect(&other, head, scratch);
        if (t.fields > 1 && t.even == t.records)
            return true;
    }
    return false;
}

/*
 * COPY's own format: an even table by tabs, with fields that are \N, and with no fields in tidy
 * quotes (a value may well begin with one); or said to have a backslash and no quotes.
 */
static bool is_copy_text(const struct csv_dialect *d, const struct csv_options *o, struct str head,
                         unsigned char *scratch)
{
    struct csv_dialect tabs = {.delimiter = '\t', .newline = d->newline};
    struct trial bare = try_dialect(&tabs, head, scratch);
    tabs.quote = tabs.escape = '"';
    struct trial quoted = try_dialect(&tabs, head, scratch);
    if (says_against_copy_text(o) || bare.even < bare.records)
        return false;
    if (!o->has_delimiter && bare.fields == 1 && is_even_otherwise(d, head, scratch))
        return false;
    if (o->has_quote && o->has_escape)
        return o->has_delimiter || bare.fields > 1;
    bool tidy = quoted.quoted > 0 && quoted.loose == 0 && quoted.even == quoted.records;
    return bare.backslash_n > 0 && !tidy;
}

/* ---- change data ---- */

/* Do all records begin with a field that is I, U or D, and go on behind it? */
static bool is_change_data(const struct csv_dialect *d, struct str head, unsigned char *scratch)
{
    size_t records = 0;
    while (head.len) {
        struct csv_cut cut = {0};
        size_t end = csv_first_cut(&cut, d, head);
        struct str record = end ? str_slice(head, 0, end) : head;
        head = str_slice(head, record.len, head.len);
        if (csv_is_blank(record) || (!end && records))
            continue;
        struct csv_fields f = csv_fields(d, record);
        struct csv_field field;
        (void)csv_next(&f, scratch, &field);
        if (!f.more || field.value.len != 1 || !strchr("IUD", field.value.at[0]))
            return false;
        records++;
    }
    return records > 0;
}

/* ---- the header ---- */

static bool is_name_byte(unsigned char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c >= 0x80 || strchr("_ .-#()/", c) != NULL;
}

/* A cell that looks like a column's name, and not like a value. */
static bool looks_like_name(struct str cell)
{
    static const char *const values[] = {"true", "false", "yes", "no", "null", "none",
                                         "nan",  "t",     "f",   "y",  "n"};
    if (!cell.len || cell.len > HEADER_NAME_MAX ||
        !(ascii_alpha(cell.at[0]) || cell.at[0] == '_' || cell.at[0] >= 0x80))
        return false;
    for (size_t i = 0; i < cell.len; i++)
        if (!cell.at[i] || !is_name_byte(cell.at[i]))
            return false;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (str_eq_nocase(cell, str_from(values[i])))
            return false;
    return !str_starts(cell, STR("Z0FBQUFB")) && !str_starts(cell, STR("gAAAA"));
}

static enum csv_header_kind sniff_header(const struct csv_dialect *d, struct str head,
                                         unsigned char *scratch)
{
    struct str seen[HEADER_CELLS_COMPARED];
    size_t count = 0;
    struct str first = csv_first_record(d, head);
    while (first.len && csv_is_blank(first)) {
        head = str_slice(head, first.len, head.len);
        first = csv_first_record(d, head);
    }
    struct csv_fields f = csv_fields(d, first);
    struct csv_field field;
    size_t used = 0;
    while (csv_next(&f, scratch + used, &field)) {
        if (field.null || !looks_like_name(field.value))
            return CSV_HEADER_NO;
        for (size_t i = 0; i < count; i++)
            if (str_eq_nocase(seen[i], field.value))
                return CSV_HEADER_NO;
        if (count < HEADER_CELLS_COMPARED)
            seen[count++] = field.value;
        used += field.value.len; /* a value may lie in scratch */
    }
    return CSV_HEADER_YES;
}

/* ---- the whole ---- */

static bool is_sound(const struct csv_dialect *d, struct err *err)
{
    if (d->delimiter != d->quote && d->delimiter != d->escape)
        return true;
    err_set(err, ERR_USAGE, 353, "the delimiter cannot be the quote or the escape byte too");
    return false;
}

/* Quotes that stand in the way of other records are those of a value, in a file without quoting. */
static bool quotes_fit(const struct csv_dialect *d, struct str head, unsigned char *scratch,
                       struct err *err)
{
    struct trial t = try_dialect(d, head, scratch);
    if (t.joined == 0)
        return true;
    err_set(err, ERR_CORRUPT, 349,
            "a field that begins with a quote goes on over a line end and behind another quote");
    err_hint(err, "say --quote none if the file is written without quotes, --quote double if not");
    return false;
}

static bool sniff_bytes(struct csv_dialect *d, const struct csv_options *o, struct str head,
                        unsigned char *scratch, struct err *err)
{
    d->delimiter = o->delimiter;
    d->quote = o->has_quote ? o->quote : sniff_quote(d, o->has_delimiter, head, scratch);
    if (o->has_escape)
        d->escape = o->escape;
    else
        d->escape = d->quote ? sniff_escape(d, o->has_delimiter, head, scratch) : 0;
    if (is_copy_text(d, o, head, scratch)) {
        *d = (struct csv_dialect){.syntax = CSV_COPY_TEXT,
                                  .newline = d->newline,
                                  .preamble = d->preamble,
                                  .delimiter = '\t',
                                  .null_text = STR("\\N")};
        return true;
    }
    if (!o->has_delimiter && !sniff_delimiter(d, head, scratch, err))
        return false;
    return is_sound(d, err) && (o->has_quote || quotes_fit(d, head, scratch, err));
}

/*
 * Excel's first line `sep=;` is no record: it names the delimiter. Its length with the line end; 0:
 * there is none.
 */
static size_t sep_line(struct str head, unsigned char *delimiter)
{
    struct str line = str_slice(head, 0, str_find(head, '\n'));
    size_t length = line.len < head.len ? line.len + 1 : 0;
    line = str_slice(line, 0, line.len - str_ends(line, STR("\r")));
    if (line.len != 5 || !str_eq_nocase(str_slice(line, 0, 4), STR("sep=")))
        return 0;
    *delimiter = line.at[4];
    return length;
}

/* Goes behind what is no record. */
static struct str pass_preamble(struct csv_dialect *d, struct csv_options *o, struct str head)
{
    unsigned char delimiter = 0;
    d->preamble = str_starts(head, STR("\xef\xbb\xbf")) ? 3 : 0;
    size_t sep = sep_line(str_slice(head, d->preamble, head.len), &delimiter);
    d->preamble += sep;
    if (sep && !o->has_delimiter) {
        o->has_delimiter = true;
        o->delimiter = delimiter;
    }
    return str_slice(head, d->preamble, d->preamble + CSV_SNIFF_MAX);
}

bool csv_sniff(struct str head, const struct csv_options *options, struct csv_dialect *d,
               struct err *err)
{
    struct csv_options said = *options;
    const struct csv_options *o = &said;
    *d = (struct csv_dialect){0};
    head = pass_preamble(d, &said, head);
    d->newline = sniff_newline(head);
    struct arena arena = {0};
    unsigned char *scratch = arena_alloc(&arena, head.len + 1);
    bool ok = sniff_bytes(d, o, head, scratch, err);
    if (ok && d->syntax == CSV_QUOTED) {
        d->null_text = o->has_null ? o->null_text : sniff_null(d, head, scratch);
    }
    if (ok)
        d->changes =
            (!o->has_header || o->header == CSV_HEADER_NO) && is_change_data(d, head, scratch);
    if (ok)
        d->header = d->changes      ? CSV_HEADER_NO
                    : o->has_header ? o->header
                                    : sniff_header(d, head, scratch);
    arena_free(&arena);
    return ok;
}
