/* dialect: what python-dotenv made of a file, compared with what others are known to make of it. */
#include "formats/keyring/dialect.h"
#include "formats/keyring/flask_env.h"
#include "formats/keyring/flask_names.h"
#include "formats/keyring/keyring.h"

/* What a dialect may read in another way. */
enum differs {
    DIFFERS_EXPORT = 1,
    DIFFERS_BLANKS = 2,        /* around the equals sign */
    DIFFERS_BLANKS_BEHIND = 4, /* the value */
    DIFFERS_COMMENT = 8,       /* behind a value */
    DIFFERS_HASH = 16,         /* in a bare value */
    DIFFERS_BACKSLASH = 32,    /* in a bare value */
    DIFFERS_QUOTES = 64,
    DIFFERS_EMPTY = 128,
    DIFFERS_CR = 256,
    DIFFERS_JOINED_COMMENT = 512, /* a comment's last backslash joins the next line to it */
    DIFFERS_WORDS = 1024,         /* a bare value is a word of a shell */
    DIFFERS_DOLLAR_QUOTED = 2048, /* $ in single quotes */
    DIFFERS_INDENT = 4096 /* blanks that begin a line: node takes them for a part of a name */
};

struct check {
    unsigned differs; /* bits of enum differs */
    struct str content;
    bool sealed; /* a checksum makes every entry one of ours */
};

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(struct str s, size_t at)
{
    while (at < s.len && is_blank(s.at[at]))
        at++;
    return at;
}

static bool has(struct str s, unsigned char c)
{
    return str_find(s, c) < s.len;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.at[i] < ' ' && s.at[i] != '\t' && s.at[i] != '\n' && s.at[i] != '\r') ||
            s.at[i] == 0x7F)
            return true;
    return false;
}

static bool is_plain_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_alpha(name.at[i]) && name.at[i] != '_' && (i == 0 || !ascii_digit(name.at[i])))
            return false;
    return name.len > 0;
}

static bool bare_agrees(const struct check *c, struct str raw, bool ours)
{
    static const char word[] = "_./:=+,@%^-";
    if (has(raw, '"') || has(raw, '\'') || has(raw, '`') || has_control(raw))
        return false;
    if (raw.len == 0)
        return !(c->differs & DIFFERS_EMPTY);
    if ((c->differs & DIFFERS_BACKSLASH) && has(raw, '\\'))
        return false;
    if (ours && (has(raw, '$') || ((c->differs & DIFFERS_HASH) && has(raw, '#'))))
        return false;
    for (size_t i = 0; (c->differs & DIFFERS_WORDS) && i < raw.len; i++) {
        unsigned char x = raw.at[i];
        if (!ascii_alpha(x) && !ascii_digit(x) && x < 0x80 && !strchr(word, x))
            return false;
    }
    return true;
}

static bool quoted_agrees(const struct check *c, struct str raw, unsigned char quote, bool ours)
{
    if ((c->differs & DIFFERS_QUOTES) || has(raw, '\\') || has(raw, '`') || has_control(raw))
        return false;
    if (!has(raw, '$') || (!ours && !(c->differs & DIFFERS_WORDS)))
        return true;
    return quote == '\'' && !(c->differs & DIFFERS_DOLLAR_QUOTED) &&
           str_search(raw, STR("${")) == raw.len;
}

/* The bytes of an entry, part by part. */
static bool entry_agrees(const struct check *c, const struct binding *b)
{
    struct str s = str_slice(c->content, b->entry.start, b->entry.end);
    struct str version;
    bool ours = c->sealed || keyring_role(b->key, &version) != ROLE_NONE;
    size_t at = skip_blanks(s, 0);
    struct str rest = str_slice(s, at, s.len);
    if (str_starts(rest, STR("export ")) || str_starts(rest, STR("export\t"))) {
        if (c->differs & DIFFERS_EXPORT)
            return false;
        at = skip_blanks(s, at + 6);
    }
    if (!is_plain_name(b->key) || !str_starts(str_slice(s, at, s.len), b->key))
        return false;
    at += b->key.len;
    size_t sign = skip_blanks(s, at);
    if (sign == s.len || s.at[sign] != '=')
        return false;
    size_t value = skip_blanks(s, sign + 1);
    if ((c->differs & DIFFERS_BLANKS) && (sign > at || value > sign + 1))
        return false;
    struct str raw = str_slice(c->content, b->value_raw.start, b->value_raw.end);
    bool quoted = value < s.len && (s.at[value] == '"' || s.at[value] == '\'');
    if (b->value_raw.start != b->entry.start + value + quoted)
        return false;
    if (quoted ? !quoted_agrees(c, raw, s.at[value], ours) : !bare_agrees(c, raw, ours))
        return false;
    size_t end = value + raw.len + 2 * (size_t)quoted;
    size_t behind = skip_blanks(s, end);
    if (behind > end && (c->differs & DIFFERS_BLANKS_BEHIND))
        return false;
    if (behind < s.len && s.at[behind] == '#')
        return !(c->differs & DIFFERS_COMMENT) && !has_control(str_slice(s, behind, s.len));
    return behind == s.len || s.at[behind] == '\n' || s.at[behind] == '\r';
}

static bool comment_agrees(const struct check *c, const struct binding *b)
{
    struct str s = str_slice(c->content, b->entry.start, b->entry.end);
    size_t at = skip_blanks(s, 0);
    return at < s.len && s.at[at] == '#' && !has_control(s) &&
           !((c->differs & DIFFERS_JOINED_COMMENT) && str_ends(str_trim(s), STR("\\")));
}

/* U+2028 and U+2029 end a line in JavaScript, so that an entry can hide in a comment. */
static bool has_separator(struct str s)
{
    return str_search(s, STR("\xE2\x80\xA8")) < s.len || str_search(s, STR("\xE2\x80\xA9")) < s.len;
}

static bool binding_agrees(const struct check *c, const struct binding *b)
{
    struct str s = str_slice(c->content, b->entry.start, b->entry.end);
    if (((c->differs & DIFFERS_CR) && has(s, '\r')) || has_separator(s))
        return false;
    if ((c->differs & DIFFERS_INDENT) && is_blank(s.at[0]))
        return false;
    if (b->kind == BINDING_COMMENT)
        return comment_agrees(c, b);
    return b->kind == BINDING_ENTRY && b->has_value && entry_agrees(c, b);
}

/* Blank lines are blanks and line ends, nothing that only some take for white space. *at stops at
 * what is neither. */
static bool skip_gap(const struct check *c, size_t *at, size_t to)
{
    for (; *at < to; ++*at) {
        unsigned char x = c->content.at[*at];
        if ((!is_blank(x) || (c->differs & DIFFERS_INDENT)) && x != '\n' &&
            (x != '\r' || (c->differs & DIFFERS_CR)))
            return false;
    }
    return true;
}

static bool refuse(const struct check *c, struct bindings *all, size_t at, const char *name,
                   struct err *err)
{
    struct flask_lines lines = {c->content, 0, 1};
    all->bad_line = flask_line_at(&lines, at);
    err_set(err, ERR_REFUSED, 527, "%s and python-dotenv may read this line differently", name);
    return false;
}

static bool load_as(struct arena *a, struct str content, const char *name, unsigned differs,
                    struct bindings *all, struct err *err)
{
    struct check c = {.differs = differs, .content = content};
    struct str version;
    size_t at = 0;
    if (!dotenv_parse(a, content, all, err))
        return false;
    for (size_t i = 0; i < all->count; i++)
        c.sealed |= keyring_role(all->items[i].key, &version) == ROLE_CHECKSUM;
    for (size_t i = 0; i <= all->count; i++) {
        const struct binding *b = i < all->count ? &all->items[i] : NULL;
        bool agrees = skip_gap(&c, &at, b ? b->entry.start : content.len);
        if (agrees && b && binding_agrees(&c, b))
            at = b->entry.end;
        else if (!agrees || b)
            return refuse(&c, all, at, name, err);
    }
    return flask_env_expand(a, content, all, err);
}

static bool load_node(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    return load_as(a, content, "node", DIFFERS_HASH | DIFFERS_INDENT, all, err);
}

static bool load_systemd(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    return load_as(a, content, "systemd",
                   DIFFERS_EXPORT | DIFFERS_COMMENT | DIFFERS_BACKSLASH | DIFFERS_EMPTY |
                       DIFFERS_CR | DIFFERS_JOINED_COMMENT | DIFFERS_DOLLAR_QUOTED,
                   all, err);
}

static bool load_bash(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    return load_as(a, content, "bash",
                   DIFFERS_BLANKS | DIFFERS_BACKSLASH | DIFFERS_CR | DIFFERS_WORDS, all, err);
}

static bool load_docker(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    return load_as(a, content, "docker",
                   DIFFERS_EXPORT | DIFFERS_BLANKS | DIFFERS_BLANKS_BEHIND | DIFFERS_COMMENT |
                       DIFFERS_QUOTES | DIFFERS_CR | DIFFERS_DOLLAR_QUOTED,
                   all, err);
}

const struct keyring_syntax keyring_node = {
    .name = "node", .is_env_file = true, .load = load_node, .edit = bindings_edit};
const struct keyring_syntax keyring_systemd = {
    .name = "systemd", .is_env_file = true, .load = load_systemd, .edit = bindings_edit};
const struct keyring_syntax keyring_bash = {
    .name = "bash", .is_env_file = true, .load = load_bash, .edit = bindings_edit};
const struct keyring_syntax keyring_docker = {
    .name = "docker", .is_env_file = true, .load = load_docker, .edit = bindings_edit};
