/* open_vault: the vault as a command needs it, and what is said of its recovery. */
#include "applier/vault/commands.h"
#include "applier/vault/confine.h"

void say_warnings(struct cli *cli, const struct txn_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        cli_warn(cli, "%s", notes->at[i]);
}

static void say_recovery(struct cli *cli, const struct txn_recovery *recovery)
{
    static const char *const how[] = {[TXN_FINISHED] = "finished",
                                      [TXN_TAKEN_BACK] = "taken back",
                                      [TXN_STUCK] = "left stuck",
                                      [TXN_ACT_PENDING] = "left pending"};
    for (size_t i = 0; i < recovery->count; i++)
        cli_say(cli, "recovery: transaction %s was %s", recovery->at[i].txid,
                how[recovery->at[i].how]);
    say_warnings(cli, &recovery->notes);
}

bool open_vault(struct cli *cli, struct vault_file *f, enum vault_use use, struct err *err)
{
    return open_vault_with(cli, f, use, NULL, NULL, err);
}

bool open_vault_with(struct cli *cli, struct vault_file *f, enum vault_use use,
                     bool (*act_open)(void *context, struct str note, struct participant **act,
                                      struct err *err),
                     void *act_context, struct err *err)
{
    struct vault_place place = {
        .dir = cli_value(cli, OPT_VAULT_DIR), .act_open = act_open, .act_context = act_context};
    const char *const extra[] = {cli_value(cli, OPT_CA_FILE), NULL};
    if (!option_lock_timeout(cli, &place.lock_timeout_ms, err))
        return false;
    if (!place.dir && !(place.dir = vault_default_dir(cli->arena, err)))
        return false;
    vault_confine_files(cli, place.dir, extra);
    bool done = vault_open(f, &place, use, cli->arena, err);
    say_recovery(cli, &f->recovery);
    return done;
}
