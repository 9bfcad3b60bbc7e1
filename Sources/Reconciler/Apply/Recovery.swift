import Basics
import DesiredState
import Diff
import Formats
import Store

/// Settles what an earlier run left open: by looking at what is there now, never by guessing.
struct Recovery: Sendable {
    let reconciler: Reconciler
    /// With each object under the name by which it is wanted.
    let observed: ObservedState
    /// As drivers gave it: a step may be open under a name that the documents no longer write.
    let raw: ObservedState
    let log: Log

    /// How long an object may stay invisible after a create whose answer was lost, before the create counts as not happened.
    static let grace = Duration.minutes(2)

    struct Result: Sendable {
        var settled: [JournalEntry] = []
        /// Keys about which nothing may be decided yet.
        var open: [UnknownScope] = []
    }

    /// - Throws: `StoreFault` when an outcome can't be written down.
    func settle(_ entries: [JournalEntry]) async throws(StoreFault) -> Result {
        var result = Result()
        for entry in entries {
            var settled = entry
            settled.finishedAt = reconciler.time.now
            let (state, why, change) = decide(entry)
            guard let state else {
                result.open.append(Self.scope(of: entry, why, at: reconciler.time.now))
                continue
            }
            settled.state = state
            settled.output = .object(["recovered": true, "because": .string(why)])
            try await reconciler.store.settle(settled, inventory: change)
            log.warning(
                "settled a step that an earlier run left open",
                ["resource.key": entry.key, "step": entry.operation, "state": state.rawValue, "because": why])
            result.settled.append(settled)
        }
        return result
    }

    /// Whether something is so new that a list may lack it; a clock that was set back makes nothing young for years.
    static func isYoung(_ begin: Timestamp, at now: Timestamp) -> Bool {
        abs((now - begin).microseconds) < grace.microseconds
    }

    /// Nothing may be decided about what a step is open of.
    static func scope(of entry: JournalEntry, _ why: String, at now: Timestamp) -> UnknownScope {
        UnknownScope(
            .resource(entry.key), code: Hold.unsettledCode,
            reason: "\(entry.title) of run \(entry.runID) is not settled: \(why)\(rest(of: entry, at: now))", at: nil)
    }

    /// Until when what a step may have made is waited for; empty where it isn't.
    static func rest(of entry: JournalEntry, at now: Timestamp) -> String {
        guard entry.input["creates"]?.boolValue == true, isYoung(entry.intendedAt, at: now) else { return "" }
        return "; it is left alone until \(entry.intendedAt + grace), unless it is seen before"
    }

    private func decide(_ entry: JournalEntry) -> (JournalEntry.State?, String, InventoryChange?) {
        if entry.operation == ChangeAction.forget.rawValue {
            return (.done, "it had no effect outside", .remove(entry.key))
        }
        guard let kind = observed.kinds[entry.key.kind], kind.completeness(of: entry.key.name).isComplete else {
            return (nil, "\(entry.key.kind) was not observed completely", nil)
        }
        var matches = kind.resources.filter { $0.key == entry.key }
        if matches.isEmpty { matches = raw.kinds[entry.key.kind]?.resources.filter { $0.key == entry.key } ?? [] }
        guard matches.count <= 1 else {
            return (nil, "\(matches.count) objects answer to the key", nil)
        }
        let creates = entry.input["creates"]?.boolValue == true
        guard let object = matches.first else {
            if entry.action == .delete || entry.action == .replace && !creates {
                // What was made a moment ago may be missing in a list although it is there.
                if let made = entry.input["created_at"]?.instantValue,
                    Self.isYoung(made, at: reconciler.time.now)
                {
                    return (nil, "it was made so lately that it may be there and not be listed", nil)
                }
                return (.done, "it is gone", .remove(entry.key))
            }
            if creates, Self.isYoung(entry.intendedAt, at: reconciler.time.now) {
                return (nil, "it is not visible yet, and may become so", nil)
            }
            return (.failed, creates ? "it was never created" : "the object is gone", nil)
        }
        switch entry.action {
        case .delete: return (.failed, "it is still there", nil)
        case .create, .replace, .adopt:
            if entry.action == .replace, !creates { return (.failed, "it is still there", nil) }
            if creates, !object.isOwned, reconciler.carriesMark(entry.key.kind) {
                return (.failed, "what is there under its name doesn't carry our mark, so it is another's", nil)
            }
            if entry.action == .adopt, !object.isOwned, reconciler.carriesMark(entry.key.kind) {
                return (.failed, "it doesn't carry our mark yet, and is taken over again", nil)
            }
            return (.done, "it is there", .put(inventoryEntry(entry, object)))
        default:
            // The plan compares again; what is missing is planned anew.
            return (.failed, "the object is there, and the plan compares it again", nil)
        }
    }

    private func inventoryEntry(_ entry: JournalEntry, _ object: ObservedResource) -> InventoryEntry {
        InventoryEntry(
            key: entry.key, providerID: object.providerID, environment: entry.environment,
            lastApplied: Attributes(entry.input["wanted"] ?? .object([:])),
            revision: entry.input["revision"]?.stringValue ?? "",
            isProtected: entry.input["protected"]?.boolValue ?? true,
            createdAt: object.createdAt ?? entry.intendedAt, isAdopted: entry.input["adopted"]?.boolValue ?? true)
    }
}
