import DesiredState
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
                // As it is, and as it stands in an address.
                for form in [plain, Array(String(decoding: plain, as: UTF8.self).percentEncoded.utf8)]
                where plain.count >= Self.shortest && names[form] == nil {
                    names[form] = name
                }
            }
        }
        forms = names.map { (form: $0.key, name: $0.value) }
            .sorted {
                $0.form.count == $1.form.count ? $0.name.precedesByBytes($1.name) : $0.form.count > $1.form.count
            }
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
