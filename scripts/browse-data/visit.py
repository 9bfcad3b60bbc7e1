"""Visits every page in a headless Chromium and holds it to what a reader needs."""

import pathlib
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROUTES = [
    "/", "/environments", "/drift", "/runs", "/runs/latest", "/plans/latest", "/deployments", "/builds", "/policy-gates",
    "/gates", "/backups", "/logs", "/database", "/control-plane", "/platform", "/modules", "/integrations", "/advisor",
    "/platform/digitalocean", "/observability", "/metrics", "/runbooks", "/settings", "/maintenance", "/audit", "/login",
]
FULL_ONLY = ["/environments/staging", "/runbooks/restore"]
PARTICULAR = {"/plans/latest", "/runs/latest"}
LOOKS = [("light", "desktop", 1440, 900), ("dark", "desktop", 1440, 900), ("light", "phone", 390, 844), ("dark", "phone", 390, 844)]


def main(full: str, empty: str, folder: str, only: list[str]) -> int:
    pictures = pathlib.Path(folder)
    pictures.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    visits = 0
    axe = Axe()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, base in (("full", full), ("empty", empty)):
            for scheme, device, width, height in LOOKS:
                context = browser.new_context(
                    color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce"
                )
                page = context.new_page()
                where = ""
                page.on("console", lambda m: faults.append(f"{where}: console {m.type}: {m.text}")
                        if m.type in ("error", "warning") and not expected(where, m.text) else None)
                page.on("pageerror", lambda e: faults.append(f"{where}: {e}"))
                page.on("requestfailed", lambda r: faults.append(f"{where}: failed {r.url}")
                        # What the browser itself gives up because the next page is asked for, such as an icon, has not failed.
                        if not r.url.endswith("/events") and r.failure != "net::ERR_ABORTED" else None)
                page.on("request", lambda r: faults.append(f"{where}: outside request {r.url}")
                        if not r.url.startswith(base) else None)
                for route in ROUTES + (FULL_ONLY if name == "full" else []):
                    if only and route not in only:
                        continue
                    where = f"{name} {scheme} {device} {route}"
                    answer = page.goto(base + route, wait_until="load")
                    visits += 1
                    if answer.status != 200 and not (name == "empty" and route in PARTICULAR and answer.status == 404):
                        faults.append(f"{where}: status {answer.status}")
                    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
                    if wide:
                        faults.append(f"{where}: the page scrolls sideways")
                    for violation in axe.run(page).response["violations"]:
                        nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
                        faults.append(f"{where}: axe {violation['id']} ({violation['impact']}): {nodes}")
                    file = "overview" if route == "/" else route.strip("/").replace("/", "-")
                    page.screenshot(path=pictures / f"{name}-{device}-{scheme}-{file}.png", full_page=True)
                if name == "full" and device == "desktop" and scheme == "light" and not only:
                    faults += behaviour(page, base)
                context.close()
        browser.close()
    for fault in sorted(set(faults)):
        print(fault)
    print(f"{visits} visits, {len(set(faults))} faults, pictures in {folder}")
    return 1 if faults else 0


def expected(where: str, text: str) -> bool:
    """A page that answers 404 because its thing isn't there is told by the browser's console."""
    return where.startswith("empty") and any(where.endswith(" " + route) for route in PARTICULAR) and "404" in text


def behaviour(page, base: str) -> list[str]:
    """The keyboard, the choice of colours, the feed, and the difference that somebody made at the provider."""
    faults = []
    page.goto(base + "/")
    page.wait_for_selector("#live[data-state=on]", timeout=10_000)
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.className") != "skip":
        faults.append("the first tab doesn't reach the skip link")
    page.keyboard.press("Enter")
    if page.evaluate("document.activeElement.id") != "main":
        faults.append("the skip link doesn't lead to the content")
    page.click("a[aria-label^='Switch to dark']")
    if page.evaluate("document.documentElement.dataset.theme") != "dark":
        faults.append("the choice of dark is not kept")
    page.click("a[aria-label^='Switch to light']")
    page.click("a[aria-label^='Switch to system']")
    page.goto(base + "/drift")
    text = page.inner_text("main")
    for part in ["brightwater.example/A/erp", "198.51.100.66", "ssot/environments.yaml:9", "changed elsewhere"]:
        if part not in text and part.upper() not in text.upper():
            faults.append(f"the drift page lacks {part}")
    page.goto(base + "/plans/latest")
    if "far-too-long-for-the-width" not in page.inner_text("main"):
        faults.append("the plan doesn't say why staging is left alone: nothing wide was looked at")
    page.goto(base + "/environments")
    if page.locator("main b").count() > 0:
        faults.append("the name of a branch became an element")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
