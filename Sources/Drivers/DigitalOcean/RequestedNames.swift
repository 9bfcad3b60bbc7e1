internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats

/// Names as the repository or the inventory writes them, found by any other way to write them.
///
/// An object has to come out under the key by which it is wanted. Were a difference of capitals or of quotes enough to
/// miss it, it would be created again in every pass.
struct RequestedNames: Sendable {
    private var tags: [String: String] = [:]
    private var domains: [String: String] = [:]
    private var records: [String: String] = [:]
    /// `example.com/A/@` where records of that type and name are told apart by their data.
    private var splitRecords: Set<String> = []

    init(_ names: [ResourceKind: Set<String>]) {
        // Sorted, so that of two ways to write one name always the same wins.
        func sorted(_ kind: ResourceKind) -> [String] { (names[kind] ?? []).sorted { $0.precedesByBytes($1) } }
        for name in sorted(.tag) { tags[name.lowercased()] = name }
        for name in sorted(.domain) { domains[name.lowercased()] = name }
        for text in sorted(.record) {
            guard let name = RecordName(text) else { continue }
            if domains[name.domain.lowercased()] == nil { domains[name.domain.lowercased()] = name.domain }
            if name.data != nil { splitRecords.insert(name.base) }
            records[name.normal] = text
        }
    }

    func tag(_ name: String) -> String { tags[name.lowercased()] ?? name }

    func domain(_ name: String) -> String { domains[name.lowercased()] ?? name }

    /// The name of a record's key: with its data where several of its type and name are wanted, or are usual.
    func record(domain: String, type: String, name: String, data: String) -> String {
        let plain = RecordName(domain: domain, type: type, name: name, data: nil)
        let isSplit = Mapping.repeatedTypes.contains(type) || splitRecords.contains(plain.base)
        let found = isSplit ? RecordName(domain: domain, type: type, name: name, data: data) : plain
        return records[found.normal] ?? found.text
    }
}

/// The parts of a record's key, `example.com/A/erp` or `example.com/MX/@/mail.example.com`.
struct RecordName: Sendable {
    let domain: String
    let type: String
    let name: String
    /// Of types, or names, that may stand several times.
    let data: String?

    init(domain: String, type: String, name: String, data: String?) {
        self.domain = domain
        self.type = type
        self.name = name
        self.data = data
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, parts.prefix(3).allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(domain: parts[0], type: parts[1], name: parts[2], data: parts.count == 4 ? parts[3] : nil)
    }

    var text: String { "\(domain)/\(type)/\(name)" + (data.map { "/\($0)" } ?? "") }

    /// Type and name without the data, in one form.
    var base: String { "\(domain.lowercased())/\(type)/\(Normal.recordName(name, domain: domain))" }

    /// The whole in one form.
    var normal: String { base + (data.map { "/\(Normal.recordData($0))" } ?? "") }

    /// Which record a name means: without data in the name, the one with the data that is wanted or seen.
    static let canonical: @Sendable (String, Attributes) -> CanonicalName = { text, attributes in
        guard let name = RecordName(text) else { return CanonicalName(text) }
        let data = name.data ?? attributes["data"]?.stringValue
        return CanonicalName(name.base, part: data.map(Normal.recordData), isWhole: name.data == nil)
    }

    /// An alias is alone under its name (RFC 1034, 3.6.2); records of all other types are there beside each other.
    static let claims: @Sendable (String) -> [Claim] = { text in
        guard let name = RecordName(text) else { return [] }
        let place = "\(name.domain.lowercased())/\(Normal.recordName(name.name, domain: name.domain))"
        return [Claim(place, isExclusive: name.type.uppercased() == "CNAME")]
    }

    /// The whole host name, by which the provider searches.
    var hostName: String { name == "@" ? domain : "\(name).\(domain)" }
}
