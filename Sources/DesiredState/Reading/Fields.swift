import Basics
import Formats

/// A text of a document with its place.
struct Text: Equatable {
    let value: String
    let mark: SourceMark
}

/// Reads the entries of one mapping, reports what is wrong with them, and remembers whether anything was.
///
/// A wrong entry makes the whole subject unknown; `fault` says why. Asking for a key makes it known; `finish` reports
/// the others.
final class Fields {
    let file: String
    let mark: SourceMark
    /// What the mapping describes, for messages: `droplet "odoo-production"`.
    ///
    /// Nearly always nothing has to be said, so it is put together only when it is asked for.
    var subject: String { describe() }
    private var describe: () -> String
    let report: Report
    /// The first fault; nil while everything is well.
    private(set) var fault: Cause?
    /// The keys whose value can't be told: ambiguous, of a wrong type, or written under a misspelt name.
    private(set) var broken: [String: Cause] = [:]
    /// Whether a key stands twice.
    ///
    /// That is what a lost `- name:` line leaves behind: the entry after this one may have been swallowed.
    let hasDuplicates: Bool
    /// Whether it is no mapping at all.
    ///
    /// That is what a lost `name:` line leaves behind: the keys of its entry stand where names should.
    let isNoMapping: Bool
    /// The keys that nobody asked for, once `finish` was called.
    private(set) var unknownEntries: [(entry: Node.Entry, cause: Cause)] = []
    /// The first unknown key that holds others, once `finish` was called: what has slid out of its place, or a section
    /// under another name.
    private(set) var stray: Cause?
    /// The code under which the parser tells of a key that stands twice.
    private static let duplicateKeyCode = "FMT-0003"
    private let entries: [Node.Entry]
    private var known: [String] = []

    init(_ node: Node, _ subject: @escaping @autoclosure () -> String, in file: String, _ report: Report) {
        self.file = file
        describe = subject
        self.report = report
        mark = node.mark(in: file)
        entries = node.entries ?? []
        hasDuplicates = entries.contains { $0.isAmbiguous }
        isNoMapping = node.entries == nil
        if node.entries == nil {
            fault = report.error(
                .wrongType, "\(subject()) is \(node.shapeName) where a mapping is needed", at: mark,
                hint: "Write it as `key: value` lines.")
        }
        for entry in entries where entry.isAmbiguous {
            // The parser has told it already, with both places.
            fail(
                Cause(
                    code: Self.duplicateKeyCode, reason: "\(subject()) has the key `\(entry.key)` more than once",
                    mark: entry.keyMark(in: file)), key: entry.key)
        }
    }

    /// Says better what the mapping describes, as soon as its name is known.
    func describe(as subject: @escaping @autoclosure () -> String) { describe = subject }

    /// Remembers a fault of the subject, and of one of its keys; the first stands.
    func fail(_ cause: Cause, key: String? = nil) {
        if fault == nil { fault = cause }
        if let key, broken[key] == nil { broken[key] = cause }
    }

    /// Reports an error of the subject and remembers it.
    func fail(
        _ code: Code, _ message: String, at mark: SourceMark?, hint: String, notes: [Diagnostic.Note] = [],
        key: String? = nil
    ) {
        fail(report.error(code, message, at: mark, hint: hint, notes: notes), key: key)
    }

    // MARK: Entries

    /// The entry of a key, made known by asking; nil where it is missing, empty or ambiguous.
    ///
    /// A key with nothing behind it may have lost its value, so that what it would say is unknown; `null` says that
    /// nothing is meant.
    func entry(_ key: String, required: Bool = false) -> Node.Entry? {
        known.append(key)
        guard let entry = entries.first(where: { $0.key == key }) else {
            // Of what is no mapping at all that was told already.
            if required, !isNoMapping {
                let others = entries.map(\.key)
                fail(
                    .missingKey, "\(subject) has no `\(key)`", at: mark,
                    hint: closest(to: key, among: others).map { "Is `\($0)` meant to be `\(key)`?" }
                        ?? "Add `\(key):` to it.")
            }
            return nil
        }
        if entry.isAmbiguous { return nil }
        if case .scalar(let scalar) = entry.value.content, scalar.value.isNull {
            if required {
                fail(
                    .missingKey, "`\(key)` of \(subject) is empty", at: entry.keyMark(in: file),
                    hint: "Write a value after `\(key):`.")
            } else if scalar.isPlain, scalar.text.isEmpty {
                fail(
                    report.warning(
                        .unfinished, "`\(key)` of \(subject) has no value, so what it says is unknown",
                        at: entry.keyMark(in: file), hint: Self.emptyHint), key: key)
            }
            return nil
        }
        return entry
    }

    private static let emptyHint =
        "Write what is missing; `[]` or `null` if nothing is. Until then what it belongs to is left alone."

    /// Every entry, for mappings whose keys are names; each is made known.
    func allEntries() -> [Node.Entry] {
        known += entries.map(\.key)
        return entries
    }

    /// The entries that nobody asked for so far.
    var unclaimed: [Node.Entry] { entries.filter { !known.contains($0.key) } }

    var keys: [String] { entries.map(\.key) }

    /// What stands behind a key, without making it known; nil where nothing does.
    func node(_ key: String) -> Node? { entries.first { $0.key == key && !$0.isAmbiguous }?.value }

    /// Where a key stands; nil where it doesn't.
    func mark(of key: String) -> SourceMark? { entries.first { $0.key == key }?.value.mark(in: file) }

    /// Where the name of a key stands, for what the name itself says; nil where it doesn't.
    func keyMark(of key: String) -> SourceMark? { entries.first { $0.key == key }?.keyMark(in: file) }

    // MARK: Values

    /// A text, or a number as it is written where `orNumber` says so.
    func text(_ key: String, required: Bool = false, orNumber: Bool = false) -> Text? {
        guard let entry = entry(key, required: required) else { return nil }
        return text(entry.value, "`\(key)` of \(subject)", orNumber: orNumber, key: key)
    }

    func text(
        _ node: Node, _ what: @autoclosure () -> String, orNumber: Bool = false, key: String? = nil
    ) -> Text? {
        let mark = node.mark(in: file)
        switch node.scalar?.value {
        case .string(let value)?:
            if let character = value.invisibleCharacter {
                fail(
                    .invisibleCharacter, "\(what()) holds the invisible character \(character)", at: mark,
                    hint: "Write the text anew: with it, it is another one than it seems.", key: key)
                return nil
            }
            if PastedSecret.isMasked(in: value) {
                // The file's own diagnostic has told it already, at its place.
                let reason = "\(what()) holds a secret in plain text"
                fail(Cause(code: Code.pastedSecret.rawValue, reason: reason, mark: mark), key: key)
                return nil
            }
            if !value.isEmpty { return Text(value: value, mark: mark) }
            fail(
                .wrongType, "\(what()) is an empty text", at: mark, hint: "Write a value, or leave the key out.",
                key: key
            )
        case .int?, .number?:
            if orNumber, let text = node.scalar?.text { return Text(value: text, mark: mark) }
            fail(
                .wrongType, "\(what()) is a number where a text is needed", at: mark, hint: "Put it into quotes.",
                key: key)
        default:
            fail(
                .wrongType, "\(what()) is \(node.shapeName) where a text is needed", at: mark, hint: "Write a text.",
                key: key)
        }
        return nil
    }

    func integer(_ key: String, required: Bool = false, in range: ClosedRange<Int64>) -> (
        value: Int64, mark: SourceMark
    )? {
        guard let entry = entry(key, required: required) else { return nil }
        let mark = entry.value.mark(in: file)
        guard case .int(let value)? = entry.value.scalar?.value else {
            fail(
                .wrongType, "`\(key)` of \(subject) is \(entry.value.shapeName) where a whole number is needed",
                at: mark,
                hint: "Write a whole number without quotes.", key: key)
            return nil
        }
        if let text = entry.value.scalar?.text, text.hasLeadingZero {
            report.warning(
                .implausibleValue,
                "`\(key)` of \(subject) is written \(text): that is \(value) here, as YAML 1.2 has it, and octal or a text "
                    + "for programs that read YAML 1.1", at: mark, hint: "Write `\(value)`.")
        }
        guard range.contains(value) else {
            fail(
                .outOfRange, "`\(key)` of \(subject) is \(value)", at: mark,
                hint: "Write a number from \(range.lowerBound) to \(range.upperBound).", key: key)
            return nil
        }
        return (value, mark)
    }

    func flag(_ key: String, required: Bool = false) -> (value: Bool, mark: SourceMark)? {
        guard let entry = entry(key, required: required) else { return nil }
        let mark = entry.value.mark(in: file)
        if case .bool(let value)? = entry.value.scalar?.value { return (value, mark) }
        fail(
            .wrongType, "`\(key)` of \(subject) is \(entry.value.shapeName) where true or false is needed", at: mark,
            hint: SettingType.flagHint, key: key)
        return nil
    }

    /// One word of a few.
    func word(_ key: String, of words: [String], required: Bool = false) -> Text? {
        guard let text = text(key, required: required) else { return nil }
        if words.contains(text.value) { return text }
        fail(
            .unknownWord, "`\(key)` of \(subject) is \(quoted(text.value, key: key))", at: text.mark,
            hint: didYouMean(text.value, among: words, else: "Write \(alternatives(words))."), key: key)
        return nil
    }

    func nodes(_ key: String, required: Bool = false) -> [Node]? {
        guard let entry = entry(key, required: required) else { return nil }
        if let items = entry.value.items { return items }
        fail(
            .wrongType, "`\(key)` of \(subject) is \(entry.value.shapeName) where a list is needed",
            at: entry.value.mark(in: file), hint: "Write one item a line, each after `- `.", key: key)
        return nil
    }

    func texts(_ key: String, required: Bool = false, orNumber: Bool = false) -> [Text]? {
        guard let nodes = nodes(key, required: required) else { return nil }
        let texts = nodes.compactMap { text($0, "an item of `\(key)` of \(subject)", orNumber: orNumber, key: key) }
        return texts.count == nodes.count ? texts : nil
    }

    /// A mapping inside this one; its faults are its own until `absorb`.
    func fields(_ key: String, required: Bool = false) -> Fields? {
        guard let entry = entry(key, required: required) else { return nil }
        let inner = Fields(entry.value, "`\(key)` of \(self.subject)", in: file, report)
        if entry.value.entries == nil, let cause = inner.fault { fail(cause, key: key) }
        return inner
    }

    /// Makes the faults of an inner mapping faults of this one.
    func absorb(_ inner: Fields) { if let cause = inner.fault { fail(cause) } }

    // MARK: The end

    /// Marks keys as known that are for people or for other programs.
    func allow(_ keys: String...) { known += keys }

    /// Reports the keys that nobody asked for and that look like a misspelt one; for formats with keys of others.
    func finishLeniently() {
        let missing = known.filter { name in !entries.contains { $0.key == name } }
        guard !missing.isEmpty else { return }
        for entry in entries where !known.contains(entry.key) {
            guard let meant = closest(to: entry.key, among: missing) else { continue }
            let cause = report.warning(
                .unknownKey, "\(subject) has the unknown key \(quoted(entry.key))", at: entry.keyMark(in: file),
                hint: "Did you mean `\(meant)`? Until that is clear, what it belongs to is left alone.")
            unknownEntries.append((entry, cause))
            fail(cause, key: meant)
        }
    }

    /// Reports the keys that nobody asked for.
    ///
    /// One that looks like a misspelt key which is missing makes the subject unknown: what it was meant to say would
    /// otherwise count as not wanted. So does one that holds others, and then nothing goes because the document doesn't
    /// name it: an entry may have slid out of its list by its indentation, or a section have got another name. One with
    /// nothing behind it may be the line that began a section.
    ///
    /// - Parameter hasForeignSections: whether other programs keep sections of their own here.
    func finish(hasForeignSections: Bool = false) {
        for entry in entries where !known.contains(entry.key) && !entry.key.isForeignKey {
            let missing = known.filter { name in !entries.contains { $0.key == name } }
            let meant =
                closest(to: entry.key, among: missing)
                ?? Self.otherNames[entry.key].flatMap { name in missing.contains(name) ? name : nil }
            let isStray =
                meant == nil && !hasForeignSections && (entry.value.holdsOthers || entry.value.isLeftEmpty)
                && !Self.forPeople.contains(entry.key)
            var others: String { "Known are \(known.sorted().joined(separator: ", "))." }
            let cause = report.warning(
                .unknownKey, "\(subject) has the unknown key \(quoted(entry.key))", at: entry.keyMark(in: file),
                hint: meant.map { "Did you mean `\($0)`? Until that is clear, what it belongs to is left alone." }
                    ?? (isStray ? "\(Self.strayHint) \(others)" : "Remove it, or begin its name with `x-`. \(others)"))
            unknownEntries.append((entry, cause))
            report.noteUnknown(entry, cause)
            if let meant {
                fail(cause, key: meant)
            } else if isStray {
                stray = stray ?? cause
                fail(cause)
                report.distrust(file, cause)
            }
        }
    }
}

extension Fields {
    /// How people call what has another name here, where that isn't near to it.
    private static let otherNames = [
        "fqdn": "domain", "hostname": "domain", "droplet": "host", "db_name": "database", "dbname": "database",
        "cluster": "database_cluster", "db_user": "database_user", "git_branch": "branch",
    ]
    /// Keys under which people write what no program reads.
    private static let forPeople: Set<String> = [
        "description", "notes", "note", "comment", "comments", "rationale", "owner", "owners", "contacts", "references",
        "links", "changelog",
    ]
    private static let strayHint =
        "It may have slid out of its place by its indentation, or be a section under another name: put it right, or "
        + "begin its name with `x-`. Until then nothing of this document goes because it isn't named."
}

extension String {
    /// Whether what stands at such a key is for other programs, or for people, whatever it looks like.
    var isForeignKey: Bool { hasPrefix("x-") || hasPrefix("_") }

    /// Whether it is a whole number with a zero before it, which programs read in different ways.
    fileprivate var hasLeadingZero: Bool {
        let digits = utf8.first == 45 || utf8.first == 43 ? utf8.dropFirst() : utf8[...]
        return digits.first == 48 && digits.count > 1 && digits.allSatisfy { (48...57).contains($0) }
    }
}

extension Node {
    /// Whether nothing at all stands behind a key.
    var isLeftEmpty: Bool {
        guard case .scalar(let scalar) = content else { return false }
        return scalar.value.isNull && scalar.isPlain && scalar.text.isEmpty
    }

    /// Whether it is a list or a mapping with something in it.
    var holdsOthers: Bool {
        switch content {
        case .scalar: false
        case .list(let items): !items.isEmpty
        case .map(let entries): !entries.isEmpty
        }
    }
}

/// The offending text for a message: short, in quotes, and hidden where it could be a secret.
func quoted(_ text: String, key: String = "") -> String {
    let shown = Redaction.redact(text, of: key)
    let short = shown.unicodeScalars.count > 60 ? String(shown.unicodeScalars.prefix(57)) + "…" : shown
    return "\"\(short.replacingLineBreaks)\""
}

extension String {
    fileprivate init(_ scalars: String.UnicodeScalarView.SubSequence) {
        self = String(String.UnicodeScalarView(scalars))
    }

    /// One line, whatever was in it.
    fileprivate var replacingLineBreaks: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }
}
