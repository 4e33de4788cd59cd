import { PHONE, useMedia, useSecondsUntil } from '../../lib/clockwork.js';
import { html, useMemo } from '../../lib/html.js';
import { LockedNotice } from '../feedback/lockdown.js';
import { Icon } from '../icon/icon.js';

/**
 * Where the picture is: the video, or in its place the reason why there is none.
 * @param {{video: ReturnType<typeof import('./use-video.js').useVideo>, event: any, zone: string, poster: string, download: string | null}} props
 */
export function Stage({ video, event, zone, poster, download }) {
  const { problem } = video;
  const phone = useMedia(PHONE);
  return html`
    <div class="stage" style=${phone && event.width ? { aspectRatio: `${event.width} / ${event.height}` } : { aspectRatio: '' }}>
      <video ref=${video.element} class="stage-video" poster=${poster} playsinline muted disableremoteplayback preload="none" tabindex="-1" aria-label=${`Video of ${event.camera_name}`} onClick=${video.toggle}></video>
      ${video.waiting && !problem && html`<span class="stage-wait" aria-hidden="true"><${Icon} name="circle-dashed" /></span>`}
      ${problem && html`<${Trouble} problem=${problem} zone=${zone} download=${download} retry=${video.retry} />`}
    </div>`;
}

function Trouble({ problem, zone, download, retry }) {
  const until = useMemo(() => (problem.busy ? Date.now() + (problem.retryAfter || 5) * 1000 : null), [problem]);
  const seconds = useSecondsUntil(until);
  const button = html`<button type="button" class="btn" onClick=${retry}><${Icon} name="arrow-clockwise" />Try again</button>`;
  if (problem.lockedDown) return html`<div class="stage-trouble stage-locked"><${LockedNotice} what="videos" lockdown=${problem.lockdown} zone=${zone}><p>The video opens by itself when the lockdown ends.</p><//></div>`;
  if (problem.notVerified) {
    return html`<div class="stage-trouble" role="alert"><${Icon} name="shield-warning" /><b>Could not be verified, not shown</b><p>What came does not authenticate. The alarm has been raised.</p><p class="meta">Reference <span class="mono">${problem.reference}</span></p></div>`;
  }
  if (problem.codec) {
    return html`<div class="stage-trouble" role="alert"><${Icon} name="film-strip" /><b>This browser cannot play this video</b><p>It is as the camera sent it, mostly H.265. ${download ? 'Another player on this computer may show the file.' : 'Another browser may.'}</p>${download && html`<a class="btn" href=${download} download><${Icon} name="download-simple" />Download</a>`}</div>`;
  }
  if (problem.offline) return html`<div class="stage-trouble" role="alert"><${Icon} name="wifi-slash" /><b>No connection</b><p>The video cannot be opened now.</p>${button}</div>`;
  if (problem.busy) return html`<div class="stage-trouble" role="status"><${Icon} name="clock" /><b>Busy, trying again in ${seconds} s</b></div>`;
  if (problem.notFound) return html`<div class="stage-trouble" role="alert"><${Icon} name="image-broken" /><b>This video is not here any more</b><p>It was deleted, or its time to be kept is over.</p></div>`;
  return html`<div class="stage-trouble" role="alert"><${Icon} name="warning-circle" /><b>${problem.message ?? 'The video did not load.'}</b>${problem.remedy && html`<p>${problem.remedy}</p>`}${button}${problem.reference && html`<p class="meta">Reference <span class="mono">${problem.reference}</span></p>`}</div>`;
}
