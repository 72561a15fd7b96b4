#!/usr/bin/env bats
# Keyrings of other systems: keys in a row, known by a hash or their place, through the whole way.

load lib
load change_lib

setup() { scratch; }
teardown() { end_world; }

# ring FILE KIND COUNT: a file with that many keys, the first one active (of magento the last); keys has one a line in
# the order of the file, names how both programs call them; worked out here with Python alone.
ring() {
    /usr/bin/python3 - "$@" "$CANARY" <<'PY'
import base64, hashlib, os, sys
path, kind, count, canary = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
raw = [os.urandom(32) for _ in range(count)]
text = {"laravel": lambda k: "base64:" + base64.b64encode(k).decode(),
        "prisma": lambda k: "k1.aesgcm256." + base64.urlsafe_b64encode(k).decode(),
        "multifernet": lambda k: base64.urlsafe_b64encode(k).decode(),
        "magento": lambda k: k.hex()[:32]}[kind]
keys = [text(k) for k in raw]
names = {"prisma": lambda i: hashlib.sha256(keys[i].encode()).hexdigest()[:8], "magento": lambda i: str(i)}.get(
    kind, lambda i: "key-" + hashlib.sha256(b"keyretire-fp-v1" + raw[i]).hexdigest()[:8])
head = "# %s\nAPP_NAME='%s of the shop'\n" % (canary, canary)
body = {"laravel": lambda: "APP_KEY=%s\nDEBUG=0\nAPP_PREVIOUS_KEYS=%s\n" % (keys[0], ",".join(keys[1:])),
        "prisma": lambda: 'PRISMA_FIELD_DECRYPTION_KEYS="%s"\nPRISMA_FIELD_ENCRYPTION_KEY="%s"\n' % (",".join(keys), keys[0]),
        "multifernet": lambda: "FERNET_KEYS=%s\n" % ",".join(keys)}
php = ("<?php\nreturn [\n    'backend' => ['frontName' => '%s'],\n    'crypt' => [\n        'key' => '%s'\n    ],\n"
       "    'session' => ['save' => 'files', 'ttl' => 3600],\n];\n")
with open(path, "w") as f:
    f.write(php % (canary, "\n".join(keys)) if kind == "magento" else head + body[kind]() + "LAST=1\n")
os.chmod(path, 0o600)
open("keys", "w").write("".join(k + "\n" for k in keys))
open("names", "w").write("".join(names(i) + "\n" for i in range(count)))
PY
    cat keys >>secrets
}

# values NAME COUNT: tokens of no key under this name.
values() {
    /usr/bin/python3 - "$@" <<'PY'
import base64, os, struct, sys, time
for i in range(int(sys.argv[2])):
    raw = b"\x80" + struct.pack(">Q", int(time.time()) - 86400) + os.urandom(64)
    print(sys.argv[1] + ":" + base64.urlsafe_b64encode(base64.urlsafe_b64encode(raw)).decode())
PY
}

# proven KEY COUNT: values that this key made (its place in keys), which do not name it.
proven() {
    /usr/bin/python3 - "$@" <<'PY'
import base64, hashlib, hmac, os, struct, sys, time
raw = base64.urlsafe_b64decode(open("keys").read().split()[int(sys.argv[1]) - 1])
for i in range(int(sys.argv[2])):
    body = b"\x80" + struct.pack(">Q", int(time.time()) - 86400) + os.urandom(32)
    token = base64.urlsafe_b64encode(body + hmac.new(raw[:16], body, hashlib.sha256).digest())
    print(base64.urlsafe_b64encode(token).decode())
PY
}

name() { sed -n "$1p" names; }
key() { sed -n "$1p" keys; }

# look FILE KIND [SCAN OPTION...]: dump.sql to report.db with the names of this keyring.
look() {
    local file=$1 kind=$2
    shift 2
    rm -f report.db
    exits 0 keycensus scan dump.sql --env-file "$file" --keyring "$kind" -q -o report.db "$@"
}

# scheme FILE KIND [PLAN OPTION...]
scheme() {
    local file=$1 kind=$2
    shift 2
    rm -f plan.txt
    exits "${code:-0}" retire plan --report report.db --env-file "$file" --keyring "$kind" -o plan.txt "$@"
}

@test "keys of prisma-field-encryption leave the list, are put back, and the file is as it was" {
    ring .env prisma 4
    { values "$(name 1)" 2; values "$(name 3)" 1; } | users_dump >dump.sql
    look .env prisma
    is "$(sqlite3 report.db "select value from summary where item = 'active_version'")" "$(name 1)"
    is "$(sqlite3 report.db "select group_concat(version) from (select version from key_usage order by record_count desc)")" \
        "$(name 1),$(name 3)"
    cp .env before
    scheme .env prisma --keep-versions 1
    is "$(removed | xargs -n1 | sort | xargs)" "$({ name 2; name 4; } | sort | xargs)"
    grep -q 'form "python-dotenv+prisma:' plan.txt
    says plan.txt "PRISMA_FIELD_DECRYPTION_KEYS[1]" "PRISMA_FIELD_DECRYPTION_KEYS[3]"
    exits 0 retire apply plan.txt --yes
    /usr/bin/python3 - <<'PY'
old, new, keys = open("before").read(), open(".env").read(), open("keys").read().split()
assert new == old.replace("," + keys[1], "").replace("," + keys[3], "") and new != old
PY
    exits 0 retire check --report report.db --env-file .env --keyring prisma
    exits 0 retire rollback "$(last_txid)" --yes
    same_file .env before
    nothing_staged .
}

@test "a list that was edited since gets its keys back where they stood" {
    ring .env prisma 4
    values "$(name 1)" 2 | users_dump >dump.sql
    look .env prisma
    scheme .env prisma --keep-versions 1
    exits 0 retire apply plan.txt --yes
    sed -i 's/^LAST=1/LAST=2/' .env
    exits 0 retire rollback "$(last_txid)" --yes
    is "$(grep -c '^LAST=2' .env)" 1
    is "$(sed -n 's/^PRISMA_FIELD_DECRYPTION_KEYS="\(.*\)"$/\1/p' .env)" "$(paste -sd, keys)"
}

@test "a place of Magento's keys gets a tombstone, and all others stay where they are" {
    ring env.php magento 4
    { values 3 2; values 1 1; } | users_dump >dump.sql
    look env.php magento
    cp env.php before
    exits 0 retire plan --report report.db --config env.php -o plan.txt --keep-versions 1
    is "$(removed)" "0 2"
    exits 0 retire apply plan.txt --yes
    /usr/bin/python3 - <<'PY'
import hashlib
old, new, keys = open("before").read(), open("env.php").read(), open("keys").read().split()
for i in (0, 2):
    old = old.replace(keys[i], "retired-" + hashlib.sha256(("keyretire-tombstone-v1" + keys[i]).encode()).hexdigest()[:24])
assert new == old
PY
    look env.php magento
    scheme env.php magento --keep-versions 1
    is "$(ask '[v["version"] for v in p["versions"]]')" "1 3"
    exits 0 retire rollback "$(last_txid)" --yes
    same_file env.php before
}

@test "keys that stored values do not name leave nothing while no value is proven" {
    for kind in laravel multifernet; do
        ring .env $kind 3
        values "$(name 1)" 2 | users_dump >dump.sql
        look .env $kind
        cp .env before
        code=4 scheme .env $kind --keep-versions 1 --accept-unversioned 'because'
        is "$(blockers)" unversioned
        is "$(removed)" ""
        says plan.txt "no report proves which value has which" "scan --verify"
        exits 4 retire apply plan.txt --yes
        same_file .env before
    done
}

@test "Fernet keys that no value has leave once every value is proven" {
    ring .env multifernet 4
    { proven 1 3; proven 3 1; } | users_dump >dump.sql
    look .env multifernet --verify
    is "$(sqlite3 report.db "select group_concat(version || '=' || record_count) from
        (select * from key_usage where basis = 'proven' order by record_count desc)")" "$(name 1)=3,$(name 3)=1"
    cp .env before
    scheme .env multifernet --keep-versions 1
    is "$(removed | xargs -n1 | sort | xargs)" "$({ name 2; name 4; } | sort | xargs)"
    exits 0 retire apply plan.txt --yes
    is "$(sed -n 's/^FERNET_KEYS=//p' .env)" "$(key 1),$(key 3)"
    exits 0 retire rollback "$(last_txid)" --yes
    same_file .env before
}

@test "one of the newest unused keys of a list stays when two are to be kept" {
    ring .env multifernet 4
    proven 1 2 | users_dump >dump.sql
    look .env multifernet --verify
    scheme .env multifernet --keep-versions 2
    is "$(removed)" "$(name 4) $(name 3)" # oldest first: the order of the list, backwards
}

@test "a value that no key of the list proves keeps all of them" {
    ring elsewhere multifernet 1
    proven 1 1 >strange
    ring .env multifernet 3
    { proven 1 2; cat strange; } | users_dump >dump.sql
    look .env multifernet --verify
    code=4 scheme .env multifernet --keep-versions 1
    is "$(blockers)" orphan
    is "$(removed)" ""
}

@test "a plan whose text was made to remove unproven keys is not applied" {
    ring .env prisma 3
    values "$(name 1)" 2 | users_dump >dump.sql
    look .env prisma
    scheme .env prisma --keep-versions 1
    sed 's/python-dotenv+prisma:[A-Z_,]*/python-dotenv+laravel:APP_KEY,APP_PREVIOUS_KEYS/' plan.txt >plan2.txt
    exits 12 retire apply plan2.txt --yes
    says err "no report proves"
}

@test "the active key of a list never leaves" {
    ring .env prisma 3
    values "$(name 2)" 2 | users_dump >dump.sql
    look .env prisma
    code=4 scheme .env prisma --only "$(name 1)"
    says err "$(name 1)"
}

@test "a kind that is unknown or does not fit the file is said with what to do" {
    ring .env laravel 2
    values v1 1 | users_dump >dump.sql
    exits 2 keycensus scan dump.sql --env-file .env --keyring django -o report.db
    says err K0530 "multifernet:VARIABLE"
    exits 12 keycensus scan dump.sql --env-file .env -o report.db
    says err K0502 "--keyring laravel"
    exits 12 keycensus scan dump.sql --env-file .env --keyring prisma -o report.db
    says err K0531 PRISMA_FIELD_ENCRYPTION_KEY
    exits 4 keycensus scan dump.sql --env-file .env --keyring multifernet:APP_KEY,OLD -o report.db
    says err K0532 "place 1 of APP_KEY"
}

# vault_key LATEST LOWEST: what Vault says of the key, with --keyring vault's file key.json.
vault_key() {
    printf '{"request_id": "%s", "data": {"keys": {"%s": 1442851412}, "latest_version": %s, "min_decryption_version": %s, "name": "orders"}}\n' \
        "$CANARY" "$1" "$1" "$2" >key.json
}

@test "for Vault the commands are given that retire what nothing needs, and nothing is changed" {
    echo "$CANARY" >>secrets
    vault_key 5 1
    { values v5 2; values v3 1; } | users_dump >dump.sql
    exits 0 keycensus scan dump.sql -q -o report.db
    cp key.json before
    exits 0 retire plan --report report.db --keyring vault --config key.json --keep-versions 1
    says out "  v3  1 value  in-use" "  v4  0 values  unused, but Vault retires only from the oldest up" \
        "  vault write transit/keys/orders/config min_decryption_version=3 min_encryption_version=5" \
        "  vault write transit/keys/orders/trim min_available_version=3"
    same_file key.json before
    [ ! -e "$STATE" ]
    exits 0 retire plan --report report.db --keyring vault:kv/transit --config key.json --keep-versions 3
    says out "  vault write kv/transit/keys/orders/trim min_available_version=2" # beside v3: v5, v4, v2
    exits 0 retire plan --report report.db --keyring vault --config key.json --keep-versions 5
    says out "no version can be retired"
    run grep -c 'vault write' out
    is "$output" 0
}

@test "a value below what Vault still decrypts blocks, and what is no key of Vault is refused" {
    echo "$CANARY" >>secrets
    vault_key 5 3
    { values v5 2; values v2 1; } | users_dump >dump.sql
    exits 0 keycensus scan dump.sql -q -o report.db
    exits 4 retire plan --report report.db --keyring vault --config key.json --keep-versions 1
    says out "orphan: " "of version v2" "no version can be retired"
    exits 2 retire plan --report report.db --keyring vault --config key.json -o plan.txt
    says err R0530
    exits 2 retire plan --report report.db --keyring 'vault:a;b' --config key.json
    exits 2 retire cleanup-keys --report report.db --model m:Users --column otp --keyring vault --config key.json
    for text in '{}' '[]' 'x' '{"data": {"name": "a b", "latest_version": 2}}' '{"name": "a", "latest_version": 0}' \
        '{"name": "a", "latest_version": 9999999}' '{"name": "a", "latest_version": "2", "min_decryption_version": 3}'; do
        echo "$text" >key.json
        exits 12 retire plan --report report.db --keyring vault --config key.json
        says err R0539
    done
}
