import Basics

/// Reads the rows that a migration puts into the table of environments.
struct SeedMap {
    private let bytes: [UInt8]
    private var index: Int
    private var line = 1

    private static let opening = Array("insert into ops.environments".utf8)

    /// One claim for each row whose type or slug says a tier and whose branch is written out.
    static func claims(of bytes: [UInt8]) -> [BranchClaim] {
        let small = bytes.map { (65...90).contains($0) ? $0 | 32 : $0 }
        var claims: [BranchClaim] = []
        var start = 0
        while let range = small[start...].firstRange(of: opening) {
            var map = SeedMap(bytes: bytes, from: range.upperBound)
            claims += map.rows()
            start = range.upperBound
        }
        return claims
    }

    private init(bytes: [UInt8], from index: Int) {
        self.bytes = bytes
        self.index = index
        line = 1 + bytes[..<index].count { $0 == UInt8(ascii: "\n") }
    }

    private mutating func rows() -> [BranchClaim] {
        guard let columns = tuple()?.cells.map({ $0.lowercased() }),
            let branch = columns.firstIndex(of: "branch") ?? columns.firstIndex(of: "branch_pattern")
        else { return [] }
        let tiers = ["type", "env_type", "slug", "name"].compactMap { columns.firstIndex(of: $0) }
        var claims: [BranchClaim] = []
        while let row = tuple() {
            guard row.cells.count == columns.count, !row.cells[branch].isEmpty,
                let tier = tiers.lazy.compactMap({ Tier(alias: row.cells[$0]) }).first
            else { continue }
            claims.append(BranchClaim(.branch(row.cells[branch]), tier, line: row.line, column: 1))
        }
        return claims
    }

    /// The next list in brackets before the statement ends: texts without their quotes, and words.
    private mutating func tuple() -> (cells: [String], line: Int)? {
        while index < bytes.count, bytes[index] != UInt8(ascii: "(") {
            let isWord = (97...122).contains(bytes[index] | 32)
            if bytes[index] == UInt8(ascii: ";") { return nil }
            if isWord {
                // What follows the rows: `on conflict (slug) do nothing`.
                let word = bytes[index...].prefix { (97...122).contains($0 | 32) }
                if String(decoding: word, as: UTF8.self).lowercased() == "on" { return nil }
                index += word.count
            } else {
                advance()
            }
        }
        guard index < bytes.count else { return nil }
        let first = line
        advance()
        var cells: [String] = []
        var cell: [UInt8] = []
        var depth = 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "'") {
                cell += quoted()
                continue
            }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            advance()
            if depth == 0 || depth == 1 && byte == UInt8(ascii: ",") {
                cells.append(String(decoding: cell, as: UTF8.self))
                cell = []
                if depth == 0 { return (cells, first) }
            } else if byte > 0x20 {
                cell.append(byte)
            }
        }
        return nil
    }

    /// A text in single quotes, of which two stand for one.
    private mutating func quoted() -> [UInt8] {
        var text: [UInt8] = []
        advance()
        while index < bytes.count {
            let byte = bytes[index]
            advance()
            guard byte == UInt8(ascii: "'") else {
                text.append(byte)
                continue
            }
            guard index < bytes.count, bytes[index] == byte else { return text }
            text.append(byte)
            advance()
        }
        return text
    }

    private mutating func advance() {
        if bytes[index] == UInt8(ascii: "\n") { line += 1 }
        index += 1
    }
}
