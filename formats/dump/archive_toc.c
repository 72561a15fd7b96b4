/* archive_toc: numbers and strings of the table of contents. */
#include "formats/dump/archive_toc.h"

#include <inttypes.h>

enum {
    INT_MOST = 8,    /* bytes of a number that is believed; pg_dump writes 4 */
    OFFSET_MOST = 8, /* the same of an offset; 8, or 4 on old machines */
    KEEP_FIRST = 4096
};

/* ReadOffset */
enum { OFFSET_NOT_SET = 1, OFFSET_SET = 2, OFFSET_NO_DATA = 3 };

bool archive_damaged(const struct window *w, uint64_t offset, const char *what, struct err *err)
{
    err_set(err, ERR_CORRUPT, 381, "the archive is damaged at byte %" PRIu64 ": %s", offset, what);
    err_place(err, "%s", w->name ? w->name : "");
    err_hint(err, "copy the file again, or make the dump again");
    return false;
}

static bool cut_off(const struct window *w, struct err *err)
{
    err_set(err, ERR_INCOMPLETE, 380, "the archive is cut off at byte %" PRIu64,
            w->offset + window_rest(w).len);
    err_place(err, "%s", w->name ? w->name : "");
    err_hint(err, "make the dump again, and look at the exit code of pg_dump");
    return false;
}

/* ---- numbers and strings ---- */

bool archive_need(struct window *w, size_t n, struct err *err)
{
    while (window_rest(w).len < n)
        if (!window_more(w, err))
            return w->state == PULL_FAILED ? false : cut_off(w, err);
    return true;
}

bool archive_byte(struct window *w, unsigned *value, struct err *err)
{
    if (!archive_need(w, 1, err))
        return false;
    *value = window_rest(w).at[0];
    window_skip_lines(w, 1, 0);
    return true;
}

bool archive_int(struct window *w, unsigned int_size, int64_t *value, struct err *err)
{
    if (!archive_need(w, 1 + (size_t)int_size, err))
        return false;
    struct str bytes = str_slice(window_rest(w), 0, 1 + (size_t)int_size);
    uint64_t magnitude = little_endian(bytes.at + 1, int_size);
    if (bytes.at[0] > 1 || magnitude > UINT32_MAX)
        return archive_damaged(w, w->offset, "a number that pg_dump does not write", err);
    *value = bytes.at[0] ? -(int64_t)magnitude : (int64_t)magnitude;
    window_skip_lines(w, bytes.len, 0);
    return true;
}

static bool read_int(struct archive_toc *t, int64_t *value, struct err *err)
{
    return archive_int(t->window, t->header.int_size, value, err);
}

/* The length of a string; -1: there is none (NULL). */
static bool read_length(struct archive_toc *t, int64_t *len, struct err *err)
{
    uint64_t at = t->window->offset;
    if (!read_int(t, len, err))
        return false;
    if (*len < -1 || *len > INT32_MAX)
        return archive_damaged(t->window, at, "a length that no string has", err);
    return true;
}

static bool skip_string(struct archive_toc *t, bool *null, struct err *err)
{
    int64_t len = 0;
    if (!read_length(t, &len, err))
        return false;
    *null = len < 0;
    while (len > 0) {
        if (!archive_need(t->window, 1, err))
            return false;
        size_t have = window_rest(t->window).len;
        size_t n = (uint64_t)len < have ? (size_t)len : have;
        window_skip_lines(t->window, n, 0);
        len -= (int64_t)n;
    }
    return true;
}

/* Copies it as its bytes come: a wrong length costs no memory. NULL reads as ''. */
static bool read_string(struct archive_toc *t, struct arena *arena, size_t most, struct str *text,
                        struct err *err)
{
    struct window *w = t->window;
    int64_t len = 0;
    uint64_t at = w->offset;
    *text = STR("");
    if (!read_length(t, &len, err))
        return false;
    if (len > (int64_t)most)
        return archive_damaged(w, at, "a text that is longer than any", err);
    unsigned char *bytes = NULL;
    size_t room = 0;
    size_t have = 0;
    while ((int64_t)have < len) {
        if (!archive_need(w, 1, err))
            return false;
        struct str rest = str_slice(window_rest(w), 0, (size_t)len - have);
        if (!bytes || have + rest.len > room) {
            room = have + rest.len == (size_t)len ? (size_t)len : 2 * (have + rest.len);
            unsigned char *wider = arena_alloc(arena, room);
            if (have)
                memcpy(wider, bytes, have);
            bytes = wider;
        }
        memcpy(bytes + have, rest.at, rest.len);
        have += rest.len;
        window_skip_lines(w, rest.len, 0);
    }
    *text = str_make(bytes, have);
    return true;
}

static bool skip_strings(struct archive_toc *t, unsigned count, struct err *err)
{
    bool null = false;
    for (unsigned i = 0; i < count; i++)
        if (!skip_string(t, &null, err))
            return false;
    return true;
}

static bool read_name(struct archive_toc *t, struct str *name, struct err *err)
{
    return read_string(t, &t->memory, ARCHIVE_NAME_MAX, name, err);
}

/* ---- the header ---- */

static bool read_version(struct archive_toc *t, struct err *err)
{
    struct archive_header *h = &t->header;
    unsigned major = 0;
    window_skip_lines(t->window, 5, 0);
    if (!archive_byte(t->window, &major, err) || !archive_byte(t->window, &h->minor, err) ||
        !archive_byte(t->window, &h->revision, err))
        return false;
    if (major == 1 && h->minor >= ARCHIVE_OLDEST && h->minor <= ARCHIVE_NEWEST)
        return true;
    err_set(err, ERR_CORRUPT, 382,
            "the archive is of version %u.%u; versions 1.%d to 1.%d are read", major, h->minor,
            ARCHIVE_OLDEST, ARCHIVE_NEWEST);
    err_hint(err, "make a plain dump of it with: pg_restore -f dump.sql FILE");
    return false;
}

static bool read_sizes(struct archive_toc *t, struct err *err)
{
    struct archive_header *h = &t->header;
    unsigned format = 0;
    uint64_t at = t->window->offset;
    if (!archive_byte(t->window, &h->int_size, err) ||
        !archive_byte(t->window, &h->offset_size, err) || !archive_byte(t->window, &format, err))
        return false;
    if (h->int_size < 1 || h->int_size > INT_MOST || h->offset_size < 1 ||
        h->offset_size > OFFSET_MOST)
        return archive_damaged(t->window, at, "numbers of a size that no machine has", err);
    if (format != ARCHIVE_CUSTOM && format != ARCHIVE_FILES)
        return archive_damaged(t->window, at + 2, "a format that pg_dump does not write", err);
    h->format = (enum archive_format)format;
    return true;
}

static bool read_compression(struct archive_toc *t, struct err *err)
{
    enum { LEVEL_DEFAULT = -1, LEVEL_MOST = 9 };
    struct archive_header *h = &t->header;
    uint64_t at = t->window->offset;
    int64_t level = 0;
    unsigned algorithm = 0;
    if (h->minor < ARCHIVE_ALGORITHMS) {
        if (!read_int(t, &level, err))
            return false;
        h->compression = level == 0 ? ARCHIVE_NONE : ARCHIVE_ZLIB;
    } else if (!archive_byte(t->window, &algorithm, err)) {
        return false;
    } else {
        h->compression = (enum archive_compression)algorithm;
    }
    if (algorithm > ARCHIVE_ZSTD || level < LEVEL_DEFAULT || level > LEVEL_MOST)
        return archive_damaged(t->window, at, "a compression that pg_dump does not have", err);
    return true;
}

/* struct tm of the local zone, which is not told. */
static bool read_time(struct archive_toc *t, struct err *err)
{
    enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, DAYLIGHT, PARTS };
    int64_t v[PARTS];
    for (size_t i = 0; i < PARTS; i++)
        if (!read_int(t, &v[i], err))
            return false;
    t->header.local_time = UTC_NONE;
    for (size_t i = 0; i < DAYLIGHT; i++)
        if (v[i] < 0 || v[i] > 8099)
            return true;
    struct utc_parts p = {.year = (int)v[YEAR] + 1900,
                          .month = (int)v[MONTH] + 1,
                          .day = (int)v[DAY],
                          .hour = (int)v[HOUR],
                          .minute = (int)v[MINUTE],
                          .second = (int)v[SECOND]};
    if (!utc_from_parts(&p, &t->header.local_time))
        t->header.local_time = UTC_NONE;
    return true;
}

static bool read_origin(struct archive_toc *t, struct err *err)
{
    struct archive_header *h = &t->header;
    struct str *const texts[] = {&h->database, &h->server_version, &h->dump_version};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!read_string(t, &t->header_memory, ARCHIVE_NAME_MAX, texts[i], err))
            return false;
    return true;
}

static bool read_count(struct archive_toc *t, struct err *err)
{
    int64_t count = 0;
    uint64_t at = t->window->offset;
    if (!read_int(t, &count, err))
        return false;
    if (count < 0 || count > INT32_MAX)
        return archive_damaged(t->window, at, "a number of entries that no archive has", err);
    t->header.entries = (uint64_t)count;
    return true;
}

void archive_toc_open(struct archive_toc *t, struct window *w)
{
    *t = (struct archive_toc){.window = w};
    (void)arena_alloc(&t->memory, KEEP_FIRST); /* so that a reset keeps the first block */
    t->start = arena_mark(&t->memory);
}

void archive_toc_close(struct archive_toc *t)
{
    arena_free(&t->header_memory);
    arena_free(&t->memory);
}

bool archive_toc_header(struct archive_toc *t, struct err *err)
{
    if (!archive_need(t->window, 5, err))
        return false;
    if (!str_starts(window_rest(t->window), STR("PGDMP")))
        return archive_damaged(t->window, 0, "it does not begin with PGDMP", err);
    return read_version(t, err) && read_sizes(t, err) && read_compression(t, err) &&
           read_time(t, err) && read_origin(t, err) && read_count(t, err);
}

/* ---- entries ---- */

static bool is_one_of(struct str desc, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(desc, str_from(list[i])))
            return true;
    return false;
}

/* What tells which tables there are, what they refer to, and how strings and names read. */
static bool wants_definition(struct str desc)
{
    static const char *const list[] = {
        "TABLE",         "FOREIGN TABLE", "VIEW",       "MATERIALIZED VIEW", "TABLE ATTACH",
        "FK CONSTRAINT", "ENCODING",      "STDSTRINGS", "SEARCHPATH",        "BLOB METADATA"};
    return is_one_of(desc, list, sizeof list / sizeof list[0]);
}

static bool read_definition(struct archive_toc *t, struct archive_entry *e, struct err *err)
{
    bool null = false;
    return wants_definition(e->desc) ? read_string(t, &t->memory, ARCHIVE_TEXT_MAX, &e->defn, err)
                                     : skip_string(t, &null, err);
}

/* Up to the NULL that ends the list of dependencies. */
static bool skip_dependencies(struct archive_toc *t, struct err *err)
{
    bool null = false;
    while (!null)
        if (!skip_string(t, &null, err))
            return false;
    return true;
}

static bool read_offset(struct archive_toc *t, struct archive_entry *e, struct err *err)
{
    struct window *w = t->window;
    uint64_t at = w->offset;
    unsigned state = 0;
    if (!archive_byte(w, &state, err) || !archive_need(w, t->header.offset_size, err))
        return false;
    e->offset = little_endian(window_rest(w).at, t->header.offset_size);
    window_skip_lines(w, t->header.offset_size, 0);
    e->offset_known = state == OFFSET_SET;
    if (state < OFFSET_NOT_SET || state > OFFSET_NO_DATA)
        return archive_damaged(w, at, "a mark of an offset that pg_dump does not write", err);
    if (e->has_data == (state == OFFSET_NO_DATA))
        return archive_damaged(w, at, "an entry that has data and has none", err);
    return true;
}

static bool read_place(struct archive_toc *t, struct archive_entry *e, struct err *err)
{
    uint64_t at = t->window->offset;
    if (t->header.format == ARCHIVE_CUSTOM)
        return read_offset(t, e, err);
    if (!read_name(t, &e->file, err))
        return false;
    if (e->has_data != (e->file.len > 0))
        return archive_damaged(t->window, at, "an entry that has data and has none", err);
    return true;
}

static bool read_head(struct archive_toc *t, struct archive_entry *e, struct err *err)
{
    struct window *w = t->window;
    uint64_t at = w->offset;
    int64_t dumper = 0;
    int64_t unused = 0;
    if (!read_int(t, &e->id, err) || !read_int(t, &dumper, err))
        return false;
    if (e->id <= 0 || e->id > INT32_MAX)
        return archive_damaged(w, at, "an entry's number that no entry has", err);
    if (dumper != 0 && dumper != 1)
        return archive_damaged(w, at, "an entry that neither has data nor has none", err);
    e->has_data = dumper;
    return skip_strings(t, 2, err) && /* oids */
           read_name(t, &e->tag, err) && read_name(t, &e->desc, err) &&
           (t->header.minor < ARCHIVE_SECTIONS || read_int(t, &unused, err));
}

static bool read_statements(struct archive_toc *t, struct archive_entry *e, struct err *err)
{
    bool null = false;
    return read_definition(t, e, err) && skip_string(t, &null, err) && /* DROP */
           (e->has_data ? read_string(t, &t->memory, ARCHIVE_TEXT_MAX, &e->copy, err)
                        : skip_string(t, &null, err));
}

static bool read_tail(struct archive_toc *t, struct archive_entry *e, struct err *err)
{
    int64_t unused = 0;
    bool null = false;
    return read_name(t, &e->schema, err) && skip_string(t, &null, err) && /* tablespace */
           (t->header.minor < ARCHIVE_ACCESS_METHODS || skip_string(t, &null, err)) &&
           (t->header.minor < ARCHIVE_RELATION_KINDS || read_int(t, &unused, err)) &&
           skip_strings(t, 2, err) && /* owner, WITH OIDS */
           skip_dependencies(t, err) && read_place(t, e, err);
}

bool archive_toc_next(struct archive_toc *t, struct archive_entry *e, struct err *err)
{
    if (t->read >= t->header.entries)
        return false;
    arena_reset(&t->memory, t->start);
    *e = (struct archive_entry){0};
    e->copy = e->defn = e->file = STR("");
    if (!read_head(t, e, err) || !read_statements(t, e, err) || !read_tail(t, e, err)) {
        err_context(err, "entry %" PRIu64 " of the table of contents", t->read + 1);
        return false;
    }
    t->read++;
    return true;
}
