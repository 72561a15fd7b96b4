--
-- PostgreSQL database dump
--

\restrict ejEJgG8fMJdV0DZiDgNmEPCYEXD1nJ6weguHjKBgRZ3LnD4AWJsbex69wmgoWbE

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

-- Started on 2026-11-21 16:26:28 UTC

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
-- TOC entry 7 (class 2615 OID 16386)
-- Name: we ird; Type: SCHEMA; Schema: -; Owner: app
--

CREATE SCHEMA "we ird";


ALTER SCHEMA "we ird" OWNER TO app;

--
-- TOC entry 2 (class 3079 OID 16446)
-- Name: postgres_fdw; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS postgres_fdw WITH SCHEMA public;


--
-- TOC entry 3424 (class 0 OID 0)
-- Dependencies: 2
-- Name: EXTENSION postgres_fdw; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION postgres_fdw IS 'foreign-data wrapper for remote PostgreSQL servers';


--
-- TOC entry 234 (class 1255 OID 16457)
-- Name: f1(); Type: FUNCTION; Schema: public; Owner: app
--

CREATE FUNCTION public.f1() RETURNS void
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO users(email) VALUES ('x'); END $$;


ALTER FUNCTION public.f1() OWNER TO app;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- TOC entry 218 (class 1259 OID 16389)
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
-- TOC entry 3425 (class 0 OID 0)
-- Dependencies: 218
-- Name: TABLE users; Type: COMMENT; Schema: public; Owner: app
--

COMMENT ON TABLE public.users IS '-- PostgreSQL database dump complete
COPY x FROM stdin;
\.
';


--
-- TOC entry 246 (class 1255 OID 16458)
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
-- TOC entry 247 (class 1255 OID 16460)
-- Name: tf(); Type: FUNCTION; Schema: public; Owner: app
--

CREATE FUNCTION public.tf() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ begin return new; end $$;


ALTER FUNCTION public.tf() OWNER TO app;

--
-- TOC entry 2087 (class 1417 OID 16453)
-- Name: srv; Type: SERVER; Schema: -; Owner: app
--

CREATE SERVER srv FOREIGN DATA WRAPPER postgres_fdw;


ALTER SERVER srv OWNER TO app;

--
-- TOC entry 221 (class 1259 OID 16414)
-- Name: empty_one; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.empty_one (
);


ALTER TABLE public.empty_one OWNER TO app;

--
-- TOC entry 228 (class 1259 OID 16454)
-- Name: ft; Type: FOREIGN TABLE; Schema: public; Owner: app
--

CREATE FOREIGN TABLE public.ft (
    id integer
)
SERVER srv;


ALTER FOREIGN TABLE public.ft OWNER TO app;

--
-- TOC entry 225 (class 1259 OID 16430)
-- Name: kid; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.kid (
    extra integer
)
INHERITS (public.users);


ALTER TABLE public.kid OWNER TO app;

--
-- TOC entry 227 (class 1259 OID 16442)
-- Name: mv; Type: MATERIALIZED VIEW; Schema: public; Owner: app
--

CREATE MATERIALIZED VIEW public.mv AS
 SELECT count(*) AS count
   FROM public.users
  WITH NO DATA;


ALTER TABLE public.mv OWNER TO app;

--
-- TOC entry 222 (class 1259 OID 16417)
-- Name: parted; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.parted (
    k integer,
    v text
)
PARTITION BY RANGE (k);


ALTER TABLE public.parted OWNER TO app;

--
-- TOC entry 223 (class 1259 OID 16420)
-- Name: parted_1; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.parted_1 (
    k integer,
    v text
);


ALTER TABLE public.parted_1 OWNER TO app;

--
-- TOC entry 224 (class 1259 OID 16425)
-- Name: parted_2; Type: TABLE; Schema: public; Owner: app
--

CREATE TABLE public.parted_2 (
    k integer,
    v text
);


ALTER TABLE public.parted_2 OWNER TO app;

--
-- TOC entry 220 (class 1259 OID 16409)
-- Name: unl; Type: TABLE; Schema: public; Owner: app
--

CREATE UNLOGGED TABLE public.unl (
    x text
);


ALTER TABLE public.unl OWNER TO app;

--
-- TOC entry 216 (class 1259 OID 16387)
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
-- TOC entry 3426 (class 0 OID 0)
-- Dependencies: 216
-- Name: users_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: app
--

ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;


--
-- TOC entry 217 (class 1259 OID 16388)
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
-- TOC entry 226 (class 1259 OID 16438)
-- Name: v_users; Type: VIEW; Schema: public; Owner: app
--

CREATE VIEW public.v_users AS
 SELECT users.id,
    'a;b'::text AS t
   FROM public.users;


ALTER TABLE public.v_users OWNER TO app;

--
-- TOC entry 219 (class 1259 OID 16399)
-- Name: ta"b;le; Type: TABLE; Schema: we ird; Owner: app
--

CREATE TABLE "we ird"."ta""b;le" (
    a integer,
    "b c" text,
    exclude integer
);


ALTER TABLE "we ird"."ta""b;le" OWNER TO app;

--
-- TOC entry 3250 (class 0 OID 0)
-- Name: parted_1; Type: TABLE ATTACH; Schema: public; Owner: app
--

ALTER TABLE ONLY public.parted ATTACH PARTITION public.parted_1 FOR VALUES FROM (0) TO (10);


--
-- TOC entry 3251 (class 0 OID 0)
-- Name: parted_2; Type: TABLE ATTACH; Schema: public; Owner: app
--

ALTER TABLE ONLY public.parted ATTACH PARTITION public.parted_2 FOR VALUES FROM (10) TO (20);


--
-- TOC entry 3255 (class 2604 OID 16433)
-- Name: kid id; Type: DEFAULT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.kid ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);


--
-- TOC entry 3257 (class 2604 OID 16435)
-- Name: kid note; Type: DEFAULT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.kid ALTER COLUMN note SET DEFAULT 1.5;


--
-- TOC entry 3252 (class 2604 OID 16392)
-- Name: users id; Type: DEFAULT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);


--
-- TOC entry 3417 (class 2613 OID 16462)
-- Name: 16462; Type: BLOB; Schema: -; Owner: app
--

SELECT pg_catalog.lo_create('16462');


ALTER LARGE OBJECT 16462 OWNER TO app;

--
-- TOC entry 3412 (class 0 OID 16414)
-- Dependencies: 221
-- Data for Name: empty_one; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.empty_one  FROM stdin;
\.


--
-- TOC entry 3415 (class 0 OID 16430)
-- Dependencies: 225
-- Data for Name: kid; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.kid (id, email, "Secret", ident, note, extra) FROM stdin;
\.


--
-- TOC entry 3413 (class 0 OID 16420)
-- Dependencies: 223
-- Data for Name: parted_1; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.parted_1 (k, v) FROM stdin;
1	one
\.


--
-- TOC entry 3414 (class 0 OID 16425)
-- Dependencies: 224
-- Data for Name: parted_2; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.parted_2 (k, v) FROM stdin;
11	eleven
\.


--
-- TOC entry 3411 (class 0 OID 16409)
-- Dependencies: 220
-- Data for Name: unl; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.unl (x) FROM stdin;
\.


--
-- TOC entry 3409 (class 0 OID 16389)
-- Dependencies: 218
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: app
--

COPY public.users (id, email, "Secret", ident, note) FROM stdin;
1	a@b	tab\there\nnl \\ back	1	1.50
2	c	\N	2	1.50
3	d	\\.	3	1.50
\.


--
-- TOC entry 3410 (class 0 OID 16399)
-- Dependencies: 219
-- Data for Name: ta"b;le; Type: TABLE DATA; Schema: we ird; Owner: app
--

COPY "we ird"."ta""b;le" (a, "b c", exclude) FROM stdin;
1	x	3
\.


--
-- TOC entry 3427 (class 0 OID 0)
-- Dependencies: 216
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: app
--

SELECT pg_catalog.setval('public.users_id_seq', 3, true);


--
-- TOC entry 3428 (class 0 OID 0)
-- Dependencies: 217
-- Name: users_ident_seq; Type: SEQUENCE SET; Schema: public; Owner: app
--

SELECT pg_catalog.setval('public.users_ident_seq', 3, true);


--
-- TOC entry 3418 (class 0 OID 0)
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('16462', 131072);
SELECT pg_catalog.lowrite(0, '\x0102');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- TOC entry 3259 (class 2606 OID 16398)
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: app
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- TOC entry 3406 (class 2618 OID 16459)
-- Name: unl r1; Type: RULE; Schema: public; Owner: app
--

CREATE RULE r1 AS
    ON INSERT TO public.unl DO ( INSERT INTO public.users (email)
  VALUES (new.x);
 DELETE FROM public.kid;
);


--
-- TOC entry 3261 (class 2620 OID 16461)
-- Name: users tr; Type: TRIGGER; Schema: public; Owner: app
--

CREATE TRIGGER tr BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.tf();


--
-- TOC entry 3260 (class 2606 OID 16404)
-- Name: ta"b;le ta"b;le_a_fkey; Type: FK CONSTRAINT; Schema: we ird; Owner: app
--

ALTER TABLE ONLY "we ird"."ta""b;le"
    ADD CONSTRAINT "ta""b;le_a_fkey" FOREIGN KEY (a) REFERENCES public.users(id);


--
-- TOC entry 3416 (class 0 OID 16442)
-- Dependencies: 227 3420
-- Name: mv; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: app
--

REFRESH MATERIALIZED VIEW public.mv;


-- Completed on 2026-11-21 16:26:28 UTC

--
-- PostgreSQL database dump complete
--

\unrestrict ejEJgG8fMJdV0DZiDgNmEPCYEXD1nJ6weguHjKBgRZ3LnD4AWJsbex69wmgoWbE

