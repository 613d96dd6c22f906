-- A token from before an address was confirmed does not act as confirmed: whoever opens the mailed link may be another than
-- who signed up. So the other modules see since when. Functions of the version before go on reading is_verified.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

GRANT CREATE ON SCHEMA identity TO identity_published;
SET LOCAL ROLE identity_published;
CREATE OR REPLACE VIEW identity.published_members AS
    SELECT m.clinic_id, m.id, a.email_verified_at IS NOT NULL AS is_verified, a.email_verified_at
      FROM identity.memberships AS m
      JOIN identity.accounts AS a ON a.id = m.account_id;
SET LOCAL ROLE migrator;
REVOKE CREATE ON SCHEMA identity FROM identity_published;
