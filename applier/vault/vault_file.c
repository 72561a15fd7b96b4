/* vault_file: open, check and read the vault; take it to its next state. */
#include "applier/vault/vault_file.h"
#include "applier/signals.h"
#include "common/file.h"
#include "common/secret.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

enum { PATH_ROOM = 4096, NEAREST = 3 };

const char *vault_default_dir(struct arena *a, struct err *err)
{
    const char *home = sys->env("HOME");
    if (home && home[0] == '/')
        return arena_printf(a, "%s/.lean_vault", home);
    err_set(err, ERR_NOT_FOUND, 1007, "no place for the vault: HOME is not set");
    err_hint(err, "give --vault-dir DIR");
    return NULL;
}

/* ---- who may look ---- */

/* Of the folder and of both files: ours, and nobody else's to read or write. */
static bool is_private(const struct stat *st, const char *path, const char *mode, struct err *err)
{
    char name[256];
    uid_t me = sys->geteuid();
    if (st->st_uid != me) {
        err_set(err, ERR_REFUSED, 1006, "%s belongs to %s (uid %lu)", path,
                sys->user_name(st->st_uid, name), (unsigned long)st->st_uid);
        err_hint(err, "run lean_vault as the owner of the vault");
        return false;
    }
    if (st->st_mode & (S_IRWXG | S_IRWXO)) {
        err_set(err, ERR_REFUSED, 1006, "others may use %s (mode %04o)", path,
                (unsigned)(st->st_mode & 07777));
        err_hint(err, "chmod %s %s", mode, path);
        return false;
    }
    return true;
}

bool vault_folder_check(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (sys->fstat(fd, &st) != 0) {
        err_sys(err, ERR_SYSTEM, 1008, errno, "stat %s", path);
        return false;
    }
    return is_private(&st, path, "0700", err);
}

bool vault_read_private(struct arena *secrets, int dir, const char *name, const char *path,
                        struct str *bytes, struct err *err)
{
    struct stat st;
    int fd = sys->openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) {
        err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, 1008, errno, "open %s", path);
        return false;
    }
    bool done = false;
    if (sys->fstat(fd, &st) != 0)
        err_sys(err, ERR_SYSTEM, 1008, errno, "stat %s", path);
    else if (!S_ISREG(st.st_mode))
        err_set(err, ERR_REFUSED, 1006, "%s is no regular file", path);
    else
        done = is_private(&st, path, "0600", err) && file_read_fd(secrets, fd, path, bytes, err);
    (void)sys->close(fd); /* read-only */
    return done;
}

/* ---- what it holds ---- */

bool vault_master_read(struct vault_file *f, int dir, struct err *err)
{
    struct str bytes;
    if (!vault_read_private(&f->secrets, dir, VAULT_KEY_NAME, f->key_path, &bytes, err)) {
        if (err->kind == ERR_NOT_FOUND)
            err_hint(err, "without its master key nothing opens the vault: put the file back");
        return false;
    }
    if (bytes.len != MASTER_KEY_BYTES) {
        err_set(err, ERR_CORRUPT, 1009, "%s has %zu bytes; a master key has %d", f->key_path,
                bytes.len, MASTER_KEY_BYTES);
        return false;
    }
    memcpy(f->master.bytes, bytes.at, MASTER_KEY_BYTES);
    return crypto_sha256(bytes, &f->key_digest, err);
}

static bool read_vault(struct vault_file *f, int dir, struct err *err)
{
    struct str bytes, yaml;
    if (!vault_read_private(&f->secrets, dir, VAULT_FILE_NAME, f->path, &bytes, err)) {
        if (err->kind == ERR_NOT_FOUND)
            err_hint(err, "lean_vault init makes a vault");
        return false;
    }
    return vault_master_read(f, dir, err) && crypto_sha256(bytes, &f->digest, err) &&
           blob_open(&f->secrets, &f->master, str_trim(bytes), &yaml, err) &&
           vault_parse(&f->secrets, yaml, &f->vault, err);
}

bool vault_image(const struct vault *v, const struct master_key *master, struct arena *secrets,
                 struct str *image, struct err *err)
{
    struct str yaml, again;
    struct vault reread;
    vault_write(v, secrets, &yaml);
    if (!vault_parse(secrets, yaml, &reread, err)) {
        err_context(err, "the new vault does not read");
        err->kind = ERR_INTERNAL;
        return false;
    }
    vault_write(&reread, secrets, &again);
    if (!str_eq(yaml, again) || reread.count != v->count || reread.key_count != v->key_count) {
        err_set(err, ERR_INTERNAL, 1010, "the new vault would not say what was meant");
        return false;
    }
    return blob_seal(secrets, master, yaml, image, err);
}

bool vault_value(struct vault_file *f, const struct vault_entry *e, struct str *value,
                 struct err *err)
{
    if (blob_open(&f->secrets, &f->master, e->value, value, err))
        return true;
    err_context(err, "the value of %s", text_shown(f->run, e->name));
    return false;
}

bool vault_set_value(struct vault_file *f, struct vault_entry *e, struct str value, struct err *err)
{
    return blob_seal(&f->secrets, &f->master, value, &e->value, err);
}

bool vault_management_key(struct vault_file *f, struct str *value, struct err *err)
{
    const struct vault_entry *e = vault_find(&f->vault, STR(VAULT_MANAGEMENT_KEY));
    if (e)
        return vault_value(f, e, value, err);
    err_set(err, ERR_NOT_FOUND, 1012, "the vault holds no management key");
    return false;
}

bool vault_entry_of(const struct vault_file *f, const char *name, struct vault_entry **e,
                    struct err *err)
{
    const struct vault *v = &f->vault;
    struct str best[NEAREST];
    *e = vault_find(v, str_from(name));
    if (*e && !str_eq((*e)->name, STR(VAULT_MANAGEMENT_KEY)))
        return true;
    struct str *names = ARENA_ARRAY(f->run, v->count, struct str);
    size_t count = 0;
    for (size_t i = 0; i < v->count; i++)
        if (!str_eq(v->entries[i].name, STR(VAULT_MANAGEMENT_KEY)))
            names[count++] = v->entries[i].name;
    if (*e)
        err_set(err, ERR_REFUSED, 1011, "%s is the management key's own entry", name);
    else
        err_set(err, ERR_NOT_FOUND, 1011, "no key \"%s\" in the vault",
                text_shown(f->run, str_from(name)));
    size_t found = *e ? 0 : text_nearest(str_from(name), names, count, best, NEAREST);
    *e = NULL;
    if (found)
        err_hint(err, "did you mean %s?", text_shown(f->run, best[0]));
    else
        err_hint(err, "lean_vault list names the keys");
    return false;
}

/* ---- open ---- */

static bool find_folder(struct vault_file *f, const struct vault_place *place, struct err *err)
{
    char real[PATH_ROOM];
    const char *dir = place->dir ? place->dir : vault_default_dir(f->run, err);
    if (!dir)
        return false;
    if (!sys->realpath(dir, real)) {
        err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, 1007, errno,
                "open the vault folder %s", dir);
        err_hint(err, "lean_vault init makes a vault");
        return false;
    }
    f->dir = arena_text(f->run, str_from(real));
    f->path = arena_printf(f->run, "%s/" VAULT_FILE_NAME, f->dir);
    f->key_path = arena_printf(f->run, "%s/" VAULT_KEY_NAME, f->dir);
    return true;
}

/* Before the first file is made in it. */
static bool check_folder(struct vault_file *f, struct err *err)
{
    int fd = sys->openat(AT_FDCWD, f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) {
        err_sys(err, ERR_SYSTEM, 1007, errno, "open the vault folder %s", f->dir);
        return false;
    }
    bool done = vault_folder_check(fd, f->dir, err);
    (void)sys->close(fd);
    return done;
}

/* A vault that is being given another master key, or was when the power went. */
static void explain(const struct vault_file *f, struct err *err)
{
    struct txn_list list;
    struct err unread = {0};
    if (err->id != 1002 || !txn_list_read(&f->state, f->run, &list, &unread))
        return;
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].outcome == TXN_OPEN)
            err_hint(err, "transaction %s is not finished: run " VAULT_RECOVER_WITH,
                     list.at[i].txid);
    err_hint(err, "%s is not the key that the vault was written with", f->key_path);
}

bool vault_open(struct vault_file *f, const struct vault_place *place, enum vault_use use,
                struct arena *run, struct err *err)
{
    *f = (struct vault_file){.run = run, .secrets = {.wipe = true}};
    f->state.dir = f->state.txn_dir = f->state.backup_dir = f->state.lock = -1;
    if (!find_folder(f, place, err) || !check_folder(f, err))
        return false;
    const struct state_options options = {.state_dir = f->dir,
                                          .lock_timeout_ms = place->lock_timeout_ms,
                                          .images = STATE_ENCRYPTED_IMAGES,
                                          .recover_with = VAULT_RECOVER_WITH};
    if (use == VAULT_CHANGE)
        signals_for_txn();
    if (!state_open(&f->state, &options, use == VAULT_CHANGE ? STATE_CHANGE : STATE_READ, run, err))
        return false;
    f->state.act_open = place->act_open;
    f->state.act_context = place->act_context;
    bool done = use == VAULT_LOOK || txn_recover(&f->state, run, &f->recovery, err);
    if (done)
        done = read_vault(f, f->state.dir, err);
    if (done)
        return true;
    explain(f, err);
    vault_close(f);
    return false;
}

void vault_close(struct vault_file *f)
{
    state_close(&f->state);
    secret_wipe(&f->master, sizeof f->master);
    arena_free(&f->secrets);
}

/* ---- change ---- */

static bool target_of(const struct vault_file *f, const char *path, const struct sha256 *before,
                      struct str image, struct txn_target *t, struct err *err)
{
    *t = (struct txn_target){.path = path, .before = *before, .image = image, .form = "lean-vault"};
    t->keeping = path == f->key_path ? TXN_NOT_ARCHIVED : TXN_ARCHIVED;
    return crypto_sha256(image, &t->after, err);
}

bool vault_change(struct vault_file *f, const struct vault_change *change,
                  struct txn_result *result, struct err *err)
{
    const struct master_key *master = change->new_master ? change->new_master : &f->master;
    struct txn_target targets[2];
    struct str image;
    *result = (struct txn_result){0};
    if (!vault_image(&f->vault, master, &f->secrets, &image, err) ||
        !target_of(f, f->path, &f->digest, image, &targets[0], err))
        return false;
    struct str key = str_make(master->bytes, MASTER_KEY_BYTES);
    if (change->new_master && !target_of(f, f->key_path, &f->key_digest, key, &targets[1], err))
        return false;
    const struct txn_request request = {.operation = TXN_VAULT,
                                        .targets = targets,
                                        .target_count = change->new_master ? 2 : 1,
                                        .versions = change->names,
                                        .version_count = change->name_count,
                                        .act = change->act,
                                        .act_note = change->act_note};
    bool done = txn_run(&f->state, f->run, &request, result, err);
    if (result->outcome == TXN_ABORTED || result->outcome == TXN_NOTHING)
        return false;
    f->digest = targets[0].after;
    if (change->new_master) {
        f->master = *change->new_master;
        f->key_digest = targets[1].after;
    }
    return done;
}
