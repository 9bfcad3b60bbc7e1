import Basics
import Formats

/// Reads `providers/digitalocean/provider.yaml`.
struct ProviderReader {
    let file: String
    let report: Report

    static func read(_ library: inout Library, _ policy: Policy, _ report: Report) -> [ProviderProfile] {
        guard
            let document = library.take(
                "providers/digitalocean/provider", domain: "digitalocean", scopes: [], report),
            let root = document.root
        else { return [] }
        let reader = ProviderReader(file: document.path, report: report)
        guard let profile = reader.read(root) else { return [] }
        reader.compare(profile, policy, root)
        return [profile]
    }

    private func read(_ root: Node) -> ProviderProfile? {
        let fields = Fields(root, "the provider", in: file, report)
        guard let provider = fields.fields("provider", required: true) else { return nil }
        let id = provider.text("id", required: true)
        let secret = provider.fields("auth")?.text("secret_name")
        let api = provider.fields("api")
        let base = api?.text("base_url")
        let limit = api?.text("rate_limit")
        let perHour = limit.flatMap { requestsPerHour($0) }
        let retry = api?.fields("retry_policy")
        let attempts = retry?.integer("max_attempts", in: 1...100)
        let retried = statuses("retry_on", retry)
        let final = statuses("no_retry_on", retry)
        for status in retried where final.contains(where: { $0.value == status.value }) {
            report.warning(
                .ruleBroken, "the status \(status.value) is both retried and not retried", at: status.mark,
                hint: "Remove it from one of the two lists.")
        }
        let schedule = fields.fields("ingestion")?.text("schedule")
        if let schedule, let reason = Cron.fault(in: schedule.value)?.reason {
            report.error(
                .invalidSchedule, "the schedule \(quoted(schedule.value)) is no cron expression: \(reason)",
                at: schedule.mark, hint: "Write five fields, such as `0 * * * *`.")
        }
        var doubled: [Text] = []
        let capabilities = (fields.nodes("capabilities") ?? []).compactMap { readCapability($0, base, &doubled) }
        if let base, !doubled.isEmpty { tellDoubled(base, doubled) }
        guard let id else { return nil }
        return ProviderProfile(
            id: id.value, baseURL: base?.value, requestsPerHour: perHour,
            maximumAttempts: attempts.map { Int($0.value) }, retriedStatuses: retried.map(\.value),
            finalStatuses: final.map(\.value), secretID: secret?.value, schedule: schedule?.value,
            capabilities: capabilities, source: provider.mark)
    }

    /// Where a base address ends, with its slash; nil where it ends with the host.
    private static func path(of base: Text) -> String? {
        let parts = base.value.split(separator: "/", omittingEmptySubsequences: true)
        return parts.count > 2 ? parts.last.map { "/\($0)" } : nil
    }

    private func tellDoubled(_ base: Text, _ endpoints: [Text]) {
        let path = Self.path(of: base) ?? ""
        report.warning(
            .doubledPath, "the base address ends with \(quoted(path)), and \(endpoints.count) endpoints begin with it",
            at: base.mark, hint: "Leave it out of one of the two, or requests go to `\(path)\(path)`.",
            notes: endpoints.map { Diagnostic.Note("\(quoted($0.value)) is here", at: $0.mark) })
    }

    private func readCapability(_ node: Node, _ base: Text?, _ doubled: inout [Text]) -> ProviderProfile.Capability? {
        let entry = Fields(node, "a capability", in: file, report)
        let id = entry.text("id", required: true)
        let status = entry.text("status", required: true)
        let table = entry.text("ops_table")
        let endpoint = entry.text("api_endpoint")
        let allowed = entry.flag("baseline_allowed")
        guard entry.fault == nil, let id, let status else { return nil }
        if let base, let endpoint, let path = Self.path(of: base), endpoint.value.hasPrefix(path + "/") {
            doubled.append(endpoint)
        }
        return ProviderProfile.Capability(
            id: id.value, status: status.value, table: table?.value, endpoint: endpoint?.value,
            isAllowed: allowed?.value, source: node.mark(in: file))
    }

    private func statuses(_ key: String, _ retry: Fields?) -> [(value: Int, mark: SourceMark)] {
        (retry?.nodes(key) ?? []).compactMap { node in
            let mark = node.mark(in: file)
            if let status = node.scalar?.value.intValue, (100...599).contains(status) { return (Int(status), mark) }
            report.error(
                .outOfRange, "an item of `\(key)` is no HTTP status", at: mark, hint: "Write a number from 100 to 599.")
            return nil
        }
    }

    /// `5000/hour`.
    private func requestsPerHour(_ text: Text) -> Int? {
        let parts = text.value.split(separator: "/", omittingEmptySubsequences: false)
        let factors = ["hour": 1, "minute": 60, "second": 3_600]
        if parts.count == 2, parts[0].utf8.count <= 9, let count = Int(parts[0]), count > 0,
            let factor = factors[String(parts[1])]
        {
            return count * factor
        }
        report.error(
            .invalidQuantity, "`rate_limit` is \(quoted(text.value))", at: text.mark,
            hint: "Write requests and `hour`, `minute` or `second`: `5000/hour`.")
        return nil
    }

    /// Names of capabilities that the policy calls otherwise.
    private static let surfaces = [
        "droplets": "droplets", "managed_databases": "managed_databases", "spaces": "spaces_object_storage",
    ]

    private func compare(_ profile: ProviderProfile, _ policy: Policy, _ root: Node) {
        for capability in profile.capabilities {
            guard let allowed = capability.isAllowed, let name = Self.surfaces[capability.id],
                let surface = policy.surfaces[name], surface.isAllowed != allowed
            else { continue }
            report.warning(
                .documentDisagreement,
                "the provider says `baseline_allowed: \(allowed)` for \(quoted(capability.id)), and the policy "
                    + (surface.isAllowed ? "allows" : "does not allow") + " `\(name)`",
                at: capability.source, hint: "Make both say the same. The policy is taken until then.",
                notes: [Diagnostic.Note("the policy is here", at: surface.source)])
        }
    }
}
