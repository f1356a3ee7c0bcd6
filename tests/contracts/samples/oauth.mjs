// Runs the reference's JavaScript sample of the client credentials grant, given on stdin with a client and its secret.
import { readFileSync } from "node:fs";

const { code, id, secret } = JSON.parse(readFileSync(0, "utf8"));
const Asynchronous = (async () => {}).constructor;
const res = await new Asynchronous("CLIENT_ID", "CLIENT_SECRET", `${code}\nreturn res;`)(id, secret);
console.log(JSON.stringify({ status: res.status, body: await res.json() }));
