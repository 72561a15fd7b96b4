/* cell: the search for constants in a cell or a part of it, and the verdict on what is found. */
#include "formats/envelope/cell.h"
#include "formats/envelope/unwrap.h"

enum { PHASES = 6 }; /* ways in which digits stand for bytes: 4 of base64, 2 hexadecimal */

/* What of the cell is classified, and how the outcome is to be understood. */
enum piece {
    PIECE_CELL,     /* all of it */
    PIECE_EMBEDDED, /* something in it that is whole */
    PIECE_PART      /* bytes out of it, which may end anywhere */
};

/* One look at a view. */
struct look {
    struct cell *cell;
    struct str view;
    enum piece piece;
    uint32_t plain; /* the envelopes of which constants stand in it as they are */
    /* Up to where runs of digits were read, by envelope and phase. */
    size_t read_to[CONSTANT_ENVELOPES][PHASES];
};

/* ---- classes ---- */

static enum value_class as_embedded(enum value_class class)
{
    static const unsigned char table[CLASS_COUNT] = {
        [CLASS_VERIFIED] = CLASS_VERIFIED_EMBEDDED,
        [CLASS_LEGACY_VERIFIED] = CLASS_LEGACY_VERIFIED_EMBEDDED,
        [CLASS_MISLABELLED] = CLASS_MISLABELLED_EMBEDDED,
        [CLASS_ORPHAN] = CLASS_ORPHAN_EMBEDDED,
        [CLASS_HINTED] = CLASS_HINTED_EMBEDDED,
        [CLASS_UNVERSIONED] = CLASS_UNVERSIONED_EMBEDDED,
        [CLASS_TRUNCATED] = CLASS_TRUNCATED_EMBEDDED,
        [CLASS_MALFORMED] = CLASS_TRUNCATED_EMBEDDED,
    };
    return table[class] ? (enum value_class)table[class] : class;
}

static bool names_all(const struct verdict *v)
{
    for (size_t i = 0; i < v->use_count; i++)
        if (v->uses[i].kind == USE_BARE)
            return false;
    return true;
}

/* How hard a class is on a plan: of two in one cell the harder one is told. */
static unsigned hardness(enum value_class class)
{
    static const unsigned char table[CLASS_COUNT] = {[CLASS_VERIFIED_EMBEDDED] = 1,
                                                     [CLASS_VERIFIED] = 2,
                                                     [CLASS_LEGACY_VERIFIED_EMBEDDED] = 3,
                                                     [CLASS_LEGACY_VERIFIED] = 4,
                                                     [CLASS_HINTED_EMBEDDED] = 5,
                                                     [CLASS_HINTED] = 6,
                                                     [CLASS_MISLABELLED_EMBEDDED] = 7,
                                                     [CLASS_MISLABELLED] = 8,
                                                     [CLASS_UNVERSIONED_EMBEDDED] = 9,
                                                     [CLASS_UNVERSIONED] = 10,
                                                     [CLASS_TRUNCATED_EMBEDDED] = 11,
                                                     [CLASS_TRUNCATED] = 12,
                                                     [CLASS_MALFORMED] = 13,
                                                     [CLASS_ORPHAN_EMBEDDED] = 14,
                                                     [CLASS_ORPHAN] = 15};
    return table[class];
}

static void judge(struct cell *c, size_t envelope, struct str text, enum piece piece)
{
    const struct envelope *e = c->constants->envelopes[envelope];
    /* Found by what a column declares only, its ids are those of the keyring at hand. */
    bool own = e == &envelope_versioned_fernet || e->form || e->constant_count == 0;
    e->classify(e, own ? c->reading : &c->foreign, text, &c->one);
    if (!c->one.counted)
        return;
    enum value_class class = piece == PIECE_CELL ? c->one.class : as_embedded(c->one.class);
    if (piece == PIECE_PART && class == CLASS_TRUNCATED_EMBEDDED)
        class = names_all(&c->one) ? CLASS_HINTED_EMBEDDED : CLASS_UNVERSIONED_EMBEDDED;
    if (hardness(class) > hardness(c->others.class))
        c->others.class = class;
    c->others.counted = true;
    c->others.envelopes |= (uint32_t)1 << envelope;
    verdict_merge(&c->others, &c->one, own ? NULL : e);
}

/* ---- the search ---- */

static void read_digits(struct look *l, const struct constant_form *f, size_t at)
{
    struct cell *c = l->cell;
    bool hex = f->wrap == CONSTANT_HEX;
    size_t phase = hex ? 4 + at % 2 : (at - f->digit) % 4;
    size_t *read_to = &l->read_to[f->envelope][phase];
    struct text_run run;
    if (at < *read_to || at < f->digit)
        return;
    struct str inner = hex ? unwrap_hex(l->view, at, c->inner, sizeof c->inner, &run)
                           : unwrap_base64(l->view, at - f->digit, c->inner, sizeof c->inner, &run);
    *read_to = run.end;
    judge(c, f->envelope, inner, l->piece == PIECE_PART ? PIECE_PART : PIECE_EMBEDDED);
}

static void found(struct look *l, const struct constant_form *f, size_t at)
{
    const struct envelope *e = l->cell->constants->envelopes[f->envelope];
    bool ours = e == &envelope_versioned_fernet;
    if (f->wrap == CONSTANT_PLAIN)
        l->plain |= ours ? 0 : (uint32_t)1 << f->envelope;
    else if (!(ours && f->wrap == CONSTANT_HEX)) /* fernet_text reads that itself */
        read_digits(l, f, at);
}

static void search(struct look *l)
{
    const struct constants *k = l->cell->constants;
    const struct simd_ops *simd = l->cell->reading->simd;
    for (size_t at = 0; at < l->view.len; at++) {
        struct str rest = str_slice(l->view, at, l->view.len);
        at += simd->find_needle(rest, &k->needles);
        if (at == l->view.len)
            break;
        rest = str_slice(l->view, at, l->view.len);
        for (size_t i = 0; (i = constants_at(k, rest, i)) < k->count; i++)
            found(l, &k->forms[i], at);
    }
    for (size_t i = 0; i < k->raw_count; i++) {
        const struct constant_form *f = &k->forms[k->count + i];
        if (str_search(l->view, f->bytes) < l->view.len)
            found(l, f, 0);
    }
}

static bool has_json_escape(struct str s)
{
    for (size_t at = 0; (at += str_find(str_slice(s, at, s.len), '\\')) + 1 < s.len; at++)
        if (s.at[at + 1] == '"' || s.at[at + 1] == '/')
            return true;
    return false;
}

static void look_at(struct cell *c, struct str view, enum piece piece)
{
    struct look l = {.cell = c, .view = view, .piece = piece};
    if (has_json_escape(view)) {
        l.view = unwrap_json(view, c->unwrapped);
        l.piece = piece == PIECE_CELL ? PIECE_EMBEDDED : piece;
    }
    search(&l);
    for (size_t i = 0; l.plain >> i; i++)
        if (l.plain >> i & 1)
            judge(c, i, l.view, l.piece);
}

/* ---- the cell ---- */

void cell_open(struct cell *c, const struct reading *r)
{
    static const struct key_names none = {0};
    c->reading = r;
    c->constants = r->constants;
    c->foreign = *r;
    c->foreign.known = &none;
    c->foreign.proof = NULL;
    c->parted = false;
    c->len = 0;
    verdict_open(&c->others);
    fernet_stream_open(&c->fernet, r, &c->verdict);
}

static size_t index_of(const struct cell *c, const struct envelope *e)
{
    size_t i = 0;
    while (i < c->constants->envelope_count && c->constants->envelopes[i] != e)
        i++;
    return i;
}

/* The envelope that the column names judges it, whether a constant of it is there or not. */
static void judge_named(struct cell *c, const struct envelope *named, struct str text,
                        enum piece piece)
{
    if (!named || named == &envelope_versioned_fernet)
        return;
    size_t i = index_of(c, named);
    if (i < c->constants->envelope_count)
        judge(c, i, text, piece);
}

/* The view is full, and more comes: what is in it is looked at, and its end kept. */
static void end_part(struct cell *c)
{
    struct str view = str_make(c->bytes, CELL_VIEW);
    look_at(c, view, PIECE_PART);
    memmove(c->bytes, c->bytes + CELL_VIEW - CELL_KEPT, CELL_KEPT);
    c->parted = true;
    c->len = CELL_KEPT;
}

void cell_feed(struct cell *c, struct str bytes)
{
    fernet_stream_feed(&c->fernet, bytes);
    while (bytes.len > 0) {
        if (c->len == CELL_VIEW && c->constants)
            end_part(c);
        else if (c->len == CELL_VIEW)
            return;
        size_t room = CELL_VIEW - c->len;
        size_t n = bytes.len < room ? bytes.len : room;
        memcpy(c->bytes + c->len, bytes.at, n);
        c->len += n;
        bytes = str_slice(bytes, n, bytes.len);
    }
}

static void look_at_whole(struct cell *c, const struct envelope *named)
{
    struct str cell = str_make(c->bytes, c->len);
    bool bytea;
    struct str decoded = unwrap_bytea(cell, c->unwrapped, &bytea);
    if (bytea) { /* it need not be read again */
        memcpy(c->bytes, decoded.at, decoded.len);
        cell = str_make(c->bytes, decoded.len);
    }
    judge_named(c, named, cell, PIECE_CELL);
    look_at(c, cell, PIECE_CELL);
}

/* The harder class of both, and what both use. */
static void add_others(struct cell *c)
{
    struct verdict *v = &c->verdict;
    bool ours = v->counted;
    if (!ours) { /* what the application's reader made of foreign bytes is nothing */
        verdict_open(v);
        v->class = c->others.class;
    } else if (hardness(c->others.class) > hardness(v->class)) {
        v->class = c->others.class;
    }
    if (ours)
        v->envelopes |= (uint32_t)1 << index_of(c, &envelope_versioned_fernet);
    v->counted = true;
    v->leak = false;
    v->envelopes |= c->others.envelopes;
    verdict_merge(v, &c->others, NULL);
}

void cell_close(struct cell *c, const struct envelope *named)
{
    struct str view = str_make(c->bytes, c->len);
    fernet_stream_close(&c->fernet);
    if (c->constants && c->parted) {
        judge_named(c, named, view, PIECE_PART);
        look_at(c, view, PIECE_PART);
    } else if (c->constants && c->len > 0) {
        look_at_whole(c, named);
    }
    if (c->constants && c->others.counted)
        add_others(c);
}
