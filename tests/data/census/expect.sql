-- What a census of this database must say, by SQL alone. Names are written in hexadecimal.
--
--     TABLE|schema|table|records
--     COLUMN|schema|table|column|records|nulls          columns that COPY carries, of ordinary tables
--     KEY|schema|table|column|version|records           rows that hold a value of that version
--     TIME|schema|table|column|version|oldest|newest    token times
--     EMPTY|schema|table|column|records                 empty texts of columns with a value
--
-- into FILE; and into ROOT_FILE with the rows of partitions under their root, as
-- --load-via-partition-root writes them.
--
--     psql -v file=FILE -v root_file=ROOT_FILE -f expect.sql
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.hex(t text) RETURNS text LANGUAGE sql AS $$ SELECT encode(convert_to(t, 'UTF8'), 'hex') $$;
CREATE FUNCTION pg_temp.b64(t text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT decode(translate(t, '-_', '+/'), 'base64') $$;
-- formats.md section 1: base64 twice, then a byte and the time
CREATE FUNCTION pg_temp.token_time(payload text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || encode(substr(pg_temp.b64(convert_from(pg_temp.b64(payload), 'UTF8')), 2, 8), 'hex'))::bit(64)::bigint $$;

CREATE TEMP TABLE found (kind text, place text, root_place text, version text, a bigint, b bigint);
CREATE PROCEDURE pg_temp.census() LANGUAGE plpgsql AS $$
DECLARE
    t record; c record; relation text; place text; root text; cell text;
BEGIN
    FOR t IN SELECT cl.oid, pg_temp.hex(n.nspname) || '|' || pg_temp.hex(cl.relname) AS place,
                    format('ONLY %I.%I', n.nspname, cl.relname) AS relation,
                    pg_temp.hex(rn.nspname) || '|' || pg_temp.hex(rc.relname) AS root
               FROM pg_class cl JOIN pg_namespace n ON n.oid = cl.relnamespace
               JOIN pg_class rc ON rc.oid = CASE WHEN cl.relispartition THEN pg_partition_root(cl.oid) ELSE cl.oid END
               JOIN pg_namespace rn ON rn.oid = rc.relnamespace
              WHERE cl.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_t' LOOP
        EXECUTE format('INSERT INTO found SELECT ''TABLE'', %L, %L, NULL, count(*) FROM %s', t.place, t.root, t.relation);
        FOR c IN SELECT attname, atttypid FROM pg_attribute
                  WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' LOOP
            place := t.place || '|' || pg_temp.hex(c.attname);
            root := t.root || '|' || pg_temp.hex(c.attname);
            cell := format(CASE c.atttypid WHEN 'bytea'::regtype THEN 'encode(%I, ''escape'')' ELSE '%I::text' END, c.attname);
            EXECUTE format('INSERT INTO found SELECT ''COLUMN'', %L, %L, NULL, count(*), count(*) - count(%I) FROM %s',
                           place, root, c.attname, t.relation);
            EXECUTE format('CREATE TEMP TABLE hit AS SELECT x.ctid AS id, lower(coalesce(m[1], '''')) AS version, m[2] AS payload
                              FROM %2$s x, regexp_matches(%1$s, ''(?:([A-Za-z0-9._-]{1,32}):)?(Z0FBQUFB[A-Za-z0-9_=-]+)'', ''g'') m
                             WHERE strpos(%1$s, ''Z0FBQUFB'') > 0', cell, t.relation);
            INSERT INTO found SELECT 'KEY', place, root, version, count(DISTINCT id) FROM hit GROUP BY version;
            INSERT INTO found SELECT 'TIME', place, root, version, min(pg_temp.token_time(payload)), max(pg_temp.token_time(payload))
                                FROM (SELECT DISTINCT version, payload FROM hit) d GROUP BY version;
            IF EXISTS (SELECT FROM hit) THEN
                EXECUTE format('INSERT INTO found SELECT ''EMPTY'', %L, %L, NULL, count(*) FROM %s WHERE %s = ''''',
                               place, root, t.relation, cell);
            END IF;
            DROP TABLE hit;
        END LOOP;
    END LOOP;
END $$;
CALL pg_temp.census();
\o :file
SELECT concat_ws('|', kind, place, version, CASE kind WHEN 'TIME' THEN min(a) ELSE sum(a) END,
                 CASE kind WHEN 'TIME' THEN max(b) ELSE sum(b) END)
  FROM found GROUP BY kind, place, version;
\o :root_file
SELECT concat_ws('|', kind, root_place, version, CASE kind WHEN 'TIME' THEN min(a) ELSE sum(a) END,
                 CASE kind WHEN 'TIME' THEN max(b) ELSE sum(b) END)
  FROM found GROUP BY kind, root_place, version;
