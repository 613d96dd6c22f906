-- Who delivers webhooks disables an endpoint that answers 410, and says so in the audit log, as every change is said there.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

CREATE POLICY deliverer_inserts ON kernel.audit_log FOR INSERT TO webhook_deliverer
    WITH CHECK (module = CURRENT_USER::text AND action = 'webhook_endpoint.disabled');
GRANT USAGE ON SCHEMA kernel TO webhook_deliverer;
GRANT INSERT ON kernel.audit_log TO webhook_deliverer;
