/* commands: the small ones, show, diff, models and selftest; and the sandbox of those that read
 * input. */
#include "analyzer/commands.h"
#include "analyzer/model.h"
#include "analyzer/render/diff.h"
#include "analyzer/render/show.h"
#include "common/file.h"
#include "common/sandbox.h"
#include "common/sys.h"
#include "common/text.h"
#include "formats/envelope/envelope.h"

const struct cli_option show_options[] = {
    {SCAN_DETAILED_EXITCODE, "detailed-exitcode", 0, NULL, "exit 10 when there are findings"},
    {0},
};
const struct cli_option diff_options[] = {
    {SCAN_DETAILED_EXITCODE, "detailed-exitcode", 0, NULL, "exit 10 when the reports differ"},
    {0},
};
const struct cli_option models_options[] = {
    {SCAN_MAP, "map", 0, "FILE", "a map to read first, as for scan"},
    {0},
};

void commands_give_up_rights(struct cli *cli)
{
    size_t count = cli->argument_count;
    const char **readable = ARENA_ARRAY(cli->arena, 2 * count + 1, const char *);
    struct sandbox sandbox = {.readable = readable, .readable_count = 2 * count};
    struct sandbox_state got;
    char *name;
    char *folder;
    const char *writable[1];
    for (size_t i = 0; i < count; i++) { /* whether a database's journal is hot, its bytes tell */
        char real[4096];
        const char *database = sys->realpath(cli->arguments[i], real) ? real : cli->arguments[i];
        readable[i] = cli->arguments[i];
        readable[count + i] = arena_printf(cli->arena, "%s-journal", database);
    }
    if (cli->output) {
        file_split(cli->arena, cli->output, &folder, &name);
        writable[0] = folder;
        sandbox.writable = writable;
        sandbox.writable_count = 1;
    }
    sandbox_enter(&sandbox, &got);
    if (got.calls == SANDBOX_OFF)
        cli_warn(cli, "no seccomp here (%s): the input is read without a sandbox",
                 strerror(got.calls_why));
    cli_detail(cli, "sandbox: %s, %s",
               got.calls == SANDBOX_ON ? "no network and no other programs" : "no seccomp",
               got.files == SANDBOX_ON ? "only the files named" : "no Landlock");
}

bool command_show(struct cli *cli, struct err *err)
{
    struct report r;
    struct show_style style = {cli->colour_out ? SHOW_ANSI : SHOW_PLAIN, sys->now()};
    commands_give_up_rights(cli);
    if (!report_read(cli->arguments[0], cli->arena, &r, err) ||
        !show_report(&cli->out, &r, cli->arguments[0], &style, cli->format, err))
        return false;
    if (!r.complete)
        cli->status = ERR_INCOMPLETE;
    else if (r.finding_count && cli_flag(cli, SCAN_DETAILED_EXITCODE))
        cli->status = ERR_PENDING;
    return true;
}

bool command_diff(struct cli *cli, struct err *err)
{
    struct report before, after;
    struct comparison changes;
    struct diff_sides sides = {cli->arguments[0], cli->arguments[1], &before, &after};
    commands_give_up_rights(cli);
    if (!report_read(sides.before_path, cli->arena, &before, err) ||
        !report_read(sides.after_path, cli->arena, &after, err))
        return false;
    compare_reports(&before, &after, cli->arena, &changes);
    diff_write(&cli->out, &sides, &changes, cli->format);
    if (!before.complete || !after.complete)
        cli->status = ERR_INCOMPLETE;
    else if (changes.count && cli_flag(cli, SCAN_DETAILED_EXITCODE))
        cli->status = ERR_PENDING;
    return true;
}

static void model_headings(struct table *t)
{
    static const char *const names[] = {"model",     "schema_name", "table_name", "table_from",
                                        "attribute", "column_name", "type",       "encrypted",
                                        "file",      "line",        NULL};
    for (const char *const *n = names; *n; n++)
        table_heading(t, *n);
}

static void model_line(struct table *t, const struct model_row *row)
{
    table_text(t, row->model.spec);
    table_text(t, row->model.schema);
    table_text(t, row->model.table);
    table_text(t, str_from(model_how_name(row->model.how)));
    table_text(t, row->attr);
    table_text(t, row->column);
    table_text(t, row->type);
    table_boolean(t, row->encrypted);
    table_text(t, row->file);
    table_count(t, row->line);
}

bool command_models(struct cli *cli, struct err *err)
{
    struct model_index *ix = model_index_new(cli->arena);
    struct model_listing listing = {0};
    struct table t = {.arena = cli->arena};
    const char *map = cli_value(cli, SCAN_MAP);
    if (map && !model_index_map(ix, map, err))
        return false;
    commands_give_up_rights(cli);
    if (!model_index_source(ix, cli->arguments[0], err))
        return false;
    model_list(ix, &listing);
    model_headings(&t);
    for (size_t i = 0; i < listing.row_count; i++)
        model_line(&t, &listing.rows[i]);
    table_write(&cli->out, &t, cli->format);
    for (size_t i = 0; i < listing.note_count; i++) {
        const struct model_note *n = &listing.notes[i];
        const char *line = n->line ? arena_printf(cli->arena, " line %u", (unsigned)n->line) : "";
        cli_warn(cli, "%s%s: %s", text_shown(cli->arena, n->file), line,
                 text_shown(cli->arena, n->text));
    }
    if (listing.row_count == 0)
        cli_warn(cli, "no model was found below %s", cli->arguments[0]);
    return true;
}

/* One line a vector; false when it is read wrongly. */
static bool vector_line(struct table *t, const struct envelope *e, size_t k)
{
    const struct envelope_vector *x = &e->vectors[k];
    bool right = envelope_vector_holds(e, x);
    table_text(t, str_from(e->name));
    table_count(t, k + 1);
    table_text(t, str_from(value_class_name(x->class)));
    table_text(t, str_from(x->version));
    table_boolean(t, x->key.len > 0);
    table_boolean(t, right);
    table_text(t, str_from(x->made_with));
    return right;
}

bool command_selftest(struct cli *cli, struct err *err)
{
    static const char *const headings[] = {"envelope", "vector", "class",    "version",
                                           "proof",    "right",  "made_with"};
    size_t count;
    const struct envelope *const *all = envelopes(&count);
    struct table t = {.arena = cli->arena};
    (void)err;
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        table_heading(&t, headings[i]);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < all[i]->vector_count; k++)
            if (!vector_line(&t, all[i], k))
                cli->status = ERR_INTERNAL;
    table_write(&cli->out, &t, cli->format);
    if (cli->status == ERR_INTERNAL)
        cli_warn(cli, "a vector is read wrongly: this program must not be used on this machine");
    return true;
}
