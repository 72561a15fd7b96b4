#!/usr/bin/env bats
# Applying a plan: what changes, what stays, what is refused, and what is written down.

load lib
load change_lib
load fault_lib

setup() {
    scratch
    world v1 v2 v3 v4
}
teardown() {
    end_world
}

# ---- what changes ----

@test "K1.3, K6.1: apply removes the versions of the plan, byte by byte nothing else" {
    without .env.crypto v1 v2 v3 >wanted
    cp .env.crypto before
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    same_file .env.crypto wanted
    app_starts .env.crypto
    [ "$(env_versions .env.crypto)" = v4 ]
    # The old file is in the backup, and the words say where that is and what is next.
    backup=$(echo "$STATE"/backups/.env.crypto.*)
    says out "$backup" "keyretire rollback" "restart"
    nothing_staged .
}

@test "K1.3: several files in several folders change together, each by its own" {
    mkdir -p one/instance two
    cp .env.crypto one/instance/.env.crypto
    # The second has other variables and no checksum, the third lacks a version that leaves.
    { echo 'DATABASE_URL="postgres://CaNaRy@db"'; grep -v CHECKSUM .env.crypto; } >two/app.env
    without .env.crypto v1 >.env.third
    remember two/app.env .env.third
    without .env.crypto v1 v2 v3 >wanted.1
    without two/app.env v1 v2 v3 >wanted.2
    without .env.third v2 v3 >wanted.3
    planned --env-file one/instance/.env.crypto --env-file two/app.env --env-file .env.third --keep-versions 1
    exits 0 retire apply plan.txt --yes --json
    same_file .env.crypto wanted.1
    same_file one/instance/.env.crypto wanted.1
    same_file two/app.env wanted.2
    same_file .env.third wanted.3
    for f in .env.crypto one/instance/.env.crypto two/app.env .env.third; do
        app_starts "$f"
    done
    nothing_staged one two
    [ "$(find "$STATE/backups" -type f | wc -l)" = 1 ]
    [ "$(tar tf "$(find "$STATE/backups" -type f)" | wc -l)" -ge 4 ]
}

@test "K1.3: one file of several that may not change keeps all of them as they are" {
    mkdir two
    cp .env.crypto two/.env.crypto
    planned --env-file two/.env.crypto --keep-versions 1
    before=$(cat .env.crypto two/.env.crypto | sha256sum)
    ln two/.env.crypto two/link
    exits 4 retire apply plan.txt --yes
    [ "$(cat .env.crypto two/.env.crypto | sha256sum)" = "$before" ]
    rm two/link
    chmod 777 two
    exits 4 retire apply plan.txt --yes
    [ "$(cat .env.crypto two/.env.crypto | sha256sum)" = "$before" ]
    chmod 700 two
    mv two/.env.crypto two/away
    exits 5 retire apply plan.txt --yes
    says err two/.env.crypto
    mv two/away two/.env.crypto
    [ "$(cat .env.crypto two/.env.crypto | sha256sum)" = "$before" ]
    nothing_staged . two
    exits 0 retire apply plan.txt --yes
    app_starts two/.env.crypto
}

@test "K1.3: owner, mode, extended attributes and ACL stay" {
    /usr/bin/python3 -c 'import os; os.setxattr(".env.crypto", "user.note", b"kept\0bytes")' ||
        skip "this file system has no user attributes"
    chmod 640 .env.crypto
    [ "$(id -u)" != 0 ] || chown nobody:daemon .env.crypto
    setfacl -m u:daemon:r,g:mail:r .env.crypto
    planned --keep-versions 1
    stat -c '%U %G %a %h' .env.crypto >meta.before
    getfacl -c .env.crypto >acl.before 2>/dev/null
    inode=$(stat -c %i .env.crypto)
    exits 0 retire apply plan.txt --yes
    [ "$(stat -c %i .env.crypto)" != "$inode" ]
    stat -c '%U %G %a %h' .env.crypto | cmp - meta.before
    getfacl -c .env.crypto 2>/dev/null | cmp - acl.before
    /usr/bin/python3 -c 'import os; assert os.getxattr(".env.crypto", "user.note") == b"kept\0bytes"'
    # And back again.
    exits 0 retire rollback "$(last_txid)" --yes
    stat -c '%U %G %a %h' .env.crypto | cmp - meta.before
    getfacl -c .env.crypto 2>/dev/null | cmp - acl.before
    /usr/bin/python3 -c 'import os; assert os.getxattr(".env.crypto", "user.note") == b"kept\0bytes"'
}

@test "formats 2: a checksum is made right again; where there is none, none is added" {
    grep -v CHECKSUM .env.crypto >plain
    cp plain .env.crypto
    without .env.crypto v1 v2 v3 >wanted
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    same_file .env.crypto wanted
    if grep -q CHECKSUM .env.crypto; then false; fi
    # The vector of the format.
    cat >.env.crypto <<'ENV'
ACTIVE_ENCRYPTION_VERSION="v2"
ENCRYPTION_KEYS__v1="k\"q\\x"
ENCRYPTION_SALT__v1="bXktc2FsdA=="
ENCRYPTION_SALT_HASH__v1="add390c719927cecbedfe1c0eceae7a93d8f97663f23b3a3aac73537054fe2c8"
ENCRYPTION_KEYS__v2="k2"
ENCRYPTION_SALT__v2="MDEyMzQ1Njc4OWFiY2RlZg=="
ENCRYPTION_SALT_HASH__v2="9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f"
ENCRYPTION_ENV_CHECKSUM="d4f4b1c3213229036ad5b76e196f4c028c9eeb3ed956796c8ad47d0156992d69"
ENV
    sealed v2 2 | users_dump >dump.sql
    census
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    grep -qxF 'ENCRYPTION_ENV_CHECKSUM="a03dad2ff06623e39479026bdbe5d00be347d244e865f7bf1cb3b5c19d6d8bb0"' .env.crypto
    app_starts .env.crypto
}

# Writes a pair of files: what stands before, and what has to stand afterwards. Lines on standard input
# that begin with "- " leave, all others begin with "  " and stay; @@ stands for the checksum.
pair() {
    cat >marked
    grep -v '^- ' marked | sed 's/^  //' >wanted
    sed 's/^[- ] //' marked >.env.crypto
    for f in wanted .env.crypto; do
        sed -i "s/@@/$(sed 's/@@/0/' "$f" >sum.tmp && env_checksum sum.tmp)/" "$f"
    done
    rm -f sum.tmp marked
    chmod 600 .env.crypto
    remember .env.crypto
}

# The file given by pair, through plan and apply; v2 is active.
edited_as_wanted() {
    sealed v2 2 | users_dump >dump.sql
    census
    planned --keep-versions 1 "$@"
    exits 0 retire apply plan.txt --yes
    same_file .env.crypto wanted
    app_starts .env.crypto
}

@test "S13: the writer with sorted keys: header, order and blank lines stay" {
    pair <<'ENV'
  # Atualizado em 2026-01-01T10:00:00 CaNaRy
  ACTIVE_ENCRYPTION_VERSION="v2"
  ENCRYPTION_ENV_CHECKSUM="@@"
- ENCRYPTION_KEYS__v1="CaNaRy-key-of-v1-0123456789="
  ENCRYPTION_KEYS__v2="CaNaRy-key-of-v2-0123456789="
- ENCRYPTION_SALT_HASH__v1="503563c1bda45327ff4617750a06bd8143fcd4e7929934b7cf1e826c1ba60c90"
  ENCRYPTION_SALT_HASH__v2="9f52527783ea1185acd5d4dcf1bf91b707add104b6a1c467598743246ed7ae26"
- ENCRYPTION_SALT__v1="oKGio6SlpqeoqaqrrK2urw=="
  ENCRYPTION_SALT__v2="sLGys7S1tre4ubq7vL2-vw=="
  
  OTHER="CaNaRy of another"
ENV
    edited_as_wanted
}

@test "S13: the generator's file: two comment lines, no salt hash for the key that leaves" {
    pair <<'ENV'
  # Gerado em 2026-01-01T10:00:00 CaNaRy
  # NAO COMMITAR este arquivo CaNaRy
  
- ENCRYPTION_KEYS__v1="CaNaRy-key-of-v1-0123456789="
- ENCRYPTION_SALT__v1="oKGio6SlpqeoqaqrrK2urw=="
  
  ENCRYPTION_KEYS__v2="CaNaRy-key-of-v2-0123456789="
  ENCRYPTION_SALT__v2="sLGys7S1tre4ubq7vL2-vw=="
  ENCRYPTION_SALT_HASH__v2="9f52527783ea1185acd5d4dcf1bf91b707add104b6a1c467598743246ed7ae26"
  ACTIVE_ENCRYPTION_VERSION="v2"
  ENCRYPTION_ENV_CHECKSUM="@@"
ENV
    edited_as_wanted
}

@test "S13: escapes in double quotes, single quotes, no quotes, spaces, export and inline comments" {
    pair <<'ENV'
  ACTIVE_ENCRYPTION_VERSION='v2'   # CaNaRy in force
- export ENCRYPTION_KEYS__v1="CaNaRy \\ and \" and # in it"
- ENCRYPTION_SALT__v1 = oKGio6SlpqeoqaqrrK2urw== # CaNaRy goes with its line
- ENCRYPTION_SALT_HASH__v1='503563c1bda45327ff4617750a06bd8143fcd4e7929934b7cf1e826c1ba60c90'
  export ENCRYPTION_KEYS__v2="CaNaRy \\ and \" stays" # comment CaNaRy
  ENCRYPTION_SALT__v2 = 'sLGys7S1tre4ubq7vL2-vw=='
  BACKSLASHES="\\\\CaNaRy\\\" and more"
  EMPTY=
  NOVALUE
  ENCRYPTION_ENV_CHECKSUM="@@"
ENV
    edited_as_wanted
}

@test "S13: CRLF line ends and a missing last newline stay" {
    pair <<'ENV'
  # Gerado CaNaRy
- ENCRYPTION_KEYS__v1="CaNaRy-key-of-v1-0123456789="
- ENCRYPTION_SALT__v1="oKGio6SlpqeoqaqrrK2urw=="
  ENCRYPTION_KEYS__v2="CaNaRy-key-of-v2-0123456789="
  ENCRYPTION_SALT__v2="sLGys7S1tre4ubq7vL2-vw=="
  ENCRYPTION_ENV_CHECKSUM="@@"
  ACTIVE_ENCRYPTION_VERSION="v2"
ENV
    for f in .env.crypto wanted; do
        sed -i 's/$/\r/' "$f"
        truncate -s -2 "$f" # neither \r nor \n at the very end
    done
    edited_as_wanted
    [ "$(tail -c 1 .env.crypto)" = '"' ]
    [ "$(tr -cd '\r' <.env.crypto | wc -c)" = 4 ]
}

@test "S13: an assignment-looking line inside a quoted value is text and stays" {
    pair <<'ENV'
  NOTE="CaNaRy first
  ENCRYPTION_KEYS__v1=CaNaRy-only-text
  ENCRYPTION_SALT__v1="
- ENCRYPTION_KEYS__v1="CaNaRy-key of
- ENCRYPTION_KEYS__v2=several
- lines"
- ENCRYPTION_SALT__v1="oKGio6SlpqeoqaqrrK2urw=="
  SINGLE='CaNaRy
  ENCRYPTION_SALT_HASH__v1=503563c1bda45327ff4617750a06bd8143fcd4e7929934b7cf1e826c1ba60c90
  '
  ENCRYPTION_KEYS__v2="CaNaRy-key-of-v2-0123456789="
  ENCRYPTION_SALT__v2="sLGys7S1tre4ubq7vL2-vw=="
  ACTIVE_ENCRYPTION_VERSION="v2"
  ENCRYPTION_ENV_CHECKSUM="@@"
ENV
    edited_as_wanted
}

@test "S13: v1 is not v10, MY_ENCRYPTION_KEYS__v1 is not ours, upper case is the same version" {
    pair <<'ENV'
- ENCRYPTION_KEYS__V1="CaNaRy-key-of-v1-0123456789="
- ENCRYPTION_SALT__v1="oKGio6SlpqeoqaqrrK2urw=="
  ENCRYPTION_KEYS__v10="CaNaRy-key-of-v10-0123456789="
  ENCRYPTION_SALT__v10="oKGio6SlpqeoqaqrrK2urw=="
  MY_ENCRYPTION_KEYS__v1="CaNaRy-of-mine-0123456789"
  ENCRYPTION_KEYS_v1="CaNaRy-one-underscore-0123456789"
  #ENCRYPTION_KEYS__v1="CaNaRy-comment-0123456789"
  ENCRYPTION_KEYS__v2="CaNaRy-key-of-v2-0123456789="
  ENCRYPTION_SALT__v2="sLGys7S1tre4ubq7vL2-vw=="
  ACTIVE_ENCRYPTION_VERSION="v2"
  ENCRYPTION_ENV_CHECKSUM="@@"
ENV
    edited_as_wanted --only v1
}

# ---- which files ----

@test "one file: a symbolic link stays and the real file changes" {
    mkdir real
    mv .env.crypto real/crypto.env
    ln -s real/crypto.env .env.crypto
    without real/crypto.env v1 v2 v3 >wanted
    planned --keep-versions 1
    [ "$(field <(keyretire show plan.txt --json) 'x["targets"][0]["path"]')" = "$SCRATCH/real/crypto.env" ]
    exits 0 retire apply plan.txt --yes
    [ "$(readlink .env.crypto)" = real/crypto.env ]
    same_file real/crypto.env wanted
    nothing_staged . real
    # A link put in the place of the real file after the plan is not followed.
    rm .env.crypto
    world v1 v2 v3
    planned --keep-versions 1
    mv .env.crypto elsewhere
    ln -s elsewhere .env.crypto
    before=$(sha256sum <elsewhere)
    exits 5 retire apply plan.txt --yes
    [ "$(sha256sum <elsewhere)" = "$before" ]
}

@test "one file: a hard-linked file is refused by plan and by apply (4)" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    ln .env.crypto second
    exits 4 retire apply plan.txt --yes
    says err .env.crypto
    exits 4 retire apply plan.txt --dry-run
    exits 4 plan --keep-versions 1
    cat plan.out plan.err >>talk
    says plan.err .env.crypto
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "one file: a world-writable folder is refused (4), a group-writable one named in a warning" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    chmod 777 "$SCRATCH"
    exits 4 retire apply plan.txt --yes
    says err "$SCRATCH"
    chmod 1777 "$SCRATCH"
    exits 4 retire apply plan.txt --yes
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    chmod 770 "$SCRATCH"
    exits 0 retire apply plan.txt --yes
    says err "group $(stat -c %G "$SCRATCH")"
}

@test "one file: an immutable file is refused (4)" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    chattr +i .env.crypto 2>/dev/null || skip "no immutable files here"
    status=0
    exits 4 retire apply plan.txt --yes || status=1
    chattr -i .env.crypto
    [ "$status" = 0 ]
    says err immutable
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    chattr +a .env.crypto
    exits 4 retire apply plan.txt --yes || status=1
    chattr -a .env.crypto
    [ "$status" = 0 ]
    exits 0 retire apply plan.txt --yes
}

@test "one file: a bind-mounted file, as target or as source, is refused (4)" {
    [ "$(id -u)" = 0 ] || skip "mounts need root"
    unshare -m true 2>/dev/null || skip "no mount namespaces here"
    mkdir inside
    touch inside/.env
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    # Source: a container holds the old inode under another name.
    exits 4 unshare -m sh -c 'mount --bind .env.crypto inside/.env && exec keyretire apply plan.txt --yes --state-dir "$0"' "$STATE"
    says err mount
    exits 4 unshare -m sh -c 'mount --bind .env.crypto .env.crypto && exec keyretire apply plan.txt --yes --state-dir "$0"' "$STATE"
    says err mount
    rm plan.txt
    exits 4 unshare -m sh -c 'mount --bind .env.crypto .env.crypto &&
        exec keyretire plan --report report.db --env-file .env.crypto --state-dir "$0" -o plan.txt' "$STATE"
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "one file: a name with control characters is shown escaped, whatever is said of it" {
    local name
    name=$(printf 'odd\033[2Jname')
    mv .env.crypto "$name"
    exits 0 keyretire plan --report report.db --env-file "$name" --keep-versions 1 --state-dir "$STATE" -o odd.txt
    (
        exec 8<"$name"
        flock 8
        touch held
        exec sleep 20
    ) 3>&- &
    holder=$!
    until [ -e held ]; do sleep 0.05; done
    exits 11 retire apply odd.txt --yes --lock-timeout 0s
    says err 'odd\x1b[2Jname'
    kill $holder
    wait $holder || [ $? = 143 ]
    ln "$name" other-name
    exits 4 retire apply odd.txt --yes --log-file spoken
    says err 'odd\x1b[2Jname'
    rm other-name
    echo '# edited' >>"$name"
    exits 5 retire apply odd.txt --yes
    if grep -q "$(printf '\033')" talk spoken; then false; fi
}

@test "one file: a target that git tracks is reported" {
    git init -q .
    git -c user.name=t -c user.email=t@example.org add .env.crypto
    git -c user.name=t -c user.email=t@example.org commit -q -m test
    exits 0 keyretire plan --report report.db --env-file .env.crypto --keep-versions 1 --state-dir "$STATE" -o plan.txt
    keyretire show plan.txt >show
    cat show >>talk
    says show git
}

@test "S14: a staging name that is not ours refuses (4) at apply, and is remarked by plan" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    echo "$CANARY" >.env.crypto.0123456789abcdef.new
    exits 4 retire apply plan.txt --yes
    says err .env.crypto.0123456789abcdef.new
    exits 4 retire apply plan.txt --dry-run
    # A plan may be made, and says so: a change that was interrupted may have left it.
    planned --keep-versions 1
    keyretire show plan.txt >show
    says show .env.crypto.0123456789abcdef.new
    [ "$(cat .env.crypto.0123456789abcdef.new)" = "$CANARY" ]
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    rm .env.crypto.0123456789abcdef.new
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
}

# ---- plans that are no longer good ----

@test "stale: a file that changed, went away or became something else since the plan (5)" {
    cp -p .env.crypto saved
    planned --keep-versions 1
    echo '# a comment is a change' >>.env.crypto
    cp .env.crypto edited
    exits 5 retire apply plan.txt --yes
    says err .env.crypto plan
    exits 5 retire apply plan.txt --dry-run
    same_file .env.crypto edited
    rm .env.crypto
    exits 5 retire apply plan.txt --yes
    [ ! -e .env.crypto ]
    mkdir .env.crypto
    exits 5 retire apply plan.txt --yes
    rmdir .env.crypto
    : >.env.crypto
    exits 5 retire apply plan.txt --yes
    [ ! -s .env.crypto ]
    # Put back as it was, the plan is good again.
    cp -p saved .env.crypto
    exits 0 retire apply plan.txt --yes
    [ "$(env_versions .env.crypto)" = v4 ]
}

@test "stale: a plan is applied once; the second time is 5 and names the transaction" {
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes --json
    txid=$(field out 'x["txid"]')
    after=$(sha256sum <.env.crypto)
    exits 5 retire apply plan.txt --yes
    says err "$txid"
    exits 5 retire apply plan.txt --yes --json
    [ ! -s out ]
    says err "$txid"
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    [ "$(retire log --json | wc -l)" = 1 ]
    # Also when the file was put back by hand.
    exits 0 retire rollback "$txid" --yes
    exits 5 retire apply plan.txt --yes
    says err "$txid"
}

@test "stale: another state folder knows nothing of it, but the file does (5)" {
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    after=$(sha256sum <.env.crypto)
    exits 5 keyretire apply plan.txt --yes --state-dir "$SCRATCH/other-state"
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    if grep -rqaF "$CANARY" "$SCRATCH/other-state"; then false; fi
    [ -z "$(find "$SCRATCH/other-state/txn" -type f)" ]
}

@test "stale: an expired plan is refused by apply and by its rehearsal (5)" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    with_fault 1:LATER apply plan.txt --yes
    [ "$GOT" = 5 ]
    says err expired
    with_fault 1:LATER apply plan.txt --dry-run
    [ "$GOT" = 5 ]
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    nothing_staged .
}

@test "a blocked plan is refused (4), whatever is answered" {
    { sealed v4 2; sealed v4 1 | sed 's/^v4://'; } | users_dump >dump.sql
    census
    exits 4 plan --keep-versions 1
    cat plan.out plan.err >>talk
    [ -s plan.txt ]
    before=$(sha256sum <.env.crypto)
    exits 4 retire apply plan.txt --yes
    says err unversioned
    exits 4 retire apply plan.txt --dry-run
    echo yes | exits 4 retire apply plan.txt
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "an edited plan is no plan (12)" {
    planned --keep-versions 2
    cp plan.txt good
    before=$(sha256sum <.env.crypto)
    corrupt() { # SED SCRIPT
        sed "$1" good >plan.txt
        if cmp -s good plan.txt; then
            echo "the edit $1 does nothing"
            return 1
        fi
        exits 12 retire apply plan.txt --yes
    }
    corrupt '$d'                                       # no end
    corrupt 's/^  remove v1 /  remove v9 /'            # a version that is nowhere
    corrupt '/^  remove v1 /d'                         # one version less
    corrupt 's/^    removes v1 v2/    removes v1/'     # one version less in the file
    corrupt 's/^    removes v1 v2/    removes v1 v2 v3/'
    corrupt 's/^verdict: .*/verdict: remove v1/'
    corrupt 's/^active: v4/active: v3/'
    corrupt 's/^  keep v4 active/  remove v4/'         # never the active one
    corrupt 's/^  remove v1 values 0/  remove v1 values 7/' # never one in use
    corrupt 's/keyretire plan 1/keyretire plan 99/'
    corrupt 's/$/ /'
    corrupt 's/$/\r/'
    corrupt '$a more'
    corrupt 's/^LABELS ONLY.*//'
    corrupt '/^    - line 3 /d'
    : >plan.txt
    exits 12 retire apply plan.txt --yes
    head -c 700 good >plan.txt
    exits 12 retire apply plan.txt --yes
    cp report.db plan.txt
    exits 12 retire apply plan.txt --yes
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    nothing_staged .
    [ ! -e "$STATE/audit.log" ] || [ ! -s "$STATE/audit.log" ]
}

# ---- question and rehearsal ----

@test "K3.3: a dry run changes nothing at all, takes no lock and makes no state folder" {
    planned --keep-versions 1
    touch talk out err tree.before tree.after names.before names.after
    ls -A >names.before
    tree .env.crypto plan.txt report.db dump.sql >tree.before
    exits 0 retire apply plan.txt --dry-run
    says out "v1 v2 v3" v4
    exits 0 retire apply plan.txt --dry-run --json
    tree .env.crypto plan.txt report.db dump.sql >tree.after
    same_file tree.before tree.after
    [ ! -e "$STATE" ]
    ls -A >names.after
    same_file names.before names.after
    [ "$(field out 'x["dry_run"], x["txid"], x["backup_file"], x["versions_removed"]')" = \
        "(True, None, None, ['v1', 'v2', 'v3'])" ]
    # Somebody else's locks are not in its way.
    flock .env.crypto flock . keyretire apply plan.txt --dry-run --state-dir "$STATE" >out 2>err
    exits 10 retire apply plan.txt --dry-run --detailed-exitcode
}

@test "K4.1, K4.3: the question comes after the review; no, rubbish and silence change nothing (7)" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    for answer in no n '' maybe YESS; do
        echo "$answer" | exits 7 retire apply plan.txt
        says out "0 of 2 values name or need a removed version" "Not seen" "Undo"
    done
    exits 7 retire apply plan.txt </dev/null
    exits 7 retire apply plan.txt --no-input
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    [ "$(find "$STATE/backups" "$STATE/txn" -type f 2>/dev/null | wc -l)" = 0 ]
    echo yes | exits 0 retire apply plan.txt
    [ "$(env_versions .env.crypto)" = v4 ]
}

@test "what a reviewer sees: before the question, in the order of the safety rules" {
    { sealed v4 2; sealed v4 1 | sed 's/^v4://'; } | users_dump >dump.sql
    census
    planned --keep-versions 1 --accept-unversioned 'one old row, known'
    echo no | exits 7 retire apply plan.txt
    /usr/bin/python3 - out <<'PY'
import re, sys
text = open(sys.argv[1]).read()
assert "one old row, known" in text, "the acceptance is not shown"
order = [
    r"^LABELS ONLY: no value was proven", r"^verdict: .*v1 v2 v3", r"^Evidence", r"data of \d{4}-", r"labels only",
    r"^Coverage", r"1 table defined, 1 with data", r"^Versions", r"^ *v1 +REMOVE", r"^ *v4 +keep +active",
    r"^Impact", r"0 of \d+ values name or need a removed version", r"^Critical", r"CRITICAL v3",
    r"^Not seen", r"copies of the configuration on other hosts", r"^Undo", r"keyretire rollback",
]
at = 0
for wanted in order:
    found = re.compile(wanted, re.M).search(text, at)
    assert found, f"{wanted!r} is missing, or stands before what it has to follow"
    at = found.start()
PY
}

@test "K4.4: on a terminal critical versions are confirmed by typing their list; yes is not enough (7)" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    for answer in yes y v1 'v3 v2' ''; do
        exits 7 on_terminal "$answer" keyretire apply plan.txt --state-dir "$STATE"
        [ "$(sha256sum <.env.crypto)" = "$before" ]
    done
    exits 0 on_terminal v3 keyretire apply plan.txt --state-dir "$STATE"
    says out CRITICAL
    [ "$(env_versions .env.crypto)" = v4 ]
}

@test "K4.4: without a critical version a yes will do on a terminal" {
    planned --keep-versions 3
    exits 0 on_terminal yes keyretire apply plan.txt --state-dir "$STATE"
    [ "$(env_versions .env.crypto | paste -sd' ')" = "v2 v3 v4" ]
}

@test "S15: the search finds what it looks for" {
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    no_secret
    salt=$(sed -n 's/^ENCRYPTION_SALT__v4="\(.*\)"/\1/p' .env.crypto)
    [ -n "$salt" ]
    echo "x${salt}x" >"$STATE/plans/leak"
    run no_secret
    [ "$status" = 1 ]
    rm "$STATE/plans/leak"
    echo "$CANARY" >plan.err
    run no_secret
    [ "$status" = 1 ]
    rm plan.err
    # And in the archive it is, so that there is something to find.
    grep -qaF "$CANARY" "$STATE"/backups/.env.crypto.*
}

@test "K4.1: yes, y, sim and s are yes" {
    make_env saved v2 v1 v2
    remember saved
    sealed v2 2 1 saved >values
    for answer in y Sim s YES; do
        cp saved .env.crypto
        users_dump <values >dump.sql
        census
        planned --keep-versions 1 --state-dir "$SCRATCH/state.$answer"
        echo "$answer" | exits 0 keyretire apply plan.txt --state-dir "$SCRATCH/state.$answer"
        [ "$(env_versions .env.crypto)" = v2 ]
    done
}

@test "the operation result: its keys and their values" {
    planned --keep-versions 2
    start=$(date +%s)
    exits 0 retire apply plan.txt --yes --json
    [ "$(wc -l <out)" = 1 ]
    [ "$(field out '" ".join(k for k in x if k != "dry_run")')" = \
        "total_versions_before total_versions_after versions_removed versions_kept backup_file operation_time txid" ]
    [ "$(field out 'x["total_versions_before"], x["total_versions_after"]')" = "(4, 2)" ]
    [ "$(field out 'x["versions_removed"], x["versions_kept"]')" = "(['v1', 'v2'], ['v3', 'v4'])" ]
    [ -f "$(field out 'x["backup_file"]')" ]
    field out 'x["txid"]' | grep -qxE '[0-9a-f]{16}'
    field out 'x["operation_time"]' | grep -qxE '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
    at=$(date -d "$(field out 'x["operation_time"]')" +%s)
    [ "$at" -ge "$start" ]
    [ "$at" -le "$(date +%s)" ]
}

# ---- backup, audit, status ----

@test "K6.1: the backup is a tar of the old files, 0600 in a 0700 folder, named by file, time and transaction" {
    mkdir two
    { grep -v CHECKSUM .env.crypto; echo "OTHER=$CANARY-0123456789"; } >two/second.env
    remember two/second.env
    cp .env.crypto old.1
    cp two/second.env old.2
    umask 0002 # is of no consequence
    planned --env-file two/second.env --keep-versions 1
    exits 0 retire apply plan.txt --yes --json
    backup=$(field out 'x["backup_file"]')
    txid=$(field out 'x["txid"]')
    [ "$(dirname "$backup")" = "$STATE/backups" ]
    basename "$backup" | grep -qxE "\.env\.crypto\.[0-9]{8}T[0-9]{6}Z\.$txid"
    [ "$(stat -c %a "$backup")" = 600 ]
    [ "$(stat -c %a "$STATE/backups")" = 700 ]
    [ "$(stat -c %a "$STATE")" = 700 ]
    [ -z "$(find "$STATE" -type f -perm /077)" ]
    mkdir unpacked
    tar xf "$backup" -C unpacked
    found=0
    for old in old.1 old.2; do
        [ -n "$(find unpacked -type f -exec cmp -s "$old" {} \; -print)" ]
        # The manifest names each digest.
        grep -rq "$(sha256sum <"$old" | cut -d' ' -f1)" unpacked
        found=$((found + 1))
    done
    [ "$found" = 2 ]
    says err "in clear"
}

@test "K6.1: a backup folder inside a git work tree is refused and nothing changed" {
    mkdir -p work/.git work/deep/er
    if command -v git >/dev/null; then git init -q work; fi
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    exits 4 retire apply plan.txt --yes --backup-dir "$SCRATCH/work/deep/er"
    says err git
    exits 4 retire apply plan.txt --yes --backup-dir "$SCRATCH/work/new"
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    [ -z "$(find work/deep -type f)" ]
    mkdir outside
    exits 0 retire apply plan.txt --yes --backup-dir "$SCRATCH/outside" --json
    [ "$(dirname "$(field out 'x["backup_file"]')")" = "$SCRATCH/outside" ]
    chmod 777 "$SCRATCH/outside"
    exits 4 retire rollback "$(last_txid)" --yes --backup-dir "$SCRATCH/outside"
}

@test "K6.1: a backup folder that cannot be made is a clear error (13) and nothing changed" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    : >file
    exits 13 retire apply plan.txt --yes --backup-dir "$SCRATCH/file/backups"
    says err "$SCRATCH/file"
    exits 13 retire apply plan.txt --yes --backup-dir "$SCRATCH/file"
    exits 13 keyretire apply plan.txt --yes --state-dir "$SCRATCH/file"
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    nothing_staged .
}

@test "K6.3: log is one object a line and names user, process, time and every version" {
    planned --keep-versions 2
    exits 0 retire apply plan.txt --yes --json
    txid=$(field out 'x["txid"]')
    exits 0 retire rollback "$txid" --yes
    exits 0 retire log --json
    [ "$(wc -l <out)" = 2 ]
    head -1 out >first
    [ "$(field first 'x["txid"]')" = "$txid" ]
    [ "$(field first 'x["user"], x["uid"]')" = "('$(id -un)', $(id -u))" ]
    [ "$(field first 'x["operation"], x["outcome"]')" = "('apply', 'committed')" ]
    [ "$(field first 'x["versions"], x["kept"]')" = "(['v1', 'v2'], ['v3', 'v4'])" ]
    [ "$(field first 'x["targets"][0]["path"]')" = "$SCRATCH/.env.crypto" ]
    [ "$(field first 'isinstance(x["process"], int) and x["process"] > 1')" = True ]
    field first 'x["time"]' | grep -qxE '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'
    [ "$(field first 'x["plan"]')" = "$(sha256sum <plan.txt | cut -d' ' -f1)" ]
    sed -n 2p out >second
    [ "$(field second 'x["operation"], x["reverses"]')" = "('rollback', '$txid')" ]
    exits 0 retire log
    says out "$txid" rollback "$(id -un)" "  v1 v2  "
    exits 0 retire log --verify
}

@test "K6.3: log --verify catches an edited, a removed, an added and a swapped line (12)" {
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes
    exits 0 retire rollback "$(last_txid)" --yes
    touch dump.sql
    planned --keep-versions 2
    exits 0 retire apply plan.txt --yes
    exits 0 retire log --verify
    log=$STATE/audit.log
    [ "$(wc -l <"$log")" = 3 ]
    cp "$log" good
    tampered() {
        if cmp -s good "$log"; then
            echo "nothing was changed"
            return 1
        fi
        exits 12 retire log --verify
        cp good "$log"
    }
    sed -i '2s/"user":"[^"]*"/"user":"mallory"/' "$log"
    tampered
    says err 2 # the line
    sed -i 1d "$log"
    tampered
    sed -i 2d "$log"
    tampered
    sed -i 2,3d "$log" # the journal of the third transaction has the second line's hash
    tampered
    sed -i 3d "$log" # what a kill right after END leaves too: said, and written again by recover
    exits 0 retire log --verify
    says err "$(sed -n '3s/.*"txid":"\([0-9a-f]*\)".*/\1/p' good)" recover
    cp good "$log"
    sed -i '1{h;d};2{G}' "$log"
    tampered
    sed -i '2{p}' "$log"
    tampered
    sed -i '$a {"seq":4}' "$log"
    tampered
    : >"$log"
    tampered
    truncate -s -20 "$log" # the power went in the middle of the line
    exits 0 retire log --verify
    says err recover
    exits 0 retire recover
    exits 0 retire log --verify
    [ "$(wc -l <"$log")" = 3 ]
}

@test "status tells what was done and by whom" {
    exits 0 retire status
    planned --keep-versions 1
    exits 0 retire apply plan.txt --yes --json
    txid=$(field out 'x["txid"]')
    exits 0 retire status
    says out "$txid" apply committed "v1 v2 v3" "$(id -un)"
    exits 0 retire status --json
    [ "$(field out 'len(x) if isinstance(x, list) else 1')" = 1 ]
    says out "$txid" committed
}

@test "the result goes where -o says; one that is there refuses (2) before anything is changed" {
    planned --keep-versions 1
    before=$(sha256sum <.env.crypto)
    echo mine >result.json
    exits 2 retire apply plan.txt --yes --json -o result.json
    [ "$(cat result.json)" = mine ]
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    [ ! -e "$STATE" ]
    exits 0 retire apply plan.txt --yes --json -o result.json --overwrite
    [ "$(field result.json 'x["versions_removed"]')" = "['v1', 'v2', 'v3']" ]
    echo mine >rolled.json
    exits 2 retire rollback "$(last_txid)" --yes --json -o rolled.json
    [ "$(env_versions .env.crypto)" = v4 ]
    exits 0 retire rollback "$(last_txid)" --yes --json -o other.json
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "a change that is done is a success, even when its result can no longer be printed" {
    planned --keep-versions 1
    got=0
    keyretire apply plan.txt --yes --json --state-dir "$STATE" >/dev/full 2>err || got=$?
    cat err >>talk
    [ "$got" = 0 ]
    says err warning "No space left"
    [ "$(env_versions .env.crypto)" = v4 ]
    # Where the reader is gone as well.
    mkfifo pipe
    : <pipe 3>&- &
    keyretire rollback "$(last_txid)" --yes --json --state-dir "$STATE" >pipe 2>err || got=$?
    cat err >>talk
    [ "$got" = 0 ]
    app_starts .env.crypto
    [ "$(env_versions .env.crypto | wc -l)" = 4 ]
    # What looks only, fails as it has to.
    keyretire log --json --state-dir "$STATE" >/dev/full 2>err || got=$?
    [ "$got" = 13 ]
}

@test "the commands that are printed as next steps and as undo work as they are printed" {
    before=$(sha256sum <.env.crypto)
    STATE="$SCRATCH/it's here"
    exits 0 keyretire plan --report report.db --env-file .env.crypto --kdf-iterations 1 --keep-versions 1 \
        --state-dir "$STATE" --backup-dir "$SCRATCH/kept apart" -o 'my plan.txt'
    command=$(sed -n 's/^next: //p' out)
    says out "apply --dry-run"
    eval "$command" >>talk 2>&1
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    eval "${command/--dry-run/--yes}" >out 2>err
    cat out err >>talk
    [ "$(sha256sum <.env.crypto)" != "$before" ]
    [ -d "kept apart" ]
    command=$(sed -n 's/^undo: //p' out)
    eval "$command --yes" >>talk 2>&1
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "a plan that removes nothing applies without a transaction" {
    planned --keep-versions 9
    before=$(tree .env.crypto)
    exits 0 retire apply plan.txt --yes --json
    [ "$(field out 'x["versions_removed"], x["txid"], x["backup_file"]')" = "([], None, None)" ]
    [ "$(tree .env.crypto)" = "$before" ]
}

@test "one change after the other: each plan is made anew, the application starts after each" {
    for n in 3 2 1; do
        touch dump.sql
        census
        planned --keep-versions "$n"
        exits 0 retire apply plan.txt --yes
        app_starts .env.crypto
        [ "$(env_versions .env.crypto | wc -l)" = "$n" ]
    done
    [ "$(retire log --json | wc -l)" = 3 ]
    exits 0 retire log --verify
    exits 0 retire backups list --json
    [ "$(wc -l <out)" = 3 ]
}
