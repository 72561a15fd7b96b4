/* rollback_command: `keyretire rollback` and `backups restore`: put back what was taken away. */
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/policy.h"
#include "applier/rollback.h"
#include "common/sys.h"
#include "common/text.h"

static bool already_back(struct state *state, struct arena *a, const char *txid, struct err *err)
{
    struct txn_list list = {0};
    if (!txn_list_read(state, a, &list, err))
        return true;
    for (size_t i = 0; i < list.count; i++) {
        const struct txn_info *x = &list.at[i];
        if (x->reverses && strcmp(x->reverses, txid) == 0 && x->outcome == TXN_COMMITTED) {
            err_set(err, ERR_STALE, 930, "transaction %s was taken back by %s", txid, x->txid);
            err_hint(err,
                     "a file that lacks the versions again gets them by keyretire backups "
                     "restore %s",
                     txid);
            return true;
        }
    }
    return false;
}

static void show_rollback(struct cli *cli, const struct backup *b, const struct rollback_plan *p)
{
    struct buf *out = &cli->out;
    if (cli->format != TABLE_TEXT)
        return;
    buf_printf(out, "put back: %s\n",
               text_shown(cli->arena, names_of(cli->arena, b->versions, b->version_count)));
    for (size_t i = 0; i < p->file_count; i++) {
        buf_text(out, "  ");
        text_visible(out, str_from(p->files[i].path));
        buf_printf(out, ": %s\n", p->files[i].how);
        if (p->files[i].edit.line_count)
            keyring_edit_show(out, &p->files[i].edit);
    }
}

static void print_rollback(struct cli *cli, const struct backup *b, const struct rollback_plan *p,
                           const struct txn_result *r, enum apply_mode mode)
{
    struct operation op = {
        .txid = r->txid[0] ? r->txid : NULL,
        .backup_file = r->backup_file,
        .started = r->started,
        .kept = p->kept,
        .kept_count = p->kept_count,
        .before = p->kept_count,
        .after = p->kept_count + b->version_count,
        .mode = mode,
    };
    if (cli->format == TABLE_JSON) {
        struct str *all = ARENA_ARRAY(cli->arena, op.after + 1, struct str);
        for (size_t i = 0; i < p->kept_count; i++)
            all[i] = p->kept[i];
        for (size_t i = 0; i < b->version_count; i++)
            all[p->kept_count + i] = b->versions[i];
        op.kept = all;
        op.kept_count = op.after;
        print_operation_json(&cli->out, &op);
        return;
    }
    if (mode == APPLY_DRY_RUN)
        buf_text(&cli->out, "dry run: nothing was changed\n");
    else
        buf_printf(&cli->out, "transaction: %s\nbackup: %s\nnext: restart the application\n",
                   r->txid, r->backup_file ? r->backup_file : "none");
}

/* What is put back, and all that was found out about it. */
struct undo {
    struct cli *cli;
    const char *which; /* TXID or backup, as the user named it */
    enum txn_operation operation;
    int64_t retain_until; /* of the backup that this one makes */
    struct str seal_to;   /* and who can open that one */
    struct load load;
    struct backup backup;
    struct rollback_plan plan;
};

/* The transaction of a rollback: committed, an apply, and not taken back yet. */
static bool may_roll_back(const struct undo *u, struct state *state, const char **txid,
                          struct err *err)
{
    struct txn_info *info = ARENA_NEW(u->cli->arena, struct txn_info);
    if (!txn_find(state, u->cli->arena, u->which, info, err))
        return false;
    *txid = info->txid;
    if (info->outcome != TXN_COMMITTED) {
        err_set(err, ERR_STALE, 930, "transaction %s changed nothing: it is %s", info->txid,
                txn_outcome_name(info->outcome));
        return false;
    }
    if (info->operation != TXN_APPLY) {
        err_set(err, ERR_STALE, 930,
                "transaction %s is itself a %s; apply a plan to remove versions", info->txid,
                txn_operation_name(info->operation));
        return false;
    }
    return !already_back(state, u->cli->arena, info->txid, err);
}

/* Reads the archive and works out the new files; everything that may speak against it. */
static bool find_out(struct undo *u, struct state *state, struct err *err)
{
    struct txn_notes notes = {0};
    const char *which = u->which;
    u->load = (struct load){.run = u->cli->arena, .keys = {.wipe = true}};
    bool done = (u->operation != TXN_ROLLBACK || may_roll_back(u, state, &which, err)) &&
                backup_read(state, which, &u->load.keys, &u->backup, err) &&
                backup_verify(state, &u->backup, u->cli->arena, &notes, err) &&
                rollback_make(&u->load, &u->backup, &u->plan, err);
    for (size_t i = 0; done && i < u->plan.file_count; i++)
        done = cli_spares(u->cli, u->plan.files[i].path, err);
    say_notes(u->cli, &notes);
    return done;
}

/*
 * The files of an archive without a journal here: before recovery writes to --log-file, and before
 * all other files are out of reach (open_for_change sees to those of journals). An archive
 * that does not read is refused by find_out.
 */
static bool name_archived(struct undo *u, struct err *err)
{
    struct state state;
    struct backup b;
    struct txn_info info;
    struct arena keys = {.wipe = true};
    struct err unread = {0};
    bool spared = true;
    if (!open_for_reading(u->cli, &state, err))
        return false;
    bool wanted = u->cli->output || u->cli->log_path ||
                  !txn_find(&state, u->cli->arena, u->which, &info, &unread);
    unread = (struct err){0};
    if (wanted && backup_read(&state, u->which, &keys, &b, &unread)) {
        for (size_t i = 0; spared && i < b.target_count; i++) {
            const char *path = arena_text(u->cli->arena, b.targets[i].path);
            confine_target(path);
            spared = cli_spares(u->cli, path, err);
        }
    }
    arena_free(&keys);
    state_close(&state);
    return spared;
}

/* With the state opened for a change or for reading; closes it again. */
static bool look(struct undo *u, bool (*open)(struct cli *, struct state *, struct err *),
                 struct err *err)
{
    struct state state;
    if (!open(u->cli, &state, err))
        return false;
    confine_files(u->cli, CONFINE_LOOK, &state); /* without effect after open_for_change */
    bool done = find_out(u, &state, err);
    if (done)
        show_rollback(u->cli, &u->backup, &u->plan);
    state_close(&state);
    return done;
}

static bool change(struct undo *u, struct txn_result *result, struct err *err)
{
    struct state state;
    if (!open_for_change(u->cli, &state, err))
        return false;
    bool done = find_out(u, &state, err);
    if (done) {
        struct txn_request request = {
            .operation = u->operation,
            .reverses = u->backup.txid,
            .targets = u->plan.targets,
            .target_count = u->plan.target_count,
            .versions = u->backup.versions,
            .version_count = u->backup.version_count,
            .kept = u->plan.kept,
            .kept_count = u->plan.kept_count,
            .has_retain_until = u->retain_until != UTC_NONE,
            .retain_until = u->retain_until,
            .seal_to = u->seal_to,
        };
        if (cli_flag(u->cli, OPT_YES))
            show_rollback(u->cli, &u->backup, &u->plan);
        done = txn_run(&state, u->cli->arena, &request, result, err);
        u->cli->stands = done;
        say_notes(u->cli, &result->warnings);
    }
    state_close(&state);
    return done;
}

/* This change makes a backup, too. */
static bool sealed_as_demanded(const struct undo *u, struct err *err)
{
    struct policy policy;
    return policy_load(u->cli->arena, &policy, err) && policy_seals(&policy, u->seal_to, err);
}

bool put_back(struct cli *cli, const char *which, enum txn_operation operation, struct err *err)
{
    enum apply_mode mode = cli_flag(cli, OPT_DRY_RUN) ? APPLY_DRY_RUN : APPLY_FOR_REAL;
    struct undo u = {.cli = cli, .which = which, .operation = operation};
    struct txn_result result = {.started = sys->now()};
    bool done = option_retain_until(cli, &u.retain_until, err) &&
                option_seal_to(cli, &u.seal_to, err) && sealed_as_demanded(&u, err) &&
                name_archived(&u, err);
    if (!done)
        return false;
    if (mode == APPLY_DRY_RUN) {
        done = look(&u, open_for_reading, err);
    } else {
        /* Asked about what can be done, and never while others wait for the lock. */
        if (!cli_flag(cli, OPT_YES)) {
            done = look(&u, open_for_change, err) && cli_flush(cli, err) &&
                   cli_ask(cli, "Put these versions back? [yes/no]", err);
            load_free(&u.load);
        }
        done = done && change(&u, &result, err);
    }
    if (done)
        print_rollback(cli, &u.backup, &u.plan, &result, mode);
    load_free(&u.load);
    return done;
}

bool command_rollback(struct cli *cli, struct err *err)
{
    return put_back(cli, cli->arguments[0], TXN_ROLLBACK, err);
}
