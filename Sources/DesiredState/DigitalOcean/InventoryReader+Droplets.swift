import Basics
import Formats

extension InventoryReader {
    func readDroplet(_ node: Node) {
        let entry = Fields(node, "a droplet", in: file, report)
        let name = name(entry, "droplet")
        let region = entry.text("region", required: true)
        let size = entry.text("size", required: true)
        let image = entry.text("image", required: true, orNumber: true)
        let tags = tags(entry)
        let network = network(entry)
        let monitoring = entry.flag("monitoring")
        let backups = entry.flag("backups")
        let ipv6 = entry.flag("ipv6")
        let sshKeys = entry.texts("ssh_keys", orNumber: true)
        let userData = userData(entry)
        entry.allow("description", "notes")
        entry.finish()
        let key = name.map { ResourceKey(.droplet, $0) }
        if let key { reading.tags[key] = (tags ?? []).map(\.value) }
        guard isSound(entry, key, .droplet), let key else {
            if let name { reading.droplets.broken[name] = entry.fault }
            if name == nil || entry.hasDuplicates {
                reading.droplets.incomplete = reading.droplets.incomplete ?? entry.fault
                if let cause = entry.fault { report.unknown(.kind(.tag), cause) }
            }
            return
        }
        var attributes = literal("region", region) + literal("size", size) + literal("image", image)
        attributes += literal("tags", tags, at: entry.mark(of: "tags")) + network
        attributes += literal("monitoring", monitoring) + literal("backups", backups) + literal("ipv6", ipv6)
        attributes += literal("ssh_keys", sshKeys, at: entry.mark(of: "ssh_keys")) + literal("user_data", userData)
        let networks = network.compactMap { wanted -> ResourceKey? in
            if case .reference(let key, _) = wanted.value { key } else { nil }
        }
        add(
            Draft(
                key, attributes, source: node.mark(in: file),
                dependsOn: networks + (tags ?? []).map { ResourceKey(.tag, $0.value) }))
    }

    /// The network that a droplet is in: one of the inventory by its name, or any by its id.
    private func network(_ entry: Fields) -> [WantedAttribute] {
        let name = entry.text("vpc")
        let id = entry.text("vpc_uuid")
        guard let name else { return literal("vpc_uuid", id) }
        if let id {
            entry.fail(
                .duplicateName, "\(entry.subject) has both `vpc` and `vpc_uuid`", at: id.mark,
                hint: "Keep one; `vpc` names a network of the inventory.",
                notes: [Diagnostic.Note("`vpc` is here", at: name.mark)])
        }
        if !reading.networks.declared.contains(name.value), reading.networks.incomplete == nil {
            entry.fail(
                .unknownReference,
                "\(entry.subject) is to be in the network \(quoted(name.value)), which is not in the inventory",
                at: name.mark,
                hint: didYouMean(
                    name.value, among: reading.networks.declared.sorted { $0.precedesByBytes($1) },
                    else: "Add it to `vpcs`, or write its id as `vpc_uuid`."))
        }
        return [WantedAttribute("vpc_uuid", .reference(ResourceKey(.vpc, name.value), attribute: "id"), at: name.mark)]
    }

    /// The text of the file that a droplet is born with.
    ///
    /// The path counts from the top of the repository, or from the folder of the inventory.
    private func userData(_ entry: Fields) -> Text? {
        guard let path = entry.text("user_data_file") else { return nil }
        let folder = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[...$0]) } ?? ""
        guard let found = library.file(at: path.value) ?? library.file(at: folder + path.value) else {
            entry.fail(
                .missingFile, "\(entry.subject) is to be born with the file \(quoted(path.value)), which is not there",
                at: path.mark, hint: "Put the file below a root of the SSOT and name it from the top of the repository."
            )
            return nil
        }
        guard case .bytes(let bytes) = found.content, let text = String(validating: bytes, as: UTF8.self) else {
            entry.fail(
                .unreadableFile, "the file \(quoted(path.value)) of \(entry.subject) can't be read as UTF-8",
                at: path.mark, hint: "Save it as UTF-8 text.")
            return nil
        }
        guard !PastedSecret.isMasked(in: text) else {
            entry.fail(
                .pastedSecret, "the file \(quoted(path.value)) of \(entry.subject) holds a secret in plain text",
                at: path.mark,
                hint: "Revoke it now, and let the droplet fetch the new one: whoever is on it can read that file.")
            return nil
        }
        return Text(value: text, mark: path.mark)
    }

    func readFirewall(_ node: Node) {
        let entry = Fields(node, "a firewall", in: file, report)
        let name = name(entry, "firewall")
        let inbound = rules("inbound_rules", peer: "sources", entry)
        let outbound = rules("outbound_rules", peer: "destinations", entry)
        let names = entry.texts("droplets")
        let droplets = droplets(names ?? [], entry)
        let tags = tags(entry)
        entry.allow("description", "notes")
        entry.finish()
        let key = name.map { ResourceKey(.firewall, $0) }
        guard isSound(entry, key, .firewall), let key else {
            if name == nil || entry.hasDuplicates, let cause = entry.fault { report.unknown(.kind(.tag), cause) }
            return
        }
        reading.uses[key] = (names ?? []).map(\.value)
        reading.firewallTags[key] = (tags ?? []).map(\.value)
        var attributes: [WantedAttribute] = []
        if let inbound {
            attributes.append(
                WantedAttribute("inbound_rules", .literal(.list(inbound)), at: entry.mark(of: "inbound_rules")))
        }
        if let outbound {
            attributes.append(
                WantedAttribute("outbound_rules", .literal(.list(outbound)), at: entry.mark(of: "outbound_rules")))
        }
        attributes += literal("droplets", names, at: entry.mark(of: "droplets"))
        attributes += literal("tags", tags, at: entry.mark(of: "tags"))
        add(
            Draft(
                key, attributes, source: node.mark(in: file),
                dependsOn: droplets + (tags ?? []).map { ResourceKey(.tag, $0.value) }))
    }

    /// Rules in the shape of the provider's API; `addresses` may stand in the rule itself.
    private func rules(_ key: String, peer: String, _ firewall: Fields) -> [Value]? {
        guard let nodes = firewall.nodes(key) else { return nil }
        return nodes.compactMap { node in
            let entry = Fields(node, "a rule of `\(key)` of \(firewall.subject)", in: file, report)
            let name = entry.word("protocol", of: ["tcp", "udp", "icmp"], required: true)
            let ports = entry.text("ports", required: name.map { $0.value != "icmp" } ?? false, orNumber: true)
            if let ports { check(ports, entry) }
            var peers = Value.Object()
            var addresses = entry.texts("addresses") ?? []
            if let inner = entry.fields(peer) {
                addresses += inner.texts("addresses") ?? []
                let tags = inner.texts("tags") ?? []
                for tag in tags { keep(tag: tag, inner) }
                let names = inner.texts("droplets") ?? []
                _ = droplets(names, inner)
                let others = ["kubernetes_ids", "load_balancer_uids"].map { ($0, inner.texts($0) ?? []) }
                for (kind, texts) in [("droplets", names), ("tags", tags)] + others where !texts.isEmpty {
                    peers[kind] = .strings(texts.map(\.value))
                }
                inner.finish()
                entry.absorb(inner)
            }
            for address in addresses where !Address.isRange(address.value) {
                entry.fail(
                    .invalidAddress, "\(entry.subject) has the address \(quoted(address.value))", at: address.mark,
                    hint: "Write an IPv4 or IPv6 address or range, such as `203.0.113.0/24` or `::/0`.")
            }
            if !addresses.isEmpty { peers["addresses"] = .strings(addresses.map(\.value)) }
            if peers.isEmpty, entry.fault == nil {
                entry.fail(
                    .missingKey, "\(entry.subject) says nothing of its \(peer)", at: entry.mark,
                    hint: "Add `addresses: [\"0.0.0.0/0\", \"::/0\"]` to mean everybody.")
            }
            entry.allow("description", "notes")
            entry.finish()
            firewall.absorb(entry)
            var rule: Value.Object = ["protocol": .string(name?.value ?? "tcp")]
            if let ports { rule["ports"] = .string(ports.value) }
            rule[peer] = .object(peers)
            return entry.fault == nil ? .object(rule) : nil
        }
    }

    private func check(_ ports: Text, _ entry: Fields) {
        if ["all", "0"].contains(ports.value) { return }
        let ends = ports.value.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        if (1...2).contains(ends.count), !ends.contains(where: { $0 == nil || $0 == 0 }),
            let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last
        {
            return
        }
        entry.fail(
            .outOfRange, "\(entry.subject) has the ports \(quoted(ports.value))", at: ports.mark,
            hint: "Write one port, a range such as `8000-8999`, or `all`.")
    }
}
