/* pool: the same counts for any number of threads, block size and way of reading. */
#include "analyzer/pool.h"
#include "analyzer/records.h"
#include "tests/unit/scan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *scanned_at_once(const struct scan_layout *l, struct str rows)
{
    struct tally t;
    tally_open(&t, l, &arena);
    scan_batch(scanner_new(&arena), l, rows, &t);
    return case_tally(&t, &arena);
}

/* A script of tables: the rows of each, the line that ends them, a few words between. */
struct script {
    size_t tables;
    struct scan_layout layouts[8];
    bool declared[8][8];
    struct str rows[8];
    struct str text;
};

static void script_make(struct script *s, uint64_t *seed, size_t records)
{
    struct buf text = {.arena = &arena};
    s->tables = 1 + cell_random(seed) % 8;
    for (size_t i = 0; i < s->tables; i++) {
        size_t columns = 1 + cell_random(seed) % 6;
        for (size_t k = 0; k < columns; k++)
            s->declared[i][k] = cell_random(seed) % 4 == 0;
        s->layouts[i] = layout_of(columns, s->declared[i]);
        s->rows[i] = case_copy_rows(seed, &arena, columns, cell_random(seed) % records, i % 3 == 0,
                                    i % 4 == 0);
        buf_printf(&text, "COPY t%zu FROM stdin;\n", i);
        buf_add(&text, s->rows[i]);
        buf_text(&text, cell_random(seed) % 3 ? "\\.\n" : "\\.\r\n");
    }
    s->text = buf_str(&text);
}

static uint64_t lines_of(struct str s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += s.at[i] == '\n';
    return n;
}

struct reader {
    unsigned threads;
    size_t block, piece, window_piece;
};

/* Reads the header of a table: the window then stands at its rows. */
static void skip_line(struct window *w, struct err *err)
{
    while (str_find(window_rest(w), '\n') == window_rest(w).len)
        assert_true(window_more(w, err));
    window_skip(w, str_find(window_rest(w), '\n') + 1);
}

static void check_script(const struct script *s, const struct reader *how)
{
    struct err err = {0};
    struct pool *pool =
        pool_open(&(struct pool_options){.threads = how->threads, .block_size = how->block}, &err);
    struct source *source = source_memory(s->text, how->piece, &err);
    struct window w;
    struct table_scan *scans[8];
    uint64_t offset = 0;
    uint64_t line = 1;
    assert_true(window_open(&w, source, 0, &err));
    w.piece = how->window_piece;
    for (size_t i = 0; i < s->tables; i++) {
        scans[i] = pool_table(pool, &s->layouts[i]);
        skip_line(&w, &err);
        assert_true(rows_scan(pool, scans[i], &w, ROWS_END_LINE, &err));
        offset += strlen("COPY t0 FROM stdin;\n") + s->rows[i].len + 3;
        offset += s->text.at[offset - 1] == '\r';
        line += 2 + lines_of(s->rows[i]);
        assert_int_equal(w.offset, offset);
        assert_int_equal(w.line, line);
    }
    assert_false(window_more(&w, &err));
    assert_int_equal(w.state, PULL_END);
    pool_drain(pool);
    uint64_t bytes = 0;
    for (size_t i = 0; i < s->tables; i++) {
        assert_string_equal(case_tally(&scans[i]->total, &arena),
                            scanned_at_once(&s->layouts[i], s->rows[i]));
        assert_int_equal(scans[i]->bytes, s->rows[i].len);
        bytes += s->rows[i].len;
    }
    assert_int_equal(pool_progress(pool).bytes, bytes);
    window_close(&w);
    source_close(source);
    pool_close(pool);
}

static void threads_and_block_sizes_do_not_change_the_counts(void **state)
{
    (void)state;
    static const unsigned threads[] = {1, 2, 3, 8};
    uint64_t seed = 5;
    for (unsigned round = 0; round < 60; round++) {
        static struct script s;
        script_make(&s, &seed, 40);
        struct reader how = {.threads = threads[round % 4],
                             .block = 1 + round % 64,
                             .piece = round % 3 ? 0 : 1 + round % 7,
                             .window_piece = round % 2 ? SIZE_MAX : 1 + round % 5};
        check_script(&s, &how);
        how.block = 100000;
        check_script(&s, &how);
        arena_free(&arena);
    }
}

/* Enough rows for batches to be in flight on all threads, and tables that follow each other. */
static void large_tables_on_many_threads_add_up(void **state)
{
    (void)state;
    uint64_t seed = 6;
    static struct script s;
    script_make(&s, &seed, 2500);
    for (unsigned threads = 1; threads <= 8; threads = threads == 3 ? 8 : threads + 1) {
        check_script(&s, &(struct reader){threads, 40000, 0, SIZE_MAX});
        check_script(&s, &(struct reader){threads, 0, 0, SIZE_MAX});
    }
    arena_free(&arena);
}

/* The number of the first ragged record, counted here by tabs. */
static uint64_t first_ragged(struct str rows, size_t columns)
{
    uint64_t record = 1;
    size_t tabs = 0;
    for (size_t i = 0; i < rows.len; i++) {
        tabs += rows.at[i] == '\t';
        if (rows.at[i] != '\n')
            continue;
        if (tabs + 1 != columns)
            return record;
        record++;
        tabs = 0;
    }
    return 0;
}

static void the_first_ragged_record_has_its_number(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (unsigned round = 0; round < 60; round++) {
        struct err err = {0};
        struct scan_layout l = layout_of(3, NULL);
        struct buf text = {.arena = &arena};
        size_t good = cell_random(&seed) % 3000;
        struct str rows = case_copy_rows(&seed, &arena, 3, good, false, false);
        buf_add(&text, rows);
        rows = case_copy_rows(&seed, &arena, 3, 3000, true, false);
        buf_add(&text, rows);
        uint64_t wanted = first_ragged(buf_str(&text), 3);
        buf_text(&text, "\\.\n");
        struct pool *pool =
            pool_open(&(struct pool_options){.threads = 1 + round % 4, .block_size = 35000}, &err);
        struct source *source = source_memory(buf_str(&text), 0, &err);
        struct window w;
        assert_true(window_open(&w, source, 0, &err));
        struct table_scan *scan = pool_table(pool, &l);
        assert_true(rows_scan(pool, scan, &w, ROWS_END_LINE, &err));
        pool_drain(pool);
        assert_true(wanted > 0);
        assert_int_equal(scan->ragged_record, wanted);
        assert_int_equal(scan->settled, scan->total.records);
        window_close(&w);
        source_close(source);
        pool_close(pool);
        arena_free(&arena);
    }
}

struct one {
    bool ok;
    struct err err;
    const char *tally;
    struct str rest;
};

/* One table from the beginning of a text. */
static struct one scan_one(const struct scan_layout *l, struct str text, enum rows_end end,
                           struct reader how)
{
    struct one r = {0};
    struct pool *pool =
        pool_open(&(struct pool_options){.threads = how.threads, .block_size = how.block}, &r.err);
    struct source *source = source_memory(text, how.piece, &r.err);
    struct window w;
    assert_true(window_open(&w, source, 0, &r.err));
    w.piece = how.window_piece;
    struct table_scan *scan = pool_table(pool, l);
    r.ok = rows_scan(pool, scan, &w, end, &r.err);
    pool_drain(pool);
    r.tally = case_tally(&scan->total, &arena);
    while (window_more(&w, &(struct err){0}))
        ;
    r.rest = arena_copy(&arena, window_rest(&w));
    window_close(&w);
    source_close(source);
    pool_close(pool);
    return r;
}

static void the_end_line_is_found_in_every_place(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(1, NULL);
    static const struct {
        const char *text, *rest;
        int records; /* -1: incomplete */
    } cases[] = {
        {"\\.\nrest", "rest", 0},
        {"\\.\r\nrest", "rest", 0},
        {"\\.", "", 0},
        {"\\.\r", "", 0},
        {"a\n\\.\n", "", 1},
        {"a\nb\n\\.\r\n\\.\n", "\\.\n", 2},
        {"a\n\\.x\n\\.\nq", "q", 2},
        {"x\\.\n\\.\n", "", 1},
        {"a\\\\.\n\\.\nz", "z", 1},
        {"\n\n\\.\n", "", 2},
        {"", "", -1},
        {"a\n", "", -1},
        {"a\n\\.\r", "", 1},
        {"a\n\\", "", -1},
        {"a\nx\\.", "", -1},
        {"a\n\\.\rb\n\\.\n", "", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t block = 1; block < 70; block += 3) {
            struct one r = scan_one(
                &l, str_from(cases[i].text), ROWS_END_LINE,
                (struct reader){1 + block % 2, block, 1 + block % 3, block % 5 ? SIZE_MAX : 1});
            assert_int_equal(r.ok, cases[i].records >= 0);
            assert_true(str_eq(r.rest, str_from(cases[i].rest)));
            if (!r.ok) {
                assert_int_equal(r.err.kind, ERR_INCOMPLETE);
                assert_int_equal(r.err.id, 312);
                continue;
            }
            assert_memory_equal(r.tally, arena_printf(&arena, "records %d ", cases[i].records), 9);
        }
    }
    arena_free(&arena);
}

/* S1: what was read before the input breaks off is counted, its last record included. */
static void rows_that_break_off_are_incomplete_and_counted(void **state)
{
    (void)state;
    char value[CELL_MAX];
    struct buf text = {.arena = &arena};
    struct scan_layout l = layout_of(2, NULL);
    for (unsigned i = 0; i < 500; i++)
        buf_printf(&text, "%u\t%s\n", i, cell_value(value, "v1:", 2, CASE_TIME, i));
    buf_printf(&text, "500\t%.90s", cell_value(value, "v2:", 2, CASE_TIME, 1));
    for (unsigned threads = 1; threads <= 3; threads++) {
        for (size_t block = 1; block < 100000; block = block * 7 + 3) {
            struct one r = scan_one(&l, buf_str(&text), ROWS_END_LINE,
                                    (struct reader){threads, block, 0, SIZE_MAX});
            assert_false(r.ok);
            assert_int_equal(r.err.kind, ERR_INCOMPLETE);
            assert_string_equal(r.tally, "records 501 ragged 0 beyond 0\n"
                                         "records 501 nulls 0\n"
                                         "records 501 nulls 0 leaks 0 future 0 keys 501"
                                         " classes hinted 500 truncated 1\n"
                                         "  v1 500 1700000000 1700000000\n"
                                         "  v2 1 1700000000 1700000000\n");
        }
    }
    arena_free(&arena);
}

/* What the input breaks off in comes behind the records before it, whatever the batches are. */
static void a_ragged_record_before_a_broken_one_has_its_number(void **state)
{
    (void)state;
    static const size_t blocks[] = {1, 64, 0};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        struct err err = {0};
        struct scan_layout l = layout_of(2, NULL);
        struct pool *pool =
            pool_open(&(struct pool_options){.threads = 1, .block_size = blocks[i]}, &err);
        struct source *source = source_memory(STR("a\tb\nragged\nc\td"), 0, &err);
        struct window w;
        assert_true(window_open(&w, source, 0, &err));
        struct table_scan *scan = pool_table(pool, &l);
        assert_false(rows_scan(pool, scan, &w, ROWS_END_LINE, &err));
        pool_drain(pool);
        assert_int_equal(scan->ragged_record, 2);
        assert_int_equal(scan->total.records, 3);
        window_close(&w);
        source_close(source);
        pool_close(pool);
    }
}

struct failing_source {
    struct source base;
    struct str rest;
};

static enum pull failing_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                              struct err *err)
{
    struct failing_source *s = (struct failing_source *)base;
    *got = s->rest.len < room ? s->rest.len : room;
    if (*got == 0) {
        err_set(err, ERR_CORRUPT, 201, "a damaged block");
        return PULL_FAILED;
    }
    memcpy(into, s->rest.at, *got);
    s->rest = str_slice(s->rest, *got, s->rest.len);
    return PULL_OK;
}

static void a_failing_source_keeps_its_own_error(void **state)
{
    (void)state;
    static const struct source_ops ops = {.read = failing_read};
    struct failing_source source = {{&ops}, STR("a\nb\nc")};
    struct err err = {0};
    struct scan_layout l = layout_of(1, NULL);
    struct pool *pool = pool_open(&(struct pool_options){.threads = 2}, &err);
    struct window w;
    assert_true(window_open(&w, &source.base, 0, &err));
    struct table_scan *scan = pool_table(pool, &l);
    assert_false(rows_scan(pool, scan, &w, ROWS_END_LINE, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_int_equal(err.id, 201);
    assert_false(window_more(&w, &err));
    assert_int_equal(w.state, PULL_FAILED);
    pool_drain(pool);
    assert_int_equal(scan->total.records, 3);
    window_close(&w);
    pool_close(pool);
}

static void a_bare_file_of_copy_text_ends_with_the_input(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct one r =
        scan_one(&l, STR("a\tb\nc\t\\N"), ROWS_END_INPUT, (struct reader){1, 0, 0, SIZE_MAX});
    assert_true(r.ok);
    assert_string_equal(r.tally, "records 2 ragged 0 beyond 0\nrecords 2 nulls 0\n"
                                 "records 2 nulls 1\n");
    r = scan_one(&l, STR("a\tb\nc"), ROWS_END_INPUT, (struct reader){1, 0, 0, SIZE_MAX});
    assert_true(r.ok);
    assert_non_null(strstr(r.tally, "ragged 1"));
    arena_free(&arena);
}

static const struct csv_dialect comma = {.delimiter = ',', .quote = '"', .escape = '"'};

static void csv_is_cut_at_records_only(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    l.format = SCAN_CSV;
    l.dialect = &comma;
    uint64_t seed = 12;
    for (unsigned round = 0; round < 150; round++) {
        struct buf text = {.arena = &arena};
        for (unsigned i = 0; i < 60; i++) {
            char value[CELL_MAX];
            size_t len = cell_random(&seed) % 20;
            (void)cell_value(value, "v1:", 1, CASE_TIME, i);
            buf_printf(&text, "%.*s,\"%s%s\"\n", (int)len, "aaaaaaaaaaaaaaaaaaaaaaa", value,
                       cell_random(&seed) % 3 ? "" : "\n\"\"\n,");
        }
        buf_text(&text, "last,\"\"");
        const char *once = scanned_at_once(&l, buf_str(&text));
        struct reader how = {1 + round % 3, 1 + cell_random(&seed) % (round % 2 ? 80 : 3000),
                             round % 4, SIZE_MAX};
        struct one r = scan_one(&l, buf_str(&text), ROWS_END_INPUT, how);
        assert_true(r.ok);
        assert_string_equal(r.tally, once);
        arena_free(&arena);
    }
}

/* A quote that does not begin its field is a plain byte, wherever batches and pieces end. */
static void a_quote_inside_a_field_is_a_plain_byte_in_every_batch(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    l.format = SCAN_CSV;
    l.dialect = &comma;
    uint64_t seed = 31;
    for (unsigned round = 0; round < 400; round++) {
        struct buf text = {.arena = &arena};
        for (unsigned i = 0; i < 40; i++) {
            char value[CELL_MAX];
            (void)cell_value(value, "v1:", 1, CASE_TIME, i);
            bool inch = cell_random(&seed) % (2 + round % 30) == 0;
            buf_printf(&text, "%s%s,%s\n", cell_random(&seed) % 2 ? "a" : "aaaaaaaaaaaaaaaaaaaaaaa",
                       inch ? " 5\" pipe" : "", value);
        }
        struct reader how = {1 + round % 2, 1 + cell_random(&seed) % 900, round % 90, SIZE_MAX};
        struct one r = scan_one(&l, buf_str(&text), ROWS_END_INPUT, how);
        assert_true(r.ok);
        assert_non_null(strstr(r.tally, "records 40 ragged 0"));
        assert_non_null(strstr(r.tally, "  v1 40 "));
        assert_string_equal(r.tally, scanned_at_once(&l, buf_str(&text)));
        arena_free(&arena);
    }
}

static void csv_that_ends_in_quotes_is_incomplete(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    l.format = SCAN_CSV;
    l.dialect = &comma;
    for (size_t block = 1; block < 200; block += 40) {
        struct one r = scan_one(&l, STR("a,b\nc,\"v1:Z0FBQUFB\n"), ROWS_END_INPUT,
                                (struct reader){1, block, 0, SIZE_MAX});
        assert_false(r.ok);
        assert_int_equal(r.err.kind, ERR_INCOMPLETE);
        assert_non_null(strstr(r.tally, "records 2 ragged 0"));
        assert_non_null(strstr(r.tally, "v1 1"));
    }
    arena_free(&arena);
}

static void many_small_tables_do_not_wait_for_each_other(void **state)
{
    (void)state;
    enum { TABLES = 3000 };
    struct err err = {0};
    struct buf text = {.arena = &arena};
    for (unsigned i = 0; i < TABLES; i++)
        buf_printf(&text, "%u\tv1:Z0FBQUFB\n\\N\t%u\n\\.\n", i, i);
    struct scan_layout l = layout_of(2, NULL);
    struct pool *pool = pool_open(&(struct pool_options){.threads = 3}, &err);
    struct source *source = source_memory(buf_str(&text), 0, &err);
    struct window w;
    static struct table_scan *scans[TABLES];
    assert_true(window_open(&w, source, 0, &err));
    for (unsigned i = 0; i < TABLES; i++) {
        scans[i] = pool_table(pool, &l);
        assert_true(rows_scan(pool, scans[i], &w, ROWS_END_LINE, &err));
    }
    pool_drain(pool);
    for (unsigned i = 0; i < TABLES; i++) {
        assert_int_equal(scans[i]->total.records, 2);
        assert_int_equal(scans[i]->total.columns[0].nulls, 1);
    }
    assert_int_equal(pool_progress(pool).records, 2 * TABLES);
    window_close(&w);
    source_close(source);
    pool_close(pool);
    arena_free(&arena);
}

static void records_are_decoded_and_counted(void **state)
{
    (void)state;
    struct err err = {0};
    struct scan_layout l = layout_of(2, NULL);
    struct pool *pool = pool_open(&(struct pool_options){.threads = 2}, &err);
    struct source *source = source_memory(STR("a\\tb\t\\N\n\tv1:Z0FBQUFB\r\n\\.\nrest"), 1, &err);
    struct window w;
    assert_true(window_open(&w, source, 0, &err));
    struct table_scan *scan = pool_table(pool, &l);
    struct records r;
    struct record rec;
    records_open(&r, pool, scan, &w, ROWS_END_LINE, &arena);
    assert_true(records_next(&r, &rec, &err));
    assert_int_equal(rec.count, 2);
    assert_true(str_eq(rec.fields[0], STR("a\tb")));
    assert_false(rec.nulls[0]);
    assert_true(rec.nulls[1]);
    assert_int_equal(rec.number, 1);
    assert_int_equal(rec.offset, 0);
    assert_true(records_next(&r, &rec, &err));
    assert_true(str_eq(rec.fields[0], STR("")));
    assert_true(str_eq(rec.fields[1], STR("v1:Z0FBQUFB")));
    assert_int_equal(rec.number, 2);
    assert_int_equal(rec.offset, 8);
    assert_false(records_next(&r, &rec, &err));
    assert_false(err_is(&err));
    assert_false(records_next(&r, &rec, &err));
    while (window_rest(&w).len < 4)
        assert_true(window_more(&w, &err));
    assert_true(str_eq(window_rest(&w), STR("rest")));
    pool_drain(pool);
    assert_string_equal(case_tally(&scan->total, &arena),
                        scanned_at_once(&l, STR("a\\tb\t\\N\n\tv1:Z0FBQUFB\n")));
    window_close(&w);
    source_close(source);
    pool_close(pool);
    arena_free(&arena);
}

static void records_of_csv_are_decoded(void **state)
{
    (void)state;
    struct err err = {0};
    struct scan_layout l = layout_of(2, NULL);
    l.format = SCAN_CSV;
    l.dialect = &comma;
    struct pool *pool = pool_open(&(struct pool_options){.threads = 1}, &err);
    struct source *source = source_memory(STR("a,\"b\nc\"\n\n,\"\"\nx,\"y"), 1, &err);
    struct window w;
    assert_true(window_open(&w, source, 0, &err));
    struct table_scan *scan = pool_table(pool, &l);
    struct records r;
    struct record rec;
    records_open(&r, pool, scan, &w, ROWS_END_INPUT, &arena);
    assert_true(records_next(&r, &rec, &err));
    assert_true(str_eq(rec.fields[1], STR("b\nc")));
    assert_true(records_next(&r, &rec, &err));
    assert_true(rec.nulls[0]);
    assert_false(rec.nulls[1]);
    assert_int_equal(rec.number, 2);
    assert_false(records_next(&r, &rec, &err));
    assert_int_equal(err.kind, ERR_INCOMPLETE);
    window_close(&w);
    source_close(source);
    pool_close(pool);
    arena_free(&arena);
}

static void a_record_longer_than_the_window_is_an_error_of_its_reader(void **state)
{
    (void)state;
    struct err err = {0};
    struct scan_layout l = layout_of(1, NULL);
    unsigned char *long_line = arena_alloc(&arena, 200000);
    memset(long_line, 'x', 200000);
    struct pool *pool = pool_open(&(struct pool_options){.threads = 1}, &err);
    struct source *source = source_memory(str_make(long_line, 200000), 0, &err);
    struct window w;
    assert_true(window_open(&w, source, 100000, &err));
    struct records r;
    struct record rec;
    records_open(&r, pool, pool_table(pool, &l), &w, ROWS_END_LINE, &arena);
    assert_false(records_next(&r, &rec, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_int_equal(err.id, 333);
    window_close(&w);
    source_close(source);
    pool_close(pool);
    arena_free(&arena);
}

/* ---- jobs ---- */

/* One table in a place of its own. */
struct place {
    struct pool_job job;
    struct table_scan *scan;
    struct str text;
    size_t piece;
    bool done, ok;
    struct err err;
};

static bool keep_on(void *context, struct err *err)
{
    const struct worker *w = context;
    if (!pool_jobs_cancelled(w))
        return true;
    err_set(err, ERR_SIGNAL, 1, "cancelled");
    return false;
}

static void read_place(struct pool_job *job, struct worker *w)
{
    struct place *place = (struct place *)job;
    struct window rows;
    struct source *source = source_memory(place->text, place->piece, &place->err);
    source = source_watched(source, keep_on, w, &place->err);
    if (!source || !window_open(&rows, source, 0, &place->err))
        return;
    place->ok = rows_scan_by(w, place->scan, &rows, ROWS_END_LINE, &place->err);
    place->done = true;
    window_close(&rows);
    source_close(source);
}

/* Behind the header line of its table. */
static struct str place_text(const struct script *s, size_t i)
{
    struct buf text = {.arena = &arena};
    buf_add(&text, s->rows[i]);
    buf_text(&text, "\\.\n\n\n");
    return buf_str(&text);
}

static unsigned asked;

static bool count_asks(void *context, struct err *err)
{
    (void)context;
    (void)err;
    asked++;
    return true;
}

static void places_read_side_by_side_add_up(void **state)
{
    (void)state;
    static const unsigned threads[] = {2, 1, 3, 8};
    uint64_t seed = 77;
    static struct script s;
    for (unsigned round = 0; round < 24; round++) {
        struct err err = {0};
        static struct place places[8];
        struct pool *pool =
            pool_open(&(struct pool_options){.threads = threads[round % 4],
                                             .block_size = round % 3 ? 1 + round * 40 : 0},
                      &err);
        script_make(&s, &seed, round % 5 ? 60 : 4000);
        memset(places, 0, sizeof places);
        asked = 0;
        for (size_t i = 0; i < s.tables; i++) {
            places[i] = (struct place){.job.run = read_place,
                                       .scan = pool_table(pool, &s.layouts[i]),
                                       .text = place_text(&s, i),
                                       .piece = i % 2 ? 1000 + i : 0};
            pool_add_job(pool, &places[i].job);
        }
        assert_true(pool_end_jobs(pool, count_asks, NULL, &err));
        assert_true(asked > 0 || pool_threads(pool) > 1); /* else others may have done it all */
        pool_drain(pool);
        for (size_t i = 0; i < s.tables; i++) {
            assert_true(places[i].done && places[i].ok);
            assert_string_equal(case_tally(&places[i].scan->total, &arena),
                                scanned_at_once(&s.layouts[i], s.rows[i]));
            assert_int_equal(places[i].scan->bytes, s.rows[i].len);
        }
        pool_close(pool);
        arena_free(&arena);
    }
}

/* The caller reads a table while jobs read others; the one that breaks off has its own error. */
static void a_place_that_breaks_off_does_not_stop_the_others(void **state)
{
    (void)state;
    struct err err = {0};
    struct scan_layout l = layout_of(1, NULL);
    struct buf rows = {.arena = &arena};
    for (int i = 0; i < 100000; i++)
        buf_printf(&rows, "%d\n", i);
    struct str broken = buf_str(&rows);
    buf_text(&rows, "x\ty\n\\.\n");
    struct pool *pool = pool_open(&(struct pool_options){.threads = 3, .block_size = 5000}, &err);
    static struct place places[4];
    for (size_t i = 0; i < 4; i++) {
        places[i] = (struct place){.job.run = read_place,
                                   .scan = pool_table(pool, &l),
                                   .text = i == 1 ? broken : buf_str(&rows)};
        pool_add_job(pool, &places[i].job);
    }
    struct window w;
    struct source *source = source_memory(buf_str(&rows), 0, &err);
    assert_true(window_open(&w, source, 0, &err));
    struct table_scan *own = pool_table(pool, &l);
    assert_true(rows_scan(pool, own, &w, ROWS_END_LINE, &err));
    assert_true(pool_end_jobs(pool, NULL, NULL, &err));
    pool_drain(pool);
    assert_int_equal(own->total.records, 100001);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(places[i].ok, i != 1);
        assert_int_equal(places[i].scan->total.records, i == 1 ? 100000 : 100001);
        assert_int_equal(places[i].scan->ragged_record, i == 1 ? 0 : 100001);
    }
    assert_int_equal(places[1].err.id, 312);
    window_close(&w);
    source_close(source);
    pool_close(pool);
    arena_free(&arena);
}

static bool stop(void *context, struct err *err)
{
    (void)context;
    err_set(err, ERR_SIGNAL, 2, "stopped");
    return false;
}

static void jobs_that_are_stopped_end_and_those_that_wait_never_begin(void **state)
{
    (void)state;
    struct err err = {0};
    struct scan_layout l = layout_of(1, NULL);
    unsigned char *rows = arena_alloc(&arena, 4000000);
    memset(rows, '\n', 4000000);
    struct pool *pool = pool_open(&(struct pool_options){.threads = 2}, &err);
    static struct place places[40];
    for (size_t i = 0; i < 40; i++) {
        places[i] = (struct place){.job.run = read_place,
                                   .scan = pool_table(pool, &l),
                                   .text = str_make(rows, 4000000),
                                   .piece = 1000};
        pool_add_job(pool, &places[i].job);
    }
    assert_false(pool_end_jobs(pool, stop, NULL, &err));
    assert_int_equal(err.id, 2);
    assert_false(places[39].done);
    pool_close(pool);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_block_sizes_do_not_change_the_counts),
        cmocka_unit_test(large_tables_on_many_threads_add_up),
        cmocka_unit_test(the_first_ragged_record_has_its_number),
        cmocka_unit_test(the_end_line_is_found_in_every_place),
        cmocka_unit_test(rows_that_break_off_are_incomplete_and_counted),
        cmocka_unit_test(a_ragged_record_before_a_broken_one_has_its_number),
        cmocka_unit_test(a_failing_source_keeps_its_own_error),
        cmocka_unit_test(places_read_side_by_side_add_up),
        cmocka_unit_test(a_place_that_breaks_off_does_not_stop_the_others),
        cmocka_unit_test(jobs_that_are_stopped_end_and_those_that_wait_never_begin),
        cmocka_unit_test(a_bare_file_of_copy_text_ends_with_the_input),
        cmocka_unit_test(csv_is_cut_at_records_only),
        cmocka_unit_test(a_quote_inside_a_field_is_a_plain_byte_in_every_batch),
        cmocka_unit_test(csv_that_ends_in_quotes_is_incomplete),
        cmocka_unit_test(many_small_tables_do_not_wait_for_each_other),
        cmocka_unit_test(records_are_decoded_and_counted),
        cmocka_unit_test(records_of_csv_are_decoded),
        cmocka_unit_test(a_record_longer_than_the_window_is_an_error_of_its_reader),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
