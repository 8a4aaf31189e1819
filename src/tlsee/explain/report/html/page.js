"use strict";
// Everything on the page is there without this. It adds: light between fields and bytes, search,
// keys, folding, themes. It fetches nothing and keeps nothing but the theme.
(() => {
  const root = document.documentElement;
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const byId = (id) => document.getElementById(id);
  all("[hidden]").forEach((part) => part.removeAttribute("hidden"));

  // ---- fields and their bytes
  const target = (cell) => byId(cell.getAttribute("href").slice(1));
  const row = (field) => field && (field.tagName === "DETAILS" ? field.firstElementChild : field);
  let lit = [];
  const dark = () => { lit.forEach((part) => part.classList.remove("lit")); lit = []; };
  const light = (parts) => {
    dark();
    lit = parts.filter(Boolean);
    lit.forEach((part) => part.classList.add("lit"));
  };
  const show = (part, pane) => {
    if (!part || !pane) return;
    const box = pane.getBoundingClientRect(), at = part.getBoundingClientRect();
    if (at.top < box.top || at.bottom > box.bottom) {
      pane.scrollTop += at.top - box.top - box.height / 3;
    }
  };
  const fieldLit = (event) => {
    const field = event.target.closest(".tree p[id], .tree details[id]");
    const split = field && field.closest(".split");
    if (!split) return;
    const ids = new Set([field.id, ...all("[id]", field).map((inner) => inner.id)]);
    const cells = all(".hex a", split).filter((cell) => ids.has(cell.hash.slice(1)));
    light([row(field), ...cells]);
    show(cells[0], split.querySelector(".octets"));
  };
  const cellLit = (event) => {
    const cell = event.target.closest(".hex a");
    if (!cell) return;
    let field = target(cell);
    // A folded field is told by the one that it is folded in.
    for (let up = field && field.parentElement; up; up = up.parentElement) {
      if (up.matches("details[id]:not([open])")) field = up;
      if (up.classList.contains("tree")) break;
    }
    light([cell, row(field)]);
  };
  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      if (!(event.target instanceof Element)) return;
      if (event.target.closest(".tree")) fieldLit(event);
      else if (event.target.closest(".hex")) cellLit(event);
      else if (kind === "mouseover") dark();
    });
  }

  // ---- permalinks: what a link leads to is unfolded
  const reveal = (id, behavior) => {
    const found = id && byId(id);
    if (!found) return;
    for (let up = found; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    const inner = found.matches("article") && found.querySelector(":scope > .fold");
    if (inner) inner.open = true;
    const block = found.matches("section, article") ? "start" : "center";
    found.scrollIntoView({ block, behavior });
    const within = found.closest(".split");
    if (within) {
      const cell = all(".hex a", within).find((each) => each.hash === "#" + id);
      light([row(found), cell]);
      show(cell, within.querySelector(".octets"));
    }
  };
  const fromHash = (behavior) => reveal(decodeURIComponent(location.hash.slice(1)), behavior);
  addEventListener("hashchange", () => fromHash("auto"));
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) fromHash("auto");
    const head = event.target.closest(".tree summary, .rows summary");
    if (head && head.parentElement.id) history.replaceState(null, "", "#" + head.parentElement.id);
  });

  // ---- folding
  const folds = () => all("main details");
  const unfold = byId("unfold");
  const pressed = (button, on) => button.setAttribute("aria-pressed", String(on));
  unfold.addEventListener("click", () => {
    const on = unfold.getAttribute("aria-pressed") !== "true";
    folds().forEach((fold) => { fold.open = on; });
    pressed(unfold, on);
    unfold.textContent = on ? "Fold all" : "Unfold all";
  });
  let before = [];
  addEventListener("beforeprint", () => {
    before = folds().filter((fold) => !fold.open);
    before.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => before.forEach((fold) => { fold.open = false; }));
  byId("print").addEventListener("click", () => print());

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.parentElement.querySelector("pre"));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });

  // ---- the recording that came along
  const save = byId("save"), brought = byId("recording");
  save.hidden = !brought;
  save.addEventListener("click", () => {
    const octets = Uint8Array.from(atob(brought.textContent), (c) => c.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([octets]));
    link.download = brought.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  // ---- theme
  const theme = byId("theme");
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const kept = () => { try { return localStorage.getItem("tlsee-theme"); } catch { return null; } };
  const keep = (name) => { try { localStorage.setItem("tlsee-theme", name); } catch { /* none */ } };
  if (kept() === "dark" || kept() === "light") root.dataset.theme = kept();
  pressed(theme, isDark());
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    keep(root.dataset.theme);
    pressed(theme, isDark());
  });
  const quiz = byId("quiz");
  quiz.addEventListener("click", () => pressed(quiz, root.classList.toggle("quiz")));

  // ---- search: what does not match steps aside, what matches is unfolded
  const seek = byId("seek"), found = byId("found");
  const ROWS = ".tree p[id], .tree details[id], .message, .record, .row, tbody tr";
  const text = new WeakMap();
  const words = (part) => {
    if (!text.has(part)) text.set(part, part.textContent.toLowerCase());
    return text.get(part);
  };
  const search = () => {
    const wanted = seek.value.trim().toLowerCase();
    const rows = all(ROWS);
    rows.forEach((part) => part.classList.remove("missed"));
    if (!wanted) { found.textContent = ""; return; }
    let number = 0;
    for (const part of rows) {
      if (!words(part).includes(wanted)) part.classList.add("missed");
      else if (part.matches(".tree p, .tree details, .row, tr")) number += 1;
      if (part.matches(".tree p") && !part.classList.contains("missed")) {
        for (let up = part.parentElement; up; up = up.parentElement) {
          if (up.tagName === "DETAILS") up.open = true;
        }
      }
    }
    found.textContent = number === 1 ? "1 match" : number + " matches";
  };
  const first = () => all(".tree p[id], .row, tbody tr").find(
    (part) => part.getClientRects().length && words(part).includes(seek.value.trim().toLowerCase()));
  seek.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !seek.value.trim()) return;
    search();
    const hit = first(), stop = hit && hit.querySelector("a, summary");
    if (hit) hit.scrollIntoView({ block: "center" });
    if (stop) stop.focus({ preventScroll: true });
  });
  let waiting = 0;
  seek.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });

  // ---- keys
  const step = (by) => {
    const list = all(".message:not(.missed)");
    const top = (each) => each.getBoundingClientRect().top;
    let at = list.findIndex((each) => each.contains(document.activeElement));
    if (at < 0) at = list.findLastIndex((each) => top(each) < 120);
    const next = list[Math.max(0, Math.min(list.length - 1, at + by))];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
    history.replaceState(null, "", "#" + next.id);
  };
  // From field to field: a tree is one stop of the Tab key, and the arrows walk within it.
  const trees = all(".tree");
  trees.forEach((tree) => {
    tree.tabIndex = 0;
    all("a, summary", tree).forEach((part) => { part.tabIndex = -1; });
  });
  const walk = (tree, focused, key) => {
    const list = all("p[id], summary", tree)
      .filter((each) => each.checkVisibility() && !each.closest(".missed"));
    const at = list.indexOf(focused), fold = focused.closest("details");
    if (key === "ArrowRight" && focused.tagName === "SUMMARY") fold.open = true;
    else if (key === "ArrowLeft" && focused.tagName === "SUMMARY" && fold.open) fold.open = false;
    else {
      const by = { ArrowDown: at + 1, ArrowUp: at - 1 }[key];
      const outer = focused.tagName === "SUMMARY" ? fold.parentElement.closest("details") : fold;
      const next = by !== undefined ? list[by]
        : key === "ArrowLeft" && outer && tree.contains(outer) ? outer.firstElementChild : null;
      if (!next) return;
      if (next.tagName === "P") next.tabIndex = -1;
      next.focus();
    }
  };
  addEventListener("keydown", (event) => {
    const field = event.key === "Enter" && event.target instanceof Element
      && event.target.matches(".tree p") && event.target.querySelector("a");
    if (field) field.click();
  });
  addEventListener("keydown", (event) => {
    const tree = event.key.startsWith("Arrow") && event.target instanceof Element
      && event.target.closest(".tree");
    if (!tree || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    walk(tree, event.target, event.key);
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target instanceof Element && event.target.matches("input, textarea");
    if (event.key === "Escape") {
      if (typing) { seek.value = ""; search(); seek.blur(); }
      dark();
    } else if (typing) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      seek.focus();
    } else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "o") {
      const fold = document.activeElement && document.activeElement.closest(".message");
      const inner = fold && fold.querySelector(":scope > .fold");
      if (inner) inner.open = !inner.open;
    }
  });

  // ---- where one is
  const links = new Map(all(".bar nav a").map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((seen) => {
    for (const { target: part, isIntersecting } of seen) {
      const link = links.get(part.id);
      if (!link || !isIntersecting) continue;
      links.forEach((each) => each.removeAttribute("aria-current"));
      link.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  links.forEach((_, id) => byId(id) && watch.observe(byId(id)));
  fromHash("instant");
})();
