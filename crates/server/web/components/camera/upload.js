import { api } from '../../lib/api.js';
import { camerasPath, devicesPath } from '../../lib/home.js';
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { UPLOAD_COMMAND, keysCommand } from '../../lib/upload.js';
import { cameraNameError } from '../../lib/words.js';
import { ProblemLine } from '../feedback/states.js';
import { Copy } from '../form/copy.js';
import { Field } from '../form/field.js';
import { Icon } from '../icon/icon.js';

/**
 * Adding a camera that is uploaded to: its name, and what that costs. It has no address, and nothing to test.
 * @param {{home: any, taken: string[], parent: string, onAdded: (shown: any) => void}} props
 */
export function AddUpload({ home, taken, parent, onAdded }) {
  const [name, setName] = useState('');
  const [state, setState] = useState({ busy: false, problem: null, error: null });
  const save = async (event) => {
    event.preventDefault();
    const text = name.trim();
    const error = cameraNameError(text, taken);
    if (error) return setState({ busy: false, problem: null, error });
    setState({ busy: true, problem: null, error: null });
    try {
      const shown = await api('POST', `/homes/${home.id}/uploads`, { body: { name: text } });
      refresh((path) => path === camerasPath(home.id) || path.startsWith(devicesPath(home.id)));
      onAdded({ ...shown, name: text });
    } catch (problem) {
      setState({ busy: false, problem, error: null });
    }
    return undefined;
  };
  return html`
    <form class="stack-lg" onSubmit=${save} novalidate>
      <div class="notice notice-quiet"><${Icon} name="shield-warning" /><p><b>Weaker than a camera behind an agent.</b> The server seals what is uploaded: while it arrives, the server has it in its memory, in the clear. On its disk it never is. For what can run <code>ownsight agent</code>, pair that instead: it seals before anything leaves your network.</p></div>
      <${Field} id="camera-name" label="Name" value=${name} onInput=${setName} error=${state.error} maxlength="64" placeholder="Gate" hint="What it shows. Its device gets the same name." autocomplete="off" />
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="form-buttons sticky-buttons"><button class="btn btn-primary" disabled=${state.busy}>Add the camera</button><a class="btn btn-quiet wide-only" href=${parent}>Cancel</a></div>
    </form>`;
}

/** The keys of a camera that was just added, and the command; both are shown this once. @param {{shown: any, parent: string}} props */
export function ShownUpload({ shown, parent }) {
  const title = useRef(null);
  useEffect(() => {
    window.scrollTo(0, 0);
    title.current.focus({ preventScroll: true });
  }, []);
  const keys = keysCommand(shown);
  return html`
    <section class="stack-lg" aria-labelledby="upload-title">
      <div class="stack"><h2 id="upload-title" ref=${title} tabindex="-1">${shown.name} is added. Copy its keys now</h2>
        <p class="soft">In a shell: first the keys, which are shown this once. Then, with <code>thumbnail.jpg</code> and <code>clip.mp4</code> in the folder, the command, as often as something happens.</p></div>
      <${Commands} label="Its keys" text=${keys} copy="Copy the keys" />
      <${Commands} label="Upload an event" text=${UPLOAD_COMMAND} copy="Copy the command" />
      <ul class="invite-facts">
        <li><${Icon} name="eye-slash" />The keys are shown this once. If they are lost, remove the camera’s device and add the camera anew</li>
        <li><${Icon} name="key" />Who has both can upload for this camera, and see nothing</li>
        <li><${Icon} name="lock-simple" />The second key is never sent: it signs what is</li>
      </ul>
      <div class="form-buttons sticky-buttons"><a class="btn btn-primary" href=${parent}>Done</a></div>
    </section>`;
}

function Commands({ label, text, copy }) {
  return html`<div><div class="pair-copy"><span class="label">${label}</span><${Copy} text=${text} label=${copy} /></div><pre class="card upload-commands" tabindex="0" aria-label=${label}>${text}</pre></div>`;
}
