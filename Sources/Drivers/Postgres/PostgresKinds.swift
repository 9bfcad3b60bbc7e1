internal import DesiredState
public import Diff
internal import Drivers

/// The kinds of this provider as data.
public enum PostgresKinds {
    /// Stands in the comment of each database and role that we create or adopt.
    static let mark = "odooops:managed"

    /// Every kind, sorted.
    public static let all: [KindSchema] = [database, role]

    static let database = KindSchema(
        kind: .serverDatabase,
        attributes: [
            AttributeRule("owner"), AttributeRule("connection_limit"),
            AttributeRule("encoding", requiresReplacement: true, normalise: Normal.encoding),
            AttributeRule("locale", requiresReplacement: true),
            AttributeRule("template", isWriteOnly: true),
        ] + .computed(["id", "size_bytes", "object_count"]),
        isStateful: true, carriesMark: true, requests: requests)

    static let role = KindSchema(
        kind: .serverRole,
        attributes: [
            AttributeRule("login"), AttributeRule("createdb"), AttributeRule("createrole"),
            AttributeRule("connection_limit"), AttributeRule("member_of", .contains),
            AttributeRule("password", isSensitive: true, isWriteOnly: true, secretFor: [.create, .replace]),
        ] + .computed(["id", "superuser"]),
        // What it may do and what it owns is in no other place.
        isStateful: true, carriesMark: true, requests: requests)

    private static let requests: @Sendable (ChangeAction, [String]) -> Int = { action, attributes in
        switch action {
        case .create: 6
        case .delete: 2
        case .replace: 8
        case .adopt: 2 + 2 * attributes.count
        case .update: 2 * attributes.count
        default: 0
        }
    }
}
