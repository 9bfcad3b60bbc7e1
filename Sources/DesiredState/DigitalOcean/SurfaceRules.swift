public import Basics
import Formats

/// What something that is wanted breaks of the rules of its surface.
public struct SurfaceBreach: Sendable, Hashable {
    /// For people: what the policy says, and what is wanted instead.
    public let what: String
    /// The attribute that breaks the rule; nil where it is no single one.
    public let attribute: String?
    /// Where the rule is written.
    public let rule: SourceMark
}

extension SurfacePolicy {
    /// Holds what is wanted of an object against the rules.
    ///
    /// A plan decides by it, and `reconcile validate` tells of it before.
    ///
    /// - Parameters:
    ///   - wanted: what is wanted of the object.
    ///   - concerns: whether an attribute counts: objects of the kind have it, and it is about to be set.
    /// - Returns: the first rule that is broken; nil where none is.
    public func breach(of wanted: [WantedAttribute], _ concerns: (String) -> Bool) -> SurfaceBreach? {
        if !isAllowed {
            return SurfaceBreach(
                what: "the policy doesn't allow the surface \(name)", attribute: nil, rule: mark(of: "allowed"))
        }
        func literal(_ attribute: String) -> [String]? {
            guard case .literal(let value)? = wanted.first(where: { $0.name == attribute })?.value else { return nil }
            return value.listValue?.compactMap(\.stringValue) ?? value.stringValue.map { [$0] }
        }
        if !regions.isEmpty, concerns("region"), let region = literal("region")?.first, !regions.contains(region) {
            return SurfaceBreach(
                what: "the policy of \(name) allows the regions \(regions.joined(separator: ", ")), not \(region)",
                attribute: "region", rule: mark(of: "regions_allowed"))
        }
        guard concerns("tags") else { return nil }
        let tags = literal("tags") ?? []
        let missing = requiredTags.filter { required in !tags.contains { Self.fits($0, required) } }
        guard !missing.isEmpty else { return nil }
        return SurfaceBreach(
            what: "the policy of \(name) requires the \(missing.count == 1 ? "tag" : "tags") "
                + missing.joined(separator: ", "),
            attribute: "tags", rule: mark(of: "required_tags"))
    }

    /// How many more objects it may hold beside some; nil where it says nothing of that.
    public func room(beside held: Int) -> Int? { maximumCount.map { $0 - held } }

    /// Whether a tag is the required one; a part in angle brackets stands for any text that isn't empty.
    public static func fits(_ tag: String, _ required: String) -> Bool {
        guard let open = required.firstIndex(of: "<"), let close = required[open...].firstIndex(of: ">") else {
            return tag.utf8.elementsEqual(required.utf8)
        }
        let (start, end) = (required[..<open], required[required.index(after: close)...])
        return tag.utf8.count > start.utf8.count + end.utf8.count && tag.hasPrefix(start) && tag.hasSuffix(end)
    }

    /// Where one of its rules is written; the surface itself where that isn't known.
    private func mark(of rule: String) -> SourceMark { marks[rule] ?? source }

    /// The kinds of which no object carries tags at the provider, so that no tag is required of it.
    public static let untagged: Set<ResourceKind> = [.spacesBucket]
}

extension DesiredState {
    /// What is wanted and the policy of its surface, of the same commit, doesn't allow; sorted.
    ///
    /// A pass would deny it.
    /// Apart from the diagnostics, because an exception lifts the rules of its surface for a time.
    public func surfaceDiagnostics(at now: Timestamp) -> [Diagnostic] {
        var found: [Diagnostic] = []
        for (name, surface) in policy.surfaces {
            guard let kinds = SurfacePolicy.kinds[name], policy.exception(for: name, at: now) == nil else { continue }
            // Those that stand behind the others in their document are the ones too many.
            let wanted = resources.filter { kinds.contains($0.key.kind) }.sorted { $0.source < $1.source }
            var room = surface.room(beside: 0)
            for resource in wanted {
                let breach = surface.breach(of: resource.attributes) { attribute in
                    attribute != "tags" || !SurfacePolicy.untagged.contains(resource.key.kind)
                }
                // It counts all the same: whoever mends it would learn only then that there are too many.
                if let breach { found.append(Self.finding(resource, breach, name)) }
                guard surface.isAllowed else { continue }
                room = room.map { $0 - 1 }
                guard let left = room, left < 0, let most = surface.maximumCount else { continue }
                found.append(
                    Self.finding(
                        resource,
                        SurfaceBreach(
                            what: "the policy allows \(most) \(name), and \(wanted.count) are wanted", attribute: nil,
                            rule: surface.marks["max_count"] ?? surface.source), name))
            }
        }
        return found.sorted()
    }

    private static func finding(_ resource: DesiredResource, _ breach: SurfaceBreach, _ surface: String) -> Diagnostic {
        Diagnostic(
            .warning, Code.surfaceBreach.rawValue, "\(resource.key) may not be as it is wanted: \(breach.what)",
            at: breach.attribute.flatMap { resource[$0]?.mark } ?? resource.source,
            hint: "Change what is wanted, or the rule; until then a pass that would bring it about is denied. "
                + "An exception for \(surface) with an end lifts the rule.",
            notes: [Diagnostic.Note("the rule is here", at: breach.rule)])
    }
}
