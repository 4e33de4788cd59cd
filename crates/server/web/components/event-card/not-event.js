import { api } from '../../lib/api.js';
import { camerasPath } from '../../lib/home.js';
import { html } from '../../lib/html.js';
import { notEventsWords, oftenNot } from '../../lib/not-events.js';
import { refresh } from '../../lib/query.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';

/** Most cameras that are named above the list. */
const SHOWN_MAX = 2;

/**
 * Says that an event is none, or that it is one after all. It leaves the list that it is in; nothing of it is erased.
 * @param {any} event
 * @param {{onDone: () => void, onUndone?: () => void, onProblem: (problem: any) => void}} then
 */
export async function sayNotEvent(event, { onDone, onUndone, onProblem }) {
  const say = (not) => api('PATCH', `/events/${event.id}`, { body: { not_an_event: not } });
  const done = () => refresh((path) => path === camerasPath(event.home_id));
  const undo = async () => {
    try {
      await say(event.not_an_event);
      onUndone?.();
      done();
    } catch (problem) {
      onProblem(problem);
    }
  };
  try {
    await say(!event.not_an_event);
    onDone();
    done();
    toast(event.not_an_event ? 'It is in the list again.' : 'Not an event: it left the list.', undo);
  } catch (problem) {
    onProblem(problem);
  }
}

/** What says so, in a menu. @param {any} event @param {() => void} onSelect */
export function notEventItem(event, onSelect) {
  return event.not_an_event ? { label: 'It is an event', icon: 'eye', onSelect } : { label: 'Not an event', icon: 'eye-slash', onSelect };
}

/** Cameras of which much was no event lately, and what can be done. @param {{home: any, cameras: any[]}} props */
export function OftenNot({ home, cameras }) {
  return html`${oftenNot(cameras).slice(0, SHOWN_MAX).map((camera) => html`<${OftenNotOf} key=${camera.id} camera=${camera}><a class="btn" href=${`/h/${home.id}/cameras/${camera.id}#zones`}>Draw a zone</a><a class="btn btn-quiet" href=${`/h/${home.id}/cameras/${camera.id}#sensitivity`}>Change its sensitivity</a><//>`)}`;
}

/** @param {{camera: any, children?: any}} props the ways out of it */
export function OftenNotOf({ camera, children }) {
  return html`<div class="notice notice-quiet often-not"><${Icon} name="eye-slash" /><div><p><b>${notEventsWords(camera)}</b> It may see less: leave out a part of its picture, or let it be less sensitive.</p><div class="notice-actions">${children}</div></div></div>`;
}
