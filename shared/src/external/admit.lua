-- Whether a call may be made: the same as State::admit in breaker.rs, in one step for all processes.
-- KEYS: the breaker. ARGV: now, the number of a probe, how long a probe counts, how long the key is kept (all ms).
-- Answers 0 (admitted), -1 (admitted as the probe) or the milliseconds to wait.
local now = tonumber(ARGV[1])
local until_ = tonumber(redis.call('HGET', KEYS[1], 'until') or '')
if not until_ then
  return 0
end
if now < until_ then
  return until_ - now
end
redis.call('HSET', KEYS[1], 'probe', ARGV[2], 'until', now + tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return -1
