public import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension PlaneDriver: IssueListing {
    /// The ids of the workspace's projects.
    public func issueProjects(_ context: DriverContext) async -> Result<[String]?, ProviderFault> {
        let call = ProviderCall("projects.list", "GET", "\(base(workspace ?? ""))/")
        guard workspace != nil else { return .failure(unconfigured(call)) }
        let list = await listProjects(context)
        guard let reason = list.completeness.gap else { return .success(list.items.map(\.providerID).sorted()) }
        return .failure(
            Self.names.fault(.brokenAnswer, call, "its projects can't be read: \(reason)", .retry(after: nil)))
    }

    /// Reads a project's work items, those first that were changed last, until one is older.
    ///
    /// Who is changed meanwhile moves to the front, so that items come twice and none is passed over. A state comes as
    /// an id, and the project's own list gives its name.
    public func issues(in project: String, since: Timestamp?, _ context: DriverContext) async -> IssueList {
        guard let workspace else {
            return IssueList(items: [], completeness: .unknown(reason: "no workspace is configured"))
        }
        let call = ProviderCall(
            "work_items.list", "GET", "\(base(workspace))/\(project.percentEncoded)/work-items/")
        var reading = Reading(since: since)
        var cursor: String?
        do throws(ProviderFault) {
            for _ in 0..<1_000 {
                var request = APIRequest(
                    "GET", call.path,
                    query: [
                        ("per_page", String(Self.pageSize)), ("order_by", "-updated_at"), ("expand", "assignees"),
                    ])
                if let cursor { request.query.append(("cursor", cursor)) }
                let answer = try await api.send(call, request, context)
                for item in try answer.list("results", { $0["id"].string?.isEmpty == false ? $0 : nil }) {
                    reading.take(item)
                }
                if let total = answer.root?["total_count"].int { reading.totals.insert(total) }
                guard !reading.isOver, answer.root?["next_page_results"].bool == true else { break }
                guard let next = answer.root?["next_cursor"].string, !next.isEmpty, next != cursor else {
                    throw answer.broken("it says that a page follows and not which")
                }
                cursor = next
            }
        } catch {
            let completeness: Completeness =
                reading.items.isEmpty ? .unknown(reason: error.sentence) : .partial(reason: error.sentence)
            return IssueList(items: reading.items, completeness: completeness)
        }
        if reading.hasBareStates, let gap = await nameStates(of: &reading, in: project, context) {
            // Which of them are done would be told wrongly.
            return IssueList(items: [], completeness: .unknown(reason: "its states can't be read: \(gap)"))
        }
        guard since == nil, reading.totals.count > 1 || !reading.totals.contains(Int64(reading.items.count)) else {
            return IssueList(items: reading.items, completeness: .complete)
        }
        return IssueList(items: reading.items, completeness: .partial(reason: "the list changed while it was read"))
    }

    private struct Reading {
        let since: Timestamp?
        var items: [Value] = []
        var seen: Set<String> = []
        var totals: Set<Int64> = []
        var last: Timestamp?
        /// As long as they really come in the order that was asked for.
        var isOrdered = true
        var isOver = false
        var hasBareStates = false

        mutating func take(_ item: JSONView) {
            guard let id = item["id"].string, seen.insert(id).inserted else { return }
            if let updated = item["updated_at"].string.flatMap({ Timestamp($0) }) {
                if let last, updated > last { isOrdered = false }
                last = updated
                if let since, updated < since {
                    isOver = isOrdered
                    return
                }
            }
            if item["state"].string != nil { hasBareStates = true }
            items.append(item.value)
        }
    }

    /// Puts the state's name beside its id.
    ///
    /// - Returns: why the states can't be told; nil where they were seen whole.
    private func nameStates(of reading: inout Reading, in project: String, _ context: DriverContext) async -> String? {
        let states = await list(.planeState, of: project, id: project, context)
        if let gap = states.completeness.gap { return gap }
        let names = Dictionary(
            states.items.map { ($0.providerID, $0.attributes["name"] ?? .null) },
            uniquingKeysWith: { first, _ in first })
        reading.items = reading.items.map { item in
            guard let id = item["state"]?.stringValue, let name = names[id], var object = item.objectValue else {
                return item
            }
            object["state"] = .object(["id": .string(id), "name": name])
            return .object(object)
        }
        return nil
    }
}
