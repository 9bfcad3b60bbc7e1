internal import DesiredState
public import Diff
internal import Drivers

/// The kinds of this provider as data.
public enum DockerKinds {
    /// The labels that are put on whatever we create.
    enum Label {
        /// Whether it is ours.
        static let managed = "odooops.managed"
        /// Names the installation, where that has a name.
        static let installation = "odooops.installation"
        /// The digest of all that was wanted when it was made.
        static let desired = "odooops.desired"
        /// The names of the variables that were wanted: the rest of the environment is the image's own.
        static let variables = "odooops.variables"
    }

    static let installationMark = InstallationMark("labels", prefix: "\(Label.installation)=")

    /// Every kind, sorted.
    public static let all: [KindSchema] = [container, image, network, volume]

    static let container = KindSchema(
        kind: .container,
        attributes: [
            AttributeRule("image", requiresReplacement: true, normalise: ImageName.normalise),
            AttributeRule("command", requiresReplacement: true, normalise: Normal.command),
            AttributeRule("entrypoint", requiresReplacement: true, normalise: Normal.command),
            AttributeRule("env", .unordered, requiresReplacement: true, isSensitive: true, normalise: Normal.pairs),
            AttributeRule("labels", .contains, requiresReplacement: true, normalise: Normal.pairs),
            AttributeRule("ports", .unordered, requiresReplacement: true, normalise: Normal.ports),
            AttributeRule("mounts", .unordered, requiresReplacement: true, normalise: Normal.mounts),
            AttributeRule("user", requiresReplacement: true),
            AttributeRule("working_dir", requiresReplacement: true),
            AttributeRule("hostname", requiresReplacement: true),
            AttributeRule("networks", .contains),
            AttributeRule("restart", normalise: Normal.restart),
            AttributeRule("memory_mb"), AttributeRule("cpus", normalise: Normal.processors),
            AttributeRule("running"), AttributeRule("started"),
        ] + .computed(["id", "image_id", "status", "health", "ip_address", "desired_digest", "anonymous_volumes"]),
        isStateful: false, canAdopt: false, carriesMark: true, isKnownByID: true, installationMark: installationMark,
        requests: { action, attributes in
            switch action {
            // Look, image, pull, image, create, see it; start, see it; two for each further change.
            case .create: 8 + 2 * attributes.count
            case .delete: 4
            case .replace: 13 + 2 * attributes.count
            case .update: 2 * attributes.count + 2
            default: 0
            }
        })

    static let image = KindSchema(
        // One that was built there can't be pulled again.
        kind: .containerImage, attributes: .computed(["id", "digests"]), isStateful: true,
        requests: { action, _ in
            switch action {
            case .create: 4
            case .delete: 1
            default: 0
            }
        })

    static let network = KindSchema(
        kind: .containerNetwork,
        attributes: [
            AttributeRule("driver", requiresReplacement: true), AttributeRule("internal", requiresReplacement: true),
            AttributeRule("subnet", requiresReplacement: true),
            AttributeRule("labels", .contains, requiresReplacement: true, normalise: Normal.pairs),
        ] + .computed(["id"]),
        isStateful: false, canAdopt: false, carriesMark: true, installationMark: installationMark, isKeptByUsers: true,
        requests: requests)

    static let volume = KindSchema(
        kind: .containerVolume,
        attributes: [
            AttributeRule("driver", requiresReplacement: true),
            AttributeRule("driver_opts", .unordered, requiresReplacement: true, normalise: Normal.pairs),
            AttributeRule("labels", .contains, requiresReplacement: true, normalise: Normal.pairs),
        ] + .computed(["mountpoint"]),
        isStateful: true, canAdopt: false, carriesMark: true, installationMark: installationMark, isKeptByUsers: true,
        requests: requests)

    private static let requests: @Sendable (ChangeAction, [String]) -> Int = { action, _ in
        switch action {
        case .create: 4
        case .delete: 1
        case .replace: 5
        default: 0
        }
    }
}
