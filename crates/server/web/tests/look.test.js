import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addedAt, clearTextOnly, foundDetail, foundName, lookFault } from '../lib/look.js';

test('a camera is called what it says, else where it is', () => {
  const found = { name: 'Porch', hardware: 'M3106', host: '192.168.1.40' };
  assert.equal(foundName(found), 'Porch');
  assert.equal(foundDetail(found), '192.168.1.40 · M3106');
  assert.equal(foundName({ ...found, name: '' }), 'M3106');
  assert.equal(foundDetail({ ...found, name: '' }), '192.168.1.40');
  assert.equal(foundName({ ...found, name: '', hardware: '' }), 'Camera at 192.168.1.40');
});

test('a camera that is added already is known by its whole host', () => {
  const cameras = [{ name: 'Yard', address: 'rtsp://192.168.1.4:554/a' }, { name: 'Pushes', address: null }];
  assert.equal(addedAt(cameras, '192.168.1.4')?.name, 'Yard');
  assert.equal(addedAt(cameras, '192.168.1.40'), undefined);
});

test('only a refused password step says that it would go in clear text', () => {
  assert.ok(clearTextOnly({ step: 'password', outcome: 'failed', fault: 'refused' }));
  assert.ok(!clearTextOnly({ step: 'password', outcome: 'failed', fault: 'unauthorized' }));
  assert.ok(!clearTextOnly({ step: 'path', outcome: 'failed', fault: 'refused' }));
});

test('each fault has words, also one that is not known yet', () => {
  for (const fault of ['no-network', 'no-answer', 'not-onvif', 'unauthorized', 'clear-text-only', 'refused', 'no-stream', 'new']) {
    const { problem, remedy } = lookFault(fault);
    assert.ok(problem.endsWith('.') && remedy.endsWith('.'), fault);
  }
  assert.notEqual(lookFault('unauthorized').problem, lookFault('new').problem);
});
