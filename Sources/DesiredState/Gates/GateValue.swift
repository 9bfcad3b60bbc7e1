import Basics
import Formats

/// A value of a document as gates take it.
///
/// Gates take every value through here, so that none of them can forget it: what stands twice on the way to it, is
/// misspelt or has another shape than is needed is told once and leaves the gate unknown. What isn't there for such a
/// reason is no reason to pass, and no violation either.
struct GateValue {
    private enum Content {
        case absent
        /// Absent, and a key stands in its place that nearly is it.
        case misspelt
        /// It is there, and what it says can't be told.
        case unclear
        case given(Node)
    }

    let file: String
    /// How messages call it; empty for a whole document.
    let name: String
    /// Where it stands, or what it would stand in.
    let mark: SourceMark
    private let content: Content
    private let report: GateReport

    private init(_ content: Content, _ name: String, at mark: SourceMark, _ report: GateReport) {
        self.content = content
        self.name = name
        self.mark = mark
        self.report = report
        file = mark.file
    }

    /// A whole document.
    init(_ node: Node, in file: String, _ report: GateReport) {
        self.init(.given(node), "", at: node.mark(in: file), report)
    }

    // MARK: On the way

    /// What a mapping has at a key.
    subscript(key: String) -> GateValue {
        switch content {
        case .absent: return GateValue(.absent, key, at: mark, report)
        case .misspelt, .unclear: return GateValue(.unclear, key, at: mark, report)
        case .given(let node):
            guard let entries = node.entries else {
                tellShape("a mapping")
                return GateValue(.unclear, key, at: mark, report)
            }
            guard let entry = node[key] else { return missing(key, among: entries) }
            guard !entry.isAmbiguous else {
                tellTwice(entry)
                return GateValue(.unclear, key, at: entry.keyMark(in: file), report)
            }
            return GateValue(.given(entry.value), key, at: entry.value.mark(in: file), report)
        }
    }

    /// What a mapping has at the first of two keys that mean the same, and at the other one where that is absent.
    func first(_ key: String, or other: String) -> GateValue {
        let value = self[key]
        return value.isAbsent ? self[other] : value
    }

    private func missing(_ key: String, among entries: [Node.Entry]) -> GateValue {
        let strange = entries.filter { !Self.keys.contains($0.key) }
        guard let near = closest(to: key, among: strange.lazy.map(\.key)),
            let entry = strange.first(where: { $0.key == near })
        else { return GateValue(.absent, key, at: mark, report) }
        report.unknown(
            .unknownWord, "no gate knows the key \(quoted(near)), so what it says is not looked at",
            at: entry.keyMark(in: file), hint: "Did you mean `\(key)`?")
        return GateValue(.misspelt, key, at: entry.keyMark(in: file), report)
    }

    /// The keys that gates look at, so that none of them is taken for another one of them.
    private static let keys: Set<String> = [
        "active_required", "aliases", "apex", "apps_root", "branch", "bridges", "build", "canonical_subdomains",
        "claim_ref", "claimed_at", "cloudflare", "cloudflare_proxied", "cname", "consumer_stores", "consumers",
        "content",
        "contract_doc", "dns", "domain", "email", "entries", "env_strategy", "environments", "evidence", "expires_at",
        "features", "framework", "gap_type", "gates", "host", "hostname", "hostnames", "id", "ignored_build",
        "include_files_outside_root", "include_files_outside_root_required", "ignored_build_required", "inventory",
        "ipai_bridge", "kind", "lifecycle", "modules", "monorepo", "name", "notes", "ocr", "odoo", "packages", "path",
        "policy", "priority", "prohibited_domains", "projects", "provider", "provider_claim", "proxied", "reason",
        "records", "ref", "repo", "repos", "required", "required_fields", "resolves_to", "root_directory", "rotate_now",
        "rotation", "schema", "schema_rules", "secrets", "secrets_refs", "service", "stack", "status", "strategy",
        "subdomains", "target_version", "technical_name", "turborepo", "type", "url", "urls", "uses_packages",
        "v2_entries", "value", "version", "workspace_manager", "zone",
    ]

    // MARK: What is there

    var isAbsent: Bool { if case .absent = content { true } else { false } }

    /// Whether something is there for it, and what it says can't be told; that was told.
    var isUnclear: Bool {
        switch content {
        case .misspelt, .unclear: true
        case .absent, .given: false
        }
    }

    /// Whether a field that has to be filled is not: for a script, too, which doesn't know what was meant.
    var isMissing: Bool {
        switch content {
        case .absent, .misspelt: true
        case .unclear: false
        case .given(let node): !node.isFilled
        }
    }

    /// Whether a text that has to be there is not.
    var lacksText: Bool { isMissing || node != nil && filledText == nil }

    /// The value itself; nil where there is none, or none that can be told.
    var node: Node? { if case .given(let node) = content { node } else { nil } }

    var isMap: Bool { node?.entries != nil }

    /// A text that isn't empty; nil for everything else.
    var filledText: String? { node?.filledText }

    /// What is written, whatever it is read as; nil where it is no scalar.
    var scalarText: String? { node?.scalar?.text }

    /// For a message: what is written, or of which shape it is.
    var shown: String { scalarText.map { quoted($0) } ?? node?.shapeName ?? "nothing" }

    /// True or false as YAML 1.1 has them, and so the scripts; nil for everything else.
    ///
    /// `yes` is true there.
    var boolean: Bool? {
        guard let scalar = node?.scalar else { return nil }
        if let value = scalar.value.boolValue { return value }
        guard scalar.isPlain else { return nil }
        switch scalar.text {
        case "yes", "Yes", "YES", "on", "On", "ON": return true
        case "no", "No", "NO", "off", "Off", "OFF": return false
        default: return nil
        }
    }

    // MARK: What is needed

    /// One of some words; what stands for it where it is absent, nil and told where it is none of them.
    func word(of words: [String], or usual: String) -> String? {
        if isAbsent { return usual }
        guard let node else { return nil }
        if let text = node.scalar?.text, words.contains(text) { return text }
        report.unknown(
            .unknownWord, "`\(name)` is \(shown)", at: mark,
            hint: didYouMean(scalarText ?? "", among: words, else: "Write \(alternatives(words))."))
        return nil
    }

    /// What is written; nil where it is absent, and told where it is nothing or no scalar.
    var writtenText: String? {
        guard let node else { return nil }
        guard let scalar = node.scalar, !scalar.value.isNull, !scalar.text.isEmpty else {
            tellShape("a text")
            return nil
        }
        return scalar.text
    }

    /// Whether it is true; false where it is absent, nil and told where that can't be said.
    var isTrue: Bool? {
        if isAbsent { return false }
        guard node != nil else { return nil }
        guard let boolean else {
            report.unknown(
                .unknownWord, "`\(name)` is \(shown), which is neither true nor false", at: mark,
                hint: "Write true or false, without quotes.")
            return nil
        }
        return boolean
    }

    /// The items of a list; nil where it is absent, and told where it is none.
    var items: [GateValue]? {
        guard let node else { return nil }
        guard let items = node.items else {
            tellShape("a list")
            return nil
        }
        return items.map { GateValue(.given($0), name, at: $0.mark(in: file), report) }
    }

    /// The items of a list that has some; nil and told in every other case.
    ///
    /// - Parameters:
    ///   - lack: what the document doesn't do without them, such as `lists no record`.
    ///   - hint: what to do then.
    /// - Returns: one value an item.
    func someItems(lack: String, hint: String) -> [GateValue]? {
        if isUnclear { return nil }
        if let items = node?.items, !items.isEmpty { return self.items }
        report.unknown(.missingInput, "\(file) \(lack)", at: mark, hint: hint)
        return nil
    }

    /// What the items of a list are, as written; nil where it is absent, and told where one of them is no text.
    var texts: [String]? {
        guard let items else { return nil }
        let texts = items.compactMap(\.writtenText)
        return texts.count == items.count ? texts : nil
    }

    /// The entries of a mapping, each with its value; nil where it is absent, and told where it is none.
    ///
    /// The value of a key that stands twice is unclear. Who says something else of such a key says so.
    func members(tellTwice: Bool = true) -> [(entry: Node.Entry, value: GateValue)]? {
        guard let node else { return nil }
        guard let entries = node.entries else {
            tellShape("a mapping")
            return nil
        }
        return entries.map { entry in
            guard !entry.isAmbiguous else {
                if tellTwice { self.tellTwice(entry) }
                return (entry, GateValue(.unclear, entry.key, at: entry.keyMark(in: file), report))
            }
            return (entry, GateValue(.given(entry.value), entry.key, at: entry.value.mark(in: file), report))
        }
    }

    // MARK: Telling

    private func tellTwice(_ entry: Node.Entry) {
        report.unknown(
            .ambiguous, "the key \(quoted(entry.key)) stands twice", at: entry.keyMark(in: file),
            hint: "Keep one of the two: which of them counts depends on who reads the file.")
    }

    /// It is there in another shape than a gate can look at.
    func tellShape(_ needed: String) {
        let what = name.isEmpty ? file : "`\(name)`"
        report.unknown(
            .unreadableInput, "\(what) is \(node?.shapeName ?? "nothing") where \(needed) is needed", at: mark,
            hint: "Write \(needed) there; until then what it says is not known.")
    }
}
