import Formats

extension PlaneAccount {
    /// Projects with what is in them; work items that no system outside knows are not seen.
    mutating func load(_ seen: Observation) {
        for item in seen["project"] {
            var wanted: Value.Object = ["identifier": .string(item.name)]
            wanted["name"] = item.attributes["name"] ?? .string(item.name)
            add(project: wanted, to: item.text("workspace_slug"), states: [])
            let place = projects.count - 1
            projects[place].object["id"] = .string(item.id)
            for (kind, member) in [("state", "states"), ("label", "labels"), ("module", "modules")] {
                for child in seen.items(kind, in: item.name) { load(child, to: place, member, project: item.name) }
            }
            if projects[place].lists["states"]?.isEmpty == false {
                projects[place].lists["states"]?[0]["default"] = true
            }
            for child in seen.items("work_item", in: item.name) { loadWorkItem(child, to: place) }
        }
        changes += 1
    }

    private mutating func load(_ item: Observation.Item, to place: Int, _ member: String, project: String) {
        var wanted: Value.Object = [
            "name": item.attributes["name"] ?? .string(String(item.name.dropFirst(project.utf8.count + 1)))
        ]
        for name in ["color", "group"] { wanted[name] = item.attributes[name] }
        if let source = item.attributes["external_source"] {
            wanted["external_source"] = source
            // Ours carry their key; the id of another system's is not seen.
            wanted["external_id"] = .string(item.isOwned ? item.name : item.id)
        }
        keep(add(wanted, to: place, member), as: item.id, to: place, member)
    }

    private mutating func loadWorkItem(_ item: Observation.Item, to place: Int) {
        let parts = item.name.split(separator: "/", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { return }
        func ids(_ member: String, _ names: [String]) -> [Value] {
            names.compactMap { name in
                projects[place].lists[member]?.first { $0["name"]?.stringValue == name }?["id"]
            }
        }
        var wanted: Value.Object = ["external_source": .string(parts[1]), "external_id": .string(parts[2])]
        for name in ["name", "priority", "description_html", "sequence_id"] { wanted[name] = item.attributes[name] }
        wanted["state"] = ids("states", [item.text("state")]).first
        wanted["labels"] = .list(ids("labels", item.attributes["labels"]?.strings ?? []))
        keep(add(wanted, to: place, "work-items"), as: item.id, to: place, "work-items")
    }

    /// Gives the object that was added last the id that it has at the provider.
    private mutating func keep(_ object: Value.Object, as id: String, to place: Int, _ member: String) {
        var object = object
        object["id"] = .string(id)
        let last = (projects[place].lists[member]?.count ?? 1) - 1
        projects[place].lists[member]?[last] = object
    }
}
