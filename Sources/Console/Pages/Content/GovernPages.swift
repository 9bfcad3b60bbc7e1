import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Store

/// What the policy gates came to, each with its findings and the evidence.
enum GatesPage {
    static func render(_ context: PageContext) async throws -> Page {
        let gates = context.known.gates
        func count(_ verdict: GateResult.Verdict) -> Int { gates.count { $0.verdict == verdict } }
        return Page(.gates, lead: "Rules that documents are held to. Only what was looked at and found right passes.") {
            if gates.isEmpty {
                div("card") {
                    empty(
                        "No gate was evaluated yet", "Each pass of this service evaluates them at its commit.",
                        icon: .check,
                        next: "reconcile gates")
                }
            } else {
                div("tiles") {
                    tile("Pass", "\(count(.pass))", .ok)
                    tile("Fail", "\(count(.fail))", count(.fail) > 0 ? .bad : nil)
                    tile("Unknown", "\(count(.unknown))", count(.unknown) > 0 ? .warn : nil)
                    tile(
                        "Evaluated", context.known.learnedAt.map { TimeText.relative($0, context.now) } ?? "–",
                        note: "at revision \((context.known.outlook?.desired.revision ?? "").prefix(10))")
                }
                for gate in gates.sorted(by: { rank($0) < rank($1) }) { card(gate, context) }
            }
        }
    }

    private static func rank(_ gate: GateResult) -> Int {
        switch gate.verdict {
        case .fail: 0
        case .unknown: 1
        case .pass: 2
        case .notAsked: 3
        }
    }

    private static func card(_ gate: GateResult, _ context: PageContext) -> HTML {
        let id = "gate-" + Anchor.id(gate.name)
        return element(.section, "card", .labelled(by: id)) {
            element(.header) {
                element(.h2, "", .id(id)) { gate.name }
                switch gate.verdict {
                case .pass: chip(.ok, "pass")
                case .fail: chip(.bad, "fail")
                case .unknown: chip(.warn, "unknown")
                case .notAsked: chip(.idle, "not asked")
                }
                if context.share == nil, let run = context.known.runID {
                    span("aside") { a(Link("/runs", run, "evidence", "gates.json"), "Evidence") }
                }
            }
            div("body stack") {
                p(gate.title, "soft")
                // What was found quotes documents of whatever environment.
                p(context.share == nil ? gate.why : EnvironmentShare.withheldReason)
                if context.share == nil, !gate.findings.isEmpty {
                    element(.details, "", .id("\(id)-findings")) {
                        element(.summary) { gate.findings.count.of("finding") }
                        gate.findings.prefix(50).reduce(into: Grid("Findings of \(gate.name)", "Where", "What", "Next"))
                        { grid, one in
                            grid.add(
                                code(one.mark?.description ?? "–"),
                                markup {
                                    chip(one.severity == .error ? .bad : .warn, one.code)
                                    span("sub", one.message)
                                }, HTML(one.hint ?? ""))
                        }.html
                        if gate.findings.count > 50 {
                            p("50 of \(gate.findings.count) shown: reconcile gates", "soft")
                        }
                    }
                }
            }
        }
    }
}

/// When changes may be made, what is due, and what is held.
enum MaintenancePage {
    static func render(_ context: PageContext) async throws -> Page {
        let desired = context.known.outlook?.desired
        let environments = try await context.store.environments()
        let marked = try await context.store.markedForRemoval()
        let jobs = context.pages.schedules()
        let states = try await context.store.scheduleStates()
        let held = environments.filter { $0.isSuspended(at: context.now) || $0.isPinned(at: context.now) }
        return Page(
            .maintenance,
            lead: "Windows and freezes, chores and their times, what people hold, and what goes after its grace."
        ) {
            div("grid2") {
                windows(desired, context)
                card("Held by people", flush: true) {
                    if held.isEmpty {
                        empty(
                            "Nothing is held", "Pinned environments don't end, suspended ones are left alone.",
                            icon: .pin, next: "reconcile env suspend NAME --reason \"why\"")
                    } else {
                        held.reduce(into: Grid("Held", "Environment", "How", "By", "Until")) { grid, one in
                            let isSuspended = one.isSuspended(at: context.now)
                            grid.add(
                                Words.environment(one.slug),
                                isSuspended
                                    ? chip(.idle, "suspended", icon: .pause) : chip(.accent, "pinned", icon: .pin),
                                HTML((isSuspended ? one.suspendedBy : one.pinnedBy) ?? "–"),
                                ago(isSuspended ? one.suspendedUntil : one.pinnedUntil, context.now))
                        }.html
                    }
                }
            }
            card("Goes after its grace", flush: true) {
                if marked.isEmpty {
                    empty(
                        "Nothing is marked", "What nothing wants any more is marked here before it goes.",
                        icon: .archive)
                } else {
                    marked.reduce(into: Grid("Marked", "Resource", "Environment", "Marked")) { grid, one in
                        grid.add(
                            span("key", one.key), Words.environment(one.environment), ago(one.markedAt, context.now))
                    }.html
                }
            }
            card("Schedules", flush: true) {
                if let jobs, !jobs.isEmpty {
                    schedules(jobs, states, context.now).html
                } else {
                    empty(
                        jobs == nil ? "Known after a pass" : "Nothing is due by the clock",
                        "Chores stand in maintenance/schedules.yaml, backups as backup_schedule at their environment.",
                        icon: .clock, next: "reconcile schedules list")
                }
            }
        }
    }

    private static func windows(_ desired: DesiredState?, _ context: PageContext) -> HTML {
        let windows = desired?.policy.syncWindows ?? []
        let freezes = desired?.policy.freezes ?? []
        return card("Windows and freezes", flush: true) {
            if windows.isEmpty, freezes.isEmpty {
                empty(
                    desired == nil ? "Known after a pass" : "Changes may be made at any time",
                    "Windows and freezes stand in .odooops/policies.yaml.", icon: .clock,
                    next: "reconcile policy check production")
            } else {
                table(windows, freezes).html
            }
        }
    }
}

extension MaintenancePage {
    /// As `reconcile schedules list` and the API show them.
    private static func schedules(
        _ jobs: [ScheduledJob], _ states: [String: ScheduleState], _ now: Timestamp
    ) -> Grid {
        var grid = Grid("Schedules", "Schedule", "Stands", "When", "Last", "Next", "Run by", "Written at")
        for job in jobs.prefix(200) {
            let state = states[job.id]
            let standing = job.standing(state)
            let tone: Tone = standing == "active" ? .ok : standing == "by_hand" ? .idle : .bad
            grid.add(
                markup {
                    strong(job.id)
                    if job.name != job.id { span("sub", job.name) }
                },
                markup {
                    chip(tone, standing == "by_hand" ? "by hand" : standing)
                    if let why = job.obstacle(state) { span("sub", why) }
                    if standing == "disabled" { command("reconcile schedules enable \(job.id)") }
                },
                markup {
                    code(job.cron.description)
                    span("sub", job.terms.timeZone)
                },
                markup {
                    if let last = state?.lastState {
                        chip(last.isBad ? .bad : last == .succeeded ? .ok : .idle, last.rawValue)
                        span("sub") { ago(state?.lastSlot, now) }
                    } else {
                        span("soft", "not yet")
                    }
                },
                markup {
                    let next = job.comes(after: now, state)
                    ago(next, now)
                    // By the clocks that its cron expression means.
                    if let next { span("sub", job.zone.minuteText(next)) }
                }, HTML(job.runner), code(job.source.description))
        }
        return grid
    }

    private static func table(_ windows: [SyncWindow], _ freezes: [Freeze]) -> Grid {
        var grid = Grid("Windows", "Rule", "When", "Why", "Written at")
        for one in windows {
            grid.add(
                chip(one.kind == .allow ? .ok : .bad, one.kind.rawValue),
                HTML("\(one.schedule) for \(TimeText.rough(one.duration)), \(one.timeZone)"), HTML(one.reason ?? "–"),
                code(one.source.description))
        }
        for one in freezes {
            grid.add(
                chip(.bad, "freeze"), HTML("\(one.from?.minuteText ?? "ever") to \(one.until.minuteText)"),
                HTML(one.reason),
                code(one.source.description))
        }
        return grid
    }
}

/// What is configured; of secrets only whether they are there.
enum SettingsPage {
    static func render(_ context: PageContext) async throws -> Page {
        let facts = context.pages.facts
        let groups = Dictionary(grouping: facts.settings, by: \.group)
        let answers = context.known.outlook?.plan.secrets ?? []
        let registry = context.known.outlook?.desired.secrets.entries ?? []
        return Page(
            .settings, lead: "The configuration this service runs with. Of a secret only its presence is known here."
        ) {
            div("grid2") {
                for (group, rows) in groups.sorted(by: { $0.key.precedesByBytes($1.key) }) {
                    card(group) { table(rows) }
                }
            }
            card("Secrets of this service", flush: true) {
                if facts.secrets.isEmpty {
                    empty(
                        "No secret is referenced", "References are env:NAME or file:PATH in reconciler.yaml.",
                        icon: .key, next: "reconcile doctor")
                } else {
                    facts.secrets.reduce(into: Grid("Secrets", "For", "Reference", "Present")) { grid, one in
                        let state =
                            one.isPresent
                            ? chip(.ok, "present")
                            : one.reference == nil ? chip(.idle, "not configured") : chip(.idle, "absent")
                        grid.add(strong(one.name), code(one.reference ?? "–"), state)
                    }.html
                }
            }
            card(
                "Secrets in stores", aside: HTML(registry.count.of("entry", "entries") + " in the registry"),
                flush: true
            ) {
                if answers.isEmpty {
                    empty(
                        "Nobody looked", "Stores that a driver can list are asked for names by each pass.", icon: .key,
                        next: "reconcile doctor")
                } else {
                    answers.prefix(300).reduce(into: Grid("Secrets in stores", "Name", "State", "Why", "Set")) {
                        grid, one in
                        let tone: Tone = one.state == .present ? .ok : one.state == .missing ? .bad : .idle
                        grid.add(
                            span("key", one.key.name), chip(tone, one.state.rawValue), HTML(one.reason),
                            ago(one.setAt, context.now))
                    }.html
                }
            }
        }
    }

    private static func table(_ rows: [ConsoleFacts.Setting]) -> HTML {
        facts(rows.map { ($0.name, $0.value.isEmpty ? span("soft", "not configured") : code($0.value)) })
    }
}
