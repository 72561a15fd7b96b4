/* plan_command: `keyretire plan`: options -> load -> plan_make -> plan_edit -> text, read back. */
#include "applier/advice.h"
#include "applier/begin.h"
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/policy.h"
#include "applier/transit_command.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"
#include "formats/keyring/key_list.h"

#include <errno.h>

/* Joins the comma lists of a repeated option. */
static bool take_names(const struct cli *cli, int id, const struct str **names, size_t *count,
                       struct err *err)
{
    const char **values;
    size_t given = option_values(cli, id, &values);
    struct buf joined = {.arena = cli->arena};
    struct str *list = NULL;
    for (size_t i = 0; i < given; i++)
        buf_printf(&joined, "%s%s", i ? "," : "", values[i]);
    *count = 0;
    if (given && !plan_names_parse(buf_str(&joined), cli->arena, &list, count, err))
        return false;
    *names = list;
    return true;
}

static bool take_acceptances(const struct cli *cli, struct plan_input *in, struct err *err)
{
    struct acceptance *list = ARENA_ARRAY(cli->arena, cli->given_count, struct acceptance);
    for (size_t i = 0; i < cli->given_count; i++) {
        const char *text = cli->given[i].value;
        int id = cli->given[i].option->id;
        if (id == OPT_ACCEPT_UNVERSIONED)
            text = arena_printf(cli->arena, "unversioned:%s", text);
        else if (id != OPT_ACCEPT)
            continue;
        if (!acceptance_parse(str_from(text), cli->arena, &list[in->accept_count], err))
            return false;
        in->accept_count++;
    }
    in->accept = list;
    return true;
}

static bool take_lists(const struct cli *cli, struct plan_input *in, struct err *err)
{
    const char *tables = cli_value(cli, OPT_TABLES);
    const char *order = cli_value(cli, OPT_ORDER);
    struct plan_table_name *inventory = NULL;
    struct str *versions = NULL;
    struct str text;
    if (tables) {
        if (!file_read(cli->arena, tables, &text, err) ||
            !plan_inventory_parse(text, cli->arena, &inventory, &in->inventory_count, err)) {
            err_place(err, "%s", tables);
            return false;
        }
        in->inventory = inventory;
        in->has_inventory = true;
    }
    if (order) {
        if (!file_read(cli->arena, order, &text, err) ||
            !plan_order_parse(text, cli->arena, &versions, &in->order_count, err)) {
            err_place(err, "%s", order);
            return false;
        }
        in->order = versions;
    }
    return true;
}

static bool take_age(const struct cli *cli, struct plan_input *in, struct err *err)
{
    const char *text = cli_value(cli, OPT_MAX_REPORT_AGE);
    in->max_age = PLAN_MAX_AGE_DEFAULT;
    if (text && strcmp(text, "none") == 0)
        in->max_age = PLAN_NO_MAX_AGE;
    else if (text && !utc_parse_duration(str_from(text), &in->max_age)) {
        err_set(err, ERR_USAGE, 929, "--max-report-age takes a duration such as 7d, or none");
        return false;
    }
    return true;
}

static bool take_census(const struct cli *cli, struct plan_input *in, struct err *err)
{
    const char *text = cli_value(cli, OPT_MIN_CLEAN_CENSUS);
    if (!text || census_parse(str_from(text), &in->census))
        return true;
    err_set(err, ERR_USAGE, 633, "--min-clean-census takes N or N:INTERVAL, such as 2:7d");
    return false;
}

/* Read as signed text, so that -1 and abc get the message of K2.3 and not of an unknown option. */
static bool take_keep(const struct cli *cli, struct plan_input *in, struct err *err)
{
    const char *text = cli_value(cli, OPT_KEEP_VERSIONS);
    uint64_t n = PLAN_KEEP_DEFAULT;
    if (text && (!str_to_u64(str_from(text), &n) || n < 1 || n > INT32_MAX)) {
        err_set(err, ERR_USAGE, 908, "--keep-versions takes a whole number, 1 or more");
        err_hint(err, "1 keeps only the active version and those in use; the default is %d",
                 PLAN_KEEP_DEFAULT);
        return false;
    }
    in->keep_versions = (int64_t)n;
    return true;
}

/* A time of this clock decides nothing here: only apply asks whether the window is open. */
static bool take_window(const struct cli *cli, struct conditions *c, struct err *err)
{
    const char *text = cli_value(cli, OPT_WINDOW);
    return !text || change_window_parse(str_from(text), &c->window, err);
}

/* A file that the plan names by where it really is. */
static bool take_path(const struct cli *cli, const char *path, struct str *into, struct err *err)
{
    char real[4096];
    if (!sys->realpath(path, real)) {
        err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, 103, errno, "open %s", path);
        return false;
    }
    *into = arena_copy(cli->arena, str_from(real));
    return true;
}

/* Lines of an allowed_signers file that may be somebody. */
static uint64_t count_signers(struct str text)
{
    uint64_t n = 0;
    struct str line;
    while (str_line(&text, &line)) {
        line = str_trim(line);
        n += line.len > 0 && line.at[0] != '#';
    }
    return n;
}

static bool take_approvals(const struct cli *cli, struct conditions *c, struct err *err)
{
    const char *signers = cli_value(cli, OPT_ALLOWED_SIGNERS);
    const char *revoked = cli_value(cli, OPT_REVOKED);
    struct str text;
    if (!signers && !cli_value(cli, OPT_APPROVALS) && !revoked)
        return true;
    c->approvals = 1;
    if (!cli_number(cli, OPT_APPROVALS, 1, APPROVALS_MAX, &c->approvals, err))
        return false;
    if (!signers) {
        err_set(err, ERR_USAGE, 944, "approvals need a list of who may give them");
        err_hint(err, "--allowed-signers FILE; its form is that of ssh-keygen, ALLOWED SIGNERS");
        return false;
    }
    if (!take_path(cli, signers, &c->signers_path, err) ||
        (revoked && !take_path(cli, revoked, &c->revoked_path, err)) ||
        !file_read(cli->arena, signers, &text, err) || !crypto_sha256(text, &c->signers, err))
        return false;
    if (count_signers(text) >= c->approvals)
        return true;
    err_set(err, ERR_USAGE, 944, "%s has %llu entries, fewer than the %llu approvals", signers,
            (unsigned long long)count_signers(text), (unsigned long long)c->approvals);
    err_hint(err, "a plan that nobody can approve is not made");
    return false;
}

static bool take_options(const struct cli *cli, struct plan_input *in, struct err *err)
{
    uint64_t iterations = KEYRING_ITERATIONS;
    const struct keyring_syntax *syntax;
    if ((in->scope || !transit_wanted(cli)) && !option_syntax(cli, &syntax, err))
        return false;
    if (!take_keep(cli, in, err) || !take_census(cli, in, err) || !take_age(cli, in, err) ||
        !cli_number(cli, OPT_KDF_ITERATIONS, 1, INT32_MAX, &iterations, err) ||
        !take_names(cli, OPT_PROTECT, &in->protect, &in->protect_count, err) ||
        !take_names(cli, OPT_ONLY, &in->only, &in->only_count, err) ||
        !take_acceptances(cli, in, err) || !take_lists(cli, in, err))
        return false;
    in->kdf_iterations = (unsigned)iterations;
    if (!option_retain_until(cli, &in->conditions.retain_until, err))
        return false;
    in->conditions.has_retain_until = in->conditions.retain_until != UTC_NONE;
    return take_window(cli, &in->conditions, err) && take_approvals(cli, &in->conditions, err);
}

bool plan_options_hold(const struct cli *cli, struct err *err)
{
    struct plan_input unused = {0};
    return take_options(cli, &unused, err);
}

static void take_databases(const struct cli *cli, struct plan_input *in)
{
    struct str rest = STR("");
    const char *text = cli_value(cli, OPT_DATABASES);
    size_t room = 1;
    for (const char *c = text; c && *c; c++)
        room += *c == ',';
    struct str *list = ARENA_ARRAY(cli->arena, room, struct str);
    if (text)
        rest = str_from(text);
    while (rest.len) {
        struct str name;
        str_cut(rest, ',', &name, &rest);
        name = str_trim(name);
        if (name.len)
            list[in->database_count++] = name;
    }
    in->databases = list;
}

/* What was seen when these files were changed last; without a readable state folder, nothing. */
static bool take_previous(struct cli *cli, struct load *load, struct plan_previous *previous,
                          struct err *err)
{
    struct state_options options;
    struct state state;
    if (!option_state(cli, &options, err) ||
        !state_open(&state, &options, STATE_READ, cli->arena, err))
        return false;
    bool done = load_previous(load, &state, previous, err);
    state_close(&state);
    return done;
}

/* A plan that apply could not read is not given out. */
static bool reads_back(struct str text, struct err *err)
{
    enum { TOO_LARGE = 652, TOO_LONG = 655 };
    struct arena scratch = {0};
    struct plan again;
    bool done = plan_read(text, &scratch, &again, err);
    if (!done) {
        err->kind = err->id == TOO_LARGE || err->id == TOO_LONG ? ERR_REFUSED : ERR_INTERNAL;
        err_context(err, "read back what was planned");
    }
    arena_free(&scratch);
    return done;
}

/* Who asks for the plan, as far as this machine knows. */
static struct str planner(struct arena *a)
{
    struct who who;
    who_ask(a, &who);
    return str_from(who.real_uid == 0 && who.sudo_user[0] ? who.sudo_user : who.real_user);
}

static bool take_policy(const struct cli *cli, struct policy *policy, struct plan_input *in,
                        struct err *err)
{
    bool given = cli_value(cli, OPT_MAX_REPORT_AGE) != NULL;
    if (!policy_load(cli->arena, policy, err))
        return false;
    if (policy->exclude_planner)
        in->conditions.planner = planner(cli->arena);
    return policy_tighten(policy, cli->arena, in, given ? POLICY_AGE_GIVEN : POLICY_AGE_DEFAULT,
                          err);
}

/* Keys in a row come in the order of their places, where their names have none. */
static size_t list_order(const struct load *load, const struct str **order)
{
    struct str *names = NULL;
    size_t count = 0;
    const struct key_list *list = load->file_count ? load->files[0].keyring.syntax->list : NULL;
    if (list && list->kind->naming != NAMED_BY_PLACE)
        count = key_list_order(&load->files[0].keyring, load->run, &names);
    *order = names;
    return count;
}

bool build_plan(struct cli *cli, const struct load_name *files, size_t file_count,
                const struct plan_scope *scope, struct built_plan *built, struct err *err)
{
    const char **reports;
    const char **retained;
    struct plan_input in = {.scope = scope, .now = sys->now()};
    struct load *load = &built->load;
    *built = (struct built_plan){.load = {.run = cli->arena, .keys = {.wipe = true}},
                                 .text = {.arena = cli->arena}};
    size_t report_count = option_values(cli, OPT_REPORT, &reports);
    size_t retained_count = option_values(cli, OPT_RETAINED, &retained);
    struct policy policy;
    bool elsewhere = !scope && transit_wanted(cli);
    take_databases(cli, &in);
    if (!take_options(cli, &in, err) || !take_policy(cli, &policy, &in, err) ||
        !load_reports(load, reports, report_count, retained, retained_count, err) ||
        !(elsewhere ? transit_load(load, files[0].path, &built->transit, err)
                    : load_files(load, files, file_count, in.kdf_iterations, err)) ||
        !take_previous(cli, load, &in.previous, err))
        return false;
    for (size_t i = 0; i < load->retained_count; i++)
        if (!cli_spares(cli, load->retained[i].path, err))
            return false;
    in.reports = load->reports;
    in.report_count = load->report_count;
    in.retained = load->retained;
    in.retained_count = load->retained_count;
    in.files = load->plan_files;
    in.file_count = elsewhere ? 1 : load->file_count;
    if (in.order_count == 0)
        in.order_count = list_order(load, &in.order);
    struct plan_keyring *keyrings = ARENA_ARRAY(cli->arena, load->file_count, struct plan_keyring);
    for (size_t i = 0; i < load->file_count; i++)
        keyrings[i] = (struct plan_keyring){str_from(load->files[i].path), &load->files[i].keyring};
    if (!plan_make(&in, cli->arena, &built->plan, err))
        return false;
    if (elsewhere)
        return policy_allows(&policy, &built->plan, err);
    if (!plan_edit(&built->plan, keyrings, load->file_count, &load->keys, err))
        return false;
    if (!policy_allows(&policy, &built->plan, err))
        return false;
    plan_write(&built->plan, &built->text);
    return reads_back(buf_str(&built->text), err) &&
           plan_identify(buf_str(&built->text), &built->id, err);
}

void free_plan(struct built_plan *built)
{
    load_free(&built->load);
}

static bool needs(const char *option, size_t given, struct err *err)
{
    if (given == 0) {
        err_set(err, ERR_USAGE, 928, "%s is needed", option);
        err_hint(err, "keyretire plan --report R.db --env-file F -o plan.txt");
    }
    return given > 0;
}

static enum plan_format show_format(const struct cli *cli)
{
    return cli->format == TABLE_JSON ? PLAN_JSON : cli->format == TABLE_CSV ? PLAN_CSV : PLAN_TEXT;
}

static void print_next(struct cli *cli, const struct plan *plan)
{
    struct buf *out = &cli->out;
    bool approve = !plan_is_blocked(plan) && plan->conditions.approvals > 0;
    const char *step = plan_is_blocked(plan) ? "show" : approve ? "approve" : "apply --dry-run";
    buf_text(out, "\nwritten: ");
    text_visible(out, str_from(cli->output));
    buf_printf(out, "\nnext: keyretire %s ", step);
    advise_word(out, str_from(cli->output));
    if (approve)
        buf_text(out, " --key KEY");
    else
        advise_state(out, cli);
    buf_byte(out, '\n');
}

/* The plan that -o --overwrite takes the place of; '' when there is none. */
static struct str replaced_plan(struct cli *cli)
{
    struct str text;
    struct err none = {0};
    if (!cli->output || cli->existing != FILE_OVERWRITE ||
        !file_read(cli->arena, cli->output, &text, &none) ||
        !str_starts(text, STR("keyretire plan ")))
        return STR("");
    return text;
}

/* Approvals are of the bytes: those of an equal plan hold, any others are void, and why is said. */
static void say_what_changed(struct cli *cli, struct str before, const struct built_plan *built)
{
    struct buf changes = {.arena = cli->arena};
    struct str rest, line;
    if (before.len == 0)
        return;
    if (str_eq(before, buf_str(&built->text))) {
        cli_say(cli, "the plan is byte for byte as it was; its approvals hold");
        return;
    }
    (void)plan_changes(&changes, before, buf_str(&built->text));
    cli_say(cli, "the plan changed, and approvals of the one before are void:");
    rest = buf_str(&changes);
    while (str_line(&rest, &line))
        cli_say(cli, "%.*s", STR_ARG(line));
}

bool command_plan(struct cli *cli, struct err *err)
{
    const char **paths;
    const char **reports;
    struct load_name *files;
    struct built_plan built;
    size_t file_count = option_files(cli, &files, &paths);
    size_t report_count = option_values(cli, OPT_REPORT, &reports);
    if (!needs("--report", report_count, err) || !needs("--env-file or --config", file_count, err))
        return false;
    if (transit_wanted(cli) && !transit_options_hold(cli, file_count, err))
        return false;
    confine_files(cli, CONFINE_LOOK, NULL);
    struct str before = replaced_plan(cli);
    bool done = build_plan(cli, files, file_count, NULL, &built, err);
    if (done && cli->output)
        done = file_replace(cli->output, buf_str(&built.text), 0666, cli->existing, err);
    if (done && cli->output)
        say_what_changed(cli, before, &built);
    if (done && transit_wanted(cli))
        transit_show(cli, &built.plan, &built.transit);
    else if (done && (cli->output || cli->format != TABLE_TEXT))
        plan_show(&cli->out, &built.plan, &built.id, show_format(cli), sys->now());
    else if (done)
        buf_add(&cli->out, buf_str(&built.text));
    if (done && plan_is_blocked(&built.plan))
        cli->status = ERR_REFUSED;
    if (done && cli->output && cli->format == TABLE_TEXT)
        print_next(cli, &built.plan);
    free_plan(&built);
    return done;
}
