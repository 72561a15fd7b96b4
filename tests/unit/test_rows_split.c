/*
 * rows_split: rows of a plain file that all threads read side by side. The other implementation is
 * the reader on one thread, which knows nothing of it, and reads the same bytes from memory.
 */
#include "analyzer/pool.h"
#include "common/sys.h"
#include "tests/unit/scan_world.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Passes a source on, and keeps what went through: read or passed, in that order. */
struct spy {
    struct source base;
    struct source *below;
    unsigned char *seen;
    size_t len;
    size_t passed; /* times */
};

static void spy_keep(struct spy *s, struct str bytes)
{
    memcpy(s->seen + s->len, bytes.at, bytes.len);
    s->len += bytes.len;
}

static enum pull spy_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                          struct err *err)
{
    struct spy *s = (struct spy *)base;
    enum pull p = source_read(s->below, into, room, got, err);
    if (p == PULL_OK)
        spy_keep(s, str_make(into, *got));
    return p;
}

static int spy_place(struct source *base, uint64_t *at)
{
    return source_place(((struct spy *)base)->below, at);
}

static bool spy_pass(struct source *base, struct str bytes, enum source_passer who, struct err *err)
{
    struct spy *s = (struct spy *)base;
    if (!source_pass(s->below, bytes, who, err))
        return false;
    spy_keep(s, bytes);
    s->passed++;
    return true;
}

static const struct source_ops spy_ops = {.read = spy_read, .place = spy_place, .pass = spy_pass};

struct outcome {
    bool ok;
    struct err err;
    const char *tally;
    uint64_t bytes, records, ragged;
    struct str seen; /* of the source, by the rows and whoever read on */
    uint64_t offset, line;
    struct str rest; /* of the window */
    size_t passed;
};

/* Scans one table from the begin of the source, and reads on to its end. */
static struct outcome scan_from(struct source *source, const struct scan_layout *l,
                                enum rows_end end, unsigned threads, size_t block, size_t room)
{
    struct outcome o = {0};
    struct pool_options options = {.threads = threads, .block_size = block};
    struct pool *pool = pool_open(&options, &o.err);
    struct spy spy = {{&spy_ops}, source, arena_alloc(&arena, room), 0, 0};
    struct window w;
    assert_true(window_open(&w, &spy.base, 0, &o.err));
    w.piece = block + 64; /* else the window alone holds a small text */
    struct table_scan *scan = pool_table(pool, l);
    o.ok = rows_scan(pool, scan, &w, end, &o.err);
    o.offset = w.offset;
    o.line = w.line;
    pool_drain(pool);
    o.tally = case_tally(&scan->total, &arena);
    o.bytes = scan->bytes;
    o.records = scan->total.records;
    o.ragged = scan->ragged_record;
    assert_int_equal(scan->settled, scan->total.records);
    while (o.ok && window_more(&w, &(struct err){0}))
        ;
    o.rest = arena_copy(&arena, window_rest(&w));
    o.seen = str_make(spy.seen, spy.len);
    o.passed = spy.passed;
    window_close(&w);
    pool_close(pool);
    return o;
}

static struct outcome from_memory(const struct scan_layout *l, struct str text, enum rows_end end,
                                  size_t block)
{
    struct err err = {0};
    struct source *source = source_memory(text, 0, &err);
    struct outcome o = scan_from(source, l, end, 1, block, text.len);
    source_close(source);
    return o;
}

static int file_of(struct str text)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    int fd = dup(fileno(f));
    assert_true(fd >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(pwrite(fd, text.at, text.len, 0), text.len);
    return fd;
}

static struct outcome from_file(const struct scan_layout *l, struct str text, enum rows_end end,
                                unsigned threads, size_t block)
{
    struct err err = {0};
    struct source *source = source_file(file_of(text), "file", &err);
    struct outcome o = scan_from(source, l, end, threads, block, text.len);
    source_close(source);
    return o;
}

static void must_be_same(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->ok, b->ok);
    assert_string_equal(a->err.text, b->err.text);
    assert_string_equal(a->err.place, b->err.place);
    assert_string_equal(a->tally, b->tally);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->ragged, b->ragged);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->line, b->line);
    assert_true(str_eq(a->rest, b->rest));
    assert_true(str_eq(a->seen, b->seen));
}

/* Every block size up to one in which the text has few blocks, so that they end at every byte. */
static void compare(const struct scan_layout *l, struct str text, enum rows_end end)
{
    static const unsigned threads[] = {2, 3, 8};
    size_t passed = 0;
    for (size_t block = 1; block < 700; block += block < 130 ? 1 : 29) {
        struct arena_mark mark = arena_mark(&arena);
        struct outcome one = from_memory(l, text, end, block);
        struct outcome many = from_file(l, text, end, threads[block % 3], block);
        must_be_same(&one, &many);
        passed += many.passed;
        arena_reset(&arena, mark);
    }
    assert_true(passed > 0);
}

static void add_copy_rows(struct buf *text, unsigned rows)
{
    char value[CELL_MAX];
    for (unsigned i = 0; i < rows; i++)
        buf_printf(text, "%u\t%s%s\n", i, i % 5 ? "x.y" : cell_value(value, "v1:", 1, CASE_TIME, i),
                   i % 7 == 3 ? "\\\\.\\N" : "");
}

static void an_end_line_is_found_at_every_place_of_a_block(void **state)
{
    (void)state;
    static const char *const ends[] = {"\\.\n", "\\.\r\n", "\\.", "\\.\r", "", "\\", "\\.x\n"};
    struct scan_layout l = layout_of(2, NULL);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        for (unsigned tables = 0; tables < 2; tables++) { /* with and without more behind it */
            struct buf text = {.arena = &arena};
            add_copy_rows(&text, 150);
            buf_text(&text, ends[i]);
            if (tables)
                add_copy_rows(&text, 20);
            compare(&l, buf_str(&text), ROWS_END_LINE);
            arena_free(&arena);
        }
    }
}

/* Short rows, so that all blocks are read side by side, up to the one that holds the end. */
static void an_end_line_in_two_blocks_is_found(void **state)
{
    (void)state;
    enum { BLOCK = 64, CASES = 3 * 97 }; /* 96 bytes are fetched at once: it moves over all */
    static const char *const ends[] = {"\\.\n", "\\.\r\n", "\\.x\nrow\n\\.\n"};
    struct scan_layout l = layout_of(1, NULL);
    size_t passed = 0;
    for (size_t i = 0; i < CASES; i++) {
        struct buf text = {.arena = &arena};
        for (unsigned k = 0; k < 300; k++)
            buf_printf(&text, "row %u\n", k);
        for (size_t k = 0; k < 3; k++) /* moves what follows, and no row is too long */
            buf_printf(&text, "%*s\n", (int)((i / 3 + k) / 3), "");
        buf_text(&text, ends[i % 3]);
        for (unsigned k = 0; k < 200; k++) /* else the last block is short */
            buf_text(&text, "more\n");
        struct outcome one = from_memory(&l, buf_str(&text), ROWS_END_LINE, BLOCK);
        struct outcome two = from_file(&l, buf_str(&text), ROWS_END_LINE, 2, BLOCK);
        must_be_same(&one, &two);
        assert_int_equal(two.records, 303 + 2 * (i % 3 == 2));
        passed += two.passed > 0;
        arena_free(&arena);
    }
    assert_int_equal(passed, CASES);
}

/* What ends the rows is not what looks like it: inside a line, or with more on the line. */
static void what_looks_like_an_end_line_is_a_row(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(1, NULL);
    struct buf text = {.arena = &arena};
    for (unsigned i = 0; i < 400; i++)
        buf_text(&text, i % 80 == 9 ? "\\.x\n" : i % 3 == 0 ? "x\\.\n" : "\\\\.\n");
    buf_text(&text, "\\.\nrest");
    struct str rows = buf_str(&text);
    struct outcome o = from_file(&l, rows, ROWS_END_LINE, 2, 64);
    assert_true(o.ok);
    assert_int_equal(o.records, 400);
    assert_true(str_eq(o.rest, STR("rest")));
    compare(&l, rows, ROWS_END_LINE);
    arena_free(&arena);
}

/* Those longer than what can be carried over, longer than a block, and ragged ones. */
static void long_and_ragged_records_come_in_between(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    for (int i = 0; i < 12; i++) {
        add_copy_rows(&text, 60);
        buf_printf(&text, "%*s\t%*d\n", 37 * i, "a", 11 * i, i);
        if (i > 5)
            buf_text(&text, "no second field\r\n");
    }
    buf_text(&text, "\\.\n");
    struct outcome o = from_file(&l, buf_str(&text), ROWS_END_LINE, 3, 100);
    assert_true(o.ok);
    assert_int_equal(o.records, 12 * 61 + 6);
    assert_int_equal(o.ragged, 7 * 61 + 1);
    compare(&l, buf_str(&text), ROWS_END_LINE);
    arena_free(&arena);
}

static void quotes_of_csv_open_and_close_across_blocks(void **state)
{
    (void)state;
    static const struct csv_dialect comma = {.delimiter = ',', .quote = '"', .escape = '"'};
    struct scan_layout l = layout_of(2, NULL);
    l.format = SCAN_CSV;
    l.dialect = &comma;
    static const char *const cells[] = {"\"a\nb\"\"\n\"", "\"\"", "plain", "\",,\n\""};
    static const char *const odd[] = {"5\" pipe", "\"a\"b", "\"\"\"\"", "c\""};
    static const char *const ends[] = {"", "1,\"never closed\n", "1,\"\""};
    for (size_t i = 0; i < 6; i++) {
        char value[CELL_MAX];
        struct buf text = {.arena = &arena};
        for (unsigned k = 0; k < 200; k++)
            buf_printf(&text, "%s,%s\n", (i > 2 && k % 40 == 39 ? odd : cells)[(k / 3) % 4],
                       k % 9 ? cells[k % 4] : cell_value(value, "v2:", 1, CASE_TIME, k));
        for (size_t k = 0; k < 3; k++) /* moves what follows, and no row is too long */
            buf_printf(&text, "%*s\n", (int)((i / 3 + k) / 3), "");
        buf_text(&text, ends[i % 3]);
        compare(&l, buf_str(&text), ROWS_END_INPUT);
        arena_free(&arena);
    }
}

/* Large blocks: whole pages, and the vectors' way. */
static void large_blocks_are_read_by_all_threads(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    add_copy_rows(&text, 100000);
    buf_text(&text, "\\.\nbehind");
    struct str rows = buf_str(&text);
    struct outcome one = from_memory(&l, rows, ROWS_END_LINE, 0);
    assert_int_equal(one.records, 100000);
    for (unsigned threads = 1; threads <= 8; threads = threads == 3 ? 8 : threads + 1) {
        struct outcome many = from_file(&l, rows, ROWS_END_LINE, threads, 40000);
        must_be_same(&one, &many);
        assert_int_equal(many.passed > 0, threads > 1);
    }
    arena_free(&arena);
}

/* ---- a file that changes, or cannot be read ---- */

static struct {
    _Atomic unsigned calls;
    unsigned at; /* this call of pread, and those behind it */
    enum { SHRINKS, GROWS, FAILS, FAILS_ONCE } what;
    size_t size; /* it shrinks to, or of which on it fails */
} trouble;

static ssize_t troubled_pread(int fd, void *into, size_t n, off_t at)
{
    static const char more[] = "added\tlater\n";
    unsigned call = ++trouble.calls;
    if (call == trouble.at && trouble.what == SHRINKS)
        assert_int_equal(ftruncate(fd, (off_t)trouble.size), 0);
    if (call == trouble.at && trouble.what == GROWS)
        assert_true(pwrite(fd, more, sizeof more - 1, lseek(fd, 0, SEEK_END)) > 0);
    if ((trouble.what == FAILS && (size_t)at + n > trouble.size) ||
        (trouble.what == FAILS_ONCE && call == trouble.at)) {
        errno = EIO;
        return -1;
    }
    return sys_linux.pread(fd, into, n, at);
}

static struct outcome from_troubled(const struct scan_layout *l, struct str text, enum rows_end end,
                                    unsigned threads)
{
    struct err err = {0};
    struct sys_ops troubled = sys_linux;
    troubled.pread = troubled_pread;
    trouble.calls = 0;
    sys = &troubled;
    struct source *source = source_file(file_of(text), "file", &err);
    struct outcome o = scan_from(source, l, end, threads, 1000, text.len + 1000);
    source_close(source);
    sys = &sys_linux;
    return o;
}

static uint64_t records_of(struct str s)
{
    uint64_t n = s.len > 0 && s.at[s.len - 1] != '\n';
    for (size_t i = 0; i < s.len; i++)
        n += s.at[i] == '\n';
    return n;
}

static void what_was_read_is_what_is_counted_when_the_file_shrinks(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    add_copy_rows(&text, 1000);
    struct str rows = buf_str(&text);
    for (unsigned at = 1; at < 120; at++) {
        struct arena_mark mark = arena_mark(&arena);
        trouble.what = SHRINKS;
        trouble.at = at;
        trouble.size = rows.len * (at % 10) / 10;
        struct outcome o = from_troubled(&l, rows, ROWS_END_LINE, 2 + at % 3);
        assert_false(o.ok);
        assert_int_equal(o.err.id, 312);
        assert_true(str_starts(rows, o.seen));
        assert_true(o.seen.len >= trouble.size || trouble.calls < at);
        assert_int_equal(o.records, records_of(o.seen));
        assert_int_equal(o.bytes, o.seen.len);
        assert_int_equal(o.offset, o.seen.len);
        arena_reset(&arena, mark);
    }
    arena_free(&arena);
}

static void what_was_read_is_what_is_counted_when_the_file_grows(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    add_copy_rows(&text, 1000);
    struct str rows = buf_str(&text);
    for (unsigned at = 1; at < 100; at++) {
        struct arena_mark mark = arena_mark(&arena);
        trouble.what = GROWS;
        trouble.at = at;
        struct outcome o = from_troubled(&l, rows, ROWS_END_INPUT, 2 + at % 3);
        assert_true(o.ok);
        assert_true(str_starts(o.seen, rows));
        assert_int_equal(o.records, records_of(o.seen));
        assert_int_equal(o.bytes, o.seen.len);
        arena_reset(&arena, mark);
    }
    arena_free(&arena);
}

/* Where a read fails side by side it is done again by the one reader, whose error it is then. */
static void a_failing_read_is_the_readers_error(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    add_copy_rows(&text, 1000);
    struct str rows = buf_str(&text);
    for (unsigned at = 1; at < 60; at++) {
        struct arena_mark mark = arena_mark(&arena);
        trouble.what = FAILS;
        trouble.size = at * rows.len / 60;
        struct outcome o = from_troubled(&l, rows, ROWS_END_INPUT, 2 + at % 3);
        assert_false(o.ok);
        assert_int_equal(o.err.id, 102);
        assert_true(o.seen.len <= trouble.size);
        assert_int_equal(o.records, records_of(o.seen));
        assert_int_equal(o.offset, o.seen.len);
        arena_reset(&arena, mark);
    }
    arena_free(&arena);
}

static void a_read_that_fails_once_side_by_side_changes_nothing(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    add_copy_rows(&text, 1000);
    struct str rows = buf_str(&text);
    size_t unharmed = 0;
    for (unsigned at = 1; at < 100; at++) {
        struct arena_mark mark = arena_mark(&arena);
        trouble.what = FAILS_ONCE;
        trouble.at = at;
        struct outcome o = from_troubled(&l, rows, ROWS_END_INPUT, 2);
        assert_int_equal(o.records, records_of(o.seen));
        assert_true(o.ok ? str_eq(o.seen, rows) : o.err.id == 102);
        unharmed += o.ok && o.passed > 0;
        arena_reset(&arena, mark);
    }
    assert_true(unharmed > 0);
    arena_free(&arena);
}

/* Every block holds what may be an end line: it is tried again after more and more batches. */
static void rows_of_which_no_block_is_simple_are_seldom_fetched_in_vain(void **state)
{
    (void)state;
    enum { TRIES_MOST = 5, IN_VAIN_MOST = 2 * 2 + 1 }; /* buffers of two threads */
    struct scan_layout l = layout_of(1, NULL);
    struct buf text = {.arena = &arena};
    for (unsigned i = 0; i < 100000; i++)
        buf_text(&text, "\\.xyz\n");
    trouble.what = GROWS;
    trouble.at = UINT_MAX; /* never */
    struct outcome one = from_troubled(&l, buf_str(&text), ROWS_END_INPUT, 1);
    unsigned calls = trouble.calls;
    struct outcome two = from_troubled(&l, buf_str(&text), ROWS_END_INPUT, 2);
    must_be_same(&one, &two);
    assert_int_equal(two.records, 100000);
    assert_int_equal(two.passed, 0);
    assert_in_range(trouble.calls, calls + 1, calls + TRIES_MOST * IN_VAIN_MOST);
    arena_free(&arena);
}

/* ---- being stopped ---- */

struct watcher {
    pthread_t reader;
    const struct meter *meter;
    uint64_t most;
};

static bool watch(void *context, struct err *err)
{
    const struct watcher *w = context;
    assert_true(pthread_equal(w->reader, pthread_self()));
    if (w->meter->bytes <= w->most)
        return true;
    err_set(err, ERR_SYSTEM, 101, "stopped");
    return false;
}

static void only_the_reader_is_asked_and_it_can_stop(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    add_copy_rows(&text, 20000);
    struct str rows = buf_str(&text);
    for (unsigned i = 0; i < 10; i++) {
        struct arena_mark mark = arena_mark(&arena);
        struct err err = {0};
        struct meter meter = {0};
        struct watcher watcher = {pthread_self(), &meter, rows.len * i / 10};
        struct source *file = source_file(file_of(rows), "file", &err);
        struct source *source =
            source_watched(source_metered(file, &meter, &err), watch, &watcher, &err);
        struct outcome o = scan_from(source, &l, ROWS_END_INPUT, 3, 500, rows.len);
        source_close(source);
        assert_false(o.ok);
        assert_string_equal(o.err.text, "stopped");
        assert_true(o.seen.len > watcher.most);
        assert_int_equal(o.records, records_of(o.seen));
        arena_reset(&arena, mark);
    }
    arena_free(&arena);
}

static void a_digest_is_that_of_the_bytes_in_their_order(void **state)
{
    (void)state;
    struct scan_layout l = layout_of(2, NULL);
    struct buf text = {.arena = &arena};
    add_copy_rows(&text, 3000);
    char digests[2][sizeof((struct meter *)0)->digest];
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct err err = {0};
        struct meter meter = {0};
        struct source *file = source_file(file_of(buf_str(&text)), "file", &err);
        struct source *source = source_metered(file, &meter, &err);
        struct outcome o = scan_from(source, &l, ROWS_END_INPUT, threads, 1000, buf_str(&text).len);
        assert_true(o.ok);
        assert_int_equal(o.passed > 0, threads > 1);
        assert_int_equal(meter.bytes, buf_str(&text).len);
        memcpy(digests[threads - 1], meter.digest, sizeof meter.digest);
        source_close(source);
    }
    assert_int_equal(strlen(digests[0]), 32);
    assert_string_equal(digests[0], digests[1]);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_end_line_is_found_at_every_place_of_a_block),
        cmocka_unit_test(an_end_line_in_two_blocks_is_found),
        cmocka_unit_test(what_looks_like_an_end_line_is_a_row),
        cmocka_unit_test(long_and_ragged_records_come_in_between),
        cmocka_unit_test(quotes_of_csv_open_and_close_across_blocks),
        cmocka_unit_test(large_blocks_are_read_by_all_threads),
        cmocka_unit_test(what_was_read_is_what_is_counted_when_the_file_shrinks),
        cmocka_unit_test(what_was_read_is_what_is_counted_when_the_file_grows),
        cmocka_unit_test(a_failing_read_is_the_readers_error),
        cmocka_unit_test(a_read_that_fails_once_side_by_side_changes_nothing),
        cmocka_unit_test(rows_of_which_no_block_is_simple_are_seldom_fetched_in_vain),
        cmocka_unit_test(only_the_reader_is_asked_and_it_can_stop),
        cmocka_unit_test(a_digest_is_that_of_the_bytes_in_their_order),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
