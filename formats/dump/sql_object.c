/* Large objects: the event, and what is left of their statements behind their bytes. */
#include "formats/dump/sql_parts.h"

bool sql_object(struct sql_reader *r, bool *was, struct err *err)
{
    struct window *w = r->lexer.window;
    size_t length = 0;
    *was = large_object_ahead(w, r->lexer.backslashes, &length, err);
    if (!*was)
        return !err_is(err);
    if (!sql_emit(r, SQL_EVENT_OBJECT, err))
        return false;
    window_skip(w, length);
    large_object_open(&r->object, w, r->lexer.backslashes, r->offset, r->line);
    r->object_due = true;
    r->ended = true; /* what is left of the statement is not for the lexer */
    return true;
}

struct source *sql_object_bytes(struct sql_reader *r)
{
    return &r->object.source;
}

/* Behind a value that was not only bytes, the lexer goes on inside of the statement. */
static bool finish_inside(struct sql_reader *r, struct err *err)
{
    r->ended = false;
    r->inside = true;
    r->depth = r->blocks = 0;
    return sql_advance(r, err) && sql_finish_statement(r, err);
}

bool sql_end_object(struct sql_reader *r, struct err *err)
{
    struct large_object *o = &r->object;
    r->object_due = false;
    if (!large_object_drain(o, err))
        return false;
    arena_reset(&r->arena, r->arena_start);
    r->queued = 0;
    r->offset = o->offset;
    r->line = o->line;
    if (o->end == LARGE_OBJECT_INSIDE && !finish_inside(r, err))
        return false;
    return o->end == LARGE_OBJECT_WHOLE ||
           sql_unread(r, STR("large object"), STR(""), STR(""), err);
}
