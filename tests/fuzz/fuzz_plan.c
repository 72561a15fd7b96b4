/*
 * fuzz_plan: the strict reader of plans on any bytes.
 *
 * Whatever is read writes back to the same bytes, does not remove what is active or in use, and can
 * be shown, compared and remembered; whatever is refused is refused as corrupt, with an explained
 * id.
 */
#include "applier/plan.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_removed(const struct plan *p)
{
    for (size_t i = 0; i < p->version_count; i++) {
        const struct plan_version *v = &p->versions[i];
        if (v->reason == KEEP_NOT)
            must(!str_eq(v->name, p->active) && v->records == 0 && !plan_is_blocked(p));
    }
}

static void use(const struct plan *p, struct arena *a)
{
    struct plan_id id = {0};
    struct buf out = {.arena = a};
    struct plan_fact *facts = ARENA_ARRAY(a, p->target_count, struct plan_fact);
    struct err err = {0};
    plan_show(&out, p, &id, PLAN_TEXT, 1795190400);
    plan_show(&out, p, &id, PLAN_JSON, 1795190400);
    plan_show(&out, p, &id, PLAN_CSV, 1795190400);
    plan_diff(&out, p);
    for (size_t i = 0; i < p->target_count; i++)
        facts[i] = (struct plan_fact){true, p->targets[i].before};
    (void)plan_verify(&out, p, &(struct plan_facts){.targets = facts, .now = 1795190400}, &err);
    (void)plan_remember(p, a);
    (void)plan_critical_list(p, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct plan plan;
    struct err err = {0};
    struct str text = str_make(data, size);
    if (plan_read(text, &a, &plan, &err)) {
        struct buf again = {.arena = &a};
        plan_write(&plan, &again);
        must(str_eq(buf_str(&again), text));
        check_removed(&plan);
        use(&plan, &a);
    } else {
        must(err.kind == ERR_CORRUPT && err_lookup(err.id));
    }
    arena_free(&a);
    return 0;
}
