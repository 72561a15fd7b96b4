/*
 * flask_env: environment variables of Flask's app.config.from_prefixed_env().
 *
 *     FLASK_ENCRYPTION_KEYS='{"v1": {"key": "...", "salt": "..."}, ...}'    all versions
 *     FLASK_ENCRYPTION_KEYS__v1='{"key": "...", "salt": "..."}'             one
 *     FLASK_ENCRYPTION_KEYS__v1__key="..."                                  one entry of one
 *     FLASK_ACTIVE_ENCRYPTION_VERSION=v1
 *
 * The one idea: the first two hold entries in a value. Where that value stands in the file as it
 * is, without escapes, its entries are found there as in a JSON file and leave like members of it;
 * else it is left alone, and the keyring refuses it. The last two are entries as any other.
 *
 *     if (!dotenv_parse(arena, content, &all, err) || !flask_env_expand(arena, content, &all, err))
 *
 * Ownership: see syntax.h. Pure.
 * Errors: those of flask_json.
 * Source: Flask 2.2, config.py, from_prefixed_env: every value goes through json.loads, and is a
 * string where that fails.
 */
#ifndef FORMATS_KEYRING_FLASK_ENV_H
#define FORMATS_KEYRING_FLASK_ENV_H

#include "formats/keyring/syntax.h"

/* Puts the entries in the values of such variables into the bindings. */
bool flask_env_expand(struct arena *a, struct str content, struct bindings *all, struct err *err);

#endif
