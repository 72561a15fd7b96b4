/* analyze_sql: the events of a plain dump, turned into tables, rows and facts of the report. */
#include "analyzer/analysis.h"
#include "common/buf.h"
#include "common/text.h"
#include "formats/dump/sql.h"

struct sql_text {
    struct analysis *a;
    struct sql_reader reader;
    bool found;                        /* something beside facts */
    struct catalogue_entry *partition; /* said to be loaded through its root by the next COPY */
    struct sql_part *part;             /* NULL: a whole script */
};

static enum table_kind kind_of(enum sql_relation relation)
{
    switch (relation) {
    case SQL_PARTITIONED:
        return TABLE_PARTITIONED;
    case SQL_FOREIGN:
        return TABLE_FOREIGN;
    case SQL_VIEW:
    case SQL_MATERIALIZED_VIEW:
        return TABLE_VIEW;
    case SQL_TABLE:
        break;
    }
    return TABLE_ORDINARY;
}

static struct catalogue_entry *entry_of(struct analysis *a, const struct sql_event *e)
{
    return catalogue_table(&a->catalogue, (struct table_name){a->database, e->schema, e->name});
}

static const char *place_of(struct analysis *a, const struct sql_event *e, const char *what)
{
    return arena_printf(a->arena, "%s, %s at byte %llu of the decoded stream (line %llu)",
                        a->text->path, what, (unsigned long long)e->offset,
                        (unsigned long long)e->line);
}

static bool on_table(struct analysis *a, const struct sql_event *e, struct err *err)
{
    const bool *unused;
    if (e->temporary)
        return true;
    struct catalogue_entry *entry = entry_of(a, e);
    struct str *names = ARENA_ARRAY(a->arena, e->column_count, struct str);
    size_t stored = 0;
    for (size_t i = 0; i < e->column_count; i++)
        if (!e->columns[i].generated)
            names[stored++] = arena_copy(a->arena, e->columns[i].name);
    catalogue_define(&a->catalogue, entry, kind_of(e->relation), names, stored);
    struct table_name name = catalogue_name(&a->catalogue, entry);
    if (scope_is_excluded(&a->scope, name)) {
        entry->skipped = true;
        return true;
    }
    /* A view or a partial list says nothing about what is missing. */
    if (e->relation == SQL_VIEW || e->relation == SQL_MATERIALIZED_VIEW || !e->columns_known)
        return true;
    return scope_match(&a->scope, name, names, stored, place_of(a, e, "CREATE TABLE"), &unused,
                       err);
}

static void on_reference(struct analysis *a, const struct sql_event *e)
{
    struct table_name name = {a->database, e->to_schema, e->to_name};
    struct catalogue_entry *to = catalogue_table(&a->catalogue, name);
    if (e->reference != SQL_FOREIGN_KEY)
        analysis_inherit(a, entry_of(a, e), to);
}

/* The root's COPY brings the rows of the partition that the dump has just named (S2). */
static void load_partition(struct sql_text *s, const struct catalogue_entry *into)
{
    if (s->partition && catalogue_report(&s->a->catalogue, into)->kind == TABLE_PARTITIONED)
        s->partition->through_root = true;
    s->partition = NULL;
}

/* The column names of a COPY; without a list those of the table's definition. */
static struct str *copy_columns(struct analysis *a, const struct sql_event *e,
                                const struct catalogue_entry *entry, size_t *count)
{
    if (!e->columns_known && entry->defined) {
        *count = entry->column_count;
        return entry->columns;
    }
    struct str *names = ARENA_ARRAY(a->arena, e->column_count, struct str);
    for (size_t i = 0; i < e->column_count; i++)
        names[i] = arena_copy(a->arena, e->columns[i].name);
    *count = e->column_count;
    return names;
}

/* Of a part, whoever has the rows skips them. */
static bool skip_rows(struct sql_text *s, struct err *err)
{
    if (!s->part)
        return sql_skip_rows(&s->reader, err);
    s->part->skipped = true;
    return true;
}

static bool on_copy(struct sql_text *s, const struct sql_event *e, struct err *err)
{
    struct analysis *a = s->a;
    struct catalogue_entry *entry = entry_of(a, e);
    struct table_name name = catalogue_name(&a->catalogue, entry);
    const char *place = place_of(a, e, "COPY header");
    size_t count = 0;
    if (scope_is_excluded(&a->scope, name)) {
        s->partition = NULL;
        entry->skipped = true;
        return skip_rows(s, err);
    }
    load_partition(s, entry);
    struct str *columns = copy_columns(a, e, entry, &count);
    if (count == 0 && !entry->defined && !e->columns_known) {
        entry->unread++;
        entry->unread_what = STR("COPY without a list of columns");
        analysis_unread(a, entry, "rows of a table whose columns are not known", 1);
        return skip_rows(s, err);
    }
    struct table_rows *rows =
        analysis_rows(a, entry, SCAN_COPY_TEXT, NULL, columns, count, place, err);
    if (!rows)
        return false;
    bool done = analysis_is_jobs_table(name.name)
                    ? analysis_jobs(a, rows, ROWS_END_LINE, err)
                    : rows_scan(a->pool, rows->scan, a->window, ROWS_END_LINE, err);
    if (!done) {
        err_context(err, "table %.*s", STR_ARG(table_name_shown(a->arena, name)));
        err_place(err, "%s", place);
    }
    return done;
}

static void on_unread(struct analysis *a, const struct sql_event *e)
{
    struct buf b = {.arena = a->arena};
    struct catalogue_entry *entry = e->name.len ? entry_of(a, e) : NULL;
    buf_printf(&b, "%llu x ", (unsigned long long)e->count);
    text_visible(&b, e->what);
    if (entry) {
        buf_text(&b, " for table ");
        buf_add(&b, table_name_shown(a->arena, catalogue_name(&a->catalogue, entry)));
        entry->unread += e->count;
        entry->unread_what = arena_copy(a->arena, e->what);
    }
    buf_printf(&b, ", first at byte %llu: not read in this version", (unsigned long long)e->offset);
    analysis_unread(a, entry, arena_text(a->arena, buf_str(&b)), e->count);
}

static void on_started(struct analysis *a, const struct sql_event *e)
{
    if (e->time != UTC_NONE)
        analysis_dump_began(a, e->time, e->time);
    else
        analysis_dump_began_somewhere(a, e->local);
}

static void on_fact(struct sql_text *s, const struct sql_event *e)
{
    struct analysis *a = s->a;
    switch (e->fact) {
    case SQL_FACT_STARTED:
        on_started(a, e);
        break;
    case SQL_FACT_SERVER_VERSION:
        a->server_version = arena_copy(a->arena, e->text);
        break;
    case SQL_FACT_ROW_SECURITY:
        a->report->row_security = true;
        break;
    case SQL_FACT_THROUGH_ROOT:
        s->partition =
            catalogue_find(&a->catalogue, (struct table_name){a->database, e->schema, e->name});
        break;
    case SQL_FACT_HEADER:
    case SQL_FACT_TRAILER:
    case SQL_FACT_CLUSTER_HEADER:
    case SQL_FACT_CLUSTER_TRAILER:
    case SQL_FACT_DUMP_VERSION:
    case SQL_FACT_COMPLETED:
    case SQL_FACT_ENCODING:
        break;
    }
}

static bool on_end(const struct sql_text *s, const struct sql_event *e, struct err *err)
{
    const struct analysis *a = s->a;
    if (!e->end.truncated && !s->found && !e->end.trailers && !e->end.cluster_trailers) {
        err_set(err, ERR_INCOMPLETE, 432, "%s: the script ends before its first table",
                a->text->path);
        err_hint(err, "make the dump again, and see that pg_dump ends without an error");
        return false;
    }
    if (!e->end.truncated)
        return true;
    err_set(err, ERR_INCOMPLETE, 432,
            "%s: the dump has its header, at byte %llu, and not its \"dump complete\" trailer: it "
            "was cut off",
            a->text->path, (unsigned long long)e->end.header_offset);
    err_hint(err, "make the dump again, and see that pg_dump ends without an error");
    return false;
}

/* Rows stand in a script, or where the archive says that they do. */
static bool copy_is_due(const struct sql_text *s, struct err *err)
{
    if (!s->part || s->part->kind == SQL_PART_COPY)
        return true;
    err_set(err, ERR_CORRUPT, 381, "a COPY stands where the archive has no rows");
    return false;
}

static bool on_event(struct sql_text *s, const struct sql_event *e, struct err *err)
{
    s->found = s->found || (e->kind != SQL_EVENT_FACT && e->kind != SQL_EVENT_END);
    switch (e->kind) {
    case SQL_EVENT_DATABASE:
        s->a->database = arena_copy(s->a->arena, e->database);
        return true;
    case SQL_EVENT_TABLE:
        return on_table(s->a, e, err);
    case SQL_EVENT_REFERENCE:
        on_reference(s->a, e);
        return true;
    case SQL_EVENT_COPY:
        return copy_is_due(s, err) && on_copy(s, e, err);
    case SQL_EVENT_UNREAD:
        s->partition = NULL;
        on_unread(s->a, e);
        return true;
    case SQL_EVENT_FACT:
        on_fact(s, e);
        return true;
    case SQL_EVENT_END:
        return s->part || on_end(s, e, err);
    }
    return true;
}

bool analyze_sql(struct analysis *a, struct err *err)
{
    struct sql_text s = {.a = a};
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    bool done = true;
    sql_open(&s.reader, a->window);
    while (done && sql_next(&s.reader, &e, err)) {
        done = on_event(&s, &e, err);
        if (e.kind == SQL_EVENT_END)
            break;
    }
    sql_close(&s.reader);
    return done && !err_is(err);
}

bool analyze_sql_part(struct analysis *a, struct sql_part *part, struct err *err)
{
    struct sql_text s = {.a = a, .part = part, .partition = part->partition};
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    bool done = true;
    sql_open(&s.reader, part->statements);
    sql_in_session(&s.reader, part->schema, part->backslashes);
    while (done && sql_next(&s.reader, &e, err)) {
        done = on_event(&s, &e, err);
        if (e.kind == SQL_EVENT_END || e.kind == SQL_EVENT_COPY)
            break;
    }
    part->backslashes = s.reader.lexer.backslashes;
    part->found = s.found;
    sql_close(&s.reader);
    return done && !err_is(err);
}
