/* json_lines: a line is found, looked at, and written; or its cells are passed on as they come. */
#include "formats/dump/json_lines.h"
#include "common/hash.h"

#include <inttypes.h>

/* ---- errors ---- */

static bool fail(struct json_lines *l, int kind, int id, const char *problem, uint64_t at)
{
    err_set(&l->why, kind, id, "%s", problem);
    window_place(l->window, l->window->offset + at, l->window->line, &l->why);
    if (id == 360)
        err_hint(&l->why, "each line must be an object of its own: jq -c . FILE writes them so");
    return false;
}

static bool fail_cut(struct json_lines *l)
{
    fail(l, ERR_INCOMPLETE, 361, "the last line ends inside its record", 0);
    err_hint(&l->why, "the file was cut off: make the export again, and compare sizes");
    return false;
}

/* What the reader of the record says. */
static bool fail_json(struct json_lines *l, uint64_t at)
{
    return fail(l, ERR_CORRUPT, l->json.limit ? 362 : 360, l->json.problem, at);
}

/* ---- keys ---- */

enum { NO_KEY = JSON_LINES_KEYS };

static size_t *slot_of(struct json_lines *l, struct str key)
{
    size_t at = (size_t)hash_xxh3_64(key, 0);
    for (;; at++) {
        size_t *slot = &l->slots[at & (JSON_LINES_SLOTS - 1)];
        if (*slot == 0 || str_eq(l->keys[*slot - 1], key))
            return slot;
    }
}

static size_t find_key(struct json_lines *l, struct str key)
{
    size_t guess = l->guess;
    if (guess < l->key_count && str_eq(l->keys[guess], key)) {
        l->guess = guess + 1;
        return guess;
    }
    size_t slot = *slot_of(l, key);
    l->guess = slot; /* the one behind it */
    return slot ? slot - 1 : NO_KEY;
}

/* A column needs a name. */
static struct str column_name(struct str key)
{
    return key.len ? key : STR("(no name)");
}

static bool add_key(struct json_lines *l, struct str key, size_t *number)
{
    if (l->key_count == JSON_LINES_KEYS)
        return fail(l, ERR_CORRUPT, 362, "the records have more keys than any table has columns",
                    0);
    if (str_find(key, 0) < key.len)
        return fail(l, ERR_CORRUPT, 360, "a key holds a zero byte", 0);
    size_t *slot = slot_of(l, key);
    *number = l->key_count++;
    l->keys[*number] = arena_copy(l->arena, key);
    *slot = l->key_count;
    l->guess = l->key_count;
    return true;
}

/* ---- one line ---- */

/* More bytes in view, up to what a line may have. */
static bool more(struct json_lines *l)
{
    struct window *w = l->window;
    return w->end - w->begin < l->line_max && window_more(w, &l->why);
}

enum line { LINE_WHOLE, LINE_LONG, LINE_NONE, LINE_FAILED };

static void pass_blank_lines(struct json_lines *l)
{
    struct window *w = l->window;
    struct str rest = window_rest(w);
    size_t n = 0;
    while (n < rest.len && (json_is_blank(rest.at[n]) || rest.at[n] == '\n'))
        n++;
    window_skip(w, n);
}

static bool pass_bom(struct json_lines *l)
{
    struct window *w = l->window;
    while (window_rest(w).len < 3 && window_more(w, &l->why))
        ;
    if (str_starts(window_rest(w), STR("\xef\xbb\xbf")))
        window_skip_lines(w, 3, 0);
    l->bom_passed = true;
    return w->state != PULL_FAILED || window_rest(w).len > 0;
}

/* Finds the next line that is not blank, at the window's begin. */
static enum line find_line(struct json_lines *l)
{
    struct window *w = l->window;
    if (!l->bom_passed && !pass_bom(l))
        return LINE_FAILED;
    do
        pass_blank_lines(l);
    while (window_rest(w).len == 0 && window_more(w, &l->why));
    if (window_rest(w).len == 0)
        return w->state == PULL_FAILED ? LINE_FAILED : LINE_NONE;
    l->searched = 0;
    for (;;) {
        struct str rest = window_rest(w);
        struct str fresh = str_slice(rest, l->searched, rest.len);
        size_t at = str_find(fresh, '\n');
        l->line = l->searched + at;
        if (at < fresh.len)
            return l->line > l->line_max ? LINE_LONG : LINE_WHOLE;
        l->searched = rest.len;
        if (!more(l))
            break;
    }
    if (w->state == PULL_FAILED)
        return LINE_FAILED;
    return w->state == PULL_OK || l->line > l->line_max ? LINE_LONG : LINE_WHOLE;
}

enum look {
    LOOK_ROW,
    LOOK_NEW_KEY, /* it has one more than are known */
    LOOK_TWICE,   /* it has a key twice */
    LOOK_BAD
};

/* What `value` has to end with, and does: else says what is wrong. */
static bool line_ends(struct json_lines *l, enum json_event e, struct str line, struct str rest)
{
    if (e == JSON_RECORD && json_blank(rest))
        return true;
    bool last = l->window->state == PULL_END && line.len == window_rest(l->window).len;
    if (e == JSON_MORE && last)
        return fail_cut(l);
    if (e == JSON_BAD)
        return fail_json(l, line.len - rest.len);
    const char *problem = e == JSON_MORE ? "the line ends inside its record"
                                         : "something stands behind the object on its line";
    return fail(l, ERR_CORRUPT, 360, problem, line.len - rest.len);
}

/* Where the values of a line stand; keys are only added when `adding`. */
static enum look look_at(struct json_lines *l, struct str line, bool adding)
{
    struct str rest = line;
    enum look found = LOOK_ROW;
    enum json_event e = JSON_KEY;
    l->record++;
    l->guess = 0;
    json_open(&l->json);
    while (e == JSON_KEY || e == JSON_VALUE) {
        e = json_step(&l->json, &rest, NULL);
        if (e != JSON_KEY)
            continue;
        struct str name = column_name(l->json.key);
        size_t key = find_key(l, name);
        if (key == NO_KEY && adding && !add_key(l, name, &key))
            return LOOK_BAD;
        if (key == NO_KEY)
            return LOOK_NEW_KEY;
        if (l->cells[key].record == l->record)
            found = LOOK_TWICE;
        l->cells[key].record = l->record;
        l->cells[key].begin = line.len - rest.len;
    }
    return line_ends(l, e, line, rest) ? found : LOOK_BAD;
}

static struct str line_at(const struct json_lines *l)
{
    return str_slice(window_rest(l->window), 0, l->line);
}

/* Behind the line, its line feed included. */
static void pass_line(struct json_lines *l)
{
    struct window *w = l->window;
    bool feed = l->line < window_rest(w).len;
    window_skip_lines(w, l->line + feed, feed);
}

/* Those of the lines in view: most runs have their last column then. */
static void look_ahead(struct json_lines *l)
{
    struct str rest = str_slice(window_rest(l->window), l->line, JSON_LINES_AHEAD);
    struct err before = l->why;
    enum look found = LOOK_ROW;
    while (found == LOOK_ROW && rest.len > 1) {
        rest = str_slice(rest, 1, rest.len);
        size_t line = str_find(rest, '\n');
        if (line == rest.len)
            break;
        if (!json_blank(str_slice(rest, 0, line)))
            found = look_at(l, str_slice(rest, 0, line), true);
        rest = str_slice(rest, line, rest.len);
    }
    l->why = before;
}

/* ---- rows ---- */

/* Takes the next line as a row of the run; else the run is over. */
static bool begin_row(struct json_lines *l)
{
    if (find_line(l) != LINE_WHOLE || look_at(l, line_at(l), false) != LOOK_ROW)
        return false;
    l->emitting = true;
    l->begun = false;
    l->position = 0;
    return true;
}

static void end_row(struct json_lines *l)
{
    copy_text_end(&l->out);
    pass_line(l);
    l->emitting = false;
}

/* One step of the row: at most a field's text, or what there is room for. */
static void write_field(struct json_lines *l)
{
    const struct json_cell *cell = &l->cells[l->position];
    if (!l->begun) {
        copy_text_field(&l->out);
        if (cell->record != l->record) {
            copy_text_null(&l->out);
            l->position++;
            return;
        }
        json_value_open(&l->json);
        l->taken = cell->begin;
        l->begun = true;
    }
    struct str rest = str_slice(line_at(l), l->taken, l->line);
    if (json_step(&l->json, &rest, &l->out) == JSON_VALUE) {
        l->begun = false;
        l->position++;
    }
    l->taken = l->line - rest.len;
}

static void write_rows(struct json_lines *l)
{
    while (!l->over && copy_text_room(&l->out) >= JSON_STEP) {
        if (!l->emitting && !begin_row(l))
            l->over = true;
        else if (l->position < l->columns)
            write_field(l);
        else
            end_row(l);
    }
}

/* ---- cells ---- */

enum view { VIEW_BYTES, VIEW_LINE_END, VIEW_FAILED };

/* More of the line that is passed over as it comes. */
static enum view view_line(struct json_lines *l, struct str *bytes)
{
    struct window *w = l->window;
    if (window_rest(w).len == 0 && !window_more(w, &l->why))
        return w->state == PULL_FAILED ? VIEW_FAILED : VIEW_LINE_END;
    struct str rest = window_rest(w);
    *bytes = str_slice(rest, 0, str_find(rest, '\n'));
    return bytes->len ? VIEW_BYTES : VIEW_LINE_END;
}

/* Reads on up to something that matters: JSON_MORE is no such thing. JSON_BAD: it failed. */
static enum json_event step_line(struct json_lines *l, struct copy_text *out)
{
    struct window *w = l->window;
    for (;;) {
        struct str bytes;
        enum view view = view_line(l, &bytes);
        if (view == VIEW_LINE_END && w->state == PULL_END && window_rest(w).len == 0)
            return fail_cut(l), JSON_BAD;
        if (view == VIEW_LINE_END)
            (void)fail(l, ERR_CORRUPT, 360, "the line ends inside its record", 0);
        if (view != VIEW_BYTES)
            return JSON_BAD;
        size_t before = bytes.len;
        enum json_event e = json_step(&l->json, &bytes, out);
        window_skip_lines(w, before - bytes.len, 0);
        if (e == JSON_BAD)
            (void)fail_json(l, 0);
        if (e != JSON_MORE)
            return e;
    }
}

static void write_cell(struct json_lines *l)
{
    if (!l->begun)
        copy_text_field(&l->out);
    l->begun = true;
    while (!l->over && copy_text_room(&l->out) >= JSON_STEP) {
        enum json_event e = step_line(l, &l->out);
        if (e == JSON_VALUE)
            copy_text_end(&l->out);
        l->over = e == JSON_VALUE || e == JSON_BAD;
    }
}

/* Behind the record: its line must end. */
static enum json_lines_next end_apart(struct json_lines *l)
{
    struct str bytes;
    enum view view;
    while ((view = view_line(l, &bytes)) == VIEW_BYTES) {
        size_t blanks = 0;
        while (blanks < bytes.len && json_is_blank(bytes.at[blanks]))
            blanks++;
        window_skip_lines(l->window, blanks, 0);
        if (blanks < bytes.len) {
            (void)fail(l, ERR_CORRUPT, 360, "something stands behind the object on its line", 0);
            return JSON_LINES_FAILED;
        }
    }
    if (view == VIEW_FAILED)
        return JSON_LINES_FAILED;
    l->apart_records++;
    return JSON_LINES_APART;
}

static enum json_lines_next next_cell(struct json_lines *l)
{
    enum json_event e = step_line(l, NULL);
    if (e == JSON_RECORD)
        return end_apart(l);
    if (e != JSON_KEY)
        return JSON_LINES_FAILED;
    struct str name = column_name(l->json.key);
    l->cell = find_key(l, name);
    if (l->cell == NO_KEY && !add_key(l, name, &l->cell))
        return JSON_LINES_FAILED;
    l->apart[l->cell] += l->cells[l->cell].record != l->record;
    l->cells[l->cell].record = l->record;
    return JSON_LINES_CELL;
}

/* ---- the source ---- */

static size_t write_text(void *context, unsigned char *into, size_t room)
{
    struct json_lines *l = context;
    copy_text_open(&l->out, into, room);
    if (l->now == JSON_LINES_CELL)
        write_cell(l);
    else
        write_rows(l);
    return l->out.len;
}

static enum pull lines_read(struct source *source, unsigned char *into, size_t room, size_t *got,
                            struct err *err)
{
    struct json_lines *l = (struct json_lines *)source;
    *got = copy_text_give(&l->spare, write_text, l, into, room);
    if (*got > 0)
        return PULL_OK;
    if (!err_is(&l->why))
        return PULL_END;
    if (!err_is(err))
        *err = l->why;
    return PULL_FAILED;
}

static void lines_close(struct source *source)
{
    (void)source;
}

void json_lines_open(struct json_lines *l, struct window *w, struct arena *arena)
{
    static const struct source_ops ops = {.read = lines_read, .close = lines_close};
    memset(l, 0, sizeof *l);
    l->source.ops = &ops;
    l->window = w;
    l->arena = arena;
    l->line_max = SIZE_MAX;
    l->now = JSON_LINES_APART;
    l->keys = ARENA_ARRAY(arena, JSON_LINES_KEYS, struct str);
    l->apart = ARENA_ARRAY(arena, JSON_LINES_KEYS, uint64_t);
    l->cells = ARENA_ARRAY(arena, JSON_LINES_KEYS, struct json_cell);
}

/* What the source still has is passed over. */
static bool drain(struct json_lines *l, struct err *err)
{
    unsigned char dropped[4096];
    size_t got = 0;
    enum pull p = PULL_OK;
    while (p == PULL_OK && (l->now == JSON_LINES_ROWS || l->now == JSON_LINES_CELL))
        p = lines_read(&l->source, dropped, sizeof dropped, &got, err);
    return p != PULL_FAILED;
}

/* At a line, or the end. */
static enum json_lines_next next_line(struct json_lines *l)
{
    enum line line = find_line(l);
    enum look look = LOOK_TWICE;
    if (line == LINE_NONE)
        return JSON_LINES_END;
    if (line == LINE_FAILED)
        return JSON_LINES_FAILED;
    if (line == LINE_WHOLE)
        look = look_at(l, line_at(l), true);
    if (look == LOOK_BAD)
        return JSON_LINES_FAILED;
    if (look == LOOK_ROW) {
        look_ahead(l);
        l->columns = l->key_count;
        return JSON_LINES_ROWS;
    }
    json_open(&l->json);
    l->record++;
    l->guess = 0;
    return next_cell(l);
}

enum json_lines_next json_lines_next(struct json_lines *l, struct err *err)
{
    if (l->now == JSON_LINES_FAILED || l->now == JSON_LINES_END || !drain(l, err)) {
        l->now = l->now == JSON_LINES_END ? JSON_LINES_END : JSON_LINES_FAILED;
    } else {
        l->now = l->now == JSON_LINES_CELL ? next_cell(l) : next_line(l);
        l->over = l->emitting = l->begun = l->out.inside = false;
    }
    if (l->now == JSON_LINES_FAILED && !err_is(err))
        *err = l->why;
    return l->now;
}

/* ---- what it is ---- */

/* Is the line one array, or the begin of one that is longer than what is in view? */
static bool is_array(struct str line, bool cut)
{
    struct json j;
    struct str colon = STR(":");
    json_value_open(&j);
    (void)json_step(&j, &colon, NULL);
    enum json_event e = json_step(&j, &line, NULL);
    return (e == JSON_VALUE && json_blank(line)) || (e == JSON_MORE && cut);
}

enum json_shape json_shape(struct str head)
{
    struct json j;
    struct str line = str_slice(head, 0, str_find(head, '\n'));
    struct str rest = line;
    if (head.len == 0 || (head.at[0] != '{' && head.at[0] != '['))
        return JSON_NONE;
    if (head.at[0] == '{') {
        json_open(&j);
        enum json_event e = json_step(&j, &rest, NULL);
        while (e == JSON_KEY || e == JSON_VALUE)
            e = json_step(&j, &rest, NULL);
        struct str end = str_trim(line);
        if (e == JSON_RECORD) { /* or the first field of a table */
            bool field = rest.len && !json_blank(rest) && strchr(",;|\t", rest.at[0]);
            return field ? JSON_NONE : JSON_LINES;
        }
        if (e == JSON_MORE && line.len == head.len)
            return JSON_LINES;
        if (e == JSON_BAD && j.key.len && end.at[end.len - 1] == '}')
            return JSON_LINES;
    }
    if (head.at[0] == '[' && is_array(line, line.len == head.len))
        return JSON_DOCUMENT;
    struct str next = str_trim(str_slice(head, 1, head.len));
    bool begins = next.len == 0 || strchr(head.at[0] == '{' ? "\"}" : "{[]\"", next.at[0]);
    struct str trimmed = str_trim(line);
    return begins && strchr("{}[],", trimmed.at[trimmed.len - 1]) ? JSON_DOCUMENT : JSON_NONE;
}
