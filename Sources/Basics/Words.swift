extension String {
    /// The words of a name apart: `not_managed` as `not managed`.
    public var spaced: String { String(map { $0 == "_" ? " " : $0 }) }

    /// As a shell takes it for one word.
    public var shellQuoted: String {
        let isPlain =
            !isEmpty
            && utf8.allSatisfy {
                (48...57).contains($0) || (97...122).contains($0 | 32) || "/._-+:@,%=".utf8.contains($0)
            }
        return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
    }
}
