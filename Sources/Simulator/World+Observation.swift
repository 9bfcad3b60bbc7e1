import Basics
import Formats

extension Simulator {
    /// Sets all accounts up from what a run saw: `observed.jsonl` of its evidence.
    ///
    /// Objects keep their ids, so that an inventory made at the provider fits what is loaded, and a plan can be
    /// rehearsed. What an observation doesn't hold, such as passwords, is made up.
    ///
    /// - Throws: `SimulatorFault` `SIM-0003`, with the line that can't be read.
    public func load(observation bytes: [UInt8]) throws(SimulatorFault) {
        var lines: [Value] = []
        for (number, line) in bytes.split(separator: 10).enumerated() {
            guard let value = try? JSON.parse(Array(line)), value.objectValue != nil else {
                throw .badWorld("line \(number + 1) of the observation is no JSON object")
            }
            lines.append(value)
        }
        guard lines.contains(where: { $0["kind"] != nil && $0["completeness"] != nil }) else {
            throw .badWorld("it is no observation: it says of no kind how completely it was seen")
        }
        let seen = Observation(lines, of: "digitalocean")
        let now = options.time.now
        state.withLock { state in
            var world = World(seed: options.seed)
            world.found(at: now + state.clockOffset)
            world.load(seen, at: now + state.clockOffset)
            state.provider.world = world
            for type in SimulatedProviders.all {
                let limits = options.limits == .generous ? AccountLimits.generous : .published
                var account = type.init(seed: options.seed, now: now + state.clockOffset, limits: limits)
                account.load(Observation(lines, of: type.name))
                state.hosts[type.name] = AccountHost(account)
            }
            state.history = []
            state.version += 1
        }
        saveNow()
    }
}

/// What a run saw of one provider, by kind.
struct Observation {
    struct Item {
        let name: String
        let id: String
        let attributes: Value.Object
        /// Whether it bears our mark.
        let isOwned: Bool

        func text(_ name: String) -> String { attributes[name]?.stringValue ?? "" }
    }

    private var items: [String: [Item]] = [:]
    private var whole: Set<String> = []
    /// Whose all of it is, `team 5df3…`; nil where the run didn't learn it.
    let account: String?

    init(_ lines: [Value], of provider: String) {
        account = lines.first { $0["provider"]?.stringValue == provider }?["account"]?.stringValue
        for line in lines {
            if let kind = line["kind"]?.stringValue, kind.hasPrefix(provider + "."), line["completeness"] == "complete"
            {
                whole.insert(String(kind.dropFirst(provider.utf8.count + 1)))
            }
            guard let key = line["key"]?.stringValue, key.hasPrefix(provider + ".") else { continue }
            let parts = key.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            items[String(parts[0].dropFirst(provider.utf8.count + 1)), default: []].append(
                Item(
                    name: parts[1], id: line["id"]?.stringValue ?? "",
                    attributes: line["attributes"]?.objectValue ?? [:], isOwned: line["owned"] == true))
        }
    }

    subscript(kind: String) -> [Item] { items[kind] ?? [] }

    /// Whether all of a kind was seen, so that none means that there is none.
    func isWhole(_ kind: String) -> Bool { whole.contains(kind) }

    /// What stands in another, by the name before the slash.
    func items(_ kind: String, in parent: String) -> [Item] { self[kind].filter { $0.name.hasPrefix(parent + "/") } }
}

extension World {
    /// Fills an empty world.
    mutating func load(_ seen: Observation, at now: Timestamp) {
        let instant: Value = .string("\(Timestamp(seconds: now.seconds))")
        account = seen.account
        tags = seen["tag"].map(\.name)
        for item in seen["vpc"] {
            networks.append([
                "id": .string(item.id), "urn": .string("do:vpc:\(item.id)"), "name": .string(item.name),
                "description": .string(item.text("description")), "region": .string(item.text("region")),
                "ip_range": .string(item.text("ip_range")), "created_at": instant,
                "default": item.attributes["default"] ?? false,
            ])
        }
        var numbers: [String: Int] = [:]
        for item in seen["droplet"] {
            guard let droplet = Droplet.Fields(observed: item, at: now) else { continue }
            numbers[item.name] = droplet.id
            nextDropletID = max(nextDropletID, droplet.id + 1)
            droplets.append(Droplet(droplet))
            _ = adopt(tags: droplet.tags)
            keepNetwork(droplet.vpc, droplet.region, instant)
        }
        droplets.sort { $0.id < $1.id }
        loadDomains(seen)
        for item in seen["firewall"] {
            var firewall: Value.Object = [
                "id": .string(item.id), "name": .string(item.name), "status": "succeeded", "created_at": instant,
                "tags": item.attributes["tags"] ?? [], "pending_changes": [],
                "droplet_ids": .list(Self.ids(item.attributes["droplets"], numbers)),
            ]
            for (rules, peer) in [("inbound_rules", "sources"), ("outbound_rules", "destinations")] {
                firewall[rules] = .list(
                    (item.attributes[rules]?.listValue ?? []).map { Self.rule($0, peer, numbers) })
            }
            _ = adopt(tags: firewall["tags"]?.strings ?? [])
            firewalls.append(firewall)
        }
        loadClusters(seen, numbers, instant)
        for item in seen["volume"] {
            let droplet = numbers[item.text("droplet")]
            volumes.append([
                "id": .string(item.id), "region": .string(item.text("region")),
                "droplet_ids": .list(droplet.map { [.int(Int64($0))] } ?? []), "name": .string(item.name),
                "description": .string(item.text("description")),
                "size_gigabytes": item.attributes["size_gb"] ?? 1, "created_at": instant,
                "filesystem_type": .string(item.text("filesystem_type")), "filesystem_label": "",
                "tags": item.attributes["tags"] ?? [],
            ])
            if let place = droplet.flatMap(dropletIndex) {
                droplets[place] = droplets[place].with { $0.volumes.append(item.id) }
            }
        }
        for item in seen["snapshot"] {
            var snapshot = Self.snapshot(
                item.name, resource: item.text("resource_id"), type: item.text("resource_type"), region: "",
                gigabytes: 1, tags: item.attributes["seen_tags"]?.strings ?? [], id: item.id, at: now)
            snapshot["regions"] = []
            snapshot["created_at"] = item.attributes["created_at"] ?? instant
            snapshot["size_gigabytes"] = item.attributes["size_gb"] ?? 1
            snapshots.append(snapshot)
        }
        for item in seen["alert_policy"] {
            alerts.append([
                "uuid": .string(item.id), "type": .string(item.text("type")),
                // Ours carry their key; the name of another is its id.
                "description": .string(item.name.hasPrefix("#") ? "" : "odooops:\(item.name)"),
                "compare": .string(item.text("compare")), "value": item.attributes["value"] ?? 0,
                "window": .string(item.text("window")),
                "entities": .strings(item.attributes["droplet_id"]?.intValue.map { ["\($0)"] } ?? []), "tags": [],
                // The addresses of hooks are secrets, which no observation holds.
                "alerts": .members([
                    "email": item.attributes["emails"] ?? [],
                    "slack": .list(
                        (item.attributes["slack_channels"]?.strings ?? []).map {
                            .members(["url": "", "channel": .string($0)])
                        }),
                ]),
                "enabled": item.attributes["enabled"] ?? true,
            ])
        }
        for item in seen["spaces_key"] {
            let grants = (item.attributes["grants"]?.strings ?? []).map { text -> Value in
                let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
                return .members([
                    "bucket": .string(parts.first == "*" ? "" : parts.first ?? ""),
                    "permission": .string(parts.last ?? "read"),
                ])
            }
            spacesKeys.append([
                "name": .string(item.name), "grants": .list(grants), "access_key": .string(item.id),
                "created_at": instant,
            ])
        }
        loadProjects(seen, numbers, instant)
    }

    /// A network that droplets are in, and that was not looked at.
    private mutating func keepNetwork(_ id: String, _ region: String, _ instant: Value) {
        guard !id.isEmpty, !networks.contains(where: { $0["id"]?.stringValue == id }) else { return }
        networks.append([
            "id": .string(id), "urn": .string("do:vpc:\(id)"), "name": .string("default-\(region)-\(networks.count)"),
            "description": "", "region": .string(region), "ip_range": "10.104.0.0/20", "created_at": instant,
            "default": .bool(!networks.contains { $0["region"]?.stringValue == region }),
        ])
    }

    private mutating func loadDomains(_ seen: Observation) {
        for item in seen["domain"] {
            var domain = Domain(name: item.id.isEmpty ? item.name : item.id, records: [])
            for record in seen.items("record", in: item.name) {
                let parts = record.name.split(separator: "/", maxSplits: 3).map(String.init)
                guard parts.count >= 3, let id = record.attributes["id"]?.intValue else { continue }
                nextRecordID = max(nextRecordID, Int(clamping: id) + 1)
                var object: Value.Object = [
                    "id": .int(id), "type": .string(parts[1]), "name": .string(parts[2]),
                    "data": record.attributes["data"] ?? "",
                ]
                for name in ["priority", "port"] { object[name] = record.attributes[name] ?? .null }
                object["ttl"] = record.attributes["ttl"] ?? 1800
                for name in ["weight", "flags", "tag"] { object[name] = record.attributes[name] ?? .null }
                domain.records.append(object)
            }
            domains.append(domain)
        }
    }

    private mutating func loadClusters(_ seen: Observation, _ numbers: [String: Int], _ instant: Value) {
        for item in seen["database_cluster"] {
            let plan = DatabaseCatalogue.plan(item.text("size"))
            let object: Value.Object = [
                "id": .string(item.id), "name": .string(item.name), "engine": .string(item.text("engine")),
                "version": .string(item.text("version")), "semantic_version": .string(item.text("version")),
                "num_nodes": item.attributes["num_nodes"] ?? 1, "region": .string(item.text("region")),
                "status": .string(item.text("status")), "created_at": instant,
                "maintenance_window": .members([
                    "day": "sunday", "hour": "21:14:00", "pending": false, "description": [],
                ]),
                "size": .string(item.text("size")), "tags": item.attributes["tags"] ?? [],
                "private_network_uuid": networks.first?["id"] ?? .string(uuid()),
                "project_id": projects.first?["id"] ?? .null, "storage_size_mib": .int(Int64(plan?.storage ?? 10_240)),
            ]
            _ = adopt(tags: object["tags"]?.strings ?? [])
            func names(_ kind: String) -> [String] {
                seen.items(kind, in: item.name).map { String($0.name.dropFirst(item.name.utf8.count + 1)) }
            }
            var cluster = Cluster(object: object, users: [], databases: names("database"), pools: [], rules: [])
            if cluster.databases.isEmpty { cluster.databases = ["defaultdb"] }
            for user in seen.items("database_user", in: item.name) {
                cluster.users.append([
                    "name": .string(String(user.name.dropFirst(item.name.utf8.count + 1))),
                    "role": user.attributes["role"] ?? "normal", "password": .string(password()),
                ])
            }
            if cluster.users.isEmpty {
                cluster.users = [["name": "doadmin", "role": "primary", "password": .string(password())]]
            }
            for pool in seen.items("database_pool", in: item.name) {
                var object: Value.Object = ["user": pool.attributes["user"] ?? ""]
                object["name"] = .string(String(pool.name.dropFirst(item.name.utf8.count + 1)))
                for name in ["size", "db", "mode"] { object[name] = pool.attributes[name] }
                cluster.pools.append(object)
            }
            let rules = seen["database_firewall"].first { $0.name == item.name }?.attributes["rules"]?.strings ?? []
            for rule in rules {
                let parts = rule.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { continue }
                let value =
                    parts[0] == "droplet"
                    ? numbers[parts[1]].map(String.init) ?? String(parts[1].drop { $0 == "#" })
                    : parts[1]
                cluster.rules.append([
                    "uuid": .string(uuid()), "cluster_uuid": .string(item.id), "type": .string(parts[0]),
                    "value": .string(value), "created_at": instant,
                ])
            }
            clusters.append(cluster)
        }
    }

    private mutating func loadProjects(_ seen: Observation, _ numbers: [String: Int], _ instant: Value) {
        for item in seen["project"] {
            let isDefault = item.attributes["default"] == true
            let project: Value.Object = [
                "id": .string(item.id), "owner_uuid": projects.first?["owner_uuid"] ?? "",
                "owner_id": projects.first?["owner_id"] ?? 1, "name": .string(item.name),
                "description": .string(item.text("description")), "purpose": .string(item.text("purpose")),
                "environment": item.attributes["environment"] ?? "Development", "created_at": instant,
                "updated_at": instant, "is_default": .bool(isDefault),
            ]
            if isDefault { projects.removeAll { $0["is_default"] == true } }
            projects.append(project)
            for name in item.attributes["resources"]?.strings ?? [] where !isDefault {
                let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { continue }
                let urn: String? =
                    switch parts[0] {
                    case "droplet": numbers[parts[1]].map { "do:droplet:\($0)" }
                    case "database_cluster":
                        clusters.first { $0.name == parts[1] }.map { "do:dbaas:\($0.id)" }
                    case "volume":
                        volumes.first { $0["name"]?.stringValue == parts[1] }.map {
                            "do:volume:\($0["id"]?.stringValue ?? "")"
                        }
                    case "domain": "do:domain:\(parts[1])"
                    default: nil
                    }
                if let urn { assignments[urn] = item.id }
            }
        }
    }

    private static func ids(_ names: Value?, _ numbers: [String: Int]) -> [Value] {
        (names?.strings ?? []).compactMap { name in
            (numbers[name] ?? Int(name.drop { $0 == "#" })).map { .int(Int64($0)) }
        }
    }

    /// A rule with droplets by number.
    private static func rule(_ rule: Value, _ peer: String, _ numbers: [String: Int]) -> Value {
        var object = rule.objectValue ?? [:]
        var side = object[peer]?.objectValue ?? [:]
        if side["droplets"] != nil {
            side["droplet_ids"] = .list(ids(side["droplets"], numbers))
            side["droplets"] = nil
        }
        object[peer] = .object(side)
        return .object(object)
    }
}
