import Basics
import DesiredState
import Diff
import Formats
import Store

/// How everything stands, and what waits for a person.
enum OverviewPage {
    static func render(_ context: PageContext) async throws -> Page {
        let store = context.store
        let runs = try await store.runs(limit: 40)
        let environments = try await store.environments().filter { $0.status != .gone }
        let drift = try await store.openDrift()
        let tally = try await store.runTally(since: context.now - .hours(24))
        let deployments = try await store.deployments(ofLast: 40)
        let nodes = try await store.activeNodes()
        let hasSeenNodes = try await nodes.isNone ? DigitalOceanPage.hasSeen(store.mirror(.ingestRuns)) : true
        let plan = try await store.latestPlan()
        let given = if let plan { try await store.approvals(ofRun: plan.runID) } else { [ApprovalRecord]() }
        let approvals = Approvals(plan, given, context.now)
        let alarming = drift.filter { !$0.isQuiet }
        let loop = context.pages.loop()
        let hasLooked = try await context.hasLooked()
        let unseen = try await drift.isEmpty ? context.notCompared() : 0
        return Page(
            .overview, lead: "How everything stands, what waits for a person, and what happened last."
        ) {
            state(context, runs, environments, alarming, approvals)
            tiles(
                context, runs, hasLooked || !environments.isEmpty ? environments : nil, hasLooked ? alarming : nil,
                tally,
                hasSeenNodes ? nodes : nil, loop)
            div("grid2") {
                waiting(approvals, context, hasLooked: plan != nil)
                byCause(drift, hasLooked: hasLooked, unseen: unseen)
            }
            div("grid2") {
                activity(deployments, runs, context)
                ending(environments, context, hasLooked: hasLooked)
            }
        }
    }

    /// Changes that only an approval holds back.
    struct Approvals {
        let runID: String
        /// Those that still wait for a yes.
        let changes: [Value]
        /// How many have one that stands: the next pass does them.
        let approved: Int

        init(_ plan: (runID: String, document: Value)?, _ given: [ApprovalRecord], _ now: Timestamp) {
            runID = plan?.runID ?? ""
            let all = (plan?.document["changes"]?.listValue ?? []).filter(PlanDocument.waitsForPerson)
            changes = all.filter { PlanView.standing($0["key"]?.stringValue ?? "", given, now) == nil }
            approved = all.count - changes.count
        }
    }

    private static func state(
        _ context: PageContext, _ runs: [RunRecord], _ environments: [EnvironmentRow], _ drift: [DriftRecord],
        _ approvals: Approvals
    ) -> HTML {
        guard let last = runs.first(where: { !$0.isDryRun }) else {
            return banner(.info, "Nothing has been reconciled yet", icon: .info) {
                p("The first pass reads the repository, looks at the providers and says here what it found.")
                command("reconcile --dry-run")
            }
        }
        if last.phase == .failed {
            return banner(.bad, "The last pass failed") {
                p { fault(last) }
                p {
                    a(Link("/runs", last.id), "See the run")
                    " · it is tried again by itself"
                }
            }
        }
        if let doubts = EnvironmentsPage.doubts(environments) { return doubts }
        if !drift.isEmpty {
            return banner(.warn, "\(drift.count.of("difference")) nobody has accepted") {
                p {
                    "What is there is not what git wants. "
                    a(Link(.drift), "See them side by side")
                }
            }
        }
        if !approvals.changes.isEmpty {
            return banner(.warn, "\(approvals.changes.count.of("change")) waiting for a yes", icon: .lock) {
                p { a(Link("/plans", approvals.runID), "Read the plan") }
            }
        }
        return banner(.ok, "What was looked at is as git wants it") {
            p {
                "\(environments.count.of("environment")), checked "
                ago(last.completedAt ?? last.startedAt, context.now)
                " at revision "
                Words.revision(last.revision)
            }
        }
    }

    static func fault(_ run: RunRecord) -> String {
        let code = run.error["code"]?.stringValue.map { "\($0): " } ?? ""
        if let message = run.error["message"]?.stringValue { return code + message }
        if let count = run.error["failed_steps"]?.intValue { return code + Int(clamping: count).of("step") + " failed" }
        return code.isEmpty ? "No reason was written down." : String(code.dropLast(2))
    }

    private static func tiles(
        _ context: PageContext, _ runs: [RunRecord], _ environments: [EnvironmentRow]?, _ drift: [DriftRecord]?,
        _ tally: RunTally, _ nodes: ActiveNodes?, _ loop: ConsoleFacts.Loop
    ) -> HTML {
        let gates = context.known.gates
        let passed = gates.count { $0.verdict == .pass }
        // What nobody could judge has neither passed nor failed, and what nothing asks for isn't audited.
        let judged = passed + gates.count { $0.verdict == .fail }
        let unknown = gates.count { $0.verdict == .unknown }
        let isHealthy = environments?.allSatisfy { $0.status == .active } ?? true
        let ended = runs.filter { !$0.isDryRun && $0.completedAt != nil }.reversed()
        let durations = ended.map { run in ((run.completedAt ?? run.startedAt) - run.startedAt).milliseconds }
        let bars = ended.map { run in
            (
                height: ((run.completedAt ?? run.startedAt) - run.startedAt).milliseconds, tone: Words.tone(run.phase)
            )
        }
        return div("tiles") {
            tile(
                "Environments", environments.map { "\($0.count)" } ?? "–", isHealthy ? nil : .warn,
                note: environments.map { life($0, context.now) } ?? "nobody has looked yet",
                link: Link(.environments))
            tile(
                "Active nodes", nodes.map { "\($0.droplets + $0.clusters)" } ?? "–",
                note: nodes.map { "\($0.droplets.of("droplet")), \($0.clusters.of("cluster"))" }
                    ?? "nobody has looked yet",
                link: Link(.digitalOcean))
            tile(
                "Audit pass rate", judged == 0 ? "–" : "\(passed * 100 / judged) %",
                judged == 0 ? nil : passed == judged && unknown == 0 ? .ok : .warn,
                note: gates.isEmpty
                    ? "known after a pass"
                    : "\(passed) of \(judged.of("gate"))" + (unknown > 0 ? ", \(unknown) can't be judged" : ""),
                link: Link(.gates))
            tile(
                "Deploys in 24 h", "\(tally.deployments)", tally.failed > 0 ? .warn : nil,
                note: "\(tally.runs.of("pass", "passes")), \(tally.failed) failed", link: Link(.deployments))
            tile(
                "Open drift", drift.map { "\($0.count)" } ?? "–", drift.map { $0.isEmpty ? .ok : .bad },
                note: drift == nil ? "nobody has looked yet" : "that nobody has accepted",
                link: Link(.drift))
            tile(
                "Next wake", next(loop, context.now),
                loop.failures > 0 ? .warn : nil,
                note: loop.failures > 0 ? "\(loop.failures) failed in a row" : "the service's next pass",
                link: Link(.runs),
                chart: bars.count > 1
                    ? markup {
                        Chart.bars(
                            Array(bars),
                            label:
                                "The last \(bars.count.of("pass", "passes")), the latest took \(TimeText.took(.milliseconds(Int(durations.last ?? 0))))"
                        )
                        span("note", "How long the last \(bars.count.of("pass", "passes")) took")
                    } : HTML())
        }
    }

    /// How environments fare, each counted once; what no pass has brought about yet is not active.
    static func life(_ environments: [EnvironmentRow], _ now: Timestamp) -> String {
        let left = environments.filter { $0.isSuspended(at: now) }.count
        let others = environments.filter { !$0.isSuspended(at: now) }
        let coming = others.count { $0.isComing }
        let parts = [
            (others.count { $0.status == .active && !$0.isComing }, "active"), (coming, "coming"), (left, "suspended"),
            (others.count { $0.status == .expiring && !$0.isComing }, "expiring"),
            (others.count { $0.status == .expired }, "expired"), (others.count { $0.status == .unknown }, "unknown"),
        ]
        let said = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return said.isEmpty ? "0 active" : said.joined(separator: ", ")
    }

    private static func next(_ loop: ConsoleFacts.Loop, _ now: Timestamp) -> String {
        if loop.isRunning { return "now" }
        guard let next = loop.nextPassAt else { return "–" }
        return next > now ? TimeText.rough(next - now) : "due"
    }

    private static func waiting(_ approvals: Approvals, _ context: PageContext, hasLooked: Bool) -> HTML {
        card(
            "Waits for a person",
            aside: approvals.changes.isEmpty && approvals.approved == 0
                ? HTML() : a(Link("/plans", approvals.runID), "The plan"),
            flush: true
        ) {
            if approvals.approved > 0 {
                div("body") {
                    chip(.ok, "\(approvals.approved) approved")
                    " The next pass does what was approved, unless it moves before."
                }
            }
            if !hasLooked {
                unlooked("What needs a yes is known after the first plan.")
            } else if approvals.changes.isEmpty, approvals.approved == 0 {
                empty(
                    "Nobody is waited for", "A change that needs a yes is listed here, with the command that gives it.",
                    icon: .ok)
            } else {
                for change in approvals.changes.prefix(6) { PlanView.change(change, run: approvals.runID) }
                if approvals.changes.count > 6 {
                    div("body") { p("and \(approvals.changes.count - 6) more", "soft") }
                }
            }
        }
    }

    private static func byCause(_ drift: [DriftRecord], hasLooked: Bool, unseen: Int) -> HTML {
        card("Drift by cause", aside: a(Link(.drift), "All differences"), flush: drift.isEmpty) {
            if drift.isEmpty {
                DriftCauses.none(hasLooked: hasLooked, unseen: unseen)
            } else {
                DriftCauses.chart(drift)
            }
        }
    }

    /// What was brought to which environment; where nothing was lately, the passes that found nothing to do.
    private static func activity(
        _ deployments: [DeploymentRow], _ runs: [RunRecord], _ context: PageContext
    ) -> HTML {
        guard deployments.isEmpty else {
            return card("Recent activity", aside: a(Link(.deployments), "All deployments"), flush: true) {
                element(.ul, "timeline") {
                    for row in deployments.prefix(7) { DeploymentsPage.entry(row, context.now) }
                }
                div("body") { p { a(Link(.runs), "All passes") } }
            }
        }
        return card("Recent activity", aside: a(Link(.runs), "All runs"), flush: true) {
            if runs.isEmpty {
                empty(
                    "No run yet", "A run is one pass: what was wanted, seen, planned and done.",
                    icon: .play, next: "reconcile --dry-run")
            } else {
                element(.ul, "timeline") {
                    for run in runs.prefix(7) { RunsPage.entry(run, context.now) }
                }
            }
        }
    }

    private static func ending(
        _ environments: [EnvironmentRow], _ context: PageContext, hasLooked: Bool
    ) -> HTML {
        let now = context.now
        let ending = environments.filter {
            ($0.endsAt(now) != nil || $0.isKnownUnwanted) && !$0.isPinned(at: now) && !$0.isSuspended(at: now)
        }
        .sorted { ($0.goesAt(now) ?? $0.endsAt(now) ?? now) < ($1.goesAt(now) ?? $1.endsAt(now) ?? now) }
        return card("Ends next", aside: a(Link(.environments), "All environments"), flush: true) {
            if environments.isEmpty, !hasLooked {
                unlooked("Environments are known after the first pass.")
            } else if ending.isEmpty {
                empty(
                    "Nothing ends by itself",
                    "An environment of a branch has a time to live, set by the tier's rule in .odooops/policies.yaml.",
                    icon: .clock, next: "reconcile env list")
            } else {
                element(.ul, "timeline") {
                    for row in ending.prefix(6) {
                        element(.li) {
                            Icon.clock.html
                            div("line") {
                                strong(row.slug)
                                EnvironmentsPage.life(row, context.now)
                            }
                            if let keep = row.keepCommand(at: now) { span("when") { code(keep) } }
                        }
                    }
                }
            }
        }
    }
}

/// Drift by cause as parts of a whole.
enum DriftCauses {
    /// What to say where there is none; that nobody looked is not that there is none, nor is what nobody could see.
    static func none(hasLooked: Bool, unseen: Int) -> HTML {
        guard hasLooked else { return unlooked("What differs is known after the first look at the providers.") }
        guard unseen == 0 else {
            return empty(
                "No drift is known",
                "Whatever could be seen is as git wants it, but \(unseen.of("resource")) could not be compared; "
                    + "the plan says which, and why.", icon: .eye, next: "reconcile show latest")
        }
        return empty(
            "No drift", "Whatever was looked at is as git wants it; the plan says what could not be seen.", icon: .ok)
    }

    static func chart(_ drift: [DriftRecord]) -> HTML {
        let causes = ChangeCause.words.map { cause in (cause, drift.count { $0.causeWord == cause }) }
            .filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }
        return div("stack") {
            Chart.meter(
                causes.map { (count: $0.1, tone: Words.cause(word: $0.0).tone) },
                label: causes.map { "\($0.1) \(Words.cause(word: $0.0).text)" }.joined(separator: ", "))
            element(.ul, "legend") {
                for (cause, count) in causes {
                    element(.li) {
                        element(.span, "swatch c-\(Words.cause(word: cause).tone.rawValue)", .hidden)
                        a(Link(.drift, query: [("cause", cause)]), Words.cause(word: cause).text)
                        span("count", "\(count)")
                    }
                }
            }
        }
    }
}
