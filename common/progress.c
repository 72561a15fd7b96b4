/* progress: bar, line or JSON, at most ten a second. */
#include "common/progress.h"
#include "common/cli/talk.h"
#include "common/sys.h"
#include "common/text.h"

#include <stdio.h>

enum {
    BAR_EVERY_MS = 100,
    LINE_EVERY_MS = 10000,
    BAR_CELLS = 24,
    FIRST_AFTER_MS = 500 /* nothing is shown for what is done at once */
};

void progress_open(struct progress *p, struct cli *cli, const char *what, uint64_t total)
{
    *p = (struct progress){.cli = cli, .what = what, .total = total, .mode = cli->progress};
    p->started_ns = p->printed_ns = sys->monotonic_ns();
    if (p->mode == PROGRESS_AUTO)
        p->mode = sys->is_terminal(2) ? PROGRESS_BAR : PROGRESS_NONE;
    if (cli->quiet)
        p->mode = PROGRESS_NONE;
}

/* "43 %  412.0 MB/s  1,203,400 records  ETA 12 s" */
static void describe(const struct progress *p, uint64_t now, char *into, size_t room)
{
    char rate_text[32];
    char done_text[32];
    char records[32];
    char ahead[64] = "";
    double seconds = (double)(now - p->started_ns) / 1e9;
    double rate = seconds > 0 ? (double)p->bytes / seconds : 0;
    if (p->total && rate > 0 && p->bytes <= p->total)
        (void)snprintf(ahead, sizeof ahead, "  ETA %.0f s", (double)(p->total - p->bytes) / rate);
    char percent[16] = "";
    if (p->total)
        (void)snprintf(percent, sizeof percent, "%3.0f %%  ",
                       100.0 * (double)p->bytes / (double)p->total);
    (void)snprintf(into, room, "%s%s  %s/s  %s records%s", percent, text_bytes(p->bytes, done_text),
                   text_bytes((uint64_t)rate, rate_text), text_count(p->records, records), ahead);
}

static void print_json(const struct progress *p, uint64_t now)
{
    struct arena scratch = {0};
    struct buf b = {.arena = &scratch};
    buf_text(&b, "{\"progress\":");
    text_json(&b, str_from(p->what));
    buf_printf(&b, ",\"bytes\":%llu,\"total_bytes\":", (unsigned long long)p->bytes);
    if (p->total)
        buf_printf(&b, "%llu", (unsigned long long)p->total);
    else
        buf_text(&b, "null");
    buf_printf(&b, ",\"records\":%llu,\"seconds\":%.1f}\n", (unsigned long long)p->records,
               (double)(now - p->started_ns) / 1e9);
    talk_write(buf_str(&b));
    arena_free(&scratch);
}

static void print_bar(struct progress *p, uint64_t now)
{
    char text[256];
    char bar[BAR_CELLS + 3] = "";
    char line[512];
    describe(p, now, text, sizeof text);
    if (p->total) {
        uint64_t full = p->bytes >= p->total ? BAR_CELLS : p->bytes * BAR_CELLS / p->total;
        bar[0] = '[';
        for (size_t i = 0; i < BAR_CELLS; i++)
            bar[i + 1] = i < full ? '#' : '.';
        bar[BAR_CELLS + 1] = ']';
    }
    int columns = sys->terminal_columns(2);
    int len = snprintf(line, sizeof line, "%s %s", bar, text);
    if (columns > 1 && len >= columns)
        len = columns - 1;
    talk_write(STR("\r\033[K"));
    talk_write(str_make(line, len < 0 ? 0 : (size_t)len));
    p->bar_shown = true;
}

static void print_line(const struct progress *p, uint64_t now)
{
    char text[256];
    char line[1024];
    describe(p, now, text, sizeof text);
    int len = snprintf(line, sizeof line, "%s: %s\n", p->what, text);
    talk_write(str_make(line, len < 0                     ? 0
                              : (size_t)len < sizeof line ? (size_t)len
                                                          : sizeof line - 1));
}

void progress_tick(struct progress *p, uint64_t bytes, uint64_t records)
{
    p->bytes = bytes;
    p->records = records;
    uint64_t now = sys->monotonic_ns();
    if (cli_progress_wanted) {
        cli_progress_wanted = 0;
        if (p->bar_shown)
            talk_write(STR("\r\033[K"));
        print_line(p, now);
    }
    uint64_t since_ms = (now - p->printed_ns) / 1000000;
    if (p->mode == PROGRESS_NONE || (now - p->started_ns) / 1000000 < FIRST_AFTER_MS)
        return;
    if (since_ms < (p->mode == PROGRESS_LINE ? LINE_EVERY_MS : BAR_EVERY_MS))
        return;
    p->printed_ns = now;
    if (p->mode == PROGRESS_BAR)
        print_bar(p, now);
    else if (p->mode == PROGRESS_JSON)
        print_json(p, now);
    else
        print_line(p, now);
}

void progress_close(struct progress *p)
{
    if (p->bar_shown)
        talk_write(STR("\r\033[K"));
    if (p->mode == PROGRESS_JSON)
        print_json(p, sys->monotonic_ns());
    p->bar_shown = false;
}
