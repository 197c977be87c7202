// Keeps the page alive: signals in, DOM events out; says when it is not; ticks; keys. No inline code,
// no eval, no framework. Regions re-fetch themselves through htmx on the events sent here.
"use strict";
(() => {
  const root = document.documentElement;
  const STALE_MS = 45_000; // three missed status polls
  const cookie = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
  };
  const emit = (kind, detail) =>
    document.body.dispatchEvent(new CustomEvent(`live:${kind}`, { detail, bubbles: true }));

  // --- connection -----------------------------------------------------------------------------
  let heard = Date.now();
  let stream = "wait"; // what the stream says; polls can only contradict it
  const show = (state) => {
    const before = root.dataset.conn;
    if (before === state) return;
    root.dataset.conn = state;
    const note = document.querySelector("[data-offline]");
    if (note) note.hidden = state !== "off";
    if (state === "on" && before === "off") emit("again");
  };
  const contact = () => {
    heard = Date.now();
    show(stream === "off" ? root.dataset.conn : stream === "on" ? "on" : "wait");
  };
  document.addEventListener("htmx:after:request", (event) => {
    const status = event.detail?.ctx?.response?.status;
    if (status && status < 500) contact();
  });
  document.addEventListener("htmx:error", () => {
    if (Date.now() - heard > STALE_MS / 3) show("off");
  });
  setInterval(() => {
    if (Date.now() - heard > STALE_MS) show("off");
  }, 1000);

  // --- one stream per browser -------------------------------------------------------------------
  // HTTP/1.1 allows six connections per host: with one stream per tab the seventh tab would not load.
  // The tab that holds the lock opens the stream and passes signals on. Web Locks need a secure
  // context (https or localhost); elsewhere every tab opens its own.
  const relay = "BroadcastChannel" in window ? new BroadcastChannel("sturmglas") : null;
  const state = (value) => {
    stream = value;
    if (value === "on") heard = Date.now();
    show(value);
  };
  const take = (message) => {
    if (message.state) state(message.state);
    if (message.signal) {
      heard = Date.now();
      emit(message.signal.kind, message.signal);
    }
  };
  const open = () => {
    let was = "";
    const tell = (message) => {
      take(message);
      relay?.postMessage(message);
    };
    const source = new EventSource("/live");
    source.addEventListener("open", () => {
      tell({ state: "on" });
      // What happened between drawing this page and opening the stream would be lost otherwise.
      if (was === "off") tell({ signal: { kind: "again" } });
      was = "on";
    });
    source.addEventListener("error", () => {
      was = "off";
      tell({ state: "off" });
      if (source.readyState === EventSource.CLOSED) {
        source.close();
        setTimeout(open, 3000);
      }
    });
    source.addEventListener("reset", () => tell({ signal: { kind: "again" } }));
    source.addEventListener("change", (event) => tell({ signal: JSON.parse(event.data) }));
    addEventListener("pagehide", () => source.close(), { once: true });
    if (relay) {
      relay.onmessage = (event) => {
        if (event.data.ask) relay.postMessage({ state: stream });
      };
    }
  };
  if (navigator.locks && relay) {
    relay.onmessage = (event) => take(event.data);
    relay.postMessage({ ask: true });
    navigator.locks.request("sturmglas-live", () => {
      open();
      return new Promise(() => {});
    });
  } else {
    open();
  }

  // --- the service's clock, and times that tick ---------------------------------------------------
  // The service may run on another clock than this machine (a demo in time-lapse): its time and its
  // pace are taken from the two newest answers.
  const texts = JSON.parse(document.querySelector('meta[name="sg-texts"]').content);
  let base = { theirs: Date.parse(document.body.dataset.now), ours: performance.now() };
  let pace = 1;
  const learn = (iso) => {
    const next = { theirs: Date.parse(iso), ours: performance.now() };
    const passed = next.ours - base.ours;
    if (!(next.theirs >= base.theirs) || passed < 2000) return;
    pace = (next.theirs - base.theirs) / passed;
    base = next;
  };
  const now = () => base.theirs + (performance.now() - base.ours) * pace;
  const THIN = "\u202f";
  const span = (ms) => {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    if (seconds < 60) return `${seconds}${THIN}s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)}${THIN}min`;
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    if (hours < 24) return `${hours}${THIN}h${minutes && hours < 10 ? ` ${minutes}${THIN}min` : ""}`;
    const days = Math.floor(hours / 24);
    const rest = hours % 24;
    return `${days}${THIN}${texts.day}${rest && days < 7 ? ` ${rest}${THIN}h` : ""}`;
  };
  const tick = () => {
    const at = now();
    for (const element of document.querySelectorAll("time[data-rel]")) {
      const since = at - Date.parse(element.dateTime);
      const style = element.dataset.rel;
      const length = span(Math.abs(since));
      let text = length;
      if (style === "since") text = texts.ago.replace("{span}", length);
      if (style === "due") {
        text = (since > 0 ? texts.overdue_by : texts.in).replace("{span}", length);
        element.classList.toggle("bad", since > 0);
      }
      if (element.textContent !== text) element.textContent = text;
    }
  };
  setInterval(tick, 1000);

  // --- after a region was fetched anew ------------------------------------------------------------
  const levels = new Map();
  const read = (announce) => {
    for (const element of document.querySelectorAll("[data-say][data-level]")) {
      const key = element.id || element.dataset.say.split(":")[0];
      const before = levels.get(key);
      const level = element.dataset.level;
      levels.set(key, level);
      if (!announce || before === undefined || before === level) continue;
      const risen = Number(level) >= 4 && Number(level) > (Number(before) || 0);
      document.getElementById(risen ? "shout" : "say").textContent = element.dataset.say;
    }
  };
  const focusKey = () => {
    const element = document.activeElement;
    return element && element !== document.body ? element.id : "";
  };
  // The answer to a press is a notice inside the region, which the next refresh would sweep away
  // (the press itself causes one): it moves out and stays long enough to be read.
  let leaving = 0;
  const keepNotice = () => {
    const notice = document.querySelector(".live #notice");
    if (!notice) return;
    document.getElementById("toast").replaceChildren(notice);
    clearTimeout(leaving);
    const long = notice.classList.contains("banner-bad");
    leaving = setTimeout(() => notice.remove(), long ? 60_000 : 12_000);
  };
  let focused = "";
  document.addEventListener("htmx:before:swap", () => {
    focused = focusKey();
  });
  document.addEventListener("htmx:after:swap", () => {
    const region = document.querySelector(".live[data-now]");
    const status = document.getElementById("conn");
    for (const element of [status, region]) if (element?.dataset.now) learn(element.dataset.now);
    keepNotice();
    if (region?.dataset.title) document.title = region.dataset.title;
    if (focused && document.activeElement === document.body) {
      (document.getElementById(focused) ?? document.getElementById("main"))?.focus();
    }
    read(true);
    tick();
  });
  read(false);

  // --- theme, keys ----------------------------------------------------------------------------------
  const setTheme = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    cookie("theme", theme);
    for (const button of document.querySelectorAll("[data-theme-to]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeTo === theme));
    }
  };
  const toggleTheme = () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    setTheme(dark ? "light" : "dark");
  };
  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme-to]");
    if (theme) setTheme(theme.dataset.themeTo);
    if (event.target.closest("[data-keys-switch]")) {
      const keys = root.dataset.keys === "on" ? "off" : "on";
      root.dataset.keys = keys;
      cookie("keys", keys);
    }
    const menu = document.getElementById("menu");
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
  });
  let first = "";
  document.addEventListener("keydown", (event) => {
    const menu = document.getElementById("menu");
    if (event.key === "Escape" && menu?.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (root.dataset.keys === "off") return;
    const key = first ? `${first} ${event.key}` : event.key;
    first = "";
    if (event.key === "g" && key === "g") {
      first = "g";
      setTimeout(() => (first = ""), 1500);
      return;
    }
    if (key === "t") toggleTheme();
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return;
    event.preventDefault();
    target.focus();
    if (target.matches("a, button, summary")) target.click();
    else target.scrollIntoView({ block: "center" });
  });
})();
