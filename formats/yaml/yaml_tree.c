/* yaml_tree: libyaml's events put into an array, with marks in bytes. */
#include "formats/yaml/yaml_tree.h"

#include <yaml.h>

struct builder {
    struct arena *a;
    struct yaml_tree *tree;
    struct err *err;
    size_t base;           /* bytes of the byte order mark */
    const uint32_t *bytes; /* offset of each character behind base; NULL: one byte each */
    size_t characters;
    size_t open[YAML_DEPTH_MAX]; /* collections, the innermost last */
    bool wants_value[YAML_DEPTH_MAX];
    unsigned depth;
    unsigned flow_depth;
};

/* ---- lines ---- */

static bool ends_line(struct str s, size_t at)
{
    return s.at[at] == '\n' || (s.at[at] == '\r' && !(at + 1 < s.len && s.at[at + 1] == '\n'));
}

static void find_lines(struct arena *a, struct yaml_tree *t)
{
    size_t count = 1;
    for (size_t i = 0; i < t->content.len; i++)
        count += ends_line(t->content, i);
    t->lines = ARENA_ARRAY(a, count, uint32_t);
    t->line_count = 1;
    for (size_t i = 0; i < t->content.len; i++)
        if (ends_line(t->content, i))
            t->lines[t->line_count++] = (uint32_t)(i + 1);
}

size_t yaml_line(const struct yaml_tree *t, size_t at)
{
    size_t low = 0;
    size_t high = t->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (t->lines[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

static bool fail(struct builder *b, int kind, int id, const char *text, size_t at)
{
    if (!err_is(b->err))
        b->tree->bad_line = yaml_line(b->tree, at);
    err_set(b->err, kind, id, "%s", text);
    return false;
}

/* ---- characters to bytes ---- */

static void count_characters(struct builder *b, struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.at[i] & 0xC0) != 0x80;
    b->characters = count;
    if (count == text.len)
        return;
    uint32_t *bytes = ARENA_ARRAY(b->a, count + 1, uint32_t);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        if ((text.at[i] & 0xC0) != 0x80)
            bytes[n++] = (uint32_t)i;
    bytes[n] = (uint32_t)text.len;
    b->bytes = bytes;
}

static size_t byte_of(const struct builder *b, const yaml_mark_t *mark)
{
    size_t character = mark->index < b->characters ? mark->index : b->characters;
    return b->base + (b->bytes ? b->bytes[character] : character);
}

/* ---- nodes ---- */

static struct yaml_node *add_node(struct builder *b, const yaml_event_t *event, enum yaml_kind kind)
{
    struct yaml_tree *t = b->tree;
    if (t->count == YAML_NODES_MAX) {
        err_set(b->err, ERR_CORRUPT, 500, "the file has more than %d nodes", YAML_NODES_MAX);
        return NULL;
    }
    t->at = arena_grow(b->a, t->at, t->count, &t->room, sizeof *t->at);
    struct yaml_node *n = &t->at[t->count];
    *n = (struct yaml_node){.kind = kind,
                            .in_flow = b->flow_depth > 0,
                            .start = byte_of(b, &event->start_mark),
                            .end = byte_of(b, &event->end_mark),
                            .opened = byte_of(b, &event->end_mark),
                            .parent = b->depth ? b->open[b->depth - 1] : t->count,
                            .next = t->count + 1,
                            .depth = b->depth};
    if (b->depth && t->at[n->parent].kind == YAML_MAP) {
        n->is_name = !b->wants_value[b->depth - 1];
        b->wants_value[b->depth - 1] = n->is_name;
    }
    t->count++;
    return n;
}

static struct str copied(struct builder *b, const yaml_char_t *text)
{
    return text ? arena_copy(b->a, str_from((const char *)text)) : STR("");
}

static enum yaml_style style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return YAML_SINGLE;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return YAML_DOUBLE;
    case YAML_LITERAL_SCALAR_STYLE:
        return YAML_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return YAML_FOLDED;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE:
        break;
    }
    return YAML_PLAIN;
}

static bool add_scalar(struct builder *b, const yaml_event_t *event)
{
    struct yaml_node *n = add_node(b, event, YAML_SCALAR);
    if (!n)
        return false;
    n->style = style_of(event->data.scalar.style);
    n->has_anchor = event->data.scalar.anchor != NULL;
    n->has_tag = event->data.scalar.tag != NULL;
    n->tag = copied(b, event->data.scalar.tag);
    n->value = arena_copy(b->a, str_make(event->data.scalar.value, event->data.scalar.length));
    return true;
}

static bool open_node(struct builder *b, const yaml_event_t *event, enum yaml_kind kind)
{
    bool map = kind == YAML_MAP;
    const yaml_char_t *tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (b->depth == YAML_DEPTH_MAX)
        return fail(b, ERR_CORRUPT, 518, "collections stand too deep in one another",
                    byte_of(b, &event->start_mark));
    struct yaml_node *n = add_node(b, event, kind);
    if (!n)
        return false;
    n->flow = map ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                  : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    n->has_anchor =
        (map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor) != NULL;
    n->has_tag = tag != NULL;
    n->tag = copied(b, tag);
    b->open[b->depth] = b->tree->count - 1;
    b->wants_value[b->depth++] = false;
    b->flow_depth += n->flow;
    return true;
}

/* A block collection ends with its last node: what libyaml gives is where the next token begins. */
static void close_node(struct builder *b, const yaml_event_t *event)
{
    struct yaml_tree *t = b->tree;
    struct yaml_node *n = &t->at[b->open[--b->depth]];
    n->next = t->count;
    b->flow_depth -= n->flow;
    if (n->flow) {
        n->end = byte_of(b, &event->end_mark);
        return;
    }
    n->end = n->start;
    for (size_t i = b->open[b->depth] + 1; i < t->count; i++)
        if (t->at[i].end > n->end)
            n->end = t->at[i].end;
}

static bool take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        b->tree->documents++;
        return true;
    case YAML_ALIAS_EVENT: {
        struct yaml_node *n = add_node(b, event, YAML_ALIAS);
        if (n)
            n->value = copied(b, event->data.alias.anchor);
        return n != NULL;
    }
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(b, event, YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_node(b, event, YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(b, event);
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return true;
}

/* libyaml frees its copy of a value without wiping it. */
static void wipe_event(yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT && event->data.scalar.length)
        memset(event->data.scalar.value, 0, event->data.scalar.length);
    yaml_event_delete(event);
}

/* Nor does it wipe what it has read ahead. Pieces of a value that outgrew its room are out of
 * reach. */
static void wipe_parser(yaml_parser_t *parser)
{
    memset(parser->raw_buffer.start, 0,
           (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    memset(parser->buffer.start, 0, (size_t)(parser->buffer.end - parser->buffer.start));
}

static bool take_events(struct builder *b, yaml_parser_t *parser)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return fail(b, ERR_CORRUPT, 518, "the file is no valid YAML",
                        byte_of(b, &parser->problem_mark));
        more = event.type != YAML_STREAM_END_EVENT;
        bool done = take_event(b, &event);
        wipe_event(&event);
        if (!done)
            return false;
    }
    return true;
}

static bool check_line_ends(struct builder *b, struct str s)
{
    static const char *const ends[] = {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t at = str_search(s, str_from(ends[i]));
        if (at < s.len)
            return fail(b, ERR_REFUSED, 527, "YAML 1.1 and 1.2 read this line differently", at);
    }
    return true;
}

bool yaml_tree_read(struct arena *a, struct str content, struct yaml_tree *tree, struct err *err)
{
    struct builder b = {.a = a, .tree = tree, .err = err};
    yaml_parser_t parser;
    *tree = (struct yaml_tree){.content = content};
    if (content.len > YAML_CONTENT_MAX) {
        err_set(err, ERR_CORRUPT, 500, "the file is larger than %d bytes", YAML_CONTENT_MAX);
        return false;
    }
    find_lines(a, tree);
    if (!check_line_ends(&b, content))
        return false;
    b.base = str_starts(content, STR("\xEF\xBB\xBF")) ? 3 : 0;
    struct str text = str_slice(content, b.base, content.len);
    count_characters(&b, text);
    if (!yaml_parser_initialize(&parser)) {
        err_set(err, ERR_SYSTEM, 518, "no memory to read YAML");
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.at, text.len);
    bool done = take_events(&b, &parser);
    wipe_parser(&parser);
    yaml_parser_delete(&parser);
    return done;
}

size_t yaml_find(const struct yaml_tree *t, size_t map, struct str name)
{
    if (t->at[map].kind != YAML_MAP)
        return SIZE_MAX;
    for (size_t k = map + 1; k < t->at[map].next; k = yaml_next_name(t, k))
        if (t->at[k].kind == YAML_SCALAR && str_eq(t->at[k].value, name))
            return yaml_value(t, k);
    return SIZE_MAX;
}

static bool only_of(struct str s, const char *set)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] == 0 || !strchr(set, s.at[i]))
            return false;
    return true;
}

/* More than any reader takes for something else: what is refused wants quotes, no more. */
bool yaml_is_text(const struct yaml_node *n)
{
    static const char *const words[] = {"y",     "n",    "yes", "no",   "on",   "off", "true",
                                        "false", "null", "~",   ".inf", ".nan", "<<",  "="};
    struct str s = n->value;
    if (n->kind != YAML_SCALAR)
        return false;
    if (n->style != YAML_PLAIN)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_eq_nocase(s, str_from(words[i])))
            return false;
    struct str digits = s;
    if (digits.len && (digits.at[0] == '-' || digits.at[0] == '+'))
        digits = str_slice(digits, 1, digits.len);
    bool prefixed = digits.len > 1 && digits.at[0] == '0' && strchr("xXoObB", digits.at[1]);
    if (prefixed && only_of(str_slice(digits, 2, digits.len), "0123456789abcdefABCDEF_"))
        return false;
    if (digits.len && strchr(".0123456789", digits.at[0]) && digits.at[0])
        return !only_of(digits, "0123456789_.:+-eEtTzZ ") && !str_eq_nocase(digits, STR(".inf"));
    return s.len > 0;
}

bool yaml_text_span(const struct yaml_tree *t, const struct yaml_node *n, size_t *start,
                    size_t *end)
{
    if (n->kind != YAML_SCALAR || n->has_anchor || n->has_tag || n->style == YAML_LITERAL ||
        n->style == YAML_FOLDED)
        return false;
    size_t quote = n->style != YAML_PLAIN;
    *start = n->start + quote;
    *end = n->end - quote;
    return *start <= *end && str_eq(str_slice(t->content, *start, *end), n->value);
}
