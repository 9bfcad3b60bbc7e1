import Basics

/// Refuses rules of buckets by which the files of an environment would go.
struct FilestoreExpiry {
    /// Where files are kept: all objects of a bucket whose keys begin so.
    private struct Place {
        let bucket: String
        let prefix: String
        let owner: String
        let source: SourceMark
    }

    private let places: [Place]
    /// Why there may be places that are not known; nil where there are none.
    private let incomplete: Cause?

    init(_ environments: [Environment], _ named: EnvironmentsReading) {
        var places = environments.compactMap { environment in
            environment.filestore.map {
                Self.place($0, "the environment \(quoted(environment.slug))", environment.source)
            }
        }
        // What a branch would bring about tomorrow would find its files gone after some days.
        for template in named.templates.values {
            guard let filestore = template.filestore else { continue }
            places.append(Self.place(filestore.value, template.subject, filestore.mark))
        }
        self.places = places
        incomplete =
            named.fault ?? named.broken.first?.cause
            ?? named.brokenTemplates.min { $0.key.rawValue.precedesByBytes($1.key.rawValue) }?.value
    }

    private static func place(_ filestore: String, _ owner: String, _ source: SourceMark) -> Place {
        let parts = filestore.split(separator: "/", maxSplits: 1).map { String($0) }
        var prefix = parts.count > 1 ? parts[1] : ""
        if let open = prefix.firstIndex(of: "{") {
            prefix = String(prefix[..<open])
        } else if !prefix.isEmpty, !prefix.hasSuffix("/") {
            prefix += "/"
        }
        return Place(bucket: parts.first ?? "", prefix: prefix, owner: owner, source: source)
    }

    /// Makes each bucket unknown one of whose rules lets objects go where files are kept, or may be.
    func check(_ inventory: InventoryReading, _ report: Report) {
        for (bucket, rules) in inventory.expiries where !rules.isEmpty {
            if let incomplete { report.unknown(.resource(bucket), incomplete) }
            for place in places where place.bucket == bucket.name {
                for rule in rules where place.prefix.hasPrefix(rule.prefix) || rule.prefix.hasPrefix(place.prefix) {
                    let what = rule.prefix.isEmpty ? "all objects" : "objects below \(quoted(rule.prefix))"
                    let cause = report.error(
                        .ruleBroken,
                        "after \(rule.days) days \(what) of the bucket \(quoted(bucket.name)) go, where \(place.owner) "
                            + "keeps its files", at: rule.source,
                        hint:
                            "Give the rule a `prefix` that holds no files of an environment. Until then the bucket is "
                            + "left alone.",
                        notes: [Diagnostic.Note("the files are kept here", at: place.source)])
                    report.unknown(.resource(bucket), cause)
                }
            }
        }
    }
}
