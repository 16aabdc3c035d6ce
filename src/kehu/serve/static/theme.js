// Light or dark, before the first paint: as chosen by the switch, else as the reader's system says.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
    document.dispatchEvent(new Event("kehu:theme"));
  };
  root.classList.add("scripted");
  follow();
  dark.addEventListener("change", follow);
})();
