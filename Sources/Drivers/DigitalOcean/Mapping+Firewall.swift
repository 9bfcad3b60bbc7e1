internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

extension Mapping {
    /// A firewall; droplets as `#` and their id until `named` puts their names there.
    static func firewall(_ json: JSONView, _: Shared) -> ObservedResource? {
        guard let id = json["id"].string, let name = json["name"].string, !name.isEmpty else { return nil }
        var items: [Attributes.Item] = [
            Attributes.Item("id", .string(id)),
            Attributes.Item("droplets", .list(numbered(json["droplet_ids"]))),
            Attributes.Item("tags", .list(sortedStrings(json["tags"]))),
            Attributes.Item("inbound_rules", Normal.inboundRules(rules(json["inbound_rules"], "sources"))),
            Attributes.Item(
                "outbound_rules", Normal.outboundRules(rules(json["outbound_rules"], "destinations"))),
        ]
        if let status = json["status"].string { items.append(Attributes.Item("status", .string(status))) }
        return ObservedResource(
            key: ResourceKey(.firewall, name), providerID: id, attributes: Attributes(items),
            createdAt: json["created_at"].string.flatMap { Timestamp($0) })
    }

    /// The same resource with droplets by name; those that have none stay `#` and their id.
    static func named(_ resource: ObservedResource, by names: [Int64: String]) -> ObservedResource {
        guard !names.isEmpty, needsNames(resource) else { return resource }
        let items = resource.attributes.items.map { item in
            Attributes.Item(item.name, named(item.value, in: item.name, by: names))
        }
        return ObservedResource(
            key: resource.key, providerID: resource.providerID, attributes: Attributes(items),
            isOwned: resource.isOwned, createdAt: resource.createdAt)
    }

    /// Whether droplets are still given by id.
    static func needsNames(_ resource: ObservedResource) -> Bool {
        func holdsNumber(_ value: Value) -> Bool {
            switch value {
            case .string(let text): text.hasPrefix("#") || text.hasPrefix("droplet:#")
            case .list(let items): items.contains(where: holdsNumber)
            case .object(let object): object.members.contains { holdsNumber($0.value) }
            default: false
            }
        }
        return ["droplets", "inbound_rules", "outbound_rules", "rules"].contains { name in
            resource.attributes[name].map(holdsNumber) ?? false
        }
    }

    private static func named(_ value: Value, in member: String, by names: [Int64: String]) -> Value {
        switch value {
        case .object(let object):
            return .object(
                Value.Object(
                    object.members.map { Value.Object.Member($0.name, named($0.value, in: $0.name, by: names)) }))
        case .list(let items) where member == "droplets" || member == "rules":
            let texts = items.map { item -> String in
                let text = item.stringValue ?? ""
                let prefix = text.hasPrefix("droplet:") ? "droplet:" : ""
                guard text.hasPrefix("\(prefix)#"), let id = Int64(text.dropFirst(prefix.count + 1)),
                    let name = names[id]
                else { return text }
                return prefix + name
            }
            return sorted(texts)
        case .list(let items): return .list(items.map { named($0, in: "", by: names) })
        default: return value
        }
    }

    private static func rules(_ json: JSONView, _ peer: String) -> Value {
        .list(
            (json.items.map(Array.init) ?? []).map { rule in
                var peers = Value.Object()
                for kind in ["addresses", "kubernetes_ids", "load_balancer_uids", "tags"] {
                    let texts = rule[peer][kind].items?.compactMap { $0.string.map(Value.string) } ?? []
                    if !texts.isEmpty { peers[kind] = .list(texts) }
                }
                let droplets = numbered(rule[peer]["droplet_ids"])
                if !droplets.isEmpty { peers["droplets"] = .list(droplets) }
                var result: Value.Object = ["protocol": rule["protocol"].value, "ports": rule["ports"].value]
                result[peer] = .object(peers)
                return .object(result)
            })
    }

    private static func numbered(_ ids: JSONView) -> [Value] {
        let names = (ids.items.map(Array.init) ?? []).compactMap(\.int).map { "#\($0)" }
        return names.sorted { $0.precedesByBytes($1) }.map { .string($0) }
    }

    private static func sortedStrings(_ json: JSONView) -> [Value] {
        (json.items.map(Array.init) ?? []).compactMap(\.string).sorted { $0.precedesByBytes($1) }.map { .string($0) }
    }

    /// The body of a create or a replacement; a failure names the droplets without an id.
    ///
    /// Where the repository names something, that alone counts; everything else is taken from `current`, the firewall as
    /// the provider gives it now.
    static func firewallBody(
        name: String, wanted: Attributes, current: JSONView?, dropletID: (String) -> Int64?
    ) -> Result<Value, UnknownDroplets> {
        var unknown: [String] = []
        func ids(_ names: [Value]) -> Value {
            .list(
                names.compactMap(\.stringValue).compactMap { name in
                    if name.hasPrefix("#"), let id = Int64(name.dropFirst()) { return .int(id) }
                    if let id = dropletID(name) { return .int(id) }
                    unknown.append(name)
                    return nil
                })
        }
        func ruleBodies(_ value: Value, _ peer: String) -> Value {
            .list(
                (value.listValue ?? []).map { rule in
                    var peers = Value.Object()
                    for member in rule[peer]?.objectValue?.members ?? [] {
                        if member.name == "droplets" {
                            peers["droplet_ids"] = ids(member.value.listValue ?? [])
                        } else {
                            peers[member.name] = member.value
                        }
                    }
                    var body: Value.Object = ["protocol": rule["protocol"] ?? "tcp", "ports": rule["ports"] ?? "0"]
                    body[peer] = .object(peers)
                    return .object(body)
                })
        }
        func kept(_ member: String) -> Value? {
            guard let current, !current[member].isMissingOrNull else { return nil }
            return current[member].value
        }
        var body: Value.Object = ["name": .string(name)]
        body["inbound_rules"] =
            wanted["inbound_rules"].map { ruleBodies(Normal.inboundRules($0), "sources") } ?? kept("inbound_rules")
        body["outbound_rules"] =
            wanted["outbound_rules"].map { ruleBodies(Normal.outboundRules($0), "destinations") }
            ?? kept("outbound_rules")
        body["droplet_ids"] = wanted["droplets"]?.listValue.map(ids) ?? kept("droplet_ids")
        body["tags"] = wanted["tags"] ?? kept("tags")
        if body["inbound_rules"] == nil, body["outbound_rules"] == nil { body["inbound_rules"] = [] }
        return unknown.isEmpty ? .success(.object(body)) : .failure(UnknownDroplets(names: unknown))
    }

    /// Droplets that are named and that nobody has seen.
    struct UnknownDroplets: Error { let names: [String] }
}
