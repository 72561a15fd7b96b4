/*
 * yaml_emit: everything in a YAML file that is not ours, as bindings of code.
 *
 * Each holds its bytes and, as its value, what libyaml made of them: depth, kind, style and text of
 * every node. In the order of the text that says all of the tree, so two files whose code is the
 * same are the same but for the entries. In block style code goes by lines, in flow style by nodes,
 * since there an entry can leave the middle of a line.
 */
#include "formats/keyring/yaml_parts.h"

struct emitter {
    struct yaml_reader *r;
    size_t done;        /* bytes before it have their bindings */
    bool open;          /* the last binding is code that can grow */
    bool flow;          /* ... and is a node of flow style */
    struct buf is;      /* what the open code is */
    struct buf pending; /* what nodes without bytes are: it goes to the next code */
};

static void close_code(struct emitter *e)
{
    if (e->open)
        e->r->all->items[e->r->all->count - 1].value = arena_copy(e->r->a, buf_str(&e->is));
    e->open = false;
    e->is.len = 0;
}

static struct binding *add(struct emitter *e, enum binding_kind kind, size_t start, size_t end)
{
    struct yaml_reader *r = e->r;
    close_code(e);
    struct binding *b = bindings_add(r->a, r->all);
    b->kind = kind;
    b->entry = (struct span){start, end};
    b->line = flask_line_at(&r->lines, start);
    b->lines = 1;
    return b;
}

static size_t line_end(struct str s, size_t at, size_t to)
{
    while (at < to && s.at[at] != '\n' && s.at[at] != '\r')
        at++;
    return at;
}

/* Between nodes stand punctuation, comments, directives and the lines between documents. */
static void pass_gap(struct emitter *e, size_t to)
{
    struct str s = e->r->tree.content;
    for (size_t at = e->done; at < to;) {
        bool begins = at == 0 || s.at[at - 1] == '\n' || s.at[at - 1] == '\r';
        struct str rest = str_slice(s, at, to);
        bool mark = begins && (str_starts(rest, STR("---")) || str_starts(rest, STR("...")));
        if (s.at[at] == '#' || (begins && s.at[at] == '%')) {
            size_t end = line_end(s, at, to);
            (void)add(e, s.at[at] == '#' ? BINDING_COMMENT : BINDING_CODE, at, end);
            at = end;
        } else {
            if (mark)
                (void)add(e, BINDING_CODE, at, at + 3);
            at += mark ? 3 : 1;
        }
    }
    if (e->done < to)
        e->done = to;
}

/* What ends at `from`, behind the line end that a block scalar has, shares no line with `to`. */
static bool on_one_line(struct str s, size_t from, size_t to)
{
    bool ended = from > 0 && (s.at[from - 1] == '\n' || s.at[from - 1] == '\r');
    return !ended && line_end(s, from, to) == to;
}

static void add_code(struct emitter *e, size_t start, size_t end, bool flow)
{
    struct yaml_reader *r = e->r;
    size_t before = r->all->count;
    size_t from = e->done;
    pass_gap(e, start);
    bool grows = e->open && !flow && !e->flow && before == r->all->count &&
                 on_one_line(r->tree.content, from, start);
    if (!grows) {
        (void)add(e, BINDING_CODE, start, end);
        e->open = true;
        e->flow = flow;
    }
    struct binding *b = &r->all->items[r->all->count - 1];
    b->entry.end = end;
    buf_add(&e->is, buf_str(&e->pending));
    e->pending.len = 0;
    b->lines = flask_line_at(&r->lines, end) - b->line + 1;
    e->done = end;
}

static void say(struct emitter *e, const struct yaml_node *n)
{
    buf_printf(&e->pending, "%u,%d,%d,%d%d%d%d,%zu:", n->depth, (int)n->kind, (int)n->style,
               n->flow, n->is_name, n->has_anchor, n->has_tag, n->value.len);
    buf_add(&e->pending, n->tag);
    buf_byte(&e->pending, ' ');
    buf_add(&e->pending, n->value);
}

static bool check_node(struct yaml_reader *r, size_t i)
{
    const struct yaml_node *n = yaml_at(r, i);
    if (n->kind != YAML_SCALAR || r->known[i] || !flask_names_in(n->value))
        return true;
    return yaml_refuse(r, 516, "an entry of the keyring is named where it is not read", i);
}

static bool add_node(struct emitter *e, size_t i)
{
    const struct yaml_node *n = yaml_at(e->r, i);
    bool collection = n->kind == YAML_MAP || n->kind == YAML_LIST;
    size_t end = collection ? n->opened : n->end;
    if (!check_node(e->r, i))
        return false;
    say(e, n);
    if ((!collection || n->flow) && end > n->start && n->start >= e->done)
        add_code(e, n->start, end, n->flow || n->in_flow);
    return true;
}

/* The brackets that close before the node `i`. */
static void close_flows(struct emitter *e, const size_t *open, size_t *depth, size_t i)
{
    while (*depth && i >= yaml_at(e->r, open[*depth - 1])->next) {
        const struct yaml_node *n = yaml_at(e->r, open[--*depth]);
        if (n->end > e->done)
            add_code(e, n->end - 1, n->end, true);
    }
}

static void add_group(struct emitter *e, const struct yaml_group *g)
{
    struct yaml_reader *r = e->r;
    pass_gap(e, g->span.start);
    close_code(e);
    for (size_t i = 0; i < g->count; i++)
        *bindings_add(r->a, r->all) = r->ours.items[g->first + i];
    e->done = g->span.end;
}

/* What nodes at the very end are that have no bytes. */
static void add_rest(struct emitter *e)
{
    struct bindings *all = e->r->all;
    for (size_t i = all->count; i > 0 && e->pending.len; i--) {
        struct binding *b = &all->items[i - 1];
        if (b->kind != BINDING_CODE || b->within)
            continue;
        struct buf is = {.arena = e->r->a};
        buf_add(&is, b->value);
        buf_add(&is, buf_str(&e->pending));
        b->value = buf_str(&is);
        e->pending.len = 0;
    }
}

bool yaml_emit(struct yaml_reader *r)
{
    struct emitter e = {.r = r};
    size_t open[YAML_DEPTH_MAX];
    size_t depth = 0;
    size_t group = 0;
    e.is.arena = e.pending.arena = r->a;
    e.done = str_starts(r->tree.content, STR("\xEF\xBB\xBF")) ? 3 : 0;
    r->all->places = r->ours.places;
    r->all->place_count = r->ours.place_count;
    r->all->broken |= r->ours.broken;
    for (size_t i = 0; i < r->tree.count;) {
        close_flows(&e, open, &depth, i);
        if (group < r->group_count && r->groups[group].node == i) {
            add_group(&e, &r->groups[group]);
            i = r->groups[group++].next_node;
            continue;
        }
        if (!add_node(&e, i))
            return false;
        if (yaml_at(r, i)->flow && depth < YAML_DEPTH_MAX)
            open[depth++] = i;
        i++;
    }
    close_flows(&e, open, &depth, r->tree.count);
    pass_gap(&e, r->tree.content.len);
    close_code(&e);
    add_rest(&e);
    return true;
}
