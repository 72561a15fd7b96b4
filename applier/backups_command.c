/* backups_command: `keyretire backups`: the archives, from their making to their end. */
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/custody.h"
#include "applier/purge.h"
#include "common/sys.h"
#include "common/text.h"

static struct str time_of(struct arena *a, int64_t t)
{
    char text[UTC_TEXT];
    return arena_copy(a, str_from(utc_text(t, text)));
}

static void backup_headings(struct table *t)
{
    static const char *const names[] = {
        "txid",      "time",        "operation", "versions",
        "held",      "files",       "sealed",    "destroy_not_before",
        "needed_by", "backup_file", NULL};
    for (const char *const *n = names; *n; n++)
        table_heading(t, *n);
}

/* An end that nobody named is no end: "-", null. */
static void backup_line(struct cli *cli, struct table *t, const struct custody_archive *x)
{
    const struct backup *b = &x->backup;
    struct arena *a = cli->arena;
    table_text(t, arena_copy(a, str_from(b->txid)));
    table_text(t, time_of(a, b->time));
    table_text(t, str_from(txn_operation_name(b->operation)));
    table_text(t, names_of(a, b->versions, b->version_count));
    table_text(t, custody_held(x, a));
    table_count(t, b->target_count);
    table_boolean(t, b->sealed);
    if (x->need_is_open || x->lost_plan || x->not_before == UTC_NONE)
        table_null(t);
    else
        table_text(t, time_of(a, x->not_before));
    table_text(t, custody_needed_by(x, a));
    table_text(t, str_from(x->path));
}

/* The archives with all that is known of them; --retained adds stored dumps. */
static bool take_stock(struct cli *cli, struct state *state, struct load *load, struct custody *c,
                       struct err *err)
{
    const char **retained;
    size_t count = option_values(cli, OPT_RETAINED, &retained);
    *load = (struct load){.run = cli->arena, .keys = {.wipe = true}};
    bool done = load_reports(load, NULL, 0, retained, count, err);
    for (size_t i = 0; done && i < load->retained_count; i++)
        done = cli_spares(cli, load->retained[i].path, err);
    return done && custody_read(state, cli->arena, &load->keys, load->retained,
                                load->retained_count, c, err);
}

static bool backups_list(struct cli *cli, struct state *state, struct err *err)
{
    struct load load = {.keys = {.wipe = true}};
    struct custody c;
    struct table t = {.arena = cli->arena};
    bool done = take_stock(cli, state, &load, &c, err);
    backup_headings(&t);
    for (size_t i = 0; done && i < c.count; i++) {
        if (c.archives[i].readable) {
            backup_line(cli, &t, &c.archives[i]);
            continue;
        }
        cli_print_error(cli, &c.archives[i].why);
        cli->status = ERR_CORRUPT;
    }
    if (done && c.count == 0 && cli->format == TABLE_TEXT)
        buf_printf(&cli->out, "no backups in %s\n", state->backup_path);
    else if (done)
        table_write(&cli->out, &t, cli->format == TABLE_JSON ? TABLE_JSON_LINES : cli->format);
    load_free(&load);
    return done;
}

/* The archive of this name among those that custody found. */
static const struct custody_archive *of_name(const struct custody *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->archives[i].name, name) == 0)
            return &c->archives[i];
    return NULL;
}

static void show_backup(struct cli *cli, const struct custody_archive *x)
{
    const struct backup *b = &x->backup;
    struct table t = {.arena = cli->arena};
    struct table files = {.arena = cli->arena};
    char hex[SHA256_HEX + 1];
    backup_headings(&t);
    backup_line(cli, &t, x);
    table_heading(&files, "path");
    table_heading(&files, "bytes");
    table_heading(&files, "sha256");
    for (size_t i = 0; i < b->target_count; i++) {
        sha256_hex(&b->targets[i].digest, hex);
        table_text(&files, arena_copy(cli->arena, b->targets[i].path));
        table_count(&files, b->targets[i].size);
        table_text(&files, arena_copy(cli->arena, str_from(hex)));
    }
    if (cli->format == TABLE_JSON) {
        buf_text(&cli->out, "{\"backup\":");
        table_write(&cli->out, &t, TABLE_JSON);
        buf_text(&cli->out, ",\"files\":");
        table_write(&cli->out, &files, TABLE_JSON);
        buf_text(&cli->out, "}\n");
        return;
    }
    table_write(&cli->out, &t, cli->format);
    buf_byte(&cli->out, '\n');
    table_write(&cli->out, &files, cli->format);
}

static bool backups_show(struct cli *cli, struct state *state, struct err *err)
{
    struct load load = {.keys = {.wipe = true}};
    struct custody c;
    const char *name;
    bool done = backup_find(state, cli->arguments[1], cli->arena, &name, err) &&
                take_stock(cli, state, &load, &c, err);
    const struct custody_archive *x = done ? of_name(&c, name) : NULL;
    if (x && x->readable)
        show_backup(cli, x);
    else if (x)
        *err = x->why;
    load_free(&load);
    return x && x->readable;
}

static bool backups_verify(struct cli *cli, struct state *state, struct err *err)
{
    struct arena keys = {.wipe = true};
    struct backup b;
    struct txn_notes notes = {0};
    struct err closed = {0};
    bool opened = backup_read(state, cli->arguments[1], &keys, &b, &closed);
    bool done = opened || (closed.id == BACKUP_SEALED &&
                           backup_read_closed(state, cli->arguments[1], &keys, &b, err));
    if (!done && !err_is(err))
        *err = closed;
    done = done && backup_verify(state, &b, cli->arena, &notes, err);
    say_notes(cli, &notes);
    if (done && !opened)
        cli_warn(cli, "%s is sealed and was not opened: --identity FILE opens it", b.name);
    if (done)
        buf_printf(&cli->out,
                   opened ? "ok: %s, %zu files\n"
                          : "ok: %s, %zu files, by the digest in the journal alone\n",
                   b.name, b.target_count);
    arena_free(&keys);
    return done;
}

/* ---- purge ---- */

static void print_purged(struct cli *cli, const struct custody_archive *x,
                         const struct txn_result *r, enum apply_mode mode)
{
    struct buf *out = &cli->out;
    bool done = mode == APPLY_FOR_REAL;
    if (cli->format == TABLE_JSON) {
        buf_text(out, "{\"txid\":");
        text_json(out, str_from(done ? r->txid : ""));
        buf_text(out, ",\"backup_file\":");
        text_json(out, str_from(x->path));
        buf_text(out, ",\"versions\":");
        text_json(out, custody_held(x, cli->arena));
        buf_text(out, ",\"record\":");
        text_json(out, str_from(done && r->record_file ? r->record_file : ""));
        buf_printf(out, ",\"dry_run\":%s}\n", done ? "false" : "true");
        return;
    }
    if (!done) {
        buf_text(out, "dry run: nothing was destroyed\n");
        return;
    }
    buf_printf(out, "destroyed: %s\ntransaction: %s\n", x->path, r->txid);
    if (r->record_file)
        buf_printf(out, "record: %s, with what may remain elsewhere\n", r->record_file);
}

/* Finds the archive and asks the rules; the state is open, for a change or for reading. */
static bool may_purge(struct cli *cli, struct state *state, struct load *load,
                      const struct custody_archive **x, struct err *err)
{
    struct custody *c = ARENA_NEW(cli->arena, struct custody);
    const char *name;
    int64_t until;
    if (!option_retain_until(cli, &until, err) ||
        !backup_find(state, cli->arguments[1], cli->arena, &name, err) ||
        !take_stock(cli, state, load, c, err))
        return false;
    *x = of_name(c, name);
    return *x && custody_may_end(c, *x, sys->now(), until, cli->arena, err);
}

static void show_doomed(struct cli *cli, const struct custody_archive *x)
{
    if (cli->format != TABLE_TEXT)
        return;
    buf_printf(&cli->out, "destroy: %s\n", x->path);
    buf_printf(&cli->out, "with its copies of: %.*s\n", STR_ARG(custody_held(x, cli->arena)));
}

static bool look_purge(struct cli *cli, bool (*open)(struct cli *, struct state *, struct err *),
                       const struct custody_archive **x, struct err *err)
{
    struct state state;
    struct load load = {.keys = {.wipe = true}};
    if (!open(cli, &state, err))
        return false;
    confine_files(cli, CONFINE_LOOK, &state); /* without effect after open_for_change */
    bool done = may_purge(cli, &state, &load, x, err);
    if (done)
        show_doomed(cli, *x);
    load_free(&load);
    state_close(&state);
    return done;
}

static bool do_purge(struct cli *cli, const struct custody_archive **x, struct txn_result *result,
                     struct err *err)
{
    struct state state;
    struct load load = {.keys = {.wipe = true}};
    if (!open_for_change(cli, &state, err))
        return false;
    bool done = may_purge(cli, &state, &load, x, err);
    if (done) {
        struct str *held = ARENA_ARRAY(cli->arena, (*x)->key_count, struct str);
        for (size_t i = 0; i < (*x)->key_count; i++)
            held[i] = (*x)->keys[i].version;
        const struct purge_request request = {.name = (*x)->name,
                                              .digest = (*x)->backup.digest,
                                              .versions = held,
                                              .version_count = (*x)->key_count};
        done = purge_run(&state, cli->arena, &request, result, err);
        cli->stands = done;
        say_notes(cli, &result->warnings);
    }
    load_free(&load);
    state_close(&state);
    return done;
}

static bool backups_purge(struct cli *cli, struct err *err)
{
    enum apply_mode mode = cli_flag(cli, OPT_DRY_RUN) ? APPLY_DRY_RUN : APPLY_FOR_REAL;
    const struct custody_archive *x = NULL;
    struct txn_result result = {0};
    bool done = true;
    if (mode == APPLY_DRY_RUN)
        done = look_purge(cli, open_for_reading, &x, err);
    else if (!cli_flag(cli, OPT_YES)) /* no lock is held while a question stands */
        done = look_purge(cli, open_for_change, &x, err) && cli_flush(cli, err) &&
               cli_ask(cli, "Destroy this backup for good? [yes/no]", err);
    if (done && mode == APPLY_FOR_REAL)
        done = do_purge(cli, &x, &result, err);
    if (done)
        print_purged(cli, x, &result, mode);
    return done;
}

static bool backups_restore(struct cli *cli, struct err *err)
{
    return put_back(cli, cli->arguments[1], TXN_RESTORE, err);
}

/* `look` reads the state folder; `change` opens it itself. */
static const struct {
    const char *word;
    size_t arguments; /* the word included */
    bool (*look)(struct cli *cli, struct state *state, struct err *err);
    bool (*change)(struct cli *cli, struct err *err);
} backups_words[] = {
    {"list", 1, backups_list, NULL},     {"show", 2, backups_show, NULL},
    {"verify", 2, backups_verify, NULL}, {"restore", 2, NULL, backups_restore},
    {"purge", 2, NULL, backups_purge},
};

bool command_backups(struct cli *cli, struct err *err)
{
    enum { WORDS = sizeof backups_words / sizeof backups_words[0] };
    const char *what = cli->arguments[0];
    struct state state;
    size_t word = 0;
    while (word < WORDS && strcmp(what, backups_words[word].word) != 0)
        word++;
    if (word == WORDS) {
        err_set(err, ERR_USAGE, 905, "backups: unknown word \"%s\"",
                text_shown(cli->arena, str_from(what)));
        err_hint(err, "keyretire backups list | show ID | verify ID | restore ID | purge ID");
        return false;
    }
    if (cli->argument_count != backups_words[word].arguments) {
        err_set(err, ERR_USAGE, 907, "backups %s: %s", what,
                backups_words[word].arguments == 1 ? "takes no more arguments"
                                                   : "needs a backup's name or TXID");
        return false;
    }
    if (backups_words[word].change)
        return backups_words[word].change(cli, err);
    if (!open_for_reading(cli, &state, err))
        return false;
    confine_files(cli, CONFINE_LOOK, &state);
    bool done = backups_words[word].look(cli, &state, err);
    state_close(&state);
    return done;
}
