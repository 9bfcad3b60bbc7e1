import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// What each run did for each environment.
enum DeploymentsPage {
    static func render(_ context: PageContext) async throws -> Page {
        let word = context.query("environment")
        let isShared = word == "shared"
        let filter: EnvironmentFilter? =
            if let word, !isShared { try await EnvironmentFilter(word, context) } else { nil }
        let rows =
            filter?.problem == nil
            ? try await context.store.deployments(ofLast: 500, environment: filter?.name)
                .filter { context.shows($0.environment) && (!isShared || $0.environment == nil) } : []
        let looks =
            word == nil && context.share == nil
            ? try await LookCards(context, [.vercelDeployment]) : nil
        let hasPassed = try await rows.isEmpty ? context.store.lastPass() != nil : true
        return Page(
            .deployments,
            lead:
                "One row for each environment that a run changed, and below what Vercel has deployed of the projects that "
                + "the documents name, also by itself."
        ) {
            if let problem = filter?.problem {
                banner(.warn, problem) { p { a(Link(.deployments), "Show all") } }
            } else if !hasPassed {
                div("card") {
                    unlooked("No pass has come as far as a plan, so none has deployed anything.", icon: .rocket)
                }
            } else if rows.isEmpty {
                div("card") {
                    empty(
                        "Nothing was deployed lately",
                        "The latest passes had nothing to change\(filter?.name.map { " for \($0)" } ?? "").",
                        icon: .rocket, next: "reconcile runs")
                }
            } else {
                element(.section, "card", .label("Deployments")) {
                    table(Array(rows.prefix(200)), context.now).html
                    if rows.count > 200 {
                        div("body") { p("200 of \(rows.count) shown: odooops deployment list --all", "soft") }
                    }
                }
            }
            if let looks { looks.deployments }
        }
    }

    static func table(_ rows: [DeploymentRow], _ now: Timestamp) -> Grid {
        var grid = Grid("Deployments", "Environment", "Outcome", "Revision", "Author", "Steps", "Began", "Took", "Run")
        for row in rows {
            grid.add(
                Words.environment(row.environment), outcome(row), Words.revision(row.revision),
                HTML(row.authorName ?? "–"),
                span("num", "\(row.steps)"), moment(row.from, now),
                span("num nowrap", row.to.map { TimeText.took($0 - row.from) } ?? "–"), Words.run(row.runID))
        }
        return grid
    }

    /// How it went, or that it is still going.
    private static func outcome(_ row: DeploymentRow) -> HTML {
        switch row.state {
        case .failed: chip(.bad, "\(row.failed) failed")
        case .deploying: chip(.info, "under way")
        case .unsettled: chip(.warn, "\(row.unsettled) unsettled")
        case .success: chip(.ok, "done")
        }
    }

    /// One as a point of a timeline.
    static func entry(_ row: DeploymentRow, _ now: Timestamp) -> HTML {
        let tone: Tone = row.failed > 0 ? .bad : !row.hasEnded ? .info : row.unsettled > 0 ? .warn : .ok
        return element(.li) {
            span("c-\(tone.rawValue)") { tone.icon.html }
            div("line") {
                Words.environment(row.environment)
                outcome(row)
                span("soft", row.steps.of("step"))
            }
            span("when") {
                if let author = row.authorName { "\(author), " }
                ago(row.from, now)
                " · "
                Words.revision(row.revision)
                " · run "
                Words.run(row.runID)
            }
        }
    }
}

/// Who changed what by hand, chained.
enum AuditPage {
    private static let pageSize = 200

    static func render(_ context: PageContext) async throws -> Page {
        let wanted = context.query("action")
        let after = context.query("after")
        let cursor = after.flatMap { PageCursor($0) }
        let part = try await context.store.auditPage(limit: pageSize, after: cursor, actionPrefix: wanted)
        let check = context.query("check") == "chain" ? try await context.store.verifyAuditLog() : nil
        let shown = part.rows.map(\.record)
        return Page(
            .audit,
            lead: "Everything that people changed: who, what, when and why. Each record is chained to the one before."
        ) {
            card("Is it whole?") {
                div("stack") {
                    if let check { outcome(check) }
                    p("Holds every record against its link; a record that was changed, removed or slipped in shows.")
                    p {
                        a(Link(.audit, query: [("check", "chain")]), "button") {
                            Icon.check.html
                            "Check the chain"
                        }
                    }
                    command("reconcile audit verify")
                }
            }
            element(.section, "card", .label("Audit log")) {
                form(wanted)
                if after != nil, cursor == nil {
                    banner(.warn, "This is no place in the log") { p { a(Link(.audit), "Show the newest") } }
                }
                if shown.isEmpty, wanted != nil || cursor != nil {
                    empty(
                        "No record fits",
                        "There is none" + (wanted.map { " whose action begins with \($0.prefix(60))" } ?? "")
                            + (cursor == nil ? "." : " further back."), icon: .shield)
                } else if shown.isEmpty {
                    empty(
                        "Nobody changed anything by hand",
                        "Extending, pinning, suspending, approving and acknowledging are "
                            + "written down here.", icon: .shield, next: "reconcile audit")
                } else {
                    table(shown, context.now).html
                }
                if cursor != nil || part.next != nil {
                    element(.nav, "pager", .label("More records")) {
                        if cursor != nil { a(link(wanted, nil), "Newest") }
                        span("soft", shown.count.of("record"))
                        if let next = part.next { a(link(wanted, next), "Older") }
                    }
                }
            }
        }
    }

    private static func link(_ action: String?, _ after: PageCursor?) -> Link {
        let parts = [("action", action), ("after", after?.description)]
        return Link(.audit, query: parts.compactMap { name, value in value.map { (name, $0) } })
    }

    private static func form(_ action: String?) -> HTML {
        element(.form, "filters", .action(Link(.audit)), .set("method", "get"), .role("search")) {
            element(.label) {
                "Action, or how it begins"
                element(
                    .input, "", .type("search"), .named("action"), .value(action ?? ""),
                    .set("placeholder", "env.extend"))
            }
            element(.button, "button", .type("submit")) { "Show" }
            if action != nil { a(Link(.audit), "Show all", "button quiet") }
        }
    }

    private static func outcome(_ check: AuditVerification) -> HTML {
        guard let first = check.faults.first else {
            return banner(.ok, "Nothing was changed, removed or slipped in") {
                p { "\(check.links.of("link")), the last is \(check.head.prefix(19))." }
            }
        }
        return banner(.bad, "\(check.faults.count.of("record")) not as written") { p(first.message) }
    }

    private static func table(_ records: [AuditRecord], _ now: Timestamp) -> Grid {
        var grid = Grid("Audit log", "When", "Who", "What", "Of what", "Detail")
        for record in records {
            grid.add(
                moment(record.at, now), strong(record.actor), label(record.action), span("key", record.target),
                span("soft", detail(record.detail)))
        }
        return grid
    }

    private static func detail(_ detail: Value) -> String {
        (detail.objectValue?.members ?? []).filter { !$0.value.isNull }
            .map { "\($0.name): \(Words.value($0.value))" }.joined(separator: ", ")
    }
}

/// What GitHub tells of builds.
enum BuildsPage {
    static func render(_ context: PageContext) async throws -> Page {
        let deliveries = try await context.store.deliveries(limit: 100, provider: "github")
        let looks = try await LookCards(context, [.gitHubRun, .gitHubBranch, .gitHubPullRequest])
        return Page(
            .builds,
            lead:
                "The latest runs of workflows in the repositories that the documents name, and what GitHub's hooks tell of "
                + "pushes and workflows. Builds themselves are not stored yet: there is no ops.builds."
        ) {
            looks.runs
            looks.branches
            element(.section, "card", .label("Deliveries of GitHub")) {
                if deliveries.isEmpty {
                    empty(
                        "GitHub has told nothing yet",
                        "Point a hook of the repository at \(HookProvider.github.path) and name its secret as hooks.github.",
                        icon: .hammer, next: "reconcile hooks list")
                } else {
                    deliveries.reduce(into: Grid("Deliveries", "When", "Event", "Outcome", "Why", "Id")) { grid, one in
                        let tone: Tone = one.state == .dead ? .bad : one.state == .failed ? .warn : .ok
                        grid.add(
                            ago(one.receivedAt, context.now), label(one.event), chip(tone, one.state.rawValue),
                            HTML(one.reason ?? "–"), code(one.deliveryID))
                    }.html
                }
            }
        }
    }
}

/// When backups are due, and what was found of them.
enum BackupsPage {
    static func render(_ context: PageContext) async throws -> Page {
        let outlook = context.known.outlook
        let environments = outlook?.backedUp ?? []
        let found = outlook?.backups
        return Page(
            .backups,
            lead: "What the schedules ask for, and what providers hold. Restoring and cloning are not offered yet."
        ) {
            card("Schedules", flush: true) {
                if environments.isEmpty {
                    empty(
                        outlook == nil ? "Known after a pass" : "No schedule is written",
                        "A tier has one as backups in .odooops/policies.yaml, an environment its own as backup_schedule in "
                            + "ssot/environments.yaml.",
                        icon: .archive,
                        next: "reconcile env list")
                } else {
                    schedules(environments, context.pages.schedules() ?? [], context.now).html
                }
            }
            card("Found at providers", flush: true) {
                if let found, !found.isEmpty {
                    found.prefix(200).reduce(into: Grid("Backups", "Name", "Kind", "Held", "Size", "Made")) {
                        grid, one in
                        let size = one.attributes["size_gb"].map { "\(Words.value($0)) GB" } ?? "–"
                        grid.add(
                            span("key", one.key.name), label(one.key.kind.name), held(one), HTML(size),
                            ago(one.backedUpAt, context.now))
                    }.html
                    if found.count > 200 {
                        div("body") { p("200 of \(found.count) shown: odooops db backups --all", "soft") }
                    }
                } else if found == nil {
                    unlooked(
                        "What providers hold is known after a pass of this service that could ask them.", icon: .archive
                    )
                } else {
                    empty(
                        "Nothing found", "No snapshot or backup was among what the last pass saw.", icon: .archive,
                        next: "reconcile doctor")
                }
            }
        }
    }

    /// A snapshot is one; of a cluster's backups, how many there are and how often one is made.
    private static func held(_ one: ObservedResource) -> HTML {
        markup {
            span("num", "\(one.backupCount)")
            if let hours = one.attributes["interval_hours"]?.intValue {
                span("sub", "every \(Int(clamping: hours).of("hour"))")
            }
        }
    }

    private static func schedules(_ environments: [Environment], _ jobs: [ScheduledJob], _ now: Timestamp) -> Grid {
        var grid = Grid("Schedules", "Environment", "Tier", "Schedule", "Next", "At most apart")
        for environment in environments {
            let cron = environment.backupSchedule.flatMap { try? Cron(parsing: $0) }
            let job = jobs.first { $0.environment?.slug == environment.slug }
            grid.add(
                Words.environment(environment.slug), Words.tier(environment.tier),
                markup {
                    code(environment.backupSchedule ?? "")
                    if let job { span("sub", job.terms.timeZone) }
                },
                // By the clocks that the job is configured for; those of UTC where none is known yet.
                ago(job.map { $0.next(after: now) } ?? cron?.next(after: now), now),
                HTML(cron?.longestGap(after: now).map { TimeText.rough($0) } ?? "–"))
        }
        return grid
    }
}
