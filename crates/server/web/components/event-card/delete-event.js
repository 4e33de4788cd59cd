import { api } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { clock } from '../../lib/time.js';
import { labelWords } from '../../lib/words.js';
import { toast } from '../feedback/toast.js';
import { Confirm } from '../overlay/dialog.js';

/**
 * Asks before an event is deleted, and deletes it.
 * @param {{event: any, zone: string, onDeleted: () => void, onClose: () => void}} props
 */
export function DeleteEvent({ event, zone, onDeleted, onClose }) {
  const remove = async () => {
    await api('DELETE', `/events/${event.id}`);
    onDeleted();
    toast('Event deleted.');
  };
  return html`
    <${Confirm} title="Delete this event?" verb="Delete" onConfirm=${remove} onClose=${onClose}>
      <p><b>${labelWords(event.label).name}, ${event.camera_name}, ${clock(event.started_at, zone, { seconds: true })}.</b> Its picture and video are erased for everybody who can see it, at once. What was downloaded stays where it is.</p>
    <//>`;
}
