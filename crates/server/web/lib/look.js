/** What a look for cameras found, in words. */

/** @type {Record<string, {problem: string, remedy: string}>} */
const FAULTS = {
  'no-network': { problem: 'The device has no network in which it can look.', remedy: 'In a container, give it the network of its host; or enter the camera’s address.' },
  'no-answer': { problem: 'The camera does not answer.', remedy: 'Check that it is on, and that the device is in its network.' },
  'not-onvif': { problem: 'What answers does not speak ONVIF.', remedy: 'Switch ONVIF on in the camera’s settings, or enter its address.' },
  unauthorized: { problem: 'The camera refuses the user name or password.', remedy: 'Many cameras have users of their own for ONVIF: look for them in the camera’s settings.' },
  'clear-text-only': { problem: 'The camera asks for its password in clear text, and was not given it.', remedy: 'Switch its ONVIF authentication to Digest. Or enter its address: then it gets its password as it asks for it, in clear text if that is how.' },
  refused: { problem: 'The camera refuses to name its streams.', remedy: 'Enter its address.' },
  'no-stream': { problem: 'The camera names no stream of video.', remedy: 'Enter its address.' },
};

/** @param {string} fault */
export function lookFault(fault) {
  return FAULTS[fault] ?? { problem: 'The camera could not be asked.', remedy: 'Enter its address.' };
}

/** Whether a test by Digest only ended as the camera asks for its password otherwise. @param {{step: string, outcome: string, fault?: string | null}} step */
export function clearTextOnly({ step, outcome, fault }) {
  return step === 'password' && outcome === 'failed' && fault === 'refused';
}

/** What a camera that answered is called. @param {{name: string, hardware: string, host: string}} found */
export function foundName({ name, hardware, host }) {
  return name || hardware || `Camera at ${host}`;
}

/** What stands under its name. @param {{name: string, hardware: string, host: string}} found */
export function foundDetail({ name, hardware, host }) {
  return name && hardware && hardware !== name ? `${host} · ${hardware}` : host;
}

/**
 * The camera of the home that is at this host already.
 * @param {{name: string, address?: string | null}[]} cameras @param {string} host
 */
export function addedAt(cameras, host) {
  return cameras.find(({ address }) => address?.replace(/^rtsps?:\/\//, '').split(/[:/?#]/)[0] === host);
}
