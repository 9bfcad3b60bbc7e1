import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// One run: its steps as a timeline, each with what was asked and answered, and its evidence.
enum RunPage {
    /// A run as far as the reader may see it, with its steps.
    private static func visibleRun(
        _ id: String, _ context: PageContext
    ) async throws -> (run: RunRecord, journal: [JournalEntry])? {
        if let share = context.share { return try await share.run(id, in: context.store, context.pages.evidence) }
        let found =
            id == "latest" ? try await context.store.runs(limit: 1).first : try await context.store.run(withID: id)
        guard let found else { return nil }
        return (found, try await context.store.journal(ofRun: found.id))
    }

    static func render(_ context: PageContext) async throws -> Page {
        let id = context.part(1)
        guard let (run, journal) = try await visibleRun(id, context) else {
            return ConsolePages.missing(.runs, "There is no run \(id)", next: "reconcile runs")
        }
        let events = try await context.store.events(ofRun: run.id).filter { event in
            context.share.map { $0.holds(event.payload["environment"]?.stringValue) } ?? true
        }
        let link = try await context.store.evidence(ofRun: run.id)
        let begin = first("step", of: journal.count, context)
        let shown = Array(journal.dropFirst(begin).prefix(told))
        let record = EvidenceRecord(context.pages.evidence, link, of: Set(shown.map(\.stepID)))
        let check = try await check(link, context)
        let hasPlan = try await hasPlan(run, link, context)
        var page = Page(
            .runs, title: "Run \(Words.shortRun(run.id))",
            lead: run.isDryRun ? "A look: it planned and changed nothing." : "A pass, from commit to evidence."
        ) {
            if !run.error.isNull {
                banner(run.phase == .failed ? .bad : .warn, OverviewPage.fault(run)) {
                    if let hint = run.error["hint"]?.stringValue { p(hint) }
                }
            }
            if context.share == nil {
                div("grid2") {
                    summary(run, context, hasPlan: hasPlan)
                    evidence(run, record, check, context)
                }
            } else {
                // Evidence is of the whole pass.
                summary(run, context, hasPlan: hasPlan)
            }
            steps(run, shown, from: begin, of: journal.count, record, context)
            story(run, events, context)
        }
        page.chips = markup {
            Words.phase(run.phase)
            RunsPage.changes(run)
        }
        return page
    }

    /// Whether the reader finds a plan of it; without reading one, which may be long, where all of it is theirs.
    private static func hasPlan(
        _ run: RunRecord, _ link: EvidenceLink?, _ context: PageContext
    ) async throws -> Bool {
        if let share = context.share {
            return try await KeptPlan(run.id, context.store, context.pages.evidence).flatMap { share.plan($0.document) }
                != nil
        }
        if try await context.store.hasPlan(ofRun: run.id) { return true }
        let items = link.flatMap { context.pages.evidence.manifest($0.manifest) }?.items ?? []
        return items.contains { $0.name == "plan.json" }
    }

    private static func summary(_ run: RunRecord, _ context: PageContext, hasPlan: Bool) -> HTML {
        card("What it was") {
            div("stack") {
                facts([
                    ("Run", code(run.id)), ("Asked by", HTML(run.trigger.rawValue)),
                    ("Revision", Words.revision(run.revision)), ("Began", moment(run.startedAt, context.now)),
                    ("Ended", moment(run.completedAt, context.now)),
                    ("Took", HTML(run.completedAt.map { TimeText.took($0 - run.startedAt) } ?? "not ended")),
                    ("Drift found", HTML(run.metadata["drift"]?.intValue.map { "\($0)" } ?? "–")),
                ])
                if hasPlan {
                    p {
                        a(Link("/plans", run.id), "button") {
                            Icon.list.html
                            "Read its plan"
                        }
                    }
                }
            }
        }
    }

    // MARK: Evidence

    /// The whole chain, held against its digests, when the reader asks for it.
    private static func check(_ link: EvidenceLink?, _ context: PageContext) async throws -> EvidenceVerification? {
        guard let link, context.share == nil, context.query("check") == "chain" else { return nil }
        let account = try await context.store.evidenceAccount(ofRun: link.runID)
        let evidence = context.pages.evidence
        return await context.pages.checking.run { evidence.verify(account, stepsSince: nil) }
    }

    private static func outcome(_ check: EvidenceVerification) -> HTML {
        guard let first = check.faults.first else {
            let start = check.first == 1 ? "the first" : "link \(check.first)"
            return banner(.ok, "Every byte is what it was") {
                p {
                    "\(check.objects.of("object")) of this run, and \(check.manifests.of("manifest")) back to \(start)."
                }
            }
        }
        return banner(.bad, "\(check.faults.count.of("break")) in the chain") {
            p { "\(first.code): \(first.message)" }
            p { first.place ?? "" }
        }
    }

    private static func evidence(
        _ run: RunRecord, _ record: EvidenceRecord, _ check: EvidenceVerification?, _ context: PageContext
    ) -> HTML {
        card("Evidence") {
            div("stack") {
                switch record.state {
                case .none:
                    p(
                        run.phase.isUnderWay
                            ? "It is under way: its evidence is kept when it ends."
                            : "This run left no evidence: it was not ended by its own process, or ended before it could be "
                                + "kept.")
                case .broken(let reason):
                    banner(.bad, "The evidence is not what it was") { p(reason) }
                case .whole(let link, let manifest):
                    facts([
                        ("Link", HTML("number \(link.sequence) of the chain")), ("Manifest", code(link.manifest.short)),
                        ("Follows", link.previous.map { code($0.short) } ?? HTML("nothing: it is the first")),
                        ("Checked", chip(.ok, "the manifest is what its digest says")),
                    ])
                    element(.details, "", .id("objects")) {
                        element(.summary) { manifest.items.count.of("object to download", "objects to download") }
                        element(.ul, "legend") {
                            for item in manifest.items {
                                element(.li) {
                                    a(Link("/runs", run.id, "evidence", item.name), item.name)
                                    span("count soft", "\(item.bytes) B")
                                }
                            }
                        }
                    }
                    p {
                        a(Link("/runs", run.id, "evidence"), "button") {
                            Icon.shield.html
                            "Download the manifest"
                        }
                    }
                }
                if let check {
                    outcome(check)
                } else if case .whole = record.state {
                    p {
                        a(Link("/runs", run.id, query: [("check", "chain")]), "button") {
                            Icon.check.html
                            "Check every byte, and the chain"
                        }
                    }
                }
                command("reconcile show \(run.id) --verify")
            }
        }
    }

    // MARK: Steps

    private static func steps(
        _ run: RunRecord, _ shown: [JournalEntry], from begin: Int, of all: Int, _ record: EvidenceRecord,
        _ context: PageContext
    ) -> HTML {
        card("Steps", aside: HTML(all.of("step")), flush: true) {
            if all == 0 {
                empty("No step", "Nothing was to be done, or nothing may be done.", icon: .ok)
            } else {
                let limit = textLimit(shown, record)
                element(.ol, "timeline") {
                    for (index, entry) in shown.enumerated() { step(entry, begin + index, record, limit, context) }
                }
                pager("steps", from: begin, by: told, of: all) { part(of: run, steps: $0, events: nil, context) }
            }
        }
    }

    /// So many steps are on one page, each with its requests and answers.
    static let told = 50

    /// So many events are on one page.
    private static let toldEvents = 200

    /// How many steps or events come before the part that is asked for.
    private static func first(_ name: String, of all: Int, _ context: PageContext) -> Int {
        min(max(0, context.query(name).flatMap { Int($0) } ?? 0), all)
    }

    /// This page from another step or another event on.
    private static func part(of run: RunRecord, steps: Int?, events: Int?, _ context: PageContext) -> Link {
        let parts = [
            ("step", steps.map(String.init) ?? context.query("step")),
            ("event", events.map(String.init) ?? context.query("event")),
        ]
        return Link("/runs", run.id, query: parts.compactMap { name, value in value.map { (name, $0) } })
    }

    /// So many requests of one step are shown.
    private static let exchanged = 6

    /// So many bytes of each text are shown, so that the page stays one that can be read and sent.
    private static func textLimit(_ journal: [JournalEntry], _ record: EvidenceRecord) -> Int {
        let texts = journal.prefix(told).reduce(0) { sum, entry in
            sum + 2 * max(1, min(exchanged, record.exchanges(of: entry.stepID).count))
        }
        return min(4_000, max(300, 60_000 / max(1, texts)))
    }

    private static func step(
        _ entry: JournalEntry, _ index: Int, _ record: EvidenceRecord, _ limit: Int, _ context: PageContext
    ) -> HTML {
        let exchanges = record.exchanges(of: entry.stepID)
        let tone: Tone =
            switch entry.state {
            case .done: .ok
            case .failed: .bad
            case .unknown: .warn
            case .intended: .info
            }
        return element(.li) {
            span("c-\(tone.rawValue)") { tone.icon.html }
            div("line") {
                strong(entry.title)
                Words.step(entry.state)
                if let end = entry.finishedAt { span("soft num", TimeText.took(end - entry.intendedAt)) }
            }
            p("when") {
                span("key", entry.key.description)
                " · \(entry.action.rawValue) · "
                Words.environment(entry.environment)
                " · \(TimeText.exact(entry.intendedAt)) · "
                ago(entry.intendedAt, context.now)
            }
            if entry.state == .failed, let message = entry.output["message"]?.stringValue {
                p { "\(entry.output["code"]?.stringValue.map { "\($0): " } ?? "")\(message)" }
            }
            element(.details, "", .id("step-\(index)")) {
                element(.summary) {
                    exchanges.isEmpty
                        ? "What it was given and what came of it" : "\(exchanges.count.of("request")) and answer"
                }
                if exchanges.isEmpty {
                    object("Given", entry.input, limit)
                    object("Came of it", entry.output, limit)
                } else {
                    for exchange in exchanges.prefix(exchanged) { Self.exchange(exchange, limit) }
                    if exchanges.count > exchanged {
                        p("and \(exchanges.count - exchanged) more, in the evidence", "soft")
                    }
                }
            }
            if exchanges.count > exchanged, context.share == nil, let name = record.objects[entry.stepID] {
                p { a(Link("/runs", entry.runID, "evidence", name), "Each request and answer, as evidence") }
            }
        }
    }

    private static func exchange(_ value: Value, _ limit: Int) -> HTML {
        let status = value["status"]?.intValue ?? 0
        return div("exchange") {
            div("line") {
                code("\(value["method"]?.stringValue ?? "") \(value["url"]?.stringValue ?? "")")
                chip((200..<400).contains(status) ? .ok : .bad, status == 0 ? "no answer" : "\(status)")
                span("soft num", "\(value["duration_ms"]?.intValue ?? 0) ms")
            }
            if let body = value["request_body"], !body.isNull { object("Request", body, limit) }
            if let body = value["response_body"], !body.isNull { object("Answer", body, limit) }
        }
    }

    private static func object(_ name: String, _ value: Value, _ limit: Int) -> HTML {
        let text = JSON.write(value, pretty: true)
        let shown = text.utf8.count > limit ? String(text.prefix(limit)) + "\n… (the rest is in the evidence)" : text
        return markup {
            p(name, "soft")
            element(.pre, "", .set("tabindex", "0")) { shown }
        }
    }

    // MARK: Story

    private static func story(_ run: RunRecord, _ events: [RunEvent], _ context: PageContext) -> HTML {
        let begin = first("event", of: events.count, context)
        return card("Its story", aside: HTML(events.count.of("event")), flush: true) {
            if events.isEmpty {
                empty("Nothing was told", "Events are written when a run ends.", icon: .list)
            } else {
                events.dropFirst(begin).prefix(toldEvents).reduce(into: Grid("Events", "When", "What", "Detail")) {
                    grid, event in
                    grid.add(
                        moment(event.at, context.now), label(event.type.spaced), HTML(Words.value(event.payload)))
                }.html
                pager("events", from: begin, by: toldEvents, of: events.count) {
                    part(of: run, steps: nil, events: $0, context)
                }
            }
        }
    }
}

/// The evidence of one run, as far as it can be read.
struct EvidenceRecord {
    enum State {
        case none
        case whole(EvidenceLink, EvidenceManifest)
        case broken(String)
    }

    let state: State
    private let exchangesByStep: [String: [Value]]
    /// The name of the object that holds a step.
    let objects: [String: String]

    /// So many objects are looked through for the steps of a page.
    private static let limit = 5_000

    /// - Parameters:
    ///   - store: where evidence is kept.
    ///   - link: of the run.
    ///   - wanted: the ids of the steps of which requests and answers are shown.
    init(_ store: EvidenceStore, _ link: EvidenceLink?, of wanted: Set<String>) {
        guard let link else {
            (state, exchangesByStep, objects) = (.none, [:], [:])
            return
        }
        do throws(EvidenceFault) {
            let manifest = try EvidenceManifest(bytes: store.get(link.manifest))
            var steps: [String: [Value]] = [:]
            var names: [String: String] = [:]
            for item in manifest.items.filter({ $0.name.hasPrefix("steps/") }).prefix(Self.limit) {
                guard names.count < wanted.count else { break }
                guard let value = try? JSON.parse(store.get(item.digest)), let id = value["step"]?.stringValue,
                    wanted.contains(id)
                else { continue }
                steps[id] = value["exchanges"]?.listValue ?? []
                names[id] = item.name
            }
            (state, exchangesByStep, objects) = (.whole(link, manifest), steps, names)
        } catch {
            (state, exchangesByStep, objects) = (.broken("\(error.code): \(error.message)"), [:], [:])
        }
    }

    func exchanges(of step: String) -> [Value] { exchangesByStep[step] ?? [] }
}
