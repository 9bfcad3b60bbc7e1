import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// A plan as the command line shows it: signs, attributes, reasons, decisions.
enum PlanPage {
    /// So many changes are on one page; what is unknown is folded beside them.
    static let pageSize = 200

    static func render(_ context: PageContext) async throws -> Page {
        let id = context.part(1)
        guard let found = try await KeptPlan(id, context.store, context.pages.evidence) else {
            return ConsolePages.missing(.runs, "There is no plan of run \(id)", next: "reconcile --dry-run")
        }
        // What touches nothing of the reader's is unknown to them.
        guard let plan = context.share.map({ $0.plan(found.document) }) ?? found.document else {
            return ConsolePages.missing(.runs, "There is no plan of run \(id)", next: "reconcile --dry-run")
        }
        let all = plan["changes"]?.listValue ?? []
        let changes = PlanView.groups(all.filter { $0["action"] != "read" }).flatMap(\.changes)
        let unknown = all.filter { $0["action"] == "read" }
        let from = min(max(0, context.query("from").flatMap { Int($0) } ?? 0), max(0, changes.count - 1))
        let shown = Array(changes.dropFirst(from).prefix(pageSize))
        let approvals = try await context.store.approvals(ofRun: found.runID)
        let waits = all.contains { $0["decision"]?.stringValue == Verdict.needsApproval.rawValue }
        // Only what waits is offered for approval, and that in the latest plan alone.
        let isOpen = waits ? try await context.store.latestPlanRow(at: context.now)?.runID == found.runID : false
        var page = Page(
            .runs, title: "Plan of run \(Words.shortRun(found.runID))",
            lead: "What would be done, in this order, and why. The same inputs give the same bytes."
        ) {
            summary(plan, found.runID, context)
            if waits, !found.isSaved { onlySeen } else if waits, !isOpen { superseded }
            if changes.isEmpty {
                div("card") {
                    empty(
                        "Nothing to do",
                        unknown.isEmpty
                            ? "Everything is as git wants it." : "What could be seen is as git wants it.",
                        icon: .ok)
                }
            }
            for (slug, group) in PlanView.groups(shown) {
                card(slug.isEmpty ? "Shared infrastructure" : "Environment \(slug)", flush: true) {
                    for change in group {
                        PlanView.change(change, approvals, context.now, run: isOpen ? found.runID : nil)
                    }
                }
            }
            if changes.count > pageSize { pager(found.runID, from, shown.count, of: changes.count) }
            if !unknown.isEmpty { Self.unknown(unknown) }
            diagnostics(plan)
        }
        page.chips = markup {
            span("key soft", String((plan["fingerprint"]?.stringValue ?? "").prefix(19)))
            span("soft") {
                "planned "
                ago(plan["planned_at"]?.instantValue, context.now)
            }
        }
        return page
    }

    /// Where to say yes to what a plan shows that nobody can say yes to.
    private static var onlySeen: HTML {
        banner(.warn, "Nothing can be approved in this plan") {
            p("It is that of a look, or kept as evidence alone. Approvals are given to the plan of a pass.")
            p { a(Link("/plans", "latest"), "The plan of the last pass") }
            command("reconcile")
        }
    }

    /// Where to find what still waits of a plan that isn't the last one.
    private static var superseded: HTML {
        banner(.info, "A later pass has made its own plan") {
            p("What still waits for a person stands in that one.")
            p { a(Link("/plans", "latest"), "The plan of the last pass") }
        }
    }

    private static func summary(_ plan: Value, _ runID: String, _ context: PageContext) -> HTML {
        func count(_ name: String) -> Int { Int(clamping: plan["summary"]?[name]?.intValue ?? 0) }
        return div("tiles") {
            tile("To create", "\(count("create"))", count("create") > 0 ? .ok : nil)
            tile("To update", "\(count("update"))")
            if count("replace") > 0 {
                tile("To replace", "\(count("replace"))", .bad, note: "deleted and made anew")
            }
            tile("To delete", "\(count("delete"))", count("delete") > 0 ? .bad : nil)
            if count("adopt") > 0 { tile("To adopt", "\(count("adopt"))", note: "there before us") }
            if count("forget") > 0 { tile("To forget", "\(count("forget"))", note: "left where it is") }
            tile("Held back", "\(count("blocked"))", count("blocked") > 0 ? .warn : nil)
            if plan["summary"]?["noop"] != nil { tile("As wanted", "\(count("noop"))") }
            tile(
                "Unknown", "\(count("unknown"))", count("unknown") > 0 ? .warn : nil,
                note: "nothing is done to those", link: Link("/runs", runID))
        }
    }

    private static func pager(_ run: String, _ from: Int, _ shown: Int, of count: Int) -> HTML {
        element(.nav, "pager", .label("More changes")) {
            span("soft", "changes \(from + 1) to \(from + shown) of \(count)")
            if from > 0 {
                a(Link("/plans", run, query: [("from", "\(max(0, from - pageSize))")]), "The \(pageSize) before")
            }
            if from + shown < count {
                a(Link("/plans", run, query: [("from", "\(from + shown)")]), "The next")
            }
        }
    }

    /// What is left alone, once for each kind and reason.
    private static func unknown(_ changes: [Value]) -> HTML {
        struct Group: Hashable {
            let kind: String
            let reason: String
        }
        var keys: [Group: [String]] = [:]
        for change in changes {
            let key = change["key"]?.stringValue ?? ""
            let reason = change["decision_reason"]?.stringValue ?? change["reason"]?.stringValue ?? ""
            keys[Group(kind: String(key.prefix { $0 != "/" }), reason: reason), default: []].append(key)
        }
        let groups = keys.sorted {
            $0.key.kind == $1.key.kind ? $0.key.reason.precedesByBytes($1.key.reason) : $0.key.kind < $1.key.kind
        }
        return card(
            "Unknown, and left alone", aside: HTML(changes.count.of("resource")), flush: true
        ) {
            groups.prefix(100).reduce(into: Grid("Unknown", "What", "How many", "Why")) { grid, group in
                grid.add(
                    span("key", group.value.count == 1 ? group.value[0] : group.key.kind),
                    span("num", "\(group.value.count)"), HTML(group.key.reason))
            }.html
            if groups.count > 100 {
                let rest = groups.dropFirst(100).reduce(0) { $0 + $1.value.count }
                div("body") { p("and \(rest) more, each for a reason of its own: reconcile show RUN", "soft") }
            }
        }
    }

    private static func diagnostics(_ plan: Value) -> HTML {
        let all = plan["diagnostics"]?.listValue ?? []
        guard !all.isEmpty else { return HTML() }
        return card("What the documents are told", aside: HTML(all.count.of("diagnostic")), flush: true) {
            all.prefix(100).reduce(into: Grid("Diagnostics", "Where", "What", "Next")) { grid, one in
                grid.add(
                    Words.place(one).map { code($0) } ?? span("soft", "–"),
                    markup {
                        chip(
                            one["severity"]?.stringValue == "error" ? .bad : .warn, one["code"]?.stringValue ?? "")
                        span("sub", one["message"]?.stringValue ?? "")
                    }, HTML(one["hint"]?.stringValue ?? ""))
            }.html
        }
    }
}

/// Changes of a plan document.
enum PlanView {
    /// By environment, what they share first.
    static func groups(_ changes: [Value]) -> [(slug: String, changes: [Value])] {
        let grouped = Dictionary(grouping: changes) { $0["environment"]?.stringValue ?? "" }
        return grouped.sorted { $0.key.precedesByBytes($1.key) }.map { (slug: $0.key, changes: $0.value) }
    }

    /// So many attributes of a change are shown.
    private static let most = 40

    /// One change.
    ///
    /// - Parameters:
    ///   - change: of a plan document.
    ///   - approvals: those of the run.
    ///   - now: the present; nil: none of them counts.
    ///   - run: whose plan it is; nil where that can't be approved.
    /// - Returns: what is to be done, why, and what it waits for.
    static func change(
        _ change: Value, _ approvals: [ApprovalRecord] = [], _ now: Timestamp? = nil, run: String?
    ) -> HTML {
        let action = change["action"]?.stringValue ?? ""
        let key = change["key"]?.stringValue ?? ""
        let decision = change["decision"]?.stringValue ?? ""
        let (sign, tone) = Words.sign(ChangeAction(rawValue: action) ?? .read)
        let attributes = change["attributes"]?.listValue ?? []
        return div("change") {
            element(.span, "sign c-\(tone)", .hidden) { sign }
            div {
                div("what") {
                    span("visually-hidden", action)
                    span("key", key)
                    Words.verdict(decision)
                    if let place = Words.place(change["source"]) { span("soft") { code(place) } }
                }
                if !attributes.isEmpty {
                    element(.ul) {
                        for attribute in attributes.prefix(most) { element(.li) { Self.attribute(attribute, action) } }
                        if attributes.count > most { element(.li) { "and \(attributes.count - most) more" } }
                    }
                }
                p("why") {
                    change["reason"]?.stringValue ?? ""
                    if let cause = change["cause"]?.stringValue.flatMap(ChangeCause.init(rawValue:)) {
                        " (\(Words.cause(cause).text))"
                    }
                }
                if let reason = change["decision_reason"]?.stringValue { p(reason, "why") }
                if decision == Verdict.needsApproval.rawValue { approval(key, approvals, now, run) }
            }
        }
    }

    private static func attribute(_ attribute: Value, _ action: String) -> HTML {
        let path = attribute["path"]?.stringValue ?? ""
        if attribute["sensitive"]?.boolValue ?? false { return HTML("\(path): (not shown)") }
        return markup {
            "\(path): "
            if action != "create" {
                span("c-bad", Words.value(attribute["before"]))
                span("arrow", " → ")
            }
            span("c-ok", Words.wanted(attribute))
            if attribute["requires_replacement"]?.boolValue ?? false { span("c-warn", " (needs a replacement)") }
            if action != "create", let place = Words.place(attribute["source"]) { span("where", " \(place)") }
        }
    }

    /// The approval of a change that stands; nil where it still waits for one.
    static func standing(_ key: String, _ approvals: [ApprovalRecord], _ now: Timestamp) -> ApprovalRecord? {
        approvals.first { $0.key.description == key && $0.standing(at: now) == .standing }
    }

    private static func approval(
        _ key: String, _ approvals: [ApprovalRecord], _ now: Timestamp?, _ run: String?
    ) -> HTML {
        if let standing = now.flatMap({ Self.standing(key, approvals, $0) }) {
            return p("why") {
                chip(.ok, "approved")
                " by \(standing.approvedBy), until \(standing.expiresAt.minuteText)"
            }
        }
        return run.map { command("reconcile approve \($0) --key \(key)") } ?? HTML()
    }
}
