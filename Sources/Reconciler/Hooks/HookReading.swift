import Basics
import Formats
import Store

/// What a delivery means for us.
enum HookMeaning: Sendable, Hashable {
    /// Look again; nothing of what it says is taken for true.
    case hint
    case change(DeliveryEffect)
    case nothing(reason: String)
}

/// Reads what kept deliveries say, and does nothing.
struct HookReading: Sendable {
    let repositories: HookRepositories
    /// Whose pull requests have previews, which a commit may change.
    let previews: @Sendable () -> PreviewRepository

    /// - Throws: `HookFault` when it lacks what its event has.
    func read(_ delivery: DeliveryRecord) throws(HookFault) -> HookMeaning {
        switch HookProvider(rawValue: delivery.provider) {
        case .github: return try gitHub(delivery)
        case .vercel: return vercel(delivery)
        case .mailgun:
            let root = try root(of: delivery)
            guard let data = root["event-data"], let mail = MailReading.record(data) else {
                throw .incomplete("`event-data` with id, event and timestamp", of: delivery.event)
            }
            return .change(.mail(mail))
        case .slack: return slack(delivery)
        case .plane: return try plane(delivery)
        case nil: return .nothing(reason: "nobody knows the provider \(delivery.provider)")
        }
    }

    // MARK: GitHub

    private func gitHub(_ delivery: DeliveryRecord) throws(HookFault) -> HookMeaning {
        let parts = delivery.event.split(separator: ".", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "push", "create", "delete", "release", "pull_request":
            guard repositories.including(previews()).contains(delivery.scope) else {
                let name = delivery.scope ?? "it"
                return .nothing(
                    reason: "\(name) is neither the SSOT's nor the application's repository, nor that of `previews`")
            }
            return .hint
        case "issues":
            let root = try root(of: delivery)
            guard let issue = root["issue"] else { throw .incomplete("`issue`", of: delivery.event) }
            guard issue["pull_request"] == nil else { return .nothing(reason: "it is about a pull request") }
            guard let repository = delivery.scope, let item = IssueReading.gitHub(issue, in: repository) else {
                throw .incomplete("the repository, or number, title and updated_at of the issue", of: delivery.event)
            }
            // A transferred issue is another one, with another number, elsewhere.
            let isGone = parts.count > 1 && ["deleted", "transferred"].contains(parts[1])
            return .change(isGone ? .workItemGone(item) : .workItem(item))
        case "ping": return .nothing(reason: "GitHub only tries the address")
        default: return .nothing(reason: "no use is made of \(parts[0]) events")
        }
    }

    // MARK: Vercel

    private func vercel(_ delivery: DeliveryRecord) -> HookMeaning {
        let isAboutWhatWeKeep = ["deployment.", "project."].contains { delivery.event.hasPrefix($0) }
        return isAboutWhatWeKeep ? .hint : .nothing(reason: "no use is made of \(delivery.event) events")
    }

    // MARK: Slack

    /// The events after which a channel that we keep may be another one.
    private static let channelEvents: Set<String> = [
        "channel_created", "channel_deleted", "channel_archive", "channel_unarchive", "channel_rename",
        "channel_id_changed", "channel_shared", "channel_unshared", "group_archive", "group_unarchive", "group_rename",
        "group_deleted", "member_joined_channel", "member_left_channel",
    ]

    private func slack(_ delivery: DeliveryRecord) -> HookMeaning {
        switch delivery.event {
        case _ where Self.channelEvents.contains(delivery.event): return .hint
        // Somebody speaks to us, which means that something is not as that person wants it.
        case "app_mention": return .hint
        case "message":
            // Of what is said in channels only the mentions are for us; and a bot's word may be our own.
            let event = (try? root(of: delivery))?["event"]
            let isTold = event?["channel_type"]?.stringValue == "im" && event?["bot_id"] == nil
            let isPlain = event?["subtype"] == nil
            return isTold && isPlain ? .hint : .nothing(reason: "it is not said to us")
        case "form": return .nothing(reason: "no use is made of commands and buttons")
        default: return .nothing(reason: "no use is made of \(delivery.event) events")
        }
    }

    // MARK: Plane

    private func plane(_ delivery: DeliveryRecord) throws(HookFault) -> HookMeaning {
        let parts = delivery.event.split(separator: ".", maxSplits: 1).map(String.init)
        guard ["issue", "workitem", "work_item"].contains(parts[0]), parts.count > 1 else {
            return .nothing(reason: "no use is made of \(parts[0]) events")
        }
        let root = try root(of: delivery)
        guard let data = root["data"] else { throw .incomplete("`data`", of: delivery.event) }
        let isGone = ["delete", "deleted"].contains(parts[1])
        // A deletion tells no more than the id.
        guard let item = IssueReading.plane(data, in: delivery.scope, fallback: isGone ? delivery.receivedAt : nil)
        else { throw .incomplete("id, name and updated_at of the work item", of: delivery.event) }
        return .change(isGone ? .workItemGone(item) : .workItem(item))
    }

    private func root(of delivery: DeliveryRecord) throws(HookFault) -> Value {
        guard let body = delivery.body, let root = try? JSON.parse(body) else {
            throw .incomplete("its body", of: delivery.event)
        }
        return root
    }
}

/// Reads issues as GitHub and Plane write them, in their hooks and in their lists alike.
enum IssueReading {
    /// Nil where it lacks what tells it from others, or when it was changed.
    static func gitHub(_ issue: Value, in repository: String) -> WorkItemRecord? {
        guard let number = issue["number"]?.intValue, let title = issue["title"]?.stringValue,
            let updated = issue["updated_at"]?.instantValue
        else { return nil }
        // The host's own spelling: names are the same in small and in large letters.
        let address = issue["repository_url"]?.stringValue?.split(separator: "/").suffix(2).joined(separator: "/")
        let repository = address ?? repository
        return WorkItemRecord(
            reference: "github:\(repository)#\(number)", system: "github", externalID: String(number),
            project: repository, title: title, status: issue["state"]?.stringValue,
            assignee: issue["assignee"]?["login"]?.stringValue, url: issue["html_url"]?.stringValue, updatedAt: updated)
    }

    /// A work item of a hook or a list.
    ///
    /// - Parameters:
    ///   - item: with state and assignees as objects, or as ids, which tell nothing.
    ///   - project: its id, where the item doesn't name it.
    ///   - fallback: stands for name and instant where only the id is told.
    /// - Returns: nil where it lacks what tells it from others, or when it was changed.
    static func plane(_ item: Value, in project: String?, fallback: Timestamp? = nil) -> WorkItemRecord? {
        guard let id = item["id"]?.stringValue, !id.isEmpty,
            let title = item["name"]?.stringValue ?? fallback.map({ _ in "" }),
            let updated = item["updated_at"]?.instantValue ?? fallback
        else { return nil }
        let person = item["assignees"]?.listValue?.first
        return WorkItemRecord(
            reference: "plane:\(id)", system: "plane", externalID: id,
            project: item["project"]?.stringValue ?? item["project_id"]?.stringValue ?? project, title: title,
            status: item["state"]?["name"]?.stringValue ?? item["state_detail"]?["name"]?.stringValue,
            assignee: person?["display_name"]?.stringValue ?? person?["email"]?.stringValue,
            url: item["url"]?.stringValue, updatedAt: updated)
    }
}
