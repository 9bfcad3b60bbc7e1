internal import DesiredState
public import Diff
internal import Formats

/// The kinds of this provider as data.
public enum SpacesKinds {
    /// Every kind, for DigitalOcean's regions.
    public static let all = make(for: .digitalOcean)

    /// Every kind; what a change costs depends on how many addresses have to be asked for a bucket.
    static func make(for endpoint: SpacesEndpoint) -> [KindSchema] {
        let look = max(1, endpoint.regions.count) + 2
        return [
            KindSchema(
                kind: .spacesBucket,
                attributes: [
                    AttributeRule("region", requiresReplacement: true),
                    AttributeRule(
                        "lifecycle_rules", .unordered, loses: LifecycleRule.loss, normalise: LifecycleRule.normalise),
                ],
                isStateful: true, surface: "spaces_object_storage",
                requests: { action, attributes in
                    let rules = attributes.contains("lifecycle_rules") ? 2 : 0
                    return switch action {
                    case .create: look + 2 + rules  // look, create, see it; set the rules, read them
                    case .delete: 2  // see that it is empty, delete
                    case .replace: look + 4 + rules
                    case .adopt, .update: rules
                    default: 0
                    }
                })
        ]
    }
}
