import Basics
import Formats

extension InventoryReader {
    func readDomain(_ node: Node) {
        let entry = Fields(node, "a domain", in: file, report)
        let name = domainName(entry)
        let records = entry.nodes("records")
        entry.allow("description", "notes")
        entry.finish()
        if let cause = entry.broken["records"] { report.unknown(.kind(.record), cause) }
        if let name { reading.zones.declared.insert(name) }
        let key = name.map { ResourceKey(.domain, $0) }
        if isSound(entry, key, .domain), let key {
            add(Draft(key, source: node.mark(in: file)))
        } else {
            if let name { reading.zones.broken[name] = entry.fault }
            if name == nil || entry.hasDuplicates, let cause = entry.fault {
                reading.zones.incomplete = reading.zones.incomplete ?? cause
                report.unknown(.kind(.record), cause)
                return
            }
        }
        guard let name else { return }
        readRecords(records ?? [], zone: name)
    }

    /// - Returns: nil where it can't be used: it may be meant for any domain, and its records for those of any.
    private func domainName(_ entry: Fields) -> String? {
        guard let name = name(entry, "domain") else { return nil }
        if Address.isHostName(name), !name.hasSuffix("."), name.contains(".") { return name }
        entry.fail(
            .invalidName, "\(entry.subject) is no domain name", at: entry.mark(of: "name"),
            hint: "Write it without a final dot, such as `example.com`.")
        return nil
    }

    /// One record while the form of its key is still open.
    private struct Record {
        let type: String
        let name: String
        let data: String?
        let draft: ((ResourceKey) -> Draft)?
        let entry: Fields
    }

    /// What records have in common of which one name holds several.
    private struct Siblings: Hashable {
        let type: String
        let name: String

        init(_ record: Record) {
            type = record.type
            name = record.name
        }
    }

    private func readRecords(_ nodes: [Node], zone: String) {
        var records: [Record] = []
        for node in nodes {
            let entry = Fields(node, "a record of \(quoted(zone))", in: file, report)
            guard let record = record(node, entry, zone) else {
                if let cause = entry.fault { report.unknown(.kind(.record), cause) }
                continue
            }
            // What is wrong may be what it is called: it may have been any of those that nobody names now.
            if let cause = entry.fault { report.keep(.kind(.record), cause) }
            records.append(record)
        }
        let refused = refuseAliases(records)
        // One that is written twice is no sibling of itself.
        let siblings = Dictionary(grouping: records, by: { Siblings($0) }).mapValues { Set($0.map(\.data)).count }
        for record in records {
            let isAlone = siblings[Siblings(record)] == 1
            let needsData = RecordKey.mayRepeat(record.type) || !isAlone
            let key: ResourceKey?
            if needsData {
                key = record.data.map { RecordKey.key(zone: zone, type: record.type, name: record.name, data: $0) }
            } else {
                key = RecordKey.key(zone: zone, type: record.type, name: record.name, data: nil)
            }
            guard isSound(record.entry, key, .record), let key, let draft = record.draft else {
                // With the data its place among its siblings is unknown too.
                if !isAlone, !refused.contains(ObjectIdentifier(record.entry)), let cause = record.entry.fault {
                    report.unknown(.kind(.record), cause)
                }
                continue
            }
            // One of the two may have been meant for another.
            if let cause = add(draft(key)) { report.keep(.kind(.record), cause) }
        }
    }

    /// A name that is an alias has no other records (RFC 1034, 3.6.2): the provider refuses what comes second, so all of
    /// such a name are left alone.
    ///
    /// - Returns: the entries in which nothing else is wrong.
    private func refuseAliases(_ records: [Record]) -> Set<ObjectIdentifier> {
        guard records.contains(where: { $0.type == "CNAME" }) else { return [] }
        var refused: Set<ObjectIdentifier> = []
        func refuse(_ record: Record, _ cause: Cause) {
            if record.entry.fault == nil { refused.insert(ObjectIdentifier(record.entry)) }
            record.entry.fail(cause)
        }
        for (name, all) in Dictionary(grouping: records, by: \.name) {
            for alias in all where alias.type == "CNAME" {
                let others = all.filter { $0.type != "CNAME" || $0.data != alias.data }
                guard !others.isEmpty || name == "@" else { continue }
                let what =
                    name == "@"
                    ? "the records NS and SOA, which every domain has"
                    : "another record of that name (\(others.first?.type ?? ""))"
                let cause = report.error(
                    .aliasBesideRecords,
                    "\(alias.entry.subject) stands beside \(what)", at: alias.entry.mark,
                    hint: name == "@"
                        ? "Write records A and AAAA for the domain itself: it can't be an alias."
                        : "Keep the alias or the others; until then all records of that name are left alone.",
                    notes: others.map { Diagnostic.Note("its \($0.type) record is here", at: $0.entry.mark) })
                refuse(alias, cause)
                // What nobody names any more may be what the alias was written over.
                report.keep(.kind(.record), cause)
                // The domain itself is no alias whatever else it has, so the others are right.
                if name != "@" { for other in others where other.type != "CNAME" { refuse(other, cause) } }
            }
        }
        return refused
    }

    /// Where the provider wants a whole name, which ends in a dot, and what it gets instead.
    private func checkEnd(of data: Text, _ entry: Fields, _ zone: String) {
        guard data.value != "@", !data.value.hasSuffix("."), Address.isHostName(data.value) else { return }
        let isOneWord = !data.value.contains(".")
        let below = data.value == zone || data.value.hasSuffix("." + zone)
        report.warning(
            .relativeName,
            "\(entry.subject) points to \(quoted(data.value)) without a final dot, "
                + (isOneWord ? "which DigitalOcean refuses" : "which becomes \(quoted(data.value + "."))"),
            at: data.mark,
            hint: isOneWord
                ? "Write `\(data.value).\(zone).` for the name below this domain, or `\(data.value).` for the one above all."
                : "Write `\(data.value).`"
                    + (below ? "." : ", or `\(data.value).\(zone).` if it lies below this domain."))
    }

    /// - Returns: nil where type or name can't be told, or can't be used, so that there is no key.
    private func record(_ node: Node, _ entry: Fields, _ zone: String) -> Record? {
        let type = entry.word("type", of: RecordKey.types, required: true)
        let nameText = entry.text("name", required: true, orNumber: true)
        guard let type = type?.value, let nameText else { return nil }
        let name = RecordKey.normal(name: nameText.value, zone: zone)
        entry.describe(as: "the \(type) record \(quoted(name)) of \(quoted(zone))")
        let isUsable =
            name == "@" || name == "*" || Address.isHostName(name.hasPrefix("*.") ? String(name.dropFirst(2)) : name)
        if !isUsable {
            entry.fail(
                .invalidName, "\(entry.subject) has a name that DNS can't hold", at: nameText.mark,
                hint: "Write the part before the domain, or \"@\" for the domain itself.")
        }
        var data = entry.text("data", required: true, orNumber: true)
        if let written = data {
            check(written, type, entry)
            if type == "CNAME" { checkEnd(of: written, entry, zone) }
            // `@` stands for the domain itself; one way to say a thing is enough from here on.
            if written.value == "@", ["CNAME", "MX", "NS", "SRV"].contains(type) {
                data = Text(value: zone + ".", mark: written.mark)
            }
        }
        let needs: Set<String> =
            switch type {
            case "MX": ["priority"]
            case "SRV": ["priority", "port", "weight"]
            case "CAA": ["flags", "tag"]
            default: []
            }
        let ttl = entry.integer("ttl", in: 30...2_147_483_647)
        var attributes = literal("data", data) + literal("ttl", ttl)
        for key in ["priority", "port", "weight"] {
            attributes += literal(key, entry.integer(key, required: needs.contains(key), in: 0...65_535))
        }
        attributes += literal("flags", entry.integer("flags", required: needs.contains("flags"), in: 0...255))
        attributes += literal(
            "tag", entry.word("tag", of: ["issue", "issuewild", "iodef"], required: needs.contains("tag")))
        entry.allow("description", "notes")
        entry.finish()
        guard isUsable else { return nil }
        let source = node.mark(in: file)
        let domain = ResourceKey(.domain, zone)
        return Record(
            type: type, name: name, data: entry.broken["data"] == nil ? data?.value : nil,
            draft: { Draft($0, attributes, source: source, dependsOn: [domain]) }, entry: entry)
    }

    private func check(_ data: Text, _ type: String, _ entry: Fields) {
        let (isValid, hint): (Bool, String) =
            switch type {
            case "A": (Address.isIPv4(data.value), "Write an IPv4 address, such as `203.0.113.7`.")
            case "AAAA": (Address.isIPv6(data.value), "Write an IPv6 address, such as `2001:db8::7`.")
            case "CNAME", "MX", "NS", "SRV":
                (
                    data.value == "@" || Address.isHostName(data.value) && !Address.isIPv4(data.value),
                    "Write a host name, such as `mail.example.com.`."
                )
            default: (true, "")
            }
        if !isValid {
            entry.fail(.invalidAddress, "\(entry.subject) points to \(quoted(data.value))", at: data.mark, hint: hint)
        }
    }
}

/// How DNS records are named.
enum RecordKey {
    static let types = ["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SRV", "CAA"]

    /// Types of which a name commonly has several records: their data is always part of the key.
    static func mayRepeat(_ type: String) -> Bool { ["MX", "TXT", "NS", "SRV", "CAA"].contains(type) }

    static func key(zone: String, type: String, name: String, data: String?) -> ResourceKey {
        let base = "\(zone)/\(type)/\(name)"
        return ResourceKey(.record, data.map { "\(base)/\(normal(data: $0, type: type))" } ?? base)
    }

    /// `@` for the domain itself, lower case, without the domain behind it.
    static func normal(name: String, zone: String) -> String {
        var name = name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        if name.isEmpty || name == zone.lowercased() { return "@" }
        let suffix = "." + zone.lowercased()
        return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }

    /// The data in the form that a key has: texts without quotes, host names in lower case without a final dot.
    static func normal(data: String, type: String) -> String {
        if type == "TXT" {
            guard data.count >= 2, data.hasPrefix("\""), data.hasSuffix("\"") else { return data }
            return String(data.dropFirst().dropLast())
        }
        let lower = data.lowercased()
        return lower.count > 1 && lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}
