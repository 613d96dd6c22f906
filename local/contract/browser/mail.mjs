// What somebody does on one machine who signs up, or who forgot the password: opens the mail, follows its link, sends the
// form of the page that it leads to.

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

async function post(path, body) {
  return fetch(address + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const { accessToken } = (await (await post("/api/v1/clinics", clinic)).json()).data;
const isVerified = async () => {
  const me = await fetch(`${address}/api/v1/me`, { headers: { authorization: `Bearer ${accessToken}` } });
  return (await me.json()).data.emailVerified;
};

const signsIn = async (password) => (await post("/api/v1/auth/login", { email: clinic.email, password })).status;

/** The link in the list of mails to the newest one of that subject, or null. */
async function listed(page, subject) {
  const find = (email, subject) => {
    const isIt = (row) => row.innerText.includes(email) && row.innerText.includes(subject);
    return [...document.querySelectorAll("tr")].find(isIt)?.querySelector("a") ?? null;
  };
  return (await page.evaluateHandle(find, clinic.email, subject)).asElement();
}

/** Opens the mail of that subject and follows its link to that page, on which `does` is done. */
async function follows(browser, name, { subject, path, link, does }) {
  const { page, faults } = await visit(browser, `${address}/local/mail`, "light");
  let mail = await listed(page, subject);
  for (let tries = 100; !mail; tries -= 1) {
    if (tries === 0) throw new Error("there is no mail");
    await page.reload();
    mail = await listed(page, subject);
  }
  await Promise.all([page.waitForNavigation(), mail.click()]);
  const opened = browser.waitForTarget((target) => target.url().startsWith(`${address}${path}?token=`));
  await (await link(page)).click();
  const led = await (await opened).page();
  await does(led);
  deepEqual(faults, []);
  await led.close();
  await page.close();
  console.log(`ok - ${name}`);
}

const inTheText = (page) => page.waitForSelector("pre a");
const inTheHtml = async (page) => (await (await page.waitForSelector("iframe")).contentFrame()).waitForSelector("a");

async function confirms(page) {
  await click(page, "button", "Confirm");
  await says(page, "Your e-mail address is confirmed", "h1");
  equal(await isVerified(), true);
}

/** Chooses a password by the field's label: one that is refused, then that one. */
function chooses(password) {
  return async (page) => {
    const before = await signsIn(password);
    for (const [chosen, heading] of [["password1", "Common password"], [password, "Your password is changed"]]) {
      const field = await page.waitForSelector("aria/New password");
      await field.type(chosen);
      await click(page, "button", "Change the password");
      await says(page, heading, "h1");
    }
    deepEqual([before, await signsIn(password), await signsIn(clinic.password)], [401, 200, 401]);
  };
}

const browser = await open(profile);
try {
  equal(await isVerified(), false);
  const first = { subject: "Confirme seu e-mail", path: "/verify-email", does: confirms };
  await follows(browser, "confirms by the link in the text", { ...first, link: inTheText });
  await follows(browser, "confirms by the link in the HTML", { ...first, link: inTheHtml });
  equal((await post("/api/v1/auth/password-resets", { email: clinic.email })).status, 202);
  const forgotten = { subject: "Escolha uma nova senha", path: "/reset-password", link: inTheHtml };
  await follows(browser, "chooses a new password", { ...forgotten, does: chooses("another lonely road & ção+") });
} finally {
  await browser.close();
}
