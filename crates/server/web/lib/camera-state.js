import { faultWords } from './faults.js';
import { when } from './time.js';
import { count } from './words.js';

/**
 * What a camera does, as shape, word and tone; the same on tile, rail and page.
 * @param {{status: {state: string, fault: string | null, since: number, verified?: boolean, quieted_since?: number | null}}} camera
 * @returns {{tone: 'ok' | 'warn' | 'bad' | 'quiet', icon: string, word: string, troubled: boolean, since: boolean, at?: number}} `at`: since when, if that is not the status's own
 */
export function cameraState({ status }) {
  if (status.verified === false) return { tone: 'bad', icon: 'x-circle-fill', word: 'Not verified', troubled: true, since: false };
  switch (status.state) {
    case 'records':
      if (status.quieted_since) return { tone: 'warn', icon: 'minus-circle-fill', word: 'Quieted', troubled: false, since: true, at: status.quieted_since };
      return { tone: 'ok', icon: 'check-circle-fill', word: 'Records', troubled: false, since: false };
    case 'uploads':
      return { tone: 'ok', icon: 'check-circle-fill', word: 'Uploads', troubled: false, since: false };
    case 'connecting':
      return { tone: 'quiet', icon: 'circle-dashed', word: 'Connecting', troubled: false, since: false };
    case 'unknown':
      return { tone: 'warn', icon: 'warning-circle-fill', word: 'Not heard of', troubled: true, since: true };
    default: {
      const { pill } = faultWords(status.fault);
      return { tone: 'bad', icon: 'x-circle-fill', word: pill, troubled: true, since: true };
    }
  }
}

/** `Refused since 15:02`. @param {any} camera @param {string} zone @param {number} now microseconds */
export function pillText(camera, zone, now) {
  const { word, since, at = camera.status.since } = cameraState(camera);
  return since && at ? `${word} since ${when(at, zone, now)}` : word;
}

/** Troubled ones first, then by name. @param {any[]} cameras */
export function inOrderOfTrouble(cameras) {
  return [...cameras].sort((a, b) => Number(cameraState(b).troubled) - Number(cameraState(a).troubled) || a.name.localeCompare(b.name));
}

/**
 * How many record, of how many that say so: what is uploaded to records by itself, or does not, and nobody here can say.
 * @param {any[]} cameras
 */
export function recordingOf(cameras) {
  const said = cameras.filter(({ status }) => status.state !== 'uploads' || status.verified === false);
  return { of: said.length, recording: said.filter(({ status }) => status.state === 'records' && status.verified !== false).length };
}

/**
 * The home's cameras in a line: `3 of 4 cameras record.` and what troubles the first.
 * @param {any[]} cameras
 * @returns {{tone: 'ok' | 'warn' | 'quiet', line: string, trouble: string}}
 */
export function summary(cameras) {
  if (!cameras.length) return { tone: 'quiet', line: 'No camera yet', trouble: '' };
  const { recording, of } = recordingOf(cameras);
  if (!of) return { tone: 'quiet', line: `${count(cameras.length, 'camera')} ${cameras.length === 1 ? 'uploads' : 'upload'}.`, trouble: '' };
  const troubled = inOrderOfTrouble(cameras).filter((camera) => cameraState(camera).troubled);
  const line = `${recording} of ${count(of, 'camera')} ${of === 1 ? 'records' : 'record'}.`;
  const [first] = troubled;
  if (!first) return { tone: recording === of ? 'ok' : 'quiet', line, trouble: '' };
  const why = first.status.verified === false ? 'report not verified' : first.status.state === 'unknown' ? 'not heard of' : faultWords(first.status.fault).short;
  return { tone: 'warn', line, trouble: `${first.name}: ${why}${troubled.length > 1 ? `, and ${troubled.length - 1} more` : ''}` };
}
