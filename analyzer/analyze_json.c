/*
 * analyze_json: one text of JSON Lines is one table, named after its file.
 *
 * Its columns are known at the end only. Each run of rows is scanned with those known by then; what
 * the records before a column's first coming lack are its NULLs.
 */
#include "analyzer/analysis.h"
#include "analyzer/jobs.h"
#include "formats/dump/json_lines.h"
#include "formats/envelope/versioned_fernet.h"

struct json_text {
    struct analysis *a;
    struct catalogue_entry *entry;
    struct json_lines lines;
    struct table_rows *rows;   /* of the last run */
    struct table_rows **cells; /* those of records apart, one for each key; NULL: none yet */
    size_t checked;            /* keys that are names and no data */
    const char *place;
};

/* A map of values by ciphertext would show it in the report (S5). */
static bool keys_are_names(struct json_text *s, struct err *err)
{
    for (; s->checked < s->lines.key_count; s->checked++) {
        if (!envelope_versioned_fernet.sniff(&envelope_versioned_fernet, s->lines.keys[s->checked]))
            continue;
        err_set(err, ERR_CORRUPT, 363, "the key of a record holds ciphertext");
        window_place(s->a->window, s->a->window->offset, s->a->window->line, err);
        return false;
    }
    return true;
}

static bool on_rows(struct json_text *s, struct err *err)
{
    struct json_lines *l = &s->lines;
    if (!s->rows || s->rows->layout.columns != l->key_count)
        s->rows = analysis_rows_so_far(s->a, s->entry, l->keys, l->key_count, s->place);
    return analysis_copy_text(s->a, s->rows, &l->source, err);
}

/* One cell of a record that is no row. Those of a job cannot be read one by one. */
static bool on_cell(struct json_text *s, struct err *err)
{
    struct json_lines *l = &s->lines;
    struct analysis *a = s->a;
    struct table_rows **rows = &s->cells[l->cell];
    if (jobs_is_table(catalogue_report(&a->catalogue, s->entry)->name)) {
        err_set(err, ERR_CORRUPT, 333, "a re-encryption job is too long, or has a key twice");
        window_place(a->window, a->window->offset, a->window->line, err);
        return false;
    }
    if (!*rows) {
        *rows = analysis_rows_so_far(a, s->entry, &l->keys[l->cell], 1, s->place);
        (*rows)->apart = true;
    }
    return analysis_copy_text(a, *rows, &l->source, err);
}

static void on_apart(struct json_text *s)
{
    catalogue_report(&s->a->catalogue, s->entry)->records++;
    s->a->records++;
}

/* What records had no value of is NULL there. */
static void fill_columns(struct json_text *s)
{
    struct json_lines *l = &s->lines;
    uint64_t *lacking = ARENA_ARRAY(s->a->arena, l->key_count + 1, uint64_t);
    pool_drain(s->a->pool);
    for (const struct table_rows *r = s->a->rows; r; r = r->next)
        if (r->entry == s->entry && !r->apart)
            lacking[r->layout.columns] += r->scan->total.records;
    uint64_t shorter = 0;
    for (size_t i = 0; i < l->key_count; i++) {
        shorter += lacking[i];
        uint64_t nulls = shorter + l->apart_records - l->apart[i];
        if (nulls > 0)
            analysis_add_nulls(s->a, s->entry, l->keys[i], nulls);
    }
}

static bool read_lines(struct json_text *s, struct err *err)
{
    struct json_lines *l = &s->lines;
    bool done = true;
    while (done) {
        enum json_lines_next next = json_lines_next(l, err);
        if (!keys_are_names(s, err))
            return false;
        switch (next) {
        case JSON_LINES_ROWS:
            done = on_rows(s, err);
            break;
        case JSON_LINES_CELL:
            done = on_cell(s, err);
            break;
        case JSON_LINES_APART:
            on_apart(s);
            break;
        case JSON_LINES_END:
            return true;
        case JSON_LINES_FAILED:
            return false;
        }
    }
    return false;
}

bool analyze_json(struct analysis *a, struct err *err)
{
    struct table_name name = analysis_text_table(a);
    struct json_text s = {.a = a, .entry = catalogue_table(&a->catalogue, name)};
    const bool *unused;
    if (scope_is_excluded(&a->scope, name)) {
        s.entry->skipped = true;
        return window_skip_all(a->window, err);
    }
    s.place = arena_printf(a->arena, "%s, keys of its records", a->text->path);
    s.cells = ARENA_ARRAY(a->arena, JSON_LINES_KEYS, struct table_rows *);
    json_lines_open(&s.lines, a->window, a->arena);
    catalogue_rows(&a->catalogue, s.entry);
    bool done = read_lines(&s, err);
    fill_columns(&s);
    if (!done)
        err_place(err, "%s", a->text->path);
    return scope_match(&a->scope, name, s.lines.keys, s.lines.key_count, s.place, &unused, err) &&
           done;
}
