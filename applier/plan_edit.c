/*
 * plan_edit: the new image of every target, worked out by its keyring.
 *
 * Between the plan, which knows names and digests, and formats/keyring, which knows bytes. Nothing
 * of an image stays in the plan but its digest, its size and the masked diff.
 */
#include "applier/plan_parts.h"

#include "common/text.h"
#include "formats/keyring/key_list.h"

bool plan_file_of(const struct keyring *kr, const char *path, struct arena *a,
                  struct plan_file *file, struct err *err)
{
    const struct key_list *list = kr->syntax->list;
    *file = (struct plan_file){.path = arena_copy(a, str_from(path)),
                               .bytes = kr->content.len,
                               .form = str_from(kr->syntax->name),
                               .active = arena_copy(a, kr->versions[kr->active].name),
                               .key_count = kr->version_count,
                               .needs_proof = list && !list->kind->names_values};
    struct plan_key *keys = ARENA_ARRAY(a, kr->version_count, struct plan_key);
    for (size_t i = 0; i < kr->version_count; i++)
        keys[i] = (struct plan_key){.name = arena_copy(a, kr->versions[i].name),
                                    .fingerprint = kr->versions[i].fingerprint};
    file->keys = keys;
    return crypto_sha256(kr->content, &file->digest, err);
}

static bool take_edit(struct plan *plan, struct plan_target *t, const struct keyring_edit *edit,
                      struct err *err)
{
    t->bytes_after = edit->after.len;
    t->line_count = edit->line_count;
    t->lines = ARENA_ARRAY(plan->arena, edit->line_count, struct edit_line);
    for (size_t i = 0; i < edit->line_count; i++) {
        t->lines[i] = edit->lines[i];
        t->lines[i].name = arena_text(plan->arena, str_from(edit->lines[i].name));
    }
    return crypto_sha256(edit->after, &t->after, err);
}

static bool edit_target(struct plan *plan, struct plan_target *t, const struct keyring *kr,
                        const struct str *leaving, size_t leaving_count, struct arena *keys,
                        struct err *err)
{
    struct sha256 digest;
    struct keyring_edit edit;
    if (!crypto_sha256(kr->content, &digest, err))
        return false;
    if (!sha256_eq(&digest, &t->before)) {
        err_set(err, ERR_STALE, 662, "%s is not the file that was planned from",
                text_shown(plan->arena, t->path));
        return false;
    }
    /* Also to what only another file loses: the application may read them one after the other. */
    if (!keyring_no_reference(keys, kr, leaving, leaving_count, err))
        return false;
    if (t->removed_count == 0)
        return true;
    return keyring_remove(keys, kr, t->removed, t->removed_count, &edit, err) &&
           take_edit(plan, t, &edit, err);
}

bool plan_edit(struct plan *plan, const struct plan_keyring *keyrings, size_t count,
               struct arena *keys, struct err *err)
{
    size_t leaving_count = 0;
    struct str *leaving = ARENA_ARRAY(plan->arena, plan->version_count, struct str);
    for (size_t i = 0; i < plan->version_count; i++)
        if (plan->versions[i].reason == KEEP_NOT)
            leaving[leaving_count++] = plan->versions[i].name;
    if (leaving_count == 0)
        return true;
    for (size_t t = 0; t < plan->target_count; t++) {
        size_t at = 0;
        while (at < count && !str_eq(keyrings[at].path, plan->targets[t].path))
            at++;
        if (at == count) {
            err_set(err, ERR_INTERNAL, 690, "no keyring for %s",
                    text_shown(plan->arena, plan->targets[t].path));
            return false;
        }
        if (!edit_target(plan, &plan->targets[t], keyrings[at].keyring, leaving, leaving_count,
                         keys, err))
            return false;
    }
    return true;
}
