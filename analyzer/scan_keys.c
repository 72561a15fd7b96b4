/* scan_keys: names, keys, and that two sources of them agree. */
#include "analyzer/scan_keys.h"
#include "analyzer/commands.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"
#include "formats/keyring/config_form.h"
#include "formats/keyring/key_list.h"
#include "formats/keyring/verification_keys.h"

void scan_keys_free(struct scan_keys *keys)
{
    arena_free(&keys->secrets);
    keys->proof = (struct proof_keys){0};
    keys->proving = false;
}

static bool take_names(struct report *r, const struct keyring *kr)
{
    r->versions = ARENA_ARRAY(r->arena, kr->version_count, struct report_version);
    r->version_count = r->version_room = kr->version_count;
    for (size_t i = 0; i < kr->version_count; i++) {
        r->versions[i].name = arena_copy(r->arena, kr->versions[i].name);
        r->versions[i].fingerprint = kr->versions[i].fingerprint;
    }
    r->active_version = arena_copy(r->arena, kr->versions[kr->active].name);
    return true;
}

/* The keys of a whole configuration. */
static bool derive(struct cli *cli, struct keyring *kr, struct scan_keys *keys, struct err *err)
{
    uint64_t iterations = KEYRING_ITERATIONS;
    struct arena scratch = {.wipe = true};
    struct secret *derived = ARENA_ARRAY(&scratch, kr->version_count, struct secret);
    bool done = cli_number(cli, SCAN_KDF_ITERATIONS, 1, INT32_MAX, &iterations, err) &&
                keyring_derive_all(kr, (unsigned)iterations, derived, err) &&
                proof_keys_make(&keys->secrets, derived, kr->version_count, kr->active,
                                PROOF_WHOLE_KEY, &keys->proof, err);
    keys->proving = done;
    arena_free(&scratch);
    return done;
}

/* How the file is read: an env file as --keyring says, another by its form. */
static const struct keyring_syntax *syntax_of(struct cli *cli, struct arena *text, const char *path,
                                              struct str content, struct err *err)
{
    const char *keyring = cli_value(cli, SCAN_KEYRING);
    const struct keyring_syntax *syntax = &keyring_dotenv;
    if (!cli_value(cli, SCAN_ENV_FILE))
        syntax = config_form(text, str_from(path), content);
    if (keyring && strcmp(keyring, "named") != 0)
        syntax = key_list_syntax(cli->arena, syntax, str_from(keyring), err);
    return syntax;
}

static bool read_configuration(struct cli *cli, struct report *r, struct scan_keys *keys,
                               struct err *err)
{
    const char *env = cli_value(cli, SCAN_ENV_FILE);
    const char *path = env ? env : cli_value(cli, SCAN_CONFIG);
    struct arena text = {.wipe = true};
    struct keyring kr;
    struct str content;
    if (!path)
        return true;
    bool done = file_read(&text, path, &content, err);
    if (done) {
        const struct keyring_syntax *syntax = syntax_of(cli, &text, path, content, err);
        done = syntax && keyring_load(&text, syntax, path, content, &kr, err);
    }
    if (done && cli_flag(cli, SCAN_VERIFY))
        done = derive(cli, &kr, keys, err);
    done = done && take_names(r, &kr);
    arena_free(&text);
    return done;
}

/* What the configuration said, if one was read, must be what the file says. */
static bool agrees(const struct report *r, const struct verification_keys *v, const char *path,
                   struct err *err)
{
    bool same = r->version_count == v->count && str_eq(r->active_version, v->names[v->active]);
    for (size_t i = 0; same && i < v->count; i++)
        same = str_eq(r->versions[i].name, v->names[i]);
    if (same || r->version_count == 0)
        return true;
    err_set(err, ERR_REFUSED, 472,
            "%s has other versions, or another active one, than the "
            "configuration",
            path);
    err_hint(err, "make it again: keyretire verification-keys --env-file F -o V");
    return false;
}

static void warn_readable(struct cli *cli, const char *path)
{
    struct stat st;
    if (sys->fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISREG(st.st_mode) && st.st_mode & 077)
        cli_warn(cli, "%s can be read by others; who has it can forge values: chmod 600", path);
}

static bool read_verification_keys(struct cli *cli, struct report *r, struct scan_keys *keys,
                                   struct err *err)
{
    const char *path = cli_value(cli, SCAN_VERIFY_KEYS);
    struct arena text = {.wipe = true};
    struct verification_keys v;
    struct str content;
    if (!path)
        return true;
    bool done = file_read(&text, path, &content, err) &&
                verification_keys_read(&text, path, content, &v, err) && agrees(r, &v, path, err) &&
                proof_keys_make(&keys->secrets, v.derived, v.count, v.active, PROOF_MAC_HALF,
                                &keys->proof, err);
    if (done) {
        warn_readable(cli, path);
        r->versions = ARENA_ARRAY(r->arena, v.count, struct report_version);
        r->version_count = r->version_room = v.count;
        for (size_t i = 0; i < v.count; i++)
            r->versions[i] =
                (struct report_version){arena_copy(r->arena, v.names[i]), v.fingerprints[i]};
        r->active_version = arena_copy(r->arena, v.names[v.active]);
    }
    keys->proving = done;
    arena_free(&text);
    return done;
}

static bool options_fit(const struct cli *cli, struct err *err)
{
    bool verify = cli_flag(cli, SCAN_VERIFY);
    bool env = cli_value(cli, SCAN_ENV_FILE) != NULL;
    bool config = cli_value(cli, SCAN_CONFIG) != NULL;
    if (env && config) {
        err_set(err, ERR_USAGE, 473, "--env-file and --config both name the configuration");
        err_hint(err, "one is enough; keyretire plan compares all files that have the keys");
    } else if (verify && cli_value(cli, SCAN_VERIFY_KEYS)) {
        err_set(err, ERR_USAGE, 473, "--verify and --verify-keys both name the keys");
        err_hint(err, "--verify-keys alone needs nothing that can decrypt");
    } else if (verify && !env && !config) {
        err_set(err, ERR_USAGE, 470, "--verify needs the keys");
        err_hint(err, "name the configuration with --env-file or --config, or use --verify-keys");
    } else if (!verify && cli_value(cli, SCAN_KDF_ITERATIONS)) {
        err_set(err, ERR_USAGE, 473, "--kdf-iterations is for --verify");
        err_hint(err, "keyretire verification-keys takes it, too");
    }
    return !err_is(err);
}

bool scan_keys_read(struct cli *cli, struct report *r, struct scan_keys *keys, struct err *err)
{
    *keys = (struct scan_keys){.secrets.wipe = true};
    if (options_fit(cli, err) && read_configuration(cli, r, keys, err) &&
        read_verification_keys(cli, r, keys, err)) {
        r->verified = keys->proving;
        return true;
    }
    scan_keys_free(keys);
    return false;
}
