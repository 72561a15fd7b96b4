/*
 * php_array: Magento's app/etc/env.php, read and never run.
 *
 *     <?php
 *     return [
 *         'crypt' => [
 *             'key' => 'f9a0...
 *     0b1c...'
 *         ],
 *         ...
 *     ];
 *
 * The one idea: what PHP makes of the file is known only when it is one array of literals, which is
 * how Magento writes it: strings, numbers, true, false, null and arrays in either notation, with
 * comments between them. Whatever else stands in it (constants, calls, joined strings, heredocs) is
 * refused with its line. The value of 'crypt' => 'key' becomes the entry crypt/key; every other
 * line is code, which shows nothing and stays.
 *
 *     struct bindings all = {0};
 *     if (!php_array_parse(arena, content, &all, err)) ...all.bad_line...
 *
 * An escape in the keys makes the entry's value differ from its bytes, which key_list refuses.
 *
 * Ownership: see syntax.h. Pure.
 * Errors: 535 and 507 (refused), 536 and 500 (corrupt).
 * Limits: PHP_* below.
 * Source: PHP manual, Types (strings, arrays) and Comments; Magento 2.4, PhpFormatter.php.
 */
#ifndef FORMATS_KEYRING_PHP_ARRAY_H
#define FORMATS_KEYRING_PHP_ARRAY_H

#include "formats/keyring/syntax.h"

enum { PHP_CONTENT_MAX = 4 * 1024 * 1024, PHP_DEPTH_MAX = 64, PHP_BINDINGS_MAX = 65536 };

extern const struct keyring_syntax keyring_php;

bool php_array_parse(struct arena *a, struct str content, struct bindings *all, struct err *err);

#endif
