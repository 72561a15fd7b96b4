/* history_commands: status, recover, log: what was done. */
#include "applier/audit.h"
#include "applier/commands.h"
#include "applier/confine.h"
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

bool command_status(struct cli *cli, struct err *err)
{
    static const char *const headings[] = {"txid",     "operation", "state", "step", "started",
                                           "finished", "versions",  "files", "user", NULL};
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
        open += x->outcome == TXN_OPEN;
    }
    if (done && list.count == 0 && cli->format == TABLE_TEXT)
        buf_printf(&cli->out, "no transaction yet in %s\n", state.path);
    else if (done)
        table_write(&cli->out, &t, cli->format);
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
