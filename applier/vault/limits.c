/* limits: the formula, and the conservative reading of figures that come late. */
#include "applier/vault/limits.h"

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- usage ---- */

struct usage usage_of(int64_t month, int64_t day, int64_t as_of)
{
    struct usage u = {.month = most(month, 0), .day = most(day, 0), .as_of = as_of};
    u.earlier = most(u.month - u.day, 0);
    u.month = most(u.month, u.day); /* the month holds the day, whichever figure came first */
    return u;
}

struct usage usage_at(const struct usage *u, int64_t now)
{
    struct usage seen = *u;
    if (u->as_of == UTC_NONE || window_same(WINDOW_DAY, u->as_of, now))
        return seen;
    /* A clock that went back: what was seen stays. */
    if (now < u->as_of)
        return seen;
    seen.day = 0;
    if (!window_same(WINDOW_MONTH, u->as_of, now))
        seen.month = 0;
    seen.earlier = seen.month; /* all of it was spent before today */
    return seen;
}

struct usage usage_merge(const struct usage *known, const struct usage *said)
{
    if (said->as_of == UTC_NONE)
        return *known;
    if (known->as_of == UTC_NONE)
        return *said;
    struct usage seen = usage_at(known, said->as_of);
    return (struct usage){.month = most(seen.month, said->month),
                          .day = most(seen.day, said->day),
                          .earlier = most(seen.earlier, said->earlier),
                          .as_of = most(known->as_of, said->as_of)};
}

/* ---- caps ---- */

int64_t limits_cap(const struct limits *l, enum window w)
{
    return w == WINDOW_MONTH ? l->monthly : l->daily;
}

int64_t usage_spent(const struct usage *u, enum window w)
{
    return w == WINDOW_MONTH ? u->month : u->day;
}

int64_t limits_left(const struct limits *l, const struct usage *u, enum window w)
{
    int64_t cap = limits_cap(l, w);
    return cap == MONEY_NONE ? MONEY_NONE : cap - usage_spent(u, w);
}

const char *limit_reset_name(enum limit_reset r)
{
    static const char *const names[] = {[RESET_NEVER] = NULL,
                                        [RESET_DAILY] = "daily",
                                        [RESET_WEEKLY] = "weekly",
                                        [RESET_MONTHLY] = "monthly"};
    return names[r];
}

static struct limit_target target_of(int64_t limit, enum limit_reset reset)
{
    if (limit <= 0)
        return (struct limit_target){.verdict = LIMIT_DISABLE};
    return (struct limit_target){.verdict = LIMIT_SEND, .limit = limit, .reset = reset};
}

struct limit_target limits_target(const struct limits *l, const struct usage *u, int64_t now)
{
    struct usage seen = usage_at(u, now);
    if (!limits_any(l))
        return (struct limit_target){.verdict = LIMIT_NONE};
    if (l->monthly == MONEY_NONE)
        return target_of(l->daily, RESET_DAILY);
    if (l->daily == MONEY_NONE)
        return target_of(l->monthly, RESET_MONTHLY);
    return target_of(least(l->daily, l->monthly - seen.earlier), RESET_DAILY);
}

struct limit_step limits_step(const struct limits *l, const struct limit_target *t,
                              const struct remote_limit *remote)
{
    struct limit_step step = {0};
    bool ours = l->disabled != UTC_NONE;
    if (t->verdict == LIMIT_DISABLE) {
        step.disabled_by_user = remote->disabled && !ours;
        step.disable = !remote->disabled;
        step.record_disabled = !remote->disabled && !ours;
        return step;
    }
    step.send_limit =
        t->verdict == LIMIT_SEND && (remote->limit != t->limit || remote->reset != t->reset);
    step.enable = ours && remote->disabled;
    step.clear_record = ours;
    step.disabled_by_user = remote->disabled && !ours;
    return step;
}

/* ---- what is typed ---- */

bool limits_parse_cap(struct str text, const char *option, int64_t *cap, struct err *err)
{
    int64_t amount;
    if (str_eq(text, STR("none"))) {
        *cap = MONEY_NONE;
        return true;
    }
    if (!money_parse(text, &amount) || amount == 0) {
        err_set(err, ERR_USAGE, 1100, "%s takes dollars above 0, with at most six decimals",
                option);
        err_hint(err, "for example %s 12.50, or %s none", option, option);
        return false;
    }
    *cap = amount;
    return true;
}

/* Into its place from the lowest up; one that is there already is kept once. */
static bool add_threshold(struct limits *l, uint32_t threshold)
{
    size_t at = 0;
    while (at < l->threshold_count && l->thresholds[at] < threshold)
        at++;
    if (at < l->threshold_count && l->thresholds[at] == threshold)
        return true;
    if (l->threshold_count == THRESHOLDS_MAX)
        return false;
    memmove(&l->thresholds[at + 1], &l->thresholds[at],
            (l->threshold_count - at) * sizeof l->thresholds[0]);
    l->thresholds[at] = threshold;
    l->threshold_count++;
    return true;
}

bool limits_parse_thresholds(struct str text, struct limits *l, struct err *err)
{
    struct str rest = text, word;
    bool more = true, fine = true;
    l->threshold_count = 0;
    while (fine && more) {
        int64_t share = 0;
        struct str left = rest;
        more = str_cut(left, ',', &word, &rest);
        fine = money_parse(str_trim(word), &share) && share > 0 && share <= THRESHOLD_WHOLE &&
               add_threshold(l, (uint32_t)share);
    }
    if (!fine) {
        err_set(err, ERR_USAGE, 1101,
                "an alert threshold is a share of a cap, above 0 and at most 1; at most %d of them",
                THRESHOLDS_MAX);
        err_hint(err, "for example --alert-threshold 0.80, or --alert-threshold 0.5,0.8,1");
    }
    return fine;
}

size_t limits_thresholds(const struct limits *l, uint32_t into[THRESHOLDS_MAX])
{
    if (l->threshold_count == 0) {
        into[0] = THRESHOLD_DEFAULT;
        return 1;
    }
    memcpy(into, l->thresholds, l->threshold_count * sizeof into[0]);
    return l->threshold_count;
}

const char *threshold_text(uint32_t threshold, char into[MONEY_TEXT])
{
    return money_text((int64_t)threshold, into);
}
