/* review_commands: show, diff, verify, explain: all that reads and decides nothing. */
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/policy.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

bool read_plan_file(struct cli *cli, struct read_plan *p, struct err *err)
{
    const char *path = cli->arguments[0];
    confine_beside(path);
    if (!file_read(cli->arena, path, &p->text, err))
        return false;
    if (!plan_read(p->text, cli->arena, &p->plan, err) || !plan_identify(p->text, &p->id, err)) {
        err_place(err, "%s", path);
        return false;
    }
    for (size_t i = 0; i < p->plan.target_count; i++)
        if (!cli_spares(cli, arena_text(cli->arena, p->plan.targets[i].path), err))
            return false;
    return true;
}

static bool pending(const struct cli *cli, const struct plan *plan)
{
    return cli_flag(cli, OPT_DETAILED_EXITCODE) && plan_removed_count(plan) > 0;
}

bool command_show(struct cli *cli, struct err *err)
{
    struct read_plan p;
    confine_beside(cli->arguments[0]);
    confine_files(cli, CONFINE_LOOK, NULL);
    if (!read_plan_file(cli, &p, err))
        return false;
    plan_show(&cli->out, &p.plan, &p.id,
              cli->format == TABLE_JSON  ? PLAN_JSON
              : cli->format == TABLE_CSV ? PLAN_CSV
                                         : PLAN_TEXT,
              sys->now());
    if (pending(cli, &p.plan))
        cli->status = ERR_PENDING;
    return true;
}

bool command_diff(struct cli *cli, struct err *err)
{
    struct read_plan p;
    confine_beside(cli->arguments[0]);
    confine_files(cli, CONFINE_LOOK, NULL);
    if (!read_plan_file(cli, &p, err))
        return false;
    plan_diff(&cli->out, &p.plan);
    if (pending(cli, &p.plan))
        cli->status = ERR_PENDING;
    return true;
}

static bool fact_of(struct arena *keys, const struct plan_target *t, struct plan_fact *fact,
                    struct err *err)
{
    struct str content;
    struct err gone = {0};
    struct arena_mark mark = arena_mark(keys);
    bool read = file_read(keys, arena_text(keys, t->path), &content, &gone);
    fact->present = read;
    bool done = read ? crypto_sha256(content, &fact->digest, err) : gone.kind == ERR_NOT_FOUND;
    if (!read && !done)
        *err = gone;
    arena_reset(keys, mark);
    return done;
}

/* The TXID that committed the plan, from the error that apply would give; '' when none did. */
static bool spent_by(struct cli *cli, const struct plan_id *id, struct str *txid, struct err *err)
{
    struct state_options options;
    struct state state;
    struct txn_list list = {0};
    *txid = STR("");
    if (!option_state(cli, &options, err) ||
        !state_open(&state, &options, STATE_READ, cli->arena, err))
        return false;
    bool done = txn_list_read(&state, cli->arena, &list, err);
    for (size_t i = 0; done && i < list.count; i++)
        if (list.at[i].has_plan && sha256_eq(&list.at[i].plan, &id->digest) &&
            list.at[i].outcome != TXN_ABORTED)
            *txid = str_from(list.at[i].txid);
    state_close(&state);
    return done;
}

static void show_approvers(struct buf *out, struct str lines)
{
    const char *lead = ": ";
    struct str line;
    while (str_line(&lines, &line)) {
        buf_text(out, lead);
        buf_add(out, str_slice(line, 0, str_find(line, ' ')));
        lead = ", ";
    }
}

/* The signatures that lie beside the plan, judged as apply would now. Lacking ones may yet come. */
static void verify_approvals(struct cli *cli, const struct read_plan *p)
{
    struct err lacking = {0};
    struct consent *c = ARENA_NEW(cli->arena, struct consent);
    *c = (struct consent){.arena = cli->arena, .plan = &p->plan, .text = p->text};
    if (p->plan.conditions.approvals == 0)
        return;
    bool read = consent_read(c, cli->arguments[0], NULL, 0, &lacking);
    if (read)
        (void)consent_check(c, &lacking);
    say_notes(cli, &c->notes);
    if (!read || (err_is(&lacking) && lacking.id != CONSENT_TOO_FEW)) {
        buf_printf(&cli->out, "approvals  none counts: %s\n",
                   text_shown(cli->arena, str_from(lacking.text)));
        return;
    }
    buf_printf(&cli->out, "approvals  %zu of %llu", approval_people(c->approvals, c->count),
               (unsigned long long)p->plan.conditions.approvals);
    show_approvers(&cli->out, consent_lines(c));
    buf_byte(&cli->out, '\n');
}

static bool verify_policy(struct cli *cli, const struct plan *plan, struct err *err)
{
    struct policy policy;
    struct err refused = {0};
    bool allowed =
        policy_load(cli->arena, &policy, &refused) && policy_allows(&policy, plan, &refused);
    if (!allowed)
        buf_printf(&cli->out, "policy     %s\n", text_shown(cli->arena, str_from(refused.text)));
    else if (policy.present)
        buf_text(&cli->out, "policy     is the one that the plan was made under, and allows it\n");
    if (!allowed && !err_is(err))
        *err = refused;
    return allowed;
}

bool command_verify(struct cli *cli, struct err *err)
{
    struct read_plan p;
    struct arena keys = {.wipe = true};
    if (!read_plan_file(cli, &p, err))
        return false;
    confine_about(&p.plan);
    confine_files(cli, CONFINE_LOOK, NULL);
    struct plan_fact *targets = ARENA_ARRAY(cli->arena, p.plan.target_count, struct plan_fact);
    struct plan_facts facts = {.targets = targets, .now = sys->now()};
    bool done = spent_by(cli, &p.id, &facts.spent_by, err);
    for (size_t i = 0; done && i < p.plan.target_count; i++)
        done = fact_of(&keys, &p.plan.targets[i], &targets[i], err);
    if (done) {
        done = plan_verify(&cli->out, &p.plan, &facts, err);
        verify_approvals(cli, &p);
        done = verify_policy(cli, &p.plan, err) && done;
    }
    arena_free(&keys);
    return done;
}

static void explain_entry(struct cli *cli, const struct err_entry *e)
{
    buf_printf(&cli->out, "%c%04d  %s\n\n%s\n", cli->program->letter, e->id, e->title, e->meaning);
}

bool command_explain(struct cli *cli, struct err *err)
{
    struct str code = str_from(cli->arguments[0]);
    const struct plan_code *blocker = plan_code_lookup(code);
    uint64_t id = 0;
    struct str digits =
        code.len > 1 && ascii_alpha(code.at[0]) ? str_slice(code, 1, code.len) : code;
    if (blocker) {
        buf_printf(&cli->out, "%s  %s\n\n%s\n", blocker->code, blocker->title, blocker->meaning);
        return true;
    }
    if (str_to_u64(digits, &id) && id < INT32_MAX && err_lookup((int)id)) {
        explain_entry(cli, err_lookup((int)id));
        return true;
    }
    err_set(err, ERR_NOT_FOUND, 932, "no error or blocker is called \"%s\"",
            text_shown(cli->arena, code));
    struct buf names = {.arena = cli->arena};
    struct str list[PLAN_CODE_MAX];
    size_t count = plan_code_names(list);
    for (size_t i = 0; i < count; i++)
        buf_printf(&names, " %.*s", STR_ARG(list[i]));
    buf_byte(&names, 0);
    err_hint(err, "codes of blockers:%s", (const char *)names.at);
    return false;
}
