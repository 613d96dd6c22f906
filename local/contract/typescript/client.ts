// A client with types made from the contract alone, against a running Grafono: node client.js ADDRESS
// What must not type-check is marked with @ts-expect-error, which is an error itself where it type-checks after all.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./contract.js";

type NewPatient = components["schemas"]["NewPatient"];
type Code = components["schemas"]["ProblemCode"];

const address = process.argv[2];
assert(address, "say where Grafono listens");

const client = createClient<paths>({ baseUrl: address });
const account = {
    email: `client-${process.pid}-${Date.now()}@example.com`,
    password: "a long and lonely road",
};

async function signIn(): Promise<void> {
    const made = await client.POST("/api/v1/clinics", {
        body: {
            clinicName: "Clínica Aurora",
            timeZone: "America/Sao_Paulo",
            currency: "BRL",
            ownerName: "Ana Souza",
            ...account,
        },
    });
    assert.equal(made.response.status, 201);
    const session = await client.POST("/api/v1/auth/login", { body: account });
    assert(session.data, "the owner is signed in");
    assert.equal(session.data.data.tokenType, "Bearer");
    assert.equal(session.data.data.user.role, "owner");
    const token = session.data.data.accessToken;
    client.use({
        onRequest: ({ request }) => {
            request.headers.set("authorization", `Bearer ${token}`);
        },
    });
}

async function keepPatients(): Promise<string> {
    const added = await client.POST("/api/v1/patients", {
        body: { fullName: "Beatriz Lima", phone: "+5511987654321", birthDate: null },
    });
    assert(added.data, "a patient is added");
    const { id, version } = added.data.data;
    assert.equal(added.response.headers.get("etag"), `"${version}"`);

    const path = { id };
    const edit = (tag: string) =>
        client.PATCH("/api/v1/patients/{id}", {
            params: { path, header: { "If-Match": tag } },
            body: { phone: null },
        });
    const edited = await edit(`"${version}"`);
    assert.equal(edited.data?.data.phone, null);
    assert.equal((await edit(`"${version}"`)).error?.error.code, "VERSION_STALE");

    const page = await client.GET("/api/v1/patients", { params: { query: { limit: 1, includeTotal: true } } });
    assert.equal(page.data?.meta.total, 1);
    assert.equal(page.data?.data[0]?.id, id);
    return id;
}

async function takeMoney(patientId: string): Promise<void> {
    const record = () =>
        client.POST("/api/v1/transactions", {
            params: { header: { "Idempotency-Key": "first" } },
            body: { patientId, type: "income", amountMinor: 15_000, currency: "BRL", method: "pix" },
        });
    const [first, again] = [await record(), await record()];
    assert.equal(first.response.status, 201);
    assert.equal(again.response.headers.get("idempotency-replayed"), "true");
    assert.deepEqual(again.data, first.data);
    const balance = await client.GET("/api/v1/patients/{id}/balance", { params: { path: { id: patientId } } });
    assert.equal(balance.data?.data.balanceMinor, 15_000);
}

async function meetProblems(): Promise<void> {
    const refused = await client.POST("/api/v1/patients", { body: { fullName: "Caio", phone: "119" } });
    const problem = refused.error;
    assert(problem, "a wrong number is refused");
    assert.equal(problem.success, false);
    assert.equal(problem.error.code, "INVALID_PHONE");
    assert.equal(problem.error.details[0]?.pointer, "/phone");
    const page = await client.GET("/api/v1/problems/{code}", { params: { path: { code: "invalid-phone" } } });
    assert(page.data && typeof page.data !== "string", "it is explained in JSON");
    assert.equal(page.data.data.code, problem.error.code);
}

async function readTheContract(): Promise<void> {
    const read = await client.GET("/api/v1/openapi.json");
    const tag = read.response.headers.get("etag") ?? "";
    const header = { "If-None-Match": tag };
    const known = await client.GET("/api/v1/openapi.json", { params: { header } });
    assert.equal(read.data?.openapi, "3.1.0");
    assert.equal(known.response.status, 304);
}

/** Never called: what the types must refuse. */
export async function mistakes(): Promise<void> {
    // @ts-expect-error: money does not move without a key
    await client.POST("/api/v1/transactions", { body: {} });
    // @ts-expect-error: a name is due
    await client.POST("/api/v1/patients", { body: {} });
    // @ts-expect-error: a field nobody knows
    const body: NewPatient = { fullName: "A", nickname: "B" };
    // @ts-expect-error: no code of the contract
    const code: Code = "SOMETHING_WENT_WRONG";
    await client.POST("/api/v1/patients", { body: { ...body, notes: code } });
    const params = { path: { id: "" }, header: { "If-Match": "" } };
    // @ts-expect-error: a name cannot be cleared
    await client.PATCH("/api/v1/patients/{id}", { params, body: { fullName: null } });
    // @ts-expect-error: an edit needs the version it was made on
    await client.PATCH("/api/v1/patients/{id}", { params: { path: params.path }, body: {} });
}

await signIn();
const patient = await keepPatients();
await takeMoney(patient);
await meetProblems();
await readTheContract();
console.log("the typed client did all it should");
