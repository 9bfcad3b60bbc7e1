internal import Basics
internal import DesiredState
internal import Diff
internal import Formats

/// The body of a container's creation, from what is wanted of it.
struct ContainerBody {
    let value: Value
    /// Of what is wanted and can't be said.
    var problem: String?

    /// With the name of this installation in its marks, where it has one.
    ///
    /// It is given the volumes without a name of the container whose place it takes: else it would begin with empty ones at
    /// these paths, and what was written there would hang on volumes that nobody knows.
    init(_ wanted: Attributes, inPlaceOf replaced: ObservedResource? = nil, installation: String? = nil) {
        var problem: String?
        func list(_ name: String, _ normalise: (Value) -> Value = { $0 }) -> [String]? {
            wanted[name].map { normalise($0) }.flatMap(\.listValue)?.map(Normal.text)
        }
        var body = Value.Object()
        var host = Value.Object()
        body["Image"] = .string(wanted["image"]?.stringValue ?? "")
        if let command = list("command", Normal.command) { body["Cmd"] = .strings(command) }
        if let entrypoint = list("entrypoint", Normal.command) { body["Entrypoint"] = .strings(entrypoint) }
        let variables = list("env", Normal.pairs) ?? []
        if !variables.isEmpty { body["Env"] = .strings(variables) }
        for (name, member) in [("user", "User"), ("working_dir", "WorkingDir"), ("hostname", "Hostname")] {
            if let text = wanted[name]?.stringValue { body[member] = .string(text) }
        }
        body["Labels"] = .object(Self.labels(wanted, list("labels", Normal.pairs) ?? [], variables, installation))

        var exposed = Value.Object()
        var bindings = Value.Object()
        for text in list("ports") ?? [] {
            guard let port = Port(text) else {
                problem = "\(text) is no port, such as 127.0.0.1:8069:8069/tcp"
                continue
            }
            let name = "\(port.container)/\(port.transport)"
            exposed[name] = .object(Value.Object())
            var binding = Value.Object()
            binding["HostIp"] = .string(port.address)
            binding["HostPort"] = .string(String(port.host))
            bindings[name] = .list((bindings[name]?.listValue ?? []) + [.object(binding)])
        }
        if !exposed.isEmpty {
            body["ExposedPorts"] = .object(exposed)
            host["PortBindings"] = .object(bindings)
        }

        var mounted: [Mount] = []
        for text in list("mounts") ?? [] {
            guard let mount = Mount(text) else {
                problem = "\(text) is no mount, such as data:/var/lib/odoo or /srv/conf:/etc/odoo:ro"
                continue
            }
            mounted.append(mount)
        }
        let kept = (replaced?.attributes["anonymous_volumes"]?.listValue ?? []).compactMap { Mount(Normal.text($0)) }
        mounted += kept.filter { old in !mounted.contains { $0.target == old.target } }
        var mounts: [Value] = []
        for mount in mounted {
            var item = Value.Object()
            item["Type"] = .string(mount.isBind ? "bind" : "volume")
            item["Source"] = .string(mount.source)
            item["Target"] = .string(mount.target)
            item["ReadOnly"] = .bool(mount.isReadOnly)
            mounts.append(.object(item))
        }
        if !mounts.isEmpty { host["Mounts"] = .list(mounts) }
        if let first = list("networks")?.first { host["NetworkMode"] = .string(first) }
        for member in Self.settings(wanted, &problem).members { host[member.name] = member.value }
        body["HostConfig"] = .object(host)
        value = .object(body)
        self.problem = problem
    }

    /// What can also be changed later.
    static func settings(_ wanted: Attributes, _ problem: inout String?) -> Value.Object {
        var object = Value.Object()
        if let text = wanted["restart"].map(Normal.restart)?.stringValue {
            let parts = text.split(separator: ":").map(String.init)
            var policy = Value.Object()
            policy["Name"] = .string(parts.first ?? "no")
            if parts.first == "on-failure" { policy["MaximumRetryCount"] = .int(Int64(parts.last ?? "0") ?? 0) }
            object["RestartPolicy"] = .object(policy)
            if !["no", "always", "unless-stopped", "on-failure"].contains(parts.first ?? "") {
                problem = "\(text) is no restart policy"
            }
        }
        if let memory = wanted["memory_mb"]?.intValue {
            let (bytes, overflow) = memory.multipliedReportingOverflow(by: 1 << 20)
            if overflow || memory < 0 { problem = "\(memory) is no amount of memory" }
            object["Memory"] = .int(overflow ? 0 : bytes)
            // Swap comes on top otherwise, and an update is refused where it would be less than the memory.
            object["MemorySwap"] = .int(overflow ? 0 : bytes)
        }
        if let cpus = wanted["cpus"] {
            guard let thousandths = Normal.thousandths(Normal.text(cpus)) else {
                problem = "\(Normal.text(cpus)) is no number of processors"
                return object
            }
            object["NanoCpus"] = .int(thousandths * 1_000_000)
        }
        return object
    }

    /// The digest of all that is wanted, in one form.
    static func digest(_ wanted: Attributes) -> String {
        let items = wanted.items.map { item in
            Attributes.Item(item.name, DockerKinds.container.rule(item.name)?.normalise(item.value) ?? item.value)
        }
        return Attributes(items).value.digest.description
    }

    /// The wanted labels and our own.
    static func labels(
        _ wanted: Attributes, _ given: [String], _ variables: [String], _ installation: String?
    ) -> Value.Object {
        var labels = Value.Object()
        for text in given {
            let name = String(text.prefix { $0 != "=" })
            labels[name] = .string(String(text.dropFirst(name.count + 1)))
        }
        labels[DockerKinds.Label.managed] = "true"
        if let installation { labels[DockerKinds.Label.installation] = .string(installation) }
        labels[DockerKinds.Label.desired] = .string(digest(wanted))
        if !variables.isEmpty {
            let names = variables.map { String($0.prefix { $0 != "=" }) }.sorted { $0.precedesByBytes($1) }
            labels[DockerKinds.Label.variables] = .string(names.joined(separator: " "))
        }
        return labels
    }
}
