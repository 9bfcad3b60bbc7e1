"""Signs in and out with a headless Chromium, and tries what must be refused."""

import sys

from playwright.sync_api import sync_playwright

NAME, PASSWORD = "ada", "correct horse battery staple"
COOKIE = "odooops_session"


def main(base: str) -> int:
    faults: list[str] = []

    def want(is_so: bool, what: str) -> None:
        if not is_so:
            faults.append(f"signing in: {what}")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context()
        page = context.new_page()
        page.on("pageerror", lambda e: faults.append(f"signing in: {e}"))

        def cookie():
            return next((c for c in context.cookies() if c["name"] == COOKIE), None)

        def sign_in(password: str):
            page.fill("input[name=name]", NAME)
            page.fill("input[name=password]", password)
            with page.expect_navigation() as navigation:
                page.click("button:has-text('Sign in')")
            return navigation.value

        page.goto(base + "/environments")
        want(page.url.startswith(base + "/login?back="), f"a page without a session led to {page.url}")
        refused = sign_in("wrong")
        want(refused.status == 401, f"a wrong password was answered by {refused.status}")
        want(cookie() is None, "a wrong password gave a session")
        want("ACCESS-" not in page.url, "the address tells of the fault")
        sign_in(PASSWORD)
        want(page.url == base + "/environments", f"the login led to {page.url} and not back")
        session = cookie()
        want(session is not None and session["httpOnly"] and session["sameSite"] == "Lax", f"the cookie is {session}")
        want(page.evaluate("document.cookie").find(COOKIE) < 0, "a script can read the session")
        want(page.locator("button:has-text('Sign out')").count() == 1, "nothing to sign out with")

        # A write with the session needs the form's token as well.
        def pin(headers: dict) -> int:
            return page.evaluate(
                """([path, headers]) => fetch(path, {method: 'POST', body: '{"reason": "shown to the customer"}',
                    headers: {'Content-Type': 'application/json', ...headers}}).then(answer => answer.status)""",
                ["/api/v1/environments/payroll/pin", headers],
            )

        token = page.get_attribute("input[name=csrf_token]", "value", timeout=10_000)
        want(pin({}) == 403, "a write without the form's token was taken")
        want(pin({"X-CSRF-Token": "0" * 64}) == 403, "a write with another token was taken")
        done = pin({"X-CSRF-Token": token})
        want(done == 200, f"a pin with the form's token was answered by {done}")
        page.goto(base + "/environments/payroll")
        want("pinned" in page.inner_text("main").lower(), "the page doesn't show the pin")
        page.goto(base + "/audit")
        want("env.pin" in page.inner_text("main") and NAME in page.inner_text("main"), "the audit log doesn't say who pinned")

        # Another site has forms of its own, and sends them to us with the cookies that the browser lets it.
        for path, body in (("/logout", ""), ("/login", f"name={NAME}&password={PASSWORD.replace(' ', '+')}")):
            for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
                answer = context.request.post(
                    base + path, data=body, max_redirects=0,
                    headers={"Content-Type": "application/x-www-form-urlencoded", **headers},
                )
                want(answer.status == 403, f"{path} from {headers} was answered by {answer.status}")
        want(context.request.post(base + "/logout", max_redirects=0).status == 403, "a logout without a token was taken")
        page.goto(base + "/")
        want(page.url == base + "/", "a refused request ended the session")

        page.click("button:has-text('Sign out')")
        page.wait_for_url("**/login*")
        want(cookie() is None, "the cookie is still there")
        page.goto(base + "/environments")
        want(page.url.startswith(base + "/login"), "the pages are still shown")
        # The session is over here too, not only in the browser.
        context.add_cookies([{"name": COOKIE, "value": session["value"], "url": base}])
        page.goto(base + "/environments")
        want(page.url.startswith(base + "/login"), "the session that was ended is still one")
        browser.close()
    for fault in faults:
        print(fault)
    print(f"signing in and out: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
