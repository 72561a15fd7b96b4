/* csv_header: the names of the columns, each made distinct. */
#include "common/hash.h"
#include "formats/dump/csv.h"

struct name_slot {
    struct str name;
    size_t next; /* number for the next column of this name: none is tried twice */
};

/* Names taken so far: open addressing, at least half of it free. */
struct name_set {
    struct name_slot *slots;
    size_t mask;
};

static struct name_set name_set(struct arena *arena, size_t count)
{
    size_t room = 16;
    while (room < count * 2)
        room *= 2;
    return (struct name_set){ARENA_ARRAY(arena, room, struct name_slot), room - 1};
}

/* The slot of the name, or the free one where it belongs. */
static struct name_slot *name_slot(const struct name_set *set, struct str name)
{
    size_t at = (size_t)hash_xxh3_64(name, 0) & set->mask;
    while (set->slots[at].name.at && !str_eq(set->slots[at].name, name))
        at = (at + 1) & set->mask;
    return &set->slots[at];
}

/* False: it was in the set already. */
static bool name_set_add(struct name_set *set, struct str name)
{
    struct name_slot *slot = name_slot(set, name);
    if (slot->name.at)
        return false;
    *slot = (struct name_slot){name, 2};
    return true;
}

/* ---- the first record ---- */

/* Brings the first record whole into the window; at the end of the input it may lack its line end.
 */
static bool first_record(struct window *w, const struct csv_dialect *d, struct str *record,
                         struct err *err)
{
    struct csv_cut cut = {0};
    size_t seen = 0;
    for (;;) {
        struct str rest = window_rest(w);
        struct str fresh = str_slice(rest, seen, rest.len);
        if (fresh.len) {
            size_t end = seen + csv_first_cut(&cut, d, fresh);
            if (end > seen) {
                *record = str_slice(rest, 0, end);
                return true;
            }
        }
        seen = rest.len;
        if (seen > CSV_HEADER_MAX || (!window_more(w, err) && w->state == PULL_OK)) {
            err_set(err, ERR_CORRUPT, 352, "the first record is longer than %d bytes",
                    CSV_HEADER_MAX);
            err_hint(err, "--quote and --escape may not be those that the file was written with");
            return false;
        }
        if (w->state == PULL_OK)
            continue;
        *record = window_rest(w);
        return w->state == PULL_END && csv_cut_finish(&cut, err);
    }
}

/* Blank lines before the first record are skipped: they are no table of one empty column. */
static bool first_full_record(struct window *w, const struct csv_dialect *d, struct str *record,
                              struct err *err)
{
    do {
        if (!first_record(w, d, record, err))
            return false;
        if (!csv_is_blank(*record))
            return true;
        window_skip(w, record->len);
    } while (record->len);
    err_set(err, ERR_CORRUPT, 354, "the input holds no record");
    return false;
}

/* ---- names ---- */

static bool count_fields(const struct csv_dialect *d, struct str record, unsigned char *scratch,
                         size_t *count, struct err *err)
{
    struct csv_fields f = csv_fields(d, record);
    struct csv_field field;
    *count = 0;
    while (csv_next(&f, scratch, &field))
        ++*count;
    if (*count <= CSV_COLUMNS_MAX)
        return true;
    err_set(err, ERR_CORRUPT, 352, "the first record has more than %d fields", CSV_COLUMNS_MAX);
    return false;
}

/* The base with a number behind it, from *number on, that no column has; *number goes past it. */
static struct str numbered(struct name_set *set, struct arena *arena, struct str base,
                           size_t *number)
{
    struct str name;
    do
        name = str_from(arena_printf(arena, "%.*s_%zu", STR_ARG(base), (*number)++));
    while (!name_set_add(set, name));
    return name;
}

/*
 * Names that are there stay as they are; then the empty and the repeated ones get theirs, the first
 * of `before` columns' own numbers not being counted.
 */
static void make_distinct(struct csv_columns *c, size_t before, struct arena *arena)
{
    struct name_set set = name_set(arena, c->count);
    bool *kept = ARENA_ARRAY(arena, c->count, bool);
    size_t unnamed = 0;
    for (size_t i = 0; i < c->count; i++)
        kept[i] = c->names[i].len && name_set_add(&set, c->names[i]);
    for (size_t i = 0; i < c->count; i++) {
        if (kept[i])
            continue;
        if (c->names[i].len) {
            struct name_slot *same = name_slot(&set, c->names[i]);
            c->names[i] = numbered(&set, arena, c->names[i], &same->next);
            c->renamed++;
            continue;
        }
        if (unnamed <= i - before)
            unnamed = i + 1 - before; /* the column's own number, unless that was given away */
        c->names[i] = numbered(&set, arena, STR("column"), &unnamed);
        c->unnamed++;
    }
}

static void read_names(const struct csv_dialect *d, struct str record, unsigned char *scratch,
                       struct arena *arena, struct csv_columns *c)
{
    struct csv_fields f = csv_fields(d, record);
    struct csv_field field;
    for (size_t i = 0; i < c->count && csv_next(&f, scratch, &field); i++)
        c->names[i] = arena_copy(arena, field.value);
}

static void skip_preamble(struct window *w, const struct csv_dialect *d, struct err *err)
{
    while (window_rest(w).len < d->preamble && window_more(w, err))
        ;
    if (window_rest(w).len >= d->preamble)
        window_skip(w, d->preamble);
}

bool csv_header(struct window *w, const struct csv_dialect *d, struct arena *arena,
                struct csv_columns *c, struct err *err)
{
    *c = (struct csv_columns){.header = d->header};
    skip_preamble(w, d, err);
    uint64_t offset = w->offset;
    uint64_t line = w->line;
    struct str record;
    struct arena scratch = {0};
    bool ok = first_full_record(w, d, &record, err);
    if (ok) {
        unsigned char *bytes = arena_alloc(&scratch, record.len + 1);
        ok = count_fields(d, record, bytes, &c->count, err);
        c->names = ARENA_ARRAY(arena, ok ? c->count : 0, struct str);
        if (ok && d->header == CSV_HEADER_YES) {
            read_names(d, record, bytes, arena, c);
            window_skip(w, record.len);
        }
        bool changes = ok && d->changes && d->header == CSV_HEADER_NO;
        if (changes)
            c->names[0] = STR("Op");
        if (ok)
            make_distinct(c, changes, arena);
        if (d->header == CSV_HEADER_NO)
            c->unnamed = 0;
    }
    if (!ok)
        window_place(w, offset, line, err);
    arena_free(&scratch);
    return ok;
}
