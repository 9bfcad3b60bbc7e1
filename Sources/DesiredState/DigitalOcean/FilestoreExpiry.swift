import Basics

/// Refuses rules of buckets by which the files of an environment would go.
struct FilestoreExpiry {
    /// Where the files of somebody are kept.
    private struct Place {
        /// As it is written.
        let text: String
        /// Nil where it can't be told.
        let filestore: Filestore?
        /// With which all keys of the files begin.
        let prefix: String
        let owner: String
        let source: SourceMark
        /// Where the place itself is written.
        let mark: SourceMark
        /// Whether its template is told of in its stead.
        let isOfTemplate: Bool

        init(_ text: String, _ owner: String, _ source: SourceMark, at mark: SourceMark?, isOfTemplate: Bool = false) {
            let filestore = Filestore(text)
            var prefix = filestore?.prefix ?? ""
            if let open = prefix.firstIndex(of: "{") {
                prefix = String(prefix[..<open])
            } else if !prefix.isEmpty, !prefix.hasSuffix("/") {
                prefix += "/"
            }
            (self.text, self.filestore, self.prefix) = (text, filestore, prefix)
            (self.owner, self.source, self.mark, self.isOfTemplate) = (owner, source, mark ?? source, isOfTemplate)
        }
    }

    private let places: [Place]
    /// Why there may be places that are not known; nil where there are none.
    private let incomplete: Cause?

    init(_ environments: [Environment], _ named: EnvironmentsReading) {
        var places = environments.compactMap { environment in
            environment.filestore.map { filestore in
                Place(
                    filestore, "the environment \(quoted(environment.slug))", environment.source,
                    at: environment.facts.first { $0.name == "filestore" }?.mark, isOfTemplate: environment.isOfBranch)
            }
        }
        // What a branch would bring about tomorrow would find its files gone after some days.
        for (_, template) in named.templates.sorted(by: { $0.key.rawValue.precedesByBytes($1.key.rawValue) }) {
            guard let filestore = template.filestore else { continue }
            places.append(Place(filestore.value, template.subject, filestore.mark, at: nil))
        }
        self.places = places
        incomplete =
            named.fault ?? named.broken.first?.cause
            ?? named.brokenTemplates.min { $0.key.rawValue.precedesByBytes($1.key.rawValue) }?.value
    }

    /// Makes each bucket unknown one of whose rules lets objects go where files are kept, or may be.
    func check(_ inventory: InventoryReading, _ report: Report) {
        let expiring = inventory.expiries.filter { !$0.value.isEmpty }
        let untold = places.compactMap { fault(of: $0, expiring, inventory, report) }
        for (bucket, rules) in expiring {
            for cause in [incomplete].compactMap(\.self) + untold { report.unknown(.resource(bucket), cause) }
            for place in places where place.filestore?.isIn(bucket.name) == true {
                for rule in rules where place.prefix.hasPrefix(rule.prefix) || rule.prefix.hasPrefix(place.prefix) {
                    let what = rule.prefix.isEmpty ? "all objects" : "objects below \(quoted(rule.prefix))"
                    let cause = report.error(
                        .ruleBroken,
                        "after \(rule.days.of("day")) \(what) of the bucket \(quoted(bucket.name)) go, where \(place.owner) "
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

    /// Why the bucket of somebody's files can't be told, where a bucket lets objects go; nil where it can.
    private func fault(
        of place: Place, _ expiring: [ResourceKey: [InventoryReading.Expiry]], _ inventory: InventoryReading,
        _ report: Report
    ) -> Cause? {
        guard !place.isOfTemplate else { return nil }
        let consequence = "Until then no bucket is touched whose rules let objects go."
        guard let filestore = place.filestore else {
            let told = expiring.isEmpty ? report.warning : report.error
            let cause = told(
                .invalidName, "\(place.owner) keeps its files in \(quoted(place.text)), which names no bucket",
                place.mark,
                "Write `bucket/prefix`, or `spaces://REGION/bucket/prefix`. \(consequence)", [])
            return expiring.isEmpty ? nil : cause
        }
        // An inventory without buckets leaves them to somebody else.
        let names = inventory.buckets.declared
        guard !names.isEmpty, inventory.buckets.incomplete == nil, !filestore.bucket.contains("{"),
            !names.contains(filestore.bucket)
        else { return nil }
        let what =
            "\(place.owner) keeps its files in the bucket \(quoted(filestore.bucket)), which is not in the inventory"
        // A bucket may be none of ours; one that is written nearly as one of ours is probably meant to be that.
        let risked = closest(to: filestore.bucket, among: expiring.keys.map(\.name).sorted())
        guard let meant = risked ?? closest(to: filestore.bucket, among: names.sorted()) else {
            report.note(
                .unknownReference, what, at: place.mark,
                hint: "Add it to `spaces` of the inventory, unless somebody else looks after it.")
            return nil
        }
        let hint = "Did you mean `\(meant)`? If it is another one, add it to `spaces` of the inventory."
        guard risked != nil else {
            report.warning(.unknownReference, what, at: place.mark, hint: hint)
            return nil
        }
        return report.error(.unknownReference, what, at: place.mark, hint: "\(hint) \(consequence)")
    }
}
