/* analyze_pgcopy: a binary COPY file is one table, named after its file; its columns have none. */
#include "analyzer/analysis.h"
#include "formats/dump/pgcopy.h"

static struct str *column_names(struct arena *arena, const struct pgcopy *c)
{
    struct str *names = ARENA_ARRAY(arena, c->columns, struct str);
    for (size_t i = 0; i < c->columns; i++)
        names[i] = str_from(arena_printf(arena, "column_%zu", i + 1 - c->has_oids));
    if (c->has_oids && c->columns > 0)
        names[0] = STR("oid");
    return names;
}

static bool read_tuples(struct analysis *a, struct err *err)
{
    struct pgcopy copy;
    struct table_name name = analysis_text_table(a);
    struct catalogue_entry *entry = catalogue_table(&a->catalogue, name);
    if (scope_is_excluded(&a->scope, name)) {
        entry->skipped = true;
        return window_skip_all(a->window, err);
    }
    if (!pgcopy_open(&copy, a->window, err))
        return false;
    const char *place = arena_printf(a->arena, "%s, no header: columns numbered", a->text->path);
    struct table_rows *rows = analysis_rows(
        a, entry, SCAN_COPY_TEXT, NULL, column_names(a->arena, &copy), copy.columns, place, err);
    return rows && analysis_copy_text(a, rows, &copy.source, err);
}

bool analyze_pgcopy(struct analysis *a, struct err *err)
{
    bool done = read_tuples(a, err);
    if (!done)
        err_place(err, "%s", a->text->path);
    return done;
}
