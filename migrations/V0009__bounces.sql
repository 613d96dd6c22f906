-- Mails that came back. Who notes that spans clinics, and so has a role of its own, which can do nothing else.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    CREATE ROLE bounce_recorder LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT USAGE ON SCHEMA kernel TO bounce_recorder;

-- Every row that is there keeps the new constraints, and they are few where this runs: what was sent before came back
-- unnoticed.
ALTER TABLE kernel.mails
    ADD COLUMN bounce text,
    ADD COLUMN returned_at timestamptz;
ALTER TABLE kernel.mails
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT mails_state_known,
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT mails_sent_with_instant_and_id,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT mails_state_known CHECK (state IN ('queued', 'sent', 'failed', 'bounced', 'complained')),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT mails_sent_with_instant_and_id CHECK (
        num_nonnulls(sent_at, provider_id) = CASE WHEN state IN ('sent', 'bounced', 'complained') THEN 2 ELSE 0 END),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT mails_bounce_known CHECK (bounce IN ('transient', 'permanent')),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT mails_bounced_with_kind CHECK ((state = 'bounced') = (bounce IS NOT NULL)),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT mails_returned_with_instant CHECK ((state IN ('bounced', 'complained')) = (returned_at IS NOT NULL));
COMMENT ON COLUMN kernel.mails.returned_at IS 'when it bounced or was complained of, by the provider''s clock';
COMMENT ON CONSTRAINT mails_sent_with_instant_and_id ON kernel.mails IS
    'what was sent says when, and what the provider calls it';
COMMENT ON CONSTRAINT mails_bounced_with_kind ON kernel.mails IS 'what bounced says whether it may arrive another time';
COMMENT ON CONSTRAINT mails_returned_with_instant ON kernel.mails IS 'what came back says when';

-- Forward is: queued, sent, bounced for now, bounced for good, complained of.
CREATE OR REPLACE FUNCTION kernel.refuse_backward_mails() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $$
BEGIN
    IF NOT (CASE OLD.state
        WHEN 'queued' THEN NEW.state IN ('queued', 'sent', 'failed')
        WHEN 'sent' THEN NEW.state IN ('bounced', 'complained')
        WHEN 'bounced' THEN NEW.state = 'complained' OR (OLD.bounce = 'transient' AND NEW.bounce = 'permanent')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'a mail''s state only moves forward'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mail_moves_forward';
    END IF;
    RETURN NEW;
END
$$;

CREATE POLICY bounces_read ON kernel.mails FOR SELECT TO bounce_recorder USING (true);
CREATE POLICY bounces_noted ON kernel.mails FOR UPDATE TO bounce_recorder
    USING (state IN ('sent', 'bounced')) WITH CHECK (state IN ('bounced', 'complained'));
GRANT SELECT (clinic_id, id, state, bounce) ON kernel.mails TO bounce_recorder;
GRANT UPDATE (state, bounce, returned_at, updated_at) ON kernel.mails TO bounce_recorder;
