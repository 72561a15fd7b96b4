/* conditions: written into a plan, read back, and shown. */
#include "applier/conditions.h"

#include "common/text.h"

static bool has_any(const struct conditions *c)
{
    return change_window_is(&c->window);
}

/* ---- in the text ---- */

void conditions_write(struct buf *text, const struct conditions *c)
{
    if (!has_any(c))
        return;
    buf_text(text, "\nconditions:\n");
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

bool conditions_read(struct word_reader *w, struct conditions *c)
{
    return word_is(w, "window") && word_time(w, &c->window.start) && word_is(w, "to") &&
           word_time(w, &c->window.end) && word_is(w, "given") && word_read(w, &c->window.given);
}

const char *conditions_contradiction(const struct conditions *c)
{
    struct change_window again;
    struct err wrong = {0};
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
    buf_text(out, ",\"window\":");
    if (change_window_is(&c->window)) {
        buf_printf(out,
                   "{\"start\":\"%s\",\"end\":\"%s\",\"given\":", utc_text(c->window.start, start),
                   utc_text(c->window.end, end));
        text_json(out, c->window.given);
        buf_byte(out, '}');
    } else {
        buf_text(out, "null");
    }
}
