/*
 * verification_command: `keyretire verification-keys`: what keycensus scan --verify-keys proves
 * values with, on a host that must not decrypt them (formats/keyring/verification_keys.h).
 */
#include "applier/commands.h"
#include "applier/confine.h"
#include "common/file.h"
#include "formats/keyring/key_list.h"
#include "formats/keyring/verification_keys.h"

/* One set of keys, whatever files hold it: they agree on what they share (S12). */
static bool choose(const struct load *load, struct keyring **kr, struct err *err)
{
    *kr = &load->files[0].keyring;
    for (size_t i = 1; i < load->file_count; i++)
        if (load->files[i].keyring.version_count > (*kr)->version_count)
            *kr = &load->files[i].keyring;
    for (size_t i = 0; i < load->file_count; i++) {
        const struct keyring *other = &load->files[i].keyring;
        if (!keyring_agree(*kr, other, err))
            return false;
        for (size_t v = 0; v < other->version_count; v++) {
            if (keyring_find(*kr, other->versions[v].name))
                continue;
            err_set(err, ERR_REFUSED, 474, "version %.*s is in %s and not in %s",
                    STR_ARG(other->versions[v].name), other->name, (*kr)->name);
            err_hint(err, "name the file alone that has all versions, or make a file for each");
            return false;
        }
    }
    return true;
}

/* Of a Fernet key the first half is the MAC's alone; of others it is a half of what decrypts. */
static bool has_mac_halves(const struct keyring *kr, struct err *err)
{
    const struct key_list *list = kr->syntax->list;
    if (!list || strcmp(list->kind->name, "multifernet") == 0)
        return true;
    err_set(err, ERR_REFUSED, 476, "%s: a key of %s has no half that only makes the MAC", kr->name,
            list->kind->owner);
    err_hint(err, "keycensus scan --verify with the configuration itself proves such values");
    return false;
}

static bool write_keys(struct cli *cli, struct load *load, unsigned iterations, struct err *err)
{
    struct keyring *kr;
    struct str text;
    if (!choose(load, &kr, err) || !has_mac_halves(kr, err))
        return false;
    struct secret *derived = ARENA_ARRAY(&load->keys, kr->version_count, struct secret);
    if (!keyring_derive_all(kr, iterations, derived, err) ||
        !verification_keys_text(&load->keys, kr, derived, &text, err) ||
        !file_replace(cli->output, text, 0600, cli->existing, err))
        return false;
    cli_say(cli, "%s: the verification keys of %zu version%s; they prove values and cannot decrypt",
            cli->output, kr->version_count, kr->version_count == 1 ? "" : "s");
    return true;
}

bool command_verification_keys(struct cli *cli, struct err *err)
{
    struct load load = {.run = cli->arena, .keys = {.wipe = true}};
    const struct keyring_syntax *syntax;
    struct load_name *names;
    const char **paths;
    uint64_t iterations = KEYRING_ITERATIONS;
    size_t count = option_files(cli, &names, &paths);
    if (!option_syntax(cli, &syntax, err))
        return false;
    if (count == 0 || count > LOAD_FILES_MAX || !cli->output) {
        err_set(err, ERR_USAGE, 475, "verification-keys needs --env-file or --config, and -o");
        err_hint(err, "keyretire verification-keys --env-file .env.crypto -o verification.keys");
        return false;
    }
    if (!cli_number(cli, OPT_KDF_ITERATIONS, 1, INT32_MAX, &iterations, err))
        return false;
    confine_files(cli, CONFINE_LOOK, NULL);
    load.files = ARENA_ARRAY(cli->arena, count, struct loaded_file);
    bool done = true;
    for (; done && load.file_count < count; load.file_count += done)
        done = load_file(&load, names[load.file_count], &load.files[load.file_count], err);
    done = done && write_keys(cli, &load, (unsigned)iterations, err);
    load_free(&load);
    return done;
}
