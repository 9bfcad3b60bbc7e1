import Basics
public import DesiredState
import Diff
import Formats
import Glibc
import TestKit

/// A world that is exactly as undamaged documents want it, and what damaged ones make of it.
public final class DamagedWorld {
    /// The real documents, with those of the example that the real source of truth doesn't have.
    public struct Original: Sendable {
        let tree: SourceTree
        public let state: DesiredState
        /// What can be damaged, by index.
        let documents: [Int]
        let inventory: Inventory
        let observed: ObservedState
        let schemas: [ResourceKind: KindSchema]
        let approvals: Set<ResourceKey>
        let keys: Set<ResourceKey>
        let lives: [String]
        let faultsOfForm: [String: Int]
        let environments: [ResourceKey: String]
    }

    /// What came of one mutant.
    public struct Outcome: Sendable {
        /// The seed, what was damaged, and how.
        public let label: String
        public let faults: [String]
        /// What a plan would delete.
        public let deleted: [ResourceKey]
        /// Of the processor, for parsing the damaged document and making the whole state with it.
        public let time: Duration
    }

    /// The longest that a damaged document may take; a debug build says nothing of times, and only has to end.
    #if DEBUG
        public static let bound = Duration.seconds(20)
    #else
        public static let bound = Duration.milliseconds(100)
    #endif

    /// All documents together, once each at its path and once scattered, so that their schemas alone tell them.
    public static let whole = Result { () throws -> [Original] in
        let tree = try DamagedWorld.tree()
        return [Original(tree, at: now), Original(scattered(tree), at: now)]
    }
    /// The same in four parts that have no say in each other's wishes, for a debug build: reading all takes its time.
    ///
    /// In a fifth stands what can be scattered.
    public static let parts = Result { () throws -> [Original] in
        let tree = try DamagedWorld.tree()
        let managed = Set(
            readDesiredState(tree).documents.filter { ![.notManaged, .consulted].contains($0.status) }.map(\.path))
        let parts = Dictionary(grouping: tree.files) { part(of: $0.path, isManaged: managed.contains($0.path)) }
            .sorted { $0.key < $1.key }.map(\.value)
        let moved = scattered(tree).files.filter { $0.path.hasPrefix(scatteredFolder) }
        return (parts + [moved]).map { files in
            var part = tree
            part.files = files
            return Original(part, at: now)
        }
    }
    private static let now = Timestamp(seconds: 1_772_800_000)

    private let originals: [(original: Original, cache: DocumentCache)]
    /// The documents of each, one after the other.
    private let documents: [(place: Int, index: Int)]

    /// Reads the originals once, so that each mutant costs one parse.
    public init(_ originals: [Original]) {
        self.originals = originals.map { original in
            let cache = DocumentCache()
            _ = readDesiredState(original.tree, cache: cache)
            return (original, cache)
        }
        documents = originals.enumerated().flatMap { place, original in original.documents.map { (place, $0) } }
    }

    /// Damages one document and looks at state and plan.
    public func outcome(of seed: UInt64) -> Outcome {
        // Several in a row damage one document, so that the others stay parsed.
        let choice = RandomSource(seed: seed / 8)
        let (place, index) = documents[Int(choice.next() % UInt64(documents.count))]
        let (original, cache) = originals[place]
        let file = original.tree.files[index]
        guard case .bytes(let bytes) = file.content else {
            return Outcome(label: file.path, faults: [], deleted: [], time: .zero)
        }
        let random = RandomSource(seed: seed)
        let damage = Damage.allCases[Int(random.next() % UInt64(Damage.allCases.count))]
        let changed = damage.apply(to: bytes, random)
        var mutant = original.tree
        mutant.files[index] = SourceFile(path: file.path, content: .bytes(changed))
        let start = Self.processorTime()
        let state = readDesiredState(mutant, cache: cache)
        let time = Self.processorTime() - start
        let label = "seed \(seed), \(damage.rawValue) in \(file.path):\n\(Self.difference(bytes, changed))"
        let (faults, deleted) = Self.judge(state, original, file.path, isCut: changed.last != UInt8(ascii: "\n"))
        return Outcome(label: label, faults: faults, deleted: deleted, time: time)
    }

    // MARK: What is wrong

    private static func judge(
        _ state: DesiredState, _ original: Original, _ file: String, isCut: Bool
    ) -> (faults: [String], deleted: [ResourceKey]) {
        var faults: [String] = []
        if !zip(state.resources, state.resources.dropFirst()).allSatisfy({ $0.key < $1.key }) {
            faults.append("the resources are out of order")
        }
        if state.diagnostics != state.diagnostics.sorted() { faults.append("the diagnostics are out of order") }
        // A document that isn't told any more holds every delete until a person says that it is meant.
        var found = Lineage(documents: state.guards)
        found.inPlace = state.documentsInPlace
        let departure = Lineage(documents: original.state.guards).departure(.documents, in: found)
        let isFaulty =
            isCut || faultsOfForm(state.diagnostics).contains { $0.value > original.faultsOfForm[$0.key, default: 0] }
        let wanted = Set(state.resources.map(\.key))
        if isFaulty, departure == nil {
            for resource in original.state.resources
            where !wanted.contains(resource.key) && !state.hides(resource.key, of: resource.environment) {
                faults.append("\(resource.key) is gone behind a fault")
            }
        }
        if isFaulty, departure == nil, state.policy.maximumDeletes > original.state.policy.maximumDeletes {
            faults.append("a fault allows \(state.policy.maximumDeletes) deletes")
        }
        // A plan only deletes what isn't wanted any more, and what an environment takes along when it ends.
        let lives = state.environments.map { "\($0.slug) \($0.ttl) \($0.tier)" }
        guard lives != original.lives || !original.keys.isSubset(of: wanted) else { return (faults, []) }
        var input = PlanInput(
            desired: state, inventory: original.inventory, observed: original.observed, schemas: original.schemas,
            drivers: [:], now: now, approvals: original.approvals)
        input.departures = departure.map { [$0] } ?? []
        let plan = makePlan(input)
        let deleted = plan.changes.filter { $0.action == .delete && $0.verdict == .allowed }.map(\.key)
        for key in deleted {
            if isFaulty { faults.append("\(key) would be deleted behind a fault") }
            if departure != nil { faults.append("\(key) would be deleted although a document isn't told any more") }
            if wanted.contains(key) { faults.append("\(key) would be deleted although it is wanted") }
            if !original.reaches(key, from: file) {
                faults.append("\(key) would be deleted, and nothing of it stands in the document")
            }
        }
        return (faults, deleted)
    }

    /// Faults that say that a text is not what its author meant, without their lines.
    fileprivate static func faultsOfForm(_ diagnostics: [Diagnostic]) -> [String: Int] {
        var faults: [String: Int] = [:]
        for diagnostic in diagnostics
        where diagnostic.code.hasPrefix("FMT-")
            || ["SSOT-0003", "SSOT-0004", "SSOT-0005"].contains(diagnostic.code)
            || diagnostic.code == "SSOT-0006" && diagnostic.hint?.hasPrefix("Did you mean") == true
        {
            // Some messages name another line, which moves.
            let message = diagnostic.message.filter { !$0.isNumber }
            faults["\(diagnostic.code) \(diagnostic.mark?.file ?? "") \(message)", default: 0] += 1
        }
        return faults
    }

    // MARK: The world

    private static func part(of path: String, isManaged: Bool) -> Int {
        guard isManaged else { return 0 }
        if path.contains("/secrets/") { return 1 }
        let folders = ["github", "slack", "plane", "mappings", "sources", "vercel", "advisor", "integrations/slack"]
        return folders.contains { path.hasPrefix("ssot/\($0)") } ? 2 : 3
    }

    /// Where documents are scattered to: below a root, at a path that is no document's.
    private static let scatteredFolder = "ssot/scattered/"

    /// The same documents, those that are found by their schema at other paths than their own.
    private static func scattered(_ tree: SourceTree) -> SourceTree {
        let documents = readDesiredState(tree).documents.filter { $0.status == .managed && $0.schema != nil }
        let paths = Set(documents.map(\.path))
        var moved = tree
        moved.files = tree.files.map { file in
            guard paths.contains(file.path) else { return file }
            let name = file.path.split(separator: "/").joined(separator: "-")
            return SourceFile(path: scatteredFolder + name, content: file.content, objectID: file.objectID)
        }
        let found = Set(readDesiredState(moved).documents.filter { $0.status == .managed }.map(\.path))
        moved.files = zip(tree.files, moved.files).map { found.contains($1.path) ? $1 : $0 }
            .sorted { $0.path.precedesByBytes($1.path) }
        return moved
    }

    private static func tree() throws -> SourceTree {
        var files: [String: SourceFile] = [:]
        func add(_ directory: String, below prefix: String) throws {
            for path in Places.files(under: directory, endingWith: "") {
                let name = prefix + path
                guard files[name] == nil else { continue }
                let bytes = try FileSystem.read("\(directory)/\(path)")
                files[name] = SourceFile(path: name, content: .bytes(bytes), objectID: Digest(of: bytes).hex)
            }
        }
        try add(corpusDirectory ?? "", below: "ssot/")
        try add("\(Places.packageRoot)/examples/ssot", below: "")
        let names = [
            "main", "staging", "feature/crm-rewrite", "feature/payroll", "feature/invoice-ocr", "feature/landed-costs",
        ]
        return SourceTree(
            revision: String(repeating: "c", count: 40),
            files: files.values.sorted { $0.path.precedesByBytes($1.path) },
            branches: .known(
                names.map { Branch(name: $0, commit: String(Digest(of: $0).hex.prefix(40)), committedAt: nil) }))
    }

    /// Of the thread alone, so that other programs don't count.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The first line that differs.
    private static func difference(_ before: [UInt8], _ after: [UInt8]) -> String {
        let newline = UInt8(ascii: "\n")
        let (old, new) = (before.split(separator: newline), after.split(separator: newline))
        for (number, line) in old.enumerated() where number >= new.count || new[number] != line {
            let now = number < new.count ? String(decoding: new[number].prefix(300), as: UTF8.self) : "(end)"
            return "- \(String(decoding: line, as: UTF8.self))\n+ \(now)"
        }
        return ""
    }
}

extension DamagedWorld.Original {
    /// Everything wanted is there and ours, at providers that know every kind.
    init(_ tree: SourceTree, at now: Timestamp) {
        let state = readDesiredState(tree)
        self.tree = tree
        self.state = state
        faultsOfForm = DamagedWorld.faultsOfForm(state.diagnostics)
        let documents = tree.files.indices.filter { tree.files[$0].path.hasSuffix(".yaml") }
        // What something is wanted from comes four times as often as what is only held for its syntax.
        let managed = Set(state.documents.filter { $0.status == .managed }.map(\.path))
        self.documents = documents + documents.flatMap { managed.contains(tree.files[$0].path) ? [$0, $0, $0] : [] }
        var entries: [InventoryEntry] = []
        var seen: [ResourceKind: [ObservedResource]] = [:]
        for resource in state.resources {
            var items: [Attributes.Item] = []
            for attribute in resource.attributes {
                if case .literal(let value) = attribute.value { items.append(Attributes.Item(attribute.name, value)) }
            }
            let id = "id-\(resource.key.name)"
            entries.append(
                InventoryEntry(
                    key: resource.key, providerID: id, environment: resource.environment,
                    lastApplied: Attributes(items),
                    revision: state.revision, isProtected: false, createdAt: now - .days(30)))
            seen[resource.key.kind, default: []].append(
                ObservedResource(key: resource.key, providerID: id, attributes: Attributes(items), isOwned: true))
        }
        observed = ObservedState(seen.map { ObservedKind(kind: $0.key, completeness: .complete, resources: $0.value) })
        inventory = Inventory(
            entries: entries,
            environments: state.environments.map {
                EnvironmentRecord(slug: $0.slug, tier: $0.tier, branch: $0.branch, createdAt: now - .hours(1))
            }, lastRoots: state.roots, lastDesiredCount: state.resources.count + state.environments.count,
            // Time to notice it is no excuse for a wrong deletion.
            marks: entries.map {
                PruneMark(
                    key: $0.key, providerID: $0.providerID, environment: $0.environment, markedAt: now - .days(400),
                    revision: state.revision)
            })
        var schemas: [ResourceKind: KindSchema] = [:]
        for (kind, resources) in Dictionary(grouping: state.resources, by: \.key.kind) {
            let names = Set(resources.flatMap { $0.attributes.map(\.name) })
            schemas[kind] = KindSchema(
                kind: kind, attributes: names.sorted { $0.precedesByBytes($1) }.map { AttributeRule($0) },
                isStateful: false, requests: { _, _ in 1 })
        }
        self.schemas = schemas
        keys = Set(entries.map(\.key))
        approvals = keys
        lives = state.environments.map { "\($0.slug) \($0.ttl) \($0.tier)" }
        environments = Dictionary(
            state.resources.compactMap { resource in resource.environment.map { (resource.key, $0) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Whether a document has a say in a resource: it names it, or brings about the environment that owns it.
    func reaches(_ key: ResourceKey, from file: String) -> Bool {
        if environments[key] != nil {
            return ["environments.yaml", "policies.yaml", "inventory.yaml", "convergence.yaml"].contains {
                file.hasSuffix($0)
            }
        }
        // A contract says which lists a project has.
        if key.kind.provider == "plane", file.contains("/plane/contracts/") { return true }
        return state.resources.first { $0.key == key }.map { resource in
            resource.source.file == file || resource.attributes.contains { $0.mark?.file == file }
        } ?? false
    }
}

extension DesiredState {
    /// Whether a scope says that a resource which is not here may still be wanted.
    fileprivate func hides(_ key: ResourceKey, of environment: String?) -> Bool {
        unknown.contains { scope in
            switch scope.extent {
            case .everything: true
            case .kind(let kind): kind == key.kind
            case .resource(let resource): resource == key
            case .environment(let slug): slug == environment
            case .environments: environment != nil
            }
        }
    }
}
