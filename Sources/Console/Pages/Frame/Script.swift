/// The only script: it keeps a page that is open up to date, and counts its times on.
///
/// Without it every page reads the same. It brings in no markup of its own: it takes the page anew and replaces those
/// parts, marked by `data-live`, that differ, and leaves the keyboard where it was. It copies commands, and Escape closes the
/// menu of a phone.
enum Script {
    static let text = """
        "use strict";
        (() => {
          const pill = document.getElementById("live");
          const say = (state, text) => { if (pill) { pill.dataset.state = state; pill.textContent = text; } };
          const ago = (t) => {
            const s = Math.round((Date.now() - t) / 1000), a = Math.abs(s);
            const n = a < 60 ? a + " s" : a < 3600 ? Math.floor(a / 60) + " min" : a < 172800 ? Math.floor(a / 3600) + " h" : Math.floor(a / 86400) + " d";
            return s >= 0 ? n + " ago" : "in " + n;
          };
          const times = () => document.querySelectorAll("time[data-ago]").forEach((e) => {
            const t = Date.parse(e.dateTime), text = ago(t);
            if (!Number.isNaN(t) && e.textContent !== text) e.textContent = text;
          });
          setInterval(times, 15000);
          const reachable = (root) => [...root.querySelectorAll("a,button,summary,[tabindex]")];
          const name = (e) => e.tagName + (e.getAttribute("aria-label") || e.textContent);
          const said = document.getElementById("said");
          if (navigator.clipboard) document.documentElement.dataset.copies = "";
          document.addEventListener("click", async (event) => {
            const button = event.target.closest(".copy");
            if (!button) return;
            let word = "Copied";
            try { await navigator.clipboard.writeText(button.previousElementSibling.textContent); } catch { word = "Not copied"; }
            button.textContent = said.textContent = word;
            setTimeout(() => { button.textContent = "Copy"; said.textContent = ""; }, 2000);
          });
          document.addEventListener("keydown", (event) => {
            if (event.key !== "Escape" || location.hash !== "#navigation") return;
            location.hash = "main";
            document.querySelector(".menu").focus();
          });
          let busy = false, again = false;
          const refresh = async () => {
            if (busy) { again = true; return; }
            busy = true;
            try {
              const answer = await fetch(location.pathname + location.search, { headers: { "Accept": "text/html" }, credentials: "same-origin" });
              if (answer.ok) {
                const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
                document.querySelectorAll("[data-live]").forEach((old) => {
                  const now = fresh.getElementById(old.id);
                  if (!now || old.innerHTML === now.innerHTML) return;
                  const focus = old.contains(document.activeElement) ? document.activeElement : null;
                  // Nothing is taken from under who writes or has marked something.
                  if (focus && /^(INPUT|SELECT|TEXTAREA)$/.test(focus.tagName)) return;
                  const marked = getSelection();
                  if (marked && !marked.isCollapsed && old.contains(marked.anchorNode)) return;
                  const open = new Set([...old.querySelectorAll("details[open][id]")].map((d) => d.id));
                  now.querySelectorAll("details[id]").forEach((d) => { if (open.has(d.id)) d.open = true; });
                  const place = focus ? reachable(old).indexOf(focus) : -1;
                  old.replaceChildren(...now.childNodes);
                  if (!focus) return;
                  const all = reachable(old), near = all[place];
                  const same = near && name(near) === name(focus) ? near : all.find((e) => name(e) === name(focus));
                  (same || document.getElementById("main")).focus({ preventScroll: true });
                });
                document.title = fresh.title;
                times();
              }
            } catch { /* The next change, or the reader, asks again. */ }
            busy = false;
            if (again) { again = false; refresh(); }
          };
          let timer = 0, last = 0;
          // Not more often than every two seconds: what is counted a minute must leave room for the reader.
          const soon = () => {
            clearTimeout(timer);
            timer = setTimeout(() => { last = Date.now(); refresh(); }, Math.max(250, last + 2000 - Date.now()));
          };
          if (document.querySelector("[data-live]") && window.EventSource) {
            const source = new EventSource("/events");
            source.onopen = () => say("on", "Live");
            source.onerror = () => say("off", "Reconnecting");
            source.addEventListener("change", soon);
            source.addEventListener("resync", soon);
            addEventListener("pagehide", () => source.close());
          }
        })();

        """
}
