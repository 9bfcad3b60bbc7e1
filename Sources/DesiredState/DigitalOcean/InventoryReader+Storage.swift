import Basics
import Formats

/// Networks, volumes, snapshots and projects.
extension InventoryReader {
    func readNetwork(_ node: Node) {
        let entry = Fields(node, "a network", in: file, report)
        let name = name(entry, "network")
        let region = entry.text("region", required: true)
        let range = entry.text("ip_range")
        let description = entry.text("description")
        if let range, !Address.isRange(range.value) {
            entry.fail(
                .invalidAddress, "\(entry.subject) has the range \(quoted(range.value))", at: range.mark,
                hint: "Write a range such as `10.20.0.0/20`.")
        }
        entry.allow("notes")
        entry.finish()
        let key = name.map { ResourceKey(.vpc, $0) }
        guard isSound(entry, key, .vpc), let key else {
            if name == nil || entry.hasDuplicates {
                reading.networks.incomplete = reading.networks.incomplete ?? entry.fault
            }
            return
        }
        let attributes = literal("region", region) + literal("ip_range", range) + literal("description", description)
        add(Draft(key, attributes, source: node.mark(in: file)))
    }

    func readVolume(_ node: Node) {
        let entry = Fields(node, "a volume", in: file, report)
        let name = name(entry, "volume", allowing: "-")
        let region = entry.text("region", required: true)
        let size = entry.integer("size_gb", required: true, in: 1...16_384)
        let droplet = entry.text("droplet")
        let filesystem = entry.word("filesystem_type", of: ["ext4", "xfs"])
        let tags = tags(entry)
        let description = entry.text("description")
        let needs = droplets(droplet.map { [$0] } ?? [], entry)
        entry.allow("notes")
        entry.finish()
        let key = name.map { ResourceKey(.volume, $0) }
        guard isSound(entry, key, .volume), let key else {
            if name == nil || entry.hasDuplicates, let cause = entry.fault { report.unknown(.kind(.tag), cause) }
            return
        }
        reading.uses[key] = droplet.map { [$0.value] } ?? []
        var attributes = literal("region", region) + literal("size_gb", size) + literal("droplet", droplet)
        attributes += literal("filesystem_type", filesystem) + literal("description", description)
        attributes += literal("tags", tags, at: entry.mark(of: "tags"))
        add(
            Draft(
                key, attributes, source: node.mark(in: file),
                dependsOn: needs + (tags ?? []).map { ResourceKey(.tag, $0.value) }))
    }

    func readSnapshot(_ node: Node) {
        let entry = Fields(node, "a snapshot", in: file, report)
        let name = name(entry, "snapshot", allowing: "-._")
        let volume = entry.text("volume")
        let droplet = entry.text("droplet")
        if (volume == nil) == (droplet == nil), entry.fault == nil {
            entry.fail(
                .missingKey, "\(entry.subject) has to name either a `volume` or a `droplet`", at: entry.mark,
                hint: "Write `volume: NAME` or `droplet: NAME`.")
        }
        var needs = droplets(droplet.map { [$0] } ?? [], entry)
        if let volume { needs.append(ResourceKey(.volume, volume.value)) }
        entry.allow("description", "notes")
        entry.finish()
        let key = name.map { ResourceKey(.snapshot, $0) }
        guard isSound(entry, key, .snapshot), let key else { return }
        let attributes = literal("volume", volume) + literal("droplet", droplet)
        add(Draft(key, attributes, source: node.mark(in: file), dependsOn: needs))
    }

    func readProject(_ node: Node) {
        let entry = Fields(node, "a project", in: file, report)
        let name = name(entry, "project", allowing: "-._ ")
        let purpose = entry.text("purpose")
        let description = entry.text("description")
        let environment = entry.word("environment", of: ["development", "staging", "production"])
        let resources = entry.texts("resources")
        let kinds = ResourceKind.byProjectWord
        var needs: [ResourceKey] = []
        for resource in resources ?? [] {
            let parts = resource.value.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let kind = kinds[parts[0]] else {
                entry.fail(
                    .unknownWord, "\(entry.subject) is to hold \(quoted(resource.value))", at: resource.mark,
                    hint: didYouMean(
                        parts.first ?? "", among: kinds.keys.sorted(),
                        else: "Write a kind and a name, such as `droplet:web`: \(alternatives(kinds.keys.sorted()))."))
                continue
            }
            needs.append(ResourceKey(kind, parts[1]))
        }
        entry.allow("notes")
        entry.finish()
        let key = name.map { ResourceKey(.project, $0) }
        guard isSound(entry, key, .project), let key else { return }
        var attributes = literal("purpose", purpose) + literal("description", description)
        attributes += literal("environment", environment)
        attributes += literal("resources", resources, at: entry.mark(of: "resources"))
        add(Draft(key, attributes, source: node.mark(in: file), dependsOn: needs))
    }
}

extension ResourceKind {
    /// The kinds of what a project of DigitalOcean holds, by the words of its document.
    public static let byProjectWord: [String: ResourceKind] = [
        "database_cluster": .databaseCluster, "domain": .domain, "droplet": .droplet, "spaces_bucket": .spacesBucket,
        "volume": .volume,
    ]
}
