/*
 * alert_file: the record of alerts and the places to tell them, in the vault folder.
 *
 *     DIR/alerts         what was raised, delivered, acknowledged (alerts.h), 0600
 *     DIR/alerts.conf    where alerts are told (deliver.h), written by hand; may be missing
 *
 *     alert_file_read(f.dir, &run, &list, err)
 *     ...alerts_judge...
 *     alert_file_tell(cli, f.dir, &list, &told, err)     durable, told, durable again
 *
 * Whoever writes the record holds the vault's lock (VAULT_CHANGE).
 *
 * Ownership: in the arena. Errors: those of alerts, deliver and file; ERR_REFUSED 1117 for an
 * alerts.conf that others may write.
 */
#ifndef APPLIER_VAULT_ALERT_FILE_H
#define APPLIER_VAULT_ALERT_FILE_H

#include "applier/vault/deliver.h"
#include "common/cli/cli.h"

#define ALERT_FILE   "alerts"
#define ALERT_PLACES "alerts.conf"

/* Without a record the list is empty. */
bool alert_file_read(const char *dir, struct arena *a, struct alerts *list, struct err *err);
bool alert_file_write(const char *dir, const struct alerts *list, struct err *err);
/* Without alerts.conf there is no place: standard error. */
bool alert_places_read(const char *dir, struct arena *a, struct places *places, struct err *err);

/* What is due to every place, the record written before and after it. *told: how many alerts. */
bool alert_file_tell(struct cli *cli, const char *dir, struct alerts *list, size_t *told,
                     struct err *err);
/* These alerts to every place, no record. */
bool alert_tell(struct cli *cli, const char *dir, const struct alert *const *due, size_t count,
                struct err *err);

#endif
