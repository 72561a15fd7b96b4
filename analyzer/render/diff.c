/* diff: the changes between two reports on a page, and as tables for programs. */
#include "analyzer/render/diff.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- for programs ---- */

static const char *change_word(const struct change *c)
{
    if (c->before.kind == CELL_NULL)
        return "added";
    return c->after.kind == CELL_NULL ? "removed" : "changed";
}

static void add_cell(struct table *t, const struct cell *c)
{
    if (c->kind == CELL_COUNT)
        table_count(t, c->as.count);
    else if (c->kind == CELL_TEXT)
        table_text(t, c->as.text);
    else
        table_null(t);
}

static void fill(struct table *t, const struct comparison *changes)
{
    static const char *const names[] = {
        "subject",  "change", "schema_name", "table_name", "column_name", "name",
        "property", "old",    "new",         "difference", "note",        "database_name"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        table_heading(t, names[i]);
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *c = &changes->changes[i];
        int64_t difference;
        table_text(t, str_from(change_subject_name(c->subject)));
        table_text(t, str_from(change_word(c)));
        table_text(t, c->schema);
        table_text(t, c->table);
        table_text(t, c->column);
        table_text(t, c->name);
        table_text(t, str_from(c->property));
        add_cell(t, &c->before);
        add_cell(t, &c->after);
        if (change_difference(c, &difference))
            table_integer(t, difference);
        else
            table_null(t);
        table_text(t, str_from(change_note_name(c->note)));
        table_text(t, c->database);
    }
}

static void json_member(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, ",\"%s\":", name);
    text_json(out, value);
}

static void json_side(struct buf *out, const char *name, const char *path, const struct report *r)
{
    char time[UTC_TEXT];
    buf_printf(out, "\"%s\":{\"path\":", name);
    text_json(out, str_from(path));
    json_member(out, "status", r->complete ? STR("complete") : STR("incomplete"));
    json_member(out, "active_version", r->active_version);
    if (r->data_time == UTC_NONE)
        buf_text(out, ",\"data_time\":null");
    else
        json_member(out, "data_time", str_from(utc_text(r->data_time, time)));
    json_member(out, "content_digest", r->content_digest);
    buf_text(out, "},\n");
}

static void write_json(struct buf *out, const struct diff_sides *sides,
                       const struct comparison *changes, const struct table *t)
{
    struct buf rows = {.arena = out->arena};
    buf_byte(out, '{');
    json_side(out, "old", sides->before_path, sides->before);
    json_side(out, "new", sides->after_path, sides->after);
    table_write(&rows, t, TABLE_JSON);
    buf_printf(out, "\"differ\":%s,\n\"changes\":", changes->count ? "true" : "false");
    buf_add(out, str_trim(buf_str(&rows)));
    buf_text(out, "}\n");
}

/* ---- for people ---- */

/* The different names among `count`, joined by commas; '' when there is none. */
static int order_names(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void join(struct buf *out, const char *what, struct str *names, size_t count)
{
    size_t shown = 0;
    if (count)
        qsort(names, count, sizeof *names, order_names);
    for (size_t i = 0; i < count; i++) {
        if (names[i].len == 0 || (i > 0 && str_eq(names[i - 1], names[i])))
            continue;
        buf_text(out, shown++ ? ", " : what);
        text_visible(out, names[i]);
    }
}

static void show_side(struct buf *out, const char *name, const char *path, const struct report *r)
{
    char time[UTC_TEXT];
    struct str *names = ARENA_ARRAY(out->arena, r->table_count + r->input_count, struct str);
    buf_printf(out, "%s  ", name);
    text_visible(out, str_from(path));
    buf_printf(out, ": data of %s",
               r->data_time == UTC_NONE ? "an unknown time" : utc_text(r->data_time, time));
    if (r->active_version.len) {
        buf_text(out, ", active ");
        text_visible(out, r->active_version);
    }
    for (size_t i = 0; i < r->table_count; i++)
        names[i] = r->tables[i].database;
    join(out, ", database ", names, r->table_count);
    for (size_t i = 0; i < r->input_count; i++)
        names[i] = r->inputs[i].server_version;
    join(out, ", server ", names, r->input_count);
    if (!r->complete)
        buf_text(out, ", INCOMPLETE: what it did not read may look like a difference");
    buf_byte(out, '\n');
}

static void show_notes(struct buf *out, const struct comparison *changes)
{
    static const char *const words[CHANGE_NOTE_COUNT] = {
        [CHANGE_STALE_WRITER] = "a version that is not active is still written with: a process "
                                "with an old configuration may be running",
        [CHANGE_LESS_SEEN] = "the newer report has less: rows or ciphertext that were there are "
                             "not in it",
        [CHANGE_NEW_PLACE] = "ciphertext where there was none",
    };
    for (size_t i = 0; i < CHANGE_NOTE_COUNT; i++)
        if (words[i] && changes->notes[i])
            buf_printf(out, "%s (%zu): %s\n", change_note_name((enum change_note)i),
                       changes->notes[i], words[i]);
}

static struct str place_of(struct arena *a, const struct change *c)
{
    struct buf b = {.arena = a};
    const struct str parts[] = {c->schema, c->table, c->column};
    if (c->database.len) {
        buf_add(&b, c->database);
        buf_text(&b, ": ");
    }
    bool begun = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].len == 0)
            continue;
        if (begun)
            buf_byte(&b, '.');
        buf_add(&b, parts[i]);
        begun = true;
    }
    return buf_str(&b);
}

static struct str value_of(struct arena *a, const struct cell *c)
{
    char digits[32];
    if (c->kind == CELL_COUNT)
        return arena_copy(a, str_from(text_count(c->as.count, digits)));
    return c->kind == CELL_TEXT ? c->as.text : STR("-");
}

static struct str difference_of(struct arena *a, const struct change *c)
{
    char digits[32];
    int64_t n;
    if (!change_difference(c, &n))
        return STR("");
    uint64_t size = n < 0 ? (uint64_t)-n : (uint64_t)n;
    return str_from(arena_printf(a, "%c%s", n < 0 ? '-' : '+', text_count(size, digits)));
}

/* The changes of one subject from `from` on; gives back where the next one begins. */
static size_t show_subject(struct buf *out, const struct comparison *changes, size_t from)
{
    static const char *const headings[CHANGE_SUBJECT_COUNT] = {
        [CHANGE_REPORT] = "Report",          [CHANGE_KEY] = "Keys of the env file",
        [CHANGE_TABLE] = "Tables",           [CHANGE_COLUMN] = "Columns",
        [CHANGE_VERSION] = "Key versions",   [CHANGE_CLASS] = "Classes of values",
        [CHANGE_JOB] = "Re-encryption jobs", [CHANGE_SPEND] = "Spend",
        [CHANGE_DECLARED] = "Declared",      [CHANGE_FINDING] = "Findings",
    };
    static const char *const columns[] = {"where", "what", "property", "old", "new", "by", "note"};
    enum change_subject subject = changes->changes[from].subject;
    struct table t = {.arena = out->arena, .indent = 2};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        table_heading(&t, columns[i]);
    size_t i = from;
    for (; i < changes->count && changes->changes[i].subject == subject; i++) {
        const struct change *c = &changes->changes[i];
        table_text(&t, place_of(out->arena, c));
        table_text(&t, c->name);
        table_text(&t, str_from(c->property));
        table_text(&t, value_of(out->arena, &c->before));
        table_text(&t, value_of(out->arena, &c->after));
        table_text(&t, difference_of(out->arena, c));
        table_text(&t, str_from(change_note_name(c->note)));
    }
    buf_printf(out, "\n%s\n", headings[subject]);
    table_write(out, &t, TABLE_TEXT);
    return i;
}

static void write_text(struct buf *out, const struct diff_sides *sides,
                       const struct comparison *changes)
{
    char digits[32];
    show_side(out, "old", sides->before_path, sides->before);
    show_side(out, "new", sides->after_path, sides->after);
    if (changes->count == 0) {
        buf_text(out, "no difference\n");
        return;
    }
    buf_printf(out, "%s difference%s\n", text_count(changes->count, digits),
               text_plural(changes->count));
    show_notes(out, changes);
    for (size_t i = 0; i < changes->count;)
        i = show_subject(out, changes, i);
}

void diff_write(struct buf *out, const struct diff_sides *sides, const struct comparison *changes,
                enum table_format format)
{
    if (format == TABLE_TEXT) {
        write_text(out, sides, changes);
        return;
    }
    struct table t = {.arena = out->arena};
    fill(&t, changes);
    if (format == TABLE_JSON)
        write_json(out, sides, changes, &t);
    else
        table_write(out, &t, format);
}
