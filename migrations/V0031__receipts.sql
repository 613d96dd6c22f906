-- Receipts: what a clinic shows on them, and what finds them again.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE identity.clinics
    ADD COLUMN legal_name     text,
    ADD COLUMN document       text,
    ADD COLUMN address        text,
    ADD COLUMN council_number text,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT clinics_legal_name_length CHECK (char_length(legal_name) BETWEEN 1 AND 255),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT clinics_document_form CHECK (document ~ '^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$'),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT clinics_address_length CHECK (char_length(address) BETWEEN 1 AND 500),
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT clinics_council_number_length CHECK (char_length(council_number) BETWEEN 1 AND 64);
COMMENT ON COLUMN identity.clinics.legal_name IS 'what receipts call it; NULL: its name';
COMMENT ON COLUMN identity.clinics.document IS 'CPF or CNPJ, without dots and strokes; NULL: not said';
COMMENT ON COLUMN identity.clinics.address IS 'one line, for receipts; NULL: not said';
COMMENT ON COLUMN identity.clinics.council_number IS 'its number at the council of its profession, for receipts; NULL: not said';
COMMENT ON CONSTRAINT clinics_document_form ON identity.clinics IS
    'a CPF has 11 digits, a CNPJ 14 of which the first 12 may be letters; the check digits are the program''s to look at';
GRANT UPDATE (legal_name, document, address, council_number) ON identity.clinics TO identity;
GRANT CREATE ON SCHEMA identity TO identity_published;
SET LOCAL ROLE identity_published;
CREATE OR REPLACE VIEW identity.published_clinics AS
    SELECT id, name, time_zone, currency, language, provider_account, legal_name, document, address, council_number
      FROM identity.clinics;
SET LOCAL ROLE migrator;
REVOKE CREATE ON SCHEMA identity FROM identity_published;

-- Receipts are listed as transactions are, and found by the code on the paper.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX receipts_newest ON billing.receipts (clinic_id, created_at, id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX receipts_patient ON billing.receipts (clinic_id, patient_id, created_at, id);
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX receipts_code_once ON billing.receipts (clinic_id, code);
COMMENT ON INDEX billing.receipts_code_once IS 'a paper leads to one receipt';

-- What a receipt's paper shows, signed. It is written once, and the paper is drawn from it.
CREATE TABLE billing.receipt_documents (
    clinic_id  uuid        NOT NULL,
    receipt_id uuid        NOT NULL,
    content    text        NOT NULL,
    signature  bytea       NOT NULL,
    key_id     text        NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT receipt_documents_pkey PRIMARY KEY (clinic_id, receipt_id),
    CONSTRAINT receipt_documents_receipt_fkey FOREIGN KEY (clinic_id, receipt_id) REFERENCES billing.receipts (clinic_id, id),
    CONSTRAINT receipt_documents_content_length CHECK (octet_length(content) BETWEEN 2 AND 16384),
    CONSTRAINT receipt_documents_signature_length CHECK (octet_length(signature) = 64),
    CONSTRAINT receipt_documents_key_form CHECK (key_id ~ '^k4[.]pid[.][A-Za-z0-9_-]{44}$')
);
COMMENT ON TABLE billing.receipt_documents IS 'append-only: what receipts show, as it was when it was signed. Tax law keeps it';
COMMENT ON COLUMN billing.receipt_documents.content IS 'the exact bytes that are signed (RFC 8785): who paid, for whom, to whom';
COMMENT ON COLUMN billing.receipt_documents.signature IS 'Ed25519';
COMMENT ON CONSTRAINT receipt_documents_key_form ON billing.receipt_documents IS 'the PASERK id of the public key';
ALTER TABLE billing.receipt_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.receipt_documents FORCE ROW LEVEL SECURITY;
CREATE POLICY migrator ON billing.receipt_documents TO migrator USING (true) WITH CHECK (true);
CREATE POLICY own_clinic ON billing.receipt_documents TO billing
    USING (clinic_id = NULLIF(current_setting('app.clinic_id', true), '')::uuid);
GRANT SELECT, INSERT ON billing.receipt_documents TO billing;
