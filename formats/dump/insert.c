/* insert: one step at a time, as long as there is room for what a step may write. */
#include "formats/dump/insert_parts.h"

/* ---- bytes ---- */

bool insert_cut_off(struct insert_rows *s)
{
    err_set(&s->why, ERR_INCOMPLETE, 310, "the script ends inside a statement");
    window_place(s->window, s->how.offset, s->how.line, &s->why);
    err_hint(&s->why, "the dump was cut off, or its last statement lacks its semicolon");
    return false;
}

bool insert_word_ahead(struct insert_rows *s, const char *word)
{
    size_t n = 0;
    for (; word[n]; n++) {
        int c = insert_look(s, n);
        if (c == INSERT_NO_BYTE || ascii_lower((unsigned char)c) != (unsigned char)word[n])
            return false;
    }
    return !insert_is_word(insert_look(s, n));
}

static void pass_line(struct insert_rows *s)
{
    while (insert_look(s, 0) != INSERT_NO_BYTE) {
        struct str rest = window_rest(s->window);
        size_t line = str_find(rest, '\n');
        window_skip(s->window, line);
        if (line < rest.len)
            return;
    }
}

/* Comments of this kind nest in PostgreSQL alone. */
static void pass_block(struct insert_rows *s)
{
    uint64_t depth = 0;
    bool nests = !s->how.mysql && !s->how.sqlite;
    do {
        int first = insert_look(s, 0);
        int second = insert_look(s, 1);
        if (second == INSERT_NO_BYTE)
            return; /* what follows finds the end of the stream too */
        bool opens = first == '/' && second == '*' && (nests || depth == 0);
        bool closes = first == '*' && second == '/';
        insert_pass(s);
        if (opens || closes)
            insert_pass(s);
        depth = depth + opens - closes;
    } while (depth > 0);
}

static bool line_comment_ahead(struct insert_rows *s, int c)
{
    if (s->how.mysql && c == '#')
        return true;
    if (c != '-' || insert_look(s, 1) != '-')
        return false;
    return !s->how.mysql || insert_look(s, 2) <= ' ';
}

/* MySQL executes what stands in some: those are none. */
static bool block_ahead(struct insert_rows *s, int c)
{
    if (c != '/' || insert_look(s, 1) != '*')
        return false;
    int third = s->how.mysql ? insert_look(s, 2) : INSERT_NO_BYTE;
    return third != '!' && !(third == 'M' && insert_look(s, 3) == '!');
}

bool insert_comment_ahead(struct insert_rows *s, int c)
{
    return line_comment_ahead(s, c) || block_ahead(s, c);
}

int insert_pass_blank(struct insert_rows *s, bool *line_feed)
{
    for (;;) {
        int c = insert_look(s, 0);
        if (line_comment_ahead(s, c)) {
            pass_line(s);
        } else if (block_ahead(s, c)) {
            pass_block(s);
        } else if (c == INSERT_NO_BYTE || (c != 0 && !ascii_space((unsigned char)c))) {
            return c;
        } else {
            *line_feed = *line_feed || c == '\n';
            insert_pass(s);
        }
    }
}

/* ---- rows ---- */

static bool at_row(struct insert_rows *s)
{
    bool unused = false;
    if (s->how.defaults) {
        copy_text_end(&s->out);
        s->state = INSERT_BEHIND_ROW;
        return true;
    }
    int c = insert_pass_blank(s, &unused);
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    if (c != '(') {
        s->end = INSERT_TAIL;
        return true;
    }
    insert_pass(s);
    s->position = 0;
    s->state = INSERT_AT_VALUE;
    return true;
}

enum letters { SAME_CASE, ANY_CASE };

/* Are the bytes ahead these? */
static bool bytes_ahead(struct insert_rows *s, size_t at, struct str bytes, enum letters letters)
{
    struct window *w = s->window;
    for (size_t seen = 0; seen < bytes.len;) {
        if (insert_look(s, at + seen) == INSERT_NO_BYTE)
            return false;
        struct str rest = str_slice(window_rest(w), at + seen, at + bytes.len);
        struct str want = str_slice(bytes, seen, seen + rest.len);
        if (letters == ANY_CASE ? !str_eq_nocase(rest, want) : !str_eq(rest, want))
            return false;
        seen += rest.len;
    }
    return true;
}

/* Behind a semicolon: does a statement follow that begins like this one? Else nothing is passed. */
static bool goes_on(struct insert_rows *s)
{
    struct window *w = s->window;
    const struct insert_statement *how = &s->how;
    int c = insert_look(s, 0);
    while (how->head.len && c != INSERT_NO_BYTE && ascii_space((unsigned char)c)) {
        insert_pass(s);
        c = insert_look(s, 0);
    }
    if (!how->head.len || !bytes_ahead(s, 0, how->word, ANY_CASE) ||
        !bytes_ahead(s, how->word.len, how->head, SAME_CASE))
        return false;
    s->how.offset = w->offset;
    s->how.line = w->line;
    window_skip(w, how->word.len + how->head.len);
    return true;
}

/* ON CONFLICT DO NOTHING, as pg_dump writes it: all of it, or nothing is passed. */
static void pass_do_nothing(struct insert_rows *s)
{
    struct str text = STR("on conflict do nothing");
    if (!bytes_ahead(s, 0, text, ANY_CASE))
        return;
    int behind = insert_look(s, text.len);
    if (behind == ';' || (behind != INSERT_NO_BYTE && ascii_space((unsigned char)behind)))
        window_skip(s->window, text.len);
}

static bool behind_row(struct insert_rows *s)
{
    bool unused = false;
    int c = insert_pass_blank(s, &unused);
    if ((c == 'o' || c == 'O') && !s->how.mysql) {
        pass_do_nothing(s);
        c = insert_pass_blank(s, &unused);
    }
    if (c == INSERT_NO_BYTE)
        return insert_cut_off(s);
    if (c != ',' && c != ';') {
        s->end = INSERT_TAIL;
        return true;
    }
    insert_pass(s);
    s->state = INSERT_AT_ROW;
    if (c == ',')
        return true;
    s->statements++;
    if (!goes_on(s))
        s->end = INSERT_WHOLE;
    return s->window->state != PULL_FAILED || !err_is(&s->why);
}

/* ---- the source ---- */

static bool step(struct insert_rows *s)
{
    switch (s->state) {
    case INSERT_AT_ROW:
        return at_row(s);
    case INSERT_AT_VALUE:
        return insert_value(s);
    case INSERT_IN_STRING:
        return insert_string(s);
    case INSERT_IN_DOLLAR:
        return insert_dollar(s);
    case INSERT_IN_BITS:
        return insert_bits(s);
    case INSERT_IN_HEX:
        return insert_hex(s);
    case INSERT_IN_REPLACED:
        return insert_replaced(s);
    case INSERT_IN_NUMBER:
        return insert_number(s);
    case INSERT_IN_EXPRESSION:
        return insert_expression(s);
    case INSERT_BEHIND_VALUE:
        return insert_behind_value(s);
    case INSERT_BEHIND_ROW:
        break;
    }
    return behind_row(s);
}

static size_t run(struct insert_rows *s, unsigned char *into, size_t room)
{
    copy_text_open(&s->out, into, room);
    while (s->end == INSERT_GOES_ON && copy_text_room(&s->out) >= INSERT_STEP)
        if (!step(s))
            s->end = INSERT_FAILED;
    return s->out.len;
}

static enum pull insert_read(struct source *source, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct insert_rows *s = (struct insert_rows *)source;
    *got = 0;
    if (s->spare_begin == s->spare_end && room >= sizeof s->spare) {
        *got = run(s, into, room);
    } else {
        if (s->spare_begin == s->spare_end) {
            s->spare_begin = 0;
            s->spare_end = run(s, s->spare, sizeof s->spare);
        }
        size_t left = s->spare_end - s->spare_begin;
        *got = left < room ? left : room;
        memcpy(into, s->spare + s->spare_begin, *got);
        s->spare_begin += *got;
    }
    if (*got > 0)
        return PULL_OK;
    if (s->end != INSERT_FAILED)
        return PULL_END;
    if (!err_is(err))
        *err = s->why;
    return PULL_FAILED;
}

static void insert_close(struct source *source)
{
    (void)source;
}

void insert_open(struct insert_rows *s, struct window *w, const struct insert_statement *how)
{
    static const struct source_ops ops = {.read = insert_read, .close = insert_close};
    memset(s, 0, sizeof *s);
    s->source.ops = &ops;
    s->window = w;
    s->how = *how;
}

void insert_leave_out(struct insert_rows *s, const bool *left_out, size_t count)
{
    s->left_out = left_out;
    s->left_out_count = count;
}

bool insert_drain(struct insert_rows *s, struct err *err)
{
    unsigned char dropped[4096];
    size_t got = 0;
    enum pull p = PULL_OK;
    while (p == PULL_OK)
        p = source_read(&s->source, dropped, sizeof dropped, &got, err);
    return p == PULL_END;
}
