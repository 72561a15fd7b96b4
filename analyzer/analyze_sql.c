/* analyze_sql: the events of a plain dump, turned into tables, rows and facts of the report. */
#include "analyzer/analysis.h"
#include "common/buf.h"
#include "common/text.h"
#include "formats/dump/sql.h"

#include <stdlib.h>

struct sql_text {
    struct analysis *a;
    struct sql_reader reader;
    bool found;                   /* something beside facts */
    struct catalogue_entry *heir; /* the latest CREATE TABLE that inherits columns */
    uint64_t heir_offset;
    struct catalogue_entry *announced; /* its rows should follow now; none: it is empty */
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

/* The same for a name out of a comment, where it may not stand as it is. NULL: none of that name.
 */
static struct catalogue_entry *announced_table(struct analysis *a, const struct sql_event *e)
{
    return catalogue_find(&a->catalogue, (struct table_name){a->database, e->schema, e->name});
}

static const char *place_of(struct analysis *a, const struct sql_event *e, const char *what)
{
    return arena_printf(a->arena, "%s, %s at byte %llu of the decoded stream (line %llu)",
                        a->text->path, what, (unsigned long long)e->offset,
                        (unsigned long long)e->line);
}

static void define_positions(struct analysis *a, const struct sql_event *e,
                             struct catalogue_entry *entry)
{
    struct str *names = ARENA_ARRAY(a->arena, e->column_count, struct str);
    bool *generated = ARENA_ARRAY(a->arena, e->column_count, bool);
    for (size_t i = 0; i < e->column_count; i++) {
        names[i] = e->columns[i].name;
        generated[i] = e->columns[i].generated;
    }
    catalogue_positions(&a->catalogue, entry, names, generated, e->column_count);
}

/* Of a table of MySQL. A column that is declared must come. */
static void define_computed(struct analysis *a, const struct sql_event *e,
                            struct catalogue_entry *entry, const bool *declared)
{
    bool *computed = ARENA_ARRAY(a->arena, e->column_count, bool);
    bool any = false;
    for (size_t i = 0; i < e->column_count; i++)
        any |= computed[i] = e->columns[i].computed && !(declared && declared[i]);
    if (any)
        catalogue_computed(&a->catalogue, entry, computed, e->column_count);
}

static bool on_table(struct analysis *a, const struct sql_event *e, struct err *err)
{
    const bool *declared;
    if (e->temporary)
        return true;
    struct catalogue_entry *entry = entry_of(a, e);
    struct str *names = ARENA_ARRAY(a->arena, e->column_count, struct str);
    size_t stored = 0;
    for (size_t i = 0; i < e->column_count; i++)
        if (!e->columns[i].generated)
            names[stored++] = arena_copy(a->arena, e->columns[i].name);
    if (e->relation == SQL_VIEW && entry->defined_in == a->catalogue.text.number &&
        !entry->has_rows)
        catalogue_report(&a->catalogue, entry)->kind = TABLE_VIEW; /* a table stood in for it */
    catalogue_define(&a->catalogue, entry, kind_of(e->relation), names, stored);
    struct table_name name = catalogue_name(&a->catalogue, entry);
    if (scope_is_excluded(&a->scope, name)) {
        entry->skipped = true;
        return true;
    }
    /* A view or a partial list says nothing about what is missing. */
    bool view = e->relation == SQL_VIEW || e->relation == SQL_MATERIALIZED_VIEW;
    if (e->columns_known || e->inherits)
        define_positions(a, e, entry);
    if (view || !e->columns_known)
        return true;
    if (!scope_match(&a->scope, name, names, stored, place_of(a, e, "CREATE TABLE"), &declared,
                     err))
        return false;
    define_computed(a, e, entry, declared);
    return true;
}

static void on_reference(const struct sql_text *s, const struct sql_event *e)
{
    struct analysis *a = s->a;
    struct table_name name = {a->database, e->to_schema, e->to_name};
    struct catalogue_entry *to = catalogue_table(&a->catalogue, name);
    if (e->reference == SQL_FOREIGN_KEY)
        return;
    if (s->heir && e->offset == s->heir_offset)
        catalogue_inherit_columns(&a->catalogue, s->heir, to);
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

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* No database writes such a list: two fields of a row would be counted in one column (S1). */
static void note_named_twice(struct analysis *a, const struct catalogue_entry *entry,
                             const struct str *columns, size_t count)
{
    struct arena scratch = {0};
    struct str *sorted = ARENA_ARRAY(&scratch, count, struct str);
    uint64_t twice = 0;
    if (count > 1) {
        memcpy(sorted, columns, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, by_name);
    }
    for (size_t i = 1; i < count; i++)
        twice += str_eq(sorted[i - 1], sorted[i]);
    if (twice)
        analysis_unread(a, entry, "rows whose header names a column twice", twice);
    arena_free(&scratch);
}

/* Of a part, whoever has the rows skips them. */
static bool skip_rows(struct sql_text *s, struct err *err)
{
    return s->part || sql_skip_rows(&s->reader, err);
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
        catalogue_unread(entry, STR("COPY without a list of columns"), 1);
        analysis_unread(a, entry, "rows of a table whose columns are not known", 1);
        return skip_rows(s, err);
    }
    note_named_twice(a, entry, columns, count);
    struct table_rows *rows =
        analysis_rows(a, entry, SCAN_COPY_TEXT, NULL, columns, count, place, err);
    if (!rows)
        return false;
    if (s->part) {
        s->part->rows = rows;
        return true;
    }
    bool done = analysis_scan(a, rows, ROWS_END_LINE, err);
    if (!done)
        analysis_rows_failed(a, rows, err);
    return done;
}

/* ---- INSERT ---- */

enum { SHAPE_COMPARED_MAX = 4 * 1024 * 1024 }; /* names with names */

/* What a row of INSERT holds. */
struct insert_shape {
    struct str *columns; /* of its fields */
    size_t count;
    const bool *left_out; /* values that are no field */
    size_t left_out_count;
};

static bool is_stored(const struct catalogue_entry *entry, struct str name)
{
    for (size_t i = 0; i < entry->column_count; i++)
        if (str_eq(entry->columns[i], name))
            return true;
    return false;
}

/* The columns of a list. Where the table has generated ones, those that hold no data are left out.
 */
static struct insert_shape listed_shape(struct analysis *a, const struct sql_event *e,
                                        const struct catalogue_entry *entry)
{
    bool some_generated = entry->positions && entry->position_count > entry->column_count;
    bool *left_out = ARENA_ARRAY(a->arena, e->column_count, bool);
    struct insert_shape shape = {ARENA_ARRAY(a->arena, e->column_count, struct str), 0, left_out,
                                 e->column_count};
    for (size_t i = 0; i < e->column_count; i++) {
        left_out[i] = some_generated && !is_stored(entry, e->columns[i].name);
        if (!left_out[i])
            shape.columns[shape.count++] = arena_copy(a->arena, e->columns[i].name);
    }
    return shape;
}

/*
 * False: the statement has no list and the table's columns are not known, or there is more to be
 * compared than any real table asks for.
 */
static bool insert_shape(struct analysis *a, const struct sql_event *e,
                         const struct catalogue_entry *entry, struct insert_shape *shape)
{
    if (e->columns_known && e->column_count > SHAPE_COMPARED_MAX / (entry->column_count + 1))
        return false;
    if (e->columns_known) {
        *shape = listed_shape(a, e, entry);
        return true;
    }
    *shape = (struct insert_shape){entry->columns, entry->column_count, entry->generated,
                                   entry->position_count};
    return entry->positions && (!e->defaults || entry->position_count == 0);
}

static bool same_left_out(const struct table_rows *rows, const struct insert_shape *shape)
{
    for (size_t i = 0; i < rows->left_out_count && i < shape->left_out_count; i++)
        if (rows->left_out[i] != shape->left_out[i])
            return false;
    return rows->left_out_count == shape->left_out_count;
}

/* Opened anew, or those of an earlier statement, and then nothing stays in the arena. */
static struct table_rows *insert_rows(struct analysis *a, const struct sql_event *e,
                                      struct catalogue_entry *entry, struct arena_mark before,
                                      const struct insert_shape *shape, struct err *err)
{
    struct table_rows *rows = analysis_rows_again(a, entry, shape->columns, shape->count);
    if (rows && same_left_out(rows, shape)) {
        arena_reset(a->arena, before);
        return rows;
    }
    note_named_twice(a, entry, shape->columns, shape->count);
    rows = analysis_rows(a, entry, SCAN_COPY_TEXT, NULL, shape->columns, shape->count,
                         place_of(a, e, "INSERT"), err);
    if (rows) {
        rows->left_out = shape->left_out;
        rows->left_out_count = shape->left_out_count;
    }
    return rows;
}

static bool on_insert(struct sql_text *s, const struct sql_event *e, struct err *err)
{
    struct analysis *a = s->a;
    struct catalogue_entry *entry = entry_of(a, e);
    struct table_name name = catalogue_name(&a->catalogue, entry);
    if (scope_is_excluded(&a->scope, name)) {
        s->partition = NULL;
        entry->skipped = true;
        return sql_skip_rows(&s->reader, err);
    }
    load_partition(s, entry);
    struct arena_mark before = arena_mark(a->arena);
    struct insert_shape shape;
    if (!insert_shape(a, e, entry, &shape)) {
        catalogue_unread(entry, STR("INSERT without a list of columns"), 1);
        analysis_unread(a, entry, "rows of a table whose columns are not known", 1);
        return sql_skip_rows(&s->reader, err);
    }
    struct table_rows *rows = insert_rows(a, e, entry, before, &shape, err);
    if (!rows)
        return false;
    struct source *text = sql_insert_rows(&s->reader, rows->left_out, rows->left_out_count);
    bool done = analysis_copy_text(a, rows, text, err);
    if (!done)
        analysis_rows_failed(a, rows, err);
    return done;
}

static bool on_object(struct sql_text *s, struct err *err)
{
    struct analysis *a = s->a;
    struct window *script = a->window;
    struct window w;
    if (analysis_objects_excluded(a))
        return sql_skip_rows(&s->reader, err);
    if (!window_open(&w, sql_object_bytes(&s->reader), TEXT_WINDOW, err))
        return false;
    w.piece = script->piece;
    a->window = &w;
    bool done = analysis_object(a, err);
    a->window = script;
    window_close(&w);
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
        catalogue_unread(entry, arena_copy(a->arena, e->what), e->count);
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

/* Only some rows of the tables are there, whatever their definitions say (S2). */
static void on_where(struct analysis *a)
{
    struct report_finding *f =
        report_add_finding(a->report, SEVERITY_WARNING, STR("where"), NULL, STR(""));
    f->message = STR("the dump was made with --where: rows that do not fit it are not in it");
    f->record_count = 1;
    a->report->partial = true;
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
        s->partition = announced_table(a, e);
        break;
    case SQL_FACT_DATA_OF:
        s->announced = announced_table(a, e);
        break;
    case SQL_FACT_WHERE:
        on_where(a);
        break;
    case SQL_FACT_COMPLETED:
        if (s->reader.lexer.mysql) /* it tells no other time, and no zone */
            analysis_dump_began_somewhere(a, e->local);
        break;
    case SQL_FACT_HEADER:
        if (s->reader.lexer.mysql)
            analysis_dump_ended(a); /* the time of the one before is not this one's */
        break;
    case SQL_FACT_TRAILER:
    case SQL_FACT_CLUSTER_HEADER:
    case SQL_FACT_CLUSTER_TRAILER:
    case SQL_FACT_DUMP_VERSION:
    case SQL_FACT_ENCODING:
        break;
    }
}

static const char *dumper(const struct sql_text *s)
{
    return s->reader.lexer.mysql ? "mysqldump" : s->reader.lexer.sqlite ? ".dump" : "pg_dump";
}

static const char *trailer(const struct sql_text *s)
{
    return s->reader.lexer.mysql    ? "Dump completed"
           : s->reader.lexer.sqlite ? "COMMIT;"
                                    : "dump complete";
}

static bool on_end(const struct sql_text *s, const struct sql_event *e, struct err *err)
{
    const struct analysis *a = s->a;
    if (!e->end.truncated && !s->found && !e->end.trailers && !e->end.cluster_trailers) {
        err_set(err, ERR_INCOMPLETE, 432, "%s: the script ends before its first table",
                a->text->path);
        err_hint(err, "make the dump again, and see that %s ends without an error", dumper(s));
        return false;
    }
    if (!e->end.truncated)
        return true;
    if (e->end.in_transaction) {
        err_set(err, ERR_INCOMPLETE, 432,
                "%s: the script begins a transaction or locks a table, at byte %llu, and does not "
                "end that: it was cut off",
                a->text->path, (unsigned long long)e->end.header_offset);
        err_hint(err, "make the dump again, and see that %s ends without an error", dumper(s));
        return false;
    }
    err_set(err, ERR_INCOMPLETE, 432,
            "%s: the dump has its header, at byte %llu, and not its \"%s\" trailer: it "
            "was cut off",
            a->text->path, (unsigned long long)e->end.header_offset, trailer(s));
    err_hint(err, "make the dump again, and see that %s ends without an error", dumper(s));
    return false;
}

/* Rows stand in a script, or where the archive says that they do. */
static bool rows_are_due(const struct sql_text *s, enum sql_part_kind kind, struct err *err)
{
    if (!s->part || s->part->kind == kind)
        return true;
    err_set(err, ERR_CORRUPT, 381, "rows stand where the archive has none");
    return false;
}

/*
 * An empty table has no INSERT, only the comment that announces its rows. What follows that comment
 * decides; at the end of a dump that was cut off nothing does.
 */
static void settle_announced(struct sql_text *s, const struct sql_event *e)
{
    bool rows = e->kind == SQL_EVENT_COPY || e->kind == SQL_EVENT_INSERT ||
                e->kind == SQL_EVENT_UNREAD || (e->kind == SQL_EVENT_END && e->end.truncated) ||
                (e->kind == SQL_EVENT_FACT && e->fact == SQL_FACT_THROUGH_ROOT);
    bool same = e->kind == SQL_EVENT_FACT && e->fact == SQL_FACT_DATA_OF &&
                s->announced == announced_table(s->a, e);
    bool waits = same || (e->kind == SQL_EVENT_FACT && e->fact == SQL_FACT_WHERE);
    if (waits)
        return;
    if (s->announced && !rows)
        catalogue_rows(&s->a->catalogue, s->announced);
    s->announced = NULL;
}

static bool on_event(struct sql_text *s, const struct sql_event *e, struct err *err)
{
    settle_announced(s, e);
    s->found = s->found || (e->kind != SQL_EVENT_FACT && e->kind != SQL_EVENT_END);
    switch (e->kind) {
    case SQL_EVENT_DATABASE:
        s->a->database = arena_copy(s->a->arena, e->database);
        return true;
    case SQL_EVENT_TABLE:
        s->heir = e->inherits && !e->temporary ? entry_of(s->a, e) : NULL;
        s->heir_offset = e->offset;
        return on_table(s->a, e, err);
    case SQL_EVENT_REFERENCE:
        on_reference(s, e);
        return true;
    case SQL_EVENT_COPY:
        return rows_are_due(s, SQL_PART_COPY, err) && on_copy(s, e, err);
    case SQL_EVENT_INSERT:
        return rows_are_due(s, SQL_PART_ROWS, err) && on_insert(s, e, err);
    case SQL_EVENT_OBJECT:
        return rows_are_due(s, SQL_PART_ROWS, err) && on_object(s, err);
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

static bool read_script(struct sql_text *s, struct err *err)
{
    struct sql_event e = {.kind = SQL_EVENT_FACT};
    bool done = true;
    while (done && sql_next(&s->reader, &e, err)) {
        done = on_event(s, &e, err);
        if (e.kind == SQL_EVENT_END)
            break;
    }
    sql_close(&s->reader);
    return done && !err_is(err);
}

bool analyze_sql(struct analysis *a, struct err *err)
{
    struct sql_text s = {.a = a};
    sql_open(&s.reader, a->window);
    return read_script(&s, err);
}

bool analyze_mysql(struct analysis *a, struct err *err)
{
    struct sql_text s = {.a = a};
    sql_open_mysql(&s.reader, a->window);
    return read_script(&s, err);
}

bool analyze_sqlite_script(struct analysis *a, struct err *err)
{
    struct sql_text s = {.a = a};
    sql_open_sqlite(&s.reader, a->window);
    return read_script(&s, err);
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
    if (done && part->kind == SQL_PART_ROWS && part->partition && !s.found)
        catalogue_rows(&a->catalogue, part->partition); /* an empty table */
    sql_close(&s.reader);
    return done && !err_is(err);
}
