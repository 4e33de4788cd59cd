import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDays, boundsOf, cityOf, clock, clockParts, dateLocale, dayName, dayOf, duration, instantOf, isDay, offsetOf, repeatOf, sameClock, spokenDuration, usesTwelveHours, when } from '../lib/time.js';

const HOUR = 3_600_000_000;
const at = (text) => Date.parse(text) * 1000;

test('an instant belongs to the day of the home, not of the viewer', () => {
  assert.equal(dayOf(at('2026-11-23T23:30:00Z'), 'Europe/Berlin'), '2026-11-24');
  assert.equal(dayOf(at('2026-11-23T23:30:00Z'), 'America/New_York'), '2026-11-23');
  assert.equal(dayOf(at('2026-11-23T10:30:00Z'), 'Pacific/Auckland'), '2026-11-23');
  assert.equal(dayOf(at('2026-11-23T11:30:00Z'), 'Pacific/Auckland'), '2026-11-24');
});

test('days have 23, 24 or 25 hours', () => {
  const hours = (day, zone) => { const [a, b] = boundsOf(day, zone); return (b - a) / HOUR; };
  assert.equal(hours('2026-11-23', 'Europe/Berlin'), 24);
  assert.equal(hours('2026-03-29', 'Europe/Berlin'), 23);
  assert.equal(hours('2026-10-25', 'Europe/Berlin'), 25);
  assert.equal(hours('2026-11-01', 'America/New_York'), 25);
  assert.equal(hours('2026-10-04', 'Australia/Lord_Howe'), 23.5);
  assert.equal(boundsOf('2026-11-23', 'Europe/Berlin')[0], at('2026-11-22T23:00:00Z'));
});

test('an hour that does not come falls on the moment after the jump', () => {
  const jump = at('2026-03-29T01:00:00Z');
  assert.equal(instantOf('2026-03-29', 3, 'Europe/Berlin'), jump);
  assert.equal(dayOf(instantOf('2026-03-29', 2, 'Europe/Berlin'), 'Europe/Berlin'), '2026-03-29');
});

test('the hour that comes twice is told apart', () => {
  const zone = 'Europe/Berlin';
  assert.equal(clock(at('2026-10-25T00:30:00Z'), zone, { twelve: false }), '02:30 (first)');
  assert.equal(clock(at('2026-10-25T01:30:00Z'), zone, { twelve: false }), '02:30 (second)');
  assert.equal(repeatOf(at('2026-10-24T23:59:59Z'), zone), null);
  assert.equal(repeatOf(at('2026-10-25T02:00:00Z'), zone), null);
  assert.equal(repeatOf(at('2026-03-29T01:30:00Z'), zone), null);
  assert.equal(clock(at('2026-11-01T05:10:00Z'), 'America/New_York', { twelve: true }), '1:10 am (first)');
});

test('offsets east and west, whole and half', () => {
  assert.equal(offsetOf(at('2026-11-23T12:00:00Z'), 'Asia/Kolkata') / HOUR, 5.5);
  assert.equal(offsetOf(at('2026-07-01T12:00:00Z'), 'America/New_York') / HOUR, -4);
});

test('clocks in twelve and twenty-four hours', () => {
  const noon = at('2026-11-23T16:02:44.270Z');
  assert.deepEqual(clockParts(noon, 'Europe/Berlin', { twelve: false }), { minutes: '17:02', seconds: ':44', suffix: '' });
  assert.deepEqual(clockParts(noon, 'Europe/Berlin', { twelve: true, tenths: true }), { minutes: '5:02', seconds: ':44.2', suffix: 'pm' });
  assert.equal(clock(at('2026-11-22T23:05:00Z'), 'Europe/Berlin', { twelve: true }), '12:05 am');
  assert.equal(clock(at('2026-11-22T23:05:00Z'), 'Europe/Berlin', { twelve: false }), '00:05');
  assert.equal(usesTwelveHours('en-US'), true);
  assert.equal(usesTwelveHours('de-DE'), false);
});

test('names of days', () => {
  assert.equal(dayName('2026-11-23', { locale: 'en-GB' }), 'Monday 23 November');
  assert.match(dayName('2025-11-23', { locale: 'en-GB', thisYear: '2026' }), /^Sunday,? 23 November 2025$/);
  assert.equal(dateLocale(['de-DE', 'en-US']), 'en-US');
  assert.equal(dateLocale(['de-DE']), 'en-GB');
});

test('days step over months, years and clock changes', () => {
  assert.equal(addDays('2026-10-25', 1), '2026-10-26');
  assert.equal(addDays('2026-03-01', -1), '2026-02-28');
  assert.equal(addDays('2026-12-31', 1), '2027-01-01');
  assert.equal(isDay('2026-02-29'), false);
  assert.equal(isDay('2028-02-29'), true);
  assert.equal(isDay('today'), false);
});

test('durations', () => {
  assert.equal(duration(12_040_000), '12 s');
  assert.equal(duration(64_000_000), '1 min 4 s');
  assert.equal(duration(120_000_000), '2 min');
  assert.equal(duration(7_500_000_000), '2 h 5 min');
  assert.equal(spokenDuration(1_000_000), '1 second');
  assert.equal(spokenDuration(61_000_000), '1 minute 1 second');
});

test('a state since when', () => {
  const now = at('2026-11-23T16:06:00Z');
  assert.equal(when(at('2026-11-23T14:02:00Z'), 'Europe/Berlin', now).replace(/ [ap]m$/, ''), clock(at('2026-11-23T14:02:00Z'), 'Europe/Berlin').replace(/ [ap]m$/, ''));
  assert.match(when(at('2026-11-20T08:12:00Z'), 'Europe/Berlin', now), /^Friday /);
  assert.match(when(at('2026-06-12T08:12:00Z'), 'Europe/Berlin', now), /12/);
  assert.match(when(at('2025-06-12T08:12:00Z'), 'Europe/Berlin', now), /2025/);
});

test('zones by their city and by their clock', () => {
  assert.equal(cityOf('America/Argentina/Buenos_Aires'), 'Buenos Aires');
  assert.equal(sameClock('Europe/Berlin', 'Europe/Paris', at('2026-11-23T12:00:00Z')), true);
  assert.equal(sameClock('Europe/Berlin', 'Europe/London', at('2026-11-23T12:00:00Z')), false);
});
