/*
 * init: the folder, a master key, and a vault with nothing but the management key.
 *
 * The vault file comes last and is what makes a vault: killed before that, init is simply run
 * again. A master key that is there already is taken over, never replaced: it may be all that opens
 * a vault that was moved away.
 */
#include "applier/vault/commands.h"
#include "applier/vault/confine.h"
#include "applier/vault/key_version.h"
#include "common/secret.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

enum { KEY_LEAST = 8, KEY_MOST = 512 };

/* Durable under a name of its own, then named; never over another file. */
static bool make_file(const struct vault_file *f, const char *name, const char *path,
                      struct str bytes, struct err *err)
{
    const char *staged = arena_printf(f->run, "%s.init", name);
    if (sys->unlinkat(f->state.dir, staged, 0) != 0 && errno != ENOENT) {
        err_sys(err, ERR_SYSTEM, 1008, errno, "remove %s of an earlier init", staged);
        return false;
    }
    int fd = sys->openat(f->state.dir, staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         0600);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 1008, errno, "create %s", path);
        return false;
    }
    bool done = file_write_all(fd, bytes, path, err);
    if (done && sys->fsync(fd) != 0) {
        err_sys(err, ERR_SYSTEM, 1008, errno, "fsync %s", path);
        done = false;
    }
    (void)sys->close(fd); /* synced */
    done = done && file_give_name(f->state.dir, staged, name, FILE_KEEP, path, err);
    if (!done)
        (void)sys->unlinkat(f->state.dir, staged, 0);
    return done;
}

static bool no_vault_yet(struct vault_file *f, struct err *err)
{
    struct stat st;
    if (sys->fstatat(f->state.dir, VAULT_FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ||
               (err_sys(err, ERR_SYSTEM, 1008, errno, "stat %s", f->path), false);
    err_set(err, ERR_REFUSED, 1013, "there is a vault already: %s", f->path);
    err_hint(err, "give --vault-dir with another folder for a second one");
    return false;
}

/* Whether there is a master key is decided by its name alone: what is there is never replaced. */
static bool take_master(struct cli *cli, struct vault_file *f, struct err *err)
{
    struct stat st;
    if (sys->fstatat(f->state.dir, VAULT_KEY_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        cli_say(cli, "%s is there already and is taken as the master key", f->key_path);
        return vault_master_read(f, f->state.dir, err);
    }
    return new_master_key(&f->master, err) &&
           make_file(f, VAULT_KEY_NAME, f->key_path, str_make(f->master.bytes, MASTER_KEY_BYTES),
                     err);
}

static bool make_vault(struct vault_file *f, struct str key, struct err *err)
{
    struct str image;
    f->vault = (struct vault){.arena = &f->secrets, .schema = VAULT_SCHEMA};
    struct vault_entry *e = vault_add(&f->vault, STR(VAULT_MANAGEMENT_KEY));
    return add_key_version(&f->vault, &f->master, err) && vault_set_value(f, e, key, err) &&
           vault_image(&f->vault, &f->master, &f->secrets, &image, err) &&
           make_file(f, VAULT_FILE_NAME, f->path, image, err);
}

static bool key_is_sane(struct str key, struct err *err)
{
    bool sane = key.len >= KEY_LEAST && key.len <= KEY_MOST;
    for (size_t i = 0; sane && i < key.len; i++)
        sane = key.at[i] > ' ' && key.at[i] < 0x7F;
    if (!sane)
        err_set(err, ERR_USAGE, 1014, "a management key has %d to %d visible characters", KEY_LEAST,
                KEY_MOST);
    return sane;
}

static bool make_place(struct vault_file *f, const struct state_options *options, struct err *err)
{
    if (!state_open(&f->state, options, STATE_CHANGE, f->run, err))
        return false;
    f->dir = f->state.path;
    f->path = arena_printf(f->run, "%s/" VAULT_FILE_NAME, f->dir);
    f->key_path = arena_printf(f->run, "%s/" VAULT_KEY_NAME, f->dir);
    return vault_folder_check(f->state.dir, f->dir, err);
}

/* An existing vault is refused before anybody has to type a key. */
static bool is_free(struct cli *cli, const char *dir, struct err *err)
{
    struct vault_file f = {.run = cli->arena,
                           .path = arena_printf(cli->arena, "%s/" VAULT_FILE_NAME, dir)};
    f.state.dir = sys->openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (f.state.dir < 0)
        return true;
    bool done = vault_folder_check(f.state.dir, dir, err) && no_vault_yet(&f, err);
    (void)sys->close(f.state.dir);
    return done;
}

bool command_init(struct cli *cli, struct err *err)
{
    struct vault_file f = {.run = cli->arena, .secrets = {.wipe = true}};
    struct state_options options = {.state_dir = cli_value(cli, OPT_VAULT_DIR),
                                    .images = STATE_ENCRYPTED_IMAGES,
                                    .recover_with = VAULT_RECOVER_WITH};
    struct str key;
    f.state.dir = f.state.txn_dir = f.state.backup_dir = f.state.lock = -1;
    if (!options.state_dir && !(options.state_dir = vault_default_dir(cli->arena, err)))
        return false;
    bool done =
        option_lock_timeout(cli, &options.lock_timeout_ms, err) &&
        is_free(cli, options.state_dir, err) &&
        cli_read_secret(cli, "management key of OpenRouter (not shown):", &f.secrets, &key, err) &&
        key_is_sane(key, err) && make_place(&f, &options, err);
    if (done) {
        vault_confine_files(cli, f.dir, NULL);
        done = no_vault_yet(&f, err) && take_master(cli, &f, err) && make_vault(&f, key, err);
    }
    if (done)
        buf_printf(&cli->out, "vault %s\nmaster key %s\n", f.path, f.key_path);
    vault_close(&f);
    return done;
}
