import { byWhom, dateSaid, gotKeys, newKeys, shortName, sinceSaid } from './people.js';
import { addDays, cityOf, clock, dayOf, sameClock, whenSaid } from './time.js';
import { count, firstName, listed } from './words.js';

/**
 * Shares: some cameras of a home, for somebody outside it. What they allow, when, and why their holder sees a camera. Everything here is pure; the server decides.
 * @typedef {'footage' | 'export' | 'delete'} Right
 * @typedef {{id: string, name: string | null, email: string, cameras: {id: string, name: string}[], rights: Right[], from: number | null, until: number | null, now_on: boolean, made_by: string, made_at: number,
 *   accepted_at: number | null, link_ends_at: number | null, state: 'waiting' | 'not-begun' | 'live', events: number, opened: number}} Share
 * `now_on`: earlier footage is closed by key; `name`: null until it is accepted
 */

const VERBS = { export: 'download', delete: 'delete' };

/** What a share may allow beside seeing, in the order in which it is said. @type {Right[]} */
export const MORE_RIGHTS = ['export', 'delete'];

/** Whether the reader may do something with an event. @param {{rights?: string[]}} event @param {'export' | 'delete'} right */
export const may = (event, right) => Boolean(event.rights?.includes(right));

const verbsOf = (rights, has = true) => MORE_RIGHTS.filter((right) => rights.includes(right) === has).map((right) => VERBS[right]);

/** `Sees, may not download`. @param {Right[]} rights */
export function rightsSaid(rights) {
  const does = listed(['Sees', ...verbsOf(rights).map((verb) => `${verb}s`)]);
  return rights.includes('export') ? does : `${does}, may not download`;
}

/** The same said to the holder, after "you may": `see, not download`. @param {Right[]} rights */
export function yourRightsSaid(rights) {
  const can = listed(['see', ...verbsOf(rights)]);
  const not = verbsOf(rights, false);
  return not.length ? `${can}, not ${not.join(' or ')}` : can;
}

/** `see and download pictures and event videos`, after "may" or "can". @param {Right[]} rights */
export function mayWords(rights) {
  return `${listed(['see', ...verbsOf(rights)])} pictures and event videos`;
}

/** ` You cannot download or delete them.`, after a sentence with `mayWords`; nothing where all is allowed. @param {Right[]} rights @param {string} who with the verb */
function mayNotSaid(rights, who) {
  const verbs = verbsOf(rights, false);
  return verbs.length ? ` ${who} ${verbs.join(' or ')} them.` : '';
}

/** Their names; of many, their number. @param {{name: string}[]} cameras */
export function camerasSaid(cameras) {
  return cameras.length > 3 ? count(cameras.length, 'camera') : listed(cameras.map(({ name }) => name));
}

/** `30 November, 20:00`, `tomorrow, 20:00`. @param {number} at @param {string} zone @param {number} now @param {{twelve?: boolean}} [options] */
export function momentSaid(at, zone, now, options = {}) {
  const [day, today] = [dayOf(at, zone), dayOf(now, zone)];
  const date = day === today ? 'today' : day === addDays(today, 1) ? 'tomorrow' : dateSaid(at, zone, now);
  return `${date}, ${clock(at, zone, options)}`;
}

/** Who has the share, or for whom its link was made. @param {Pick<Share, 'name' | 'email'>} share */
export const holderName = ({ name, email }) => name ?? email;

/** The first name where nobody else of the home or its shares has it. @param {Share} share @param {{members: any[], shares: Share[]}} people */
export function holderShort(share, { members, shares }) {
  if (!share.name) return share.email;
  const others = shares.filter(({ name, email }) => name && email !== share.email);
  return shortName(share, [...members, ...others, share]);
}

/** Live ones first, then what begins, then what waits; by name. @param {Share[]} shares */
export function sharesInOrder(shares) {
  const order = ['live', 'not-begun', 'waiting'];
  return [...shares].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || holderName(a).localeCompare(holderName(b)) || a.made_at - b.made_at);
}

/** How a share stands. @param {Share} share @param {string} zone @param {number} now @param {{twelve?: boolean}} [options] */
export function stateSaid({ state, from, events, opened, link_ends_at: ends }, zone, now, options) {
  if (state === 'waiting') return ends === null ? 'not used' : `link ${ends < now ? 'ended' : 'ends'} ${dateSaid(ends, zone, now)}`;
  if (state === 'not-begun') return from === null ? 'not begun' : `begins ${momentSaid(from, zone, now, options).replace(/, 0?0:00$/, '')}`;
  return events ? `opened ${opened} of ${events}` : 'no event yet';
}

/**
 * A share in one sentence, before it is made or changed; and what happens to keys.
 * @param {{who: string, cameras: {name: string}[], rights: Right[], from: number | null, nowOn: boolean, until: number | null, zone: string, now: number, twelve?: boolean}} what
 */
export function sumUp({ who, cameras, rights, from, nowOn, until, zone, now, twelve }) {
  if (!cameras.length) return 'Choose at least one camera.';
  const options = twelve === undefined ? {} : { twelve };
  const begins = nowOn ? 'from now on' : from !== null ? `from ${momentSaid(from, zone, now, options)}` : 'also what is there already';
  const ends = until === null ? 'until you end it' : `until ${momentSaid(until, zone, now, options)}`;
  const keys = nowOn ? ` ${cameras.length === 1 ? `${cameras[0].name} gets a new key` : `${count(cameras.length, 'camera')} get new keys`}: earlier footage does not open with theirs.` : '';
  return `${who.trim() || 'Who opens the link'} may ${mayWords(rights)} of ${camerasSaid(cameras)}, ${begins}, ${ends}.${mayNotSaid(rights, 'They may not')}${keys}`;
}

/**
 * What `?why=` asks about: a member or a share, and the camera; or `none` with the words for where no chain leads. Null where nothing is asked.
 * @param {{grant: string, camera: string} | null} asked
 * @param {{members: any[], shares: Share[]}} people
 * @param {{id: string, name: string}[]} cameras
 * @returns {{member?: any, share?: Share, camera?: any, none?: {title: string, text: string}} | null}
 */
export function whyIs(asked, people, cameras) {
  if (!asked) return null;
  const camera = cameras.find(({ id }) => id === asked.camera);
  const member = people.members.find(({ id }) => id === asked.grant);
  const share = people.shares.find(({ id }) => id === asked.grant);
  if (member && camera) return { member, camera };
  if (!share || !camera) return { none: { title: 'No chain leads from this person to this camera.', text: 'One of them is not in this home any more, or the share has ended.' } };
  const shares = share.cameras.some(({ id }) => id === camera.id);
  if (shares && share.state !== 'waiting') return { share, camera };
  return { none: { title: `No chain leads from ${holderShort(share, people)} to ${camera.name}.`, text: shares ? 'The link of this share is not used yet.' : 'No share opens it.' } };
}

/** `Why can Marta see Driveway?` @param {Share} share @param {{name: string}} camera @param {{members: any[], shares: Share[]}} people */
export function shareWhyTitle(share, camera, people) {
  return `Why ${share.state === 'not-begun' ? 'will' : 'can'} ${holderShort(share, people)} see ${camera.name}?`;
}

/**
 * The chain from the holder of a share to a camera, as `whySteps` has it for members.
 * @param {{share: Share, people: {members: any[], shares: Share[]}, camera: {name: string, created_at: number}, home: {zone: string}, now: number, twelve?: boolean}} what
 * @returns {{icon: string, title: string, detail: string, opens: string, warn?: boolean}[]}
 */
export function shareSteps({ share, people, camera, home: { zone }, now, twelve }) {
  const options = twelve === undefined ? {} : { twelve };
  const short = holderShort(share, people);
  const by = byWhom(share.made_by, people.members);
  const live = share.state === 'live';
  const sameDay = share.accepted_at !== null && dayOf(share.accepted_at, zone) === dayOf(share.made_at, zone);
  const accepted = share.accepted_at === null ? '' : ` Accepted ${sameDay ? `at ${clock(share.accepted_at, zone, options)}` : whenSaid(share.accepted_at, zone, now, options)}.`;
  const several = share.cameras.length > 1 ? ` of ${count(share.cameras.length, 'camera')}` : '';
  return [
    {
      icon: 'share-network',
      title: `${by === 'you' ? 'You' : by} shared ${camerasSaid(share.cameras)} with ${short}`,
      detail: `${capital(whenSaid(share.made_at, zone, now, options))}.${accepted} Signs in as ${share.email}.`,
      opens: `${live ? 'opens' : 'will open'} ${camerasSaid(share.cameras)}, no other camera`,
    },
    share.now_on && {
      icon: 'clock-counter-clockwise', warn: true,
      title: 'From then on only',
      detail: `${camera.name} got a new key at ${clock(share.made_at, zone, options)}.`,
      opens: 'Earlier footage does not open with theirs',
    },
    !share.now_on && share.from !== null && {
      icon: 'clock-counter-clockwise', warn: true,
      title: `From ${momentSaid(share.from, zone, now, options)} only`,
      detail: 'The date is a rule that the server keeps.',
      opens: 'Earlier footage is closed by that rule',
    },
    {
      icon: 'security-camera',
      title: `${camera.name} belongs to this home`,
      detail: `Since ${sinceSaid(camera.created_at, zone)}.`,
      opens: live ? `opens ${count(share.events, 'event')}${several}; ${short} has opened ${share.opened}` : 'opens no event before it begins',
    },
  ].filter(Boolean);
}

/**
 * What follows from a share: may, may not, and when it ends. Key and rule are told apart.
 * @param {Share} share
 * @param {string} zone
 * @param {number} now
 * @param {{twelve?: boolean}} [options]
 */
export function shareRights(share, zone, now, options) {
  const not = verbsOf(share.rights, false);
  const one = share.cameras.length === 1;
  const keys = one ? `${share.cameras[0].name} gets a new key` : `its ${count(share.cameras.length, 'camera')} get new keys`;
  return {
    may: capital(mayWords(share.rights)),
    mayNot: capital([...not, 'see other cameras'].join(', ')),
    keptBy: `Their key opens no other camera.${not.length ? ' The rest is a rule that the server keeps.' : ''}`,
    ends: share.until === null ? 'When you end it' : `${capital(momentSaid(share.until, zone, now, options))}, or when you end it`,
    endsBy: share.until === null ? `Then ${keys}.` : `The date is a rule that the server keeps. The key itself changes when you end the share, or when an owner or adult is there after the date.`,
  };
}

/** What ending does, said beside the button that does it at once. @param {Share} share @param {string} name */
export function endEffect({ cameras, rights, state }, name) {
  const keeps = rights.includes('export') && state === 'live' ? ` What ${name} downloaded stays with ${name}.` : '';
  return `${state === 'live' ? `Ending it cuts ${name} off at once, a running video too` : 'Ending it now means that it does not begin'}. ${newKeys(cameras.length)}${keeps}`;
}

/** The question before a share ends. @param {Share} share @param {string} name */
export function endWords(share, name) {
  const loses = share.state === 'live' ? `${name} loses access now, a running video too.` : 'It does not begin.';
  const keeps = share.rights.includes('export') && share.state === 'live' ? ` What ${name} downloaded stays with ${name}.` : '';
  return { title: `End the share with ${name}?`, verb: 'End share', text: `${loses} ${newKeys(share.cameras.length)}${keeps}` };
}

/** What ending did, from the server's counts. @param {{cameras: number, devices: number}} done @param {string} name */
export function endedSaid({ cameras, devices }, name) {
  const keys = cameras && devices ? `${count(cameras, 'camera')} and ${count(devices, 'device')} got new keys.` : gotKeys(cameras);
  return `Share with ${name} ended. ${keys}`.trim();
}

/** The question before its holder gives a share up. @param {{cameras: {name: string}[], home_name: string, rights: Right[]}} share */
export function giveUpWords({ cameras, home_name: home, rights }) {
  const keeps = rights.includes('export') ? ' What you downloaded stays with you.' : '';
  return { title: `Give up ${camerasSaid(cameras)} of ${home}?`, verb: 'Give it up', text: `You lose access now, on all devices. To see ${cameras.length === 1 ? 'this camera' : 'these cameras'} again you need a new link.${keeps}` };
}

/**
 * An invitation to a share, as who opens its link reads it.
 * @param {{home_name: string, share: {cameras: string[], rights: Right[], from: number | null, until: number | null}}} invitation
 * @param {string} zone
 * @param {number} now
 * @param {{twelve?: boolean}} [options]
 * @returns {{title: string, what: string, can: string}} `what` follows who shares it
 */
export function offerWords({ home_name: home, share }, zone, now, options) {
  const { cameras, rights, from, until } = share;
  const span = [from !== null && `from ${momentSaid(from, zone, now, options)}`, until !== null && `until ${momentSaid(until, zone, now, options)}`].filter(Boolean);
  return {
    title: cameras.length === 1 ? 'A camera is shared with you' : `${count(cameras.length, 'camera')} are shared with you`,
    what: `shares ${listed(cameras)} of ${home} with you.`,
    can: `You can ${mayWords(rights)}${span.length ? `, ${span.join(', ')}` : ''}.${mayNotSaid(rights, 'You cannot')}`,
  };
}

/** Until when the holder has it, or when it begins. @param {{state: string, from: number | null, until: number | null, zone: string}} share @param {number} now @param {{twelve?: boolean}} [options] */
export function spanSaid({ state, from, until, zone }, now, options) {
  const begins = state === 'not-begun' && from !== null ? `begins ${momentSaid(from, zone, now, options)}` : '';
  const ends = until === null ? '' : `until ${momentSaid(until, zone, now, options)}`;
  return [begins, ends].filter(Boolean).join(', ') || 'no end';
}

/**
 * Whose times are not by the reader's clock; nothing where all are.
 * @param {{home_name: string, zone: string}[]} shares
 * @param {string} own
 * @param {number} now
 */
export function zonesSaid(shares, own, now) {
  const homes = new Map(shares.filter(({ zone }) => !sameClock(zone, own, now)).map(({ home_name: home, zone }) => [home, zone]));
  if (!homes.size) return '';
  const [first] = homes.values();
  if (shares.every(({ zone }) => zone === first)) return `Times in ${cityOf(first)}`;
  return `Times of ${listed([...homes].map(([home, zone]) => `${home} in ${cityOf(zone)}`))}`;
}

/** The share by which its holder sees an event, the live one if there are several. @param {any[]} shares @param {{home_id: string, camera_id: string}} event */
export function shareOf(shares, event) {
  const fits = shares.filter(({ home_id: home, cameras }) => home === event.home_id && cameras.some(({ id }) => id === event.camera_id));
  return fits.find(({ state }) => state === 'live') ?? fits[0] ?? null;
}

/** Who outside the home can see an event. @param {Share[]} shares @param {{camera_id: string, started_at: number}} event */
export function outsideOf(shares, event) {
  const opens = ({ state, cameras, from, now_on: nowOn, made_at: made }) =>
    state === 'live' && cameras.some(({ id }) => id === event.camera_id) && event.started_at >= (from ?? (nowOn ? made : -Infinity));
  return shares.filter(opens);
}

/**
 * Who can see an event, as the player says it to a member. A viewer is not told of shares.
 * @param {{camera_id: string, started_at: number}} event
 * @param {{role: string, members: any[], shares: Share[]}} people
 * @returns {{title: string, text: string, short: string, more: string}}
 */
export function seenBy(event, people) {
  const { members, role } = people;
  const alone = members.length === 1 && members[0].you;
  const who = listed(members.map((member) => (member.you && members.length === 1 ? 'You' : firstName(member.name))));
  const outside = [...new Set(outsideOf(people.shares, event).map((share) => holderShort(share, people)))];
  return {
    title: 'Who can see this',
    text: alone ? 'You, as a member.' : `${who}, as members.`,
    short: `${who} can see this.`,
    more: role === 'viewer' ? 'Owners and adults see with whom its camera is shared.' : outside.length ? `${listed(outside)}, outside this home, by a share.` : 'Nobody outside this home.',
  };
}

/**
 * Why the holder of a share sees an event.
 * @param {any} share as the account's own list has it
 * @param {number} now
 * @param {{twelve?: boolean}} [options]
 */
export function seenByShare(share, now, options) {
  const text = `${share.shared_by} shares ${camerasSaid(share.cameras)} of ${share.home_name} with you.`;
  return { title: 'Why you can see this', text, short: text, more: `You can ${mayWords(share.rights)}.${mayNotSaid(share.rights, 'You cannot')} ${capital(spanSaid(share, now, options))}.` };
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
