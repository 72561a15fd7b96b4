/*
 * flask_py: the Python file of Flask's app.config.from_pyfile, read and never run.
 *
 *     ACTIVE_ENCRYPTION_VERSION = 'v2'
 *     ENCRYPTION_KEYS = {
 *         'v1': {'key': '...', 'salt': '...', 'salt_hash': '...'},
 *         'v2': {'key': '...', 'salt': '...'},
 *     }
 *     ENCRYPTION_KEYS__v1 = '...'              or in place of the dictionary, with
 * ENCRYPTION_SALT__v1
 *
 * The one idea: what the file says is known without running it only when every line that comes near
 * our names is an assignment of literals, once, at the top level. Every other line that names them,
 * in code or in a string, is refused with its number; so is whatever can set names without naming
 * them (import *, exec, globals() and so on). All other statements stay as opaque code.
 *
 * A version of the dictionary becomes the entries ENCRYPTION_KEYS__v1 and so on, members of one
 * span (syntax.h): `'v1': {...},` with its lines, and the comment behind it, where nothing else
 * stands on them.
 *
 *     struct bindings all = {0};
 *     if (!flask_py_parse(arena, content, &all, err)) ...all.bad_line...
 *
 * Ownership: see syntax.h. Pure.
 * Errors: 516 and 517 (refused), 500 and 518 (corrupt).
 * Limits: FLASK_PY_* below, and those of formats/python.
 * Source: Flask 2.2, config.py; The Python Language Reference 3.12, chapters 2 and 6.2.
 */
#ifndef FORMATS_KEYRING_FLASK_PY_H
#define FORMATS_KEYRING_FLASK_PY_H

#include "formats/keyring/syntax.h"

enum { FLASK_PY_CONTENT_MAX = 4 * 1024 * 1024, FLASK_PY_BINDINGS_MAX = 65536 };

extern const struct keyring_syntax keyring_flask_py;

bool flask_py_parse(struct arena *a, struct str content, struct bindings *all, struct err *err);

#endif
