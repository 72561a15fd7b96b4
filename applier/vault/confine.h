/*
 * confine: what lean_vault gives up before it reads the vault.
 *
 *     vault_confine_calls(cli, err)           main's hook: a command that asks OpenRouter keeps its
 *                                       sockets, every other one loses them; no programs for either
 *     vault_confine_files(cli, dir, extra)    then only the vault folder, -o's folder, and for
 * commands with sockets what names and certificates need
 *
 * A command that needs another program gives the keeper a rule (common/child.h) in confine.c; one
 * that reads another file names it in `extra`, a NULL-terminated list, or NULL.
 * Only the first call of vault_confine_files has an effect. Source: common/sandbox.h.
 */
#ifndef APPLIER_VAULT_CONFINE_H
#define APPLIER_VAULT_CONFINE_H

#include "common/cli/cli.h"

bool vault_confine_calls(struct cli *cli, struct err *err);
void vault_confine_files(struct cli *cli, const char *vault_dir, const char *const *extra);

#endif
