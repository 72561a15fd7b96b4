/* php_array: one array of literals, by descent over its brackets. */
#include "formats/keyring/php_array.h"
#include "formats/keyring/flask_names.h"
#include "formats/keyring/key_list.h"

enum token_kind { TOKEN_END, TOKEN_STRING, TOKEN_NUMBER, TOKEN_WORD, TOKEN_MARK, TOKEN_BROKEN };

struct token {
    enum token_kind kind;
    struct str text; /* of a string: what stands in its quotes */
    unsigned char quote;
};

/* Which array of the file the reader is in. */
enum where { WHERE_ROOT, WHERE_CRYPT, WHERE_ELSE };

struct reader {
    struct str s;
    size_t at;         /* behind the token at hand */
    struct token next; /* the token at hand */
    struct bindings *all;
    struct err *err;
    bool has_crypt;
    struct span entry; /* 'key' => '...', its quotes included; 0, 0: not seen */
    struct span value;
};

static bool refuse(struct reader *r, int id, const char *text)
{
    struct flask_lines lines = {r->s, 0, 1};
    if (!err_is(r->err))
        r->all->bad_line = flask_line_at(&lines, r->at);
    err_set(r->err, id == 536 ? ERR_CORRUPT : ERR_REFUSED, id, "%s", text);
    return false;
}

static bool no_literal(struct reader *r)
{
    if (r->next.kind == TOKEN_BROKEN)
        return refuse(r, 536,
                      "a string or comment that does not end, or a byte that PHP does not allow");
    if (r->next.kind == TOKEN_END)
        return refuse(r, 536, "the array does not end");
    return refuse(r, 535, "the file is not one array of plain literals");
}

/* ---- tokens ---- */

static bool starts_at(const struct reader *r, const char *text)
{
    return str_starts(str_slice(r->s, r->at, r->s.len), str_from(text));
}

static bool skip_to(struct reader *r, struct str end)
{
    size_t found = str_search(str_slice(r->s, r->at, r->s.len), end);
    r->at += found;
    return r->at < r->s.len;
}

/* Blanks and comments. False: a comment without end, or one that ends PHP. */
static bool skip_space(struct reader *r)
{
    while (r->at < r->s.len) {
        size_t from = r->at;
        if (ascii_space(r->s.at[r->at])) {
            r->at++;
        } else if (starts_at(r, "/*")) {
            r->at += 2;
            if (!skip_to(r, STR("*/")))
                return false;
            r->at += 2;
        } else if (starts_at(r, "//") || (starts_at(r, "#") && !starts_at(r, "#["))) {
            while (r->at < r->s.len && r->s.at[r->at] != '\n' && r->s.at[r->at] != '\r')
                r->at++;
            struct str comment = str_slice(r->s, from, r->at);
            if (str_search(comment, STR("?>")) < comment.len)
                return false;
        } else {
            break;
        }
    }
    return true;
}

static bool is_word(unsigned char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '_' || c == '\\' || c >= 0x80;
}

static bool is_number(unsigned char c)
{
    return ascii_alpha(c) || ascii_digit(c) || c == '_' || c == '.';
}

static void take_string(struct reader *r, unsigned char quote)
{
    size_t from = ++r->at;
    while (r->at < r->s.len && r->s.at[r->at] != quote)
        r->at += r->s.at[r->at] == '\\' ? 2 : 1;
    if (r->at >= r->s.len) {
        r->at = r->s.len;
        return;
    }
    r->next = (struct token){TOKEN_STRING, str_slice(r->s, from, r->at), quote};
    r->at++;
}

/* The token behind the one at hand; false where none can be made out. */
static void advance(struct reader *r)
{
    r->next = (struct token){.kind = TOKEN_BROKEN};
    if (!skip_space(r))
        return;
    size_t from = r->at;
    unsigned char c = from < r->s.len ? r->s.at[from] : 0;
    bool sign = c == '-' || c == '+' || c == '.';
    unsigned char digit = sign && from + 1 < r->s.len ? r->s.at[from + 1] : c;
    if (from == r->s.len) {
        r->next.kind = TOKEN_END;
    } else if (c == '\'' || c == '"') {
        take_string(r, c);
    } else if (ascii_digit(digit)) {
        for (r->at++; r->at < r->s.len && is_number(r->s.at[r->at]);)
            r->at++;
        r->next = (struct token){.kind = TOKEN_NUMBER, .text = str_slice(r->s, from, r->at)};
    } else if (is_word(c)) {
        while (r->at < r->s.len && is_word(r->s.at[r->at]))
            r->at++;
        r->next = (struct token){.kind = TOKEN_WORD, .text = str_slice(r->s, from, r->at)};
    } else if (c > ' ' && c < 0x7F) {
        r->at += starts_at(r, "=>") || starts_at(r, "?>") ? 2 : 1;
        r->next = (struct token){.kind = TOKEN_MARK, .text = str_slice(r->s, from, r->at)};
    }
}

static bool next_is(const struct reader *r, enum token_kind kind, const char *text)
{
    return r->next.kind == kind && str_eq_nocase(r->next.text, str_from(text));
}

static bool take(struct reader *r, enum token_kind kind, const char *text)
{
    bool is = next_is(r, kind, text);
    if (is)
        advance(r);
    return is;
}

/* ---- values ---- */

/* What stands in the quotes is what it says. */
static bool is_plain(const struct token *t)
{
    return str_find(t->text, '\\') == t->text.len &&
           (t->quote == '\'' || str_find(t->text, '$') == t->text.len);
}

static bool is_scalar(const struct token *t)
{
    if (t->kind == TOKEN_STRING) /* "a$b" would hold a variable */
        return t->quote == '\'' || str_find(t->text, '$') == t->text.len;
    return t->kind == TOKEN_NUMBER ||
           (t->kind == TOKEN_WORD &&
            (str_eq_nocase(t->text, STR("true")) || str_eq_nocase(t->text, STR("false")) ||
             str_eq_nocase(t->text, STR("null"))));
}

static bool take_array(struct reader *r, enum where where, unsigned depth);

static bool begins_array(const struct reader *r)
{
    return next_is(r, TOKEN_MARK, "[") || next_is(r, TOKEN_WORD, "array");
}

/* A value that no key of ours stands before. */
static bool take_value(struct reader *r, enum where where, unsigned depth)
{
    if (begins_array(r))
        return take_array(r, where, depth + 1);
    if (!is_scalar(&r->next))
        return no_literal(r);
    advance(r);
    return true;
}

/* The string behind 'key' =>, which is the token at hand. `start` is where 'key' begins. */
static bool take_keys(struct reader *r, size_t start)
{
    if (r->entry.end)
        return refuse(r, 507, "'crypt' => 'key' stands twice");
    if (r->next.kind != TOKEN_STRING || !is_scalar(&r->next))
        return no_literal(r);
    size_t from = (size_t)(r->next.text.at - r->s.at);
    r->value = (struct span){from, from + r->next.text.len};
    r->entry = (struct span){start, r->value.end + 1};
    advance(r);
    return true;
}

static bool take_element(struct reader *r, enum where where, unsigned depth)
{
    struct token key = r->next;
    size_t start = key.kind == TOKEN_STRING ? (size_t)(key.text.at - r->s.at) - 1 : r->at;
    if (!take_value(r, WHERE_ELSE, depth))
        return false;
    if (!take(r, TOKEN_MARK, "=>"))
        return true;
    if (key.kind == TOKEN_STRING && !is_plain(&key) && where != WHERE_ELSE)
        return refuse(r, 535, "a key of the array is written with escapes");
    if (key.kind == TOKEN_MARK)
        return no_literal(r); /* an array is no key */
    bool is_string = key.kind == TOKEN_STRING;
    if (where == WHERE_CRYPT && is_string && str_eq(key.text, STR("key")))
        return take_keys(r, start);
    bool is_crypt = where == WHERE_ROOT && is_string && str_eq(key.text, STR("crypt"));
    if (is_crypt && r->has_crypt)
        return refuse(r, 507, "'crypt' stands twice");
    if (is_crypt && !begins_array(r))
        return no_literal(r);
    r->has_crypt |= is_crypt;
    return take_value(r, is_crypt ? WHERE_CRYPT : WHERE_ELSE, depth);
}

/* [...] or array(...). No deeper than PHP_DEPTH_MAX. */
static bool take_array(struct reader *r, enum where where, unsigned depth)
{
    if (depth > PHP_DEPTH_MAX)
        return refuse(r, 535, "arrays within arrays, deeper than any configuration");
    const char *end = next_is(r, TOKEN_MARK, "[") ? "]" : ")";
    bool word = take(r, TOKEN_WORD, "array");
    if (!take(r, TOKEN_MARK, word ? "(" : "["))
        return no_literal(r);
    while (!next_is(r, TOKEN_MARK, end)) {
        if (!take_element(r, where, depth))
            return false;
        if (!take(r, TOKEN_MARK, ",") && !next_is(r, TOKEN_MARK, end))
            return no_literal(r);
    }
    advance(r);
    return true;
}

/* return [...]; and nothing behind it but the end of PHP. */
static bool take_file(struct reader *r)
{
    if (!starts_at(r, "<?php") || r->s.len < 6 || !ascii_space(r->s.at[5]))
        return refuse(r, 536, "the file does not begin with <?php");
    r->at = 5;
    advance(r);
    if (!take(r, TOKEN_WORD, "return") || !begins_array(r))
        return no_literal(r);
    if (!take_array(r, WHERE_ROOT, 1))
        return false;
    if (!next_is(r, TOKEN_MARK, ";"))
        return no_literal(r);
    advance(r);
    if (r->next.kind == TOKEN_END)
        return true;
    if (!next_is(r, TOKEN_MARK, "?>"))
        return no_literal(r);
    return str_trim(str_slice(r->s, r->at, r->s.len)).len == 0 ||
           refuse(r, 535, "text behind the end of PHP");
}

bool php_array_parse(struct arena *a, struct str content, struct bindings *all, struct err *err)
{
    struct reader r = {.s = content, .all = all, .err = err};
    struct flask_lines lines = {content, 0, 1};
    if (content.len > PHP_CONTENT_MAX) {
        err_set(err, ERR_CORRUPT, 500, "the file is larger than %d bytes", PHP_CONTENT_MAX);
        return false;
    }
    if (!take_file(&r))
        return false;
    flask_add_gap(a, &lines, (struct span){0, r.entry.start}, 0, all);
    if (r.entry.end) {
        struct binding *b = bindings_add(a, all);
        struct str raw = str_slice(content, r.value.start, r.value.end);
        unsigned char quote = content.at[r.value.end];
        *b = (struct binding){.kind = BINDING_ENTRY, .has_value = true, .key = STR("crypt/key")};
        b->value = is_plain(&(struct token){TOKEN_STRING, raw, quote}) ? raw : STR("");
        b->value_raw = r.value;
        b->entry = r.entry;
        b->line = flask_line_at(&lines, r.entry.start);
        b->lines = flask_line_at(&lines, r.entry.end) - b->line + 1;
    }
    flask_add_gap(a, &lines, (struct span){r.entry.end, content.len}, 0, all);
    if (all->count <= PHP_BINDINGS_MAX)
        return true;
    err_set(err, ERR_CORRUPT, 500, "the file has more than %d lines", PHP_BINDINGS_MAX);
    return false;
}

const struct keyring_syntax keyring_php = {
    .name = "magento", .list = &key_list_magento, .load = php_array_parse, .edit = bindings_edit};
