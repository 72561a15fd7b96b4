#!/usr/bin/env bats
# Blockers and their acceptance (S16), disagreeing files (S12), one key under two names (S11), critical
# versions (S17), and no byte of a value in any output (S15).

load lib
load plan_lib

setup() {
    scratch
    make_env .env.crypto v4 v1 v2 v3 v4
}
teardown() { unscratch; }

# users_with VALUE...: the active version's values and these, in a declared column; then the census.
users_with() {
    { sealed v4 2 20; [ $# -eq 0 ] || printf '%s\n' "$@"; } | users_dump >dump.sql
    census --table public.users --column otp
}

# accepting CODE COUNT: the plan is blocked by CODE alone; and each form of acceptance works or does not.
accepting() {
    local code=$1 count=$2 place=public.users.otp
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = "$code" ]
    [ "$(removed)" = "" ]
    grep -q -- "--accept $code" plan.out # the one command that accepts it
    plan --keep-versions 1 --accept "$code:known rows"
    [ "$(blockers)" = "" ]
    [ "$(removed)" != "" ]
    plan --keep-versions 1 --accept "$code@$place:known rows"
    plan --keep-versions 1 --accept "$code=$count:known rows"
    plan --keep-versions 1 --accept "$code@$place=$count:known rows"
    plan --keep-versions 1 --accept "$code@$place=$((count + 1)):known rows"
    # It stands in the plan with its reason, and is shown before anything is asked.
    grep -q 'known rows' plan.txt
    keyretire show plan.txt | grep -q 'known rows'
    # One value more than accepted blocks again; so does another place, code or column.
    if [ "$count" -gt 1 ]; then
        refused 4 plan --keep-versions 1 --accept "$code@$place=$((count - 1)):known rows"
        [ "$(blockers)" = "$code" ]
        [ "$(removed)" = "" ]
    fi
    refused 4 plan --keep-versions 1 --accept "$code@public.users.id:known rows"
    refused 4 plan --keep-versions 1 --accept "$code@public.user.otp:known rows"
    refused 4 plan --keep-versions 1 --accept "partial-input:known rows"
}

@test "S16: unversioned values" {
    mapfile -t bare < <(seal .env.crypto - 3)
    users_with "${bare[@]}"
    accepting unversioned 3
    plan --keep-versions 1 --accept-unversioned 'written before 2020'
    grep -q 'written before 2020' plan.txt
    # One more.
    mapfile -t bare < <(seal .env.crypto - 4)
    users_with "${bare[@]}"
    refused 4 plan --keep-versions 1 --accept 'unversioned@public.users.otp=3:written before 2020'
    [ "$(blockers)" = unversioned ]
}

@test "S16: truncated values, whose hint is in use" {
    mapfile -t whole < <(sealed v1 2 30)
    users_with "${whole[0]:0:80}" "${whole[1]:0:81}"
    [ "$(query report.db "select record_count from value_classes where class='truncated'")" = 2 ]
    accepting truncated 2
    plan --keep-versions 1 --accept 'truncated:known rows'
    [ "$(ask '[k["version"] for k in p["keep"] if k["reason"] == "in-use"]')" = v1 ]
}

@test "S16: malformed values" {
    users_with 'v1:hello' 'v1:'
    [ "$(query report.db "select record_count from value_classes where class='malformed'")" = 2 ]
    accepting malformed 2
    # What the prefix names is in use: the application fails on it when the key is gone.
    plan --keep-versions 1 --accept 'malformed:known rows'
    [ "$(kept)" = "v1:in-use v4:active" ]
}

@test "S16: plaintext in a declared column; elsewhere it is ordinary data" {
    users_with 'a plain secret' 'vimeo:abc' '1234'
    accepting plaintext 3
    census # nothing is declared
    plan --keep-versions 1
    [ "$(removed)" = "v1 v2 v3" ]
}

@test "S16: orphans are never accepted while no value proves the active version" {
    make_env other.env v9 v9
    mapfile -t lost < <(seal other.env v9 2 $(($(date +%s) - 30 * DAY)))
    users_with "${lost[@]}"
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = orphan ]
    keyretire show plan.txt | grep -q 'v9'
    for accept in 'orphan:lost' 'orphan@public.users.otp:lost' 'orphan@public.users.otp=2:lost' 'orphan=2:lost'; do
        refused 4 plan --keep-versions 1 --accept "$accept"
        [ "$(blockers)" = orphan ]
        [ "$(removed)" = "" ]
    done
}

@test "S16: unknown names before a valid token block, those that are no name too" {
    make_env other.env v9 v9
    mapfile -t lost < <(seal other.env v9 3 $(($(date +%s) - 30 * DAY)))
    users_with "${lost[0]/v9:/backup-key:}" "${lost[1]/v9:/x.y_z:}"
    refused 4 plan --keep-versions 1 --accept 'orphan:lost' --accept 'malformed:lost'
    blockers | grep -q orphan
    # A name that no version can have is a token behind another prefix, and counted as (other) (S5).
    users_with "${lost[2]/v9:/what is this?:}"
    [ "$(query report.db "select version from key_usage where version like '(%'")" = "(other)" ]
    refused 4 plan --keep-versions 1
    blockers | grep -q malformed
    if grep -q 'what is this' plan.txt plan.out report.db; then false; fi
}

@test "S16: incomplete-report blocks" {
    sealed v4 2 20 | users_dump | grep -v 'dump complete' >dump.sql
    run census
    [ "$status" -eq 3 ]
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = incomplete-report ]
    refused 4 plan --keep-versions 1 --accept 'partial-input:no'
}

@test "S16: undeclared-missing: a declared column has no data" {
    {
        sql_head
        sealed v4 2 20 | sql_table public.users otp
        sql_define public.cards pan
        sql_tail
    } >dump.sql
    census --table public.cards --column pan
    refused 4 plan --keep-versions 1 --accept 'partial-input:empty'
    [ "$(blockers)" = undeclared-missing ]
    plan --keep-versions 1 --accept 'partial-input:empty' --accept 'undeclared-missing@public.cards.pan:gone'
    [ "$(removed)" = "v1 v2 v3" ]
}

@test "S16: what the last applied plan declared must still be there" {
    { sql_head; sealed v4 2 20 | sql_table public.users otp; : | sql_table public.cards pan; sql_tail; } >dump.sql
    census --table public.cards --column pan
    plan --keep-versions 1 --only v1
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    { sql_head; sealed v4 2 20 | sql_table public.users otp; sql_tail; } >dump.sql
    census
    refused 4 plan --keep-versions 1
    blockers | grep -q undeclared-missing
}

@test "S16: an acceptance has a known code and a reason" {
    users_with
    for bad in '' : unversioned 'unversioned:' 'unversioned: ' 'unversioned=3' 'unversioned@public.users.otp' \
        'unversioned=x:why' 'unversioned=-1:why' 'unversioned=0:why' 'unversioned@:why' 'unversioned@a.b.c.d:why' \
        'unversionned:why' 'UNVERSIONED:why' 'active:why' 'all:why' '*:why' '@public.users.otp:why'; do
        refused 2 plan --accept "$bad"
        [ ! -e plan.txt ]
    done
    refused 2 plan --accept 'unversionned:why'
    grep -q 'hint: did you mean unversioned?' plan.err
    refused 2 plan --accept-unversioned ''
    # An acceptance that covers nothing changes nothing and is said.
    plan --accept 'plaintext@public.users.otp=5:just in case'
    ask 'p["warnings"]' | grep -q 'plaintext'
    if grep -q 'just in case' plan.txt; then false; fi
}

@test "S16: a count holds over all places, and blockers are accepted one by one" {
    mapfile -t bare < <(seal .env.crypto - 2)
    {
        sql_head
        { sealed v4 2 20; echo "${bare[0]}"; echo plain; } | sql_table public.users otp
        echo "${bare[1]}" | sql_table audit.log note
        sql_tail
    } >dump.sql
    census --table public.users --column otp
    refused 4 plan --keep-versions 1
    [ "$(blockers)" = "plaintext unversioned" ]
    refused 4 plan --keep-versions 1 --accept 'unversioned=2:old'
    [ "$(blockers)" = plaintext ]
    refused 4 plan --keep-versions 1 --accept 'unversioned=1:old' --accept 'plaintext:old'
    [ "$(blockers)" = unversioned ]
    plan --keep-versions 1 --accept 'unversioned=2:old' --accept 'plaintext=1:old'
    [ "$(removed)" = "v1 v2 v3" ]
    refused 4 plan --keep-versions 1 --accept 'unversioned@public.users.otp:old' --accept 'plaintext:old'
    [ "$(blockers)" = unversioned ]
    plan --keep-versions 1 --accept 'unversioned@public.users.otp:old' --accept 'unversioned@audit.log.note=1:older' \
        --accept 'plaintext:old'
    [ "$(removed)" = "v1 v2 v3" ]
}

@test "S16: nothing accepts the removal of an active or in-use version" {
    { sealed v4 2 20; sealed v2 1 30; } | users_dump >dump.sql
    census
    for code in unversioned malformed truncated plaintext orphan incomplete-report partial-input stale-writer \
        undeclared-missing active-unseen; do
        refused 4 plan --keep-versions 1 --only v4 --accept "$code:want it"
        refused 4 plan --keep-versions 1 --only v2 --accept "$code:want it"
    done
}

@test "a blocked plan is written, keeps everything, exits 4, and so does applying it" {
    users_with 'plain text'
    before=$(sha256sum <.env.crypto)
    refused 4 plan --keep-versions 1
    [ "$(ask '[k["version"] for k in p["keep"]]')" = "v1 v2 v3 v4" ]
    [ "$(removed)" = "" ]
    [ "$(ask 'p["targets"][0]["sha256_before"] == p["targets"][0]["sha256_after"]')" = True ]
    head -1 <(keyretire show plan.txt | grep '^verdict') | grep -q 'blocked'
    for options in --yes "--yes --dry-run" "--yes --json" ""; do
        # shellcheck disable=SC2086 # two options
        refused 4 keyretire apply plan.txt $options --state-dir "$STATE"
    done
    grep -q 'plaintext' refused.err
    [ "$(sha256sum <.env.crypto)" = "$before" ]
    [ -z "$(find . -name '*.new' -o -name '*.tar*')" ]
    # Its text cannot be turned into another verdict by hand.
    sed '/^blockers:/,/^$/d; s/^verdict:.*/verdict: remove v1/' plan.txt >forged.txt
    refused 12 keyretire apply forged.txt --yes --state-dir "$STATE"
}

# ---- S11, S12: keys and files ----

@test "S11: two names of one key are named" {
    sed '/CHECKSUM/d; /__v2=/d' .env.crypto >twin.env
    sed -n 's/__v1=/__v2=/p' .env.crypto >>twin.env
    mv twin.env .env.crypto
    chmod 600 .env.crypto
    users_with
    plan --keep-versions 1
    ask '[w for w in p["warnings"] if "v1" in w and "v2" in w]' | grep -q 'retires nothing'
    keyretire show plan.txt | grep -q 'v1 and v2'
    [ "$(grep -c '^  remove v[12] ' plan.txt)" -eq 2 ]
    [ "$(grep '^  remove v[12] ' plan.txt | sed 's/.*fingerprint //' | sort -u | wc -l)" -eq 1 ]
    keyretire plan --report report.db --env-file .env.crypto --keep-versions 3 --state-dir "$STATE" -q -o kept.txt
    ask 'p["warnings"]' kept.txt | grep -q 'v1 and v2'
}

@test "S11: the fingerprint is that of the derived key" {
    users_with
    keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --keep-versions 1 -q -o plan.txt
    python3 - <<'PY'
import base64, hashlib, json, subprocess
env = dict(l.rstrip("\n").split("=", 1) for l in open(".env.crypto") if "=" in l)
plan = json.loads(subprocess.run(["keyretire", "show", "plan.txt", "--json"], capture_output=True, check=True).stdout)
assert len(plan["remove"]) == 3
for r in plan["remove"]:
    v = r["version"]
    password = env[f"ENCRYPTION_KEYS__{v}"].strip('"').encode()
    salt = base64.urlsafe_b64decode(env[f"ENCRYPTION_SALT__{v}"].strip('"'))
    key = hashlib.pbkdf2_hmac("sha256", password, salt, 100000, 32)
    assert r["fingerprint"] == hashlib.sha256(b"keyretire-fp-v1" + key).hexdigest()[:16], v
PY
}

two_files() {
    keyretire plan --report report.db --env-file .env.crypto --env-file other.env --state-dir "$STATE" \
        --kdf-iterations 1 --keep-versions 1 -o plan.txt --overwrite 2>plan.err >plan.out
}

@test "S12: files that disagree on the active version or on a shared key refuse" {
    users_with
    sed '/CHECKSUM/d' .env.crypto >other.env
    chmod 600 other.env
    two_files
    [ "$(removed)" = "v1 v2 v3" ]
    rm plan.txt
    before=$(cat .env.crypto other.env | sha256sum)
    sed -i 's/^ACTIVE.*/ACTIVE_ENCRYPTION_VERSION="v3"/' other.env
    refused 4 two_files
    sed -i 's/^ACTIVE.*/ACTIVE_ENCRYPTION_VERSION="v4"/' other.env
    two_files
    rm plan.txt
    cp other.env same.env
    sed -i "s/^ENCRYPTION_KEYS__v2=.*/ENCRYPTION_KEYS__v2=\"$(new_password)\"/" other.env
    refused 4 two_files
    grep -q 'v2' plan.err
    cp same.env other.env
    salt=$(new_salt)
    sed -i "s/^ENCRYPTION_SALT__v2=.*/ENCRYPTION_SALT__v2=\"$salt\"/; s/^ENCRYPTION_SALT_HASH__v2=.*/ENCRYPTION_SALT_HASH__v2=\"$(salt_hash "$salt")\"/" other.env
    refused 4 two_files
    # A version of which the other knows nothing is no disagreement.
    cp same.env other.env
    sed -i '/__v1=/d' other.env
    two_files
    [ "$(removed)" = "v1 v2 v3" ]
    [ "$(cat .env.crypto same.env | sha256sum)" = "$before" ]
}

@test "S12: a surviving value, in any file, that refers to a removed name refuses" {
    users_with
    sed '/CHECKSUM/d' .env.crypto >plain.env
    for reference in 'COPY="${ENCRYPTION_KEYS__v1}"' 'COPY="a ${ENCRYPTION_SALT__v2} b"' 'COPY=${ENCRYPTION_KEYS__v3:-none}'; do
        { cat plain.env; echo "$reference"; } >.env.crypto
        refused 4 plan --keep-versions 1
        grep -q 'COPY' plan.err
        [ ! -e plan.txt ]
    done
    # One to a version that stays is none of our business; single quotes expand in python-dotenv too.
    { cat plain.env; echo 'COPY="${ENCRYPTION_KEYS__v4}"'; } >.env.crypto
    plan --keep-versions 1
    { cat plain.env; echo "COPY='\${ENCRYPTION_KEYS__v1}'"; } >.env.crypto
    refused 4 plan --keep-versions 1
    # In the other file.
    cp plain.env .env.crypto
    { grep ACTIVE plain.env; grep __v4= plain.env; grep __v1= plain.env; echo 'COPY="${ENCRYPTION_KEYS__v1}"'; } >other.env
    chmod 600 other.env
    refused 4 two_files
    # When the version stays, nothing is in the way.
    plan --keep-versions 4
}

@test "S12: of several files, one that loses a version may refer to no other that leaves either" {
    users_with
    # v1 leaves both files; v2 stands in the first alone, and the second refers to it.
    { grep ACTIVE .env.crypto; grep -e __v4= -e __v1= .env.crypto; } >other.env
    chmod 600 other.env
    two_files
    [ "$(removed)" = "v1 v2 v3" ]
    # shellcheck disable=SC2016 # what stands in the file
    echo 'OLD_COPY="${ENCRYPTION_KEYS__v2}"' >>other.env
    refused 4 two_files
    grep -q 'OLD_COPY' plan.err
}

@test "S12: a checksummed value that depends on the process environment refuses" {
    users_with
    { sed '/CHECKSUM/d' .env.crypto; echo 'PLACE="${HOME}/x"'; } >new.env
    mv new.env .env.crypto
    plan --keep-versions 1 # without a checksum nothing is computed from it
    printf 'ENCRYPTION_ENV_CHECKSUM="%s"\n' "$(env_checksum .env.crypto)" >>.env.crypto
    refused 4 plan --keep-versions 1
    grep -q 'PLACE\|HOME' plan.err
}

# ---- S17: critical versions ----

@test "S17: each critical version has its own warning" {
    make_env .env.crypto v6 v1 v2 v3 v4 v5 v6
    {
        sql_head
        { sealed v6 2 20; seal .env.crypto - 1 | head -1; } | sql_table public.users otp
        sql_jobs finished v2 0 f
        sql_tail
    } >dump.sql
    census
    { sealed v3 1 50; sealed v1 1 200; } | users_dump $((40 * DAY)) >old.sql
    keycensus scan old.sql --env-file .env.crypto -q -o old.db
    critical() { keyretire show plan.txt | sed -n 's/^ *CRITICAL \(v[0-9]*\) .*/\1/p' | sort | tr '\n' ' '; }
    plan --keep-versions 1 --retained old.db --accept 'unversioned:known' >/dev/null
    # All rest on the acceptance; v5 is the newest below, v3 was written with, v2 was a job's target.
    [ "$(critical)" = "v1 v2 v2 v3 v3 v4 v5 v5 " ]
    keyretire show plan.txt | grep -q 'CRITICAL v5 .*newest'
    keyretire show plan.txt | grep -q 'CRITICAL v3 .*written'
    keyretire show plan.txt | grep -q 'CRITICAL v2 .*job'
    keyretire show plan.txt | grep -q 'CRITICAL v4 .*accept'
    # Without the acceptance, and with v5 kept, what is left is the write and the job.
    { sql_head; sealed v6 2 20 | sql_table public.users otp; sql_jobs finished v2 0 f; sql_tail; } >dump.sql
    census
    plan --keep-versions 1 --retained old.db --protect v5
    [ "$(critical)" = "v2 v3 " ]
    # --yes skips the question, not the warning.
    keyretire apply plan.txt --yes --state-dir "$STATE" >out 2>err
    grep -q 'CRITICAL v3' out err
    [ "$(env_versions .env.crypto | tr '\n' ' ')" = "v5 v6 " ]
}

# ---- S15 ----

@test "S15: no output, log, report, plan, journal or listing holds a byte of a value" {
    {
        cat .env.crypto
        printf '# a note %s\nOTHER_SECRET="%s-other"\nPLAIN=%s-plain # %s\n' "$CANARY" "$CANARY" "$CANARY" "$CANARY"
        printf 'MULTI="line one %s\nENCRYPTION_KEYS__v9=%s\n"\n' "$CANARY" "$CANARY"
    } | sed '/CHECKSUM/d' >new.env
    printf 'ENCRYPTION_ENV_CHECKSUM="%s"\n' "$(env_checksum new.env)" >>new.env
    mv new.env .env.crypto
    chmod 600 .env.crypto
    cp .env.crypto before.env
    mkdir said
    say() { # [CODE] NAME COMMAND...: everything that it says is kept, and it says something
        local code=0 got=0
        [[ $1 != [0-9]* ]] || { code=$1; shift; }
        local name=$1
        shift
        "$@" >"said/$name.out" 2>"said/$name.err" --log-file said/log -v || got=$?
        if [ "$got" -eq "$code" ] && cat "said/$name.out" "said/$name.err" | grep -q .; then
            return 0
        fi
        echo "$name: exit $got, $code was due"
        cat "said/$name.out" "said/$name.err"
        return 1
    }
    { sql_head; { sealed v4 2 20; sealed v3 1 30; } | sql_table public.users otp; sql_tail; } >dump.sql
    say scan keycensus scan dump.sql --env-file .env.crypto -o report.db
    for form in text json csv; do
        say "report.$form" keycensus show report.db --format $form
    done
    say plan keyretire plan --report report.db --env-file .env.crypto --keep-versions 1 --state-dir "$STATE" -o plan.txt
    for form in text json csv; do
        for command in show diff verify; do
            say "$command.$form" keyretire "$command" plan.txt --format $form
        done
    done
    say check keyretire check --report report.db --env-file .env.crypto
    say dry keyretire apply plan.txt --dry-run --state-dir "$STATE"
    say apply keyretire apply plan.txt --yes --state-dir "$STATE"
    [ "$(env_versions .env.crypto | tr '\n' ' ')" = "v3 v4 " ]
    say 5 again keyretire apply plan.txt --yes --state-dir "$STATE"
    say 5 verify keyretire verify plan.txt --state-dir "$STATE"
    backup=$(find "$STATE/backups" -type f | head -1)
    [ -n "$backup" ]
    for form in text json csv; do
        say "list.$form" keyretire backups list --state-dir "$STATE" --format $form
        say "bshow.$form" keyretire backups show "$(basename "$backup")" --state-dir "$STATE" --format $form
        say "bverify.$form" keyretire backups verify "$(basename "$backup")" --state-dir "$STATE" --format $form
        say "log.$form" keyretire log --verify --state-dir "$STATE" --format $form
        say "status.$form" keyretire status --state-dir "$STATE" --format $form
    done
    # Errors do not quote values either.
    sed 's/^ENCRYPTION_SALT_HASH__v4=.*/ENCRYPTION_SALT_HASH__v4="00"/' before.env >bad.env
    say 12 hash keyretire plan --report report.db --env-file bad.env --state-dir "$STATE"
    { cat before.env; grep ENCRYPTION_KEYS__v1 before.env; } >bad.env
    say 4 twice keyretire plan --report report.db --env-file bad.env --state-dir "$STATE"
    { cat before.env; printf 'ENCRYPTION_KEYS__v5="%s\n' "$CANARY"; } >bad.env
    say 4 open keyretire plan --report report.db --env-file bad.env --state-dir "$STATE"
    say 12 backwards keyretire plan --report .env.crypto --env-file report.db --state-dir "$STATE"
    say 12 quotes keycensus scan before.env --dump-time "$(utc 60)" -o quotes.db
    say dump keycensus scan before.env --quote none --dump-time "$(utc 60)" -o env.db
    say 12 asplan keyretire show before.env
    say 2 asmap keycensus scan dump.sql --map before.env --model a:B --column c -o map.db
    say 2 astables keyretire plan --report report.db --env-file before.env --tables before.env --state-dir "$STATE"
    say 4 asorder keyretire plan --report report.db --env-file before.env --order before.env --state-dir "$STATE"
    txid=$(keyretire backups list --json --state-dir "$STATE" | head -1 | python3 -c 'import json,sys; print(json.load(sys.stdin)["txid"])')
    say rollback keyretire rollback "$txid" --yes --state-dir "$STATE"
    cmp .env.crypto before.env
    [ "$(ls said | wc -l)" -gt 60 ]
    # The archives hold keys by design; nothing else may hold the canary, a salt, a hash or a checksum.
    find "$STATE/backups" -type f -exec rm {} +
    rm -f bad.env
    sed -n 's/^[A-Z_0-9a-z]*="\(.\{12,\}\)"$/\1/p' before.env >values
    [ "$(wc -l <values)" -ge 13 ]
    echo "$CANARY" >>values
    run grep -raFl -f values said plan.txt report.db "$STATE"
    [ "$status" -eq 1 ] # none, and no file that could not be read
    [ -z "$output" ]
}
