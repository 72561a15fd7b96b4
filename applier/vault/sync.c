/* sync: figures, steps and the request that carries them out. */
#include "applier/vault/sync.h"

const char *sync_action_name(enum sync_action a)
{
    static const char *const names[] = {
        [SYNC_NO_LIMITS] = "no-limits",   [SYNC_UNCHANGED] = "unchanged",
        [SYNC_LIMITED] = "limited",       [SYNC_DISABLED] = "disabled",
        [SYNC_ENABLED] = "enabled",       [SYNC_STAYS_OFF] = "disabled-by-owner",
        [SYNC_NO_FIGURES] = "no-figures", [SYNC_GONE] = "gone",
        [SYNC_NO_HASH] = "no-hash",       [SYNC_FAILED] = "failed"};
    return names[a];
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct usage sync_figures(const struct remote_key *k, int64_t as_of)
{
    /* Where the month is not said, all that was ever spent is at least as much. */
    int64_t month = k->usage_monthly != MONEY_NONE ? k->usage_monthly : k->usage;
    int64_t day = k->usage_daily != MONEY_NONE ? k->usage_daily : 0;
    if (month == MONEY_NONE)
        return USAGE_NONE;
    struct usage u = usage_of(month, day, as_of);
    if (k->limit == MONEY_NONE || k->limit_remaining == MONEY_NONE)
        return u;
    int64_t window = k->limit - k->limit_remaining;
    if (k->reset == RESET_DAILY)
        u.day = most(u.day, window);
    if (k->reset == RESET_MONTHLY)
        u.month = most(u.month, window);
    u.month = most(u.month, u.day);
    return u;
}

struct remote_limit sync_remote(const struct remote_key *k)
{
    return (struct remote_limit){
        .disabled = k->disabled == REMOTE_YES, .limit = k->limit, .reset = k->reset};
}

static bool same_figures(const struct usage *a, const struct usage *b)
{
    enum { WORTH_WRITING_S = 600 };
    return a->month == b->month && a->day == b->day && a->earlier == b->earlier &&
           a->as_of != UTC_NONE && b->as_of - a->as_of < WORTH_WRITING_S;
}

void sync_judge(struct sync_key *k, const struct remote_key *remote, int64_t now)
{
    struct limits *l = &k->entry->limits;
    struct usage said = sync_figures(remote, now);
    struct remote_limit there = sync_remote(remote);
    struct usage seen = usage_merge(&k->entry->usage, &said);
    k->limit_before = remote->limit;
    k->news = said.as_of != UTC_NONE && !same_figures(&k->entry->usage, &seen);
    k->entry->usage = seen;
    k->target = limits_target(l, &seen, now);
    if (said.as_of == UTC_NONE && limits_any(l)) {
        k->action = SYNC_NO_FIGURES;
        return;
    }
    k->step = limits_step(l, &k->target, &there);
    k->action = k->step.disabled_by_user             ? SYNC_STAYS_OFF
                : k->target.verdict == LIMIT_DISABLE ? SYNC_DISABLED
                : k->step.enable                     ? SYNC_ENABLED
                : k->step.send_limit                 ? SYNC_LIMITED
                : limits_any(l)                      ? SYNC_UNCHANGED
                                                     : SYNC_NO_LIMITS;
    if (k->step.record_disabled)
        l->disabled = now;
    k->news = k->news || k->step.record_disabled;
}

void sync_carry_out(struct sync_key *k, struct openrouter *api, struct arena *a)
{
    const struct limit_step *step = &k->step;
    struct remote_change change = {.has_limit = step->send_limit,
                                   .limit = k->target.limit,
                                   .reset = k->target.reset,
                                   .expires = UTC_NONE};
    struct remote_key key;
    if (!step->send_limit && !step->disable && !step->enable)
        return;
    change.disabled = step->disable ? REMOTE_YES : step->enable ? REMOTE_NO : REMOTE_UNSAID;
    switch (openrouter_patch(api, a, k->entry->id, &change, &key, &k->why)) {
    case REMOTE_THERE:
        break;
    case REMOTE_GONE:
        k->action = SYNC_GONE;
        break;
    case REMOTE_FAILED:
    case REMOTE_UNKNOWN:
        k->action = SYNC_FAILED;
        break;
    }
}
