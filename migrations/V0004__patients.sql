-- patients: the people treated, and what changed about them.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

CREATE SCHEMA patients;
GRANT USAGE ON SCHEMA patients TO patients, patients_published, billing, platform;

CREATE TABLE patients.patients (
    id           uuid        NOT NULL,
    clinic_id    uuid        NOT NULL,
    full_name    text        NOT NULL,
    birth_date   date,
    phone        text,
    email        text,
    document     text,
    document_key text,
    notes        text,
    version      bigint      NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    deleted_at   timestamptz,
    CONSTRAINT patients_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT patients_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT patients_clinic_fkey FOREIGN KEY (clinic_id) REFERENCES identity.clinics (id),
    CONSTRAINT patients_full_name_length CHECK (char_length(full_name) BETWEEN 1 AND 255),
    CONSTRAINT patients_phone_e164 CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    CONSTRAINT patients_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT patients_birth_date_after_1900 CHECK (birth_date >= DATE '1900-01-01'),
    CONSTRAINT patients_document_with_key CHECK ((document IS NULL) = (document_key IS NULL)),
    CONSTRAINT patients_document_length CHECK (char_length(document) BETWEEN 1 AND 64),
    CONSTRAINT patients_notes_length CHECK (char_length(notes) BETWEEN 1 AND 5000),
    CONSTRAINT patients_version_positive CHECK (version > 0)
);
COMMENT ON COLUMN patients.patients.document_key IS
    'the document''s letters and digits in upper case: 123.456-x and 123456X are one document';
COMMENT ON CONSTRAINT patients_document_with_key ON patients.patients IS
    'a document is stored as it was typed together with the key it is compared by, or not at all';
CREATE UNIQUE INDEX patients_document_unique ON patients.patients (clinic_id, document_key) WHERE deleted_at IS NULL;
CREATE INDEX patients_newest_first ON patients.patients (clinic_id, created_at, id) WHERE deleted_at IS NULL;

CREATE TABLE patients.patient_history (
    id         uuid        NOT NULL,
    clinic_id  uuid        NOT NULL,
    patient_id uuid        NOT NULL,
    version    bigint      NOT NULL,
    actor_id   uuid        NOT NULL,
    state      jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT patient_history_pkey PRIMARY KEY (clinic_id, id),
    CONSTRAINT patient_history_id_v7 CHECK (uuid_extract_version(id) IS NOT DISTINCT FROM 7),
    CONSTRAINT patient_history_patient_fkey FOREIGN KEY (clinic_id, patient_id) REFERENCES patients.patients (clinic_id, id),
    CONSTRAINT patient_history_version_unique UNIQUE (clinic_id, patient_id, version)
);
COMMENT ON TABLE patients.patient_history IS 'append-only: the row as it was after each change; neighbours tell what changed';

ALTER TABLE patients.patients ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients.patients FORCE ROW LEVEL SECURITY;
ALTER TABLE patients.patient_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE patients.patient_history FORCE ROW LEVEL SECURITY;

CREATE POLICY migrator ON patients.patients TO migrator USING (true) WITH CHECK (true);
CREATE POLICY migrator ON patients.patient_history TO migrator USING (true) WITH CHECK (true);

CREATE POLICY own_clinic ON patients.patients TO patients, patients_published
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
CREATE POLICY own_clinic ON patients.patient_history TO patients
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE ON patients.patients TO patients;
GRANT SELECT, INSERT ON patients.patient_history TO patients;

-- What other modules may know of a patient: that there is one, its display name, whether it is archived.
GRANT SELECT ON patients.patients TO patients_published;
GRANT CREATE ON SCHEMA patients TO patients_published;
CREATE VIEW patients.published_patients AS
    SELECT clinic_id, id, full_name, deleted_at IS NOT NULL AS archived
      FROM patients.patients;
ALTER VIEW patients.published_patients OWNER TO patients_published;
REVOKE CREATE ON SCHEMA patients FROM patients_published;
SET LOCAL ROLE patients_published;
GRANT SELECT ON patients.published_patients TO billing, platform;
SET LOCAL ROLE migrator;
