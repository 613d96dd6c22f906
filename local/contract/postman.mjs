// The contract as a Postman collection: one folder a module, one request an operation, the examples as bodies.
// Fails when an operation is missing or the collection is not one that Postman itself reads.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [tools, path] = process.argv.slice(2);
const require = createRequire(`${tools}/package.json`);
const { convert } = require("openapi-to-postmanv2");
const { Collection } = require("postman-collection");

const SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
const METHODS = ["get", "post", "put", "patch", "delete"];

const contract = JSON.parse(readFileSync(path, "utf8"));
const options = {
    folderStrategy: "Tags",
    requestParametersResolution: "Example",
    exampleParametersResolution: "Example",
};
const result = await new Promise((resolve, reject) => {
    convert({ type: "json", data: contract }, options, (error, result) => (error ? reject(error) : resolve(result)));
});
if (!result.result) {
    throw new Error(result.reason);
}
const collection = result.output[0].data;
collection.variable = [
    { key: "baseUrl", value: "http://127.0.0.1:3000" },
    { key: "bearerToken", value: "" },
];

if (collection.info.schema !== SCHEMA) {
    throw new Error(`the collection is of ${collection.info.schema}`);
}
const requests = new Set();
new Collection(collection).forEachItem((item) => {
    const address = item.request.url.getPath({ unresolved: true }).replace(/:(\w+)/g, "{$1}");
    requests.add(`${item.request.method.toLowerCase()} ${address}`);
});
const operations = Object.entries(contract.paths).flatMap(([address, operations]) =>
    METHODS.filter((method) => method in operations).map((method) => `${method} ${address}`),
);
const missing = operations.filter((operation) => !requests.has(operation));
if (missing.length > 0 || requests.size !== operations.length) {
    throw new Error(`the collection has ${[...requests]}, and lacks ${missing}`);
}
process.stdout.write(`${JSON.stringify(collection, null, 2)}\n`);
