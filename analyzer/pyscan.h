/*
 * pyscan: what pysource.c (lines and blocks) and pyclass.c (the body of a class) share.
 *
 * Private to those two files. The scanner walks logical lines; an assignment or a returned value in
 * the body of a class goes to pyclass.
 */
#ifndef ANALYZER_PYSCAN_H
#define ANALYZER_PYSCAN_H

#include "analyzer/pyexpr.h"
#include "analyzer/pysource.h"

struct py_body {
    struct arena *arena;   /* for what stays */
    struct arena *scratch; /* until the end of the logical line */
    struct py_module *module;
    struct py_class *class_;
};

/* A copy of the name that stays, cut at PY_NAME_MAX with a note. */
struct str py_keep(struct py_body *b, struct str name, uint32_t line);
/* `attr = value`, `attr: annotation = value`, `attr: annotation`; spans may be empty. */
void pyclass_assign(struct py_body *b, const struct py_token *attr, struct py_span annotation,
                    struct py_span value);
/* A declared_attr method that returns more than one thing: what it declares depends on a run. */
void pyclass_unclear(struct py_body *b, const struct py_token *attr);
/* The value that a property or hybrid property returns. */
void pyclass_property(struct py_body *b, const struct py_token *attr, struct py_span value);

#endif
