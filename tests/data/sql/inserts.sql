--
-- PostgreSQL database dump
--

\restrict UXDtugbYfoIvTnZuh42ihtf7gomZgKjwnIbsb0bfwDrD8ieSSRbUrZ6LcM3z6S8

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: we ird; Type: SCHEMA; Schema: -; Owner: app
--

CREATE SCHEMA "we ird";


ALTER SCHEMA "we ird" OWNER TO app;

--
-- Name: postgres_fdw; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS postgres_fdw WITH SCHEMA public;


--
-- Name: EXTENSION postgres_fdw; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION postgres_fdw IS 'foreign-data wrapper for remote PostgreSQL servers';


--
-- Name: f1(); Type: FUNCTION; Schema: public; Owner: app
--

CREATE FUNCTION public.f1() RETURNS void
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO users(email) VALUES ('x'); END $$;


ALTER FUNCTION public.f1() OWNER TO app;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: users; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.users (
    id integer NOT NULL,
    email text NOT NULL,
    "Secret" text,
    full_name text GENERATED ALWAYS AS ((email || '!'::text)) STORED,
    ident integer NOT NULL,
    note numeric(10,2) DEFAULT 1.5
);


ALTER TABLE public.users OWNER TO app;

--
-- Name: TABLE users; Type: COMMENT; Schema: public; Owner: app
--

COMMENT ON TABLE public.users IS '-- PostgreSQL database dump complete
COPY x FROM stdin;
\.
';


--
-- Name: p1(text); Type: PROCEDURE; Schema: public; Owner: app
--

CREATE PROCEDURE public.p1(IN x text)
    LANGUAGE sql
    BEGIN ATOMIC
 INSERT INTO public.users (email)
   VALUES (p1.x);
 UPDATE public.users SET email =
         CASE
             WHEN (users.email = 'a'::text) THEN 'b'::text
             ELSE 'c'::text
         END;
END;


ALTER PROCEDURE public.p1(IN x text) OWNER TO app;

--
-- Name: tf(); Type: FUNCTION; Schema: public; Owner: app
--

CREATE FUNCTION public.tf() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ begin return new; end $$;


ALTER FUNCTION public.tf() OWNER TO app;

--
-- Name: srv; Type: SERVER; Schema: -; Owner: app
--

CREATE SERVER srv FOREIGN DATA WRAPPER postgres_fdw;


ALTER SERVER srv OWNER TO app;

--
-- Name: empty_one; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.empty_one (
);


ALTER TABLE public.empty_one OWNER TO app;

--
-- Name: ft; Type: FOREIGN TABLE; Schema: public; Owner: app
--

CREATE FOREIGN TABLE public.ft (
    id integer
)
SERVER srv;


ALTER FOREIGN TABLE public.ft OWNER TO app;

--
-- Name: kid; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.kid (
    extra integer
)
INHERITS (public.users);


ALTER TABLE public.kid OWNER TO app;

--
-- Name: mv; Type: MATERIALIZED VIEW; Schema: public; Owner: app
--

CREATE MATERIALIZED VIEW public.mv AS
 SELECT count(*) AS count
   FROM public.users
  WITH NO DATA;


ALTER TABLE public.mv OWNER TO app;

--
-- Name: parted; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.parted (
    k integer,
    v text
)
PARTITION BY RANGE (k);


ALTER TABLE public.parted OWNER TO app;

--
-- Name: parted_1; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.parted_1 (
    k integer,
    v text
);


ALTER TABLE public.parted_1 OWNER TO app;

--
-- Name: parted_2; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.parted_2 (
    k integer,
    v text
);


ALTER TABLE public.parted_2 OWNER TO app;

--
-- Name: unl; Type: TABLE; Schema: public; Owner: app
--

CREATE UNLOGGED TABLE public.unl (
    x text
);


ALTER TABLE public.unl OWNER TO app;

--
-- Name: users_id_seq; Type: SEQUENCE; Schema: public; Owner: app
--

CREATE SEQUENCE public.users_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.users_id_seq OWNER TO app;

--
-- Name: users_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: app
--

ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;


--
-- Name: users_ident_seq; Type: SEQUENCE; Schema: public; Owner: app
--

ALTER TABLE public.users ALTER COLUMN ident ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_ident_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: v_users; Type: VIEW; Schema: public; Owner: app
--

CREATE VIEW public.v_users AS
 SELECT users.id,
    'a;b'::text AS t
   FROM public.users;


ALTER TABLE public.v_users OWNER TO app;

--
-- Name: ta"b;le; Type: TABLE; Schema: we ird; Owner: app
--

CREATE TABLE "we ird"."ta""b;le" (
    a integer,
    "b c" text,
    exclude integer
);


ALTER TABLE "we ird"."ta""b;le" OWNER TO app;

--
-- Name: parted_1; Type: TABLE ATTACH; Schema: public; Owner: app
--

ALTER TABLE ONLY public.parted ATTACH PARTITION public.parted_1 FOR VALUES FROM (0) TO (10);


--
-- Name: parted_2; Type: TABLE ATTACH; Schema: public; Owner: app
--

ALTER TABLE ONLY public.parted ATTACH PARTITION public.parted_2 FOR VALUES FROM (10) TO (20);


--
-- Name: kid id; Type: DEFAULT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.kid ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);


--
-- Name: kid note; Type: DEFAULT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.kid ALTER COLUMN note SET DEFAULT 1.5;


--
-- Name: users id; Type: DEFAULT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);


--
-- Name: 16462; Type: BLOB; Schema: -; Owner: app
--

SELECT pg_catalog.lo_create('16462');


ALTER LARGE OBJECT 16462 OWNER TO app;

--
-- Data for Name: empty_one; Type: TABLE DATA; Schema: public; Owner: app
--



--
-- Data for Name: kid; Type: TABLE DATA; Schema: public; Owner: app
--



--
-- Data for Name: parted_1; Type: TABLE DATA; Schema: public; Owner: app
--

INSERT INTO public.parted_1 VALUES
	(1, 'one');


--
-- Data for Name: parted_2; Type: TABLE DATA; Schema: public; Owner: app
--

INSERT INTO public.parted_2 VALUES
	(11, 'eleven');


--
-- Data for Name: unl; Type: TABLE DATA; Schema: public; Owner: app
--



--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: app
--

INSERT INTO public.users OVERRIDING SYSTEM VALUE VALUES
	(1, 'a@b', 'tab	here
nl \ back', DEFAULT, 1, 1.50),
	(2, 'c', NULL, DEFAULT, 2, 1.50);
INSERT INTO public.users OVERRIDING SYSTEM VALUE VALUES
	(3, 'd', '\.', DEFAULT, 3, 1.50);


--
-- Data for Name: ta"b;le; Type: TABLE DATA; Schema: we ird; Owner: app
--

INSERT INTO "we ird"."ta""b;le" VALUES
	(1, 'x', 3);


--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: app
--

SELECT pg_catalog.setval('public.users_id_seq', 3, true);


--
-- Name: users_ident_seq; Type: SEQUENCE SET; Schema: public; Owner: app
--

SELECT pg_catalog.setval('public.users_ident_seq', 3, true);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('16462', 131072);
SELECT pg_catalog.lowrite(0, '\x0102');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: unl r1; Type: RULE; Schema: public; Owner: app
--

CREATE RULE r1 AS
    ON INSERT TO public.unl DO ( INSERT INTO public.users (email)
  VALUES (new.x);
 DELETE FROM public.kid;
);


--
-- Name: users tr; Type: TRIGGER; Schema: public; Owner: app
--

CREATE TRIGGER tr BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.tf();


--
-- Name: ta"b;le ta"b;le_a_fkey; Type: FK CONSTRAINT; Schema: we ird; Owner: app
--

ALTER TABLE ONLY "we ird"."ta""b;le"
    ADD CONSTRAINT "ta""b;le_a_fkey" FOREIGN KEY (a) REFERENCES public.users(id);


--
-- Name: mv; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: app
--

REFRESH MATERIALIZED VIEW public.mv;


--
-- PostgreSQL database dump complete
--

\unrestrict UXDtugbYfoIvTnZuh42ihtf7gomZgKjwnIbsb0bfwDrD8ieSSRbUrZ6LcM3z6S8

