/*
 * advice: command lines that a message tells the user to type.
 *
 * The one idea: advice that leaves out an option of this very command line is wrong. A rollback
 * without --state-dir looks in another folder, a plan without --protect removes more.
 *
 *     struct buf b = {.arena = &run};
 *     buf_printf(&b, "keyretire rollback %s", txid);
 *     advise_state(&b, cli);                            " --state-dir 'my state'", as it was given
 *
 * Words are quoted for a POSIX shell (IEEE 1003.1, 2.2.2); control characters are shown escaped.
 */
#ifndef APPLIER_ADVICE_H
#define APPLIER_ADVICE_H

#include "applier/commands.h"

/* One word, in quotes where a shell would read it in another way. */
void advise_word(struct buf *b, struct str word);
/* The options given that the other command takes as well, in the order given. */
void advise_options(struct buf *b, const struct cli *cli, const struct cli_option *taken);
/* --state-dir and --backup-dir, where they were given. */
void advise_state(struct buf *b, const struct cli *cli);
/* What rollback needs of them: the same, and for a sealed backup an identity and its recipients. */
void advise_undo(struct buf *b, const struct cli *cli);

#endif
