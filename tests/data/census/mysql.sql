-- A database whose mysqldump is hard to read. It expects tables census.sealed (n, value) and
-- census.bare (n, value) with stored values of the application.
CREATE DATABASE shop;
USE shop;
CREATE FUNCTION census.v(version text, k int) RETURNS text DETERMINISTIC
    RETURN (SELECT value FROM census.sealed WHERE value LIKE CONCAT(version, ':%') ORDER BY n LIMIT 1 OFFSET k);

CREATE TABLE users (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email varchar(255) NOT NULL,
    shouted varchar(255) GENERATED ALWAYS AS (upper(email)) STORED,
    next_id bigint AS (char_length(email) + 1) VIRTUAL,
    otp_secret varchar(1000),
    legacy text,
    raw varbinary(1000),
    KEY by_email (email), FULLTEXT KEY words (legacy), CONSTRAINT mail CHECK (email <> ''));
CREATE TABLE census.digits (d int);
INSERT INTO census.digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
INSERT INTO users (email, otp_secret, legacy, raw)
SELECT CONCAT('user', i, '@example.org'),
       CASE i % 10 WHEN 0 THEN NULL WHEN 1 THEN ''
            ELSE census.v(CASE WHEN i % 10 < 4 THEN 'v1' WHEN i % 10 < 6 THEN 'v2' ELSE 'v3' END, i) END,
       CASE WHEN i % 7 = 0 THEN (SELECT value FROM census.bare WHERE n = 1 + i DIV 7) END,
       CASE WHEN i % 3 = 0 THEN CAST(census.v('v2', i) AS binary) END
  FROM (SELECT a.d * 10 + b.d AS i FROM census.digits a JOIN census.digits b WHERE a.d < 6) x ORDER BY i;

CREATE TABLE `odd ``name; (` (`a``b` text, `select` int, `c d` double, `--` text, `it's` text, `/*` text, `"` text);
INSERT INTO `odd ``name; (` VALUES
    (census.v('v1', 0), -5, 1.5e300, '-- x', 'it''s', '/* ); */', '"'),
    (NULL, NULL, NULL, '', census.v('v2', 1), census.v('v3', 2), '\\');

CREATE TABLE texts (id int, t longtext, b longblob);
INSERT INTO texts VALUES
    (1, NULL, ''), (2, '', NULL), (3, '\\N', '\\.'), (4, 'tab\t', 'nl\n'), (5, '\r', '\r\n'), (6, '\0', x'00ff0a0d2792225c1a'),
    (7, '\Z\b', '%_\\%\\_'), (8, '''); INSERT INTO ghost VALUES (''v1:x'');', '"),("'), (9, 'NULL', 'null'), (10, '`', '#'),
    (11, REPEAT('x', 100000), REPEAT('\n', 5000)), (12, 'é🔑', x'efbbbf'), (13, '/*!40101 SET x */', 'DELIMITER ;;'), (14, '\\', '\'');

CREATE TABLE types (
    c_tiny tinyint, c_big bigint unsigned, c_dec decimal(30, 10), c_float float, c_double double, c_bit bit(9), c_date date,
    c_time time(3), c_datetime datetime(6), c_timestamp timestamp NULL, c_year year, c_char char(8), c_binary binary(4),
    c_json json, c_enum enum('a', 'b''c'), c_set set('x', 'y'), c_point point, c_uuid uuid, c_inet inet6);
INSERT INTO types VALUES (-1, 18446744073709551615, -12.5, 1e10, -1e-300, b'101010101', '2026-01-02', '-03:04:05.678',
    '2026-01-02 03:04:05.123456', '2026-01-02 03:04:05', 2026, 'abc', 'a', '{"a": "b\\nc\\"d"}', 'b''c', 'x,y',
    ST_GeomFromText('POINT(1 2)'), '123e4567-e89b-12d3-a456-426614174000', '::1');
INSERT INTO types (c_char) VALUES (''), (NULL);

CREATE TABLE empty_table (a text, b int);
CREATE TABLE hidden (a text, b text INVISIBLE DEFAULT 'x');
INSERT INTO hidden (a, b) VALUES ('1', census.v('v3', 5)), (NULL, NULL);
CREATE TABLE parted (id int, s text) PARTITION BY HASH (id) PARTITIONS 3;
INSERT INTO parted VALUES (1, census.v('v1', 3)), (2, NULL), (3, census.v('v2', 3)), (4, '');
CREATE TABLE orders (id int, user_id bigint, CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id));
INSERT INTO orders VALUES (1, 1), (2, NULL);
CREATE TABLE reencrypt_jobs (id int, model_path varchar(255), column_name varchar(255), target_version varchar(32), status varchar(32),
    total_records int, processed int, errors int, dry_run tinyint(1));
INSERT INTO reencrypt_jobs VALUES (1, 'app.models:User', 'otp_secret', 'v3', 'running', 200, 120, 0, 0);
CREATE VIEW secrets AS SELECT id, otp_secret FROM users;
DELIMITER //
CREATE TRIGGER trap BEFORE UPDATE ON users FOR EACH ROW
BEGIN INSERT INTO orders VALUES (9, NULL); -- INSERT INTO ghost VALUES (1);
    SET @x = ';;'; END//
CREATE PROCEDURE trap() BEGIN INSERT INTO ghost VALUES ('v1:x'); END//
DELIMITER ;
CREATE DATABASE `second db`;
USE `second db`;
CREATE TABLE users (id int, otp_secret text);
INSERT INTO users VALUES (1, census.v('v2', 0));
