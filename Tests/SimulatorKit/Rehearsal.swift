public import DesiredState
public import Diff
internal import Drivers
internal import Formats

/// What a run saw, into a simulator and out again.
public enum Rehearsal {
    /// The lines of an observation, as evidence keeps them.
    public static func lines(_ state: ObservedState) -> [UInt8] {
        var text = ""
        for kind in state.kinds.values.sorted(by: { $0.kind < $1.kind }) {
            let head: Value = .object(["completeness": "complete", "kind": .string(kind.kind.name)])
            text += head.json + "\n"
            for resource in kind.resources {
                var line: Value.Object = ["attributes": resource.attributes.value]
                line["id"] = .string(resource.providerID)
                line["key"] = .string("\(resource.key)")
                line["owned"] = .bool(resource.isOwned)
                text += Value.object(line).json + "\n"
            }
        }
        return Array(text.utf8)
    }

    /// What a second look shows otherwise; what comes from a moment, and values that nobody shows, are made up.
    public static func differences(
        _ seen: ObservedState, _ again: ObservedState, _ schemas: [KindSchema], but others: Set<ResourceKind> = []
    ) -> [String] {
        var found: [String] = []
        for kind in seen.kinds.values.sorted(by: { $0.kind < $1.kind }) where !others.contains(kind.kind) {
            guard let other = again.kinds[kind.kind], let schema = schemas.first(where: { $0.kind == kind.kind }) else {
                found.append("\(kind.kind) is not seen")
                continue
            }
            if other.completeness != kind.completeness { found.append("\(kind.kind): \(other.completeness)") }
            if other.resources.map(\.key) != kind.resources.map(\.key) {
                found.append("\(kind.kind): \(kind.resources.map(\.key.name)) \(other.resources.map(\.key.name))")
                continue
            }
            for (before, after) in zip(kind.resources, other.resources) {
                if before.providerID != after.providerID { found.append("\(before.key) has another id") }
                if before.isOwned != after.isOwned {
                    found.append("\(before.key) is \(after.isOwned ? "ours" : "others'")")
                }
                let wanted = before.attributes.items.filter { item in
                    let rule = schema.rule(item.name)
                    return rule?.isComputed != true && rule?.isSensitive != true
                }
                found += schema.differences(wanted: Attributes(wanted), observed: after.attributes).map {
                    "\(before.key) \($0)"
                }
            }
        }
        return found
    }
}
