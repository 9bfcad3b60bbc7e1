/// The name of a database or a role, quoted so that nothing in it can be anything but a name.
struct Identifier: Sendable, Hashable {
    let name: String

    /// Nil for a name that the server would cut off after 63 bytes, and then take for another, or that holds a NUL.
    init?(_ name: String) {
        guard !name.isEmpty, name.utf8.count <= 63, !name.utf8.contains(0) else { return nil }
        self.name = name
    }

    /// As SQL has it (PostgreSQL, 4.1.1).
    var quoted: String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

/// A text as SQL has it, whatever the server's settings (PostgreSQL, 4.1.2.2).
func literal(_ text: String) -> String {
    let quotes = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
    guard quotes.contains("\\") else { return "'\(quotes)'" }
    return " E'" + quotes.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\") + "'"
}
