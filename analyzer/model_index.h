/*
 * model_index: what the files of the model module share; private to them.
 *
 * mapfile.c fills `lines`, model_source.c `modules`; model_find.c finds classes and their bases,
 * model_table.c their tables; model.c answers.
 */
#ifndef ANALYZER_MODEL_INDEX_H
#define ANALYZER_MODEL_INDEX_H

#include "analyzer/model.h"
#include "analyzer/pysource.h"

struct map_line {
    struct str spec; /* "pkg.mod:Class" */
    struct str attr; /* empty: the line names the table */
    struct str schema;
    struct str name; /* table or column */
    struct str file;
    uint32_t line;
};

struct model_index {
    struct arena *arena;
    struct map_line *lines; /* sorted by spec, attr */
    size_t line_count, line_room;
    struct py_module **modules; /* sorted by the last part of their dotted name, then by path */
    size_t module_count, module_room;
    uint64_t source_bytes;
    bool has_source;
    struct str folder; /* the last source folder, for messages */
    struct model_note *notes;
    size_t note_count, note_room;
};

/* A class and its bases, each before its own bases, left before right; [0] is the class. */
struct lineage {
    struct py_class *of[MODEL_ANCESTORS_MAX];
    size_t count;
    bool cut; /* there are more than are followed */
};

void model_add_note(struct model_index *ix, struct str file, uint32_t line, const char *text);

/* The content of a map file; `path` is for errors. */
bool map_read(struct model_index *ix, const char *path, struct str content, struct err *err);
const struct map_line *map_find(const struct model_index *ix, struct str spec, struct str attr);

/* Sorts what model_index_source read. */
void model_sort_modules(struct model_index *ix);
/* NULL and no error: there is none. NULL with an error: two fit equally well. */
struct py_class *model_find_class(struct model_index *ix, struct model_name name, struct err *err);
/* The classes whose names are near, for a hint: up to `most`, as "pkg.mod:Class". */
size_t model_nearest(struct model_index *ix, struct model_name name, struct str *best, size_t most);

/* "a.b.c" -> "c" */
struct str dotted_last(struct str dotted);
struct str class_spec(struct model_index *ix, const struct py_class *c);
/* The class's name without the classes around it. */
struct str class_last_name(const struct py_class *c);
void class_lineage(struct model_index *ix, struct py_class *c, struct lineage *out);
/* Declarative and not abstract: it has a table, its own or its base's. */
bool class_is_mapped(struct model_index *ix, struct py_class *c);
/* Its table; `owner` is the class that the table belongs to (a base in single-table inheritance).
 */
bool class_table(struct model_index *ix, struct py_class *c, struct model_table *out,
                 struct py_class **owner, struct err *err);

#endif
