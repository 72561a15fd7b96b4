/*
 * fuzz_scan: rows of any bytes, as COPY text and as CSV. Whole and in pieces, plain and with vector
 * instructions, on one thread and through the pool: the counts must be the same.
 */
#include "analyzer/pool.h"
#include "tests/fuzz/all_constants.h"
#include "tests/unit/scan_cases.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4 }; /* bytes that choose how */

static const struct csv_dialect dialects[] = {
    {.delimiter = ',', .quote = '"', .escape = '"'},
    {.delimiter = '\t', .quote = '"', .escape = '\\', .null_text = {(const void *)"NULL", 4}},
    {.delimiter = ';', .quote = '\'', .escape = '\'', .newline = CSV_NEWLINE_CR},
    {.delimiter = ',', .escape = '\\', .newline = CSV_NEWLINE_CRLF},
    {.delimiter = '|', .quote = '"', .null_text = {(const void *)"\\N", 2}},
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static const char *whole(struct arena *arena, const struct scan_layout *l, struct str rows)
{
    struct tally t;
    tally_open(&t, l, arena);
    scan_batch(scanner_new(arena), l, rows, &t);
    return case_tally(&t, arena);
}

static const char *pieces(struct arena *arena, const struct scan_layout *l, struct str rows,
                          size_t most)
{
    struct tally t;
    tally_open(&t, l, arena);
    struct scan_piece *p = scan_piece_open(scanner_new(arena), l, &t);
    for (size_t at = 0; at < rows.len; at += most)
        scan_piece_feed(p, str_slice(rows, at, at + most));
    scan_piece_close(p);
    return case_tally(&t, arena);
}

/* Through reader and pool; false when the input is said to be incomplete. */
static bool pooled(struct arena *arena, const struct scan_layout *l, struct str rows, size_t block,
                   const char **text)
{
    struct err err = {0};
    struct pool *pool = pool_open(&(struct pool_options){.threads = 1, .block_size = block}, &err);
    struct source *source = source_memory(rows, 0, &err);
    struct window w;
    must(pool && source && window_open(&w, source, 0, &err));
    struct table_scan *t = pool_table(pool, l);
    bool ok = rows_scan(pool, t, &w, ROWS_END_INPUT, &err);
    must(ok != err_is(&err));
    pool_drain(pool);
    *text = case_tally(&t->total, arena);
    window_close(&w);
    source_close(source);
    pool_close(pool);
    return ok;
}

/* The rows up to a line \. , which the reader takes for their end. */
static struct str before_end_line(struct str rows)
{
    struct str rest = rows;
    struct str line;
    while (rest.len > 0) {
        size_t at = rows.len - rest.len;
        size_t n = str_find(rest, '\n');
        line = str_slice(rest, 0, n);
        if (str_eq(line, STR("\\.")) || str_eq(line, STR("\\.\r")))
            return str_slice(rows, 0, at);
        rest = str_slice(rest, n + 1, rest.len);
    }
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct arena arena = {0};
    struct err err = {0};
    const struct str names[] = {STR("v1"), STR("v2"), STR("a b")};
    struct key_names known;
    bool declared[16];
    must(key_names_make(&arena, names, 3, &known, &err));
    for (size_t i = 0; i < 16; i++)
        declared[i] = data[1] >> i % 8 & 1;
    struct scan_layout l = {.format = data[0] & 1 ? SCAN_CSV : SCAN_COPY_TEXT,
                            .dialect = &dialects[data[0] / 2 % 5],
                            .columns = data[2] % 16,
                            .declared = data[0] & 128 ? declared : NULL,
                            .reading = {.known = &known,
                                        .constants = all_constants(),
                                        .simd = simd_best(),
                                        .time_limit = CASE_LIMIT}};
    scan_layout_seal(&l);
    struct str rows = str_make(data + HEAD, size - HEAD);
    if (l.format == SCAN_COPY_TEXT)
        rows = before_end_line(rows);
    else if (l.columns == 0)
        l.columns = 1;

    const char *text = whole(&arena, &l, rows);
    must(strcmp(text, pieces(&arena, &l, rows, 1)) == 0);
    must(strcmp(text, pieces(&arena, &l, rows, 1 + data[3] % 100)) == 0);
    const char *through;
    if (pooled(&arena, &l, rows, 1 + data[3] % 100, &through))
        must(strcmp(text, through) == 0);
    const struct simd_ops *all[SIMD_KINDS];
    for (size_t k = simd_all(all); k > 0; k--) {
        l.reading.simd = all[k - 1];
        must(strcmp(text, whole(&arena, &l, rows)) == 0);
    }
    arena_free(&arena);
    return 0;
}
