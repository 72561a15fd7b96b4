/* answer: jansson's trees, read into structs and freed at once. */
#include "applier/vault/answer.h"
#include "applier/vault/wiped_heap.h"
#include "common/text.h"
#include "common/utc.h"

#include <jansson.h>

enum { SAYS_MAX = 200, TEXT_MAX = 1024 };

/* ---- before and around jansson ---- */

static bool in_number(unsigned char c)
{
    return ascii_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Every number in quotes. What is no JSON stays none: quotes are put around a number only. */
static struct str quote_numbers(struct arena *a, struct str body)
{
    struct buf b = {.arena = a};
    bool in_string = false;
    size_t copied = 0; /* of body */
    for (size_t i = 0; i < body.len;) {
        unsigned char c = body.at[i];
        if (in_string && c == '\\') {
            i += 2;
            continue;
        }
        in_string ^= c == '"';
        if (in_string || !(ascii_digit(c) || c == '-')) {
            i++;
            continue;
        }
        size_t end = i + 1;
        while (end < body.len && in_number(body.at[end]))
            end++;
        buf_add(&b, str_slice(body, copied, i));
        buf_byte(&b, '"');
        buf_add(&b, str_slice(body, i, end));
        buf_byte(&b, '"');
        copied = i = end;
    }
    buf_add(&b, str_slice(body, copied, body.len));
    return buf_str(&b);
}

/* jansson goes down to a depth of its own (JSON_PARSER_MAX_DEPTH, 2048); we need far less. */
static bool too_deep(struct str body)
{
    bool in_string = false;
    unsigned depth = 0;
    for (size_t i = 0; i < body.len; i++) {
        unsigned char c = body.at[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']') && depth)
            depth--;
        if (depth > ANSWER_DEPTH)
            return true;
    }
    return false;
}

/* The tree, or NULL without err: for answer_says, which has nothing to complain of. */
static json_t *tree_of(struct str body)
{
    struct arena quoted = {.wipe = true};
    json_t *root = NULL;
    json_set_alloc_funcs(wiped_malloc, wiped_free);
    if (!too_deep(body)) {
        struct str text = quote_numbers(&quoted, body);
        root = json_loadb((const char *)text.at, text.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES,
                          NULL);
    }
    arena_free(&quoted);
    return root;
}

static json_t *tree(struct str body, struct err *err)
{
    json_t *root = tree_of(body);
    if (!root) {
        err_set(err, ERR_REMOTE, 1057, "the answer is no JSON: it may have been cut off");
        err_hint(err, "a retry can help; if it does not, look at what --endpoint names");
    }
    return root;
}

static bool odd(const char *what, struct err *err)
{
    err_set(err, ERR_REMOTE_REFUSED, 1058, "the answer is not what the API documents: %s", what);
    err_hint(err, "a retry does not help; look at what --endpoint names");
    return false;
}

/* ---- fields ---- */

static struct str borrowed(const json_t *text)
{
    return json_is_string(text) ? str_make(json_string_value(text), json_string_length(text))
                                : (struct str){0};
}

static struct str text_field(struct arena *a, const json_t *o, const char *name)
{
    return arena_copy(a, str_slice(borrowed(json_object_get(o, name)), 0, TEXT_MAX));
}

/* Absent and null are MONEY_NONE; anything else has to be an amount. */
static bool money_field(const json_t *o, const char *name, enum money_rounding rounding,
                        int64_t *amount, struct err *err)
{
    const json_t *field = json_object_get(o, name);
    *amount = MONEY_NONE;
    if (!field || json_is_null(field))
        return true;
    if (money_read(borrowed(field), rounding, amount))
        return true;
    *amount = MONEY_NONE;
    return odd("an amount is no number", err);
}

/* "2025-08-24T10:30:00Z", with or without a fraction or an offset of zero. */
static int64_t time_field(const json_t *o, const char *name)
{
    char exact[UTC_TEXT] = "";
    int64_t t = UTC_NONE;
    struct str s = borrowed(json_object_get(o, name));
    if (s.len < 19)
        return UTC_NONE;
    struct str tail = str_slice(s, 19, s.len);
    if (str_starts(tail, STR("."))) {
        size_t n = 1;
        while (n < tail.len && ascii_digit(tail.at[n]))
            n++;
        tail = str_slice(tail, n, tail.len);
    }
    if (tail.len && !str_eq(tail, STR("Z")) && !str_eq(tail, STR("+00:00")))
        return UTC_NONE;
    memcpy(exact, s.at, 19);
    exact[10] = exact[10] == ' ' ? 'T' : exact[10];
    exact[19] = 'Z';
    return utc_parse(str_from(exact), &t) ? t : UTC_NONE;
}

static enum limit_reset reset_field(const json_t *o)
{
    struct str s = borrowed(json_object_get(o, "limit_reset"));
    for (enum limit_reset r = RESET_DAILY; r <= RESET_MONTHLY; r++)
        if (str_eq(s, str_from(limit_reset_name(r))))
            return r;
    return RESET_NEVER;
}

static enum remote_flag flag_field(const json_t *o, const char *name)
{
    const json_t *field = json_object_get(o, name);
    if (!json_is_boolean(field))
        return REMOTE_UNSAID;
    return json_is_true(field) ? REMOTE_YES : REMOTE_NO;
}

static bool read_key(struct arena *a, const json_t *o, struct remote_key *key, struct err *err)
{
    *key = (struct remote_key){.reset = reset_field(o),
                               .disabled = flag_field(o, "disabled"),
                               .created = time_field(o, "created_at"),
                               .updated = time_field(o, "updated_at"),
                               .expires = time_field(o, "expires_at")};
    if (!json_is_object(o))
        return odd("a key is no object", err);
    key->hash = text_field(a, o, "hash");
    if (!remote_hash_is(key->hash))
        return odd("a key is without a usable hash", err);
    key->name = text_field(a, o, "name");
    key->label = text_field(a, o, "label");
    return money_field(o, "limit", MONEY_DOWN, &key->limit, err) &&
           money_field(o, "limit_remaining", MONEY_DOWN, &key->limit_remaining, err) &&
           money_field(o, "usage", MONEY_UP, &key->usage, err) &&
           money_field(o, "usage_daily", MONEY_UP, &key->usage_daily, err) &&
           money_field(o, "usage_weekly", MONEY_UP, &key->usage_weekly, err) &&
           money_field(o, "usage_monthly", MONEY_UP, &key->usage_monthly, err);
}

bool remote_hash_is(struct str hash)
{
    if (hash.len < 8 || hash.len > REMOTE_HASH_MAX)
        return false;
    for (size_t i = 0; i < hash.len; i++) {
        unsigned char c = hash.at[i];
        if (!ascii_alpha(c) && !ascii_digit(c) && c != '_' && c != '-')
            return false;
    }
    return true;
}

/* ---- answers ---- */

bool answer_key(struct arena *a, struct str body, struct remote_key *key, struct err *err)
{
    json_t *root = tree(body, err);
    bool done = root && read_key(a, json_object_get(root, "data"), key, err);
    json_decref(root);
    return done;
}

bool answer_made(struct arena *a, struct arena *wiping, struct str body, struct remote_key *key,
                 struct str *value, struct err *err)
{
    json_t *root = tree(body, err);
    bool done = root && read_key(a, json_object_get(root, "data"), key, err);
    if (done) {
        struct str plain = borrowed(json_object_get(root, "key"));
        if (plain.len == 0)
            plain = borrowed(json_object_get(json_object_get(root, "data"), "key"));
        *value = arena_copy(wiping, plain);
        done = plain.len > 0 || odd("a new key is without its value", err);
    }
    json_decref(root);
    return done;
}

/* The list behind "data"; NULL with err set. */
static const json_t *list_of(const json_t *root, struct err *err)
{
    const json_t *list = json_object_get(root, "data");
    if (json_is_array(list))
        return list;
    odd("there is no list", err);
    return NULL;
}

bool answer_keys(struct arena *a, struct str body, struct remote_key **keys, size_t *count,
                 struct err *err)
{
    json_t *root = tree(body, err);
    const json_t *list = root ? list_of(root, err) : NULL;
    bool done = list != NULL;
    *count = done ? json_array_size(list) : 0;
    *keys = ARENA_ARRAY(a, *count + 1, struct remote_key);
    for (size_t i = 0; done && i < *count; i++)
        done = read_key(a, json_array_get(list, i), &(*keys)[i], err);
    json_decref(root);
    return done;
}

bool answer_credits(struct str body, struct remote_credits *credits, struct err *err)
{
    json_t *root = tree(body, err);
    const json_t *data = json_object_get(root, "data");
    bool done = root && (json_is_object(data) || odd("there are no credits", err)) &&
                money_field(data, "total_credits", MONEY_DOWN, &credits->total, err) &&
                money_field(data, "total_usage", MONEY_UP, &credits->used, err);
    json_decref(root);
    return done;
}

bool answer_activity(struct arena *a, struct str body, struct remote_activity **rows, size_t *count,
                     struct err *err)
{
    json_t *root = tree(body, err);
    const json_t *list = root ? list_of(root, err) : NULL;
    bool done = list != NULL;
    *count = done ? json_array_size(list) : 0;
    *rows = ARENA_ARRAY(a, *count + 1, struct remote_activity);
    for (size_t i = 0; done && i < *count; i++) {
        const json_t *o = json_array_get(list, i);
        struct remote_activity *r = &(*rows)[i];
        r->date = text_field(a, o, "date");
        r->model = text_field(a, o, "model");
        done = (r->date.len >= 10 || odd("a row of activity is without its date", err)) &&
               money_field(o, "usage", MONEY_UP, &r->usage, err);
    }
    json_decref(root);
    return done;
}

bool answer_deleted(struct str body, struct err *err)
{
    json_t *root = tree(body, err);
    bool done = root && (json_is_true(json_object_get(root, "deleted")) ||
                         json_is_true(json_object_get(json_object_get(root, "data"), "deleted")) ||
                         odd("it does not say that the key is deleted", err));
    json_decref(root);
    return done;
}

const char *answer_says(struct arena *a, struct str body)
{
    json_t *root = tree_of(body);
    struct str said = borrowed(json_object_get(json_object_get(root, "error"), "message"));
    const char *shown = text_shown(a, str_slice(said, 0, SAYS_MAX));
    json_decref(root);
    return shown;
}

/* ---- requests ---- */

static void begin_field(struct buf *b, const char *name)
{
    buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
}

struct str change_json(struct arena *a, const struct remote_change *change)
{
    struct buf b = {.arena = a};
    buf_byte(&b, '{');
    if (change->name.len) {
        begin_field(&b, "name");
        text_json(&b, change->name);
    }
    if (change->disabled != REMOTE_UNSAID) {
        begin_field(&b, "disabled");
        buf_text(&b, change->disabled == REMOTE_YES ? "true" : "false");
    }
    if (change->has_limit) {
        char amount[MONEY_TEXT];
        const char *reset = limit_reset_name(change->reset);
        begin_field(&b, "limit");
        buf_text(&b, change->limit == MONEY_NONE ? "null" : money_text(change->limit, amount));
        begin_field(&b, "limit_reset");
        if (reset)
            text_json(&b, str_from(reset));
        else
            buf_text(&b, "null");
    }
    if (change->expires != UTC_NONE) {
        char utc[UTC_TEXT];
        begin_field(&b, "expires_at");
        text_json(&b, str_from(utc_text(change->expires, utc)));
    }
    buf_byte(&b, '}');
    return buf_str(&b);
}
