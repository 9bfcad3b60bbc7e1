import Basics
import Formats

/// Reads which branches, tags and pull requests a workflow deploys, and to which tier.
///
/// Conditions are not evaluated: a job says something only where its environment is written out, and where it alone
/// deploys or its condition names what it is for.
enum WorkflowMap {
    static func claims(of bytes: [UInt8], _ path: String) -> [BranchClaim] {
        guard let root = YAML.parse(bytes, file: path).root else { return [] }
        let events = root["on"]?.value
        let branches = patterns(events?.at("push", "branches"))
        let tags = patterns(events?.at("push", "tags"))
        let hasPullRequests =
            events?["pull_request"] != nil || events?.scalar?.text == "pull_request"
            || events?.items?.contains { $0.scalar?.text == "pull_request" } == true
        let all =
            branches.map { ($0.0, BranchClaim.Trigger.branch($0.1)) }
            + tags.map { ($0.0, BranchClaim.Trigger.tag($0.1)) }
        let jobs = (root["jobs"]?.value.entries ?? []).compactMap { entry in
            tier(of: entry.value).map { (job: entry.value, tier: $0.tier, place: $0.place) }
        }
        let tiers = Set(jobs.map(\.tier))
        if tiers.count <= 1 {
            guard let tier = tiers.first ?? named(in: path) else { return [] }
            return all.map { BranchClaim($1, tier, line: Int($0.line), column: Int($0.column)) }
        }
        var found: [BranchClaim] = []
        for (job, tier, place) in jobs {
            guard let condition = job["if"]?.value.scalar?.text else { continue }
            var triggers: [BranchClaim.Trigger] = []
            if condition.contains("refs/tags") || condition.contains("ref_type == 'tag'") {
                triggers = tags.map { .tag($0.1) }
            } else if condition.contains("'pull_request'") {
                triggers = hasPullRequests ? [.pullRequest] : []
            } else {
                triggers = branches.filter {
                    condition.contains("refs/heads/\($0.1)'") || condition.contains("'\($0.1)'")
                }
                .map { .branch($0.1) }
                if triggers.isEmpty, branches.count == 1, condition.contains("'push'"), tags.isEmpty {
                    triggers = [.branch(branches[0].1)]
                }
            }
            found += triggers.map { BranchClaim($0, tier, line: Int(place.line), column: Int(place.column)) }
        }
        return found
    }

    /// The texts of a list, or one text; those that exclude something say nothing.
    private static func patterns(_ node: Node?) -> [(Node, String)] {
        (node?.items ?? node.map { [$0] } ?? []).compactMap { item in
            guard let text = item.filledText, !text.hasPrefix("!") else { return nil }
            return (item, text)
        }
    }

    /// The tier of a job's environment; nil where it is put together when it runs.
    private static func tier(of job: Node) -> (tier: Tier, place: Node)? {
        guard let node = job["environment"]?.value else { return nil }
        let place = node["name"]?.value ?? node
        guard let text = place.filledText, let tier = Tier(alias: text.lowercased()) else { return nil }
        return (tier, place)
    }

    /// The tier that the name of a workflow says: `deploy-staging.yml`.
    private static func named(in path: String) -> Tier? {
        let name = path.split(separator: "/").last ?? ""
        let tiers = Set(
            name.prefix { $0 != "." }.split { $0 == "-" || $0 == "_" }.compactMap { Tier(alias: $0.lowercased()) })
        return tiers.count == 1 ? tiers.first : nil
    }
}
