-- What must exist for the sample events of this module to succeed.

INSERT INTO patients.patients (id, clinic_id, full_name, version, created_at, updated_at)
VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', '01890a5d-ac96-774b-bcce-b302099a8057', 'Canary Patient', 1,
        '2026-01-01Z', '2026-01-01Z');
