"""What the log asks of Redis: one small script for each verb, atomic where it runs.

Only reading is a plain XREADGROUP: it carries all payloads, and a script would copy each twice.

Each shard is a stream (KEYS[1]) and a hash of running sums beside it (KEYS[2]) in the same slot:
``n`` and ``b`` are entries and bytes ever appended, ``n:<group>`` and ``b:<group>`` those that are
no longer the group's business. An entry's field ``b`` is what ``b`` was before it, so that the
bytes that are stored are known by looking at the first entry alone.

In a script a command that may need memory is refused when memory is short, unless the script has
written before (https://redis.io/docs/latest/develop/programmability/eval-intro/). `APPEND` and a
new group begin with such a command and so fail before they changed anything; `ACK`, `CLAIM` and
`TRIM` begin with one that is always allowed: they are how memory becomes free again.
"""

from __future__ import annotations

from typing import Final

TRIM_ENTRIES: Final = 1_000
"""Entries dropped in one run of `TRIM`: while it runs, nobody else is served."""

RESTAMP_ENTRIES: Final = 1_000
"""Pending entries looked at for instants that lie ahead."""

_FIELD: Final = """
local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then return entry[2][i + 1] end
  end
end
"""

APPEND: Final = """
local ids, n, b = {}, {}, {}
for k = 1, #KEYS / 2 do
  local had = redis.call('HMGET', KEYS[2 * k], 'n', 'b')
  n[k], b[k] = tonumber(had[1] or 0), tonumber(had[2] or 0)
end
for i = 1, #ARGV, 5 do
  local k = tonumber(ARGV[i])
  ids[#ids + 1] = redis.call('XADD', KEYS[2 * k - 1], '*', 'k', ARGV[i + 1], 's', ARGV[i + 2],
    'o', ARGV[i + 3], 'b', b[k], 'p', ARGV[i + 4])
  n[k], b[k] = n[k] + 1, b[k] + #ARGV[i + 4]
end
for k = 1, #KEYS / 2 do
  redis.call('HSET', KEYS[2 * k], 'n', n[k], 'b', b[k])
end
return {ids, n}
"""
"""KEYS: stream and sums of each shard; ARGV: which shard, kind, source, observed, payload, ..."""

GROUP: Final = (
    _FIELD
    + """
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err then
  if string.find(made.err, 'BUSYGROUP', 1, true) then return 0 end
  return made
end
local had = redis.call('HMGET', KEYS[2], 'n', 'b')
local n, b = tonumber(had[1] or 0), tonumber(had[2] or 0)
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if first then b = tonumber(field(first, 'b')) end
redis.call('HSET', KEYS[2], 'n:' .. ARGV[1], n - redis.call('XLEN', KEYS[1]), 'b:' .. ARGV[1], b)
return 1
"""
)
"""ARGV: group. Makes it, beginning with the oldest entry; answers 0 where somebody else has."""

CLAIM: Final = """
local group, idle = ARGV[1], tonumber(ARGV[3])
local rows = redis.pcall('XPENDING', KEYS[1], group, 'IDLE', idle, ARGV[5], '+', ARGV[4])
if rows.err then
  if string.find(rows.err, 'NOGROUP', 1, true) then return {'', {}} end
  return rows
end
if #rows == 0 then
  if idle > 0 then
    for _, row in ipairs(redis.call('XPENDING', KEYS[1], group, '-', '+', ARGV[6])) do
      if row[3] == 0 then
        redis.call('XCLAIM', KEYS[1], group, row[2], 0, row[1], 'IDLE', 0, 'JUSTID')
      end
    end
  end
  return {'', {}}
end
local ids, found, live, gone = {}, {}, {}, 0
for i, row in ipairs(rows) do ids[i] = row[1] end
for _, entry in ipairs(redis.call('XCLAIM', KEYS[1], group, ARGV[2], 0, unpack(ids))) do
  if entry then
    found[entry[1]] = true
    live[#live + 1] = entry
  end
end
for _, id in ipairs(ids) do
  if not found[id] then
    redis.call('XACK', KEYS[1], group, id)
    gone = gone + 1
  end
end
if gone > 0 then redis.call('HINCRBY', KEYS[2], 'n:' .. group, gone) end
return {ids[#ids], live}
"""
"""ARGV: group, consumer, idle milliseconds, limit, first position, `RESTAMP_ENTRIES`.

Answers how far it looked, and the entries.

An entry that was handed out at an instant that is still to come (the server's clock was set back)
shows as idle for no time at all; it is stamped with the present, keeps its owner, and is claimed in
its turn. Nothing changes for one that was really handed out in this millisecond. What was deleted
under our feet is acknowledged.
"""

ACK: Final = """
local n, b = 0, 0
for i = 2, #ARGV, 2 do
  if redis.call('XACK', KEYS[1], ARGV[1], ARGV[i]) == 1 then
    n, b = n + 1, b + tonumber(ARGV[i + 1])
  end
end
if n > 0 then
  local done = redis.call('HINCRBY', KEYS[2], 'n:' .. ARGV[1], n)
  redis.call('HINCRBY', KEYS[2], 'b:' .. ARGV[1], b)
  local sums = redis.call('HMGET', KEYS[2], 'n', 'b')
  if done == tonumber(sums[1]) then redis.call('HSET', KEYS[2], 'b:' .. ARGV[1], sums[2]) end
end
return n
"""
"""ARGV: group, then id and bytes of each. Only what was pending is counted, so twice is once."""

BACKLOG: Final = (
    _FIELD
    + """
local group = ARGV[1]
local sums = redis.call('HMGET', KEYS[2], 'n', 'b', 'n:' .. group, 'b:' .. group)
for i = 1, 4 do sums[i] = tonumber(sums[i] or 0) end
local pending = redis.pcall('XPENDING', KEYS[1], group)
if pending.err then
  if not string.find(pending.err, 'NOGROUP', 1, true) then return pending end
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if not first then return {0, 0, ''} end
  return {redis.call('XLEN', KEYS[1]), sums[2] - tonumber(field(first, 'b')), field(first, 'o')}
end
local from = pending[2]
if pending[1] == 0 then
  for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local info = {}
    for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
    if info['name'] == group then from = '(' .. info['last-delivered-id'] end
  end
end
local first = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
if not first then return {0, 0, ''} end
return {math.max(1, sums[1] - sums[3]), math.max(0, sums[2] - sums[4]), field(first, 'o')}
"""
)
"""ARGV: group. Answers entries, bytes and when the oldest was observed ('' where there is none)."""

TRIM: Final = """
local function parts(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
if redis.call('EXISTS', KEYS[1]) == 0 then return {0, 1} end
local low_ms, low_seq
for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local info = {}
  for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
  local ms, seq
  if info['pending'] > 0 then
    ms, seq = parts(redis.call('XPENDING', KEYS[1], info['name'])[2])
  else
    ms, seq = parts(info['last-delivered-id'])
    seq = seq + 1
  end
  if not low_ms or ms < low_ms or (ms == low_ms and seq < low_seq) then
    low_ms, low_seq = ms, seq
  end
end
if not low_ms then return {0, 1} end
local low = string.format('%.0f-%.0f', low_ms, low_seq)
local n = redis.call('XTRIM', KEYS[1], 'MINID', '~', low, 'LIMIT', ARGV[1])
if n > 0 then return {n, 0} end
return {redis.call('XTRIM', KEYS[1], 'MINID', '=', low), 1}
"""
"""ARGV: `TRIM_ENTRIES`. Answers how many entries were dropped, and 1 where nothing is left to drop.

Whole nodes of the stream first, a bounded number at a time; then the rest of the last node.
"""
