/*
 * scan: the hot loop against a plain reading of the same rows: split at newlines, split at tabs,
 * unescape, classify.
 */
#include "analyzer/scan.h"
#include "tests/unit/scan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct scanner *scanner;

static int set_up_scanner(void **state)
{
    scanner = scanner_new(&run);
    return set_up(state);
}

static const char *scanned(const struct scan_layout *l, struct str rows)
{
    struct tally t;
    tally_open(&t, l, &arena);
    scan_batch(scanner, l, rows, &t);
    return case_tally(&t, &arena);
}

static const char *scanned_in_pieces(const struct scan_layout *l, struct str rows, size_t most,
                                     uint64_t *seed)
{
    struct tally t;
    tally_open(&t, l, &arena);
    struct scan_piece *p = scan_piece_open(scanner, l, &t);
    for (size_t at = 0; at < rows.len;) {
        size_t n = 1 + (most > 1 ? cell_random(seed) % most : 0);
        scan_piece_feed(p, str_slice(rows, at, at + n));
        at += n;
    }
    scan_piece_close(p);
    return case_tally(&t, &arena);
}

/* ---- the plain reading ---- */

struct plain_use {
    char name[64];
    uint64_t records;
    int64_t oldest, newest;
};

struct plain_column {
    uint64_t nulls, key_records, future, leaks;
    uint64_t classes[CLASS_COUNT];
    bool counted;
    struct plain_use uses[64];
    size_t use_count;
};

struct plain {
    const struct scan_layout *layout;
    uint64_t records, ragged, beyond;
    struct plain_column columns[16];
};

static void plain_use(struct plain_column *c, const struct key_use *u)
{
    char name[64] = "";
    if (u->kind == USE_KNOWN)
        (void)snprintf(name, sizeof name, "%.*s", STR_ARG(known.names[u->known]));
    else if (u->kind == USE_UNKNOWN)
        (void)snprintf(name, sizeof name, "%.*s", u->len, (const char *)u->name);
    else if (u->kind == USE_OTHER)
        (void)snprintf(name, sizeof name, "(other)");
    size_t i = 0;
    while (i < c->use_count && strcmp(c->uses[i].name, name) != 0)
        i++;
    struct plain_use *p = &c->uses[i];
    if (i == c->use_count) {
        *p = (struct plain_use){.oldest = UTC_NONE, .newest = UTC_NONE};
        (void)snprintf(p->name, sizeof p->name, "%.63s", name);
        c->use_count++;
    }
    p->records++;
    if (u->oldest != UTC_NONE && (p->oldest == UTC_NONE || u->oldest < p->oldest))
        p->oldest = u->oldest;
    if (u->newest != UTC_NONE && (p->newest == UTC_NONE || u->newest > p->newest))
        p->newest = u->newest;
}

static void plain_cell(struct plain *p, size_t column, bool null, struct str value)
{
    static struct verdict v;
    bool beyond = column >= p->layout->columns;
    struct plain_column *c = &p->columns[beyond ? p->layout->columns - 1 : column];
    if (null) {
        c->nulls += !beyond;
        return;
    }
    envelope_versioned_fernet.classify(&envelope_versioned_fernet, &p->layout->reading, value, &v);
    bool declared = p->layout->declared && p->layout->declared[beyond ? 0 : column];
    if (beyond && !v.counted)
        return;
    if (v.class == CLASS_EMPTY && value.len > 0 && !declared && p->layout->format == SCAN_CSV)
        return; /* \x: in CSV it may be a text, and nothing makes anybody look */
    p->beyond += beyond;
    if (v.class == CLASS_EMPTY || v.counted || declared)
        c->classes[v.class] += !beyond;
    if (!v.counted && !declared)
        return;
    if (v.class == CLASS_EMPTY)
        return;
    c->counted = true;
    c->leaks += v.leak && !beyond;
    c->future += v.future;
    c->key_records += v.use_count > 0;
    for (size_t i = 0; i < v.use_count; i++)
        plain_use(c, &v.uses[i]);
}

static void plain_record(struct plain *p, size_t fields)
{
    p->records++;
    p->ragged += fields != p->layout->columns;
}

static int by_version(const void *a, const void *b)
{
    return strcmp(((const struct plain_use *)a)->name, ((const struct plain_use *)b)->name);
}

/* The order of tally_report: '', the keyring's, the others by name, (other). */
static int rank(const struct plain_use *u)
{
    if (u->name[0] == 0)
        return 0;
    if (strcmp(u->name, "(other)") == 0)
        return 3;
    return key_names_find(&known, str_from(u->name)) < known.count ? 1 : 2;
}

static const char *plain_text(struct plain *p)
{
    struct buf out = {.arena = &arena};
    buf_printf(&out, "records %llu ragged %llu beyond %llu\n", (unsigned long long)p->records,
               (unsigned long long)p->ragged, (unsigned long long)p->beyond);
    for (size_t i = 0; i < p->layout->columns; i++) {
        struct plain_column *c = &p->columns[i];
        struct report_column r = {.records = p->records, .nulls = c->nulls};
        struct report_usage usages[64];
        uint64_t sum = 0;
        c->classes[CLASS_NULL] = c->nulls;
        for (size_t k = 0; k < CLASS_COUNT; k++)
            sum += c->classes[k];
        if (p->records > sum)
            c->classes[CLASS_PLAINTEXT] += p->records - sum;
        memcpy(r.classes, c->classes, sizeof r.classes);
        r.has_classes = c->counted || (p->layout->declared && p->layout->declared[i]);
        r.future_times = c->future;
        r.key_records = c->key_records;
        r.usages = usages;
        qsort(c->uses, c->use_count, sizeof *c->uses, by_version);
        for (int order = 0; order < 4; order++)
            for (size_t k = 0; k < c->use_count; k++)
                if (rank(&c->uses[k]) == order)
                    usages[r.usage_count++] =
                        (struct report_usage){.version = str_from(c->uses[k].name),
                                              .records = c->uses[k].records,
                                              .oldest = c->uses[k].oldest,
                                              .newest = c->uses[k].newest};
        case_column(&out, &r, c->leaks);
    }
    return arena_text(&arena, buf_str(&out));
}

/* Written from PostgreSQL's documentation of COPY, not from our reader. */
static size_t plain_unescape(const unsigned char *from, size_t n, unsigned char *into)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        if (from[i] != '\\') {
            into[out++] = from[i];
            continue;
        }
        if (++i == n)
            break;
        const char *letters = "bfnrtv";
        const char *codes = "\b\f\n\r\t\v";
        const char *hit = strchr(letters, from[i]);
        char digits[4] = "";
        size_t k = 0;
        if (from[i] == 'x') {
            while (k < 2 && i + 1 < n && from[i + 1] &&
                   strchr("0123456789abcdefABCDEF", from[i + 1]))
                digits[k++] = (char)from[++i];
            into[out++] = k ? (unsigned char)strtoul(digits, NULL, 16) : 'x';
        } else if (from[i] >= '0' && from[i] <= '7') {
            digits[k++] = (char)from[i];
            while (k < 3 && i + 1 < n && from[i + 1] >= '0' && from[i + 1] <= '7')
                digits[k++] = (char)from[++i];
            into[out++] = (unsigned char)(strtoul(digits, NULL, 8) & 255);
        } else {
            into[out++] = hit && from[i] ? (unsigned char)codes[hit - letters] : from[i];
        }
    }
    return out;
}

static void plain_copy_record(struct plain *p, const unsigned char *at, size_t n)
{
    static unsigned char value[64 * 1024];
    size_t column = 0;
    if (n > 0 && at[n - 1] == '\r')
        n--;
    for (size_t from = 0;; from++) {
        size_t to = from;
        while (to < n && at[to] != '\t')
            to++;
        bool null = to - from == 2 && memcmp(at + from, "\\N", 2) == 0;
        size_t len = plain_unescape(at + from, to - from, value);
        plain_cell(p, column++, null, str_make(value, len));
        from = to;
        if (to == n)
            break;
    }
    plain_record(p, column);
}

static const char *plain_copy(const struct scan_layout *l, struct str rows)
{
    static struct plain p;
    p = (struct plain){.layout = l};
    for (size_t from = 0; from < rows.len;) {
        size_t to = from;
        while (to < rows.len && rows.at[to] != '\n')
            to++;
        plain_copy_record(&p, rows.at + from, to - from);
        from = to + 1;
    }
    return plain_text(&p);
}

/* ---- COPY text ---- */

static void a_small_table_by_hand(void **state)
{
    (void)state;
    static const bool declared[] = {false, true, false};
    char value[CELL_MAX];
    char rows[3 * CELL_MAX];
    (void)snprintf(rows, sizeof rows,
                   "1\t%s\t\\N\n"
                   "2\t\\N\t\n"
                   "3\tvimeo:x\tplain\n"
                   "4\t\tv1:Z0FBQUFBCUT\n",
                   cell_value(value, "v2:", 1, CASE_TIME, 1));
    struct scan_layout l = layout_of(3, declared);
    assert_string_equal(
        scanned(&l, str_from(rows)),
        "records 4 ragged 0 beyond 0\n"
        "records 4 nulls 0\n"
        "records 4 nulls 1 leaks 1 future 0 keys 1 classes hinted 1 plaintext 1 null 1 empty 1\n"
        "  v2 1 1700000000 1700000000\n"
        "records 4 nulls 1 leaks 0 future 0 keys 1 classes truncated 1 plaintext 1 null 1 empty 1\n"
        "  v1 1 -9223372036854775808 -9223372036854775808\n");
}

static void awkward_rows_are_counted_as_a_plain_reading_counts_them(void **state)
{
    (void)state;
    uint64_t seed = 2026;
    for (unsigned round = 0; round < 1500; round++) {
        bool declared[8];
        size_t columns = 1 + cell_random(&seed) % 8;
        for (size_t i = 0; i < columns; i++)
            declared[i] = cell_random(&seed) % 3 == 0;
        struct scan_layout l = layout_of(columns, round % 2 ? declared : NULL);
        struct str rows = case_copy_rows(&seed, &arena, columns, cell_random(&seed) % 30,
                                         round % 3 == 0, round % 5 == 0);
        if (round % 7 == 0 && rows.len > 2) /* the last record without its newline */
            rows.len -= round % 5 == 0 ? 2 : 1;
        const char *plain = plain_copy(&l, rows);
        assert_string_equal(scanned(&l, rows), plain);
        l.reading.simd = &simd_scalar;
        assert_string_equal(scanned(&l, rows), plain);
        assert_string_equal(scanned_in_pieces(&l, rows, 1, &seed), plain);
        assert_string_equal(scanned_in_pieces(&l, rows, 40, &seed), plain);
        arena_free(&arena);
    }
}

/* A value moved byte by byte over two blocks, with everything that may stand beside it. */
static void a_value_is_found_wherever_it_falls(void **state)
{
    (void)state;
    static const char *const neighbours[] = {"", "a", "\\N", "\\\\", "Z0", "Z", "5", "\\n"};
    static const bool second[] = {false, true, false};
    char value[CELL_MAX];
    (void)cell_value(value, "v1:", 1, CASE_TIME, 3);
    for (size_t shift = 0; shift < 200; shift++) {
        for (size_t i = 0; i < 8; i++) {
            struct buf rows = {.arena = &arena};
            for (size_t k = 0; k < shift; k++)
                buf_byte(&rows, k % 40 == 39 ? '\n' : 'x');
            buf_printf(&rows, "\n%s\t%s\t%s\n", neighbours[i], value, neighbours[i]);
            for (unsigned declared = 0; declared < 2; declared++) {
                struct scan_layout l = layout_of(3, declared ? second : NULL);
                struct tally t;
                struct report_column c = {0};
                tally_open(&t, &l, &arena);
                scan_batch(scanner, &l, buf_str(&rows), &t);
                tally_report(&t, 1, &arena, &c);
                assert_int_equal(c.classes[CLASS_HINTED], 1);
                assert_int_equal(t.columns[0].nulls, i == 2);
                assert_int_equal(t.columns[2].nulls, i == 2);
            }
            arena_free(&arena);
        }
    }
}

/* Nothing may be hidden by an escape (S1): each byte of the constant escaped in each way. */
static void an_escaped_constant_is_found(void **state)
{
    (void)state;
    for (size_t at = 0; at < 8; at++) {
        for (size_t f = 0; f < 3; f++) {
            struct buf rows = {.arena = &arena};
            buf_text(&rows, "a\tv1:");
            for (size_t i = 0; i < 8; i++) {
                unsigned char c = (unsigned char)"Z0FBQUFB"[i];
                if (i != at)
                    buf_byte(&rows, c);
                else if (f == 0)
                    buf_printf(&rows, "\\x%02x", c);
                else if (f == 1)
                    buf_printf(&rows, "\\%03o", c);
                else
                    buf_printf(&rows, "\\x%02X", c);
            }
            buf_text(&rows, "\tb\n");
            struct scan_layout l = layout_of(3, NULL);
            struct tally t;
            struct report_column c = {0};
            tally_open(&t, &l, &arena);
            scan_batch(scanner, &l, buf_str(&rows), &t);
            tally_report(&t, 1, &arena, &c);
            assert_int_equal(c.classes[CLASS_TRUNCATED], 1);
        }
    }
    struct scan_layout l = layout_of(1, NULL);
    assert_non_null(strstr(scanned(&l, STR("v1:\\Z0FB\\QUFB\n")), "v1 1"));
}

static void empty_lines_are_records(void **state)
{
    (void)state;
    struct scan_layout one = layout_of(1, NULL);
    struct scan_layout none = layout_of(0, NULL);
    struct tally t;
    tally_open(&t, &one, &arena);
    scan_batch(scanner, &one, STR("\n\n\\N\nx\n\r\n"), &t);
    assert_int_equal(t.records, 5);
    assert_int_equal(t.ragged, 0);
    assert_int_equal(t.columns[0].empties, 3);
    assert_int_equal(t.columns[0].nulls, 1);
    tally_open(&t, &none, &arena);
    scan_batch(scanner, &none, STR("\n\n\r\n\n"), &t);
    assert_int_equal(t.records, 4);
    assert_int_equal(t.ragged, 0);
    scan_batch(scanner, &none, STR("v1:Z0FBQUFB\n"), &t);
    assert_int_equal(t.ragged, 1);
    assert_int_equal(t.beyond, 1);
}

static void the_first_ragged_record_is_told(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct tally t;
    tally_open(&t, &l, &arena);
    assert_true(t.ragged_first == TALLY_NONE);
    scan_batch(scanner, &l, STR("a\tb\na\na\tb\na\tb\tc\n"), &t);
    assert_int_equal(t.records, 4);
    assert_int_equal(t.ragged, 2);
    assert_int_equal(t.ragged_first, 1);
}

static void a_record_that_breaks_off_is_not_called_ragged(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(3, NULL);
    struct tally t;
    tally_open(&t, &l, &arena);
    struct scan_piece *p = scan_piece_open(scanner, &l, &t);
    scan_piece_feed(p, STR("a\tb\tc\na\tv1:Z0FBQUFB"));
    scan_piece_break(p);
    assert_int_equal(t.records, 2);
    assert_int_equal(t.ragged, 0);
    assert_non_null(strstr(case_tally(&t, &arena), "v1 1"));
}

/* ---- CSV ---- */

static struct scan_layout csv_layout(size_t columns, const bool *declared,
                                     const struct csv_dialect *d)
{
    struct scan_layout l = layout_of(columns, declared);
    l.format = SCAN_CSV;
    l.dialect = d;
    return l;
}

static void buf_csv_value(uint64_t *seed, struct buf *out, const struct csv_dialect *d,
                          const char *value, size_t len)
{
    bool needed = len == 0;
    for (size_t i = 0; i < len; i++)
        needed = needed || (unsigned char)value[i] == d->delimiter ||
                 (unsigned char)value[i] == d->quote || value[i] == '\n' || value[i] == '\r';
    needed = needed || (len == d->null_text.len && memcmp(value, d->null_text.at, len) == 0);
    bool quoted = needed || cell_random(seed) % 3 == 0;
    if (quoted)
        buf_byte(out, d->quote);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];
        if (quoted && (c == d->quote || c == d->escape))
            buf_byte(out, d->escape);
        buf_byte(out, c);
    }
    if (quoted)
        buf_byte(out, d->quote);
}

/* Writes rows and counts them plainly at once: what was written is what must be read. */
static const char *csv_case(uint64_t *seed, const struct scan_layout *l, struct buf *out,
                            size_t records)
{
    static struct plain p;
    static const char *const line_ends[] = {
        [CSV_NEWLINE_LF] = "\n", [CSV_NEWLINE_CRLF] = "\r\n", [CSV_NEWLINE_CR] = "\r"};
    const struct csv_dialect *d = l->dialect;
    p = (struct plain){.layout = l};
    for (size_t r = 0; r < records; r++) {
        size_t fields = l->columns;
        if (l->columns > 1 && cell_random(seed) % 10 == 0)
            fields = 2 + cell_random(seed) % (l->columns + 1);
        for (size_t i = 0; i < fields; i++) {
            char value[CELL_MAX];
            bool null = cell_random(seed) % 5 == 0;
            size_t len = null ? 0 : case_value(seed, value);
            if (i)
                buf_byte(out, d->delimiter);
            if (null)
                buf_add(out, d->null_text);
            else
                buf_csv_value(seed, out, d, value, len);
            plain_cell(&p, i, null, str_make(value, len));
        }
        plain_record(&p, fields);
        buf_text(out, line_ends[d->newline]);
        if (l->columns > 1 && cell_random(seed) % 20 == 0)
            buf_text(out, line_ends[d->newline]); /* a blank line is no record */
    }
    return plain_text(&p);
}

static void csv_is_counted_as_it_was_written(void **state)
{
    (void)state;
    static const struct csv_dialect dialects[] = {
        {.delimiter = ',', .quote = '"', .escape = '"', .null_text = {NULL, 0}},
        {.delimiter = ';', .quote = '"', .escape = '"', .newline = CSV_NEWLINE_CRLF},
        {.delimiter = '\t', .quote = '\'', .escape = '\\', .null_text = {(const void *)"NULL", 4}},
        {.delimiter = ',', .quote = '"', .escape = '"', .newline = CSV_NEWLINE_CR},
        {.delimiter = '|', .quote = '"', .escape = '\\', .null_text = {(const void *)"\\N", 2}},
    };
    uint64_t seed = 4711;
    for (unsigned round = 0; round < 1500; round++) {
        bool declared[8];
        size_t columns = 1 + cell_random(&seed) % 8;
        for (size_t i = 0; i < columns; i++)
            declared[i] = cell_random(&seed) % 3 == 0;
        struct scan_layout l =
            csv_layout(columns, round % 2 ? declared : NULL, &dialects[round % 5]);
        struct buf rows = {.arena = &arena};
        const char *plain = csv_case(&seed, &l, &rows, cell_random(&seed) % 30);
        assert_string_equal(scanned(&l, buf_str(&rows)), plain);
        l.reading.simd = &simd_scalar;
        assert_string_equal(scanned(&l, buf_str(&rows)), plain);
        assert_string_equal(scanned_in_pieces(&l, buf_str(&rows), 1, &seed), plain);
        assert_string_equal(scanned_in_pieces(&l, buf_str(&rows), 40, &seed), plain);
        arena_free(&arena);
    }
}

/* "Z0"FBQUFB is the constant, too: no form of the scan may miss it, wherever the rows are cut. */
static void a_value_parted_by_its_closing_quote_is_found(void **state)
{
    (void)state;
    static const struct csv_dialect d = {.delimiter = ',', .quote = '"', .escape = '"'};
    char value[CELL_MAX];
    (void)cell_value(value, "v2:", 1, 1700000000, 5);
    struct scan_layout l = csv_layout(2, NULL, &d);
    uint64_t seed = 3;
    for (size_t split = 0; split <= strlen(value); split++) {
        struct buf rows = {.arena = &arena};
        buf_printf(&rows, "1,x\n\"%.*s\"%s,y\n2,\"z\"\r\n", (int)split, value, value + split);
        const char *batch = scanned(&l, buf_str(&rows));
        assert_non_null(strstr(batch, "  v2 1 1700000000 1700000000"));
        assert_string_equal(scanned_in_pieces(&l, buf_str(&rows), 1, &seed), batch);
        arena_free(&arena);
    }
}

/* Of quotes that are doubled, so that its text comes in many runs, and of one run only. */
static void a_value_in_a_long_field_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const struct csv_dialect d = {.delimiter = ',', .quote = '"', .escape = '"'};
    static const char *const texts[] = {"k\"\": \"\"some text\"\", \"\"",
                                        "some text of no quotes "};
    char value[CELL_MAX];
    (void)cell_value(value, "v2:", 1, 1700000000, 5);
    struct scan_layout l = csv_layout(1, NULL, &d);
    uint64_t seed = 4;
    for (unsigned round = 0; round < 200; round++) {
        const char *text = texts[round % 2];
        struct buf rows = {.arena = &arena};
        buf_printf(&rows, "\"%.*s", (int)(cell_random(&seed) % 300), value); /* broken */
        for (uint64_t n = (3900 + cell_random(&seed) % 400) / strlen(text) + 1; n > 0; n--)
            buf_text(&rows, text);
        buf_printf(&rows, "%s [%s]", texts[1], value);
        for (uint64_t n = cell_random(&seed) % 500; n > 0; n--)
            buf_text(&rows, text);
        buf_text(&rows, "\"\n");
        const char *batch = scanned(&l, buf_str(&rows));
        assert_non_null(strstr(batch, "  v2 1 1700000000 1700000000"));
        assert_string_equal(scanned_in_pieces(&l, buf_str(&rows), 1, &seed), batch);
        assert_string_equal(scanned_in_pieces(&l, buf_str(&rows), 3000, &seed), batch);
        arena_free(&arena);
    }
}

/* One field of 8 MiB in which every other byte is odd; if each were looked at again, for hours. */
static void hostile_fields_take_no_longer_than_others(void **state)
{
    (void)state;
    enum { LONG = 8 * 1024 * 1024 };
    static const struct {
        struct csv_dialect dialect;
        const char *pair;
    } cases[] = {
        {{.delimiter = ',', .escape = '\\'}, "\\a"},
        {{.delimiter = ',', .escape = '\\'}, "a\\"},
        {{.delimiter = ',', .quote = '"', .escape = '"'}, "\r\r"},
        {{.delimiter = ',', .quote = '"', .escape = '"'}, "a\r"},
        {{.delimiter = ',', .quote = '"', .escape = '"'}, "a\""},
        {{.delimiter = ',', .quote = '"', .escape = '"', .newline = CSV_NEWLINE_CR}, "\n\n"},
        {{.delimiter = ',', .quote = '"', .escape = '\\'}, "Z0"},
        {{.delimiter = ',', .quote = '"', .escape = '\\', .newline = CSV_NEWLINE_CR}, ",\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scan_layout l = csv_layout(1, NULL, &cases[i].dialect);
        unsigned char *rows = arena_alloc(&arena, LONG + 2);
        rows[0] = 'x'; /* no quote opens the field */
        for (size_t at = 1; at <= LONG; at += 2)
            memcpy(rows + at, cases[i].pair, 2);
        rows[LONG + 1] = l.dialect->newline == CSV_NEWLINE_CR ? '\r' : '\n';
        assert_non_null(strstr(scanned(&l, str_make(rows, LONG + 2)), "records 1"));
        arena_free(&arena);
    }
}

/* Rows as they come in files, against csv.h's reader of one record. */
static void csv_fields_are_those_of_the_record_reader(void **state)
{
    (void)state;
    static const char *const parts[] = {"a",           "\"", "\"\"", ",",  "\n",       "\r\n", "\r",
                                        "v1:Z0FBQUFB", "",   "NULL", "\\", "5\" pipe", "x"};
    static const struct csv_dialect dialects[] = {
        {.delimiter = ',', .quote = '"', .escape = '"', .null_text = {NULL, 0}},
        {.delimiter = ',', .quote = '"', .escape = '\\', .null_text = {(const void *)"NULL", 4}},
        {.delimiter = ',', .null_text = {(const void *)"NULL", 4}},
        {.delimiter = ',', .escape = '\\', .newline = CSV_NEWLINE_CRLF},
        {.delimiter = ',', .quote = '"', .escape = '"', .newline = CSV_NEWLINE_CRLF},
    };
    static const bool declared[] = {true, true, true};
    uint64_t seed = 17;
    for (unsigned round = 0; round < 6000; round++) {
        struct scan_layout l = csv_layout(3, declared, &dialects[round % 5]);
        struct buf text = {.arena = &arena};
        size_t count = cell_random(&seed) % 12;
        for (size_t i = 0; i < count; i++)
            buf_text(&text, parts[cell_random(&seed) % (sizeof parts / sizeof *parts)]);
        buf_text(&text, "\n");
        struct csv_cut cut = {0};
        size_t whole = csv_cut(&cut, l.dialect, buf_str(&text));
        struct str rest = str_slice(buf_str(&text), 0, whole);
        struct str rows = rest;
        static struct plain p;
        p = (struct plain){.layout = &l};
        while (rest.len > 0) {
            struct str record = csv_first_record(l.dialect, rest);
            rest = str_slice(rest, record.len, rest.len);
            if (csv_is_blank(record))
                continue;
            unsigned char *into = arena_alloc(&arena, record.len + 1);
            struct csv_fields f = csv_fields(l.dialect, record);
            struct csv_field field;
            size_t fields = 0;
            while (csv_next(&f, into, &field))
                plain_cell(&p, fields++, field.null, field.value);
            plain_record(&p, fields);
        }
        const char *plain = plain_text(&p);
        if (strcmp(scanned(&l, rows), plain) != 0)
            fail_msg("dialect %u [%.*s]\n%s---\n%s", round % 5, STR_ARG(rows), scanned(&l, rows),
                     plain);
        assert_string_equal(scanned_in_pieces(&l, rows, 1, &seed), plain);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_table_by_hand),
        cmocka_unit_test(awkward_rows_are_counted_as_a_plain_reading_counts_them),
        cmocka_unit_test(a_value_is_found_wherever_it_falls),
        cmocka_unit_test(an_escaped_constant_is_found),
        cmocka_unit_test(empty_lines_are_records),
        cmocka_unit_test(the_first_ragged_record_is_told),
        cmocka_unit_test(a_record_that_breaks_off_is_not_called_ragged),
        cmocka_unit_test(csv_is_counted_as_it_was_written),
        cmocka_unit_test(a_value_parted_by_its_closing_quote_is_found),
        cmocka_unit_test(a_value_in_a_long_field_is_found_wherever_it_stands),
        cmocka_unit_test(hostile_fields_take_no_longer_than_others),
        cmocka_unit_test(csv_fields_are_those_of_the_record_reader),
    };
    return cmocka_run_group_tests(tests, set_up_scanner, tear_down);
}
