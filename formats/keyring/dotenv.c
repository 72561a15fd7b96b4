/* dotenv: python-dotenv's parser.py, with positions in bytes instead of copies of the text. */
#include "formats/keyring/dotenv.h"
#include "formats/keyring/flask_env.h"

struct reader {
    struct str text;
    size_t at;
};

/* What `\r\n`, `\n` and `\r` have become when Python has opened the file as text: one line end. */
static size_t newline_at(struct str s, size_t at)
{
    if (at >= s.len)
        return 0;
    if (s.at[at] == '\r')
        return at + 1 < s.len && s.at[at + 1] == '\n' ? 2 : 1;
    return s.at[at] == '\n';
}

/* Bytes of the character at `at` when Python's \s matches it (str.isspace), else 0. */
static size_t space_at(struct str s, size_t at)
{
    if (at >= s.len)
        return 0;
    const unsigned char *p = s.at + at;
    if (p[0] < 0x80)
        return ascii_space(p[0]) || (p[0] >= 0x1C && p[0] <= 0x1F);
    if (p[0] == 0xC2)
        return s.len - at >= 2 && (p[1] == 0x85 || p[1] == 0xA0) ? 2 : 0;
    if (s.len - at < 3)
        return 0;
    uint32_t utf8 = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    bool space = utf8 == 0xE19A80 || (utf8 >= 0xE28080 && utf8 <= 0xE2808A) || utf8 == 0xE280A8 ||
                 utf8 == 0xE280A9 || utf8 == 0xE280AF || utf8 == 0xE2819F || utf8 == 0xE38080;
    return space ? 3 : 0;
}

static int peek(const struct reader *r)
{
    return r->at < r->text.len ? r->text.at[r->at] : -1;
}

/* [^\S\r\n]* */
static void skip_blanks(struct reader *r)
{
    size_t len;
    while ((len = space_at(r->text, r->at)) && !newline_at(r->text, r->at))
        r->at += len;
}

static void skip_to_newline(struct reader *r)
{
    while (r->at < r->text.len && !newline_at(r->text, r->at))
        r->at++;
}

/* (?:export[^\S\r\n]+)? */
static void skip_export(struct reader *r)
{
    struct reader after = *r;
    if (!str_starts(str_slice(r->text, r->at, r->text.len), STR("export")))
        return;
    after.at += 6;
    size_t name_end = after.at;
    skip_blanks(&after);
    if (after.at > name_end)
        *r = after;
}

/* What a backslash and this character stand for inside such quotes, or -1: both are kept. */
static int escape_of(unsigned char c, unsigned char quote)
{
    static const char letters[] = "\\'\"abfnrtv";
    static const char meanings[] = "\\'\"\a\b\f\n\r\t\v";
    const char *hit = c ? strchr(letters, c) : NULL;
    if (!hit || !quote || (quote == '\'' && hit - letters >= 2))
        return -1;
    return (unsigned char)meanings[hit - letters];
}

/* The text with Python's line ends, and without its escapes when it stood in quotes. */
static struct str unescape(struct arena *a, struct str raw, unsigned char quote)
{
    unsigned char *into = arena_alloc(a, raw.len);
    size_t len = 0;
    for (size_t i = 0; i < raw.len;) {
        size_t newline = newline_at(raw, i);
        int meaning = raw.at[i] == '\\' && i + 1 < raw.len ? escape_of(raw.at[i + 1], quote) : -1;
        into[len++] = newline ? '\n' : meaning >= 0 ? (unsigned char)meaning : raw.at[i];
        i += newline ? newline : meaning >= 0 ? 2 : 1;
    }
    return str_make(into, len);
}

/* '([^']+)' or ([^=\#\s]+) */
static bool read_key(struct arena *a, struct reader *r, struct str *key)
{
    size_t from = r->at;
    if (peek(r) == '\'') {
        struct str rest = str_slice(r->text, from + 1, r->text.len);
        size_t len = str_find(rest, '\'');
        if (len == 0 || len == rest.len)
            return false;
        *key = unescape(a, str_slice(rest, 0, len), 0);
        r->at = from + len + 2;
        return true;
    }
    while (peek(r) >= 0 && peek(r) != '=' && peek(r) != '#' && !space_at(r->text, r->at))
        r->at++;
    *key = str_slice(r->text, from, r->at);
    return r->at > from;
}

/*
 * Where "((?:\\"|[^"])*)" ends its group. A quote behind a backslash is taken as an escape; when no
 * other follows, the expression backtracks and the last of them closes. text.len: none at all.
 */
static size_t closing_quote(struct str text, size_t from, unsigned char quote)
{
    size_t last_escaped = text.len;
    for (size_t at = from; at < text.len; at++) {
        if (text.at[at] != quote)
            continue;
        if (text.at[at - 1] != '\\')
            return at;
        last_escaped = at;
    }
    return last_escaped;
}

static bool read_quoted(struct arena *a, struct reader *r, unsigned char quote, struct binding *b)
{
    size_t from = r->at + 1;
    size_t to = closing_quote(r->text, from, quote);
    if (to == r->text.len)
        return false;
    b->value_raw = (struct span){from, to};
    b->value = unescape(a, str_slice(r->text, from, to), quote);
    r->at = to + 1;
    return true;
}

/* The rest of the line, without `\s+#.*` and white space at its end. */
static void read_unquoted(struct arena *a, struct reader *r, struct binding *b)
{
    size_t from = r->at;
    size_t to = from;
    skip_to_newline(r);
    for (size_t at = from; at < r->at;) {
        size_t space = space_at(r->text, at);
        if (r->text.at[at] == '#' && at > to)
            break;
        at += space ? space : 1;
        if (!space)
            to = at;
    }
    b->value_raw = (struct span){from, to};
    b->value = arena_copy(a, str_slice(r->text, from, to));
}

/* False where parser.py raises its Error; the reader then stands where that reader would. */
static bool read_statement(struct arena *a, struct reader *r, struct binding *b)
{
    skip_export(r);
    if (peek(r) == '#')
        b->kind = BINDING_COMMENT;
    else if (!read_key(a, r, &b->key))
        return false;
    skip_blanks(r);
    if (peek(r) == '=') {
        r->at++;
        skip_blanks(r);
        b->has_value = true;
        if (peek(r) != '\'' && peek(r) != '"')
            read_unquoted(a, r, b);
        else if (!read_quoted(a, r, (unsigned char)peek(r), b))
            return false;
    }
    skip_blanks(r);
    if (peek(r) == '#')
        skip_to_newline(r);
    return peek(r) < 0 || newline_at(r->text, r->at);
}

static size_t count_newlines(struct str text, size_t from, size_t to)
{
    size_t count = 0;
    while (from < to) {
        size_t len = newline_at(text, from);
        count += len != 0;
        from += len ? len : 1;
    }
    return count;
}

/*
 * Steps over blank lines and the indentation behind them. Gives back where the line of the next
 * statement starts, which is what an edit cuts from.
 */
static size_t skip_blank_lines(struct reader *r, size_t *line)
{
    size_t start = r->at;
    for (;;) {
        skip_blanks(r);
        size_t len = newline_at(r->text, r->at);
        if (len == 0)
            return start;
        r->at += len;
        start = r->at;
        ++*line;
    }
}

static struct binding read_binding(struct arena *a, struct reader *r, size_t start, size_t line)
{
    struct binding b = {.kind = BINDING_ENTRY, .line = line};
    if (!read_statement(a, r, &b)) {
        b = (struct binding){.kind = BINDING_SKIPPED, .key = b.key, .line = line};
        skip_to_newline(r);
    }
    size_t newline = newline_at(r->text, r->at);
    b.lines = count_newlines(r->text, start, r->at) + 1;
    r->at += newline;
    b.entry = (struct span){start, r->at};
    return b;
}

bool dotenv_parse(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct reader r = {.text = content};
    size_t line = 1;
    if (content.len > DOTENV_CONTENT_MAX)
        return err_set(err, ERR_CORRUPT, 500, "the file is larger than %d bytes",
                       DOTENV_CONTENT_MAX),
               false;
    while (r.at < content.len) {
        size_t start = skip_blank_lines(&r, &line);
        if (r.at == content.len)
            break;
        if (all->count == DOTENV_BINDINGS_MAX)
            return err_set(err, ERR_CORRUPT, 500, "the file has more than %d entries",
                           DOTENV_BINDINGS_MAX),
                   false;
        struct binding *b = bindings_add(a, all);
        *b = read_binding(a, &r, start, line);
        line += b->lines;
        all->broken |= b->kind == BINDING_SKIPPED || (b->kind == BINDING_ENTRY && !b->has_value);
    }
    return dotenv_expand(a, all, err);
}

static bool load_dotenv(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    return dotenv_parse(a, content, all, err) && flask_env_expand(a, content, all, err);
}

const struct keyring_syntax keyring_dotenv = {
    .name = "python-dotenv", .is_env_file = true, .load = load_dotenv, .edit = bindings_edit};
