/*
 * open_state: the state folder as a command needs it: to look, or to change, and then what was
 * interrupted is finished or taken back first.
 */
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/signals.h"

void say_notes(struct cli *cli, const struct txn_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        cli_warn(cli, "%s", notes->at[i]);
}

/*
 * Every file that a transaction was about is a configuration file, and no place for output;
 * recovery already writes to --log-file. A journal that does not read is for others to refuse.
 */
static bool spare_targets(struct cli *cli, const struct state *state, struct err *err)
{
    struct txn_list list;
    struct err unread = {0};
    if (!cli->output && !cli->log_path)
        return true;
    if (!txn_list_read(state, cli->arena, &list, &unread))
        return true;
    for (size_t i = 0; i < list.count; i++)
        for (size_t t = 0; t < list.at[i].target_count; t++)
            if (!cli_spares(cli, list.at[i].targets[t].path, err))
                return false;
    return true;
}

bool open_for_reading(struct cli *cli, struct state *state, struct err *err)
{
    struct state_options options;
    if (!option_state(cli, &options, err) ||
        !state_open(state, &options, STATE_READ, cli->arena, err))
        return false;
    bool done = spare_targets(cli, state, err);
    if (!done)
        state_close(state);
    return done;
}

bool open_recovered(struct cli *cli, struct state *state, struct txn_recovery *recovery,
                    struct err *err)
{
    struct state_options options;
    signals_for_txn();
    if (!option_state(cli, &options, err) ||
        !state_open(state, &options, STATE_CHANGE, cli->arena, err))
        return false;
    bool done = spare_targets(cli, state, err);
    if (done) {
        confine_files(cli, CONFINE_CHANGE, state); /* its journals say what is to be recovered */
        done = txn_recover(state, cli->arena, recovery, err);
    }
    if (!done)
        state_close(state);
    return done;
}

bool open_for_change(struct cli *cli, struct state *state, struct err *err)
{
    struct txn_recovery recovery = {0};
    bool done = open_recovered(cli, state, &recovery, err);
    for (size_t i = 0; i < recovery.count; i++)
        cli_say(cli, "recovery: transaction %s was %s", recovery.at[i].txid,
                recovery.at[i].how == TXN_FINISHED     ? "finished"
                : recovery.at[i].how == TXN_TAKEN_BACK ? "taken back"
                                                       : "left stuck");
    say_notes(cli, &recovery.notes);
    return done;
}
