-- Events on their way: what the relay keeps of the outbox, consumers that take their turn, dead letters; and jobs.
-- The relay spans clinics, and so has a role of its own that reads ids and nothing else.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    BEGIN
        CREATE ROLE relay LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
    BEGIN
        CREATE ROLE kernel_turns NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
    GRANT kernel_turns TO migrator WITH INHERIT FALSE, SET TRUE;
END
$$;
GRANT USAGE ON SCHEMA kernel TO relay, kernel_turns;
GRANT EXECUTE ON FUNCTION kernel.ensure(boolean, text) TO relay;

-- The outbox, as the relay sees it. Nothing has read it before, so it is small wherever this runs, and the indexes are
-- made at once.
ALTER TABLE kernel.outbox
    ADD COLUMN sent_at timestamptz,
    ADD COLUMN attempts bigint NOT NULL DEFAULT 0,
    ADD COLUMN available_at timestamptz;
COMMENT ON COLUMN kernel.outbox.sent_at IS 'NULL until every queue of the event has it';
COMMENT ON COLUMN kernel.outbox.available_at IS
    'not before this instant: a relay has it on lease, or it failed and is to be tried again; NULL is at once';
-- One kind after the other, so that the event before a given one is one step away.
-- squawk-ignore ban-drop-constraint
ALTER TABLE kernel.outbox DROP CONSTRAINT outbox_order_unique;
ALTER TABLE kernel.outbox
    -- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
    ADD CONSTRAINT outbox_order_unique UNIQUE (clinic_id, aggregate, aggregate_id, kind, seq);
-- From the oldest unsent row of one aggregate to that of the next: what waits behind it is stepped over.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX outbox_unsent ON kernel.outbox (clinic_id, aggregate, aggregate_id, seq, id) WHERE sent_at IS NULL;

CREATE POLICY relay ON kernel.outbox TO relay USING (true);
GRANT SELECT, UPDATE (sent_at, attempts, available_at, updated_at) ON kernel.outbox TO relay;

CREATE TABLE kernel.dead_letters (
    consumer     text        NOT NULL,
    event_id     uuid        NOT NULL,
    clinic_id    uuid        NOT NULL,
    aggregate    text        NOT NULL,
    aggregate_id uuid        NOT NULL,
    seq          bigint      NOT NULL,
    kind         text        NOT NULL,
    ids          jsonb       NOT NULL,
    traceparent  text        NOT NULL,
    announced_at timestamptz NOT NULL,
    reason       text        NOT NULL,
    replays      bigint      NOT NULL DEFAULT 0,
    replay_at    timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (consumer, event_id),
    CONSTRAINT dead_letters_event_id_v7 CHECK (uuid_extract_version(event_id) IS NOT DISTINCT FROM 7),
    CONSTRAINT dead_letters_reason_length CHECK (char_length(reason) BETWEEN 1 AND 500),
    CONSTRAINT dead_letters_replays_not_negative CHECK (replays >= 0)
);
COMMENT ON TABLE kernel.dead_letters IS
    'events that a consumer failed at too often; they wait for somebody to replay or drop them';
COMMENT ON COLUMN kernel.dead_letters.replay_at IS 'set when it is to be sent again, not before this instant';
CREATE INDEX dead_letters_replays ON kernel.dead_letters (consumer, clinic_id, aggregate_id, seq) WHERE replay_at IS NOT NULL;
ALTER TABLE kernel.dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.dead_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON kernel.dead_letters TO migrator USING (true) WITH CHECK (true);
CREATE POLICY relay ON kernel.dead_letters TO relay USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON kernel.dead_letters TO relay;
-- Dropping a dead letter notes its event as taken, so that the ones behind it may go on.
CREATE POLICY relay ON kernel.inbox FOR INSERT TO relay WITH CHECK (module = CURRENT_USER::text);
GRANT INSERT ON kernel.inbox TO relay;

-- Whether a consumer has taken everything that came before this event of its aggregate. By induction it is enough to
-- ask for the last one of each kind that the consumer hears.
CREATE POLICY turns ON kernel.outbox FOR SELECT TO kernel_turns
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY turns ON kernel.inbox FOR SELECT TO kernel_turns
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT SELECT ON kernel.outbox, kernel.inbox TO kernel_turns;
GRANT CREATE ON SCHEMA kernel TO kernel_turns;
CREATE FUNCTION kernel.is_turn(
    of_consumer text, of_kinds text[], of_aggregate text, of_aggregate_id uuid, of_seq bigint
) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog
AS $$
    SELECT NOT EXISTS (
        SELECT 1
          FROM unnest(of_kinds) AS heard (kind)
         CROSS JOIN LATERAL (
               SELECT o.id
                 FROM kernel.outbox AS o
                WHERE o.clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid
                  AND o.aggregate = of_aggregate
                  AND o.aggregate_id = of_aggregate_id
                  AND o.kind = heard.kind
                  AND o.seq < of_seq
                ORDER BY o.seq DESC
                LIMIT 1) AS before
         WHERE NOT EXISTS (
               SELECT 1
                 FROM kernel.inbox AS i
                WHERE i.consumer = of_consumer
                  AND i.event_id = before.id))
$$;
ALTER FUNCTION kernel.is_turn(text, text[], text, uuid, bigint) OWNER TO kernel_turns;
REVOKE CREATE ON SCHEMA kernel FROM kernel_turns;
SET LOCAL ROLE kernel_turns;
REVOKE EXECUTE ON FUNCTION kernel.is_turn(text, text[], text, uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kernel.is_turn(text, text[], text, uuid, bigint) TO identity, patients, billing, platform;
SET LOCAL ROLE migrator;

-- Jobs: queued work that somebody waits for.
CREATE TABLE kernel.jobs (
    id          uuid        NOT NULL,
    clinic_id   uuid        NOT NULL,
    module      text        NOT NULL DEFAULT CURRENT_USER,
    owner_id    uuid        NOT NULL,
    kind        text        NOT NULL,
    state       text        NOT NULL DEFAULT 'queued',
    done        bigint      NOT NULL DEFAULT 0,
    total       bigint      NOT NULL,
    failure     text,
    finished_at timestamptz,
    expires_at  timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT jobs_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT jobs_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT jobs_state_known CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT jobs_done_within_total CHECK (total > 0 AND done BETWEEN 0 AND total),
    CONSTRAINT jobs_finished_with_instant CHECK ((finished_at IS NULL) = (state IN ('queued', 'running'))),
    CONSTRAINT jobs_succeeded_when_all_done CHECK ((state = 'succeeded') <= (done = total)),
    CONSTRAINT jobs_failed_with_reason CHECK ((state = 'failed') = (failure IS NOT NULL))
);
COMMENT ON CONSTRAINT jobs_done_within_total ON kernel.jobs IS 'progress is a share of the whole';
COMMENT ON CONSTRAINT jobs_finished_with_instant ON kernel.jobs IS 'what has ended says when';
COMMENT ON CONSTRAINT jobs_succeeded_when_all_done ON kernel.jobs IS 'nothing succeeds by halves';
COMMENT ON CONSTRAINT jobs_failed_with_reason ON kernel.jobs IS 'what failed says why, and nothing else does';
CREATE INDEX jobs_expires_at ON kernel.jobs (expires_at);

-- What a job has made so far; each part is written once, by the module that knows it.
CREATE TABLE kernel.job_parts (
    clinic_id  uuid        NOT NULL,
    job_id     uuid        NOT NULL,
    name       text        NOT NULL,
    module     text        NOT NULL DEFAULT CURRENT_USER,
    content    jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT job_parts_pkey PRIMARY KEY (clinic_id, job_id, name),
    CONSTRAINT job_parts_job_fkey FOREIGN KEY (clinic_id, job_id) REFERENCES kernel.jobs (clinic_id, id) ON DELETE CASCADE
);

-- A job's state only moves forward, whoever moves it.
CREATE FUNCTION kernel.refuse_backward_moves() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $$
BEGIN
    IF OLD.finished_at IS NOT NULL
       OR (OLD.state = 'running' AND NEW.state = 'queued')
       OR NEW.done < OLD.done
    THEN
        RAISE EXCEPTION 'a job only moves forward'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'job_moves_forward';
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION kernel.refuse_backward_moves() FROM PUBLIC;
CREATE TRIGGER jobs_move_forward BEFORE UPDATE ON kernel.jobs
    FOR EACH ROW EXECUTE FUNCTION kernel.refuse_backward_moves();

ALTER TABLE kernel.jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE kernel.job_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE kernel.job_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON kernel.jobs TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON kernel.job_parts TO migrator USING (true) WITH CHECK (true);
-- A module queues its own jobs; parts of one job may be other modules', and each moves it on.
CREATE POLICY module_inserts ON kernel.jobs FOR INSERT TO identity, patients, billing, platform
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY own_clinic_reads ON kernel.jobs FOR SELECT TO identity, patients, billing, platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic_moves ON kernel.jobs FOR UPDATE TO identity, patients, billing, platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY module_inserts ON kernel.job_parts FOR INSERT TO identity, patients, billing, platform
    WITH CHECK (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid AND module = CURRENT_USER::text);
CREATE POLICY platform_reads ON kernel.job_parts FOR SELECT TO platform
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (state, done, failure, finished_at, updated_at) ON kernel.jobs
    TO identity, patients, billing, platform;
GRANT INSERT ON kernel.job_parts TO identity, patients, billing, platform;
GRANT SELECT ON kernel.job_parts TO platform;
