-- How many requests of a kind are admitted. A bucket is one caller under one limit; all that is kept of it is until when it is
-- used up (GCRA), which takes one row and one statement, however fast it is asked.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    CREATE ROLE kernel_limits NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT kernel_limits TO migrator WITH INHERIT FALSE, SET TRUE;
GRANT USAGE ON SCHEMA kernel TO kernel_limits;

-- Nothing ever wrote the one that was there.
-- squawk-ignore ban-drop-table
DROP TABLE kernel.rate_buckets;
-- UNLOGGED: after a crash every bucket is full again, and until then no commit of it waits for the log. Half of a page is left
-- free, so that a bucket changes within its page.
CREATE UNLOGGED TABLE kernel.rate_buckets (
    bucket     text        NOT NULL,
    used_until timestamptz NOT NULL,
    -- squawk-ignore prefer-bigint-over-int
    granted    integer     NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT rate_buckets_pkey PRIMARY KEY (bucket),
    CONSTRAINT rate_buckets_bucket_length CHECK (char_length(bucket) BETWEEN 1 AND 100),
    CONSTRAINT rate_buckets_granted_not_negative CHECK (granted >= 0)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE kernel.rate_buckets IS 'Who has asked how much, by the hash of who it is; kernel.take alone writes it';
COMMENT ON COLUMN kernel.rate_buckets.used_until IS
    'with nothing more asked the bucket is full again then; how far that is ahead of now is what was taken';
COMMENT ON COLUMN kernel.rate_buckets.granted IS 'what the last asking was granted';
CREATE INDEX rate_buckets_used_until ON kernel.rate_buckets (used_until);

ALTER TABLE kernel.rate_buckets ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.rate_buckets FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON kernel.rate_buckets TO migrator USING (true) WITH CHECK (true);
CREATE POLICY limits ON kernel.rate_buckets TO kernel_limits USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON kernel.rate_buckets TO kernel_limits;

-- Takes `forced` whatever is left, at most one burst into debt; a negative number gives back. Then grants up to `wanted` of
-- what is left. `every` is the seconds in which one token comes back. Answers what was granted, what is left, and in how many
-- seconds there is one again. It stands alone before a transaction, so that no rollback gives back what was taken; whoever
-- takes it within one must not fail there.
GRANT CREATE ON SCHEMA kernel TO kernel_limits;
CREATE FUNCTION kernel.take(bucket text, forced integer, wanted integer, every double precision, burst integer, at timestamptz,
        OUT granted integer, OUT remaining integer, OUT wait double precision)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '250ms' AS $$
DECLARE
    until timestamptz;
    ahead double precision;
BEGIN
    INSERT INTO kernel.rate_buckets AS b (bucket, used_until, granted, created_at, updated_at)
    VALUES (take.bucket, at + make_interval(secs => every * (GREATEST(forced, 0) + LEAST(wanted, GREATEST(burst - forced, 0)))),
            LEAST(wanted, GREATEST(burst - forced, 0)), at, at)
    ON CONFLICT ON CONSTRAINT rate_buckets_pkey DO UPDATE SET (used_until, granted, updated_at) = (
        SELECT at + make_interval(secs => u.ahead + every * u.room), u.room, at
          FROM (SELECT a.ahead, LEAST(wanted, GREATEST(floor((every * burst - a.ahead) / every + 1e-6), 0))::integer AS room
                  FROM (SELECT LEAST(GREATEST(GREATEST(extract(epoch FROM b.used_until - at), 0) + every * forced, 0), 2 * every * burst)
                                   ::double precision AS ahead) AS a) AS u)
    RETURNING b.used_until, b.granted INTO until, take.granted;
    ahead := extract(epoch FROM until - at);
    remaining := GREATEST(floor((every * burst - ahead) / every + 1e-6), 0);
    wait := GREATEST(ahead + every - every * burst, 0);
END
$$;
COMMENT ON FUNCTION kernel.take(text, integer, integer, double precision, integer, timestamptz) IS
    'Takes from a bucket, and answers what was granted';
ALTER FUNCTION kernel.take(text, integer, integer, double precision, integer, timestamptz) OWNER TO kernel_limits;
-- Takes one token of each bucket, in their order, up to the first that has none: who is refused by one takes nothing of
-- those behind it. Answers a row for each that was asked.
CREATE FUNCTION kernel.take_each(buckets text[], every double precision[], bursts integer[], at timestamptz)
    RETURNS TABLE (granted integer, remaining integer, wait double precision)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '250ms' AS $$
DECLARE
    place integer;
BEGIN
    FOR place IN 1 .. cardinality(buckets) LOOP
        SELECT t.granted, t.remaining, t.wait INTO take_each.granted, take_each.remaining, take_each.wait
          FROM kernel.take(buckets[place], 0, 1, take_each.every[place], bursts[place], take_each.at) AS t;
        RETURN NEXT;
        EXIT WHEN take_each.granted = 0;
    END LOOP;
END
$$;
COMMENT ON FUNCTION kernel.take_each(text[], double precision[], integer[], timestamptz) IS
    'Takes a token of each bucket, up to the first that has none';
ALTER FUNCTION kernel.take_each(text[], double precision[], integer[], timestamptz) OWNER TO kernel_limits;
REVOKE CREATE ON SCHEMA kernel FROM kernel_limits;
SET LOCAL ROLE kernel_limits;
REVOKE EXECUTE ON FUNCTION kernel.take(text, integer, integer, double precision, integer, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kernel.take(text, integer, integer, double precision, integer, timestamptz) TO modules;
REVOKE EXECUTE ON FUNCTION kernel.take_each(text[], double precision[], integer[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kernel.take_each(text[], double precision[], integer[], timestamptz) TO modules;
SET LOCAL ROLE migrator;

-- Housekeeping: a bucket that has long been full again says nothing.
CREATE POLICY housekeeper_reads ON kernel.rate_buckets FOR SELECT TO housekeeper USING (used_until <= now());
CREATE POLICY housekeeper_locks ON kernel.rate_buckets FOR UPDATE TO housekeeper
    USING (used_until <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON kernel.rate_buckets FOR DELETE TO housekeeper
    USING (used_until <= now() - interval '1 hour');
GRANT SELECT (ctid, used_until), UPDATE (updated_at), DELETE ON kernel.rate_buckets TO housekeeper;

-- What a clinic pays for says how much its people may ask.
ALTER TABLE identity.clinics
    ADD COLUMN plan text NOT NULL DEFAULT 'free',
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT clinics_plan_known CHECK (plan IN ('free', 'pro'));
COMMENT ON COLUMN identity.clinics.plan IS 'how much its people may ask a minute';

-- A device is known by a sign-in with the password of now, and no longer than that.
ALTER TABLE identity.accounts ADD COLUMN password_changed_at timestamptz;
COMMENT ON COLUMN identity.accounts.password_changed_at IS 'NULL: it is the one that the account was made with';
GRANT UPDATE (password_changed_at) ON identity.accounts TO identity;
