-- Reads the request from wrk's arguments (method, bytes of body) and prints the figures as JSON.
function init(args)
  wrk.method = args[1] or "GET"
  if args[2] then wrk.body = string.rep("x", tonumber(args[2])) end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\nFIGURES {"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "p999": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency:percentile(99.9) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
