/* analyze_csv: one CSV or TSV text is one table, named after its file. */
#include "analyzer/analysis.h"
#include "formats/dump/psql_footer.h"
#include "formats/envelope/versioned_fernet.h"

/* exports/users/part-0001.csv -> "users"; '' where the path names no folder */
static struct str folder_name(const struct input_text *text)
{
    struct str rest = input_folder(text);
    rest = str_slice(rest, 0, rest.len - (rest.len > 0)); /* its slash */
    for (size_t at = str_find(rest, '/'); at < rest.len; at = str_find(rest, '/'))
        rest = str_slice(rest, at + 1, rest.len);
    return rest;
}

struct table_name analysis_text_table(const struct analysis *a)
{
    struct str folder = folder_name(a->text);
    struct input_table named = input_table(a->text->name);
    if (a->options->table_from_path && folder.len)
        named = (struct input_table){STR(""), folder};
    return (struct table_name){STR(""), named.schema, named.table};
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

/* Rows that a later record changes are still rows here: careful, and said. */
static void note_changes(struct analysis *a, const struct catalogue_entry *entry)
{
    struct report_finding *f = report_add_finding(a->report, SEVERITY_INFO, STR("change-data"),
                                                  catalogue_report(&a->catalogue, entry), STR(""));
    f->message = STR("each record is a change of a row (column Op: I, U or D); values count that "
                     "a later change replaced");
}

/* The first record taken for a header: its values would be lost, and stand in the report (S5). */
static bool header_has_no_value(const struct csv_columns *columns, struct err *err)
{
    for (size_t i = 0; columns->header == CSV_HEADER_YES && i < columns->count; i++) {
        if (!envelope_versioned_fernet.sniff(&envelope_versioned_fernet, columns->names[i]))
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

/* The number of rows that psql's last line gives is the one trace of completeness in such a file.
 */
static bool footer_fits(struct analysis *a, const struct psql_footer *footer,
                        const struct table_rows *rows, struct err *err)
{
    if (!footer->found)
        return true;
    pool_drain(a->pool);
    uint64_t read = rows->scan->total.records;
    if (read == footer->rows)
        return true;
    err_set(err, ERR_INCOMPLETE, 356, "psql's last line says %llu rows, and %llu were read",
            (unsigned long long)footer->rows, (unsigned long long)read);
    err_hint(err, "the file was cut, joined from several, or is read in another dialect than its "
                  "own: psql -A needs --quote none, and --header yes");
    return false;
}

/* Unaligned output of psql has no quotes; where its last line is in view, that is known at once. */
static struct csv_options options_for(const struct analysis *a, const struct psql_footer *footer)
{
    struct csv_options o = a->options->csv;
    if (footer->found && !o.has_quote)
        o.has_quote = true;
    if (footer->found && !o.has_header) {
        o.has_header = true;
        o.header = CSV_HEADER_YES;
    }
    return o;
}

/* The rows of the activity export are read, too, and not only counted. */
static bool scan_rows(struct analysis *a, const struct table_rows *rows,
                      const struct csv_columns *columns, struct err *err)
{
    struct activity_columns activity;
    if (columns->header == CSV_HEADER_YES &&
        activity_columns(columns->names, columns->count, &activity))
        return analysis_activity(a, rows, &activity, err);
    return analysis_scan(a, rows, ROWS_END_INPUT, err);
}

static bool read_csv(struct analysis *a, const struct psql_footer *footer, struct err *err)
{
    struct csv_columns columns;
    struct csv_dialect *dialect = ARENA_NEW(a->arena, struct csv_dialect);
    struct csv_options options = options_for(a, footer);
    if (!csv_sniff(window_rest(a->window), &options, dialect, err) ||
        !csv_header(a->window, dialect, a->arena, &columns, err) ||
        !header_has_no_value(&columns, err))
        return false;
    struct table_name name = analysis_text_table(a);
    struct catalogue_entry *entry = catalogue_table(&a->catalogue, name);
    if (scope_is_excluded(&a->scope, name)) {
        entry->skipped = true;
        return window_skip_all(a->window, err);
    }
    const char *place =
        arena_printf(a->arena, "%s, %s", a->text->path,
                     columns.header == CSV_HEADER_YES ? "header" : "no header: columns numbered");
    note_header(a, entry, &columns);
    if (dialect->changes)
        note_changes(a, entry);
    enum scan_format format = dialect->syntax == CSV_COPY_TEXT ? SCAN_COPY_TEXT : SCAN_CSV;
    struct table_rows *rows =
        analysis_rows(a, entry, format, dialect, columns.names, columns.count, place, err);
    if (!rows)
        return false;
    bool done = scan_rows(a, rows, &columns, err);
    if (done && format == SCAN_COPY_TEXT)
        done = nothing_follows(a, entry, err);
    return done && footer_fits(a, footer, rows, err);
}

bool analyze_csv(struct analysis *a, struct err *err)
{
    struct psql_footer footer;
    psql_footer_open(&footer, a->window);
    bool done = read_csv(a, &footer, err);
    psql_footer_close(&footer, a->window);
    if (!done)
        err_place(err, "%s", a->text->path);
    return done;
}
