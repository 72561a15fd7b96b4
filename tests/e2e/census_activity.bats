#!/usr/bin/env bats
# OpenRouter's activity export: what each key cost by UTC day and month. formats.md section 6, safety.md S1.
# Python's csv and decimal modules say what the sums are.

load lib

setup() {
    scratch
    python3 - <<'PY'
import csv, datetime, decimal, random
rng = random.Random(9)
names = ("generation_id created_at cost_total cost_web_search cost_cache cost_file_processing byok_usage_inference "
         "tokens_prompt tokens_completion tokens_reasoning tokens_cached model_permaslug provider_name variant cancelled "
         "streamed user finish_reason_raw finish_reason_normalized generation_time_ms time_to_first_token_ms "
         "api_key_disabled api_key_name app_name").split()
start = datetime.datetime(2026, 3, 28)
rows = []
for i in range(3000):
    when = start + datetime.timedelta(seconds=rng.randrange(10 * 86400))
    row = dict.fromkeys(names, "")
    row.update(generation_id=f"gen-{i}", created_at=when.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
               cost_total=f"{rng.randrange(10**7) / 10**6:.6f}", cost_cache=f"-{rng.random():.6f}",
               byok_usage_inference=rng.choice(["0.000000", f"{rng.random():.6f}"]), user="a,\"b\"",
               api_key_name=rng.choice(["prod", "dev, \"two\"", "", "équipe"]), cancelled="false")
    rows.append(row)
def write(path, some, order):
    with open(path, "w", newline="") as f:
        w = csv.DictWriter(f, order, lineterminator="\r\n")
        w.writeheader()
        w.writerows(some)
mixed = names[:]
rng.shuffle(mixed)
write("march.csv", rows[:2000], names)
write("april.csv", rows[1500:], mixed)  # overlaps, in another order of columns
sums = {}
for row in rows:
    for length in (10, 7):
        at = sums.setdefault((length, row["api_key_name"], row["created_at"][:length]), [0, 0, 0])
        at[0] += int(decimal.Decimal(row["cost_total"]) * 10**6)
        at[1] += int(decimal.Decimal(row["byok_usage_inference"]) * 10**6)
        at[2] += 1
for length, name in ((10, "daily"), (7, "monthly")):
    with open(name, "w") as f:
        for (l, key, when), s in sorted(sums.items(), key=lambda x: (x[0][1].encode(), x[0][2])):
            if l == length:
                f.write(f"{key}|{when}|{s[0]}|{s[1]}|{s[2]}\n")
PY
}
teardown() { unscratch; }

spend() { # the views of r.db are what Python added up
    query r.db "SELECT key_name, day, micro_dollars, byok_micro_dollars, generations FROM spend_daily" | diff daily -
    query r.db "SELECT key_name, month, micro_dollars, byok_micro_dollars, generations FROM spend_monthly" | diff monthly -
}

@test "spend by key, day and month, over exports that overlap, in micro-dollars" {
    keycensus scan march.csv april.csv -q -o r.db
    is "$(query r.db "SELECT value FROM summary WHERE item='status'")" complete
    spend
    is "$(query r.db "SELECT severity, record_count FROM findings WHERE code='activity-repeated'")" "info|500"
    is "$(query r.db "SELECT count(*) FROM findings WHERE code='activity-differing'")" 0
    is "$(query r.db "SELECT DISTINCT typeof(micro_dollars) FROM spend_monthly")" integer
    # the same from packed, UTF-16 and small blocks; the digest does not depend on it
    digest=$(query r.db "SELECT value FROM summary WHERE item='content_digest'")
    { printf '\xff\xfe'; iconv -t UTF-16LE march.csv; } >wide
    mkdir w
    mv wide w/march.csv
    cp april.csv w
    gzip w/april.csv
    keycensus scan w/march.csv w/april.csv.gz --block-size 100 --threads 2 -q --overwrite -o r.db
    spend
    is "$(query r.db "SELECT value FROM summary WHERE item='content_digest'")" "$digest"
    keycensus scan april.csv march.csv -q --overwrite -o r.db
    spend
}

@test "it is a table like any other, too, and show has a section" {
    keycensus scan march.csv -q -o r.db
    is "$(query r.db "SELECT records FROM columns WHERE column_name='generation_id'")" 2000
    is "$(query r.db "SELECT count(*) FROM columns")" 24
    run keycensus show r.db
    is "$status" 0
    printf '%s\n' "$output" | grep -q 'OpenRouter spend, by key and month'
    keycensus show r.db --json | python3 -c '
import json, sqlite3, sys
shown = json.load(sys.stdin)
db = sqlite3.connect("r.db")
for view in ("spend_daily", "spend_monthly"):
    rows = [tuple(r.values()) for r in shown[view]]
    assert rows and rows == db.execute("SELECT * FROM " + view).fetchall(), view'
    printf 'id,cost_total\n1,2\n' >other.csv
    keycensus scan other.csv -q --overwrite -o r.db
    is "$(query r.db "SELECT count(*) FROM spend_daily")" 0
}

@test "S1: amounts and times that cannot be read are named by record and make the report incomplete" {
    printf 'generation_id,created_at,cost_total,api_key_name\n' >head
    i=0
    for bad in 'gen-2,2026-04-01 10:00:00,-0.5,prod' 'gen-2,2026-04-01 10:00:00,1e-5,prod' \
        'gen-2,2026-04-01 10:00:00,,prod' 'gen-2,2026-04-01 10:00:00,0.0000001,prod' \
        'gen-2,2026-04-01 10:00:00,99999999999999,prod' 'gen-2,yesterday,0.5,prod' \
        'gen-2,2026-04-01 10:00:00+02:00,0.5,prod' ',2026-04-01 10:00:00,0.5,prod'; do
        i=$((i + 1))
        { cat head; printf 'gen-1,2026-04-01 10:00:00,0.5,prod\n%s\ngen-3,2026-04-01 10:00:00,0.25,prod\n' "$bad"; } >bad.csv
        run keycensus scan bad.csv --header yes --delimiter , --overwrite -o r.db
        is "$status" 3
        printf '%s\n' "$output" | grep '^keycensus: error' | grep -q 'the first is record 2'
        is "$(query r.db "SELECT value FROM summary WHERE item='status'")" incomplete
        is "$(query r.db "SELECT record_count FROM findings WHERE code='unread'")" 1
        is "$(query r.db "SELECT * FROM spend_daily")" "prod|2026-04-01|750000|0|2"
    done
    is "$i" 8
    { cat head; printf 'gen-1,2026-04-01 10:00:00,0.5,prod\ngen-1,2026-04-01 10:00:00,0.75,prod\n'; } >differ.csv
    keycensus scan differ.csv -q --overwrite -o r.db
    is "$(query r.db "SELECT severity, record_count FROM findings WHERE code='activity-differing'")" "warning|1"
    is "$(query r.db "SELECT micro_dollars FROM spend_monthly")" 500000
    # sums beyond 64 bits
    { cat head; for n in 1 2 3; do printf 'gen-%s,2026-04-01 10:00:00,9000000000000,prod\n' $n; done; } >much.csv
    run keycensus scan much.csv --overwrite -o r.db
    is "$status" 3
    is "$(query r.db "SELECT micro_dollars FROM spend_monthly")" 9000000000000000000
}

@test "a report of the first layout, which knew no spend, is read as ever" {
    sqlite3 old.db <"$BATS_TEST_DIRNAME/../data/report/layout_1.sql"
    is "$(query old.db 'PRAGMA user_version')" 1
    run keycensus show old.db
    is "$status" 0
    printf '%s\n' "$output" | grep -q '^COMPLETE'
    make_env env v2 v1 v2
    run keyretire plan --report old.db --env-file env --max-report-age none -o plan.txt
    is "$status" 0
    grep -q v1 plan.txt
    sqlite3 old.db "UPDATE _table SET records = 3"
    run keycensus show old.db
    is "$status" 12
}

@test "S5: ciphertext in the place of a key's name is not shown, and makes the report incomplete" {
    make_env env v1 v1
    secret=$(seal env v1 1)
    printf 'generation_id,created_at,cost_total,api_key_name\ng1,2026-01-01 00:00:00,1,%s\ng2,2026-01-01 00:00:00,2,k\n' \
        "$secret" >a.csv
    run keycensus scan a.csv -o r.db
    [ "$status" -eq 3 ]
    [[ $output == *'1 records'*'ciphertext'* ]] || { echo "$output"; return 1; }
    is "$(query r.db 'SELECT key_name, micro_dollars FROM _spend')" 'k|2000000'
    is "$(query r.db "SELECT record_count FROM key_usage WHERE version = 'v1'")" 1
    run grep -aq Z0FBQUFB r.db
    [ "$status" -eq 1 ]
}
