import Basics
import DesiredState
import Diff
import Formats
import Store
import StoreSQLite

/// Something that a page must never hold as it is.
let planted = "<script>alert('x')</script>\"'&"

let testNow = Timestamp(seconds: 1_780_000_000)

enum Stores {
    static func empty() async throws -> (store: Store, time: SimulatedTime) {
        let time = SimulatedTime(now: testNow)
        let store = Store(engine: try await SQLiteEngine.open(path: ":memory:"), time: time)
        _ = try await store.migrate()
        return (store, time)
    }

    static let runID = "01920000-0000-7000-8000-000000000001"

    /// A store in which every text that people or providers write is hostile.
    static func full() async throws -> (store: Store, time: SimulatedTime) {
        let (store, time) = try await empty()
        let key = ResourceKey(ResourceKind("digitalocean.droplet"), "odoo\(planted)")
        var run = RunRecord(
            id: runID, trigger: .manual, isDryRun: false, revision: planted, startedAt: testNow - .minutes(3))
        try await store.beginRun(run)
        try await store.appendEvents([
            RunEvent(runID: runID, type: "source", payload: .string(planted), at: testNow - .minutes(2)),
            RunEvent(
                runID: runID, type: planted, payload: ["state": "failed", "title": .string(planted)],
                at: testNow - .minutes(1)),
        ])
        let entry = JournalEntry(
            runID: runID, stepID: planted, key: key, action: .update, operation: "resize", title: planted,
            environment: "staging", input: ["size": .string(planted)], intendedAt: testNow - .minutes(2))
        try await store.intend(entry)
        var settled = entry
        settled.state = .failed
        settled.output = ["code": "DO-0001", "message": .string(planted)]
        settled.finishedAt = testNow - .minutes(1)
        try await store.settle(settled)
        var row = EnvironmentRow(
            slug: "staging", tier: .staging, ttlClass: .ephemeral, branch: planted, host: planted, domain: planted,
            database: planted, headCommit: planted, createdAt: testNow - .days(3), expiresAt: testNow + .days(2))
        row.metadata = ["cost_monthly_usd": .string(planted)]
        try await store.saveEnvironments([row])
        let attribute = AttributeChange(path: planted, before: .string(planted), after: ["a": .string(planted)])
        let secret = AttributeChange(path: "password", before: "hunter2", after: "hunter3", isSensitive: true)
        let item = DriftItem(
            key: key, cause: .externalChange, attributes: [attribute, secret], environment: "staging",
            source: SourceMark(file: planted, line: 12, column: 3), summary: planted)
        _ = try await store.recordDrift([item], runID: runID, at: testNow - .minutes(1)) { _, _ in true }
        try await store.savePlan(runID: runID, fingerprint: Digest(of: "plan"), document: plan(key))
        _ = try await store.recordFindings(
            [
                Finding(
                    FindingIdentity(environment: planted, kind: planted, key: planted), evidence: [:],
                    suggestedAction: planted)
            ],
            at: testNow, isUnknown: { _ in false })
        try await store.post([Notice(.approvalWaiting, of: planted, environment: planted, at: testNow, dedupe: planted)]
        )
        _ = try await store.putMailEvents([
            MailEventRecord(
                eventID: "e1", event: "delivered", at: testNow, messageID: "m1", environment: "dev", subject: planted,
                sender: planted, recipient: planted, transport: planted, stamp: planted, raw: [:])
        ])
        _ = try await store.keep([
            DeliveryRecord(
                provider: "github", deliveryID: planted, event: planted, scope: nil, lane: .record, body: "{}",
                bodyDigest: Digest(of: "{}"), bodyBytes: 2, receivedAt: testNow)
        ])
        _ = try await store.extendEnvironment(
            "staging", days: 1,
            audit: AuditRecord(
                at: testNow, action: "env.extend", target: "staging", actor: planted,
                detail: ["reason": .string(planted)]))
        _ = try await store.beginSecretSync(
            SecretSyncRecord(provider: planted, target: planted, actor: planted, startedAt: testNow))
        let hostile = Attributes(
            [
                "name", "region", "status", "title", "detail", "level", "workflow", "conclusion", "sha", "branch",
                "state", "head",
            ]
            .map { Attributes.Item($0, .string(planted)) })
        try await store.keep(
            [
                ResourceKind.supabaseProject, .supabaseAdvice, .vercelDeployment, .gitHubRun, .gitHubBranch,
                .gitHubPullRequest,
            ].map { kind in
                let thing = ObservedResource(key: ResourceKey(kind, planted), providerID: planted, attributes: hostile)
                return LookRecord(
                    kind: kind, names: [planted], triedAt: testNow, problem: planted,
                    watched: WatchedKind(
                        ObservedKind(kind: kind, completeness: .partial(reason: planted), resources: [thing]),
                        at: testNow))
            })
        let module = InstalledModule(
            name: planted, state: .toUpgrade, version: planted, origin: .community(planted))
        let database = ResourceKey(.serverDatabase, planted)
        try await store.keepModules(.census(.modules([module])), of: "staging", in: database)
        try await store.keepModules(.problem(planted), of: "staging", in: database)
        run.phase = .failed
        run.completedAt = testNow
        run.error = ["code": "RUN-0003", "message": .string(planted), "hint": .string(planted)]
        run.metadata = ["summary": ["create": 1, "update": 2, "blocked": 1]]
        try await store.updateRun(run)
        return (store, time)
    }

    private static func plan(_ key: ResourceKey) -> Value {
        let attribute: Value = [
            "path": .string(planted), "before": .string(planted), "after": .string(planted), "sensitive": false,
        ]
        let change: Value = [
            "key": .string(key.description), "action": "replace", "reason": .string(planted),
            "cause": "external_change",
            "decision": "needs_approval", "decision_reason": .string(planted), "environment": .string(planted),
            "attributes": [attribute], "source": ["file": .string(planted), "line": 3, "column": 1],
        ]
        let diagnostic: Value = [
            "severity": "error", "code": "SSOT-0007", "message": .string(planted), "file": .string(planted), "line": 1,
            "hint": .string(planted),
        ]
        return [
            "format_version": "1.0", "revision": .string(planted), "planned_at": "2026-01-01T00:00:00Z",
            "fingerprint": "sha256:00", "changes": [change], "diagnostics": [diagnostic],
            "summary": ["create": 0, "replace": 1, "blocked": 1],
        ]
    }
}
