import Basics
import Formats

extension InventoryReader {
    func readCluster(_ node: Node) {
        let entry = Fields(node, "a database cluster", in: file, report)
        let name = name(entry, "database cluster")
        let engine = entry.word("engine", of: Self.engines, required: true)
        let version = entry.text("version", required: true, orNumber: true)
        let region = entry.text("region", required: true)
        let size = entry.text("size", required: true)
        let nodes = nodeCount(entry)
        let tags = tags(entry)
        if let name { reading.clusters.declared.insert(name) }
        readMembers(entry, cluster: name, source: node.mark(in: file))
        entry.allow("description", "notes")
        entry.finish()
        for (member, kind) in Self.memberKinds {
            // Under a misspelt key, too, they are still wanted.
            if let cause = entry.broken[member] { report.unknown(.kind(kind), cause) }
        }
        let key = name.map { ResourceKey(.databaseCluster, $0) }
        if let key { reading.tags[key] = (tags ?? []).map(\.value) }
        guard isSound(entry, key, .databaseCluster), let key else {
            guard let cause = entry.fault else { return }
            if let name { reading.clusters.broken[name] = cause }
            // A stray `- name:` line may have cut them off the cluster before.
            for (member, kind) in Self.memberKinds where node[member] != nil { report.keep(.kind(kind), cause) }
            if name == nil || entry.hasDuplicates {
                reading.clusters.incomplete = reading.clusters.incomplete ?? cause
                // Whose databases these are can't be told, or the ones of a cluster behind were swallowed.
                report.unknown(
                    kinds: [.database, .databaseUser, .databasePool, .databaseFirewall, .tag], cause)
            }
            return
        }
        var attributes = literal("engine", engine) + literal("version", version) + literal("region", region)
        attributes += literal("size", size) + literal("num_nodes", nodes)
        attributes += literal("tags", tags, at: entry.mark(of: "tags"))
        add(
            Draft(
                key, attributes, source: node.mark(in: file),
                dependsOn: (tags ?? []).map { ResourceKey(.tag, $0.value) }))
    }

    private static let memberKinds: [(String, ResourceKind)] = [
        ("dbs", .database), ("users", .databaseUser), ("pools", .databasePool), ("trusted_sources", .databaseFirewall),
    ]

    /// After an item of a wrong shape the items may be those of another list, whose first line was lost.
    private func loseMembers(_ cause: Cause) {
        for (_, kind) in Self.memberKinds { report.unknown(.kind(kind), cause) }
    }

    private static let engines = ["pg", "mysql", "redis", "valkey", "mongodb", "kafka", "opensearch"]

    /// `num_nodes`, or `nodes` for short.
    private func nodeCount(_ entry: Fields) -> (value: Int64, mark: SourceMark)? {
        let short = entry.integer("nodes", in: 1...15)
        let isShort = entry.mark(of: "nodes") != nil
        let long = entry.integer("num_nodes", required: !isShort, in: 1...15)
        if let short, let long {
            entry.fail(
                .duplicateName, "\(entry.subject) has both `nodes` and `num_nodes`", at: long.mark,
                hint: "Keep one; they mean the same.", notes: [Diagnostic.Note("`nodes` is here", at: short.mark)])
        }
        return long ?? short
    }

    // MARK: What stands in a cluster

    private func readMembers(_ entry: Fields, cluster: String?, source: SourceMark) {
        let databases = members("dbs", .database, cluster, entry)
        let users = members("users", .databaseUser, cluster, entry)
        if let cluster {
            reading.members[cluster] = InventoryReading.Members(
                databases: memberNames("dbs", entry), users: memberNames("users", entry))
        }
        readPools(entry, cluster, databases, users)
        readSources(entry, cluster, source: source)
    }

    /// The names that a list holds; nil where it isn't there, or one of its names can't be told.
    private func memberNames(_ key: String, _ entry: Fields) -> [String]? {
        guard entry.broken[key] == nil, let nodes = entry.nodes(key) else { return nil }
        let names = nodes.compactMap { ($0["name"]?.value ?? $0).scalar?.value.stringValue }
        return names.count == nodes.count ? names : nil
    }

    /// Names, or mappings with a name; each becomes a resource below its cluster.
    private func members(_ key: String, _ kind: ResourceKind, _ cluster: String?, _ entry: Fields) -> [String:
        ResourceKey]
    {
        var found: [String: ResourceKey] = [:]
        let nodes = entry.nodes(key)
        if let cause = entry.broken[key] { report.unknown(.kind(kind), cause) }
        for node in nodes ?? [] {
            let item: Fields?
            let text: Text?
            if node.entries != nil {
                let fields = Fields(node, "an item of `\(key)` of \(entry.subject)", in: file, report)
                text = fields.text("name", required: true)
                fields.allow("description", "notes")
                fields.finish()
                item = fields
            } else {
                text = entry.text(node, "an item of `\(key)` of \(entry.subject)")
                item = nil
            }
            guard let text, let cluster else {
                if let cause = item?.fault ?? entry.fault { loseMembers(cause) }
                continue
            }
            let resource = ResourceKey(kind, "\(cluster)/\(text.value)")
            guard isDatabaseName(text, entry.subject) else {
                // Any that is there may be the one that is meant.
                report.unknown(
                    .kind(kind),
                    Cause(
                        code: Code.invalidName.rawValue, reason: "the name \(quoted(text.value)) can't be used",
                        mark: text.mark))
                continue
            }
            if let cause = item?.fault {
                report.unknown(item?.hasDuplicates == true ? .kind(kind) : .resource(resource), cause)
                continue
            }
            found[text.value] = resource
            add(Draft(resource, source: text.mark, dependsOn: [ResourceKey(.databaseCluster, cluster)]))
        }
        return found
    }

    private func isDatabaseName(_ text: Text, _ owner: String) -> Bool {
        if DatabaseName.isValid(text.value) { return true }
        report.error(
            .invalidName, "\(owner) has the name \(quoted(text.value)), which no database or user can have",
            at: text.mark, hint: "Use letters, digits, `_` and `-`, at most 63 of them.")
        return false
    }

    private func readPools(
        _ cluster: Fields, _ clusterName: String?, _ databases: [String: ResourceKey], _ users: [String: ResourceKey]
    ) {
        let nodes = cluster.nodes("pools")
        if let cause = cluster.broken["pools"] { report.unknown(.kind(.databasePool), cause) }
        for node in nodes ?? [] {
            let entry = Fields(node, "a pool of \(cluster.subject)", in: file, report)
            let name = name(entry, "pool", allowing: "-_")
            let database = entry.text("db", required: true)
            let user = entry.text("user")
            let mode = entry.word("mode", of: ["transaction", "session", "statement"], required: true)
            let size = entry.integer("size", required: true, in: 1...10_000)
            entry.finish()
            if node.entries == nil, let cause = entry.fault { loseMembers(cause) }
            let key = clusterName.flatMap { cluster in name.map { ResourceKey(.databasePool, "\(cluster)/\($0)") } }
            guard isSound(entry, key, .databasePool) else { continue }
            guard let key, let clusterName else {
                if let cause = cluster.fault { report.unknown(.kind(.databasePool), cause) }
                continue
            }
            var needs = [ResourceKey(.databaseCluster, clusterName)]
            if let database { needs += databases[database.value].map { [$0] } ?? [] }
            if let user { needs += users[user.value].map { [$0] } ?? [] }
            var attributes = literal("db", database) + literal("user", user)
            attributes += literal("mode", mode) + literal("size", size)
            if let database {
                reading.pools[key] = InventoryReading.Pool(cluster: clusterName, database: database, user: user)
            }
            add(Draft(key, attributes, source: node.mark(in: file), dependsOn: needs))
        }
    }

    /// `trusted_sources`: one list that is replaced as a whole.
    private func readSources(_ cluster: Fields, _ clusterName: String?, source: SourceMark) {
        let key = clusterName.map { ResourceKey(.databaseFirewall, $0) }
        let scope = key.map { UnknownScope.Extent.resource($0) } ?? .kind(.databaseFirewall)
        guard let nodes = cluster.nodes("trusted_sources") else {
            if let cause = cluster.broken["trusted_sources"] { report.unknown(scope, cause) }
            return
        }
        let entry = Fields(
            Node(.map([]), line: 1, column: 1), "a trusted source of \(cluster.subject)", in: file, report)
        var rules: Set<String> = []
        var needs: [ResourceKey] = clusterName.map { [ResourceKey(.databaseCluster, $0)] } ?? []
        for node in nodes {
            guard let (type, value) = trustedSource(node, entry) else { continue }
            rules.insert("\(type):\(value.value)")
            switch type {
            case "droplet": needs += droplets([value], entry)
            case "tag":
                keep(tag: value, entry)
                needs.append(ResourceKey(.tag, value.value))
            case "ip_addr" where !Address.isRange(value.value):
                entry.fail(
                    .invalidAddress, "\(entry.subject) is \(quoted(value.value))", at: value.mark,
                    hint: "Write an IPv4 or IPv6 address or range.")
            default: break
            }
        }
        if let cause = entry.fault ?? (key == nil ? cluster.fault : nil) {
            report.unknown(scope, cause)
            report.unknown(.kind(.tag), cause)
            // Names or pools among the sources have slid in from the lists before.
            if nodes.contains(where: isMember) { loseMembers(cause) }
            return
        }
        guard let key else { return }
        let sorted = rules.sorted { $0.precedesByBytes($1) }
        add(
            Draft(
                key, [WantedAttribute("rules", .literal(.strings(sorted)), at: cluster.mark(of: "trusted_sources"))],
                source: cluster.mark(of: "trusted_sources") ?? source, dependsOn: needs))
    }

    /// Whether an item is of the form of a database, a user or a pool.
    private func isMember(_ node: Node) -> Bool {
        node.scalar?.value.stringValue.map { DatabaseName.isValid($0) } ?? (node["name"] != nil || node["db"] != nil)
    }

    /// `type:value`, or a mapping with `type` and `value`.
    private func trustedSource(_ node: Node, _ entry: Fields) -> (type: String, value: Text)? {
        let types = ["ip_addr", "droplet", "tag", "k8s", "app"]
        if node.entries != nil {
            let item = Fields(node, entry.subject, in: file, report)
            let type = item.word("type", of: types, required: true)
            let value = item.text("value", required: true)
            item.finish()
            entry.absorb(item)
            guard let type, let value, item.fault == nil else { return nil }
            return (type.value, value)
        }
        guard let text = entry.text(node, entry.subject) else { return nil }
        let parts = text.value.split(separator: ":", maxSplits: 1)
        if parts.count == 2, types.contains(String(parts[0])) {
            return (String(parts[0]), Text(value: String(parts[1]), mark: text.mark))
        }
        entry.fail(
            .unknownWord, "\(entry.subject) is \(quoted(text.value))", at: text.mark,
            hint: didYouMean(
                String(parts.first ?? ""), among: types,
                else: "Write `type:value` with the type \(alternatives(types)), such as `ip_addr:203.0.113.7`."))
        return nil
    }
}

/// Names of databases and their users.
enum DatabaseName {
    /// Letters, digits, `_` and `-`, beginning with a letter or `_`, at most 63 bytes (PostgreSQL's limit).
    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 63,
            (first | 32) >= 97 && (first | 32) <= 122 || first == 95
        else { return false }
        return name.utf8.allSatisfy {
            ($0 | 32) >= 97 && ($0 | 32) <= 122 || (48...57).contains($0) || $0 == 45 || $0 == 95
        }
    }
}
