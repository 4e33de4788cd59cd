import { cityOf, clock } from '../../lib/time.js';

/** Every zone that the browser knows, as options, with its present time so that one can be recognised. @param {string} chosen always among them */
export function zoneOptions(chosen) {
  const known = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
  const zones = new Set([...known, 'UTC', chosen].filter(Boolean));
  const now = Date.now() * 1000;
  return [...zones].sort().map((zone) => {
    const [region, ...rest] = zone.split('/');
    const name = rest.length ? `${cityOf(zone)} (${region}${rest.length > 1 ? `, ${rest[0].replaceAll('_', ' ')}` : ''})` : zone;
    return { value: zone, label: `${name}, now ${clock(now, zone)}` };
  }).sort((a, b) => a.label.localeCompare(b.label));
}
