/*
 * limits: what a key may spend, and what OpenRouter has to be told so that it spends no more.
 *
 * OpenRouter has one limit and one reset interval per key; we have a cap per day and one per
 * month. The one idea: with both, the key has a daily limit, which is what the month still leaves
 * it, and `sync` says it anew as the month goes on:
 *
 *     earlier = usage of the month - usage of the day          spent before today
 *     limit   = min(daily cap, monthly cap - earlier), reset daily
 *
 * Today's spend counts against the daily window already, so it is not taken off again. At or below
 * 0 the key is disabled by us, on record; a limit of 0 is never sent. With one cap only, that cap
 * with its own interval.
 *
 *     struct usage seen = usage_merge(&cached, &fetched, now);
 *     struct limit_target t = limits_target(&limits, &seen, now);
 *     switch (t.verdict) ...
 *
 * Figures come late, and never too high: within its window a figure only grows. So usage_merge
 * keeps the higher of what was known and what is said now, and what was spent before today is the
 * most that any of them shows.
 *
 * Units: micro-dollars (money.h); thresholds are millionths of a cap (money_parse reads them);
 * times in unix seconds. Errors: none, all functions are pure; what is typed is refused with
 * ERR_USAGE 1100 and 1101. Threads: any.
 * Source: requirements.md L, Decisions; formats.md 6.
 */
#ifndef APPLIER_VAULT_LIMITS_H
#define APPLIER_VAULT_LIMITS_H

#include "applier/vault/money.h"
#include "applier/vault/windows.h"
#include "common/err.h"

enum {
    THRESHOLDS_MAX = 8,        /* of one key */
    THRESHOLD_WHOLE = 1000000, /* a cap as a threshold */
    THRESHOLD_DEFAULT = 800000 /* where a key has caps and says nothing */
};

struct limits {
    int64_t monthly, daily; /* caps; MONEY_NONE: there is none */
    /* Shares of a cap at which to alert, from the lowest up; none: THRESHOLD_DEFAULT. */
    uint32_t thresholds[THRESHOLDS_MAX];
    size_t threshold_count;
    int64_t disabled; /* when we disabled the key because nothing was left; UTC_NONE: we did not */
};

#define LIMITS_NONE                                                                                \
    ((struct limits){.monthly = MONEY_NONE, .daily = MONEY_NONE, .disabled = UTC_NONE})

static inline bool limits_any(const struct limits *l)
{
    return l->monthly != MONEY_NONE || l->daily != MONEY_NONE;
}

/* What a key has spent, as far as it was known at a point in time. */
struct usage {
    int64_t month, day; /* of the windows that as_of is in */
    int64_t earlier;    /* of the month, before that day; never less than month - day */
    int64_t as_of;      /* UTC_NONE: nothing is known */
};

#define USAGE_NONE ((struct usage){.as_of = UTC_NONE})

/* Figures as a server says them: nothing below 0, `earlier` from the other two. */
struct usage usage_of(int64_t month, int64_t day, int64_t as_of);
/* What is known now, from what was known and what is said; either may be USAGE_NONE. */
struct usage usage_merge(const struct usage *known, const struct usage *said);
/* The same figures seen from `now`: a window that has begun since has no spend that is known of. */
struct usage usage_at(const struct usage *u, int64_t now);

/* What is left of a cap in a window: may be negative; MONEY_NONE without a cap. */
int64_t limits_left(const struct limits *l, const struct usage *u, enum window w);
/* The cap and the spend of a window. */
int64_t limits_cap(const struct limits *l, enum window w);
int64_t usage_spent(const struct usage *u, enum window w);

enum limit_reset { RESET_NEVER, RESET_DAILY, RESET_WEEKLY, RESET_MONTHLY };
/* "daily", "weekly", "monthly" as OpenRouter writes them; NULL for RESET_NEVER (null). */
const char *limit_reset_name(enum limit_reset r);

enum limit_verdict {
    LIMIT_NONE,   /* no cap is set: the remote limit is not ours */
    LIMIT_SEND,   /* this limit, with this interval */
    LIMIT_DISABLE /* nothing is left */
};

struct limit_target {
    enum limit_verdict verdict;
    int64_t limit; /* above 0; of LIMIT_SEND only */
    enum limit_reset reset;
};

struct limit_target limits_target(const struct limits *l, const struct usage *u, int64_t now);

/* What OpenRouter has now. */
struct remote_limit {
    bool disabled;
    int64_t limit; /* MONEY_NONE: unlimited */
    enum limit_reset reset;
};

/* What has to be done so that the remote key is as its target says. */
struct limit_step {
    bool send_limit;                    /* PATCH limit and limit_reset */
    bool disable, enable;               /* PATCH disabled */
    bool record_disabled, clear_record; /* limits.disabled: before the PATCH, and after it */
    bool disabled_by_user;              /* it is disabled, and not by us: it stays so */
};

struct limit_step limits_step(const struct limits *l, const struct limit_target *t,
                              const struct remote_limit *remote);

/* A cap as it is typed: an amount above 0, or "none". ERR_USAGE 1100; `option` is for the message.
 */
bool limits_parse_cap(struct str text, const char *option, int64_t *cap, struct err *err);
/* "0.80", or several parted by commas: above 0, at most 1. ERR_USAGE 1101. */
bool limits_parse_thresholds(struct str text, struct limits *l, struct err *err);
/* Its thresholds, or the default. */
size_t limits_thresholds(const struct limits *l, uint32_t into[THRESHOLDS_MAX]);
/* "0.80": two decimals at least. */
const char *threshold_text(uint32_t threshold, char into[MONEY_TEXT]);

#endif
