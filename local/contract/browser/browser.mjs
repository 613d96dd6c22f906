// A browser that notes whatever goes wrong on a page, and what a reader does there.

import puppeteer from "puppeteer-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

// How long anything may take to show, in milliseconds: generous, since nothing waits longer than it must.
const PATIENCE = 20_000;

export async function open(profile) {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM,
    userDataDir: profile,
    headless: true,
    args: FLAGS,
    defaultViewport: { width: 1440, height: 1000 },
  });
}

/** A page at `url`, and the list of what goes wrong on it: it grows while the page is used. */
export async function visit(browser, url, scheme) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const faults = await watch(page, new URL(url).origin);
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  await page.goto(url, { waitUntil: "networkidle0" });
  return { page, faults };
}

async function watch(page, origin) {
  const faults = [];
  const noted = new Set(["error", "warn", "assert"]);
  page.on("console", (message) => {
    if (noted.has(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => faults.push(`request failed: ${request.url()}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== origin) faults.push(`request to another origin: ${url}`);
  });
  // What the page's policy forbids is not always an error in the console: a script may have caught it.
  const session = await page.createCDPSession();
  session.on("Audits.issueAdded", ({ issue }) => {
    const details = issue.details.contentSecurityPolicyIssueDetails;
    if (details) faults.push(`forbidden by the policy: ${JSON.stringify(details)}`);
  });
  await session.send("Audits.enable");
  return faults;
}

/** Waits for a visible element with that text or label, and clicks it. */
export async function click(page, selector, text) {
  const find = (selector, text) => {
    const says = (element) => `${element.getAttribute("aria-label") ?? ""} ${element.textContent}`.replace(/\s+/g, " ");
    const all = [...document.querySelectorAll(selector)];
    return all.find((element) => element.checkVisibility() && says(element).includes(text)) ?? null;
  };
  const element = await page.waitForFunction(find, {}, selector, text).catch(() => null);
  if (!element) throw new Error(`there is no ${selector} that says "${text}"`);
  await element.evaluate((element) => {
    element.scrollIntoView();
    element.click();
  });
}

/** Waits until the page, or the part of it that `selector` names, says that. */
export async function says(page, text, selector = "body") {
  const find = (text, selector) => {
    const all = [...document.querySelectorAll(selector)];
    return all.some((element) => element.checkVisibility() && element.innerText.includes(text));
  };
  await page.waitForFunction(find, {}, text, selector).catch(() => {
    throw new Error(`${selector} does not say "${text}"`);
  });
}

/** The contrast of the first visible element's text with what is behind it (WCAG 2.2, 1.4.3). */
export async function contrast(page, selector) {
  return page.evaluate((selector) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const components = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color) => {
      const [red, green, blue] = components(color).map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const element = [...document.querySelectorAll(selector)].find((element) => element.checkVisibility());
    let behind = element;
    while (behind.parentElement && components(getComputedStyle(behind).backgroundColor)[3] < 255) {
      behind = behind.parentElement;
    }
    const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(luminance);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  }, selector);
}
