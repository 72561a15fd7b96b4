/*
 * flask_json: the JSON file of Flask's app.config.from_file(..., load=json.load).
 *
 *     {"ACTIVE_ENCRYPTION_VERSION": "v2",
 *      "ENCRYPTION_KEYS": {"v1": {"key": "...", "salt": "...", "salt_hash": "..."}, "v2": {...}}}
 *
 * or, in place of the inner object, "ENCRYPTION_KEYS__V1": "..." and so on beside the active
 * version.
 *
 * The one idea: an edit needs the bytes that each value stands on, which a parser that gives back
 * values (jansson, json-c) does not tell, and which it loses for names that stand twice. So this
 * reader walks the text itself, checks all of it, and decodes only the names and our own values.
 *
 * Where our names stand anywhere but at the top level they are refused: nobody reads them there,
 * and a key would survive its removal.
 *
 *     struct bindings all = {0};
 *     if (!flask_json_parse(arena, content, &all, err)) ...all.bad_line...
 *
 * Ownership: see syntax.h. Pure.
 * Errors: 516 and 507 (refused), 500 and 518 (corrupt).
 * Limits: FLASK_JSON_* below.
 * Source: RFC 8259, with NaN and Infinity, which Python's json reads too; Flask 2.2, config.py.
 */
#ifndef FORMATS_KEYRING_FLASK_JSON_H
#define FORMATS_KEYRING_FLASK_JSON_H

#include "formats/keyring/syntax.h"

enum {
    FLASK_JSON_CONTENT_MAX = 4 * 1024 * 1024,
    FLASK_JSON_BINDINGS_MAX = 65536,
    FLASK_JSON_DEPTH_MAX = 64 /* of objects and arrays in one another */
};

extern const struct keyring_syntax keyring_flask_json;

bool flask_json_parse(struct arena *a, struct str content, struct bindings *all, struct err *err);

/*
 * The same object in the value of an environment variable, of which `value` is the bytes: its
 * versions, and what is between its braces. Their bindings are parts.
 */
bool flask_json_versions(struct arena *a, struct str content, struct span value,
                         struct bindings *all, struct span *inner, struct err *err);
/* {"key": ..., "salt": ...} of one version; the bindings keep to no span yet. */
bool flask_json_fields(struct arena *a, struct str content, struct span value, struct str version,
                       struct bindings *all, struct err *err);
/* Whether Python's json.loads may take a text, so that it is no longer the string it was. */
bool flask_json_is_value(struct str text);

#endif
