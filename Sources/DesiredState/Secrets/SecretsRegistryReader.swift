import Basics
import Formats

/// Reads `secrets/registry.yaml`, in the form of either version.
struct SecretsRegistryReader {
    let file: String
    let report: Report
    private(set) var registry = SecretsRegistry()

    private init(file: String, _ report: Report) {
        self.file = file
        self.report = report
    }

    /// What the document says, whatever else the commit holds.
    struct Kept: DocumentReading {
        let registry: SecretsRegistry

        init(_ root: Node, in file: String, given _: Nothing, _ report: Report) {
            var reader = SecretsRegistryReader(file: file, report)
            reader.registry.path = file
            reader.registry.schema = root["schema"]?.value.scalar?.text
            reader.registry.isComplete = true
            reader.read(root)
            registry = reader.registry
        }
    }

    private mutating func read(_ root: Node) {
        let fields = Fields(root, "the secrets registry", in: file, report)
        if let rules = fields.fields("schema_rules") {
            registry.requiredFields = rules.texts("required_fields")?.map(\.value) ?? []
            registry.consumerStores = rules.texts("consumer_stores")?.map(\.value) ?? []
        }
        let sections = SecretEntry.Section.allCases
        let isEmpty = !sections.contains { fields.keys.contains($0.rawValue) }
        for section in sections {
            if section == .first, let list = root[section.rawValue], list.value.items != nil {
                for node in fields.nodes(section.rawValue) ?? [] { read(listed: node) }
                continue
            }
            guard let map = fields.fields(section.rawValue, required: isEmpty && section == .first) else { continue }
            for entry in map.allEntries() { read(entry, of: section) }
        }
        fields.finishLeniently()
        let broken = sections.lazy.compactMap { fields.broken[$0.rawValue] }.first
        if let cause = broken ?? (isEmpty ? fields.fault : nil) {
            registry.isComplete = false
            report.unknown(.kind(.secretPresence), cause)
        }
        registry.entries = registry.entries.sortedByPlaces({ (id: $0.id, section: $0.section) }) { a, b in
            a.id != b.id ? a.id.precedesByBytes(b.id) : a.section == .first && b.section == .second
        }
    }

    private mutating func read(_ section: Node.Entry, of map: SecretEntry.Section) {
        let entry = Fields(section.value, "the secret \(quoted(section.key))", in: file, report)
        var secret = SecretEntry(id: section.key, section: map, source: section.keyMark(in: file))
        if section.isAmbiguous {
            secret.isAmbiguous = true
            entry.fail(
                Cause(
                    code: "FMT-0003", reason: "\(entry.subject) stands more than once", mark: secret.source))
        }
        secret.filledFields = Self.filled(section.value)
        secret.scope = entry.text("scope")?.value
        secret.consumers = (entry.nodes("consumers") ?? []).compactMap { consumer($0, entry) }
        secret.prohibitedStores = (entry.texts("prohibited_consumers") ?? []).map { SecretStore.usual($0.value) }
        secret.places = places(entry, secret)
        readStatus(entry, &secret)
        readRotation(entry, &secret)
        secret.expires = day(entry, "expiry_date").map { $0 + .days(1) }
        secret.review = day(entry, "review_date")
        checkProhibited(secret, entry)
        checkNames(secret, entry)
        entry.finishLeniently()
        if let cause = entry.fault {
            secret.isSound = false
            secret.faultCode = cause.code
            lose(secret, cause, entry)
            for again in section.duplicates { loseDuplicate(secret.id, again.value, cause) }
        }
        registry.entries.append(secret)
    }

    /// The places of an entry that stands once more: it may be the one that was meant, and may have swallowed another.
    private mutating func loseDuplicate(_ id: String, _ node: Node, _ cause: Cause) {
        // What else is wrong with it is told once the first one is gone.
        let unheard = Report()
        var reader = SecretsRegistryReader(file: file, unheard)
        reader.registry.consumerStores = registry.consumerStores
        let entry = Fields(node, "the secret \(quoted(id))", in: file, unheard)
        var again = SecretEntry(id: id, section: .first, source: node.mark(in: file))
        again.consumers = (entry.nodes("consumers") ?? []).compactMap { reader.consumer($0, entry) }
        again.places = reader.places(entry, again)
        lose(again, cause, entry)
    }

    /// One item of the oldest form, a list in which each secret has one store.
    private mutating func read(listed node: Node) {
        let entry = Fields(node, "a secret of the registry", in: file, report)
        guard let name = entry.text("name", required: true) else {
            if let cause = entry.fault { report.unknown(.kind(.secretPresence), cause) }
            return
        }
        entry.describe(as: "the secret \(quoted(name.value))")
        var secret = SecretEntry(id: name.value.lowercased(), section: .first, source: name.mark)
        secret.filledFields = Self.filled(node)
        secret.scope = entry.text("scope")?.value
        if let written = entry.text("store", required: true), let store = store(written, entry) {
            secret.places = [SecretPlace(store: store, name: name.value, isWritten: true, source: written.mark)]
        }
        secret.rotation = entry.text("rotation").map { SecretRotation(text: $0.value) }
        if registry.entries.contains(where: { $0.id == secret.id }) {
            entry.fail(
                .duplicateName, "\(entry.subject) stands twice", at: name.mark,
                hint: "Keep one of the two; until then it is left alone.")
        }
        if let cause = entry.fault {
            secret.isSound = false
            secret.faultCode = cause.code
            lose(secret, cause, nil)
        }
        registry.entries.append(secret)
    }

    /// Makes the places of a secret unknown; all places where it isn't known which are its own.
    private func lose(_ secret: SecretEntry, _ cause: Cause, _ entry: Fields?) {
        let isVague = entry.map { $0.hasDuplicates || !Self.placeKeys.isDisjoint(with: $0.broken.keys) } ?? false
        if secret.places.isEmpty || isVague { report.unknown(.kind(.secretPresence), cause) }
        for place in secret.places { report.unknown(.resource(place.key), cause) }
    }

    /// The keys that say where a secret is kept.
    private static let placeKeys = Set(
        ["approved_stores", "storage", "consumers", "env_var_name"] + SecretStore.nameKeys.map(\.key))

    private static func filled(_ node: Node) -> [String] {
        (node.entries ?? []).filter { entry in
            switch entry.value.content {
            case .scalar(let scalar): !scalar.value.isNull && !scalar.text.isEmpty
            case .list(let items): !items.isEmpty
            case .map(let entries): !entries.isEmpty
            }
        }.map(\.key).sorted { $0.precedesByBytes($1) }
    }

    // MARK: Uses and places

    private func consumer(_ node: Node, _ entry: Fields) -> SecretEntry.Consumer? {
        let mark = node.mark(in: file)
        if node.entries != nil {
            let fields = Fields(node, "a consumer of \(entry.subject)", in: file, report)
            let kind = fields.text("kind", required: true)
            let name = fields.text("name", required: true)
            let project = fields.text("project")
            // Without its consumers it isn't known under which names it is kept.
            if let cause = fields.fault { entry.fail(cause, key: "consumers") }
            var consumer = SecretEntry.Consumer(
                text: nil, store: kind?.value, identifier: name?.value, project: project?.value, source: mark)
            consumer.projectSource = project?.mark
            return consumer
        }
        guard let text = entry.text(node, "a consumer of \(entry.subject)", key: "consumers")?.value else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        let hasStore = parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty
        return SecretEntry.Consumer(
            text: text, store: hasStore ? parts[0] : nil, identifier: hasStore ? parts[1] : nil, project: nil,
            source: mark)
    }

    private func places(_ entry: Fields, _ secret: SecretEntry) -> [SecretPlace] {
        var found: [SecretPlace] = []
        func add(_ place: SecretPlace) {
            if !found.contains(where: { $0.store == place.store && $0.name == place.name }) { found.append(place) }
        }
        let names = SecretStore.nameKeys.compactMap { store, key in
            entry.text(key, orNumber: true).map { (store: store, name: $0.value) }
        }
        let variable = entry.text("env_var_name")?.value
        for approved in entry.texts("approved_stores") ?? [] {
            guard let store = store(approved, entry) else { continue }
            let written = names.first { $0.store == store }?.name ?? SecretStore.name(in: secret.consumers, of: store)
            let assumed = SecretStore.hasVariables(store) ? variable ?? secret.id.uppercased() : secret.id
            add(
                SecretPlace(
                    store: store, name: written ?? assumed, isWritten: written != nil, source: approved.mark))
        }
        for node in entry.nodes("storage") ?? [] {
            let fields = Fields(node, "a place of \(entry.subject)", in: file, report)
            let kind = fields.text("kind", required: true)
            let name = fields.text("name", required: true)
            if let cause = fields.fault { entry.fail(cause, key: "storage") }
            guard let kind, let name, let store = store(kind, entry) else { continue }
            add(SecretPlace(store: store, name: name.value, isWritten: true, source: kind.mark))
        }
        return found
    }

    /// A store by its usual name; one that looks misspelt makes the secret unknown.
    private func store(_ text: Text, _ entry: Fields) -> String? {
        let usual = SecretStore.usual(text.value)
        let known = SecretStore.known + registry.consumerStores
        if known.contains(usual) { return usual }
        let message = "\(entry.subject) names the store \(quoted(text.value)), which is not known"
        guard let meant = closest(to: text.value, among: known) else {
            report.warning(
                .unknownStore, message, at: text.mark,
                hint: "Add it to `schema_rules.consumer_stores`, or write \(alternatives(SecretStore.known)).")
            return usual
        }
        entry.fail(
            .unknownStore, message, at: text.mark,
            hint: "Did you mean `\(meant)`? Until that is clear, the secret is left alone.")
        return nil
    }

    private func checkProhibited(_ secret: SecretEntry, _ entry: Fields) {
        for place in secret.places where secret.prohibitedStores.contains(place.store) {
            let cause = report.warning(
                .prohibitedStore, "\(entry.subject) is approved for \(place.store), which it prohibits",
                at: place.source, hint: "Keep one of the two; until then its presence there is left alone.",
                notes: [Diagnostic.Note("prohibited here", at: entry.mark(of: "prohibited_consumers"))])
            report.unknown(.resource(place.key), cause)
        }
    }

    private func checkNames(_ secret: SecretEntry, _ entry: Fields) {
        guard secret.expectation == .present else { return }
        for place in secret.places where place.isWritten && SecretStore.refuses(place.name, in: place.store) {
            report.warning(
                .invalidName, "\(entry.subject) is to be \(quoted(place.name)) at GitHub, which takes no such name",
                at: place.source,
                hint: "Write a name that doesn't begin with `GITHUB_`; until then its presence there is left alone.")
        }
    }

    // MARK: State and rotation

    private func readStatus(_ entry: Fields, _ secret: inout SecretEntry) {
        guard let status = entry.fields("status") else { return }
        let severity = status.text("severity_if_missing")
        secret.severityIfMissing = severity?.value
        secret.severitySource = severity?.mark
        guard let desired = status.text("desired") else {
            entry.absorb(status)
            return
        }
        switch desired.value {
        case "present", "active": secret.expectation = .present
        case "not_provisioned", "pending", "planned": secret.expectation = .planned
        case "deleted", "deprecated", "absent": secret.expectation = .absent
        case "allowlisted_temp", "optional", "review": secret.expectation = .tolerated
        default:
            // The words are not ours to define; what they mean is left alone.
            entry.fail(
                report.warning(
                    .unknownWord, "`status.desired` of \(entry.subject) is \(quoted(desired.value))", at: desired.mark,
                    hint: didYouMean(
                        desired.value, among: ["present", "active", "not_provisioned", "deleted", "deprecated"],
                        else: "Write present, not_provisioned or deleted.")))
        }
    }

    private func readRotation(_ entry: Fields, _ secret: inout SecretEntry) {
        if let policy = entry.text("rotation_policy") { secret.rotation = SecretRotation(text: policy.value) }
        guard let rotation = entry.fields("rotation") else { return }
        if let cadence = rotation.text("cadence") { secret.rotation = SecretRotation(text: cadence.value) }
        entry.absorb(rotation)
    }

    /// A day; one that can't be read is told and never lets anything expire.
    private func day(_ entry: Fields, _ key: String) -> Timestamp? {
        guard let text = entry.text(key, orNumber: true) else { return nil }
        if let day = Timestamp(date: text.value) { return day }
        report.warning(
            .invalidDay, "`\(key)` of \(entry.subject) is \(quoted(text.value))", at: text.mark,
            hint: "Write a day: `\(key): 2026-12-31`.")
        return nil
    }
}

extension SecretsRegistry {
    /// One that is there and of which nothing can be read.
    static func unread(_ document: DocumentContent) -> SecretsRegistry {
        var registry = SecretsRegistry()
        registry.path = document.path
        registry.isComplete = false
        return registry
    }
}

extension SecretPlace {
    /// The resource that wants the name to be there.
    var key: ResourceKey { ResourceKey(.secretPresence, "\(store)/\(name)") }
}
