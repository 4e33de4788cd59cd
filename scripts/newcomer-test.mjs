// A newcomer's first hour with `ownsight serve`: set-up, cameras, events, a second device, the command line, faults.
// Nothing is simulated but the lens: cameras are GStreamer's RTSP server on real footage. Each wait has a deadline and tells the last state.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [work, scripts, pictures] = process.argv.slice(2);
const program = `${work}/ownsight`;
const footage = `${scripts}/../footage/pedestrians.mp4`;
if (pictures) mkdirSync(pictures, { recursive: true });

const WHOLE_SECONDS = 600;
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const anna = { email: 'anna@example.org', password: 'eleven tall birches', name: 'Anna Berg', home: 'Mill Yard 7' };
const jonas = { email: 'jonas@example.org', password: 'nine small windows', name: 'Jonas Roth', home: 'Harbour Lane 2' };
const camera = { user: 'view', password: 'lens & light 7' };

// ---------------------------------------------------------------- processes

/** Everything that was started and has not ended. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A person's machine: a home folder of their own, and nothing else from this one. @param {string} home */
const machine = (home) => ({ HOME: `${work}/${home}`, PATH: process.env.PATH });

function start(command, args, { env = process.env, stdin = 'ignore' } = {}) {
  const child = spawn(command, args, { env, stdio: [stdin, 'pipe', 'pipe'] });
  running.add(child);
  const started = { child, out: '', err: '', code: null, ended: null };
  child.stdout.on('data', (data) => { started.out += data; });
  child.stderr.on('data', (data) => { started.err += data; });
  started.ended = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      started.code = code ?? signal;
      resolve(started.code);
    });
  });
  return started;
}

/** Ends a process in order, and by force when it takes too long. */
async function end(started, signal = 'SIGTERM', seconds = 20) {
  if (started.code !== null) return started.code;
  started.child.kill(signal);
  const late = setTimeout(() => started.child.kill('SIGKILL'), seconds * 1000);
  const code = await started.ended;
  clearTimeout(late);
  return code;
}

/** Runs `ownsight` to its end. `says` are lines for its standard input. */
async function ownsight(args, { home = 'anna', says = null, env = {} } = {}) {
  const started = start(program, args, { env: { ...machine(home), ...env }, stdin: says === null ? 'ignore' : 'pipe' });
  if (says !== null) started.child.stdin.end(says);
  const late = setTimeout(() => started.child.kill('SIGKILL'), 90_000);
  const code = await started.ended;
  clearTimeout(late);
  return { code, out: started.out, err: started.err, all: `${args.join(' ')}\n${started.out}${started.err}` };
}

/** Runs `ownsight`, which must fail with a reason on standard error, in one line, and nothing on standard output. */
async function refused(args, reason, options = {}) {
  const ended = await ownsight(args, options);
  assert.equal(ended.code, 1, ended.all);
  assert.match(ended.err.trim().split('\n').at(-1), reason, ended.all);
  assert.equal(ended.out, '', ended.all);
  return ended;
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => { listener.once('listening', resolve); });
  const { port } = listener.address();
  await new Promise((resolve) => { listener.close(resolve); });
  return port;
}

/** A camera that asks for a password. It ends when its standard input closes, so it never outlives this test. */
async function filming({ port = 0, path = '/camera', movie = footage, codec = null } = {}) {
  const args = [`${scripts}/gst-rtsp-camera.py`, movie, '--port', String(port), '--path', path, '--user', camera.user, '--password', camera.password];
  const started = start('/usr/bin/python3', codec ? [...args, '--codec', codec] : args, { stdin: 'pipe' });
  const address = await Promise.race([
    new Promise((resolve) => { createInterface({ input: started.child.stdout }).once('line', resolve); }),
    started.ended.then((code) => { throw new Error(`the camera ended with ${code}: ${started.err}`); }),
  ]);
  return { ...started, started, address, port: Number(new URL(address.replace('rtsp:', 'http:')).port) };
}

/** A slow network on the way to a camera: each piece takes a quarter of a second, either way. */
async function slowed(port) {
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on('data', (data) => { setTimeout(() => to.destroyed || to.write(data), 250); });
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => { relay.once('listening', resolve); });
  return relay;
}

// ---------------------------------------------------------------- waiting and telling

const begun = Date.now();
const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);
let now = 'nothing yet';

async function part(title, what) {
  const since = Date.now();
  now = title;
  const result = await what();
  console.log(`${seconds(since).padStart(6)} s  ${title}`);
  return result;
}

/** Asks until the answer is true; else says what it was last. `probe` gives what is waited for, or `{ last }`. */
async function until(what, limit, probe) {
  const deadline = Date.now() + limit * 1000;
  let last;
  for (;;) {
    try {
      const found = await probe((state) => { last = state; return null; });
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const state = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${what}: not within ${limit} s; last: ${state}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 250); });
  }
}

function ffmpeg(tool, args) {
  const { status, stdout, stderr } = spawnSync(tool, ['-v', 'error', ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { status, stdout, stderr: stderr.trim() };
}

/** What is wrong with a downloaded video, as ffmpeg sees it. */
function wrongWith(file, event) {
  const decoded = ffmpeg('ffmpeg', ['-i', file, '-f', 'null', '-']);
  if (decoded.status !== 0 || decoded.stderr) return `does not decode: ${decoded.stderr}`;
  const probed = ffmpeg('ffprobe', ['-count_frames', '-show_streams', '-show_format', '-of', 'json', file]);
  if (probed.status !== 0 || probed.stderr) return `ffprobe: ${probed.stderr}`;
  const { streams, format } = JSON.parse(probed.stdout);
  const [video] = streams;
  const length = (event.ended_at - event.started_at) / 1e6;
  if (streams.length !== 1 || video.codec_name !== 'h264' || video.width !== 768 || video.height !== 576) return `holds ${JSON.stringify(streams)}`;
  if (Math.abs(Number(format.duration) - length) > 0.15) return `lasts ${format.duration} s, not ${length}`;
  // 10 frames/s; a shown time is that of the first frame, so that half a second too few would be lost frames.
  if (Number(video.nb_read_frames) < (length - 0.5) * 10) return `has ${video.nb_read_frames} frames in ${length} s`;
  return null;
}

// ---------------------------------------------------------------- the API as a program uses it

class Client {
  /** @param {string} url @param {string | null} token */
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  static async signIn(url, { email, password }) {
    const answer = await new Client(url, null).ask('POST', '/api/v1/sessions', { email, password });
    assert.equal(answer.status, 201, JSON.stringify(answer));
    return new Client(url, answer.body.token);
  }

  async raw(method, path, body) {
    const headers = { ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}), ...(body ? { 'Content-Type': 'application/json' } : {}) };
    return fetch(`${this.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  }

  async ask(method, path, body) {
    const response = await this.raw(method, path, body);
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  }

  async get(path) {
    const { status, body } = await this.ask('GET', path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async events(home) {
    const found = [];
    for (let cursor = ''; cursor !== null;) {
      const page = await this.get(`/api/v1/events?home=${home}&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      assert.equal(page.unverified, 0);
      found.push(...page.events);
      cursor = page.next_cursor;
    }
    return found;
  }

  async camera(home, name) {
    const { cameras } = await this.get(`/api/v1/cameras?home=${home}`);
    return cameras.find((one) => one.name === name);
  }
}

// ---------------------------------------------------------------- the browser

const complaints = [];
/** Addresses that are expected to answer with an error just now. */
let quiet = 0;

async function newPage(browser, who, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options });
  const page = await context.newPage();
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  page.on('pageerror', (error) => complaints.push(`${who}, ${page.url()}: ${error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION_REFUSED/.test(message.text())) complaints.push(`${who}, ${page.url()}: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500 && !quiet) complaints.push(`${who}: ${response.status()} ${response.url().split('?')[0]}`);
  });
  page.setDefaultTimeout(20_000);
  return page;
}

/** Where the page is; `page.url()` hears a little later of what the page itself writes. */
const addressOf = (page) => page.evaluate(() => location.href);
const text = (page) => page.locator('body').innerText();
const button = (page, name) => page.getByRole('button', { name, exact: typeof name === 'string' });
const shows = (page, words, limit = 20) => until(`the page shows ${words}`, limit, async (last) => {
  const shown = await text(page);
  return (words instanceof RegExp ? words.test(shown) : shown.includes(words)) || last(shown.slice(0, 1500));
});
const toasted = async (page, words) => {
  await page.locator('.toast', { hasText: words }).waitFor();
};

/**
 * Looks at a page as it is now, on a desktop and on a phone: nothing is wider than the screen, everything that can be
 * pressed or filled has a name, there is one heading. With a folder for pictures it also takes them.
 */
async function look(page, name) {
  for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    await page.setViewportSize(viewport);
    await page.waitForTimeout(pictures ? 450 : 120);
    const wrong = await page.evaluate(() => {
      const found = [];
      const seen = (element) => element.checkVisibility({ visibilityProperty: true });
      if (document.documentElement.scrollWidth > innerWidth) found.push(`${document.documentElement.scrollWidth} px wide`);
      if (document.querySelectorAll('h1').length !== 1) found.push(`${document.querySelectorAll('h1').length} h1`);
      const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
      for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id ${id} twice`);
      for (const element of document.querySelectorAll('button, a[href], input, select')) {
        if (!seen(element) || element.closest('[aria-hidden=true]')) continue;
        const named = element.getAttribute('aria-label') || element.getAttribute('aria-labelledby') || element.textContent.trim() || element.labels?.[0]?.textContent.trim();
        if (!named) found.push(`no name: ${element.outerHTML.slice(0, 120)}`);
      }
      for (const image of document.querySelectorAll('img:not([alt])')) found.push(`no alt: ${image.outerHTML.slice(0, 80)}`);
      return found;
    });
    assert.deepEqual(wrong, [], `${name}, ${size}`);
    if (pictures) await page.screenshot({ path: `${pictures}/${name}-${size}.png` });
    if (pictures && size === 'phone') await page.screenshot({ path: `${pictures}/${name}-${size}-whole.png`, fullPage: true });
  }
  await page.setViewportSize(DESKTOP);
}

async function signIn(page, url, { email, password }) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button(page, 'Sign in').click();
  await page.waitForURL(/\/h\/[0-9a-f-]+\/events/);
}

/** Fills the form of a camera's address and waits for the end of its live test. Gives the six steps as they are shown. */
async function testCamera(page, { address, user = camera.user, password = camera.password, device = null }) {
  if (device) await page.locator('label.choice', { hasText: device }).click();
  await page.getByLabel('Address').fill(address);
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button(page, 'Test the camera').click();
  return testEnded(page);
}

/** The steps, once none is being tried any more; also the greatest number of states in which they were seen. */
async function testEnded(page) {
  const seen = new Set();
  const steps = await until('the live test ends', 40, async (last) => {
    const rows = await page.locator('.test-steps > li').evaluateAll((items) => items.map((item) => ({
      state: /test-(passed|failed|running|waiting)/.exec(item.className)?.[1], words: item.innerText.replace(/\s+/g, ' ').trim(),
    })));
    seen.add(rows.map(({ state }) => state).join());
    const over = rows.length === 6 && !rows.some(({ state }) => state === 'running') && rows.some(({ state }) => state === 'failed' || state === 'passed');
    return over ? rows : last(rows);
  });
  return { steps, seen };
}

/** How a test failed: so many steps passed, then this one, the rest not tried. */
function failedAt(steps, passed, words) {
  const told = JSON.stringify(steps, null, 1);
  assert.deepEqual(steps.map(({ state }) => state), [...Array(passed).fill('passed'), 'failed', ...Array(5 - passed).fill('waiting')], told);
  assert.match(steps[passed].words, words, told);
  for (const step of steps.slice(passed + 1)) assert.match(step.words, /not tried/, told);
}

// ---------------------------------------------------------------- the test

async function test(browser) {
  const short = `${work}/short.mp4`;
  assert.equal(ffmpeg('ffmpeg', ['-t', '8', '-i', footage, '-c', 'copy', short]).status, 0);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configuration = `${work}/anna/.config/ownsight`;
  const data = `${work}/anna/.local/share/ownsight`;
  mkdirSync(configuration, { recursive: true });
  // Events of 12 s at most, so that one comes soon although something always moves in the footage. A floor that a disk
  // with little room has too: what a full disk does is another test's.
  writeFileSync(`${configuration}/ownsight.toml`, `[server]\nlisten = "127.0.0.1:${port}"\n[metrics]\nlisten = "127.0.0.1:${await freePort()}"\n[events]\nmax_seconds = 12\n[storage]\nfloor_bytes = 50000000\nfloor_percent = 0\n`);
  const [driveway, yard, modern] = await Promise.all([filming(), filming({ path: '/yard' }), filming({ movie: short, codec: 'h265' })]);
  const slow = await slowed(modern.port);
  const web = createWebServer((_, response) => response.end('<h1>A camera\'s web page</h1>')).listen(0, '127.0.0.1');

  let server;
  const serve = async (firstTime) => {
    server = start(program, ['serve'], { env: machine('anna') });
    await until('the server answers', 20, async (last) => {
      if (server.code !== null) throw new Error(`it ended with ${server.code}: ${server.err}`);
      if (firstTime && !server.out.includes('\n')) return last(server.out);
      const response = await fetch(`${url}/readyz`);
      return response.status === 200 || last(await response.text());
    });
  };

  // ------------------------------------------------ 1: the first start
  const link = await part('the first start prints a link, and nothing is open before it is used', async () => {
    const before = await ownsight(['config', 'check']);
    assert.equal(before.code, 0, before.all);
    for (const expected of [`${configuration}/ownsight.toml`, data, `127.0.0.1:${port}`, 'plain HTTP']) assert(before.out.includes(expected), `config check says ${expected}: ${before.out}`);
    await refused(['account', 'create'], /no server answers at .*ownsight serve/);
    await refused(['check'], /there is no installation in/);
    await serve(true);
    const found = server.out.match(/http:\/\/127\.0\.0\.1:\d+\/setup#[\w-]{43}/g);
    assert.equal(found?.length, 1, server.out);
    assert(!/password/i.test(server.out), server.out);
    assert(!server.err.includes(found[0].split('#')[1]), 'the link is not logged');
    for (const path of ['/api/v1/me', '/api/v1/events', '/api/v1/cameras', '/api/v1/events/stream', '/api/v1/openapi.json']) {
      const answer = await fetch(url + path);
      if (path.endsWith('openapi.json') && answer.status === 200) continue;
      assert.equal(answer.status, 401, path);
      assert.equal((await answer.json()).code, 'signed-out', path);
    }
    for (const [email, password] of [['admin', 'admin'], ['admin@example.org', ''], ['', '']]) {
      const { status } = await new Client(url, null).ask('POST', '/api/v1/sessions', { email, password });
      assert([401, 422].includes(status), `${email} with ${password}: ${status}`);
    }
    return found[0];
  });

  // ------------------------------------------------ 2: account, home, recovery sheet
  const page = await newPage(browser, 'Anna');
  const home = await part('the link makes account and home, and shows the recovery sheet once', async () => {
    await page.goto(url);
    await page.waitForURL(/\/sign-in/);
    await look(page, '01-sign-in');
    await page.goto(link);
    await shows(page, 'Set up Ownsight');
    assert.equal(await addressOf(page), `${url}/setup`, 'the secret is gone from the address');
    await look(page, '02-setup');
    await page.getByLabel('Your name').fill(anna.name);
    await page.getByLabel('E-mail').fill(anna.email);
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByLabel('Name of your home').fill(anna.home);
    await button(page, 'Create account and home').click();
    await shows(page, 'fewer than 10 characters');
    await look(page, '03-setup-weak-password');
    await page.getByLabel('Password', { exact: true }).fill(anna.password);
    await button(page, 'Create account and home').click();
    await shows(page, 'Recovery sheet');
    const key = readFileSync(`${configuration}/master.key`, 'utf8').trim();
    const sheet = (await text(page)).replace(/\s/g, '');
    assert(sheet.includes(key), 'the sheet has the key of the file');
    await look(page, '04-recovery-sheet');
    if (pictures) {
      await page.emulateMedia({ media: 'print' });
      await page.screenshot({ path: `${pictures}/04-recovery-sheet-printed.png`, fullPage: true });
      await page.emulateMedia({ media: null });
    }
    // Leaving by accident is asked about.
    const asked = new Promise((resolve) => { page.once('dialog', (dialog) => { dialog.dismiss(); resolve(dialog.type()); }); });
    await page.evaluate(() => { setTimeout(() => location.reload(), 0); });
    assert.equal(await asked, 'beforeunload');
    await shows(page, 'Recovery sheet');
    assert(await button(page, /Continue/).isDisabled(), 'not before it is said to be stored');
    await page.getByRole('checkbox').check();
    await button(page, /Continue/).click();
    await page.waitForURL(/\/h\/[0-9a-f-]+\/events/);
    await shows(page, 'No camera is connected yet');
    assert(!(await text(page)).replace(/\s/g, '').includes(key));
    const id = page.url().split('/')[4];
    // The way back, and the link once more.
    for (const address of [`${url}/setup`, link]) {
      await page.goto(address);
      await shows(page, /was used or has expired/);
      assert(!(await text(page)).replace(/\s/g, '').includes(key));
      assert.equal(await addressOf(page), `${url}/setup`);
    }
    await look(page, '05-link-used');
    await page.goto(`${url}/h/${id}/events`);
    await shows(page, 'No camera is connected yet');
    await look(page, '06-events-empty');
    assert.equal(statSync(`${configuration}/master.key`).mode & 0o777, 0o600);
    assert(!existsSync(`${data}/master.key`));
    return id;
  });
  const client = await Client.signIn(url, anna);

  // ------------------------------------------------ 3: a camera, wrong in every way and then right
  await part('a camera is added: four times told exactly why not, then the picture of one in H.265 and its own', async () => {
    await page.getByRole('link', { name: 'Cameras', exact: true }).first().click();
    await shows(page, 'No camera yet');
    await look(page, '10-cameras-empty');
    await page.getByRole('main').getByRole('link', { name: 'Add a camera', exact: true }).first().click();
    await page.getByLabel('Address').waitFor();
    await until('this server’s agent can test', 30, async (last) => {
      const shown = await page.locator('fieldset').innerText();
      return (/This server/.test(shown) && await button(page, 'Test the camera').isEnabled()) || last(shown);
    });
    await look(page, '11-add-camera');
    await button(page, 'Test the camera').click();
    await shows(page, 'Enter the camera’s address.');

    const again = async () => {
      await button(page, 'Edit address').click();
      await page.getByLabel('Address').waitFor();
    };
    let ended = await testCamera(page, { address: driveway.address, password: 'wrong' });
    failedAt(ended.steps, 2, /User name or password refused/);
    await look(page, '12-test-wrong-password');
    await again();
    ended = await testCamera(page, { address: driveway.address.replace('/camera', '/wrong') });
    failedAt(ended.steps, 3, /No stream at \/wrong/);
    await shows(page, 'Try another path');
    await look(page, '13-test-wrong-path');
    await again();
    ended = await testCamera(page, { address: `rtsp://127.0.0.1:${await freePort()}/camera` });
    failedAt(ended.steps, 0, /Connection refused/);
    await look(page, '14-test-nothing-listens');
    await again();
    ended = await testCamera(page, { address: `rtsp://127.0.0.1:${web.address().port}/camera` });
    failedAt(ended.steps, 1, /not RTSP.*554/);
    await look(page, '15-test-web-server');
    await again();
    ended = await testCamera(page, { address: modern.address.replace(String(modern.port), String(slow.address().port)) });
    assert.deepEqual(ended.steps.map(({ state }) => state), Array(6).fill('passed'), JSON.stringify(ended.steps));
    assert.match(ended.steps[4].words, /H\.265/);
    assert(ended.seen.size > 3, `the steps tick one by one: ${[...ended.seen].join(' / ')}`);
    await look(page, '16-test-h265');
    await again();
    ended = await testCamera(page, { address: driveway.address });
    assert.deepEqual(ended.steps.map(({ state }) => state), Array(6).fill('passed'), JSON.stringify(ended.steps));
    assert.match(ended.steps[4].words, /768.576/);
    await page.waitForFunction(() => document.querySelector('.test-picture img')?.naturalWidth > 300);
    await look(page, '17-test-passed');
    await button(page, 'Add camera').click();
    await shows(page, 'Give the camera a name.');
    await page.getByLabel('Name', { exact: true }).fill('Driveway');
    await button(page, 'Add camera').click();
    await page.waitForURL(/\/cameras$/);
    await toasted(page, 'Driveway added');
  });
  await end(modern.started, 'SIGKILL');
  web.close();
  slow.close();

  // The first event needs some time; the terminal is next meanwhile.
  await page.getByRole('link', { name: 'Events', exact: true }).first().click();
  await shows(page, 'No events yet');
  await look(page, '20-events-none-yet');

  // ------------------------------------------------ 6: the command line
  await part('the command line: login, camera list, test, add, remove, each with its errors', async () => {
    const source = [driveway.address, '--user', camera.user, '--password-stdin'];
    await refused(['camera', 'list'], /not signed in.*ownsight login/);
    await refused(['login', url, '--email', anna.email, '--password-stdin'], /e-mail address or the password is not right/i, { says: 'wrong\n' });
    await refused(['login', url, '--email', anna.email, '--password-stdin'], /no password was given/, { says: '' });
    await refused(['login', `http://127.0.0.1:${await freePort()}`, '--email', anna.email, '--password-stdin'], /no server answers at/, { says: 'x\n' });
    const signedIn = await ownsight(['login', url, '--email', anna.email, '--password-stdin'], { says: `${anna.password}\n` });
    assert.equal(signedIn.code, 0, signedIn.all);
    assert.match(signedIn.err, /Signed in/);
    assert.equal(statSync(`${configuration}/login.json`).mode & 0o777, 0o600);

    const listed = await ownsight(['camera', 'list']);
    assert.equal(listed.code, 0, listed.all);
    assert.match(listed.out, /Driveway\s+(records|connecting)/, listed.all);
    const asJson = JSON.parse((await ownsight(['camera', 'list', '--json'])).out);
    assert.equal(asJson.cameras[0].name, 'Driveway');
    assert.equal(asJson.cameras[0].user, camera.user);
    assert.equal(asJson.cameras[0].has_password, true);
    assert(!JSON.stringify(asJson).includes(camera.password));

    await refused(['camera', 'test', yard.address, ...source.slice(1)], /refuses the user name or password/, { says: 'wrong\n' });
    const told = await refused(['camera', 'test', `${yard.address}x`, '--user', camera.user, '--password-stdin'], /no stream at this path/, { says: `${camera.password}\n` });
    assert.match(told.err, /ok +reached[\s\S]*ok +rtsp[\s\S]*ok +password[\s\S]*failed +path/, told.all);
    await refused(['camera', 'test', 'rtsp://127.0.0.1:1/x'], /nothing listens at this port|refuses the connection/);
    await refused(['camera', 'test', 'not an address'], /address/i);
    await refused(['camera', 'add', '--name', 'Driveway 2', ...source], /in this home already/, { says: `${camera.password}\n` });
    const passed = await ownsight(['camera', 'test', yard.address, '--user', camera.user, '--password-stdin'], { says: `${camera.password}\n` });
    assert.equal(passed.code, 0, passed.all);
    assert.equal(passed.err.match(/^ok /gm)?.length, 6, passed.all);
    const added = await ownsight(['camera', 'add', '--name', 'Yard', yard.address, '--user', camera.user, '--password-stdin'], { says: `${camera.password}\n` });
    assert.equal(added.code, 0, added.all);
    assert.match(added.out, /^[0-9a-f-]{36}\n$/, added.all);
    await refused(['camera', 'remove', 'Garden', '--yes'], /no camera is called `Garden`/);
    const kept = await ownsight(['camera', 'remove', 'Yard'], { says: 'no\n' });
    assert.equal(kept.code, 1, kept.all);
    assert.match(kept.err, /nothing was removed/);
    const removed = await ownsight(['camera', 'remove', 'Yard', '--yes']);
    assert.equal(removed.code, 0, removed.all);
    assert.match(removed.err, /Erased \d+ events?/);
    assert.equal(await client.camera(home, 'Yard'), undefined);
  });

  await part('while the server runs, `check` and a second `serve` say so', async () => {
    await refused(['check'], /another process uses the data folder/);
    await refused(['serve'], /another process uses the data folder/);
  });

  // ------------------------------------------------ 4: the first event
  await part('the first event appears by itself, with its picture', async () => {
    await page.locator('li.event img.picture-shown').first().waitFor({ timeout: 60_000 });
    await look(page, '21-events');
  });
  await part('it plays, seeks, and its download is without fault', async () => {
    const [event] = (await client.events(home)).slice(-1);
    await page.locator(`li.event[data-keep="${event.id}"] a`).first().click();
    const video = page.locator('video');
    await video.waitFor();
    await until('the video plays', 20, async (last) => {
      const state = await video.evaluate(({ currentTime, paused, readyState, error }) => ({ currentTime, paused, readyState, error: error?.message }));
      return state.currentTime > 1 || last(state);
    });
    await look(page, '22-player');
    await video.evaluate((element) => { element.pause(); element.currentTime = 9; });
    await until('the video seeks', 20, async (last) => {
      const state = await video.evaluate(({ currentTime, seeking, readyState }) => ({ currentTime, seeking, readyState }));
      return (!state.seeking && Math.abs(state.currentTime - 9) < 0.2 && state.readyState >= 2) || last(state);
    });
    // The timeline, by keys.
    const slider = page.getByRole('slider', { name: 'Position' });
    await slider.focus();
    await page.keyboard.press('Home');
    await until('Home leads to the beginning', 10, async (last) => {
      const at = await video.evaluate(({ currentTime }) => currentTime);
      return at < 0.1 || last(at);
    });
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).locator('visible=true').first().click();
    const download = await coming;
    assert.match(download.suggestedFilename(), /^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_Driveway\.mp4$/);
    const file = await download.path();
    const told = await client.raw('HEAD', event.video_url);
    assert.equal(statSync(file).size, Number(told.headers.get('content-length')), 'the whole video');
    assert.equal(wrongWith(file, event), null);
    const half = `${work}/half.mp4`;
    writeFileSync(half, readFileSync(file).subarray(0, event.clip_bytes / 2));
    assert.notEqual(wrongWith(half, event), null, 'half of it would be noticed');
    assert.match(ffmpeg('ffprobe', ['-show_entries', 'stream=has_b_frames', '-of', 'csv=p=0', file]).stdout, /^[12]/, 'the B-frames are there');
    const thumbnail = `${work}/thumbnail.jpg`;
    const response = await client.raw('GET', event.thumbnail_url);
    assert.equal(response.headers.get('content-type'), 'image/jpeg');
    writeFileSync(thumbnail, Buffer.from(await response.arrayBuffer()));
    const probed = ffmpeg('ffprobe', ['-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', thumbnail]);
    assert.equal(probed.stderr, '');
    const [codec, width, height] = probed.stdout.trim().split(',');
    assert.equal(codec, 'mjpeg');
    assert(Number(width) >= 600 && Number(width) <= 660 && Math.abs(width / height - 4 / 3) < 0.02, probed.stdout);
    await button(page, /keys/).click();
    await page.locator('dialog kbd').first().waitFor();
    await look(page, '23-keys');
    await page.keyboard.press('Escape');
  });

  // ------------------------------------------------ 5: a device of one's own
  let agent;
  const agentFolder = `${work}/pi/.local/share/ownsight/agent`;
  const startAgent = (code) => {
    agent = start(program, ['agent', '--yes', '--event-max', '12', ...(code ? ['--server', url] : [])], { env: { ...machine('pi'), ...(code ? { OWNSIGHT_PAIRING_CODE: code } : {}) } });
  };
  await part('a device is paired by a code, and takes a camera', async () => {
    await page.goto(`${url}/h/${home}/cameras/pair`);
    await page.getByLabel('Name').waitFor();
    await look(page, '30-pair');
    await page.getByLabel('Name').fill('garage-pi');
    await button(page, 'Make a pairing code').click();
    await page.locator('.pair-code').waitFor();
    const code = (await page.locator('.pair-code > span').allInnerTexts()).join('-');
    assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    const left = await page.locator('.pair-left').innerText();
    assert.match(left, /^9:5\d left|^10:00 left/, left);
    assert(await page.locator('.pair-qr img').evaluate(({ naturalWidth }) => naturalWidth > 100));
    await look(page, '31-pair-code');
    await until('it counts down', 5, async (last) => {
      const now = await page.locator('.pair-left').innerText();
      return now !== left || last(now);
    });
    const wrong = start(program, ['agent', '--yes', '--server', url, '--code', 'AAAA-AAAA-AAAA-AAAA', '--data', `${work}/other`], { env: machine('pi') });
    assert.notEqual(await wrong.ended, 0, wrong.err);
    assert.match(wrong.err, /the server does not know this code/);
    startAgent(code);
    await shows(page, /garage-pi shows .Mill Yard 7.\. Right\?/, 30);
    await look(page, '32-paired');
    await button(page, 'Yes, that is mine').click();
    const row = page.locator('tr', { hasText: 'garage-pi' });
    await row.getByText('Connected').waitFor({ timeout: 30_000 });
    // Used once: the same code is of no use to anybody else.
    const second = start(program, ['agent', '--yes', '--server', url, '--code', code, '--data', `${work}/other`], { env: machine('pi') });
    assert.notEqual(await second.ended, 0, second.err);
    assert.match(second.err, /the server does not know this code|another device has used this code/);

    await page.goto(`${url}/h/${home}/cameras/add`);
    await page.locator('label.choice', { hasText: 'garage-pi' }).waitFor();
    const { steps } = await testCamera(page, { address: yard.address, device: 'garage-pi' });
    assert.deepEqual(steps.map(({ state }) => state), Array(6).fill('passed'), JSON.stringify(steps));
    await page.getByLabel('Name', { exact: true }).fill('Yard');
    await button(page, 'Add camera').click();
    await page.waitForURL(/\/cameras$/);
    await until('the agent records', 30, async (last) => {
      const found = await client.camera(home, 'Yard');
      return (found.status.state === 'records' && found.device_name === 'garage-pi') || last(found);
    });
    await row.getByText('Yard').waitFor();
    await page.locator('.camera img.picture-shown').nth(1).waitFor();
    await look(page, '33-cameras');
  });

  await part('the server is away: the page says so, the agent keeps its events, `check` finds nothing', async () => {
    await page.goto(`${url}/h/${home}/events`);
    await page.locator('li.event').first().waitFor();
    quiet += 1;
    const code = await end(server);
    assert.equal(code, 0, `SIGTERM ends the server in order: ${server.err.slice(-2000)}`);
    const checked = await ownsight(['check', '--deep']);
    assert.equal(checked.code, 0, checked.all);
    assert.match(checked.err, /, 0 findings/);
    await refused(['account', 'create'], /no server answers at .*start it/);
    await refused(['camera', 'list'], /no server answers at/);
    await shows(page, /No connection since \d\d:\d\d/, 30);
    assert(!/2 of 2 cameras record/.test(await text(page)), 'nothing is said of cameras that is not known');
    await look(page, '34-no-connection');
    const before = agent.err.length;
    const made = await until('the agent seals events meanwhile', 60, async (last) => {
      const ids = [...agent.err.slice(before).matchAll(/event\.id=([0-9a-f-]{36})/g)].map(([, id]) => id);
      return ids.length > 0 ? ids : last(agent.err.slice(-800));
    });
    assert(readdirSync(`${agentFolder}/queue`).length > 0, 'they lie in its folder');
    await serve(false);
    assert.equal(server.out, `Ownsight is at ${url}\n`, 'where it is, and no link, once there is an account');
    await until('the page is back by itself', 30, async (last) => {
      const shown = await text(page);
      return !shown.includes('No connection since') || last(shown.slice(0, 300));
    });
    quiet -= 1;
    await until('the agent delivers what it kept', 120, async (last) => {
      const there = (await client.events(home)).map(({ id }) => id);
      return made.every((id) => there.includes(id)) || last({ made, agent: agent.err.slice(-600) });
    });
    await until('its queue is empty', 60, async (last) => {
      const { devices } = await client.get(`/api/v1/homes/${home}/devices`);
      const device = devices.find(({ name }) => name === 'garage-pi');
      return (device.state === 'connected' && !device.dropped_events) || last(device);
    });
  });

  // ------------------------------------------------ 7: a camera that is away
  await part('a camera is switched off and on: said since when and why, then it records again', async () => {
    await page.goto(`${url}/h/${home}/cameras`);
    const tile = page.locator('.camera', { hasText: 'Driveway' });
    await tile.getByText('Records').waitFor({ timeout: 60_000 });
    const off = Date.now() * 1000;
    await end(driveway.started, 'SIGKILL');
    const status = await until('the camera is told to be offline', 30, async (last) => {
      const found = await client.camera(home, 'Driveway');
      return (found.status.state === 'offline' ? found.status : null) ?? last(found.status);
    });
    assert(Math.abs(status.since - off) < 15e6, `since when: ${status.since - off} µs after it was switched off`);
    await until('the tile says why, and since when', 20, async (last) => {
      const shown = (await tile.innerText()).replace(/\s+/g, ' ');
      return (/Not reached since \d\d:\d\d/.test(shown) && /(refuses|closed) the connection|stopped sending/.test(shown)) || last(shown);
    });
    await look(page, '40-camera-offline');
    const listed = await ownsight(['camera', 'list']);
    assert.match(listed.out, /Driveway\s+offline \((connection-refused|closed|stalled)\)/, listed.all);
    await page.goto(`${url}/h/${home}/events`);
    await shows(page, /Driveway has not recorded since \d\d:\d\d:/, 20);
    await look(page, '41-events-gap');
    // The remedy leads to where it is done: to the address's field, or to a test that runs.
    await page.locator('li.gap', { hasText: 'has not recorded' }).getByRole('link').click();
    await until('the remedy is at hand', 20, async (last) => {
      const state = await page.evaluate(() => ({ path: location.pathname, focus: document.activeElement.id, steps: document.querySelectorAll('.test-steps').length }));
      return (/\/cameras\/[0-9a-f-]{36}$/.test(state.path) && (state.focus === 'address' || state.steps)) || last(state);
    });
    await page.goBack();
    await shows(page, /Driveway has not recorded since/);
    Object.assign(driveway, await filming({ port: driveway.port }));
    const back = Date.now() * 1000;
    await until('the camera records again', 90, async (last) => {
      const found = await client.camera(home, 'Driveway');
      return found.status.state === 'records' || last(found.status);
    });
    await shows(page, /Driveway did not record .*\d\d:\d\d.*: /, 30);
    await until('an event of it comes again', 60, async (last) => {
      const [newest] = (await client.events(home)).filter(({ camera_name: name }) => name === 'Driveway');
      return newest.started_at > back - 3e6 || last(newest);
    });
  });

  const checkEvents = async () => {
    const events = await client.events(home);
    assert(events.length >= 4, `${events.length} events`);
    const cameras = new Set(events.map(({ camera_name: name }) => name));
    assert.deepEqual([...cameras].sort(), ['Driveway', 'Yard']);
    for (const event of events) {
      const file = `${work}/${event.id}.mp4`;
      const response = await client.raw('GET', `${event.video_url}?download=1`);
      assert.equal(response.status, 200, JSON.stringify(event));
      writeFileSync(file, Buffer.from(await response.arrayBuffer()));
      assert.equal(wrongWith(file, event), null, JSON.stringify(event));
    }
    return events.length;
  };
  await part('no half event: all that are listed download and decode', checkEvents);

  await part('lockdown: pages say so by themselves, nothing opens, and all is there again afterwards', async () => {
    const reason = 'Some people were shown wrong thumbnails. We are finding out who saw what.';
    await refused(['lockdown', 'off'], /nothing was closed there/);
    await page.goto(`${url}/h/${home}/events`);
    await page.locator('ol li img').first().waitFor();
    const [event] = await client.events(home);
    const status = async (path) => (await client.raw('GET', path)).status;
    const on = await ownsight(['lockdown', 'on', '--reason', reason]);
    assert.equal(on.code, 0, on.all);
    await until('the open page says that events are closed', 20, async (last) => {
      const shown = await text(page);
      return shown.includes(reason) || last(shown.slice(0, 400));
    });
    assert.equal(await page.locator('ol li img').count(), 0, 'no picture stays on the page');
    await look(page, '45-lockdown');
    for (const path of ['/api/v1/events', event.thumbnail_url, event.video_url]) assert.equal(await status(path), 423, path);
    await refused(['login', url, '--email', anna.email, '--password-stdin'], /wrong thumbnails/, { home: 'locked', says: `${anna.password}\n` });
    const off = await ownsight(['lockdown', 'off']);
    assert.equal(off.code, 0, off.all);
    await page.locator('ol li img').first().waitFor({ timeout: 20_000 });
    // Only videos, of one camera: the player says so, and its page stays.
    const one = ['--camera', event.camera_id];
    assert.equal((await ownsight(['lockdown', 'on', '--close', 'videos', ...one, '--reason', reason])).code, 0);
    assert.equal(await status(event.thumbnail_url), 200);
    assert.equal(await status(event.video_url), 423);
    await page.goto(`${url}/h/${home}/events/${event.id}`);
    await until('the player says that the video is closed', 20, async (last) => {
      const shown = await text(page);
      return shown.includes(reason) || last(shown.slice(0, 400));
    });
    await look(page, '46-lockdown-player');
    assert.match((await ownsight(['lockdown', 'list'])).out, new RegExp(`^camera ${event.camera_id}  videos `));
    assert.equal((await ownsight(['lockdown', 'off', ...one])).code, 0);
    assert.equal(await status(event.video_url), 200);
  });

  await part('the operator visits in a browser: closes, opens again, and leaves', async () => {
    const operator = await newPage(browser, 'the operator');
    await operator.goto(`${url}/admin`);
    await operator.getByText('ownsight operator').waitFor();
    const printed = await ownsight(['operator']);
    assert.equal(printed.code, 0, printed.all);
    const link = printed.out.trim();
    await operator.goto('about:blank');
    await operator.goto(link);
    await button(operator, 'Go on').click();
    await operator.getByText('Nothing. People see what is theirs.').waitFor();
    await operator.getByRole('checkbox', { name: /^Pictures/ }).check();
    await operator.getByLabel('Reason').fill('We look into wrong thumbnails.');
    await button(operator, 'Close').click();
    await operator.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await operator.getByText('For everybody').first().waitFor();
    await look(operator, '47-operator');
    const [event] = await client.events(home);
    assert.equal((await client.raw('GET', event.thumbnail_url)).status, 423);
    assert.equal((await client.raw('GET', event.video_url)).status, 200);
    await button(operator, 'Open again').click();
    await operator.getByRole('dialog').getByRole('button', { name: 'Open again' }).click();
    await operator.getByText('Nothing. People see what is theirs.').waitFor();
    assert.equal((await client.raw('GET', event.thumbnail_url)).status, 200);
    const second = await newPage(browser, 'who found the link');
    await second.goto(link);
    await button(second, 'Go on').click();
    await second.getByText('This link does not work').waitFor();
    await button(operator, 'Leave').click();
    await operator.getByText('ownsight operator').waitFor();
    assert.match((await ownsight(['operator', '--end'])).all, /There was none/);
  });

  await part('a copy to keep: by the page and by the command, whole both times', async () => {
    await page.goto(`${url}/h/${home}/home`);
    await page.getByRole('heading', { name: 'Keep a copy' }).waitFor();
    // Cameras go on: what is there by now must be in both.
    const events = (await client.events(home)).length;
    assert(events > 0);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()]);
    const saved = `${work}/saved.zip`;
    await download.saveAs(saved);
    const asked = `${work}/asked.zip`;
    const exported = await ownsight(['export', asked, '--home', home]);
    assert.equal(exported.code, 0, exported.all);
    for (const archive of [saved, asked]) {
      const tested = spawnSync('python3', ['-c', `import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(sum(n.endswith(".mp4") for n in z.namelist()))`, archive], { encoding: 'utf8' });
      assert.equal(tested.status, 0, tested.stderr);
      assert(Number(tested.stdout) >= Math.min(events, 50), tested.stdout);
    }
    await refused(['export', asked], /is there already/);
  });

  // ------------------------------------------------ 8: the other pages
  await part('a camera’s page: name and sensitivity, a wrong password told, a test that passes', async () => {
    await page.goto(`${url}/h/${home}/cameras`);
    await page.locator('.camera', { hasText: 'Driveway' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Driveway', level: 1 }).waitFor();
    await page.locator('.detail-still img.picture-shown').waitFor();
    await look(page, '50-camera');
    await page.getByLabel('Name', { exact: true }).fill('Front drive');
    await page.getByLabel(/Sensitivity/).fill('7');
    await button(page, 'Save').click();
    await toasted(page, 'Saved.');
    await page.getByRole('heading', { name: 'Front drive', level: 1 }).waitFor();
    const renamed = await client.camera(home, 'Front drive');
    assert.equal(renamed.sensitivity, 7);
    // A zone without a pointer: a rectangle, of which the arrow keys move a corner.
    await button(page, 'Draw zones').click();
    await page.locator('.zone-stage img.picture-shown').waitFor();
    await button(page, 'Ignore here').click();
    await button(page, 'Begin with a rectangle').click();
    await page.getByRole('button', { name: /^Corner 1 of 4/ }).focus();
    await page.keyboard.press('ArrowLeft');
    await look(page, '50-zones');
    await button(page, 'Save zones').click();
    await page.locator('.zone-stage').waitFor({ state: 'detached' });
    await shows(page, 'Motion counts everywhere but in one zone.');
    const drawn = await client.camera(home, 'Front drive');
    assert.deepEqual(drawn.zones, [{ kind: 'exclude', corners: [[240, 250], [650, 250], [650, 650], [250, 650]] }]);
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await button(page, 'Test, then save').click();
    let ended = await testEnded(page);
    failedAt(ended.steps, 2, /User name or password refused/);
    await look(page, '51-camera-wrong-password');
    await page.getByLabel('Password', { exact: true }).fill(camera.password);
    await button(page, 'Test, then save').click();
    await page.locator('.test-failed').waitFor({ state: 'detached' });
    ended = await testEnded(page);
    assert.deepEqual(ended.steps.map(({ state }) => state), Array(6).fill('passed'), JSON.stringify(ended.steps));
    await button(page, 'Save what was tested').click();
    await toasted(page, 'Saved.');
    await until('it records', 60, async (last) => {
      const found = await client.camera(home, 'Front drive');
      return found.status.state === 'records' || last(found.status);
    });
    await until('its picture is on the page', 20, async (last) => {
      const state = await page.locator('.detail-still img').evaluate((image) => ({ width: image.naturalWidth, opacity: getComputedStyle(image).opacity }));
      return (state.width > 0 && state.opacity === '1') || last(state);
    });
  });

  await part('the home’s page: how long events are kept, name', async () => {
    await page.goto(`${url}/h/${home}/home`);
    await page.getByLabel('Days').waitFor();
    await look(page, '52-home');
    await page.getByLabel('Days').fill('0');
    const kept = page.locator('form', { hasText: 'How long events are kept' });
    await kept.getByRole('button', { name: 'Save' }).click();
    await shows(page, 'from 1 to 3650');
    await page.getByLabel('Days').fill('7');
    await page.getByLabel('Space at most').fill('50');
    await shows(page, 'cannot be brought back');
    await look(page, '53-home-keep-less');
    await kept.getByRole('button', { name: 'Save' }).click();
    await toasted(page, 'Saved.');
    await page.reload();
    await page.getByLabel('Days').waitFor();
    assert.equal(await page.getByLabel('Days').inputValue(), '7');
    const saved = await client.get(`/api/v1/homes/${home}`);
    assert.equal(saved.retention_days, 7);
    assert.equal(saved.retention_bytes, 50e9);
  });

  await part('removing a camera says what it costs, and leaves nothing of it', async () => {
    const yardCamera = await client.camera(home, 'Yard');
    await page.goto(`${url}/h/${home}/cameras/${yardCamera.id}`);
    await button(page, 'Remove camera').click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    assert.match(await dialog.innerText(), /Remove Yard\?[\s\S]*\d+ events? (is|are) erased/);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel', 'the focus is on Cancel');
    await look(page, '54-camera-remove');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.waitForURL(/\/cameras$/);
    await toasted(page, /Yard removed\. \d+ events?, [\d.]+ [kM]?B erased\./);
    const left = await client.events(home);
    assert(left.length > 0 && left.every(({ camera_name: name }) => name === 'Front drive'), JSON.stringify(left.map(({ camera_name: name }) => name)));
    const folder = `${data}/events/${home}/${yardCamera.id}`;
    await until('its files are gone', 20, async (last) => {
      const files = existsSync(folder) ? readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.own')) : [];
      return files.length === 0 || last(files);
    });
    await end(agent);
    assert.equal(agent.code, 0, agent.err.slice(-1000));
    await page.goto(`${url}/h/${home}/cameras`);
    const row = page.locator('tr', { hasText: 'garage-pi' });
    await row.getByRole('button', { name: /More for/ }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    assert.match(await page.getByRole('dialog').innerText(), /Remove garage-pi\?[\s\S]*loses access now/);
    await look(page, '55-device-remove');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    startAgent(null);
    assert.notEqual(await agent.ended, 0, agent.err);
    assert.match(agent.err, /removed from its home/);
    // Its folder is good for another pairing.
    const { body: again } = await client.ask('POST', `/api/v1/homes/${home}/devices`, { name: 'garage-pi' });
    startAgent(again.code);
    await until('the agent is paired anew in its folder', 40, async (last) => {
      const { devices } = await client.get(`/api/v1/homes/${home}/devices`);
      const found = devices.find(({ id }) => id === again.device_id);
      return found?.state === 'connected' || last(found);
    });
    await end(agent);
    assert.equal(agent.code, 0, agent.err.slice(-1000));
  });

  await part('the account: another password ends other sessions, then all are ended', async () => {
    const other = await newPage(browser, 'Anna elsewhere');
    await signIn(other, url, anna);
    await page.goto(`${url}/account`);
    await page.getByLabel('Current password').waitFor();
    await look(page, '60-account');
    await page.getByLabel('Current password').fill('not this one');
    await page.getByLabel('New password').fill('ten quiet gardens');
    await button(page, 'Change password').click();
    await shows(page, 'The current password is not right.');
    await look(page, '61-account-wrong-password');
    await page.getByLabel('Current password').fill(anna.password);
    await button(page, 'Change password').click();
    await toasted(page, 'Password changed');
    anna.password = 'ten quiet gardens';
    assert.equal((await client.ask('GET', '/api/v1/me')).status, 401, 'a program’s session has ended');
    await refused(['camera', 'list'], /session has ended.*ownsight login/);
    await other.reload();
    await other.waitForURL(/\/sign-in/);
    await signIn(other, url, anna);
    await page.reload();
    await button(page, 'Sign out everywhere').click();
    await page.getByRole('dialog').waitFor();
    await look(page, '62-sign-out-everywhere');
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.waitForURL(/\/sign-in/);
    await other.reload();
    await other.waitForURL(/\/sign-in/);
    await page.getByLabel('E-mail').fill(anna.email);
    await page.getByLabel('Password', { exact: true }).fill('not this one either');
    await button(page, 'Sign in').click();
    await shows(page, 'The e-mail address or the password is not right.');
    await look(page, '63-sign-in-wrong');
    await other.context().close();
  });

  // ------------------------------------------------ 6, once more: accounts by the operator
  await part('`account create` makes a second home, which sees nothing of the first', async () => {
    await refused(['account', 'create', '--email', anna.email], /e-mail address|taken|already/i);
    const made = await ownsight(['account', 'create', '--email', jonas.email]);
    assert.equal(made.code, 0, made.all);
    assert.match(made.err, /works once, for 24 hours/);
    const address = made.out.trim();
    assert.match(address, /\/setup#[\w-]{43}$/);
    const second = await newPage(browser, 'Jonas');
    await second.goto(address);
    await shows(second, 'Create your account');
    assert.equal(await second.getByLabel('E-mail').inputValue(), jonas.email);
    await look(second, '70-second-account');
    await second.getByLabel('Your name').fill(jonas.name);
    await second.getByLabel('Password', { exact: true }).fill(jonas.password);
    await second.getByLabel('Name of your home').fill(jonas.home);
    await button(second, 'Create account').click();
    await second.waitForURL(/\/h\/[0-9a-f-]+\/events/);
    await shows(second, jonas.home);
    const shown = await text(second);
    assert(!shown.includes(anna.home) && !shown.includes('Front drive'));
    await look(second, '71-second-home');
    await second.goto(`${url}/h/${home}/events`);
    await shows(second, 'Nothing here');
    await look(second, '72-nothing-here');
    await second.context().close();
  });

  await part('`account reset` ends old sessions, and the new password works', async () => {
    await refused(['account', 'reset', 'nobody@example.org'], /no account has this e-mail address/);
    const login = await ownsight(['login', url, '--email', anna.email, '--password-stdin'], { says: `${anna.password}\n` });
    assert.equal(login.code, 0, login.all);
    await signIn(page, url, anna);
    const reset = await ownsight(['account', 'reset', anna.email]);
    assert.equal(reset.code, 0, reset.all);
    const fresh = await newPage(browser, 'Anna with a new password');
    await fresh.goto(reset.out.trim());
    await shows(fresh, 'Choose a new password');
    await look(fresh, '73-reset');
    await fresh.getByLabel('E-mail').fill(anna.email);
    await fresh.getByLabel('New password').fill('seven open doors');
    await button(fresh, 'Set password').click();
    await fresh.waitForURL(/\/h\/[0-9a-f-]+\/events|\/$/);
    await shows(fresh, anna.home);
    await refused(['camera', 'list'], /session has ended/);
    await refused(['login', url, '--email', anna.email, '--password-stdin'], /not right/, { says: `${anna.password}\n` });
    anna.password = 'seven open doors';
    const renewed = await ownsight(['login', url, '--email', anna.email, '--password-stdin'], { says: `${anna.password}\n` });
    assert.equal(renewed.code, 0, renewed.all);
    await page.reload();
    await page.waitForURL(/\/sign-in/);
    const out = await ownsight(['login', url, '--out']);
    assert.equal(out.code, 0, out.all);
    await refused(['camera', 'list'], /not signed in/);
    // The account's events are still its own.
    await fresh.locator('li.event img.picture-shown').first().waitFor();
    if (pictures) {
      await fresh.emulateMedia({ colorScheme: 'dark' });
      for (const [name, path] of Object.entries({ events: 'events', cameras: 'cameras', home: 'home', add: 'cameras/add', pair: 'cameras/pair' })) {
        await fresh.goto(`${url}/h/${home}/${path}`);
        await fresh.waitForTimeout(1200);
        await look(fresh, `80-dark-${name}`);
      }
    }
    await fresh.context().close();
  });

  await part('the server ends, and what is left is in order', async () => {
    quiet += 1;
    const code = await end(server);
    assert.equal(code, 0, server.err.slice(-2000));
    const checked = await ownsight(['check', '--deep']);
    assert.equal(checked.code, 0, checked.all);
    assert(!/panicked/.test(server.err + agent.err), 'nothing panicked');
    writeFileSync(`${configuration}/ownsight.toml`, '[server]\nlisen = "127.0.0.1:1"\n');
    await refused(['config', 'check'], /./);
    assert.match((await ownsight(['config', 'check'])).err, /lisen/);
  });
  assert.deepEqual(complaints, [], 'the console is silent');
}

/** Processes that run from our folder. */
function leftOver() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/exe`).startsWith(work);
    } catch {
      return false;
    }
  });
}

const late = setTimeout(() => {
  console.error(`not done within ${WHOLE_SECONDS} s, at: ${now}`);
  process.exit(1);
}, WHOLE_SECONDS * 1000);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  await test(browser);
  console.log(`all that a newcomer does: ${seconds(begun)} s`);
} catch (error) {
  console.error(`failed at: ${now}`);
  const shown = browser.contexts().flatMap((context) => context.pages());
  for (const [i, page] of shown.entries()) {
    console.error(`a page is at ${page.url()}`);
    if (pictures) await page.screenshot({ path: `${pictures}/failed-${i}.png` }).catch(() => {});
  }
  if (complaints.length) console.error('the console said', complaints);
  process.exitCode = 1;
  throw error;
} finally {
  clearTimeout(late);
  await browser.close();
  for (const child of [...running]) child.kill('SIGTERM');
  await Promise.race([
    Promise.all([...running].map((child) => new Promise((resolve) => { child.once('close', resolve); }))),
    new Promise((resolve) => { setTimeout(resolve, 15_000); }),
  ]);
  for (const child of running) child.kill('SIGKILL');
  const left = leftOver();
  if (left.length) {
    console.error(`still running: ${left.join(', ')}`);
    process.exitCode = 1;
  }
}
