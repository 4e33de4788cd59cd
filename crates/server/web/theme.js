// Runs before the first paint, so that a fixed theme never flashes the other one. A classic script on purpose.
(function () {
  try {
    var theme = localStorage.getItem('ownsight-theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.classList.add('theme-' + theme);
  } catch (error) {
    // Storage may be closed to us; the system's theme is then right.
  }
})();
