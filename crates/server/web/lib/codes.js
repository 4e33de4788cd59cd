import { byWhom, roleName } from './people.js';
import { clock, whenSaid } from './time.js';

/**
 * Invitations by QR code, in words. Everything here is pure; the server decides.
 * @typedef {{id: string, role: 'owner' | 'adult' | 'viewer', made_by: string, expires_at: number, asks: {email: string, name: string, at: number} | null}} Code
 */

/**
 * A code's row among the members.
 * @param {Code} code
 * @param {any[]} members
 * @param {string} zone
 * @param {number} now
 * @param {object} [options] for tests
 */
export function codeWords(code, members, zone, now, options = {}) {
  const by = byWhom(code.made_by, members);
  if (!code.asks) {
    return { title: 'QR code, not used', made: `shown by ${by}`, role: `as ${code.role}`, ends: `ends ${clock(code.expires_at, zone, options)}` };
  }
  return { title: `${code.asks.name} wants to join`, made: code.asks.email, role: `as ${code.role}`, ends: `asked ${whenSaid(code.asks.at, zone, now, options)}` };
}

/** The question before somebody becomes a member. @param {Code} code @param {string} home */
export function askWords({ role, asks }, home) {
  return {
    title: `Let ${asks.name} in?`,
    who: `${asks.email} (${asks.name}) wants to join ${home} as ${roleName(role).toLowerCase()}.`,
    check: `Confirm only if the screen of ${asks.name} says that it waits for you. If it does not, somebody else used the code: refuse, and show a new one.`,
  };
}

/** What who asked reads. @param {{home_name: string, role: string, invited_by: string}} asked */
export function waitWords({ home_name: home, invited_by: by }) {
  return { title: `Waiting for ${by} to confirm`, text: `${by}, or another owner or adult of ${home}, sees that you want to join and says yes or no. This page goes on by itself.` };
}
