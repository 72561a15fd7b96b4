/* doctor: the checks that need no request, and the command. */
#include "applier/vault/doctor.h"
#include "applier/vault/session.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

void findings_begin(struct findings *found, struct arena *a)
{
    static const char *const headings[] = {"severity", "check", "about", "finding", "remedy"};
    *found = (struct findings){.table = {.arena = a}};
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++)
        table_heading(&found->table, headings[i]);
}

void finding(struct findings *found, enum finding_severity severity, int kind, const char *check,
             struct str about, const char *text, const char *remedy)
{
    static const char *const names[] = {"note", "warning", "error"};
    struct arena *a = found->table.arena;
    table_text(&found->table, str_from(names[severity]));
    table_text(&found->table, str_from(check));
    table_text(&found->table, arena_copy(a, about));
    table_text(&found->table, str_from(arena_text(a, str_from(text))));
    table_text(&found->table, str_from(arena_text(a, str_from(remedy))));
    found->count[severity]++;
    if (severity == FINDING_ERROR && !found->worst)
        found->worst = kind;
}

/* ---- checks ---- */

static void check_keys(struct vault_file *f, struct findings *found)
{
    const struct vault_key_version *k = vault_current_key(&f->vault);
    static const char migrate[] = "lean_vault migrate, or lean_vault rotate-master";
    if (!k)
        finding(found, FINDING_WARNING, 0, "key-version", str_from(f->key_path),
                "the vault does not name its master key", migrate);
    else if (memcmp(&k->key, &f->master, sizeof f->master) != 0)
        finding(found, FINDING_WARNING, 0, "key-version", k->id,
                "the vault names another master key as its current one",
                "lean_vault rotate-master");
    if (f->vault.schema < VAULT_SCHEMA)
        finding(found, FINDING_NOTE, 0, "schema", str_from(f->path),
                "the vault has the schema of the original program", "lean_vault migrate");
}

static void check_value(struct vault_file *f, const struct vault_entry *e, struct findings *found)
{
    struct err unread = {0};
    struct str value;
    struct arena_mark m = arena_mark(&f->secrets);
    if (!vault_value(f, e, &value, &unread))
        finding(found, FINDING_ERROR, ERR_CORRUPT, "value", e->name, unread.text,
                "put an earlier vault back from the folder backups, or remove the key");
    arena_reset(&f->secrets, m);
}

/* A key without a hash that can be sent cannot be revoked by us. */
static void check_hash(struct vault_file *f, const struct vault_entry *e, struct findings *found)
{
    if (!vault_id_is(e->id)) {
        finding(found, FINDING_WARNING, 0, "hash", e->name, "the key has no usable hash",
                "revoke it by hand at openrouter.ai, then lean_vault remove KEY --local-only");
        return;
    }
    for (const struct vault_entry *o = f->vault.entries; o < e; o++)
        if (str_eq(o->id, e->id))
            finding(found, FINDING_WARNING, 0, "hash", e->name,
                    arena_printf(f->run, "it has the hash of %s too", text_shown(f->run, o->name)),
                    "find out which of the two names is right, and remove the other one with "
                    "--local-only");
}

static void check_entries(struct vault_file *f, struct findings *found)
{
    bool managed = false;
    for (size_t i = 0; i < f->vault.count; i++) {
        const struct vault_entry *e = &f->vault.entries[i];
        check_value(f, e, found);
        if (str_eq(e->name, STR(VAULT_MANAGEMENT_KEY)))
            managed = true;
        else
            check_hash(f, e, found);
    }
    if (!managed)
        finding(found, FINDING_ERROR, ERR_NOT_FOUND, "management-key", STR(VAULT_MANAGEMENT_KEY),
                "the vault holds no management key",
                "put an earlier vault back from the folder backups");
}

void doctor_tombstones(struct vault_file *f, struct findings *found)
{
    for (size_t i = 0; i < f->vault.tombstone_count; i++) {
        const struct vault_tombstone *t = &f->vault.tombstones[i];
        finding(found, FINDING_WARNING, 0, "tombstone", t->name,
                arena_printf(f->run, "removed from the vault, perhaps alive at OpenRouter: hash %s",
                             text_shown(f->run, t->id)),
                "lean_vault doctor with network revokes it");
    }
}

static bool check_folder(struct vault_file *f, struct findings *found, struct err *err)
{
    int fd = sys->openat(f->state.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    struct sys_dir *d = fd < 0 ? NULL : sys->opendir_fd(fd);
    if (!d) {
        err_sys(err, ERR_SYSTEM, 1008, errno, "list %s", f->dir);
        if (fd >= 0)
            (void)sys->close(fd);
        return false;
    }
    const char *name;
    while ((name = sys->readdir(d)) != NULL) {
        struct str s = str_from(name);
        if (str_ends(s, STR(".conflict")) || str_ends(s, STR(".new")) || str_ends(s, STR(".init")))
            finding(found, FINDING_WARNING, 0, "leftover", s,
                    "a change that did not end left it; it may hold an earlier vault or master key",
                    "look whether it is needed, then remove it");
    }
    (void)sys->closedir(d);
    return true;
}

static void check_pending(struct vault_file *f, struct findings *found)
{
    const struct txn_recovery *r = &f->recovery;
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i].how == TXN_ACT_PENDING)
            finding(found, FINDING_ERROR, r->act_failed.kind, "pending", str_from(r->at[i].txid),
                    r->act_failed.text, "run lean_vault doctor again");
}

bool doctor_local(struct vault_file *f, struct findings *found, struct err *err)
{
    check_pending(f, found);
    check_keys(f, found);
    check_entries(f, found);
    return check_folder(f, found, err);
}

/* ---- the command ---- */

bool command_doctor(struct cli *cli, struct err *err)
{
    struct session s;
    struct findings found;
    if (!session_open(&s, cli, VAULT_CHANGE, err))
        return false;
    findings_begin(&found, cli->arena);
    bool done = doctor_local(&s.file, &found, err);
    struct err unasked = {0};
    if (done && (cli_flag(cli, OPT_LOCAL) || !doctor_remote(&s, &found, &unasked)))
        doctor_tombstones(&s.file, &found);
    if (err_is(&unasked))
        finding(&found, FINDING_ERROR, unasked.kind, "openrouter", STR("OpenRouter"), unasked.text,
                unasked.hint);
    if (done && table_rows(&found.table) == 0 && cli->format == TABLE_TEXT)
        buf_printf(&cli->out, "nothing wrong: %zu entr%s in %s\n", s.file.vault.count,
                   s.file.vault.count == 1 ? "y" : "ies", s.file.path);
    else if (done)
        table_write(&cli->out, &found.table, cli->format);
    cli->status = found.worst;
    session_close(&s);
    return done;
}
