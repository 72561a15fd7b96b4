/*
 * keyring: the versioned keys of one configuration file, checked as the application checks them.
 *
 * The one idea: a keyring exists only when the application would start with it. keyring_load
 * refuses every other file, so whoever holds a keyring need not ask again; and an edit is given out
 * only after its result was loaded and compared with what it came from (S13).
 *
 *     ACTIVE_ENCRYPTION_VERSION="v2"
 *     ENCRYPTION_KEYS__v1="..."        password text, not base64-decoded
 *     ENCRYPTION_SALT__v1="..."        see salt_decode
 *     ENCRYPTION_SALT_HASH__v1="..."   optional, SHA-256 of the decoded salt
 *     ENCRYPTION_ENV_CHECKSUM="..."    optional, see keyring_checksum
 *
 *     struct arena keys = {.wipe = true};
 *     struct keyring kr;
 *     struct keyring_edit edit;
 *     struct str gone[] = {STR("v1")};
 *     if (!keyring_load(&keys, &keyring_dotenv, ".env.crypto", content, &kr, err) ||
 *         !keyring_remove(&keys, &kr, gone, 1, &edit, err))
 *         return false;
 *     write edit.after; show keyring_edit_show(&out, &edit)
 *     arena_free(&keys);
 *
 * A version is what stands behind the first "__", in ASCII lower case. Names are case-sensitive up
 * to there.
 *
 * Ownership: everything lives in the arena or borrows from the content; both must outlive the
 * keyring. Use an arena with .wipe set.
 * Errors: 12 for a file that is no keyring or that contradicts its own digests; 4 for one that
 * reads in two ways or would not start; 6 for a version that is not there. The place is "NAME, line
 * N". No message holds a byte of any value (S15).
 * Threads: none; two keyrings in two arenas are independent.
 * Limits: KEYRING_VERSIONS_MAX, KEYRING_VERSION_LENGTH, and those of the syntax.
 */
#ifndef FORMATS_KEYRING_KEYRING_H
#define FORMATS_KEYRING_KEYRING_H

#include "common/buf.h"
#include "common/crypto.h"
#include "common/secret.h"
#include "formats/keyring/dialect.h"
#include "formats/keyring/dotenv.h"
#include "formats/keyring/flask_json.h"
#include "formats/keyring/flask_py.h"

enum {
    KEYRING_VERSIONS_MAX = 4096,
    KEYRING_VERSION_LENGTH = 32, /* of [A-Za-z0-9._-], as in the stored values (S4) */
    KEYRING_ITERATIONS = 100000  /* what the application uses; --kdf-iterations changes it */
};

/* What an entry is to the application, told from its name. */
enum entry_role {
    ROLE_NONE,
    ROLE_KEY,
    ROLE_SALT,
    ROLE_SALT_HASH,
    ROLE_ACTIVE,
    ROLE_CHECKSUM,
    ROLE_WHOLE, /* FLASK_ENCRYPTION_KEYS, with all versions in a JSON object */
    ROLE_GROUP, /* FLASK_ENCRYPTION_KEYS__v1, with a version in a JSON object */
    ROLE_FLASK  /* a name that looks like ours and means nothing */
};

/* The role, and for the first three and a group the version as it is written. */
enum entry_role keyring_role(struct str name, struct str *version);

/* Whether the entry is a key, salt or salt hash of one of these versions, in any case. */
bool keyring_belongs(struct str name, const struct str *versions, size_t count);

struct key_version {
    struct str name;                 /* lower case */
    const struct binding *key;       /* never NULL, and has a value that is not empty */
    const struct binding *salt;      /* has a value; NULL in a list (key_list.h) */
    const struct binding *salt_hash; /* or NULL */
    struct str salt_bytes;           /* decoded */
    struct fingerprint fingerprint;  /* "" until keyring_fingerprints */
    struct str raw;                  /* of a list: the key's own bytes; nothing is derived */
    bool is_typed;                   /* they may be words of a person, not random bytes */
    size_t place;                    /* the first one that has it */
    size_t place_count;              /* how many have it, with one key and salt */
};

/* One place of a list of keys: key_list.h. */
struct key_slot {
    const struct binding *entry; /* in whose value it stands */
    struct str text;
    struct span raw; /* of the text, in the content */
    struct str name; /* of its version; "" for a tombstone */
    size_t place;    /* in its variable, from 0 */
    size_t line;
};

struct keyring {
    const char *name; /* of the file, for messages */
    const struct keyring_syntax *syntax;
    struct str content;
    struct bindings bindings;
    struct key_version *versions; /* by name, str_cmp; at least one */
    size_t version_count;
    size_t version_room;
    size_t active;                      /* index of the active one */
    const struct binding *active_entry; /* the first; or NULL: the only version is active */
    const struct binding **actives;     /* of each place, or NULL */
    const struct binding **checksums;   /* of each place, or NULL; when present, it is right */
    size_t place_count;                 /* at least one */
    struct key_slot *slots;             /* of a list, the active key's first or last */
    size_t slot_count;
    size_t slot_room;
};

bool keyring_load(struct arena *a, const struct keyring_syntax *syntax, const char *name,
                  struct str content, struct keyring *kr, struct err *err);

/* By name in any case; NULL when there is none. */
const struct key_version *keyring_find(const struct keyring *kr, struct str version);

/* ---- key material: keyring_secret.c ---- */

/*
 * The application's reading of a salt: hex when its length is even and it is valid hex (white space
 * between pairs is skipped), else lenient base64url, else its own bytes. Never fails.
 */
struct str salt_decode(struct arena *a, struct str text);

/*
 * Hex SHA-256 over "name=value" lines of all entries with a value but the checksum itself, sorted,
 * of one place, joined with LF; of entries with one name the last counts.
 */
bool keyring_checksum(struct arena *a, const struct bindings *all, size_t place,
                      char hex[SHA256_HEX + 1], struct err *err);

/* A key of a list is taken as it is: a short one with zeros behind it, as HMAC does. */
bool keyring_derive(const struct key_version *v, unsigned iterations, struct secret *s,
                    struct err *err);
/* Of keys that may be words, the guess costs a derivation too. */
bool keyring_fingerprint(const struct key_version *v, unsigned iterations, struct fingerprint *fp,
                         struct err *err);
/*
 * The keys of all versions, in their order, and the fingerprint of each (S11). Slow on purpose: a
 * key derivation for each, side by side. `into` has room for all and is the caller's to wipe.
 */
bool keyring_derive_all(struct keyring *kr, unsigned iterations, struct secret *into,
                        struct err *err);
/* The fingerprints alone. */
bool keyring_fingerprints(struct keyring *kr, unsigned iterations, struct err *err);

/* S12: the same active version, and one key and salt for every version that both have. */
bool keyring_agree(const struct keyring *one, const struct keyring *other, struct err *err);

/* ---- edits: keyring_edit.c ---- */

enum edit_mark { EDIT_CONTEXT, EDIT_REMOVED, EDIT_CHANGED, EDIT_ADDED };
enum edit_kind { EDIT_ENTRY, EDIT_COMMENT, EDIT_SKIPPED, EDIT_CODE };

/* One entry of the masked diff. */
struct edit_line {
    enum edit_mark mark;
    enum edit_kind kind;
    size_t line;      /* in the old file; after an insertion, in the new one */
    const char *name; /* of an entry, safe to show; "" when it may not be shown */
    size_t chars;     /* of the value, or of the comment or skipped text */
};

struct keyring_edit {
    struct str after;
    struct edit_line *lines; /* what is touched, with up to 3 neighbours on either side */
    size_t line_count;
};

/*
 * Takes the key, salt and salt hash of these versions out, as whole lines, and puts the new
 * checksum in the place of the old. Refuses the active version (4), an unknown one (6), and a
 * surviving value that refers to what would leave (4).
 */
bool keyring_remove(struct arena *a, const struct keyring *kr, const struct str *versions,
                    size_t count, struct keyring_edit *edit, struct err *err);

/*
 * Puts the entries of these versions back, byte for byte as they stand in an archived image of the
 * file, each behind the last entry of its role (else of any). An entry that is there with the same
 * value stays; with another value it is refused (4), as is whatever would not read back the same.
 */
bool keyring_insert(struct arena *a, const struct keyring *kr, struct str archived,
                    const struct str *versions, size_t count, struct keyring_edit *edit,
                    struct err *err);

/* S12 for any target: no value that would survive refers to an entry of these versions. */
bool keyring_no_reference(struct arena *a, const struct keyring *kr, const struct str *versions,
                          size_t count, struct err *err);

/*
 * S13 from the bytes alone, which keyring_remove has already done: both load, with one active
 * version, and `after` is `before` without these versions; every other entry has its bytes and its
 * value, the checksum apart.
 */
bool keyring_verify_removal(struct arena *a, const struct keyring_syntax *syntax, const char *name,
                            struct str before, struct str after, const struct str *versions,
                            size_t count, struct err *err);

/* One line for each, as in "- line 7  ENCRYPTION_KEYS__v1=<masked, 44 chars>". */
void keyring_edit_show(struct buf *out, const struct keyring_edit *edit);

#endif
