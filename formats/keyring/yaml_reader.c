/* yaml_reader: what every form of YAML asks of a node, and on which bytes an entry stands. */
#include "formats/keyring/yaml_parts.h"

#include <stdlib.h>

bool yaml_refuse(struct yaml_reader *r, int id, const char *text, size_t node)
{
    if (!err_is(r->err))
        r->all->bad_line = yaml_line(&r->tree, yaml_at(r, node)->start);
    err_set(r->err, ERR_REFUSED, id, "%s", text);
    return false;
}

bool yaml_open(struct yaml_reader *r, struct arena *a, struct str content, struct bindings *all,
               struct err *err)
{
    *r = (struct yaml_reader){.a = a, .all = all, .err = err};
    if (!yaml_tree_read(a, content, &r->tree, err)) {
        all->bad_line = r->tree.bad_line;
        return false;
    }
    r->known = ARENA_ARRAY(a, r->tree.count, bool);
    r->strict = r->tree.count > 0 && r->tree.at[0].flow;
    r->lines = (struct flask_lines){content, 0, 1};
    return true;
}

bool yaml_clean(struct yaml_reader *r, size_t node)
{
    const struct yaml_node *n = yaml_at(r, node);
    if (n->kind != YAML_ALIAS && !n->has_anchor && !n->has_tag)
        return true;
    return yaml_refuse(r, 528, "an anchor, alias or tag touches an entry of the keyring", node);
}

static int by_value(const void *a, const void *b)
{
    const struct yaml_node *one = *(const struct yaml_node *const *)a;
    const struct yaml_node *other = *(const struct yaml_node *const *)b;
    int order = str_cmp(one->value, other->value);
    return order ? order : (one > other) - (one < other);
}

bool yaml_distinct_map(struct yaml_reader *r, size_t node)
{
    const struct yaml_tree *t = &r->tree;
    size_t count = 0;
    if (t->at[node].kind != YAML_MAP)
        return yaml_clean(r, node) &&
               yaml_refuse(r, 516, "a mapping has to stand here, written out", node);
    if (!yaml_clean(r, node))
        return false;
    const struct yaml_node **names =
        ARENA_ARRAY(r->a, t->at[node].next - node, const struct yaml_node *);
    for (size_t k = node + 1; k < t->at[node].next; k = yaml_next_name(t, k)) {
        if (t->at[k].kind != YAML_SCALAR)
            return yaml_refuse(r, 516, "a name beside the keyring is no plain text", k);
        names[count++] = &t->at[k];
    }
    if (count)
        qsort(names, count, sizeof *names, by_value);
    for (size_t i = 1; i < count; i++)
        if (str_eq(names[i - 1]->value, names[i]->value))
            return yaml_refuse(r, 507, "a name stands twice", (size_t)(names[i] - t->at));
    return true;
}

bool yaml_plain_map(struct yaml_reader *r, size_t node)
{
    const struct yaml_tree *t = &r->tree;
    if (!yaml_distinct_map(r, node))
        return false;
    for (size_t k = node + 1; k < t->at[node].next; k = yaml_next_name(t, k))
        if (t->at[k].style == YAML_PLAIN && str_eq(t->at[k].value, STR("<<")))
            return yaml_refuse(r, 528, "a merge key stands beside the keyring", k);
    return true;
}

bool yaml_text(struct yaml_reader *r, size_t node)
{
    return yaml_clean(r, node) &&
           (yaml_is_text(yaml_at(r, node)) ||
            yaml_refuse(r, 516, "an entry of the keyring is not surely a string; put it in quotes",
                        node));
}

struct binding *yaml_add(struct yaml_reader *r, struct str name, size_t value, size_t place)
{
    const struct yaml_node *n = yaml_at(r, value);
    struct binding *b = bindings_add(r->a, &r->ours);
    b->kind = BINDING_ENTRY;
    b->key = name;
    b->has_value = true;
    b->value = n->value;
    b->place = place;
    b->line = yaml_line(&r->tree, n->start);
    b->lines = 1;
    b->value_raw = (struct span){n->start, n->end};
    (void)yaml_text_span(&r->tree, n, &b->value_raw.start, &b->value_raw.end);
    return b;
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

static bool is_line_end(unsigned char c)
{
    return c == '\n' || c == '\r';
}

/* The whole lines of [start, end); false when something else stands on them. */
static bool lines_of(const struct yaml_reader *r, struct span body, bool item, struct span *span)
{
    struct str s = r->tree.content;
    size_t from = body.start;
    size_t to = body.end;
    size_t mark = str_starts(s, STR("\xEF\xBB\xBF")) ? 3 : 0;
    while (from > mark && is_blank(s.at[from - 1]))
        from--;
    if (item && from > mark && s.at[from - 1] == '-')
        from--;
    while (item && from > mark && is_blank(s.at[from - 1]))
        from--;
    if (from > mark && !is_line_end(s.at[from - 1]))
        return false;
    while (to > body.start && (is_blank(s.at[to - 1]) || is_line_end(s.at[to - 1])))
        to--; /* the end of a block scalar is where the next thing begins */
    while (to < s.len && is_blank(s.at[to]))
        to++;
    while (to < s.len && s.at[to] == '#' && !is_line_end(s.at[to]))
        while (to < s.len && !is_line_end(s.at[to]))
            to++;
    if (to < s.len && !is_line_end(s.at[to]))
        return false;
    bool pair = to + 1 < s.len && s.at[to] == '\r' && s.at[to + 1] == '\n';
    *span = (struct span){from, to == s.len ? to : to + (pair ? 2 : 1)};
    return true;
}

/* Behind the comma of a member, if it has one. */
static size_t behind_comma(const struct yaml_reader *r, size_t end)
{
    struct str s = r->tree.content;
    size_t at = end;
    while (at < s.len && (is_blank(s.at[at]) || is_line_end(s.at[at])))
        at++;
    return at < s.len && s.at[at] == ',' ? at + 1 : end;
}

static bool close_group(struct yaml_reader *r, size_t first, size_t node, size_t next,
                        struct span body, enum member_kind in_block)
{
    const struct yaml_node *parent = yaml_at(r, yaml_at(r, node)->parent);
    struct span whole;
    enum member_kind kind = in_block;
    if (parent->flow) {
        kind = r->strict ? MEMBER_STRICT : MEMBER_LOOSE;
        whole = flask_member_span(r->tree.content, body, behind_comma(r, body.end),
                                  r->strict ? 0 : '#');
    } else if (!lines_of(r, body, parent->kind == YAML_LIST, &whole)) {
        return yaml_refuse(r, 516, "an entry of the keyring shares its line with another", node);
    }
    for (size_t i = first; i < r->ours.count; i++)
        r->ours.items[i].member = kind;
    flask_close_member(&r->ours, first, whole, body);
    struct binding *leader = &r->ours.items[first];
    leader->line = yaml_line(&r->tree, body.start);
    leader->lines = yaml_line(&r->tree, body.end) - leader->line + 1;
    r->groups = arena_grow(r->a, r->groups, r->group_count, &r->group_room, sizeof *r->groups);
    r->groups[r->group_count++] = (struct yaml_group){.first = first,
                                                      .count = r->ours.count - first,
                                                      .node = node,
                                                      .next_node = next,
                                                      .span = whole};
    return true;
}

bool yaml_close_pair(struct yaml_reader *r, size_t first, size_t name, enum member_kind in_block)
{
    size_t value = yaml_value(&r->tree, name);
    struct span body = {yaml_at(r, name)->start, yaml_at(r, value)->end};
    return close_group(r, first, name, yaml_behind(&r->tree, value), body, in_block);
}

bool yaml_close_item(struct yaml_reader *r, size_t first, size_t item)
{
    struct span body = {yaml_at(r, item)->start, yaml_at(r, item)->end};
    return close_group(r, first, item, yaml_behind(&r->tree, item), body, MEMBER_NOT);
}
