/*
 * report_view: the views of a report that is in memory.
 *
 * The report goes into a database in memory and the view is asked, so that what `show --json`
 * prints and what the file answers come from one definition.
 */
#include "common/report_schema.h"
#include "common/report_store.h"
#include "common/table.h"

struct report_views {
    struct db *db;
    struct arena *arena;
};

struct report_views *report_views_open(const struct report *r, struct arena *arena, struct err *err)
{
    struct report_views *v = ARENA_NEW(arena, struct report_views);
    v->arena = arena;
    v->db = db_memory(arena, err);
    if (v->db && report_store(v->db, r, err))
        return v;
    report_views_close(v);
    return NULL;
}

void report_views_close(struct report_views *v)
{
    struct err ignored = {0};
    if (v)
        (void)db_close(v->db, &ignored); /* nothing outlives it */
}

static void add_cell(struct report_views *v, const struct db_query *q, int column, struct table *t)
{
    struct str text = {0};
    int64_t integer = 0;
    double real = 0;
    if (db_text(q, column, &text))
        table_text(t, arena_copy(v->arena, text));
    else if (db_integer(q, column, &integer))
        table_integer(t, integer);
    else if (db_real(q, column, &real))
        table_real(t, real);
    else
        table_null(t);
}

bool report_view(struct report_views *v, const char *view, struct table *t, struct err *err)
{
    struct db_query *q = db_prepare(v->db, arena_printf(v->arena, "SELECT * FROM %s", view), err);
    if (!q)
        return false;
    for (int c = 0; c < db_columns(q); c++)
        table_heading(t, db_column_name(q, c));
    enum db_row row;
    while ((row = db_step(q, err)) == DB_ROW)
        for (int c = 0; c < db_columns(q); c++)
            add_cell(v, q, c, t);
    db_finish(q);
    return row == DB_DONE;
}
