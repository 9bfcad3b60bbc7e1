import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// One environment: all that is known of it, what differs, what was done, and why it stands so.
enum EnvironmentPage {
    static func render(_ context: PageContext) async throws -> Page {
        let word = context.part(1)
        let slug = try await context.store.environmentName(of: word) ?? word
        let answer = try await answer(slug, context)
        guard let row = try await context.store.environment(slug) else {
            guard let answer else {
                return ConsolePages.missing(
                    .environments, "There is no environment \(slug)", next: "reconcile env list")
            }
            // A pull request without a preview, or an environment before its first pass.
            return Page(.environments, title: slug, lead: "No pass has brought it about.") { standing(answer, context) }
        }
        let drift = try await context.store.openDrift(of: [slug])
        let deployments = try await context.store.deployments(ofLast: 300, environment: slug)
        let explanations = try await explain(slug, context)
        var page = Page(
            .environments, title: slug,
            lead: row.branch.map { "Runs the branch \($0)." } ?? "Named in the repository, without a branch."
        ) {
            if let answer { standing(answer, context) }
            about(row, context)
            if let answer, !answer.facts.isEmpty { wishes(answer.facts) }
            for record in drift { DriftView(record, context).html }
            if drift.isEmpty {
                div("card") {
                    let sync = row.sync(alarming: 0, at: context.now)
                    empty(
                        sync.word == .unknown ? "No drift is known" : "No drift",
                        "Nothing of what was looked at differs from what git wants: \(sync.reason).",
                        icon: sync.word == .unknown ? .eye : .ok)
                }
            }
            why(row, explanations, Set(drift.map(\.key)), context)
            history(deployments, context)
        }
        page.chips = markup {
            Words.tier(row.tier)
            if !row.isKnownUnwanted { Words.status(row) }
            EnvironmentsPage.sync(row, drift, context.now)
            EnvironmentsPage.health(row)
            EnvironmentsPage.life(row, context.now)
        }
        return page
    }

    private static func about(_ row: EnvironmentRow, _ context: PageContext) -> HTML {
        let desired = context.known.outlook?.desired.environments.first { $0.slug == row.slug }
        let backup = context.known.outlook?.backedUp.first { $0.slug == row.slug }?.backupSchedule
        return div("grid2") {
            card("What it is") {
                facts([
                    ("Reached at", row.domain.map { domain in link(domain) } ?? span("soft", "–")),
                    ("Host", HTML(row.host ?? "–")), ("Database", HTML(row.database ?? "–")),
                    ("Filestore", HTML(desired?.filestore ?? "–")),
                    ("Revision wanted", revision(row, desired)),
                    ("Revision running", running(row, context.now)),
                    ("Health", health(row)),
                    ("Wanted at", desired.map { code($0.source.description) } ?? span("soft", "known after a pass")),
                    ("Backup", HTML(backup ?? "–")),
                    ("Cost a month", span("num", EnvironmentsPage.cost(row))),
                ])
            }
            card("Its life") {
                div("stack") {
                    facts([
                        ("Began", ago(row.createdAt, context.now)), ("Last changed", ago(row.deed?.at, context.now)),
                        ("Last active", ago(row.activeAt, context.now)),
                        ("Ends", ago(row.endsAt(context.now), context.now)),
                        ("Goes", ago(row.goesAt(context.now), context.now)),
                        ("Rule", HTML(row.ttlClass?.rawValue ?? "none")),
                        ("Days added", HTML("\(row.extensionDays)")), ("Pinned", pin(row, context.now)),
                        ("Suspended", suspension(row, context.now)),
                    ])
                    if !row.isUnwanted, let keep = row.keepCommand(at: context.now) { command(keep) }
                    if row.status != .gone {
                        command(
                            row.isPinned(at: context.now)
                                ? "reconcile env unpin \(row.slug)" : "reconcile env pin \(row.slug) --reason \"why\"")
                    }
                }
            }
        }
    }

    /// What is wanted of it, as every list says it; and where its branch is by now, where that isn't the same.
    private static func revision(_ row: EnvironmentRow, _ desired: Environment?) -> HTML {
        guard let wanted = row.headCommit, let head = desired?.headCommit, head != wanted else {
            return Words.revision(row.headCommit ?? desired?.headCommit)
        }
        return markup {
            Words.revision(wanted)
            span("sub") {
                "its branch is at "
                Words.revision(head)
            }
        }
    }

    private static func link(_ domain: String) -> HTML {
        guard let link = Link(outside: "https://\(domain)") else { return HTML(domain) }
        return element(.a, "", .href(link), .set("rel", "noreferrer noopener")) { domain }
    }

    private static func running(_ row: EnvironmentRow, _ now: Timestamp) -> HTML {
        guard let deed = row.deed else {
            return markup {
                span("soft", "not known")
                span("sub soft", "no step is known that was done for it")
            }
        }
        return markup {
            Words.revision(deed.revision)
            " of the desired state, brought about "
            ago(deed.at, now)
            " by run "
            Words.run(deed.runID)
            span("sub soft", "Odoo itself isn't asked yet")
        }
    }

    private static func health(_ row: EnvironmentRow) -> HTML {
        markup {
            EnvironmentsPage.health(row)
            if let reason = row.standing?.healthReason { span("sub soft", "\(reason); Odoo itself isn't asked yet") }
        }
    }

    private static func pin(_ row: EnvironmentRow, _ now: Timestamp) -> HTML {
        guard row.isPinned(at: now) else { return HTML("no") }
        return HTML("by \(row.pinnedBy ?? "somebody"): \(row.pinReason ?? "no reason given")")
    }

    private static func suspension(_ row: EnvironmentRow, _ now: Timestamp) -> HTML {
        guard row.isSuspended(at: now) else { return HTML("no") }
        return HTML("by \(row.suspendedBy ?? "somebody"): \(row.suspendReason ?? "no reason given")")
    }

    // MARK: Why

    /// The same answer as that of `reconcile explain`; nil where no pass of this service has looked yet.
    private static func answer(_ slug: String, _ context: PageContext) async throws -> EnvironmentExplanation? {
        guard let outlook = context.known.outlook, let reconciler = context.pages.reconciler else { return nil }
        do {
            let answer = try await reconciler.explainEnvironment(slug, in: outlook)
            // By its branch it is found too, and has its own page.
            return answer?.slug == slug ? answer : nil
        } catch is UnknownKeyFault {
            return nil
        }
    }

    private static func standing(_ answer: EnvironmentExplanation, _ context: PageContext) -> HTML {
        card("Why it stands so") {
            div("stack") {
                state(answer.standing)
                // Another process has looked since, or a pass is under way: what it changes is told after the next one here.
                if let known = context.known.learnedAt, let last = answer.lastRun, last.id != context.known.runID {
                    span("sub soft") {
                        "As of \(known.minuteText) UTC, before run "
                        Words.run(last.id)
                    }
                }
                for one in answer.others {
                    state(one)
                    if let next = one.command { command(next) }
                }
                if let obstacle = answer.obstacle { ExplanationView.obstacle(obstacle, showsKey: true) }
                if let closure = answer.closure { span("sub", closure.reason) }
                if let next = answer.standing.command ?? answer.obstacle?.command { command(next) }
            }
        }
    }

    private static func state(_ standing: EnvironmentExplanation.Standing) -> HTML {
        let tone: Tone =
            switch standing.state {
            case .asWanted: .ok
            case .pending, .gone: .info
            default: .warn
            }
        return markup {
            chip(tone, standing.state.rawValue.spaced)
            span("sub", standing.reason)
            if let source = standing.source { span("sub") { code(source.description) } }
            if let until = standing.until { span("sub", "until \(until.minuteText) UTC") }
        }
    }

    /// What holds for it, the line that says so, who changed that line last, and whom it goes before.
    private static func wishes(_ facts: [ExplainedFact]) -> HTML {
        var grid = Grid("What holds for it", "What", "Value", "Said by", "Changed last", "Before")
        for one in facts {
            grid.add(
                element(.code, "nowrap") { one.fact.name }, HTML(one.shown(one.fact.value)),
                markup {
                    HTML(one.fact.claims.first?.authority.title ?? "")
                    if let mark = one.fact.mark { span("sub") { code(mark.description) } }
                },
                one.lastChange.map { HTML($0) } ?? span("soft", "–"),
                markup {
                    for claim in one.fact.claims.dropFirst() {
                        span("sub", "\(one.shown(claim.value)), \(claim.authority.title)")
                        if let mark = claim.mark { span("sub") { code(mark.description) } }
                    }
                })
        }
        return card("What holds for it, and who says so", flush: true) { grid.html }
    }

    /// So many of its resources are explained.
    private static let explained = 12

    private static func explain(_ slug: String, _ context: PageContext) async throws -> [Explanation] {
        guard let outlook = context.known.outlook, let reconciler = context.pages.reconciler else { return [] }
        let owned = outlook.desired.resources.filter { $0.environment == slug }.map(\.key)
        let changed = outlook.plan.changes.filter { $0.environment == slug }.map(\.key)
        var keys: [ResourceKey] = changed
        for key in owned where !keys.contains(key) { keys.append(key) }
        return try await reconciler.explain(keys.prefix(explained), in: outlook)
    }

    private static func why(
        _ row: EnvironmentRow, _ explanations: [Explanation], _ differing: Set<ResourceKey>, _ context: PageContext
    ) -> HTML {
        card("Why each resource stands so", flush: true) {
            if explanations.isEmpty, context.known.outlook != nil {
                empty(
                    row.status == .gone ? "Nothing of it is left" : "It has no resource of its own",
                    "The last pass found nothing that \(row.slug) owns, and nothing to make for it.", icon: .bulb)
            } else if explanations.isEmpty {
                empty(
                    "Nothing to explain yet",
                    "After a pass of this service, each resource of \(row.slug) is listed with the line that wants it "
                        + "and what is in its way.", icon: .bulb, next: "reconcile env list")
            } else {
                ExplanationView.table(explanations, differing, context.now)
            }
        }
    }

    private static func history(_ rows: [DeploymentRow], _ context: PageContext) -> HTML {
        card("What was done", aside: a(Link(.deployments), "All deployments"), flush: true) {
            if rows.isEmpty {
                empty("Nothing was done lately", "The latest passes had nothing to change here.", icon: .rocket)
            } else {
                DeploymentsPage.table(Array(rows.prefix(20)), context.now).html
            }
        }
    }
}

/// Why resources stand as they do.
enum ExplanationView {
    /// - Parameters:
    ///   - explanations: as the last pass of this process has it.
    ///   - differing: what is known to differ, by whoever looked last.
    ///   - now: the present.
    /// - Returns: one row each.
    static func table(_ explanations: [Explanation], _ differing: Set<ResourceKey>, _ now: Timestamp) -> HTML {
        var grid = Grid("Resources", "Resource", "Stands", "Wanted at", "Next look")
        for one in explanations {
            grid.add(
                markup {
                    span("key", one.key.description)
                    span("sub", one.observation)
                }, stands(one, differs: differing.contains(one.key)),
                one.resource.map { code($0.source.description) } ?? span("soft", "nothing wants it"),
                markup {
                    ago(one.nextWake.at, now)
                    span("sub", one.nextWake.reason)
                })
        }
        return grid.html
    }

    /// - Parameters:
    ///   - one: as the last pass of this process has it.
    ///   - differs: whether it is known to differ.
    /// - Returns: a word, and why.
    static func stands(_ one: Explanation, differs: Bool) -> HTML {
        guard let obstacle = one.obstacle else {
            guard let change = one.change else {
                guard one.findings.isEmpty else { return findings(one) }
                guard differs else { return chip(.ok, "as wanted") }
                return markup {
                    chip(.warn, "differs", icon: .split)
                    span("sub", "nothing is planned for it: it is known, or was seen after this service's last pass")
                }
            }
            return markup {
                chip(.info, "next pass: \(change.action.rawValue)")
                span("sub", change.reason)
            }
        }
        return markup {
            Self.obstacle(obstacle, showsKey: obstacle.key != one.key)
            if let next = obstacle.command { command(next) }
        }
    }

    /// What rules want otherwise, each with its line and with what people can do: no pass mends it.
    private static func findings(_ one: Explanation) -> HTML {
        markup {
            chip(.warn, "against a rule")
            for finding in one.findings {
                span("sub", "\(finding.code): \(finding.message)")
                if let source = finding.source { span("sub") { code(source.description) } }
                if let hint = finding.hint { span("sub", hint) }
                command(finding.command)
            }
        }
    }

    /// What is in the way: of which sort, why, at which line, and until when.
    ///
    /// - Parameters:
    ///   - obstacle: the first one.
    ///   - showsKey: whether the resource at which it stands is not the one that the reader looks at.
    /// - Returns: the same as `reconcile explain` tells, but for the command.
    static func obstacle(_ obstacle: Obstacle, showsKey: Bool) -> HTML {
        markup {
            chip(.warn, "in the way: \(obstacle.kind.name)")
            if showsKey { span("key", obstacle.key.description) }
            span("sub", obstacle.reason)
            if let source = obstacle.source { span("sub") { code(source.description) } }
            if let until = obstacle.until { span("sub", "until \(until.minuteText) UTC") }
        }
    }
}
