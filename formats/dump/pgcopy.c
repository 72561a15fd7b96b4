/* pgcopy: header, tuples, end mark. */
#include "formats/dump/pgcopy.h"

enum {
    FLAGS_CRITICAL = 0x7ffe0000, /* bits 17 to 30 mean a format that is not known here */
    FLAG_OIDS = 1 << 16,
    EXTENSION_MAX = 1024 * 1024
};
static const size_t SIGNATURE_LEN = 11;

static uint32_t big_endian_32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* ---- errors ---- */

static bool fail(struct pgcopy *c, int id, const char *what)
{
    c->verdict = PULL_FAILED;
    err_set(&c->why, id == 358 ? ERR_INCOMPLETE : ERR_CORRUPT, id, "%s", what);
    err_hint(&c->why, id == 359 ? "export the table with COPY ... TO in text or CSV format"
                                : "copy the file again, or make it again with COPY ... TO");
    window_place(c->window, c->window->offset, c->window->line, &c->why);
    return false;
}

/* Brings n bytes into view. */
static bool want(struct pgcopy *c, size_t n)
{
    while (window_rest(c->window).len < n) {
        if (window_more(c->window, &c->why))
            continue;
        if (c->window->state == PULL_FAILED) {
            c->verdict = PULL_FAILED;
            return false;
        }
        return fail(c, 358, "the binary COPY file ends before its end mark");
    }
    return true;
}

static void use(struct pgcopy *c, size_t n)
{
    window_skip_lines(c->window, n, 0);
}

/* ---- tuples ---- */

static bool end_mark(struct pgcopy *c)
{
    use(c, 2);
    if (window_rest(c->window).len > 0 || window_more(c->window, &c->why))
        return fail(c, 357, "bytes follow the end mark of the binary COPY file");
    c->verdict = c->window->state;
    return false;
}

static bool at_tuple(struct pgcopy *c)
{
    if (!want(c, 2))
        return false;
    const unsigned char *at = window_rest(c->window).at;
    unsigned count = (unsigned)at[0] << 8 | at[1];
    if (count == 0xffff)
        return end_mark(c);
    if (count > INT16_MAX)
        return fail(c, 357, "a tuple of the binary COPY file has fewer than no fields");
    use(c, 2);
    c->fields = count + c->has_oids; /* the oid is a field that is not counted */
    c->state = PGCOPY_AT_FIELD;
    return true;
}

static bool at_field(struct pgcopy *c)
{
    if (c->fields == 0) {
        copy_text_end(&c->out);
        c->state = PGCOPY_AT_TUPLE;
        return true;
    }
    if (!want(c, 4))
        return false;
    uint32_t length = big_endian_32(window_rest(c->window).at);
    bool null = length == UINT32_MAX;
    if (!null && length > PGCOPY_VALUE_MAX)
        return fail(c, 357, "a value of the binary COPY file is longer than any can be");
    use(c, 4);
    c->fields--;
    copy_text_field(&c->out);
    if (null) {
        copy_text_null(&c->out);
        return true;
    }
    c->bytes = length;
    c->state = PGCOPY_IN_VALUE;
    return true;
}

static bool in_value(struct pgcopy *c)
{
    if (c->bytes == 0) {
        c->state = PGCOPY_AT_FIELD;
        return true;
    }
    if (!want(c, 1))
        return false;
    size_t taken = copy_text_put(&c->out, str_slice(window_rest(c->window), 0, c->bytes));
    use(c, taken);
    c->bytes -= (uint32_t)taken;
    return true;
}

static bool step(struct pgcopy *c)
{
    switch (c->state) {
    case PGCOPY_AT_TUPLE:
        return at_tuple(c);
    case PGCOPY_AT_FIELD:
        return at_field(c);
    case PGCOPY_IN_VALUE:
        break;
    }
    return in_value(c);
}

static void write_text(struct pgcopy *c, unsigned char *into, size_t room)
{
    copy_text_open(&c->out, into, room);
    while (c->verdict == PULL_OK && copy_text_room(&c->out) >= COPY_TEXT_STEP)
        if (!step(c))
            break;
}

static enum pull pgcopy_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct pgcopy *c = (struct pgcopy *)base;
    bool direct = c->spare_begin == c->spare_end && room >= sizeof c->spare;
    *got = 0;
    if (direct) {
        write_text(c, into, room);
        *got = c->out.len;
    } else {
        if (c->spare_begin == c->spare_end) {
            write_text(c, c->spare, sizeof c->spare);
            c->spare_begin = 0;
            c->spare_end = c->out.len;
        }
        size_t left = c->spare_end - c->spare_begin;
        *got = left < room ? left : room;
        memcpy(into, c->spare + c->spare_begin, *got);
        c->spare_begin += *got;
    }
    if (*got > 0)
        return PULL_OK;
    if (c->verdict == PULL_FAILED && !err_is(err))
        *err = c->why;
    return c->verdict;
}

static void pgcopy_stays(struct source *base)
{
    (void)base; /* it has nothing to free */
}

/* ---- the header ---- */

static bool header(struct pgcopy *c)
{
    if (!want(c, SIGNATURE_LEN + 8))
        return false;
    const unsigned char *at = window_rest(c->window).at;
    uint32_t flags = big_endian_32(at + SIGNATURE_LEN);
    uint32_t extension = big_endian_32(at + SIGNATURE_LEN + 4);
    if (!str_starts(window_rest(c->window), STR("PGCOPY\n\377\r\n\0")))
        return fail(c, 357, "the file does not begin as a binary COPY file does");
    if (flags & (FLAGS_CRITICAL | UINT32_C(0x80000000)))
        return fail(c, 359, "the binary COPY file is of a later format");
    if (extension > EXTENSION_MAX)
        return fail(c, 357, "the header of the binary COPY file is longer than any can be");
    c->has_oids = (flags & FLAG_OIDS) != 0;
    use(c, SIGNATURE_LEN + 8);
    while (extension > 0) {
        if (!want(c, 1))
            return false;
        size_t n = window_rest(c->window).len;
        n = n < extension ? n : extension;
        use(c, n);
        extension -= (uint32_t)n;
    }
    return true;
}

bool pgcopy_open(struct pgcopy *c, struct window *w, struct err *err)
{
    static const struct source_ops ops = {.read = pgcopy_read, .close = pgcopy_stays};
    *c = (struct pgcopy){.source = {&ops}, .window = w};
    bool done = header(c) && want(c, 2);
    if (!done && !err_is(err))
        *err = c->why;
    if (!done)
        return false;
    const unsigned char *at = window_rest(w).at;
    unsigned count = (unsigned)at[0] << 8 | at[1];
    c->columns = count > INT16_MAX ? 0 : count + c->has_oids;
    return true;
}
