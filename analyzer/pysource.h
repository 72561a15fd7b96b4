/*
 * pysource: the model classes of one Python file, read without running it.
 *
 * A scanner for declarative SQLAlchemy: classes with their bases, table name, schema and columns,
 * the properties that stand before columns, and the imports by which one file's classes are known
 * in another. What is written as a literal is taken; what only a run would tell (an f-string, a
 * variable, a call) is PY_UNREADABLE and gets a note with its line, never a guess.
 *
 *     struct py_module *m = py_scan(&run, STR("app/models.py"), content);
 *     for (struct py_class *c = m->classes; c; c = c->next)
 *         for (struct py_column *col = c->columns; col; col = col->next) ...
 *
 * Read are `__tablename__`, `__table_args__`, `__table__`, `__abstract__`, `metadata`, columns by
 * Column, mapped_column or a bare Mapped[...], also behind deferred(), in a declared_attr method or
 * in SQLModel's Field(), and synonyms and properties that return one attribute.
 *
 * Ownership: everything lives in the arena; the source may go when py_scan is back.
 * Errors: none; damaged or odd source gives notes. Threads: any, one arena each.
 * Limits: the enum below; what is beyond them is noted, never dropped in silence.
 */
#ifndef ANALYZER_PYSOURCE_H
#define ANALYZER_PYSOURCE_H

#include "common/arena.h"

enum {
    PY_BLOCKS_MAX = 100,    /* nested blocks; CPython's own limit */
    PY_CLASSES_MAX = 10000, /* a file */
    PY_COLUMNS_MAX = 1600,  /* a class; PostgreSQL's limit for a table */
    PY_ALIASES_MAX = 4096,  /* a class */
    PY_BASES_MAX = 32,      /* a class */
    PY_IMPORTS_MAX = 10000, /* a file */
    PY_NOTES_MAX = 500,     /* a file */
    PY_NAME_MAX = 1024      /* bytes of one name */
};

enum py_known {
    PY_ABSENT,     /* not stated */
    PY_LITERAL,    /* .text */
    PY_NONE,       /* = None: switched off */
    PY_LOWER_NAME, /* return cls.__name__.lower() in a declared_attr */
    PY_UNREADABLE  /* stated, but only a run would tell */
};

struct py_value {
    enum py_known known;
    struct str text;
    uint32_t line;
};

struct py_column {
    struct py_column *next;
    struct str attr;      /* the Python attribute */
    struct py_value name; /* of the database column; PY_ABSENT: the attribute's name */
    struct str type;      /* as written, literals masked; may be empty */
    bool encrypted;       /* the type's name says so */
    bool primary_key;
    uint32_t line;
};

/* An attribute that stands for another: a synonym, a property. Or one that is set and not read. */
struct py_alias {
    struct py_alias *next;
    struct str attr;
    struct str target; /* empty: it stands for more than one, or what it is made of is not read */
    uint32_t line;
};

struct py_base {
    struct str text;        /* dotted name; empty for an expression */
    struct py_class *found; /* by the index, once looked up */
    bool looked_up;
};

struct py_module;

struct py_class {
    struct py_class *next;
    struct py_module *module;
    struct str name; /* "Outer.Inner" for a nested one */
    uint32_t line;
    bool abstract;
    bool table_model; /* class Name(SQLModel, table=True) */
    struct py_value table;
    struct py_value schema;
    struct py_value metadata_schema; /* of metadata = MetaData(schema=...) in the body */
    struct py_base *bases;
    size_t base_count;
    struct py_column *columns, *last_column;
    size_t column_count;
    struct py_alias *aliases, *last_alias;
    size_t alias_count;
};

struct py_import {
    struct str local;  /* the name it has here; empty for * */
    struct str module; /* absolute within the source folder, or with its leading dots */
    struct str name;   /* empty: the module itself */
};

struct py_note {
    struct py_note *next;
    uint32_t line;
    struct str text;
};

struct py_module {
    struct str path;   /* as given to py_scan */
    struct str dotted; /* for the index to fill: app.models.user */
    struct str package;
    struct py_class *classes, *last_class;
    size_t class_count;
    struct py_import *imports;
    size_t import_count, import_room;
    struct py_note *notes, *last_note;
    size_t note_count;
};

struct py_module *py_scan(struct arena *a, struct str path, struct str source);
/* Adds a note; beyond PY_NOTES_MAX one last note says that there are more. */
void py_note(struct arena *a, struct py_module *m, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
