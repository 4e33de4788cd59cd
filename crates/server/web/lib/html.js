/** The one place that names the component library; everything else imports from here. */
export { html, render, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../vendor/preact-htm.js';

/** Class names, without the falsy ones. @param {...(string | false | null | undefined)} names */
export function classes(...names) {
  return names.filter(Boolean).join(' ');
}
