// The debug page in a real browser without JavaScript, at the widths of a desktop and a phone.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPage, startChromium } from './lib/chromium.mjs';
import { startIdp } from './lib/idp.mjs';
import { resource, startScopegate } from './lib/scopegate.mjs';

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const WIDTHS = { desktop: 1280, phone: 390 };

describe('the debug page', () => {
  let idp;
  let gate;
  let browser;
  let url;
  let token;

  before(async () => {
    idp = await startIdp({ resource: ['https://mcp.example.com/mcp'] });
    const oauth = { scopes: { initialize: ['mcp:connect'], tools_list: ['mcp:tools:read'], tools_call: ['mcp:tools:execute'], tools: { 'delete-*': [['mcp:admin'], ['mcp:tools:delete']] } } };
    const resources = [resource({ authorizationServers: [idp.issuer], jwks: [{ url: idp.jwksUrl }], oauth })];
    gate = await startScopegate({ until: 'ready', server: { debug: true }, resources });
    url = `http://localhost:${gate.addresses.admin.port}`;
    token = await idp.token({ resource: 'https://mcp.example.com/mcp', scope: 'mcp:connect' });
    for (let round = 0; round < 12; round += 1) await gate.ask({ token, method: 'GET', body: undefined });
    await gate.ask({ token });
    await gate.ask({});
    browser = await startChromium();
  });

  after(async () => {
    await browser?.close();
    await gate?.stop();
    await idp?.stop();
  });

  for (const [name, width] of Object.entries(WIDTHS)) {
    for (const colorScheme of ['light', 'dark']) {
      test(`is read and used at the width of a ${name}, ${colorScheme}`, async () => {
        const { page, complaints, requests, close } = await openPage(browser, { width, colorScheme });
        await page.goto(`${url}/debug`);
        assert.deepEqual((await page.locator('#resources ~ article h3').allTextContents()).map(squeezed), ['mcp enforced']);
        assert.match(await page.locator('tfoot').innerText(), /14/);
        await assertFits(page, width);
        assert.equal(await ground(page), colorScheme === 'dark' ? 'rgb(17, 21, 27)' : 'rgb(246, 247, 249)', 'the style is in force');
        if (process.env.UPDATE_DOCS && `${name} ${colorScheme}` === 'desktop light') await picture(page, 'debug-desktop');

        await page.getByLabel('Access token').fill(token);
        await page.getByRole('button', { name: 'Explain' }).click();
        assert.equal(new URL(page.url()).href, `${url}/debug/explain`, 'the token is not in the address');
        assert.equal(await page.locator('.verdict .word').innerText(), 'Deny');
        assert.match(await page.locator('.verdict').innerText(), /scope-insufficient/);
        const steps = (await page.locator('.steps .step').allInnerTexts()).map(squeezed);
        assert.deepEqual(steps, ['Resource passed', 'Bearer passed', 'Signature passed', 'Claims passed', 'Scopes passed', 'Operation passed', 'Requirement failed', 'Decision deny'].map((step) => step.toLowerCase()), steps.join());
        assert.match(await page.locator('main').innerText(), /missing required scopes: mcp:tools:read/);
        assert.equal(await page.getByLabel('Access token').inputValue(), '');
        for (const part of token.split('.')) assert.ok(!(await page.content()).includes(part), 'the token is in the page');
        await assertFits(page, width);
        if (process.env.UPDATE_DOCS && `${name} ${colorScheme}` === 'phone light') await picture(page, 'debug-explain-phone');

        await page.getByLabel('Access token').fill(await idp.token({ resource: 'https://mcp.example.com/mcp', scope: 'mcp:connect mcp:tools:read' }));
        await page.getByRole('button', { name: 'Explain' }).click();
        assert.equal(await page.locator('.verdict .word').innerText(), 'Permit');
        assert.deepEqual(complaints, []);
        assert.deepEqual([...new Set(requests)], [url]);
        await close();
      });
    }
  }

  test('the form says what is wrong with it', async () => {
    const { page, close } = await openPage(browser, { width: WIDTHS.phone });
    await page.goto(`${url}/debug/explain`);
    await page.getByLabel('Further headers').fill('no colon');
    await page.getByRole('button', { name: 'Explain' }).click();
    assert.match(await page.getByRole('alert').innerText(), /header: found `…`, expected `Name: value`/);
    await close();
  });

  test('a page of another site cannot send the form', async () => {
    const site = await startSite(`<form method="post" action="${url}/debug/explain"><input name="path" value="/mcp"><button>send</button></form>`);
    const { page, close } = await openPage(browser, { width: WIDTHS.phone });
    await page.goto(site.url);
    const [answer] = await Promise.all([page.waitForResponse(`${url}/debug/explain`), page.getByRole('button').click()]);
    assert.equal(answer.status(), 403);
    assert.match(await answer.text(), /another site/);
    await close();
    await site.stop();
  });

  test('is shown in no frame', async () => {
    const site = await startSite(`<iframe src="${url}/debug"></iframe><iframe src="${url}/livez"></iframe>`);
    const { page, complaints, close } = await openPage(browser, { width: WIDTHS.phone });
    await page.goto(site.url);
    const shown = page.frames().map((frame) => frame.url());
    assert.ok(shown.includes(`${url}/livez`), `what does not forbid it is shown in a frame: ${shown.join()}`);
    assert.ok(!shown.includes(`${url}/debug`), shown.join());
    assert.deepEqual(complaints.filter((complaint) => complaint.startsWith('failed')), [`failed: ${url}/debug`]);
    await close();
    await site.stop();
  });

  test('nothing that was explained is in the log or the counters', async () => {
    const metrics = await gate.metrics();
    assert.equal(metrics.sum('scopegate_decisions_total'), 14);
    for (const part of token.split('.')) assert.ok(!gate.logs.join('\n').includes(part));
  });
});

/** Checks that no element is wider than the page. */
async function assertFits(page, width) {
  const box = await page.locator('html').evaluate((html) => html.scrollWidth);
  assert.equal(box, width);
}

async function ground(page) {
  return page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);
}

function squeezed(text) {
  return text.replace(/\s+/g, ' ').trim().toLowerCase();
}

/** Takes a picture for the documentation. */
async function picture(page, name) {
  await mkdir(IMAGES, { recursive: true });
  await page.screenshot({ path: `${IMAGES}${name}.png`, clip: { x: 0, y: 0, width: page.viewportSize().width, height: 1000 }, fullPage: true });
}

/** Another site on this machine, with one page. */
async function startSite(html) {
  const server = http.createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => new Promise((resolve) => server.close(resolve)) };
}
