-- What SendGrid tells of mails comes by an endpoint, which notes each clinic's within that clinic: platform's own role
-- may note what bounce_recorder may.
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '30s';

GRANT UPDATE (bounce, returned_at) ON kernel.mails TO platform;
