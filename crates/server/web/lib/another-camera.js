/**
 * A camera that is not the one that was added, in words.
 * @typedef {{part: string, known: string | null, seen: string | null}} Difference
 */

/** What each part says of a camera. @type {Record<string, string>} */
const PARTS = {
  'tls-key': 'Its TLS key',
  realm: 'It calls itself',
  'sign-in': 'It asks for',
  server: 'Its program',
  origin: 'Its maker’s mark',
  session: 'Its stream’s name',
  tool: 'Described by',
};

/**
 * What differs, for a table: what it is, how it was, how it is. What this page has no word for is still shown.
 * @param {{differs: Difference[]} | null | undefined} another
 * @returns {{what: string, was: string, is: string}[]}
 */
export function differences(another) {
  return (another?.differs ?? [])
    .filter(({ part }) => part !== 'kept')
    .map(({ part, known, seen }) => ({ what: PARTS[part] ?? part, was: known ?? 'nothing', is: seen ?? 'nothing' }));
}

/** Whether what it was known by is lost, so that nothing can be compared. @param {{differs: Difference[]} | null | undefined} another */
export function isUnreadable(another) {
  return (another?.differs ?? []).some(({ part }) => part === 'kept');
}

/** Whether it was told from the right one before it was asked to prove that it knows the password. @param {{differs: Difference[]} | null | undefined} another */
export function heardNoPassword(another) {
  return (another?.differs ?? []).some(({ part }) => ['tls-key', 'realm', 'sign-in', 'server', 'kept'].includes(part));
}

/** What answers now, to be sent back as it is; null if there is nothing to say yes to. @param {{status: {state: string, fault: string | null, another?: {fingerprint: string, differs: Difference[]} | null}}} camera */
export function anotherOf({ status }) {
  return status.state === 'offline' && status.fault === 'another-camera' ? status.another ?? null : null;
}
