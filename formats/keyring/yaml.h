/*
 * yaml: configuration in YAML: Flask's own, Kubernetes Secrets, Compose files.
 *
 *     ENCRYPTION_KEYS:                     app.config.from_file("c.yaml", load=yaml.safe_load),
 *       v1: {key: ..., salt: ...}          or single names at the top level
 *
 *     kind: Secret                         names under data (base64) or stringData, or a whole env
 *     data: {ENCRYPTION_KEYS__v1: YWJj}    file as one value of either
 *
 *     services:                            a mapping or a list of NAME=value
 *       web:
 *         environment:
 *           ENCRYPTION_KEYS__v1: ...
 *
 * The one idea: libyaml says what is where (yaml_tree), the form says which of it are entries, and
 * everything else becomes bindings of code that hold both their bytes and what libyaml made of
 * them. So an edit is a few bytes cut out, and reading its result again proves that every other
 * node is the same and stands at the same depth.
 *
 * Refused with the line: an anchor, alias, tag or merge key on an entry or on a mapping around it;
 * a value that some reader would not take for a string; names that stand twice; our names where
 * nobody reads them; $ in a Compose file, which is replaced from the environment.
 *
 * Ownership: see syntax.h. Pure.
 * Errors: 507, 516, 527 and 528 (refused), 500 and 518 (corrupt), with bindings.bad_line.
 * Limits: those of yaml_tree and dotenv.
 * Source: PyYAML's safe_load; Kubernetes core/v1 Secret; the Compose specification, environment.
 */
#ifndef FORMATS_KEYRING_YAML_H
#define FORMATS_KEYRING_YAML_H

#include "formats/keyring/syntax.h"

extern const struct keyring_syntax keyring_flask_yaml, keyring_secret_yaml, keyring_compose;

/* Which of them a content is, by its top-level names; flask-yaml when it is none of the others. */
const struct keyring_syntax *keyring_yaml_form(struct arena *a, struct str content);

#endif
