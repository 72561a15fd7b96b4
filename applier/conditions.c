/* conditions: written into a plan, read back, and shown. */
#include "applier/conditions.h"
#include "applier/approval.h"

#include "common/text.h"

#include <inttypes.h>

static bool has_any(const struct conditions *c)
{
    return change_window_is(&c->window) || c->approvals > 0 || c->has_policy || c->has_retain_until;
}

/* ---- in the text ---- */

static void write_approvals(struct buf *text, const struct conditions *c)
{
    char hex[SHA256_HEX + 1];
    sha256_hex(&c->signers, hex);
    buf_printf(text, "  approvals %" PRIu64 " by sha256:%s at ", c->approvals, hex);
    word_quote(text, c->signers_path);
    buf_byte(text, '\n');
    if (c->revoked_path.len == 0)
        return;
    buf_text(text, "  revoked at ");
    word_quote(text, c->revoked_path);
    buf_byte(text, '\n');
}

void conditions_write(struct buf *text, const struct conditions *c)
{
    if (!has_any(c))
        return;
    buf_text(text, "\nconditions:\n");
    if (c->has_policy) {
        char hex[SHA256_HEX + 1];
        sha256_hex(&c->policy, hex);
        buf_printf(text, "  policy sha256:%s\n", hex);
    }
    if (c->approvals > 0)
        write_approvals(text, c);
    if (c->planner.len > 0) {
        buf_text(text, "  planner ");
        word_quote(text, c->planner);
        buf_byte(text, '\n');
    }
    if (c->has_retain_until) {
        buf_text(text, "  retain-until ");
        word_write_time(text, c->retain_until);
        buf_byte(text, '\n');
    }
    if (change_window_is(&c->window)) {
        buf_text(text, "  window ");
        word_write_time(text, c->window.start);
        buf_text(text, " to ");
        word_write_time(text, c->window.end);
        buf_text(text, " given ");
        word_quote(text, c->window.given);
        buf_byte(text, '\n');
    }
}

static bool read_digest(struct word_reader *w, struct sha256 *digest)
{
    struct str word;
    return word_read(w, &word) && str_starts(word, STR("sha256:")) &&
           sha256_from_hex(str_slice(word, 7, word.len), digest);
}

bool conditions_read(struct word_reader *w, struct conditions *c)
{
    if (word_is(w, "approvals"))
        return word_number(w, &c->approvals) && word_is(w, "by") && read_digest(w, &c->signers) &&
               word_is(w, "at") && word_read(w, &c->signers_path);
    if (word_is(w, "policy")) {
        c->has_policy = true;
        return read_digest(w, &c->policy);
    }
    if (word_is(w, "planner"))
        return word_read(w, &c->planner);
    if (word_is(w, "retain-until")) {
        c->has_retain_until = true;
        return word_time(w, &c->retain_until);
    }
    if (word_is(w, "revoked"))
        return word_is(w, "at") && word_read(w, &c->revoked_path);
    return word_is(w, "window") && word_time(w, &c->window.start) && word_is(w, "to") &&
           word_time(w, &c->window.end) && word_is(w, "given") && word_read(w, &c->window.given);
}

static bool is_path(struct str s)
{
    return s.len > 1 && s.at[0] == '/' && str_find(s, 0) == s.len;
}

const char *conditions_contradiction(const struct conditions *c)
{
    struct change_window again;
    struct err wrong = {0};
    if (c->approvals > APPROVALS_MAX || (c->approvals > 0) != is_path(c->signers_path) ||
        (c->revoked_path.len > 0 && !is_path(c->revoked_path)))
        return "nobody could approve it";
    if ((c->revoked_path.len > 0 || c->planner.len > 0) && c->approvals == 0)
        return "it speaks of approvers and asks for none";
    if (c->has_retain_until && c->retain_until == UTC_NONE)
        return "it keeps the backup until no time";
    if (!change_window_is(&c->window))
        return NULL;
    if (!change_window_parse(c->window.given, &again, &wrong) || again.start != c->window.start ||
        again.end != c->window.end)
        return "its change window is not the one that was given";
    return NULL;
}

/* ---- for people and programs ---- */

void conditions_show(struct buf *out, const struct conditions *c)
{
    char start[UTC_TEXT], end[UTC_TEXT];
    if (has_any(c))
        buf_text(out, "\nConditions\n");
    if (c->has_policy) {
        char hex[SHA256_HEX + 1];
        sha256_hex(&c->policy, hex);
        buf_printf(out, "  policy of the machine sha256:%s\n", hex);
    }
    if (c->planner.len > 0) {
        buf_text(out, "  planned by ");
        text_visible(out, c->planner);
        buf_text(out, ", who does not count as an approver\n");
    }
    if (c->approvals > 0) {
        buf_printf(out, "  approvals of %" PRIu64 " %s of ", c->approvals,
                   c->approvals == 1 ? "person" : "people");
        text_visible(out, c->signers_path);
        buf_byte(out, '\n');
    }
    if (c->revoked_path.len > 0) {
        buf_text(out, "  revoked keys: ");
        text_visible(out, c->revoked_path);
        buf_byte(out, '\n');
    }
    if (c->has_retain_until)
        buf_printf(out, "  the backup is not destroyed before %s\n",
                   utc_text(c->retain_until, start));
    if (change_window_is(&c->window)) {
        buf_printf(out, "  change window %s to %s (given as ", utc_text(c->window.start, start),
                   utc_text(c->window.end, end));
        text_visible(out, c->window.given);
        buf_text(out, ")\n");
    }
}

void conditions_json(struct buf *out, const struct conditions *c)
{
    char start[UTC_TEXT], end[UTC_TEXT];
    buf_printf(out, ",\"approvals\":%" PRIu64 ",\"window\":", c->approvals);
    if (change_window_is(&c->window)) {
        buf_printf(out,
                   "{\"start\":\"%s\",\"end\":\"%s\",\"given\":", utc_text(c->window.start, start),
                   utc_text(c->window.end, end));
        text_json(out, c->window.given);
        buf_byte(out, '}');
    } else {
        buf_text(out, "null");
    }
    if (c->has_retain_until)
        buf_printf(out, ",\"retain_until\":\"%s\"", utc_text(c->retain_until, start));
}
