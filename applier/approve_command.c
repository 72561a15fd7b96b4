/* approve_command: `keyretire approve`: show what is signed, ask for its id, sign it. */
#include "applier/commands.h"
#include "applier/confine.h"
#include "applier/consent.h"
#include "common/file.h"
#include "common/sys.h"
#include "common/text.h"

/* --as, or who runs this. */
static const char *signature_path(struct cli *cli, const char *plan_path, struct err *err)
{
    char login[256];
    const char *name = cli_value(cli, OPT_AS);
    if (!name)
        name = sys->user_name(sys->getuid(), login);
    return consent_path(cli->arena, plan_path, name, err);
}

/* A signature of an earlier text is replaced; anything else that has its name stays. */
static bool may_write(struct cli *cli, const char *path, struct err *err)
{
    struct str there;
    struct err missing = {0};
    if (!file_read(cli->arena, path, &there, &missing)) {
        if (missing.kind != ERR_NOT_FOUND)
            *err = missing;
        return missing.kind == ERR_NOT_FOUND;
    }
    return approval_is_signature(there) || file_in_the_way(path, err);
}

/* Refused plans are not worth a signature: they change nothing. */
static bool worth_approving(struct cli *cli, const struct plan *plan, struct err *err)
{
    if (!plan_is_blocked(plan))
        return true;
    err_set(err, ERR_REFUSED, 923, "the plan is blocked: %s: %s",
            text_shown(cli->arena, plan->blockers[0].code),
            text_shown(cli->arena, plan->blockers[0].message));
    err_hint(err, "%s", text_shown(cli->arena, plan->blockers[0].resolve));
    return false;
}

static bool show_and_ask(struct cli *cli, const struct read_plan *p, struct err *err)
{
    const char *id = arena_text(cli->arena, str_make(p->id.hex, PLAN_ID_HEX));
    if (cli->format == TABLE_TEXT) {
        plan_show(&cli->out, &p->plan, &p->id, PLAN_TEXT, sys->now());
        buf_byte(&cli->out, '\n');
        plan_diff(&cli->out, &p->plan);
        buf_byte(&cli->out, '\n');
    }
    if (cli_flag(cli, OPT_YES))
        return true;
    return (cli->format != TABLE_TEXT || cli_flush(cli, err)) &&
           cli_ask_text(cli,
                        arena_printf(cli->arena, "To approve this plan, type its id (%s):", id), id,
                        err);
}

bool command_approve(struct cli *cli, struct err *err)
{
    struct read_plan p;
    struct str signature;
    const char *key = cli_value(cli, OPT_KEY);
    if (!key) {
        err_set(err, ERR_USAGE, 928, "--key is needed");
        err_hint(err, "keyretire approve plan.txt --key ~/.ssh/id_ed25519");
        return false;
    }
    confine_beside(cli->arguments[0]);
    confine_files(cli, CONFINE_SIGN, NULL);
    const char *path = signature_path(cli, cli->arguments[0], err);
    if (!path || !read_plan_file(cli, &p, err) || !worth_approving(cli, &p.plan, err) ||
        !may_write(cli, path, err) || !show_and_ask(cli, &p, err) ||
        !approval_sign(cli->arena, key, p.text, &signature, err) ||
        !file_replace(path, signature, 0666, FILE_OVERWRITE, err))
        return false;
    cli->stands = true;
    if (cli->format == TABLE_JSON) {
        buf_printf(&cli->out, "{\"plan_id\":\"%.*s\",\"signature\":", PLAN_ID_HEX, p.id.hex);
        text_json(&cli->out, str_from(path));
        buf_text(&cli->out, "}\n");
    } else {
        buf_printf(&cli->out, "approved: %s\n", text_shown(cli->arena, str_from(path)));
    }
    return true;
}
