import Basics
import Formats

extension World {
    static let format: Int64 = 1

    /// What a fresh account has: a default project.
    mutating func found(at now: Timestamp) {
        let text: Value = .string("\(Timestamp(seconds: now.seconds))")
        projects = [
            [
                "id": .string(uuid()), "owner_uuid": "99525febec065ca37b2ffe4f852fd2b2581895e7", "owner_id": 258_992,
                "name": "Simulated project", "description": "", "purpose": "Service or API",
                "environment": "Production", "created_at": text, "updated_at": text, "is_default": true,
            ]
        ]
    }

    /// The whole state as one document.
    var value: Value {
        func list(_ objects: [Value.Object]) -> Value { .list(objects.map { .object($0) }) }
        return .members([
            "format": .int(Self.format), "seed": .string(Hex.encode(seed)), "serial": .int(Int64(clamping: serial)),
            "next_droplet_id": .int(Int64(nextDropletID)), "next_action_id": .int(Int64(nextActionID)),
            "next_record_id": .int(Int64(nextRecordID)), "next_key_id": .int(Int64(nextKeyID)),
            "droplets": .list(droplets.map { $0.fields.value }), "actions": list(actions),
            "effects": .list(
                effects.keys.sorted().map { id in
                    .members(["action": .int(Int64(id)), "effect": effects[id].map { .object($0) } ?? .null])
                }),
            "tags": .strings(tags),
            "domains": .list(domains.map { .members(["name": .string($0.name), "records": list($0.records)]) }),
            "firewalls": list(firewalls), "clusters": .list(clusters.map(\.value)), "networks": list(networks),
            "alerts": list(alerts), "keys": list(keys), "projects": list(projects),
            "assignments": Self.texts(assignments), "spaces_secrets": Self.texts(spacesSecrets),
            "volumes": list(volumes), "snapshots": list(snapshots), "spaces_keys": list(spacesKeys),
            "issued": .strings(issued),
            "pending": .list(pending.map(\.value)), "account": account.map { .string($0) } ?? .null,
        ])
    }

    private static func texts(_ texts: [String: String]) -> Value {
        .object(Value.Object(texts.keys.sorted().map { Value.Object.Member($0, .string(texts[$0] ?? "")) }))
    }

    /// Reads what ``value`` wrote; nil for anything else.
    init?(_ value: Value, seed: UInt64) {
        guard value["format"]?.intValue == Self.format else { return nil }
        self.init(seed: value["seed"]?.stringValue.flatMap { UInt64($0, radix: 16) } ?? seed)
        func objects(_ name: String) -> [Value.Object] { value[name]?.listValue?.compactMap(\.objectValue) ?? [] }
        func number(_ name: String, _ fallback: Int) -> Int { Int(clamping: value[name]?.intValue ?? Int64(fallback)) }
        serial = UInt64(clamping: value["serial"]?.intValue ?? 0)
        nextDropletID = number("next_droplet_id", nextDropletID)
        nextActionID = number("next_action_id", nextActionID)
        nextRecordID = number("next_record_id", nextRecordID)
        nextKeyID = number("next_key_id", nextKeyID)
        droplets = objects("droplets").compactMap(Droplet.Fields.init).map(Droplet.init).sorted { $0.id < $1.id }
        actions = objects("actions")
        for item in objects("effects") {
            if let id = item["action"]?.intValue { effects[Int(clamping: id)] = item["effect"]?.objectValue }
        }
        tags = value["tags"]?.strings ?? []
        domains = objects("domains").map { object in
            Domain(
                name: object["name"]?.stringValue ?? "",
                records: object["records"]?.listValue?.compactMap(\.objectValue) ?? [])
        }
        firewalls = objects("firewalls")
        clusters = objects("clusters").map(Cluster.init)
        networks = objects("networks")
        alerts = objects("alerts")
        keys = objects("keys")
        projects = objects("projects")
        func texts(_ name: String) -> [String: String] {
            let members = value[name]?.objectValue?.members ?? []
            return Dictionary(members.map { ($0.name, $0.value.stringValue ?? "") }, uniquingKeysWith: { $1 })
        }
        assignments = texts("assignments")
        spacesSecrets = texts("spaces_secrets")
        volumes = objects("volumes")
        snapshots = objects("snapshots")
        spacesKeys = objects("spaces_keys")
        issued = value["issued"]?.strings ?? []
        pending = objects("pending").compactMap(Pending.init)
        account = value["account"]?.stringValue
    }
}

extension Droplet.Fields {
    var value: Value {
        .members([
            "id": .int(Int64(id)), "name": .string(name), "region": .string(region), "size": .string(size),
            "image": .int(Int64(image)), "disk": .int(Int64(disk)), "status": .string(status),
            "created_at": .int(createdAt.microseconds), "tags": .strings(tags), "vpc": .string(vpc),
            "backups": .bool(hasBackups), "ipv6": .bool(hasIPv6), "monitoring": .bool(hasMonitoring),
            "leaving": .bool(isLeaving), "locked": .bool(isLocked), "volumes": .strings(volumes),
            "seen": seen.map { .object($0) } ?? .null,
        ])
    }

    init?(_ object: Value.Object) {
        guard let id = object["id"]?.intValue.flatMap({ Int(exactly: $0) }), id > 0 else { return nil }
        func text(_ name: String) -> String { object[name]?.stringValue ?? "" }
        func flag(_ name: String) -> Bool { object[name]?.boolValue ?? false }
        self.init(
            id: id, name: text("name"), region: text("region"), size: text("size"),
            image: Int(clamping: object["image"]?.intValue ?? 0), disk: Int(clamping: object["disk"]?.intValue ?? 0),
            status: text("status"), createdAt: Timestamp(microseconds: object["created_at"]?.intValue ?? 0),
            tags: object["tags"]?.strings ?? [], vpc: text("vpc"), hasBackups: flag("backups"), hasIPv6: flag("ipv6"),
            hasMonitoring: flag("monitoring"), isLeaving: flag("leaving"), isLocked: flag("locked"),
            volumes: object["volumes"]?.strings ?? [], seen: object["seen"]?.objectValue)
    }
}

extension World.Cluster {
    var value: Value {
        .members([
            "object": .object(object), "users": .list(users.map { .object($0) }), "databases": .strings(databases),
            "pools": .list(pools.map { .object($0) }), "rules": .list(rules.map { .object($0) }),
            "settings": .object(settings),
        ])
    }

    init(_ value: Value.Object) {
        func objects(_ name: String) -> [Value.Object] { value[name]?.listValue?.compactMap(\.objectValue) ?? [] }
        self.init(
            object: value["object"]?.objectValue ?? [:], users: objects("users"),
            databases: value["databases"]?.strings ?? [], pools: objects("pools"), rules: objects("rules"),
            settings: value["settings"]?.objectValue ?? [:])
    }
}

extension World.Pending {
    var value: Value {
        var object: Value.Object = [
            "due": .int(due.microseconds), "looks": .int(Int64(looks)), "fails": .bool(fails),
        ]
        switch work {
        case .action(let id, let droplet):
            object["action"] = .int(Int64(id))
            object["droplet"] = .int(Int64(droplet))
        case .removal(let droplet): object["removal"] = .int(Int64(droplet))
        case .cluster(let id): object["cluster"] = .string(id)
        case .firewall(let id): object["firewall"] = .string(id)
        case .volume(let action, let id):
            object["action"] = .int(Int64(action))
            object["volume"] = .string(id)
        }
        return .object(object)
    }

    init?(_ object: Value.Object) {
        func number(_ name: String) -> Int? { object[name]?.intValue.flatMap { Int(exactly: $0) } }
        let work: World.Pending.Work
        if let action = number("action"), let droplet = number("droplet") {
            work = .action(action, droplet: droplet)
        } else if let action = number("action"), let id = object["volume"]?.stringValue {
            work = .volume(action, volume: id)
        } else if let droplet = number("removal") {
            work = .removal(droplet: droplet)
        } else if let id = object["cluster"]?.stringValue {
            work = .cluster(id)
        } else if let id = object["firewall"]?.stringValue {
            work = .firewall(id)
        } else {
            return nil
        }
        self.init(
            work: work, due: Timestamp(microseconds: object["due"]?.intValue ?? 0), looks: number("looks") ?? 0,
            fails: object["fails"]?.boolValue ?? false)
    }
}
