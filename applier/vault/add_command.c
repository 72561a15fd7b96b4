/*
 * add: a new key, first at OpenRouter and then in the vault.
 *
 * What the vault alone can tell, a name that is taken, is found before anything is sent.
 */
#include "applier/vault/create.h"
#include "common/sys.h"
#include "common/text.h"

static bool read_limits(const struct cli *cli, struct limits *l, struct err *err)
{
    bool any;
    *l = LIMITS_NONE;
    return option_limits(cli, l, &any, err);
}

static bool read_expiry(const struct cli *cli, int64_t *expires, struct err *err)
{
    const char *given = cli_value(cli, OPT_EXPIRES);
    *expires = UTC_NONE;
    if (!given || (utc_parse_date(str_from(given), expires) && *expires > sys->now()))
        return true;
    err_set(err, ERR_USAGE, 1070,
            "--expires takes a date to come: 2027-01-31, or with a time "
            "2027-01-31T18:00:00Z");
    return false;
}

static bool name_is_free(const struct session *s, struct str name, struct err *err)
{
    if (!vault_name_check(name, err))
        return false;
    if (!vault_find(&s->file.vault, name))
        return true;
    err_set(err, ERR_REFUSED, 1076, "there is a key \"%s\" in the vault already",
            text_shown(s->cli->arena, name));
    err_hint(err, "nothing was sent; lean_vault rotate gives it a new value");
    return false;
}

/* The vault with the new key in it. */
static bool keep(struct session *s, struct str name, const struct limits *l, struct created *c,
                 struct txn_result *result, struct err *err)
{
    struct vault_entry *e = vault_add(&s->file.vault, name);
    e->id = c->hash;
    e->limits = *l;
    const struct vault_change change = {.purpose = "add", .names = &name, .name_count = 1};
    return vault_set_value(&s->file, e, c->value, err) &&
           vault_change(&s->file, &change, result, err);
}

static void print_added(struct cli *cli, struct str name, const struct created *c,
                        const struct txn_result *result)
{
    struct buf *out = &cli->out;
    if (cli->format == TABLE_JSON) {
        buf_text(out, "{\"key\":");
        text_json(out, name);
        buf_text(out, ",\"hash\":");
        text_json(out, c->hash);
        buf_printf(out, ",\"txid\":\"%s\"}\n", result->txid);
        return;
    }
    buf_text(out, "added ");
    text_visible(out, name);
    buf_text(out, ", hash ");
    text_visible(out, c->hash);
    buf_byte(out, '\n');
}

bool command_add(struct cli *cli, struct err *err)
{
    struct session s;
    struct limits limits;
    struct txn_result result = {0};
    struct created c;
    struct remote_change change = {0};
    struct str name = str_from(cli->arguments[0]);
    if (!read_limits(cli, &limits, err) || !read_expiry(cli, &change.expires, err) ||
        !vault_name_check(name, err) || !session_open(&s, cli, VAULT_CHANGE, err))
        return false;
    const struct limit_target target = limits_target(&limits, &USAGE_NONE, sys->now());
    change.has_limit = target.verdict == LIMIT_SEND;
    change.limit = target.limit;
    change.reset = target.reset;
    bool done = name_is_free(&s, name, err) && create_begin(&s, name, &change, &c, err);
    if (done) {
        done = keep(&s, name, &limits, &c, &result, err);
        cli->stands = done;
        say_warnings(cli, &result.warnings);
        create_end(&s, &c, result.outcome);
    }
    if (done)
        print_added(cli, name, &c, &result);
    session_close(&s);
    return done;
}
