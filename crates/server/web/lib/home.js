import { api } from './api.js';
import { onChange } from './live.js';
import { put, refresh, useQuery } from './query.js';
import { navigate } from './router.js';

/** What every page of a home needs; asked once, shared, kept fresh by live updates. */

export const mePath = '/me';
export const sessionsPath = '/sessions';
export const tokensPath = '/tokens';
/** What is shared with the account. */
export const sharesPath = '/shares';
/** @param {string} home */
export const homePath = (home) => `/homes/${encodeURIComponent(home)}`;
/** @param {string} home */
export const camerasPath = (home) => `/cameras?home=${encodeURIComponent(home)}`;
/** @param {string} home */
export const devicesPath = (home) => `${homePath(home)}/devices`;
/** @param {string} home */
export const peoplePath = (home) => `${homePath(home)}/people`;
/** @param {string} home @param {string} day */
export const dayPath = (home, day) => `${homePath(home)}/days/${day}`;

export const useMe = () => useQuery(mePath);
export const useSessions = () => useQuery(sessionsPath);
export const useTokens = () => useQuery(tokensPath);
export const useShares = () => useQuery(sharesPath);
/** @param {string} home */
export const useHome = (home) => useQuery(homePath(home), { home, topics: ['cameras', 'devices', 'people'] });
/** @param {string} home */
export const useCameras = (home) => useQuery(camerasPath(home), { home, topics: ['cameras', 'devices'] });
/** @param {string} home */
export const useDevices = (home) => useQuery(devicesPath(home), { home, topics: ['devices', 'cameras'] });
/** @param {string} home */
export const usePeople = (home) => useQuery(peoplePath(home), { home, topics: ['people', 'devices'] });
/** @param {string} home @param {string | null} day */
export const useDay = (home, day) => useQuery(day ? dayPath(home, day) : null, { home, topics: ['events', 'cameras'] });

/** Whether an answer tells who is let in to the account. @param {string} path */
export const ofAccount = (path) => path === mePath || path === sessionsPath || path === tokensPath;

/** Whether somebody in this role may change cameras, devices and settings. @param {string | undefined} role */
export const mayManage = (role) => role === 'owner' || role === 'adult';

/** On from a home that is gone for the reader. The start page goes by the homes that are left, so they are asked for before. */
export async function startAnew() {
  const me = await api('GET', mePath).catch(() => null);
  if (me) put(mePath, me);
  else refresh((path) => path === mePath);
  navigate('/', { replace: true });
}

// One's own role, and which homes one is in, hang on the members. Of sign-ins nothing is told but that anything may have changed.
onChange(({ what }) => {
  if (what === 'people' || what === 'all') refresh(ofAccount);
});
