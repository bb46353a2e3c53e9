// A headless Chromium from Debian, without JavaScript, that can reach only the pages under test.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const BINARY = '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function startChromium() {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: run tests/install`);
  return chromium.launch({ executablePath: BINARY, args: ARGUMENTS });
}

/** A page of this width. It records the errors and the requests of the page. */
export async function openPage(browser, { width, height = 900, colorScheme = 'light' }) {
  const context = await browser.newContext({ viewport: { width, height }, javaScriptEnabled: false, colorScheme });
  const page = await context.newPage();
  const complaints = [];
  const requests = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  page.on('request', (request) => requests.push(new URL(request.url()).origin));
  return { page, complaints, requests, close: () => context.close() };
}
