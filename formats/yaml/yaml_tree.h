/*
 * yaml_tree: a YAML file as nodes that know on which bytes they stand.
 *
 * The one idea: libyaml decides what the text means and this file decides where it is. The nodes of
 * all documents stand in one array in the order of the text, each with its depth and the index
 * behind its subtree; nothing is resolved, expanded or copied into anything else, so an alias is a
 * node of its own and a bomb of aliases is as small as its text.
 *
 *     struct yaml_tree tree;
 *     if (!yaml_tree_read(arena, content, &tree, err)) ...tree.bad_line...
 *     for (size_t k = map + 1; k < tree.at[map].next; k = yaml_next_name(&tree, k))
 *         ...tree.at[k] is a name, tree.at[yaml_value(&tree, k)] its value...
 *
 * Ownership: nodes and their values are in the arena; spans are of the content.
 * Units: bytes from 0; libyaml counts characters, which are converted. Lines from 1.
 * Errors: 518 (corrupt) with bad_line; 500 past a limit; 527 (refused) for the line ends that YAML
 * 1.1 has and YAML 1.2 has not: NEL, U+2028, U+2029.
 * Threads: none.
 * Limits: YAML_* below.
 * Source: YAML 1.1 as libyaml 0.2 reads it, which is what PyYAML does.
 */
#ifndef FORMATS_YAML_YAML_TREE_H
#define FORMATS_YAML_YAML_TREE_H

#include "common/arena.h"
#include "common/err.h"

enum {
    YAML_CONTENT_MAX = 4 * 1024 * 1024,
    YAML_NODES_MAX = 262144,
    YAML_DEPTH_MAX = 64 /* of collections in one another */
};

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST, YAML_ALIAS };
enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL, YAML_FOLDED };

struct yaml_node {
    enum yaml_kind kind;
    enum yaml_style style; /* of a scalar */
    bool flow;             /* a collection in brackets */
    bool in_flow;          /* stands within one */
    bool has_anchor;
    bool has_tag;
    struct str tag;    /* or empty */
    struct str value;  /* of a scalar; the name of an alias */
    size_t start, end; /* with anchor and tag; of a block collection to the end of its last node */
    size_t opened;     /* behind the bracket of a flow collection */
    size_t parent;     /* index; of a root node: its own */
    size_t next;       /* index behind its subtree */
    unsigned depth;    /* 0: the root of a document */
    bool is_name;      /* of its parent, a mapping */
};

struct yaml_tree {
    struct str content;
    struct yaml_node *at;
    size_t count;
    size_t room;
    size_t documents;
    uint32_t *lines; /* where each begins */
    size_t line_count;
    size_t bad_line;
};

bool yaml_tree_read(struct arena *a, struct str content, struct yaml_tree *tree, struct err *err);

/* The index behind a node and all in it. */
static inline size_t yaml_behind(const struct yaml_tree *t, size_t node)
{
    return t->at[node].next;
}

/* The value that stands behind a name. */
static inline size_t yaml_value(const struct yaml_tree *t, size_t name)
{
    return t->at[name].next;
}

/* The name behind a name and its value. */
static inline size_t yaml_next_name(const struct yaml_tree *t, size_t name)
{
    return t->at[yaml_value(t, name)].next;
}

/* The value of this name in a mapping; SIZE_MAX when it has none or is no mapping. */
size_t yaml_find(const struct yaml_tree *t, size_t map, struct str name);

/*
 * Whether a scalar is a string for every reader: quoted, in a block, or plain and like no number,
 * time, truth value or null of YAML 1.1 or 1.2.
 */
bool yaml_is_text(const struct yaml_node *n);

/*
 * Where the bytes of a scalar's text begin and end, within quotes; of a block scalar from its first
 * line's first byte that counts. Only where each byte of the text is written as it is.
 */
bool yaml_text_span(const struct yaml_tree *t, const struct yaml_node *n, size_t *start,
                    size_t *end);

/* The line of a byte: LF, CRLF and CR end one. */
size_t yaml_line(const struct yaml_tree *t, size_t at);

#endif
