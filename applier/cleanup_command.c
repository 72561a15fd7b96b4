/* cleanup_command: `keyretire cleanup-keys`, the one-shot of the seeds: plan, show, ask, apply. */
#include "applier/advice.h"
#include "applier/commands.h"
#include "applier/confine.h"
#include "common/model_name.h"
#include "common/scope_hints.h"
#include "common/sys.h"
#include "common/text.h"

#include <errno.h>

static bool is_file(const char *path)
{
    struct stat st;
    return sys->fstatat(AT_FDCWD, path, &st, 0) == 0 || errno != ENOENT;
}

/* The files of --env-file and --config, or the application's default place. */
static size_t config_files(struct cli *cli, struct load_name **files, const char ***paths,
                           struct err *err)
{
    static const char *const places[] = {"instance/.env.crypto", ".env.crypto"};
    size_t count = option_files(cli, files, paths);
    for (size_t i = 0; count == 0 && i < 2; i++) {
        if (is_file(places[i])) {
            (*paths)[0] = places[i];
            (*files)[0] = (struct load_name){places[i], env_syntax(cli)};
            count = 1;
        }
    }
    if (count == 0) {
        err_set(err, ERR_NOT_FOUND, 920, "neither %s nor %s is here", places[0], places[1]);
        err_hint(err, "--env-file names the file that holds the keys, --config that of Flask");
    }
    return count;
}

static bool same_model(struct arena *a, struct str stored, struct str wanted)
{
    struct model_name name;
    struct err ignored = {0};
    return str_eq(stored, wanted) ||
           (model_name_parse(stored, &name, &ignored) && str_eq(model_name_text(a, name), wanted));
}

/* The pair that the scan resolved, when its report declares this model and attribute. */
static bool from_report(const struct report *r, struct arena *a, struct str model,
                        struct str attribute, struct plan_scope *scope)
{
    bool found = false;
    for (size_t i = 0; i < r->declared_count; i++) {
        const struct report_declared *d = &r->declared[i];
        if (!same_model(a, d->model, model))
            continue;
        scope->schema = d->schema;
        scope->table = d->table;
        found = true;
        if (str_eq(d->attribute, attribute) || str_eq(d->column, attribute)) {
            scope->column = d->column;
            return true;
        }
    }
    return found;
}

static const struct report_table *find_table(const struct report *r, const struct plan_scope *scope)
{
    for (size_t t = 0; t < r->table_count; t++)
        if (plan_scope_is(scope, r->tables[t].schema, r->tables[t].name))
            return &r->tables[t];
    return NULL;
}

static bool unknown_table(struct arena *a, const struct report *r, const struct plan_scope *scope,
                          struct err *err)
{
    struct scope_table *known = ARENA_ARRAY(a, r->table_count, struct scope_table);
    for (size_t t = 0; t < r->table_count; t++)
        known[t] = (struct scope_table){r->tables[t].schema, r->tables[t].name};
    scope_unknown_table(err, (struct scope_table){scope->schema, scope->table}, known,
                        r->table_count);
    err_place(err, "model %s", text_shown(a, scope->model));
    return false;
}

static bool unknown_column(struct arena *a, const struct report_table *t,
                           const struct plan_scope *scope, struct err *err)
{
    struct str *known = ARENA_ARRAY(a, t->column_count, struct str);
    for (size_t c = 0; c < t->column_count; c++)
        known[c] = t->columns[c].name;
    scope_unknown_column(err, t->name, scope->column, known, t->column_count);
    return false;
}

/* K5.1, K5.5: the table and column must be in a report. */
static bool resolve_in(struct arena *a, const struct report *r, struct plan_scope *scope,
                       struct err *err)
{
    const struct report_table *t = find_table(r, scope);
    if (!t)
        return unknown_table(a, r, scope, err);
    for (size_t c = 0; c < t->column_count; c++)
        if (str_eq(t->columns[c].name, scope->column))
            return true;
    return unknown_column(a, t, scope, err);
}

static bool resolve(struct cli *cli, struct plan_scope *scope, struct err *err)
{
    struct model_name name;
    struct arena *a = cli->arena;
    const char **reports;
    size_t count = option_values(cli, OPT_REPORT, &reports);
    if (!model_name_parse(str_from(cli_value(cli, OPT_MODEL)), &name, err))
        return false;
    scope->model = model_name_text(a, name);
    scope->column = str_from(cli_value(cli, OPT_COLUMN));
    struct load load = {.run = a};
    if (!load_reports(&load, reports, count, NULL, 0, err))
        return false;
    bool declared = false;
    for (size_t i = 0; i < load.report_count && !declared; i++)
        declared = from_report(load.reports[i].report, a, scope->model, scope->column, scope);
    if (!declared && !model_name_table(a, name.class_name, &scope->table, err))
        return false;
    for (size_t i = 0; i < load.report_count; i++) {
        struct err missing = {0};
        if (resolve_in(a, load.reports[i].report, scope, &missing)) {
            *err = (struct err){0};
            return true;
        }
        if (!err_is(err))
            *err = missing;
    }
    return false;
}

/* The plan is made of what the files hold once an interrupted change is finished or taken back. */
static bool recover_first(struct cli *cli, struct err *err)
{
    struct state state;
    if (!open_for_change(cli, &state, err))
        return false;
    state_close(&state);
    return true;
}

/* The same options go to plan: one that is left out would let more versions go. */
static void plan_command(struct buf *b, const struct cli *cli, const struct built_plan *built)
{
    buf_text(b, "keyretire plan");
    advise_options(b, cli, plan_options);
    if (!cli_value(cli, OPT_ENV_FILE) && !cli_value(cli, OPT_CONFIG)) {
        buf_text(b, " --env-file ");
        advise_word(b, str_from(built->load.files[0].given));
    }
    buf_text(b, " -o plan.txt");
}

/* The one-shot has no moment in which others could approve. */
static bool refuse_unapproved(const struct cli *cli, const struct built_plan *built,
                              struct err *err)
{
    enum { SHOWN = 500 }; /* of a hint; half a command is worse than none */
    struct buf plan = {.arena = cli->arena}, apply = {.arena = cli->arena};
    plan_command(&plan, cli, built);
    buf_text(&apply, "keyretire apply plan.txt");
    advise_options(&apply, cli, apply_options);
    err_set(err, ERR_REFUSED, 954, "the policy of this machine demands %llu approvals",
            (unsigned long long)built->plan.conditions.approvals);
    if (plan.len + apply.len > SHOWN) {
        plan.len = apply.len = 0;
        buf_text(&plan, "keyretire plan with the same options, without --model and --column, and "
                        "-o plan.txt");
        buf_text(&apply, "keyretire apply plan.txt");
    }
    err_hint(err, "%.*s; keyretire approve plan.txt --key KEY; %.*s", STR_ARG(buf_str(&plan)),
             STR_ARG(buf_str(&apply)));
    return false;
}

/* Such a plan is never written, so nobody could have signed it. */
static bool apply_built(struct cli *cli, const struct built_plan *built, struct err *err)
{
    if (built->plan.conditions.approvals > 0 && plan_removed_count(&built->plan) > 0 &&
        !cli_flag(cli, OPT_DRY_RUN))
        return refuse_unapproved(cli, built, err);
    struct consent *consent = ARENA_NEW(cli->arena, struct consent);
    *consent =
        (struct consent){.arena = cli->arena, .plan = &built->plan, .text = buf_str(&built->text)};
    return apply_plan(cli, consent, cli_flag(cli, OPT_DRY_RUN) ? APPLY_DRY_RUN : APPLY_FOR_REAL,
                      err);
}

bool command_cleanup_keys(struct cli *cli, struct err *err)
{
    static const struct {
        int id;
        const char *name;
    } mandatory[] = {{OPT_REPORT, "--report"}, {OPT_MODEL, "--model"}, {OPT_COLUMN, "--column"}};
    struct load_name *files;
    const char **paths;
    struct plan_scope scope = {.schema = STR("")};
    struct built_plan built;
    for (size_t i = 0; i < sizeof mandatory / sizeof mandatory[0]; i++) {
        if (!cli_value(cli, mandatory[i].id)) {
            err_set(err, ERR_USAGE, 928, "%s is needed", mandatory[i].name);
            err_hint(err,
                     "keyretire cleanup-keys --report R.db --model pkg.mod:Class --column name");
            return false;
        }
    }
    if (!plan_options_hold(cli, err))
        return false;
    size_t count = config_files(cli, &files, &paths, err);
    for (size_t i = 0; i < count; i++) { /* one of them may be the default place */
        confine_target(paths[i]);
        if (!cli_spares(cli, paths[i], err))
            return false;
    }
    if (cli_flag(cli, OPT_DRY_RUN))
        confine_files(cli, CONFINE_LOOK, NULL);
    if (count == 0 || !resolve(cli, &scope, err) ||
        (!cli_flag(cli, OPT_DRY_RUN) && !recover_first(cli, err)))
        return false;
    bool done = build_plan(cli, files, count, &scope, &built, err) && apply_built(cli, &built, err);
    free_plan(&built);
    return done;
}
