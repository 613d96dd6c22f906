-- The ledger explained: what was recorded when and of whom, and what stood at which instant.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- Functions of the version before the last migration wrote none.
UPDATE billing.transfers AS t
   SET occurred_on = (t.created_at AT TIME ZONE c.time_zone)::date
  FROM identity.clinics AS c
 WHERE c.id = t.clinic_id
   AND t.occurred_on IS NULL;
-- The table is small where this runs.
-- squawk-ignore adding-not-nullable-field
ALTER TABLE billing.transfers ALTER COLUMN occurred_on SET NOT NULL;
COMMENT ON COLUMN billing.transfers.occurred_on IS
    'the day in the clinic''s zone, decided once, so that a day''s takings never move';

-- The list, and the same by patient and by type.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX transfers_newest ON billing.transfers (clinic_id, created_at, id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX transfers_patient ON billing.transfers (clinic_id, patient_id, created_at, id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX transfers_kind ON billing.transfers (clinic_id, kind, created_at, id);
-- What stood at an instant, without a look at the row.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX transfers_as_of ON billing.transfers (clinic_id, patient_id, created_at, seq) INCLUDE (balance_after_minor);
