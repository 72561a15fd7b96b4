/*
 * talk: what the programs say on standard error and write to --log-file, and the questions they
 * ask. Most of the functions are declared in cli.h; this header is for cli's own files.
 */
#ifndef COMMON_CLI_TALK_H
#define COMMON_CLI_TALK_H

#include "common/cli/cli.h"

/* Writes text to standard error as it is; failures are ignored, there is nobody left to tell. */
void talk_write(struct str text);

/* spare.c: cli_spares for every argument and every value of an option; the log file opened. */
bool cli_spares_words(struct cli *cli, struct err *err);
bool cli_open_log(struct cli *cli, struct err *err);

#endif
