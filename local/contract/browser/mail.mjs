// What somebody does who signs up on one machine: opens the mail, follows its link, presses the button.

import { deepEqual, equal } from "node:assert/strict";
import { click, open, says, visit } from "./browser.mjs";

const [address, profile] = process.argv.slice(2);
const clinic = {
  clinicName: "Aurora",
  timeZone: "America/Sao_Paulo",
  currency: "BRL",
  ownerName: "Ana Souza",
  email: "ana.souza@example.com",
  password: "a long and lonely road",
};

async function ask(path, options = {}) {
  const headers = { "content-type": "application/json", ...options.headers };
  return (await fetch(address + path, { ...options, headers })).json();
}

const { accessToken } = (await ask("/api/v1/clinics", { method: "POST", body: JSON.stringify(clinic) })).data;
const isVerified = async () => {
  const me = await ask("/api/v1/me", { headers: { authorization: `Bearer ${accessToken}` } });
  return me.data.emailVerified;
};

async function follows(browser, name, link) {
  const { page, faults } = await visit(browser, `${address}/local/mail`, "light");
  for (let tries = 100; !(await page.content()).includes(clinic.email); tries -= 1) {
    if (tries === 0) throw new Error("there is no mail");
    await page.reload();
  }
  const row = (email) => [...document.querySelectorAll("tr")].find((it) => it.innerText.includes(email)).querySelector("a");
  const mail = await page.evaluateHandle(row, clinic.email);
  await Promise.all([page.waitForNavigation(), mail.click()]);
  const opened = browser.waitForTarget((target) => target.url().startsWith(`${address}/verify-email?token=`));
  await (await link(page)).click();
  const confirmation = await (await opened).page();
  await click(confirmation, "button", "Confirm");
  await says(confirmation, "Your e-mail address is confirmed", "h1");
  deepEqual(faults, []);
  equal(await isVerified(), true);
  await confirmation.close();
  await page.close();
  console.log(`ok - ${name}`);
}

const browser = await open(profile);
try {
  equal(await isVerified(), false);
  await follows(browser, "confirms by the link in the text", (page) => page.waitForSelector("pre a"));
  await follows(browser, "confirms by the link in the HTML", async (page) => {
    const frame = await (await page.waitForSelector("iframe")).contentFrame();
    return frame.waitForSelector("a");
  });
} finally {
  await browser.close();
}
