/*
 * scan_rows: the scan alone, without the reader of scripts: seconds for a file of bare rows.
 *
 *     scan_rows FILE copy|csv COLUMNS THREADS [DECLARED-COLUMN]        prints seconds and records
 *
 * Environment: BLOCK, the block size in bytes; SIMD, 0 for the plain forms, 1 AVX2, 2 AVX-512.
 */
#include "analyzer/pool.h"
#include "common/sys.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static const struct csv_dialect comma = {.delimiter = ',', .quote = '"', .escape = '"'};
    static bool declared[64];
    struct arena run = {0};
    struct err err = {0};
    struct key_names known;
    struct window w;
    struct str names[64];
    if (argc < 5)
        return 2;
    for (unsigned i = 0; i < 6; i++)
        names[i] = str_from(arena_printf(&run, "v%u", i + 1));
    struct scan_layout l = {.format = strcmp(argv[2], "csv") == 0 ? SCAN_CSV : SCAN_COPY_TEXT,
                            .dialect = &comma,
                            .columns = strtoul(argv[3], NULL, 10),
                            .reading = {&known, simd_best(), INT64_MAX}};
    if (argc > 5) {
        declared[strtoul(argv[5], NULL, 10) % 64] = true;
        l.declared = declared;
    }
    const char *block = getenv("BLOCK");
    const struct simd_ops *all[SIMD_KINDS];
    if (getenv("SIMD") && strtoul(getenv("SIMD"), NULL, 10) < simd_all(all))
        l.reading.simd = all[strtoul(getenv("SIMD"), NULL, 10)];
    scan_layout_seal(&l);
    uint64_t start = sys->monotonic_ns();
    int fd = sys->openat(AT_FDCWD, argv[1], O_RDONLY | O_CLOEXEC, 0);
    struct pool_options options = {.threads = (unsigned)strtoul(argv[4], NULL, 10),
                                   .block_size = block ? strtoul(block, NULL, 10) : 0};
    struct pool *pool = pool_open(&options, &err);
    struct source *source = source_fd(fd, argv[1], &err);
    if (fd < 0 || !pool || !source || !key_names_make(&run, names, 6, &known, &err) ||
        !window_open(&w, source, 0, &err))
        return 1;
    struct table_scan *t = pool_table(pool, &l);
    bool ok = rows_scan(pool, t, &w, ROWS_END_INPUT, &err);
    pool_drain(pool);
    uint64_t end = sys->monotonic_ns();
    uint64_t counted = 0;
    for (size_t i = 0; i < l.columns; i++) {
        struct report_column c = {0};
        tally_report(&t->total, i, &run, &c);
        counted += c.key_records;
    }
    (void)printf("%.3f s, %llu records, %llu ragged, %llu values %s\n", (double)(end - start) / 1e9,
                 (unsigned long long)t->total.records, (unsigned long long)t->total.ragged,
                 (unsigned long long)counted, ok ? "" : err.text);
    window_close(&w);
    source_close(source);
    pool_close(pool);
    arena_free(&run);
    return ok ? 0 : 1;
}
