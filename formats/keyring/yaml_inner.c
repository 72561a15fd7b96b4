/*
 * yaml_inner: values of a Secret that hold more than themselves: base64, and whole env files.
 *
 * In a literal block every line of the env file is a line of the YAML file, so its entries have
 * bytes there and leave like any others. In base64 they have none: the edit is made in the decoded
 * text, which is then encoded again and wrapped as it was.
 */
#include "common/text.h"
#include "formats/keyring/base64.h"
#include "formats/keyring/flask_env.h"
#include "formats/keyring/yaml_parts.h"

static bool is_line_end(unsigned char c)
{
    return c == '\n' || c == '\r';
}

static size_t line_end(struct str s, size_t at, size_t to)
{
    while (at < to && !is_line_end(s.at[at]))
        at++;
    return at;
}

static size_t behind_line(struct str s, size_t at, size_t to)
{
    at = line_end(s, at, to);
    if (at + 1 < to && s.at[at] == '\r' && s.at[at + 1] == '\n')
        return at + 2;
    return at < to ? at + 1 : at;
}

/* ---- base64 ---- */

static struct str wrapped(struct arena *a, const struct enclosed *e, struct str digits)
{
    struct buf raw = {.arena = a};
    for (size_t at = 0; at < digits.len;) {
        size_t n = e->width && digits.len - at > e->width ? e->width : digits.len - at;
        if (at)
            buf_add(&raw, e->separator);
        buf_add(&raw, str_slice(digits, at, at + n));
        at += n;
    }
    return buf_str(&raw);
}

/* The digits of a scalar, from the first to the last; *e says how they are wrapped. */
static struct str find_digits(struct yaml_reader *r, const struct yaml_node *n, struct enclosed *e)
{
    struct str s = r->tree.content;
    bool block = n->style == YAML_LITERAL || n->style == YAML_FOLDED;
    size_t quote = n->style == YAML_SINGLE || n->style == YAML_DOUBLE;
    struct buf digits = {.arena = r->a};
    size_t at = block ? behind_line(s, n->start, n->end) : n->start + quote;
    size_t to = n->end - quote;
    while (at < to && ascii_space(s.at[at]))
        at++;
    while (to > at && ascii_space(s.at[to - 1]))
        to--;
    e->raw = (struct span){at, to};
    size_t first = line_end(s, at, to);
    size_t second = first;
    while (second < to && ascii_space(s.at[second]))
        second++;
    e->width = first < to ? first - at : 0;
    e->separator = str_slice(s, first, second);
    for (; at < to; at++)
        if (!ascii_space(s.at[at]))
            buf_byte(&digits, s.at[at]);
    return buf_str(&digits);
}

bool yaml_base64(struct yaml_reader *r, size_t value, struct enclosed *e)
{
    const struct yaml_node *n = yaml_at(r, value);
    if (n->has_anchor || n->has_tag || n->style == YAML_FOLDED)
        return false;
    struct str digits = find_digits(r, n, e);
    struct str raw = str_slice(r->tree.content, e->raw.start, e->raw.end);
    struct buf plain = {.arena = r->a};
    for (size_t i = 0; i < n->value.len; i++)
        if (n->value.at[i] != '\n')
            buf_byte(&plain, n->value.at[i]);
    return str_eq(buf_str(&plain), digits) && base64_decode(r->a, digits, &e->text) &&
           str_eq(wrapped(r->a, e, digits), raw);
}

bool yaml_is_utf8(struct str s)
{
    uint32_t point;
    for (size_t at = 0; at < s.len;) {
        size_t len = text_utf8(s, at, &point);
        if (len == 0 || point == 0)
            return false;
        at += len;
    }
    return true;
}

/* ---- env files ---- */

/* For each byte of a literal block where it stands in the file, and where its line begins there. */
struct places {
    size_t *byte;
    size_t *start;
};

static bool map_lines(struct yaml_reader *r, const struct yaml_node *n, struct places *p)
{
    struct str s = r->tree.content;
    struct str text = n->value;
    size_t raw = behind_line(s, n->start, n->end);
    size_t indent = SIZE_MAX;
    p->byte = ARENA_ARRAY(r->a, text.len + 1, size_t);
    p->start = ARENA_ARRAY(r->a, text.len + 1, size_t);
    for (size_t at = 0; at < text.len;) {
        size_t end = line_end(text, at, text.len);
        size_t raw_end = line_end(s, raw, n->end);
        size_t len = end - at;
        if (raw_end - raw < len)
            return false;
        size_t before = raw_end - raw - len;
        if (len && indent == SIZE_MAX)
            indent = before;
        if ((len && before != indent) ||
            !str_eq(str_slice(s, raw + before, raw_end), str_slice(text, at, end)))
            return false;
        for (size_t i = at; i <= end; i++) {
            p->byte[i] = raw + before + (i - at);
            p->start[i] = i == at ? raw : p->byte[i];
        }
        at = end + (end < text.len);
        raw = behind_line(s, raw_end, n->end);
    }
    p->byte[text.len] = p->start[text.len] = raw;
    return true;
}

static struct span mapped(const struct places *p, struct span s)
{
    return (struct span){p->start[s.start], p->start[s.end]};
}

static bool names_hide(const struct bindings *inner, struct str text)
{
    struct str version;
    for (size_t i = 0; i < inner->count; i++) {
        const struct binding *b = &inner->items[i];
        bool code = b->kind == BINDING_ENTRY && keyring_role(b->key, &version) == ROLE_NONE;
        if (code && flask_names_in(str_slice(text, b->entry.start, b->entry.end)))
            return true;
    }
    return false;
}

static bool any_role(const struct bindings *inner)
{
    struct str version;
    for (size_t i = 0; i < inner->count; i++)
        if (inner->items[i].kind != BINDING_COMMENT &&
            keyring_role(inner->items[i].key, &version) != ROLE_NONE)
            return true;
    return false;
}

static bool read_env(struct yaml_reader *r, size_t value, struct str text, struct bindings *inner)
{
    if (!dotenv_parse(r->a, text, inner, r->err) || !flask_env_expand(r->a, text, inner, r->err)) {
        r->all->bad_line = yaml_line(&r->tree, yaml_at(r, value)->start);
        return false;
    }
    return !names_hide(inner, text) ||
           yaml_refuse(r, 516, "an env file in a value names the keyring where it is not read",
                       value);
}

static bool place_inner(struct yaml_reader *r, size_t name, size_t value, bool encoded,
                        const struct enclosed *e, const struct bindings *inner, size_t outer)
{
    const struct yaml_node *n = yaml_at(r, value);
    struct places p = {0};
    char *label = arena_printf(r->a, "%.*s, value %.*s", STR_ARG(r->ours.places[outer]),
                               STR_ARG(yaml_at(r, name)->value));
    size_t place = bindings_place(r->a, &r->ours, str_from(label));
    size_t first = r->ours.count;
    size_t line = yaml_line(&r->tree, n->start);
    if (!encoded && (n->style != YAML_LITERAL || !map_lines(r, n, &p)))
        return yaml_refuse(r, 516, "an env file in stringData has to be a literal block: |", value);
    for (size_t i = 0; i < inner->count; i++) {
        struct binding b = inner->items[i];
        b.place = place;
        b.line = encoded ? line : line + b.line;
        b.within = encoded ? e : NULL;
        if (!encoded) {
            b.entry = mapped(&p, b.entry);
            b.value_raw = (struct span){p.byte[b.value_raw.start], p.byte[b.value_raw.end]};
            b.body_end = p.start[b.body_end];
        }
        *bindings_add(r->a, &r->ours) = b;
    }
    r->ours.broken |= inner->broken;
    r->groups = arena_grow(r->a, r->groups, r->group_count, &r->group_room, sizeof *r->groups);
    r->groups[r->group_count++] = (struct yaml_group){.first = first,
                                                      .count = r->ours.count - first,
                                                      .node = value,
                                                      .next_node = yaml_behind(&r->tree, value),
                                                      .span = {n->start, n->end}};
    return true;
}

bool yaml_inner_env(struct yaml_reader *r, size_t name, size_t value, bool encoded, size_t place)
{
    struct enclosed *e = ARENA_NEW(r->a, struct enclosed);
    struct bindings inner = {0};
    if (!yaml_clean(r, name) || !yaml_clean(r, value))
        return false;
    if (encoded && (!yaml_base64(r, value, e) || !yaml_is_utf8(e->text)))
        return yaml_refuse(r, 516, "a value under data is no base64 of a text", value);
    struct str text = encoded ? e->text : yaml_at(r, value)->value;
    if (!read_env(r, value, text, &inner))
        return false;
    if (!any_role(&inner)) {
        r->known[value] = true; /* in comments only */
        return true;
    }
    return place_inner(r, name, value, encoded, e, &inner, place);
}

/* ---- edits ---- */

static void patch_add(struct arena *a, struct patches *patches, struct patch patch)
{
    patches->items =
        arena_grow(a, patches->items, patches->count, &patches->room, sizeof *patches->items);
    patches->items[patches->count++] = patch;
}

/* Changes within one encoded text: edited there, and encoded again. */
static bool edit_enclosed(struct arena *a, const struct bindings *all, const struct enclosed *e,
                          struct change *changes, size_t count, struct patches *patches,
                          struct err *err)
{
    struct bindings inner = {0};
    struct patches within = {0};
    size_t first = 0;
    while (all->items[first].within != e)
        first++;
    inner.items = all->items + first;
    while (first + inner.count < all->count && inner.items[inner.count].within == e)
        inner.count++;
    for (size_t i = 0; i < count; i++)
        changes[i].at -= first;
    if (!bindings_edit(a, e->text, &inner, changes, count, &within, err))
        return false;
    struct str text = patches_apply(a, e->text, &within);
    patch_add(a, patches, (struct patch){e->raw, wrapped(a, e, base64_encode(a, text))});
    return true;
}

static const struct enclosed *enclosed_at(const struct bindings *all, size_t at)
{
    return at < all->count && all->items ? all->items[at].within : NULL;
}

bool yaml_edit(struct arena *a, struct str content, const struct bindings *all,
               const struct change *changes, size_t count, struct patches *patches, struct err *err)
{
    struct change *mine = ARENA_ARRAY(a, count, struct change);
    for (size_t i = 0; i < count; i++) {
        mine[i] = changes[i];
        if (mine[i].kind == CHANGE_SET && all->items[mine[i].at].encoded)
            mine[i].text = base64_encode(a, mine[i].text);
    }
    for (size_t from = 0; from < count;) {
        const struct enclosed *e = enclosed_at(all, mine[from].at);
        size_t to = from;
        while (to < count && enclosed_at(all, mine[to].at) == e)
            to++;
        bool done = e ? edit_enclosed(a, all, e, mine + from, to - from, patches, err)
                      : bindings_edit(a, content, all, mine + from, to - from, patches, err);
        if (!done)
            return false;
        from = to;
    }
    return true;
}
