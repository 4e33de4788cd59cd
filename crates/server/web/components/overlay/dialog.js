import { html, useLayoutEffect, useRef, useState } from '../../lib/html.js';
import { ProblemLine } from '../feedback/states.js';
import { Icon } from '../icon/icon.js';

/**
 * A modal, closed by Esc, its own buttons, or a press beside it; the focus returns to where it was.
 * @param {{title: string, onClose: () => void, class?: string, stays?: boolean, children?: any}} props `stays`: a press beside it does not close it
 */
export function Modal({ title, onClose, class: extra = '', stays = false, children }) {
  const box = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const element = box.current;
    element.showModal();
    return () => {
      // While it is open nothing beside it takes the focus.
      element.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const beside = (event) => event.target === box.current && !stays && onClose();
  return html`
    <dialog ref=${box} class=${`dialog ${extra}`} aria-labelledby="dialog-title" onCancel=${(event) => { event.preventDefault(); onClose(); }} onMouseDown=${beside}>
      <div class="dialog-box">
        <h2 id="dialog-title" class="dialog-title">${title}</h2>
        ${children}
      </div>
    </dialog>`;
}

/**
 * Asks before what cannot be undone: the effect in numbers, the verb on the button, the focus on Cancel.
 * @param {{title: string, verb: string, danger?: boolean, cancel?: string, ready?: boolean, trouble?: (problem: import('../../lib/problem.js').Problem) => any, onConfirm: () => Promise<void>, onClose: () => void, children?: any}} props
 * `onConfirm` rejects with a `Problem`; `trouble`: what is drawn of it, if not the usual line; `danger`: something is lost; `cancel`: the word on the button that does nothing; `ready`: what must be filled in is
 */
export function Confirm({ title, verb, danger = true, cancel = 'Cancel', ready = true, trouble = usual, onConfirm, onClose, children }) {
  const [state, setState] = useState({ busy: false, problem: null });
  const confirm = async (event) => {
    event.preventDefault();
    if (!ready || state.busy) return;
    setState({ busy: true, problem: null });
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  return html`
    <${Modal} title=${title} onClose=${onClose}>
      <form class="stack" onSubmit=${confirm} novalidate>
        <div class="dialog-text">${children}</div>
        ${state.problem && trouble(state.problem)}
        <div class="dialog-buttons">
          <button type="button" class="btn" autofocus onClick=${onClose}>${cancel}</button>
          <button class=${danger ? 'btn btn-danger-fill' : 'btn btn-primary'} disabled=${state.busy || !ready}>${verb}</button>
        </div>
      </form>
    <//>`;
}

const usual = (problem) => html`<${ProblemLine} problem=${problem} />`;

/** A modal that is no question. @param {{title: string, onClose: () => void, stays?: boolean, class?: string, children?: any}} props */
export function Sheet({ title, onClose, stays = false, class: extra = '', children }) {
  return html`
    <${Modal} title=${title} onClose=${onClose} stays=${stays} class=${`dialog-sheet ${extra}`}>
      <button type="button" class="icon-btn dialog-close" aria-label="Close" onClick=${onClose}><${Icon} name="x" /></button>
      ${children}
    <//>`;
}
