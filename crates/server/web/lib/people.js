import { dateName, dayOf, whenSaid } from './time.js';
import { count, firstName, listed } from './words.js';

/**
 * The members of a home: what each role may do, to whom, and why somebody sees a camera. Everything here is pure; the server decides.
 * @typedef {'owner' | 'adult' | 'viewer'} Role
 * @typedef {{id: string, name: string, email: string | null, role: Role, since: number, invited_by: string | null, you: boolean}} Member
 * @typedef {{id: string, email: string, role: Role, made_by: string, made_at: number, expires_at: number}} Invitation
 */

/** @type {Record<Role, {name: string, a: string, says: string, youWould: string, may: string, mayNot: string, keptBy: string}>} */
const ROLES = {
  owner: {
    name: 'Owner', a: 'an owner', says: 'sees and manages everything', youWould: 'see and manage everything',
    may: 'See pictures and event videos, download and delete them, manage cameras, devices, members and the home', mayNot: '', keptBy: '',
  },
  adult: {
    name: 'Adult', a: 'an adult', says: 'sees, manages, invites', youWould: 'see everything, manage cameras and devices, and invite others',
    may: 'See pictures and event videos, download and delete them, manage cameras, devices and the home, invite adults and viewers', mayNot: 'Invite, change or remove owners', keptBy: 'That is a rule that the server keeps.',
  },
  viewer: {
    name: 'Viewer', a: 'a viewer', says: 'sees', youWould: 'see every camera and its events',
    may: 'See pictures and event videos, download them', mayNot: 'Delete, manage anything, invite', keptBy: 'The key of a viewer does not open what that takes.',
  },
};

/** @type {Role[]} */
const ORDER = ['owner', 'adult', 'viewer'];

/** @param {string} role */
const wordsOf = (role) => ROLES[role] ?? { name: role, a: role, says: '', youWould: '', may: '', mayNot: '', keptBy: '' };

/** `Adult: sees, manages, invites`. @param {Role} role */
export function roleSays(role) {
  const { name, says } = wordsOf(role);
  return says ? `${name}: ${says}` : name;
}

/** `Adult`. @param {Role} role */
export const roleName = (role) => wordsOf(role).name;

/** `an adult`. @param {Role} role */
export const aRole = (role) => wordsOf(role).a;

/** What somebody in this role does, after "you". @param {Role} role */
export const youWould = (role) => wordsOf(role).youWould;

/** The roles that somebody in this role may invite. @param {Role} asker @returns {Role[]} */
export function invitableBy(asker) {
  if (asker === 'owner') return ORDER;
  return asker === 'adult' ? ['adult', 'viewer'] : [];
}

/**
 * The roles that the asker may give a member instead of the present one.
 * @param {Role} asker
 * @param {Pick<Member, 'role' | 'you'>} member
 * @returns {Role[]}
 */
export function rolesFor(asker, member) {
  if (member.you) return [];
  const mine = invitableBy(asker);
  return mine.includes(member.role) ? mine.filter((role) => role !== member.role) : [];
}

/** Whether the asker may remove another member. @param {Role} asker @param {Pick<Member, 'role' | 'you'>} member */
export function mayRemove(asker, member) {
  return !member.you && invitableBy(asker).includes(member.role);
}

/**
 * Whether the reader may leave. A home keeps an owner: its only member stays, its only owner first hands over.
 * @param {Pick<Member, 'role' | 'you'>[]} members
 * @returns {'may' | 'hand-over' | 'alone'}
 */
export function leaving(members) {
  const you = members.find((member) => member.you);
  if (!you || members.length === 1) return 'alone';
  const owners = members.filter(({ role }) => role === 'owner').length;
  return you.role === 'owner' && owners === 1 ? 'hand-over' : 'may';
}

/** `AB` for Anna Berg. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  const first = ([text = '']) => text;
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : '')).toUpperCase();
}

/** The first name where it names one member only, else the whole. @param {Pick<Member, 'name'>} member @param {Pick<Member, 'name'>[]} members */
export function shortName({ name }, members) {
  const first = firstName(name);
  return members.filter((other) => firstName(other.name) === first).length > 1 ? name : first;
}

/** Yourself first, then by role, then by name. @param {Member[]} members */
export function inOrder(members) {
  return [...members].sort((a, b) => Number(b.you) - Number(a.you) || ORDER.indexOf(a.role) - ORDER.indexOf(b.role) || a.name.localeCompare(b.name));
}

/** `4 cameras get new keys.` @param {number} n */
export function newKeys(n) {
  if (!n) return 'The home gets a new key.';
  return n === 1 ? '1 camera gets a new key.' : `${count(n, 'camera')} get new keys.`;
}

/** `4 cameras got new keys.`, from the server's count. @param {number} n */
export function gotKeys(n) {
  return n ? `${count(n, 'camera')} got ${n === 1 ? 'a new key' : 'new keys'}.` : '';
}

/**
 * The question before a member is removed.
 * @param {string} name
 * @param {number} cameras
 */
export function removeWords(name, cameras) {
  return { title: `Remove ${name}?`, verb: 'Remove', text: `${name} loses access now, on all devices. ${newKeys(cameras)} Open invitations and pairing codes end. What ${name} downloaded stays with ${name}.` };
}

/** The question before one leaves. New keys are made by who stays. @param {string} home */
export function leaveWords(home) {
  return { title: `Leave ${home}?`, verb: 'Leave', text: 'You lose access now, on all devices. The home gets new keys when an owner or adult is there next. What you downloaded stays with you. To come back you need a new invitation.' };
}

/**
 * The question before a role changes, where it cannot simply be changed back; null where it can.
 * @param {string} name
 * @param {Role} role the new one
 * @param {number} cameras
 * @returns {{title: string, verb: string, text: string, danger: boolean} | null}
 */
export function roleQuestion(name, role, cameras) {
  if (role === 'viewer') {
    const keys = cameras ? `The home and its ${count(cameras, 'camera')} get new keys.` : newKeys(0);
    return { title: `Make ${name} a viewer?`, verb: 'Make viewer', danger: true, text: `${name} still sees every camera, but can no longer delete, manage or invite. ${keys} Open invitations and pairing codes end.` };
  }
  if (role === 'owner') return { title: `Make ${name} an owner?`, verb: 'Make owner', danger: false, text: `${name} may then do all that you may: also change your role, and remove you.` };
  return null;
}

/** Since when, with its year: it may be long ago. @param {number} at @param {string} zone */
export function sinceSaid(at, zone) {
  return dateName(dayOf(at, zone), { thisYear: '-' });
}

/** A day in the home's zone, with its year when it is another. @param {number} at @param {string} zone @param {number} now */
export function dateSaid(at, zone, now) {
  return dateName(dayOf(at, zone), { thisYear: dayOf(now, zone).slice(0, 4) });
}

/** Who invited: `you` where the name is yours alone. @param {string} name @param {Member[]} members */
export function byWhom(name, members) {
  const [one, ...others] = members.filter((member) => member.name === name);
  return one?.you && !others.length ? 'you' : name;
}

/**
 * A pending invitation, in words.
 * @param {Invitation} invitation
 * @param {Member[]} members
 * @param {string} zone
 * @param {number} now
 */
export function invitationWords(invitation, members, zone, now) {
  return {
    title: `Invitation for ${invitation.email}, not used`,
    made: `made by ${byWhom(invitation.made_by, members)} ${whenSaid(invitation.made_at, zone, now)}`,
    role: `as ${invitation.role}`,
    ends: `${invitation.expires_at < now ? 'ended' : 'ends'} ${dateSaid(invitation.expires_at, zone, now)}`,
  };
}

/** What devices that are away mean after somebody was removed. @param {string[]} names */
export function waitingWords(names) {
  const one = names.length === 1;
  return {
    title: `${listed(names)} ${one ? 'has' : 'have'} not fetched ${one ? 'its' : 'their'} new keys yet.`,
    text: `Until ${one ? 'it has' : 'they have'}, what ${one ? 'it records' : 'they record'} is closed to who was removed by rule, not yet by key.`,
  };
}

/** Whose grant and which camera `?why=` asks about; the grant is that of a member or a share. @param {string | null} text `{grant}.{camera}` */
export function whyOf(text) {
  const [grant, camera, ...more] = (text ?? '').split('.');
  return grant && camera && !more.length ? { grant, camera } : null;
}

/** @param {string} grant @param {string} camera */
export const whyText = (grant, camera) => `${grant}.${camera}`;

/** `Why can Tom see Driveway?` @param {Member} member @param {{name: string}} camera @param {Member[]} members */
export function whyTitle(member, camera, members) {
  return `Why can ${member.you ? 'you' : shortName(member, members)} see ${camera.name}?`;
}

/**
 * The chain from a member to a camera: each step a fact, since when, by whom, and what it opens.
 * @param {{member: Member, members: Member[], camera: {name: string, created_at: number, events?: number}, home: {zone: string}}} what
 * @returns {{icon: string, title: string, detail: string, opens: string}[]}
 */
export function whySteps({ member, members, camera, home }) {
  const is = member.you ? 'You are' : `${shortName(member, members)} is`;
  const by = member.invited_by ? `, invited by ${byWhom(member.invited_by, members)}` : '';
  const as = member.email ? ` ${member.you ? 'You sign' : 'Signs'} in as ${member.email}.` : '';
  return [
    {
      icon: 'user',
      title: `${is} ${aRole(member.role)} of this home`,
      detail: `Member since ${sinceSaid(member.since, home.zone)}${by}.${as}`,
      opens: member.role === 'viewer' ? 'opens the home, for viewing' : 'opens the home’s key',
    },
    {
      icon: 'security-camera',
      title: `${camera.name} belongs to this home`,
      detail: `Since ${sinceSaid(camera.created_at, home.zone)}.`,
      opens: camera.events ? `opens its ${count(camera.events, 'event')}` : 'opens its events',
    },
  ];
}

/**
 * What follows from the role: may, may not, and when it ends. Key and rule are told apart.
 * @param {Pick<Member, 'role' | 'you'>} member
 * @returns {{may: string, mayNot: string, keptBy: string, ends: string}}
 */
export function rightsOf({ role, you }) {
  const { may, mayNot, keptBy } = wordsOf(role);
  return { may, mayNot, keptBy, ends: you ? 'When you leave or are removed' : 'When they leave or are removed' };
}
