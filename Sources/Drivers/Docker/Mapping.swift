internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// What an engine says, as the plan sees it; nil where an object can't be told from others.
enum Mapping {
    /// A container of the list, where not all is known of it.
    static func summary(_ view: JSONView) -> ObservedResource? {
        guard let id = view["Id"].string, let names = view["Names"].items?.compactMap(\.string) else { return nil }
        // Links of other containers stand among the names, with two slashes.
        guard let name = names.first(where: { $0.utf8.count { $0 == UInt8(ascii: "/") } == 1 }) else { return nil }
        let labels = pairs(view["Labels"])
        return resource(
            .container, name.hasPrefix("/") ? String(name.dropFirst()) : name, id: id,
            [
                ("id", .string(id)), ("image_id", view["ImageID"].string.map { .string($0) }),
                ("labels", .strings(labels.map(\.text))), ("running", .bool(view["State"].string == "running")),
                ("status", view["State"].string.map { .string($0) }),
            ], isOwned: isOwned(labels), created: view["Created"].int.map { Timestamp(seconds: $0) })
    }

    /// A container in full.
    ///
    /// - Parameters:
    ///   - view: the answer of inspect.
    ///   - imageIDs: the id that each image's name has now, by its canonical name.
    /// - Returns: an `image` that names its id where the name means another image by now.
    static func container(_ view: JSONView, imageIDs: [String: String]) -> ObservedResource? {
        guard let id = view["Id"].string, let path = view["Name"].string, view["Config"].kind == .object else {
            return nil
        }
        let config = view["Config"]
        let host = view["HostConfig"]
        let labels = pairs(config["Labels"])
        let state = view["State"]
        let networks = (view["NetworkSettings"]["Networks"].members.map { Array($0) } ?? [])
        let address = networks.compactMap { $0.value["IPAddress"].string }.first { !$0.isEmpty }
        return resource(
            .container, path.hasPrefix("/") ? String(path.dropFirst()) : path, id: id,
            [
                ("id", .string(id)), ("image_id", view["Image"].string.map { .string($0) }),
                ("image", image(config["Image"].string, runs: view["Image"].string, imageIDs)),
                ("command", strings(config["Cmd"])), ("entrypoint", strings(config["Entrypoint"])),
                ("env", variables(config, labels)), ("labels", .strings(labels.map(\.text))),
                ("ports", ports(host["PortBindings"])), ("mounts", mounts(view["Mounts"])),
                ("anonymous_volumes", anonymousVolumes(view["Mounts"])),
                ("user", config["User"].string.map { .string($0) }),
                ("working_dir", config["WorkingDir"].string.map { .string($0) }),
                ("hostname", config["Hostname"].string.map { .string($0) }),
                ("networks", .strings(networks.map(\.name).sorted { $0.precedesByBytes($1) })),
                ("restart", .string(restart(host["RestartPolicy"]))),
                ("memory_mb", .int((host["Memory"].int ?? 0) >> 20)),
                ("cpus", processors(host["NanoCpus"].int ?? 0)),
                ("running", .bool(state["Running"].bool == true && state["Restarting"].bool != true)),
                ("started", state["Status"].string.map { .bool($0 != "created") }),
                ("status", state["Status"].string.map { .string($0) }),
                ("health", state["Health"]["Status"].string.map { .string($0) }),
                ("ip_address", address.map { .string($0) }),
                ("desired_digest", labels.first { $0.name == DockerKinds.Label.desired }.map { .string($0.value) }),
            ], isOwned: isOwned(labels), created: view["Created"].string.flatMap { Timestamp($0) })
    }

    static func image(_ view: JSONView, as name: String) -> ObservedResource? {
        guard let id = view["Id"].string else { return nil }
        return resource(
            .containerImage, name, id: id,
            [("id", .string(id)), ("digests", strings(view["RepoDigests"]))], isOwned: false,
            created: view["Created"].string.flatMap { Timestamp($0) })
    }

    static func network(_ view: JSONView) -> ObservedResource? {
        guard let id = view["Id"].string, let name = view["Name"].string else { return nil }
        let labels = pairs(view["Labels"])
        let subnet = view["IPAM"]["Config"].items?.compactMap { $0["Subnet"].string }.first
        return resource(
            .containerNetwork, name, id: id,
            [
                ("id", .string(id)), ("driver", view["Driver"].string.map { .string($0) }),
                ("internal", .bool(view["Internal"].bool ?? false)), ("subnet", subnet.map { .string($0) }),
                ("labels", .strings(labels.map(\.text))),
            ], isOwned: isOwned(labels), created: view["Created"].string.flatMap { Timestamp($0) })
    }

    static func volume(_ view: JSONView) -> ObservedResource? {
        guard let name = view["Name"].string, view["Driver"].string != nil else { return nil }
        let labels = pairs(view["Labels"])
        return resource(
            .containerVolume, name, id: name,
            [
                ("driver", view["Driver"].string.map { .string($0) }),
                ("driver_opts", .strings(pairs(view["Options"]).map(\.text))),
                ("labels", .strings(labels.map(\.text))),
                ("mountpoint", view["Mountpoint"].string.map { .string($0) }),
            ], isOwned: isOwned(labels), created: view["CreatedAt"].string.flatMap { Timestamp($0) })
    }

    // MARK: Parts

    struct Pair {
        let name: String
        let value: String
        var text: String { "\(name)=\(value)" }
    }

    private static func pairs(_ view: JSONView) -> [Pair] {
        (view.members.map { Array($0) } ?? []).map { Pair(name: $0.name, value: $0.value.string ?? "") }
            .sorted { $0.name.precedesByBytes($1.name) }
    }

    private static func isOwned(_ labels: [Pair]) -> Bool {
        labels.contains { $0.name == DockerKinds.Label.managed && $0.value == "true" }
    }

    private static func strings(_ view: JSONView) -> Value? {
        view.items.map { .strings($0.compactMap(\.string)) }
    }

    private static func image(_ name: String?, runs id: String?, _ imageIDs: [String: String]) -> Value? {
        guard let name else { return nil }
        guard let canonical = ImageName(name)?.canonical, let id, let now = imageIDs[canonical], now != id else {
            return .string(name)
        }
        return .string("\(name) (older: \(id.prefix(19)))")
    }

    /// The variables that were wanted when it was made; of a container that isn't ours all of them.
    private static func variables(_ config: JSONView, _ labels: [Pair]) -> Value? {
        guard let all = config["Env"].items?.compactMap(\.string) else { return nil }
        guard let label = labels.first(where: { $0.name == DockerKinds.Label.variables }) else { return .strings(all) }
        let names = Set(label.value.split(separator: " ").map(String.init))
        return .strings(all.filter { names.contains(String($0.prefix { $0 != "=" })) })
    }

    private static func ports(_ view: JSONView) -> Value {
        var ports: [Port] = []
        for member in view.members.map({ Array($0) }) ?? [] {
            let sides = member.name.split(separator: "/").map(String.init)
            for binding in member.value.items.map({ Array($0) }) ?? [] {
                guard let container = sides.first.flatMap({ Int($0) }),
                    let host = binding["HostPort"].string.flatMap({ Int($0) })
                else { continue }
                ports.append(
                    Port(
                        address: binding["HostIp"].string ?? "", host: host, container: container,
                        transport: sides.count > 1 ? sides[1] : "tcp"))
            }
        }
        return .strings(ports.map(\.text).sorted { $0.precedesByBytes($1) })
    }

    /// Without the volumes without a name that an image asks for.
    private static func mounts(_ view: JSONView) -> Value {
        var mounts: [Mount] = []
        for item in view.items.map({ Array($0) }) ?? [] {
            guard let target = item["Destination"].string else { continue }
            let name = item["Name"].string ?? ""
            let isVolume = item["Type"].holds("volume")
            if isVolume, isAnonymous(name) { continue }
            guard let source = isVolume ? name : item["Source"].string, !source.isEmpty else { continue }
            mounts.append(Mount(source: source, target: target, isReadOnly: item["RW"].bool == false))
        }
        return .strings(mounts.map(\.text).sorted { $0.precedesByBytes($1) })
    }

    /// The volumes without a name, `volume:/path`: what a container that takes the place of this one has to be given again.
    private static func anonymousVolumes(_ view: JSONView) -> Value? {
        let mounts = (view.items.map { Array($0) } ?? []).compactMap { item -> Mount? in
            guard let target = item["Destination"].string, let name = item["Name"].string,
                item["Type"].holds("volume"), isAnonymous(name)
            else { return nil }
            return Mount(source: name, target: target, isReadOnly: item["RW"].bool == false)
        }
        return mounts.isEmpty ? nil : .strings(mounts.map(\.text).sorted { $0.precedesByBytes($1) })
    }

    private static func isAnonymous(_ name: String) -> Bool { name.utf8.count == 64 && Hex.decode(name) != nil }

    /// `0.5` for 500,000,000 billionths.
    private static func processors(_ billionths: Int64) -> Value {
        let thousandths = max(0, billionths) / 1_000_000
        guard thousandths % 1_000 != 0 else { return .int(thousandths / 1_000) }
        let rest = String(1_000 + thousandths % 1_000).dropFirst()
        return .number("\(thousandths / 1_000).\(rest)")
    }

    private static func restart(_ view: JSONView) -> String {
        let name = view["Name"].string ?? ""
        if name.isEmpty { return "no" }
        return name == "on-failure" ? "on-failure:\(view["MaximumRetryCount"].int ?? 0)" : name
    }

    private static func resource(
        _ kind: ResourceKind, _ name: String, id: String, _ items: [(String, Value?)], isOwned: Bool,
        created: Timestamp?
    ) -> ObservedResource {
        ObservedResource(
            key: ResourceKey(kind, name), providerID: id,
            attributes: Attributes(items.compactMap { item in item.1.map { Attributes.Item(item.0, $0) } }),
            isOwned: isOwned, createdAt: created)
    }
}
