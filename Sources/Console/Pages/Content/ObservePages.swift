import Basics
import ConsoleAccess
import DesiredState
import Formats
import Store

/// How the service itself fares, the mail that was caught, and the queue of hooks.
enum ObservabilityPage {
    static func render(_ context: PageContext) async throws -> Page {
        let runs = try await context.store.runs(limit: 60).filter { !$0.isDryRun && $0.completedAt != nil }
        let queue = try await context.store.deliveryQueue()
        let notices = try await context.store.noticeQueue().dead.values.reduce(0, +)
        let chosen = context.query("env")
        let mail = try await context.store.mailEvents(environment: chosen, limit: 50)
        let durations = runs.reversed().map { run in ((run.completedAt ?? run.startedAt) - run.startedAt).milliseconds }
        return Page(
            .observability, lead: "How the service fares, what its hooks have to do, and the mail that was caught."
        ) {
            div("tiles") {
                tile(
                    "Pass duration", durations.last.map { TimeText.took(.milliseconds(Int($0))) } ?? "–",
                    note: "the latest",
                    chart: Chart.spark(durations, label: "Duration of the last \(durations.count.of("pass", "passes"))")
                )
                tile("Failed passes", "\(runs.count { $0.phase == .failed })", note: "of the last \(runs.count)")
                tile(
                    "Hooks waiting", "\(queue.depth)", queue.depth > 100 ? .warn : nil,
                    note: queue.oldest.map { "oldest \(TimeText.relative($0, context.now))" } ?? "none waits")
                tile("Hooks given up", "\(queue.dead.values.reduce(0, +))", queue.dead.isEmpty ? nil : .bad)
                tile(
                    "Messages given up", "\(notices)", notices == 0 ? nil : .bad,
                    note: notices == 0 ? "every channel takes them" : "odooops notices dead")
            }
            card("Elsewhere") {
                div("stack") {
                    p("Graphs of machines and databases are drawn by Grafana from the metrics of this service.")
                    p { a(Link(.metrics), "The metrics and how to scrape them") }
                }
            }
            card("Mail catcher", aside: HTML("the last 50"), flush: true) {
                element(.form, "filters", .action(Link(.observability)), .set("method", "get")) {
                    element(.label) {
                        "Environment"
                        element(.select, "", .named("env")) {
                            element(.option, "", .value("")) { "all" }
                            for one in ["prod", "stage", "dev", "unknown"] {
                                HTML(
                                    .option, [.value(one)] + (chosen == one ? [.flag("selected")] : []),
                                    HTML(Words.mailTier(one)))
                            }
                        }
                    }
                    element(.button, "button", .type("submit")) { "Show" }
                }
                if mail.isEmpty {
                    empty(
                        "No mail was seen",
                        "Mailgun's hooks fill this in; staging and development send to the catcher only.",
                        icon: .archive, next: "reconcile hooks list --provider mailgun")
                } else {
                    mail.reduce(into: Grid("Mail", "Stamp", "Subject", "From", "To", "Transport", "Environment")) {
                        grid, one in
                        grid.add(
                            ago(one.receivedAt, context.now), strong(one.subject ?? "(no subject)"),
                            HTML(one.sender ?? "–"),
                            HTML(one.recipient ?? "–"), code(one.transport ?? "–"),
                            label(Words.mailTier(one.environment)))
                    }.html
                }
            }
        }
    }
}

/// The metrics for a person; a scraper gets the exposition format at the same path.
enum MetricsPage {
    static func render(_ context: PageContext) async throws -> Page {
        let families = Self.families(context.pages.metrics.exposition())
        // Where anybody was given access, a scraper needs a key like everybody.
        let needsKey = try await context.pages.access?.isConfigured() ?? false
        return Page(
            .metrics, lead: "What a scraper gets here. Ask with another Accept than HTML for the exposition format."
        ) {
            scrape(context.pages.facts, needsKey: needsKey)
            element(.section, "card", .label("Metrics")) {
                if families.isEmpty {
                    empty("Nothing was counted yet", "Metrics appear with the first pass.", icon: .chart)
                } else {
                    families.reduce(into: Grid("Metrics", "Name", "Kind", "Values")) { grid, family in
                        grid.add(
                            markup {
                                span("key", family.name)
                                span("sub", family.help)
                            }, label(family.shape),
                            markup {
                                for line in family.lines.prefix(8) { span("sub") { code(line) } }
                                if family.lines.count > 8 {
                                    element(.details, "", .id("more-\(Anchor.id(family.name))")) {
                                        element(.summary) { "and \(family.lines.count - 8) more" }
                                        for line in family.lines.dropFirst(8) { span("sub") { code(line) } }
                                    }
                                }
                            })
                    }.html
                }
            }
        }
    }

    private static func scrape(_ facts: ConsoleFacts, needsKey: Bool) -> HTML {
        let address = "\(facts.scheme)://\(facts.address)/metrics"
        let key = "/etc/prometheus/odooops.key"
        var job = """
            scrape_configs:
              - job_name: odooops
                scheme: \(facts.scheme)
                metrics_path: /metrics
                static_configs:
                  - targets: ["\(facts.address)"]
            """
        if needsKey { job += "\n    authorization:\n      credentials_file: \(key)" }
        return card("Scrape it") {
            div("stack") {
                element(.pre, "", .set("tabindex", "0")) { job }
                if needsKey {
                    p("Somebody was given access, so a scraper needs a key: one for these figures and nothing else.")
                    command("reconcile access key add prometheus --role viewer --scope metrics:read > \(key)")
                    command("curl -H \"Authorization: Bearer $(cat \(key))\" \(address)")
                } else {
                    command("curl \(address)")
                }
            }
        }
    }

    private struct Family {
        var name: String
        var help = ""
        var shape = ""
        var lines: [String] = []
    }

    private static func families(_ text: String) -> [Family] {
        var families: [Family] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP "), words.count > 2 {
                families.append(Family(name: words[2], help: words.count > 3 ? words[3] : ""))
            } else if line.hasPrefix("# TYPE "), words.count > 3, !families.isEmpty {
                families[families.count - 1].shape = words[3]
            } else if !line.hasPrefix("#"), !families.isEmpty, !line.contains("_bucket{") {
                let name = families[families.count - 1].name
                families[families.count - 1].lines.append(
                    line.hasPrefix(name) ? String(line.dropFirst(name.utf8.count)) : String(line))
            }
        }
        return families
    }
}

/// What to do when, as the SSOT's repository says.
enum RunbooksPage {
    static func render(_ context: PageContext) async throws -> Page {
        let books = Runbook.all(context.known.runbooks)
        return Page(.runbooks, lead: "What to do when, read from docs/ops/runbooks/ at the commit that is reconciled.")
        {
            if books.isEmpty {
                div("card") {
                    empty(
                        context.known.outlook == nil ? "Known after a pass" : "No runbook yet",
                        "Write one as docs/ops/runbooks/NAME.md in the SSOT's repository; the next pass shows it here.",
                        icon: .book)
                }
            } else {
                div("grid3") {
                    for book in books {
                        element(.section, "card") {
                            div("body stack") {
                                element(.h2) { a(Link("/runbooks", book.name), book.title) }
                                element(.p, "soft") { book.lead }
                                span("soft") { code(book.path) }
                            }
                        }
                    }
                }
            }
        }
    }

    static func renderOne(_ context: PageContext) async throws -> Page {
        let name = context.part(1)
        guard let book = Runbook.all(context.known.runbooks).first(where: { $0.name == name }) else {
            return ConsolePages.missing(.runbooks, "There is no runbook \(name)", next: "reconcile validate")
        }
        return Page(.runbooks, title: book.title, lead: "") {
            div("card") {
                element(.article, "body prose") { Markdown(book.text, dropsTitle: true).html }
            }
            p("soft") { code(book.path) }
        }
    }
}

/// One runbook.
struct Runbook {
    let path: String
    let name: String
    let text: String
    let title: String
    /// Its first paragraph.
    let lead: HTML

    static func all(_ files: [SourceFile]) -> [Runbook] {
        files.compactMap(Runbook.init).sorted { $0.path.precedesByBytes($1.path) }
    }

    private init?(_ file: SourceFile) {
        guard file.path.hasSuffix(".md"), case .bytes(let bytes) = file.content, bytes.count < 1 << 20 else {
            return nil
        }
        path = file.path
        name = String(file.path.dropFirst("docs/ops/runbooks/".utf8.count).dropLast(3)).replacing("/", with: "--")
        text = String(decoding: bytes, as: UTF8.self)
        title = text.split(separator: "\n").first { $0.hasPrefix("# ") }.map { String($0.dropFirst(2)) } ?? name
        lead = Markdown(text).lead
    }
}

/// How somebody signs in; where nobody has to, it says so.
enum LoginPage {
    static func render(_ context: PageContext) async throws -> Page {
        guard let access = context.pages.access, try await access.isConfigured() else {
            return Page(.login, lead: "Reading from this machine needs no login as long as nobody was given access.") {
                div("card") {
                    empty(
                        "Nobody was given access yet",
                        "Readers on this machine see everything and change nothing. With the first account everybody signs in.",
                        icon: .lock, next: AccessFault.firstOwner)
                }
            }
        }
        return form(back: context.query("back") ?? "/", name: "", fault: nil)
    }

    /// - Parameters:
    ///   - back: where to go on.
    ///   - name: as it was typed before; a password is typed anew.
    ///   - fault: why somebody didn't come in.
    /// - Returns: the page.
    static func form(back: String, name: String, fault: (any Fault)?) -> Page {
        Page(
            .login,
            lead: "Accounts are given by an owner: reconcile access user add NAME --role ROLE --password-file -"
        ) {
            if let fault {
                element(.div, "", .role("alert")) { banner(.bad, fault.message) { p(fault.hint ?? "") } }
            }
            element(.form, "card", .action(Link("/login")), .set("method", "post")) {
                div("filters") {
                    element(.label) {
                        "Name"
                        HTML(
                            .input,
                            [
                                .type("text"), .named("name"), .value(String(name.prefix(255))),
                                .set("autocomplete", "username"), .set("autocapitalize", "none"), .flag("required"),
                            ] + (name.isEmpty ? [.flag("autofocus")] : []), HTML())
                    }
                    element(.label) {
                        "Password"
                        HTML(
                            .input,
                            [
                                .type("password"), .named("password"), .set("autocomplete", "current-password"),
                                .flag("required"),
                            ] + (name.isEmpty ? [] : [.flag("autofocus")]), HTML())
                    }
                    element(.input, "", .type("hidden"), .named("back"), .value(back))
                    element(.button, "button primary", .type("submit")) { "Sign in" }
                }
            }
        }
    }
}
