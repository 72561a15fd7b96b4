/* history_commands: status, recover, log: what was done. */
#include "applier/audit.h"
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/lock.h"
#include "common/sys.h"
#include "common/text.h"

struct str names_of(struct arena *a, const struct str *names, size_t count)
{
    struct buf b = {.arena = a};
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_byte(&b, ' ');
        buf_add(&b, names[i]);
    }
    return buf_str(&b);
}

static struct str time_of(struct arena *a, int64_t t)
{
    char text[UTC_TEXT];
    return arena_copy(a, str_from(utc_text(t, text)));
}

/* "ana@corp, rui@corp": the lines of the record without their keys. */
static struct str approvers(struct arena *a, struct str lines)
{
    struct buf b = {.arena = a};
    struct str line;
    while (str_line(&lines, &line)) {
        if (b.len)
            buf_text(&b, ", ");
        buf_add(&b, str_slice(line, 0, str_find(line, ' ')));
    }
    return buf_str(&b);
}

/* Enough of its digest to tell policies apart. */
static struct str policy_of(struct arena *a, const struct txn_info *x)
{
    enum { SHOWN = 16 };
    char hex[SHA256_HEX + 1];
    if (!x->has_policy)
        return STR("");
    sha256_hex(&x->policy, hex);
    return arena_copy(a, str_make(hex, SHOWN));
}

/* Somebody may be at it right now: what is open then is nobody's to recover. */
static void say_holder(struct cli *cli, const struct state *state)
{
    uint64_t pid;
    if (state->dir < 0 || !lock_is_held(state->dir, "lock", &pid))
        return;
    if (pid)
        cli_warn(cli, "process %llu holds the lock of %s: a change is under way",
                 (unsigned long long)pid, state->path);
    else
        cli_warn(cli, "another process holds the lock of %s: a change is under way", state->path);
}

bool command_status(struct cli *cli, struct err *err)
{
    static const char *const headings[] = {"txid",    "operation", "state",    "step",
                                           "started", "finished",  "versions", "files",
                                           "user",    "approvals", "policy",   NULL};
    struct state state;
    struct txn_list list = {0};
    struct table t = {.arena = cli->arena};
    size_t open = 0;
    if (!open_for_reading(cli, &state, err))
        return false;
    confine_files(cli, CONFINE_LOOK, &state);
    bool done = txn_list_read(&state, cli->arena, &list, err);
    for (const char *const *h = headings; *h; h++)
        table_heading(&t, *h);
    for (size_t i = 0; i < list.count; i++) {
        const struct txn_info *x = &list.at[i];
        table_text(&t, str_from(x->txid));
        table_text(&t, str_from(txn_operation_name(x->operation)));
        table_text(&t, str_from(txn_outcome_name(x->outcome)));
        table_text(&t, str_from(x->step));
        table_text(&t, time_of(cli->arena, x->started));
        table_text(&t, time_of(cli->arena, x->finished));
        table_text(&t, names_of(cli->arena, x->versions, x->version_count));
        table_count(&t, x->target_count);
        table_text(&t, str_from(x->user ? x->user : ""));
        table_text(&t, approvers(cli->arena, x->approvals));
        table_text(&t, policy_of(cli->arena, x));
        open += x->outcome == TXN_OPEN;
    }
    if (done && list.count == 0 && cli->format == TABLE_TEXT)
        buf_printf(&cli->out, "no transaction yet in %s\n", state.path);
    else if (done)
        table_write(&cli->out, &t, cli->format);
    if (done)
        say_holder(cli, &state);
    if (done && open) {
        cli_warn(cli, "%zu transactions are open: keyretire recover finishes or undoes them", open);
        if (cli_flag(cli, OPT_DETAILED_EXITCODE))
            cli->status = ERR_PENDING;
    }
    state_close(&state);
    return done;
}

bool command_recover(struct cli *cli, struct err *err)
{
    struct state state;
    struct txn_recovery recovery = {0};
    bool back = false;
    bool done = open_recovered(cli, &state, &recovery, err);
    say_notes(cli, &recovery.notes);
    cli->stands = done && recovery.count;
    for (size_t i = 0; i < recovery.count; i++) {
        enum txn_recovered how = recovery.at[i].how;
        back |= how == TXN_TAKEN_BACK;
        buf_printf(&cli->out, "%s: %s\n", recovery.at[i].txid,
                   how == TXN_FINISHED     ? "finished: all files are new"
                   : how == TXN_TAKEN_BACK ? "taken back: all files are as they were"
                                           : "stuck: see above for the choices");
    }
    if (!done)
        return false;
    if (recovery.count == 0)
        buf_text(&cli->out, "nothing to recover\n");
    if (back)
        cli->status = ERR_RESTORED;
    state_close(&state);
    return true;
}

/* ---- log ---- */

bool command_log(struct cli *cli, struct err *err)
{
    static const char *const fields[] = {"time",    "txid",     "operation", "outcome", "user",
                                         "process", "versions", "backup",    NULL};
    struct state state;
    struct audit_lines lines = {0};
    struct txn_notes notes = {0};
    struct table t = {.arena = cli->arena};
    size_t good = 0;
    if (!open_for_reading(cli, &state, err))
        return false;
    confine_files(cli, CONFINE_LOOK, &state);
    bool done = cli_flag(cli, OPT_VERIFY) ? audit_verify(&state, cli->arena, &good, &notes, err)
                                          : audit_read(&state, cli->arena, &lines, err);
    say_notes(cli, &notes);
    state_close(&state);
    if (!done)
        return false;
    if (cli_flag(cli, OPT_VERIFY)) {
        buf_printf(&cli->out, "ok: %zu line%s, the chain is whole\n", good, text_plural(good));
        return true;
    }
    for (const char *const *f = fields; *f; f++)
        table_heading(&t, *f);
    for (size_t i = 0; i < lines.count; i++) {
        if (cli->format == TABLE_JSON) {
            buf_add(&cli->out, lines.at[i].text);
            buf_byte(&cli->out, '\n');
            continue;
        }
        for (const char *const *f = fields; *f; f++)
            table_text(&t, audit_field(cli->arena, lines.at[i].text, *f));
    }
    if (cli->format != TABLE_JSON)
        table_write(&cli->out, &t, cli->format);
    return true;
}
