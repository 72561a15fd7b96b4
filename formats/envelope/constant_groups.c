/*
 * constant_groups: which texts share a group of needles.
 *
 * A group takes any byte of its texts at each place, so what it lets through besides grows with
 * every text that differs. From a group for each text on, the two that cost least together become
 * one, until there are no more than SIMD_GROUPS.
 */
#include "formats/envelope/constants.h"

/* How much of typical data is the character, in parts of 1024: digits of base64 mostly. */
static unsigned weight(unsigned c)
{
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    bool digit = c >= '0' && c <= '9';
    return digit ? 40 : letter ? 16 : 4;
}

/* The weights of all characters with one high half whose low halves stand in a set, by the two
 * bytes of the set: a price is asked for tens of thousands of times.
 */
struct weights {
    unsigned short of[8][2][256];
};

static void weights_make(struct weights *w)
{
    for (unsigned high = 0; high < 8; high++)
        for (unsigned half = 0; half < 2; half++) {
            w->of[high][half][0] = 0;
            for (unsigned set = 1; set < 256; set++) {
                unsigned rest = set & (set - 1);
                unsigned low = 0;
                while (!((set ^ rest) >> low & 1))
                    low++;
                unsigned more = weight(high << 4 | half << 3 | low);
                w->of[high][half][set] = (unsigned short)(w->of[high][half][rest] + more);
            }
        }
}

/* The part of typical data that a group lets through. */
static double cost(const struct weights *w, const struct needle_sets *s)
{
    double product = 1;
    for (size_t k = 0; k < SIMD_NEEDLE; k++) {
        unsigned sum = 0;
        for (unsigned high = 0; high < 8; high++)
            if (s->high[k] >> high & 1)
                sum += w->of[high][0][s->low[k] & 255] + w->of[high][1][s->low[k] >> 8];
        product *= sum / 1024.0;
    }
    return product;
}

static struct needle_sets joined(const struct needle_sets *a, const struct needle_sets *b)
{
    struct needle_sets s;
    for (size_t k = 0; k < SIMD_NEEDLE; k++) {
        s.low[k] = a->low[k] | b->low[k];
        s.high[k] = a->high[k] | b->high[k];
    }
    return s;
}

/* The price of every pair: row by row, the second of a pair before the first. */
struct prices {
    struct weights weights;
    struct needle_sets *sets;
    size_t count;
    double *own;  /* of each set */
    double *pair; /* [a * room + b], b < a */
    size_t room;
};

static void price(struct prices *p, size_t a, size_t b)
{
    struct needle_sets both = joined(&p->sets[a], &p->sets[b]);
    size_t at = a > b ? a * p->room + b : b * p->room + a;
    p->pair[at] = cost(&p->weights, &both) - p->own[a] - p->own[b];
}

static void price_all_of(struct prices *p, size_t a)
{
    p->own[a] = cost(&p->weights, &p->sets[a]);
    for (size_t b = 0; b < p->count; b++)
        if (b != a)
            price(p, a, b);
}

/* Joins the two that cost least; the last takes the place of the second. */
static void join_best(struct prices *p)
{
    size_t best_a = 1, best_b = 0;
    for (size_t a = 1; a < p->count; a++)
        for (size_t b = 0; b < a; b++)
            if (p->pair[a * p->room + b] < p->pair[best_a * p->room + best_b]) {
                best_a = a;
                best_b = b;
            }
    p->sets[best_b] = joined(&p->sets[best_a], &p->sets[best_b]);
    p->sets[best_a] = p->sets[--p->count];
    if (best_a < p->count)
        price_all_of(p, best_a);
    price_all_of(p, best_b);
}

/* Drops those that are there already. */
static size_t distinct(struct needle_sets *sets, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < kept && memcmp(&sets[k], &sets[i], sizeof *sets) != 0)
            k++;
        sets[k] = sets[i];
        kept += k == kept;
    }
    return kept;
}

static void add_sets(struct simd_needles *into, unsigned group, const struct needle_sets *s)
{
    unsigned char bit = (unsigned char)(1u << group);
    for (size_t k = 0; k < SIMD_NEEDLE; k++) {
        for (unsigned i = 0; i < 16; i++)
            into->low[k][i] |= s->low[k] >> i & 1 ? bit : 0;
        for (unsigned i = 0; i < 8; i++)
            into->high[k][i] |= s->high[k] >> i & 1 ? bit : 0;
    }
}

void constant_groups(struct arena *scratch, struct needle_sets *sets, size_t count,
                     struct simd_needles *into)
{
    struct prices p = {.sets = sets, .count = distinct(sets, count)};
    weights_make(&p.weights);
    p.room = p.count;
    p.own = ARENA_ARRAY(scratch, p.count, double);
    p.pair = ARENA_ARRAY(scratch, p.count * p.count, double);
    for (size_t a = 0; a < p.count; a++)
        p.own[a] = cost(&p.weights, &sets[a]);
    for (size_t a = 1; a < p.count; a++)
        for (size_t b = 0; b < a; b++)
            price(&p, a, b);
    while (p.count > SIMD_GROUPS)
        join_best(&p);
    *into = (struct simd_needles){0};
    for (size_t i = 0; i < p.count; i++)
        add_sets(into, (unsigned)i, &sets[i]);
    simd_needles_seal(into);
}
