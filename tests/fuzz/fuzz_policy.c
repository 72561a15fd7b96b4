/*
 * fuzz_policy: what people write by hand, on any bytes: a policy, and the interval of a window.
 *
 * The first line is a window, the rest a policy. A window that is read ends after it starts and can
 * be printed; a policy that is read is read again the same, also with comments added, and nothing
 * that it demands disappears. What is refused is refused with an explained id.
 */
#include "applier/approval.h"
#include "applier/policy.h"
#include "common/buf.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_window(struct str line)
{
    struct change_window w;
    struct err err = {0}, closed = {0};
    char text[UTC_TEXT];
    int64_t back;
    if (!change_window_parse(line, &w, &err)) {
        must(err.kind == ERR_USAGE && err.id == 937 && !change_window_is(&w));
        return;
    }
    must(w.start < w.end && str_eq(w.given, line));
    must(utc_parse(str_from(utc_text(w.start, text)), &back) && back == w.start);
    must(utc_parse(str_from(utc_text(w.end, text)), &back) && back == w.end);
    must(!change_window_is_open(&w, w.start - 1, &closed) && closed.kind == ERR_WINDOW);
    must(!change_window_is_open(&w, w.end, &closed));
}

static void check_policy(struct str text, struct arena *a)
{
    struct policy p, again;
    struct err err = {0};
    struct buf more = {.arena = a};
    bool good = policy_parse(text, a, &p, &err);
    must(good || (err.kind == ERR_CORRUPT && err.id == 951));
    buf_text(&more, "# a comment\n\n");
    buf_add(&more, text);
    err = (struct err){0};
    must(policy_parse(buf_str(&more), a, &again, &err) == good);
    if (!good)
        return;
    must(p.present && p.approvals == again.approvals && p.max_age == again.max_age &&
         p.accept_count == again.accept_count && p.sealed_backups == again.sealed_backups);
    must(p.approvals <= APPROVALS_MAX && (p.approvals == 0 || p.signers_path.at[0] == '/'));
    must(!p.exclude_planner || p.approvals > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct str line = {0}, rest = str_make(data, size);
    if (str_line(&rest, &line))
        check_window(line);
    check_policy(rest, &a);
    arena_free(&a);
    return 0;
}
