import { html, useEffect, useMemo } from '../../lib/html.js';

/** A QR code as an image: whatever is in the text, an image runs no script and loads nothing. @param {{svg: string, alt: string}} props */
export function Qr({ svg, alt }) {
  const url = useMemo(() => URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' })), [svg]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return html`<div class="pair-qr"><img src=${url} width="204" height="204" alt=${alt} /></div>`;
}
