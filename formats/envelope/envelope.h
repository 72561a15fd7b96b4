/*
 * envelope: the layouts in which applications store ciphertext, and what a cell says of its key.
 *
 * One idea: a cell is classified by its bytes alone (safety.md S4, "classes before verification"),
 * and where reading.proof has keys, every whole token is proven by its MAC as well. No key is
 * needed and no plaintext is ever made. An envelope is const data with pure functions; a new one is
 * one more file and one more line in the table of envelope.c.
 *
 *     struct reading r = {.known = &known, .simd = simd_best(),
 *                         .time_limit = data_time};
 *     struct verdict v;
 *     const struct envelope *e = &envelope_versioned_fernet;
 *     e->classify(e, &r, cell, &v);
 *     if (v.counted || column_is_declared) ...v.class, v.uses[0..v.use_count)...
 *
 * Cells too long to be held are fed to a stream that gives the same verdict for any split
 * (versioned_fernet.h).
 *
 * Units: times are unix seconds, UTC_NONE when none could be read.
 * Secrets: a verdict holds version names and times, nothing else of the cell (S5).
 * Threads: pure. Limits: ENVELOPE_USES_MAX names a cell, the rest as one USE_MORE.
 */
#ifndef FORMATS_ENVELOPE_ENVELOPE_H
#define FORMATS_ENVELOPE_ENVELOPE_H

#include "common/report.h"
#include "common/simd.h"
#include "formats/envelope/key_ids.h"
#include "formats/envelope/key_names.h"
#include "formats/envelope/proof.h"

enum {
    ENVELOPE_NAME_MAX = 32, /* bytes of a version name that no keyring knows */
    ENVELOPE_USES_MAX = 64  /* distinct names told apart in one cell */
};

struct constants;

/* What a classification is made with; the same for every cell of a run. */
struct reading {
    const struct key_names *known;
    const struct proof_keys *proof;    /* one for each known name; NULL: labels only */
    const struct key_ids *ids;         /* what values call those keys; NULL: by their names */
    const struct simd_ops *simd;       /* simd_best() */
    const struct constants *constants; /* what is searched for (constants.h); for scans only */
    int64_t time_limit; /* later token times are the future: counted, used for nothing (S9) */
};

enum use_kind {
    USE_KNOWN,   /* a name of the keyring: .known is its index */
    USE_UNKNOWN, /* reads like a version, but the keyring lacks it: .name */
    USE_BARE,    /* a token without a name; version '' */
    USE_OTHER,   /* a prefix that fits no version */
    USE_MORE     /* beyond ENVELOPE_USES_MAX names in this one cell */
};

/* One version that a cell names, or is proven to use; each at most once in a verdict. */
struct key_use {
    enum use_kind kind;
    enum usage_basis basis;
    unsigned char len;
    unsigned char name[ENVELOPE_NAME_MAX]; /* USE_UNKNOWN: lower-cased */
    const struct envelope *owner;          /* whose name it is, if not the keyring's; else NULL */
    size_t known;
    int64_t oldest, newest; /* of its tokens not later than the limit; UTC_NONE: none */
};

struct verdict {
    enum value_class class; /* never CLASS_NULL */
    bool counted;  /* holds the constant or a valid payload: counts in an undeclared column too */
    bool no_bytes; /* CLASS_EMPTY, but not as text: the \x of bytea without digits */
    bool leak;     /* starts with v and holds ':', unrecognised: the application stored it plain */
    uint64_t future;    /* tokens later than the limit */
    uint32_t envelopes; /* by index in reading.constants; 0: none but versioned-fernet */
    size_t use_count;
    struct key_use uses[ENVELOPE_USES_MAX + 2]; /* and USE_OTHER or USE_MORE */
};

/* Bits of struct envelope .caps */
enum envelope_caps {
    ENVELOPE_NAMES_KEY = 1,   /* the stored form names its key */
    ENVELOPE_HAS_TIME = 2,    /* the stored form tells when it was written */
    ENVELOPE_SHORT_IDS = 4,   /* two keys may well share the id: then both are in use */
    ENVELOPE_DECLARED = 8,    /* nothing sets it apart: only a column that declares it has it */
    ENVELOPE_PROVEN = 16,     /* .verify, with the whole key */
    ENVELOPE_PROVEN_HALF = 32 /* .verify, with no more than its MAC half too */
};

/* An empty verdict, to be added to. */
void verdict_open(struct verdict *v);
/*
 * Counts one token or name under the version that `name` (any case, no more than
 * ENVELOPE_NAME_MAX bytes unless known) stands for; `kind` other than USE_KNOWN and USE_UNKNOWN
 * takes no name. USE_UNKNOWN with a name of the keyring becomes USE_KNOWN. `time` may be UTC_NONE.
 */
void verdict_use(struct verdict *v, const struct reading *r, enum use_kind kind, struct str name,
                 int64_t time);
/*
 * The same for a whole token of which `proof` is what proof_find said: what it names (`kind` and
 * `name`) and what made it are both in use, and are one use when they are the same version. Gives
 * back its class; CLASS_HINTED or CLASS_UNVERSIONED when nothing was proven.
 */
enum value_class verdict_token(struct verdict *v, const struct reading *r, enum use_kind kind,
                               struct str name, int64_t time, size_t proof);
/*
 * Adds the uses of `from`, and no more of it. `owner`, when there is one, is the envelope whose
 * names they are, where the keyring's are another's.
 */
void verdict_merge(struct verdict *into, const struct verdict *from, const struct envelope *owner);
/* Index of a name in any case; known->count when the keyring lacks it. */
size_t reading_known(const struct reading *r, struct str name);

/* A cell whose verdict is known from elsewhere than this program. */
struct envelope_vector {
    const char *cell;
    enum value_class class;
    const char *version; /* of its only use */
    int64_t time;
    struct str key;        /* a generated one that made it; empty: not to be proven */
    const char *made_with; /* the library and its version */
};

struct envelope_value;
struct envelope_template;

struct envelope {
    const char *name;
    unsigned caps; /* enum envelope_caps */
    /*
     * Bytes of which every stored form begins with one, as they stand when nothing wraps them; what
     * base64 or hexadecimal make of them is the searcher's to know. A cell that holds one anywhere
     * is to be classified, and .counted of the verdict says whether it was one. None: the envelope
     * is found only in a column that declares it.
     */
    const struct str *constants;
    size_t constant_count;
    /* Could the cell be or hold one? No false negatives; may be wrong the other way. */
    bool (*sniff)(const struct envelope *e, struct str cell);
    /* The whole verdict on a decoded cell; "key_id" of the design. NULL cells never come here. */
    void (*classify)(const struct envelope *e, const struct reading *r, struct str cell,
                     struct verdict *v);
    /* The value that `text` begins with (value.h); NULL: the envelope has a reading of its own. */
    void (*read)(const struct envelope *e, struct str text, struct envelope_value *value);
    /*
     * Did this key make the cell, which is one whole value? No plaintext is kept. NULL: there is no
     * proof. What kind of key it takes, the envelope's file says; another length is false.
     */
    bool (*verify)(const struct envelope *e, struct str key, struct str cell);
    const struct envelope_template *form; /* of a text template; else NULL */
    const struct envelope_vector *vectors;
    size_t vector_count;
};

/* Of a constant list, and of a key in a vector. */
#define ENVELOPE_BYTES(literal)                                                                    \
    {                                                                                              \
        (const unsigned char *)(literal), sizeof(literal) - 1                                      \
    }

extern const struct envelope envelope_versioned_fernet;
extern const struct envelope envelope_fernet;
extern const struct envelope envelope_vault_transit;
extern const struct envelope envelope_laravel;
extern const struct envelope envelope_rails;
extern const struct envelope envelope_cloak;
extern const struct envelope envelope_cloak_47ng;
extern const struct envelope envelope_kubernetes;
extern const struct envelope envelope_aspnet;
extern const struct envelope envelope_pg_enigma;
/* Only in columns that declare them: */
extern const struct envelope envelope_tink;
extern const struct envelope envelope_magento;
extern const struct envelope envelope_lockbox;
extern const struct envelope envelope_attr_encrypted;
extern const struct envelope envelope_aead;
extern const struct envelope envelope_key_id;

/* All of them, in the order in which they are asked. */
const struct envelope *const *envelopes(size_t *count);
/* Is this version, as a report has it, that of another envelope: "vault-transit:v3"? */
bool envelope_is_foreign(struct str version);
/* NULL: none has that name. */
const struct envelope *envelope_find(struct str name);

/*
 * Is the vector read as it should be? Where it has a key, that key must prove it, and the same key
 * with one bit changed must not.
 */
bool envelope_vector_holds(const struct envelope *e, const struct envelope_vector *x);
/* Runs every vector of every envelope. False: ERR_INTERNAL 331 names the first that fails. */
bool envelope_self_test(struct err *err);

#endif
