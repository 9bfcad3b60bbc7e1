internal import Basics
internal import Formats

/// One rule of a bucket's lifecycle: what goes by itself, and when.
///
/// Spaces knows expiry after days or at a date, and the end of unfinished uploads; no tags and no other storage.
struct LifecycleRule: Sendable, Hashable {
    /// What it is about: keys that begin so; empty for all.
    var prefix = ""
    var isEnabled = true
    /// Objects go so many days after they were written.
    var expirationDays: Int64?
    /// Uploads in parts that nobody finished go so many days after they began.
    var abortUploadDays: Int64?
    /// What we have no words for, as it came: it is shown, and makes the rule another one.
    var other: String?

    /// What a document or an observation says; nil when that is none.
    init?(_ value: Value) {
        guard let members = value.objectValue?.members else { return nil }
        for member in members {
            switch (member.name, member.value) {
            case ("prefix", .string(let text)): prefix = text
            case ("enabled", .bool(let flag)): isEnabled = flag
            case ("expiration_days", .int(let days)) where days > 0: expirationDays = days
            case ("abort_incomplete_upload_days", .int(let days)) where days > 0: abortUploadDays = days
            case ("other", .string(let text)): other = text
            case ("id", .string): break
            default: return nil
            }
        }
        if expirationDays == nil, abortUploadDays == nil, other == nil { return nil }
    }

    /// A rule as S3 tells it.
    init(_ node: XMLNode) {
        var others: [String] = []
        for child in node.children {
            switch child.name {
            case "ID": break
            case "Prefix": prefix = child.text
            case "Status": isEnabled = child.text == "Enabled"
            case "Filter":
                let rest = child.children.filter { $0.name != "Prefix" }
                prefix = child.text("Prefix") ?? prefix
                others += rest.map(Self.text)
            case "Expiration":
                if child.children.count == 1, let days = child.int("Days") {
                    expirationDays = days
                } else {
                    others.append(Self.text(child))
                }
            case "AbortIncompleteMultipartUpload" where child.int("DaysAfterInitiation") != nil:
                abortUploadDays = child.int("DaysAfterInitiation")
            default: others.append(Self.text(child))
            }
        }
        if !others.isEmpty { other = others.joined() }
    }

    /// All that it says in one form, without the id: rules that do the same are the same.
    var value: Value {
        var object = Value.Object()
        if let days = abortUploadDays { object["abort_incomplete_upload_days"] = .int(days) }
        object["enabled"] = .bool(isEnabled)
        if let days = expirationDays { object["expiration_days"] = .int(days) }
        if let other { object["other"] = .string(other) }
        object["prefix"] = .string(prefix)
        return .object(object)
    }

    /// As S3 reads it; nil where we have no words for all of it.
    var xml: String? {
        guard other == nil else { return nil }
        // The id follows from what the rule does, so that sending it twice is sending it once.
        var text = "<Rule><ID>odooops-\(value.digest.short)</ID><Filter><Prefix>\(xmlEscaped(prefix))</Prefix></Filter>"
        text += "<Status>\(isEnabled ? "Enabled" : "Disabled")</Status>"
        if let expirationDays { text += "<Expiration><Days>\(expirationDays)</Days></Expiration>" }
        if let abortUploadDays {
            text +=
                "<AbortIncompleteMultipartUpload><DaysAfterInitiation>\(abortUploadDays)</DaysAfterInitiation>"
                + "</AbortIncompleteMultipartUpload>"
        }
        return text + "</Rule>"
    }

    /// Normaliser: each rule of a list with all its members, in one order and without its id.
    static let normalise: @Sendable (Value) -> Value = { value in
        guard let items = value.listValue else { return value }
        return .list(items.map { LifecycleRule($0)?.value ?? $0 })
    }

    /// Which objects go by the rules of one value and didn't go by those of another, as early or at all; nil for none.
    static let loss: @Sendable (_ before: Value?, _ after: Value) -> String? = { before, after in
        let standing = rules(before ?? .null)
        let losses = rules(after).filter { rule in
            guard rule.isEnabled, let days = rule.expirationDays else { return false }
            return !standing.contains { other in
                other.isEnabled && rule.prefix.hasPrefix(other.prefix)
                    && other.expirationDays.map { $0 <= days } == true
            }
        }
        guard !losses.isEmpty else { return nil }
        return losses.map { rule in
            let days = rule.expirationDays.map { $0.of("day") } ?? ""
            return "after \(days) \(rule.prefix.isEmpty ? "all objects" : "all objects below \(rule.prefix)") go"
        }.joined(separator: " and ")
    }

    private static func rules(_ value: Value) -> [LifecycleRule] {
        (value.listValue ?? []).compactMap { LifecycleRule($0) }
    }

    private static func text(_ node: XMLNode) -> String {
        let children = node.children.map(text).joined()
        return "<\(node.name)>\(children.isEmpty ? node.text : children)</\(node.name)>"
    }
}
