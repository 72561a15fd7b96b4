/* vault_write: a vault as the YAML that the original writes, four blanks a level. */
#include "applier/vault/vault.h"
#include "common/text.h"
#include "formats/yaml/yaml_tree.h"

enum { STEP = 4, TOP = 0, NAME = STEP, FIELD = 2 * STEP, INNER = 3 * STEP, ITEM = 4 * STEP };

static void indent(struct buf *b, size_t by)
{
    for (size_t i = 0; i < by; i++)
        buf_byte(b, ' ');
}

/* Begins with a digit often, and is no number for all that: written as the original writes it. */
static bool is_uuid(struct str s)
{
    enum { UUID = 36 };
    for (size_t i = 0; i < s.len; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s.at[i] != '-' : ascii_hex(s.at[i]) < 0)
            return false;
    return s.len == UUID;
}

/* Plain where every reader takes it for this text; else in double quotes as JSON has them. */
static void scalar(struct buf *b, struct str value)
{
    const struct yaml_node plain = {.kind = YAML_SCALAR, .style = YAML_PLAIN, .value = value};
    bool simple = value.len > 0 && (yaml_is_text(&plain) || is_uuid(value)) && value.at[0] != '-';
    for (size_t i = 0; simple && i < value.len; i++)
        simple = ascii_alpha(value.at[i]) || ascii_digit(value.at[i]) ||
                 (value.at[i] && strchr("_-./+=", value.at[i]));
    if (simple)
        buf_add(b, value);
    else
        text_json(b, value);
}

static void named(struct buf *b, size_t at, const char *name)
{
    indent(b, at);
    buf_printf(b, "%s:", name);
}

static void text_field(struct buf *b, size_t at, const char *name, struct str value)
{
    named(b, at, name);
    buf_byte(b, ' ');
    scalar(b, value);
    buf_byte(b, '\n');
}

static void money_field(struct buf *b, size_t at, const char *name, int64_t micro)
{
    char text[MONEY_TEXT];
    if (micro == MONEY_NONE)
        return;
    named(b, at, name);
    buf_printf(b, " %s\n", money_text(micro, text));
}

static void time_field(struct buf *b, size_t at, const char *name, int64_t time)
{
    char utc[UTC_TEXT];
    if (time == UTC_NONE)
        return;
    named(b, at, name);
    buf_printf(b, " \"%s\"\n", utc_text(time, utc));
}

static void extras(struct buf *b, size_t at, const struct vault_extras *x)
{
    for (size_t i = 0; i < x->count; i++) {
        struct str rest = x->at[i].value;
        struct str line;
        while (rest.len > 0) {
            str_cut(rest, '\n', &line, &rest);
            indent(b, line.len ? at : 0);
            buf_add(b, line);
            buf_byte(b, '\n');
        }
    }
}

/* ---- entries ---- */

static void thresholds(struct buf *b, size_t at, const struct limits *l)
{
    char text[MONEY_TEXT];
    if (l->threshold_count == 0)
        return;
    named(b, at, "alert_threshold");
    buf_text(b, l->threshold_count > 1 ? " [" : " ");
    for (size_t i = 0; i < l->threshold_count; i++)
        buf_printf(b, "%s%s", i ? ", " : "", money_text(l->thresholds[i], text));
    buf_text(b, l->threshold_count > 1 ? "]\n" : "\n");
}

static void limits(struct buf *b, const struct limits *l, const struct vault_extras *more)
{
    if (!limits_any(l) && l->threshold_count == 0 && l->disabled == UTC_NONE && more->count == 0)
        return;
    named(b, FIELD, "limits");
    buf_byte(b, '\n');
    money_field(b, INNER, "monthly_spend", l->monthly);
    money_field(b, INNER, "daily_spend", l->daily);
    thresholds(b, INNER, l);
    time_field(b, INNER, "disabled_at", l->disabled);
    extras(b, INNER, more);
}

static void usage(struct buf *b, const struct usage *u, const struct vault_extras *more)
{
    if (u->as_of == UTC_NONE && more->count == 0)
        return;
    named(b, FIELD, "usage");
    buf_byte(b, '\n');
    if (u->as_of != UTC_NONE) {
        money_field(b, INNER, "current_month", u->month);
        money_field(b, INNER, "current_day", u->day);
        money_field(b, INNER, "earlier_days", u->earlier);
        time_field(b, INNER, "last_updated", u->as_of);
    }
    extras(b, INNER, more);
}

static void entry(struct buf *b, const struct vault_entry *e)
{
    indent(b, NAME);
    scalar(b, e->name);
    buf_text(b, ":\n");
    text_field(b, FIELD, "value", e->value);
    if (e->id.len > 0)
        text_field(b, FIELD, "id", e->id);
    limits(b, &e->limits, &e->limits_extras);
    usage(b, &e->usage, &e->usage_extras);
    extras(b, FIELD, &e->extras);
}

/* ---- master keys ---- */

/* A point in time as Go writes it needs no quotes. */
static void created(struct buf *b, struct str time)
{
    bool plain = time.len > 0 && ascii_digit(time.at[0]);
    for (size_t i = 0; plain && i < time.len; i++)
        plain = ascii_digit(time.at[i]) || (time.at[i] && strchr("TZ:.+-", time.at[i]));
    named(b, FIELD, "createdat");
    buf_byte(b, ' ');
    if (plain)
        buf_add(b, time);
    else
        text_json(b, time);
    buf_byte(b, '\n');
}

static void key_version(struct buf *b, const struct vault_key_version *k)
{
    indent(b, NAME);
    scalar(b, k->id);
    buf_text(b, ":\n");
    text_field(b, FIELD, "id", k->inner_id);
    named(b, FIELD, "key");
    buf_byte(b, '\n');
    for (size_t i = 0; i < MASTER_KEY_BYTES; i++) {
        indent(b, INNER);
        buf_printf(b, "- %u\n", k->key.bytes[i]);
    }
    if (k->created.len > 0)
        created(b, k->created);
    extras(b, FIELD, &k->extras);
}

/* ---- the whole ---- */

static void tombstone(struct buf *b, const struct vault_tombstone *t)
{
    indent(b, NAME);
    buf_text(b, "- name: ");
    scalar(b, t->name);
    buf_byte(b, '\n');
    text_field(b, NAME + 2, "id", t->id);
    time_field(b, NAME + 2, "removed", t->removed);
    extras(b, NAME + 2, &t->extras);
}

static void heading(struct buf *b, const char *name, size_t count)
{
    named(b, TOP, name);
    buf_text(b, count ? "\n" : " {}\n");
}

void vault_write(const struct vault *v, struct arena *secrets, struct str *yaml)
{
    struct buf b = {.arena = secrets};
    heading(&b, "secrets", v->count);
    for (size_t i = 0; i < v->count; i++)
        entry(&b, &v->entries[i]);
    text_field(&b, TOP, "currentkeyid", v->current_key);
    heading(&b, "keyversions", v->key_count);
    for (size_t i = 0; i < v->key_count; i++)
        key_version(&b, &v->keys[i]);
    if (v->tombstone_count > 0)
        heading(&b, "tombstones", v->tombstone_count);
    for (size_t i = 0; i < v->tombstone_count; i++)
        tombstone(&b, &v->tombstones[i]);
    if (v->schema > 1)
        buf_printf(&b, "schemaversion: %llu\n", (unsigned long long)v->schema);
    extras(&b, TOP, &v->extras);
    *yaml = buf_str(&b);
}
