/*
 * Any bytes as records of OpenRouter's activity export: the same sums in whatever pieces they come,
 * every record is counted or has its verdict, and an amount is the digits that stand there.
 */
#include "analyzer/records.h"
#include "analyzer/spend.h"
#include "common/buf.h"
#include "formats/dump/csv.h"
#include "tests/fuzz/all_constants.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SECONDS_A_DAY = 86400, MICROS = 1000000 };

static const struct str names[] = {{(const void *)"created_at", 10},
                                   {(const void *)"generation_id", 13},
                                   {(const void *)"api_key_name", 12},
                                   {(const void *)"cost_total", 10},
                                   {(const void *)"byok_usage_inference", 20}};
enum { NAMES = 5, COST = 3 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Without the zeros that say nothing, the field is the amount. */
static void check_amount(struct str field, int64_t micros)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%lld.%06lld", (long long)(micros / MICROS),
                     (long long)(micros % MICROS));
    struct str whole = str_make(text, (size_t)n);
    while (field.len > 1 && field.at[0] == '0' && ascii_digit(field.at[1]))
        field = str_slice(field, 1, field.len);
    struct str both = str_slice(whole, 0, field.len);
    must(str_eq(str_slice(field, 0, both.len), both));
    for (size_t i = both.len; i < field.len; i++)
        must(field.at[i] == '0');
    for (size_t i = field.len; i < whole.len; i++)
        must(whole.at[i] == '0' || whole.at[i] == '.');
}

static bool take(struct spend *s, const struct activity_columns *c, const struct record *rec,
                 struct buf *out)
{
    struct activity_record r;
    enum activity_verdict v = activity_read(c, rec->fields, rec->count, &r);
    buf_printf(out, "%llu:%d", (unsigned long long)rec->number, v);
    if (v != ACTIVITY_READ)
        return false;
    must(r.micros >= 0 && r.byok_micros >= 0 && r.day % SECONDS_A_DAY == 0);
    check_amount(rec->fields[COST], r.micros);
    enum spend_verdict first = spend_add(s, &r);
    enum spend_verdict again = spend_add(s, &r);
    must(again == (first == SPEND_COUNTED ? SPEND_AGAIN : first));
    buf_printf(out, ",%d ", first);
    return first == SPEND_COUNTED;
}

static void say_sums(const struct report *report, uint64_t counted, struct buf *out)
{
    uint64_t generations = 0;
    for (size_t i = 0; i < report->spend_count; i++) {
        const struct report_spend *s = &report->spends[i];
        generations += s->generations;
        must(s->generations > 0);
        buf_printf(out, "\n%lld %lld %lld ", (long long)s->day, (long long)s->micros,
                   (long long)s->byok_micros);
        buf_add(out, s->key_name);
    }
    must(generations == counted);
}

static struct str sums(struct arena *a, struct str rows, size_t piece)
{
    static const struct csv_dialect dialect = {.delimiter = ',', .quote = '"', .escape = '"'};
    struct err err = {0};
    struct key_names known;
    struct activity_columns c;
    struct window w;
    struct records r;
    struct record rec;
    struct arena scratch = {0};
    struct buf out = {.arena = a};
    struct report report = {.arena = a};
    struct spend *s = spend_open(&report);
    uint64_t counted = 0;
    must(key_names_make(a, NULL, 0, &known, &err) && activity_columns(names, NAMES, &c));
    struct scan_layout l = {
        .format = SCAN_CSV,
        .dialect = &dialect,
        .columns = NAMES,
        .reading = {.known = &known, .constants = all_constants(), .simd = simd_best()}};
    scan_layout_seal(&l);
    struct pool *pool = pool_open(&(struct pool_options){.threads = 1}, &err);
    struct source *src = source_memory(rows, 0, &err);
    must(pool && src && window_open(&w, src, rows.len + 1, &err));
    w.piece = piece;
    struct table_scan *t = pool_table(pool, &l);
    records_open(&r, pool, t, &w, ROWS_END_INPUT, &scratch);
    while (records_next(&r, &rec, &err))
        counted += take(s, &c, &rec, &out);
    pool_drain(pool);
    must(t->total.records == r.number);
    buf_printf(&out, "!%d ", err.id);
    say_sums(&report, counted, &out);
    spend_close(s);
    arena_free(&scratch);
    pool_close(pool);
    window_close(&w);
    source_close(src);
    return buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena a = {0};
    struct str rows = str_make(data + 1, size - 1);
    struct str whole = sums(&a, rows, size);
    must(str_eq(whole, sums(&a, rows, 1)));
    must(str_eq(whole, sums(&a, rows, data[0] + 1u)));
    arena_free(&a);
    return 0;
}
