import Basics
import Formats

extension Provider {
    mutating func databases(_ call: Call) throws(Refusal) -> Answer {
        switch (call.method, call.path.count) {
        case ("GET", 1):
            world.look(.clusters, at: now)
            var found = world.clusters
            if let tag = call.parameter("tag_name") { found = found.filter { $0.tags.contains(tag) } }
            // Clusters are not paged.
            return .one("databases", .list(found.map { .object(clusterObject($0)) }))
        case ("POST", 1): return try createCluster(call)
        case ("GET", 2) where call.path[1] == "options": return .one("options", Self.databaseOptions)
        default: break
        }
        guard call.path.count > 1 else { throw .notFound }
        if call.method == "GET" { world.look(.cluster(call.path[1]), at: now) }
        guard let index = world.clusterIndex(call.path[1]) else { throw .notFound }
        switch (call.method, call.path.dropFirst(2).first, call.path.count) {
        case ("GET", nil, _): return .one("database", clusterObject(world.clusters[index]))
        case ("DELETE", nil, _):
            world.clusters.remove(at: index)
            world.pending.removeAll { $0.work == .cluster(call.path[1]) }
            return .noContent
        case (_, "dbs"?, _): return try databaseNames(call, index)
        case (_, "users"?, _): return try databaseUsers(call, index)
        case (_, "pools"?, _): return try databasePools(call, index)
        case (_, _, 3): return try clusterPart(call, index)
        default: throw .notFound
        }
    }

    /// What stands directly under one cluster.
    private mutating func clusterPart(_ call: Call, _ index: Int) throws(Refusal) -> Answer {
        let cluster = world.clusters[index]
        switch (call.method, call.path[2]) {
        case ("PUT", "resize"):
            guard let plan = DatabaseCatalogue.plan(call.text("size") ?? "") else {
                throw .unprocessable("invalid size")
            }
            guard let nodes = call.body["num_nodes"]?.intValue, (1...3).contains(nodes) else {
                throw .unprocessable("invalid number of nodes")
            }
            try requireOnline(cluster)
            let storage = call.body["storage_size_mib"]?.intValue ?? Int64(plan.storage)
            guard storage >= Int64(plan.storage) else { throw .unprocessable("invalid storage size") }
            world.clusters[index].object["size"] = .string(plan.slug)
            world.clusters[index].object["num_nodes"] = .int(nodes)
            world.clusters[index].object["storage_size_mib"] = .int(storage)
            change(index, to: "resizing")
            return Answer(status: 202, body: [])
        case ("PUT", "migrate"):
            guard let region = call.text("region"), DatabaseCatalogue.regions.contains(region) else {
                throw .unprocessable("invalid region")
            }
            try requireOnline(cluster)
            world.clusters[index].object["region"] = .string(region)
            change(index, to: "migrating")
            return Answer(status: 202, body: [])
        case ("PUT", "upgrade"):
            let engine = DatabaseCatalogue.engine(cluster.object["engine"]?.stringValue ?? "")
            let old = engine?.versions.firstIndex(of: cluster.object["version"]?.stringValue ?? "") ?? 0
            guard let version = call.text("version"), let new = engine?.versions.firstIndex(of: version), new > old
            else {
                throw .unprocessable("invalid version")
            }
            try requireOnline(cluster)
            world.clusters[index].object["version"] = .string(version)
            world.clusters[index].object["semantic_version"] = .string("\(version).4")
            return .noContent
        case ("GET", "firewall"): return .one("rules", .list(cluster.rules.map { .object($0) }))
        case ("PUT", "firewall"):
            world.clusters[index].rules = try checkedRules(call, cluster)
            return .noContent
        case ("PUT", "maintenance"):
            let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
            guard let day = call.text("day"), days.contains(day), let hour = call.text("hour") else {
                throw .unprocessable("invalid maintenance window")
            }
            world.clusters[index].object["maintenance_window"] = .members([
                "day": .string(day), "hour": .string(hour.utf8.count == 5 ? "\(hour):00" : hour), "pending": false,
                "description": [],
            ])
            return .noContent
        case ("GET", "config"): return .one("config", cluster.settings)
        case ("PATCH", "config"):
            for member in call.body["config"]?.objectValue?.members ?? [] {
                world.clusters[index].settings[member.name] = member.value
            }
            return Answer(status: 200, body: [])
        case ("GET", "ca"):
            return .one(
                "ca", .members(["certificate": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClNJTVVMQVRFRAotLS0tLUVORA=="]))
        case ("GET", "backups"): return backups(of: cluster)
        case ("GET", "replicas"): return .one("replicas", [])
        case ("POST", "replicas"):
            // The first backup of a cluster that has just come up is still running.
            throw .precondition("cluster is not in a valid state for creating a read-only node: no backups yet")
        case ("GET", "events"):
            let event: Value = .members([
                "id": .string(cluster.id), "cluster_name": .string(cluster.name), "event_type": "cluster_create",
                "create_time": cluster.object["created_at"] ?? .null,
            ])
            return .one("events", .list([event]))
        default: throw .notFound
        }
    }

    /// One a day, the first an hour after the cluster, and the last seven of them.
    private func backups(of cluster: World.Cluster) -> Answer {
        var list: [Value] = []
        if let made = cluster.object["created_at"]?.instantValue {
            let first = made + .hours(1)
            let days = first <= now ? Int((now - first) / .days(1)) : -1
            for day in stride(from: days, through: max(0, days - 6), by: -1) where day >= 0 {
                list.append(
                    .members([
                        "created_at": .string("\(Timestamp(seconds: (first + .days(day)).seconds))"),
                        "size_gigabytes": .number("0.0\(3 + day % 7)"),
                    ]))
            }
        }
        let answer: Value = .members([
            "backups": .list(list),
            "scheduled_backup_time": .members([
                "backup_hour": 20, "backup_minute": 40, "backup_interval_hours": 24,
            ]),
        ])
        return Answer(status: 200, body: [UInt8](json: answer))
    }

    // MARK: Creating

    private mutating func createCluster(_ call: Call) throws(Refusal) -> Answer {
        guard let name = call.text("name"), Self.isClusterName(name) else {
            throw .unprocessable("invalid cluster name")
        }
        guard !world.clusters.contains(where: { $0.name == name }) else {
            throw .unprocessable("cluster name is not available")
        }
        guard let engine = DatabaseCatalogue.engine(call.text("engine") ?? "") else {
            throw .unprocessable("invalid engine")
        }
        let version = call.text("version") ?? engine.versions.last ?? ""
        guard engine.versions.contains(version) else { throw .unprocessable("invalid version") }
        guard let plan = DatabaseCatalogue.plan(call.text("size") ?? "") else { throw .unprocessable("invalid size") }
        guard let region = call.text("region"), DatabaseCatalogue.regions.contains(region) else {
            throw .unprocessable("invalid region")
        }
        guard let nodes = call.body["num_nodes"]?.intValue, (1...3).contains(nodes) else {
            throw .unprocessable("invalid number of nodes")
        }
        let names = call.body["tags"]?.strings ?? []
        guard names.allSatisfy(Self.isTagName) else { throw .unprocessable("invalid tag") }
        let tags = world.adopt(tags: names)
        let network = try network(call.text("private_network_uuid"), region: region)
        let storage = call.body["storage_size_mib"]?.intValue ?? Int64(plan.storage)
        guard storage >= Int64(plan.storage) else { throw .unprocessable("invalid storage size") }

        let id = world.uuid()
        let object: Value.Object = [
            "id": .string(id), "name": .string(name), "engine": .string(engine.engine), "version": .string(version),
            "semantic_version": .string(version.contains(".") ? version : "\(version).4"), "num_nodes": .int(nodes),
            "region": .string(region), "status": "creating", "created_at": nowText,
            "maintenance_window": .members([
                "day": "sunday", "hour": "21:14:00", "pending": false, "description": [],
            ]),
            "size": .string(plan.slug), "tags": .strings(tags), "private_network_uuid": .string(network),
            "project_id": world.projects.first?["id"] ?? .null, "storage_size_mib": .int(storage),
        ]
        var cluster = World.Cluster(
            object: object, users: [], databases: ["defaultdb"], pools: [], rules: [],
            settings: engine.engine == "pg" ? ["autovacuum_naptime": 60, "jit": true] : [:])
        cluster.users = [["name": "doadmin", "role": "primary", "password": .string(world.password())]]
        if let rules = call.body["rules"], !rules.isNull { cluster.rules = try checkedRules(call, cluster) }
        world.clusters.append(cluster)
        created.append("/v2/databases/\(id)")
        world.begin(.cluster(id), at: now, lifecycle: lifecycle)
        return .made(201, "database", clusterObject(cluster))
    }

    private mutating func change(_ index: Int, to status: String) {
        world.clusters[index].object["status"] = .string(status)
        world.begin(.cluster(world.clusters[index].id), at: now, lifecycle: lifecycle)
    }

    func requireOnline(_ cluster: World.Cluster) throws(Refusal) {
        guard cluster.status == "online" else { throw .precondition("cluster status is not valid for this operation") }
    }

    /// Lower case, digits and hyphens; no underscore.
    private static func isClusterName(_ text: String) -> Bool {
        guard (3...63).contains(text.utf8.count), let first = text.utf8.first, (97...122).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
            && text.utf8.last != 45
    }

    /// The whole list is replaced; a rule that was there keeps its number.
    private mutating func checkedRules(_ call: Call, _ cluster: World.Cluster) throws(Refusal) -> [Value.Object] {
        let given = call.body["rules"]?.listValue ?? []
        guard given.count <= 100 else { throw .unprocessable("a maximum of 100 rules is allowed") }
        var rules: [Value.Object] = []
        for rule in given {
            guard let type = rule["type"]?.stringValue, let value = rule["value"]?.stringValue, !value.isEmpty else {
                throw .unprocessable("invalid firewall rule")
            }
            switch type {
            case "ip_addr":
                guard Self.isAddress4(String(value.split(separator: "/").first ?? "")) else {
                    throw .unprocessable("invalid IPv4 address or CIDR")
                }
            case "droplet":
                guard let id = Int(value), world.dropletIndex(id) != nil else {
                    throw .unprocessable("droplet \(value) not found")
                }
            case "tag":
                guard Self.isTagName(value) else { throw .unprocessable("invalid tag") }
            case "k8s", "app": break
            default: throw .unprocessable("invalid firewall rule type")
            }
            if let old = cluster.rules.first(where: {
                $0["type"]?.stringValue == type && $0["value"]?.stringValue == value
            }) {
                rules.append(old)
                continue
            }
            var object: Value.Object = [
                "uuid": .string(world.uuid()), "cluster_uuid": .string(cluster.id), "type": .string(type),
                "value": .string(value), "created_at": nowText,
            ]
            if let description = rule["description"]?.stringValue { object["description"] = .string(description) }
            rules.append(object)
        }
        return rules
    }
}
