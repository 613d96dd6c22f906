-- How a call ended: the same as State::settle in breaker.rs, in one step for all processes.
-- KEYS: the breaker. ARGV: now, the number of the probe or 0, 1 when it failed, how many failures open, for how long
-- it is then open, how long the key is kept (all ms).
local now, probe, failed = tonumber(ARGV[1]), ARGV[2], ARGV[3] == '1'
local until_ = redis.call('HGET', KEYS[1], 'until')
local opens = false
if probe ~= '0' then
  if redis.call('HGET', KEYS[1], 'probe') ~= probe then
    return 0
  end
  opens = failed
elseif until_ then
  return 0
elseif failed then
  opens = redis.call('HINCRBY', KEYS[1], 'failures', 1) >= tonumber(ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
if not failed then
  redis.call('DEL', KEYS[1])
elseif opens then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'until', now + tonumber(ARGV[5]))
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
return 0
