/** Small words and numbers that several pages say. */

/** `1 event`, `35 events`. @param {number} n @param {string} one @param {string} [many] */
export function count(n, one, many = `${one}s`) {
  return `${n.toLocaleString('en-GB').replaceAll(',', '\u202f')} ${n === 1 ? one : many}`;
}

/** Why a camera cannot be called so; null if it can. @param {string} name without blanks around it @param {string[]} taken */
export function cameraNameError(name, taken) {
  if (!name) return 'Give the camera a name.';
  return taken.includes(name) ? 'Another camera of this home has this name.' : null;
}

/** `Anna, Tom and Lea`. @param {string[]} names */
export function listed(names) {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `48 GB`, `0.4 MB`, decimal as disks are sold. @param {number} bytes */
export function bytes(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${Number(value.toFixed(digits))} ${units[unit]}`;
}

/** `0.4 Mbit/s`. @param {number} bitsPerSecond */
export function rate(bitsPerSecond) {
  if (bitsPerSecond < 100_000) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  return `${Number((bitsPerSecond / 1_000_000).toFixed(1))} Mbit/s`;
}

/** `nothing lost`, `3 frames and 12 packets lost`. @param {{lost_frames: number, lost_packets?: number | null}} video */
export function lostWords({ lost_frames: frames, lost_packets: packets }) {
  const lost = [frames ? count(frames, 'frame') : '', packets ? count(packets, 'packet') : ''].filter(Boolean);
  return lost.length ? `${lost.join(' and ')} lost` : 'nothing lost';
}

/** `4 ms`, `0.2 s`. @param {number} ms */
export function offset(ms) {
  const size = Math.abs(ms);
  return size < 100 ? `${Math.round(size)} ms` : `${Number((size / 1000).toFixed(1))} s`;
}

/** @param {'owner' | 'adult' | 'viewer'} role @param {boolean} [you] */
export function roleWords(role, you = true) {
  const name = { owner: 'an owner', adult: 'an adult', viewer: 'a viewer' }[role] ?? role;
  return you ? `You are ${name}` : name;
}

/** @type {Record<string, {name: string, icon: string}>} */
const LABELS = {
  motion: { name: 'Motion', icon: 'wave-sine' },
  person: { name: 'Person', icon: 'person-simple-walk' },
  vehicle: { name: 'Vehicle', icon: 'car' },
  animal: { name: 'Animal', icon: 'dog' },
  parcel: { name: 'Parcel', icon: 'package' },
};

/** @param {string} label @returns {{name: string, icon: string}} */
export function labelWords(label) {
  return LABELS[label] ?? { name: label.charAt(0).toUpperCase() + label.slice(1), icon: 'wave-sine' };
}

/** Who says what an event is about, where that is more than that something moved: `says the camera`; null for mere motion. @param {string} label @param {string} source */
export function whoSays(label, source) {
  if (label === 'motion' && source !== 'camera') return null;
  return source === 'camera' ? 'says the camera' : 'says the agent';
}

/** Where a label is from: "said by the camera". @param {string} source */
export function labelSource(source) {
  return source === 'camera' ? 'said by the camera' : 'found by the agent';
}

/** `2026-11-23_14-32-08_Main-path.mp4`, as the server names it. @param {string} day @param {{hour: number, minute: number, second: number}} wall @param {string} camera */
export function clipName(day, wall, camera) {
  const two = (n) => String(n).padStart(2, '0');
  const name = camera.normalize('NFC').replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '') || 'camera';
  return `${day}_${two(wall.hour)}-${two(wall.minute)}-${two(wall.second)}_${name}.mp4`;
}

/** First name, for "Anna, Tom and Lea". @param {string} name */
export function firstName(name) {
  return name.trim().split(/\s+/)[0] || name;
}
