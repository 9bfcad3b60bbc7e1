public import DesiredState
public import Diff
internal import Drivers
public import Formats

extension ResourceKind {
    /// Name: `project/source/external id`; only observed where one is wanted.
    public static let planeWorkItem = ResourceKind("plane.work_item")
}

/// The kinds of this provider as data: how they compare, what they cost in requests, what can't be undone.
public enum PlaneKinds {
    /// The `external_source` of what we create or adopt; its `external_id` is the name of our key.
    public static let ownershipSource = "odooops"

    /// Every kind, sorted.
    public static let all: [KindSchema] = [label, module, project, state, workItem]

    static let project = KindSchema(
        kind: .planeProject,
        attributes: [
            AttributeRule("name", normalise: PlaneNormal.text),
            AttributeRule("workspace_slug", requiresReplacement: true),
        ] + .computed(["id"]),
        isStateful: true,
        hindrance: { action, _ in
            action == .delete
                ? "projects are never deleted from here: what people plan in it outlives the wish for it" : nil
        },
        parentAttribute: "workspace_slug",
        requests: { action, attributes in
            switch action {
            case .create: 2
            case .update: 1
            case .adopt: attributes.isEmpty ? 0 : 1
            default: 0
            }
        })

    static let state = child(
        .planeState,
        [
            AttributeRule("name", normalise: PlaneNormal.text),
            AttributeRule("group", normalise: PlaneNormal.lowercase),
            AttributeRule("color", normalise: PlaneNormal.color),
        ])

    static let label = child(
        .planeLabel,
        [AttributeRule("name", normalise: PlaneNormal.text), AttributeRule("color", normalise: PlaneNormal.color)])

    static let module = child(.planeModule, [AttributeRule("name", normalise: PlaneNormal.text)])

    static let workItem = KindSchema(
        kind: .planeWorkItem,
        attributes: [
            AttributeRule("name", normalise: PlaneNormal.text), AttributeRule("state"),
            AttributeRule("labels", .contains), AttributeRule("priority", normalise: PlaneNormal.lowercase),
            AttributeRule("description_html", normalise: PlaneNormal.html),
        ] + .computed(["id", "sequence_id"]),
        isStateful: true,
        requests: { action, attributes in
            switch action {
            case .create: 5  // look twice, states, labels, create
            case .update: 4
            case .adopt: attributes.isEmpty ? 0 : 4
            case .delete: 1
            default: 0
            }
        })

    /// States, labels and modules differ only in what they hold.
    private static func child(_ kind: ResourceKind, _ rules: [AttributeRule]) -> KindSchema {
        KindSchema(
            kind: kind, attributes: rules + .computed(["id", "external_source"]), isStateful: true, carriesMark: true,
            requests: { action, _ in
                switch action {
                case .create: 2
                case .update, .adopt, .delete: 1
                default: 0
                }
            })
    }
}

/// Forms in which one thing can be written, each brought to one.
public enum PlaneNormal {
    /// Names: Plane takes blanks at their ends away.
    public static let text: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string(trimmed(text))
    }

    /// Groups and priorities.
    public static let lowercase: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        return .string(trimmed(text).lowercased())
    }

    /// Colours: `#ABC` is `#aabbcc`.
    public static let color: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        var digits = trimmed(text).lowercased()
        guard digits.hasPrefix("#") else { return .string(digits) }
        digits.removeFirst()
        if digits.utf8.count == 3 { digits = String(digits.flatMap { [$0, $0] }) }
        return .string("#" + digits)
    }

    /// Descriptions: an empty one is a paragraph without text.
    public static let html: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        let plain = trimmed(text)
        return .string(
            ["<p></p>", "<p><br></p>", "<p class=\"editor-paragraph-block\"></p>"].contains(plain) ? "" : plain)
    }

    static func trimmed(_ text: String) -> String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" || character.isNewline }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
