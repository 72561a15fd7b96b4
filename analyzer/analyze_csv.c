/* analyze_csv: one CSV or TSV text is one table, named after its file. */
#include "analyzer/analysis.h"
#include "formats/envelope/versioned_fernet.h"

/* exports/users/part-0001.csv -> "users" */
static struct str folder_name(const char *path, struct str file)
{
    struct str rest = str_from(path);
    if (rest.len <= file.len)
        return input_stem(file);
    rest = str_slice(rest, 0, rest.len - file.len - 1);
    for (size_t at = str_find(rest, '/'); at < rest.len; at = str_find(rest, '/'))
        rest = str_slice(rest, at + 1, rest.len);
    return rest.len ? rest : input_stem(file);
}

static void note_header(struct analysis *a, const struct catalogue_entry *entry,
                        const struct csv_columns *columns)
{
    if (columns->renamed == 0 && columns->unnamed == 0)
        return;
    struct report_finding *f = report_add_finding(a->report, SEVERITY_WARNING, STR("header-names"),
                                                  catalogue_report(&a->catalogue, entry), STR(""));
    f->message = str_from(arena_printf(
        a->arena, "the header repeats %zu names and leaves %zu empty; they were numbered",
        columns->renamed, columns->unnamed));
    f->record_count = columns->renamed + columns->unnamed;
}

/* The first record taken for a header: its values would be lost, and stand in the report (S5). */
static bool header_has_no_value(const struct csv_columns *columns, struct err *err)
{
    for (size_t i = 0; columns->header == CSV_HEADER_YES && i < columns->count; i++) {
        if (!envelope_versioned_fernet.sniff(columns->names[i]))
            continue;
        err_set(err, ERR_CORRUPT, 355, "field %zu of the header holds ciphertext", i + 1);
        err_hint(err, "the file has no header: say --header no");
        return false;
    }
    return true;
}

/*
 * COPY's end line ends the rows; behind it other rows may stand where files were joined. They are
 * gone over, so that the stream is checked to its end, and are not counted.
 */
static bool nothing_follows(struct analysis *a, const struct catalogue_entry *entry,
                            struct err *err)
{
    bool more = false;
    do {
        struct str rest = window_rest(a->window);
        more = more || str_trim(rest).len > 0;
        window_skip(a->window, rest.len);
    } while (window_more(a->window, err));
    if (more)
        analysis_unread(a, entry, "rows behind COPY's end line \\. are not read", 1);
    return !err_is(err);
}

bool analyze_csv(struct analysis *a, struct err *err)
{
    struct csv_columns columns;
    struct csv_dialect *dialect = ARENA_NEW(a->arena, struct csv_dialect);
    if (!csv_sniff(window_rest(a->window), &a->options->csv, dialect, err) ||
        !csv_header(a->window, dialect, a->arena, &columns, err) ||
        !header_has_no_value(&columns, err)) {
        err_place(err, "%s", a->text->path);
        return false;
    }
    struct str table = a->options->table_from_path ? folder_name(a->text->path, a->text->name)
                                                   : input_stem(a->text->name);
    struct table_name name = {STR(""), STR(""), table};
    struct catalogue_entry *entry = catalogue_table(&a->catalogue, name);
    if (scope_is_excluded(&a->scope, name)) {
        entry->skipped = true;
        struct str rest = window_rest(a->window);
        window_skip(a->window, rest.len);
        while (window_more(a->window, err))
            window_skip(a->window, window_rest(a->window).len);
        return !err_is(err);
    }
    const char *place =
        arena_printf(a->arena, "%s, %s", a->text->path,
                     columns.header == CSV_HEADER_YES ? "header" : "no header: columns numbered");
    note_header(a, entry, &columns);
    enum scan_format format = dialect->syntax == CSV_COPY_TEXT ? SCAN_COPY_TEXT : SCAN_CSV;
    struct table_rows *rows =
        analysis_rows(a, entry, format, dialect, columns.names, columns.count, place, err);
    if (!rows)
        return false;
    bool done = analysis_is_jobs_table(table)
                    ? analysis_jobs(a, rows, ROWS_END_INPUT, err)
                    : rows_scan(a->pool, rows->scan, a->window, ROWS_END_INPUT, err);
    if (done && format == SCAN_COPY_TEXT)
        done = nothing_follows(a, entry, err);
    if (!done)
        err_place(err, "%s", a->text->path);
    return done;
}
