#!/usr/bin/env bats
# Archives sealed to recipients with age: closed to all others, proven before the decision, opened with --identity.
# build/.../crash/keyretire-elsewhere is keyretire with /etc/keyretire and /usr/bin elsewhere (tests/crash/elsewhere.c).

load lib
load change_lib

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto original
    age-keygen -o ana.id 2>/dev/null
    age-keygen -o rui.id 2>/dev/null
    ana=$(age-keygen -y ana.id)
    rui=$(age-keygen -y rui.id)
    grep -h AGE-SECRET ana.id rui.id >>secrets
}
teardown() { end_world; }

applied() { # [APPLY OPTION...]
    planned --keep-versions 1 --retain-until "${UNTIL:-2020-01-01}"
    exits 0 retire apply plan.txt --yes --json "$@"
    TXID=$(field out 'x["txid"]')
    BACKUP=$(field out 'x["backup_file"]')
}

@test "sealed: age opens the archive for every recipient, its tar has the old file, and nobody else reads it" {
    applied --encrypt-to "$ana" --encrypt-to "$rui"
    says err "is sealed"
    head -1 "$BACKUP" >first
    is "$(cat first)" "age-encryption.org/v1"
    is "$(stat -c %a "$BACKUP")" 600
    for who in ana rui; do
        age -d -i "$who.id" "$BACKUP" | tar -xO --wildcards '*/.env.crypto' >opened
        same_file opened original
    done
    age-keygen -o eva.id 2>/dev/null
    run age -d -i eva.id "$BACKUP"
    [ "$status" -ne 0 ]
    # One more recipient than was named: the one-time key.
    is "$(grep -ac '^-> X25519' "$BACKUP")" 3
    run grep -rqa "$CANARY" "$STATE"
    [ "$status" -eq 1 ]
}

@test "sealed: an SSH key and a file of recipients will do" {
    ssh-keygen -q -t ed25519 -N '' -f ssh
    printf '# who may\n%s\n\n' "$ana" >recipients
    applied --encrypt-to "$(cat ssh.pub)" --encrypt-to recipients
    for id in ssh ana.id; do
        age -d -i "$id" "$BACKUP" | tar -xO --wildcards '*/.env.crypto' >opened
        same_file opened original
        exits 0 retire backups verify "$TXID" --identity "$id"
    done
}

@test "sealed: rollback and restore need --identity (4 without, 4 with another one) and give the old file back" {
    applied --encrypt-to "$ana"
    after=$(sha256sum <.env.crypto)
    exits 4 retire rollback "$TXID" --yes
    says err R0830 --identity
    exits 4 retire backups restore "$TXID" --yes
    exits 4 retire rollback "$TXID" --yes --identity rui.id
    says err R0833
    exits 6 retire rollback "$TXID" --yes --identity nothing.id
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    exits 0 retire rollback "$TXID" --yes --identity ana.id --encrypt-to "$rui" --json
    same_file .env.crypto original
    age -d -i rui.id "$(field out 'x["backup_file"]')" | tar -t >names
    says names MANIFEST
    census
    UNTIL=2020-01-02 applied --encrypt-to "$ana" # another plan than the one that is spent
    echo "LATER=$CANARY-later-0123456789" >>.env.crypto
    renew_checksum .env.crypto
    exits 0 retire backups restore "$TXID" --yes --identity ana.id
    is "$(env_versions .env.crypto | paste -sd' ')" "v1 v2 v3 v4"
    grep -q "^LATER=$CANARY-later" .env.crypto
    app_starts .env.crypto
}

@test "sealed: list, show, verify, check and purge, with the identity and without" {
    applied --encrypt-to "$ana"
    exits 0 retire backups list --json
    is "$(field out 'x["sealed"], x["held"], x["versions"], x["files"]')" "(True, 'v1 v2 v3 v4', 'v1 v2 v3', 1)"
    exits 0 retire backups list --json --identity ana.id
    is "$(field out 'x["sealed"], x["held"]')" "(True, 'v1 v2 v3 v4')"
    exits 0 retire backups show "$TXID"
    exits 0 retire backups verify "$TXID"
    says out "by the digest in the journal alone"
    says err "was not opened"
    exits 0 retire backups verify "$TXID" --identity ana.id
    is "$(grep -c digest out)" 0
    exits 4 retire backups verify "$TXID" --identity rui.id
    { sealed v1 3 1 original; } | users_dump >old.sql
    keycensus scan old.sql --env-file original -q -o old.db
    exits 4 retire check --report old.db --env-file .env.crypto
    says err "v1 was removed by transaction $TXID" "backups restore $TXID"
    exits 4 retire backups purge "$TXID" --yes --retained old.db
    says err R0822
    exits 0 retire backups purge "$TXID" --yes
    [ ! -e "$BACKUP" ]
}

@test "sealed: what nothing opens is no copy of a key; opened, it is" {
    { sealed v1 3 1 original; } | users_dump >old.sql
    keycensus scan old.sql --env-file original -q -o old.db
    applied --encrypt-to "$ana" --retain-until 2020-01-01
    first=$TXID
    exits 0 retire rollback "$first" --yes --identity ana.id
    census
    planned --keep-versions 1 --retain-until 2020-01-02
    exits 0 retire apply plan.txt --yes --encrypt-to "$ana"
    exits 4 retire backups purge "$first" --yes --retained old.db
    says err R0822
    exits 0 retire backups purge "$first" --yes --retained old.db --identity ana.id
}

@test "sealed: a flipped byte or a cut is damage or does not open, and nothing changes" {
    applied --encrypt-to "$ana"
    after=$(sha256sum <.env.crypto)
    cp "$BACKUP" good
    size=$(stat -c %s good)
    for at in 30 300 $((size / 2)) $((size - 1)); do
        /usr/bin/python3 -c 'import sys
d = bytearray(open("good", "rb").read()); d[int(sys.argv[1])] ^= 1
open(sys.argv[2], "wb").write(d)' "$at" "$BACKUP"
        exits 12 retire backups verify "$TXID"
        run retire rollback "$TXID" --yes --identity ana.id
        [ "$status" -eq 4 ] || [ "$status" -eq 12 ]
    done
    head -c $((size - 20)) good >"$BACKUP"
    exits 12 retire backups verify "$TXID"
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    cat good >"$BACKUP"
    # Resealed to somebody else's liking: it opens, and is not the one that was made.
    age -d -i ana.id good | age -r "$ana" >"$BACKUP"
    exits 12 retire rollback "$TXID" --yes --identity ana.id
    says err R0815
}

@test "sealed: a wrong recipient and an identity in its place are refused (2, 13) before anything is done" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    exits 13 retire apply plan.txt --yes --encrypt-to age1nonsense
    says err R0832 "malformed recipient"
    secret=$(grep AGE-SECRET ana.id)
    exits 2 retire apply plan.txt --yes --encrypt-to "$secret"
    says err R0831
    exits 2 retire apply plan.txt --yes --encrypt-to ana.id # its file; nothing of it is shown
    says err R0831
    exits 6 retire apply plan.txt --yes --encrypt-to nobody.txt
    : >empty
    exits 2 retire apply plan.txt --yes --encrypt-to empty
    exits 13 retire apply plan.txt --dry-run --encrypt-to age1nonsense
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    [ ! -e "$STATE" ] || is "$(ls -A "$STATE/backups" 2>/dev/null)" ""
}

@test "sealed: no key and no plaintext in an argument, an environment or a file with a name" {
    planned --keep-versions 1
    strace -f -qq -s 4096 -v -e trace=execve,openat,rename,renameat2 -o trace \
        keyretire apply plan.txt --yes --encrypt-to "$ana" --state-dir "$STATE" >out 2>err
    is "$(grep -c 'execve("/usr/bin/age' trace)" 6 # tried first, then done: make a key, seal, open
    run grep -qE "AGE-SECRET-KEY|$CANARY" trace
    [ "$status" -eq 1 ]
    # The tool writes to no file at all: only its descriptors.
    run grep -qE 'age.*O_(WRONLY|RDWR)' trace
    [ "$status" -eq 1 ]
    run grep -rqaE "AGE-SECRET-KEY|$CANARY" "$STATE" out err
    [ "$status" -eq 1 ]
}

@test "sealed: without age it is refused (13), says what to install, and nothing is changed" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    mkdir bin
    export TEST_BIN=$SCRATCH/bin
    exits 13 "$BUILD/crash/keyretire-elsewhere" apply plan.txt --yes --encrypt-to "$ana" --state-dir "$STATE"
    says err "sealed backups need age" "package age"
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    # An age that does not seal: what does not open again is no backup.
    cp /usr/bin/age-keygen bin/age-keygen
    printf '#!/bin/sh\necho age-encryption.org/v1\n' >bin/age
    chmod 755 bin/age
    exits 13 "$BUILD/crash/keyretire-elsewhere" apply plan.txt --yes --encrypt-to "$ana" --state-dir "$STATE"
    says err R0832
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    is "$(retire status --json)" "[]"
}

@test "sealed: the undo that apply prints works once the identity is named" {
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes --encrypt-to "$ana"
    command=$(sed -n 's/^undo: //p' out)
    says out " --identity FILE --encrypt-to $ana"
    eval "${command/FILE/ana.id} --yes" >>talk 2>&1
    same_file .env.crypto original
}

@test "sealed: the policy word sealed-backups demands a recipient of apply, cleanup-keys, rollback and restore" {
    [ "$(id -u)" = 0 ] || skip "the policy belongs to root"
    export TEST_ETC=$SCRATCH/etc
    mkdir -p etc/keyretire
    chmod 755 etc etc/keyretire
    echo "sealed-backups yes" >etc/keyretire/policy
    chmod 644 etc/keyretire/policy
    keyretire() { "$BUILD/crash/keyretire-elsewhere" "$@"; }
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    exits 4 retire apply plan.txt --yes
    says err R0952 --encrypt-to
    exits 4 keyretire cleanup-keys --report report.db --model app.models:Users --column otp --kdf-iterations 1 \
        --keep-versions 1 --env-file .env.crypto --yes --state-dir "$STATE"
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    exits 0 retire apply plan.txt --dry-run
    says err "would refuse"
    applied --encrypt-to "$ana"
    exits 4 retire rollback "$TXID" --yes --identity ana.id
    says err R0952
    exits 4 retire backups restore "$TXID" --yes --identity ana.id
    exits 0 retire rollback "$TXID" --yes --identity ana.id --encrypt-to "$ana"
    same_file .env.crypto original
}
