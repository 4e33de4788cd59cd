import { html, useEffect, useMemo, useRef, useState } from '../../lib/html.js';
import { barsOf, movesAt, tickStep } from '../../lib/motion.js';
import { clock } from '../../lib/time.js';
import { PHONE, useMedia } from '../../lib/clockwork.js';

const BAR = 8;

/**
 * The clip in seconds: ochre bars for the strength of motion, the hatched lead-in, a line where motion began, the played part. A slider.
 * @param {{event: any, zone: string, length: number, at: number, onSeek: (seconds: number) => void}} props `length`, `at`: seconds
 */
export function Timeline({ event, zone, length, at, onSeek }) {
  const phone = useMedia(PHONE);
  const box = useRef(null);
  const width = useWidth(box);
  const lead = Math.min(length, Math.max(0, (event.motion_started_at - event.started_at) / 1e6));
  const bars = useMemo(() => barsOf(event.motion ?? [], length * 1000, Math.max(12, Math.min(Math.round(width / (phone ? 5.5 : BAR)), Math.round(length * 25)))), [event.id, event.motion, length, width, phone]);
  const x = (seconds) => (length ? (Math.min(length, Math.max(0, seconds)) / length) * width : 0);

  const seekTo = (pointer) => {
    const at = box.current.getBoundingClientRect();
    onSeek(Math.min(length, Math.max(0, ((pointer.clientX - at.left) / at.width) * length)));
  };
  const down = (pointer) => {
    if (pointer.button !== 0) return;
    pointer.currentTarget.setPointerCapture(pointer.pointerId);
    seekTo(pointer);
  };
  const keys = (press) => {
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 5, PageUp: at + 5, Home: 0, End: length }[press.key];
    if (to === undefined) return;
    press.preventDefault();
    onSeek(Math.min(length, Math.max(0, to)));
  };
  const moving = movesAt(event.motion ?? [], at * 1000, lead * 1000, (event.motion_ended_at - event.started_at) / 1000);
  const step = tickStep(length, width, phone ? 70 : 46);
  const ticks = Array.from({ length: Math.floor(length / step + 1e-6) + 1 }, (_, i) => i * step);
  const top = 10;
  const height = 58;
  const base = top + height;
  const pitch = width / bars.length;

  return html`
    <div class="timeline" ref=${box} role="slider" tabindex="0" aria-label="Position" aria-valuemin="0" aria-valuemax=${length.toFixed(1)} aria-valuenow=${at.toFixed(1)}
      aria-valuetext=${`${at.toFixed(1)} of ${Math.round(length)} seconds${moving ? ', motion' : ''}`}
      onPointerDown=${down} onPointerMove=${(pointer) => pointer.buttons === 1 && pointer.currentTarget.hasPointerCapture(pointer.pointerId) && seekTo(pointer)} onKeyDown=${keys}>
      ${width > 0 && html`<svg width=${width} height="92" aria-hidden="true">
        <defs><pattern id="lead" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="2.5" y1="0" x2="2.5" y2="5" class="timeline-hatch" /></pattern></defs>
        <rect x="0" y=${top} width=${width} height=${height} class="timeline-ground" />
        <rect x="0" y=${top} width=${x(at)} height=${height} class="timeline-played" />
        ${lead > 0 && html`<rect x="0" y=${top} width=${x(lead)} height=${height} fill="url(#lead)" />`}
        ${bars.map((bar, i) => { const size = Math.max(2, bar * (height - 18)); return html`<rect key=${i} x=${(i * pitch + 0.75).toFixed(2)} y=${(base - size).toFixed(2)} width=${Math.max(1, pitch - 1.5).toFixed(2)} height=${size.toFixed(2)} class="timeline-bar" />`; })}
        ${lead > 0 && html`<line x1=${x(lead)} x2=${x(lead)} y1=${top} y2=${base} class="timeline-begin" />`}
        ${x(lead) > 58 && html`<text x=${x(lead) - 6} y=${top + 13} text-anchor="end" class="timeline-text">lead-in</text>`}
        ${!phone && lead > 0 && width - x(lead) > 160 && html`<text x=${x(lead) + 6} y=${top + 13} class="timeline-text">motion from ${clock(event.motion_started_at, zone, { seconds: true })}</text>`}
        ${ticks.map((tick) => html`<line key=${tick} x1=${x(tick)} x2=${x(tick)} y1=${base} y2=${base + 4} class="timeline-tick" />`)}
        <${Labels} ticks=${ticks} x=${x} y=${base + 17} width=${width} length=${length} phone=${phone} event=${event} zone=${zone} />
        <line x1=${x(at)} x2=${x(at)} y1="8" y2=${base + 3} class="timeline-at" />
        <circle cx=${x(at)} cy="7" r="6" class="timeline-knob" />
      </svg>`}
    </div>`;
}

function Labels({ ticks, x, y, width, length, phone, event, zone }) {
  const text = (at, words, anchor, key) => html`<text key=${key} x=${at} y=${y} text-anchor=${anchor} class="timeline-text">${words}</text>`;
  if (phone) return ticks.filter((tick) => x(tick) < width - 44 || tick === ticks.at(-1)).map((tick) => text(x(tick), `${tick} s`, tick === 0 ? 'start' : width - x(tick) < 20 ? 'end' : 'middle', tick));
  return [
    text(0, clock(event.started_at, zone, { seconds: true }), 'start', 'from'),
    ...ticks.filter((tick) => x(tick) > 72 && x(tick) < width - 72).map((tick) => text(x(tick), String(tick), 'middle', tick)),
    text(width, clock(event.started_at + Math.round(length * 1e6), zone, { seconds: true }), 'end', 'to'),
  ];
}

function useWidth(box) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  return width;
}
