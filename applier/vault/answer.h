/*
 * answer: the JSON of OpenRouter's API as values, and the JSON of requests. answer.c alone includes
 * jansson.
 *
 * The one idea: amounts of money never pass through a floating-point number. Before jansson sees an
 * answer its numbers are put in quotes, so that every number arrives as the text that the server
 * wrote, and money.h reads that.
 *
 *     struct remote_key key;
 *     if (answer_key(&a, body, &key, err)) ...              {"data":{...}}
 *     answer_keys(&a, body, &keys, &count, err)             {"data":[{...},...]}
 *     answer_made(&a, &wiping, body, &key, &value, err)     {"data":{...},"key":"sk-or-..."}
 *     answer_says(&a, body)                                 "message" of an error, made printable
 *
 * Of a key all fields but `hash` are optional. Ownership: texts are copied into the arena; the
 * value of a new key into the one that wipes. Errors: ERR_REMOTE 1057 for what is no JSON (it may
 * have been cut off), ERR_REMOTE_REFUSED 1058 for JSON that says something else. Threads: one.
 * Limits: ANSWER_DEPTH of nesting.
 * Source: formats.md 6 is from https://openrouter.ai/docs/api-reference; RFC 8259.
 */
#ifndef APPLIER_VAULT_ANSWER_H
#define APPLIER_VAULT_ANSWER_H

#include "applier/vault/limits.h"
#include "common/arena.h"

enum { ANSWER_DEPTH = 32, REMOTE_HASH_MAX = 128 /* bytes */ };

enum remote_flag { REMOTE_UNSAID, REMOTE_NO, REMOTE_YES };

/* A key as OpenRouter has it. Amounts are MONEY_NONE where they were null or absent. */
struct remote_key {
    struct str hash;        /* well formed (remote_hash_is) */
    struct str name, label; /* '' where absent; for text_shown */
    enum remote_flag disabled;
    int64_t limit;
    int64_t limit_remaining; /* rounded down; what was spent is rounded up */
    enum limit_reset reset;
    int64_t usage, usage_daily, usage_weekly, usage_monthly;
    int64_t created, updated, expires; /* UTC_NONE where absent */
};

/* What a request says of a key; what is not set is not sent. */
struct remote_change {
    struct str name;
    enum remote_flag disabled;
    bool has_limit; /* limit, MONEY_NONE for null, and reset */
    int64_t limit;
    enum limit_reset reset;
    int64_t expires; /* UTC_NONE: not sent */
};

struct remote_credits {
    int64_t total, used;
};

/* Spend of a day and a model, as GET /activity lists it. */
struct remote_activity {
    struct str date; /* YYYY-MM-DD... as the server writes it */
    struct str model;
    int64_t usage;
};

/*
 * What may stand in a path as a key: 8 to REMOTE_HASH_MAX letters, digits, '_' and '-'. So a path
 * never names the list of all keys, and needs no escaping.
 */
bool remote_hash_is(struct str hash);

bool answer_key(struct arena *a, struct str body, struct remote_key *key, struct err *err);
bool answer_made(struct arena *a, struct arena *wiping, struct str body, struct remote_key *key,
                 struct str *value, struct err *err);
bool answer_keys(struct arena *a, struct str body, struct remote_key **keys, size_t *count,
                 struct err *err);
bool answer_credits(struct str body, struct remote_credits *credits, struct err *err);
bool answer_activity(struct arena *a, struct str body, struct remote_activity **rows, size_t *count,
                     struct err *err);
/* {"deleted":true} */
bool answer_deleted(struct str body, struct err *err);
/* What an error answer says, safe to show and cut to a line; "" when it says nothing. */
const char *answer_says(struct arena *a, struct str body);

/* The body of a POST or PATCH. */
struct str change_json(struct arena *a, const struct remote_change *change);

#endif
