-- A database whose dump is hard to read: awkward names, every common type, every escape of COPY
-- text. It expects a table census.sealed (n, value) and census.bare (n, value) with stored values
-- of the application, and drops that schema at its end.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

-- the Nth value of a version, round robin
CREATE FUNCTION census.v(version text, n bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT value FROM (SELECT value, row_number() OVER (ORDER BY s.n) - 1 AS k, count(*) OVER () AS all_of
                         FROM census.sealed s WHERE split_part(value, ':', 1) = version) x
     WHERE k = $2 % all_of $$;
CREATE FUNCTION census.bare(n bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT value FROM census.bare b WHERE b.n = 1 + $1 % (SELECT count(*) FROM census.bare) $$;

-- ---- an ordinary application ----
CREATE TABLE public.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL,
    shouted text GENERATED ALWAYS AS (upper(email)) STORED,
    otp_secret character varying(255),
    legacy text,
    after_generated integer DEFAULT 7
);
INSERT INTO public.users (email, otp_secret, legacy)
SELECT 'user' || i || '@example.org',
       CASE WHEN i % 10 = 0 THEN NULL WHEN i % 10 = 1 THEN ''
            ELSE census.v(CASE WHEN i % 10 < 4 THEN 'v1' WHEN i % 10 < 6 THEN 'v2' ELSE 'v3' END, i) END,
       CASE WHEN i % 7 = 0 THEN census.bare(i) END
  FROM generate_series(1, 200) i;

CREATE TABLE public.reencrypt_jobs (
    id serial PRIMARY KEY, model_path varchar(255), column_name varchar(255), pk_name text, last_pk text,
    target_version varchar(32), status varchar(32), total_records integer, processed integer,
    skipped integer, errors integer, last_error text, dry_run boolean,
    created_at timestamp, updated_at timestamp);
INSERT INTO public.reencrypt_jobs (model_path, column_name, pk_name, last_pk, target_version, status,
    total_records, processed, skipped, errors, last_error, dry_run, created_at, updated_at) VALUES
  ('app.models:User', 'otp_secret', 'id', '120', 'v3', 'running', 200, 120, 1, 0, NULL, false,
   '2026-01-02 03:04:05', '2026-01-02 04:05:06'),
  ('app.models:User', 'legacy', 'id', NULL, 'V2', 'finished', 200, 199, 0, 1, E'a\tb\nc\\d', true,
   '2026-01-02 03:04:05.123456', NULL),
  ('app.models:Odd', E'tab\there', 'id', NULL, 'v10', 'pending', NULL, NULL, NULL, NULL, '', NULL, NULL, NULL);

-- ---- names ----
CREATE SCHEMA "Auth";
CREATE SCHEMA "odd.schema";
CREATE SCHEMA "sch""ema";
CREATE SCHEMA "schéma ünï ☃";
CREATE SCHEMA "select";
CREATE TABLE "Auth"."User Profile" ("Id" integer PRIMARY KEY, "OTP Secret" text);
INSERT INTO "Auth"."User Profile" SELECT i, census.v('v2', i) FROM generate_series(1, 20) i;
CREATE TABLE "odd.schema"."a.b""c'd" (
    "select" integer, "tab	col" text, "new
line" text, "ünï" text, "UPPER" text, "back\slash" text, "semi;colon" text, "--dash" text,
    "/*star*/" text, "$$" text, "\." text, "paren)(" text, "comma,name" text, "it's" text, "two""quotes""" text,
    " lead and trail " text, "FROM stdin;" text);
INSERT INTO "odd.schema"."a.b""c'd"
SELECT i, census.v('v1', i), census.v('v2', i), census.v('v3', i), NULL, 'x', '', E'\t', E'\n', census.v('v1', i + 1),
       E'\\.', '(', ',', '''', '"', census.v('v3', i + 2), census.v('v2', i + 3) FROM generate_series(1, 11) i;
CREATE TABLE "sch""ema"."tab	le" (a text, b text);
INSERT INTO "sch""ema"."tab	le" SELECT census.v('v3', i), NULL FROM generate_series(1, 3) i;
CREATE TABLE "sch""ema"."new
line" (a text, b text);
INSERT INTO "sch""ema"."new
line" SELECT NULL, census.v('v3', i) FROM generate_series(1, 4) i;
CREATE TABLE "schéma ünï ☃"."tàblé" ("日本" text, "ß" integer);
INSERT INTO "schéma ünï ☃"."tàblé" SELECT census.v('v1', i), i FROM generate_series(1, 5) i;
CREATE TABLE "select"."table" ("from" text, "order" text, "where" text, "primary" integer PRIMARY KEY);
INSERT INTO "select"."table" SELECT census.v('v2', i), NULL, 'where', i FROM generate_series(1, 6) i;
-- the same name in two schemas, and one that only case tells apart
CREATE TABLE "Auth".users (a text);
INSERT INTO "Auth".users VALUES (census.v('v1', 0)), (NULL);
CREATE TABLE public."Users" (a text, "A" text);
INSERT INTO public."Users" VALUES (census.v('v2', 0), NULL), (census.v('v2', 1), census.v('v3', 1));
CREATE TABLE public."abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJK" text);
INSERT INTO public."abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" VALUES (census.v('v1', 1));

-- ---- types ----
CREATE TYPE public.mood AS ENUM ('sad', 'it''s; ok', 'a,b');
CREATE DOMAIN public.secret_text AS text CHECK (VALUE <> 'COPY x FROM stdin;');
CREATE TYPE public.pair AS (k integer, v text);
CREATE TABLE public.types (
    c_smallint smallint, c_integer integer, c_bigint bigint, c_numeric numeric(30, 10), c_real real,
    c_double double precision, c_money money, c_boolean boolean, c_char character(8), c_varchar varchar(20),
    c_text text, c_bytea bytea, c_date date, c_time time, c_timetz timetz, c_timestamp timestamp,
    c_timestamptz timestamptz, c_interval interval, c_uuid uuid, c_json json, c_jsonb jsonb, c_xml xml,
    c_inet inet, c_cidr cidr, c_macaddr macaddr, c_bit bit(5), c_varbit bit varying, c_point point,
    c_box box, c_path path, c_tsvector tsvector, c_tsquery tsquery, c_int4range int4range, c_tstzrange tstzrange,
    c_int_array integer[], c_text_array text[][], c_mood public.mood, c_domain public.secret_text,
    c_pair public.pair, c_oid oid, c_name name, c_regclass regclass, c_jsonpath jsonpath, c_multirange int4multirange);
INSERT INTO public.types VALUES (
    -1, 2, 3, 4.5, 'NaN', '-Infinity', 12.34, true, 'abc', 'v1:not a value', E'line\nline', '\x00ff7f0a09', '2026-01-02',
    '03:04:05.678', '03:04:05+02', '2026-01-02 03:04:05', 'infinity', '1 year 2 mons 3 days', gen_random_uuid(),
    '{"a": "b\nc\\d"}', '{"k": [1, null, "\\."]}', '<a b="c">d</a>', '10.0.0.1/8', '10.0.0.0/8',
    '08:00:2b:01:02:03', B'10101', B'1', '(1,2)', '((0,0),(1,1))', '((0,0),(1,1))', 'a:1 b:2', 'a & b', '[1,5)',
    '[2026-01-01,)', '{1,NULL,3}', E'{{"a,b","c\\"d"},{NULL,"\\\\"}}', 'it''s; ok', 'domain', '(1,"x,y")', 42, 'nm',
    'pg_class', '$.a[*]', '{[1,2),[5,6)}');
INSERT INTO public.types (c_integer) SELECT NULL FROM generate_series(1, 3);
INSERT INTO public.types (c_varchar, c_char, c_text) VALUES ('', '', '');

-- ---- escapes and texts that look like the dump itself ----
CREATE TABLE public.texts (id integer, t text, u text);
INSERT INTO public.texts VALUES
    (1, NULL, ''), (2, '', NULL), (3, E'\\N', E'\\.'), (4, E'\t', E'\n'), (5, E'\r', E'\r\n'),
    (6, E'\b\f\v', E'\\'), (7, E'\\\\N', E'\\\\.'), (8, E'a\\', E'\\a'), (9, E'a\n\\.\nb', E'\\.\n'),
    (10, E'\n\\.\n\nCOPY public.ghost (a) FROM stdin;\nv1:x\n\\.\n', '--'),
    (11, E'\\x41', E'\\101'), (12, E'\u00e9\U0001F511', E'\u2028'), (13, repeat('x', 100000), repeat(E'\n', 5000)),
    (14, ' ', E'\x7f'), (15, 'INSERT INTO x VALUES (1);', E'\\i other.sql'), (16, 'NULL', 'null'),
    (17, E'\\connect other', E'\\copy x from y'), (18, ';', '"');
CREATE TABLE public.one_column (only_text text);
INSERT INTO public.one_column VALUES (''), (NULL), (''), (E'\\.'), (E'\\N'), (E'\n'), (census.v('v1', 2)), ('');
CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns SELECT FROM generate_series(1, 5);
CREATE TABLE public.empty_table (a text, b integer);
CREATE TABLE public.dropped_column (a text, b text, c text);
INSERT INTO public.dropped_column SELECT census.v('v1', i), 'b', census.v('v2', i) FROM generate_series(1, 3) i;
ALTER TABLE public.dropped_column DROP COLUMN b;

-- ---- values inside larger cells ----
CREATE TABLE public.embedded (id integer, j json, jb jsonb, arr text[], pair public.pair, raw bytea, dom public.secret_text);
INSERT INTO public.embedded
SELECT i, json_build_object('a', i, 'token', census.v('v1', i)),
       jsonb_build_object('two', jsonb_build_array(census.v('v1', i), census.v('v3', i), census.v('v3', i + 1))),
       ARRAY['x', census.v('v2', i), NULL], ROW (i, census.v('v3', i))::public.pair,
       convert_to(census.v('v2', i), 'UTF8'), census.v('v1', i)
  FROM generate_series(1, 9) i;
INSERT INTO public.embedded VALUES
    (10, '{}', '[]', '{}', NULL, '\x', NULL),
    (11, NULL, NULL, NULL, '(,)', '\x763100ff', ''),
    (12, json_build_object('bare', census.bare(1)), NULL, ARRAY[census.bare(2)], NULL,
     convert_to(census.bare(3), 'UTF8'), census.bare(4));

-- ---- partitions and inheritance ----
CREATE TABLE public.events (day date NOT NULL, kind text NOT NULL, secret text) PARTITION BY RANGE (day);
CREATE TABLE public.events_2025 PARTITION OF public.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE "Auth".events_2026 PARTITION OF public.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')
    PARTITION BY LIST (kind);
CREATE TABLE public.events_2026_a PARTITION OF "Auth".events_2026 FOR VALUES IN ('a');
CREATE TABLE public.events_2026_rest PARTITION OF "Auth".events_2026 DEFAULT;
CREATE TABLE public.events_rest PARTITION OF public.events DEFAULT;
INSERT INTO public.events
SELECT date '2025-12-01' + i, CASE i % 3 WHEN 0 THEN 'a' ELSE 'b' END,
       CASE WHEN i % 4 > 0 THEN census.v(CASE i % 4 WHEN 1 THEN 'v1' WHEN 2 THEN 'v2' ELSE 'v3' END, i) END
  FROM generate_series(1, 80) i;
INSERT INTO public.events VALUES ('1999-01-01', 'b', census.v('v2', 0));
CREATE TABLE public.parent (id integer, secret text);
CREATE TABLE public.child (extra text) INHERITS (public.parent);
INSERT INTO public.parent SELECT i, census.v('v1', i) FROM generate_series(1, 4) i;
INSERT INTO public.child SELECT i, census.v('v2', i), census.v('v3', i) FROM generate_series(1, 6) i;

-- ---- references, views, foreign tables, code ----
CREATE TABLE public.orders (id integer PRIMARY KEY, user_id bigint REFERENCES public.users (id), note text);
INSERT INTO public.orders SELECT i, i, NULL FROM generate_series(1, 30) i;
CREATE VIEW public.user_view AS
    SELECT id, otp_secret, 'COPY public.ghost2 FROM stdin;'::text AS trap FROM public.users;
CREATE MATERIALIZED VIEW public.user_matview AS SELECT id, otp_secret FROM public.users;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE public.far_away (id integer, secret text) SERVER nowhere;
CREATE UNLOGGED TABLE public.unlogged (a text);
INSERT INTO public.unlogged VALUES (census.v('v3', 0));
CREATE FUNCTION public.trap() RETURNS trigger LANGUAGE plpgsql AS $trap$
BEGIN
    -- COPY public.ghost3 (a) FROM stdin;
    -- v1:x
    -- \.
    EXECUTE 'INSERT INTO public.ghost4 VALUES ($$;$$)';
    RETURN NEW;
END $trap$;
CREATE TRIGGER trap BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.trap();
CREATE TABLE public.defaults (
    a text DEFAULT E'COPY public.ghost5 (a) FROM stdin;\nv9:y\n\\.\n', b text DEFAULT ';--', c text CHECK (c <> '/*'));
INSERT INTO public.defaults DEFAULT VALUES;
COMMENT ON TABLE public.users IS E'it''s a comment\nCOPY public.ghost6 (a) FROM stdin;\nv1:z\n\\.\nINSERT INTO public.ghost7 VALUES (1);';
COMMENT ON COLUMN public.users.email IS E'\\\\ ; $$ "';
CREATE RULE trap AS ON INSERT TO public.user_view DO INSTEAD
    INSERT INTO public.orders VALUES (new.id, new.id, 'FROM stdin;');

-- ---- many rows ----
CREATE TABLE public.big (id integer, secret text, note text);
CREATE TEMP TABLE pool AS SELECT row_number() OVER (ORDER BY n) - 1 AS k, value FROM census.sealed;
CREATE UNIQUE INDEX ON pool (k);
INSERT INTO public.big
SELECT i, CASE WHEN i % 13 <> 0 THEN p.value END, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE repeat('n', i % 60) END
  FROM generate_series(1, 50000) i JOIN pool p ON p.k = (i * 7919) % (SELECT count(*) FROM pool) ORDER BY i;
DROP TABLE pool;
DROP SCHEMA census CASCADE;
