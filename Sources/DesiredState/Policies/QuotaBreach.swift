public import Basics
internal import Formats

/// What of an environment is beyond what it may use; documents alone decide it.
public struct QuotaBreach: Sendable, Hashable {
    /// Both figures, in a sentence without an end.
    public let what: String
    /// What says how much it may use, for people: its own `resource_limits`, or the quota of its tier.
    public let rule: String
    /// Where its own limit is written; nil where the quota of its tier counts.
    public let ownLimit: SourceMark?
    /// The line that asks for it: its workers, or the first size or limit of its droplets and containers.
    public let wantedAt: SourceMark
    /// The line that says how much it may use; nil where that is the platform's table.
    public let limitedAt: SourceMark?
    /// Whether it is about workers.
    public let isOfWorkers: Bool
}

extension Environment {
    /// Holds what it asks for against its quota.
    ///
    /// Its own `resource_limits` may raise processor, memory and storage; workers are the quota's of its tier alone.
    ///
    /// - Parameters:
    ///   - policy: says what its tier may use where it was put together without a quota.
    ///   - resources: its droplets and containers among others; what belongs to other environments doesn't count.
    /// - Returns: the first of workers, processor and memory that is beyond it; nil where it keeps to it.
    public func quotaBreach(_ policy: Policy, _ resources: some Sequence<DesiredResource>) -> QuotaBreach? {
        guard let quota = quota ?? policy.quotas[tier] else { return nil }
        if let most = quota.workers, let workers, workers > most {
            return breach(
                "it wants \(workers) workers; the quota of \(tier.rawValue) is \(most)", "workers",
                at: workersSource ?? fact("workers")?.mark)
        }
        guard quota.cpuMillicores != nil || quota.memoryBytes != nil else { return nil }
        var (millicores, bytes) = (Int64(0), Int64(0))
        var holders = "its droplets"
        var place: SourceMark?
        for resource in resources where resource.environment == slug {
            guard let room = resource.room else { continue }
            if resource.key.kind == .container { holders = "its droplets and containers" }
            millicores += room.millicores
            bytes += room.bytes
            if place == nil, room.millicores > 0 || room.bytes > 0 { place = room.mark ?? resource.source }
        }
        /// Whether the limit is the environment's own or its tier's says where it is to be raised.
        func beyond(_ amount: String, _ most: String, _ key: String) -> QuotaBreach {
            let whose = limits?.marks[key] == nil ? "the quota of \(tier.rawValue)" : "its own limit"
            return breach("\(holders) have \(amount); \(whose) is \(most)", key, at: place)
        }
        if let most = quota.cpuMillicores, millicores > most {
            return beyond("\(millicores)m of processor", "\(most)m", "cpu")
        }
        if let most = quota.memoryBytes, bytes > most {
            return beyond("\(bytes >> 20) MiB of memory", "\(most >> 20) MiB", "memory")
        }
        return nil
    }

    private func breach(_ what: String, _ key: String, at place: SourceMark?) -> QuotaBreach {
        let own = limits?.marks[key]
        return QuotaBreach(
            what: what,
            rule: own.map { "its resource_limits in \($0.file)" }
                ?? "resource_quotas.\(tier.rawValue) in .odooops/policies.yaml",
            ownLimit: own, wantedAt: place ?? source, limitedAt: own ?? fact("limit.\(key)")?.mark,
            isOfWorkers: key == "workers")
    }

    private func fact(_ name: String) -> EnvironmentFact? { facts.first { $0.name == name } }
}

extension DesiredState {
    /// Warns of environments that ask for more than they may use: every pass would deny their changes.
    func checkQuotas(_ report: Report) {
        let holders = resources.filter { $0.environment != nil && [.droplet, .container].contains($0.key.kind) }
        for environment in environments {
            guard let breach = environment.quotaBreach(policy, holders) else { continue }
            report.warning(
                .quotaExceeded, "the environment \(quoted(environment.slug)) is beyond what it may use: \(breach.what)",
                at: breach.wantedAt,
                hint: "Ask for less, or raise \(breach.rule); until then its changes are denied.",
                notes: breach.limitedAt.map { [Diagnostic.Note("the limit is here", at: $0)] } ?? [])
        }
    }
}

extension DesiredResource {
    /// What a droplet or a container takes, and where that is written; nil for what doesn't say.
    fileprivate var room: (millicores: Int64, bytes: Int64, mark: SourceMark?)? {
        switch key.kind {
        case .droplet:
            guard let size = self["size"], case .literal(.string(let slug)) = size.value,
                let room = Self.room(of: slug)
            else { return nil }
            return (room.millicores, room.bytes, size.mark)
        case .container:
            // One without a limit says nothing of what it takes.
            var (millicores, bytes) = (Int64(0), Int64(0))
            if case .literal(.string(let text))? = self["cpus"]?.value, let count = Double(text), count < 1e6 {
                millicores = Int64(count * 1_000)
            }
            if case .literal(.int(let amount))? = self["memory_mb"]?.value, (0..<1 << 40).contains(amount) {
                bytes = amount << 20
            }
            return (millicores, bytes, (self["cpus"] ?? self["memory_mb"])?.mark)
        default: return nil
        }
    }

    /// What a size slug promises, `s-2vcpu-4gb`; nil for one of another form.
    private static func room(of size: String) -> (millicores: Int64, bytes: Int64)? {
        var millicores: Int64?
        for part in size.split(separator: "-") {
            if part.hasSuffix("vcpu"), let count = Int64(part.dropLast(4)), (1...10_000).contains(count) {
                millicores = count * 1_000
            } else if let millicores, part.hasSuffix("gb"), let count = Int64(part.dropLast(2)),
                (1...1_000_000).contains(count)
            {
                return (millicores, count << 30)
            } else if let millicores, part.hasSuffix("mb"), let count = Int64(part.dropLast(2)),
                (1...1_000_000_000).contains(count)
            {
                return (millicores, count << 20)
            }
        }
        return nil
    }
}
