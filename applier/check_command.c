/*
 * check_command: `keyretire check`: can this configuration read this dump?
 *
 * Every version that the data names must have its key in every file. For one that is missing the
 * journals are asked: when a transaction removed it, its archive may have it, and the command that
 * puts it back is said.
 */
#include "applier/advice.h"
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/custody.h"
#include "applier/remarks.h"
#include "common/text.h"

/* One version that the data names and that cannot be read. */
struct unreadable {
    struct str version;
    uint64_t records;
};

/* What is known of where a missing version went. */
struct removal {
    const char *txid;    /* that removed it last; NULL: no transaction here did */
    const char *backup;  /* path of an archive that has it; NULL: none does */
    const char *restore; /* the command */
};

struct checking {
    struct cli *cli;
    struct load load;
    struct custody custody;
    struct txn_list transactions;
    struct table out;
    size_t bad;
    bool incomplete;
    struct buf advice; /* a line for each version that can be put back */
};

/* ---- what cannot be read ---- */

/* The key that a verified report knows by this name; "" when it proved nothing of it. */
static const char *proven_key(const struct report *r, struct str version)
{
    for (size_t i = 0; r->verified && i < r->version_count; i++)
        if (str_eq(r->versions[i].name, version))
            return r->versions[i].fingerprint.hex;
    return "";
}

/* Each file is the configuration of some process, so each must have it, and the same one. */
static bool has_key(const struct load *load, const struct report *r, struct str version)
{
    const char *proven = proven_key(r, version);
    for (size_t f = 0; f < load->file_count; f++) {
        const struct key_version *v = keyring_find(&load->files[f].keyring, version);
        if (!v || (proven[0] && strcmp(proven, v->fingerprint.hex) != 0))
            return false;
    }
    return load->file_count > 0;
}

static void unreadable(struct unreadable *list, size_t *count, struct str version, uint64_t records)
{
    size_t i = 0;
    if (records == 0)
        return;
    while (i < *count && !str_eq(list[i].version, version))
        i++;
    if (i == *count)
        list[(*count)++] = (struct unreadable){version, 0};
    list[i].records += records;
}

static void check_column(const struct load *load, const struct report *r,
                         const struct report_column *c, struct unreadable *list, size_t *count)
{
    for (size_t u = 0; u < c->usage_count; u++) {
        const struct report_usage *use = &c->usages[u];
        if (use->version.len && !has_key(load, r, use->version))
            unreadable(list, count, use->version, use->records);
    }
    /* Nobody can say which key a value without a readable label needs. */
    unreadable(list, count, STR("(unversioned)"),
               c->classes[CLASS_UNVERSIONED] + c->classes[CLASS_UNVERSIONED_EMBEDDED]);
    unreadable(list, count, STR("(orphan)"), report_orphans(c));
    unreadable(list, count, STR("(truncated)"),
               c->classes[CLASS_TRUNCATED] + c->classes[CLASS_TRUNCATED_EMBEDDED]);
    unreadable(list, count, STR("(malformed)"), c->classes[CLASS_MALFORMED]);
}

static size_t usages(const struct report *r)
{
    size_t n = 0;
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            n += r->tables[t].columns[c].usage_count;
    return n;
}

static size_t check_report(struct checking *k, const struct report *r, struct unreadable **list)
{
    size_t count = 0;
    *list = ARENA_ARRAY(k->cli->arena, usages(r) + 4, struct unreadable);
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            check_column(&k->load, r, &r->tables[t].columns[c], *list, &count);
    return count;
}

/* ---- where it went ---- */

/* A state folder that is not there, or that is another user's, leaves the answer as it is. */
static void ask_history(struct checking *k)
{
    struct state state;
    struct err unread = {0};
    if (open_for_reading(k->cli, &state, &unread)) {
        (void)(txn_list_read(&state, k->cli->arena, &k->transactions, &unread) &&
               custody_read(&state, k->cli->arena, &k->load.keys, NULL, 0, &k->custody, &unread));
        state_close(&state);
    }
    if (err_is(&unread))
        cli_warn(k->cli, "%s; whether a transaction removed what is missing is not known",
                 unread.text);
}

static bool names_version(const struct str *names, size_t count, struct str version)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_nocase(names[i], version))
            return true;
    return false;
}

/* The archive gives back what its transaction removed, so it must be of that. */
static bool gives_back(const struct custody_archive *x, struct str version)
{
    bool held = false;
    for (size_t i = 0; i < x->key_count; i++)
        held |= str_eq_nocase(x->keys[i].version, version);
    return x->readable && held &&
           names_version(x->backup.versions, x->backup.version_count, version);
}

static struct removal find_removal(struct checking *k, struct str version)
{
    struct removal found = {0};
    struct arena *a = k->cli->arena;
    for (size_t i = k->transactions.count; i-- > 0 && !found.txid;) {
        const struct txn_info *t = &k->transactions.at[i];
        if (t->operation == TXN_APPLY && t->outcome == TXN_COMMITTED &&
            names_version(t->versions, t->version_count, version))
            found.txid = t->txid;
    }
    for (size_t i = k->custody.count; found.txid && i-- > 0 && !found.backup;) {
        const struct custody_archive *x = &k->custody.archives[i];
        struct buf command = {.arena = a};
        if (!gives_back(x, version))
            continue;
        buf_printf(&command, "keyretire backups restore %s", x->backup.txid);
        advise_state(&command, k->cli);
        buf_byte(&command, 0);
        found.backup = x->path;
        found.restore = (const char *)command.at;
    }
    return found;
}

static void text_or_null(struct table *t, const char *text)
{
    if (text)
        table_text(t, str_from(text));
    else
        table_null(t);
}

static void add_line(struct checking *k, const char *report, const struct unreadable *x)
{
    struct arena *a = k->cli->arena;
    struct removal gone = find_removal(k, x->version);
    table_text(&k->out, str_from(report));
    table_text(&k->out, x->version);
    table_count(&k->out, x->records);
    text_or_null(&k->out, gone.txid);
    text_or_null(&k->out, gone.backup);
    text_or_null(&k->out, gone.restore);
    const char *version = text_shown(a, x->version);
    if (gone.restore)
        buf_printf(&k->advice, "%s was removed by transaction %s; %s has it: %s\n", version,
                   gone.txid, gone.backup, gone.restore);
    else if (gone.txid)
        buf_printf(&k->advice, "%s was removed by transaction %s, and no archive here has it\n",
                   version, gone.txid);
}

/* ---- the command ---- */

/* Names are enough but for a report whose values were proven: that is about the keys themselves. */
static bool derive(struct checking *k, struct err *err)
{
    struct load *load = &k->load;
    uint64_t iterations = KEYRING_ITERATIONS;
    bool proven = false;
    for (size_t i = 0; i < load->report_count; i++)
        proven |= load->reports[i].report->verified;
    bool done = cli_number(k->cli, OPT_KDF_ITERATIONS, 1, INT32_MAX, &iterations, err);
    for (size_t f = 0; proven && done && f < load->file_count; f++)
        done = keyring_fingerprints(&load->files[f].keyring, (unsigned)iterations, err);
    return done;
}

static bool read_all(struct checking *k, struct err *err)
{
    const char **reports;
    struct load_name *names;
    const char **paths;
    size_t report_count = option_values(k->cli, OPT_REPORT, &reports);
    size_t file_count = option_files(k->cli, &names, &paths);
    struct load *load = &k->load;
    const struct keyring_syntax *syntax;
    if (!option_syntax(k->cli, &syntax, err))
        return false;
    if (report_count == 0 || file_count == 0) {
        err_set(err, ERR_USAGE, 928, "check needs --report and --env-file or --config");
        return false;
    }
    load->files = ARENA_ARRAY(k->cli->arena, file_count, struct loaded_file);
    bool done = load_reports(load, reports, report_count, NULL, 0, err);
    for (; done && load->file_count < file_count; load->file_count += done)
        done = load_file(load, names[load->file_count], &load->files[load->file_count], err);
    return done && derive(k, err);
}

static void check_all(struct checking *k)
{
    struct load *load = &k->load;
    for (size_t i = 0; i < load->report_count; i++) {
        struct unreadable *list;
        size_t count = check_report(k, load->reports[i].report, &list);
        k->incomplete |= !load->reports[i].report->complete;
        if (count && k->bad == 0)
            ask_history(k);
        for (size_t u = 0; u < count; u++, k->bad++)
            add_line(k, load->reports[i].path, &list[u]);
    }
}

static bool answer(struct checking *k, struct err *err)
{
    struct cli *cli = k->cli;
    if (k->bad) {
        struct str rest = buf_str(&k->advice), line;
        table_write(&cli->out, &k->out, cli->format);
        while (str_line(&rest, &line))
            cli_say(cli, "%.*s", STR_ARG(line));
        err_set(err, ERR_REFUSED, 931, "%zu versions in the data have no key in the configuration",
                k->bad);
        err_hint(err, "%s",
                 k->advice.len ? "what is known of them stands above"
                               : "keyretire backups list shows archived keys; keyretire backups "
                                 "restore TXID puts them back");
        return false;
    }
    if (k->incomplete) {
        err_set(err, ERR_INCOMPLETE, 931,
                "a report is incomplete, so nothing can be said for certain");
        return false;
    }
    if (cli->format == TABLE_TEXT)
        buf_text(&cli->out, "every version that the data names has a key in the configuration\n");
    else
        table_write(&cli->out, &k->out, cli->format);
    return true;
}

/* Where else the keys of a file are. */
static void say_remarks(struct cli *cli, const struct loaded_file *file)
{
    struct remarks r = {.a = cli->arena};
    remarks_of_git(&r, file->path);
    remarks_of_places(&r, &file->keyring);
    remarks_of_text(&r, &file->keyring);
    remarks_of_folder(&r, file->path, &file->keyring);
    for (size_t i = 0; i < r.count; i++)
        cli_say(cli, "%s: %s", text_shown(cli->arena, str_from(file->given)),
                text_shown(cli->arena, r.at[i]));
}

bool command_check(struct cli *cli, struct err *err)
{
    static const char *const headings[] = {
        "report", "version", "record_count", "removed_by", "backup_file", "restore", NULL};
    struct checking k = {.cli = cli,
                         .load = {.run = cli->arena, .keys = {.wipe = true}},
                         .out = {.arena = cli->arena},
                         .advice = {.arena = cli->arena}};
    for (const char *const *h = headings; *h; h++)
        table_heading(&k.out, *h);
    confine_files(cli, CONFINE_LOOK, NULL);
    bool done = read_all(&k, err);
    if (done)
        check_all(&k);
    for (size_t i = 0; done && i < k.load.file_count; i++)
        say_remarks(cli, &k.load.files[i]);
    load_free(&k.load);
    return done && answer(&k, err);
}
