import Basics
import DesiredState
import Formats
import HTTPClient

/// The values that a program was given, none of which may stand in what is shown of its words.
struct HandedValues: Sendable {
    /// Of what a value may look like in a line, the longest first, so that no part of it is left beside a shorter one.
    private let forms: [(form: [UInt8], name: String)]

    /// Shorter ones stand in too many words, and hide too little.
    private static let shortest = 4

    /// - Parameter variables: their values, by name.
    init(_ variables: [String: String]) {
        var names: [[UInt8]: String] = [:]
        for (name, value) in variables.sorted(by: { $0.key.precedesByBytes($1.key) }) {
            // Of a value of several lines a program's last line holds one.
            let lines = value.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }).map(Array.init)
            for plain in [Array(value.utf8)] + lines {
                guard plain.count >= Self.shortest else { continue }
                // As it is, and as it stands in an address, in JSON, and in Base64.
                let text = String(decoding: plain, as: UTF8.self)
                let quoted = JSON.write(.string(text)).dropFirst().dropLast()
                for form in [plain, Array(text.percentEncoded.utf8), Array(quoted.utf8)] + Self.encoded(plain)
                where names[form] == nil {
                    names[form] = name
                }
            }
        }
        forms = names.map { (form: $0.key, name: $0.value) }
            .sorted {
                $0.form.count == $1.form.count ? $0.name.precedesByBytes($1.name) : $0.form.count > $1.form.count
            }
    }

    /// Base64 of a value in both alphabets, also where it stands behind something else, as a password does behind its user.
    ///
    /// Of each of the three ways in which it may fall on the groups of three bytes, it is what no neighbour changes.
    private static func encoded(_ value: [UInt8]) -> [[UInt8]] {
        var forms: Set<[UInt8]> = []
        for offset in 0..<3 {
            let text = Base64.encode([UInt8](repeating: 0, count: offset) + value)
            let (first, end) = ((offset * 8 + 5) / 6, (offset + value.count) * 8 / 6)
            let form = Array(text.utf8)[first..<end]
            // Shorter than a value may be, it would stand in too many words.
            guard form.count > shortest else { continue }
            forms.insert(Array(form))
            forms.insert(
                form.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                })
        }
        return forms.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The line with the name of its variable in the place of each value.
    ///
    /// - Parameters:
    ///   - line: what the program said.
    ///   - isCut: whether the line may end in the middle of a value.
    /// - Returns: what may be shown.
    func hidden(in line: [UInt8], isCut: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        while position < line.count {
            let rest = line[position...]
            if let found = forms.first(where: { rest.starts(with: $0.form) }) {
                result += found.name.utf8
                position += found.form.count
            } else if isCut, rest.count >= Self.shortest, let found = forms.first(where: { $0.form.starts(with: rest) })
            {
                result += found.name.utf8
                break
            } else {
                result.append(line[position])
                position += 1
            }
        }
        return result
    }
}
