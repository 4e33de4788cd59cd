import { mediaUrl } from './api.js';

/** No camera, or no time, in particular. */
export const ALL = 'all';

/** The address of an archive. @param {{home?: string, shared?: boolean, camera?: string, days?: string, now: number}} which `now`: ms */
export function exportUrl({ home, shared, camera, days, now }) {
  const more = {};
  if (home) more.home = home;
  if (shared) more.shared = '1';
  if (camera && camera !== ALL) more.camera = camera;
  if (days && days !== ALL) more.after = String((now - Number(days) * 24 * 3600 * 1000) * 1000);
  return mediaUrl('/api/v1/export', more);
}
