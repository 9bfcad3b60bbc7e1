import Basics
import Formats

extension Provider {
    mutating func tags(_ call: Call) throws(Refusal) -> Answer {
        switch (call.method, call.path.count) {
        case ("GET", 1):
            let counts = tagCounts()
            return call.list("tags", world.tags.map { tagObject($0, counts[$0] ?? TagCount()) })
        case ("POST", 1):
            guard let name = call.text("name"), Self.isTagName(name) else {
                throw .unprocessable("Tag name must only contain letters, numbers, colons, dashes and underscores")
            }
            // A tag that is there already is answered as if it were new.
            let tag = world.adopt(tags: [name]).first ?? name
            created.append("/v2/tags/\(tag)")
            return .made(201, "tag", tagObject(tag, tagCounts()[tag] ?? TagCount()))
        default: break
        }
        guard call.path.count > 1, let index = world.tags.firstIndex(of: call.path[1]) else { throw .notFound }
        let tag = world.tags[index]
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("tag", tagObject(tag, tagCounts()[tag] ?? TagCount()))
        case ("DELETE", nil, _):
            world.tags.remove(at: index)
            untagEverything(tag)
            return .noContent
        case ("POST", "resources", 3), ("DELETE", "resources", 3):
            try tagResources(call, tag)
            return .noContent
        default: throw .notFound
        }
    }

    /// `^[a-zA-Z0-9_\-\:]+$`, at most 255 characters.
    static func isTagName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...58, 65...90, 97...122, 45, 95: true
                default: false
                }
            }
    }

    private mutating func tagResources(_ call: Call, _ tag: String) throws(Refusal) {
        guard let resources = call.body["resources"]?.listValue, !resources.isEmpty else {
            throw .unprocessable("resources can't be blank")
        }
        var indices: [Int] = []
        var clusters: [Int] = []
        var volumes: [Int] = []
        var snapshots: [Int] = []
        for resource in resources {
            let text = resource["resource_id"]?.stringValue ?? resource["resource_id"]?.intValue.map { "\($0)" } ?? ""
            switch resource["resource_type"]?.stringValue {
            case "droplet":
                guard let id = Int(text), let index = world.dropletIndex(id) else { throw .notFound }
                indices.append(index)
            // The description of the call names databases, although the list of its values lacks them.
            case "database":
                guard let index = world.clusters.firstIndex(where: { $0.id == text }) else { throw .notFound }
                clusters.append(index)
            case "volume":
                guard let index = world.volumeIndex(text) else { throw .notFound }
                volumes.append(index)
            case "volume_snapshot", "image":
                guard let index = world.snapshots.firstIndex(where: { $0["id"]?.stringValue == text }) else {
                    throw .notFound
                }
                snapshots.append(index)
            default: throw .unprocessable("resource_type is invalid")
            }
        }
        for index in indices {
            let tags = world.droplets[index].fields.tags
            if call.method == "DELETE" {
                world.droplets[index] = world.droplets[index].with { $0.tags = tags.filter { $0 != tag } }
            } else if !tags.contains(tag) {
                world.droplets[index] = world.droplets[index].with { $0.tags.append(tag) }
            }
        }
        func retagged(_ object: Value.Object) -> Value {
            let tags = (object["tags"]?.strings ?? []).filter { $0 != tag }
            return .strings(call.method == "DELETE" ? tags : tags + [tag])
        }
        for index in volumes { world.volumes[index]["tags"] = retagged(world.volumes[index]) }
        for index in snapshots { world.snapshots[index]["tags"] = retagged(world.snapshots[index]) }
        for index in clusters {
            let tags = world.clusters[index].tags.filter { $0 != tag }
            world.clusters[index].object["tags"] = .strings(call.method == "DELETE" ? tags : tags + [tag])
        }
    }

    private mutating func untagEverything(_ tag: String) {
        for index in world.droplets.indices where world.droplets[index].fields.tags.contains(tag) {
            world.droplets[index] = world.droplets[index].with { $0.tags.removeAll { $0 == tag } }
        }
        for index in world.clusters.indices where world.clusters[index].tags.contains(tag) {
            world.clusters[index].object["tags"] = .strings(world.clusters[index].tags.filter { $0 != tag })
        }
        func without(_ objects: [Value.Object]) -> [Value.Object] {
            objects.map { object in
                var object = object
                if let tags = object["tags"]?.strings, tags.contains(tag) {
                    object["tags"] = .strings(tags.filter { $0 != tag })
                }
                return object
            }
        }
        world.volumes = without(world.volumes)
        world.snapshots = without(world.snapshots)
        for index in world.firewalls.indices {
            let tags = world.firewalls[index]["tags"]?.strings ?? []
            guard tags.contains(tag) else { continue }
            world.firewalls[index]["tags"] = .strings(tags.filter { $0 != tag })
        }
    }

    private struct TagCount {
        var droplets = 0
        var lastDroplet = 0
        var clusters = 0
        var lastCluster = ""
        var volumes = 0
        var snapshots = 0
    }

    private func tagCounts() -> [String: TagCount] {
        var counts: [String: TagCount] = [:]
        for droplet in world.droplets {
            for tag in droplet.fields.tags {
                counts[tag, default: TagCount()].droplets += 1
                counts[tag, default: TagCount()].lastDroplet = droplet.id
            }
        }
        for volume in world.volumes {
            for tag in volume["tags"]?.strings ?? [] { counts[tag, default: TagCount()].volumes += 1 }
        }
        for snapshot in world.snapshots {
            for tag in snapshot["tags"]?.strings ?? [] { counts[tag, default: TagCount()].snapshots += 1 }
        }
        for cluster in world.clusters {
            for tag in cluster.tags {
                counts[tag, default: TagCount()].clusters += 1
                counts[tag, default: TagCount()].lastCluster = cluster.id
            }
        }
        return counts
    }

    private func tagObject(_ tag: String, _ count: TagCount) -> Value.Object {
        func entry(_ count: Int, _ uri: String) -> Value {
            var object: Value.Object = ["count": .int(Int64(count))]
            if count > 0 { object["last_tagged_uri"] = .string(uri) }
            return .object(object)
        }
        let droplets = entry(count.droplets, "https://api.digitalocean.com/v2/droplets/\(count.lastDroplet)")
        let clusters = entry(count.clusters, "https://api.digitalocean.com/v2/databases/\(count.lastCluster)")
        var resources: Value.Object = [
            "count": .int(Int64(count.droplets + count.clusters + count.volumes + count.snapshots))
        ]
        if count.droplets + count.clusters > 0 {
            let last = count.droplets > 0 ? droplets : clusters
            resources["last_tagged_uri"] = last["last_tagged_uri"]
        }
        resources["droplets"] = droplets
        // The specification spells it so.
        resources["imgages"] = .members(["count": 0])
        resources["volumes"] = .members(["count": .int(Int64(count.volumes))])
        resources["volume_snapshots"] = .members(["count": .int(Int64(count.snapshots))])
        resources["databases"] = clusters
        return ["name": .string(tag), "resources": .object(resources)]
    }
}
