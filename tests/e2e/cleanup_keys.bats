#!/usr/bin/env bats
# The one-shot command of the seeds: cleanup-keys plans, shows, asks and applies, in that order (K1-K6).

load lib
load plan_lib

setup() {
    scratch
    make_env .env.crypto v5 v1 v2 v3 v4 v5
    cp -p .env.crypto before.env
    { sealed v5 3 20; sealed v2 1 30; } | users_dump >dump.sql
    census
}
teardown() { unscratch; }

cleanup() { # fingerprints with one iteration: they are not what these tests are about
    keyretire cleanup-keys --report report.db --model app.models:Users --column otp --state-dir "$STATE" \
        --kdf-iterations 1 "$@"
}

versions() {
    env_versions .env.crypto | tr '\n' ' '
}

untouched() {
    cmp .env.crypto before.env
    [ -z "$(find . -name '*.new' -o -name '*.conflict')" ]
    [ -z "$(find "$STATE/backups" -type f 2>/dev/null)" ]
}

# ---- K1, K2 ----

@test "K1.1-K1.3, K1.5, K2.1: without options three stay, and those in use" {
    cleanup --yes -q
    # Active v5, in use v2, and of the rest the newest until there are three: v4 v3.
    [ "$(versions)" = "v2 v3 v4 v5 " ]
    app_starts .env.crypto
}

@test "K2.2, K2.4: a number greater than all, and 1" {
    cleanup --yes -q --keep-versions 6
    untouched
    cleanup --yes -q --keep-versions 1
    [ "$(versions)" = "v2 v5 " ]
    app_starts .env.crypto
}

@test "K2.3: keep-versions 0, -1 and abc exit 2, change nothing and make nothing" {
    for n in 0 -1 abc ''; do
        for mode in --yes --dry-run --no-input; do
            refused 2 cleanup --keep-versions "$n" $mode
            grep -q '^keyretire: error\[R[0-9]*\]: .*keep-versions' refused.err
        done
    done
    untouched
    [ ! -e "$STATE" ]
}

@test "K1.4: the active version cannot be chosen, not even with --yes" {
    refused 4 cleanup --only v5 --yes
    refused 4 cleanup --only v1,v5 --yes
    refused 4 cleanup --only v2 --yes # K1.5
    untouched
}

@test "a second run finds nothing more to do and asks nothing" {
    cleanup --yes -q --keep-versions 1
    after=$(sha256sum <.env.crypto)
    # The report knows other version names than the file now has.
    refused 5 cleanup --yes --keep-versions 1
    census
    cleanup --keep-versions 1 </dev/null >out
    [ "$(sha256sum <.env.crypto)" = "$after" ]
    grep -q 'nothing to remove' out
    cleanup --keep-versions 1 --json </dev/null >result.json
    [ "$(python3 -c 'import json; r = json.load(open("result.json")); print(r["versions_removed"], r["backup_file"], r["txid"], r["versions_kept"])')" = \
        "[] None None ['v2', 'v5']" ]
}

# ---- K3: dry run ----

everything() {
    find "$SCRATCH" "$HOME" /var/lib/keyretire -printf '%p %i %s %T@ %C@ %m %u\n' 2>/dev/null | sort
    find "$SCRATCH" -type f -exec sha256sum {} + | sort
}

@test "K3.1, K3.2, K3.4: a dry run shows what would go, what would stay, and the impact" {
    cleanup --dry-run --keep-versions 2 >out
    grep -q 'verdict: remove v1 v3$' out
    grep -Eq '^ *v1 +REMOVE' out
    grep -Eq '^ *v2 +keep +in-use +1 ' out
    grep -Eq '^ *v4 +keep +recent' out
    grep -Eq '^ *v5 +keep +active +3 ' out
    grep -q 'would remove v1 v3$' out
    grep -q 'would keep v2 v4 v5$' out
    # Of 15 entries six go; of the four values none is concerned.
    grep -q '2 of 5 versions leave, 1 of 1 files change, 6 lines go' out
    grep -q '0 of 4 values name or need a removed version' out
    grep -q '^- line 3 *ENCRYPTION_KEYS__v1=<masked' out
    if grep -q "$CANARY" out; then false; fi
    cleanup --dry-run --keep-versions 2 --json >dry.json
    [ "$(python3 -c 'import json; r = json.load(open("dry.json")); print(r["versions_removed"], r["versions_kept"], r["backup_file"], r["txid"], r["total_versions_before"])')" = \
        "['v1', 'v3'] ['v2', 'v4', 'v5'] None None 5" ]
    refused 10 cleanup --dry-run --keep-versions 2 --detailed-exitcode
    cleanup --dry-run --keep-versions 9 --detailed-exitcode
}

@test "K3.3: a dry run changes and creates nothing anywhere" {
    mkdir home
    export HOME=$SCRATCH/home
    everything >"$BATS_TEST_TMPDIR/before"
    cleanup --dry-run --keep-versions 1 >/dev/null 2>&1
    cleanup --dry-run --keep-versions 1 --yes --json >/dev/null 2>&1
    keyretire cleanup-keys --report report.db --model app.models:Users --column otp --dry-run >/dev/null 2>&1
    everything | cmp - "$BATS_TEST_TMPDIR/before"
    [ ! -e "$STATE" ]
    # No system call that makes, changes or locks anything.
    trace=$BATS_TEST_TMPDIR/trace
    strace -f -o "$trace" -e trace=openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,chown,fchown,fchownat,truncate,ftruncate,utimensat,setxattr,fsetxattr,flock \
        keyretire cleanup-keys --report report.db --model app.models:Users --column otp --state-dir "$STATE" \
        --dry-run --keep-versions 1 >/dev/null 2>&1
    grep -q openat "$trace"
    if grep -v '/dev/' "$trace" | grep -E 'O_CREAT|O_WRONLY|O_RDWR|O_TRUNC|^[0-9]+ +(creat|mkdir|rename|unlink|link|symlink|chmod|fchmod|chown|fchown|truncate|ftruncate|utimens|setxattr|fsetxattr|flock)'; then
        false
    fi
}

@test "K3: a dry run with an existing state folder leaves that alone too" {
    cleanup --yes -q --only v1 --keep-versions 1
    census
    everything >"$BATS_TEST_TMPDIR/before"
    cleanup --dry-run --keep-versions 1 >/dev/null 2>&1
    everything | cmp - "$BATS_TEST_TMPDIR/before"
}

@test "K3: a dry run works where nothing may be written" {
    [ "$(id -u)" = 0 ] || skip "needs root to become another user"
    chmod 755 .
    chmod 644 report.db .env.crypto
    runuser -u nobody -- "$BUILD/keyretire" cleanup-keys --report report.db --model app.models:Users --column otp \
        --state-dir "$STATE" --dry-run --keep-versions 1 >out
    grep -q 'would remove v1 v3 v4$' out
}

# ---- K4: the question ----

@test "K4.1, K4.3: without --yes it asks, and no, nothing or rubbish removes nothing (7)" {
    for answer in no n nao '' yess YESNO 'y e s' 1 true; do
        refused 7 cleanup --keep-versions 1 <<<"$answer"
        cat refused.out refused.err | grep -qi '\[yes/no\]'
        cmp .env.crypto before.env
    done
    refused 7 cleanup --keep-versions 1 </dev/null
    refused 7 cleanup --keep-versions 1 <&-
    printf 'no\nyes\n' >answers
    refused 7 cleanup --keep-versions 1 <answers
    untouched
}

@test "K4.1: yes, y, sim and s are yes" {
    for answer in yes y sim s; do
        cleanup --keep-versions 1 <<<"$answer" >out 2>err
        [ "$(versions)" = "v2 v5 " ]
        cp -p before.env .env.crypto
        rm -rf "$STATE"
    done
}

@test "K4.2: --yes asks nothing, --no-input answers no" {
    refused 7 cleanup --keep-versions 1 --no-input <<<yes
    untouched
    cleanup --keep-versions 1 --yes </dev/null >out 2>err
    if cat out err | grep -q 'yes/no'; then false; fi
    [ "$(versions)" = "v2 v5 " ]
    cp -p before.env .env.crypto
    rm -rf "$STATE"
    cleanup --keep-versions 1 --yes --no-input >out 2>err
    [ "$(versions)" = "v2 v5 " ]
}

@test "K4.2: --yes skips the question and no rule" {
    { sealed v5 3 20; seal .env.crypto - 1; } | users_dump >dump.sql
    census
    refused 4 cleanup --yes
    grep -q unversioned refused.err
    grep -q unversioned refused.out
    cleanup --yes --keep-versions 1 --accept-unversioned 'one old row' >/dev/null
    [ "$(versions)" = "v5 " ]
}

@test "the seeds' order: plan, show, question, apply" {
    # v4 is protected, so that no version that leaves is critical.
    on_terminal yes keyretire cleanup-keys --report report.db --model app.models:Users --column otp \
        --keep-versions 1 --protect v4 --state-dir "$STATE" --color never >dialogue
    [ "$(versions)" = "v2 v4 v5 " ]
    last=0
    for words in 'verdict: remove v1 v3' Evidence Coverage Versions Impact 'Not seen' Undo '\[yes/no\]' 'removed: v1 v3' \
        'backup: ' 'rollback' 'restart'; do
        line=$(grep -n -- "$words" dialogue | tail -1 | cut -d: -f1)
        if [ "${line:-0}" -lt "$last" ] || [ -z "$line" ]; then
            echo "out of order or missing: $words"
            cat dialogue
            false
        fi
        last=$line
    done
}

@test "K4.4: critical versions are warned of, and on a terminal their list is typed" {
    command=(keyretire cleanup-keys --report report.db --model app.models:Users --column otp --keep-versions 1
        --state-dir "$STATE" --color never)
    for answer in yes y no '' v3 v1,v3,v4; do
        refused 7 on_terminal "$answer" "${command[@]}"
        grep -q 'CRITICAL v4 .*newest' refused.out
        cmp .env.crypto before.env
    done
    # The list stands in the question; v4 is the newest one below the active v5.
    grep -q 'list (v4)' refused.out
    on_terminal v4 "${command[@]}" >dialogue
    [ "$(versions)" = "v2 v5 " ]
    app_starts .env.crypto
}

@test "K4.4: script(1) is a terminal too" {
    echo v4 | script -qec "keyretire cleanup-keys --report report.db --model app.models:Users --column otp \
        --keep-versions 1 --state-dir $STATE" /dev/null >out
    [ "$(versions)" = "v2 v5 " ]
    grep -q CRITICAL out
}

@test "K4.4: without a terminal the warning is there and yes is enough" {
    cleanup --keep-versions 1 <<<yes >out 2>err
    grep -q 'CRITICAL v4' err
    [ "$(versions)" = "v2 v5 " ]
    cp -p before.env .env.crypto
    rm -rf "$STATE"
    cleanup --keep-versions 1 --yes -q >out 2>err
    grep -q 'CRITICAL v4' err
}

# ---- K5: model and column ----

@test "K5.1: --report, --model and --column are mandatory, and the model is module:Class" {
    refused 2 keyretire cleanup-keys --report report.db --column otp --yes --state-dir "$STATE"
    grep -q -- --model refused.err
    refused 2 keyretire cleanup-keys --report report.db --model app.models:Users --yes --state-dir "$STATE"
    grep -q -- --column refused.err
    refused 2 keyretire cleanup-keys --model app.models:Users --column otp --yes --state-dir "$STATE"
    grep -q -- --report refused.err
    refused 2 keyretire cleanup-keys --yes --state-dir "$STATE"
    for model in Users app.models: :Users 'app models:Users' 'app.models:Users:x' '' '9:Users'; do
        refused 2 keyretire cleanup-keys --report report.db --model "$model" --column otp --yes --state-dir "$STATE"
    done
    untouched
    [ ! -e "$STATE" ]
    keyretire cleanup-keys --report report.db --model app.models.Users --column otp --dry-run --state-dir "$STATE" >/dev/null
}

@test "K5.5: an unknown model or column exits 6 with the nearest names" {
    refused 6 keyretire cleanup-keys --report report.db --model app.models:User --column otp --yes --state-dir "$STATE"
    grep -q 'hint: .*users' refused.err
    grep -q 'app.models:User' refused.err
    refused 6 keyretire cleanup-keys --report report.db --model app.models:Users --column otq --yes --state-dir "$STATE"
    grep -q 'hint: .*"otp"' refused.err
    grep -q 'otq' refused.err
    refused 6 keyretire cleanup-keys --report report.db --model app.models:Users --column OTP --yes --state-dir "$STATE"
    refused 6 keyretire cleanup-keys --report none.db --model app.models:Users --column otp --yes --state-dir "$STATE"
    untouched
}

@test "K5.1: the model is what the scan declared, else the naming rule" {
    {
        sql_head
        { sealed v5 3 20; sealed v2 1 30; } | sql_table auth.usuarios _otp_secret
        sealed v5 1 20 | sql_table public.user_profile token
        sql_tail
    } >dump.sql
    printf 'app.models.user:User = auth.usuarios\napp.models.user:User.otp_secret = _otp_secret\n' >names.map
    census --map names.map --model app.models.user:User --column otp_secret
    for column in otp_secret _otp_secret; do
        for model in app.models.user:User app.models.user.User; do
            keyretire cleanup-keys --report report.db --model $model --column $column --dry-run --keep-versions 1 \
                --state-dir "$STATE" >out
            grep -q 'would remove v1 v3 v4$' out
        done
    done
    # UserProfile -> user_profile, whatever the module.
    keyretire cleanup-keys --report report.db --model x:UserProfile --column token --dry-run --state-dir "$STATE" >out
    # The pair belongs to its module: elsewhere the rule says "user", and there is no such table.
    refused 6 keyretire cleanup-keys --report report.db --model other.mod:User --column otp_secret --dry-run --state-dir "$STATE"
    refused 6 keyretire cleanup-keys --report report.db --model app.models.user:User --column token --dry-run --state-dir "$STATE"
    # A report that was scanned without a map cannot know.
    census
    refused 6 keyretire cleanup-keys --report report.db --model app.models.user:User --column otp_secret --dry-run --state-dir "$STATE"
}

@test "K5.3: a version that the column's values use stays, however few they are and however old" {
    { sealed v5 30 20; sealed v2 1 3000; } | users_dump >dump.sql
    census
    # Not even --only can name it.
    refused 4 cleanup --yes --keep-versions 1 --only v2
    untouched
    cleanup --yes -q --keep-versions 1
    [ "$(versions)" = "v2 v5 " ]
    # In another case it is the same version.
    { sealed v5 30 20; sealed v2 1 3000 | sed 's/^v2:/V2:/'; } | users_dump >dump.sql
    census
    cleanup --yes -q --keep-versions 1
    [ "$(versions)" = "v2 v5 " ]
}

@test "K5.2, K5.4, Scope: used versions are found, also those used elsewhere than in the column; the others go" {
    {
        sql_head
        { sealed v5 3 20; sealed v1 1 30; } | sql_table public.users otp
        sealed v3 1 30 | sql_table audit.log note
        sql_tail
    } >dump.sql
    census
    cleanup --yes -q --keep-versions 1
    [ "$(versions)" = "v1 v3 v5 " ]
}

@test "K5: plaintext in the column blocks, whether the scan declared it or not" {
    { sealed v5 3 20; echo 'plain text'; } | users_dump >dump.sql
    for declared in "" "--table public.users --column otp"; do
        # shellcheck disable=SC2086 # options
        census $declared
        refused 4 cleanup --yes
        grep -q 'plaintext' refused.err
    done
    untouched
    cleanup --yes -q --keep-versions 1 --accept 'plaintext@public.users.otp=1:test account'
    [ "$(versions)" = "v5 " ]
}

@test "the default place is instance/.env.crypto, then .env.crypto, else exit 6 naming both" {
    mkdir instance
    make_env instance/.env.crypto v5 v4 v5 v6
    mv .env.crypto there.env
    mv instance/.env.crypto .env.crypto
    sealed v5 2 20 | users_dump >dump.sql
    census
    cleanup --dry-run --only v4 --keep-versions 1 >out
    grep -q "$SCRATCH/.env.crypto" out
    mv .env.crypto instance/
    cleanup --dry-run --only v4 --keep-versions 1 >out
    grep -q "$SCRATCH/instance/.env.crypto" out
    cp -p there.env .env.crypto # both: instance/ wins
    cleanup --yes --only v4 --keep-versions 1 >out
    [ "$(env_versions instance/.env.crypto | tr '\n' ' ')" = "v5 v6 " ]
    cmp there.env .env.crypto
    rm .env.crypto instance/.env.crypto
    refused 6 cleanup --yes
    grep -q 'instance/.env.crypto.* .env.crypto' refused.err
    refused 6 cleanup --dry-run
    refused 6 cleanup --yes --env-file none.env
}

@test "several env files are one change" {
    mkdir instance
    cp -p .env.crypto instance/
    sed '/CHECKSUM/d; /__v1=/d' before.env >other.env
    chmod 600 other.env
    cleanup --yes -q --keep-versions 1 --env-file .env.crypto --env-file other.env
    [ "$(versions)" = "v2 v5 " ]
    [ "$(env_versions other.env | tr '\n' ' ')" = "v2 v5 " ]
    cmp instance/.env.crypto before.env
}

@test "the rules of plan hold: old data, an incomplete report, another keyring" {
    { sealed v5 3 20; sealed v2 1 30; } | users_dump $((8 * DAY)) >dump.sql
    census
    refused 5 cleanup --yes
    cleanup --dry-run --max-report-age none >/dev/null
    sealed v5 3 20 | users_dump | grep -v complete >dump.sql
    run census
    [ "$status" -eq 3 ]
    refused 4 cleanup --yes
    sealed v5 3 20 | users_dump >dump.sql
    census
    make_env .env.crypto v6 v1 v2 v3 v4 v5 v6
    refused 5 cleanup --yes
    cmp -s .env.crypto before.env && false
    [ "$(versions)" = "v1 v2 v3 v4 v5 v6 " ]
}

# ---- K6: backup, failure, log, jobs; the result ----

@test "K6.1, K6.3: backup, log and result of the operation" {
    started=$(date -u +%s)
    cleanup --yes --keep-versions 1 --json >result.json 2>err
    ended=$(date -u +%s)
    python3 - "$started" "$ended" <<'PY'
import calendar, hashlib, json, re, stat, os, sys, tarfile, time
r = json.load(open("result.json"))
assert set(r) >= {"total_versions_before", "total_versions_after", "versions_removed", "versions_kept", "backup_file",
                  "operation_time", "txid"}, r
assert (r["total_versions_before"], r["total_versions_after"]) == (5, 2)
assert r["versions_removed"] == ["v1", "v3", "v4"] and r["versions_kept"] == ["v2", "v5"]
assert re.fullmatch(r"[0-9a-f]{16}", r["txid"])
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r["operation_time"])
when = calendar.timegm(time.strptime(r["operation_time"], "%Y-%m-%dT%H:%M:%SZ"))
assert int(sys.argv[1]) <= when <= int(sys.argv[2])
assert r["txid"] in os.path.basename(r["backup_file"])
assert stat.S_IMODE(os.stat(r["backup_file"]).st_mode) == 0o600
assert stat.S_IMODE(os.stat(os.path.dirname(r["backup_file"])).st_mode) == 0o700
with tarfile.open(r["backup_file"]) as tar:
    images = [tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()]
assert open("before.env", "rb").read() in images
PY
    txid=$(python3 -c 'import json; print(json.load(open("result.json"))["txid"])')
    keyretire log --json --state-dir "$STATE" >log.json
    python3 - "$txid" "$(id -un)" <<'PY'
import json, re, sys
txid, user = sys.argv[1:]
lines = [json.loads(l) for l in open("log.json")]
assert lines and all(isinstance(l, dict) for l in lines)
mine = [l for l in lines if l.get("txid") == txid]
assert mine, lines
text = json.dumps(mine)
for v in ("v1", "v3", "v4"):
    assert f'"{v}"' in text, text
assert f'"{user}"' in text, text
assert "cleanup-keys" in text or "keyretire" in text, text
assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text), text
PY
    keyretire log --verify --state-dir "$STATE" >/dev/null
    # And back again.
    keyretire rollback "$txid" --yes --state-dir "$STATE" -q
    cmp .env.crypto before.env
}

@test "K6.2: a change that fails is taken back by itself (8)" {
    make_env second.env v5 v1 v2 v3 v4 v5
    sed '/CHECKSUM/d' before.env >second.env
    chmod 600 second.env
    cp -p second.env second.before
    # The second exchange fails: one file is new already.
    run strace -f -o trace -e trace=renameat2 -e inject=renameat2:error=EIO:when=2 \
        keyretire cleanup-keys --report report.db --model app.models:Users --column otp --keep-versions 1 \
        --env-file .env.crypto --env-file second.env --state-dir "$STATE" --yes
    grep -q 'INJECTED' trace
    [ "$status" -eq 8 ]
    cmp .env.crypto before.env
    cmp second.env second.before
    [ -z "$(find . -name '*.new' -o -name '*.conflict')" ]
    keyretire status --state-dir "$STATE" >/dev/null
    # It may simply be done again.
    cleanup --yes -q --keep-versions 1 --env-file .env.crypto --env-file second.env
    [ "$(versions)" = "v2 v5 " ]
    [ "$(env_versions second.env | tr '\n' ' ')" = "v2 v5 " ]
}

@test "K6.4: pending jobs are a warning that names their impact, and the removal goes on" {
    for status in pending running paused; do
        {
            sql_head
            { sealed v5 3 20; sealed v2 1 30; } | sql_table public.users otp
            sql_jobs "$status" v5 0 f
            sql_tail
        } >dump.sql
        census
        cleanup --yes --keep-versions 1 >out 2>err
        cat out err | grep -q "job 1 of app.models:User.otp .*$status"
        [ "$(versions)" = "v2 v5 " ]
        cp -p before.env .env.crypto
        rm -rf "$STATE"
    done
    # The target of one stays.
    sed -i 's/\tv5\tpaused/\tv3\tpaused/' dump.sql
    census
    cleanup --yes --keep-versions 1 -q
    [ "$(versions)" = "v2 v3 v5 " ]
}

@test "the final report names the backup, the undo and the next steps" {
    cleanup --yes --keep-versions 1 >out 2>err
    backup=$(find "$STATE/backups" -type f | head -1)
    tail -8 out >end
    grep -q "$backup" end
    grep -q 'keyretire rollback [0-9a-f]\{16\}' end
    grep -qi 'restart' end
    grep -q '5 before, 2 now' end
    if grep -q "$CANARY" out err; then false; fi
}

@test "an interrupted run is finished before the next one plans" {
    run strace -f -o trace -e trace=renameat2 -e inject=renameat2:signal=KILL:when=1 \
        keyretire cleanup-keys --report report.db --model app.models:Users --column otp --keep-versions 1 \
        --state-dir "$STATE" --yes
    [ "$status" -eq 137 ]
    cmp .env.crypto before.env # the first rename gives the archive its name
    cleanup --yes --keep-versions 1 >out 2>err
    grep -q recovery err
    [ "$(versions)" = "v2 v5 " ]
    app_starts .env.crypto
    [ -z "$(find . -name '*.new')" ]
}

@test "a backup that cannot be sealed as asked refuses before anything is done" {
    refused 13 cleanup --encrypt-to age1x --yes
    grep -q 'malformed recipient' refused.err
    untouched
}
