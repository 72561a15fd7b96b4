/* yaml_parts: what the readers of YAML forms share among themselves; others take yaml.h. */
#ifndef FORMATS_KEYRING_YAML_PARTS_H
#define FORMATS_KEYRING_YAML_PARTS_H

#include "formats/keyring/flask_names.h"
#include "formats/keyring/keyring.h"
#include "formats/keyring/yaml.h"
#include "formats/yaml/yaml_tree.h"

/* Bindings that are ours, and the nodes that they stand in the place of. */
struct yaml_group {
    size_t first, count;    /* in `ours` */
    size_t node, next_node; /* [node, next_node) are covered */
    struct span span;
};

struct yaml_reader {
    struct arena *a;
    struct bindings *all; /* what comes out */
    struct err *err;
    struct yaml_tree tree;
    bool *known; /* for each node: a name that is read, though no entry */
    bool strict; /* the file is JSON: no comma may be left behind the last member */
    struct bindings ours;
    struct yaml_group *groups; /* in the order of the file */
    size_t group_count;
    size_t group_room;
    struct flask_lines lines;
};

static inline const struct yaml_node *yaml_at(const struct yaml_reader *r, size_t node)
{
    return &r->tree.at[node];
}

bool yaml_open(struct yaml_reader *r, struct arena *a, struct str content, struct bindings *all,
               struct err *err);
/* 507, 516 or 528 on the line of a node. */
bool yaml_refuse(struct yaml_reader *r, int id, const char *text, size_t node);
/* Whether a node stands for itself: 528. */
bool yaml_clean(struct yaml_reader *r, size_t node);
/* A mapping that stands for itself, with different names that are scalars, and no merge key. */
bool yaml_plain_map(struct yaml_reader *r, size_t node);
/* The same, but a merge key may bring other names. */
bool yaml_distinct_map(struct yaml_reader *r, size_t node);
/* A node that has to be a string. */
bool yaml_text(struct yaml_reader *r, size_t node);

/* A binding of ours for the value of a node. */
struct binding *yaml_add(struct yaml_reader *r, struct str name, size_t value, size_t place);
/* Ends a group: the bindings from `first` on stand in the place of a pair or of a list's item. */
bool yaml_close_pair(struct yaml_reader *r, size_t first, size_t name, enum member_kind in_block);
bool yaml_close_item(struct yaml_reader *r, size_t first, size_t item);

/* Everything that is not ours, around what is: yaml_emit.c. */
bool yaml_emit(struct yaml_reader *r);

/* A whole env file in a value of a Secret: yaml_inner.c. `encoded`: in base64. */
bool yaml_inner_env(struct yaml_reader *r, size_t name, size_t value, bool encoded, size_t place);
/* A value of `data` as its bytes; false: no base64 in one of the forms that can be written again.
 */
bool yaml_base64(struct yaml_reader *r, size_t value, struct enclosed *e);

/* A text that an environment can hold. */
bool yaml_is_utf8(struct str s);

bool yaml_edit(struct arena *a, struct str content, const struct bindings *all,
               const struct change *changes, size_t count, struct patches *patches,
               struct err *err);

#endif
