#!/usr/bin/env bats
# Proof by key: what scan --verify and --verify-keys find, what plan makes of it, and where keys go. Values and
# keys are made with Python's hashlib and hmac (verify_values.py).

load lib

setup() {
    scratch
    /usr/bin/python3 "$BATS_TEST_DIRNAME/verify_values.py" .
}
teardown() { unscratch; }

query() { sqlite3 "$1" "$2"; }

verified() { # DUMP REPORT [OPTION...]
    local dump=$1 report=$2
    shift 2
    keycensus scan "$dump" --env-file .env.crypto --verify -o "$report" "$@" 2>err
}

plan() { keyretire plan --env-file .env.crypto --state-dir "$STATE" --keep-versions 1 "$@" 2>err; }

blockers() { keyretire show plan.txt --json --state-dir "$STATE" |
    /usr/bin/python3 -c 'import json,sys; print(" ".join(b["code"] for b in json.load(sys.stdin)["blockers"]))'; }

removed() { keyretire show plan.txt --json --state-dir "$STATE" |
    /usr/bin/python3 -c 'import json,sys; print(" ".join(v["version"] for v in json.load(sys.stdin)["remove"]))'; }

same() { # GOT EXPECTED
    [ "$1" = "$2" ] || { printf 'got:\n%s\nexpected:\n%s\n' "$1" "$2" >&2; return 1; }
}

@test "K1.1: every class of value is told, and both versions of a lying label are in use" {
    verified mixed.sql r.db
    same "$(query r.db "select table_name, class, record_count from value_classes order by 1, 2")" \
"notes|legacy-verified-embedded|1
notes|plaintext|1
notes|verified|2
notes|verified-embedded|1
users|empty|1
users|legacy-verified|3
users|mislabelled|1
users|null|1
users|orphan|3
users|plaintext|1
users|truncated|1
users|verified|6"
    same "$(query r.db "select table_name, version, basis, record_count, is_active from key_usage order by 1, 2, 3")" \
"notes|v1|proven|2|0
notes|v5|proven|3|1
users||hint|1|0
users|v1|proven|2|0
users|v2|hint|2|0
users|v2|proven|4|0
users|v3|proven|1|0
users|v5|hint|1|1
users|v5|proven|4|1
users|v9|hint|1|0"
    same "$(query r.db "select code, table_name, record_count from findings order by 1")" \
"mislabelled|users|1
orphan|users|3
truncated|users|1
unknown-version|users|1"
    same "$(query r.db "select value from summary where item in ('verified', 'labels')")" "1
14 of 18 proven"
}

@test "the answer does not depend on threads, blocks or which half of the keys is at hand" {
    keyretire verification-keys --env-file .env.crypto -o v.keys
    verified mixed.sql r.db
    keycensus scan mixed.sql --verify-keys v.keys -o v.db
    verified mixed.sql one.db --threads 1 --block-size 1
    verified mixed.sql some.db --threads 3 --block-size 700
    for report in v one some; do
        same "$(query $report.db "select value from summary where item='content_digest'")" \
            "$(query r.db "select value from summary where item='content_digest'")"
    done
}

@test "S10 S16: a plan of proven values refuses for exactly the right reasons" {
    verified mixed.sql r.db
    run plan --report r.db -o plan.txt
    [ "$status" -eq 4 ]
    same "$(blockers)" "orphan truncated"
    same "$(removed)" ""
    head -2 plan.txt | grep -q '^PROVEN: 14 of 18 values$'
    run plan --report r.db --accept orphan=2:lost --accept truncated=1:lost -o plan.txt --overwrite
    [ "$status" -eq 4 ]
    same "$(blockers)" "orphan"
    plan --report r.db --accept orphan@public.users.otp=3:lost --accept truncated=1:lost -o plan.txt --overwrite
    same "$(blockers)" ""
    # v3 stays: one value that says v2 needs it.
    same "$(removed)" "v4"
}

@test "a legacy column that is proven whole blocks no longer" {
    keycensus scan legacy.sql --env-file .env.crypto -o labels.db
    run plan --report labels.db -o plan.txt
    [ "$status" -eq 4 ]
    same "$(blockers)" "unversioned"
    head -2 plan.txt | grep -q '^LABELS ONLY: no value was proven$'
    verified legacy.sql r.db
    plan --report r.db -o plan.txt --overwrite
    same "$(removed)" "v2 v3 v4"
    head -2 plan.txt | grep -q '^PROVEN: 10 of 10 values$'
}

@test "S10: a keyring with another key under one of the names is refused" {
    verified legacy.sql r.db
    sed -i 's/fourth-/Fourth-/' .env.crypto
    run plan --report r.db -o plan.txt
    [ "$status" -eq 5 ]
    grep -q 'key of version "v4"' err
    [ ! -e plan.txt ]
    run keyretire check --report r.db --env-file .env.crypto --state-dir "$STATE"
    [ "$status" -eq 0 ] # no value needs v4
    sed -i 's/fifth-/Fifth-/' .env.crypto
    run keyretire check --report r.db --env-file .env.crypto --state-dir "$STATE"
    [ "$status" -eq 4 ]
    [[ "$output" == *v5* ]] || false
}

@test "S16: with the keys of another application nothing can be accepted away" {
    sed -i 's/CaNaRy/CANARY/; s/^ENCRYPTION_KEYS__v\([123]\)="./ENCRYPTION_KEYS__v\1="#/' .env.crypto
    verified legacy.sql r.db
    same "$(query r.db "select class, record_count from value_classes")" "orphan|10"
    run plan --report r.db --accept orphan:all --accept active-unseen:yes -o plan.txt
    [ "$status" -eq 4 ]
    same "$(blockers)" "orphan"
    grep -q 'cannot be accepted while no value proves' plan.txt
}

@test "S11: two names of one key are named" {
    v5=$(grep -E '(KEYS|SALT)__v5' .env.crypto)
    sed -i '/__v4/d' .env.crypto
    printf '%s\n' "$v5" | sed 's/__v5/__v4/' >>.env.crypto
    verified legacy.sql r.db
    plan --report r.db -o plan.txt
    grep -q 'v4 and v5 are one key' plan.txt
}

@test "the number of iterations is the application's" {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/verify_values.py" . 1000
    verified legacy.sql wrong.db
    same "$(query wrong.db "select class, record_count from value_classes")" "orphan|10"
    verified legacy.sql r.db --kdf-iterations 1000
    same "$(query r.db "select class, record_count from value_classes order by 1")" "legacy-verified|6
verified|4"
    run plan --report r.db -o plan.txt
    [ "$status" -eq 5 ]
    plan --report r.db --kdf-iterations 1000 -o plan.txt
    keyretire verification-keys --env-file .env.crypto --kdf-iterations 1000 -o v.keys
    keycensus scan legacy.sql --verify-keys v.keys -o v.db
    same "$(query v.db "select value from summary where item='labels'")" "10 of 10 proven"
    keyretire check --report r.db --env-file .env.crypto --kdf-iterations 1000 --state-dir "$STATE"
}

@test "verification keys are names, fingerprints and MAC halves, for their owner's eyes" {
    umask 000
    keyretire verification-keys --env-file .env.crypto -o v.keys
    same "$(stat -c %a v.keys)" 600
    /usr/bin/python3 - >expected <<'PY'
import hashlib, json
keys = json.load(open("keys.json"))
for v in sorted(keys):
    whole = bytes.fromhex(keys[v])
    fp = hashlib.sha256(b"keyretire-fp-v1" + whole).hexdigest()[:16]
    print(f"key {v} {fp} {whole[:16].hex()}")
PY
    same "$(grep '^key ' v.keys)" "$(cat expected)"
    same "$(grep '^active' v.keys)" "active v5"
    same "$(tail -1 v.keys)" "sha256 $(head -n -1 v.keys | sha256sum | cut -d' ' -f1)"
    run keyretire verification-keys --env-file .env.crypto -o v.keys
    [ "$status" -eq 2 ]
    run keyretire verification-keys --env-file .env.crypto
    [ "$status" -eq 2 ]
}

@test "a file of verification keys that was cut, edited or is out of date is refused" {
    keyretire verification-keys --env-file .env.crypto -o v.keys
    head -c 200 v.keys >cut.keys
    sed 's/^active v5/active v4/' v.keys >edited.keys
    : >empty.keys
    for bad in cut edited empty; do
        run keycensus scan legacy.sql --verify-keys $bad.keys -o r.db
        [ "$status" -eq 12 ]
        [ ! -e r.db ]
    done
    sed -i '/__v4/d' .env.crypto
    run keycensus scan legacy.sql --verify-keys v.keys --env-file .env.crypto -o r.db
    [ "$status" -eq 4 ]
    [ ! -e r.db ]
    chmod 644 v.keys
    run keycensus scan legacy.sql --verify-keys v.keys -o r.db
    [ "$status" -eq 0 ]
    [[ "$output" == *"can be read by others"* ]] || false
}

@test "options that make no sense together exit 2" {
    : >v.keys
    for options in "--verify" "--verify --verify-keys v.keys --env-file .env.crypto" \
        "--env-file .env.crypto --kdf-iterations 5" "--env-file .env.crypto --config .env.crypto"; do
        # shellcheck disable=SC2086 # words
        run keycensus scan legacy.sql $options -o r.db
        [ "$status" -eq 2 ]
        [ ! -e r.db ]
    done
}

@test "keys of a Flask configuration prove as well" {
    /usr/bin/python3 - <<'PY'
import json, re
values = dict(re.findall(r'^(\w+)="(.*)"$', open(".env.crypto").read(), re.M))
names = [k[len("ENCRYPTION_KEYS__"):] for k in values if k.startswith("ENCRYPTION_KEYS__")]
keys = {v: {"key": values["ENCRYPTION_KEYS__" + v], "salt": values["ENCRYPTION_SALT__" + v]} for v in names}
json.dump({"ACTIVE_ENCRYPTION_VERSION": "v5", "ENCRYPTION_KEYS": keys}, open("config.json", "w"))
PY
    keycensus scan mixed.sql --config config.json --verify -o c.db
    verified mixed.sql r.db
    same "$(query c.db "select value from summary where item='content_digest'")" \
        "$(query r.db "select value from summary where item='content_digest'")"
}

@test "S15: no key is in a report, a plan, a log or anything printed, as text or bytes" {
    keyretire verification-keys --env-file .env.crypto -o v.keys -v >out0 2>&1
    keycensus scan mixed.sql --env-file .env.crypto --verify -v --log-file log -o r.db >out1 2>&1
    keycensus scan mixed.sql --verify-keys v.keys -v --log-file log -o v.db >out2 2>&1
    keycensus show r.db >out3 2>&1
    keycensus show r.db --json >out4 2>&1
    run plan --report r.db --report v.db -o plan.txt
    keyretire check --report r.db --env-file .env.crypto -v --state-dir "$STATE" >out5 2>&1 || true
    /usr/bin/python3 - <<'PY'
import os, sys
secrets = open("secrets.txt").read().split("\n")[:-1]
needles = [s.encode() for s in secrets] + [bytes.fromhex(s) for s in secrets if all(c in "0123456789abcdef" for c in s)]
assert len(needles) == 5 * 4 + 5 * 3
for folder, _, files in os.walk("."):
    for name in files:
        if name in ("secrets.txt", "keys.json", "v.keys", ".env.crypto"):
            continue
        data = open(os.path.join(folder, name), "rb").read()
        for n in needles:
            if n in data:
                sys.exit(f"{name} holds a secret")
PY
}

@test "S15: no key, derived or not, is left in the memory of a scan that ends" {
    [[ $BUILD != */asan ]] || skip "the sanitizer keeps what was freed"
    keyretire verification-keys --env-file .env.crypto -o v.keys
    PROBE=$BUILD/crash/keycensus-probe /usr/bin/python3 - <<'PY'
import json, os, subprocess, sys
keys = {v: bytes.fromhex(k) for v, k in json.load(open("keys.json")).items()}
canaries = [b"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8", keys["v1"][:16], keys["v1"][16:31], keys["v2"][:16]]
assert not any(b"\xff" in c for c in canaries)
def run(program, arguments, canary):
    env = dict(os.environb)
    env[b"TEST_CANARY"] = bytes(b + 1 for b in canary)
    done = subprocess.run([program] + arguments, env=env, capture_output=True)
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 0 and "memory: searched" in said, said
    return [line for line in said.split("\n") if line.startswith("memory: ") and line != "memory: searched"]
census = os.environ["PROBE"]
retire = census.replace("keycensus", "keyretire")
# The search finds what is there: a word of the arguments.
assert run(census, ["scan", "mixed.sql", "-o", "x0.db"], b"mixed.sql")
for i, canary in enumerate(canaries):
    left = run(census, ["scan", "mixed.sql", "--env-file", ".env.crypto", "--verify", "-o", f"a{i}.db"], canary)
    left += run(census, ["scan", "mixed.sql", "--verify-keys", "v.keys", "-o", f"b{i}.db"], canary)
    left += run(retire, ["verification-keys", "--env-file", ".env.crypto", "-o", f"w{i}.keys"], canary)
    assert not left, (i, left)
PY
}

@test "the sandbox closes when the keys are derived, and before the dump is read" {
    [[ $BUILD != */asan ]] || skip "traced"
    strace -f -o trace -e trace=openat,seccomp keycensus scan mixed.sql --env-file .env.crypto --verify -o r.db
    env_line=$(grep -n 'openat(.*"\.env\.crypto"' trace | tail -1 | cut -d: -f1)
    shut=$(grep -n 'seccomp(SECCOMP_SET_MODE_FILTER' trace | tail -1 | cut -d: -f1)
    dump=$(grep -n 'openat(.*"mixed\.sql", O_RDONLY' trace | tail -1 | cut -d: -f1)
    [ "$env_line" -lt "$shut" ]
    [ "$shut" -lt "$dump" ]
}
