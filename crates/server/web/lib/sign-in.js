import { api } from './api.js';
import { keepSession, newPageHalf } from './session.js';

/**
 * A browser's sign-in: the page makes its half, and keeps it only when the server has taken it.
 * @param {string} email
 * @param {string} password
 * @throws {import('./problem.js').Problem}
 */
export async function signIn(email, password) {
  const half = newPageHalf();
  const answer = await api('POST', '/sessions', { body: { email, password, page_half: half } });
  keepSession(half, answer);
}
