/*
 * commands: what each command of keycensus does, as main's table names it.
 */
#ifndef ANALYZER_COMMANDS_H
#define ANALYZER_COMMANDS_H

#include "common/cli/cli.h"

enum scan_option {
    SCAN_MODEL = CLI_OWN,
    SCAN_TABLE,
    SCAN_COLUMN,
    SCAN_MAP,
    SCAN_SOURCE,
    SCAN_ENV_FILE,
    SCAN_KEYRING,
    SCAN_CONFIG,
    SCAN_EXCLUDE_TABLE,
    SCAN_DUMP_TIME,
    SCAN_THREADS,
    SCAN_BLOCK_SIZE,
    SCAN_MAX_DECODED,
    SCAN_MAX_WINDOW,
    SCAN_DELIMITER,
    SCAN_QUOTE,
    SCAN_ESCAPE,
    SCAN_NULL,
    SCAN_HEADER,
    SCAN_TABLE_FROM_PATH,
    SCAN_VERIFY,
    SCAN_VERIFY_KEYS,
    SCAN_KDF_ITERATIONS,
    SCAN_ENVELOPE,
    SCAN_SHA256,
    SCAN_DETAILED_EXITCODE
};

extern const struct cli_option scan_options[];
extern const struct cli_option inspect_options[];
extern const struct cli_option models_options[];
extern const struct cli_option show_options[];
extern const struct cli_option diff_options[];
extern const int scan_reserved[];

/*
 * Before untrusted input is read: the sandbox, in which the arguments can be read and the folder of
 * the output written. Says with -v what is in force, and warns where the kernel has none.
 */
void commands_give_up_rights(struct cli *cli);

bool command_scan(struct cli *cli, struct err *err);
bool command_show(struct cli *cli, struct err *err);
bool command_diff(struct cli *cli, struct err *err);
bool command_inspect(struct cli *cli, struct err *err);
bool command_models(struct cli *cli, struct err *err);
bool command_selftest(struct cli *cli, struct err *err);

#endif
