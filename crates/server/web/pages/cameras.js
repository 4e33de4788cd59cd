import { CameraTile } from '../components/camera/camera-tile.js';
import { DeviceTable } from '../components/devices/device-table.js';
import { Storage } from '../components/devices/storage.js';
import { Busy, ProblemPage, Skeleton } from '../components/feedback/states.js';
import { Icon } from '../components/icon/icon.js';
import { Page } from '../components/shell/page.js';
import { cameraState, inOrderOfTrouble, recordingOf } from '../lib/camera-state.js';
import { useNow } from '../lib/clockwork.js';
import { mayManage, useCameras, useDevices, useHome } from '../lib/home.js';
import { html } from '../lib/html.js';

/** Cameras: what each does, the devices that serve them, and the storage. @param {{home: any}} props */
export function CamerasPage({ home }) {
  const cameras = useCameras(home.id);
  const devices = useDevices(home.id);
  const { data: homeDoc } = useHome(home.id);
  const now = useNow() * 1000;
  const manage = mayManage(home.role);
  const list = cameras.data ? inOrderOfTrouble(cameras.data.cameras) : null;
  const { recording, of } = recordingOf(list ?? []);
  const troubled = list?.find((camera) => cameraState(camera).troubled && camera.status.state !== 'unknown' && camera.status.verified !== false);
  const base = `/h/${home.id}/cameras`;
  const buttons = manage && html`
    <a class="btn" href=${`${base}/pair`}><${Icon} name="qr-code" />Pair a device</a>
    <a class="btn" href=${`${base}/add`}><${Icon} name="plus" />Add a camera</a>`;
  return html`
    <${Page} title="Cameras" home=${home} ready=${Boolean(list && devices.data)} class="cameras-page"
      heading=${html`${of ? html`<p class="soft head-note">${recording} of ${of} ${of === 1 ? 'records' : 'record'}</p>` : null}<div class="page-head-end wide-only">${buttons}</div>`}
      actions=${manage && html`<a class="icon-btn" href=${`${base}/pair`} aria-label="Pair a device"><${Icon} name="qr-code" class="icon-24" /></a><a class="icon-btn" href=${`${base}/add`} aria-label="Add a camera"><${Icon} name="plus" class="icon-24" /></a>`}>
      ${cameras.retryAt && html`<${Busy} retryAt=${cameras.retryAt} />`}
      ${!list && cameras.problem && !cameras.retryAt && html`<${ProblemPage} problem=${cameras.problem} onRetry=${cameras.reload} />`}
      <${Skeleton} loading=${!list && !cameras.problem}><ul class="cameras">${[1, 2, 3, 4].map((n) => html`<li class="camera" key=${n}><span class="camera-still bone"></span><div class="camera-body"><span class="bone bone-title"></span><span class="bone bone-text"></span></div></li>`)}</ul><//>
      ${list?.length === 0 && html`
        <section class="state"><h2 class="state-title">No camera yet</h2><p class="state-text">A camera is added by its address on the network. A test shows its picture, or says exactly why not.</p>
          ${manage && html`<a class="btn btn-primary" href=${`${base}/add`}><${Icon} name="plus" />Add a camera</a>`}</section>`}
      ${list?.length > 0 && html`<ul class="cameras">${list.map((camera) => html`<${CameraTile} key=${camera.id} camera=${camera} home=${home} now=${now} primary=${camera === troubled} manage=${manage} />`)}</ul>`}
      ${devices.data && html`<${DeviceTable} home=${home} devices=${devices.data.devices} cameras=${list ?? []} now=${now} manage=${manage} />`}
      ${homeDoc && html`<${Storage} home=${homeDoc} />`}
    <//>`;
}
