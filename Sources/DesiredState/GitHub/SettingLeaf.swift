import Basics
import Formats

/// A setting that is written as `name: {desired: …, notes: …}`, or as a bare value.
struct SettingLeaf {
    let name: String
    let value: Value
    let mark: SourceMark
    /// What stands beside `desired`, such as the number of approving reviews.
    let parameters: [WantedAttribute]

    /// Keys that are for people.
    private static let forPeople: Set<String> = ["notes", "description", "rationale", "product", "plan_gate"]

    /// Nil where it is for people, or where a fault was told to the owner.
    ///
    /// - Parameters:
    ///   - entry: its name, and what is written behind it.
    ///   - owner: what it is a setting of.
    ///   - types: of the settings, and of what stands beside `desired` of them as `NAME.KEY`.
    init?(_ entry: Node.Entry, of owner: Fields, types: [String: SettingType] = [:]) {
        guard !Self.forPeople.contains(entry.key), !entry.isAmbiguous else { return nil }
        name = entry.key
        func accepts(_ node: Node, _ name: String) -> Bool {
            SettingType.accepts(node, as: types[name], "`\(name)` of \(owner.subject)", of: owner)
        }
        guard entry.value.entries != nil else {
            guard accepts(entry.value, entry.key) else { return nil }
            value = entry.value.value
            mark = entry.value.mark(in: owner.file)
            parameters = []
            return
        }
        let fields = Fields(entry.value, "`\(entry.key)` of \(owner.subject)", in: owner.file, owner.report)
        let desired = fields.entry("desired", required: true)
        let others = fields.allEntries()
        owner.absorb(fields)
        guard fields.fault == nil, let desired else { return nil }
        let beside = others.filter { $0.key != "desired" && !Self.forPeople.contains($0.key) }
        let areTyped = beside.map { accepts($0.value, "\(entry.key).\($0.key)") }
        guard accepts(desired.value, entry.key), !areTyped.contains(false) else { return nil }
        value = desired.value.value
        mark = desired.value.mark(in: owner.file)
        parameters = beside.map {
            WantedAttribute("\(entry.key).\($0.key)", .literal($0.value.value), at: $0.value.mark(in: owner.file))
        }
    }
}
