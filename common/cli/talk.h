/*
 * talk: what the programs say on standard error, and the questions they ask.
 * The functions are declared in cli.h; this header is for cli's own files.
 */
#ifndef COMMON_CLI_TALK_H
#define COMMON_CLI_TALK_H

#include "common/cli/cli.h"

/* Writes text to standard error as it is; failures are ignored, there is nobody left to tell. */
void talk_write(struct str text);

#endif
