// Two homes in one running system, in a real browser: each sees their own, and not one thing of the other.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [program, pictures] = process.argv.slice(2);
if (pictures) mkdirSync(pictures, { recursive: true });

const demo = spawn(program, ['demo', '--json', '--port', '0', '--for', '600'], { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = new Promise((resolve) => demo.once('exit', resolve));
// Whatever ends this: the demo does not outlive it.
process.on('exit', () => demo.kill('SIGKILL'));
const line = await new Promise((resolve, reject) => {
  createInterface({ input: demo.stdout }).once('line', resolve);
  demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
});
const { url, accounts } = JSON.parse(line);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

const complaints = [];

/** Signs in as one of the two, in a browser profile of their own. */
async function signIn(account, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  page.on('pageerror', (error) => complaints.push(`${account.home}: ${error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/404|Failed to load resource/.test(message.text())) {
      complaints.push(`${account.home}: ${message.text()}`);
    }
  });
  await page.goto(`${url}/sign-in`);
  await page.getByLabel(/e-mail/i).fill(account.email);
  await page.getByLabel(/password/i).first().fill(account.password);
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.waitForURL(/\/h\/[0-9a-f-]+\/events/, { timeout: 20_000 });
  return { account, context, page };
}

/** Asks the API from within the page, with its cookies and its `s`. */
function api(page, path) {
  return page.evaluate(async (path) => {
    const address = new URL(path, location.origin);
    if (!address.searchParams.has('s')) address.searchParams.set('s', localStorage.getItem('ownsight-s'));
    const response = await fetch(address);
    const body = await response.text();
    return { status: response.status, type: response.headers.get('content-type'), body };
  }, path);
}

async function waitForEvents(page) {
  for (let tries = 0; tries < 90; tries += 1) {
    const { events } = JSON.parse((await api(page, '/api/v1/events')).body);
    if (events.length > 0) return events;
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
  throw new Error('no event came within 90 s');
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png` });
}

let failed = true;
try {
  const people = [await signIn(accounts[0]), await signIn(accounts[1])];
  for (const person of people) person.events = await waitForEvents(person.page);
  const [anna, jonas] = people;

  // The list, with pictures that are really there.
  await anna.page.locator('ol li img').first().waitFor({ timeout: 30_000 });
  await anna.page.waitForFunction(() => [...document.querySelectorAll('ol li img')].some((image) => image.naturalWidth > 0));
  const text = await anna.page.locator('body').innerText();
  assert(text.includes(anna.account.home), 'the home is named');
  assert(!text.includes(jonas.account.home), 'the other home is not');
  await picture(anna.page, 'events-desktop');

  // A new event comes by itself: live, or behind its button.
  const before = anna.events.length;
  await anna.page.waitForFunction((before) => {
    const waiting = [...document.querySelectorAll('button')].some((button) => /new event/i.test(button.textContent));
    return waiting || document.querySelectorAll('ol li a').length > before;
  }, before, { timeout: 60_000 });

  // The player: plays, knows its length, seeks.
  const event = anna.events[0];
  await anna.page.goto(`${url}/h/${event.home_id}/events/${event.id}`);
  const video = anna.page.locator('video');
  await video.waitFor({ timeout: 20_000 });
  await video.evaluate((element) => { element.muted = true; return element.play(); });
  await anna.page.waitForFunction(() => document.querySelector('video').currentTime > 1, null, { timeout: 20_000 });
  const duration = await video.evaluate((element) => element.duration);
  assert(Math.abs(duration - (event.ended_at - event.started_at) / 1e6) < 0.06, `the video lasts ${duration} s`);
  await video.evaluate((element) => { element.pause(); element.currentTime = 8; });
  await anna.page.waitForFunction(() => {
    const element = document.querySelector('video');
    return !element.seeking && Math.abs(element.currentTime - 8) < 0.2 && element.readyState >= 2;
  }, null, { timeout: 20_000 });
  await picture(anna.page, 'player-desktop');

  // Keys: play and pause, a second on, the list of keys, the older event.
  const at = () => video.evaluate((element) => element.currentTime);
  const paused = (wanted) => anna.page.waitForFunction((wanted) => document.querySelector('video').paused === wanted, wanted, { timeout: 5_000 });
  await anna.page.locator('h1').focus();
  await anna.page.keyboard.press('Space');
  await paused(false);
  await anna.page.keyboard.press('Space');
  await paused(true);
  const here = await at();
  await anna.page.keyboard.press('ArrowLeft');
  await anna.page.waitForFunction((here) => Math.abs(document.querySelector('video').currentTime - (here - 1)) < 0.15, here, { timeout: 5_000 });
  await anna.page.keyboard.press('?');
  await anna.page.locator('dialog kbd').first().waitFor({ timeout: 5_000 });
  await anna.page.keyboard.press('Escape');
  await anna.page.locator('dialog[open]').waitFor({ state: 'detached', timeout: 5_000 });

  // The download is a whole MP4 with a name that says what it is.
  const coming = anna.page.waitForEvent('download', { timeout: 20_000 });
  await anna.page.getByRole('link', { name: 'Download' }).locator('visible=true').first().click();
  const download = await coming;
  assert.match(download.suggestedFilename(), /^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_.+\.mp4$/);
  const bytes = readFileSync(await download.path());
  assert.equal(bytes.subarray(4, 8).toString('latin1'), 'ftyp');
  assert.equal(bytes.length, event.clip_bytes, 'the whole video');
  // A range of it is that range, and no more.
  const part = await anna.page.evaluate(async (address) => {
    const answer = await fetch(address, { headers: { Range: 'bytes=1000-1999' } });
    return { status: answer.status, range: answer.headers.get('content-range'), bytes: [...new Uint8Array(await answer.arrayBuffer())] };
  }, event.video_url);
  assert.equal(part.status, 206);
  assert.equal(part.range, `bytes 1000-1999/${bytes.length}`);
  assert.deepEqual(part.bytes, [...bytes.subarray(1000, 2000)]);

  // What is the other's answers as what does not exist, to the byte.
  const nobody = '01a20b28-0000-7000-8000-000000000000';
  for (const [one, other] of [[anna, jonas], [jonas, anna]]) {
    const theirs = other.events[0];
    for (const path of [
      `/api/v1/events/${theirs.id}`, `/api/v1/events/${theirs.id}/thumbnail`, `/api/v1/events/${theirs.id}/video`,
      `/api/v1/cameras/${theirs.camera_id}`, `/api/v1/cameras/${theirs.camera_id}/still`, `/api/v1/homes/${theirs.home_id}`,
      `/api/v1/homes/${theirs.home_id}/devices`, `/api/v1/cameras?home=${theirs.home_id}`, `/api/v1/events?home=${theirs.home_id}`,
    ]) {
      const answer = await api(one.page, path);
      assert.equal(answer.status, 404, path);
      const unknown = path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, nobody);
      assert.deepEqual(answer, await api(one.page, unknown), path);
    }
    // The other's addresses as the other's page has them, with the other's `s`: fetched, and opened by hand.
    for (const address of [theirs.thumbnail_url, theirs.video_url]) {
      assert.equal((await api(one.page, address)).status, 404, 'fetched');
    }
    for (const address of [theirs.thumbnail_url, theirs.video_url]) {
      const opened = await one.page.goto(`${url}${address}`);
      assert.equal(opened.status(), 404, 'opened by hand');
      assert.match(opened.headers()['content-type'], /problem\+json/);
    }
    // As a picture in a page of one's own.
    await one.page.goto(`${url}/h/${one.events[0].home_id}/events`);
    const shown = await one.page.evaluate((address) => new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(true);
      image.onerror = () => resolve(false);
      image.src = address;
    }), theirs.thumbnail_url);
    assert.equal(shown, false, 'as a picture');
    await one.page.goto(`${url}/h/${theirs.home_id}/events/${theirs.id}`);
    await one.page.getByText('Nothing here').first().waitFor({ timeout: 10_000 });
    await one.page.goto(`${url}/h/${theirs.home_id}/cameras`);
    await one.page.getByText('Nothing here').first().waitFor({ timeout: 10_000 });
  }

  // An address of media is of one session: without `s`, with another's, and signed out it opens nothing.
  const bare = event.video_url.split('?')[0];
  await anna.page.goto(`${url}/h/${event.home_id}/events`);
  const without = await anna.page.evaluate(async (path) => (await fetch(path)).status, bare);
  assert.equal(without, 404, 'without s');
  const stranger = await fetch(`${url}${bare}`);
  assert.equal(stranger.status, 401, 'signed out');

  // Cameras and phone, for people to look at.
  const home = event.home_id;
  await anna.page.goto(`${url}/h/${home}/cameras`);
  await anna.page.locator('img').first().waitFor({ timeout: 30_000 });
  await anna.page.waitForTimeout(1500);
  await picture(anna.page, 'cameras-desktop');
  for (const [name, options] of Object.entries({
    'phone-dark': { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme: 'dark' },
    'phone-light': { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme: 'light' },
    'desktop-dark': { colorScheme: 'dark' },
  })) {
    const look = await signIn(accounts[0], options);
    await look.page.locator('ol li img').first().waitFor({ timeout: 30_000 });
    await look.page.waitForTimeout(1000);
    const wide = await look.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false, `${name}: nothing is wider than the screen`);
    await picture(look.page, `events-${name}`);
    await look.page.goto(`${url}/h/${home}/events/${event.id}`);
    await look.page.locator('video').waitFor({ timeout: 20_000 });
    await look.page.waitForTimeout(2000);
    await picture(look.page, `player-${name}`);
    await look.context.close();
  }

  // Anna invites: a viewer with a new account, and Jonas, who has one. Both by links that are shown once.
  const invite = async (email, role) => {
    await anna.page.goto(`${url}/h/${home}/people`);
    await anna.page.getByRole('button', { name: 'Invite a member' }).locator('visible=true').click();
    await anna.page.getByLabel('E-mail').fill(email);
    await anna.page.getByRole('radio', { name: role }).check({ force: true });
    await anna.page.getByRole('button', { name: 'Make the link' }).click();
    const link = await anna.page.getByLabel('Link', { exact: true }).inputValue();
    assert.match(link, /\/invite#[\w-]{43}$/);
    await picture(anna.page, `invitation-${role.toLowerCase()}`);
    await anna.page.getByRole('button', { name: 'Done' }).click();
    return link;
  };
  const open = async (page, link, email) => {
    await page.goto(link);
    const field = page.getByLabel('E-mail');
    await field.waitFor({ timeout: 10_000 });
    assert.equal(new URL(page.url()).hash, '', 'the secret is out of the address at once');
    assert(!(await page.locator('body').innerText()).includes(anna.account.home), 'the link alone tells nothing');
    await field.fill('somebody.else@example.org');
    await page.getByRole('button', { name: 'Open the invitation' }).click();
    await page.getByText('made for another address').waitFor({ timeout: 10_000 });
    await field.fill(email);
    await page.getByRole('button', { name: 'Open the invitation' }).click();
    await page.getByText(`Join ${anna.account.home}`).first().waitFor({ timeout: 10_000 });
  };
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const lea = await phone.newPage();
  await open(lea, await invite('lea@example.org', 'Viewer'), 'lea@example.org');
  await picture(lea, 'invite-phone');
  await lea.getByLabel(/name/i).fill('Lea Berg');
  await lea.getByLabel(/password/i).first().fill('a password of hers');
  await lea.getByRole('button', { name: /join|create/i }).click();
  await lea.waitForURL(`**/h/${home}/events`, { timeout: 20_000 });
  await lea.waitForFunction(() => [...document.querySelectorAll('ol li img')].some((image) => image.naturalWidth > 0), null, { timeout: 30_000 });
  await picture(lea, 'events-viewer-phone');
  await lea.goto(`${url}/h/${home}/people`);
  await lea.getByText('Lea Berg, you').waitFor({ timeout: 10_000 });
  await picture(lea, 'people-viewer-phone');
  await lea.goto(`${url}/h/${home}/cameras`);
  await lea.locator('img').first().waitFor({ timeout: 30_000 });
  assert.equal(await lea.getByRole('link', { name: /add|pair/i }).count(), 0, 'a viewer manages nothing');

  await open(jonas.page, await invite(jonas.account.email, 'Adult'), jonas.account.email);
  await jonas.page.getByRole('button', { name: `Join ${anna.account.home}` }).click();
  await jonas.page.waitForURL(`**/h/${home}/events`, { timeout: 20_000 });
  await jonas.page.waitForFunction(() => [...document.querySelectorAll('ol li img')].some((image) => image.naturalWidth > 0), null, { timeout: 30_000 });
  const both = JSON.parse((await api(jonas.page, '/api/v1/me')).body).homes;
  assert.deepEqual(both.map(({ role }) => role).toSorted(), ['adult', 'owner']);

  // Why somebody sees a camera; then Jonas goes, at once, and Lea and Anna see past and future.
  await anna.page.goto(`${url}/h/${home}/people`);
  await anna.page.getByText('Lea Berg').first().waitFor({ timeout: 10_000 });
  await picture(anna.page, 'people-desktop');
  await anna.page.locator('a[href*="why="]').last().click();
  await anna.page.getByText(/Why can .+ see/).first().waitFor({ timeout: 10_000 });
  await picture(anna.page, 'why-desktop');
  await anna.page.goto(`${url}/h/${home}/people`);
  const known = (await anna.page.locator('tr', { hasText: 'Adult:' }).locator('b').innerText()).split(' ')[0];
  await anna.page.getByRole('button', { name: `More for ${known}` }).click();
  await anna.page.getByRole('menuitem', { name: /Remove/ }).click();
  await anna.page.getByText('loses access now').waitFor({ timeout: 10_000 });
  await picture(anna.page, 'remove-desktop');
  await anna.page.locator('dialog').getByRole('button', { name: 'Remove' }).click();
  await anna.page.getByText(/got (a )?new keys?/).waitFor({ timeout: 20_000 });
  assert.equal((await api(jonas.page, `/api/v1/homes/${home}`)).status, 404, 'removed');
  await jonas.page.goto(`${url}/h/${home}/events`);
  await jonas.page.getByText('Nothing here').first().waitFor({ timeout: 10_000 });
  const seen = async () => JSON.parse((await api(lea, `/api/v1/events?home=${home}`)).body);
  const then = await seen();
  assert(then.events.length > 0 && then.unverified === 0, 'the past');
  let later = then;
  for (let tries = 0; tries < 90 && later.events[0].started_at <= then.events[0].started_at + 10e6; tries += 1) {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    later = await seen();
  }
  assert(later.events[0].started_at > then.events[0].started_at + 10e6 && later.unverified === 0, 'and the future');
  await phone.close();

  // Mia stands beside Anna, who shows a QR code. It opens nothing: Mia asks, and Anna confirms where she shows it.
  await anna.page.goto(`${url}/h/${home}/people`);
  await anna.page.getByRole('button', { name: 'Invite a member' }).locator('visible=true').click();
  await anna.page.getByRole('radio', { name: 'By QR code' }).click();
  const [answer] = await Promise.all([
    anna.page.waitForResponse((response) => response.url().includes('/invitation-codes') && response.request().method() === 'POST'),
    anna.page.getByRole('button', { name: 'Show the code' }).click(),
  ]);
  const { link: code } = await answer.json();
  await anna.page.getByRole('img', { name: /QR code/ }).waitFor({ timeout: 10_000 });
  await picture(anna.page, 'code-desktop');
  const beside = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const mia = await beside.newPage();
  await mia.goto(code);
  await mia.getByLabel('Your name').fill('Mia Roth');
  await mia.getByLabel('E-mail').fill('mia@example.org');
  await mia.getByLabel('Password', { exact: true }).fill('a password of hers');
  await picture(mia, 'join-phone');
  await mia.getByRole('button', { name: 'Create account and ask to join' }).click();
  await mia.getByText('You asked to join').waitFor({ timeout: 10_000 });
  await picture(mia, 'asked-phone');
  assert.deepEqual(JSON.parse((await api(mia, '/api/v1/me')).body).homes, [], 'who asks is in no home');
  const dialog = anna.page.locator('dialog');
  await dialog.getByText('mia@example.org').waitFor({ timeout: 20_000 });
  await picture(anna.page, 'asks-desktop');
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await mia.waitForURL(`**/h/${home}/events`, { timeout: 20_000 });
  await mia.waitForFunction(() => [...document.querySelectorAll('ol li img')].some((image) => image.naturalWidth > 0), null, { timeout: 30_000 });
  await beside.close();

  // A program with a token: it sees, changes nothing, and is let in no more once Anna has ended it.
  await anna.page.goto(`${url}/account`);
  await anna.page.getByRole('button', { name: 'Make a token' }).click();
  await anna.page.getByLabel('What for').fill('Shelf display');
  await anna.page.getByLabel('Your password').fill(anna.account.password);
  await picture(anna.page, 'token-desktop');
  await anna.page.getByRole('button', { name: 'Make the token' }).click();
  const token = await anna.page.getByLabel('Token', { exact: true }).inputValue();
  await picture(anna.page, 'token-made-desktop');
  await anna.page.getByRole('button', { name: 'Done' }).click();
  const program = (method, path) => fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const listed = await (await program('GET', '/api/v1/events')).json();
  assert(listed.events.length > 0, 'the program sees');
  assert.equal((await program('DELETE', `/api/v1/events/${listed.events[0].id}`)).status, 403, 'and erases nothing');
  await picture(anna.page, 'account-desktop');
  await anna.page.getByRole('button', { name: /^End .*Shelf display/ }).click();
  await anna.page.getByText('No program has a token.').waitFor({ timeout: 10_000 });
  assert.equal((await program('GET', '/api/v1/events')).status, 401, 'ended');

  // Jonas is outside the home now. Anna shares one camera with him, from now on: what was before stays closed by key.
  const [camera] = JSON.parse((await api(anna.page, `/api/v1/cameras?home=${home}`)).body).cameras;
  await anna.page.goto(`${url}/h/${home}/people`);
  await anna.page.getByRole('button', { name: 'Share a camera' }).locator('visible=true').first().click();
  await anna.page.getByLabel('E-mail').fill(jonas.account.email);
  await anna.page.getByRole('checkbox', { name: camera.name }).check({ force: true });
  await picture(anna.page, 'share-desktop');
  await anna.page.locator('dialog').getByRole('button', { name: 'Share', exact: true }).click();
  const offered = await anna.page.getByLabel('Link', { exact: true }).inputValue();
  await anna.page.getByRole('button', { name: 'Done' }).click();
  await jonas.page.goto(offered);
  await jonas.page.getByLabel('E-mail').fill(jonas.account.email);
  await jonas.page.getByRole('button', { name: 'Open the invitation' }).click();
  await jonas.page.getByRole('button', { name: 'Accept' }).waitFor({ timeout: 10_000 });
  await picture(jonas.page, 'share-offered');
  await jonas.page.getByRole('button', { name: 'Accept' }).click();
  await jonas.page.waitForURL('**/shared', { timeout: 20_000 });
  const old = later.events.find(({ camera_id: of }) => of === camera.id);
  assert(old, 'that camera has a past');
  assert.equal((await api(jonas.page, `/api/v1/events/${old.id}`)).status, 404, 'its past is closed');
  const sharedNow = async () => JSON.parse((await api(jonas.page, '/api/v1/events?shared=1')).body);
  let shared = await sharedNow();
  for (let tries = 0; tries < 90 && shared.events.length === 0; tries += 1) {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    shared = await sharedNow();
  }
  assert(shared.events.length > 0 && shared.unverified === 0, 'what comes is shared');
  assert(shared.events.every(({ camera_id: of }) => of === camera.id), 'of that camera');
  const [first] = shared.events;
  assert.equal((await api(jonas.page, `${first.video_url}&download=1`)).status, 403, 'to see, and not to keep');
  await jonas.page.goto(`${url}/shared`);
  await jonas.page.waitForFunction(() => [...document.querySelectorAll('ol li img')].some((image) => image.naturalWidth > 0), null, { timeout: 30_000 });
  await picture(jonas.page, 'shared-desktop');
  await jonas.page.goto(`${url}/shared/events/${first.id}`);
  await jonas.page.locator('video').waitFor({ timeout: 20_000 });
  await jonas.page.locator('video').evaluate((element) => { element.muted = true; return element.play(); });
  await jonas.page.waitForFunction(() => document.querySelector('video').currentTime > 0.5, null, { timeout: 20_000 });
  await picture(jonas.page, 'shared-player-desktop');

  // Why he sees it; then Anna ends it, at once.
  await anna.page.goto(`${url}/h/${home}/people`);
  await anna.page.getByText('Shares').first().waitFor({ timeout: 10_000 });
  await picture(anna.page, 'people-and-shares-desktop');
  const { shares: [share] } = JSON.parse((await api(anna.page, `/api/v1/homes/${home}/people`)).body);
  await anna.page.goto(`${url}/h/${home}/people?why=${share.id}.${camera.id}`);
  await anna.page.getByText(/Earlier footage does not open/).first().waitFor({ timeout: 10_000 });
  await picture(anna.page, 'why-shared-desktop');
  await anna.page.getByRole('button', { name: 'End share now' }).click();
  await anna.page.getByText(/new key/).first().waitFor({ timeout: 20_000 });
  assert.equal((await api(jonas.page, `/api/v1/events/${first.id}`)).status, 404, 'ended');
  await jonas.page.goto(`${url}/shared`);
  await jonas.page.getByText('Nothing is shared with you now').waitFor({ timeout: 10_000 });

  // A camera that is uploaded to: what the page shows is what a shell runs.
  await anna.page.goto(`${url}/h/${home}/cameras/add`);
  await anna.page.getByRole('radio', { name: /Upload with curl/ }).check();
  await anna.page.getByText(/in its memory, in the clear/).waitFor({ timeout: 10_000 });
  await anna.page.getByLabel('Name').fill('Gate');
  await anna.page.getByRole('button', { name: 'Add the camera' }).click();
  await anna.page.getByText('Copy its keys now').waitFor({ timeout: 10_000 });
  await picture(anna.page, 'upload-desktop');
  const commands = await anna.page.locator('pre').allTextContents();
  const folder = mkdtempSync(join(tmpdir(), 'upload-'));
  for (const [what, file] of [['thumbnail', 'thumbnail.jpg'], ['video', 'clip.mp4']]) {
    const bytes = await anna.page.evaluate(async (path) => {
      const response = await fetch(`${path}?s=${localStorage.getItem('ownsight-s')}`);
      return [...new Uint8Array(await response.arrayBuffer())];
    }, `/api/v1/events/${anna.events[0].id}/${what}`);
    writeFileSync(join(folder, file), Buffer.from(bytes));
  }
  const stored = execFileSync('bash', ['-euo', 'pipefail', '-c', commands.join('')], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  rmSync(folder, { recursive: true });
  await anna.page.goto(`${url}/h/${home}/events/${JSON.parse(stored).event}`);
  await anna.page.locator('video').waitFor({ timeout: 20_000 });
  await anna.page.locator('video').evaluate((element) => { element.muted = true; return element.play(); });
  await anna.page.waitForFunction(() => document.querySelector('video').currentTime > 0.5, null, { timeout: 20_000 });
  assert.deepEqual(complaints, [], 'the console is silent');
  failed = false;
  console.log('two homes in a browser: each sees their own, and nothing of the other; members and shares come and go');
} finally {
  await browser.close();
  demo.kill('SIGINT');
  const code = await Promise.race([ended, new Promise((resolve) => { setTimeout(() => resolve('late'), 20_000); })]);
  if (code === 'late') demo.kill('SIGKILL');
  if (!failed) assert.equal(code, 0, 'Ctrl-C ends the demo cleanly');
}
