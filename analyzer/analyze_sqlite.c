/*
 * analyze_sqlite: an SQLite file: every table is defined by its schema and brings its rows.
 *
 * One file is one whole database, so nothing of it is missing (S2) unless a foreign key names a
 * table that it lacks. Its data is as old as the file (S6): it holds no other time.
 */
#include "analyzer/analysis.h"
#include "analyzer/sqlite_file.h"

static bool ask_watch(void *context, struct err *err)
{
    const struct analysis *a = context;
    return !a->input->watch || a->input->watch(a->input->context, err);
}

static struct catalogue_entry *entry_of(struct analysis *a, struct str name)
{
    return catalogue_table(&a->catalogue, (struct table_name){STR(""), STR(""), name});
}

/* Virtual tables keep what they store in tables of the file, which are read. */
static void note_virtual(struct analysis *a, const struct catalogue_entry *entry)
{
    struct report_finding *f = report_add_finding(a->report, SEVERITY_INFO, STR("virtual-table"),
                                                  catalogue_report(&a->catalogue, entry), STR(""));
    f->message = STR("a virtual table, which is not read; what it keeps in tables of the file is");
}

/* Names of SQLite are one in any case of their letters. */
static struct str as_defined(const struct sqlite_file *f, struct str name)
{
    for (size_t i = 0; i < f->table_count; i++)
        if (str_eq_nocase(f->tables[i].name, name))
            return f->tables[i].name;
    return name;
}

static bool define(struct analysis *a, struct sqlite_file *f, const struct sqlite_table *t,
                   struct err *err)
{
    struct catalogue_entry *entry = entry_of(a, t->name);
    enum table_kind kind = t->kind == SQLITE_TABLE ? TABLE_ORDINARY : TABLE_VIEW;
    struct str *names = NULL;
    size_t count = 0;
    catalogue_define(&a->catalogue, entry, kind, t->columns, t->column_count);
    if (t->kind == SQLITE_VIRTUAL)
        note_virtual(a, entry);
    if (t->kind != SQLITE_TABLE)
        return true;
    if (!sqlite_references(f, t, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        (void)entry_of(a, as_defined(f, names[i]));
    return true;
}

static bool read_rows(struct analysis *a, struct sqlite_file *f, const struct sqlite_table *t,
                      struct err *err)
{
    struct catalogue_entry *entry = entry_of(a, t->name);
    struct table_name name = catalogue_name(&a->catalogue, entry);
    struct str shown = table_name_shown(a->arena, name);
    const char *place = arena_printf(a->arena, "%s, table %.*s", a->text->path, STR_ARG(shown));
    if (t->kind != SQLITE_TABLE)
        return true;
    if (scope_is_excluded(&a->scope, name)) {
        entry->skipped = true;
        return true;
    }
    struct table_rows *rows =
        analysis_rows(a, entry, SCAN_COPY_TEXT, NULL, t->columns, t->column_count, place, err);
    if (!rows)
        return false;
    struct sqlite_rows *all = sqlite_rows_open(f, t, err);
    bool done = all && analysis_copy_text(a, rows, sqlite_rows_source(all), err);
    sqlite_rows_close(all);
    if (!done)
        err_place(err, "%s", place);
    return done;
}

/* Damage in one table leaves the others readable; the first is told, all of it marks the report. */
static bool read_tables(struct analysis *a, struct sqlite_file *f, struct err *err)
{
    struct err first = {0};
    for (size_t i = 0; i < f->table_count; i++) {
        struct err why = {0};
        if (read_rows(a, f, &f->tables[i], &why))
            continue;
        if (why.kind != ERR_CORRUPT && why.kind != ERR_INCOMPLETE) {
            *err = why;
            return false;
        }
        if (!err_is(&first))
            first = why;
    }
    *err = first;
    return !err_is(err);
}

static bool read_database(struct analysis *a, struct sqlite_file *f, struct err *err)
{
    db_watch(f->db, ask_watch, a);
    if (!sqlite_tables(f, err))
        return false;
    for (size_t i = 0; i < f->table_count; i++)
        if (!define(a, f, &f->tables[i], err))
            return false;
    return read_tables(a, f, err) && sqlite_check(f, err);
}

bool analyze_sqlite(struct analysis *a, struct err *err)
{
    struct sqlite_file f;
    struct str head = window_rest(a->window);
    if (sqlite_is_report(head, err)) {
        err_context(err, "%s", a->text->path);
        a->refused = true;
        return false;
    }
    bool done = sqlite_open(&f, a->input->path, head, a->arena, err);
    if (done)
        done = window_skip_all(a->window, err) && read_database(a, &f, err);
    sqlite_close(&f);
    if (done || err->kind == ERR_CORRUPT) {
        struct err changed = {0};
        if (!sqlite_unchanged(&f, &changed)) { /* which explains damage, too */
            *err = changed;
            done = false;
        }
    }
    return done;
}
