/** Sound of event videos: most have none. */

/** A browser that counts what it decodes has counted something by then, in seconds. */
const KNOWN_AFTER = 0.5;

/**
 * Whether a video has a sound, by what browsers say of it: `null` while that is not known.
 * @param {any} video a video element that has data
 * @returns {boolean | null}
 */
export function hasSound(video) {
  if (typeof video.mozHasAudio === 'boolean') return video.mozHasAudio;
  if (video.audioTracks) return video.audioTracks.length > 0;
  if (typeof video.webkitAudioDecodedByteCount !== 'number') return null;
  if (video.webkitAudioDecodedByteCount > 0) return true;
  return video.currentTime > KNOWN_AFTER ? false : null;
}

/** That, behind a clip's length. @param {boolean | null} sound */
export function soundWords(sound) {
  if (sound === null) return '';
  return sound ? ', with sound' : ', no sound';
}

/** What stands beside each switch for recording sound. */
export const SOUND_CONSENT = 'In many places it is unlawful to record what people say unless they agree. Ask those who can be heard.';

/** Whether a live test found sound that can be recorded. @param {{detail?: string}[]} steps */
export function soundOffered(steps) {
  return steps.some(({ detail }) => detail?.endsWith('recorded if switched on'));
}
