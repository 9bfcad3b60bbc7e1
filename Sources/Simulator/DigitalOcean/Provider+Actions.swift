import Basics
import Formats

extension Provider {
    mutating func actions(_ call: Call) throws(Refusal) -> Answer {
        guard call.method == "GET", call.path.count <= 2 else { throw .notFound }
        if call.path.count == 1 {
            world.look(.actions, at: now)
            // The newest come first.
            return call.list("actions", world.actions.reversed())
        }
        guard let id = Int(call.path[1]) else { throw .notFound }
        world.look(.action(id), at: now)
        guard let index = world.actionIndex(id) else { throw .notFound }
        return .one("action", world.actions[index])
    }

    /// Records an action in progress and what it will do.
    mutating func beginAction(_ effect: Value.Object, on droplet: Droplet, fails: Bool) -> Value.Object {
        let id = world.nextActionID
        world.nextActionID += 1 + Int(world.draw() % 5)
        let region = droplet.fields.region
        let action: Value.Object = [
            "id": .int(Int64(id)), "status": "in-progress", "type": effect["type"] ?? .null, "started_at": nowText,
            "completed_at": .null, "resource_id": .int(Int64(droplet.id)), "resource_type": "droplet",
            "region": Catalogue.shared.region(region)?.value ?? .null, "region_slug": .string(region),
        ]
        world.actions.append(action)
        world.effects[id] = effect
        world.begin(.action(id, droplet: droplet.id), at: now, lifecycle: lifecycle, fails: fails)
        return action
    }

    /// `POST /v2/droplets/actions?tag_name=`.
    mutating func startActions(_ call: Call) throws(Refusal) -> Answer {
        guard let tag = call.parameter("tag_name"), !tag.isEmpty else { throw .unprocessable("tag_name is required") }
        let allowed = [
            "power_cycle", "power_on", "power_off", "shutdown", "enable_ipv6", "enable_backups", "disable_backups",
            "snapshot",
        ]
        guard allowed.contains(call.text("type") ?? "") else {
            throw .unprocessable("The action is not supported for tagged Droplets.")
        }
        var actions: [Value] = []
        for index in world.droplets.indices where world.droplets[index].fields.tags.contains(tag) {
            actions.append(.object(try startAction(call, on: index)))
        }
        return .made(201, "actions", .list(actions))
    }

    /// Checks an action, locks the droplet and begins.
    mutating func startAction(_ call: Call, on index: Int) throws(Refusal) -> Value.Object {
        let droplet = world.droplets[index]
        let fields = droplet.fields
        guard let type = call.text("type") else { throw .unprocessable("Type can't be blank") }
        var effect: Value.Object = ["type": .string(type)]
        switch type {
        case "snapshot":
            effect["name"] = .string(call.text("name") ?? "\(fields.name)-\(now.seconds)")
        case "reboot", "power_cycle", "password_reset", "change_backup_policy", "restore", "change_kernel":
            break
        case "power_on":
            guard fields.status != "active" else { throw .unprocessable("Droplet is already powered on.") }
        case "power_off", "shutdown":
            guard fields.status != "off" else { throw .unprocessable("Droplet is already powered off.") }
        case "enable_backups":
            guard !fields.hasBackups else { throw .unprocessable("Backups are already enabled for this Droplet.") }
        case "disable_backups":
            guard fields.hasBackups else { throw .unprocessable("Backups are not enabled for this Droplet.") }
        case "enable_ipv6":
            guard !fields.hasIPv6 else { throw .unprocessable("IPv6 is already enabled for this Droplet.") }
        case "rename":
            guard let name = call.text("name"), Self.isHostname(name) else {
                throw .unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
            }
            effect["name"] = .string(name)
        case "rebuild":
            guard let image = Catalogue.shared.image(call.body["image"]) else {
                throw .unprocessable("You specified an invalid image.")
            }
            effect["image"] = .int(Int64(image.id))
        case "resize":
            try checkResize(call, fields)
            effect["size"] = call.body["size"]
            effect["disk"] = .bool(call.body["disk"]?.boolValue ?? false)
        default: throw .unprocessable("The action type is not valid.")
        }
        guard !fields.isLocked else { throw .unprocessable("Droplet already has a pending event.") }
        world.droplets[index] = droplet.with { $0.isLocked = true }
        return beginAction(effect, on: droplet, fails: call.actionFails)
    }

    private func checkResize(_ call: Call, _ fields: Droplet.Fields) throws(Refusal) {
        guard let size = Catalogue.shared.size(call.text("size") ?? "") else {
            throw .unprocessable("You specified an invalid size.")
        }
        guard size.regions.contains(fields.region) else {
            throw .unprocessable("Size is not available in this region.")
        }
        guard size.slug != fields.size else { throw .unprocessable("Droplet already has this size.") }
        guard size.disk >= fields.disk else {
            throw .unprocessable(
                call.body["disk"]?.boolValue == true
                    ? "Size can not decrease size of Droplet's disk image"
                    : "This size is not available because it has a smaller disk.")
        }
        guard fields.status == "off" || fields.isLocked else {
            throw .unprocessable("Droplet is currently on. Please power it off to run this event.")
        }
    }
}
