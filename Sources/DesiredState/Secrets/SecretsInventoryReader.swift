import Basics
import Formats

/// Reads `secrets/inventory.yaml`.
struct SecretsInventoryReader {
    let file: String
    let report: Report
    private(set) var inventory = SecretsInventory()

    private init(file: String, _ report: Report) {
        self.file = file
        self.report = report
    }

    /// What the document says, whatever else the commit holds.
    struct Kept: DocumentReading {
        let inventory: SecretsInventory

        init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
            var reader = SecretsInventoryReader(file: file, report)
            reader.inventory.path = file
            reader.inventory.schema = root["schema"]?.value.scalar?.text
            reader.inventory.isComplete = true
            reader.read(root)
            inventory = reader.inventory
        }
    }

    private mutating func read(_ root: Node) {
        let fields = Fields(root, "the inventory of secrets", in: file, report)
        if let map = fields.fields("inventory", required: true) {
            for entry in map.allEntries() { read(entry) }
        }
        if fields.fault != nil { inventory.isComplete = false }
        inventory.entries.sort { $0.id.precedesByBytes($1.id) }
    }

    private static let states = ["working", "stale", "missing", "unknown"]

    private mutating func read(_ section: Node.Entry) {
        let entry = Fields(section.value, "the secret \(quoted(section.key))", in: file, report)
        var known = SecretsInventory.Entry(id: section.key, source: section.keyMark(in: file))
        if section.isAmbiguous {
            entry.fail(Cause(code: "FMT-0003", reason: "\(entry.subject) stands more than once", mark: known.source))
        }
        known.environments = entry.texts("environments")?.map(\.value) ?? []
        if let status = entry.fields("status") {
            if let value = status.text("value") {
                known.status = value.value
                known.statusMark = value.mark
                if !Self.states.contains(value.value) {
                    report.warning(
                        .unknownWord, "the state of \(entry.subject) is \(quoted(value.value))", at: value.mark,
                        hint: didYouMean(value.value, among: Self.states, else: "Write \(alternatives(Self.states))."))
                }
            }
            for node in status.nodes("evidence") ?? [] {
                let evidence = Fields(node, "a piece of evidence for \(entry.subject)", in: file, report)
                if let kind = evidence.text("kind", required: true) { known.evidenceKinds.append(kind.value) }
                entry.absorb(evidence)
            }
            entry.absorb(status)
        }
        readRotation(entry, &known)
        if let stores = entry.fields("storage_verified") {
            for store in stores.allEntries() where !store.isAmbiguous {
                known.seen[SecretStore.usual(store.key)] = answer(
                    store.value, "`storage_verified.\(store.key)` of \(entry.subject)")
            }
            entry.absorb(stores)
        }
        if entry.fault != nil {
            known.isSound = false
            inventory.isComplete = false
        }
        inventory.entries.append(known)
    }

    private func readRotation(_ entry: Fields, _ known: inout SecretsInventory.Entry) {
        guard let rotation = entry.fields("rotation") else { return }
        if let flag = rotation.entry("rotate_now") {
            known.rotationMark = flag.value.mark(in: file)
            known.rotateNow = answer(flag.value, "`rotation.rotate_now` of \(entry.subject)")
            known.isRotateNowBoolean = flag.value.scalar?.value.boolValue != nil
        }
        if let interval = rotation.text("interval") { known.rotation = SecretRotation(text: interval.value) }
        if let last = rotation.text("last_rotated") ?? rotation.text("rotated_at") {
            known.rotatedAt = Timestamp(date: last.value) ?? Timestamp(last.value)
            if known.rotatedAt == nil {
                report.warning(
                    .invalidDay, "the last rotation of \(entry.subject) is \(quoted(last.value))", at: last.mark,
                    hint: "Write a day: `last_rotated: 2026-03-06`.")
            }
        }
        entry.absorb(rotation)
    }

    /// Yes, no or unknown, written as a boolean or as a text.
    private func answer(_ node: Node, _ what: @autoclosure () -> String) -> SecretsInventory.Answer {
        switch node.scalar?.value {
        case .bool(let value)?: return value ? .yes : .no
        case .null?: return .unknown
        case .string(let text)?:
            switch text.lowercased() {
            case "true", "yes": return .yes
            case "false", "no": return .no
            case "unknown", "n/a", "": return .unknown
            default: break
            }
        default: break
        }
        report.warning(
            .unknownWord, "\(what()) is \(node.scalar.map { quoted($0.text) } ?? node.shapeName)",
            at: node.mark(in: file), hint: "Write true, false or unknown; until then it counts as unknown.")
        return .unknown
    }
}

extension SecretsInventory {
    /// One that is there and of which nothing can be read.
    static func unread(_ document: DocumentContent) -> SecretsInventory {
        var inventory = SecretsInventory()
        inventory.path = document.path
        inventory.isComplete = false
        return inventory
    }
}
