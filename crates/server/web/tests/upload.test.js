import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { cameraState, summary } from '../lib/camera-state.js';
import { UPLOAD_COMMAND, keysCommand } from '../lib/upload.js';

test('the command is the one of the documents, which a test runs', async () => {
  const page = await readFile(new URL('../../../../docs/device-api.md', import.meta.url), 'utf8');
  const [, section] = page.split('\n## Plain upload\n');
  const [, block] = section.split('```sh\n');
  assert.equal(UPLOAD_COMMAND, block.split('```')[0]);
});

test('the keys are set under the names that the command reads', () => {
  const text = keysCommand({ address: 'https://cams.example.org', upload_key: '0197:abc-_', signing_key: 'ff00' });
  assert.equal(text, "export OWNSIGHT_SERVER='https://cams.example.org'\nexport OWNSIGHT_UPLOAD='0197:abc-_'\nexport OWNSIGHT_SIGN='ff00'\n");
  for (const name of ['SERVER', 'UPLOAD', 'SIGN']) assert.ok(UPLOAD_COMMAND.includes(`$OWNSIGHT_${name}`), name);
});

test('a camera that is uploaded to is neither recording nor in trouble', () => {
  const camera = (name, state) => ({ name, status: { state, fault: null, since: 1, verified: true } });
  const gate = camera('Gate', 'uploads');
  assert.deepEqual([cameraState(gate).word, cameraState(gate).troubled], ['Uploads', false]);
  assert.deepEqual(summary([gate]), { tone: 'quiet', line: '1 camera uploads.', trouble: '' });
  assert.deepEqual(summary([gate, camera('Main', 'records')]), { tone: 'ok', line: '1 of 1 camera records.', trouble: '' });
  assert.equal(summary([gate, camera('Main', 'unknown')]).tone, 'warn');
});
