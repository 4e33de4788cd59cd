import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exportUrl } from '../lib/export.js';

test('an archive is asked for as it was chosen', () => {
  const now = Date.UTC(2026, 10, 27, 12);
  const path = (which) => exportUrl({ now, ...which });
  assert.equal(path({ home: 'h', camera: 'all', days: 'all' }), '/api/v1/export?home=h');
  assert.equal(path({ home: 'h', camera: 'c', days: '7' }), `/api/v1/export?home=h&camera=c&after=${Date.UTC(2026, 10, 20, 12) * 1000}`);
  assert.equal(path({ shared: true }), '/api/v1/export?shared=1');
});
