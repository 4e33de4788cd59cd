//! What must happen on the server in one step.

/// KEYS: key, groups. ARGV: generation field, ms to live for the key, ms for groups, a new generation for each of KEYS.
/// Returns the generations that there are then.
pub(super) const BEGIN: &str = r"
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[4])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
local found = { redis.call('HGET', KEYS[1], ARGV[1]) }
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], ARGV[i + 3], 'NX')
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
  found[i] = redis.call('GET', KEYS[i])
end
return found
";

/// KEYS: key, groups. ARGV: generation field, entry field, ms to live, the entry's generation, the entry, and the
/// generation that each of KEYS must still have. Returns 1 if it was stored.
pub(super) const STORE: &str = r"
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[6] then return 0 end
for i = 2, #KEYS do
  if redis.call('GET', KEYS[i]) ~= ARGV[i + 5] then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4], ARGV[2], ARGV[5])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
";
