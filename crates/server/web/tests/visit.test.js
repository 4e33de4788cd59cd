import assert from 'node:assert/strict';
import { test } from 'node:test';

import { closedWords, lockdownBody, scopeWords } from '../lib/visit.js';

const ID = '01a21f05-7044-7242-98c9-446af3c07c1b';

test('what is closed and for whom is said in words', () => {
  assert.equal(closedWords(['all']), 'everything');
  assert.equal(closedWords(['thumbnails']), 'pictures');
  assert.equal(closedWords(['thumbnails', 'videos', 'sign-in']), 'pictures, event videos and new sign-ins');
  assert.equal(scopeWords({ scope: 'installation' }), 'everybody');
  assert.equal(scopeWords({ scope: 'home', id: ID }), `home ${ID}`);
});

test('a form that lacks something says what, and sends nothing', () => {
  const whole = { scope: 'home', who: ` ${ID} `, closes: ['all'], reason: ' Wrong pictures. ' };
  assert.deepEqual(lockdownBody(whole), { errors: {}, body: { of: { scope: 'home', id: ID }, closes: ['all'], reason: 'Wrong pictures.' } });
  assert.deepEqual(lockdownBody({ ...whole, scope: 'installation', who: '' }).body.of, { scope: 'installation' });
  assert.deepEqual(lockdownBody({ ...whole, scope: 'account', who: 'ben@example.org' }).body.of, { scope: 'account', email: 'ben@example.org' });
  for (const [change, field] of [[{ who: 'my home' }, 'who'], [{ scope: 'account', who: ID }, 'who'], [{ closes: [] }, 'closes'], [{ reason: '  ' }, 'reason']]) {
    const { body, errors } = lockdownBody({ ...whole, ...change });
    assert.equal(body, undefined);
    assert.deepEqual(Object.keys(errors), [field]);
  }
});
