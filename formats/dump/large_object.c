/* large_object: two fixed texts and, between them, hexadecimal digits in runs. */
#include "formats/dump/large_object.h"

enum { OBJECT_VIEW = 256 }; /* the statements up to their value, with what may stand between */

static const char SELECT_WRITE[] = "SELECT pg_catalog.lowrite(0, '";
static const char SELECT_CLOSE[] = "SELECT pg_catalog.lo_close(0);";

/* Brings that many bytes into view, or all that are left. */
static struct str view(struct window *w, size_t most, struct err *err)
{
    while (window_rest(w).len < most && window_more(w, err))
        ;
    return str_slice(window_rest(w), 0, most);
}

/* ---- is it one ---- */

static bool take(struct str *s, const char *text)
{
    struct str t = str_from(text);
    if (!str_starts(*s, t))
        return false;
    *s = str_slice(*s, t.len, s->len);
    return true;
}

static bool take_digits(struct str *s)
{
    size_t n = 0;
    while (n < s->len && ascii_digit(s->at[n]))
        n++;
    *s = str_slice(*s, n, s->len);
    return n > 0;
}

/* How a value begins: its escape is the server's, so the string's own are doubled. */
static bool take_value(struct str *s, bool backslashes)
{
    return take(s, SELECT_WRITE) && take(s, backslashes ? "\\\\x" : "\\x");
}

static struct str without_space(struct str s)
{
    size_t n = 0;
    while (n < s.len && ascii_space(s.at[n]))
        n++;
    return str_slice(s, n, s.len);
}

bool large_object_ahead(struct window *w, bool backslashes, size_t *length, struct err *err)
{
    static const char begin[] = " pg_catalog.lo_open('";
    if (!str_eq(view(w, sizeof begin - 1, err), str_from(begin)))
        return false;
    struct str all = view(w, OBJECT_VIEW, err);
    struct str rest = all;
    if (!take(&rest, begin) || !take_digits(&rest) || !take(&rest, "', 131072);"))
        return false;
    *length = all.len - rest.len;
    rest = without_space(rest);
    return !err_is(err) && (take(&rest, SELECT_CLOSE) || take_value(&rest, backslashes));
}

/* ---- its bytes ---- */

static bool cut_off(struct large_object *o)
{
    err_set(&o->why, ERR_INCOMPLETE, 310, "the script ends inside a large object");
    window_place(o->window, o->offset, o->line, &o->why);
    err_hint(&o->why, "the dump was cut off; make it again and compare sizes");
    o->end = LARGE_OBJECT_FAILED;
    return false;
}

/* At the first byte of a statement: the next value, the end, or something else. */
static bool next_statement(struct large_object *o)
{
    struct window *w = o->window;
    struct str rest = view(w, 1, &o->why);
    while (rest.len && ascii_space(rest.at[0])) {
        window_skip(w, 1);
        rest = view(w, 1, &o->why);
    }
    rest = view(w, sizeof SELECT_WRITE + 4, &o->why);
    if (w->state == PULL_FAILED || rest.len == 0)
        return cut_off(o);
    struct str behind = rest;
    o->in_value = take_value(&behind, o->backslashes);
    if (!o->in_value)
        o->end = take(&behind, SELECT_CLOSE) ? LARGE_OBJECT_WHOLE : LARGE_OBJECT_OTHER;
    if (o->end != LARGE_OBJECT_OTHER)
        window_skip(w, rest.len - behind.len);
    return true;
}

/* Goes behind the quote that ends the string; the server would not take it for bytes either. */
static bool pass_string(struct large_object *o)
{
    struct window *w = o->window;
    for (;;) {
        struct str two = view(w, 2, &o->why);
        if (two.len == 0)
            return cut_off(o);
        bool quote = two.at[0] == '\'';
        bool doubled =
            two.len == 2 && ((quote && two.at[1] == '\'') || (o->backslashes && two.at[0] == '\\'));
        window_skip(w, doubled ? 2 : 1);
        if (quote && !doubled)
            return true;
    }
}

/* Behind the last digit of a value. */
static bool end_value(struct large_object *o)
{
    struct window *w = o->window;
    struct str rest = view(w, 3, &o->why);
    o->in_value = false;
    if (str_eq(rest, STR("');"))) {
        window_skip(w, 3);
        return true;
    }
    if (rest.len == 0)
        return cut_off(o);
    o->end = LARGE_OBJECT_INSIDE;
    return pass_string(o);
}

/* As many bytes as there are digits and room for. */
static size_t put_bytes(struct large_object *o, unsigned char *into, size_t room)
{
    struct str digits = window_rest(o->window);
    size_t n = 0;
    while (n < room && 2 * n + 1 < digits.len) {
        int high = ascii_hex(digits.at[2 * n]);
        int low = ascii_hex(digits.at[2 * n + 1]);
        if (high < 0 || low < 0)
            break;
        into[n++] = (unsigned char)(high << 4 | low);
    }
    window_skip_lines(o->window, 2 * n, 0);
    return n;
}

static enum pull object_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct large_object *o = (struct large_object *)base;
    *got = 0;
    while (*got < room && o->end == LARGE_OBJECT_GOES_ON) {
        if (!o->in_value) {
            (void)next_statement(o);
            continue;
        }
        (void)view(o->window, 2, &o->why);
        size_t n = put_bytes(o, into + *got, room - *got);
        *got += n;
        if (n == 0)
            (void)end_value(o);
    }
    if (*got > 0)
        return PULL_OK;
    if (o->end != LARGE_OBJECT_FAILED)
        return PULL_END;
    if (!err_is(err))
        *err = o->why;
    return PULL_FAILED;
}

static void object_close(struct source *base)
{
    (void)base;
}

void large_object_open(struct large_object *o, struct window *w, bool backslashes, uint64_t offset,
                       uint64_t line)
{
    static const struct source_ops ops = {.read = object_read, .close = object_close};
    *o = (struct large_object){
        .source = {&ops}, .offset = offset, .line = line, .window = w, .backslashes = backslashes};
}

bool large_object_drain(struct large_object *o, struct err *err)
{
    unsigned char dropped[4096];
    size_t got = 0;
    enum pull p = PULL_OK;
    while (p == PULL_OK)
        p = source_read(&o->source, dropped, sizeof dropped, &got, err);
    return p == PULL_END;
}
