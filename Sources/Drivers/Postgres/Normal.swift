internal import Formats

/// Normalisers: bring what is wanted and what is observed to one form, so that a second plan is empty.
enum Normal {
    /// `utf-8`, `UTF8` and `unicode` are one encoding.
    static let encoding: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value else { return value }
        let letters = text.uppercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
        return .string(letters == "UNICODE" ? "UTF8" : letters)
    }
}
