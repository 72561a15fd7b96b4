/* verify: what changed since a plan was made. */
#include "applier/plan_parts.h"

#include "common/text.h"

static bool verify_target(struct buf *out, const struct plan_target *t, const struct plan_fact *f)
{
    bool stays = sha256_eq(&t->before, &t->after);
    const char *path = text_shown(out->arena, t->path);
    if (f->present && sha256_eq(&f->digest, &t->before)) {
        buf_printf(out, "unchanged  %s\n", path);
        return true;
    }
    if (!f->present)
        buf_printf(out, "missing    %s\n", path);
    else if (!stays && sha256_eq(&f->digest, &t->after))
        buf_printf(out, "applied    %s already is as the plan would leave it\n", path);
    else
        buf_printf(out, "changed    %s has other content than the plan was made from\n", path);
    return false;
}

bool plan_verify(struct buf *out, const struct plan *p, const struct plan_facts *facts,
                 struct err *err)
{
    size_t changed = 0;
    char when[UTC_TEXT], age[32];
    for (size_t i = 0; i < p->target_count; i++)
        changed += !verify_target(out, &p->targets[i], &facts->targets[i]);
    bool expired = p->expires != UTC_NONE && facts->now > p->expires;
    if (facts->spent_by.len)
        buf_printf(out, "spent      transaction %s applied this plan\n",
                   text_shown(out->arena, facts->spent_by));
    if (p->expires == UTC_NONE)
        buf_text(out, "expiry     none: --max-report-age none\n");
    else if (expired)
        buf_printf(out, "expired    %s, %s ago\n", utc_text(p->expires, when),
                   utc_age(facts->now - p->expires, age));
    else
        buf_printf(out, "valid      until %s\n", utc_text(p->expires, when));
    if (change_window_is(&p->conditions.window)) {
        struct err closed = {0};
        bool open = change_window_is_open(&p->conditions.window, facts->now, &closed);
        buf_printf(out, "window     %s\n", open ? "is open" : closed.text);
    }
    if (facts->spent_by.len)
        err_set(err, ERR_STALE, 660, "the plan was applied already, by transaction %s",
                text_shown(out->arena, facts->spent_by));
    else if (changed)
        err_set(err, ERR_STALE, 662, "%zu of %zu files changed since the plan was made", changed,
                p->target_count);
    else if (expired)
        err_set(err, ERR_STALE, 661, "the plan expired at %s: its data is too old", when);
    err_hint(err, "make a new plan");
    return !err_is(err);
}
