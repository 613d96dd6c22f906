-- Who did what is read by the clinic itself: what one member did, and what was done to things of one kind.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

-- A month of a large clinic's log may have a million rows, and somebody who did little few of them.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_log_actor ON kernel.audit_log (clinic_id, actor_id, created_at, id);
-- Nearly all of the log is reads of patients, which lie close together in the log's own order. Their rows are left out, so that
-- writing one costs nothing more.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX audit_log_subject ON kernel.audit_log (clinic_id, subject, created_at, id) WHERE subject <> 'patient';
