internal import Formats

/// The name of an image in parts, as engines complete it: `odoo` is `docker.io/library/odoo:latest`.
struct ImageName: Sendable, Hashable {
    /// `docker.io/library/odoo`.
    let repository: String
    let tag: String?
    /// `sha256:…`; with it the tag says nothing.
    let digest: String?

    /// Nil for what can't be the name of an image.
    init?(_ text: String) {
        let sides = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var name = sides[0]
        digest = sides.count > 1 ? sides[1] : nil
        if let digest, !digest.hasPrefix("sha256:") || digest.utf8.count != 71 { return nil }
        // A colon after the last slash parts the tag; one before it is the port of a registry.
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? name
        let pieces = last.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if pieces.count > 1 { name = String(name.dropLast(pieces[1].count + 1)) }
        let given = pieces.count > 1 ? pieces[1] : nil
        tag = digest == nil ? given ?? "latest" : nil
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let allowed = { (byte: UInt8) in byte > 32 && byte < 127 && byte != 0x3F && byte != 0x23 && byte != 0x25 }
        guard !parts.contains(""), given != "", text.utf8.allSatisfy(allowed) else { return nil }
        let hasRegistry =
            parts.count > 1 && (parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost")
        if hasRegistry {
            repository = name
        } else {
            repository = parts.count == 1 ? "docker.io/library/\(name)" : "docker.io/\(name)"
        }
    }

    /// All of it, in one form.
    var canonical: String { repository + (digest.map { "@\($0)" } ?? ":\(tag ?? "latest")") }

    static let normalise: @Sendable (Value) -> Value = { value in
        guard case .string(let text) = value, let name = ImageName(text) else { return value }
        return .string(name.canonical)
    }
}
