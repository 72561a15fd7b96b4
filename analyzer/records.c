/* records: one record of the window at a time. */
#include "analyzer/records.h"
#include "formats/dump/copy.h"

void records_open(struct records *r, struct pool *pool, struct table_scan *table, struct window *w,
                  enum rows_end end, struct arena *arena)
{
    *r = (struct records){.pool = pool,
                          .table = table,
                          .window = w,
                          .end = end,
                          .arena = arena,
                          .mark = arena_mark(arena)};
}

/* Length of the record at the window's begin with its line end; 0 while its end is not in view. */
static size_t record_length(const struct records *r)
{
    struct str rest = window_rest(r->window);
    const struct scan_layout *l = r->table->layout;
    size_t len;
    if (l->format == SCAN_COPY_TEXT) {
        len = str_find(rest, '\n') + 1;
        return len <= rest.len ? len : 0;
    }
    struct csv_cut cut = {0};
    len = csv_first_record(l->dialect, rest).len;
    return csv_cut(&cut, l->dialect, str_slice(rest, 0, len)) == len ? len : 0;
}

static bool input_ended(struct records *r, struct err *err)
{
    struct window *w = r->window;
    struct csv_cut cut = {0};
    r->done = true;
    if (r->end == ROWS_END_LINE) {
        err_set(err, ERR_INCOMPLETE, 312, "the input ends inside the rows of a table");
        window_place(w, w->offset, w->line, err);
        return false;
    }
    if (r->table->layout->format == SCAN_COPY_TEXT)
        return true;
    (void)csv_cut(&cut, r->table->layout->dialect, window_rest(w));
    return csv_cut_finish(&cut, err);
}

/* Brings a whole record into view; its length, or 0 at the end or with an error. */
static size_t view_record(struct records *r, struct err *err)
{
    struct window *w = r->window;
    size_t len;
    while ((len = record_length(r)) == 0) {
        if (window_more(w, err))
            continue;
        if (w->state == PULL_END)
            return input_ended(r, err) ? window_rest(w).len : 0;
        if (w->state == PULL_OK) {
            err_set(err, ERR_CORRUPT, 333, "a record of more than %zu bytes", window_rest(w).len);
            window_place(w, w->offset, w->line, err);
        }
        r->done = true;
        return 0;
    }
    return len;
}

static struct str without_line_end(struct str line)
{
    if (line.len && line.at[line.len - 1] == '\n')
        line.len--;
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* The fields of a record, decoded into the arena. */
struct record_fields {
    struct record *record;
    size_t room, null_room;
};

static void add_field(struct records *r, struct record_fields *f, struct str value, bool null)
{
    struct record *rec = f->record;
    rec->fields = arena_grow(r->arena, rec->fields, rec->count, &f->room, sizeof *rec->fields);
    rec->nulls = arena_grow(r->arena, rec->nulls, rec->count, &f->null_room, sizeof *rec->nulls);
    rec->fields[rec->count] = arena_copy(r->arena, value);
    rec->nulls[rec->count++] = null;
}

static void copy_record(struct records *r, struct record_fields *out, struct str line)
{
    unsigned char *into = arena_alloc(r->arena, line.len);
    struct copy_fields f = copy_fields(line);
    struct str raw;
    while (copy_next(&f, &raw)) {
        size_t len;
        bool null = !copy_unescape(raw, into, &len);
        add_field(r, out, str_make(into, len), null);
    }
}

static void csv_record(struct records *r, struct record_fields *out, struct str line)
{
    unsigned char *into = arena_alloc(r->arena, line.len);
    struct csv_fields f = csv_fields(r->table->layout->dialect, line);
    struct csv_field field;
    while (csv_next(&f, into, &field))
        add_field(r, out, field.value, field.null);
}

/* The next record's bytes with their line end; blank lines of CSV are passed over. */
static struct str next_line(struct records *r, struct err *err)
{
    const struct scan_layout *l = r->table->layout;
    bool skips = l->format == SCAN_CSV && l->columns > 1;
    for (;;) {
        size_t len = r->done ? 0 : view_record(r, err);
        struct str line = str_slice(window_rest(r->window), 0, len);
        if (len == 0 || !skips || !csv_is_blank(line))
            return line;
        window_skip(r->window, len);
    }
}

bool records_next(struct records *r, struct record *record, struct err *err)
{
    const struct scan_layout *l = r->table->layout;
    arena_reset(r->arena, r->mark);
    struct str line = next_line(r, err);
    if (line.len == 0)
        return false;
    *record = (struct record){.number = r->number + 1, .offset = r->window->offset};
    struct record_fields fields = {.record = record};
    if (l->format == SCAN_CSV) {
        csv_record(r, &fields, line);
    } else if (copy_is_end(without_line_end(line))) {
        window_skip(r->window, line.len);
        r->done = true;
        return false;
    } else {
        copy_record(r, &fields, without_line_end(line));
    }
    pool_scan_here(r->pool, r->table, line);
    window_skip(r->window, line.len);
    r->number++;
    return true;
}
