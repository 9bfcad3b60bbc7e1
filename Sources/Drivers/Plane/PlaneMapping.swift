internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// The provider's objects as resources.
enum PlaneMapping {
    /// The parts of a child's name: `project/child`, where the child may hold further slashes.
    static func split(_ name: String) -> (project: String, child: String)? {
        guard let slash = name.firstIndex(of: "/") else { return nil }
        let (project, child) = (name[..<slash], name[name.index(after: slash)...])
        return project.isEmpty || child.isEmpty ? nil : (String(project), String(child))
    }

    /// The `external_id` of a key; nil where it is too long for one.
    static func mark(_ key: ResourceKey) -> String? { key.name.utf8.count <= 255 ? key.name : nil }

    static func project(_ json: JSONView, workspace: String) -> ObservedResource? {
        guard let id = text(json["id"]), let identifier = text(json["identifier"]) else { return nil }
        return ObservedResource(
            key: ResourceKey(.planeProject, identifier), providerID: id,
            attributes: attributes([
                ("id", .string(id)), ("name", json["name"].string.map { .string($0) }),
                ("workspace_slug", .string(workspace)),
            ]), createdAt: created(json))
    }

    /// A state, a label or a module.
    ///
    /// What carries our mark comes out under the key that the mark names, whatever it is called now: so a name that
    /// somebody changed is a difference, and not another object.
    static func child(_ json: JSONView, _ kind: ResourceKind, project: String) -> ObservedResource? {
        guard let id = text(json["id"]), let name = json["name"].string else { return nil }
        let source = json["external_source"].string
        let mark = json["external_id"].string ?? ""
        let isOwned = source == PlaneKinds.ownershipSource && !mark.isEmpty
        let isOurs = isOwned && mark.hasPrefix(project + "/")
        var items: [(String, Value?)] = [
            ("id", .string(id)), ("name", .string(name)), ("external_source", source.map { .string($0) }),
        ]
        if kind != .planeModule { items.append(("color", json["color"].string.map { .string($0) })) }
        if kind == .planeState { items.append(("group", json["group"].string.map { .string($0) })) }
        return ObservedResource(
            key: ResourceKey(kind, isOurs ? mark : "\(project)/\(name)"), providerID: id,
            attributes: attributes(items), isOwned: isOurs, createdAt: created(json))
    }

    /// A work item; nil also where it has no external id, and so no key.
    static func workItem(_ json: JSONView, project: String, _ names: ProjectNames) -> ObservedResource? {
        guard let id = text(json["id"]), let source = text(json["external_source"]),
            let external = text(json["external_id"])
        else { return nil }
        let labels = json["labels"].items?.compactMap { $0.string ?? text($0["id"]) }.map { names.labels[$0] ?? $0 }
        return ObservedResource(
            key: ResourceKey(.planeWorkItem, "\(project)/\(source)/\(external)"), providerID: id,
            attributes: attributes([
                ("id", .string(id)), ("name", json["name"].string.map { .string($0) }),
                ("sequence_id", json["sequence_id"].int.map { .int($0) }),
                ("priority", json["priority"].string.map { .string($0) }),
                ("description_html", json["description_html"].string.map { .string($0) }),
                ("state", json["state"].string.map { .string(names.states[$0] ?? $0) }),
                ("labels", labels.map { .strings($0.sorted { $0.precedesByBytes($1) }) }),
            ]), createdAt: created(json))
    }

    private static func text(_ json: JSONView) -> String? {
        guard let text = json.string, !text.isEmpty else { return nil }
        return text
    }

    private static func created(_ json: JSONView) -> Timestamp? { json["created_at"].string.flatMap { Timestamp($0) } }

    private static func attributes(_ items: [(String, Value?)]) -> Attributes {
        Attributes(items.compactMap { name, value in value.map { Attributes.Item(name, $0) } })
    }
}

/// Names of a project's states and labels by their ids.
struct ProjectNames: Sendable {
    var states: [String: String] = [:]
    var labels: [String: String] = [:]
}
