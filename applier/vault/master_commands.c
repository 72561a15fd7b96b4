/*
 * master_commands: migrate and rotate-master: the whole vault written anew, no request sent.
 */
#include "applier/vault/commands.h"
#include "applier/vault/key_version.h"
#include "common/secret.h"
#include "common/text.h"

static bool knows_master(const struct vault_file *f)
{
    const struct vault *v = &f->vault;
    for (size_t i = 0; i < v->key_count; i++)
        if (memcmp(&v->keys[i].key, &f->master, sizeof f->master) == 0)
            return true;
    return false;
}

/* One JSON object, or a line for people. */
static void say_result(struct cli *cli, const char *what, const struct vault_file *f,
                       const struct txn_result *r)
{
    char utc[UTC_TEXT];
    struct buf *b = &cli->out;
    cli->stands = true;
    if (cli->format != TABLE_JSON) {
        buf_printf(b, "%s: transaction %s\nthe vault as it was: %s\n", what, r->txid,
                   r->backup_file);
        return;
    }
    buf_printf(b, "{\"operation\":\"%s\",\"txid\":\"%s\",\"schema\":%llu,\"backup_file\":",
               cli->command->name, r->txid, (unsigned long long)f->vault.schema);
    text_json(b, str_from(r->backup_file));
    buf_printf(b, ",\"operation_time\":\"%s\"}\n", utc_text(r->started, utc));
}

bool command_migrate(struct cli *cli, struct err *err)
{
    struct vault_file f;
    struct txn_result result;
    if (!open_vault(cli, &f, VAULT_CHANGE, err))
        return false;
    bool done = true;
    if (f.vault.schema == VAULT_SCHEMA && knows_master(&f)) {
        cli_say(cli, "the vault has schema %d already: nothing to do", VAULT_SCHEMA);
    } else {
        f.vault.schema = VAULT_SCHEMA;
        const struct vault_change change = {.purpose = "migrate"};
        done = (knows_master(&f) || add_key_version(&f.vault, &f.master, err)) &&
               vault_change(&f, &change, &result, err);
        if (done) {
            say_result(cli, "migrated", &f, &result);
            say_warnings(cli, &result.warnings);
        }
    }
    vault_close(&f);
    return done;
}

/* Every value opened with the old master key and sealed with the new one. */
static bool seal_anew(struct vault_file *f, const struct master_key *fresh, struct err *err)
{
    for (size_t i = 0; i < f->vault.count; i++) {
        struct vault_entry *e = &f->vault.entries[i];
        struct str value;
        if (!vault_value(f, e, &value, err) ||
            !blob_seal(&f->secrets, fresh, value, &e->value, err))
            return false;
    }
    return true;
}

bool command_rotate_master(struct cli *cli, struct err *err)
{
    struct vault_file f;
    struct master_key fresh;
    struct txn_result result;
    if (!open_vault(cli, &f, VAULT_CHANGE, err))
        return false;
    const struct vault_change change = {.purpose = "rotate-master", .new_master = &fresh};
    bool done = (knows_master(&f) || add_key_version(&f.vault, &f.master, err)) &&
                new_master_key(&fresh, err) && seal_anew(&f, &fresh, err) &&
                add_key_version(&f.vault, &fresh, err) && vault_change(&f, &change, &result, err);
    if (done) {
        say_result(cli, "the vault has a new master key", &f, &result);
        say_warnings(cli, &result.warnings);
        cli_say(cli, "copies of %s elsewhere do not open the vault any more: replace them",
                f.key_path);
    }
    secret_wipe(&fresh, sizeof fresh);
    vault_close(&f);
    return done;
}
