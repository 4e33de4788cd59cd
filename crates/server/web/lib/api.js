import { connection } from './connection.js';
import { offlineProblem, problemOf } from './problem.js';
import { endSession, sessionValue } from './session.js';

const BASE = '/api/v1';

/**
 * An address of the API, with its query and the session's `s`.
 * @param {string} path below `/api/v1`, perhaps with a query
 * @param {Record<string, string | number | null | undefined>} [query] empty values are left out
 * @param {string | null} [s] another value than the session's
 */
export function apiUrl(path, query = {}, s = sessionValue()) {
  const [bare, own = ''] = path.split('?');
  const params = new URLSearchParams(own);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  if (s) params.set('s', s);
  const text = params.toString();
  return BASE + bare + (text ? `?${text}` : '');
}

/**
 * A media address as the server wrote it, with `s` where it lacks one, and more parameters if wanted.
 * @param {string} url
 * @param {Record<string, string>} [more]
 */
export function mediaUrl(url, more = {}) {
  const [path, query = ''] = url.split('?');
  const params = new URLSearchParams(query);
  const s = sessionValue();
  if (s && !params.has('s')) params.set('s', s);
  for (const [name, value] of Object.entries(more)) params.set(name, value);
  return `${path}?${params}`;
}

/**
 * One request. Resolves with the JSON (undefined for 204), rejects with a `Problem`.
 * @param {'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} method
 * @param {string} path below `/api/v1`
 * @param {{query?: Record<string, string | number | null | undefined>, body?: unknown, signal?: AbortSignal, s?: string | null}} [options] `s`: of a visit, where it is not the session's
 */
export async function api(method, path, { query, body, signal, s } = {}) {
  let response;
  try {
    response = await fetch(apiUrl(path, query, s), {
      method,
      signal,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: body === undefined ? { Accept: 'application/json' } : { Accept: 'application/json', 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    connection.lost();
    throw offlineProblem();
  }
  connection.back();
  if (response.ok) return response.status === 204 ? undefined : response.json();
  const problem = await problemOf(response);
  if (problem.signedOut) endSession();
  throw problem;
}
