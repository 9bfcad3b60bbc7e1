import Basics
import Formats
import Web

extension PlaneAccount {
    // MARK: Projects

    mutating func answerProjects(_ request: SimulatedRequest, _ workspace: String) -> WebResponse {
        switch request.method {
        case "GET": return page(projects.filter { $0.workspace == workspace }.map(\.object), request)
        case "POST":
            guard let body = request.json?.objectValue else { return Self.refused(400, "Please provide valid detail") }
            for name in ["name", "identifier"] where body[name]?.stringValue?.isEmpty != false {
                return required(name)
            }
            for name in ["name", "identifier"] {
                let taken = projects.contains { $0.workspace == workspace && $0.object[name] == body[name] }
                if taken {
                    return .document(409, .members([name: .string("The project \(name) is already taken")]))
                }
            }
            let project = add(project: body, to: workspace)
            changes += 1
            return .document(201, .object(project.object))
        default: return notAllowed(request)
        }
    }

    mutating func answerProject(_ request: SimulatedRequest, at place: Int) -> WebResponse {
        switch request.method {
        case "GET": return .document(200, .object(projects[place].object))
        case "PATCH":
            let body = request.json?.objectValue ?? Value.Object()
            let workspace = projects[place].workspace
            for name in ["name", "identifier"] where body[name] != nil {
                let taken = projects.indices.contains {
                    $0 != place && projects[$0].workspace == workspace && projects[$0].object[name] == body[name]
                }
                if taken { return .document(409, .members([name: .string("The project \(name) is already taken")])) }
            }
            merge(body, into: &projects[place].object)
            changes += 1
            return .document(200, .object(projects[place].object))
        case "DELETE":
            projects.remove(at: place)
            changes += 1
            return WebResponse(status: 204)
        default: return notAllowed(request)
        }
    }

    @discardableResult
    mutating func add(project body: Value.Object, to workspace: String, states: [Value]? = nil) -> Project {
        var object = stamped()
        object["name"] = body["name"]
        object["identifier"] = body["identifier"].map { .string(($0.stringValue ?? "").uppercased()) }
        object["description"] = body["description"] ?? ""
        object["network"] = 2
        object["workspace"] = .string(workspaceID(workspace))
        object["external_source"] = body["external_source"] ?? .null
        object["external_id"] = body["external_id"] ?? .null
        projects.append(Project(workspace: workspace, object: object))
        let usual: [Value] = [
            ["name": "Backlog", "group": "backlog", "color": "#60646C", "default": true],
            ["name": "Todo", "group": "unstarted", "color": "#60646C"],
            ["name": "In Progress", "group": "started", "color": "#F59E0B"],
            ["name": "Done", "group": "completed", "color": "#46A758"],
            ["name": "Cancelled", "group": "cancelled", "color": "#9AA4BC"],
        ]
        for state in states ?? usual { add(state.objectValue ?? Value.Object(), to: projects.count - 1, "states") }
        return projects[projects.count - 1]
    }

    // MARK: What a project holds

    mutating func answerList(_ request: SimulatedRequest, at place: Int, _ member: String) -> WebResponse {
        let items = projects[place].lists[member] ?? []
        switch request.method {
        case "GET":
            let view = PlaneView(request, projects[place], seed: seedNumber)
            guard member == "work-items" else { return page(items, request) { view.chosen($0) } }
            guard let id = request.parameter("external_id"), let source = request.parameter("external_source") else {
                guard let ordered = view.ordered(items) else { return refusal(.serverError, request) }
                return page(ordered, request) { view.shown($0) }
            }
            let found = items.filter {
                $0["external_id"] == .string(id) && $0["external_source"] == .string(source)
            }
            if found.count > 1 { return refusal(.serverError, request) }
            return found.first.map { .document(200, .object(view.shown($0))) } ?? Self.missing
        case "POST":
            guard let body = request.json?.objectValue else { return Self.refused(400, "Please provide valid detail") }
            if body["name"]?.stringValue?.isEmpty != false { return required("name") }
            if member == "states", body["color"]?.stringValue?.isEmpty != false { return required("color") }
            if let refusal = conflict(body, with: items, member) { return refusal }
            let made = add(body, to: place, member)
            changes += 1
            // The one create that answers 200.
            return .document(member == "states" ? 200 : 201, .object(made))
        default: return notAllowed(request)
        }
    }

    mutating func answerItem(
        _ request: SimulatedRequest, at place: Int, _ member: String, _ id: String
    ) -> WebResponse {
        let items = projects[place].lists[member] ?? []
        guard let index = items.firstIndex(where: { $0["id"] == .string(id) }) else { return Self.missing }
        switch request.method {
        case "GET":
            let view = PlaneView(request, projects[place], seed: seedNumber)
            return .document(
                200, .object(member == "work-items" ? view.shown(items[index]) : view.chosen(items[index])))
        case "PATCH":
            let body = request.json?.objectValue ?? Value.Object()
            let others = items.indices.filter { $0 != index }.map { items[$0] }
            if let refusal = conflict(body, with: others, member) { return refusal }
            var object = items[index]
            merge(body, into: &object)
            projects[place].lists[member]?[index] = object
            changes += 1
            return .document(200, .object(object))
        case "DELETE":
            if member == "states" {
                if items[index]["default"] == true { return Self.refused(400, "Default state cannot be deleted") }
                let isUsed = projects[place].lists["work-items"]?.contains { $0["state"] == .string(id) } ?? false
                if isUsed { return Self.refused(400, "The state is not empty, only empty states can be deleted") }
            }
            projects[place].lists[member]?.remove(at: index)
            changes += 1
            return WebResponse(status: 204)
        default: return notAllowed(request)
        }
    }

    @discardableResult
    mutating func add(_ body: Value.Object, to place: Int, _ member: String) -> Value.Object {
        var object = stamped()
        object["name"] = body["name"]
        for name in ["external_source", "external_id"] { object[name] = .null }
        object["project"] = .string(projects[place].id)
        object["workspace"] = .string(workspaceID(projects[place].workspace))
        let items = projects[place].lists[member] ?? []
        switch member {
        case "states":
            object["description"] = ""
            object["slug"] = .string((body["name"]?.stringValue ?? "").lowercased().replacing(" ", with: "-"))
            object["sequence"] = .int(Int64(15_000 * (items.count + 1)))
            object["group"] = "backlog"
            object["is_triage"] = false
            object["default"] = false
        case "labels":
            object["description"] = ""
            object["color"] = ""
            object["sort_order"] = 65_535
            object["parent"] = .null
        case "modules":
            object["description"] = ""
            object["status"] = "planned"
            object["lead"] = .null
            for name in ["start_date", "target_date", "archived_at"] { object[name] = .null }
            object["total_issues"] = 0
        default:
            object["description_html"] = "<p></p>"
            object["priority"] = "none"
            object["sequence_id"] = .int(Int64(items.count + 1))
            object["state"] = projects[place].lists["states"]?.first { $0["default"] == true }?["id"] ?? .null
            object["labels"] = []
            object["assignees"] = []
            object["is_draft"] = false
        }
        merge(body, into: &object, isNew: true)
        projects[place].lists[member, default: []].append(object)
        return object
    }

    /// Checked before anything is written, as Plane does it.
    private func conflict(_ body: Value.Object, with items: [Value.Object], _ member: String) -> WebResponse? {
        let noun = ["states": "State", "labels": "Label", "modules": "Module"][member] ?? "Issue"
        if let id = body["external_id"], let source = body["external_source"], !id.isNull, !source.isNull,
            let other = items.first(where: { $0["external_id"] == id && $0["external_source"] == source })
        {
            return Self.refused(
                409, "\(noun) with the same external id and external source already exists",
                id: other["id"]?.stringValue)
        }
        guard member != "work-items", let name = body["name"], let other = items.first(where: { $0["name"] == name })
        else { return nil }
        if member == "modules" { return Self.refused(400, "Module with this name already exists") }
        return Self.refused(
            409, "\(noun) with the same name already exists in the project", id: other["id"]?.stringValue)
    }

    // MARK: Objects

    private mutating func stamped() -> Value.Object {
        let user = Value.string(SimulatedID.uuid("plane user", seed: seedNumber, 0))
        let instant = Value.string(now.description)
        let id = nextID()
        return [
            "id": .string(id), "created_at": instant, "updated_at": instant, "deleted_at": .null,
            "created_by": user, "updated_by": user,
        ]
    }

    /// What a client may not write stays as it is.
    private func merge(_ body: Value.Object, into object: inout Value.Object, isNew: Bool = false) {
        let fixed: Set<String> = ["id", "created_at", "updated_at", "created_by", "updated_by", "project", "workspace"]
        for member in body.members where !fixed.contains(member.name) {
            if case .string(let text) = member.value, member.name == "name" {
                // Blanks at the ends are taken away.
                let head = text.drop { $0 == " " }
                object["name"] = .string(String(head.reversed().drop { $0 == " " }.reversed()))
            } else {
                object[member.name] = member.value
            }
        }
        if !isNew { object["updated_at"] = .string(now.description) }
    }

    private func required(_ name: String) -> WebResponse {
        .document(400, .members([name: ["This field is required."]]))
    }

    private func notAllowed(_ request: SimulatedRequest) -> WebResponse {
        .document(405, .members(["detail": .string("Method \"\(request.method)\" not allowed.")]))
    }

    // MARK: Setting up

    /// The workspace of all projects; that of nobody where there is no project, and none where there are several.
    var variables: [(name: String, value: String)] {
        let workspaces = Set(projects.map(\.workspace))
        return workspaces.count > 1 ? [] : [("PLANE_WORKSPACE", workspaces.first ?? "simulated")]
    }

    /// `{workspaces: {SLUG: {projects: [{identifier, name, states, labels, modules, work_items}]}}}`.
    mutating func seed(_ document: Value) throws(SimulatorFault) {
        try document.refuseOthers(than: ["workspaces"], in: "a Plane account")
        guard let workspaces = document["workspaces"]?.objectValue else {
            throw .badWorld("a Plane account is {\"workspaces\": {SLUG: {\"projects\": […]}}}")
        }
        for workspace in workspaces.members {
            try workspace.value.refuseOthers(than: ["projects"], in: "the Plane workspace \(workspace.name)")
            guard let items = workspace.value["projects"]?.listValue else {
                throw .badWorld("the Plane workspace \(workspace.name) needs a list of `projects`")
            }
            for item in items {
                guard let body = item.objectValue, body["identifier"]?.stringValue != nil,
                    body["name"]?.stringValue != nil
                else { throw .badWorld("a Plane project needs `identifier` and `name`") }
                add(project: body, to: workspace.name, states: item["states"]?.listValue)
                let place = projects.count - 1
                for (key, member) in [("labels", "labels"), ("modules", "modules"), ("work_items", "work-items")] {
                    for child in item[key]?.listValue ?? [] {
                        guard let object = child.objectValue, object["name"]?.stringValue != nil else {
                            throw .badWorld("an item of `\(key)` of a Plane project needs a `name`")
                        }
                        add(object, to: place, member)
                    }
                }
            }
        }
        changes += 1
    }
}
