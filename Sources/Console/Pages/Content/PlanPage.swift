import Basics
import DesiredState
import Diff
import Formats
import Store

/// A plan as the command line shows it: signs, attributes, reasons, decisions.
enum PlanPage {
    static func render(_ context: PageContext) async throws -> Page {
        let id = context.part(1)
        let found: (runID: String, document: Value)?
        if id == "latest" {
            found = try await context.store.latestPlan()
        } else if let run = try await context.store.run(withID: id) {
            if let document = try await context.store.plan(ofRun: run.id) {
                found = (run.id, document)
            } else {
                found = try await kept(run, context)
            }
        } else {
            found = nil
        }
        guard let found else {
            return ConsolePages.missing(.runs, "There is no plan of run \(id)", next: "reconcile --dry-run")
        }
        let plan = found.document
        let changes = plan["changes"]?.listValue ?? []
        let approvals = try await context.store.approvals(limit: 200).filter { $0.runID == found.runID }
        var page = Page(
            .runs, title: "Plan of run \(Words.shortRun(found.runID))",
            lead: "What would be done, in this order, and why. The same inputs give the same bytes."
        ) {
            summary(plan, found.runID, context)
            if changes.isEmpty {
                div("card") { empty("Nothing to do", "Everything is as git wants it.", icon: .ok) }
            }
            for (slug, group) in PlanView.groups(changes) {
                card(slug.isEmpty ? "Shared infrastructure" : "Environment \(slug)", flush: true) {
                    for change in group { PlanView.change(change, approvals, context.now, run: found.runID) }
                }
            }
            diagnostics(plan)
        }
        page.chips = markup {
            span("key soft", String((plan["fingerprint"]?.stringValue ?? "").prefix(19)))
            span("soft") {
                "planned "
                ago(plan["planned_at"]?.stringValue.flatMap { Timestamp($0) }, context.now)
            }
        }
        return page
    }

    /// The plan of a look, which only its evidence holds.
    private static func kept(_ run: RunRecord, _ context: PageContext) async throws -> (runID: String, document: Value)?
    {
        guard let link = try await context.store.evidence(ofRun: run.id),
            let bytes = context.pages.object("plan.json", of: link), let value = try? JSON.parse(bytes)
        else { return nil }
        return (run.id, value)
    }

    private static func summary(_ plan: Value, _ runID: String, _ context: PageContext) -> HTML {
        func count(_ name: String) -> Int { Int(clamping: plan["summary"]?[name]?.intValue ?? 0) }
        return div("tiles") {
            tile("To create", "\(count("create") + count("adopt"))", count("create") > 0 ? .ok : nil)
            tile("To change", "\(count("update") + count("replace"))")
            tile("To delete", "\(count("delete"))", count("delete") > 0 ? .bad : nil)
            tile("Held back", "\(count("blocked"))", count("blocked") > 0 ? .warn : nil)
            tile("As wanted", "\(count("noop"))")
            tile(
                "Unknown", "\(count("unknown"))", count("unknown") > 0 ? .warn : nil,
                note: "nothing is done to those", link: Link("/runs", runID))
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

    private static func sign(_ action: String) -> (text: String, tone: String) {
        switch action {
        case "create": ("+", "ok")
        case "update": ("~", "info")
        case "replace": ("−/+", "warn")
        case "delete": ("−", "bad")
        case "adopt": ("←", "accent")
        case "forget": ("→", "idle")
        default: ("?", "idle")
        }
    }

    static func change(
        _ change: Value, _ approvals: [ApprovalRecord] = [], _ now: Timestamp? = nil, run: String
    ) -> HTML {
        let action = change["action"]?.stringValue ?? ""
        let key = change["key"]?.stringValue ?? ""
        let decision = change["decision"]?.stringValue ?? ""
        let (sign, tone) = sign(action)
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
                        for attribute in attributes { element(.li) { Self.attribute(attribute, action) } }
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
        let after = attribute["reference"]?.stringValue.map { "from \($0)" } ?? Words.value(attribute["after"])
        return markup {
            "\(path): "
            if action != "create" {
                span("c-bad", Words.value(attribute["before"]))
                span("arrow", " → ")
            }
            span("c-ok", after)
            if attribute["requires_replacement"]?.boolValue ?? false { span("c-warn", " (needs a replacement)") }
        }
    }

    private static func approval(_ key: String, _ approvals: [ApprovalRecord], _ now: Timestamp?, _ run: String) -> HTML
    {
        let standing = now.flatMap { now in
            approvals.first { $0.key.description == key && $0.standing(at: now) == .standing }
        }
        if let standing {
            return p("why") {
                chip(.ok, "approved")
                " by \(standing.approvedBy), until \(standing.expiresAt.minuteText)"
            }
        }
        return command("reconcile approve \(run) --key \(key)")
    }
}
