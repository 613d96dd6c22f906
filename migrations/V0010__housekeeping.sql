-- Housekeeping: what nobody needs any more is deleted by a role of its own, in all clinics at once. It sees when a row is
-- over and where it stands, and nothing of what is in it; the policies below hold even if its statements err.
--
-- Events are the rows that need thought, because others lean on them. kernel.is_turn asks for the event before, and
-- takes one that is no longer there for one that was never announced; the inbox row alone keeps an event that comes
-- again from a second effect. So an event's outbox row and all of its inbox rows go in one statement or stay, and go
-- only when all of these hold:
--
--   1. Every consumer that hears its kind has taken it. An event that waits in a queue, or in a queue of dead letters
--      which this database knows nothing of, was not taken by somebody: it keeps its row, and what is behind it in its
--      stream stays held back at that consumer. What is behind it was not taken there either, and so keeps its row too.
--   2. It is nobody's dead letter. One that was taken after all may be sent again on any day, and must find its inbox
--      row then.
--   3. Thirty days have passed since it was last sent, and since it was last taken. A message lives for 14 days in a
--      FIFO queue and, counted anew, for 14 in its queue of dead letters, so by then there is none. To send a dead letter
--      again counts as sending: the relay then moves sent_at on.
--
-- A stream whose older events are gone goes on: all of them were taken, so the next one has its turn. Nor does it harm
-- when a row goes before an older one of its stream: a consumer that hears both had taken the older one first, and one
-- that hears the older one alone does not ask for the other.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    CREATE ROLE housekeeper LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT USAGE ON SCHEMA kernel, identity TO housekeeper;

COMMENT ON COLUMN kernel.outbox.sent_at IS 'NULL until every queue of the event has it; then when it was last sent';

-- By age, from the oldest on. Where this runs the tables are small, and the indexes are made at once.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX outbox_sent ON kernel.outbox (sent_at, id) WHERE sent_at IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX inbox_event ON kernel.inbox (event_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX dead_letters_event ON kernel.dead_letters (event_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX mails_ended ON kernel.mails (updated_at) WHERE state <> 'queued';
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX email_verifications_expires_at ON identity.email_verifications (expires_at);

-- To lock a row so that two housekeepers step over each other's takes the right to update it, and a policy for that.
-- None of these lets a changed row through.
CREATE POLICY housekeeper_reads ON kernel.outbox FOR SELECT TO housekeeper USING (sent_at IS NOT NULL);
CREATE POLICY housekeeper_locks ON kernel.outbox FOR UPDATE TO housekeeper USING (sent_at IS NOT NULL) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON kernel.outbox FOR DELETE TO housekeeper USING (sent_at IS NOT NULL);
CREATE POLICY housekeeper_reads ON kernel.inbox FOR SELECT TO housekeeper USING (true);
CREATE POLICY housekeeper_deletes ON kernel.inbox FOR DELETE TO housekeeper USING (true);
CREATE POLICY housekeeper_reads ON kernel.dead_letters FOR SELECT TO housekeeper USING (true);
CREATE POLICY housekeeper_reads ON kernel.idempotency_keys FOR SELECT TO housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_locks ON kernel.idempotency_keys FOR UPDATE TO housekeeper
    USING (expires_at <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON kernel.idempotency_keys FOR DELETE TO housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_reads ON kernel.jobs FOR SELECT TO housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_locks ON kernel.jobs FOR UPDATE TO housekeeper USING (expires_at <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON kernel.jobs FOR DELETE TO housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_reads ON kernel.mails FOR SELECT TO housekeeper USING (state <> 'queued');
CREATE POLICY housekeeper_locks ON kernel.mails FOR UPDATE TO housekeeper USING (state <> 'queued') WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON kernel.mails FOR DELETE TO housekeeper USING (state <> 'queued');
CREATE POLICY housekeeper_reads ON identity.email_verifications FOR SELECT TO housekeeper USING (expires_at <= now());
CREATE POLICY housekeeper_locks ON identity.email_verifications FOR UPDATE TO housekeeper
    USING (expires_at <= now()) WITH CHECK (false);
CREATE POLICY housekeeper_deletes ON identity.email_verifications FOR DELETE TO housekeeper USING (expires_at <= now());

-- Rows are found by their place, so that no key of a caller and no hash of a token need be read. Parts go with their job:
-- the foreign key deletes them, under their owner's role.
GRANT SELECT (id, kind, sent_at), UPDATE (updated_at), DELETE ON kernel.outbox TO housekeeper;
GRANT SELECT (consumer, event_id, created_at), DELETE ON kernel.inbox TO housekeeper;
GRANT SELECT (event_id) ON kernel.dead_letters TO housekeeper;
GRANT SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON kernel.idempotency_keys TO housekeeper;
GRANT SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON kernel.jobs TO housekeeper;
GRANT SELECT (ctid, state, updated_at), UPDATE (updated_at), DELETE ON kernel.mails TO housekeeper;
GRANT SELECT (ctid, expires_at), UPDATE (updated_at), DELETE ON identity.email_verifications TO housekeeper;
