import Basics
import DesiredState
import Diff
import Formats
import HTTPClient
import Store

/// Gathers what a run wanted, saw, planned, did and got back, as the objects of its manifest.
struct EvidenceBuilder {
    private enum Object {
        case gathered(name: String, bytes: [UInt8])
        case kept(EvidenceManifest.Item)
    }

    private var objects: [Object] = []

    mutating func add(_ name: String, _ value: Value) { add(name, JSON.canonical(value)) }

    /// The same bytes as of a list of all values, of which only one is there at a time.
    mutating func add(_ name: String, list values: some Sequence<Value>) {
        var bytes: [UInt8] = []
        JSON.append(list: values, to: &bytes, sortsMembers: true)
        add(name, bytes)
    }

    mutating func add(_ name: String, _ bytes: [UInt8]) { objects.append(.gathered(name: name, bytes: bytes)) }

    /// Brings to disk what was gathered by now, so that it takes no memory for the rest of the pass; what can't be written
    /// now is tried again at its end.
    mutating func keep(in store: EvidenceStore, at instant: Timestamp) {
        for index in objects.indices {
            guard case .gathered(let name, let bytes) = objects[index],
                let digest = try? store.put(bytes, at: instant)
            else { continue }
            objects[index] = .kept(EvidenceManifest.Item(name: name, digest: digest, bytes: bytes.count))
        }
    }

    /// What the manifest names, in the order in which it was gathered.
    ///
    /// - Throws: `FileSystemFault` when the disk is full or the directory can't be written.
    func items(
        in store: EvidenceStore, at instant: Timestamp
    ) throws(FileSystemFault) -> [EvidenceManifest.Item] {
        var items: [EvidenceManifest.Item] = []
        for object in objects {
            switch object {
            case .kept(let item): items.append(item)
            case .gathered(let name, let bytes):
                items.append(
                    EvidenceManifest.Item(name: name, digest: try store.put(bytes, at: instant), bytes: bytes.count))
            }
        }
        return items
    }

    /// What was wanted; of a sensitive attribute its reference, or the digest of what the document says.
    mutating func add(_ desired: DesiredState, _ sensitive: SensitiveAttributes) {
        var lines = Lines(expecting: desired.resources.count + desired.documents.count)
        lines.append(["revision": .string(desired.revision), "roots": .strings(desired.roots)])
        for document in desired.documents {
            lines.append([
                "document": .string(document.path), "status": .string(document.status.rawValue),
                "bytes": .int(Int64(document.bytes)),
            ])
        }
        for environment in desired.environments {
            lines.append([
                "environment": .string(environment.slug), "tier": .string(environment.tier.rawValue),
                "branch": environment.branch.map { .string($0) } ?? .null,
                "head": environment.headCommit.map { .string($0) } ?? .null,
                "source": .string(environment.source.description),
            ])
        }
        for resource in desired.resources {
            var attributes = Value.Object()
            for attribute in resource.attributes {
                switch attribute.value {
                case .literal(let value):
                    attributes[attribute.name] =
                        sensitive.hides(attribute, of: resource.key.kind)
                        ? .string(Digest(of: JSON.canonical(value)).description) : value
                case .reference(let key, let name): attributes[attribute.name] = ["from": .string("\(key)#\(name)")]
                }
            }
            lines.append([
                "attributes": .object(attributes), "resource": .string(resource.key.description),
                "source": .string(resource.source.description),
            ])
        }
        add("desired.jsonl", lines.bytes)
    }

    /// What was seen, and whose it is; of a sensitive attribute only that it is there.
    mutating func add(
        _ observed: ObservedState, of accounts: [String: String] = [:], _ sensitive: SensitiveAttributes
    ) {
        var lines = Lines(expecting: observed.kinds.values.reduce(0) { $0 + $1.resources.count })
        for (provider, account) in accounts.sorted(by: { $0.key.precedesByBytes($1.key) }) {
            lines.append(["account": .string(account), "provider": .string(provider)])
        }
        for kind in observed.kinds.values.sorted(by: { $0.kind < $1.kind }) {
            let (state, reason) = kind.completeness.words
            var line: Value.Object = [
                "kind": .string(kind.kind.name), "completeness": .string(state),
                "reason": reason.map { .string($0) } ?? .null, "count": .int(Int64(kind.resources.count)),
            ]
            if !kind.gaps.isEmpty {
                // All else of the kind is known.
                let gaps = kind.gaps.keys.sorted { $0.precedesByBytes($1) }.map { name -> Value in
                    let (state, reason) = (kind.gaps[name] ?? .complete).words
                    return [
                        "completeness": .string(state), "name": .string(name),
                        "reason": reason.map { .string($0) } ?? .null,
                    ]
                }
                line["gaps"] = .list(gaps)
            }
            lines.append(.object(line))
            for resource in kind.resources {
                var attributes = resource.attributes
                if attributes.items.contains(where: { sensitive.isSensitive($0.name, of: kind.kind) }) {
                    attributes = Attributes(
                        attributes.items.map { item in
                            sensitive.isSensitive(item.name, of: kind.kind)
                                ? Attributes.Item(item.name, "<sensitive>") : item
                        })
                }
                lines.append([
                    "attributes": attributes.value, "id": .string(resource.providerID),
                    "key": .string(resource.key.description), "owned": .bool(resource.isOwned),
                ])
            }
        }
        add("observed.jsonl", lines.bytes)
    }

    /// What was done and got back.
    mutating func add(_ journal: [JournalEntry], _ exchanges: [String: [Exchange]]) {
        for (position, entry) in journal.enumerated() {
            let number = String(position + 1)
            let name = "steps/" + String(repeating: "0", count: max(0, 4 - number.count)) + number + ".json"
            add(name, entry.evidence(exchanges[entry.stepID] ?? []))
        }
    }

    /// Values as lines of canonical JSON.
    private struct Lines {
        private(set) var bytes: [UInt8] = []

        /// Room that stays empty is never touched and costs no memory; growing costs twice what is there.
        ///
        /// - Parameter count: how many lines there will be.
        init(expecting count: Int) { bytes.reserveCapacity(count * 1_024) }

        mutating func append(_ value: Value) {
            JSON.appendCanonical(value, to: &bytes)
            bytes.append(10)
        }
    }
}

extension JournalEntry {
    /// One step as evidence: what it was given, each request with its answer, and what came of it.
    func evidence(_ exchanges: [Exchange]) -> Value {
        [
            "step": .string(stepID), "key": .string(key.description), "action": .string(action.rawValue),
            "operation": .string(operation), "title": .string(title), "state": .string(state.rawValue),
            "environment": environment.map { .string($0) } ?? .null, "input": input, "output": output,
            "intended_at": .string(intendedAt.description),
            "finished_at": finishedAt.map { .string($0.description) } ?? .null,
            "exchanges": .list(
                exchanges.map { exchange in
                    [
                        "method": .string(exchange.method), "url": .string(exchange.url),
                        "request_body": Self.body(exchange.requestBody), "status": .int(Int64(exchange.status)),
                        "response_body": Self.body(exchange.responseBody),
                        "duration_ms": .int(exchange.duration.microseconds / 1_000),
                        "attempt": .int(Int64(exchange.attempt)),
                        "request_id": exchange.requestID.map { .string($0) } ?? .null,
                    ]
                }),
        ]
    }

    private static func body(_ text: String) -> Value {
        if text.isEmpty { return .null }
        // A provider repeats what people wrote: the title of a pull request, the name of a branch.
        let text = PastedSecret.hidden(in: text)
        return (try? JSON.parse(Array(text.utf8))) ?? .string(text)
    }
}
