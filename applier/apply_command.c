/* apply_command: `keyretire apply`: check, show, ask, change, report. The change itself is txn.c.
 */
#include "applier/advice.h"
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/policy.h"
#include "common/sys.h"
#include "common/text.h"

/* Which versions of the plan leave, and which stay. */
static void split_versions(struct arena *a, const struct plan *plan, struct operation *op)
{
    struct str *removed = ARENA_ARRAY(a, plan->version_count, struct str);
    struct str *kept = ARENA_ARRAY(a, plan->version_count, struct str);
    for (size_t i = 0; i < plan->version_count; i++) {
        if (plan->versions[i].reason == KEEP_NOT)
            removed[op->removed_count++] = plan->versions[i].name;
        else
            kept[op->kept_count++] = plan->versions[i].name;
    }
    op->removed = removed;
    op->kept = kept;
    op->before = plan->version_count;
    op->after = op->kept_count;
}

static void json_names(struct buf *out, const char *key, const struct str *names, size_t count)
{
    buf_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_byte(out, ',');
        text_json(out, names[i]);
    }
    buf_byte(out, ']');
}

static void json_text(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, ",\"%s\":", key);
    if (text)
        text_json(out, str_from(text));
    else
        buf_text(out, "null");
}

void print_operation_json(struct buf *out, const struct operation *op)
{
    char when[UTC_TEXT];
    buf_printf(out, "{\"total_versions_before\":%zu,\"total_versions_after\":%zu", op->before,
               op->after);
    json_names(out, "versions_removed", op->removed, op->removed_count);
    json_names(out, "versions_kept", op->kept, op->kept_count);
    json_text(out, "backup_file", op->backup_file);
    json_text(out, "operation_time", utc_text(op->started, when));
    json_text(out, "txid", op->txid);
    buf_printf(out, ",\"dry_run\":%s}\n", op->mode == APPLY_DRY_RUN ? "true" : "false");
}

static void print_names(struct buf *out, const char *lead, const struct str *names, size_t count)
{
    buf_text(out, lead);
    for (size_t i = 0; i < count; i++) {
        buf_byte(out, ' ');
        text_visible(out, names[i]);
    }
    buf_text(out, count ? "\n" : " none\n");
}

static void print_operation(struct cli *cli, const struct operation *op)
{
    struct buf *out = &cli->out;
    if (op->mode == APPLY_DRY_RUN) {
        print_names(out, "dry run: would remove", op->removed, op->removed_count);
        print_names(out, "would keep", op->kept, op->kept_count);
        buf_text(out, "nothing was changed\n");
        return;
    }
    print_names(out, "removed:", op->removed, op->removed_count);
    print_names(out, "kept:   ", op->kept, op->kept_count);
    buf_printf(out, "versions: %zu before, %zu now\n", op->before, op->after);
    if (op->txid)
        buf_printf(out, "transaction: %s\n", op->txid);
    if (op->backup_file)
        buf_printf(out, "backup: %s\n", op->backup_file);
    if (!op->txid)
        return;
    buf_printf(out, "undo: keyretire rollback %s", op->txid);
    advise_undo(out, cli);
    buf_text(out,
             "\nnext: restart the application; processes that run now keep the removed keys in "
             "memory until then\n");
}

static bool refuse_changed(const struct plan_target *t, struct arena *a, struct err *err)
{
    err_set(err, ERR_STALE, 924, "%s changed since the plan was made", text_shown(a, t->path));
    err_hint(err, "make a new plan; keyretire verify says what changed");
    return false;
}

/* The planned image of one target, made again from the file as it is now (S13). */
static bool make_image(struct load *load, const struct plan_target *t, struct txn_target *into,
                       struct err *err)
{
    struct loaded_file file;
    struct keyring_edit edit;
    char *path = arena_text(load->run, t->path);
    if (!load_named(load, path, t->form, &file, err)) {
        /* Gone, or no keyring any more: changed since the plan, which had read it. */
        if (err->kind != ERR_NOT_FOUND && err->kind != ERR_CORRUPT && err->kind != ERR_REFUSED)
            return false;
        *err = (struct err){0};
        return refuse_changed(t, load->run, err);
    }
    if (strcmp(file.path, path) != 0 || !sha256_eq(&file.digest, &t->before))
        return refuse_changed(t, load->run, err);
    if (sha256_eq(&t->before, &t->after)) {
        *into = (struct txn_target){.path = NULL};
        return true;
    }
    struct sha256 digest;
    if (!keyring_remove(&load->keys, &file.keyring, t->removed, t->removed_count, &edit, err) ||
        !keyring_verify_removal(&load->keys, file.keyring.syntax, file.given, file.content,
                                edit.after, t->removed, t->removed_count, err) ||
        !crypto_sha256(edit.after, &digest, err))
        return false;
    if (!sha256_eq(&digest, &t->after)) {
        err_set(err, ERR_STALE, 925, "the edit of %s gives another file than the plan says",
                text_shown(load->run, t->path));
        return false;
    }
    *into = (struct txn_target){.path = file.path,
                                .before = t->before,
                                .after = t->after,
                                .image = edit.after,
                                .form = file.keyring.syntax->name};
    return true;
}

static bool make_images(struct load *load, const struct plan *plan, struct txn_target **targets,
                        size_t *count, struct err *err)
{
    *targets = ARENA_ARRAY(load->run, plan->target_count, struct txn_target);
    *count = 0;
    for (size_t i = 0; i < plan->target_count; i++) {
        struct txn_target *t = &(*targets)[*count];
        if (!make_image(load, &plan->targets[i], t, err))
            return false;
        *count += t->path != NULL;
    }
    return true;
}

/* What the clock has to say: the age of the data, and the change window. */
static bool in_time(const struct plan *plan, struct err *err)
{
    char when[UTC_TEXT];
    int64_t now = sys->now();
    if (plan->expires == UTC_NONE || now <= plan->expires)
        return change_window_is_open(&plan->conditions.window, now, err);
    err_set(err, ERR_STALE, 926, "the plan expired at %s: its data is too old",
            utc_text(plan->expires, when));
    err_hint(err, "make a new dump, a new census and a new plan");
    return false;
}

/* The machine's owner has the first word and the last. */
static bool by_policy(const struct consent *consent, struct err *err)
{
    struct policy policy;
    return policy_load(consent->arena, &policy, err) &&
           policy_allows(&policy, consent->plan, err) &&
           policy_seals(&policy, consent->seal_to, err);
}

/* Asked again right before COMMIT: the clock, and the lists of signers, go on meanwhile. */
struct permission {
    struct consent *consent;
};

static bool still_allowed(const void *context, struct err *err)
{
    const struct permission *p = context;
    return in_time(p->consent->plan, err) && by_policy(p->consent, err) &&
           consent_check(p->consent, err);
}

/* K4.1-K4.4: the list of critical versions is typed where a person can be asked. */
static bool confirm(struct cli *cli, const struct plan *plan, struct err *err)
{
    const char *critical = plan_critical_list(plan, cli->arena);
    if (critical && cli_has_person(cli)) {
        const char *question = arena_printf(
            cli->arena, "To remove the critical versions, type their list (%s):", critical);
        return cli_ask_text(cli, question, critical, err);
    }
    size_t files = 0;
    for (size_t i = 0; i < plan->target_count; i++)
        files += plan->targets[i].removed_count > 0;
    const char *question = arena_printf(
        cli->arena, "Remove %zu key version%s from %zu file%s? [yes/no]", plan_removed_count(plan),
        text_plural(plan_removed_count(plan)), files, text_plural(files));
    return cli_ask(cli, question, err);
}

static bool show_before(struct cli *cli, const struct plan *plan, struct str text,
                        enum apply_mode mode, struct err *err)
{
    struct plan_id id;
    if (!plan_identify(text, &id, err))
        return false;
    if (cli->format == TABLE_TEXT) {
        plan_show(&cli->out, plan, &id, PLAN_TEXT, sys->now());
        if (mode == APPLY_DRY_RUN) {
            buf_byte(&cli->out, '\n');
            plan_diff(&cli->out, plan);
        }
        buf_byte(&cli->out, '\n');
        if (mode == APPLY_FOR_REAL && !cli_flush(cli, err))
            return false;
    }
    struct buf critical = {.arena = cli->arena};
    plan_show_critical(&critical, plan);
    struct str rest = buf_str(&critical);
    struct str line;
    while (str_line(&rest, &line))
        cli_warn(cli, "%.*s", STR_ARG(line));
    return true;
}

static bool refuse_blocked(const struct plan *plan, struct arena *a, struct err *err)
{
    const struct plan_blocker *b = &plan->blockers[0];
    err_set(err, ERR_REFUSED, 923, "the plan is blocked: %s: %s", text_shown(a, b->code),
            text_shown(a, b->message));
    err_hint(err, "%s", text_shown(a, b->resolve));
    return false;
}

/* What the plans that were applied to these files had seen, by the state folder in use now. */
static bool recalls(const struct plan *plan, const struct state *state, struct arena *a,
                    struct err *err)
{
    struct load files = {.run = a, .file_count = plan->target_count};
    struct plan_previous previous;
    files.files = ARENA_ARRAY(a, plan->target_count, struct loaded_file);
    for (size_t i = 0; i < plan->target_count; i++)
        files.files[i].path = arena_text(a, plan->targets[i].path);
    return load_previous(&files, state, &previous, err) && plan_recalls(plan, &previous, a, err);
}

/* A rehearsal is for the time before the window opens and before the approvals are there. */
static bool rehearsal(struct cli *cli, struct consent *consent, struct err *err)
{
    struct err late = {0};
    struct err lacking = {0};
    struct err forbidden = {0};
    if (!in_time(consent->plan, &late) && late.kind != ERR_WINDOW)
        return *err = late, false;
    if (!consent_check(consent, &lacking) && lacking.kind != ERR_REFUSED)
        return *err = lacking, false;
    if (!by_policy(consent, &forbidden))
        cli_warn(cli, "%s; apply would refuse now", forbidden.text);
    say_notes(cli, &consent->notes);
    if (err_is(&late))
        cli_warn(cli, "%s; apply would refuse now", late.text);
    if (err_is(&lacking))
        cli_warn(cli, "%s; apply would refuse now", lacking.text);
    return true;
}

static bool dry_run(struct cli *cli, struct load *load, struct consent *consent,
                    struct operation *op, struct err *err)
{
    const struct plan *plan = consent->plan;
    struct state_options options;
    struct state state;
    struct txn_list list = {0};
    struct txn_target *targets;
    size_t count;
    struct txn_notes notes = {0};
    op->started = sys->now();
    if (!option_state(cli, &options, err) ||
        !state_open(&state, &options, STATE_READ, cli->arena, err))
        return false;
    bool done = txn_list_read(&state, cli->arena, &list, err);
    for (size_t i = 0; done && i < list.count; i++)
        if (list.at[i].outcome == TXN_OPEN)
            cli_warn(cli, "transaction %s was interrupted; apply would finish or undo it first",
                     list.at[i].txid);
    done = done && make_images(load, plan, &targets, &count, err) &&
           recalls(plan, &state, cli->arena, err) && rehearsal(cli, consent, err);
    for (size_t i = 0; done && i < count; i++)
        done = txn_target_check(targets[i].path, cli->arena, &notes, err);
    say_notes(cli, &notes);
    state_close(&state);
    if (done && count && cli_flag(cli, OPT_DETAILED_EXITCODE))
        cli->status = ERR_PENDING;
    return done;
}

/* What was found out under the lock. */
struct prepared {
    struct state state;
    struct plan_id id;
    struct txn_target *targets;
    size_t count;
};

/* Under the lock: recovery, and everything that may still speak against the change. */
static bool ready(struct cli *cli, struct load *load, struct consent *consent, struct prepared *p,
                  struct err *err)
{
    const struct plan *plan = consent->plan;
    if (!plan_identify(consent->text, &p->id, err) || !open_for_change(cli, &p->state, err))
        return false;
    if (txn_not_spent(&p->state, cli->arena, &p->id.digest, err) &&
        make_images(load, plan, &p->targets, &p->count, err) &&
        recalls(plan, &p->state, cli->arena, err) && in_time(plan, err) &&
        by_policy(consent, err) && consent_check(consent, err))
        return true;
    state_close(&p->state);
    return false;
}

static bool change(struct cli *cli, struct load *load, struct consent *consent,
                   struct operation *op, struct err *err)
{
    const struct plan *plan = consent->plan;
    struct prepared p;
    struct txn_result result = {0};
    /* A question is asked only about what can be done, and never while others wait for the lock. */
    if (!cli_flag(cli, OPT_YES)) {
        if (!ready(cli, load, consent, &p, err)) {
            say_notes(cli, &consent->notes);
            return false;
        }
        state_close(&p.state);
        if (!confirm(cli, plan, err))
            return false;
    }
    bool is_ready = ready(cli, load, consent, &p, err);
    say_notes(cli, &consent->notes);
    if (!is_ready)
        return false;
    const struct permission permission = {consent};
    int64_t retain_until = op->retain_until;
    if (plan->conditions.has_retain_until && plan->conditions.retain_until > retain_until)
        retain_until = plan->conditions.retain_until;
    struct txn_request request = {
        .operation = TXN_APPLY,
        .has_plan = true,
        .plan = p.id.digest,
        .approvals = consent_lines(consent),
        .targets = p.targets,
        .target_count = p.count,
        .versions = op->removed,
        .version_count = op->removed_count,
        .kept = op->kept,
        .kept_count = op->kept_count,
        .has_policy = plan->conditions.has_policy,
        .policy = plan->conditions.policy,
        .window = plan->conditions.window,
        .seal_to = consent->seal_to,
        .has_retain_until = retain_until != UTC_NONE,
        .retain_until = retain_until,
        .still_allowed = still_allowed,
        .context = &permission,
    };
    bool done = load_keep_plan(&p.state, &p.id, consent->text, err) &&
                txn_run(&p.state, cli->arena, &request, &result, err);
    cli->stands = done;
    say_notes(cli, &result.warnings);
    op->txid = result.txid[0] ? arena_text(cli->arena, str_from(result.txid)) : NULL;
    op->backup_file = result.backup_file;
    op->started = result.started;
    state_close(&p.state);
    return done;
}

bool apply_plan(struct cli *cli, struct consent *consent, enum apply_mode mode, struct err *err)
{
    const struct plan *plan = consent->plan;
    struct load load = {.run = cli->arena, .keys = {.wipe = true}};
    struct operation op = {.mode = mode};
    split_versions(cli->arena, plan, &op);
    if (!option_retain_until(cli, &op.retain_until, err) ||
        !option_seal_to(cli, &consent->seal_to, err) ||
        !show_before(cli, plan, consent->text, mode, err))
        return false;
    if (plan_is_blocked(plan))
        return refuse_blocked(plan, cli->arena, err);
    bool done = true;
    if (op.removed_count == 0) {
        op.started = sys->now();
        cli_say(cli, "nothing to remove");
    } else if (mode == APPLY_DRY_RUN) {
        done = dry_run(cli, &load, consent, &op, err);
    } else {
        done = change(cli, &load, consent, &op, err);
    }
    load_free(&load);
    if (done && cli->format == TABLE_JSON)
        print_operation_json(&cli->out, &op);
    else if (done)
        print_operation(cli, &op);
    return done;
}

bool command_apply(struct cli *cli, struct err *err)
{
    struct read_plan p;
    struct consent *consent = ARENA_NEW(cli->arena, struct consent);
    const char **signatures;
    size_t count = option_values(cli, OPT_SIG, &signatures);
    if (!read_plan_file(cli, &p, err))
        return false;
    confine_about(&p.plan);
    if (cli_flag(cli, OPT_DRY_RUN))
        confine_files(cli, CONFINE_LOOK, NULL);
    *consent = (struct consent){.arena = cli->arena, .plan = &p.plan, .text = p.text};
    if (count && p.plan.conditions.approvals == 0)
        cli_warn(cli, "the plan asks for no approvals: --sig is not looked at");
    if (!consent_read(consent, cli->arguments[0], signatures, count, err))
        return false;
    return apply_plan(cli, consent, cli_flag(cli, OPT_DRY_RUN) ? APPLY_DRY_RUN : APPLY_FOR_REAL,
                      err);
}
