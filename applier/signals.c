/* signals: from here on they are the transaction's to heed. */
#include "applier/signals.h"
#include "applier/txn.h"
#include "common/cli/cli.h"
#include "common/sys.h"

static void on_stop(int number)
{
    cli_stop_signal = number;
    txn_interrupted = number;
}

void signals_for_txn(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)sys->on_signal(signals[i], on_stop);
}
