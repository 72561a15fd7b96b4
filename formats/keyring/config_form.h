/*
 * config_form: what kind of configuration file a content is.
 *
 * The one idea: bytes decide, the name only where bytes cannot: YAML and Python are told by the
 * name where it says .yaml or .yml, else by the first line that is no comment. Files that only
 * another tool can open are told first, so that the user hears its name and not a syntax error.
 *
 *     if (config_sealed(content, err)) ...refused...
 *     syntax = config_form(arena, path, content);
 *
 * Ownership: nothing is kept. Pure.
 * Errors: 529, with the tool and its command.
 * Source: the file heads of sops 3, ansible-vault 1.1 and 1.2, age 1, git-crypt 0.7, RFC 4880 and
 * RFC 9580 (OpenPGP), kubeseal.
 */
#ifndef FORMATS_KEYRING_CONFIG_FORM_H
#define FORMATS_KEYRING_CONFIG_FORM_H

#include "formats/keyring/syntax.h"

/* True, with the error set, for what sops, ansible-vault, kubeseal, age, git-crypt or gpg made. */
bool config_is_sealed(struct str content, struct err *err);

/* The syntax of a file that --config names: never NULL. */
const struct keyring_syntax *config_form(struct arena *a, struct str name, struct str content);

#endif
