/*
 * deliver: where alerts are told: a command, a file, the system's log.
 *
 * VAULT/alerts.conf has a line for each place; without it there is one, standard error, which under
 * a systemd timer is the journal:
 *
 *     command /usr/local/bin/notify --channel ops     gets the alerts on its standard input
 *     file /var/log/lean_vault.alerts                 they are appended to it
 *     syslog                                          a line each, through logger(1)
 *
 *     struct places places;
 *     deliver_read(&run, text, &places, err)
 *     deliver_allow(&places);   child_keep({deliver_may_start, ...})
 *     deliver_all(&run, &places, due, count, err)     true: every place has taken them
 *
 * A command and a file get one JSON object a line (alerts.h), the log gets the text of each. It is
 * told again when one of several places did not take it: whoever must not see it twice looks at
 * "alert", which names it. Nothing here holds key material.
 *
 * A command is started by its path, with its words as they stand, no shell, an empty environment
 * and COMMAND_SECONDS of time (timeout(1)).
 *
 * Ownership: places live in the arena. Errors: ERR_USAGE 1115 for a line that is not understood;
 * 1116 (system) for a place that did not take them. Limits: PLACES_MAX, PLACE_WORDS_MAX.
 */
#ifndef APPLIER_VAULT_DELIVER_H
#define APPLIER_VAULT_DELIVER_H

#include "applier/vault/alerts.h"
#include "common/child.h"

enum { PLACES_MAX = 8, PLACE_WORDS_MAX = 32, COMMAND_SECONDS = 60 };

enum place_kind { PLACE_COMMAND, PLACE_FILE, PLACE_SYSLOG };

struct place {
    enum place_kind kind;
    const char *words[PLACE_WORDS_MAX]; /* the path first; the log has none */
    size_t word_count;
};

struct places {
    struct place at[PLACES_MAX];
    size_t count;
};

bool deliver_read(struct arena *a, struct str text, struct places *places, struct err *err);
bool deliver_all(struct arena *a, const struct places *places, const struct alert *const *due,
                 size_t count, struct err *err);
/* What a place is called in messages: "the command /usr/local/bin/notify". */
const char *place_name(struct arena *a, const struct place *p);

/* The rule for the keeper of children: these places' commands and logger. They are kept. */
void deliver_allow(const struct places *places);
bool deliver_may_start(const struct child *c);

#endif
