/**
 * Says something in the page's one polite region. It never moves the focus.
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById('polite');
  if (!region) return;
  // The same words twice are spoken twice only when the region was empty in between.
  region.textContent = '';
  setTimeout(() => { region.textContent = text; }, 50);
}
