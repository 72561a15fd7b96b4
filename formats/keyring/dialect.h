/*
 * dialect: environment files that another program than python-dotenv reads.
 *
 * The one idea: the readers agree on plain lines, and which ones is known from what they were
 * measured to make of them. A file is read by python-dotenv's grammar (dotenv.h), and taken only
 * when the dialect splits it at the same places and, for the entries of the keyring, comes to the
 * same values; whatever one of them may read in another way is refused with its line. Under a
 * checksum every entry counts as one of the keyring.
 *
 * What is refused: lines that python-dotenv cannot read, a name without a value or with other
 * characters than letters, digits and _, a byte order mark, U+2028 and U+2029, control characters,
 * quotes inside a bare value, ` and \ inside quotes, and
 *
 *                        node   systemd   bash   docker
 *   export NAME=          -        x        -       x
 *   blanks around =       -        -        x       x
 *   blanks behind it      -        -        -       x
 *   comment behind it     -        x        -       x
 *   # in a bare value     x        -        -       -
 *   \ in a bare value     -        x        x       -
 *   $                     x        x        x       x     bash, node: but not in '', without ${
 *   quotes                -        -        -       x
 *   no value              -        x        -       -
 *   CR                    -        x        x       x
 *   comment ending in \   -        x        -       -
 *   blanks before it      x        -        -       -     and lines of blanks
 *
 * and in a bare value for bash everything but letters, digits, _ . / : = + , @ % ^ - and bytes
 * above ASCII. $ and # are let pass in what is not of the keyring where they change no line.
 *
 * Ownership: see syntax.h. Pure.
 * Errors: 527 (refused), with bindings.bad_line; those of dotenv_parse.
 * Source: dotenv 16 and 17 for node and node 20 itself; systemd 252, load_env_file; bash 5.2;
 * docker, opts/file.go.
 */
#ifndef FORMATS_KEYRING_DIALECT_H
#define FORMATS_KEYRING_DIALECT_H

#include "formats/keyring/syntax.h"

extern const struct keyring_syntax keyring_node, keyring_systemd, keyring_bash, keyring_docker;

#endif
