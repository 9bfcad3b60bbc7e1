import Basics
import DesiredState
import Diff
import Drivers
import Formats
import Store

/// What is kept of a change, in the journal and in the inventory.
extension ChangeRunner {
    /// How the inventory moves with a step; nil where it stays.
    func inventoryChange(
        after object: ObservedResource?, _ input: ResolvedChange, isLast: Bool
    ) -> InventoryChange? {
        guard let object else { return .remove(change.key) }
        // Between the steps of an update the old wish still stands; only the last one makes the new wish the applied.
        // What is taken over is remembered from the first step on: it bears our mark then, and isn't known as another's.
        guard isLast || [.create, .replace, .adopt].contains(change.action) else { return nil }
        guard change.action != .delete else { return nil }
        let isApplied = isLast || change.action != .adopt
        var entry = InventoryEntry(
            key: change.key, providerID: object.providerID, environment: change.environment,
            lastApplied: isApplied ? applied(input.wanted) : Attributes([]), revision: applier.revision,
            isProtected: change.isProtected, createdAt: object.createdAt ?? reconciler.time.now,
            isAdopted: isAdopted)
        if isLast, let schema = reconciler.schemas[change.key.kind] {
            var overwritten: [String: Value] = [:]
            if change.action == .update {
                for attribute in change.attributes { overwritten[attribute.path] = .some(attribute.before ?? .null) }
            }
            entry.echoes = Echo.after(
                writing: input.wanted, answer: object.attributes, over: overwritten, applier.remembered[change.key],
                by: schema, at: reconciler.time.now)
        }
        return .put(entry)
    }

    /// Whether the object was there before us: what we take over without our mark, and what was once taken over so.
    ///
    /// It is the object as the plan saw it that counts: after the first step it bears our mark.
    private var isAdopted: Bool {
        switch change.action {
        case .adopt: (try? resolved.get())?.current?.isOwned != true
        case .update: applier.remembered[change.key]?.isAdopted == true
        default: false
        }
    }

    /// The wanted attributes as the store may keep them: of a sensitive one only its digest.
    private func applied(_ wanted: Attributes) -> Attributes {
        let schema = reconciler.driver(for: change.key.kind)?.schemas.first { $0.kind == change.key.kind }
        return Attributes(
            wanted.items.map { item in
                guard schema?.rule(item.name)?.isSensitive == true else { return item }
                return Attributes.Item(item.name, .string(Digest(of: JSON.canonical(item.value)).description))
            })
    }

    /// What the journal keeps of a step before it happens: enough to settle it by looking.
    func journalInput(_ step: Step?, _ input: ResolvedChange) -> Value {
        .object([
            "creates": .bool(step?.creates ?? false),
            "wanted": applied(input.wanted).value,
            "provider_id": (input.current?.providerID ?? change.providerID).map { .string($0) } ?? .null,
            "before": input.current.map(describe) ?? .null,
            "protected": .bool(change.isProtected),
            "adopted": .bool(isAdopted),
            "created_at": applier.remembered[change.key].map { .string($0.createdAt.description) } ?? .null,
            "revision": .string(applier.revision),
            "reason": .string(change.reason),
            "source": change.source.map { .string($0.description) } ?? .null,
        ])
    }

    /// An object as the journal may keep it: nothing sensitive.
    func describe(_ object: ObservedResource) -> Value {
        let schema = reconciler.driver(for: object.key.kind)?.schemas.first { $0.kind == object.key.kind }
        let shown = object.attributes.items.filter { schema?.rule($0.name)?.isSensitive != true }
        return .object(["provider_id": .string(object.providerID), "attributes": Attributes(shown).value])
    }
}
