import Basics
import Formats

extension Droplet.Fields {
    /// What an observation said of a droplet; nil for one without a number.
    init?(observed item: Observation.Item, at now: Timestamp) {
        guard let id = Int(item.id), id > 0 else { return nil }
        // A droplet in the middle of a resize says so behind its size.
        let size = String(item.text("size").prefix { $0 != " " })
        let image = Catalogue.shared.image(.string(item.text("image")))
        func flag(_ name: String) -> Bool { item.attributes[name]?.boolValue ?? false }
        func number(_ name: String) -> Int { Int(clamping: item.attributes[name]?.intValue ?? 0) }
        self.init(
            id: id, name: item.name, region: item.text("region"), size: size, image: image?.id ?? 0,
            disk: number("disk_gb"), status: item.text("status"), createdAt: now,
            tags: item.attributes["tags"]?.strings ?? [], vpc: item.text("vpc_uuid"), hasBackups: flag("backups"),
            hasIPv6: flag("ipv6"), hasMonitoring: flag("monitoring"))
        seen = item.attributes
    }

    // MARK: What the catalogue doesn't know, and what an observation said otherwise

    var memory: Int { Int(clamping: seen?["memory_mb"]?.intValue ?? Int64(Catalogue.shared.size(size)?.memory ?? 0)) }

    var processors: Int { Int(clamping: seen?["vcpus"]?.intValue ?? Int64(Catalogue.shared.size(size)?.vcpus ?? 0)) }

    var publicAddress: String { seen?["ipv4"]?.stringValue ?? Droplet.publicAddress(id) }

    var privateAddress: String { seen?["ipv4_private"]?.stringValue ?? Droplet.privateAddress(id) }

    var imageJSON: [UInt8] {
        if let known = Catalogue.shared.image(image) { return known.json }
        guard let text = seen?["image"]?.stringValue else { return Array("{}".utf8) }
        let value: Value = .members([
            "id": .int(Int64(text) ?? 0), "name": .string(text), "distribution": "Ubuntu",
            "slug": Int64(text) == nil ? .string(text) : .null, "public": false, "regions": [],
            "created_at": .string("\(Timestamp(seconds: createdAt.seconds))"), "min_disk_size": .int(Int64(disk)),
            "type": "snapshot", "size_gigabytes": 1, "description": "", "tags": [], "status": "available",
        ])
        return [UInt8](json: value)
    }

    var sizeJSON: [UInt8] {
        if let known = Catalogue.shared.size(size) { return known.json }
        guard seen != nil else { return Array("{}".utf8) }
        let value: Value = .members([
            "slug": .string(size), "memory": .int(Int64(memory)), "vcpus": .int(Int64(processors)),
            "disk": .int(Int64(disk)), "transfer": 1, "price_monthly": seen?["price_monthly"] ?? 0,
            "price_hourly": seen?["price_hourly"] ?? 0, "regions": .strings([region]), "available": true,
            "description": "",
        ])
        return [UInt8](json: value)
    }

    var regionJSON: [UInt8] {
        if let known = Catalogue.shared.region(region) { return known.json }
        guard seen != nil else { return Array("{}".utf8) }
        let value: Value = .members([
            "name": .string(region), "slug": .string(region), "features": [], "available": true, "sizes": [],
        ])
        return [UInt8](json: value)
    }
}
