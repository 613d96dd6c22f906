// What a reader of the reference page must be able to do, done: read every operation, find one, call one.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { click, contrast, open, says, visit } from "./browser.mjs";

const [address, contract, profile, pictures] = process.argv.slice(2);
const document = JSON.parse(await readFile(contract, "utf8"));
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method, path, ...operation })),
);

/** A visit of its own for each thing a reader does; nothing may have gone wrong on it. */
async function reader(browser, name, does, scheme = "light") {
  const { page, faults } = await visit(browser, `${address}/docs`, scheme);
  try {
    await says(page, document.info.title, "h1");
    await does(page);
    deepEqual(faults, []);
    console.log(`ok - ${name}`);
  } catch (error) {
    console.log(`not ok - ${name}: ${error.message}\n${faults.join("\n")}`);
    process.exitCode = 1;
  }
  await page.screenshot({ path: `${pictures}/${name.replaceAll(" ", "-")}.png` });
  await page.close();
}

async function sees_every_operation(page) {
  equal(await page.title(), "Grafono API");
  ok(operations.length > 10);
  for (const { method, path, summary } of operations) {
    await click(page, "aside a, nav a", summary);
    await says(page, summary, "h3");
    await click(page, "button", `Test Request(${method} ${path})`);
    await click(page, "button", "Close Client");
  }
}

async function finds_an_operation(page) {
  await page.keyboard.down("Control");
  await page.keyboard.press("k");
  await page.keyboard.up("Control");
  await page.waitForSelector("[role=dialog] input");
  await page.keyboard.type("balance");
  await click(page, "[role=dialog] [role=option]", "Read a patient's balance");
  await page.waitForFunction(() => location.hash.endsWith("/balance"));
}

/** Opens an operation's form and sends it as it stands there: what was answered. */
async function calls(page, summary, method, path) {
  await click(page, "aside a, nav a", summary);
  await click(page, "button", `Test Request(${method} ${path})`);
  const response = page.waitForResponse((response) => response.url() === address + path);
  await click(page, "button", "Send");
  return response;
}

async function signs_in_and_asks_who_they_are(page) {
  const session = await calls(page, "Sign in", "post", "/api/v1/auth/login");
  equal(session.status(), 200);
  await says(page, "accessToken");
  await click(page, "button", "Close Client");
  const me = await calls(page, "Who the caller is", "get", "/api/v1/me");
  equal(me.status(), 200);
  equal((await me.json()).data.user.email, "demo@grafono.example");
  await says(page, "demo@grafono.example");
}

async function can_read_it(page) {
  for (const selector of [".banner span", ".banner a", "h1", "p", "aside a, nav a"]) {
    const found = await contrast(page, selector);
    ok(found >= 4.5, `${selector}: contrast ${found.toFixed(1)}`);
  }
}

const browser = await open(profile);
try {
  await reader(browser, "sees every operation", sees_every_operation);
  await reader(browser, "finds an operation", finds_an_operation);
  await reader(browser, "signs in and asks who they are", signs_in_and_asks_who_they_are);
  await reader(browser, "can read it by day", can_read_it, "light");
  await reader(browser, "can read it by night", can_read_it, "dark");
} finally {
  await browser.close();
}
