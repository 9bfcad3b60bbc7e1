import Basics
import Formats

/// Reads the containers, networks and volumes of one environment, each an entry of its own.
struct ContainerReader {
    let file: String
    /// The slug of the environment, which each of them carries as a label.
    let environment: String
    /// The droplet that the engine is on, where it is one of the inventory.
    let machine: [ResourceKey]
    let report: Report

    private static let label = "odooops.environment"

    func drafts(_ runtime: EnvironmentRuntime) -> [Draft] {
        let set = DraftSet(report)
        for node in runtime.networks { readNetwork(node, set) }
        for node in runtime.volumes { readVolume(node, set) }
        let declared = Set(set.drafts.keys)
        for node in runtime.containers { readContainer(node, declared, set) }
        return set.drafts.values.sorted { $0.key < $1.key }
    }

    // MARK: Networks and volumes

    private func readNetwork(_ node: Node, _ set: DraftSet) {
        let (entry, name) = named(node, "network")
        var attributes: [WantedAttribute] = []
        if node.entries != nil {
            attributes += WantedAttribute.of("driver", entry.text("driver"))
            attributes += WantedAttribute.of("internal", entry.flag("internal"))
            let subnet = entry.text("subnet")
            if let subnet, !Address.isRange(subnet.value) {
                entry.fail(
                    .invalidAddress, "\(entry.subject) has the subnet \(quoted(subnet.value))", at: subnet.mark,
                    hint: "Write a range such as `172.28.0.0/24`.")
            }
            attributes += WantedAttribute.of("subnet", subnet)
        }
        add(.containerNetwork, name, attributes, entry, node, [], set)
    }

    private func readVolume(_ node: Node, _ set: DraftSet) {
        let (entry, name) = named(node, "volume")
        var attributes: [WantedAttribute] = []
        if node.entries != nil {
            attributes += WantedAttribute.of("driver", entry.text("driver"))
            if let options = pairs("driver_opts", entry) {
                attributes.append(WantedAttribute("driver_opts", .literal(options), at: entry.mark(of: "driver_opts")))
            }
        }
        add(.containerVolume, name, attributes, entry, node, [], set)
    }

    /// A name alone, or a mapping with one.
    private func named(_ node: Node, _ what: String) -> (Fields, Text?) {
        let place = "a \(what) of the environment \(quoted(environment))"
        guard node.entries == nil else {
            let entry = Fields(node, place, in: file, report)
            return (entry, entry.text("name", required: true))
        }
        let entry = Fields(Node(.map([]), line: node.line, column: node.column), place, in: file, report)
        return (entry, entry.text(node, place))
    }

    // MARK: Containers

    private func readContainer(_ node: Node, _ declared: Set<ResourceKey>, _ set: DraftSet) {
        let entry = Fields(node, "a container of the environment \(quoted(environment))", in: file, report)
        let name = entry.text("name", required: true)
        if let name { entry.describe(as: "the container \(quoted(name.value))") }
        var attributes = WantedAttribute.of("image", entry.text("image", required: true))
        for key in ["working_dir", "hostname"] { attributes += WantedAttribute.of(key, entry.text(key)) }
        attributes += WantedAttribute.of("user", entry.text("user", orNumber: true))
        for key in ["command", "entrypoint"] { attributes += command(key, entry) }
        if let variables = pairs("env", entry) {
            attributes.append(WantedAttribute("env", .literal(variables), at: entry.mark(of: "env")))
        }
        let ports = entry.texts("ports", orNumber: true)
        for port in ports ?? [] where !ContainerText.isPort(port.value) {
            entry.fail(
                .outOfRange, "\(entry.subject) publishes the port \(quoted(port.value))", at: port.mark,
                hint: "Write `8069`, `8069:8069` or `127.0.0.1:8069:8069/tcp`.")
        }
        let mounts = entry.texts("mounts")
        for mount in mounts ?? [] where !ContainerText.isMount(mount.value) {
            entry.fail(
                .unknownWord, "\(entry.subject) has the mount \(quoted(mount.value))", at: mount.mark,
                hint: "Write `VOLUME:/PATH`, or `/PATH/OF/THE/HOST:/PATH:ro`.")
        }
        let networks = entry.texts("networks")
        for (key, texts) in [("ports", ports), ("mounts", mounts), ("networks", networks)] {
            guard let texts else { continue }
            attributes.append(
                WantedAttribute(key, .literal(.strings(texts.map(\.value))), at: entry.mark(of: key)))
        }
        attributes += WantedAttribute.of("restart", restart(entry))
        attributes += WantedAttribute.of("memory_mb", entry.integer("memory_mb", in: 6...16_777_216))
        attributes += WantedAttribute.of("cpus", processors(entry))
        if let running = entry.flag("running") {
            attributes += WantedAttribute.of("running", running)
        } else {
            // Whether one that has ended should run again is its restart policy's to say; that it was started is ours.
            attributes.append(WantedAttribute("started", .literal(.bool(true))))
        }
        var needs = (networks ?? []).map { ResourceKey(.containerNetwork, $0.value) }
        needs += (mounts ?? []).map { ResourceKey(.containerVolume, String($0.value.prefix { $0 != ":" })) }
        add(.container, name, attributes, entry, node, needs.filter(declared.contains), set)
    }

    /// One text is run by a shell; a list is a program with its arguments.
    private func command(_ key: String, _ entry: Fields) -> [WantedAttribute] {
        guard let node = entry.entry(key)?.value else { return [] }
        guard node.items != nil else { return WantedAttribute.of(key, entry.text(key)) }
        let words = entry.texts(key, orNumber: true)
        return words.map {
            [WantedAttribute(key, .literal(.strings($0.map(\.value))), at: node.mark(in: file))]
        } ?? []
    }

    private func restart(_ entry: Fields) -> Text? {
        guard let text = entry.text("restart") else { return nil }
        let parts = text.value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let known = ["no", "always", "unless-stopped", "on-failure"]
        let isKnown = known.contains(String(parts[0]))
        if isKnown, parts.count == 1 || parts[0] == "on-failure" && UInt16(parts[1]) != nil { return text }
        entry.fail(
            .unknownWord, "\(entry.subject) has the restart policy \(quoted(text.value))", at: text.mark,
            hint: didYouMean(text.value, among: known, else: "Write \(alternatives(known)), or `on-failure:5`."))
        return nil
    }

    private func processors(_ entry: Fields) -> Text? {
        guard let text = entry.text("cpus", orNumber: true) else { return nil }
        if let count = Double(text.value), count > 0, count <= 10_000, ContainerText.isDecimal(text.value) {
            return text
        }
        entry.fail(
            .outOfRange, "\(entry.subject) has \(quoted(text.value)) processors", at: text.mark,
            hint: "Write a number with at most three decimals: `1.5`.")
        return nil
    }

    // MARK: For all of them

    /// A mapping of texts, numbers and truth values, or a list of `NAME=value`; nil where nothing is written.
    private func pairs(_ key: String, _ entry: Fields) -> Value? {
        guard let node = entry.entry(key)?.value else { return nil }
        var object = Value.Object()
        func put(_ name: String, _ value: String, _ mark: SourceMark) {
            if name.isEmpty || name.contains("=") || object[name] != nil {
                entry.fail(
                    .duplicateName, "`\(key)` of \(entry.subject) has the name \(quoted(name)) twice, or it is none",
                    at: mark, hint: "Write each name once, without `=`.")
            }
            if key == "env", !value.isEmpty, !value.hasPrefix("/"), Redaction.looksSecret(name: name) {
                // The value is in no message: it may be the secret itself.
                entry.fail(
                    .pastedSecret, "`env` of \(entry.subject) gives \(name) a value, which belongs into no document",
                    at: mark,
                    hint: "Mount a file that holds it and name the file, such as `\(name)_FILE: /run/secrets/x`.")
            }
            object[name] = .string(value)
        }
        if let items = node.items {
            for item in items {
                guard let text = entry.text(item, "an item of `\(key)` of \(entry.subject)", key: key) else { continue }
                let name = String(text.value.prefix { $0 != "=" })
                guard name.utf8.count < text.value.utf8.count else {
                    // Docker would take the value from its own environment.
                    entry.fail(
                        .wrongType, "an item of `\(key)` of \(entry.subject) has no value", at: text.mark,
                        hint: "Write `NAME=value`.")
                    continue
                }
                put(name, String(text.value.dropFirst(name.count + 1)), text.mark)
            }
            return .object(object)
        }
        guard let inner = entry.fields(key) else { return nil }
        for section in inner.allEntries() {
            let mark = section.value.mark(in: file)
            guard let scalar = section.value.scalar, !scalar.value.isNull else {
                entry.fail(
                    .wrongType, "`\(section.key)` in `\(key)` of \(entry.subject) is \(section.value.shapeName)",
                    at: mark,
                    hint: "Write a text; an empty one as `\"\"`.")
                continue
            }
            put(section.key, scalar.text, mark)
        }
        entry.absorb(inner)
        return .object(object)
    }

    /// Keeps what is sound, with the label of its environment.
    private func add(
        _ kind: ResourceKind, _ name: Text?, _ attributes: [WantedAttribute], _ entry: Fields, _ node: Node,
        _ needs: [ResourceKey], _ set: DraftSet
    ) {
        var labels = Value.Object()
        if node.entries != nil {
            labels = pairs("labels", entry)?.objectValue ?? [:]
            for member in labels.members where member.name.hasPrefix("odooops.") {
                entry.fail(
                    .invalidName, "\(entry.subject) has the label \(quoted(member.name)), which is ours",
                    at: entry.mark(of: "labels"), hint: "Begin it with another name than `odooops.`.")
            }
            entry.allow("description", "notes")
            entry.finish()
        }
        labels[Self.label] = .string(environment)
        if let name, !ContainerText.isName(name.value) {
            entry.fail(
                .invalidName, "\(entry.subject) has the name \(quoted(name.value))", at: name.mark,
                hint: "Use letters, digits, `_`, `.` and `-`, at least two, with a letter or digit first.")
        }
        // Under a name that can't be used it may be meant for any of its kind.
        let key = name.flatMap { ContainerText.isName($0.value) ? ResourceKey(kind, $0.value) : nil }
        guard set.isSound(entry, key, kind), let key, let name else { return }
        let label = WantedAttribute(
            "labels", .literal(.object(labels)), at: node.entries == nil ? name.mark : entry.mark(of: "labels"))
        set.add(
            Draft(
                key, environment: environment, attributes + [label], source: node.mark(in: file),
                dependsOn: needs + machine))
    }
}

/// The forms of what is written of containers.
enum ContainerText {
    /// A name of a container, a network or a volume, as the engine takes it.
    static func isName(_ text: String) -> Bool {
        func isLetterOrDigit(_ byte: UInt8) -> Bool { (97...122).contains(byte | 32) || (48...57).contains(byte) }
        guard let first = text.utf8.first, isLetterOrDigit(first), (2...128).contains(text.utf8.count) else {
            return false
        }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 95 || $0 == 45 || $0 == 46 }
    }

    /// `8069`, `8069:8069`, `127.0.0.1:8069:8069/tcp`.
    static func isPort(_ text: String) -> Bool {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        let parts = sides[0].split(separator: ":", omittingEmptySubsequences: false)
        guard sides.count == 1 || sides.count == 2 && ["tcp", "udp", "sctp"].contains(sides[1]),
            parts.count < 3 || parts.count == 3 && Address.isIPv4(String(parts[0]))
        else { return false }
        return parts.suffix(2).allSatisfy { UInt16($0).map { $0 > 0 } ?? false }
    }

    /// `data:/var/lib/odoo`, `/srv/conf:/etc/odoo:ro`; a path of the host without `..`.
    static func isMount(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        guard (2...3).contains(parts.count), parts[1].hasPrefix("/"),
            parts.count == 2 || ["ro", "rw"].contains(parts[2])
        else { return false }
        if parts[0].hasPrefix("/") { return !parts[0].split(separator: "/").contains("..") }
        return isName(parts[0])
    }

    /// Digits with at most three behind a point.
    static func isDecimal(_ text: String) -> Bool {
        let sides = text.split(separator: ".", omittingEmptySubsequences: false)
        return (1...2).contains(sides.count) && (sides.count == 1 || (1...3).contains(sides[1].utf8.count))
            && sides.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
    }
}
