import Basics
import DesiredState
import Formats

@testable import Diff

/// A plan of which all is said that can be: a member that is written only where there is something to say is written here.
enum FullPlan {
    static let now = APIWorld.now
    private static let droplet = ResourceKey(.droplet, "erp")
    private static let mark = SourceMark(file: "infra/digitalocean/inventory.yaml", line: 12, column: 3)
    private static let attribute = AttributeChange(
        path: "size", before: "s-1vcpu-1gb", after: "s-2vcpu-2gb", reference: droplet, requiresReplacement: true,
        mark: mark)

    static let drift = DriftItem(
        key: droplet, cause: .externalChange, attributes: [attribute], environment: "staging", source: mark,
        summary: "size differs", finding: "PLAN-0023")

    static var plan: Plan {
        var change = PlannedChange(
            key: droplet, action: .update, reason: "size differs", cause: .externalChange, verdictReason: "a window",
            hold: .window, attributes: [attribute], source: mark, environment: "staging", dependsOn: [droplet],
            requests: 2, providerID: "1", wanted: [WantedAttribute("size", .literal("s-2vcpu-2gb"), at: mark)],
            isProtected: true)
        change.blockedUntil = now + .hours(1)
        change.price = PriceChange(before: 1_200, after: 2_400, isKnown: true)
        change.heldAt = mark
        var outlook = EnvironmentOutlook(
            slug: "staging", phase: .ending, expiresAt: now, reason: "its time is over", goesAt: now + .hours(24))
        outlook.noticeEnds = now
        outlook.timeEnds = now
        var candidate = PruneCandidate(
            key: droplet, providerID: "1", environment: "staging", markedAt: now, grace: .hours(24), needsApproval: true
        )
        candidate.why = "nothing wants it"
        candidate.environmentGoesAt = now
        var plan = Plan(
            revision: "abc", changes: [change], summary: Plan.Summary(of: [change], noops: 1), drift: [drift],
            environments: [outlook],
            diagnostics: [
                Diagnostic(
                    .warning, "PLAN-0023", "it lacks a tag", at: mark, hint: "add it",
                    notes: [Diagnostic.Note("the policy is here", at: mark)])
            ], requests: ["digitalocean": 2],
            basis: Plan.Basis(
                desired: Digest(of: "d"), observed: Digest(of: "o"), inventory: Digest(of: "i"),
                policy: Digest(of: "p"), drivers: ["digitalocean": "2"], installation: "north"),
            fingerprint: Digest(of: "f"))
        plan.targets = ["staging"]
        plan.leftOut = [droplet]
        plan.approvals = [droplet]
        plan.candidates = [candidate]
        plan.secrets = [
            SecretAnswer(ResourceKey(ResourceKind("secrets.presence"), "env/KEY"), .present, "it is there", setAt: now)
        ]
        return plan
    }

    /// What of a value is nothing: an optional without a value, and a list without an item, however deep.
    static func gaps(in value: Any, at path: String = "plan") -> [String] {
        if value is ResourceKey || value is Digest || value is String { return [] }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional, .collection, .set, .dictionary: if mirror.children.isEmpty { return [path] }
        default: break
        }
        return mirror.children.flatMap { gaps(in: $0.value, at: $0.label.map { "\(path).\($0)" } ?? path) }
    }
}
