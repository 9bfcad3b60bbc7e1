import Basics
import Formats

/// Buckets with their lifecycle, and the keys that may use them.
extension InventoryReader {
    func readBucket(_ node: Node) {
        let entry = Fields(node, "a bucket", in: file, report)
        let name = name(entry, "bucket")
        let region = entry.text("region", required: true)
        let rules = lifecycleRules(entry)
        entry.allow("description", "notes")
        entry.finish()
        let key = name.map { ResourceKey(.spacesBucket, $0) }
        guard isSound(entry, key, .spacesBucket), let key else {
            if name == nil || entry.hasDuplicates {
                reading.buckets.incomplete = reading.buckets.incomplete ?? entry.fault
            }
            return
        }
        var attributes = literal("region", region)
        if let rules {
            attributes.append(
                WantedAttribute(
                    "lifecycle_rules", .literal(.list(rules.map(\.value))), at: entry.mark(of: "lifecycle_rules")))
            reading.expiries[key] = rules.compactMap(\.expiry)
        }
        add(Draft(key, attributes, source: node.mark(in: file)))
    }

    private struct LifecycleRule {
        let value: Value
        let expiry: InventoryReading.Expiry?
    }

    /// The rules of a bucket, which its provider replaces as a whole.
    private func lifecycleRules(_ bucket: Fields) -> [LifecycleRule]? {
        guard let nodes = bucket.nodes("lifecycle_rules") else { return nil }
        return nodes.compactMap { node in
            let entry = Fields(node, "a lifecycle rule of \(bucket.subject)", in: file, report)
            let prefix = entry.text("prefix")
            let isEnabled = entry.flag("enabled")
            let expiration = entry.integer("expiration_days", in: 1...36_500)
            let uploads = entry.integer("abort_incomplete_upload_days", in: 1...36_500)
            entry.allow("description", "notes")
            entry.finish()
            if expiration == nil, uploads == nil, entry.fault == nil {
                entry.fail(
                    .missingKey, "\(entry.subject) lets nothing go", at: entry.mark,
                    hint:
                        "Write `expiration_days` for objects, or `abort_incomplete_upload_days` for unfinished uploads."
                )
            }
            bucket.absorb(entry)
            guard entry.fault == nil else { return nil }
            var rule: Value.Object = ["enabled": .bool(isEnabled?.value ?? true)]
            if let prefix { rule["prefix"] = .string(prefix.value) }
            if let expiration { rule["expiration_days"] = .int(expiration.value) }
            if let uploads { rule["abort_incomplete_upload_days"] = .int(uploads.value) }
            let expiry = expiration.flatMap { days in
                isEnabled?.value == false
                    ? nil
                    : InventoryReading.Expiry(prefix: prefix?.value ?? "", days: days.value, source: days.mark)
            }
            return LifecycleRule(value: .object(rule), expiry: expiry)
        }
    }

    /// A key by its name: never its secret, which nobody but its maker ever sees.
    func readSpacesKey(_ node: Node) {
        let entry = Fields(node, "a key of Spaces", in: file, report)
        var name = name(entry, "key of Spaces", allowing: "-_.")
        if name?.hasPrefix(".") == true {
            entry.fail(
                .invalidName, "\(entry.subject) has a name that begins with a dot", at: entry.mark(of: "name"),
                hint: "Begin it with a letter or a digit.")
            name = nil
        }
        let grants = entry.texts("grants", required: true)
        if let grants, grants.isEmpty {
            entry.fail(
                .missingKey, "\(entry.subject) may do nothing", at: entry.mark(of: "grants"),
                hint: "Write a bucket and what is granted: `BUCKET:readwrite`.")
        }
        let buckets = (grants ?? []).compactMap { bucket(of: $0, entry) }
        entry.allow("description", "notes")
        entry.finish()
        let key = name.map { ResourceKey(.spacesKey, $0) }
        guard isSound(entry, key, .spacesKey), let key else { return }
        reading.uses[key] = buckets
        add(
            Draft(
                key, literal("grants", grants, at: entry.mark(of: "grants")), source: node.mark(in: file),
                dependsOn: buckets.filter { $0 != "*" }.map { ResourceKey(.spacesBucket, $0) }))
    }

    /// The bucket of a grant, `*` for all of them.
    private func bucket(of grant: Text, _ entry: Fields) -> String? {
        let permissions = ["read", "readwrite", "fullaccess"]
        let parts = grant.value.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, !parts[0].isEmpty, permissions.contains(parts[1]) else {
            entry.fail(
                .unknownWord, "\(entry.subject) has the grant \(quoted(grant.value))", at: grant.mark,
                hint: didYouMean(
                    parts.last ?? "", among: permissions,
                    else: "Write a bucket and \(alternatives(permissions)): `BUCKET:read`, or `*:fullaccess` for all."))
            return nil
        }
        let bucket = parts[0]
        // The provider gives a key either grants of single buckets, or all that there is.
        if (bucket == "*") != (parts[1] == "fullaccess") {
            entry.fail(
                .unknownWord, "\(entry.subject) has the grant \(quoted(grant.value))", at: grant.mark,
                hint: "`fullaccess` goes with `*`, `read` and `readwrite` go with a bucket.")
        }
        if bucket != "*", !reading.buckets.declared.contains(bucket), reading.buckets.incomplete == nil {
            entry.fail(
                .unknownReference,
                "\(entry.subject) is for the bucket \(quoted(bucket)), which is not in the inventory", at: grant.mark,
                hint: didYouMean(
                    bucket, among: reading.buckets.declared.sorted { $0.precedesByBytes($1) },
                    else: "Add it to `spaces`, or remove the grant."))
        }
        return bucket
    }
}
