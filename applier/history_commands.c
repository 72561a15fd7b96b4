/* history_commands: status, recover, log, backups: what was done. */
#include "applier/audit.h"
#include "applier/backup.h"
#include "applier/commands.h"
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

/* ---- backups ---- */

static void backup_headings(struct table *t)
{
    static const char *const names[] = {"txid",  "time",        "operation", "versions",
                                        "files", "backup_file", NULL};
    for (const char *const *n = names; *n; n++)
        table_heading(t, *n);
}

static void backup_line(struct cli *cli, struct table *t, const struct backup *b)
{
    table_text(t, arena_copy(cli->arena, str_from(b->txid)));
    table_text(t, time_of(cli->arena, b->time));
    table_text(t, str_from(txn_operation_name(b->operation)));
    table_text(t, names_of(cli->arena, b->versions, b->version_count));
    table_count(t, b->target_count);
    table_text(t, arena_copy(cli->arena, str_from(b->path)));
}

static bool backups_list(struct cli *cli, struct state *state, struct err *err)
{
    struct str *names;
    size_t count;
    struct table t = {.arena = cli->arena};
    size_t bad = 0;
    if (!backup_names(state, cli->arena, &names, &count, err))
        return false;
    backup_headings(&t);
    for (size_t i = 0; i < count; i++) {
        struct arena keys = {.wipe = true};
        struct backup b;
        struct err why = {0};
        if (backup_read(state, arena_text(cli->arena, names[i]), &keys, &b, &why)) {
            backup_line(cli, &t, &b);
        } else {
            cli_print_error(cli, &why);
            bad++;
        }
        arena_free(&keys);
    }
    if (count == 0 && cli->format == TABLE_TEXT)
        buf_printf(&cli->out, "no backups in %s\n", state->backup_path);
    else
        table_write(&cli->out, &t, cli->format == TABLE_JSON ? TABLE_JSON_LINES : cli->format);
    if (bad)
        cli->status = ERR_CORRUPT;
    return true;
}

static void show_backup(struct cli *cli, const struct backup *b)
{
    struct table t = {.arena = cli->arena};
    struct table files = {.arena = cli->arena};
    char hex[SHA256_HEX + 1];
    backup_headings(&t);
    backup_line(cli, &t, b);
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
    struct arena keys = {.wipe = true};
    struct backup b;
    bool done = backup_read(state, cli->arguments[1], &keys, &b, err);
    if (done)
        show_backup(cli, &b);
    arena_free(&keys);
    return done;
}

static bool backups_verify(struct cli *cli, struct state *state, struct err *err)
{
    struct arena keys = {.wipe = true};
    struct backup b;
    struct txn_notes notes = {0};
    bool done = backup_read(state, cli->arguments[1], &keys, &b, err) &&
                backup_verify(state, &b, cli->arena, &notes, err);
    say_notes(cli, &notes);
    if (done)
        buf_printf(&cli->out, "ok: %s, %zu files\n", b.name, b.target_count);
    arena_free(&keys);
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
    {"list", 1, backups_list, NULL},
    {"show", 2, backups_show, NULL},
    {"verify", 2, backups_verify, NULL},
    {"restore", 2, NULL, backups_restore},
};

bool command_backups(struct cli *cli, struct err *err)
{
    enum { WORDS = sizeof backups_words / sizeof backups_words[0] };
    const char *what = cli->arguments[0];
    struct state state;
    size_t word = 0;
    while (word < WORDS && strcmp(what, backups_words[word].word) != 0)
        word++;
    if (strcmp(what, "purge") == 0) {
        err_set(err, ERR_USAGE, 903, "backups purge: not in this version");
        return false;
    }
    if (word == WORDS) {
        err_set(err, ERR_USAGE, 905, "backups: unknown word \"%s\"",
                text_shown(cli->arena, str_from(what)));
        err_hint(err, "keyretire backups list | show ID | verify ID | restore ID");
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
    bool done = backups_words[word].look(cli, &state, err);
    state_close(&state);
    return done;
}
