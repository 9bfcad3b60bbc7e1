import Basics
import Formats

extension World {
    /// Who looks: a read of one thing, or of a whole list.
    enum Look {
        case droplet(Int), action(Int), cluster(String), firewall(String)
        case droplets, actions, clusters, firewalls
    }

    /// Begins something that takes a while.
    mutating func begin(_ work: Pending.Work, at now: Timestamp, lifecycle: Lifecycle, fails: Bool = false) {
        pending.append(Pending(work: work, due: now + lifecycle.duration, looks: lifecycle.looks, fails: fails))
    }

    /// Finishes what is due; in the order in which it was begun.
    mutating func settle(at now: Timestamp) {
        guard pending.contains(where: { $0.due <= now }) else { return }
        let due = pending.filter { $0.due <= now }
        pending.removeAll { $0.due <= now }
        for item in due { finish(item, at: now) }
    }

    /// Counts a look at what isn't done yet, and finishes what has been looked at often enough.
    mutating func look(_ look: Look, at now: Timestamp) {
        guard !pending.isEmpty else { return }
        var done: [Pending] = []
        var rest: [Pending] = []
        for var item in pending {
            if Self.concerns(look, item.work) {
                if item.looks <= 0 {
                    done.append(item)
                    continue
                }
                item.looks -= 1
            }
            rest.append(item)
        }
        pending = rest
        for item in done { finish(item, at: now) }
    }

    /// Finishes everything, whatever the clock says.
    mutating func settleAll(at now: Timestamp) {
        let all = pending
        pending = []
        for item in all { finish(item, at: now) }
    }

    private static func concerns(_ look: Look, _ work: Pending.Work) -> Bool {
        switch (look, work) {
        case (.droplet(let id), .action(_, let droplet)), (.droplet(let id), .removal(let droplet)): id == droplet
        case (.action(let id), .action(let action, _)), (.action(let id), .volume(let action, _)): id == action
        case (.cluster(let id), .cluster(let cluster)): id == cluster
        case (.firewall(let id), .firewall(let firewall)): id == firewall
        case (.droplets, .action), (.droplets, .removal), (.actions, .action), (.actions, .volume),
            (.clusters, .cluster),
            (.firewalls, .firewall):
            true
        default: false
        }
    }

    private mutating func finish(_ item: Pending, at now: Timestamp) {
        switch item.work {
        case .action(let id, let droplet): finishAction(id, droplet: droplet, fails: item.fails, at: now)
        case .volume(let id, let volume): finishVolumeAction(id, volume: volume, fails: item.fails, at: now)
        case .removal(let id):
            for index in volumes.indices where volumes[index]["droplet_ids"]?.integers == [id] {
                volumes[index]["droplet_ids"] = []
            }
            if let index = dropletIndex(id) { droplets.remove(at: index) }
            for index in firewalls.indices {
                let ids = firewalls[index]["droplet_ids"]?.integers ?? []
                guard ids.contains(id) else { continue }
                firewalls[index]["droplet_ids"] = .list(ids.filter { $0 != id }.map { .int(Int64($0)) })
            }
        case .cluster(let id):
            if let index = clusterIndex(id) { clusters[index].object["status"] = "online" }
        case .firewall(let id):
            if let index = firewallIndex(id) {
                firewalls[index]["status"] = item.fails ? "failed" : "succeeded"
                if !item.fails { firewalls[index]["pending_changes"] = [] }
            }
        }
    }

    /// Marks an action as over.
    ///
    /// - Returns: what it was to bring about.
    mutating func endAction(_ id: Int, fails: Bool, at now: Timestamp) -> Value.Object? {
        if let index = actionIndex(id) {
            actions[index]["status"] = fails ? "errored" : "completed"
            actions[index]["completed_at"] = .string("\(Timestamp(seconds: now.seconds))")
        }
        return effects.removeValue(forKey: id)
    }

    private mutating func finishAction(_ id: Int, droplet: Int, fails: Bool, at now: Timestamp) {
        let effect = endAction(id, fails: fails, at: now)
        guard let index = dropletIndex(droplet) else { return }
        if fails {
            // A droplet whose creation failed is not kept.
            if droplets[index].fields.status == "new" {
                droplets.remove(at: index)
            } else {
                droplets[index] = droplets[index].with { $0.isLocked = false }
            }
            return
        }
        if effect?["type"] == "snapshot" {
            let fields = droplets[index].fields
            snapshots.append(
                Self.snapshot(
                    effect?["name"]?.stringValue ?? fields.name, resource: "\(fields.id)", type: "droplet",
                    region: .string(fields.region), gigabytes: Int64(fields.disk), tags: [],
                    id: "\(id % 1_000_000_000)",
                    at: now))
        }
        droplets[index] = droplets[index].with { fields in
            fields.isLocked = false
            switch effect?["type"]?.stringValue {
            case "create", "power_on", "reboot", "power_cycle": fields.status = "active"
            case "power_off", "shutdown": fields.status = "off"
            case "enable_backups": fields.hasBackups = true
            case "disable_backups": fields.hasBackups = false
            case "enable_ipv6": fields.hasIPv6 = true
            case "rename": fields.name = effect?["name"]?.stringValue ?? fields.name
            case "rebuild":
                fields.seen?["image"] = nil
                fields.image = Int(clamping: effect?["image"]?.intValue ?? Int64(fields.image))
            case "resize":
                guard let size = Catalogue.shared.size(effect?["size"]?.stringValue ?? "") else { return }
                fields.size = size.slug
                for name in ["memory_mb", "vcpus"] { fields.seen?[name] = nil }
                if effect?["disk"]?.boolValue == true { fields.disk = size.disk }
            default: break
            }
        }
    }
}
