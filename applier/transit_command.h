/*
 * transit_command: `keyretire plan --keyring vault[:MOUNT] --config KEY.json`: commands for Vault.
 *
 * The rules are those of every plan; what comes out is no plan to apply but the commands that
 * somebody with the rights runs elsewhere. Nothing here talks to Vault.
 *
 *     if (transit_wanted(cli)) ...transit_load in the place of load_files; plan_make;
 *                                 transit_show in the place of everything else...
 *
 * Errors: 530 for what a plan for Vault cannot have, 539 for the file.
 */
#ifndef APPLIER_TRANSIT_COMMAND_H
#define APPLIER_TRANSIT_COMMAND_H

#include "applier/commands.h"
#include "formats/keyring/transit.h"

bool transit_wanted(const struct cli *cli);
/* One file, no -o and text only. */
bool transit_options_hold(const struct cli *cli, size_t file_count, struct err *err);
/* The versions of the key as plan_files[0]; they have no fingerprints. */
bool transit_load(struct load *in, const char *path, struct transit_key *key, struct err *err);
void transit_show(struct cli *cli, const struct plan *plan, const struct transit_key *key);

#endif
