import { lockdownOf } from './lockdown.js';

/**
 * What went wrong with a request, in the words of the server's problem details (RFC 9457) or of the network.
 * `code` decides what to do, `message` and `remedy` are for people.
 */
export class Problem extends Error {
  /** @param {{code: string, status?: number, detail: string, remedy?: string, reference?: string, retryAfter?: number, field?: string, lockdown?: import('./lockdown.js').Lockdown | null}} what */
  constructor({ code, status = 0, detail, remedy = '', reference = '', retryAfter = 0, field = '', lockdown = null }) {
    super(detail);
    this.code = code;
    this.status = status;
    this.remedy = remedy;
    this.reference = reference;
    /** Seconds, 0 when the server names no time. */
    this.retryAfter = retryAfter;
    /** The field of the request that is not acceptable. */
    this.field = field;
    /** What an operator has closed; there for status 423 only. */
    this.lockdown = lockdown;
    this.at = Date.now();
  }

  get offline() { return this.code === 'offline'; }
  get signedOut() { return this.status === 401 && this.code === 'signed-out'; }
  get notFound() { return this.status === 404; }
  get lockedDown() { return this.lockdown !== null; }
  /** The account's role in the home does not allow it; it may have changed since the page was drawn. */
  get notAllowed() { return this.code === 'not-allowed'; }
  get notVerified() { return this.code === 'not-verified'; }
  /** Nothing was decided; the same request may be sent again after `retryAfter`. */
  get busy() { return this.status === 503 || this.status === 429; }
}

/** What helps, where the server does not say it. @type {Record<string, string>} */
const REMEDIES = {
  'not-allowed': 'Ask an owner of this home.',
  'last-owner': 'Make another member owner first.',
  'already-member': 'The page People shows them.',
  'link-used': 'Ask who invited you for a new one.',
};

/** @returns {Problem} */
export function offlineProblem() {
  return new Problem({ code: 'offline', detail: 'No connection to the server.', remedy: 'Check the network. This page goes on by itself.' });
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
export async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy's own error page; the status has to do.
  }
  return new Problem({
    code: body.code ?? (response.status === 404 ? 'not-found' : 'unknown'),
    status: response.status,
    detail: withoutField(body.detail) || body.title || `The server answered with status ${response.status}.`,
    remedy: body.remedy || REMEDIES[body.code] || '',
    reference: body.reference ?? '',
    field: body.field ?? '',
    retryAfter: retryAfterSeconds(response.headers.get('Retry-After')),
    lockdown: response.status === 423 ? lockdownOf(body.lockdown) : null,
  });
}

/** People see the field that is meant, not its name in the API. @param {string | undefined} detail `` `email`: this link is for another address. `` */
function withoutField(detail = '') {
  return detail.replace(/^`[a-z_]+`: (.)/, (_, first) => first.toUpperCase());
}

/**
 * Seconds of a `Retry-After` in either of its forms, at least 1 and at most an hour; 0 without one.
 * @param {string | null} header
 * @param {number} [now] milliseconds
 */
export function retryAfterSeconds(header, now = Date.now()) {
  if (!header) return 0;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000);
  if (!Number.isFinite(seconds)) return 0;
  return Math.min(3600, Math.max(1, seconds));
}
