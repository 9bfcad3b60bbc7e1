import Basics
import DesiredState
import Diff
import Formats

/// Small worlds to plan in.
enum Worlds {
    static let now = Timestamp(seconds: 1_772_800_000)
    static let revision = String(repeating: "ab12", count: 10)
    static let file = "ssot/infra/digitalocean/inventory.yaml"

    static func mark(_ line: Int, _ file: String = Worlds.file) -> SourceMark {
        SourceMark(file: file, line: line, column: 5)
    }

    // MARK: Schemas

    static let schemas: [ResourceKind: KindSchema] = {
        let cost: @Sendable (ChangeAction, [String]) -> Int = { action, changed in
            switch action {
            case .create: 2
            case .update: changed.count
            case .replace: 3
            case .delete: 1
            case .adopt: 1 + changed.count
            case .noop, .forget, .read: 0
            }
        }
        let withoutDot: @Sendable (Value) -> Value = { value in
            guard case .string(let text) = value, text.hasSuffix(".") else { return value }
            return .string(String(text.dropLast()))
        }
        let all = [
            KindSchema(
                kind: .droplet,
                attributes: [
                    AttributeRule("region", requiresReplacement: true), AttributeRule("size"),
                    AttributeRule("image", requiresReplacement: true), AttributeRule("tags", .contains),
                    AttributeRule("ipv4", isComputed: true),
                    AttributeRule("user_data", isSensitive: true, isWriteOnly: true),
                    AttributeRule("password", isSensitive: true),
                ], isStateful: true, surface: "droplets", requests: cost),
            KindSchema(kind: .tag, attributes: [], isStateful: false, requests: cost),
            KindSchema(kind: .domain, attributes: [AttributeRule("ttl")], isStateful: false, requests: cost),
            KindSchema(
                kind: .record,
                attributes: [AttributeRule("data", normalise: withoutDot), AttributeRule("ttl")],
                isStateful: false,
                canonical: { name, attributes in
                    let parts = name.split(separator: "/", maxSplits: 3).map { $0.lowercased() }
                    let data = parts.count > 3 ? parts[3] : attributes["data"]?.stringValue
                    return CanonicalName(
                        parts.prefix(3).joined(separator: "/"), part: data, isWhole: parts.count == 3)
                },
                claims: { name in
                    let parts = name.split(separator: "/", maxSplits: 3).map { $0.lowercased() }
                    return [Claim("\(parts[0])/\(parts[2])", isExclusive: parts[1] == "cname")]
                }, requests: cost),
            KindSchema(
                kind: .firewall, attributes: [AttributeRule("sources", .unordered)], isStateful: false,
                canAdopt: false, isKnownByID: true, requests: cost),
            KindSchema(
                kind: .project, attributes: [AttributeRule("resources", .contains)], isStateful: false,
                requests: cost),
            KindSchema(
                kind: .containerVolume, attributes: [AttributeRule("driver", requiresReplacement: true)],
                isStateful: true, canAdopt: false, carriesMark: true, isKeptByUsers: true, requests: cost),
            KindSchema(
                kind: .databaseCluster,
                attributes: [
                    AttributeRule("engine", requiresReplacement: true), AttributeRule("size"),
                    AttributeRule("host", isComputed: true),
                ], isStateful: true, surface: "managed_databases", requests: cost),
            KindSchema(
                kind: .database, attributes: [], isStateful: true, surface: "managed_databases", requests: cost),
            KindSchema(
                kind: .databaseUser, attributes: [AttributeRule("role", isComputed: true)], isStateful: true,
                comesWithParent: { $0.attributes["role"] == "primary" }, surface: "managed_databases", requests: cost),
            KindSchema(
                kind: .databasePool, attributes: [AttributeRule("size")], isStateful: false,
                surface: "managed_databases", requests: cost),
            KindSchema(
                kind: .volume,
                attributes: [
                    AttributeRule("region", requiresReplacement: true),
                    AttributeRule(
                        "expires",
                        loses: { before, after in
                            guard let days = after.intValue, before?.intValue.map({ $0 <= days }) != true else {
                                return nil
                            }
                            return "after \(days) days all objects go"
                        }),
                ], isStateful: true, requests: cost),
            KindSchema(
                kind: .gitHubApp, attributes: [AttributeRule("description"), AttributeRule("visibility")],
                isStateful: true,
                hindrance: { action, attributes in
                    action == .create || action == .delete || attributes.contains("visibility")
                        ? "this is done by people" : nil
                }, requests: cost),
        ]
        return Dictionary(uniqueKeysWithValues: all.map { ($0.kind, $0) })
    }()

    // MARK: Parts

    static func key(_ kind: ResourceKind, _ name: String) -> ResourceKey { ResourceKey(kind, name) }

    static func want(
        _ kind: ResourceKind, _ name: String, _ attributes: [(String, Value)] = [],
        references: [(String, ResourceKey, String)] = [], env: String? = nil, needs: [ResourceKey] = [],
        protected: Bool = false, line: Int = 12
    ) -> DesiredResource {
        DesiredResource(
            key: key(kind, name), environment: env,
            attributes: attributes.enumerated().map { WantedAttribute($1.0, .literal($1.1), at: mark(line + 1 + $0)) }
                + references.map { WantedAttribute($0.0, .reference($0.1, attribute: $0.2), at: mark(line + 9)) },
            source: mark(line), dependsOn: needs, isProtected: protected)
    }

    static func seen(
        _ kind: ResourceKind, _ name: String, _ attributes: [(String, Value)] = [], id: String? = nil,
        owned: Bool = false
    ) -> ObservedResource {
        ObservedResource(
            key: key(kind, name), providerID: id ?? "id-\(name)",
            attributes: Attributes(attributes.map { Attributes.Item($0.0, $0.1) }), isOwned: owned)
    }

    static func ours(
        _ kind: ResourceKind, _ name: String, _ attributes: [(String, Value)] = [], id: String? = nil,
        env: String? = nil, protected: Bool = false, adopted: Bool = false
    ) -> InventoryEntry {
        InventoryEntry(
            key: key(kind, name), providerID: id ?? "id-\(name)", environment: env,
            lastApplied: Attributes(attributes.map { Attributes.Item($0.0, $0.1) }), revision: revision,
            isProtected: protected, createdAt: now - .days(30), isAdopted: adopted)
    }

    static func environment(
        _ slug: String, _ tier: Tier = .dev, _ ttlClass: TTLClass = .ephemeral, ttl: TimeToLive = .after(.days(7)),
        branch: String? = nil, head: String? = nil, workers: Int? = nil, quota: ResourceQuota? = nil,
        protected: Bool = false, ofBranch: Bool = false
    ) -> Environment {
        var environment = Environment(
            slug: slug, tier: tier, ttlClass: ttlClass, ttl: ttl, branch: branch, headCommit: head, host: nil,
            domain: nil, databaseCluster: nil, database: nil, filestore: nil, workers: workers, backupSchedule: nil,
            autoDeploy: true, quota: quota, isProtected: protected, source: mark(3, "ssot/environments.yaml"),
            resources: [])
        environment.isOfBranch = ofBranch
        return environment
    }

    static func record(
        _ slug: String, _ tier: Tier = .dev, age: Duration? = .days(1), extra days: Int = 0, pinned: Bool = false,
        status: EnvironmentRecord.Status = .active, head: String? = nil, branch: String? = nil
    ) -> EnvironmentRecord {
        EnvironmentRecord(
            slug: slug, tier: tier, branch: branch, createdAt: age.map { now - $0 }, extensionDays: days,
            isPinned: pinned, status: status, expiredHead: head)
    }

    static func input(
        _ wanted: [DesiredResource] = [], _ seen: [ObservedResource] = [], _ entries: [InventoryEntry] = [],
        environments: [Environment] = [], records: [EnvironmentRecord] = [], unknown: [UnknownScope] = [],
        policy: Policy = Policy(), incomplete: [ResourceKind: Completeness] = [:],
        gaps: [ResourceKind: [String: Completeness]] = [:], unseen: Set<ResourceKind> = [],
        roots: [String] = ["ssot"], lastRoots: [String] = [], lastCount: Int = 0, targets: [String] = [],
        approvals: Set<ResourceKey> = [], diagnostics: [Diagnostic] = [], now: Timestamp = Worlds.now
    ) -> PlanInput {
        let kinds = schemas.keys.filter { !unseen.contains($0) }.map { kind in
            ObservedKind(
                kind: kind, completeness: incomplete[kind] ?? .complete, gaps: gaps[kind] ?? [:],
                resources: seen.filter { $0.key.kind == kind })
        }
        return PlanInput(
            desired: DesiredState(
                revision: revision, roots: roots, environments: environments,
                resources: wanted, unknown: unknown, policy: policy, documents: [],
                diagnostics: diagnostics),
            inventory: Inventory(
                entries: entries, environments: records, lastRoots: lastRoots, lastDesiredCount: lastCount),
            observed: ObservedState(kinds), schemas: schemas, drivers: ["digitalocean": "1"], now: now,
            targets: targets, approvals: approvals)
    }

    static func surface(
        _ name: String = "droplets", allowed: Bool = true, most: Int? = nil, tags: [String] = [],
        regions: [String] = []
    ) -> Policy {
        var policy = Policy()
        policy.surfaces[name] = SurfacePolicy(
            name: name, isAllowed: allowed, maximumCount: most, requiredTags: tags, regions: regions,
            source: mark(28, "ssot/infra/digitalocean/policy.yaml"))
        return policy
    }

    static func lifting(_ policy: Policy, _ surface: String = "droplets", until: Timestamp?) -> Policy {
        var policy = policy
        policy.exceptions.append(
            PolicyException(
                surface: surface, reason: "load test", approvedBy: "ops", expires: until,
                source: mark(60, "ssot/infra/digitalocean/policy.yaml")))
        return policy
    }
}
