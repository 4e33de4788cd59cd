import { api } from '../../lib/api.js';
import { mePath, peoplePath } from '../../lib/home.js';
import { html, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { endedSaid, endWords, holderShort } from '../../lib/shares.js';
import { toast } from '../feedback/toast.js';
import { Confirm } from '../overlay/dialog.js';
import { ChangeShare } from './change-share.js';

/**
 * What may be done to shares, with what is asked before.
 * @param {any} home
 * @param {{members: any[], shares: any[]}} people
 * @param {(share: string) => void} onEnded
 */
export function useShareChange(home, people, onEnded) {
  const [asking, setAsking] = useState(null);
  const [problem, setProblem] = useState(null);
  const nameOf = (share) => holderShort(share, people);
  const renew = () => refresh((path) => path === peoplePath(home.id) || path === mePath);
  const close = () => setAsking(null);
  const end = async (share) => {
    const done = await api('DELETE', `/homes/${encodeURIComponent(home.id)}/shares/${share.id}`);
    renew();
    onEnded(share.id);
    toast(share.state === 'waiting' ? `Share for ${share.email} withdrawn. Its link no longer works.` : endedSaid(done, nameOf(share)));
  };
  const dialog = () => {
    const share = asking?.share;
    if (asking?.how === 'edit') {
      const done = () => {
        renew();
        toast('Saved.');
        close();
      };
      return html`<${ChangeShare} home=${home} share=${share} name=${nameOf(share)} onDone=${done} onClose=${close} />`;
    }
    if (!share) return null;
    const { title, verb, text } = endWords(share, nameOf(share));
    return html`<${Confirm} title=${title} verb=${verb} onConfirm=${() => end(share)} onClose=${close}><p>${text}</p><//>`;
  };
  return {
    problem,
    dialog: dialog(),
    edit: (share) => setAsking({ how: 'edit', share }),
    /** Asks first. */
    end: (share) => setAsking({ how: 'end', share }),
    /** At once, where the effect is said beside the button. Rejects with a `Problem`. */
    endNow: end,
    // What is not asked about first has no dialog to say that it failed.
    withdraw: (share) => {
      setProblem(null);
      end(share).catch((failure) => {
        setProblem(failure);
        renew();
      });
    },
  };
}
