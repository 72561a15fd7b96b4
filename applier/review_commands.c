/* review_commands: show, diff, verify, explain, check: all that reads and decides nothing. */
#include "applier/commands.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

bool read_plan_file(struct cli *cli, struct read_plan *p, struct err *err)
{
    const char *path = cli->arguments[0];
    if (!file_read(cli->arena, path, &p->text, err))
        return false;
    if (!plan_read(p->text, cli->arena, &p->plan, err) || !plan_identify(p->text, &p->id, err)) {
        err_place(err, "%s", path);
        return false;
    }
    for (size_t i = 0; i < p->plan.target_count; i++)
        if (!cli_spares(cli, arena_text(cli->arena, p->plan.targets[i].path), err))
            return false;
    return true;
}

static bool pending(const struct cli *cli, const struct plan *plan)
{
    return cli_flag(cli, OPT_DETAILED_EXITCODE) && plan_removed_count(plan) > 0;
}

bool command_show(struct cli *cli, struct err *err)
{
    struct read_plan p;
    if (!read_plan_file(cli, &p, err))
        return false;
    plan_show(&cli->out, &p.plan, &p.id,
              cli->format == TABLE_JSON  ? PLAN_JSON
              : cli->format == TABLE_CSV ? PLAN_CSV
                                         : PLAN_TEXT,
              sys->now());
    if (pending(cli, &p.plan))
        cli->status = ERR_PENDING;
    return true;
}

bool command_diff(struct cli *cli, struct err *err)
{
    struct read_plan p;
    if (!read_plan_file(cli, &p, err))
        return false;
    plan_diff(&cli->out, &p.plan);
    if (pending(cli, &p.plan))
        cli->status = ERR_PENDING;
    return true;
}

static bool fact_of(struct arena *keys, const struct plan_target *t, struct plan_fact *fact,
                    struct err *err)
{
    struct str content;
    struct err gone = {0};
    struct arena_mark mark = arena_mark(keys);
    bool read = file_read(keys, arena_text(keys, t->path), &content, &gone);
    fact->present = read;
    bool done = read ? crypto_sha256(content, &fact->digest, err) : gone.kind == ERR_NOT_FOUND;
    if (!read && !done)
        *err = gone;
    arena_reset(keys, mark);
    return done;
}

/* The TXID that committed the plan, from the error that apply would give; '' when none did. */
static bool spent_by(struct cli *cli, const struct plan_id *id, struct str *txid, struct err *err)
{
    struct state_options options;
    struct state state;
    struct txn_list list = {0};
    *txid = STR("");
    if (!option_state(cli, &options, err) ||
        !state_open(&state, &options, STATE_READ, cli->arena, err))
        return false;
    bool done = txn_list_read(&state, cli->arena, &list, err);
    for (size_t i = 0; done && i < list.count; i++)
        if (list.at[i].has_plan && sha256_eq(&list.at[i].plan, &id->digest) &&
            list.at[i].outcome != TXN_ABORTED)
            *txid = str_from(list.at[i].txid);
    state_close(&state);
    return done;
}

bool command_verify(struct cli *cli, struct err *err)
{
    struct read_plan p;
    struct arena keys = {.wipe = true};
    if (!read_plan_file(cli, &p, err))
        return false;
    struct plan_fact *targets = ARENA_ARRAY(cli->arena, p.plan.target_count, struct plan_fact);
    struct plan_facts facts = {.targets = targets, .now = sys->now()};
    bool done = spent_by(cli, &p.id, &facts.spent_by, err);
    for (size_t i = 0; done && i < p.plan.target_count; i++)
        done = fact_of(&keys, &p.plan.targets[i], &targets[i], err);
    done = done && plan_verify(&cli->out, &p.plan, &facts, err);
    arena_free(&keys);
    return done;
}

static void explain_entry(struct cli *cli, const struct err_entry *e)
{
    buf_printf(&cli->out, "%c%04d  %s\n\n%s\n", cli->program->letter, e->id, e->title, e->meaning);
}

bool command_explain(struct cli *cli, struct err *err)
{
    struct str code = str_from(cli->arguments[0]);
    const struct plan_code *blocker = plan_code_lookup(code);
    uint64_t id = 0;
    struct str digits =
        code.len > 1 && ascii_alpha(code.at[0]) ? str_slice(code, 1, code.len) : code;
    if (blocker) {
        buf_printf(&cli->out, "%s  %s\n\n%s\n", blocker->code, blocker->title, blocker->meaning);
        return true;
    }
    if (str_to_u64(digits, &id) && id < INT32_MAX && err_lookup((int)id)) {
        explain_entry(cli, err_lookup((int)id));
        return true;
    }
    err_set(err, ERR_NOT_FOUND, 932, "no error or blocker is called \"%s\"",
            text_shown(cli->arena, code));
    struct buf names = {.arena = cli->arena};
    struct str list[PLAN_CODE_MAX];
    size_t count = plan_code_names(list);
    for (size_t i = 0; i < count; i++)
        buf_printf(&names, " %.*s", STR_ARG(list[i]));
    buf_byte(&names, 0);
    err_hint(err, "codes of blockers:%s", (const char *)names.at);
    return false;
}

/* One version that the data names and no file has a key for. */
struct unreadable {
    struct str version;
    uint64_t records;
};

/* Each file is the configuration of some process, so each must have it. */
static bool has_key(const struct load *load, struct str version)
{
    for (size_t f = 0; f < load->file_count; f++)
        if (!keyring_find(&load->files[f].keyring, version))
            return false;
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

static void check_column(struct load *load, const struct report_column *c, struct unreadable *list,
                         size_t *count)
{
    for (size_t u = 0; u < c->usage_count; u++) {
        const struct report_usage *use = &c->usages[u];
        if (use->version.len && !has_key(load, use->version))
            unreadable(list, count, use->version, use->records);
    }
    /* Nobody can say which key a value without a readable label needs. */
    unreadable(list, count, STR("(unversioned)"),
               c->classes[CLASS_UNVERSIONED] + c->classes[CLASS_UNVERSIONED_EMBEDDED]);
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

static size_t check_report(struct cli *cli, struct load *load, const struct report *r,
                           struct unreadable **list)
{
    size_t count = 0;
    *list = ARENA_ARRAY(cli->arena, usages(r) + 3, struct unreadable);
    for (size_t t = 0; t < r->table_count; t++)
        for (size_t c = 0; c < r->tables[t].column_count; c++)
            check_column(load, &r->tables[t].columns[c], *list, &count);
    return count;
}

bool command_check(struct cli *cli, struct err *err)
{
    const char **reports;
    const char **files;
    struct load load = {.run = cli->arena, .keys = {.wipe = true}};
    struct table out = {.arena = cli->arena};
    size_t report_count = option_values(cli, OPT_REPORT, &reports);
    size_t file_count = option_values(cli, OPT_ENV_FILE, &files);
    if (report_count == 0 || file_count == 0) {
        err_set(err, ERR_USAGE, 928, "check needs --report and --env-file");
        return false;
    }
    load.files = ARENA_ARRAY(cli->arena, file_count, struct loaded_file);
    bool done = load_reports(&load, reports, report_count, NULL, 0, err);
    for (; done && load.file_count < file_count; load.file_count += done)
        done = load_file(&load, (struct load_name){files[load.file_count], &keyring_dotenv},
                         &load.files[load.file_count], err);
    table_heading(&out, "report");
    table_heading(&out, "version");
    table_heading(&out, "record_count");
    size_t bad = 0;
    bool incomplete = false;
    for (size_t i = 0; done && i < load.report_count; i++) {
        struct unreadable *list;
        size_t count = check_report(cli, &load, load.reports[i].report, &list);
        incomplete |= !load.reports[i].report->complete;
        for (size_t u = 0; u < count; u++, bad++) {
            table_text(&out, str_from(load.reports[i].path));
            table_text(&out, list[u].version);
            table_count(&out, list[u].records);
        }
    }
    load_free(&load);
    if (!done)
        return false;
    if (bad) {
        table_write(&cli->out, &out, cli->format);
        err_set(err, ERR_REFUSED, 931, "%zu versions in the data have no key in the configuration",
                bad);
        err_hint(
            err,
            "keyretire backups list shows archived keys; keyretire rollback TXID puts them back");
        return false;
    }
    if (incomplete) {
        err_set(err, ERR_INCOMPLETE, 931,
                "a report is incomplete, so nothing can be said for certain");
        return false;
    }
    if (cli->format == TABLE_TEXT)
        buf_text(&cli->out, "every version that the data names has a key in the configuration\n");
    else
        table_write(&cli->out, &out, cli->format);
    return true;
}
