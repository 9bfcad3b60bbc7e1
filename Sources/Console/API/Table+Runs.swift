import Basics
import ConsoleAccess
import Formats
import Reconciler
import Store

/// Routes about runs and their plans.
///
/// Whoever sees some environments alone gets what is of these; a run or a plan without anything of theirs is unknown to them.
extension APIEndpoints {
    static func runs(_ services: APIServices) -> [APIRoute] { runRoutes(services) + planRoutes(services) }

    private static func runRoutes(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/runs", "listRuns", "runs",
                "The runs, newest first; to those who see some environments alone, the runs that did or planned something "
                    + "for these.",
                needs: .read, at: .list,
                parameters: [
                    APIParameter("phase", choice(RunPhase.self), "only in this phase"), since, until, timeCursor,
                ],
                answer: .list(Answer.runSummary), isPaged: true
            ) { call in
                let found = try await services.store.runPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) },
                    phase: call.text("phase").flatMap(RunPhase.init), since: call.instant("since"),
                    until: call.instant("until"), environments: call.visibleNames)
                return page(
                    found.rows.map { run in
                        call.share.map { $0.named($0.run(run).summaryDocument) } ?? run.summaryDocument
                    },
                    next: found.next?.description)
            },
            APIRoute(
                "GET", "/runs/{run}", "getRun", "runs", "One run with its steps.", needs: .read, at: .list,
                parameters: [run], answer: Answer.run
            ) { call in
                let (run, journal) = try await visibleRun(call, services)
                let document = run.document(journal: journal)
                return Envelope(200, call.share?.named(document) ?? document)
            },
            APIRoute(
                "GET", "/runs/{run}/events", "listRunEvents", "runs", "The story of a run, newest line first.",
                needs: .read, at: .list, parameters: [run, timeCursor], answer: .list(Answer.event), isPaged: true
            ) { call in
                let (run, _) = try await visibleRun(call, services)
                let found = try await services.store.eventPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) }, runID: run.id,
                    environments: call.visibleNames)
                return page(found.rows.map(document), next: found.next?.description)
            },
            APIRoute(
                "GET", "/runs/{run}/evidence", "getRunEvidence", "runs",
                "What was kept of a run as evidence, and where it stands in the chain.", needs: .read,
                parameters: [run], answer: Answer.evidence
            ) { call in
                let run = try await run(call, services)
                guard let link = try await services.store.evidence(ofRun: run.id) else {
                    guard !run.phase.isUnderWay else {
                        throw APIFault.notFound(
                            "run \(run.id) is under way: its evidence is kept when it ends",
                            hint: "Follow it: GET /api/v1/runs/\(run.id)/events")
                    }
                    throw APIFault.notFound(
                        "run \(run.id) has no evidence: it was not ended by its own process, or ended before it could be kept",
                        hint: "See its error: GET /api/v1/runs/\(run.id)")
                }
                var object = Value.Object()
                object["run"] = .string(run.id)
                object["manifest"] = .string(link.manifest.description)
                object["previous"] = .text(link.previous?.description)
                object["sequence"] = .int(Int64(link.sequence))
                object["at"] = .string(link.at.description)
                if let manifest = services.evidence?.manifest(link.manifest) {
                    object["items"] = .list(
                        manifest.items.map {
                            [
                                "name": .string($0.name), "digest": .string($0.digest.description),
                                "bytes": .int(Int64($0.bytes)),
                            ]
                        })
                }
                return Envelope(200, .object(object))
            },
        ]
    }

    private static func planRoutes(_ services: APIServices) -> [APIRoute] {
        [
            APIRoute(
                "GET", "/plans", "listPlans", "plans",
                "The plans of passes, newest first, and how each stands with the people whose yes it needs. To those who see "
                    + "some environments alone, a part may have fewer rows than `limit`, or none, and go on.",
                needs: .read, at: .list,
                parameters: [
                    APIParameter(
                        "approval", choice(PlanRow.Approval.self),
                        "waiting: the latest plan needs a yes; approved: it has all; superseded: a later pass made its "
                            + "own; unneeded: nothing needs one"), timeCursor,
                ], answer: .list(Answer.planRow), isPaged: true
            ) { call in
                let approval = call.text("approval").flatMap(PlanRow.Approval.init)
                let found = try await services.store.planPage(
                    limit: call.limit, after: call.text("cursor").flatMap { PageCursor($0) },
                    approval: call.share == nil ? approval : nil, at: call.now)
                guard let share = call.share else {
                    return page(found.rows.map(\.document), next: found.next?.description)
                }
                var rows: [Value] = []
                for whole in found.rows {
                    guard let part = try await services.store.plan(ofRun: whole.runID).flatMap(share.plan) else {
                        continue
                    }
                    let row = share.row(
                        whole, part: part, approvals: try await services.store.approvals(ofRun: whole.runID),
                        at: call.now)
                    guard approval == nil || row.approval == approval else { continue }
                    var object = row.document.objectValue ?? [:]
                    object["summary"] = part["summary"] ?? .null
                    rows.append(share.named(.object(object)))
                }
                return page(rows, next: found.next?.description)
            },
            APIRoute(
                "GET", "/plans/{run}", "getPlan", "plans",
                "The plan of a run, as it was saved; latest: what the last pass planned, whatever was looked at since, and null "
                    + "where nothing was planned yet. Those who see some environments alone get the changes of these.",
                needs: .read, at: .list, parameters: [run], answer: .nullable(Answer.plan)
            ) { call in
                let name = call.text("run") ?? ""
                let plan = try await KeptPlan(name, services.store, services.evidence)
                // Nobody asked for a run that there isn't.
                if plan == nil, name == "latest" { return Envelope(200, .null) }
                if let share = call.share {
                    guard let part = plan.flatMap({ share.plan($0.document) }) else {
                        throw APIFault.notFound(
                            name == "latest"
                                ? "the latest plan has nothing of \(share.names.joined(separator: ", "))"
                                : "there is no plan \(name) with anything of \(share.names.joined(separator: ", "))",
                            hint: "List the plans: GET /api/v1/plans")
                    }
                    return Envelope(200, part)
                }
                guard let plan else {
                    let run = try await run(call, services)
                    throw APIFault.notFound(
                        "run \(run.id) kept no plan, or it is kept no more", hint: "List the runs: GET /api/v1/runs")
                }
                return Envelope(200, plan.document)
            },
        ]
    }

    /// The run that a path names, as far as the caller sees it, with its steps.
    ///
    /// To whoever sees some environments alone, the latest run is the latest of theirs, and a run that neither did nor
    /// planned anything for these is none.
    private static func visibleRun(
        _ call: APICall, _ services: APIServices
    ) async throws -> (run: RunRecord, journal: [JournalEntry]) {
        guard let share = call.share else {
            if let found = try await services.store.runWithSteps(call.text("run") ?? "") { return found }
            // The latest, or none.
            let run = try await run(call, services)
            return (run, try await services.store.journal(ofRun: run.id))
        }
        let name = call.text("run") ?? ""
        guard let found = try await share.run(name, in: services.store, services.evidence) else {
            throw APIFault.notFound(
                "there is no run \(name) that touched anything of \(share.names.joined(separator: ", "))",
                hint: "List them: GET /api/v1/runs")
        }
        return found
    }

    private static func document(_ line: (id: String, event: RunEvent)) -> Value {
        [
            "id": .string(line.id), "run": .string(line.event.runID), "type": .string(line.event.type),
            "at": .string(line.event.at.description), "payload": line.event.payload,
        ]
    }
}

extension PlanRow {
    /// As JSON.
    var document: Value {
        var object = approvalDocument.objectValue ?? [:]
        object["fingerprint"] = .string(fingerprint)
        object["planned_at"] = .string(savedAt.description)
        object["latest"] = .bool(isLatest)
        object["phase"] = .text(run?.phase.rawValue)
        object["trigger"] = .text(run?.trigger.rawValue)
        object["revision"] = .text(run?.revision)
        object["summary"] = run?.metadata["summary"] ?? .null
        return .object(object)
    }

    /// Of which run it is, and how it stands with the people whose yes it needs.
    var approvalDocument: Value {
        [
            "run": .string(runID), "approval": .string(approval.rawValue), "needed": .int(Int64(needed)),
            "approved": .int(Int64(approved)), "used": .int(Int64(used)),
        ]
    }
}
