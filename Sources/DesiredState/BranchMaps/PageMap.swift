import Basics
import Formats

/// Reads the map of branches out of a page: its tables, its lists with arrows, and `branch_mappings` in its examples.
///
/// It reads what has one of these forms and leaves every sentence alone.
struct PageMap {
    private var claims: [BranchClaim] = []
    /// The columns of the table that is being read: what happens, and where it goes.
    private var columns: (trigger: Int, tier: Int)?

    private init() {}

    static func claims(of bytes: [UInt8]) -> [BranchClaim] {
        var map = PageMap()
        for (part, line) in PagePart.all(in: bytes) { map.read(part, line) }
        var seen: Set<[String]> = []
        return map.claims.filter { seen.insert([$0.trigger.description, $0.tier.rawValue]).inserted }
    }

    private mutating func read(_ part: PagePart, _ number: Int) {
        switch part {
        case .example(let example): readExample(example)
        case .row(let line, let isHeader): readRow(Self.cells(line), number, isHeader: isHeader)
        case .heading: columns = nil
        case .other(let line):
            columns = nil
            readArrow(line.drop { $0 == " " || $0 == "\t" }, number)
        }
    }

    // MARK: Tables

    private static func cells(_ row: Substring) -> [String] {
        row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().map { cell in
            (cell.contains("`") ? String(cell) : String(cell).replacing("**", with: "")).trimmed
        }
    }

    private mutating func readRow(_ cells: [String], _ number: Int, isHeader: Bool) {
        if isHeader {
            let heads = cells.map { $0.lowercased() }
            let tier = heads.firstIndex { head in ["environment", "tier", "stage"].contains { head.contains($0) } }
            let trigger = heads.indices.first { index in
                index != tier && ["branch", "event", "trigger"].contains { heads[index].contains($0) }
            }
            if let tier, let trigger { columns = (trigger, tier) } else { columns = nil }
        } else if let columns, cells.indices.contains(columns.trigger), cells.indices.contains(columns.tier),
            let tier = Self.tier(cells[columns.tier])
        {
            for trigger in Self.triggers(cells[columns.trigger]) {
                claims.append(BranchClaim(trigger, tier, line: number, column: 1))
            }
        }
    }

    /// The tier that a text begins with.
    private static func tier(_ text: String) -> Tier? {
        Tier(alias: text.lowercased().prefix { !$0.isWhitespace && !",;(".contains($0) }.filter { !"`*_".contains($0) })
    }

    /// What a cell names: `main`, `Push to main`, `Tag v*`, `Pull request`, several of them with ` / ` or `,` between.
    private static func triggers(_ cell: String) -> [BranchClaim.Trigger] {
        var found: [BranchClaim.Trigger] = []
        for part in cell.replacing(" / ", with: ",").split(separator: ",") {
            let text = String(part).trimmed
            let small = text.lowercased()
            if small.contains("pull request") || small == "pr" || small.hasPrefix("pr ") {
                found.append(.pullRequest)
                continue
            }
            guard let name = name(in: text, small) else { continue }
            let words = small.split { !$0.isLetter }
            found.append(words.contains("tag") || words.contains("tags") ? .tag(name) : .branch(name))
        }
        return found
    }

    /// The name or pattern in a text: what stands in backticks or brackets, else the word after `to` or the only one.
    private static func name(in text: String, _ small: String) -> String? {
        for (open, close) in [("`", "`"), ("(", ")")] as [(Character, Character)] {
            guard let start = text.firstIndex(of: open) else { continue }
            let rest = text[text.index(after: start)...]
            guard let end = rest.firstIndex(of: close) else { continue }
            return checked(rest[..<end])
        }
        let words = text.split(separator: " ")
        if words.count == 1 { return checked(words[0]) }
        guard let index = words.firstIndex(where: { ["to", "into"].contains($0.lowercased()) }),
            words.indices.contains(index + 1)
        else { return nil }
        return checked(words[index + 1])
    }

    /// A name of a branch or tag, or a pattern of them; nothing else.
    private static func checked(_ text: Substring) -> String? {
        let name = text.filter { $0 != "\\" }
        guard !name.isEmpty, !["workflow_dispatch", "manual", "schedule"].contains(name),
            name.utf8.allSatisfy({
                (45...57).contains($0) || (65...90).contains($0) || $0 == 95 || (97...122).contains($0) || $0 == 42
            })
        else { return nil }
        return name
    }

    // MARK: Arrows

    /// `- main → production`, with or without backticks; a sentence is none.
    private mutating func readArrow(_ line: Substring, _ number: Int) {
        guard let mark = line.first, "-*+`".contains(mark) else { return }
        let text = line.drop { "-*+ ".contains($0) }
        for arrow in ["→", "->", "=>"] {
            guard let range = text.firstRange(of: arrow) else { continue }
            let left = String(text[..<range.lowerBound]).trimmed
            let right = String(text[range.upperBound...]).trimmed
            guard !right.contains(arrow), let tier = Self.tier(right), !left.contains(" ") else { return }
            for trigger in Self.triggers(left) {
                claims.append(BranchClaim(trigger, tier, line: number, column: 1))
            }
            return
        }
    }

    // MARK: Examples

    /// `branch_mappings` of an example in YAML.
    private mutating func readExample(_ example: PageExample) {
        guard example.lines.contains(where: { $0.contains("branch_mappings:") }), let root = example.root else {
            return
        }
        for item in root["branch_mappings"]?.value.items ?? [] {
            guard let pattern = item["pattern"]?.value, let name = pattern.filledText,
                let tier = item["tier"]?.value.filledText.flatMap({ Tier(alias: $0) })
            else { continue }
            claims.append(
                BranchClaim(
                    .branch(name), tier, line: example.first + Int(pattern.line) - 1,
                    column: example.indent + Int(pattern.column)))
        }
    }
}

extension String {
    /// Without space around it.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
