/*
 * dotenv: environment files as python-dotenv 0.21 reads them.
 *
 * The grammar is that of dotenv/parser.py and dotenv/variables.py, regular expression by regular
 * expression, over a file opened as text (UTF-8, line ends translated); the application reads its
 * file with that library and nothing else decides what an entry is. Things that surprise:
 *
 *   - a quoted value may cover several lines; an assignment inside it is text
 *   - `\"` inside quotes is an escape, unless no other quote follows in the whole file: then the
 *     last such quote closes the value after all
 *   - `${NAME}` and `${NAME:-default}` are filled in under every quoting, from names defined
 *     further up in the file, else from the process environment
 *   - a byte order mark becomes part of the first name
 *   - a line that fits nothing is stepped over, up to the end of the line on which reading failed
 *
 *     struct bindings all = {0};
 *     if (!dotenv_parse(arena, content, &all, err)) ...
 *
 * Ownership: see syntax.h. Pure: no I/O and no environment.
 * Errors: only limits (500); a file that python-dotenv reads at all is read. Bytes that are not
 * UTF-8 are ordinary characters here; keyring_load refuses them before.
 * Limits: DOTENV_* below. Time and memory are linear in the content.
 */
#ifndef FORMATS_KEYRING_DOTENV_H
#define FORMATS_KEYRING_DOTENV_H

#include "formats/keyring/syntax.h"

enum {
    DOTENV_CONTENT_MAX = 4 * 1024 * 1024,
    DOTENV_BINDINGS_MAX = 65536,
    DOTENV_EXPANDED_MAX = 16 * 1024 * 1024 /* what ${...} may add up to in one file */
};

extern const struct keyring_syntax keyring_dotenv;

bool dotenv_parse(struct arena *a, struct str content, struct bindings *all, struct err *err);

/* The second half of dotenv_parse: fills in ${...}, from the first binding to the last. */
bool dotenv_expand(struct arena *a, struct bindings *all, struct err *err);

#endif
