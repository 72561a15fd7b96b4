/* transit_command: what a plan says of a transit key, as commands. */
#include "applier/transit_command.h"
#include "common/file.h"
#include "common/text.h"

#include <inttypes.h>

static struct str given_keyring(const struct cli *cli)
{
    const char *text = cli_value(cli, OPT_KEYRING);
    return text ? str_from(text) : STR("");
}

bool transit_wanted(const struct cli *cli)
{
    struct str kind, mount;
    (void)str_cut(given_keyring(cli), ':', &kind, &mount);
    return str_eq(kind, STR("vault"));
}

/* Where the engine is mounted: behind the colon, else where Vault puts it. */
static struct str mount_of(const struct cli *cli)
{
    struct str kind, mount;
    return str_cut(given_keyring(cli), ':', &kind, &mount) ? mount : STR("transit");
}

bool transit_options_hold(const struct cli *cli, size_t file_count, struct err *err)
{
    if (!transit_is_path(mount_of(cli)))
        err_set(err, ERR_USAGE, 530, "--keyring vault:MOUNT takes the path of the engine");
    else if (file_count != 1)
        err_set(err, ERR_USAGE, 530, "--keyring vault takes one file");
    else if (cli->output || cli->format != TABLE_TEXT)
        err_set(err, ERR_USAGE, 530,
                "for Vault there are commands, and no plan that is applied here");
    else
        return true;
    err_hint(err, "keyretire plan --report R.db --keyring vault --config KEY.json, with the file "
                  "that `vault read -format=json transit/keys/NAME` makes");
    return false;
}

static struct str version_name(struct arena *a, uint64_t version)
{
    return str_from(arena_printf(a, "v%" PRIu64, version));
}

bool transit_load(struct load *in, const char *path, struct transit_key *key, struct err *err)
{
    struct str content;
    struct plan_file *file = ARENA_NEW(in->run, struct plan_file);
    if (!file_read(in->run, path, &content, err) || !transit_read(in->run, content, key, err)) {
        err_place(err, "%s", path);
        return false;
    }
    size_t count = (size_t)(key->latest - key->lowest + 1);
    struct plan_key *keys = ARENA_ARRAY(in->run, count, struct plan_key);
    for (size_t i = 0; i < count; i++)
        keys[i].name = version_name(in->run, key->lowest + i);
    *file = (struct plan_file){.path = str_from(path),
                               .bytes = content.len,
                               .form = STR("vault-transit"),
                               .active = version_name(in->run, key->latest),
                               .keys = keys,
                               .key_count = count};
    in->plan_files = file;
    in->file_count = 0; /* none of them is a file to change */
    return crypto_sha256(content, &file->digest, err);
}

static const struct plan_version *version_of(struct arena *a, const struct plan *plan,
                                             uint64_t number)
{
    const struct plan_version *v = NULL;
    (void)plan_find_version(plan, version_name(a, number), &v);
    return v;
}

/* The lowest version that stays. */
static uint64_t lowest_kept(struct arena *a, const struct plan *plan, const struct transit_key *key)
{
    for (uint64_t n = key->lowest; n < key->latest; n++)
        if (version_of(a, plan, n)->reason != KEEP_NOT)
            return n;
    return key->latest;
}

static void show_versions(struct cli *cli, const struct plan *plan, const struct transit_key *key,
                          uint64_t lowest)
{
    for (uint64_t n = key->lowest; n <= key->latest; n++) {
        const struct plan_version *v = version_of(cli->arena, plan, n);
        const char *decision = n < lowest ? "leaves" : keep_reason_name(v->reason);
        if (n > lowest && v->reason == KEEP_NOT)
            decision = "unused, but Vault retires only from the oldest up";
        buf_printf(&cli->out, "  v%" PRIu64 "  %" PRIu64 " value%s  %s\n", n, v->records,
                   text_plural(v->records), decision);
    }
}

void transit_show(struct cli *cli, const struct plan *plan, const struct transit_key *key)
{
    struct buf *out = &cli->out;
    struct str mount = mount_of(cli);
    uint64_t lowest = lowest_kept(cli->arena, plan, key);
    buf_printf(out, "LABELS ONLY: the keys never leave Vault, so no value was proven\n");
    buf_printf(out, "%.*s/keys/%.*s in Vault; nothing is changed here\n\n", STR_ARG(mount),
               STR_ARG(key->name));
    show_versions(cli, plan, key, lowest);
    for (size_t i = 0; i < plan->blocker_count; i++) {
        buf_printf(out, "%s  %.*s: ", i ? "" : "\nblocked\n", STR_ARG(plan->blockers[i].code));
        text_visible(out, plan->blockers[i].message);
        buf_text(out, "\n    resolve: ");
        text_visible(out, plan->blockers[i].resolve);
        buf_byte(out, '\n');
    }
    for (size_t i = 0; i < plan->warning_count; i++) {
        buf_printf(out, "%s  %.*s: ", i ? "" : "\nwarnings\n", STR_ARG(plan->warnings[i].code));
        text_visible(out, plan->warnings[i].message);
        buf_byte(out, '\n');
    }
    if (plan_is_blocked(plan) || lowest == key->lowest) {
        buf_text(out, "\nno version can be retired\n");
        return;
    }
    buf_text(out, "\nrun where you are logged in to Vault; what trim destroys never comes back:\n");
    transit_commands(out, mount, key, lowest);
    buf_text(out, "the first alone can be undone, as long as trim has not run:\n");
    buf_printf(out, "  vault write %.*s/keys/%.*s/config min_decryption_version=%" PRIu64 "\n",
               STR_ARG(mount), STR_ARG(key->name), key->lowest);
}
