// Loaded in <head> without defer: the chosen theme must stand before the first paint.
(() => {
  const root = document.documentElement;
  const saved = localStorage.getItem("keel-theme");
  if (saved === "light" || saved === "dark") root.dataset.theme = saved;

  const isDark = () =>
    root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("keel-theme", root.dataset.theme);
  });

  // A page that has something to correct starts there, for keyboards and screen readers.
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-focus]")?.focus();
  });

  // The server's clock says when the step began; only the difference to the time at which the
  // page came is counted here, so that a wrong clock of this machine does no harm.
  const shown = new WeakMap();
  setInterval(() => {
    for (const element of document.querySelectorAll("[data-elapsed-seconds]")) {
      if (!shown.has(element)) shown.set(element, performance.now());
      const seconds = Number(element.dataset.elapsedSeconds) + (performance.now() - shown.get(element)) / 1000;
      element.textContent = `${Math.floor(seconds)} s`;
    }
  }, 1000);
})();
