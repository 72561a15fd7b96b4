/* vault_read: the YAML of a vault as entries, tombstones and master keys. */
#include "applier/vault/vault.h"
#include "common/text.h"
#include "formats/yaml/yaml_tree.h"

enum { EXTRAS_MAX = 256, KEYS_MAX = 1000, TOMBSTONES_MAX = 10000 };

struct reader {
    struct arena *a;
    struct yaml_tree tree;
    struct vault *v;
    struct err *err;
};

/* A field that we know: what reads its value into the structure of its mapping. */
struct field {
    const char *name;
    bool (*read)(struct reader *r, size_t node, void *into);
};

static bool bad(struct reader *r, size_t node, const char *what)
{
    err_set(r->err, ERR_CORRUPT, 1004, "line %zu of the decrypted vault: %s",
            yaml_line(&r->tree, r->tree.at[node].start), what);
    return false;
}

/* ---- fields that we do not know ---- */

static size_t column_of(const struct yaml_tree *t, size_t at)
{
    size_t start = at;
    while (start > 0 && t->content.at[start - 1] != '\n')
        start--;
    return at - start;
}

/* The lines of the value without the indent of its name. */
static struct str unindented(struct reader *r, struct str text, size_t indent)
{
    struct buf b = {.arena = r->a};
    size_t skip = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (skip > 0 && text.at[i] == ' ') {
            skip--;
            continue;
        }
        skip = text.at[i] == '\n' ? indent : 0;
        buf_byte(&b, text.at[i]);
    }
    return buf_str(&b);
}

/* Whether the text is this name with this value when it stands by itself, as it will. */
static bool stands_alone(struct reader *r, size_t name, struct str text)
{
    const struct yaml_tree *t = &r->tree;
    struct yaml_tree alone;
    struct err unread = {0};
    size_t count = yaml_next_name(t, name) - name;
    if (!yaml_tree_read(r->a, text, &alone, &unread) || alone.documents != 1 ||
        alone.at[0].kind != YAML_MAP || alone.count != count + 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *here = &t->at[name + i];
        const struct yaml_node *there = &alone.at[1 + i];
        if (here->kind != there->kind || here->style != there->style ||
            !str_eq(here->value, there->value))
            return false;
    }
    return true;
}

static bool keep(struct reader *r, size_t name, struct vault_extras *extras)
{
    const struct yaml_tree *t = &r->tree;
    const struct yaml_node *n = &t->at[name];
    if (extras->count == EXTRAS_MAX)
        return bad(r, name, "more unknown fields than a vault may have");
    size_t end = t->at[yaml_value(t, name)].end;
    size_t indent = n->in_flow ? 0 : column_of(t, n->start);
    struct str text = unindented(r, str_slice(t->content, n->start, end), indent);
    if (!stands_alone(r, name, text))
        return bad(r, name, "an unknown field in a form that cannot be kept");
    extras->at = arena_grow(r->a, extras->at, extras->count, &extras->room, sizeof *extras->at);
    extras->at[extras->count++] = (struct vault_extra){n->value, text};
    return true;
}

/* ---- mappings ---- */

static bool check_name(struct reader *r, size_t map, size_t name)
{
    const struct yaml_tree *t = &r->tree;
    if (t->at[name].kind != YAML_SCALAR)
        return bad(r, name, "a field whose name is no text");
    for (size_t k = map + 1; k < name; k = yaml_next_name(t, k))
        if (str_eq(t->at[k].value, t->at[name].value))
            return bad(r, name, "a name that stands there twice");
    return true;
}

static bool read_map(struct reader *r, size_t map, const struct field *fields, void *into,
                     struct vault_extras *extras)
{
    const struct yaml_tree *t = &r->tree;
    if (t->at[map].kind != YAML_MAP)
        return bad(r, map, "it is not a list of fields");
    for (size_t k = map + 1; k < t->at[map].next; k = yaml_next_name(t, k)) {
        const struct field *f = fields;
        if (!check_name(r, map, k))
            return false;
        while (f->name && !str_eq(t->at[k].value, str_from(f->name)))
            f++;
        if (f->name ? !f->read(r, yaml_value(t, k), into) : !keep(r, k, extras))
            return false;
    }
    return true;
}

/* Null, as Go writes an empty map or list of its own too. */
static bool is_nothing(const struct reader *r, size_t node)
{
    const struct yaml_node *n = &r->tree.at[node];
    if (n->kind == YAML_SCALAR && n->style == YAML_PLAIN)
        return n->value.len == 0 || str_eq(n->value, STR("null")) || str_eq(n->value, STR("~"));
    return false;
}

static bool read_scalar(struct reader *r, size_t node, struct str *into)
{
    if (r->tree.at[node].kind != YAML_SCALAR)
        return bad(r, node, "it is not a single value");
    *into = is_nothing(r, node) ? STR("") : r->tree.at[node].value;
    return true;
}

static bool read_time(struct reader *r, size_t node, int64_t *into)
{
    struct str text;
    *into = UTC_NONE;
    if (!read_scalar(r, node, &text))
        return false;
    return text.len == 0 || utc_parse(text, into) ||
           bad(r, node, "it is no time such as 2026-11-22T02:00:00Z");
}

static bool read_money(struct reader *r, size_t node, int64_t *into)
{
    struct str text;
    if (!read_scalar(r, node, &text))
        return false;
    return text.len == 0 || money_parse(text, into) ||
           bad(r, node, "it is no amount of dollars with at most six decimals");
}

/* ---- limits and usage ---- */

static bool read_monthly(struct reader *r, size_t node, void *into)
{
    return read_money(r, node, &((struct limits *)into)->monthly);
}

static bool read_daily(struct reader *r, size_t node, void *into)
{
    return read_money(r, node, &((struct limits *)into)->daily);
}

static bool add_threshold(struct reader *r, size_t node, struct limits *l)
{
    struct str text;
    int64_t value;
    if (!read_scalar(r, node, &text))
        return false;
    size_t n = l->threshold_count;
    bool right = n < THRESHOLDS_MAX && money_parse(text, &value) && value > 0 &&
                 value <= THRESHOLD_WHOLE && (n == 0 || l->thresholds[n - 1] < value);
    if (!right)
        return bad(r, node, "thresholds are at most eight rising shares such as 0.80");
    l->thresholds[l->threshold_count++] = (uint32_t)value;
    return true;
}

static bool read_thresholds(struct reader *r, size_t node, void *into)
{
    const struct yaml_node *n = &r->tree.at[node];
    if (is_nothing(r, node))
        return true;
    if (n->kind != YAML_LIST)
        return add_threshold(r, node, into);
    for (size_t i = node + 1; i < n->next; i = yaml_behind(&r->tree, i))
        if (!add_threshold(r, i, into))
            return false;
    return true;
}

static bool read_disabled(struct reader *r, size_t node, void *into)
{
    return read_time(r, node, &((struct limits *)into)->disabled);
}

static bool read_limits(struct reader *r, size_t node, void *into)
{
    static const struct field fields[] = {{"monthly_spend", read_monthly},
                                          {"daily_spend", read_daily},
                                          {"alert_threshold", read_thresholds},
                                          {"disabled_at", read_disabled},
                                          {0}};
    struct vault_entry *e = into;
    return is_nothing(r, node) || read_map(r, node, fields, &e->limits, &e->limits_extras);
}

static bool read_month(struct reader *r, size_t node, void *into)
{
    return read_money(r, node, &((struct usage *)into)->month);
}

static bool read_day(struct reader *r, size_t node, void *into)
{
    return read_money(r, node, &((struct usage *)into)->day);
}

static bool read_earlier(struct reader *r, size_t node, void *into)
{
    return read_money(r, node, &((struct usage *)into)->earlier);
}

static bool read_as_of(struct reader *r, size_t node, void *into)
{
    return read_time(r, node, &((struct usage *)into)->as_of);
}

static bool read_usage(struct reader *r, size_t node, void *into)
{
    static const struct field fields[] = {{"current_month", read_month},
                                          {"current_day", read_day},
                                          {"earlier_days", read_earlier},
                                          {"last_updated", read_as_of},
                                          {0}};
    struct vault_entry *e = into;
    if (is_nothing(r, node))
        return true;
    if (!read_map(r, node, fields, &e->usage, &e->usage_extras))
        return false;
    struct usage least = usage_of(e->usage.month, e->usage.day, e->usage.as_of);
    if (e->usage.earlier < least.earlier)
        e->usage.earlier = least.earlier;
    return true;
}

/* ---- entries ---- */

static bool read_value(struct reader *r, size_t node, void *into)
{
    return read_scalar(r, node, &((struct vault_entry *)into)->value);
}

static bool read_id(struct reader *r, size_t node, void *into)
{
    return read_scalar(r, node, &((struct vault_entry *)into)->id);
}

static bool read_secrets(struct reader *r, size_t node, void *into)
{
    static const struct field fields[] = {{"value", read_value},
                                          {"id", read_id},
                                          {"limits", read_limits},
                                          {"usage", read_usage},
                                          {0}};
    const struct yaml_tree *t = &r->tree;
    struct vault *v = into;
    if (is_nothing(r, node))
        return true;
    if (t->at[node].kind != YAML_MAP)
        return bad(r, node, "secrets is not a list of entries");
    for (size_t k = node + 1; k < t->at[node].next; k = yaml_next_name(t, k)) {
        if (v->count == VAULT_ENTRIES_MAX)
            return bad(r, k, "more entries than a vault may have");
        if (!check_name(r, node, k))
            return false;
        struct vault_entry *e = vault_add(v, t->at[k].value);
        if (!read_map(r, yaml_value(t, k), fields, e, &e->extras))
            return false;
    }
    return true;
}

/* ---- tombstones ---- */

static bool read_grave_name(struct reader *r, size_t node, void *into)
{
    return read_scalar(r, node, &((struct vault_tombstone *)into)->name);
}

static bool read_grave_id(struct reader *r, size_t node, void *into)
{
    return read_scalar(r, node, &((struct vault_tombstone *)into)->id);
}

static bool read_removed(struct reader *r, size_t node, void *into)
{
    return read_time(r, node, &((struct vault_tombstone *)into)->removed);
}

static bool read_tombstones(struct reader *r, size_t node, void *into)
{
    static const struct field fields[] = {
        {"name", read_grave_name}, {"id", read_grave_id}, {"removed", read_removed}, {0}};
    struct vault *v = into;
    const struct yaml_node *list = &r->tree.at[node];
    if (is_nothing(r, node))
        return true;
    if (list->kind != YAML_LIST)
        return bad(r, node, "tombstones is not a list");
    for (size_t i = node + 1; i < list->next; i = yaml_behind(&r->tree, i)) {
        if (v->tombstone_count == TOMBSTONES_MAX)
            return bad(r, i, "more tombstones than a vault may have");
        struct vault_tombstone *t = vault_bury(v, STR(""), STR(""), UTC_NONE);
        if (!read_map(r, i, fields, t, &t->extras))
            return false;
    }
    return true;
}

/* ---- master keys ---- */

static bool read_inner_id(struct reader *r, size_t node, void *into)
{
    return read_scalar(r, node, &((struct vault_key_version *)into)->inner_id);
}

static bool read_created(struct reader *r, size_t node, void *into)
{
    return read_scalar(r, node, &((struct vault_key_version *)into)->created);
}

static bool read_key(struct reader *r, size_t node, void *into)
{
    struct vault_key_version *k = into;
    const struct yaml_node *list = &r->tree.at[node];
    size_t n = 0;
    if (list->kind != YAML_LIST)
        return bad(r, node, "a master key is a list of 32 numbers");
    for (size_t i = node + 1; i < list->next; i = yaml_behind(&r->tree, i), n++) {
        uint64_t byte;
        if (n == MASTER_KEY_BYTES || r->tree.at[i].kind != YAML_SCALAR ||
            !str_to_u64(r->tree.at[i].value, &byte) || byte > UINT8_MAX)
            return bad(r, node, "a master key is a list of 32 numbers");
        k->key.bytes[n] = (unsigned char)byte;
    }
    return n == MASTER_KEY_BYTES || bad(r, node, "a master key is a list of 32 numbers");
}

static bool read_keys(struct reader *r, size_t node, void *into)
{
    static const struct field fields[] = {
        {"id", read_inner_id}, {"key", read_key}, {"createdat", read_created}, {0}};
    const struct yaml_tree *t = &r->tree;
    struct vault *v = into;
    if (is_nothing(r, node))
        return true;
    if (t->at[node].kind != YAML_MAP)
        return bad(r, node, "keyversions is not a list of keys");
    for (size_t k = node + 1; k < t->at[node].next; k = yaml_next_name(t, k)) {
        if (v->key_count == KEYS_MAX)
            return bad(r, k, "more master keys than a vault may have");
        if (!check_name(r, node, k))
            return false;
        v->keys = arena_grow(r->a, v->keys, v->key_count, &v->key_room, sizeof *v->keys);
        struct vault_key_version *one = &v->keys[v->key_count++];
        *one = (struct vault_key_version){.id = t->at[k].value};
        if (!read_map(r, yaml_value(t, k), fields, one, &one->extras))
            return false;
    }
    return true;
}

static bool read_current(struct reader *r, size_t node, void *into)
{
    return read_scalar(r, node, &((struct vault *)into)->current_key);
}

static bool read_schema(struct reader *r, size_t node, void *into)
{
    uint64_t *schema = &((struct vault *)into)->schema;
    if (r->tree.at[node].kind != YAML_SCALAR || !str_to_u64(r->tree.at[node].value, schema) ||
        *schema == 0)
        return bad(r, node, "the version of the schema is a number from 1 on");
    if (*schema <= VAULT_SCHEMA)
        return true;
    err_set(r->err, ERR_CORRUPT, 1015, "the vault has schema %llu, and this version knows up to %d",
            (unsigned long long)*schema, VAULT_SCHEMA);
    err_hint(r->err, "use the version of lean_vault that wrote it");
    return false;
}

/* ---- the whole ---- */

/* An anchor's text would be lost on the way, and what is not understood is not changed. */
static bool is_simple(struct reader *r)
{
    for (size_t i = 0; i < r->tree.count; i++)
        if (r->tree.at[i].kind == YAML_ALIAS || r->tree.at[i].has_anchor || r->tree.at[i].has_tag)
            return bad(r, i, "anchors, aliases and tags have no place in a vault");
    return true;
}

bool vault_parse(struct arena *secrets, struct str yaml, struct vault *v, struct err *err)
{
    static const struct field fields[] = {
        {"secrets", read_secrets},       {"currentkeyid", read_current}, {"keyversions", read_keys},
        {"tombstones", read_tombstones}, {"schemaversion", read_schema}, {0}};
    struct reader r = {.a = secrets, .v = v, .err = err};
    *v = (struct vault){.arena = secrets, .schema = 1};
    if (!yaml_tree_read(secrets, yaml, &r.tree, err)) {
        if (r.tree.bad_line)
            err_context(err, "line %zu of the decrypted vault", r.tree.bad_line);
        return false;
    }
    if (r.tree.count == 0 || (r.tree.documents == 1 && is_nothing(&r, 0)))
        return true;
    if (r.tree.documents != 1)
        return bad(&r, 0, "more than one document");
    return is_simple(&r) && read_map(&r, 0, fields, v, &v->extras);
}
