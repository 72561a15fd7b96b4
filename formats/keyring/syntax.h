/*
 * syntax: what a configuration syntax gives to the keyring and takes from it.
 *
 * The one idea: a file is never written anew. A syntax reads the bytes into bindings that know
 * where they stand, and turns a change into patches of those bytes; every byte that no patch
 * touches stays.
 *
 *     struct bindings all = {0};
 *     struct patches patches = {0};
 *     if (!syntax->load(arena, content, &all, err) ||
 *         !syntax->edit(arena, content, &all, changes, n, &patches, err))
 *         return false;
 *     struct str after = patches_apply(arena, content, &patches);
 *
 * Ownership: everything is in the arena of the call (use one with .wipe set: it holds keys) or
 * borrowed from the content.
 * Units: spans are byte offsets in the content; lines count from 1.
 * Errors: those of the syntax, without the file's name, which the keyring adds.
 */
#ifndef FORMATS_KEYRING_SYNTAX_H
#define FORMATS_KEYRING_SYNTAX_H

#include "common/arena.h"
#include "common/err.h"

/* The bytes [start, end) of a content. */
struct span {
    size_t start;
    size_t end;
};

enum binding_kind {
    BINDING_ENTRY,   /* a name, nearly always with a value */
    BINDING_COMMENT, /* a comment that stands on a line of its own */
    BINDING_SKIPPED, /* what the application's parser cannot read and steps over */
    BINDING_CODE     /* what is no entry and stays as it is: statements, braces, other settings */
};

/*
 * An entry can be a part of a larger literal: {'v1': {'key': ..., 'salt': ...}, 'v2': {...}}. All
 * of `'v1': {...},` then is the span of the first entry in it, the leader; the others, which can
 * only leave with it, have an empty span at its end.
 */
enum member_kind {
    MEMBER_NOT,
    MEMBER_LOOSE,  /* a comma behind the last one is allowed: Python */
    MEMBER_STRICT, /* no comma may stand behind the last one: JSON */
    MEMBER_LINES   /* whole lines and no comma: a block of YAML */
};

/*
 * A text that stands in base64 in a file: a whole env file in a Kubernetes Secret. The spans of
 * the bindings in it are of this text; an edit encodes it again, wrapped as it was.
 */
struct enclosed {
    struct str text;
    struct span raw;      /* of its base64 in the content */
    size_t width;         /* digits on a line; 0: all on one */
    struct str separator; /* between two lines */
};

struct binding {
    enum binding_kind kind;
    bool has_value; /* KEY= has one, which is empty; KEY alone has none */
    /* The value holds something that is not in the file: the process environment decides it. */
    bool from_environment;
    struct str key; /* of a skipped line: the name it begins with, if one could be read */
    /* As the application sees it: unquoted, unescaped, with what it refers to filled in, as though
     * the process environment were empty. */
    struct str value;
    struct str *refs; /* the names the value refers to, in order, repeated ones repeated */
    size_t ref_count;
    bool encoded;  /* the value stands in base64 */
    bool is_part;  /* not an entry of its own but a part of another's value: under no checksum */
    bool is_whole; /* the entry whose value the parts that follow are in, and which outlives them */
    const struct enclosed *within; /* or NULL: in the file itself */
    size_t place;                  /* index in bindings.places */
    struct span entry;     /* whole lines, the last one with its line end; no blank lines before */
    struct span value_raw; /* inside entry and inside the quotes */
    enum member_kind member;
    size_t body_end; /* of a leader: behind its value and before its comma */
    size_t line;     /* of its first byte */
    size_t lines;    /* how many it covers */
};

/* In the order of the file; spans never overlap. Between them stand blank lines only, and between
 * members commas and line ends. */
struct bindings {
    struct binding *items;
    size_t count;
    size_t room;
    /* A skipped line, or a name without a value, is in the file: any line of it may be a piece of
     * a value that was broken up, so no name of it that is not ours may be shown (S15). */
    bool broken;
    /* One file can hold the keyring several times: for two services, or with and without FLASK_.
     * Each place has its own entries, and what is said of a name holds in its place. None: one. */
    struct str *places;
    size_t place_count;
    size_t place_room;
    size_t bad_line; /* of what could not be read, when load fails; 0: of no single line */
};

enum change_kind {
    CHANGE_DROP,      /* binding `at` leaves with its whole lines */
    CHANGE_SET,       /* the value of binding `at` becomes `text`, which needs no quoting */
    CHANGE_ADD,       /* the lines `text` go behind binding `at`, or to the end when at == count */
    CHANGE_ADD_MEMBER /* `text` and its comma go before the leader `at` */
};

struct change {
    enum change_kind kind;
    size_t at;
    struct str text;
};

/* The bytes of `gone` give way to `text`. */
struct patch {
    struct span gone;
    struct str text;
};

/* Sorted by position, without overlap. */
struct patches {
    struct patch *items;
    size_t count;
    size_t room;
};

struct keyring_syntax {
    const char *name;            /* stands in plans and archives */
    bool is_env_file;            /* --env-file means it, and --dialect chooses */
    bool is_flask;               /* Flask's own configuration, which wins over the environment */
    const struct key_list *list; /* keys in a row (key_list.h); NULL: a named set */
    bool (*load)(struct arena *a, struct str content, struct bindings *all, struct err *err);
    /* `changes` are in the order of their `at`, and additions behind one binding in their order. */
    bool (*edit)(struct arena *a, struct str content, const struct bindings *all,
                 const struct change *changes, size_t count, struct patches *patches,
                 struct err *err);
};

/* The edit that every syntax can use, since its bindings say where they may be cut. */
bool bindings_edit(struct arena *a, struct str content, const struct bindings *all,
                   const struct change *changes, size_t count, struct patches *patches,
                   struct err *err);

/* The index of the place of this name, which is made when there is none. */
size_t bindings_place(struct arena *a, struct bindings *all, struct str name);

/* The bytes that the spans of a binding are of. */
static inline struct str binding_base(struct str content, const struct binding *b)
{
    return b->within ? b->within->text : content;
}

/* A new binding at the end; the pointer is good until the next one. */
struct binding *bindings_add(struct arena *a, struct bindings *all);

/* The content with the patches put in, in the arena. */
struct str patches_apply(struct arena *a, struct str content, const struct patches *patches);

/* The syntax of this name; NULL when there is none: keyring_syntax.c. */
const struct keyring_syntax *keyring_syntax_find(struct str name);

#endif
