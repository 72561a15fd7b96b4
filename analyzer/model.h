/*
 * model: from "app.models.user:User" and an attribute to a table and a column.
 *
 * People name what they declared in Python; a dump knows tables. The index answers from three
 * places, the more explicit first: a map file of the user, the application's source (scanned, never
 * run), Flask-SQLAlchemy's naming rule.
 *
 *     struct model_index *ix = model_index_new(&run);
 *     model_index_map(ix, "models.map", err) && model_index_source(ix, "src", err)     optional
 *     struct model_table t;
 *     struct model_column c;
 *     if (model_resolve(ix, STR("app.models.user:User"), &t, err) &&
 *         model_column(ix, STR("app.models.user:User"), STR("otp_secret"), &c, err)) ...
 *
 * A module is found by its path below the folder, app/models/user.py being app.models.user. The
 * folder may also be the package itself or hold it deeper (src/app/...): the module whose dotted
 * name shares the longest tail with the one asked for is taken, and two of them are an error.
 *
 * Ownership: everything lives in the index's arena. Threads: one at a time.
 * Errors: 401 a text that names no model; 402 unknown; 404 ambiguous; 405 named by an expression;
 * 406 without a table; 407 the rule does not apply; 413 an attribute of another table; 414 an
 * attribute whose column is not clear; 415 a class that shows no table. Errors in reading: 403,
 * 408, 409. Limits: model_limit. Symbolic links, hidden folders, node_modules, __pycache__ and
 * virtual environments are passed over; a file that is too large or unreadable is a note. Source of
 * the rules: sqlalchemy/orm/decl_base.py and flask_sqlalchemy/model.py.
 */
#ifndef ANALYZER_MODEL_H
#define ANALYZER_MODEL_H

#include "common/arena.h"
#include "common/err.h"
#include "common/model_name.h"

enum model_limit {
    MODEL_DEPTH_MAX = 32,                  /* folders below the source folder */
    MODEL_ENTRIES_MAX = 100000,            /* names in one folder */
    MODEL_FILES_MAX = 20000,               /* Python files */
    MODEL_FILE_BYTES = 4 * 1024 * 1024,    /* one Python file */
    MODEL_TOTAL_BYTES = 256 * 1024 * 1024, /* all of them */
    MODEL_MAP_LINES = 100000,
    MODEL_MAP_BYTES = 16 * 1024 * 1024,
    MODEL_ANCESTORS_MAX = 128 /* base classes of a class, all levels */
};

enum model_how { MODEL_BY_MAP, MODEL_BY_SOURCE, MODEL_BY_RULE };
/* "map", "source", "naming-rule", as the report has it. */
const char *model_how_name(enum model_how how);

struct model_table {
    struct str spec;   /* "pkg.mod:Class" */
    struct str schema; /* empty: not stated */
    struct str table;
    enum model_how how;
    struct str file; /* what said so; empty for the naming rule alone */
    uint32_t line;
};

enum model_column_how {
    COLUMN_BY_MAP,
    COLUMN_IS_DATABASE,  /* the text is a database column of the class */
    COLUMN_BY_ATTRIBUTE, /* an attribute, synonym or property of it */
    COLUMN_SAME_NAME     /* nothing is known: taken as it stands */
};

struct model_column {
    struct str column;
    enum model_column_how how;
    bool encrypted; /* its declared type says so */
    struct str file;
    uint32_t line;
};

struct model_index;

struct model_index *model_index_new(struct arena *a);
bool model_index_map(struct model_index *ix, const char *path, struct err *err);
/*
 * A table as a map writes it: [schema.]table, either in "quotes". *schema stays as it is without
 * one; NULL where none may stand. False: not a name. Copied into the arena.
 */
bool model_table_name(struct arena *a, struct str text, struct str *schema, struct str *name);
bool model_index_source(struct model_index *ix, const char *folder, struct err *err);

bool model_resolve(struct model_index *ix, struct str spec, struct model_table *out,
                   struct err *err);
/* The database column of an attribute. A text that is a database column already stays as it is. */
bool model_column(struct model_index *ix, struct str spec, struct str attr,
                  struct model_column *out, struct err *err);

/* A column of a model; a model without columns of its own has one row with an empty attr. */
struct model_row {
    struct model_table model;
    struct str attr;
    struct str column;
    struct str type; /* as written, literals masked */
    bool encrypted;
    struct str file; /* of the column */
    uint32_t line;
};

struct model_note {
    struct str file;
    uint32_t line;   /* 0: the whole file */
    struct str text; /* may hold names as they stand in the file: show with text_visible */
};

struct model_listing {
    struct model_row *rows; /* by file, then by line */
    size_t row_count, row_room;
    struct model_note *notes;
    size_t note_count, note_room;
};

/* Every model of the source, and all that was not understood. */
void model_list(struct model_index *ix, struct model_listing *out);

#endif
