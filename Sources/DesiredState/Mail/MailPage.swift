import Basics
import Formats

/// Reads out of a page through which server each tier sends its mail.
///
/// What has one of these forms is read, and every sentence is left alone: a table with a column of environments and one of
/// servers or ports; a list item or a row that names tiers, then one `host:port`; one host and one port below a heading
/// that names tiers; a mapping of an example in YAML. What says that something is not so is left alone as well, and so is a
/// tier of which the page says two things.
struct MailPage {
    /// What the page says of one tier.
    struct Claim: Equatable {
        let tier: Tier
        let host: String?
        let port: Int64
        let line: Int
        let column: Int
    }

    /// Where contracts on mail stand, relative to the top of the repository.
    static let folder = "docs/contracts/"
    /// The one that other documents name.
    static let usual = folder + "C-MAIL-01-mail-catcher.md"

    /// Whether a path is that of the contract on mail, whatever follows its number.
    static func isOne(_ path: String) -> Bool {
        path.hasPrefix(folder + "C-MAIL-01") && path.hasSuffix(".md")
            && path.lastIndex(of: "/") == folder.lastIndex(of: "/")
    }

    private var claims: [Claim] = []
    /// The columns of the table that is being read.
    private var columns: (tier: Int, host: Int?, port: Int?)?
    /// What the heading above names, and what was said below it.
    private var section: (tiers: [Tier], hosts: Set<String>, ports: [(port: Int64, line: Int, column: Int)])?

    private init() {}

    /// One claim a tier, in the order of the tiers.
    static func claims(of bytes: [UInt8]) -> [Claim] {
        var page = MailPage()
        for (part, line) in PagePart.all(in: bytes) { page.read(part, line) }
        page.endSection()
        return Tier.allCases.compactMap { tier in
            let said = page.claims.filter { $0.tier == tier }
            guard let first = said.first(where: { $0.host != nil }) ?? said.first else { return nil }
            // Whoever names no host may mean any.
            let isOne = said.allSatisfy { $0.port == first.port && ($0.host == nil || $0.host == first.host) }
            return isOne ? first : nil
        }
    }

    private mutating func read(_ part: PagePart, _ number: Int) {
        switch part {
        case .example(let example): readExample(example)
        case .heading(let text):
            endSection()
            columns = nil
            section = Self.tiers(text.drop { $0 == "#" }).map { ($0, [], []) }
        case .row(let line, let isHeader): readRow(line, number, isHeader: isHeader)
        case .other(let line):
            columns = nil
            if !readItem(line, number) { readProperty(line, number) }
        }
    }

    private mutating func claim(_ tiers: [Tier], _ host: String?, _ port: Int64, _ line: Int, _ column: Int) {
        for tier in tiers {
            claims.append(Claim(tier: tier, host: host?.lowercased(), port: port, line: line, column: column))
        }
    }

    // MARK: Tables

    private mutating func readRow(_ line: Substring, _ number: Int, isHeader: Bool) {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().map { $0 }
        if isHeader {
            let heads = cells.map { $0.lowercased() }
            func column(_ words: [String]) -> Int? {
                heads.firstIndex { head in words.contains { head.contains($0) } }
            }
            let host = column(["host", "server", "transport", "relay", "smtp"])
            columns = column(["environment", "tier", "stage", "env"]).flatMap { tier in
                let port = column(["port"])
                return tier == host || tier == port || host == nil && port == nil ? nil : (tier, host, port)
            }
            return
        }
        guard !Self.denies(line) else { return }
        guard let columns else {
            if cells.count >= 2 { readNamed(cells[0], line[cells[0].endIndex...], line, number) }
            return
        }
        guard cells.indices.contains(columns.tier), let tiers = Self.tiers(cells[columns.tier]) else { return }
        let host = columns.host.flatMap { cells.indices.contains($0) ? Self.servers(cells[$0]) : nil } ?? []
        let ports = columns.port.flatMap { cells.indices.contains($0) ? Self.ports(cells[$0]) : nil } ?? []
        guard host.count <= 1, ports.count <= 1 else { return }
        guard let port = ports.first ?? host.first?.port.map({ ($0, host[0].place) }) else { return }
        claim(tiers, host.first?.host, port.0, number, Self.column(of: port.1, in: line))
    }

    // MARK: Items and headings

    /// `- **Production**: smtp.example.com:587`.
    ///
    /// - Returns: whether tiers are named.
    private mutating func readItem(_ line: Substring, _ number: Int) -> Bool {
        let text = line.drop { " \t-*+".contains($0) }
        guard text.startIndex != line.startIndex, !Self.denies(line), let parts = Self.parts(text) else { return false }
        return readNamed(parts.name, parts.rest, line, number)
    }

    @discardableResult
    private mutating func readNamed(
        _ name: Substring, _ rest: Substring, _ line: Substring, _ number: Int
    ) -> Bool {
        guard let tiers = Self.tiers(name) else {
            readProperty(line, number)
            return false
        }
        let servers = Self.servers(rest)
        if servers.count == 1, let port = servers[0].port {
            claim(tiers, servers[0].host, port, number, Self.column(of: servers[0].place, in: line))
        }
        return true
    }

    /// `Host: smtp.example.com`, `| Port | 587 |`, `SMTP_PORT=587` below a heading of tiers.
    private mutating func readProperty(_ line: Substring, _ number: Int) {
        guard section != nil, !Self.denies(line) else { return }
        let text = line.drop { " \t-*+|".contains($0) }
        guard let parts = Self.parts(text) else { return }
        let name = parts.name.lowercased().filter { $0.isLetter }
        if ["host", "smtphost", "server", "smtpserver", "mailhost"].contains(name) {
            for server in Self.servers(parts.rest) {
                section?.hosts.insert(server.host.lowercased())
                if let port = server.port {
                    section?.ports.append((port, number, Self.column(of: server.place, in: line)))
                }
            }
        } else if ["port", "smtpport", "mailport"].contains(name) {
            for port in Self.ports(parts.rest) {
                section?.ports.append((port.port, number, Self.column(of: port.place, in: line)))
            }
        }
    }

    private mutating func endSection() {
        defer { section = nil }
        guard let section, let port = section.ports.first, section.hosts.count <= 1,
            section.ports.allSatisfy({ $0.port == port.port })
        else { return }
        claim(section.tiers, section.hosts.first, port.port, port.line, port.column)
    }

    /// What stands before the first colon, arrow, dash, bar or equals sign, and after it.
    private static func parts(_ text: Substring) -> (name: Substring, rest: Substring)? {
        let marks = [": ", "**:", "→", "->", "=>", " — ", " – ", "|", "="]
        let found = marks.compactMap { text.firstRange(of: $0) }.min { $0.lowerBound < $1.lowerBound }
        return found.map { (text[..<$0.lowerBound], text[$0.upperBound...]) }
    }

    // MARK: Examples

    /// The servers that an example in YAML sets up for tiers that it names; else what its lines say below a heading.
    private mutating func readExample(_ example: PageExample) {
        let servers = example.root.map { MailReader.servers(in: $0, "") } ?? []
        guard servers.contains(where: { $0.tiers != nil }) else {
            for (number, line) in example.lines.enumerated() { readProperty(line, example.first + number) }
            return
        }
        for server in servers {
            let mark = server.port.mark
            claim(
                server.tiers ?? [], server.host.value, server.port.value, example.first + mark.line - 1,
                example.indent + mark.column)
        }
    }

    // MARK: Words

    /// Whether a line says that something is not so, or was.
    private static func denies(_ line: Substring) -> Bool {
        let words = line.lowercased().split { !$0.isLetter && $0 != "'" && $0 != "’" }
        return words.contains { word in
            [
                "not", "no", "never", "without", "instead", "deprecated", "forbidden", "blocked", "formerly", "was",
                "retired",
            ]
            .contains(word) || word.hasSuffix("n't") || word.hasSuffix("n’t")
        }
    }

    private static let beside: Set<Substring> = [
        "and", "or", "environment", "environments", "env", "transport", "smtp", "mail", "outbound", "catcher", "server",
        "the", "tier", "ci", "only",
    ]

    /// The tiers that a text names, if it names nothing else.
    private static func tiers(_ text: Substring) -> [Tier]? {
        var small = text.lowercased()
        for word in ["non-production", "non_production", "non-prod", "non prod", "nonprod"] {
            small = small.replacing(word, with: " others ")
        }
        var found: Set<Tier> = []
        for word in small.split(whereSeparator: { !$0.isLetter }) where !beside.contains(word) {
            if word == "others" {
                found.formUnion(MailReader.others)
            } else if let tier = Tier(alias: String(word)) {
                found.insert(tier)
            } else {
                return nil
            }
        }
        return found.isEmpty ? nil : Tier.allCases.filter { found.contains($0) }
    }

    private static func words(_ text: Substring) -> [Substring] {
        text.split { $0.isWhitespace || "`*|,;()[]<>\"'".contains($0) }
    }

    /// The hosts in a text, each with the port behind its colon or behind the word `port`.
    private static func servers(_ text: Substring) -> [(host: String, port: Int64?, place: Substring.Index)] {
        let words = words(text)
        var found: [(host: String, port: Int64?, place: Substring.Index)] = []
        for (index, word) in words.enumerated() {
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let host = parts[0].hasSuffix(".") ? parts[0].dropLast() : parts[0]
            guard host.contains("."), host.contains(where: \.isLetter), host.utf8.allSatisfy(isPart) else {
                continue
            }
            var port = parts.count > 1 ? Self.port(parts[1]) : nil
            var place = word.startIndex
            if parts.count == 1, index + 2 < words.count, ["port", "on"].contains(words[index + 1].lowercased()),
                let next = Self.port(words[index + 2])
            {
                (port, place) = (next, words[index + 2].startIndex)
            }
            found.append((String(host), port, place))
        }
        return found
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 46
    }

    private static func ports(_ text: Substring) -> [(port: Int64, place: Substring.Index)] {
        words(text).compactMap { word in port(word).map { ($0, word.startIndex) } }
    }

    private static func port(_ text: Substring) -> Int64? {
        let digits = text.last == "." ? text.dropLast() : text
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = Int64(digits), (1...65_535).contains(port)
        else { return nil }
        return port
    }

    private static func column(of place: Substring.Index, in line: Substring) -> Int {
        line.unicodeScalars.distance(from: line.startIndex, to: place) + 1
    }
}
