-- A webhook endpoint hears of events once it has answered a test. Endpoints that are there already go on as they are, and
-- so do those that functions of the version before make until they are replaced: a row says that it is confirmed unless
-- the function that inserts it says otherwise. Who delivers confirms, and says so in the audit log.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE platform.webhook_endpoints ADD COLUMN is_confirmed boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN platform.webhook_endpoints.is_confirmed IS
    'false until it has answered webhook.test; nothing else is sent to it before';
COMMENT ON COLUMN platform.webhook_endpoints.disabled_at IS
    'set when it answered 410, or did not answer webhook.test for a day: nothing is sent there any more';
GRANT SELECT (is_confirmed), UPDATE (is_confirmed) ON platform.webhook_endpoints TO webhook_deliverer;

ALTER POLICY deliverer_inserts ON kernel.audit_log
    WITH CHECK (module = CURRENT_USER::text
                AND action IN ('webhook_endpoint.disabled', 'webhook_endpoint.activated'));
