/// Where the files of an environment are kept: all objects of a bucket whose keys begin so.
///
/// Written as `bucket/prefix`, or as places in object storage are written elsewhere, `spaces://REGION/bucket/prefix`.
struct Filestore {
    /// May hold placeholders where it is of a template.
    let bucket: String
    /// Empty for all of the bucket.
    let prefix: String

    private static let scheme = "spaces://"

    /// - Returns: nil for a text that names no bucket: where its files are is not known then.
    init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix(Self.scheme) {
            rest = rest.dropFirst(Self.scheme.count)
            // A region ends in a number: what doesn't is the bucket, and the region was left out.
            guard let slash = rest.firstIndex(of: "/"), rest[..<slash].last?.isNumber == true else { return nil }
            rest = rest[rest.index(after: slash)...]
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard let bucket = parts.first, Self.isBucket(bucket) else { return nil }
        self.bucket = bucket
        prefix = parts.count > 1 ? parts[1] : ""
    }

    private static func isBucket(_ name: String) -> Bool {
        var rest = name
        // That of an environment holds none.
        if name.utf8.contains(UInt8(ascii: "{")) {
            for placeholder in EnvironmentTemplate.placeholders { rest = rest.replacing(placeholder, with: "x") }
        }
        return !rest.isEmpty
            && rest.utf8.allSatisfy {
                ($0 | 32) >= 97 && ($0 | 32) <= 122 || (48...57).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
            }
    }

    /// Whether a bucket is the one that is meant; a placeholder stands for any text.
    func isIn(_ name: String) -> Bool {
        guard let open = bucket.firstIndex(of: "{"), let close = bucket.lastIndex(of: "}") else {
            return name == bucket
        }
        let (start, end) = (bucket[..<open], bucket[bucket.index(after: close)...])
        return name.utf8.count > start.utf8.count + end.utf8.count && name.hasPrefix(start) && name.hasSuffix(end)
    }
}
