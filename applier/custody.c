/* custody: archives, the keys in them, and the stored dumps that need those keys. */
#include "applier/custody.h"
#include "common/sys.h"
#include "common/text.h"
#include "formats/keyring/key_list.h"

/* ---- what stored dumps need ---- */

struct reading {
    struct state *state;
    struct arena *a, *wiping;
    const struct plan_source *retained;
    size_t retained_count;
    struct txn_list list;
    struct custody *c;
    size_t need_room;
};

static void add_need(struct reading *r, struct custody_need need)
{
    struct custody *c = r->c;
    c->needs = arena_grow(r->a, c->needs, c->need_count, &r->need_room, sizeof *c->needs);
    c->needs[c->need_count++] = need;
}

/* The end of the dump with this content, as it is named now; UTC_NONE when it is not. */
static int64_t named_end(const struct reading *r, struct str digest)
{
    for (size_t i = 0; i < r->retained_count; i++)
        if (str_eq(r->retained[i].report->content_digest, digest))
            return r->retained[i].kept_until;
    return UTC_NONE;
}

/*
 * The plan knows the end of a need only when it knew that of every dump; those that it did not know
 * may be named now, and then the last of all dumps of the plan counts.
 */
static int64_t end_of_need(const struct reading *r, const struct plan *p,
                           const struct plan_version *v)
{
    int64_t last = v->kept_until_known ? v->kept_until : UTC_NONE;
    for (size_t i = 0; i < p->evidence_count; i++) {
        const struct plan_evidence *e = &p->evidence[i];
        if (e->kind != EVIDENCE_RETAINED)
            continue;
        int64_t named = named_end(r, e->digest);
        if (e->kept_until == UTC_NONE && named == UTC_NONE && !v->kept_until_known)
            return UTC_NONE;
        if (named > last)
            last = named;
        if (!v->kept_until_known && e->kept_until > last)
            last = e->kept_until;
    }
    return last;
}

static void add_dump(struct buf *text, const struct plan_evidence *e, int64_t end)
{
    char when[UTC_TEXT];
    buf_text(text, text->len ? " and " : "");
    for (size_t i = 0; i < e->database_count; i++) {
        buf_text(text, i ? ", " : "");
        text_visible(text, e->databases[i]);
    }
    buf_printf(text, "%s of %s, kept until %s", e->database_count ? "" : "a dump",
               e->data_time == UTC_NONE ? "unknown time" : utc_text(e->data_time, when),
               end == UTC_NONE ? "unknown" : utc_text(end, (char[UTC_TEXT]){0}));
}

/* The stored dumps that a plan was told of. */
static const char *dumps_of(const struct reading *r, const struct plan *p)
{
    struct buf text = {.arena = r->a};
    for (size_t i = 0; i < p->evidence_count; i++) {
        const struct plan_evidence *e = &p->evidence[i];
        if (e->kind != EVIDENCE_RETAINED)
            continue;
        int64_t named = named_end(r, e->digest);
        add_dump(&text, e, named > e->kept_until ? named : e->kept_until);
    }
    buf_byte(&text, 0);
    return (const char *)text.at;
}

static bool is_named(const struct reading *r, struct str digest)
{
    for (size_t i = 0; i < r->retained_count; i++)
        if (str_eq(r->retained[i].report->content_digest, digest))
            return true;
    return false;
}

static bool has_perhaps(const struct custody *c, struct str version, const char *dump)
{
    for (size_t i = 0; i < c->need_count; i++)
        if (c->needs[i].dump == dump && str_eq(c->needs[i].version, version))
            return true;
    return false;
}

/*
 * A plan says what a stored dump needs of the versions that the files had then. What had left them
 * before, the dump may need as well, and the plan does not tell. A report that is named now does.
 */
static void needs_perhaps(struct reading *r, const struct txn_info *info, const struct plan *p,
                          const struct plan_evidence *e)
{
    struct buf dump = {.arena = r->a};
    const struct custody *c = r->c;
    const struct plan_version *known;
    add_dump(&dump, e, e->kept_until);
    buf_byte(&dump, 0);
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->archives[i].key_count; k++) {
            struct str version = c->archives[i].keys[k].version;
            if (plan_find_version(p, version, &known) ||
                has_perhaps(c, version, (const char *)dump.at))
                continue;
            add_need(r, (struct custody_need){.version = version,
                                              .until = e->kept_until,
                                              .dump = (const char *)dump.at,
                                              .txid = info->txid});
        }
}

static bool is_among(const struct str *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(names[i], name))
            return true;
    return false;
}

/* A version that the files of the transaction did not have any more. */
static bool holds_more(const struct custody_archive *archive, const struct txn_info *info)
{
    for (size_t i = 0; i < archive->key_count; i++)
        if (!is_among(info->versions, info->version_count, archive->keys[i].version) &&
            !is_among(info->kept, info->kept_count, archive->keys[i].version))
            return true;
    return false;
}

static bool needs_of_plans(struct reading *r, struct err *err)
{
    for (size_t i = 0; i < r->list.count; i++) {
        const struct txn_info *info = &r->list.at[i];
        struct plan *p;
        if (info->operation != TXN_APPLY || info->outcome != TXN_COMMITTED || !info->has_plan)
            continue;
        if (!load_applied_plan(r->a, r->state, info, &p, err))
            return false;
        for (size_t v = 0; p && v < p->version_count; v++)
            if (p->versions[v].retained_records)
                add_need(r, (struct custody_need){.version = p->versions[v].name,
                                                  .records = p->versions[v].retained_records,
                                                  .until = end_of_need(r, p, &p->versions[v]),
                                                  .dump = dumps_of(r, p),
                                                  .txid = info->txid});
        for (size_t e = 0; p && e < p->evidence_count; e++)
            if (p->evidence[e].kind == EVIDENCE_RETAINED && !is_named(r, p->evidence[e].digest))
                needs_perhaps(r, info, p, &p->evidence[e]);
        for (size_t k = 0; !p && k < r->c->count; k++)
            if (r->c->archives[k].info == info || holds_more(&r->c->archives[k], info))
                r->c->archives[k].lost_plan = info->txid;
    }
    return true;
}

static void needs_of_column(struct reading *r, const struct plan_source *s,
                            const struct report_column *column)
{
    char when[UTC_TEXT];
    for (size_t u = 0; u < column->usage_count; u++) {
        const struct report_usage *use = &column->usages[u];
        if (use->version.len == 0 || use->records == 0)
            continue;
        add_need(r,
                 (struct custody_need){
                     .version = arena_lower(r->a, use->version),
                     .records = use->records,
                     .until = s->kept_until,
                     .dump = arena_printf(
                         r->a, "%s, kept until %s", text_shown(r->a, str_from(s->path)),
                         s->kept_until == UTC_NONE ? "unknown" : utc_text(s->kept_until, when))});
    }
}

static void needs_of_reports(struct reading *r)
{
    for (size_t i = 0; i < r->retained_count; i++) {
        const struct report *report = r->retained[i].report;
        for (size_t t = 0; t < report->table_count; t++)
            for (size_t k = 0; k < report->tables[t].column_count; k++)
                needs_of_column(r, &r->retained[i], &report->tables[t].columns[k]);
    }
}

/* ---- what an archive holds ---- */

static bool same_key(const struct custody_key *one, const struct custody_key *other)
{
    return str_eq(one->version, other->version) && one->key && other->key &&
           str_eq(one->key->key->value, other->key->key->value) &&
           str_eq(one->key->salt_bytes, other->key->salt_bytes);
}

/* Files that were edited apart may have two keys of one name. */
static void hold(struct reading *r, struct custody_archive *archive, size_t *room,
                 struct custody_key key)
{
    for (size_t i = 0; i < archive->key_count; i++)
        if (same_key(&archive->keys[i], &key) ||
            (!key.key && str_eq(archive->keys[i].version, key.version)))
            return;
    archive->keys = arena_grow(r->a, archive->keys, archive->key_count, room, sizeof key);
    key.version = arena_copy(r->a, key.version);
    archive->keys[archive->key_count++] = key;
}

static bool hold_images(struct reading *r, struct custody_archive *archive, struct err *err)
{
    size_t room = 0;
    for (size_t i = 0; i < archive->backup.target_count; i++) {
        const struct backup_target *t = &archive->backup.targets[i];
        struct keyring *kr = ARENA_NEW(r->wiping, struct keyring);
        const struct keyring_syntax *syntax = keyring_form(r->wiping, t->form);
        if (!syntax) {
            err_set(err, ERR_CORRUPT, 939, "the archive has a file of the form \"%s\"",
                    text_shown(r->a, t->form));
            return false;
        }
        if (!keyring_load(r->wiping, syntax, text_shown(r->a, t->path), t->image, kr, err))
            return false;
        for (size_t v = 0; v < kr->version_count; v++)
            hold(r, archive, &room, (struct custody_key){kr->versions[v].name, &kr->versions[v]});
    }
    return true;
}

/*
 * What nothing opens here holds what its transaction's journal says: before an apply the files had
 * every version that it names, and before a rollback those that were there.
 */
static void hold_names(struct reading *r, struct custody_archive *archive)
{
    size_t room = 0;
    const struct txn_info *t = archive->info;
    for (size_t i = 0; t->operation == TXN_APPLY && i < t->version_count; i++)
        hold(r, archive, &room, (struct custody_key){t->versions[i], NULL});
    for (size_t i = 0; i < t->kept_count; i++)
        hold(r, archive, &room, (struct custody_key){t->kept[i], NULL});
}

static const struct txn_info *info_of(const struct reading *r, struct str name)
{
    struct str txid = str_slice(name, name.len - TXID_HEX, name.len);
    for (size_t i = 0; i < r->list.count; i++)
        if (str_eq(str_from(r->list.at[i].txid), txid))
            return &r->list.at[i];
    return NULL;
}

static void read_archive(struct reading *r, struct str name, struct custody_archive *archive)
{
    struct txn_notes unsaid = {0};
    *archive = (struct custody_archive){.name = arena_text(r->a, name),
                                        .info = info_of(r, name),
                                        .horizon = UTC_NONE,
                                        .not_before = UTC_NONE};
    archive->path = arena_printf(r->a, "%s/%s", r->state->backup_path, archive->name);
    archive->readable =
        backup_read(r->state, archive->name, r->wiping, &archive->backup, &archive->why) &&
        backup_verify(r->state, &archive->backup, r->a, &unsaid, &archive->why) &&
        hold_images(r, archive, &archive->why);
    if (archive->why.id != BACKUP_SEALED || !archive->info)
        return;
    archive->why = (struct err){0};
    archive->readable =
        backup_read_closed(r->state, archive->name, r->a, &archive->backup, &archive->why) &&
        backup_verify(r->state, &archive->backup, r->a, &unsaid, &archive->why);
    hold_names(r, archive);
}

/* ---- together ---- */

static bool holds(const struct custody_archive *archive, struct str version)
{
    for (size_t i = 0; i < archive->key_count; i++)
        if (str_eq(archive->keys[i].version, version))
            return true;
    return false;
}

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other; /* UTC_NONE is before every time */
}

static void attach_needs(struct reading *r, struct custody_archive *archive)
{
    const struct custody *c = r->c;
    archive->needs = ARENA_ARRAY(r->a, c->need_count, const struct custody_need *);
    if (archive->info && archive->info->has_retain_until) {
        archive->has_horizon = true;
        archive->horizon = archive->info->retain_until;
    }
    for (size_t i = 0; i < c->need_count; i++) {
        const struct custody_need *n = &c->needs[i];
        if (!holds(archive, n->version))
            continue;
        archive->needs[archive->need_count++] = n;
        archive->need_is_open |= n->until == UTC_NONE;
        archive->not_before = later(archive->not_before, n->until);
        bool own = n->txid && archive->info && strcmp(n->txid, archive->info->txid) == 0;
        if (own && n->until != UTC_NONE) {
            archive->has_horizon = true;
            archive->horizon = later(archive->horizon, n->until);
        }
    }
    archive->not_before = later(archive->not_before, archive->horizon);
}

bool custody_read(struct state *state, struct arena *a, struct arena *wiping,
                  const struct plan_source *retained, size_t retained_count, struct custody *c,
                  struct err *err)
{
    struct reading r = {.state = state,
                        .a = a,
                        .wiping = wiping,
                        .retained = retained,
                        .retained_count = retained_count,
                        .c = c};
    struct str *names;
    size_t count;
    *c = (struct custody){0};
    if (!txn_list_read(state, a, &r.list, err) || !backup_names(state, a, &names, &count, err))
        return false;
    c->archives = ARENA_ARRAY(a, count, struct custody_archive);
    for (; c->count < count; c->count++)
        read_archive(&r, names[c->count], &c->archives[c->count]);
    if (!needs_of_plans(&r, err))
        return false;
    needs_of_reports(&r);
    for (size_t i = 0; i < count; i++)
        attach_needs(&r, &c->archives[i]);
    return true;
}

/* ---- the end of an archive ---- */

static bool has_copy_of(const struct custody *c, const struct custody_archive *archive,
                        const struct custody_key *key)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct custody_archive *other = &c->archives[i];
        for (size_t k = 0; other != archive && other->readable && k < other->key_count; k++)
            if (same_key(key, &other->keys[k]))
                return true;
    }
    return false;
}

/* Whether other archives hold every key that this one has for the version. */
static bool has_copy(const struct custody *c, const struct custody_archive *archive,
                     struct str version)
{
    for (size_t m = 0; m < archive->key_count; m++)
        if (str_eq(archive->keys[m].version, version) &&
            !has_copy_of(c, archive, &archive->keys[m]))
            return false;
    return true; /* a need is of a version that it holds */
}

static bool is_known(const struct custody_archive *archive, struct err *err)
{
    if (!archive->readable) {
        *err = archive->why;
        return false;
    }
    if (!archive->lost_plan)
        return true;
    err_set(err, ERR_REFUSED, 823, "which stored dumps need the keys of %s is not known",
            archive->name);
    err_hint(err, "the plan of transaction %s is gone from STATE/plans: put it back",
             archive->lost_plan);
    return false;
}

static bool is_over(const struct custody_archive *archive, int64_t now, int64_t retain_until,
                    struct err *err)
{
    char when[UTC_TEXT];
    int64_t end = later(retain_until, archive->horizon);
    if (!archive->has_horizon && retain_until == UTC_NONE) {
        err_set(err, ERR_REFUSED, 821, "nobody said how long %s is needed", archive->name);
        err_hint(err, "--retain-until DATE says it; or --retained OLD.db:UNTIL=TIME names the "
                      "stored dumps and their ends");
        return false;
    }
    if (end <= now)
        return true;
    err_set(err, ERR_REFUSED, 820, "%s is not to be destroyed before %s", archive->name,
            utc_text(end, when));
    return false;
}

bool custody_may_end(const struct custody *c, const struct custody_archive *archive, int64_t now,
                     int64_t retain_until, struct arena *a, struct err *err)
{
    if (!is_known(archive, err))
        return false;
    for (size_t i = 0; i < archive->need_count; i++) {
        const struct custody_need *n = archive->needs[i];
        bool over = n->until != UTC_NONE && n->until <= now;
        if (over || has_copy(c, archive, n->version))
            continue;
        err_set(err, ERR_REFUSED, 822,
                "%s holds the last archived copy of version %s, and a stored dump %s it: %s",
                archive->name, text_shown(a, n->version), n->records ? "needs" : "may need",
                n->dump);
        if (!n->records)
            err_hint(err,
                     "the version had left the files before the plan of transaction %s was told "
                     "of the dump; --retained OLD.db names its report, which says",
                     n->txid);
        err_hint(err, n->until == UTC_NONE
                          ? "destroy the dump first, and say when that was: --retained "
                            "OLD.db:UNTIL=TIME"
                          : "destroy the dump first; until then its values need this key");
        return false;
    }
    return is_over(archive, now, retain_until, err);
}

/* ---- for people and programs ---- */

struct str custody_held(const struct custody_archive *archive, struct arena *a)
{
    struct buf b = {.arena = a};
    for (size_t i = 0; i < archive->key_count; i++) {
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = str_eq(archive->keys[k].version, archive->keys[i].version);
        if (again)
            continue;
        buf_text(&b, i ? " " : "");
        buf_add(&b, archive->keys[i].version);
    }
    return buf_str(&b);
}

struct str custody_needed_by(const struct custody_archive *archive, struct arena *a)
{
    struct buf b = {.arena = a};
    for (size_t i = 0; i < archive->need_count; i++) {
        const struct custody_need *n = archive->needs[i];
        buf_text(&b, i ? "; " : "");
        text_visible(&b, n->version);
        if (n->records)
            buf_printf(&b, ": %llu value%s, %s", (unsigned long long)n->records,
                       text_plural(n->records), n->dump);
        else
            buf_printf(&b, ": perhaps, %s", n->dump);
    }
    return buf_str(&b);
}
