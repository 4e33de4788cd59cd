/**
 * Times of a home: its zone, its days, the viewer's way of writing them. Instants are microseconds since 1970 (UTC), as in the API; a day is `2026-11-23`.
 * Everything here is pure; `locale` is for tests.
 */

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** The language of dates: the viewer's English, or British English where theirs is another, because the app speaks English. */
export function dateLocale(languages = globalThis.navigator?.languages ?? []) {
  return languages.find((language) => /^en\b/i.test(language)) ?? 'en-GB';
}

/** Whether the viewer's own language writes 12 hours. @param {string} [language] */
export function usesTwelveHours(language = globalThis.navigator?.language ?? 'en-GB') {
  return new Intl.DateTimeFormat(language, { hour: 'numeric' }).resolvedOptions().hour12 ?? false;
}

function format(locale, options) {
  const key = `${locale} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

/**
 * The wall clock of an instant in a zone.
 * @param {number} at
 * @param {string} zone
 * @returns {{year: number, month: number, day: number, hour: number, minute: number, second: number}}
 */
export function wallOf(at, zone) {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  const options = { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' };
  for (const { type, value } of format('en-GB', options).formatToParts(at / 1000)) {
    if (type in parts) parts[type] = Number(value);
  }
  return parts;
}

/** How far a zone's clock is ahead of UTC at an instant, in microseconds. @param {number} at @param {string} zone */
export function offsetOf(at, zone) {
  const wall = wallOf(at, zone);
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) * 1000;
  return asUtc - Math.floor(at / 1_000_000) * 1_000_000;
}

/** The home's day of an instant. @param {number} at @param {string} zone */
export function dayOf(at, zone) {
  const { year, month, day } = wallOf(at, zone);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** The day `n` days after (or before). @param {string} day @param {number} n */
export function addDays(day, n) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + n);
  return date.toISOString().slice(0, 10);
}

/** Whether text is a real day. @param {string | null} text */
export function isDay(text) {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/**
 * The instant at which a zone's clock shows an hour of a day; the first one when the hour comes twice, the moment after the jump when it does not come.
 * @param {string} day
 * @param {number} hour 0 to 24
 * @param {string} zone
 * @param {number} [minute]
 */
export function instantOf(day, hour, zone, minute = 0) {
  const [year, month, date] = day.split('-').map(Number);
  const utc = Date.UTC(year, month - 1, date, hour, minute) * 1000;
  const before = utc - offsetOf(utc - 24 * HOUR, zone);
  const after = utc - offsetOf(utc + 24 * HOUR, zone);
  const early = Math.min(before, after);
  if (early + offsetOf(early, zone) === utc) return early;
  return Math.max(before, after);
}

/** An instant as a date and time field has it: `2026-11-30T20:00`, by the zone's clock. @param {number} at @param {string} zone */
export function fieldOf(at, zone) {
  const { hour, minute } = wallOf(at, zone);
  return `${dayOf(at, zone)}T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** The instant that a date and time field names, or null where it names none. @param {string} text @param {string} zone */
export function instantOfField(text, zone) {
  const [, day, hour, minute] = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})/.exec(text) ?? [];
  return isDay(day ?? null) ? instantOf(day, Number(hour), zone, Number(minute)) : null;
}

/** Where a day begins and ends. @param {string} day @param {string} zone @returns {[number, number]} */
export function boundsOf(day, zone) {
  return [instantOf(day, 0, zone), instantOf(addDays(day, 1), 0, zone)];
}

/**
 * Which of two: when clocks go back, an hour comes twice.
 * @param {number} at
 * @param {string} zone
 * @returns {'first' | 'second' | null}
 */
export function repeatOf(at, zone) {
  const here = offsetOf(at, zone);
  const back = here - offsetOf(at + 3 * HOUR, zone);
  if (back > 0 && offsetOf(at + back, zone) === here - back) return 'first';
  const ahead = offsetOf(at - 3 * HOUR, zone) - here;
  if (ahead > 0 && offsetOf(at - ahead, zone) === here + ahead) return 'second';
  return null;
}

/**
 * A time of day in pieces: `17:02`, `:44`, and what follows (`pm`, `(first)`).
 * @param {number} at
 * @param {string} zone
 * @param {{tenths?: boolean, twelve?: boolean}} [options]
 * @returns {{minutes: string, seconds: string, suffix: string}}
 */
export function clockParts(at, zone, { tenths = false, twelve = usesTwelveHours() } = {}) {
  const wall = wallOf(at, zone);
  const hour = twelve ? wall.hour % 12 || 12 : wall.hour;
  const minutes = `${twelve ? hour : String(hour).padStart(2, '0')}:${String(wall.minute).padStart(2, '0')}`;
  const tenth = tenths ? `.${Math.floor((((at % 1_000_000) + 1_000_000) % 1_000_000) / 100_000)}` : '';
  const repeat = repeatOf(at, zone);
  const suffix = [twelve ? (wall.hour < 12 ? 'am' : 'pm') : '', repeat ? `(${repeat})` : ''].filter(Boolean).join(' ');
  return { minutes, seconds: `:${String(wall.second).padStart(2, '0')}${tenth}`, suffix };
}

/** `17:02`, `5:02 pm`, `02:30 (first)`. @param {number} at @param {string} zone @param {{seconds?: boolean, tenths?: boolean, twelve?: boolean}} [options] */
export function clock(at, zone, options = {}) {
  const parts = clockParts(at, zone, options);
  const time = options.seconds || options.tenths ? parts.minutes + parts.seconds : parts.minutes;
  return parts.suffix ? `${time} ${parts.suffix}` : time;
}

/** `Monday 23 November`, with the year when it is not `thisYear`. @param {string} day @param {{thisYear?: string, locale?: string}} [options] */
export function dayName(day, { thisYear = day.slice(0, 4), locale = dateLocale() } = {}) {
  const options = { timeZone: 'UTC', weekday: 'long', day: 'numeric', month: 'long', ...(day.startsWith(thisYear) ? {} : { year: 'numeric' }) };
  return format(locale, options).format(new Date(`${day}T12:00:00Z`));
}

/** `23 November`, with the year when it is not `thisYear`. @param {string} day @param {{thisYear?: string, locale?: string}} [options] */
export function dateName(day, { thisYear = day.slice(0, 4), locale = dateLocale() } = {}) {
  const options = { timeZone: 'UTC', day: 'numeric', month: 'long', ...(day.startsWith(thisYear) ? {} : { year: 'numeric' }) };
  return format(locale, options).format(new Date(`${day}T12:00:00Z`));
}

/** `November 2026`. @param {string} month `2026-11` @param {{locale?: string}} [options] */
export function monthName(month, { locale = dateLocale() } = {}) {
  return format(locale, { timeZone: 'UTC', month: 'long', year: 'numeric' }).format(new Date(`${month}-15T12:00:00Z`));
}

/**
 * When, as said beside a state: the clock for today, clock and date for other days of this year, else the date.
 * @param {number} at
 * @param {string} zone
 * @param {number} now
 */
export function when(at, zone, now) {
  const day = dayOf(at, zone);
  const today = dayOf(now, zone);
  if (day === today) return clock(at, zone);
  if (now - at < 6 * 24 * HOUR && at < now) return `${format(dateLocale(), { timeZone: zone, weekday: 'long' }).format(at / 1000)} ${clock(at, zone)}`;
  return dateName(day, { thisYear: today.slice(0, 4) });
}

/**
 * When, as said within a sentence: `today at 19:20`, `yesterday at 08:12`, `on Friday 20 November at 08:12`.
 * @param {number} at
 * @param {string} zone
 * @param {number} now
 * @param {{twelve?: boolean, locale?: string}} [options]
 */
export function whenSaid(at, zone, now, options = {}) {
  const [day, today] = [dayOf(at, zone), dayOf(now, zone)];
  const { locale = dateLocale() } = options;
  const date = day === today ? 'today' : day === addDays(today, -1) ? 'yesterday' : `on ${dayName(day, { thisYear: today.slice(0, 4), locale })}`;
  return `${date} at ${clock(at, zone, options)}`;
}

/** `12 s`, `1 min 4 s`, `2 h 5 min`. @param {number} micros */
export function duration(micros) {
  const seconds = Math.max(0, Math.round(micros / 1_000_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return seconds % 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${seconds / 60} min`;
  const minutes = Math.round(seconds / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** `12 seconds`, for speech. @param {number} micros */
export function spokenDuration(micros) {
  const seconds = Math.max(0, Math.round(micros / 1_000_000));
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  const part = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
  if (!minutes) return part(rest, 'second');
  return rest ? `${part(minutes, 'minute')} ${part(rest, 'second')}` : part(minutes, 'minute');
}

/** The city of a zone: `Europe/Berlin` is `Berlin`. @param {string} zone */
export function cityOf(zone) {
  return (zone.split('/').pop() ?? zone).replaceAll('_', ' ');
}

/** The viewer's own zone. */
export function viewerZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Whether two zones show the same clock at an instant. @param {string} a @param {string} b @param {number} at */
export function sameClock(a, b, at) {
  return a === b || offsetOf(at, a) === offsetOf(at, b);
}
