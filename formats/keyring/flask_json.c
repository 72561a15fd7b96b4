/* flask_json: one pass over the text; the depth is the call stack only where its shape is known. */
#include "formats/keyring/flask_json.h"
#include "common/text.h"
#include "formats/keyring/flask_names.h"

struct reader {
    struct arena *a;
    struct str text;
    struct bindings *all;
    struct flask_lines lines;
    struct err *err;
    size_t at;
    size_t leader;  /* of the member at hand; SIZE_MAX: none yet */
    size_t entries; /* names at the top level */
    bool has_keys;  /* the inner object was there */
    bool is_part;   /* of the value of an environment variable */
};

static bool fail_at(struct reader *r, int id, const char *text, size_t at)
{
    struct flask_lines lines = {r->text, 0, 1};
    if (!err_is(r->err))
        r->all->bad_line = flask_line_at(&lines, at);
    err_set(r->err, id == 518 ? ERR_CORRUPT : ERR_REFUSED, id, "%s", text);
    return false;
}

static bool broken(struct reader *r)
{
    return fail_at(r, 518, "the file is no valid JSON", r->at);
}

static bool no_literal(struct reader *r, size_t at)
{
    return fail_at(r, 516, "an entry of the keyring is not written as a plain string", at);
}

static int peek(const struct reader *r)
{
    return r->at < r->text.len ? r->text.at[r->at] : -1;
}

/* The next byte behind white space. */
static int next(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r')
        r->at++;
    return peek(r);
}

static bool take(struct reader *r, int byte)
{
    if (next(r) != byte)
        return broken(r);
    r->at++;
    return true;
}

/* ---- strings ---- */

static bool skip_escape(struct reader *r)
{
    int c = peek(r);
    if (c < 0 || !strchr("\"\\/bfnrtu", c) || c == 0)
        return broken(r);
    r->at++;
    for (size_t i = 0; c == 'u' && i < 4; i++, r->at++)
        if (peek(r) < 0 || ascii_hex((unsigned char)peek(r)) < 0)
            return broken(r);
    return true;
}

/* Checks a string; *raw is what stands between its quotes. */
static bool skip_string(struct reader *r, struct span *raw)
{
    *raw = (struct span){0};
    if (!take(r, '"'))
        return false;
    raw->start = r->at;
    while (peek(r) != '"') {
        int c = peek(r);
        if (c < 0x20) /* the end of the text too */
            return broken(r);
        r->at++;
        if (c == '\\' && !skip_escape(r))
            return false;
    }
    raw->end = r->at++;
    return true;
}

static uint32_t hex4(struct str s, size_t at)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++)
        value = value << 4 | (uint32_t)ascii_hex(s.at[at + i]);
    return value;
}

/* The character of \uXXXX at `*at`, a pair of them taken together. False: half a pair. */
static bool decode_unicode(struct str s, size_t *at, struct buf *out)
{
    uint32_t point = hex4(s, *at + 2);
    *at += 6;
    if (point >= 0xDC00 && point <= 0xDFFF)
        return false;
    if (point >= 0xD800 && point <= 0xDBFF) {
        if (s.len - *at < 6 || s.at[*at] != '\\' || s.at[*at + 1] != 'u')
            return false;
        uint32_t low = hex4(s, *at + 2);
        if (low < 0xDC00 || low > 0xDFFF)
            return false;
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        *at += 6;
    }
    text_point(out, point);
    return true;
}

/* The text of a string that skip_string has checked. False: it is no Unicode text. */
static bool decode(const struct reader *r, struct span raw, struct str *value)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    struct str s = str_slice(r->text, raw.start, raw.end);
    struct buf out = {.arena = r->a};
    for (size_t at = 0; at < s.len;) {
        if (s.at[at] != '\\') {
            buf_byte(&out, s.at[at++]);
        } else if (s.at[at + 1] != 'u') {
            buf_byte(&out, (unsigned char)meanings[strchr(letters, s.at[at + 1]) - letters]);
            at += 2;
        } else if (!decode_unicode(s, &at, &out)) {
            return false;
        }
    }
    *value = buf_str(&out);
    return true;
}

/* ---- values that are not ours ---- */

static bool skip_digits(struct reader *r)
{
    size_t from = r->at;
    while (peek(r) >= 0 && ascii_digit((unsigned char)peek(r)))
        r->at++;
    return r->at > from || broken(r);
}

static bool skip_number(struct reader *r)
{
    r->at += peek(r) == '-';
    bool zero = peek(r) == '0';
    if (zero)
        r->at++;
    else if (!skip_digits(r))
        return false;
    if (peek(r) == '.') {
        r->at++;
        if (!skip_digits(r))
            return false;
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        r->at += peek(r) == '+' || peek(r) == '-';
        return skip_digits(r);
    }
    return true;
}

static bool skip_scalar(struct reader *r)
{
    static const char *const words[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
    struct str rest = str_slice(r->text, r->at, r->text.len);
    struct span raw;
    if (peek(r) == '"')
        return skip_string(r, &raw);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_starts(rest, str_from(words[i]))) {
            r->at += strlen(words[i]);
            return true;
        }
    }
    return skip_number(r);
}

static bool skip_name(struct reader *r)
{
    struct span raw;
    return next(r) == '"' ? skip_string(r, &raw) && take(r, ':') : broken(r);
}

/* Any value; what is open is kept as a bit for each depth: an object or an array. */
static bool skip_value(struct reader *r)
{
    uint64_t objects = 0;
    unsigned depth = 0;
    for (;;) {
        int c = next(r);
        if (c == '{' || c == '[') {
            if (depth == FLASK_JSON_DEPTH_MAX)
                return fail_at(r, 518, "values stand too deep in one another", r->at);
            objects = objects << 1 | (c == '{');
            depth++;
            r->at++;
            if (next(r) != (c == '{' ? '}' : ']')) {
                if (c == '{' && !skip_name(r))
                    return false;
                continue;
            }
        } else if (!skip_scalar(r)) {
            return false;
        }
        while (depth && next(r) == (objects & 1 ? '}' : ']')) {
            objects >>= 1;
            depth--;
            r->at++;
        }
        if (depth == 0)
            return true;
        if (!take(r, ',') || ((objects & 1) && !skip_name(r)))
            return false;
    }
}

/* ---- bindings ---- */

static bool add_binding(struct reader *r, enum binding_kind kind, size_t start,
                        struct binding **added)
{
    if (r->all->count >= FLASK_JSON_BINDINGS_MAX) {
        err_set(r->err, ERR_CORRUPT, 500, "the file has more than %d entries",
                FLASK_JSON_BINDINGS_MAX);
        return false;
    }
    struct binding *b = bindings_add(r->a, r->all);
    b->kind = kind;
    b->line = flask_line_at(&r->lines, start);
    b->lines = 1;
    *added = b;
    return true;
}

static bool add_code(struct reader *r, size_t start, size_t end)
{
    struct binding *b;
    if (!add_binding(r, BINDING_CODE, start, &b))
        return false;
    b->entry = (struct span){start, end};
    b->lines = flask_line_at(&r->lines, end) - b->line + 1;
    return true;
}

/* A name of ours has to have a string. */
static bool add_entry(struct reader *r, struct str name, size_t start)
{
    struct binding *b;
    struct span raw;
    struct str value;
    if (next(r) != '"')
        return no_literal(r, r->at);
    if (!skip_string(r, &raw))
        return false;
    if (!decode(r, raw, &value))
        return no_literal(r, start);
    if (!add_binding(r, BINDING_ENTRY, start, &b))
        return false;
    b->has_value = true;
    b->key = name;
    b->value = value;
    b->value_raw = raw;
    b->member = MEMBER_STRICT;
    b->is_part = r->is_part;
    if (r->leader == SIZE_MAX)
        r->leader = r->all->count - 1;
    return true;
}

/* The comma behind the body, if there is one, belongs to the member. */
static void close_member(struct reader *r, struct span body)
{
    size_t end = next(r) == ',' ? r->at + 1 : body.end;
    struct span whole = flask_member_span(r->text, body, end, 0);
    flask_close_member(r->all, r->leader, whole, body);
}

/* ---- the structure that is ours ---- */

/* Name and colon. A name that is no text is none of ours: *name is empty. */
static bool take_name(struct reader *r, struct str *name, size_t *start)
{
    struct span raw;
    (void)next(r);
    *start = r->at;
    if (!skip_string(r, &raw) || !take(r, ':'))
        return false;
    if (!decode(r, raw, name))
        *name = STR("");
    return true;
}

/* Behind a member: true and *more when another follows, after its comma. */
static bool take_comma(struct reader *r, bool *more)
{
    *more = next(r) == ',';
    if (!*more)
        return next(r) == '}' || broken(r);
    r->at++;
    return next(r) == '"' || broken(r);
}

static bool take_field(struct reader *r, struct str version)
{
    struct str field;
    size_t start;
    if (!take_name(r, &field, &start))
        return false;
    struct str name = flask_entry_name(r->a, field, version);
    return name.len ? add_entry(r, name, start) : skip_value(r);
}

/* {"key": ..., "salt": ...} */
static bool take_fields(struct reader *r, struct str version, size_t start)
{
    if (version.len == 0 || next(r) != '{')
        return no_literal(r, start);
    r->at++;
    bool more = next(r) != '}';
    while (more)
        if (!take_field(r, version) || !take_comma(r, &more))
            return false;
    r->at++;
    return true;
}

/* "v1": {...} */
static bool take_version(struct reader *r)
{
    struct str version;
    struct span body;
    r->leader = SIZE_MAX;
    if (!take_name(r, &version, &body.start) || !take_fields(r, version, body.start))
        return false;
    body.end = r->at;
    if (r->leader == SIZE_MAX)
        return fail_at(r, 516, "a version without a key", body.start);
    close_member(r, body);
    return true;
}

/* The versions behind the opening brace. */
static bool take_versions(struct reader *r)
{
    bool more = next(r) != '}';
    while (more)
        if (!take_version(r) || !take_comma(r, &more))
            return false;
    r->at++;
    return true;
}

/* "ENCRYPTION_KEYS": {...} */
static bool take_keys(struct reader *r, size_t start)
{
    if (r->has_keys)
        return fail_at(r, 507, "ENCRYPTION_KEYS stands twice", start);
    r->has_keys = true;
    if (next(r) != '{')
        return no_literal(r, r->at);
    r->at++;
    if (!add_code(r, start, r->at) || !take_versions(r))
        return false;
    return add_code(r, r->at - 1, r->at);
}

static bool take_single(struct reader *r, struct str name, size_t start)
{
    if (str_starts(name, STR("ENCRYPTION_ENV_CHECKSUM")) || str_starts(name, STR("FLASK_")))
        return fail_at(r, 516, "a name that has no meaning in a Flask configuration", start);
    r->leader = SIZE_MAX;
    if (!add_entry(r, name, start))
        return false;
    r->entries += !str_eq(name, STR("ACTIVE_ENCRYPTION_VERSION"));
    close_member(r, (struct span){start, r->at});
    return true;
}

static bool take_setting(struct reader *r)
{
    struct str name;
    size_t start;
    if (!take_name(r, &name, &start))
        return false;
    if (str_eq(name, FLASK_KEYS))
        return take_keys(r, start);
    if (flask_name_is_ours(name))
        return take_single(r, name, start);
    size_t value = r->at;
    if (!skip_value(r))
        return false;
    if (flask_names_in(str_slice(r->text, value, r->at)))
        return fail_at(r, 516, "an entry of the keyring is named where it is not read", start);
    return add_code(r, start, r->at);
}

bool flask_json_parse(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct reader r = {.a = a, .text = content, .all = all, .err = err};
    bool more = true;
    r.lines = (struct flask_lines){content, 0, 1};
    if (content.len > FLASK_JSON_CONTENT_MAX) {
        err_set(err, ERR_CORRUPT, 500, "the file is larger than %d bytes", FLASK_JSON_CONTENT_MAX);
        return false;
    }
    if (!take(&r, '{') || !add_code(&r, r.at - 1, r.at))
        return false;
    if (next(&r) == '}')
        more = false;
    while (more)
        if (!take_setting(&r) || !take_comma(&r, &more))
            return false;
    r.at++;
    if (!add_code(&r, r.at - 1, r.at))
        return false;
    if (next(&r) >= 0)
        return broken(&r);
    if (r.has_keys && r.entries)
        return fail_at(&r, 516, "two forms of the keyring in one file", 0);
    return true;
}

static struct reader part_reader(struct arena *a, struct str content, struct span value,
                                 struct bindings *all, struct err *err)
{
    struct reader r = {.a = a,
                       .text = str_slice(content, 0, value.end),
                       .all = all,
                       .err = err,
                       .at = value.start,
                       .leader = SIZE_MAX,
                       .is_part = true};
    r.lines = (struct flask_lines){content, 0, 1};
    return r;
}

/* Nothing but blanks may follow. */
static bool at_end(struct reader *r)
{
    return next(r) < 0 || broken(r);
}

bool flask_json_versions(struct arena *a, struct str content, struct span value,
                         struct bindings *all, struct span *inner, struct err *err)
{
    struct reader r = part_reader(a, content, value, all, err);
    if (!take(&r, '{'))
        return false;
    inner->start = r.at;
    if (!take_versions(&r))
        return false;
    inner->end = r.at - 1;
    return at_end(&r);
}

bool flask_json_fields(struct arena *a, struct str content, struct span value, struct str version,
                       struct bindings *all, struct err *err)
{
    struct reader r = part_reader(a, content, value, all, err);
    return take_fields(&r, version, value.start) && at_end(&r);
}

bool flask_json_is_value(struct str text)
{
    struct arena scratch = {0};
    struct bindings unused = {0};
    struct err err = {0};
    struct reader r = part_reader(&scratch, text, (struct span){0, text.len}, &unused, &err);
    int first = next(&r);
    bool is = first == '"' || first == '{' || first == '[' ||
              (first >= 0 && skip_value(&r) && next(&r) < 0);
    arena_free(&scratch);
    return is;
}

const struct keyring_syntax keyring_flask_json = {
    .name = "flask-json", .is_flask = true, .load = flask_json_parse, .edit = bindings_edit};
