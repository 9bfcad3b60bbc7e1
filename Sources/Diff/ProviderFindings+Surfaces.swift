internal import Basics
internal import DesiredState
internal import Formats

/// What is there and isn't as the policy of its surface wants it, whoever made it: told, and never changed for that.
extension ProviderFindings {
    /// The kinds of which the policy says how what is there has to be.
    static func ruledKinds(_ policy: Policy) -> Set<ResourceKind> {
        Set(SurfacePolicy.kinds.filter { policy.rules($0.key) }.flatMap(\.value))
    }

    static func surfaces(_ input: PlanInput) -> [Finding] {
        let policy = input.desired.policy
        let ruled = SurfacePolicy.kinds.filter { policy.rules($0.key) }.sorted { compareBytes($0.key, $1.key) < 0 }
        guard !ruled.isEmpty else { return [] }
        let kinds = ruledKinds(policy)
        let wishes = Dictionary(
            input.desired.resources.lazy.filter { kinds.contains($0.key.kind) }.map { ($0.key, $0) },
            uniquingKeysWith: { first, _ in first })
        var findings: [Finding] = []
        for (name, kinds) in ruled where policy.exception(for: name, at: input.now) == nil {
            let lists = kinds.compactMap { input.lastSeen($0) }
            guard let mark = policy.surfaces[name]?.source ?? policy.dropletBackups?.source else { continue }
            for list in lists {
                findings += list.resources.compactMap { object($0, of: name, wishes[$0.key], policy) }
                // Where something of the kind is wanted, the plan says itself what it can't see.
                guard list.isAside else { continue }
                findings += unseen("PLAN-0023", "whether \(name) are as the policy wants", list, mark, input)
            }
            if let surface = policy.surfaces[name], let finding = count(of: surface, lists) { findings.append(finding) }
        }
        return findings
    }

    // MARK: One object

    private struct Breach {
        let what: String
        let mark: SourceMark
    }

    private static let words: [ResourceKind: String] = [
        .droplet: "droplet", .databaseCluster: "database cluster", .spacesBucket: "bucket", .volume: "volume",
    ]

    private static func object(
        _ object: ObservedResource, of surface: String, _ wish: DesiredResource?, _ policy: Policy
    ) -> Finding? {
        let breaches = breaches(of: object, surface, wish, policy)
        guard let first = breaches.first else { return nil }
        let id = object.providerID == object.key.name ? "" : " (\(object.providerID))"
        let hint =
            wish.map { "change what is wanted of it (\($0.source))" }
            ?? "look whose it is, and set it right or delete it by hand"
        return finding(
            "PLAN-0023",
            "the \(words[object.key.kind] ?? object.key.kind.name) \(object.key.name)\(id) isn't as the policy of "
                + "\(surface) wants: \(breaches.map(\.what).joined(separator: "; "))", first.mark,
            hint: "\(hint); an exception for \(surface) with an end lifts the rule", object.key, .externalChange,
            wish?.environment)
    }

    /// What of an object breaks a rule, unless its own change is about to set that right; what isn't shown breaks none.
    private static func breaches(
        of object: ObservedResource, _ name: String, _ wish: DesiredResource?, _ policy: Policy
    ) -> [Breach] {
        var breaches: [Breach] = []
        func wished(_ attribute: String) -> Value? {
            guard case .literal(let value)? = wish?[attribute]?.value else { return nil }
            return value
        }
        if let surface = policy.surfaces[name] {
            guard surface.isAllowed else {
                return [Breach(what: "the policy doesn't allow this surface", mark: surface.source)]
            }
            let region = object.attributes["region"]?.stringValue
            if !surface.regions.isEmpty, let region, !surface.regions.contains(region),
                wished("region")?.stringValue.map({ surface.regions.contains($0) }) != true
            {
                breaches.append(
                    Breach(
                        what: "it is in the region \(region), not in \(surface.regions.joined(separator: " or "))",
                        mark: surface.source))
            }
            let missing = missingTags(of: object, surface, wished("tags"))
            if !missing.isEmpty {
                breaches.append(
                    Breach(
                        what: "it lacks the \(missing.count == 1 ? "tag" : "tags") \(missing.joined(separator: ", "))",
                        mark: surface.source))
            }
        }
        if object.key.kind == .droplet, let backups = policy.dropletBackups, !backups.isAllowed,
            object.attributes["backups"]?.boolValue == true, wished("backups")?.boolValue != false
        {
            breaches.append(Breach(what: "it has backups, which no droplet may have", mark: backups.source))
        }
        return breaches
    }

    /// The required tags that it neither carries nor is about to get; capitals make no other tag.
    private static func missingTags(
        of object: ObservedResource, _ surface: SurfacePolicy, _ wished: Value?
    ) -> [String] {
        guard let carried = object.attributes["tags"]?.listValue else { return [] }
        let tags = (carried + (wished?.listValue ?? [])).compactMap { $0.stringValue?.lowercased() }
        return surface.requiredTags.filter { required in
            !tags.contains { SurfacePolicy.fits($0, required.lowercased()) }
        }
    }

    // MARK: How many

    private static func count(of surface: SurfacePolicy, _ lists: [ObservedKind]) -> Finding? {
        let held = lists.reduce(0) { $0 + $1.resources.count }
        guard let most = surface.maximumCount, held > most else { return nil }
        let least = lists.allSatisfy(\.completeness.isComplete) ? "" : "at least "
        return finding(
            "PLAN-0005", "there are \(least)\(held) \(surface.name); the policy allows \(most)", surface.source,
            hint: "remove some, raise max_count, or add an exception with an end",
            ResourceKey(.policySurface, surface.name), .externalChange)
    }
}

extension Policy {
    /// Whether it says how what is there of a surface has to be.
    fileprivate func rules(_ name: String) -> Bool {
        if name == "droplets", dropletBackups?.isAllowed == false { return true }
        guard let surface = surfaces[name] else { return false }
        return !surface.isAllowed || surface.maximumCount != nil || !surface.requiredTags.isEmpty
            || !surface.regions.isEmpty
    }
}

extension PlanInput {
    /// What this pass saw of a kind, or where it didn't ask what the last look showed.
    fileprivate func lastSeen(_ kind: ResourceKind) -> ObservedKind? {
        observed.kinds[kind] ?? watched.first { $0.seen.kind == kind }?.seen
    }
}
