import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastsOptions, middle, moved, placeOf, placeWords, points, rectangle, sameZones, sizeOptions, split, stepOf, zonesWords } from '../lib/zones.js';

const square = [[0, 0], [400, 0], [400, 400], [0, 400]];

test('a press is a place in the picture, and never outside it', () => {
  const box = { left: 100, top: 50, width: 800, height: 450 };
  assert.deepEqual(placeOf({ clientX: 500, clientY: 275 }, box), [500, 500]);
  assert.deepEqual(placeOf({ clientX: 20, clientY: 900 }, box), [0, 1000]);
  assert.deepEqual(placeOf({ clientX: 100.4, clientY: 50.3 }, box), [1, 1]);
});

test('corners move one at a time and stay within the picture', () => {
  assert.deepEqual(moved(square, 2, [1200.4, 399.6]), [[0, 0], [400, 0], [1000, 400], [0, 400]]);
  assert.deepEqual(square[2], [400, 400], 'what was stays as it was');
});

test('an edge is split in its middle, the last one too', () => {
  assert.deepEqual(middle(square, 3), [0, 200]);
  assert.deepEqual(split(square, 0)[1], [200, 0]);
  assert.equal(split(square, 3).length, 5);
});

test('arrow keys move, with shift further; others do not', () => {
  assert.deepEqual(stepOf('ArrowLeft', false), [-10, 0]);
  assert.deepEqual(stepOf('ArrowDown', true), [0, 50]);
  assert.equal(stepOf('a', false), null);
});

test('a new rectangle lies within the picture whichever it is', () => {
  for (let nth = 0; nth < 8; nth += 1) assert(rectangle(nth).flat().every((value) => value >= 0 && value <= 1000));
  assert.notDeepEqual(rectangle(0), rectangle(1));
});

test('what zones say', () => {
  const [only, not] = [{ kind: 'include', corners: square }, { kind: 'exclude', corners: square }];
  assert.equal(zonesWords([]), 'Motion counts everywhere in the picture.');
  assert.equal(zonesWords([only]), 'Motion counts in one zone only.');
  assert.equal(zonesWords([not, not]), 'Motion counts everywhere but in 2 zones.');
  assert.equal(zonesWords([only, not]), 'Motion counts in one zone only; one is ignored.');
  assert.equal(placeWords([414, 300]), '41 % from the left, 30 % from the top');
  assert.equal(points([[1, 2], [3, 4]]), '1,2 3,4');
});

test('zones are the same by kind and corners', () => {
  const zone = { kind: 'include', corners: square };
  assert(sameZones([zone], [{ ...zone, corners: square.map((corner) => [...corner]) }]));
  assert(!sameZones([zone], [{ ...zone, kind: 'exclude' }]) && !sameZones([zone], []));
  assert(!sameZones([zone], [{ ...zone, corners: moved(square, 0, [1, 0]) }]));
});

test('what was set elsewhere can be chosen too, in its place', () => {
  assert.deepEqual(sizeOptions(0).map(({ value }) => value), ['0', '3', '10', '40']);
  const sizes = sizeOptions(25);
  assert.deepEqual([sizes[3].value, sizes[3].label], ['25', 'At least 2.5 % of the picture']);
  assert.deepEqual(lastsOptions(1500)[2], { value: '1500', label: 'Only what lasts 1.5 s' });
});
