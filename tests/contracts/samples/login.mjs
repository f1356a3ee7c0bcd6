// Runs the reference's JavaScript login sample, given on stdin with what it is to sign in as, and goes on where the
// sample leaves off: second factor, renewal, first request. Says on stdout what came of each.
import { readFileSync } from "node:fs";

const { code, api, business, username, password, secondFactor } = JSON.parse(readFileSync(0, "utf8"));
const { login, API_BASE } = new Function(`${code}\nreturn { login, API_BASE };`)();

async function call(path, body, headers = {}) {
  const answer = await fetch(`${API_BASE}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, ...(await answer.json()) };
}

const signedIn = await login(business, username, password);
const resolved = await (await fetch(`${API_BASE}/tenants/resolve/${business}`)).json();
const tenant = { "X-Tenant-Id": resolved.data.tenantId };
const verified = signedIn.mfaRequired
  ? await call("/auth/mfa-verify", { challenge_token: signedIn.challengeToken, code: secondFactor }, tenant)
  : null;
const refreshToken = verified ? verified.data.refresh_token : signedIn.refreshToken;
const refreshed = await call("/auth/refresh", { refresh_token: refreshToken }, tenant);
const used = await fetch(`${api}/api/catalog/stats`, {
  headers: { Authorization: `Bearer ${refreshed.data.access_token}`, ...tenant },
});
console.log(JSON.stringify({ base: API_BASE, signedIn, verified, refreshed, used: used.status }));
