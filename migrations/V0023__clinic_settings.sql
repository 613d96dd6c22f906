-- A clinic edits its own settings. Its currency stays once there is money in it: the foreign keys (clinic_id, currency) of
-- tables of money refuse the change (NO ACTION), whichever tables those are, and also one that meets a first transaction.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE identity.clinics ADD COLUMN second_factor_required boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN identity.clinics.second_factor_required IS
    'whether its people are to give a second factor; nothing asks for one yet';
COMMENT ON CONSTRAINT clinics_id_currency_unique ON identity.clinics IS
    'lets a foreign key (clinic_id, currency) refuse money in another currency, and another currency once there is money';

-- The plan is not the clinic's to say.
GRANT UPDATE (name, time_zone, currency, language, second_factor_required, version, updated_at) ON identity.clinics TO identity;
