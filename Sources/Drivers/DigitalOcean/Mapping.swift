internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// What the provider says, as attributes, and back; pure.
///
/// It reads leniently: an unknown status is a text, a missing field an attribute that isn't there. Only an object
/// without id or name is nil, for nothing can be said of it.
enum Mapping {
    static func droplet(_ json: JSONView, _ shared: Shared) -> ObservedResource? {
        guard let id = json["id"].int, let name = json["name"].string, !name.isEmpty else { return nil }
        var items: [Attributes.Item] = []
        items.reserveCapacity(17)
        let features = json["features"].items
        func add(_ name: String, _ value: Value?) {
            if let value { items.append(Attributes.Item(name, value)) }
        }
        // In the order of their names, so that sorting them costs little.
        add("backups", features.map { .bool($0.contains { $0.holds("backups") }) })
        add("disk_gb", json["disk"].int.map(Value.int))
        add("id", .int(id))
        add("image", image(json["image"], shared))
        let networks = json["networks"]["v4"].items
        add("ipv4", networks?.first { $0["type"].holds("public") }?["ip_address"].string.map(Value.string))
        add("ipv4_private", networks?.first { $0["type"].holds("private") }?["ip_address"].string.map(Value.string))
        add("ipv6", features.map { .bool($0.contains { $0.holds("ipv6") }) })
        add("memory_mb", json["memory"].int.map(Value.int))
        add("monitoring", features.map { .bool($0.contains { $0.holds("monitoring") }) })
        add("price_hourly", price(json["size"]["price_hourly"], shared))
        add("price_monthly", price(json["size"]["price_monthly"], shared))
        add("region", shared.string(json["region"]["slug"]))
        add("size", size(json, shared))
        add("status", shared.string(json["status"]))
        add("tags", shared.strings(json["tags"]))
        add("vcpus", json["vcpus"].int.map(Value.int))
        add("vpc_uuid", shared.string(json["vpc_uuid"]))
        return ObservedResource(
            key: ResourceKey(.droplet, name), providerID: String(id), attributes: Attributes(items),
            isOwned: isMarked(json["tags"]), createdAt: json["created_at"].string.flatMap { Timestamp($0) })
    }

    /// A tag; capitals make no other one.
    static func tag(_ json: JSONView, as name: String? = nil) -> ObservedResource? {
        guard let found = json["name"].string, !found.isEmpty else { return nil }
        return ObservedResource(key: ResourceKey(.tag, name ?? found), providerID: found, attributes: Attributes())
    }

    static func domain(_ json: JSONView, as name: String? = nil) -> ObservedResource? {
        guard let found = json["name"].string, !found.isEmpty else { return nil }
        return ObservedResource(key: ResourceKey(.domain, name ?? found), providerID: found, attributes: Attributes())
    }

    /// Types of which one name may hold several: their keys end with the data.
    static let repeatedTypes: Set<String> = ["CAA", "MX", "NS", "SRV", "TXT"]

    static func record(_ json: JSONView, domain: String, _ names: RequestedNames) -> ObservedResource? {
        guard let id = json["id"].int, let type = json["type"].string, !type.isEmpty else { return nil }
        let name = Normal.recordName(json["name"].string ?? "@", domain: domain)
        // The provider writes the domain itself as `@`.
        let data = json["data"].string.map { $0 == "@" ? domain.lowercased() : Normal.recordData($0) }
        var items: [Attributes.Item] = [Attributes.Item("id", .int(id))]
        if let data { items.append(Attributes.Item("data", .string(data))) }
        for member in ["flags", "port", "priority", "ttl", "weight"] {
            if let number = json[member].int { items.append(Attributes.Item(member, .int(number))) }
        }
        if let tag = json["tag"].string, !tag.isEmpty {
            items.append(Attributes.Item("tag", .string(tag.lowercased())))
        }
        let key = names.record(domain: domain, type: type, name: name, data: data ?? "")
        return ObservedResource(
            key: ResourceKey(.record, key), providerID: String(id), attributes: Attributes(items))
    }

    static func isMarked(_ tags: JSONView) -> Bool {
        tags.items?.contains { $0.holds(DigitalOceanKinds.ownershipTag) } ?? false
    }

    /// The slug of an image, of a retired base image the slug that it had, of any other its number.
    private static func image(_ json: JSONView, _ shared: Shared) -> Value? {
        if let slug = shared.string(json["slug"]) { return slug }
        if json["type"].holds("base") || json["public"].bool == true,
            let slug = retiredSlug(distribution: json["distribution"].string, name: json["name"].string)
        {
            return .string(slug)
        }
        return json["id"].int.map { .string(String($0)) }
    }

    /// The slug that a base image had before it was retired: `Ubuntu` `20.04 (LTS) x64` was `ubuntu-20-04-x64`.
    ///
    /// Without it every droplet of a retired image would seem to want a replacement.
    static func retiredSlug(distribution: String?, name: String?) -> String? {
        guard let distribution, let name, !distribution.isEmpty else { return nil }
        let words = name.split(separator: " ").filter { !$0.hasPrefix("(") }
        guard let version = words.first, version.utf8.first.map({ (48...57).contains($0) }) == true else { return nil }
        return ([distribution] + words.map(String.init)).joined(separator: "-").lowercased()
            .replacing(" ", with: "-").replacing(".", with: "-")
    }

    private static let interrupted = " (resize interrupted)"

    private static func size(_ json: JSONView, _ shared: Shared) -> Value? {
        let slug = shared.string(json["size_slug"]) ?? shared.string(json["size"]["slug"])
        let isResizing = json["tags"].items?.contains { $0.holds(DigitalOceanKinds.resizeTag) } ?? false
        guard isResizing, let text = slug?.stringValue else { return slug }
        return .string(text + interrupted)
    }

    /// The size itself, also of a droplet that is in the middle of a resize.
    static func realSize(_ value: Value) -> Value {
        guard case .string(let text) = value, text.hasSuffix(interrupted) else { return value }
        return .string(String(text.dropLast(interrupted.count)))
    }

    private static func price(_ json: JSONView, _ shared: Shared) -> Value? {
        if let whole = json.int { return .int(whole) }
        guard let text = json.numberText else { return nil }
        return .number(shared.text(text.hasSuffix(".0") ? String(text.dropLast(2)) : text))
    }
}

/// The texts of one page that come again and again, kept once.
final class Shared {
    private var texts: Set<String> = []
    private var lists: [[Value]: Value] = [:]

    func text(_ text: String) -> String {
        // Up to fifteen bytes are stored in place.
        guard text.utf8.count > 15 else { return text }
        return texts.insert(text).memberAfterInsert
    }

    func string(_ json: JSONView) -> Value? { json.string.map { .string(text($0)) } }

    /// A list of texts in the provider's order; nil where there is none.
    func strings(_ json: JSONView) -> Value? {
        guard let items = json.items else { return json.isNull ? .list([]) : nil }
        let values = items.compactMap { string($0) }
        if let known = lists[values] { return known }
        lists[values] = .list(values)
        return .list(values)
    }
}
