/**
 * What may be wrong with a camera, in words. One table, so that the list of events, the tiles, the test and the rail say the same.
 * `pill` names the state; `short` stands after a colon ("Lawn: not reached"); `gap` says why nothing was recorded; `problem` and `remedy` are whole sentences.
 * @typedef {{pill: string, short: string, gap: string, problem: string, remedy: string, action: 'password' | 'address' | 'test' | 'another' | null}} FaultWords
 */

/** @type {Record<string, FaultWords>} */
const FAULTS = {
  'no-answer': {
    pill: 'Not reached', short: 'not reached', gap: 'not reached',
    problem: 'The camera does not answer within 5 seconds.',
    remedy: 'Check its power and network, and that the address is still its own.', action: 'test',
  },
  'connection-refused': {
    pill: 'Not reached', short: 'connection refused', gap: 'connection refused',
    problem: 'Something is at this address, but refuses the connection.',
    remedy: 'Check the port (usually 554), and that RTSP is switched on in the camera.', action: 'address',
  },
  'name-unknown': {
    pill: 'Not reached', short: 'name unknown', gap: 'its name is unknown in the network',
    problem: 'Nobody in the network knows this name.',
    remedy: 'Check the spelling, or use the camera\'s number address, such as 192.168.1.40.', action: 'address',
  },
  unreachable: {
    pill: 'Not reached', short: 'no route to it', gap: 'no route to it',
    problem: 'There is no way to this address from the device.',
    remedy: 'Check that the device is in the camera\'s network.', action: 'test',
  },
  'not-rtsp': {
    pill: 'Refused', short: 'not RTSP', gap: 'does not speak RTSP',
    problem: 'Something answers there, but it does not speak RTSP. It may be the camera\'s web page.',
    remedy: 'Use the RTSP port, usually 554, and an address that begins with rtsp://; or rtsps:// where the camera speaks TLS.', action: 'address',
  },
  unauthorized: {
    pill: 'Refused', short: 'wrong password', gap: 'the camera refuses the password',
    problem: 'The camera refuses the user name or password.',
    remedy: 'Check them on the camera\'s own page, then test again.', action: 'password',
  },
  'no-such-path': {
    pill: 'Refused', short: 'no stream there', gap: 'no stream at its path',
    problem: 'The camera has no stream at this path.',
    remedy: 'Each maker has its own path. Try one of these.', action: 'address',
  },
  busy: {
    pill: 'Refused', short: 'camera busy', gap: 'the camera was busy',
    problem: 'The camera serves as many viewers as it can.',
    remedy: 'Close other programs that watch it, then test again.', action: 'test',
  },
  refused: {
    pill: 'Refused', short: 'refused', gap: 'the camera refused',
    problem: 'The camera refuses this stream.',
    remedy: 'Look at the camera\'s own page for what it allows, then test again.', action: 'test',
  },
  'no-video': {
    pill: 'Refused', short: 'no video', gap: 'its stream had no video',
    problem: 'This stream has no video.',
    remedy: 'Use the path of a video stream.', action: 'address',
  },
  'codec-not-supported': {
    pill: 'Codec', short: 'codec not supported', gap: 'its codec is not supported',
    problem: 'The camera sends a codec that is not supported yet.',
    remedy: 'Set this stream to H.264 on the camera\'s own page, then test again. H.265 needs ffmpeg on the machine of the agent.', action: 'test',
  },
  'no-key-frame': {
    pill: 'Not reached', short: 'no picture', gap: 'no key frame came',
    problem: 'No whole picture came within 10 seconds.',
    remedy: 'Set a shorter key frame interval (about 2 seconds) on the camera\'s own page.', action: 'test',
  },
  stalled: {
    pill: 'Not reached', short: 'stopped sending', gap: 'it stopped sending',
    problem: 'The camera stopped sending pictures.',
    remedy: 'It is asked again by itself. If this goes on, restart the camera.', action: 'test',
  },
  closed: {
    pill: 'Not reached', short: 'connection closed', gap: 'it closed the connection',
    problem: 'The camera closed the connection.',
    remedy: 'It is asked again by itself. If this goes on, restart the camera.', action: 'test',
  },
  broken: {
    pill: 'Refused', short: 'broken stream', gap: 'its stream was broken',
    problem: 'What the camera sends cannot be read.',
    remedy: 'Update or restart the camera, then test again.', action: 'test',
  },
  'another-camera': {
    pill: 'Another camera', short: 'another camera', gap: 'another camera answered at its address',
    problem: 'This is not the camera that was added: another one answers at its address.',
    remedy: 'It is recorded again as soon as the camera that was added is back.', action: 'another',
  },
  'tls-failed': {
    pill: 'Refused', short: 'no TLS', gap: 'no TLS could be agreed on',
    problem: 'The camera and the device cannot agree on TLS, so nothing was said.',
    remedy: 'Use the port for RTSP over TLS, usually 322, and update the camera\'s firmware. If it has no TLS, its address begins with rtsp://, and nothing is encrypted on the way to the device.', action: 'address',
  },
  'agent-away': {
    pill: 'Not reached', short: 'device away', gap: 'its device was away',
    problem: 'The device that serves this camera is away.',
    remedy: 'Check that its computer runs and has a network.', action: null,
  },
  'queue-full': {
    pill: 'Not reached', short: 'queue full', gap: 'its device had no room left',
    problem: 'The device that serves this camera had no room for what it recorded.',
    remedy: 'See why the device could not deliver, or give it more room.', action: null,
  },
  quieted: {
    pill: 'Quieted', short: 'quieted', gap: 'it made event upon event',
    problem: 'It makes event upon event.', remedy: '', action: 'zones',
  },
};

/** @type {FaultWords} */
const UNKNOWN = { pill: 'Not reached', short: 'not reached', gap: 'reason not known', problem: 'The camera does not record. The reason is not known to this page.', remedy: 'Test it to find out.', action: 'test' };

/** @param {string | null | undefined} fault @returns {FaultWords} */
export function faultWords(fault) {
  return FAULTS[fault ?? ''] ?? UNKNOWN;
}

/** Every fault that has words. */
export const knownFaults = Object.keys(FAULTS);

/**
 * Paths that makers use, to tap after a 404.
 * @type {{maker: string, path: string}[]}
 */
export const makersPaths = [
  { maker: 'Hikvision, Annke', path: '/Streaming/Channels/101' },
  { maker: 'Reolink', path: '/h264Preview_01_main' },
  { maker: 'Dahua, Amcrest', path: '/cam/realmonitor?channel=1&subtype=0' },
  { maker: 'TP-Link Tapo', path: '/stream1' },
  { maker: 'Axis', path: '/axis-media/media.amp' },
  { maker: 'Foscam', path: '/videoMain' },
  { maker: 'UniFi, Wyze bridge', path: '/live' },
  { maker: 'Many others (ONVIF)', path: '/onvif1' },
];

/**
 * An address with another path; credentials, host and port stay.
 * @param {string} address
 * @param {string} path
 */
export function withPath(address, path) {
  const found = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)/i.exec(address.trim());
  return found ? found[1] + path : address;
}

/** The path of an address, for "No stream at /stream1". @param {string} address */
export function pathOf(address) {
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(address.trim());
  return found?.[1] || '/';
}

/**
 * Takes user and password out of an address, where many people paste them.
 * @param {string} text
 * @returns {{address: string, user: string | null, password: string | null}}
 */
export function splitAddress(text) {
  let address = text.trim();
  if (address && !/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) address = `rtsp://${address}`;
  const found = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@(.*)$/i.exec(address);
  if (!found) return { address, user: null, password: null };
  const [, scheme, credentials, rest] = found;
  const colon = credentials.indexOf(':');
  const user = colon < 0 ? credentials : credentials.slice(0, colon);
  const password = colon < 0 ? null : credentials.slice(colon + 1);
  return { address: scheme + rest, user: decode(user), password: password === null ? null : decode(password) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
