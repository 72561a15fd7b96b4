/* limit_options: --monthly-limit, --daily-limit and --alert-threshold. */
#include "applier/vault/commands.h"

static bool option_cap(const struct cli *cli, int id, const char *name, int64_t *cap, bool *any,
                       struct err *err)
{
    const char *given = cli_value(cli, id);
    if (!given)
        return true;
    *any = true;
    return limits_parse_cap(str_from(given), name, cap, err);
}

/* All of them; each may hold several, parted by commas. */
static bool option_thresholds(const struct cli *cli, struct limits *l, bool *any, struct err *err)
{
    struct buf all = {.arena = cli->arena};
    for (size_t i = 0; i < cli->given_count; i++) {
        if (cli->given[i].option->id != OPT_ALERT_THRESHOLD)
            continue;
        if (all.len > 0)
            buf_byte(&all, ',');
        buf_text(&all, cli->given[i].value);
        *any = true;
        if (!limits_parse_thresholds(buf_str(&all), l, err))
            return false;
    }
    return true;
}

bool option_limits(const struct cli *cli, struct limits *l, bool *any, struct err *err)
{
    *any = false;
    return option_cap(cli, OPT_MONTHLY_LIMIT, "--monthly-limit", &l->monthly, any, err) &&
           option_cap(cli, OPT_DAILY_LIMIT, "--daily-limit", &l->daily, any, err) &&
           option_thresholds(cli, l, any, err);
}
