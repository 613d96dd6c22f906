-- One bucket: the same as kernel.take, in one step for all processes. KEYS: the bucket. ARGV: taken whatever is left, wanted of
-- what is left, microseconds in which a token comes back, burst. The server's own time counts, so that no caller's clock does;
-- %.0f, as Lua writes 14 digits of a number otherwise. Answers what was granted, what is left, and the milliseconds to wait.
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local forced, wanted, every, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ahead = math.max((tonumber(redis.call('GET', KEYS[1])) or now) - now, 0)
ahead = math.min(math.max(ahead + forced * every, 0), 2 * burst * every)
local granted = math.min(wanted, math.max(math.floor((burst * every - ahead) / every), 0))
ahead = ahead + granted * every
if forced ~= 0 or granted > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000) + 1)
end
return {
  granted,
  math.max(math.floor((burst * every - ahead) / every), 0),
  math.ceil(math.max(ahead + every - burst * every, 0) / 1000),
}
