import Basics
import Formats

extension Provider {
    mutating func droplets(_ call: Call) throws(Refusal) -> Answer {
        switch (call.method, call.path.count) {
        case ("GET", 1): return listDroplets(call)
        case ("POST", 1): return try createDroplets(call)
        case ("DELETE", 1):
            guard let tag = call.parameter("tag_name"), !tag.isEmpty else {
                throw .unprocessable("tag_name is required")
            }
            for droplet in world.droplets where droplet.fields.tags.contains(tag) && !droplet.fields.isLeaving {
                remove(droplet)
            }
            return .noContent
        case ("POST", 2) where call.path[1] == "actions": return try startActions(call)
        default: break
        }
        guard call.path.count > 1, let id = Int(call.path[1]) else { throw .notFound }
        if call.method == "GET" { world.look(.droplet(id), at: now) }
        guard let index = world.dropletIndex(id) else { throw .notFound }
        let droplet = world.droplets[index]
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("droplet", json: droplet.json)
        case ("DELETE", nil, _):
            guard !droplet.fields.isLocked else { throw .unprocessable("Droplet already has a pending event.") }
            remove(droplet)
            return .noContent
        case ("GET", "actions", 3):
            return call.list("actions", world.actions.filter { $0["resource_id"]?.intValue == Int64(id) })
        case ("POST", "actions", 3): return .made(201, "action", try startAction(call, on: index))
        case ("GET", "actions", 4):
            guard let action = Int(call.path[3]), let index = world.actionIndex(action),
                world.actions[index]["resource_id"]?.intValue == Int64(id)
            else { throw .notFound }
            return .one("action", world.actions[index])
        case ("GET", "firewalls", 3):
            let tags = Set(droplet.fields.tags)
            return call.list(
                "firewalls",
                world.firewalls.filter { firewall in
                    firewall["droplet_ids"]?.integers?.contains(id) == true
                        || firewall["tags"]?.strings?.contains(where: tags.contains) == true
                })
        case ("GET", "backups", 3): return call.list("backups", [])
        case ("GET", "snapshots", 3):
            return call.list("snapshots", [])
        default: throw .notFound
        }
    }

    private mutating func listDroplets(_ call: Call) -> Answer {
        if (call.parameter("page") ?? "1") == "1" { world.look(.droplets, at: now) }
        var found = world.droplets
        if call.parameter("type") == "gpus" { found = [] }
        if let tag = call.parameter("tag_name") {
            found = found.filter { $0.fields.tags.contains(tag) }
        } else if let name = call.parameter("name")?.lowercased() {
            found = found.filter { $0.fields.name.lowercased() == name }
        }
        return call.list("droplets", count: found.count) { index, body in
            body.append(contentsOf: found[index].json)
        }
    }

    /// Accepts a deletion; the droplet stays listed until it is done.
    private mutating func remove(_ droplet: Droplet) {
        guard let index = world.dropletIndex(droplet.id) else { return }
        world.droplets[index] = droplet.with {
            $0.isLeaving = true
            $0.isLocked = true
        }
        world.begin(.removal(droplet: droplet.id), at: now, lifecycle: lifecycle)
    }

    // MARK: Creating

    private mutating func createDroplets(_ call: Call) throws(Refusal) -> Answer {
        let isMany = call.has("names")
        guard !(isMany && call.has("name")) else { throw .unprocessable("Specify either name or names, not both.") }
        let names = isMany ? call.body["names"]?.strings ?? [] : [call.text("name") ?? ""]
        guard !names.isEmpty, names.count <= 10 else {
            throw .unprocessable("You can create between 1 and 10 Droplets at a time.")
        }
        for name in names {
            guard !name.isEmpty else { throw .unprocessable("Name can't be blank") }
            guard Self.isHostname(name) else {
                throw .unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
            }
        }
        guard world.droplets.count + names.count <= dropletLimit else {
            throw .unprocessable("creating this/these droplet(s) will exceed your droplet limit")
        }
        guard let size = Catalogue.shared.size(call.text("size") ?? "") else {
            throw .unprocessable("You specified an invalid size for Droplet creation.")
        }
        guard let image = Catalogue.shared.image(call.body["image"]) else {
            throw .unprocessable("You specified an invalid image for Droplet creation.")
        }
        // Without a region the provider chooses one.
        guard let region = Catalogue.shared.region(call.text("region") ?? size.regions.last ?? "") else {
            throw .unprocessable("You specified an invalid region for Droplet creation.")
        }
        guard region.isAvailable else { throw .unprocessable("Region is not available") }
        guard size.regions.contains(region.slug) else { throw .unprocessable("Size is not available in this region.") }
        guard size.disk >= image.minimalDisk else {
            throw .unprocessable("This size is not available because it has a smaller disk.")
        }
        try checkKeys(call.body["ssh_keys"])
        let vpc = try network(call.text("vpc_uuid"), region: region.slug)
        let tags = try checkedTags(call.body["tags"])

        var made: [Droplet] = []
        var links: [Value] = []
        for name in names {
            let id = world.nextDropletID
            world.nextDropletID += 1 + Int(world.draw() % 7)
            let droplet = Droplet(
                Droplet.Fields(
                    id: id, name: name, region: region.slug, size: size.slug, image: image.id, disk: size.disk,
                    status: "new", createdAt: now, tags: tags, vpc: vpc,
                    hasBackups: call.body["backups"]?.boolValue ?? false,
                    hasIPv6: call.body["ipv6"]?.boolValue ?? false,
                    hasMonitoring: call.body["monitoring"]?.boolValue ?? false, isLocked: true))
            world.droplets.append(droplet)
            let action = beginAction(["type": "create"], on: droplet, fails: call.actionFails)
            links.append(
                .members([
                    "id": action["id"] ?? 0, "rel": "create",
                    "href": .string("\(call.base)/actions/\(action["id"]?.intValue ?? 0)"),
                ]))
            created.append("/v2/droplets/\(id)")
            made.append(droplet)
        }
        var body = Array((isMany ? "{\"droplets\":[" : "{\"droplet\":").utf8)
        for (index, droplet) in made.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append(contentsOf: droplet.json)
        }
        body.append(text: isMany ? "],\"links\":" : ",\"links\":")
        body.append(json: .members(["actions": .list(links)]))
        body.append(UInt8(ascii: "}"))
        return Answer(status: 202, body: body)
    }

    private func checkKeys(_ value: Value?) throws(Refusal) {
        for item in value?.listValue ?? [] {
            let isKnown = world.keys.contains { key in
                key["id"] == item || key["fingerprint"] == item
                    || key["id"]?.intValue.map { "\($0)" } == item.stringValue
            }
            guard isKnown else {
                let name = item.stringValue ?? item.intValue.map { "\($0)" } ?? "null"
                throw .unprocessable("\(name) are invalid key identifiers for Droplet creation.")
            }
        }
    }

    private mutating func checkedTags(_ value: Value?) throws(Refusal) -> [String] {
        guard let value, !value.isNull else { return [] }
        guard let names = value.strings, names.count == value.listValue?.count, names.allSatisfy(Self.isTagName) else {
            throw .unprocessable("There was an error while trying to create your tags. Please try again.")
        }
        return world.adopt(tags: names)
    }

    /// `^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$`, at most 255 characters.
    static func isHostname(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: false
            }
        }
        guard text.utf8.count <= 255, let last = text.utf8.last, isAlphanumeric(last) else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 45 || $0 == 46 }
    }
}
