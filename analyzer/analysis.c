/* analysis: what the parts of analyze do together: times, rows, problems, adding up. */
#include "analyzer/analysis.h"
#include "analyzer/columns.h"

/* The time that the rows at hand are from, as far as it is known before the end. */
static int64_t data_time(const struct analysis *a)
{
    if (a->header_time != UTC_NONE)
        return a->header_time;
    return a->options->dump_time != UTC_NONE ? a->options->dump_time : a->input->mtime;
}

/* Tokens dated later than this are of no use (S9). */
static int64_t latest_time(const struct analysis *a)
{
    return a->header_time != UTC_NONE ? a->header_latest : data_time(a);
}

void analysis_note_time(struct analysis *a)
{
    int64_t time = data_time(a);
    if (a->data_time_source && time >= a->data_time)
        return;
    a->data_time = time;
    a->data_time_source = a->header_time != UTC_NONE          ? "header"
                          : a->options->dump_time != UTC_NONE ? "option"
                          : a->input->mtime != UTC_NONE       ? "mtime"
                                                              : "";
}

void analysis_dump_began(struct analysis *a, int64_t earliest, int64_t latest)
{
    if (a->header_time != UTC_NONE) /* one dump behind another */
        analysis_note_time(a);
    a->header_time = earliest;
    a->header_latest = latest;
}

void analysis_dump_ended(struct analysis *a)
{
    if (a->header_time != UTC_NONE)
        analysis_note_time(a);
    a->header_time = UTC_NONE;
}

/*
 * A zone that is not known makes the data up to 14 hours older and 12 hours younger than its header
 * reads. Evidence is as old as it may be (S6); the user who says when it is from, knows better.
 */
void analysis_dump_began_somewhere(struct analysis *a, int64_t local)
{
    enum { EAST = 14 * 3600, WEST = 12 * 3600 };
    if (local != UTC_NONE && a->options->dump_time == UTC_NONE)
        analysis_dump_began(a, local - EAST, local + WEST);
}

bool analysis_no_hole(const struct analysis *a, struct err *err)
{
    return analysis_is_no_hole(a->hole, a->text->path, err);
}

bool analysis_is_no_hole(const struct hole *hole, const char *path, struct err *err)
{
    if (!hole->found)
        return true;
    err_set(err, ERR_INCOMPLETE, 440, "zero bytes stand in the text, from about byte %llu on",
            (unsigned long long)hole->offset);
    err_hint(err, "blocks of the file were never written, or a part of it is UTF-16: copy or make "
                  "it again, and compare checksums");
    err_place(err, "%s", path);
    return false;
}

void analysis_problem(struct analysis *a, struct err *problem)
{
    struct analyze_outcome *o = a->outcome;
    a->report->complete = false;
    a->incomplete = a->text_incomplete = true;
    if (o->status != ERR_CORRUPT)
        o->status = problem->kind;
    if (o->problem_count < PROBLEMS_MAX) {
        o->problems =
            arena_grow(a->arena, o->problems, o->problem_count, &o->problem_room, sizeof *problem);
        o->problems[o->problem_count++] = *problem;
    }
    *problem = (struct err){0};
}

void analysis_unread(struct analysis *a, const struct catalogue_entry *entry, const char *message,
                     uint64_t count)
{
    const struct report_table *t = entry ? catalogue_report(&a->catalogue, entry) : NULL;
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_ERROR, STR("unread"), t, STR(""));
    f->message = str_from(message);
    f->record_count = count;
    struct err problem = {0};
    err_set(&problem, ERR_INCOMPLETE, 430, "%s: %s", a->text->path, message);
    if (entry)
        err_place(&problem, "%s, table %.*s", a->text->path,
                  STR_ARG(table_name_shown(a->arena, catalogue_name(&a->catalogue, entry))));
    err_hint(&problem, "the report is marked incomplete; keyretire plans nothing from it");
    a->text_note = message;
    analysis_problem(a, &problem);
}

/* What is declared of the tables above is declared of this one: its rows are theirs, too. */
static const bool *inherit_declared(struct analysis *a, struct catalogue_entry *entry,
                                    const struct str *columns, size_t count, const bool *declared)
{
    struct catalogue_entry *above[CATALOGUE_ANCESTORS_MAX];
    size_t found = catalogue_ancestors(entry, above);
    if (found == SIZE_MAX) {
        analysis_unread(a, entry, "a table below more tables than are followed", 1);
        return declared;
    }
    for (size_t i = 0; i < found; i++)
        declared = scope_inherit(&a->scope, catalogue_name(&a->catalogue, above[i]), columns, count,
                                 declared);
    return declared;
}

/* Rows that were scanned before it was known whose they are, too: not every cell was judged (S4).
 */
static void came_early(struct analysis *a, const struct catalogue_entry *entry,
                       const struct catalogue_entry *above)
{
    struct str name = table_name_shown(a->arena, catalogue_name(&a->catalogue, entry));
    struct str root = table_name_shown(a->arena, catalogue_name(&a->catalogue, above));
    const char *message =
        arena_printf(a->arena,
                     "the rows of %.*s came before it was attached to %.*s, whose columns "
                     "are declared",
                     STR_ARG(name), STR_ARG(root));
    analysis_unread(a, entry, message, 1);
}

void analysis_inherit(struct analysis *a, struct catalogue_entry *entry,
                      struct catalogue_entry *parent)
{
    struct catalogue_entry *above[CATALOGUE_ANCESTORS_MAX];
    bool late = catalogue_inherit(&a->catalogue, entry, parent) && entry->has_rows;
    size_t found = late ? catalogue_ancestors(entry, above) : 0;
    for (size_t i = 0; found != SIZE_MAX && i < found; i++)
        if (scope_declares(&a->scope, catalogue_name(&a->catalogue, above[i])))
            came_early(a, entry, above[i]);
}

static int64_t time_limit(const struct analysis *a)
{
    int64_t latest = latest_time(a);
    return latest == UTC_NONE ? INT64_MAX : latest;
}

/* The envelopes that --envelope names for its columns, or for those of the tables above. */
static const struct envelope *const *named_of(struct analysis *a, struct catalogue_entry *entry,
                                              const struct str *columns, size_t count)
{
    struct catalogue_entry *above[CATALOGUE_ANCESTORS_MAX];
    const struct envelope_options *o = &a->options->envelopes;
    if (o->column_count == 0)
        return NULL;
    const struct envelope *const *named = envelope_options_match(
        o, a->arena, catalogue_name(&a->catalogue, entry), columns, count, NULL);
    size_t found = catalogue_ancestors(entry, above);
    for (size_t i = 0; found != SIZE_MAX && i < found; i++)
        named = envelope_options_match(o, a->arena, catalogue_name(&a->catalogue, above[i]),
                                       columns, count, named);
    return named;
}

static struct table_rows *open_rows(struct analysis *a, struct catalogue_entry *entry,
                                    enum scan_format format, const struct csv_dialect *dialect,
                                    struct str *columns, size_t count, const char *place,
                                    const bool *declared)
{
    struct table_rows *rows = ARENA_NEW(a->arena, struct table_rows);
    rows->entry = entry;
    rows->columns = columns;
    rows->place = place;
    rows->layout = (struct scan_layout){
        .format = format,
        .dialect = dialect,
        .columns = count,
        .declared = declared,
        .named = named_of(a, entry, columns, count),
        .reading = {.known = &a->known,
                    .proof = a->options->proof,
                    .constants = &a->constants,
                    .simd = simd_best(),
                    .time_limit = time_limit(a)},
    };
    scan_layout_seal(&rows->layout);
    rows->scan = pool_table(a->pool, &rows->layout);
    rows->next = a->rows;
    a->rows = rows;
    catalogue_rows(&a->catalogue, entry);
    return rows;
}

struct table_rows *analysis_rows(struct analysis *a, struct catalogue_entry *entry,
                                 enum scan_format format, const struct csv_dialect *dialect,
                                 struct str *columns, size_t count, const char *place,
                                 struct err *err)
{
    const bool *declared = NULL;
    if (!scope_match(&a->scope, catalogue_name(&a->catalogue, entry), columns, count, place,
                     &declared, err))
        return NULL;
    declared = inherit_declared(a, entry, columns, count, declared);
    return open_rows(a, entry, format, dialect, columns, count, place, declared);
}

struct table_rows *analysis_rows_so_far(struct analysis *a, struct catalogue_entry *entry,
                                        struct str *columns, size_t count, const char *place)
{
    const bool *declared =
        scope_inherit(&a->scope, catalogue_name(&a->catalogue, entry), columns, count, NULL);
    return open_rows(a, entry, SCAN_COPY_TEXT, NULL, columns, count, place, declared);
}

static bool has_columns(const struct table_rows *rows, const struct str *columns, size_t count)
{
    if (rows->layout.columns != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!str_eq(rows->columns[i], columns[i]))
            return false;
    return true;
}

struct table_rows *analysis_rows_again(struct analysis *a, const struct catalogue_entry *entry,
                                       const struct str *columns, size_t count)
{
    struct table_rows **link = &a->rows;
    for (; *link; link = &(*link)->next) {
        struct table_rows *rows = *link;
        if (rows->entry != entry || rows->layout.format != SCAN_COPY_TEXT ||
            rows->layout.reading.time_limit != time_limit(a) || !has_columns(rows, columns, count))
            continue;
        *link = rows->next; /* to the front: it is likely to be asked for again */
        rows->next = a->rows;
        a->rows = rows;
        return rows;
    }
    return NULL;
}

void analysis_rows_failed(struct analysis *a, const struct table_rows *rows, struct err *err)
{
    struct table_name name = catalogue_name(&a->catalogue, rows->entry);
    err_context(err, "table %.*s", STR_ARG(table_name_shown(a->arena, name)));
    err_place(err, "%s", rows->place);
}

bool analysis_copy_text(struct analysis *a, const struct table_rows *rows, struct source *text,
                        struct err *err)
{
    struct window *outer = a->window;
    struct window w;
    if (!window_open(&w, text, TEXT_WINDOW, err))
        return false;
    w.piece = outer->piece;
    a->window = &w;
    bool done = analysis_scan(a, rows, ROWS_END_INPUT, err);
    a->window = outer;
    window_close(&w);
    return done;
}

static struct report_column *column_of(struct report *r, struct report_table *t, struct str name)
{
    struct report_column *known = catalogue_column(t, name);
    return known ? known : report_add_column(r, t, name);
}

void analysis_add_nulls(struct analysis *a, struct catalogue_entry *entry, struct str column,
                        uint64_t count)
{
    struct report_table *t = catalogue_report(&a->catalogue, entry);
    struct report_column found = {.records = count, .nulls = count};
    found.classes[CLASS_NULL] = count;
    column_merge(a->arena, column_of(a->report, t, column), &found, &a->known);
}

static void report_ragged(struct analysis *a, const struct table_rows *rows)
{
    const struct tally *t = &rows->scan->total;
    if (t->ragged == 0)
        return;
    const char *message = arena_printf(
        a->arena,
        "%llu records with another number of fields than the %zu columns; the first is record %llu",
        (unsigned long long)t->ragged, rows->layout.columns,
        (unsigned long long)rows->scan->ragged_record);
    analysis_unread(a, rows->entry, message, t->ragged);
}

static void report_leaks(struct analysis *a, const struct table_rows *rows, size_t column)
{
    uint64_t leaks = tally_leaks(&rows->scan->total, column);
    if (leaks == 0)
        return;
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_ERROR, STR("plaintext-leak"),
                           catalogue_report(&a->catalogue, rows->entry), rows->columns[column]);
    f->message = STR("text that starts with v and holds a colon, which the application took for "
                     "already encrypted and stored as it was");
    f->record_count = leaks;
}

void analysis_fold(struct analysis *a)
{
    pool_drain(a->pool);
    for (struct table_rows *rows = a->rows; rows; rows = rows->next) {
        struct report_table *t = catalogue_report(&a->catalogue, rows->entry);
        uint64_t records = rows->apart ? 0 : rows->scan->total.records;
        t->records += records;
        a->records += records;
        for (size_t i = 0; i < rows->layout.columns; i++) {
            struct report_column found = {0};
            tally_report(&rows->scan->total, i, a->arena, &found);
            column_merge(a->arena, column_of(a->report, t, rows->columns[i]), &found, &a->known);
            report_leaks(a, rows, i);
        }
        report_ragged(a, rows);
    }
    a->rows = a->objects = NULL;
}
