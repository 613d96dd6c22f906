-- The ledger is sealed: what was booked is summed up by hashes that follow from each other, so that whoever changes, deletes
-- or slips in an entry behind the program's back is found out.
--
-- A seal has parts, each of which covers a patient's entries from one place to another. The parts of a patient follow on each
-- other without a gap, and so do the seals of a clinic.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE billing.ledger_seals (
    clinic_id     uuid        NOT NULL,
    number        bigint      NOT NULL,
    entries       bigint      NOT NULL,
    content_hash  bytea       NOT NULL,
    previous_hash bytea       NOT NULL,
    hash          bytea       NOT NULL,
    horizon       timestamptz,
    created_at    timestamptz NOT NULL,
    CONSTRAINT ledger_seals_pkey PRIMARY KEY (clinic_id, number),
    CONSTRAINT ledger_seals_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES identity.clinics (id),
    CONSTRAINT ledger_seals_number_positive CHECK (number > 0),
    CONSTRAINT ledger_seals_seal_something CHECK (entries > 0),
    CONSTRAINT ledger_seals_hash_lengths CHECK (
        octet_length(content_hash) = 32 AND octet_length(previous_hash) = 32 AND octet_length(hash) = 32)
);
COMMENT ON TABLE billing.ledger_seals IS
    'append-only: the chain of a clinic''s seals. Who keeps a hash elsewhere can prove all entries up to it';
COMMENT ON COLUMN billing.ledger_seals.entries IS 'how many entries its parts cover';
COMMENT ON COLUMN billing.ledger_seals.content_hash IS 'SHA-256 of its parts'' hashes, in the order of patient_id';
COMMENT ON COLUMN billing.ledger_seals.previous_hash IS
    'the hash of the seal before; for the first one SHA-256 of the clinic''s id, so that no clinic''s chain is another''s';
COMMENT ON COLUMN billing.ledger_seals.hash IS
    'SHA-256 of previous_hash, number, entries, the microseconds of created_at since 1970 (eight bytes each), and content_hash';
COMMENT ON COLUMN billing.ledger_seals.horizon IS
    'what was booked until then need not be looked for: an hour before a seal that left nothing over; NULL until there was one';
COMMENT ON CONSTRAINT ledger_seals_hash_lengths ON billing.ledger_seals IS 'SHA-256 has 32 bytes';

CREATE TABLE billing.ledger_seal_parts (
    clinic_id   uuid        NOT NULL,
    patient_id  uuid        NOT NULL,
    first_seq   bigint      NOT NULL,
    last_seq    bigint      NOT NULL,
    seal_number bigint      NOT NULL,
    hash        bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT ledger_seal_parts_pkey PRIMARY KEY (clinic_id, patient_id, last_seq),
    CONSTRAINT ledger_seal_parts_one_a_patient UNIQUE (clinic_id, seal_number, patient_id),
    CONSTRAINT ledger_seal_parts_seal_fkey FOREIGN KEY (clinic_id, seal_number) REFERENCES billing.ledger_seals (clinic_id, number),
    CONSTRAINT ledger_seal_parts_last_fkey FOREIGN KEY (clinic_id, patient_id, last_seq)
        REFERENCES billing.transfers (clinic_id, patient_id, seq),
    CONSTRAINT ledger_seal_parts_range CHECK (first_seq > 0 AND last_seq BETWEEN first_seq AND first_seq + 499),
    CONSTRAINT ledger_seal_parts_hash_length CHECK (octet_length(hash) = 32)
);
COMMENT ON TABLE billing.ledger_seal_parts IS
    'append-only: what a seal covers of a patient''s entries. A patient''s parts follow on each other from 1, without a gap';
COMMENT ON COLUMN billing.ledger_seal_parts.hash IS
    'SHA-256 of the entries'' hashes in the order of seq, each the SHA-256 of the entry''s text (docs/ledger.md)';
COMMENT ON CONSTRAINT ledger_seal_parts_range ON billing.ledger_seal_parts IS 'a part is small enough to be looked at at once';
COMMENT ON CONSTRAINT ledger_seal_parts_last_fkey ON billing.ledger_seal_parts IS 'a part ends with an entry that is there';
COMMENT ON CONSTRAINT ledger_seal_parts_one_a_patient ON billing.ledger_seal_parts IS
    'the parts of a seal have one order, which its hash hangs on';

ALTER TABLE billing.ledger_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.ledger_seals FORCE ROW LEVEL SECURITY;
ALTER TABLE billing.ledger_seal_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.ledger_seal_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON billing.ledger_seals TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON billing.ledger_seal_parts TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON billing.ledger_seals TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON billing.ledger_seal_parts TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT SELECT, INSERT ON billing.ledger_seals, billing.ledger_seal_parts TO billing;

-- The sealer sees up to which place whose entries are there and are sealed, in all clinics, and nothing of what they say. A
-- clinic is sealed as billing, within that clinic: the sealer inherits nothing, so that a statement that errs shows no more.
DO $$
BEGIN
    CREATE ROLE ledger_sealer LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
-- Where another database of the cluster makes the role at this moment, its name is known here once a lock is taken anew.
LOCK TABLE billing.ledger_seals IN ROW SHARE MODE;
GRANT billing TO ledger_sealer WITH INHERIT FALSE, SET TRUE;
GRANT USAGE ON SCHEMA billing TO ledger_sealer;
CREATE POLICY sealer_reads ON billing.balances FOR SELECT TO ledger_sealer USING (true);
CREATE POLICY sealer_reads ON billing.transfers FOR SELECT TO ledger_sealer USING (true);
CREATE POLICY sealer_reads ON billing.ledger_seals FOR SELECT TO ledger_sealer USING (true);
CREATE POLICY sealer_reads ON billing.ledger_seal_parts FOR SELECT TO ledger_sealer USING (true);
GRANT SELECT (clinic_id, patient_id, seq) ON billing.balances TO ledger_sealer;
GRANT SELECT (clinic_id, patient_id, seq, created_at) ON billing.transfers TO ledger_sealer;
GRANT SELECT (clinic_id, number, horizon, created_at) ON billing.ledger_seals TO ledger_sealer;
GRANT SELECT (clinic_id, patient_id, last_seq) ON billing.ledger_seal_parts TO ledger_sealer;
