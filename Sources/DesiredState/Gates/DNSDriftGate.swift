import Basics
import Formats

extension Gate {
    /// The rules of `verify_cloudflare_dns_drift.py`, and what these don't see: whether a name goes through the proxy.
    ///
    /// What stands at the provider comes in as an answer that somebody fetched. Without one nothing was observed, and the
    /// gate is unknown; so it is where that answer is a part only.
    static let dnsDrift = Gate(
        name: "cloudflare_dns_drift",
        title: "Cloudflare holds the records that are wanted, proxied or not as is wanted."
    ) { context, report in
        let wanted = WantedRecords(context, report)
        guard !wanted.records.isEmpty || !wanted.proxies.isEmpty else {
            if report.gap == nil {
                report.unknown(
                    .missingInput, "no document says which records Cloudflare has to hold", at: nil,
                    hint: "Add infra/cloudflare/<zone>.records.yaml, or `cloudflare_proxied` to the subdomain registry."
                )
            }
            return ""
        }
        guard let given = context.inputs.dnsRecords else {
            report.unknown(
                .missingInput, "nobody observed the records at Cloudflare", at: nil,
                hint:
                    "Fetch them, and name the file: reconcile gates --gate cloudflare_dns_drift --dns-records live.json"
            )
            return ""
        }
        guard let live = LiveRecords(given, zones: wanted.zones, report) else { return "" }
        wanted.compare(live, report)
        return
            "\(wanted.records.count.of("record")) and \(wanted.proxies.count.of("way")) through the proxy are as wanted"
    }
}

/// What of a DNS record is compared.
private struct DNSRecordKey: Hashable, Comparable, CustomStringConvertible {
    let type: String
    let name: String
    let content: String
    let priority: String

    /// Nil where type, name or content is missing.
    ///
    /// As the script has them: the type in capitals; the name in small letters, with its zone and without a final dot, `@`
    /// for the zone itself; the content without quotes. The name that a CNAME, MX or NS points to is one like another.
    init?(type: String?, name: String?, content: String?, priority: String?, zone: String) {
        guard let type, let name, let content else { return nil }
        self.type = type.uppercased()
        self.name = Self.name(name, in: zone)
        let bare = content.hasPrefix("\"") && content.hasSuffix("\"") && content.utf8.count > 1
        let unquoted = bare ? String(content.dropFirst().dropLast()) : content
        self.content = ["CNAME", "MX", "NS"].contains(self.type) ? HostName.normal(unquoted) : unquoted
        self.priority = priority ?? ""
    }

    /// One that Cloudflare gave.
    init?(live node: Node) {
        func text(_ key: String) -> String? { node[key]?.value.filledText }
        self.init(
            type: text("type"), name: text("name"), content: text("content") ?? text("value"),
            priority: node["priority"].flatMap { $0.value.scalar?.value.isNull == false ? $0.value.scalar?.text : nil },
            zone: "")
    }

    /// One that a document wants.
    init?(wanted record: GateValue, zone: String) {
        self.init(
            type: record["type"].filledText, name: record["name"].filledText,
            content: record.first("content", or: "value").filledText,
            priority: record["priority"].isMissing ? nil : record["priority"].writtenText, zone: zone)
    }

    static func name(_ text: String, in zone: String) -> String {
        let name = HostName.normal(text)
        if name == "@" || name.isEmpty { return zone }
        return zone.isEmpty || HostName.lies(name, in: zone) ? name : "\(name).\(zone)"
    }

    var description: String { "\(type) \(name) \(content)" + (priority.isEmpty ? "" : " (priority \(priority))") }

    static func < (a: DNSRecordKey, b: DNSRecordKey) -> Bool { a.description.precedesByBytes(b.description) }
}

/// What the documents want of the records at Cloudflare.
private struct WantedRecords {
    /// Each with whether it is to go through the proxy; nil where nothing says so.
    private(set) var records: [(key: DNSRecordKey, isProxied: Bool?, mark: SourceMark)] = []
    /// Names of which documents say whether they go through the proxy, and nothing else.
    private(set) var proxies: [(name: String, isProxied: Bool, mark: SourceMark)] = []
    private(set) var zones: Set<String> = []
    /// The zones of which all records are known: what stands there besides is too much.
    private var wholeZones: Set<String> = []

    init(_ context: GateContext, _ report: GateReport) {
        for (path, parsed) in context.recordDocuments { read(records: parsed, path, report) }
        if let registry = context.subdomainRegistry {
            if let root = registry.root {
                read(registry: GateValue(root, in: registry.path, report))
            } else {
                report.unreadable(registry.path, registry.cause)
            }
        }
        if let edge = context.library.entry(under: GateDocuments.edgeMap) {
            if let root = edge.root {
                read(edge: GateValue(root, in: edge.path, report))
            } else {
                report.unreadable(edge.path, edge.cause)
            }
        }
    }

    /// `infra/cloudflare/<zone>.records.yaml`: `records`, or a list alone.
    private mutating func read(records parsed: ParsedFile, _ file: String, _ report: GateReport) {
        guard let root = parsed.root else {
            report.unreadable(file, parsed.cause)
            return
        }
        let stem = FilePlaces.stem(String(file.split(separator: "/").last ?? "")) ?? ""
        let named = stem.hasSuffix(".records") ? String(stem.dropLast(".records".utf8.count)) : ""
        let document = GateValue(root, in: file, report)
        let (list, owner) =
            root.items != nil ? (document, nil) : (document["records"], document.first("zone", or: "domain"))
        let zone = HostName.normal(owner?.filledText ?? named)
        if list.isUnclear || owner?.isUnclear == true { return }
        guard let items = list.node?.items, !items.isEmpty, !zone.isEmpty, let records = list.items else {
            report.unknown(
                .missingInput, "\(file) lists no record of a zone", at: root.mark(in: file),
                hint: "Write `zone`, and `records` with `type`, `name` and `content`.")
            return
        }
        zones.insert(zone)
        wholeZones.insert(zone)
        for record in records {
            guard let key = DNSRecordKey(wanted: record, zone: zone) else {
                wholeZones.remove(zone)
                let fields = [record["type"], record["name"], record.first("content", or: "value")]
                let isUnclear = fields.contains { $0.isUnclear && !$0.isMissing }
                if !record.isMap || isUnclear { continue }
                report.fail(
                    .missingField, "a record has no `type`, `name` or `content`", at: record.mark,
                    hint: "Add what is missing.")
                continue
            }
            let proxied = record["proxied"]
            self.records.append((key, proxied.isAbsent ? nil : proxied.isTrue, record.mark))
        }
    }

    private mutating func read(registry document: GateValue) {
        let zone = HostName.normal(document["domain"].filledText ?? "")
        for item in document["subdomains"].items ?? []
        where item["lifecycle"].word(of: Gate.lifecycles, or: "active") == "active" {
            let proxied = item["cloudflare_proxied"]
            guard !proxied.isAbsent, let isProxied = proxied.isTrue, let name = item["name"].writtenText else {
                continue
            }
            add(DNSRecordKey.name(name, in: zone), isProxied, proxied.mark, zone)
        }
    }

    /// `hostnames` of the map of the edge: each with its `aliases` and `cloudflare.proxied`.
    private mutating func read(edge document: GateValue) {
        let owner = document["zone"]
        let provider = owner["provider"]
        if provider.isUnclear || provider.filledText.map({ $0 != "cloudflare" }) ?? false { return }
        let zone = HostName.normal(owner["name"].filledText ?? "")
        for item in document["hostnames"].items ?? [] {
            let proxied = item["cloudflare"]["proxied"]
            guard !proxied.isAbsent, let isProxied = proxied.isTrue else { continue }
            for name in [item["hostname"].filledText].compactMap(\.self) + (item["aliases"].texts ?? []) {
                add(DNSRecordKey.name(name, in: zone), isProxied, proxied.mark, zone)
            }
        }
    }

    private mutating func add(_ name: String, _ isProxied: Bool, _ mark: SourceMark, _ zone: String) {
        if !zone.isEmpty { zones.insert(zone) }
        proxies.append((name, isProxied, mark))
    }

    // MARK: Comparing

    func compare(_ live: LiveRecords, _ report: GateReport) {
        for (key, isProxied, mark) in records {
            guard let found = live.records[key] else {
                report.fail(
                    .dnsDrift, "the record \(quoted(key.description)) is wanted and not at Cloudflare", at: mark,
                    hint: "Make it there, or take it out here.")
                continue
            }
            if let isProxied { compare(key.name, isProxied, found, mark, report) }
        }
        let wanted = Set(records.map(\.key))
        for key in live.records.keys.sorted() where !wanted.contains(key) {
            guard wholeZones.contains(where: { HostName.lies(key.name, in: $0) }) else { continue }
            report.fail(
                .dnsDrift, "the record \(quoted(key.description)) is at Cloudflare and not wanted",
                at: SourceMark(file: live.file, line: live.lines[key] ?? 1, column: 1),
                hint: "Add it to the document of its zone, or remove it there.")
        }
        for (name, isProxied, mark) in proxies {
            let found = live.records.filter { $0.key.name == name && ["A", "AAAA", "CNAME"].contains($0.key.type) }
            if found.isEmpty {
                report.fail(
                    .dnsDrift, "the name \(quoted(name)) is wanted and not at Cloudflare", at: mark,
                    hint: "Make its record there, or call the name planned.")
            }
            for (_, proxied) in found.sorted(by: { $0.key < $1.key }) {
                compare(name, isProxied, proxied, mark, report)
            }
        }
    }

    private func compare(_ name: String, _ isWanted: Bool, _ found: Bool?, _ mark: SourceMark, _ report: GateReport) {
        guard let found else {
            report.unknown(
                .undecided, "whether \(quoted(name)) goes through the proxy was not observed", at: mark,
                hint: "Fetch the records with their field `proxied`.")
            return
        }
        guard found != isWanted else { return }
        report.fail(
            .proxyDrift,
            "\(quoted(name)) \(found ? "goes" : "doesn't go") through Cloudflare's proxy, and "
                + (isWanted ? "has to" : "must not"), at: mark,
            hint: "Set `proxied` of its record there to \(isWanted), or write what is meant here.")
    }
}

/// What stood at Cloudflare when somebody looked.
private struct LiveRecords {
    let file: String
    /// Each with whether it goes through the proxy.
    private(set) var records: [DNSRecordKey: Bool?] = [:]
    private(set) var lines: [DNSRecordKey: Int] = [:]

    /// The pages of all zones that hold as many records.
    private struct Pages {
        var records = 0
        /// How often each came, by its number.
        var copies: [Int64: Int] = [:]
    }

    /// Reads one answer of `GET /zones/{id}/dns_records`, or a list of such answers, one a page and zone.
    ///
    /// Nil, and the gate unknown, where that is not all of the zones.
    init?(_ given: GateInputs.Observation, zones: Set<String>, _ report: GateReport) {
        file = given.name
        func refuse(_ why: String, _ hint: String) {
            report.unknown(
                .unreadableInput, "\(given.name) \(why)", at: SourceMark(file: given.name, line: 1, column: 1),
                hint: hint)
        }
        guard let root = try? JSON.tree(given.bytes) else {
            refuse("is no JSON", "Keep the answer of GET /zones/{id}/dns_records as it is.")
            return nil
        }
        let pages = root.items ?? [root]
        var sizes: [Int64: Pages] = [:]
        var seen: Set<String> = []
        for page in pages {
            guard page["success"]?.value.scalar?.value.boolValue != false, let result = page["result"]?.value.items
            else {
                refuse("holds an answer that is no list of records", "Fetch the records again: that request failed.")
                return nil
            }
            // Each page of a zone tells how many records the zone has, and none tells which zone that is.
            let info = page["result_info"]?.value
            if let total = info?["total_count"]?.value.scalar?.value.intValue {
                let number = info?["page"]?.value.scalar?.value.intValue ?? 1
                sizes[total, default: Pages()].records += result.count
                sizes[total, default: Pages()].copies[number, default: 0] += 1
            }
            for node in result {
                guard let key = DNSRecordKey(live: node) else { continue }
                let proxied = node["proxied"]?.value.scalar?.value.boolValue
                records[key] = .some(proxied)
                lines[key] = Int(node.line)
                for zone in zones where HostName.lies(key.name, in: zone) { seen.insert(zone) }
            }
        }
        for (total, pages) in sizes.sorted(by: { $0.key < $1.key }) {
            // A page that came twice is of two zones, or stands in for one that is missing.
            let zones = pages.copies.values.max() ?? 1
            guard pages.records / zones < total else { continue }
            refuse(
                "holds \(pages.records) of \(total.of("record"))" + (zones == 1 ? "" : " for each of \(zones) zones"),
                "Fetch every page, and put them into one list: jq -s . page*.json")
            return nil
        }
        if let zone = zones.subtracting(seen).sorted(by: { $0.precedesByBytes($1) }).first {
            refuse("holds no record of the zone \(zone)", "Fetch the records of that zone, too.")
            return nil
        }
    }
}

extension GateContext {
    /// The documents that list all records of a zone, sorted by path.
    fileprivate var recordDocuments: [(path: String, parsed: ParsedFile)] {
        func isOne(_ path: String) -> Bool {
            path.hasSuffix(".records.yaml") || path.hasSuffix(".records.yml")
        }
        let below = library.entries.filter { $0.relative.hasPrefix("cloudflare/") && isOne($0.path) }.map {
            ($0.path, $0.parsed)
        }
        let beside = library.filesBeside.filter { $0.hasPrefix(GateDocuments.cloudflare + "/") && isOne($0) }
            .compactMap { path in library.file(at: path).map { (path, cache.parsed($0)) } }
        return (below + beside).sorted { $0.0.precedesByBytes($1.0) }
    }
}
