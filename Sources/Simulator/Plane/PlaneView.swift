import Formats
import Web

/// How a request wants objects to be shown: in which order, with which fields, with what beside the ids.
///
/// Facts: makeplane/plane, apps/api, the serializers' base and `order_issue_queryset`.
struct PlaneView {
    private static let priorities = ["urgent", "high", "medium", "low", "none"]
    private static let groups = ["backlog", "unstarted", "started", "completed", "cancelled"]

    private let project: PlaneAccount.Project
    private let seed: UInt64
    private let order: String
    private let expanded: [String]
    private let fields: Set<String>

    init(_ request: SimulatedRequest, _ project: PlaneAccount.Project, seed: UInt64) {
        func words(_ name: String) -> [String] {
            (request.parameter(name) ?? "").split(separator: ",").map { String($0) }
        }
        self.project = project
        self.seed = seed
        order = request.parameter("order_by") ?? "-created_at"
        expanded = words("expand")
        fields = Set(words("fields"))
    }

    /// The work items in the order that is asked for, newest first where none is; nil for a field that isn't there.
    func ordered(_ items: [Value.Object]) -> [Value.Object]? {
        let isDescending = order.hasPrefix("-")
        let name = isDescending ? String(order.dropFirst()) : order
        func rank(_ words: [String], _ value: Value?) -> Int { words.firstIndex(of: value?.stringValue ?? "") ?? -1 }
        let keys: [Key]
        switch name {
        case "priority": keys = items.map { .number(Int64(rank(Self.priorities, $0["priority"]))) }
        case "state__group": keys = items.map { .number(Int64(rank(Self.groups, state($0)?["group"]))) }
        case "state__name": keys = items.map { .text(state($0)?["name"]?.stringValue ?? "") }
        case "created_at", "updated_at", "name", "sequence_id":
            keys = items.map { item in
                item[name]?.intValue.map { .number($0) } ?? .text(item[name]?.stringValue ?? "")
            }
        default: return nil
        }
        let places = items.indices.sorted { a, b in
            if keys[a] == keys[b] { return a < b }
            return (keys[a] < keys[b]) != isDescending
        }
        return places.map { items[$0] }
    }

    private enum Key: Comparable {
        case number(Int64)
        case text(String)
    }

    /// A work item with what is asked for in place of ids.
    func shown(_ item: Value.Object) -> Value.Object {
        var item = item
        for name in expanded where item[name] != nil {
            switch name {
            case "state":
                guard let state = state(item) else { continue }
                item[name] = .object(Self.only(["id", "name", "color", "group"], of: state))
            case "labels":
                let ids = Set((item[name]?.listValue ?? []).compactMap(\.stringValue))
                let labels = (project.lists["labels"] ?? []).filter { ids.contains($0["id"]?.stringValue ?? "") }
                item[name] = .list(labels.map { .object($0) })
            case "assignees":
                item[name] = .list((item[name]?.listValue ?? []).compactMap(\.stringValue).map { person($0) })
            case "created_by", "updated_by": item[name] = item[name]?.stringValue.map { person($0) } ?? .null
            case "project": item[name] = .object(Self.only(["id", "identifier", "name"], of: project.object))
            default: continue
            }
        }
        return chosen(item)
    }

    /// Only the fields that are asked for.
    func chosen(_ object: Value.Object) -> Value.Object {
        fields.isEmpty ? object : Value.Object(object.members.filter { fields.contains($0.name) })
    }

    private static func only(_ names: [String], of object: Value.Object) -> Value.Object {
        Value.Object(object.members.filter { names.contains($0.name) })
    }

    private func state(_ item: Value.Object) -> Value.Object? {
        guard let id = item["state"] else { return nil }
        return project.lists["states"]?.first { $0["id"] == id }
    }

    private func person(_ id: String) -> Value { .object(PlaneAccount.person(id, seed: seed)) }
}

extension PlaneAccount {
    /// Whom the key stands for, or one whose name is made up of the id.
    static func person(_ id: String, seed: UInt64) -> Value.Object {
        let isOwn = id == SimulatedID.uuid("plane user", seed: seed, 0)
        let name = isOwn ? "odooops" : "person-\(id.prefix(4))"
        return [
            "id": .string(id), "first_name": isOwn ? "Odoo" : .string(name), "last_name": isOwn ? "Ops" : "",
            "email": .string("\(isOwn ? "ops" : name)@example.com"), "avatar": "", "display_name": .string(name),
        ]
    }
}
