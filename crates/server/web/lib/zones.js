/** Zones of a camera's picture: their geometry and words. Corners are `[x, y]` in thousandths of the picture's width and height. */

/** @typedef {{kind: 'include' | 'exclude', corners: [number, number][]}} Zone */

export const UNIT = 1000;
export const ZONES_MAX = 8;
export const CORNERS_MIN = 3;
export const CORNERS_MAX = 16;

/** @type {Record<Zone['kind'], {name: string, icon: string}>} */
export const KINDS = {
  include: { name: 'Watch only here', icon: 'eye' },
  exclude: { name: 'Ignore here', icon: 'eye-slash' },
};

const within = (value) => Math.max(0, Math.min(UNIT, Math.round(value)));

/** Where a press is in the picture. @param {{clientX: number, clientY: number}} press @param {{left: number, top: number, width: number, height: number}} box @returns {[number, number]} */
export function placeOf(press, box) {
  return [within(((press.clientX - box.left) / box.width) * UNIT), within(((press.clientY - box.top) / box.height) * UNIT)];
}

/** Corners with one moved. @param {[number, number][]} corners @param {number} index @param {[number, number]} to */
export function moved(corners, index, [x, y]) {
  return corners.map((corner, at) => (at === index ? [within(x), within(y)] : corner));
}

/** Corners with one more behind `index`, in the middle of that edge. @param {[number, number][]} corners @param {number} index */
export function split(corners, index) {
  return corners.toSpliced(index + 1, 0, middle(corners, index));
}

/** The middle of the edge behind a corner. @param {[number, number][]} corners @param {number} index @returns {[number, number]} */
export function middle(corners, index) {
  const [x1, y1] = corners[index];
  const [x2, y2] = corners[(index + 1) % corners.length];
  return [within((x1 + x2) / 2), within((y1 + y2) / 2)];
}

/** How far a key moves a corner; null for other keys. @param {string} key @param {boolean} far @returns {[number, number] | null} */
export function stepOf(key, far) {
  const step = far ? 50 : 10;
  return { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key] ?? null;
}

/** What a new zone is before anybody moved its corners: a rectangle, not where the last one is. @param {number} nth @returns {[number, number][]} */
export function rectangle(nth) {
  const [left, top] = [250 + (nth % 4) * 60, 250 + (nth % 4) * 60];
  return [[left, top], [left + 400, top], [left + 400, top + 400], [left, top + 400]];
}

/** Corners as SVG has them. @param {[number, number][]} corners */
export function points(corners) {
  return corners.map((corner) => corner.join(',')).join(' ');
}

/** `41 % from the left, 30 % from the top`. @param {[number, number]} corner */
export function placeWords([x, y]) {
  return `${Math.round(x / 10)} % from the left, ${Math.round(y / 10)} % from the top`;
}

/** Where a camera watches, in a sentence. @param {Zone[]} zones */
export function zonesWords(zones) {
  const of = (kind) => zones.filter((zone) => zone.kind === kind).length;
  const [only, ignored] = [of('include'), of('exclude')];
  const places = (n) => (n === 1 ? 'one zone' : `${n} zones`);
  if (!only && !ignored) return 'Motion counts everywhere in the picture.';
  if (!ignored) return `Motion counts in ${places(only)} only.`;
  if (!only) return `Motion counts everywhere but in ${places(ignored)}.`;
  return `Motion counts in ${places(only)} only; ${ignored === 1 ? 'one is' : `${ignored} are`} ignored.`;
}

/** Whether two lists of zones say the same. @param {Zone[]} a @param {Zone[]} b */
export function sameZones(a, b) {
  return a.length === b.length && a.every((zone, at) => zone.kind === b[at].kind && points(zone.corners) === points(b[at].corners));
}

/** How large something must be, in thousandths of the picture: what can be chosen, with what is set although it cannot. @param {number} set */
export function sizeOptions(set) {
  return withSet(set, [
    [0, 'Of any size'],
    [3, 'Larger than a small animal'],
    [10, 'A person some steps away, or larger'],
    [40, 'A person close by, a car, or larger'],
  ], (value) => `At least ${value / 10} % of the picture`);
}

/** How long motion must last, in milliseconds: likewise. @param {number} set */
export function lastsOptions(set) {
  return withSet(set, [
    [300, 'At once'],
    [1000, 'Only what lasts a second'],
    [2000, 'Only what lasts two seconds'],
    [4000, 'Only what lasts four seconds'],
  ], (value) => `Only what lasts ${value / 1000} s`);
}

function withSet(set, known, words) {
  const all = known.some(([value]) => value === set) ? known : [...known, [set, words(set)]].sort(([a], [b]) => a - b);
  return all.map(([value, label]) => ({ value: String(value), label }));
}
