import Basics
import Formats

/// Reads `infra/digitalocean/inventory.yaml`.
final class InventoryReader {
    let file: String
    let library: Library
    let report: Report
    var reading = InventoryReading()
    private var keysSeen: [ResourceKey: SourceMark] = [:]
    private var tagMarks: [String: SourceMark] = [:]

    private init(_ file: String, _ library: Library, _ report: Report) {
        self.file = file
        self.library = library
        self.report = report
    }

    static func read(_ library: Library, _ report: Report) -> InventoryReading {
        guard let document = library.document(.inventory) else { return InventoryReading() }
        guard let root = document.root else {
            var reading = InventoryReading()
            reading.fault = document.cause
            return reading
        }
        let reader = InventoryReader(document.path, library, report)
        reader.read(root)
        return reader.reading
    }

    private func read(_ root: Node) {
        let fields = Fields(root, "the inventory", in: file, report)
        fields.allow("schema", "version", "last_reviewed", "description", "notes")
        // Each section is read before any entry, so that entries may refer to each other.
        let droplets = fields.nodes("droplets")
        let databases = fields.nodes("databases")
        let firewalls = fields.nodes("firewalls")
        let domains = fields.nodes("domains")
        let spaces = fields.nodes("spaces")
        let keys = fields.nodes("spaces_keys")
        let networks = fields.nodes("vpcs")
        let volumes = fields.nodes("volumes")
        let snapshots = fields.nodes("snapshots")
        let projects = fields.nodes("projects")
        fields.finish()
        for (section, kinds) in Self.sections {
            if let cause = fields.broken[section] ?? (root.entries == nil ? fields.fault : nil) {
                report.unknown(kinds: kinds, cause)
                if section == "droplets" { reading.droplets.incomplete = cause }
                if section == "databases" { reading.clusters.incomplete = cause }
                if section == "domains" { reading.zones.incomplete = cause }
                if section == "vpcs" { reading.networks.incomplete = cause }
                if section == "spaces" { reading.buckets.incomplete = cause }
            }
        }
        if root.entries == nil { reading.fault = fields.fault }
        reading.hasDomains = domains != nil || fields.broken["domains"] != nil
        reading.droplets.declared = names(in: droplets)
        reading.networks.declared = names(in: networks)
        reading.buckets.declared = names(in: spaces)
        for node in networks ?? [] { readNetwork(node) }
        for node in spaces ?? [] { readBucket(node) }
        for node in droplets ?? [] { readDroplet(node) }
        for node in databases ?? [] { readCluster(node) }
        for node in firewalls ?? [] { readFirewall(node) }
        for node in domains ?? [] { readDomain(node) }
        for node in keys ?? [] { readSpacesKey(node) }
        for node in volumes ?? [] { readVolume(node) }
        for node in snapshots ?? [] { readSnapshot(node) }
        for node in projects ?? [] { readProject(node) }
        for (tag, mark) in tagMarks { add(Draft(ResourceKey(.tag, tag), source: mark)) }
    }

    private static let sections: [(String, [ResourceKind])] = [
        ("droplets", [.droplet, .tag]),
        ("databases", [.databaseCluster, .database, .databaseUser, .databasePool, .databaseFirewall, .tag]),
        ("firewalls", [.firewall, .tag]), ("domains", [.domain, .record]), ("spaces", [.spacesBucket]),
        ("spaces_keys", [.spacesKey]), ("vpcs", [.vpc]), ("volumes", [.volume, .tag]), ("snapshots", [.snapshot]),
        ("projects", [.project]),
    ]

    private func names(in nodes: [Node]?) -> Set<String> {
        Set((nodes ?? []).compactMap { $0["name"]?.value.scalar?.value.stringValue })
    }

    // MARK: For all sections

    /// Keeps a resource; of two with one key neither stands.
    ///
    /// - Returns: why it doesn't; nil where it is the first.
    @discardableResult
    func add(_ draft: Draft) -> Cause? {
        guard let first = keysSeen[draft.key] else {
            keysSeen[draft.key] = draft.source
            reading.drafts[draft.key] = draft
            return nil
        }
        reading.drafts[draft.key] = nil
        return report.declaredTwice(draft, first: first)
    }

    /// Makes an entry that can't be read unknown: the resource where its name is known, else its kind.
    ///
    /// - Returns: whether the entry is sound.
    func isSound(_ entry: Fields, _ key: ResourceKey?, _ kind: ResourceKind) -> Bool {
        noteMisplaced(entry)
        guard let cause = entry.fault else { return true }
        if let key, !entry.hasDuplicates {
            keysSeen[key] = keysSeen[key] ?? entry.mark
            reading.drafts[key] = nil
            report.unknown(.resource(key), cause)
        } else {
            // What a lost `- name:` line leaves behind: the next entry may have been swallowed.
            report.unknown(.kind(kind), cause)
        }
        return false
    }

    /// Takes as unknown what seems to have slid into an entry: a section by its indentation, or the entries of a section
    /// whose first line was lost.
    private func noteMisplaced(_ entry: Fields) {
        if let cause = entry.broken["tags"] { report.unknown(.kind(.tag), cause) }
        for (unknown, cause) in entry.unknownEntries {
            for (section, kinds) in Self.sections
            where section == unknown.key || Self.signatures[section]?.contains(unknown.key) == true {
                report.unknown(kinds: kinds, cause)
            }
        }
    }

    /// Keys by which the entries of a section can be told from those of others.
    private static let signatures: [String: [String]] = [
        "droplets": ["image", "user_data_file"], "databases": ["engine", "num_nodes", "dbs", "trusted_sources"],
        "firewalls": ["inbound_rules", "outbound_rules"], "domains": ["records"], "spaces": ["lifecycle_rules"],
        "spaces_keys": ["grants"],
    ]

    /// The name of an entry, which has to be fit for a provider.
    ///
    /// - Returns: nil where it isn't there or can't be used: any object of its kind may be the one that is meant.
    func name(_ entry: Fields, _ what: String, allowing extra: String = "-.") -> String? {
        guard let text = entry.text("name", required: true) else { return nil }
        entry.describe(as: "\(what) \(quoted(text.value))")
        let isValid =
            text.value.utf8.count <= 255
            && text.value.utf8.allSatisfy {
                ($0 | 32) >= 97 && ($0 | 32) <= 122 || (48...57).contains($0) || extra.utf8.contains($0)
            }
        if !isValid {
            entry.fail(
                .invalidName, "\(entry.subject) has a name with characters that it may not have", at: text.mark,
                hint: "Use letters, digits and \(extra.map { "`\($0)`" }.joined(separator: ", ")).")
        }
        return isValid ? text.value : nil
    }

    /// The tags of an entry, with a resource of its own for each.
    func tags(_ entry: Fields) -> [Text]? {
        guard let tags = entry.texts("tags") else {
            if let cause = entry.broken["tags"] ?? (entry.keys.isEmpty ? entry.fault : nil) {
                report.unknown(.kind(.tag), cause)
            }
            return nil
        }
        for tag in tags { keep(tag: tag, entry) }
        return tags
    }

    /// Keeps one tag that is used.
    func keep(tag: Text, _ entry: Fields) {
        let isValid =
            tag.value.utf8.count <= 255
            && tag.value.utf8.allSatisfy {
                ($0 | 32) >= 97 && ($0 | 32) <= 122 || (48...57).contains($0) || $0 == 58 || $0 == 45 || $0 == 95
            }
        guard isValid else {
            entry.fail(
                .invalidName, "the tag \(quoted(tag.value)) of \(entry.subject) has characters that it may not have",
                at: tag.mark, hint: "Use letters, digits, `:`, `-` and `_`.")
            // Any that is there may be the one that is meant.
            if let cause = entry.fault { report.unknown(.kind(.tag), cause) }
            return
        }
        tagMarks[tag.value] = min(tagMarks[tag.value] ?? tag.mark, tag.mark)
    }

    /// Droplets by name, which have to be in the inventory.
    func droplets(_ names: [Text], _ entry: Fields) -> [ResourceKey] {
        for name in names where !reading.droplets.declared.contains(name.value) && reading.droplets.incomplete == nil {
            entry.fail(
                .unknownReference,
                "\(entry.subject) names the droplet \(quoted(name.value)), which is not in the inventory",
                at: name.mark,
                hint: didYouMean(
                    name.value, among: reading.droplets.declared.sorted(),
                    else: "Add it to `droplets`, or remove it here."))
        }
        return names.map { ResourceKey(.droplet, $0.value) }
    }

    /// An attribute that is written as a text, a number or a truth value.
    func literal(_ name: String, _ text: Text?) -> [WantedAttribute] {
        text.map { [WantedAttribute(name, .literal(.string($0.value)), at: $0.mark)] } ?? []
    }

    func literal(_ name: String, _ number: (value: Int64, mark: SourceMark)?) -> [WantedAttribute] {
        number.map { [WantedAttribute(name, .literal(.int($0.value)), at: $0.mark)] } ?? []
    }

    func literal(_ name: String, _ flag: (value: Bool, mark: SourceMark)?) -> [WantedAttribute] {
        flag.map { [WantedAttribute(name, .literal(.bool($0.value)), at: $0.mark)] } ?? []
    }

    func literal(_ name: String, _ texts: [Text]?, at mark: SourceMark?) -> [WantedAttribute] {
        texts.map { [WantedAttribute(name, .literal(.strings($0.map(\.value))), at: mark)] } ?? []
    }
}
