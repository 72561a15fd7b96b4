#!/usr/bin/env bats
# The way back: rollback, backups list, show, verify and restore.

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto original
}
teardown() {
    end_world
}

# applied [PLAN OPTION...]: a plan is made and applied; its id is in TXID, its archive in BACKUP.
applied() {
    planned --keep-versions 1 "$@"
    exits 0 retire apply plan.txt --yes --json
    TXID=$(field out 'x["txid"]')
    BACKUP=$(field out 'x["backup_file"]')
}

# put_back_into EDITED VERSION...: .env.crypto is the edited file, every line of it but the checksum still
# there and in order, plus the entries of these versions as the original has them, and nothing else.
put_back_into() {
    /usr/bin/python3 - original .env.crypto "$@" <<'PY'
import sys
from dotenv import dotenv_values
original, now, edited, versions = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
CHECKSUM = "ENCRYPTION_ENV_CHECKSUM"
want = dict(dotenv_values(edited))
for name, value in dotenv_values(original).items():
    if name.split("__")[0] in ("ENCRYPTION_KEYS", "ENCRYPTION_SALT", "ENCRYPTION_SALT_HASH"):
        if name.split("__")[1] in versions:
            want[name] = value
have = dict(dotenv_values(now))
assert (CHECKSUM in have) == (CHECKSUM in want), "checksum came or went"
want.pop(CHECKSUM, None), have.pop(CHECKSUM, None)
assert have == want, sorted(set(have) ^ set(want))
lines = iter(open(now, "rb").read().split(b"\n"))
for line in open(edited, "rb").read().rstrip(b"\n").split(b"\n"):
    if not line.startswith(CHECKSUM.encode()):
        assert any(line == other for other in lines), "a line of the edited file is gone or moved"
PY
}

# ---- rollback ----

@test "K6.2: rollback gives the old file back, byte by byte" {
    applied
    [ "$(env_versions .env.crypto)" = v4 ]
    exits 0 retire rollback "$TXID" --yes
    same_file .env.crypto original
    [ "$(stat -c '%a %U %G' .env.crypto)" = "$(stat -c '%a %U %G' original)" ]
    app_starts .env.crypto
    nothing_staged .
    exits 0 retire log --verify
    exits 0 retire status
    says out rollback committed
}

@test "K6.2: all files of a transaction come back together" {
    mkdir one two
    cp -p .env.crypto one/.env.crypto
    { echo "OTHER=$CANARY-0123456789"; grep -v CHECKSUM .env.crypto; } >two/app.env
    remember two/app.env
    cp two/app.env original.2
    applied --env-file one/.env.crypto --env-file two/app.env
    exits 0 retire rollback "$TXID" --yes
    same_file .env.crypto original
    same_file one/.env.crypto original
    same_file two/app.env original.2
    nothing_staged . one two
}

@test "rollback: a file that may not change keeps all of them as they are" {
    mkdir two
    cp -p .env.crypto two/.env.crypto
    applied --env-file two/.env.crypto
    before=$(cat .env.crypto two/.env.crypto | sha256sum)
    ln two/.env.crypto two/link
    exits 4 retire rollback "$TXID" --yes
    rm two/link
    [ "$(cat .env.crypto two/.env.crypto | sha256sum)" = "$before" ]
    mv two/.env.crypto two/away
    exits 6 retire rollback "$TXID" --yes
    mv two/away two/.env.crypto
    [ "$(cat .env.crypto two/.env.crypto | sha256sum)" = "$before" ]
    exits 0 retire rollback "$TXID" --yes
    same_file two/.env.crypto original
}

@test "rollback: a file that was edited since keeps the edit and gets the versions back" {
    applied
    {
        echo "# new comment $CANARY"
        cat .env.crypto
        echo "LATER=$CANARY-later-0123456789"
    } >edited
    cat edited >.env.crypto
    renew_checksum .env.crypto
    cp .env.crypto edited
    remember edited
    exits 0 retire rollback "$TXID" --yes
    put_back_into edited v1 v2 v3
    app_starts .env.crypto
    [ "$(env_versions .env.crypto | paste -sd' ')" = "v1 v2 v3 v4" ]
    nothing_staged .
}

@test "rollback: after a rotation the new active version stays active" {
    applied
    salt=$(new_salt)
    {
        sed 's/^ACTIVE.*/ACTIVE_ENCRYPTION_VERSION="v5"/' .env.crypto
        printf 'ENCRYPTION_KEYS__v5="%s"\nENCRYPTION_SALT__v5="%s"\n' "$(new_password)" "$salt"
        printf 'ENCRYPTION_SALT_HASH__v5="%s"\n' "$(salt_hash "$salt")"
    } >edited
    cat edited >.env.crypto
    renew_checksum .env.crypto
    cp .env.crypto edited
    remember edited
    exits 0 retire rollback "$TXID" --yes
    put_back_into edited v1 v2 v3
    app_starts .env.crypto
    grep -qxF 'ACTIVE_ENCRYPTION_VERSION="v5"' .env.crypto
}

@test "rollback: a file without checksum gets none, one without last newline stays readable" {
    grep -v CHECKSUM original >.env.crypto
    cp .env.crypto original
    applied
    printf '%s' "$(cat .env.crypto)" >edited
    printf '\nLAST="%s-no-newline"' "$CANARY" >>edited
    cat edited >.env.crypto
    remember edited
    exits 0 retire rollback "$TXID" --yes
    put_back_into edited v1 v2 v3
    app_starts .env.crypto
}

@test "rollback: a version that came back with another key is refused (4) and nothing changed" {
    applied
    printf 'ENCRYPTION_KEYS__v2="%s"\nENCRYPTION_SALT__v2="%s"\n' "$(new_password)" "$(new_salt)" >>.env.crypto
    renew_checksum .env.crypto
    remember .env.crypto
    before=$(sha256sum <.env.crypto)
    exits 4 retire rollback "$TXID" --yes
    says err v2
    exits 4 retire backups restore "$TXID" --yes
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    nothing_staged .
}

@test "rollback: a version that came back with the same key is no obstacle" {
    applied
    grep '__v2=' original >>.env.crypto
    renew_checksum .env.crypto
    exits 0 retire rollback "$TXID" --yes
    [ "$(env_versions .env.crypto | paste -sd' ')" = "v1 v2 v3 v4" ]
    app_starts .env.crypto
    [ "$(grep -c ENCRYPTION_KEYS__v2 .env.crypto)" = 1 ]
}

@test "rollback: a wrong checksum in the file as it is now refuses (12)" {
    applied
    echo "LATER=$CANARY-later-0123456789" >>.env.crypto # the checksum is not renewed
    before=$(sha256sum <.env.crypto)
    exits 12 retire rollback "$TXID" --yes
    says err checksum
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "rollback: the second one is stale (5), and so is a rollback of the rollback" {
    applied
    exits 0 retire rollback "$TXID" --yes --json
    back=$(field out 'x["txid"]')
    [ "$back" != "$TXID" ]
    exits 5 retire rollback "$TXID" --yes
    says err "$TXID" "$back"
    exits 5 retire rollback "$back" --yes
    says err "$back"
    same_file .env.crypto original
    [ "$(retire log --json | wc -l)" = 2 ]
}

@test "rollback: ids: unknown 6, too short or no id 2, a unique prefix is enough" {
    applied
    after=$(sha256sum <.env.crypto)
    unknown=$(echo "$TXID" | tr '0-9a-f' 'a-f0-9')
    exits 6 retire rollback "$unknown" --yes
    exits 6 retire rollback "${unknown:0:6}" --yes
    exits 2 retire rollback --yes
    exits 2 retire rollback "${TXID:0:4}" "${TXID:0:5}" --yes
    for wrong in ../../etc/passwd 'zzzzzzzz' "${TXID}0" "$TXID/"; do
        exits 6 retire rollback "$wrong" --yes
    done
    exits 6 retire rollback "${TXID:0:3}" --yes # four digits at least
    exits 6 retire rollback '' --yes
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    exits 0 retire rollback "${TXID:0:5}" --yes
    same_file .env.crypto original
}

@test "K4.1, K4.3: rollback asks; no and silence change nothing (7); a dry run neither" {
    applied
    after=$(sha256sum <.env.crypto)
    echo no | exits 7 retire rollback "$TXID"
    exits 7 retire rollback "$TXID" </dev/null
    tree "$STATE" .env.crypto | grep -v ' .*/lock ' >tree.before
    exits 0 retire rollback "$TXID" --dry-run
    says out "v1 v2 v3"
    tree "$STATE" .env.crypto | grep -v ' .*/lock ' >tree.after
    same_file tree.before tree.after
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    echo s | exits 0 retire rollback "$TXID"
    same_file .env.crypto original
}

@test "rollback --json: the operation result, txid and a backup of its own" {
    applied
    cp .env.crypto between
    exits 0 retire rollback "$TXID" --yes --json
    [ "$(field out 'x["total_versions_before"], x["total_versions_after"], x["versions_removed"], x["versions_kept"]' |
        tr -d "'")" = "(1, 4, [], [v4, v1, v2, v3])" ] ||
        [ "$(field out 'x["total_versions_before"], x["total_versions_after"], x["versions_removed"], sorted(x["versions_kept"])' |
            tr -d "'")" = "(1, 4, [], [v1, v2, v3, v4])" ]
    mkdir unpacked
    tar xf "$(field out 'x["backup_file"]')" -C unpacked
    [ -n "$(find unpacked -type f -exec cmp -s between {} \; -print)" ]
}

@test "a plan after a rollback: the same evidence makes the same, spent plan; a new dump a new one" {
    applied
    cp plan.txt first.txt
    exits 0 retire rollback "$TXID" --yes
    planned --keep-versions 1
    same_file plan.txt first.txt
    exits 5 retire apply plan.txt --yes
    says err "$TXID" "taken back by" "make a new dump"
    sealed v4 2 1 | users_dump 5 >dump.sql
    census
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    [ "$(env_versions .env.crypto)" = v4 ]
    # And that one has its own way back.
    exits 0 retire rollback "$(last_txid)" --yes
    same_file .env.crypto original
}

@test "rollback: the archive is found where the transaction put it" {
    mkdir -m 700 elsewhere
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes --json --backup-dir "$SCRATCH/elsewhere"
    txid=$(field out 'x["txid"]')
    exits 0 retire rollback "$txid" --yes --backup-dir "$SCRATCH/elsewhere"
    same_file .env.crypto original
}

@test "rollback: without its archive nothing changes and the error names it" {
    applied
    mv "$BACKUP" away
    after=$(sha256sum <.env.crypto)
    exits 6 retire rollback "$TXID" --yes
    says err "$TXID"
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    mv away "$BACKUP"
    exits 0 retire rollback "$TXID" --yes
}

# ---- backups ----

@test "backups list, show and verify: text and one object a line" {
    exits 0 retire backups list
    exits 0 retire backups list --json
    [ ! -s out ]
    applied
    first=$TXID
    exits 0 retire rollback "$TXID" --yes
    exits 0 retire backups list --json
    [ "$(wc -l <out)" = 2 ]
    /usr/bin/python3 - "$first" "$BACKUP" <<'PY'
import json, sys
rows = [json.loads(line) for line in open("out")]
mine = [r for r in rows if r["txid"] == sys.argv[1]]
assert len(mine) == 1 and mine[0]["backup_file"] == sys.argv[2], rows
assert {r["operation"] for r in rows} == {"apply", "rollback"}, rows
PY
    exits 0 retire backups list
    says out "$first" "$BACKUP"
    exits 0 retire backups show "$first"
    says out "$SCRATCH/.env.crypto" "$(sha256sum <original | cut -d' ' -f1)" "$(stat -c %s original)"
    exits 0 retire backups show "$(basename "$BACKUP")"
    exits 0 retire backups show "${first:0:6}" --json
    field out 'x' >/dev/null
    exits 0 retire backups verify "$first"
    exits 0 retire backups verify "$(basename "$BACKUP")"
    exits 6 retire backups verify "$(echo "$first" | tr '0-9a-f' 'a-f0-9')"
    exits 6 retire backups show nothing.20260101T000000Z.0123456789abcdef
    exits 2 retire backups verify
    exits 4 retire backups purge "$first" --yes # nobody said how long it is needed
    exits 2 retire backups wipe
}

@test "backups restore: asks, answers no (7) and yes, and gives the old file back" {
    applied
    after=$(sha256sum <.env.crypto)
    echo no | exits 7 retire backups restore "$TXID"
    exits 7 retire backups restore "$TXID" </dev/null
    exits 0 retire backups restore "$TXID" --dry-run
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    echo yes | exits 0 retire backups restore "$TXID"
    same_file .env.crypto original
    exits 5 retire backups restore "$TXID" --yes
    says err "nothing to put back"
    exits 0 retire log
    says out restore
    nothing_staged .
}

@test "backups restore: of an earlier change, when a later one followed, puts back what that one took" {
    planned --keep-versions 3
    exits 0 retire apply plan.txt --yes --json
    txid=$(field out 'x["txid"]')
    census
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    cp .env.crypto edited
    exits 0 retire backups restore "$txid" --yes
    put_back_into edited v1
    app_starts .env.crypto
}

@test "backups: one flipped byte anywhere is damage (12), and nothing changes" {
    applied
    after=$(sha256sum <.env.crypto)
    cp "$BACKUP" good
    size=$(stat -c %s good)
    flip() { # OFFSET
        /usr/bin/python3 - good "$BACKUP" "$1" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[int(sys.argv[3])] ^= 0x20
open(sys.argv[2], "wb").write(data)
PY
    }
    for at in 0 100 130 257 512 700 1100 1600 2100 2600 3100 $((size / 2)) $((size - 1)); do
        [ "$at" -lt "$size" ] || continue
        flip "$at"
        exits 12 retire backups verify "$TXID"
    done
    for at in 1 600 $((size / 2)); do
        flip "$at"
        exits 12 retire rollback "$TXID" --yes
        exits 12 retire backups restore "$TXID" --yes
    done
    for n in 0 1 511 512 $((size / 2)) $((size - 1)); do
        head -c "$n" good >"$BACKUP"
        exits 12 retire backups verify "$TXID"
        exits 12 retire backups restore "$TXID" --yes
    done
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    nothing_staged .
    # The list says so.
    head -c $((size / 2)) good >"$BACKUP"
    exits 12 retire backups list
    cat good >"$BACKUP"
    exits 0 retire rollback "$TXID" --yes
}

# rebuilt ACTION: the archive again as another tool would write it, with something wrong in it.
rebuilt() {
    /usr/bin/python3 - good "$1" "$2" <<'PY'
import hashlib, io, sys, tarfile
source, target, action = sys.argv[1:]
with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as new:
    members = [(m, old.extractfile(m).read() if m.isfile() else b"") for m in old.getmembers()]
    data = max((m for m in members if m[0].isfile()), key=lambda m: len(m[1]) if b"ENCRYPTION_KEYS__v1=" in m[1] else -1)
    def extra(name, content=b"evil", kind=tarfile.REGTYPE, link=""):
        m = tarfile.TarInfo(name)
        m.size, m.type, m.linkname, m.mode = len(content), kind, link, 0o600
        return m, content if kind == tarfile.REGTYPE else b""
    if action == "extra":
        members.append(extra("more"))
    elif action == "first":
        members.insert(0, extra("more"))
    elif action == "twice":
        members.append((data[0], data[1]))
    elif action == "dotdot":
        members.append(extra("../../evil"))
    elif action == "absolute":
        members.append(extra("/tmp/evil-" + "x" * 8))
    elif action == "renamed":
        data[0].name = "../" + data[0].name
        data[0].pax_headers = {}
    elif action == "symlink":
        m, c = extra(data[0].name, b"", tarfile.SYMTYPE, "/etc/passwd")
        members = [(m, c) if x is data else x for x in members]
    elif action == "missing":
        members = [x for x in members if x is not data]
    elif action == "content":
        changed = data[1].replace(b"ENCRYPTION_KEYS__v1=", b"ENCRYPTION_KEYS__v9=")
        members = [(x[0], changed) if x is data else x for x in members]
    elif action == "forged":
        changed = data[1].replace(b"ENCRYPTION_KEYS__v1=", b"ENCRYPTION_KEYS__v1 =").replace(b"CaNaRy", b"CaNaR", 1)
        old_sum, new_sum = (hashlib.sha256(c).hexdigest().encode() for c in (data[1], changed))
        assert len(changed) == len(data[1]) and any(old_sum in c for _, c in members)
        members = [(x[0], changed if x is data else x[1].replace(old_sum, new_sum)) for x in members]
    elif action == "device":
        members.append(extra("dev", b"", tarfile.CHRTYPE))
    for m, c in members:
        m.size = len(c) if m.isfile() else 0
        new.addfile(m, io.BytesIO(c) if m.isfile() else None)
PY
}

@test "backups: an archive with a foreign, a missing or a disguised member is refused (12), nothing extracted" {
    applied
    cp "$BACKUP" good
    name=$(basename "$BACKUP")
    after=$(sha256sum <.env.crypto)
    # In a state folder that knows nothing of the archive's digest: what it says itself has to do.
    mkdir -m 700 other other/backups
    for action in extra first twice dotdot absolute renamed symlink missing content device; do
        rebuilt "other/backups/$name" "$action"
        chmod 600 "other/backups/$name"
        exits 12 keyretire backups restore "$TXID" --yes --state-dir "$SCRATCH/other" ||
            { echo "the archive: $action"; false; }
        exits 12 keyretire backups verify "$name" --state-dir "$SCRATCH/other"
        cp "other/backups/$name" "$BACKUP"
        exits 12 retire rollback "$TXID" --yes
    done
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    [ -z "$(find "$SCRATCH" /tmp/evil-xxxxxxxx -name '*evil*' 2>/dev/null)" ]
    nothing_staged .
    # One that agrees with itself is still not the one that the journal names.
    rebuilt "$BACKUP" forged
    exits 12 retire rollback "$TXID" --yes
    exits 12 retire backups restore "$TXID" --yes
    exits 12 retire backups verify "$TXID"
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    # The archive itself is good there: a stored backup needs no journal.
    cp good "other/backups/$name"
    exits 0 keyretire backups restore "$TXID" --yes --state-dir "$SCRATCH/other"
    same_file .env.crypto original
}

@test "backups: another transaction's archive under this name is refused (12)" {
    planned --keep-versions 3
    exits 0 retire apply plan.txt --yes --json
    first=$(field out 'x["backup_file"]')
    census
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes --json
    second=$(field out 'x["backup_file"]')
    txid=$(field out 'x["txid"]')
    after=$(sha256sum <.env.crypto)
    cp "$first" "$second"
    exits 12 retire rollback "$txid" --yes
    exits 12 retire backups restore "$txid" --yes
    [ "$(sha256sum <.env.crypto)" = "$after" ]
}
