/* psql_footer: hold back, look, let go. */
#include "formats/dump/psql_footer.h"
#include "formats/dump/sniff.h"

bool psql_footer_line(struct str line, uint64_t *rows)
{
    if (line.len < 3 || line.at[0] != '(' || line.at[line.len - 1] != ')')
        return false;
    struct str inner = str_slice(line, 1, line.len - 1);
    size_t digits = 0;
    while (digits < inner.len && ascii_digit(inner.at[digits]))
        digits++;
    struct str words = str_slice(inner, digits, inner.len);
    bool letters = false;
    for (size_t i = 0; i < words.len; i++) {
        bool letter = ascii_alpha(words.at[i]) || words.at[i] >= 0x80;
        letters = letters || letter;
        if (!letter && words.at[i] != ' ')
            return false;
    }
    return letters && str_to_u64(str_slice(inner, 0, digits), rows);
}

/* Length of the footer that ends `tail`, with its line ends; 0: none. */
static size_t footer_length(struct str tail, bool whole, uint64_t *rows)
{
    size_t end = tail.len;
    while (end > 0 && (tail.at[end - 1] == '\n' || tail.at[end - 1] == '\r'))
        end--;
    size_t begin = end;
    while (begin > 0 && tail.at[begin - 1] != '\n' && tail.at[begin - 1] != '\r')
        begin--;
    if (begin == 0 && !whole)
        return 0;
    return psql_footer_line(str_slice(tail, begin, end), rows) ? tail.len - begin : 0;
}

/* At the end of the stream: what is no footer is let go. */
static void let_go(struct psql_footer *f)
{
    struct str tail = str_make(f->tail, f->held);
    if (f->verdict == PULL_END)
        f->cut = footer_length(tail, f->held < PSQL_FOOTER_MOST, &f->rows);
    f->found = f->cut > 0;
    f->ready = f->held - f->cut;
    f->next = 0;
    f->held = 0;
    memcpy(f->block, f->tail, f->ready);
}

/*
 * One read into at least twice the bytes that are held back. Gives back how many bytes may go on:
 * none while all that came is to be held, or at the end.
 */
static size_t read_behind(struct psql_footer *f, unsigned char *into, size_t room)
{
    size_t more = 0;
    memcpy(into, f->tail, f->held);
    f->verdict = source_read(f->below, into + f->held, room - f->held, &more, &f->failure);
    if (f->verdict != PULL_OK) {
        let_go(f);
        return 0;
    }
    size_t have = f->held + more;
    f->held = have < PSQL_FOOTER_MOST ? have : PSQL_FOOTER_MOST;
    memcpy(f->tail, into + have - f->held, f->held);
    return have - f->held;
}

static enum pull footer_read(struct source *base, unsigned char *into, size_t room, size_t *got,
                             struct err *err)
{
    struct psql_footer *f = (struct psql_footer *)base;
    bool direct = room >= sizeof f->block;
    *got = 0;
    while (f->ready == 0 && f->verdict == PULL_OK && *got == 0) {
        size_t n = read_behind(f, direct ? into : f->block, direct ? room : sizeof f->block);
        if (f->verdict != PULL_OK)
            break;
        f->next = 0;
        f->ready = direct ? 0 : n;
        *got = direct ? n : 0;
    }
    if (*got > 0)
        return PULL_OK;
    if (f->ready > 0) {
        *got = f->ready < room ? f->ready : room;
        memcpy(into, f->block + f->next, *got);
        f->next += *got;
        f->ready -= *got;
        return PULL_OK;
    }
    if (f->verdict == PULL_FAILED && !err_is(err))
        *err = f->failure;
    return f->verdict;
}

static void footer_stays(struct source *base)
{
    (void)base; /* it is not its reader's to close */
}

void psql_footer_open(struct psql_footer *f, struct window *w)
{
    static const struct source_ops ops = {.read = footer_read, .close = footer_stays};
    *f = (struct psql_footer){.base = {&ops}, .below = w->source};
    struct str rest = window_rest(w);
    f->held = rest.len < PSQL_FOOTER_MOST ? rest.len : PSQL_FOOTER_MOST;
    memcpy(f->tail, rest.at + rest.len - f->held, f->held);
    w->end -= f->held;
    w->source = &f->base;
    w->state = PULL_OK;
    struct err again = {0}; /* a failure repeats */
    while (window_rest(w).len < SNIFF_HEAD && window_more(w, &again))
        ;
    if (w->state == PULL_FAILED)
        w->state = PULL_OK;
}

void psql_footer_close(struct psql_footer *f, struct window *w)
{
    w->source = f->below;
    w->offset += f->cut;
}
