/*
 * key_list: keyrings in which the keys have no names of their own but stand in a row.
 *
 *     laravel      APP_KEY=base64:...                        the active key
 *                  APP_PREVIOUS_KEYS=base64:...,base64:...   the others, newest first
 *     prisma       PRISMA_FIELD_ENCRYPTION_KEY, PRISMA_FIELD_DECRYPTION_KEYS: the same for keys
 *                  k1.aesgcm256.... of 47ng; the active key may stand in the list too
 *     multifernet  FERNET_KEYS=...,...                       the first is the active key
 *     magento      'crypt' => ['key' => "...\n..."] in app/etc/env.php: the last is the active key
 *
 * The one idea: a list is read into slots, each the span of one key in the value it stands in, and
 * an edit is the spans that leave; a key is known by a name that is worked out from it, the same in
 * keycensus and in keyretire, and that tells nobody what the key is:
 *
 *     laravel, multifernet   key-1a2b3c4d: the first 8 digits of its fingerprint (S11)
 *     prisma                 1a2b3c4d: as in the stored values, the first 8 digits of the SHA-256
 *                            of the key's text
 *     magento                0, 1, 2...: its place, as in the stored values
 *
 * Where stored values name places, a key that leaves would move all that follow. There a tombstone
 * takes its place: 32 characters, "retired-" and 24 digits of a hash of the key that left, so that
 * it stays a key of the right length that nobody can know who did not know that one.
 *
 *     const struct keyring_syntax *s = key_list_syntax(arena, &keyring_dotenv, spec, err);
 *     keyring_load(arena, s, path, content, &kr, err)      and so on, as with any other syntax
 *
 * The user names the kind with --keyring KIND[:VARIABLE[,VARIABLE]]; how the file is read is said
 * by the form as ever. In plans and archives the form is "python-dotenv+laravel:APP_KEY,APP_...".
 *
 * What is taken: keys written out, without quotes inside, escapes or ${...}, so that every reader
 * of env files comes to the same text. Anything else is refused with its line.
 *
 * Ownership: everything is in the arena. Pure.
 * Errors: 530 to 534, 537 and 538, and those of the keyring.
 * Limits: KEY_LIST_MAX keys.
 * Source: Laravel 11, EncryptionServiceProvider.php and config/app.php; prisma-field-encryption
 * 1.6, encryption.ts, and @47ng/cloak 1.2, key.ts; cryptography 41, fernet.py; Magento 2.4,
 * Encryptor.php.
 */
#ifndef FORMATS_KEYRING_KEY_LIST_H
#define FORMATS_KEYRING_KEY_LIST_H

#include "formats/keyring/keyring.h"

enum {
    KEY_LIST_MAX = 1024,
    KEY_LIST_VARIABLES = 2,
    KEY_LIST_TOMBSTONE = 32 /* characters */
};

enum key_naming { NAMED_BY_FINGERPRINT, NAMED_BY_TEXT, NAMED_BY_PLACE };
enum key_active { ACTIVE_FIRST, ACTIVE_LAST };

/* What a key's text stands for. */
struct key_material {
    struct str bytes;
    bool is_text; /* as a person may have typed it; else random bytes in base64 */
};

struct key_list_kind {
    const char *name;                          /* as --keyring takes it */
    const char *owner;                         /* whose keys they are, for messages */
    const char *expected;                      /* how a key of it is written, for hints */
    const char *variables[KEY_LIST_VARIABLES]; /* the usual ones */
    size_t variables_least;                    /* 2: the active key has its own */
    enum key_naming naming;
    enum key_active active;
    bool allows_blanks; /* around a comma */
    bool allows_empty;  /* nothing between two commas */
    bool names_values;  /* stored values say which key they need */
    /* False: not a key. */
    bool (*read)(struct arena *a, struct str text, struct key_material *m);
};

/* What a tombstone begins with. */
#define KEY_LIST_TOMBSTONE_MARK STR("retired-")

/* What a syntax with keys in a row is told; keyring_syntax.list. */
struct key_list {
    const struct key_list_kind *kind;
    struct str variables[KEY_LIST_VARIABLES];
    size_t variable_count;
};

/* The one that a PHP file always has (php_array.h). */
extern const struct key_list key_list_magento;

/* NULL when there is none. */
const struct key_list_kind *key_list_kind(struct str name);

/* The syntax `base` with a list in it: "laravel" or "multifernet:MY_KEYS"; NULL with 530. */
const struct keyring_syntax *key_list_syntax(struct arena *a, const struct keyring_syntax *base,
                                             struct str spec, struct err *err);

/* A syntax by the form that stands in a plan or archive, with a list or without; NULL: unknown. */
const struct keyring_syntax *keyring_form(struct arena *a, struct str form);

/* The versions oldest first, as far as their places say it. */
size_t key_list_order(const struct keyring *kr, struct arena *a, struct str **names);

/* Which kind a file that has no other keys could be of, for a hint; NULL: none. */
const struct key_list_kind *key_list_guess(const struct bindings *all);

/* ---- what keyring_*.c call for a syntax with a list ---- */

bool key_list_load(struct arena *a, struct keyring *kr, struct err *err);
bool key_list_remove(struct arena *a, const struct keyring *kr, const struct str *versions,
                     size_t count, struct keyring_edit *edit, struct err *err);
/* `longer` without these versions is `shorter`, byte for byte but for their places. */
bool key_list_verify(struct arena *a, const struct keyring *longer, const struct keyring *shorter,
                     const struct str *versions, size_t count, struct err *err);
/* The text first; then, from the same text loaded again, the check and the masked diff. */
bool key_list_insert(struct arena *a, const struct keyring *kr, const struct keyring *archived,
                     const struct str *versions, size_t count, struct str *after, struct err *err);
bool key_list_inserted(struct arena *a, const struct keyring *kr, const struct keyring *fresh,
                       struct keyring_edit *edit, struct err *err);
/* No other value refers to one of the variables. */
bool key_list_no_reference(const struct keyring *kr, struct err *err);

/* Whether this byte of the content is one of a key of the version. */
bool key_list_holds(const struct keyring *kr, size_t at, struct str version);

#endif
