import Basics
import ConsoleAccess
import DesiredState
import Diff
import Formats
import Store

extension APIWorld {
    /// Beside what `fill` brings, a row for every list that needs no pass of a reconciler.
    func fillEveryList() async throws {
        try await fill()
        let key = ResourceKey(ResourceKind("digitalocean.droplet"), "erp")
        let mark = SourceMark(file: "infra/digitalocean/inventory.yaml", line: 12, column: 3)
        _ = try await access.putUser("x", password: Secret("wrong-password"), grants: [Grant(.owner)], by: "test")
        try await store.appendEvents([RunEvent(runID: runID, type: "warning", payload: "a line", at: Self.now)])
        let step = JournalEntry(
            runID: runID, stepID: "1", key: key, action: .update, operation: "resize", title: "resize erp",
            environment: "staging", input: [:], intendedAt: Self.now)
        try await store.intend(step)
        _ = try await store.appendEvidence(runID: runID, manifest: Digest(of: "manifest"), previous: nil)
        let attributes = [
            AttributeChange(
                path: "size", before: "s-1vcpu-1gb", after: "s-2vcpu-2gb",
                reference: ResourceKey(ResourceKind("digitalocean.droplet"), "web"), mark: mark),
            AttributeChange(path: "password", before: "a", after: "b", isSensitive: true),
        ]
        _ = try await store.recordDrift(
            [
                DriftItem(
                    key: key, cause: .externalChange, attributes: attributes, environment: "staging", source: mark,
                    summary: "size differs", finding: "PLAN-0023")
            ], runID: runID, at: Self.now
        ) { _, _ in true }
        _ = try await store.markDrift([
            DriftMark(
                key: key, kind: .muted, difference: nil, reason: "known", by: "ann", createdAt: Self.now, until: nil)
        ])
        _ = try await store.recordFindings(
            [
                Finding(
                    FindingIdentity(environment: "staging", kind: "gate_failed", key: "domains"), evidence: [:],
                    suggestedAction: "reconcile gates")
            ], at: Self.now, isUnknown: { _ in false })
        _ = try await store.grant([
            ApprovalRecord(
                runID: runID, key: key, action: "delete", change: Digest(of: "c"), approvedBy: "ann",
                createdAt: Self.now, expiresAt: Self.now + .hours(1))
        ])
        _ = try await store.post([
            Notice(.approvalWaiting, of: "erp", environment: "staging", at: Self.now, dedupe: "1")
        ])
        _ = try await store.routeNotices(notBefore: Self.now - .hours(1)) { _ in
            [NoticePosting(channel: "ops", group: "", window: .zero)]
        }
        _ = try await store.keep([
            DeliveryRecord(
                provider: "github", deliveryID: "1", event: "push", scope: nil, lane: .record, body: "{}",
                bodyDigest: Digest(of: "{}"), bodyBytes: 2, receivedAt: Self.now)
        ])
        try await store.changeInventory([
            .put(
                InventoryEntry(
                    key: key, providerID: "1", environment: "staging", lastApplied: Attributes(), revision: "abc",
                    isProtected: false, createdAt: Self.now))
        ])
        let project = ResourceKey(.supabaseProject, "abcdefghijklmnopqrst")
        let thing = ObservedResource(
            key: project, providerID: "p", attributes: Attributes([Attributes.Item("status", "INACTIVE")]))
        try await store.keep([
            LookRecord(
                kind: .supabaseProject, names: [project.name], triedAt: Self.now, problem: nil,
                watched: WatchedKind(
                    ObservedKind(kind: .supabaseProject, completeness: .complete, resources: [thing]), at: Self.now))
        ])
        _ = try await store.beginSecretSync(
            SecretSyncRecord(provider: "supabase", target: project.name, actor: "ann", startedAt: Self.now))
        _ = try await store.keepIntegrations(
            [
                Integration(
                    id: "alpha", file: "integrations/alpha.yaml", status: "active", category: "messaging", vendor: nil,
                    installState: nil, source: mark)
            ], revision: "abc")
        try await store.beginSchedules(["backup/staging"])
        try await store.keepModules(
            .census(.modules([InstalledModule(name: "base", state: .installed, version: "19.0.1.3", origin: .odoo)])),
            of: "staging", in: ResourceKey(.serverDatabase, "odoo_staging"))
    }
}
