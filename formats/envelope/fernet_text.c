/* fernet_text: the two readings of a text, and the choice between them. */
#include "formats/envelope/fernet_text.h"

#define CONSTANT_WORD 0x5a30464251554642u /* FERNET_CONSTANT as a big-endian number */
#define NO_OFFSET     UINT64_MAX

static struct str run_str(const struct fernet_run *r)
{
    return str_make(r->bytes, r->len);
}

static void run_add(struct fernet_run *r, unsigned char c)
{
    if (r->len == FERNET_RUN)
        memmove(r->bytes, r->bytes + 1, --r->len);
    r->bytes[r->len++] = c;
}

void fernet_text_open(struct fernet_text *t, const struct reading *r, struct verdict *v)
{
    verdict_open(v);
    t->reading = r;
    t->verdict = v;
    t->len = 0;
    t->colon = false;
    t->name_len = 0;
    t->payload_start = 0;
    fernet_token_open(&t->payload);
    t->mode = FERNET_SEEKING;
    t->last8 = 0;
    t->run.len = t->before.len = 0;
    t->after_colon = NO_OFFSET;
    t->whole.present = false;
    t->digit_count = 0;
    t->embedded = 0;
    t->constant = t->decoded = false;
}

/* A token that is part of something larger. */
static void count_embedded(struct fernet_text *t, const struct fernet_found *f)
{
    struct str name = run_str(&f->name);
    bool bare = !f->named || name.len == 0;
    enum value_class class = verdict_token(t->verdict, t->reading, bare ? USE_BARE : USE_UNKNOWN,
                                           name, f->time, f->proof);
    t->embedded |= 1u << (f->shape == FERNET_VALID ? class : CLASS_TRUNCATED);
}

static void hold(struct fernet_text *t, unsigned char c)
{
    if (!t->reading->proof)
        return;
    if (t->held < FERNET_PROVEN_MOST)
        t->text[t->held] = c;
    t->held += t->held <= FERNET_PROVEN_MOST;
}

static size_t prove(const struct fernet_text *t, const struct fernet_found *f)
{
    if (!t->reading->proof || f->shape != FERNET_VALID || t->held > FERNET_PROVEN_MOST)
        return PROOF_UNTRIED;
    size_t hint =
        f->named ? reading_known(t->reading, run_str(&f->name)) : t->reading->known->count;
    return fernet_prove(t->reading->proof, hint, str_make(t->text, t->held));
}

static void end_token(struct fernet_text *t)
{
    t->found.shape = fernet_token_close(&t->token, &t->found.time);
    t->found.present = true;
    t->found.proof = prove(t, &t->found);
    if (t->mode == FERNET_IN_TOKEN && t->token_start == t->payload_start)
        t->whole = t->found;
    else
        count_embedded(t, &t->found);
    t->mode = FERNET_SEEKING;
    t->digit_count = 0;
}

static void begin_token(struct fernet_text *t, enum fernet_mode mode)
{
    t->mode = mode;
    t->constant = true;
    t->half = false;
    fernet_token_open(&t->token);
    t->held = 0;
    for (size_t i = 0; i < FERNET_CONSTANT_LEN; i++) {
        fernet_token_feed(&t->token, (unsigned char)FERNET_CONSTANT[i]);
        hold(t, (unsigned char)FERNET_CONSTANT[i]);
    }
}

/* The constant ends with the byte just seen. */
static void begin_plain(struct fernet_text *t)
{
    t->token_start = t->len - FERNET_CONSTANT_LEN;
    t->found.named = t->after_colon == t->token_start;
    t->found.name = t->before;
    begin_token(t, FERNET_IN_TOKEN);
}

/* The byte that the digits `back` and `back` - 1 places before the end stand for. */
static unsigned char ring_byte(const struct fernet_text *t, uint64_t back)
{
    unsigned char high = t->digits[(t->digit_count - back) % FERNET_DIGITS];
    unsigned char low = t->digits[(t->digit_count - back + 1) % FERNET_DIGITS];
    return (unsigned char)(high << 4 | low);
}

/* The same in hexadecimal: what stands before it is decoded backwards. */
static void begin_hex(struct fernet_text *t)
{
    unsigned char reversed[FERNET_RUN];
    size_t n = 0;
    uint64_t back = FERNET_CONSTANT_MOST + 2;
    t->found.named = back <= t->digit_count && ring_byte(t, back) == ':';
    t->found.name.len = 0;
    if (t->found.named) {
        for (back += 2; back <= t->digit_count && n < FERNET_RUN; back += 2) {
            reversed[n] = ring_byte(t, back);
            if (!fernet_is_name_byte(reversed[n]))
                break;
            n++;
        }
    }
    while (n > 0)
        run_add(&t->found.name, reversed[--n]);
    begin_token(t, FERNET_IN_HEX);
}

/* Takes a byte into the token being read, or ends it. */
static bool continue_token(struct fernet_text *t, unsigned char c)
{
    if (base64url_value[c] > 63 ? c != '=' : t->token.outer_pad > 0) {
        end_token(t);
        return false;
    }
    fernet_token_feed(&t->token, c);
    hold(t, c);
    return true;
}

static bool continue_hex(struct fernet_text *t, unsigned char c)
{
    int digit = ascii_hex(c);
    if (digit < 0) {
        end_token(t);
        return false;
    }
    t->half = !t->half;
    if (t->half)
        t->high = (unsigned char)digit;
    else
        return continue_token(t, (unsigned char)(t->high << 4 | digit));
    return true;
}

static void seek_hex(struct fernet_text *t, unsigned char c)
{
    int digit = ascii_hex(c);
    if (digit < 0) {
        t->digit_count = 0;
        return;
    }
    t->nibbles = t->nibbles << 4 | (unsigned)digit;
    t->digits[t->digit_count++ % FERNET_DIGITS] = (unsigned char)digit;
    if (t->digit_count >= FERNET_CONSTANT_MOST && t->nibbles == CONSTANT_WORD)
        begin_hex(t);
}

/* At the first ':' the payload starts anew; a token before it was no whole value. */
static void first_colon(struct fernet_text *t)
{
    t->colon = true;
    t->payload_start = t->len;
    fernet_token_open(&t->payload);
    if (t->whole.present)
        count_embedded(t, &t->whole);
    t->whole.present = false;
}

static void name_byte(struct fernet_text *t, unsigned char c)
{
    if (t->name_len < KEY_NAME_MAX)
        t->name[t->name_len] = c;
    if (t->name_len <= KEY_NAME_MAX)
        t->name_len++;
}

static void feed_byte(struct fernet_text *t, unsigned char c)
{
    t->len++;
    t->last8 = t->last8 << 8 | c;
    fernet_token_feed(&t->payload, c);
    bool taken = (t->mode == FERNET_IN_TOKEN && continue_token(t, c)) ||
                 (t->mode == FERNET_IN_HEX && continue_hex(t, c));
    if (c == ':') {
        if (!t->colon)
            first_colon(t);
        t->before = t->run;
        t->after_colon = t->len;
        t->run.len = 0;
    } else {
        if (!t->colon)
            name_byte(t, c);
        if (fernet_is_name_byte(c))
            run_add(&t->run, c);
        else
            t->run.len = 0;
    }
    if (taken)
        return;
    if (t->len >= FERNET_CONSTANT_LEN && t->last8 == CONSTANT_WORD)
        begin_plain(t);
    else if (!t->decoded)
        seek_hex(t, c);
}

/*
 * Nothing is being read, and the text as a whole is no value: only a constant matters now, and for
 * it no more than the bytes right before it (a run, a ':', hexadecimal digits).
 */
static bool may_skip(const struct fernet_text *t)
{
    return t->mode == FERNET_SEEKING && t->payload.alien &&
           (t->colon || t->name_len > KEY_NAME_MAX);
}

/* Does a constant begin here, as far as the bytes go? */
static bool may_begin(struct str rest)
{
    if (rest.at[0] == 'Z')
        return str_starts(STR(FERNET_CONSTANT), str_slice(rest, 0, FERNET_CONSTANT_LEN));
    struct str hex = str_slice(rest, 0, FERNET_CONSTANT_MOST);
    return str_eq_nocase(hex, str_slice(STR(FERNET_CONSTANT_HEX), 0, hex.len));
}

/* Index of the next byte that may begin a constant, or is the first ':', where the payload begins.
 */
static size_t next_candidate(const struct fernet_text *t, struct str bytes)
{
    size_t at = 0;
    for (;; at++) {
        at += t->reading->simd->find_either(str_slice(bytes, at, bytes.len), 'Z', '5');
        if (at == bytes.len || may_begin(str_slice(bytes, at, bytes.len)))
            break;
    }
    return t->colon ? at : t->reading->simd->find_either(str_slice(bytes, 0, at), ':', ':');
}

/* Leaves bytes out; those that follow and stand before a constant will tell all that is needed. */
static void skip(struct fernet_text *t, size_t n)
{
    t->len += n;
    t->run.len = 0;
    t->after_colon = NO_OFFSET;
    t->digit_count = 0;
}

void fernet_text_feed(struct fernet_text *t, struct str bytes)
{
    size_t at = 0;
    while (at < bytes.len) {
        size_t stop = at + FERNET_CONSTANT_MOST; /* one may have begun before these bytes */
        if (at > 0 && may_skip(t)) {
            size_t from = at - (FERNET_CONSTANT_MOST - 1); /* half of one may be behind us */
            size_t next = from + next_candidate(t, str_slice(bytes, from, bytes.len));
            if (next > at + FERNET_BEFORE) {
                skip(t, next - FERNET_BEFORE - at);
                at = next - FERNET_BEFORE;
            }
            stop = next + FERNET_CONSTANT_MOST;
        }
        for (; at < bytes.len && at < stop; at++)
            feed_byte(t, bytes.at[at]);
    }
}

/* What the name before the first ':' is. */
enum name_kind { NAME_NONE, NAME_UNFIT, NAME_FITS, NAME_SURE };

static bool is_v_and_digits(struct str name)
{
    size_t i = 1;
    while (i < name.len && ascii_digit(name.at[i]))
        i++;
    return name.len >= 2 && name.len <= ENVELOPE_NAME_MAX && i == name.len &&
           ascii_lower(name.at[0]) == 'v';
}

static enum name_kind judge_name(const struct fernet_text *t)
{
    if (!t->colon)
        return NAME_NONE;
    if (t->name_len == 0 || t->name_len > KEY_NAME_MAX)
        return NAME_UNFIT;
    struct str name = str_make(t->name, t->name_len);
    unsigned char lower[KEY_NAME_MAX];
    bool legal = name.len <= ENVELOPE_NAME_MAX;
    for (size_t i = 0; i < name.len; i++) {
        lower[i] = ascii_lower(name.at[i]);
        legal = legal && fernet_is_name_byte(name.at[i]);
    }
    const struct key_names *known = t->reading->known;
    if (is_v_and_digits(name) || key_names_find(known, str_make(lower, name.len)) < known->count)
        return NAME_SURE;
    return legal ? NAME_FITS : NAME_UNFIT;
}

static enum value_class count_whole(struct fernet_text *t, enum name_kind kind, int64_t time,
                                    size_t proof)
{
    enum use_kind use = kind == NAME_NONE ? USE_BARE : kind == NAME_UNFIT ? USE_OTHER : USE_UNKNOWN;
    struct str name = use == USE_UNKNOWN ? str_make(t->name, t->name_len) : str_make(NULL, 0);
    return verdict_token(t->verdict, t->reading, use, name, time, proof);
}

/* What needs a decision most comes first. */
static enum value_class embedded_class(const struct fernet_text *t)
{
    static const enum value_class order[][2] = {
        {CLASS_ORPHAN, CLASS_ORPHAN_EMBEDDED},
        {CLASS_TRUNCATED, CLASS_TRUNCATED_EMBEDDED},
        {CLASS_UNVERSIONED, CLASS_UNVERSIONED_EMBEDDED},
        {CLASS_HINTED, CLASS_HINTED_EMBEDDED},
        {CLASS_MISLABELLED, CLASS_MISLABELLED_EMBEDDED},
        {CLASS_LEGACY_VERIFIED, CLASS_LEGACY_VERIFIED_EMBEDDED},
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (t->embedded & 1u << order[i][0])
            return order[i][1];
    return CLASS_VERIFIED_EMBEDDED;
}

static enum value_class choose(struct fernet_text *t)
{
    enum name_kind kind = judge_name(t);
    int64_t time;
    enum fernet_shape shape = fernet_token_close(&t->payload, &time);
    if (shape == FERNET_VALID) {
        size_t proof = t->whole.present ? t->whole.proof : PROOF_UNTRIED;
        enum value_class class = count_whole(t, kind, time, proof);
        return kind == NAME_UNFIT ? CLASS_MALFORMED : class;
    }
    if (t->whole.present && (shape == FERNET_CUT || kind != NAME_UNFIT)) {
        (void)count_whole(t, kind, time, t->whole.proof);
        return shape == FERNET_CUT ? CLASS_TRUNCATED : CLASS_MALFORMED;
    }
    if (t->whole.present)
        count_embedded(t, &t->whole);
    if (kind == NAME_SURE) {
        (void)count_whole(t, kind, UTC_NONE, PROOF_UNTRIED);
        return CLASS_MALFORMED;
    }
    return t->constant ? embedded_class(t) : CLASS_PLAINTEXT;
}

void fernet_text_close(struct fernet_text *t)
{
    if (t->mode != FERNET_SEEKING)
        end_token(t);
    struct verdict *v = t->verdict;
    v->class = t->len == 0 ? CLASS_EMPTY : choose(t);
    v->counted = t->constant;
    v->leak = v->class == CLASS_PLAINTEXT && t->colon && t->name_len > 0 && t->name[0] == 'v';
}
