-- For wrk: send the requests of the file $REQUESTS (path, tab, body) one after the other and stop after the last, and print
-- the outcome as one line of JSON.

local requests = {}
for line in io.lines(os.getenv("REQUESTS")) do
  local path, body = line:match("^([^\t]*)\t(.*)$")
  requests[#requests + 1] = { path, body }
end
local sent = 0

function request()
  sent = sent + 1
  if sent > #requests then
    wrk.thread:stop()
    sent = #requests
  end
  wrk.headers["Content-Type"] = "application/json"
  return wrk.format("POST", requests[sent][1], nil, requests[sent][2])
end

function done(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  print(string.format('{"requests": %d, "seconds": %.3f, "mean": %.3f, "p50": %.3f, "p95": %.3f, "p99": %.3f, "wrong": %d}',
    summary.requests, summary.duration / 1e6, latency.mean / 1e3, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3, wrong))
end
