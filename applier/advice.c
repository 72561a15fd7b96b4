/* advice: the options of this command line, written so that they can be typed again. */
#include "applier/advice.h"

#include "common/text.h"

static bool is_plain(struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!ascii_alpha(word.at[i]) && !ascii_digit(word.at[i]) &&
            !memchr("_./:=@%+,-", word.at[i], sizeof "_./:=@%+,-" - 1))
            return false;
    return word.len > 0;
}

void advise_word(struct buf *b, struct str word)
{
    if (is_plain(word)) {
        buf_add(b, word);
        return;
    }
    buf_byte(b, '\'');
    for (bool more = true; more;) {
        struct str part;
        more = str_cut(word, '\'', &part, &word);
        text_visible(b, part);
        if (more)
            buf_text(b, "'\\''");
    }
    buf_byte(b, '\'');
}

void advise_options(struct buf *b, const struct cli *cli, const struct cli_option *taken)
{
    for (size_t i = 0; i < cli->given_count; i++) {
        const struct cli_given *given = &cli->given[i];
        const struct cli_option *o = taken;
        while (o->name && o->id != given->option->id)
            o++;
        if (!o->name)
            continue;
        buf_printf(b, " --%s", o->name);
        if (!given->value)
            continue;
        buf_byte(b, ' ');
        advise_word(b, str_from(given->value));
    }
}

void advise_state(struct buf *b, const struct cli *cli)
{
    static const struct cli_option taken[] = {{OPT_STATE_DIR, "state-dir", 0, NULL, NULL},
                                              {OPT_BACKUP_DIR, "backup-dir", 0, NULL, NULL},
                                              {0}};
    advise_options(b, cli, taken);
}

void advise_undo(struct buf *b, const struct cli *cli)
{
    static const struct cli_option sealed[] = {{OPT_ENCRYPT_TO, "encrypt-to", 0, NULL, NULL}, {0}};
    advise_state(b, cli);
    if (!cli_value(cli, OPT_ENCRYPT_TO))
        return;
    buf_text(b, " --identity FILE");
    advise_options(b, cli, sealed);
}
