/*
 * scan_keys: what `scan` takes from the configuration: names, and for --verify the keys.
 *
 *     struct scan_keys keys;
 *     if (!scan_keys_read(cli, &report, &keys, err)) ...
 *     options.proof = keys.proving ? &keys.proof : NULL;
 *     ...scan...
 *     scan_keys_free(&keys);
 *
 * --env-file or --config gives the version names and the active version; with --verify also the
 * keys, each derived once. --verify-keys gives names, fingerprints and MAC halves alone, so that
 * this host never has what decrypts. All of it happens before untrusted input is read: the sandbox
 * closes afterwards, and the text of the configuration is wiped by then.
 *
 * Ownership: names and fingerprints go into the report's arena; keys live here until the free.
 * Errors: 470 to 473, and those of the keyring.
 */
#ifndef ANALYZER_SCAN_KEYS_H
#define ANALYZER_SCAN_KEYS_H

#include "common/cli/cli.h"
#include "common/report.h"
#include "formats/envelope/proof.h"

struct scan_keys {
    struct arena secrets;
    struct proof_keys proof; /* one for each version of the report */
    bool proving;
};

bool scan_keys_read(struct cli *cli, struct report *r, struct scan_keys *keys, struct err *err);
/* Safe whatever was read. */
void scan_keys_free(struct scan_keys *keys);

#endif
