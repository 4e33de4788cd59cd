/** What a home said to be no event: when to offer a remedy, in words. */

/** From so many in a week on, somebody is asked whether the camera should see less. */
const MANY = 3;

/** The cameras of which so much was no event lately that it can be helped, the worst first. @param {any[]} cameras */
export function oftenNot(cameras) {
  return cameras.filter(({ not_events_week: n }) => n >= MANY).sort((a, b) => b.not_events_week - a.not_events_week);
}

/** `5 events of Main path were said to be none in the last week.` @param {{name: string, not_events_week: number}} camera */
export function notEventsWords({ name, not_events_week: n }) {
  return `${n} events of ${name} were said to be none in the last week.`;
}
