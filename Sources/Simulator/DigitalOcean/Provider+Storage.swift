import Basics
import Formats

extension Provider {
    // MARK: Volumes

    mutating func volumes(_ call: Call) throws(Refusal) -> Answer {
        switch (call.method, call.path.count) {
        case ("GET", 1):
            var found = world.volumes
            if let name = call.parameter("name") { found = found.filter { $0["name"] == .string(name) } }
            if let region = call.parameter("region") { found = found.filter { $0["region"] == .string(region) } }
            return call.list("volumes", found.map(volumeObject))
        case ("POST", 1): return try createVolume(call)
        default: break
        }
        guard call.path.count > 1, let index = world.volumeIndex(call.path[1]) else { throw .notFound }
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("volume", volumeObject(world.volumes[index]))
        case ("DELETE", nil, _):
            guard world.volumes[index]["droplet_ids"]?.integers?.isEmpty ?? true else {
                throw .conflict("a volume that is attached can't be deleted")
            }
            world.volumes.remove(at: index)
            return .noContent
        case ("POST", "actions"?, 3): return try startVolumeAction(call, index)
        case ("GET", "snapshots"?, 3):
            let id = call.path[1]
            return call.list("snapshots", world.snapshots.filter { $0["resource_id"] == .string(id) })
        case ("POST", "snapshots"?, 3):
            guard let name = call.text("name"), !name.isEmpty else { throw .unprocessable("name can't be blank") }
            let tags = try tagNames(call.body["tags"])
            let volume = world.volumes[index]
            let snapshot = addSnapshot(
                name, resource: call.path[1], type: "volume", region: volume["region"] ?? "",
                gigabytes: volume["size_gigabytes"]?.intValue ?? 1, tags: tags, id: world.uuid())
            return .made(201, "snapshot", snapshot)
        default: throw .notFound
        }
    }

    /// A volume as answers show it: with the whole region.
    private func volumeObject(_ volume: Value.Object) -> Value.Object {
        var object = volume
        object["region"] =
            Catalogue.shared.region(volume["region"]?.stringValue ?? "")?.value ?? volume["region"] ?? .null
        return object
    }

    private func tagNames(_ value: Value?) throws(Refusal) -> [String] {
        guard let value, !value.isNull else { return [] }
        guard let names = value.strings, names.count == value.listValue?.count, names.allSatisfy(Self.isTagName) else {
            throw .unprocessable("invalid tag")
        }
        return names
    }

    private mutating func createVolume(_ call: Call) throws(Refusal) -> Answer {
        guard let name = call.text("name"), Self.isVolumeName(name) else {
            throw .unprocessable("name must begin with a lowercase letter and contain only a-z, 0-9 and -")
        }
        guard let region = Catalogue.shared.region(call.text("region") ?? ""), region.isAvailable else {
            throw .unprocessable("region is invalid")
        }
        guard let size = call.body["size_gigabytes"]?.intValue, (1...16_384).contains(size) else {
            throw .unprocessable("size_gigabytes must be between 1 and 16384")
        }
        guard
            !world.volumes.contains(where: { $0["name"] == .string(name) && $0["region"] == .string(region.slug) })
        else { throw .conflict("a volume with this name already exists in the region") }
        let tags = world.adopt(tags: try tagNames(call.body["tags"]))
        let id = world.uuid()
        let volume: Value.Object = [
            "id": .string(id), "region": .string(region.slug), "droplet_ids": [], "name": .string(name),
            "description": .string(call.text("description") ?? ""), "size_gigabytes": .int(size),
            "created_at": nowText, "filesystem_type": .string(call.text("filesystem_type") ?? ""),
            "filesystem_label": .string(call.text("filesystem_label") ?? ""), "tags": .strings(tags),
        ]
        world.volumes.append(volume)
        created.append("/v2/volumes/\(id)")
        return .made(201, "volume", volumeObject(volume))
    }

    private mutating func startVolumeAction(_ call: Call, _ index: Int) throws(Refusal) -> Answer {
        let volume = world.volumes[index]
        let attached = volume["droplet_ids"]?.integers ?? []
        var effect: Value.Object = ["type": .string(call.text("type") ?? "")]
        switch call.text("type") {
        case "attach":
            guard let id = call.body["droplet_id"]?.intValue, let droplet = world.dropletIndex(Int(clamping: id)) else {
                throw .unprocessable("droplet not found")
            }
            guard attached.isEmpty else { throw .unprocessable("volume is already attached to a droplet") }
            guard .string(world.droplets[droplet].fields.region) == volume["region"] else {
                throw .unprocessable("droplet and volume must be in the same region")
            }
            effect["droplet"] = .int(id)
        case "detach":
            guard let id = call.body["droplet_id"]?.intValue, attached.contains(Int(clamping: id)) else {
                throw .unprocessable("volume is not attached to this droplet")
            }
            effect["droplet"] = .int(id)
        case "resize":
            guard let size = call.body["size_gigabytes"]?.intValue, (1...16_384).contains(size),
                size > volume["size_gigabytes"]?.intValue ?? 0
            else { throw .unprocessable("size_gigabytes must be larger than it is") }
            effect["size"] = .int(size)
        default: throw .unprocessable("type is invalid")
        }
        let isBusy = world.pending.contains { item in
            if case .volume(_, let id) = item.work { return id == call.path[1] }
            return false
        }
        guard !isBusy else { throw .unprocessable("Volume already has a pending event.") }
        let id = world.nextActionID
        world.nextActionID += 1 + Int(world.draw() % 5)
        let region = volume["region"]?.stringValue ?? ""
        let action: Value.Object = [
            "id": .int(Int64(id)), "status": "in-progress", "type": .string("\(call.text("type") ?? "")_volume"),
            "started_at": nowText, "completed_at": .null, "resource_id": .null, "resource_type": "volume",
            "region": Catalogue.shared.region(region)?.value ?? .null, "region_slug": .string(region),
        ]
        world.actions.append(action)
        world.effects[id] = effect
        world.begin(.volume(id, volume: call.path[1]), at: now, lifecycle: lifecycle, fails: call.actionFails)
        return .made(202, "action", action)
    }

    private static func isVolumeName(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, (97...122).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }

    // MARK: Snapshots

    mutating func snapshots(_ call: Call) throws(Refusal) -> Answer {
        if call.path.count == 1, call.method == "GET" {
            var found = world.snapshots
            if let type = call.parameter("resource_type") {
                found = found.filter { $0["resource_type"] == .string(type) }
            }
            return call.list("snapshots", found)
        }
        guard call.path.count == 2,
            let index = world.snapshots.firstIndex(where: { $0["id"]?.stringValue == call.path[1] })
        else { throw .notFound }
        switch call.method {
        case "GET": return .one("snapshot", world.snapshots[index])
        case "DELETE":
            world.snapshots.remove(at: index)
            return .noContent
        default: throw .notFound
        }
    }

    @discardableResult
    private mutating func addSnapshot(
        _ name: String, resource: String, type: String, region: Value, gigabytes: Int64, tags: [String], id: String
    ) -> Value.Object {
        let snapshot = World.snapshot(
            name, resource: resource, type: type, region: region, gigabytes: gigabytes, tags: world.adopt(tags: tags),
            id: id, at: now)
        world.snapshots.append(snapshot)
        created.append("/v2/snapshots/\(id)")
        return snapshot
    }

    // MARK: Keys of Spaces

    mutating func spacesKeys(_ call: Call) throws(Refusal) -> Answer {
        guard call.path.count >= 2, call.path[1] == "keys", call.path.count <= 3 else { throw .notFound }
        if call.path.count == 2, call.method == "GET" {
            var found = world.spacesKeys
            if let name = call.parameter("name") { found = found.filter { $0["name"] == .string(name) } }
            return call.list("keys", found)
        }
        if call.path.count == 2, call.method == "POST" {
            var key: Value.Object = ["name": .string(try keyName(call)), "grants": try keyGrants(call)]
            let id = "DO00" + Array(Hex.encode(world.draw()).uppercased()).prefix(16).map { String($0) }.joined()
            key["access_key"] = .string(id)
            key["created_at"] = nowText
            world.spacesKeys.append(key)
            let secret = Hex.encode(world.draw()) + Hex.encode(world.draw()) + "+s"
            world.issued.append(secret)
            world.spacesSecrets[id] = secret
            created.append("/v2/spaces/keys/\(id)")
            // Never again after this answer.
            key["secret_key"] = .string(secret)
            return .made(201, "key", key)
        }
        guard call.path.count == 3,
            let index = world.spacesKeys.firstIndex(where: { $0["access_key"]?.stringValue == call.path[2] })
        else { throw .notFound }
        switch call.method {
        case "GET": return .one("key", world.spacesKeys[index])
        case "PUT", "PATCH":
            if call.method == "PUT" || call.has("name") {
                world.spacesKeys[index]["name"] = .string(try keyName(call))
            }
            if call.method == "PUT" || call.has("grants") { world.spacesKeys[index]["grants"] = try keyGrants(call) }
            return .one("key", world.spacesKeys[index])
        case "DELETE":
            world.spacesKeys.remove(at: index)
            world.spacesSecrets[call.path[2]] = nil
            return .noContent
        default: throw .notFound
        }
    }

    private func keyName(_ call: Call) throws(Refusal) -> String {
        guard let name = call.text("name"), !name.isEmpty else {
            throw Refusal(status: 400, id: "bad_request", message: "name is required")
        }
        return name
    }

    private func keyGrants(_ call: Call) throws(Refusal) -> Value {
        let grants = call.body["grants"]?.listValue ?? []
        for grant in grants {
            guard grant["bucket"]?.stringValue != nil,
                ["read", "readwrite", "fullaccess"].contains(grant["permission"]?.stringValue ?? "")
            else { throw Refusal(status: 400, id: "bad_request", message: "grant is invalid") }
        }
        return .list(grants)
    }
}

extension World {
    func volumeIndex(_ id: String) -> Int? { volumes.firstIndex { $0["id"]?.stringValue == id } }

    static func snapshot(
        _ name: String, resource: String, type: String, region: Value, gigabytes: Int64, tags: [String], id: String,
        at now: Timestamp
    ) -> Value.Object {
        [
            "id": .string(id), "name": .string(name), "created_at": .string("\(Timestamp(seconds: now.seconds))"),
            "regions": .list([region]), "min_disk_size": .int(gigabytes), "size_gigabytes": .number("\(gigabytes).25"),
            "resource_id": .string(resource), "resource_type": .string(type), "tags": .strings(tags),
        ]
    }

    /// Ends an action on a volume.
    mutating func finishVolumeAction(_ id: Int, volume: String, fails: Bool, at now: Timestamp) {
        let effect = endAction(id, fails: fails, at: now)
        guard !fails, let index = volumeIndex(volume) else { return }
        let droplet = effect?["droplet"] ?? .null
        let place = droplet.intValue.flatMap { dropletIndex(Int(clamping: $0)) }
        switch effect?["type"]?.stringValue {
        case "attach":
            volumes[index]["droplet_ids"] = .list([droplet])
            if let place { droplets[place] = droplets[place].with { $0.volumes.append(volume) } }
        case "detach":
            volumes[index]["droplet_ids"] = []
            if let place { droplets[place] = droplets[place].with { $0.volumes.removeAll { $0 == volume } } }
        case "resize": volumes[index]["size_gigabytes"] = effect?["size"] ?? .null
        default: break
        }
    }
}
