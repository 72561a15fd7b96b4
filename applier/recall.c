/*
 * recall: what earlier plans of these files had seen, asked of a plan that is about to be applied.
 *
 * A plan compares itself with the history of the state folder that it was made with (S2, S7, S9).
 * Made with another one, of another user or another machine, it knows nothing of that, and a dump
 * without the table that needs a version looks complete. So the state folder of whoever applies it
 * is asked as well, by the same rules.
 */
#include "applier/plan_parts.h"

#include "common/text.h"

/* What a list of acceptances says of one blocker; those of a plan's text have no parts. */
static bool is_accepted(struct planning *p, const struct plan *plan, const struct plan_blocker *b,
                        uint64_t all)
{
    struct str place = acceptance_place(p, b);
    for (size_t i = 0; i < plan->accepted_count; i++) {
        const struct acceptance *w = &plan->accepted[i];
        struct buf shown = {.arena = p->a};
        text_visible(&shown, w->place);
        bool everywhere = w->place.len == 0 && w->seen >= all;
        if (str_eq(w->code, b->code) && (everywhere || str_eq(buf_str(&shown), place)))
            return true;
    }
    return false;
}

static uint64_t blockers_of(const struct plan *found, struct str code)
{
    uint64_t n = 0;
    for (size_t i = 0; i < found->blocker_count; i++)
        n += str_eq(found->blockers[i].code, code);
    return n;
}

/* The write times of a version as they are with those that were seen before. */
static struct plan_version remembered(const struct plan_previous *was, const struct plan_version *v)
{
    struct plan_version now = *v;
    for (size_t i = 0; i < was->write_count; i++) {
        const struct plan_write_time *w = &was->writes[i];
        if (!str_eq(w->version, v->name))
            continue;
        if (w->oldest != UTC_NONE && (now.oldest == UTC_NONE || w->oldest < now.oldest))
            now.oldest = w->oldest;
        if (w->newest != UTC_NONE && (now.newest == UTC_NONE || w->newest > now.newest))
            now.newest = w->newest;
    }
    return now;
}

bool plan_recalls(const struct plan *plan, const struct plan_previous *previous, struct arena *a,
                  struct err *err)
{
    struct plan_input in = {.previous = *previous};
    struct plan found = *plan; /* the same facts, and the blockers that the history adds */
    struct planning p = {.in = &in, .plan = &found, .a = a};
    found.arena = a;
    found.blockers = NULL;
    found.blocker_count = found.warning_count = 0;
    found.warnings = NULL;
    found.versions = ARENA_ARRAY(a, plan->version_count, struct plan_version);
    for (size_t i = 0; i < plan->version_count; i++) {
        found.versions[i] = remembered(previous, &plan->versions[i]);
        if (str_eq(plan->versions[i].name, plan->active))
            p.active = i;
    }
    rules_previous(&p);
    if (plan->database_count == 0)
        rules_databases(&p, previous->databases, previous->database_count);
    rules_stale_writers(&p);
    rules_compose(&p);
    for (size_t i = 0; i < found.blocker_count; i++) {
        const struct plan_blocker *b = &found.blockers[i];
        if (is_accepted(&p, plan, b, blockers_of(&found, b->code)))
            continue;
        err_set(err, ERR_REFUSED, 663, "the plan was made without the history of its files: %s: %s",
                text_shown(a, b->code), text_shown(a, b->message));
        err_hint(err, "make the plan as the user and with the --state-dir that applies it; it is "
                      "compared there with what earlier plans had seen");
        return false;
    }
    return true;
}
